//! What `sanitize` does to single texts. Its properties are in `sanitize_properties.rs`.

use domain::sanitize::{block, line, lines};

#[track_caller]
fn check(text: &str, want: &str) {
    assert_eq!(line(text, 400), want, "\n of {text:?}");
}

#[track_caller]
fn stays(text: &str) {
    check(text, text);
}

#[test]
fn plain_text_stays_as_it_is() {
    stays("");
    stays("Task failed ELB health checks in (target-group order-api)");
    stays("Zoë naïve 日本語 🚑 naı̈ve: 3 < 4 && a > b; [x] (y) {z} 100% ~5 $HOME #1 *p _q_ \\n");
    stays("bob@example.com pushed app@sha256:0f1e2d");
}

#[test]
fn terminal_escapes_and_controls_go() {
    check(
        "\u{1b}[31;1merror\u{1b}[0m: \u{1b}]0;title\u{7}gone \u{1b}(Bdone\u{1b}c",
        "error: gone done",
    );
    check(
        "\u{9b}31mred\u{9d}title\u{9c} \u{1b}Pq\u{1b}\\end \u{0}\u{8}\u{7f}\u{90}",
        "red end",
    );
    check(
        "\\u001b[31mspelled\\u001B[0m \\x1b[1mout\\033[m",
        "spelled out",
    );
    check("C:\\x1 and \\033 stay", "C:\\x1 and \\033 stay");
    check("an unended \u{1b}]title\nnext line", "an unended next line");
}

#[test]
fn invisible_and_bidirectional_characters_go() {
    check(
        "\u{feff}a\u{200b}b\u{202e}c\u{2066}d\u{ad}e\u{e0041}f\u{2060}g\u{fe0f}\u{61c}h",
        "abcdefgh",
    );
}

#[test]
fn a_line_has_no_breaks_and_a_block_keeps_them() {
    check(
        "\n one\r\n\ttwo\u{2028}three \u{a0} four\r",
        "one two three four",
    );
    assert_eq!(
        block("\n one\r\n\ttwo  \u{2028}three\n\n", 99),
        " one\n  two\nthree"
    );
}

#[test]
fn mentions_and_markup_are_broken() {
    check(
        "<!channel> <@U012> <#C9> <https://x.example|click>",
        "‹!channel> ‹@U012> ‹#C9> ‹https://x.example|click>",
    );
    check(
        "@here @Channel @EVERYONE, @all!",
        "@ here @ Channel @ EVERYONE, @ all!",
    );
    check("@heretic @scope/package", "@heretic @scope/package");
    check(
        "[log in](https://evil.example) ![x](y)",
        "[log in] (https://evil.example) ![x] (y)",
    );
    check("```code``` and `inline`", "'''code''' and 'inline'");
    check(
        "<script>alert(1)</script><!-- x --><b>",
        "‹script>alert(1)‹/script>‹!-- x -->‹b>",
    );
    check(
        "@\u{200b}here <\u{200b}!channel> ]\u{200d}(x)",
        "@ here ‹!channel> ] (x)",
    );
}

#[test]
fn secrets_are_recognised_by_their_shape() {
    check("key AKIAIOSFODNN7EXAMPLE used", "key [redacted] used");
    check("(ASIAIOSFODNN7EXAMPLE)", "([redacted])");
    check("user_AKIAIOSFODNN7EXAMPLE-x", "user_[redacted]-x");
    check(
        "jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2ln-X_x end",
        "jwt [redacted] end",
    );
    check(
        "xoxb-123456789012-abcdef and ghp_0123456789abcdefABCDEF0123456789abcd",
        "[redacted] and [redacted]",
    );
    check(
        "https://hooks.slack.com/services/T0/B0/abcdef",
        "https://hooks.slack.com/[redacted]",
    );
    check(
        "secret key wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY!",
        "secret key [redacted]!",
    );
    check(
        "a -----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc\n-----END RSA PRIVATE KEY----- b",
        "a [redacted] b",
    );
    check("-----BEGIN PRIVATE KEY-----\\nMIIEcut off", "[redacted]");
    check(
        "postgres://order_api:p@ss/w0rd@db:5432/orders?x=1",
        "postgres://order_api:[redacted]@db:5432/orders?x=1",
    );
    check(
        "redis://:hunter2@cache and https://0f1e@sentry.example/1",
        "redis://:[redacted]@cache and https://[redacted]@sentry.example/1",
    );
    check(
        "Authorization: Bearer abc.def-123 next",
        "Authorization: [redacted] next",
    );
    check(
        "sent bearer dGhpc2lzYXRva2Vu ok",
        "sent bearer [redacted] ok",
    );
}

#[test]
fn secrets_are_recognised_by_their_name() {
    check(
        "DB_PASSWORD=hunter2 host=db",
        "DB_PASSWORD=[redacted] host=db",
    );
    check(
        "password: hunter2, user: bob",
        "password: [redacted], user: bob",
    );
    check(
        r#"{"db":{"password":"it's \"so\" secret","user":"bob"}}"#,
        r#"{"db":{"password":[redacted],"user":"bob"}}"#,
    );
    check(
        r#"{\"apiKey\":\"abc\",\"n\":1}"#,
        r#"{\"apiKey\":[redacted],\"n\":1}"#,
    );
    check(
        "{'client_secret' : 'x y z'}",
        "{'client_secret' : [redacted]}",
    );
    check(
        "GET /?token=abc&user=bob&sig=a%2Fb",
        "GET /?token=[redacted]&user=bob&sig=[redacted]",
    );
    check(
        "Server=db;User Id=sa;Password=a;b&c,d;Database=x",
        "Server=db;User Id=sa;Password=[redacted];Database=x",
    );
    check(
        "Config{secretKey=abc, port=1}",
        "Config{secretKey=[redacted], port=1}",
    );
    check(
        "run --api-key abc --port 1",
        "run --api-key [redacted] --port 1",
    );
    check(
        "<password>abc</password>",
        "‹password>[redacted]‹/password>",
    );
    check(
        "x?X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F2026&X-Amz-Date=1&X-Amz-Security-Token=abc&X-Amz-Signature=0f",
        "x?X-Amz-Credential=[redacted]&X-Amz-Date=1&X-Amz-Security-Token=[redacted]&X-Amz-Signature=[redacted]",
    );
    check(
        "authorization: AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=0f done",
        "authorization: [redacted] done",
    );
    check("Cookie: a=b; c=d\nHost: x", "Cookie: [redacted] Host: x");
    check(
        "AWS_SECRET_ACCESS_KEY => wJalr",
        "AWS_SECRET_ACCESS_KEY => [redacted]",
    );
}

#[test]
fn a_password_in_an_address_may_hold_any_character_but_a_blank() {
    for password in [
        "/x9Yz",
        "7#kP9x",
        "?a",
        "#",
        "12/34?5#6",
        "p@s/s",
        "a'b",
        "a\"b@c",
        "a<b",
        "a\"/b",
        "5432",
    ] {
        check(
            &format!("postgres://app:{password}@db:5432/app failed, bob@x.example"),
            "postgres://app:[redacted]@db:5432/app failed, bob@x.example",
        );
    }
    check(
        r#"{"url":"https://app:/x@db","to":"a@b.example","n":"amqp://rabbit:5672/v"}"#,
        r#"{"url":"https://app:[redacted]@db","to":"a@b.example","n":"amqp://rabbit:5672/v"}"#,
    );
    check(
        "(app:s3cr3t@tcp(db:3306)/shop) dsn=app:p@s:s/w@unix(/tmp/my.sock)/shop app:x@/shop",
        "(app:[redacted]@tcp(db:3306)/shop) dsn=app:[redacted]@unix(/tmp/my.sock)/shop \
         app:[redacted]@/shop",
    );
    check(
        r#"{"dsn":"app:s3cr3t@tcp(db:3306)/shop"}"#,
        r#"{"dsn":"app:[redacted]@tcp(db:3306)/shop"}"#,
    );
}

#[test]
fn an_address_without_a_password_stays() {
    stays("GET https://cdn.example:8443/npm/@scope/package and ws://a:80?to=bob@x.example");
    stays("docker://registry.example:5000/order-api@sha256:0f1e2d");
    stays("postgres://db:5432/app refused; mail bob@x.example");
    stays(r#"{"url":"postgres://db:5432/app","to":"bob@x.example"}"#);
    stays("listening on tcp(db:3306) of app@tcp, see bob@unix(1)");
}

#[test]
fn every_everyday_token_is_recognised() {
    let sk = "0123456789abcdefABCDEF0123456789abcdefABCDEF";
    for prefix in [
        "sk-",
        "sk-proj-",
        "sk-ant-api03-",
        "sk_live_",
        "sk_test_",
        "rk_live_",
        "rk_test_",
        "whsec_",
        "dckr_pat_",
        "glpat-",
        "glrt-",
        "GOCSPX-",
        "ghp_",
        "ghs_",
        "gho_",
        "github_pat_",
        "npm_",
        "pypi-",
        "AIza",
        "SG.",
        "hvs.",
        "hf_",
        "ya29.",
        "shpat_",
    ] {
        check(&format!("got {prefix}{sk}, ok"), "got [redacted], ok");
    }
    for token in ["xoxb-12345678-abc", "xoxp-12345678-abc", "xapp-1-A012-345"] {
        check(&format!("got {token}, ok"), "got [redacted], ok");
    }
    check(
        "AccountName=x;AccountKey=ab/c+==;EndpointSuffix=y Endpoint=sb://x/;SharedAccessKeyName=Root;SharedAccessKey=ab=",
        "AccountName=x;AccountKey=[redacted];EndpointSuffix=y Endpoint=sb://x/;SharedAccessKeyName=Root;SharedAccessKey=[redacted]",
    );
    check(
        "Authorization: Basic YXBwOnB3 aws_session_token = IQoJb3JpZ2luX2VjE",
        "Authorization: [redacted] aws_session_token = [redacted]",
    );
}

#[test]
fn secrets_are_recognised_by_a_name_that_only_code_gives_them() {
    check(
        r#"{"user":"smtp","pass":"hunter2"} pass: 'hunter2'"#,
        r#"{"user":"smtp","pass":[redacted]} pass: [redacted]"#,
    );
    check(
        "SECRET_KEY_BASE=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "SECRET_KEY_BASE=[redacted]",
    );
    check(
        "Invalid API key: 8f3c9a, access key: 8f3c9a, Secret Key = 8f3c9a",
        "Invalid API key: [redacted], access key: [redacted], Secret Key = [redacted]",
    );
    check(
        r#"[{"name":"DB_PASSWORD","value":"hunter2"},{"name":"PORT","value":"80"}]"#,
        r#"[{"name":"DB_PASSWORD","value":[redacted]},{"name":"PORT","value":"80"}]"#,
    );
    check(
        "{ 'Name': 'SMTP_PASS',\n  'Value': 'hunter2' } (Name=API_TOKEN, Value=abc)",
        "{ 'Name': 'SMTP_PASS', 'Value': [redacted] } (Name=API_TOKEN, Value=[redacted])",
    );
}

#[test]
fn ordinary_words_stay_readable() {
    stays("pass: 12 tests, --- PASS: TestOrders1 (0.00s), auth: ok");
    stays("password authentication failed for user app; token expired; API key: expired");
    stays("duplicate key: 42, no access key: check the role, primary key = 7");
    stays("name: order-api, value: 3; sk-learn, task-0123456789abcdef0123456789abcdef");
    stays("sk_test passed, npm run start, basic setup done, hf_hub is down");
}

#[test]
fn nothing_invisible_hides_a_secret() {
    check("AKIA\u{1b}[0mIOSFODNN7\u{200b}EXAMPLE", "[redacted]");
    check(
        "pass\u{200d}WORD\u{1b}[1m=\u{feff}hunter2",
        "passWORD=[redacted]",
    );
}

#[test]
fn what_an_engineer_needs_stays_readable() {
    stays(
        "ResourceInitializationError: unable to pull secrets or registry auth: execution resource \
         retrieval failed: unable to retrieve secret from asm: service call has been retried 1 \
         time(s): failed to fetch secret \
         arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/order-api/db-AbCdEf from secrets \
         manager: AccessDeniedException",
    );
    stays(
        "not authorized to perform: secretsmanager:GetSecretValue on resource: arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/db-AbCdEf:password::",
    );
    stays("ecr:GetAuthorizationToken: not allowed; secret not found; secret: not found");
    stays(
        "invalid token: expired; Unexpected token: } ; password: null; token: AccessDeniedException",
    );
    stays(
        "Basic authentication failed, bearer token missing, FATAL: password authentication failed for user",
    );
    stays("at jsonwebtoken::errors::Error (src/token.rs:42)");
    stays("secret=arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/order-api/db-AbCdEf");
    stays(
        "111122223333.dkr.ecr.eu-west-1.amazonaws.com/order-api@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    );
}

#[test]
fn a_cut_goes_through_the_middle_and_says_how_much() {
    let text: String = (0..1000).map(|n| format!("word{n:03} ")).collect();
    assert_eq!(
        line(&text, 80),
        "word000 word001 word002 word003 … 7,953 characters cut … word998 word999"
    );
    assert_eq!(line("abcdefghij", 9), "abcdefgh…");
    assert_eq!(line("abcdefghij", 0), "");
    assert_eq!(
        line(&"日".repeat(100), 60),
        format!(
            "{} … 64 characters cut … {}",
            "日".repeat(24),
            "日".repeat(12)
        )
    );
}

#[test]
fn what_is_beyond_the_first_64_kib_is_counted() {
    let text = "x ".repeat(512 * 1024);
    assert_eq!(
        line(&text, 60),
        "x x x x x x x x x x x x x x x … 1,048,546 characters cut"
    );
}

#[test]
fn a_private_key_over_several_lines_of_a_log_is_hidden() {
    let log = [
        "start",
        "-----BEGIN PRIVATE KEY-----",
        "MIIEvAIBADAN",
        "-----END PRIVATE KEY----- and",
        "end",
    ];
    assert_eq!(
        lines(log, 99),
        ["start", "[redacted]", "[redacted]", "[redacted] and", "end"]
    );
}
