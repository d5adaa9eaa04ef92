//! What holds for every text that went through `sanitize`.

use domain::sanitize::{block, line};
use proptest::prelude::*;

/// Texts made of what is dangerous: pieces of secrets, markup, escapes, and anything else.
fn hostile() -> impl Strategy<Value = String> {
    prop::collection::vec(piece(), 0..24).prop_map(|pieces| pieces.concat())
}

fn piece() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "\u{1b}",
        "\u{1b}[31m",
        "\u{1b}]0;t\u{7}",
        "\u{9b}",
        "\u{90}",
        "\\u001b[",
        "\u{202e}",
        "\u{2066}",
        "\u{200b}",
        "\u{feff}",
        "\u{e0041}",
        "\r\n",
        "\n",
        "\t",
        "\u{2028}",
        " ",
        " ",
        "<!channel>",
        "<!",
        "<",
        "@here",
        "@",
        "here",
        "channel",
        "`",
        "```",
        "](",
        "]",
        "(",
        "[",
        "<b>",
        "</",
        "password",
        "PassWord=",
        "token",
        ": ",
        "=",
        ":",
        "\"",
        "'",
        "\\",
        "\\\"",
        "secret",
        "Authorization: ",
        "Bearer ",
        "Basic ",
        "AKIA",
        "AKIAIOSFODNN7EXAMPLE",
        "eyJ",
        ".",
        "-----BEGIN ",
        "PRIVATE KEY-----",
        "-----END ",
        "-----",
        "://",
        "user:pw@",
        "arn:aws:",
        "[redacted]",
        "[redac",
        "…",
        " … 1,234 characters cut … ",
        "cookie=",
        ",",
        ";",
        "&",
        "--",
        "x=1",
        "%3D",
        "hunter2",
        "日本",
        "é",
        "🚑",
        "hooks.slack.com/services/",
        "xoxb-",
        "12345678",
        "abcdefgh",
        "\0",
        "~~~",
    ])
    .prop_map(str::to_owned);
    prop_oneof![6 => words, 1 => ".{0,12}", 1 => "[a-zA-Z0-9+/=]{1,70}", 1 => any::<String>()]
}

/// A secret, and a text that shows it as applications do.
fn planted() -> impl Strategy<Value = (String, String)> {
    prop_oneof![
        ("(AKIA|ASIA)[A-Z2-7]{16}", "[a-z ]{0,6}[ \"(=/]")
            .prop_map(|(key, before)| (key.clone(), before + &key)),
        (
            "[A-Za-z0-9/+]{36}aB3/",
            "(SecretAccessKey|aws_secret_access_key|secretKey)( = |=|: |\": \")"
        )
            .prop_map(|(key, name)| (key.clone(), name + &key)),
        ("eyJ[A-Za-z0-9_-]{20,60}\\.eyJ[A-Za-z0-9_-]{20,90}\\.[A-Za-z0-9_-]{20,60}")
            .prop_map(|t| (t.clone(), t)),
        (
            "[A-Z0-9]{9}[A-Za-z0-9]{12}",
            "(?i-u)(password|passwd|secret|token|api_key|apikey|x-api-key|client_secret)",
            separators()
        )
            .prop_map(|(secret, name, (before, after))| (
                secret.clone(),
                format!("{name}{before}{secret}{after}")
            )),
        ("[A-Z0-9]{6}[a-z0-9]{12}", "(postgres|https|amqp|redis)")
            .prop_map(|(s, scheme)| (s.clone(), format!("{scheme}://app:{s}@db/x"))),
        (
            "[A-Z0-9]{9}[A-Za-z0-9+/]{12}",
            "(?i-u)(authorization: )?(bearer|basic) "
        )
            .prop_map(|(s, scheme)| (s.clone(), scheme + &s)),
        ("[A-Za-z0-9+/]{64}").prop_map(|s| (
            s.clone(),
            format!("-----BEGIN EC PRIVATE KEY-----\n{s}\n-----END EC PRIVATE KEY-----")
        )),
        ("xox[bap]-[0-9]{12}-[A-Za-z0-9]{24}").prop_map(|s| (s.clone(), s)),
        ("T[A-Z0-9]{8}/B[A-Z0-9]{8}/[A-Za-z0-9]{24}")
            .prop_map(|s| (s.clone(), format!("https://hooks.slack.com/services/{s}"))),
        (
            "[0-9a-f]{64}",
            "X-Amz-(Signature|Security-Token|Credential)"
        )
            .prop_map(|(s, n)| (s.clone(), format!("https://b/k?x=1&{n}={s}&y=2"))),
    ]
}

fn separators() -> impl Strategy<Value = (&'static str, &'static str)> {
    prop::sample::select(vec![
        ("=", " "),
        (": ", ","),
        (" = ", ")"),
        ("\":\"", "\""),
        ("\": \"", "\"}"),
        ("\\\":\\\"", "\\\""),
        ("'=>'", "'"),
        ("=", "&x=1"),
        ("%3D", " "),
        (":=", ";"),
    ])
}

fn is_live(text: &str) -> bool {
    let lower = text.to_lowercase();
    let bytes = lower.as_bytes();
    let tag = lower.match_indices('<').any(|(at, _)| {
        bytes
            .get(at + 1)
            .is_some_and(|next| next.is_ascii_alphabetic() || b"/!?@#".contains(next))
    });
    let call = ["@here", "@channel", "@everyone", "@all", "@team"]
        .into_iter()
        .any(|call| {
            lower
                .match_indices(call)
                .any(|(at, _)| !lower[at + call.len()..].starts_with(char::is_alphanumeric))
        });
    tag || call || lower.contains('`') || lower.contains("](")
}

fn is_unseen(c: char) -> bool {
    let bidirectional = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}');
    let zero_width = matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' | '\u{ad}' | '\u{e0000}'..='\u{e007f}');
    c.is_control() || bidirectional || zero_width
}

/// No seven characters in a row of the secret are left. What a cut leaves of one is less.
fn leaks(shown: &str, secret: &str) -> bool {
    (0..secret.len() - 6).any(|at| shown.contains(&secret[at..at + 7]))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_comes_out_harmless_bounded_and_stable(text in hostile(), max in 0_usize..300) {
        let shown = line(&text, max);
        prop_assert!(!shown.contains(is_unseen), "{shown:?}");
        prop_assert!(!is_live(&shown), "{shown:?}");
        prop_assert!(shown.chars().count() <= max);
        prop_assert_eq!(&line(&shown, max), &shown);
        prop_assert!(max < 10 || shown != "[withheld]", "never came to rest: {text:?}");
    }

    #[test]
    fn a_block_is_as_safe_as_a_line(text in hostile(), max in 0_usize..300) {
        let shown = block(&text, max);
        prop_assert!(!shown.contains(|c| c != '\n' && is_unseen(c)), "{shown:?}");
        prop_assert!(!is_live(&shown), "{shown:?}");
        prop_assert!(shown.chars().count() <= max);
        prop_assert_eq!(&block(&shown, max), &shown);
        prop_assert!(max < 10 || shown != "[withheld]", "never came to rest: {text:?}");
    }

    #[test]
    fn no_planted_secret_survives(
        (secret, shown_as) in planted(),
        before in "[a-zA-Z0-9 .:,日]{0,80}[ ,(]",
        after in "([ ,)][a-zA-Z0-9 .:,日]{0,80})?",
        max in 0_usize..400,
    ) {
        let shown = line(&format!("{before}{shown_as}{after}"), max);
        prop_assert!(!leaks(&shown, &secret), "{secret} in {shown}");
    }

    #[test]
    fn no_planted_secret_hides_behind_invisible_characters(
        (secret, shown_as) in planted(),
        at in prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(vec![
            "\u{200b}", "\u{1b}[0m", "\u{1b}[38;5;1m", "\u{feff}", "\0", "\u{202e}", "\u{1b}]0;t\u{7}", "\u{ad}",
        ])), 1..6),
    ) {
        let mut text: Vec<String> = shown_as.chars().map(String::from).collect();
        for (place, hidden) in at {
            let place = place.index(text.len());
            text[place].push_str(hidden);
        }
        let shown = line(&text.concat(), 400);
        prop_assert!(!leaks(&shown, &secret), "{secret} in {shown}");
    }

}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_planted_secret_survives_where_the_size_cap_falls_in_it(
        (secret, shown_as) in planted(),
        into in any::<prop::sample::Index>(),
    ) {
        let room = 64 * 1024 - into.index(shown_as.len());
        let text = format!("{} {shown_as} {}", "x".repeat(room - 1), "y ".repeat(100));
        let shown = block(&text, 70_000);
        prop_assert!(!leaks(&shown, &secret), "{secret} in {}", &shown[60_000..]);
    }
}

#[test]
fn a_mebibyte_of_anything_is_read_in_linear_time() {
    for piece in [
        "x",
        "a ",
        "password=",
        "\"password\":\"",
        "://",
        "eyJ-",
        "eyJaaaaaaaaaa.",
        "-----BEGIN ",
        "\u{1b}]",
        "=:",
        "@here",
        "token: not ",
        "cookie: a, ",
        "&a",
        "arn:aws:secret:",
        "日",
        "\\",
        "\\\"",
        "--token ",
        "\u{1b}[",
        "<",
        "`",
        "\\u001b[",
    ] {
        let text = piece.repeat(1024 * 1024 / piece.len());
        // Quadratic work would take hours here: the harness would be stopped.
        assert!(line(&text, 1000).chars().count() <= 1000);
    }
}
