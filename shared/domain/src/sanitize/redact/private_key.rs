//! PEM blocks of private keys (RFC 7468), whole or cut off.

use std::ops::Range;

use super::{Signs, begins, rewrite};

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const KIND: &str = "PRIVATE KEY";

pub(super) fn redacted(text: &str, signs: Signs) -> Option<String> {
    if !signs.has(Signs::DASHES) {
        return None;
    }
    rewrite(text, |bytes, at| bytes[at..].starts_with(b"--"), find)
}

/// A private key from its first line to its last, or to the end of the text.
fn find(text: &str, at: usize) -> Option<Range<usize>> {
    let block = &text[at..];
    is_boundary(block, BEGIN)
        .then(|| at..after_private_key(block).map_or(text.len(), |rest| text.len() - rest.len()))
}

/// What follows the line that ends a private key, where there is one.
pub(in super::super) fn after_private_key(text: &str) -> Option<&str> {
    let end =
        (0..text.len()).find(|at| text.is_char_boundary(*at) && is_boundary(&text[*at..], END))?;
    let rest = &text[end + END.len()..];
    Some(rest.find("-----").map_or("", |dashes| &rest[dashes + 5..]))
}

/// Whether a private key begins in `text` that does not end in it.
pub(in super::super) fn opens_private_key(text: &str) -> bool {
    if !Signs::of(text).has(Signs::DASHES) {
        return false;
    }
    let last =
        (0..text.len()).rfind(|at| text.is_char_boundary(*at) && is_boundary(&text[*at..], BEGIN));
    last.is_some_and(|at| after_private_key(&text[at..]).is_none())
}

/// `-----BEGIN RSA PRIVATE KEY-----` and its like, in any case.
fn is_boundary(text: &str, edge: &str) -> bool {
    let label =
        |rest: &str| (0..=24).any(|skip| rest.get(skip..).is_some_and(|rest| begins(rest, KIND)));
    begins(text, edge) && label(&text[edge.len()..])
}
