//! Secrets that give themselves away by their shape.

use std::ops::Range;

use super::{Signs, begins, is_word, rewrite, run};

/// What a token begins with, and how many characters follow at least.
const PREFIXES: [(&str, usize); 46] = [
    // AWS access key ids: long-term, temporary, service bearer tokens, context-specific.
    ("AKIA", 16),
    ("ASIA", 16),
    ("ABIA", 16),
    ("ACCA", 16),
    // Slack
    ("xoxa-", 8),
    ("xoxb-", 8),
    ("xoxc-", 8),
    ("xoxd-", 8),
    ("xoxe-", 8),
    ("xoxe.xox", 8),
    ("xoxo-", 8),
    ("xoxp-", 8),
    ("xoxr-", 8),
    ("xoxs-", 8),
    ("xapp-", 8),
    // GitHub, GitLab
    ("ghp_", 16),
    ("gho_", 16),
    ("ghu_", 16),
    ("ghs_", 16),
    ("ghr_", 16),
    ("github_pat_", 16),
    ("glpat-", 16),
    ("glrt-", 16),
    ("gldt-", 16),
    ("glptt-", 16),
    // Stripe, Google, SendGrid, HashiCorp Vault
    ("sk_live_", 16),
    ("rk_live_", 16),
    ("sk_test_", 16),
    ("rk_test_", 16),
    ("whsec_", 16),
    ("AIza", 30),
    ("GOCSPX-", 16),
    ("ya29.", 20),
    ("SG.", 32),
    ("hvs.", 20),
    ("hvb.", 20),
    // Docker, npm, PyPI, Hugging Face
    ("dckr_pat_", 16),
    ("dckr_oat_", 16),
    ("npm_", 30),
    ("pypi-", 32),
    ("hf_", 30),
    // OpenAI and others who took it over, DigitalOcean, Shopify, Grafana, New Relic
    ("sk-", 32),
    ("dop_v1_", 32),
    ("shpat_", 16),
    ("glsa_", 16),
    ("NRAK-", 16),
];

/// What a token follows in a header.
const SCHEMES: [&str; 2] = ["bearer", "basic"];

/// No token with a prefix is shorter, prefix and all, and no JSON web token.
const SHORTEST: usize = 13;

pub(super) fn redacted(text: &str, _: Signs) -> Option<String> {
    rewrite(text, may_begin, find)
}

/// Whether a token or a scheme may begin at `at`: at a letter or digit after none, or where a run of
/// base64 does. Most words are too short for the one, and begin unlike the others.
fn may_begin(bytes: &[u8], at: usize) -> bool {
    let byte = bytes[at];
    let begins = is_word(byte) || matches!(byte, b'+' | b'/');
    let begins = begins && (at == 0 || !is_word(bytes[at - 1]));
    begins && (matches!(byte, b'b' | b'B') || may_be_long(bytes, at))
}

/// Whether what begins at `at` is as long as the shortest token.
fn may_be_long(bytes: &[u8], at: usize) -> bool {
    let run = bytes.get(at..at + SHORTEST);
    run.is_some_and(|run| run.iter().all(|byte| is_token(*byte) || is_base64(*byte)))
}

/// A token that begins at `at`.
fn find(text: &str, at: usize) -> Option<Range<usize>> {
    let begins_run = at == 0 || !is_base64(text.as_bytes()[at - 1]);
    let named = if may_be_named(text.as_bytes()[at]) {
        by_name(text, at)
    } else {
        None
    };
    named.or_else(|| if begins_run { opaque(text, at) } else { None })
}

/// What [`PREFIXES`] and the schemes begin with: most words begin with none of them.
fn may_be_named(initial: u8) -> bool {
    let initial = initial.to_ascii_lowercase();
    matches!(
        initial,
        b'a' | b'b' | b'd' | b'e' | b'g' | b'h' | b'n' | b'p' | b'r' | b's' | b'w' | b'x' | b'y'
    )
}

fn by_name(text: &str, at: usize) -> Option<Range<usize>> {
    let is_long = run(&text[at..], SHORTEST, is_token) == SHORTEST;
    let by_prefix = || prefixed(text, at).or_else(|| json_web_token(text, at));
    let token = if is_long { by_prefix() } else { None };
    token.or_else(|| scheme(text, at))
}

fn prefixed(text: &str, at: usize) -> Option<Range<usize>> {
    let token = &text[at..];
    let (prefix, least) = PREFIXES.iter().find(|(prefix, _)| begins(token, prefix))?;
    let body = &token[prefix.len()..];
    // Access key ids are letters and digits only; a hyphen after one is the text's own.
    let length = match prefix.len() {
        4 if prefix.ends_with("IA") || *prefix == "ACCA" => {
            run(body, usize::MAX, |byte| byte.is_ascii_alphanumeric())
        }
        _ => run(body, usize::MAX, is_token),
    };
    (length >= *least).then_some(at..at + prefix.len() + length)
}

/// Two or more parts of base64url between dots; the first is JSON, so it begins with `eyJ`.
fn json_web_token(text: &str, at: usize) -> Option<Range<usize>> {
    let token = &text[at..];
    if !begins(token, "eyJ") {
        return None;
    }
    let header = run(token, 4096, |byte| is_token(byte) && byte != b'.');
    let is_header = header >= 10 && token[header..].starts_with('.');
    let payload = if is_header {
        run(&token[header + 1..], 8, |byte| {
            is_token(byte) && byte != b'.'
        })
    } else {
        0
    };
    (payload == 8).then(|| at..at + run(token, usize::MAX, |byte| is_token(byte) || byte == b'='))
}

/// What follows `Bearer` or `Basic`, unless it is a word of a sentence (`Basic authentication`).
fn scheme(text: &str, at: usize) -> Option<Range<usize>> {
    let name = SCHEMES.into_iter().find(|name| begins(&text[at..], name))?;
    let after = &text[at + name.len()..];
    let blanks = run(after, 8, |byte| b" :=".contains(&byte));
    if blanks == 0 {
        return None;
    }
    let word = run(&after[blanks..], usize::MAX, |byte| {
        is_token(byte) || is_base64(byte) || byte == b'~'
    });
    let token = &after[blanks..][..word];
    let is_word = word < 24
        && token[1.min(word)..]
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || b".-".contains(&byte));
    let start = at + name.len() + blanks;
    (word >= 8 && !is_word).then_some(start..start + word)
}

/// A run of base64: a secret access key (40 characters, where the text before speaks of one), or a
/// very long one, such as a session token or a line of a private key.
fn opaque(text: &str, at: usize) -> Option<Range<usize>> {
    let length = run(&text[at..], usize::MAX, is_base64);
    if length != 40 && length < 60 {
        return None;
    }
    let token = &text[at..at + length];
    let count = |of: fn(&u8) -> bool| token.bytes().filter(of).count();
    let (upper, lower, digits) = (
        count(u8::is_ascii_uppercase),
        count(u8::is_ascii_lowercase),
        count(u8::is_ascii_digit),
    );
    let long = length >= 60 && upper >= 6 && lower >= 6 && digits >= 3;
    let key = length == 40 && upper > 0 && lower > 0 && digits > 0 && speaks_of_a_key(&text[..at]);
    (long || key).then_some(at..at + length)
}

/// Whether the last words before a value speak of a secret or an access key.
fn speaks_of_a_key(before: &str) -> bool {
    let near =
        before[before.ceil_char_boundary(before.len().saturating_sub(64))..].to_ascii_lowercase();
    ["secret", "access", "aws", "key", "credential"]
        .into_iter()
        .any(|word| near.contains(word))
}

fn is_token(byte: u8) -> bool {
    is_word(byte) || matches!(byte, b'_' | b'-' | b'.')
}

fn is_base64(byte: u8) -> bool {
    is_word(byte) || matches!(byte, b'+' | b'/' | b'=')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_token_with_a_prefix_is_shorter_than_the_shortest() {
        for (prefix, least) in PREFIXES {
            assert!(prefix.len() + least >= SHORTEST, "{prefix}");
            assert!(prefix.bytes().all(is_token), "{prefix}");
        }
    }

    #[test]
    fn every_name_begins_with_a_letter_that_is_looked_for() {
        let prefixes = PREFIXES.iter().map(|(prefix, _)| *prefix);
        for name in prefixes.chain(["eyJ"]).chain(SCHEMES) {
            assert!(may_be_named(name.as_bytes()[0]), "{name}");
        }
        for name in SCHEMES {
            assert!(may_begin(name.as_bytes(), 0), "{name}");
        }
    }
}
