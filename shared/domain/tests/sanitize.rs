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
