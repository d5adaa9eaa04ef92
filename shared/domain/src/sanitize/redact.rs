//! Secrets are recognised by their shape, or by the name or the scheme before them.
//!
//! A false alarm costs a word of an alert, a miss costs a secret: so in doubt it is one. Kept
//! readable are the things an engineer needs from AWS's sentences: ARNs (also of secrets), IAM
//! actions, and prose such as `secret not found` or `token: expired`.

mod names;
mod pairs;
mod private_key;
mod tokens;
mod urls;

use std::ops::Range;

use super::signs::Signs;
use super::{Draft, REDACTED};

pub(super) use private_key::{after_private_key, opens_private_key};

/// The text with [`REDACTED`] in each secret's place.
pub(super) fn secrets(text: Draft<'_>) -> Draft<'_> {
    text.then(private_key::redacted)
        .then(urls::redacted)
        .then(tokens::redacted)
        .then(pairs::redacted)
}

/// Replaces what `find` says is a secret, if it says so of anything. `find` is asked at every ASCII
/// character that is a `candidate`, left to right, for the secret that begins there or soon after.
/// Where it says none it must have looked at a bounded number of bytes (or only at the beginning of
/// a run): that keeps the whole linear.
fn rewrite(
    text: &str,
    candidate: impl Fn(&[u8], usize) -> bool,
    find: impl Fn(&str, usize) -> Option<Range<usize>>,
) -> Option<String> {
    let bytes = text.as_bytes();
    let mut out = String::new();
    let (mut copied, mut at) = (0, 0);
    while at < bytes.len() {
        if !candidate(bytes, at) {
            at += 1;
            continue;
        }
        match find(text, at) {
            Some(secret) => {
                out.push_str(&text[copied..secret.start]);
                out.push_str(REDACTED);
                (copied, at) = (secret.end, secret.end);
            }
            None => at += 1,
        }
    }
    // A mark was written where anything was.
    (!out.is_empty()).then(|| out + &text[copied..])
}

/// Whether `text` begins with the ASCII `prefix`, in any case.
fn begins(text: &str, prefix: &str) -> bool {
    // Nearly always the first byte differs, so bytes are compared one by one.
    let mut bytes = text.bytes().zip(prefix.bytes());
    text.len() >= prefix.len() && bytes.all(|(a, b)| a.eq_ignore_ascii_case(&b))
}

/// How many bytes at the beginning of `text`, of the first `max`, are ASCII and `allowed`.
fn run(text: &str, max: usize, allowed: impl Fn(u8) -> bool) -> usize {
    text.bytes()
        .take(max)
        .take_while(|byte| byte.is_ascii() && allowed(*byte))
        .count()
}

/// How many bytes at the end of `text`, of the last `max`, are ASCII and `allowed`.
fn run_back(text: &str, max: usize, allowed: impl Fn(u8) -> bool) -> usize {
    text.bytes()
        .rev()
        .take(max)
        .take_while(|byte| byte.is_ascii() && allowed(*byte))
        .count()
}

/// ASCII letters and digits, looked up: it is asked of every byte several times.
fn is_word(byte: u8) -> bool {
    const WORD: [bool; 256] = {
        let (mut word, mut byte) = ([false; 256], 0);
        while byte < word.len() {
            word[byte] = (byte as u8).is_ascii_alphanumeric();
            byte += 1;
        }
        word
    };
    WORD[usize::from(byte)]
}
