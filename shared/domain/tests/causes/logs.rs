//! Where the reason is thin, the tail of the culprit's log decides more.

use domain::causes::{Cause, Context, Finding};

use crate::support::{exited, first, log};

fn read(exit: i64, lines: &str) -> Finding {
    let logs = [log("app", lines)];
    let context = Context {
        logs: &logs,
        ..Context::default()
    };
    first(&exited(&[("app", exit)]), &context)
}

/// Of a container `app` that ended with 1 after `lines`: the sign, the line quoted, the fix.
#[track_caller]
fn check(lines: &str, sign: &str, quoted: &str, fix: &str) {
    let finding = read(1, lines);
    let evidence = finding.evidence.last().expect("evidence");
    assert_eq!(
        evidence.source,
        format!("log of app ({sign})"),
        "{evidence:?}"
    );
    assert!(evidence.quote.contains(quoted), "{evidence:?}");
    assert!(finding.fix.contains(fix), "{}", finding.fix);
    assert_eq!(finding.cause, Cause::AppError);
    assert_eq!(finding.container.as_deref(), Some("app"));
}

#[test]
fn rust_panics_are_recognised_with_their_message() {
    let lines = "starting\nthread 'main' panicked at src/main.rs:7:5:\nno rows\nnote: run with x";
    check(
        lines,
        "Rust panic",
        "src/main.rs:7:5: no rows",
        "container app",
    );
}

#[test]
fn go_panics_and_fatal_errors_are_recognised() {
    let lines =
        "panic: runtime error: index out of range [3]\n\ngoroutine 1 [running]:\nmain.main()";
    check(
        lines,
        "Go panic",
        "panic: runtime error: index out of range",
        "container app",
    );
    check(
        "fatal error: all goroutines are asleep - deadlock!",
        "Go panic",
        "deadlock",
        "app",
    );
}

#[test]
fn java_crashes_are_recognised() {
    check(
        "Exception in thread \"main\" java.lang.IllegalStateException: bad",
        "Java: uncaught exception",
        "IllegalStateException",
        "app",
    );
    check(
        "java.lang.OutOfMemoryError: Java heap space\n\tat x.Y.z(Y.java:1)",
        "out of memory in the runtime",
        "Java heap space",
        "heap",
    );
    check(
        "java.lang.UnsupportedClassVersionError: x has been compiled by a more recent version",
        "Java: class file of a newer version",
        "UnsupportedClassVersionError",
        "runtime version",
    );
    check(
        "***************************\nAPPLICATION FAILED TO START\n***************************",
        "Spring Boot: application failed to start",
        "APPLICATION FAILED TO START",
        "app",
    );
}

#[test]
fn node_crashes_are_recognised() {
    check(
        "node:internal/modules/cjs/loader:1080\n  throw err;\nError: Cannot find module 'express'",
        "Node.js: module not found",
        "Cannot find module 'express'",
        "`express`",
    );
    check(
        "UnhandledPromiseRejectionWarning: Error: boom",
        "Node.js: unhandled rejection",
        "boom",
        "app",
    );
    check(
        "Error: listen EADDRINUSE: address already in use :::3000",
        "address already in use",
        ":::3000",
        "port 3000",
    );
    check(
        "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory",
        "out of memory in the runtime",
        "heap",
        "heap",
    );
}

#[test]
fn python_crashes_are_recognised_with_the_line_below_the_stack() {
    let trace =
        "Traceback (most recent call last):\n  File \"/app/main.py\", line 3, in <module>\n";
    check(
        &format!("{trace}ModuleNotFoundError: No module named 'flask'"),
        "Python: module not found",
        "'flask'",
        "`flask`",
    );
    check(
        &format!("{trace}ValueError: bad port"),
        "Python: uncaught exception",
        "ValueError: bad port",
        "app",
    );
}

#[test]
fn dotnet_ruby_and_php_crashes_are_recognised() {
    check(
        "Unhandled exception. System.InvalidOperationException: no",
        ".NET: unhandled exception",
        "InvalidOperationException",
        "app",
    );
    check(
        "kernel_require.rb:85:in 'require': cannot load such file -- puma (LoadError)",
        "Ruby: file or gem not found",
        "puma",
        "app",
    );
    check(
        "PHP Fatal error:  Uncaught Error: Call to undefined function x()",
        "PHP: fatal error",
        "undefined function",
        "app",
    );
}

#[test]
fn nginx_and_envoy_configuration_errors_are_recognised() {
    check(
        "nginx: [emerg] host not found in upstream \"api\" in /etc/nginx/conf.d/x.conf:3",
        "host name cannot be resolved",
        "upstream",
        "app",
    );
    check(
        "nginx: [emerg] unknown directive \"servr\" in /etc/nginx/nginx.conf:3",
        "nginx configuration error",
        "servr",
        "configuration",
    );
    check(
        "[critical][main] error initializing configuration '/etc/envoy.yaml': Unable to parse JSON",
        "envoy configuration error",
        "envoy.yaml",
        "configuration",
    );
}

#[test]
fn a_dependency_that_refuses_or_does_not_resolve_is_named() {
    check(
        "Error: connect ECONNREFUSED 10.0.3.7:5432",
        "connection refused",
        "ECONNREFUSED",
        "10.0.3.7:5432",
    );
    check(
        "dial tcp 10.0.3.7:6379: connect: connection refused",
        "connection refused",
        "6379",
        "10.0.3.7:6379",
    );
    check(
        "Error: getaddrinfo ENOTFOUND orders-db.internal",
        "host name cannot be resolved",
        "ENOTFOUND",
        "orders-db.internal",
    );
    check(
        "getaddrinfo ENOTFOUND redis",
        "host name cannot be resolved",
        "redis",
        "name redis",
    );
    check(
        "dial tcp: lookup cache.shop.internal on 10.0.0.2:53: no such host",
        "host name cannot be resolved",
        "no such host",
        "cache.shop.internal",
    );
    check(
        "psycopg2.OperationalError: could not translate host name \"db\" to address: Name or service not known",
        "host name cannot be resolved",
        "db",
        "app",
    );
}

#[test]
fn a_missing_environment_variable_is_named() {
    for line in [
        "Error: environment variable DATABASE_URL is not set",
        "KeyError: 'DATABASE_URL'",
        "thread 'main' panicked at src/main.rs:3: DATABASE_URL must be set: NotPresent",
        "Missing required environment variable: DATABASE_URL",
        "/entrypoint.sh: line 3: DATABASE_URL: unbound variable",
    ] {
        check(
            line,
            "missing environment variable",
            "DATABASE_URL",
            "Set DATABASE_URL in",
        );
    }
}

#[test]
fn failed_migrations_are_recognised() {
    for (line, sign) in [
        (
            "org.flywaydb.core.api.FlywayException: Validate failed",
            "Flyway migration failed",
        ),
        (
            "liquibase.exception.MigrationFailedException: x",
            "Liquibase migration failed",
        ),
        (
            "alembic.util.exc.CommandError: Can't locate revision",
            "Alembic migration failed",
        ),
        (
            "ActiveRecord::PendingMigrationError: Migrations are pending",
            "Rails migration failed",
        ),
        (
            "Error: P3009 migrate found failed migrations (prisma)",
            "Prisma migration failed",
        ),
        (
            "django.db.migrations.exceptions.InconsistentMigrationHistory",
            "Django migration failed",
        ),
        (
            "migration 0007 failed: duplicate column",
            "migration failed",
        ),
    ] {
        check(line, sign, line, "migration");
    }
}

#[test]
fn tls_permission_and_credential_errors_are_recognised() {
    check(
        "x509: certificate signed by unknown authority",
        "TLS or certificate error",
        "x509",
        "certificates",
    );
    check(
        "open /data/app.db: permission denied",
        "permission denied",
        "/data/app.db",
        "/data/app.db",
    );
    check(
        "OSError: [Errno 30] Read-only file system: '/var/run/app.pid'",
        "read-only file system",
        "Errno 30",
        "/var/run/app.pid",
    );
    check(
        "FATAL: password authentication failed for user \"shop\"",
        "access denied by AWS or a database",
        "password",
        "credentials",
    );
}

#[test]
fn an_exec_format_error_is_the_wrong_architecture() {
    let finding = read(1, "exec /app/server: exec format error");
    assert_eq!(finding.cause, Cause::ImageArchMismatch);
}

#[test]
fn a_reason_is_preferred_to_the_bare_crash_that_follows_it() {
    let lines =
        "FATAL: environment variable API_KEY not set\npanic: boom\n\ngoroutine 1 [running]:";
    check(lines, "missing environment variable", "API_KEY", "API_KEY");
}

#[test]
fn a_log_without_a_sign_changes_nothing() {
    let finding = read(1, "listening on 8080\nGET /health 200\nbye");
    assert_eq!(finding.evidence.len(), 2, "{finding:?}");
}

#[test]
fn exit_codes_that_speak_for_themselves_stay() {
    assert_eq!(
        read(127, "/bin/sh: 1: nodee: not found").cause,
        Cause::BadEntrypoint
    );
    assert_eq!(
        read(139, "Segmentation fault (core dumped)").cause,
        Cause::Segfault
    );
    assert_eq!(read(0, "error: x").cause, Cause::AppCleanExit);
}
