//! Where the reason is thin, the tail of the culprit's log decides more.

use domain::causes::{Cause, Confidence, Context};

use crate::support::{first, log, read_log as read, task, with};

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

/// Each log with its sign, a part of the line quoted, and a part of the fix.
#[track_caller]
fn check_all(rows: &[(&str, &str, &str, &str)]) {
    for (lines, sign, quoted, fix) in rows {
        check(lines, sign, quoted, fix);
    }
}

/// None of these lines is a sign.
#[track_caller]
fn check_none(lines: &[&str]) {
    for line in lines {
        let finding = read(1, line);
        assert_eq!(finding.evidence.len(), 2, "{line}: {finding:#?}");
    }
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
        "credentials refused",
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

#[test]
fn a_bare_error_does_not_replace_what_to_do_about_a_kill_and_a_reason_does() {
    let killed = |line| read(137, line).fix;
    assert_eq!(killed("error: x"), killed("bye"));
    assert!(killed("java.lang.OutOfMemoryError: Java heap space").contains("heap"));
}

#[test]
fn the_levels_of_klog_are_read() {
    check_none(&[
        "I0102 15:04:05.678901       1 main.go:42] dial tcp 10.0.0.1:5432: connect: connection refused",
    ]);
    check(
        "F0102 15:04:05.678901       1 main.go:42] it is no use",
        "error",
        "it is no use",
        "Correct the error",
    );
}

#[test]
fn a_variable_is_missing_in_the_words_of_many_libraries() {
    for line in [
        "required key DATABASE_URL missing value",
        "env: environment variable \"DATABASE_URL\" should not be empty",
        "bash: DATABASE_URL: parameter null or not set",
        "panic: env DATABASE_URL is required",
        "Error: Config validation error: \"DATABASE_URL\" is required",
        "ImproperlyConfigured: The DATABASE_URL setting must not be empty.",
        "Invalid environment variables: { DATABASE_URL: [ 'Required' ] }",
        "decouple.UndefinedValueError: DATABASE_URL not found. Declare it as envvar or define a default value.",
        "`fetch': key not found: \"DATABASE_URL\" (KeyError)",
        "       You must specify DATABASE_URL to a non-empty value for the superuser.",
        "but settings are not configured. INSTALLED_APPS: define the environment variable DATABASE_URL",
        "EnvironmentError: Set the DATABASE_URL environment variable",
        "Error: config key DATABASE_URL is not set",
        "Could not resolve placeholder 'DATABASE_URL' in value \"${DATABASE_URL}\"",
    ] {
        check(
            line,
            "missing environment variable",
            "DATABASE_URL",
            "Set DATABASE_URL in",
        );
    }
    check_all(&[
        (
            "ArgumentError: Missing `secret_key_base` for 'production' environment",
            "missing environment variable",
            "secret_key_base",
            "Set SECRET_KEY_BASE in",
        ),
        (
            "Database is uninitialized and password option is not specified",
            "missing environment variable",
            "uninitialized",
            "Set MYSQL_ROOT_PASSWORD in",
        ),
        (
            "pydantic_core.ValidationError: 1 validation error for Settings\ndatabase_url\n  \
             Field required [type=missing, input_value={}]",
            "pydantic: setting missing",
            "database_url Field required",
            "Set database_url in",
        ),
        (
            "  File \"/usr/lib/python3.9/os.py\", line 679, in __getitem__\n    raise KeyError(key)\n\
             KeyError: 'db_url'",
            "missing environment variable",
            "KeyError: 'db_url'",
            "Set db_url in",
        ),
        (
            "botocore.exceptions.NoRegionError: You must specify a region.",
            "AWS Region not set",
            "NoRegionError",
            "Set AWS_REGION in",
        ),
    ]);
}

#[test]
fn a_name_in_capitals_is_not_always_a_missing_variable() {
    check_none(&[
        "INFO environment variable DATABASE_URL is not set",
        "Environment variable LOG_LEVEL not set, using default info",
        "Table \"USER_ORDERS\" not found; SQL statement",
        "ORDER_QUEUE is empty",
        "GET /orders not found",
        "HTTPS is required",
    ]);
    let trace = "Traceback (most recent call last):\n  File \"/app/m.py\", line 3\n    x['name']\n";
    check(
        &format!("{trace}KeyError: 'name'"),
        "Python: uncaught exception",
        "KeyError: 'name'",
        "Correct the error",
    );
    check(
        "ReferenceError: FOO_BAR is not defined",
        "Node.js: uncaught error",
        "FOO_BAR",
        "Correct the error",
    );
}

#[test]
fn a_program_or_script_that_the_image_lacks_is_named() {
    check_all(&[
        (
            "sh: next: not found",
            "shell: command not found",
            "next",
            "`next`",
        ),
        (
            "/bin/sh: 1: gunicorn: not found",
            "shell: command not found",
            "gunicorn",
            "`gunicorn`",
        ),
        (
            "./run.sh: line 3: jq: command not found",
            "shell: command not found",
            "jq",
            "`jq`",
        ),
        (
            "npm ERR! Missing script: \"start\"",
            "npm: script missing",
            "start",
            "script `start`",
        ),
        (
            "Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'express' imported from /app/x.js",
            "Node.js: module not found",
            "express",
            "`express`",
        ),
        (
            "Error [ERR_REQUIRE_ESM]: require() of ES Module /app/x.js not supported.",
            "Node.js: ES module loaded with require",
            "/app/x.js",
            "Correct the error",
        ),
        (
            "Could not find rails-7.0.4 in locally installed gems (Bundler::GemNotFound)",
            "Ruby: file or gem not found",
            "rails-7.0.4",
            "Put `rails-7.0.4` into",
        ),
        (
            "error while loading shared libraries: libpq.so.5: cannot open shared object file",
            "shared library not found",
            "libpq",
            "`libpq.so.5`",
        ),
        (
            "Error: Unable to access jarfile app.jar",
            "Java: class not found",
            "app",
            "`app.jar`",
        ),
        (
            "PHP Warning:  require(/app/vendor/autoload.php): Failed to open stream: No such file",
            "PHP: class or file not found",
            "autoload",
            "missing module",
        ),
        (
            "You must install or update .NET to run this application.",
            ".NET: assembly not found",
            ".NET",
            "missing module",
        ),
        (
            "/lib/libc.so.6: version `GLIBC_2.34' not found (required by /app/server)",
            "system library too old",
            "GLIBC",
            "runtime version",
        ),
    ]);
    check_all(&[
        (
            "/usr/bin/env: 'node': No such file or directory",
            "program not found",
            "node",
            "`node`",
        ),
        (
            "exec: \"jq\": executable file not found in $PATH",
            "program not found",
            "jq",
            "`jq`",
        ),
        (
            "Unable to load shared library 'libgdiplus' or one of its dependencies.",
            "shared library not found",
            "libgdiplus",
            "`libgdiplus`",
        ),
        (
            "Couldn't find a valid ICU package installed on the system.",
            ".NET: assembly not found",
            "ICU",
            "missing module",
        ),
        (
            "Your Ruby version is 3.1.2, but your Gemfile specified 3.2.0",
            "Ruby: another version wanted",
            "3.1.2",
            "runtime version",
        ),
    ]);
    check(
        "ERROR token refresh: not found",
        "error",
        "refresh",
        "Correct the error",
    );
}

#[test]
fn an_entry_point_that_is_missing_is_a_command_that_cannot_be_run() {
    for line in [
        "exec /entrypoint.sh: no such file or directory",
        "standard_init_linux.go:228: exec user process caused: no such file or directory",
    ] {
        let finding = read(1, line);
        assert_eq!(finding.cause, Cause::BadEntrypoint);
        assert_eq!(finding.confidence, Confidence::Likely);
    }
    let fix = read(1, "exec /entrypoint.sh: permission denied").fix;
    assert!(fix.contains("/entrypoint.sh is missing"), "{fix}");
}

#[test]
fn migrations_of_every_tool_are_recognised_and_their_progress_is_not() {
    for (line, sign) in [
        (
            "FAILED: Can't locate revision identified by 'a1b2'",
            "Alembic migration failed",
        ),
        (
            "FAILED: Multiple head revisions are present",
            "Alembic migration failed",
        ),
        (
            "Found non-empty schema(s) but no schema history table",
            "Flyway migration failed",
        ),
        (
            "Migration checksum mismatch for migration version 3",
            "Flyway migration failed",
        ),
        (
            "error: Dirty database version 12. Fix and force version.",
            "migration failed",
        ),
        ("Migration V2__add.sql failed", "migration failed"),
        ("A migration failed to apply.", "migration failed"),
        ("The migration directory is corrupt", "migration failed"),
        (
            "ERROR: relation \"users\" already exists",
            "migration failed",
        ),
        (
            "You have 3 unapplied migration(s).",
            "Django migration failed",
        ),
    ] {
        check(line, sign, line, "Correct the database migration");
    }
    check_all(&[
        (
            "liquibase.exception.LockException: Could not acquire change log lock.",
            "Liquibase waits for its lock",
            "LockException",
            "Release the migration lock",
        ),
        (
            "ProgrammingError: relation \"auth_user\" does not exist",
            "table or column missing in the database",
            "auth_user",
            "lacks auth_user",
        ),
        (
            "SQLITE_ERROR: no such table: orders",
            "table or column missing in the database",
            "orders",
            "lacks orders",
        ),
    ]);
    check_none(&[
        "INFO migrate: 0 migrations failed, 12 applied",
        "migrate: 0 migrations failed",
        "migrations: 12 applied, 0 failed",
        "Running pending migrations",
        "INFO  [alembic.runtime.migration] Context impl PostgresqlImpl.",
        "NOTICE:  relation \"users\" already exists, skipping",
    ]);
}

#[test]
fn a_database_that_answers_does_not_refuse_the_connection() {
    let said = |words: &str| {
        format!("connection to server at \"db.internal\" (10.0.1.5), port 5432 failed: {words}")
    };
    for (words, sign, fix) in [
        (
            "Connection refused",
            "connection refused",
            "Check that db.internal is up",
        ),
        (
            "FATAL:  password authentication failed",
            "credentials refused",
            "credentials",
        ),
        (
            "FATAL:  no pg_hba.conf entry for host \"::1\", SSL on",
            "credentials refused",
            "signs in",
        ),
        (
            "no pg_hba.conf entry, no encryption",
            "database admits TLS only",
            "sslmode",
        ),
        (
            "FATAL:  database \"shop\" does not exist",
            "database does not exist",
            "database shop",
        ),
        (
            "FATAL:  role \"app\" does not exist",
            "credentials refused",
            "credentials",
        ),
        (
            "sorry, too many clients already",
            "too many connections to the database",
            "pool",
        ),
        (
            "server closed the connection",
            "dependency cannot be reached",
            "db.internal",
        ),
    ] {
        check(&said(words), sign, words, fix);
    }
}

#[test]
fn databases_and_brokers_that_do_not_answer_are_recognised() {
    check_all(&[
        (
            "HikariPool-1 - Connection is not available, request timed out after 30000ms.",
            "connection timed out",
            "Hikari",
            "dependency",
        ),
        (
            "Connection to db:5432 refused. Check that",
            "connection refused",
            "db",
            "db:5432",
        ),
        (
            "Error: P1001: Can't reach database server at `db.internal:5432`",
            "dependency cannot be reached",
            "P1001",
            "db.internal:5432",
        ),
        (
            "SqlException: A network-related or instance-specific error occurred",
            "dependency cannot be reached",
            "SqlException",
            "dependency",
        ),
        (
            "ServerSelectionTimeoutError: mongo:27017: timed out",
            "connection timed out",
            "mongo",
            "mongo:27017",
        ),
        (
            "ConfigException: No resolvable bootstrap urls given in bootstrap.servers",
            "host name cannot be resolved",
            "bootstrap",
            "the host name that container app looks up",
        ),
        (
            "failed to connect to `host=db user=app`: dial error (timeout: context deadline exceeded)",
            "connection timed out",
            "deadline",
            "Check that db is up",
        ),
        (
            "dial tcp 10.0.0.1:5432: connect: no route to host",
            "dependency cannot be reached",
            "route",
            "10.0.0.1:5432",
        ),
        (
            "dial tcp 10.0.3.4:5432: i/o timeout",
            "connection timed out",
            "i/o",
            "10.0.3.4:5432",
        ),
        (
            "Max retries exceeded with url: / (Caused by ConnectTimeoutError(host='api.x.com'))",
            "connection timed out",
            "ConnectTimeoutError",
            "api.x.com",
        ),
        (
            "upstream connect error. reset reason: connection timeout",
            "connection timed out",
            "reset reason",
            "dependency",
        ),
        (
            "Error: connect ECONNREFUSED 127.0.0.1:6379",
            "connection refused",
            "ECONNREFUSED",
            "listens on 127.0.0.1:6379 in the same task",
        ),
        (
            "panicked at src/main.rs:7:5: connection refused",
            "connection refused",
            "main.rs",
            "the dependency container app connects to",
        ),
    ]);
}

#[test]
fn a_host_that_does_not_resolve_is_named_and_nothing_else_is() {
    for (line, host) in [
        (
            "failed to lookup address information: Name or service not known",
            "name that",
        ),
        (
            "nginx: [emerg] host not found in upstream \"api\" in /etc/nginx/x.conf:3",
            "name api ",
        ),
        (
            "dial tcp: lookup redis: Temporary failure in name resolution",
            "name redis ",
        ),
        (
            "php_network_getaddresses: getaddrinfo for mysql failed",
            "name mysql ",
        ),
        (
            "java.net.UnknownHostException: db: Name or service not known",
            "name db ",
        ),
        (
            "Error -2 connecting to redis:6379. Name or service not known.",
            "name redis ",
        ),
        (
            "Failed to resolve 'api.internal' (Name or service not known)",
            "name api.internal ",
        ),
        (
            "socket.gaierror: [Errno -3] Temporary failure in name resolution",
            "name that",
        ),
    ] {
        check(line, "host name cannot be resolved", line, host);
    }
}

#[test]
fn what_aws_denies_is_named() {
    check_all(&[
        (
            "User: arn:aws:sts::111122223333:assumed-role/r/x is not authorized to perform: s3:GetObject",
            "access denied by AWS",
            "not authorized",
            "Allow s3:GetObject to the task role",
        ),
        (
            "ClientError: An error occurred (AccessDenied) when calling the GetObject operation",
            "access denied by AWS",
            "AccessDenied",
            "Allow GetObject",
        ),
        (
            "NoCredentialsError: Unable to locate credentials",
            "no AWS credentials",
            "credentials",
            "task role",
        ),
        (
            "java.nio.file.AccessDeniedException: /data/kafka",
            "permission denied",
            "/data/kafka",
            "use /data/kafka",
        ),
    ]);
}

#[test]
fn a_privileged_port_is_no_path_and_a_path_is_the_one_complained_about() {
    check_all(&[
        (
            "nginx: [emerg] bind() to 0.0.0.0:80 failed (13: Permission denied)",
            "port needs root",
            "bind()",
            "port 80 needs root",
        ),
        (
            "listen tcp :443: bind: permission denied",
            "port needs root",
            "443",
            "port 443 needs",
        ),
        (
            "Error: listen EACCES: permission denied 0.0.0.0:80",
            "port needs root",
            "EACCES",
            "port 80 needs",
        ),
        (
            "(13)Permission denied: AH00072: make_sock: could not bind to address [::]:80",
            "port needs root",
            "make_sock",
            "port 80 needs",
        ),
        (
            "nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)",
            "address already in use",
            "98",
            "port 80 to one",
        ),
        (
            "nginx: [emerg] bind() to unix:/run/x.sock failed (13: Permission denied)",
            "permission denied",
            "x.sock",
            "Give the user of container app",
        ),
        (
            "/bin/sh: 1: /app/x: Permission denied",
            "permission denied",
            "/app/x",
            "use /app/x,",
        ),
        (
            "nginx: [emerg] open() \"/etc/nginx/mime.types\" failed (2: No such file or directory) \
             in /etc/nginx/nginx.conf:14",
            "file not found",
            "mime.types",
            "Put /etc/nginx/mime.types into",
        ),
        (
            "A server is already running. Check /app/tmp/pids/server.pid.",
            "pid file left behind",
            "server.pid",
            "Delete /app/tmp/pids/server.pid before",
        ),
    ]);
}

#[test]
fn configuration_that_a_server_or_framework_does_not_take_is_recognised() {
    for (line, sign) in [
        (
            "nginx: [emerg] \"listen\" directive is not allowed here",
            "nginx configuration error",
        ),
        (
            "ERROR: FPM initialization failed",
            "PHP-FPM: initialization failed",
        ),
        (
            "[ALERT]    (1) : parsing [/x/haproxy.cfg:10] : unknown keyword 'foo'",
            "haproxy configuration error",
        ),
        (
            "Failed to configure a DataSource: 'url'",
            "Spring Boot: configuration incomplete",
        ),
        (
            "required a bean of type 'com.x.Repo'",
            "Spring Boot: configuration incomplete",
        ),
        (
            "Unhandled exception. Value cannot be null. (Parameter 'connectionString')",
            ".NET: setting missing",
        ),
        (
            "Unrecognized VM option 'UseFooGC'",
            "Java: option not accepted",
        ),
        (
            "level=fatal msg=\"Error loading config: yaml: line 3\"",
            "configuration error",
        ),
    ] {
        check(line, sign, line, "configuration");
    }
    check(
        "max virtual memory areas vm.max_map_count [65530] is too low, increase to [262144]",
        "kernel setting too low",
        "65530",
        "vm.max_map_count",
    );
}

#[test]
fn memory_that_is_not_the_heap_is_told_from_the_heap() {
    check_all(&[
        (
            "# Native memory allocation (mmap) failed to map 268435456 bytes",
            "out of memory outside the heap",
            "mmap",
            "Raise the task memory",
        ),
        (
            "[ERROR] Worker (pid:8) was sent SIGKILL! Perhaps out of memory?",
            "out of memory outside the heap",
            "pid:8",
            "Raise the task memory",
        ),
        (
            "OutOfMemoryError: CUDA out of memory. Tried to allocate 20.00 MiB",
            "GPU out of memory",
            "CUDA",
            "GPU",
        ),
        (
            "FATAL ERROR: Ineffective mark-compacts near heap limit - JavaScript heap out of memory",
            "out of memory in the runtime",
            "JavaScript",
            "heap",
        ),
    ]);
    check_none(&[
        "Picked up JAVA_TOOL_OPTIONS: -XX:MaxMetaspaceSize=256m -XX:+ExitOnOutOfMemoryError",
        "java -XX:+HeapDumpOnOutOfMemoryError -jar app.jar",
    ]);
}

#[test]
fn native_crashes_are_recognised() {
    for (line, sign) in [
        (
            "terminate called after throwing an instance of 'x'",
            "native code aborted",
        ),
        ("Aborted (core dumped)", "native code aborted"),
        (
            "*** stack smashing detected ***: terminated",
            "native code aborted",
        ),
        ("Segmentation fault", "segmentation fault"),
        ("Bus error (core dumped)", "native code aborted"),
        ("thread 'main' has overflowed its stack", "stack overflow"),
        (
            "Error: Could not create the Java Virtual Machine.",
            "Java: uncaught exception",
        ),
        (
            "** (Mix) Could not start application app",
            "Elixir: application failed to start",
        ),
    ] {
        check(line, sign, line, "Correct the error");
    }
    check(
        "Illegal instruction (core dumped)",
        "instruction that the processor lacks",
        "Illegal",
        "older processors",
    );
    check(
        "panic: runtime error: nil pointer\n[signal SIGSEGV: segmentation violation]",
        "Go panic",
        "nil pointer",
        "app",
    );
}

#[test]
fn the_message_of_a_node_crash_is_quoted_rather_than_its_place() {
    check(
        "node:internal/process/promises:288\n        triggerUncaughtException(err);\n        ^\n\n\
         Error: boom\n    at node:internal/main/run_main_module:23:47\n\nNode.js v18.2.0",
        "Node.js: uncaught error",
        "Error: boom",
        "app",
    );
}

#[test]
fn a_wrapper_that_reports_the_end_does_not_hide_the_crash() {
    check(
        "TypeError: x is not a function\nnpm ERR! code ELIFECYCLE\nnpm ERR! errno 1",
        "Node.js: uncaught error",
        "TypeError",
        "app",
    );
    check(
        "error Command failed with exit code 1.",
        "error",
        "exit code 1",
        "app",
    );
}

#[test]
fn progress_and_noise_are_no_signs() {
    check_none(&[
        "http: TLS handshake error from 10.0.1.23:52314: EOF",
        "http: TLS handshake error from 10.0.1.23:52314: remote error: tls: unknown certificate",
        "http: TLS handshake error from 10.0.1.23:1: read tcp 10.0.1.2:80: i/o timeout",
        "TLS handshake completed",
        "Certificate for tls: ok",
        "Generating self-signed certificate",
        "java.lang.Runtime version 17",
        "import os  # noqa: importerror handled",
        "error: 0 warnings: 0",
        "Listening on port 8080; is already in use by clients? no",
        "[notice] 1#1: signal 15 (SIGTERM) received, exiting",
        "info: retrying, Error: connect ECONNREFUSED 10.0.0.1:80",
        "10-listen-on-ipv6.sh: info: can not modify /etc/nginx/x.conf (read-only file system?)",
        "[2026-01-01 10:00:00] production.INFO: panic: hello",
        "[10:00:00 INF] Error: connect ECONNREFUSED",
        "Skipping optional dependency: cannot find module fsevents",
        "Reading config file /etc/app.yaml: ok",
        "2026-01-01T10:00:00Z DEBUG panic: no",
        "{\"level\":30,\"msg\":\"Error: connect ECONNREFUSED\"}",
        "{\"severity\": \"INFO\", \"message\": \"panic: x\"}",
        "ts=1 level=info msg=\"panic: x\"",
        "10.0.0.1 - - \"GET /?q=panic: environment variable A_B not set HTTP/1.1\" 200 5",
    ]);
}

#[test]
fn a_crash_wins_over_what_was_only_noise_or_a_warning() {
    for noise in [
        "http: TLS handshake error from 10.0.1.23:52314: EOF",
        "INFO environment variable DATABASE_URL is not set",
        "WARN redis: connection refused, retrying",
        "{\"level\":\"warn\",\"msg\":\"exec format error\"}",
    ] {
        let lines = format!("{noise}\npanic: index out of range\n{noise}");
        check(&lines, "Go panic", "index out of range", "app");
    }
    for (lines, sign) in [
        ("WARN redis: connection refused\nbye", "connection refused"),
        (
            "WARN exec format error\nbye",
            "image for another architecture",
        ),
    ] {
        check(lines, sign, "WARN", "app");
    }
}

#[test]
fn what_php_fpm_passes_on_as_a_notice_is_read() {
    check(
        "NOTICE: PHP message: PHP Fatal error:  Uncaught PDOException: Connection refused",
        "connection refused",
        "PDOException",
        "app",
    );
}

#[test]
fn a_line_that_its_program_calls_an_error_is_quoted() {
    check(
        "2026-01-01 10:00:00 ERROR 1 --- [main] something else",
        "error",
        "something else",
        "app",
    );
}

#[test]
fn a_log_never_makes_a_cause_certain_nor_contradicts_what_ecs_says() {
    for line in ["exec format error", "exec /x: no such file or directory"] {
        assert_eq!(read(1, line).confidence, Confidence::Likely);
        let thin = task("EssentialContainerExited", "");
        let reason = "OutOfMemoryError: Container killed due to memory usage";
        let killed = with(thin, "app", Some(137), reason);
        let logs = [log("app", line)];
        let context = Context {
            logs: &logs,
            ..Context::default()
        };
        assert_eq!(first(&killed, &context).cause, Cause::Oom);
    }
}

#[test]
fn an_endless_line_is_read_at_its_beginning_only() {
    let long = format!("panic: {}", "A_B \"' env ".repeat(100_000));
    check(&long, "Go panic", "panic: ", "Correct the error");
    check_none(&[&format!("{} panic: x", "a".repeat(100_000))]);
}

#[test]
fn a_secret_in_a_long_line_is_quoted_whole_so_that_it_is_recognised() {
    let line = format!(
        "panic: {}postgres://app:hunter2@db/app",
        "x".repeat(2_025) + " "
    );
    let finding = read(2, &line);
    let quote = &finding.evidence.last().expect("evidence").quote;
    let told = domain::sanitize::line(quote, 1_000);
    assert!(told.ends_with("postgres://app:[redacted]@db/app"), "{told}");
}
