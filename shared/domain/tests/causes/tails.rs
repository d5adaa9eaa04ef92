//! Whole tails of logs: which of their lines is quoted, what is advised, and what is passed over.

use domain::causes::Finding;

use crate::support::read_log as read;

fn quote(finding: &Finding) -> Option<&str> {
    let of_log = |one: &&domain::causes::Evidence| one.source.starts_with("log of app");
    let quote = finding.evidence.iter().find(of_log);
    quote.map(|one| one.quote.as_str())
}

/// Of each tail that ended with 1: a part of the line that is quoted, and of the fix.
#[track_caller]
fn check(rows: &[(&str, &str, &str)]) {
    for (tail, quoted, fix) in rows {
        let finding = read(1, tail);
        let quote = quote(&finding).unwrap_or_default();
        assert!(quote.contains(quoted), "{tail}\n-> {quote:?}");
        assert!(finding.fix.contains(fix), "{tail}\n-> {}", finding.fix);
    }
}

#[test]
fn colours_do_not_hide_the_level() {
    check(&[
        (
            "\u{1b}[90m10:00\u{1b}[0m \u{1b}[32mINF\u{1b}[0m redis 10.0.4.1:6379: connection refused\n\
             \u{1b}[31mERROR\u{1b}[0m signing key rejected",
            "signing key rejected",
            "Correct the error",
        ),
        (
            "\u{1b}[2m10:00\u{1b}[0m \u{1b}[33mWRN\u{1b}[0m lookup a.internal: no such host\n\
             \u{1b}[31mFATAL\u{1b}[0m (1): license expired",
            "license expired",
            "Correct the error",
        ),
    ]);
}

#[test]
fn of_a_json_line_what_it_says_is_read_and_quoted() {
    check(&[
        (
            r#"{"level":50,"msg":"start failed","err":{"type":"Error","message":"getaddrinfo ENOTFOUND db.internal","stack":"Error: getaddrinfo ENOTFOUND db.internal\n    at GetAddrInfoReqWrap.onlookup [as oncomplete] (node:dns:71:26)"}}"#,
            "getaddrinfo ENOTFOUND db.internal",
            "host name db.internal",
        ),
        (
            r#"{"levelname": "ERROR", "message": "boot", "exc_info": "Traceback (most recent call last):\n  File \"a.py\", line 1, in <module>\n    import redis\nModuleNotFoundError: No module named 'redis'"}"#,
            "ModuleNotFoundError: No module named 'redis'",
            "Put `redis` into",
        ),
        (
            r#"{"@t":"2026-11-22T10:00:00Z","@l":"Fatal","@m":"Host terminated","@x":"StackExchange.Redis.RedisConnectionException: It was not possible to connect\n ---> Connection refused 10.0.4.1:6379\n   at A.B()"}"#,
            "Connection refused 10.0.4.1:6379",
            "Check that 10.0.4.1:6379 is up",
        ),
        (
            "{\"log_level\":\"info\",\"level\":\"fatal\",\"message\":\"invalid region name\"}",
            "invalid region name",
            "Correct the error",
        ),
        (
            "{\"level\":\"info\",\"msg\":\"db refused\",\"error\":\"connection refused\"}\n\
             {\"level\":\"error\",\"msg\":\"ledger out of balance\"}",
            "ledger out of balance",
            "Correct the error",
        ),
    ]);
}

#[test]
fn a_secret_of_several_lines_in_a_json_string_is_not_quoted() {
    for tail in [
        r#"{"level":"error","message":"cannot parse key\n-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIA\nAwEHoUQDQgAE\nEKTcWGekdmdDPsHloRNtsiCa697B2O9IFA=="}"#,
        r#"{"level":"error","error":"-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIA EKTcWG permission denied\n-----END EC PRIVATE KEY-----"}"#,
        r#"{"level":"error","message":"bad config: password=\"first\nEKTcWG second\""}"#,
    ] {
        let finding = read(1, tail);
        let quote = quote(&finding).unwrap_or_default();
        assert!(!quote.contains("EKTcWG"), "{tail}\n-> {quote}");
    }
}

#[test]
fn a_json_error_is_quoted_by_its_message_whatever_its_keys() {
    check(&[
        (
            r#"{"level":"error","message":"Cannot start it","stack":"Error: Cannot start it\n    at Foo (/app/x.js:1:2)\n    at Bar (/app/y.js:3:4)"}"#,
            "Cannot start it",
            "Correct the error",
        ),
        (
            r#"{"log.level":"ERROR","message":"Application run failed","error.message":"Connection refused: db.internal:5432"}"#,
            "db.internal:5432",
            "Check that db.internal:5432",
        ),
        (
            r#"{"level":"FATAL","message":"no","thrown":{"message":"Connection refused: db.internal:5432"}}"#,
            "db.internal:5432",
            "Check that db.internal:5432",
        ),
        (
            r#"{"level":"fatal","msg":"cannot start","reason":"dial tcp 10.0.0.5:5432: connection refused"}"#,
            "10.0.0.5:5432",
            "Check that 10.0.0.5:5432",
        ),
        (
            r#"{"level":"fatal","msg":"cannot start","details":["dial tcp 10.0.0.5:5432: connection refused"]}"#,
            "10.0.0.5:5432",
            "Check that 10.0.0.5:5432",
        ),
    ]);
    let many: Vec<_> = (0..20_000).map(|n| n.to_string()).collect();
    let huge = format!(r#"{{"level":"error","message":"{}"}}"#, many.join("\\n"));
    assert!(quote(&read(1, &huge)).is_some());
}

#[test]
fn what_a_stack_says_is_no_progress() {
    let refused = "Error: connect ECONNREFUSED 10.0.0.5:5432\n    at TCP.after [as oncomplete] (node:net:1555:16)";
    for exit in [0, 1, 137] {
        let finding = read(exit, refused);
        assert!(finding.fix.contains("10.0.0.5:5432"), "{}", finding.fix);
    }
    check(&[
        (
            "WARN slow start\norg.acme.MissingException: DATABASE_URL is not set\n\tat a.B.c(B.java:1)\nerror: bye",
            "DATABASE_URL",
            "Set DATABASE_URL",
        ),
        (
            "WARNING:  config not found, defaults\nTraceback (most recent call last):\n  File \"a.py\", line 1\n\
             ValueError: DATABASE_URL is required\nerror: exit",
            "DATABASE_URL",
            "Set DATABASE_URL",
        ),
    ]);
}

#[test]
fn what_was_tried_for_the_last_time_or_has_a_watchers_name_explains() {
    check(&[
        (
            "connect attempt 10/10 failed: ECONNREFUSED 10.0.0.5:5432\nerror: could not start",
            "10.0.0.5:5432",
            "Check that 10.0.0.5:5432",
        ),
        (
            "Error: getaddrinfo ENOTFOUND flush-db.internal\nerror: bye",
            "flush-db.internal",
            "host name flush-db.internal",
        ),
        (
            "fatal: startup: GET /config from config-server: dial tcp 10.0.0.1:80: connection refused\nerror: bye",
            "10.0.0.1:80",
            "Check that 10.0.0.1:80",
        ),
        (
            "Bundler could not find compatible versions for gem \"rails\":",
            "rails",
            "Put `rails` into",
        ),
    ]);
}

#[test]
fn a_word_inside_a_word_is_not_read() {
    check(&[
        (
            "FileNotFoundError: [Errno 2] No such file or directory: '/etc/app/config.yml'",
            "config.yml",
            "Put /etc/app/config.yml into",
        ),
        (
            "FATAL cannot listen on 0.0.0.0:9090: address already in use (transport 1)",
            "9090",
            "Give port 9090",
        ),
        (
            "cannot write output /data/a: permission denied",
            "/data/a",
            "Let the user of container app use /data/a",
        ),
        (
            "jinja2.exceptions.TemplateNotFound: invoice.html\nError: exit",
            "",
            "Correct the error",
        ),
        (
            "FATAL db.kt:18 connection refused",
            "connection refused",
            "Check that the dependency",
        ),
    ]);
}

#[test]
fn what_a_program_went_on_after_is_not_why_it_ended() {
    let crash = "TypeError: total is not a function\n    at main (/app/a.js:3:1)";
    for before in [
        "WARN attempt 1 failed\njava.net.ConnectException: Connection refused\n\tat a.B.c(B.java:1)\nINFO connected",
        "WARNING:root:db not ready\nTraceback (most recent call last):\n  File \"a.py\", line 1\nConnectionRefusedError: [Errno 111] Connection refused\nINFO:root:db is up",
        "warn: Shop.Db[0]\n      Connection refused (10.0.3.7:5432)\ninfo: Shop.Db[0]",
        "Error: connect ECONNREFUSED 127.0.0.1:4318 (OTLPExporter)",
        "redis: connection refused 10.0.4.1:6379, retrying",
        "[req-91ab] GET /orders/9 500: pq: relation \"notes\" does not exist",
        "2026/11/22 09:58:01 [error] 7#7: *12 connect() failed (111: Connection refused) while connecting to upstream, client: 10.0.1.4",
        "SENTRY_DSN is not set, Sentry is disabled",
        "REDIS_URL not set, using an in-memory cache instead",
    ] {
        check(&[(
            &format!("{before}\n{crash}"),
            "TypeError: total",
            "Correct the error",
        )]);
    }
    // What it gave up on is.
    check(&[(
        "db: connection refused 10.0.3.7:5432, retrying\n\
         giving up after 5 tries: connection refused 10.0.3.7:5432\nexit status 1",
        "giving up",
        "Check that 10.0.3.7:5432 is up",
    )]);
}

#[test]
fn an_end_that_was_asked_for_or_came_from_outside_is_not_explained_by_old_errors() {
    let old = "dial tcp 10.0.6.2:50051: connect: connection refused";
    for (exit, rest) in [
        (0, "received SIGTERM, draining\nbye"),
        (137, "INFO served 12 requests"),
        (143, "level=info msg=\"served\""),
    ] {
        let finding = read(exit, &format!("{old}\n{rest}"));
        let asked = rest.lines().next().filter(|line| line.contains("SIGTERM"));
        assert_eq!(quote(&finding), asked, "{exit}");
        assert!(!finding.fix.contains("10.0.6.2"), "{}", finding.fix);
    }
    let told = read(0, "Handling signal: term\nWorker exiting");
    assert!(told.fix.contains("Find out who stopped"), "{}", told.fix);
    // It may have failed and ended in order.
    let failed = read(
        0,
        &format!("INFO starting\n{old}\nshutting down gracefully"),
    );
    assert!(failed.fix.contains("10.0.6.2:50051"), "{}", failed.fix);
    let memory = "java.lang.OutOfMemoryError: Java heap space\nINFO still here";
    assert!(read(137, memory).fix.contains("heap"));
    let last = read(0, &format!("INFO starting\n{old}"));
    assert!(last.fix.contains("10.0.6.2:50051"), "{}", last.fix);
}

#[test]
fn the_line_that_names_it_is_quoted_before_one_that_only_repeats_it() {
    check(&[
        (
            "Error: connect ECONNREFUSED 10.0.3.7:5432\n    at a (b.js:1:2) {\n  errno: -111,\n  \
             code: 'ECONNREFUSED',\n  syscall: 'connect'\n}",
            "Error: connect ECONNREFUSED 10.0.3.7:5432",
            "Check that 10.0.3.7:5432",
        ),
        (
            "Error: ENOENT: no such file or directory, open '/app/a.json'\n  code: 'ENOENT',",
            "open '/app/a.json'",
            "Put /app/a.json into",
        ),
        (
            "org.postgresql.util.PSQLException: Connection to orders-db.internal:5432 refused.\n\
             Caused by: java.net.ConnectException: Connection refused",
            "orders-db.internal:5432",
            "Check that orders-db.internal:5432",
        ),
        (
            "Unhandled exception. Npgsql.NpgsqlException: Failed to connect to 10.0.3.7:5432\n \
             ---> System.Net.Sockets.SocketException (111): Connection refused",
            "10.0.3.7:5432",
            "Check that 10.0.3.7:5432",
        ),
    ]);
}

#[test]
fn what_only_follows_from_an_error_is_not_quoted_for_it() {
    check(&[
        (
            "ValidationError: tenant unknown\nError: tenant \"acme\" is unknown\nnpm ERR! code 1\nnpm ERR! errno 1",
            "tenant",
            "Correct the error",
        ),
        (
            "[ERROR] [pool www] cannot get uid for user 'app'\n[ERROR] FPM initialization failed",
            "cannot get uid",
            "Correct the configuration",
        ),
        (
            "error: the following required arguments were not provided:\n  --db <URL>",
            "not provided: --db <URL>",
            "Correct the error",
        ),
        (
            "Error: loading settings\n\nCaused by:\n    0: reading it\n    1: missing field `url`",
            "Error: loading settings missing field `url`",
            "Correct the error",
        ),
        (
            "[app] Traceback (most recent call last):\n[app]   File \"a.py\", line 1\n[app]     x()\n[app] ValueError: bad tenant",
            "ValueError: bad tenant",
            "Correct the error",
        ),
        (
            "/app/a.js:7\n    throw new Error(help.join('x'))\n          ^\n\nTenantMissing: tenant 9\n    at a (b.js:1:2)\nNode.js v20\nError: x",
            "Error: x",
            "Correct the error",
        ),
    ]);
}

#[test]
fn what_a_command_runs_and_the_image_lacks_is_named() {
    let finding = read(
        127,
        "starting\n/entrypoint.sh: line 9: jq: command not found",
    );
    assert!(
        finding.fix.contains("Put the program `jq`"),
        "{}",
        finding.fix
    );
    check(&[
        (
            "[FTL] Host terminated unexpectedly\nSystem.AggregateException: no service for Mail",
            "no service for Mail",
            "Correct the error",
        ),
        (
            "thread 'main' has overflowed its stack\nfatal runtime error: stack overflow\nAborted (core dumped)",
            "stack overflow",
            "Correct the error",
        ),
        (
            "Error connecting to Redis on redis-jobs.internal:6379 (Redis::TimeoutError)",
            "redis-jobs.internal:6379",
            "Check that redis-jobs.internal:6379",
        ),
        (
            "*** FATAL CONFIG FILE ERROR (Redis 7.2.3) ***\nat line 3\n>>> 'maxmemory 2gigs'\nargument must be a memory value",
            "maxmemory 2gigs",
            "Correct the error",
        ),
    ]);
}

#[test]
fn a_migration_that_cannot_connect_is_a_connection_and_other_memory_than_the_heap_is_named() {
    check(&[
        (
            "FlywaySqlException: Unable to obtain connection from database: FATAL: password authentication failed for user \"orders\"",
            "password authentication",
            "Correct the credentials",
        ),
        (
            "java.lang.OutOfMemoryError: Metaspace",
            "Metaspace",
            "MaxMetaspaceSize",
        ),
        (
            "FATAL:  lock file \"postmaster.pid\" already exists",
            "postmaster.pid",
            "Let only one task use the volume",
        ),
        (
            "operation error SSM: GetParameter, ParameterNotFound: /prod/orders/dsn",
            "ParameterNotFound",
            "Create the AWS resource",
        ),
        (
            "[ERROR] Connection in use: ('0.0.0.0', 8000)\n[ERROR] Can't connect to ('0.0.0.0', 8000)",
            "Connection in use",
            "Give port 8000",
        ),
        (
            "java.net.ConnectException: Failed to connect to prices.internal/10.0.3.7:8080",
            "prices.internal",
            "Check that prices.internal",
        ),
    ]);
}
