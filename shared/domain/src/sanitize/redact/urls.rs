//! Credentials in an address: `scheme://user:password@host` and the paths of webhooks.

use std::ops::Range;

use super::{Signs, begins, is_word, rewrite, run, run_back};

/// Addresses whose path is the secret.
const WEBHOOKS: [&str; 6] = [
    "hooks.slack.com/",
    "hooks.slack-gov.com/",
    "discord.com/api/webhooks/",
    "discordapp.com/api/webhooks/",
    "webhook.office.com/",
    "events.pagerduty.com/integration/",
];

/// Schemes of addresses with a port and a path that may hold an `@`.
const WITH_PATHS: [&str; 6] = ["http", "https", "ws", "wss", "docker", "oci"];

/// What follows the password in a data source name of Go's driver for `MySQL`.
const NETWORKS: [&str; 7] = [
    "@tcp(",
    "@tcp6(",
    "@udp(",
    "@unix(",
    "@cloudsql(",
    "@(",
    "@/",
];

/// An address longer than this is not looked at further.
const LONGEST: usize = 2048;

pub(super) fn redacted(text: &str, signs: Signs) -> Option<String> {
    let (hosts, networks) = (signs.has(Signs::HOST), signs.has(Signs::NETWORK));
    if !hosts && !networks && !signs.has(Signs::SCHEME) {
        return None;
    }
    // A scheme's end, the end of a user's name, or the beginning of a webhook's host.
    let may_begin = |bytes: &[u8], at: usize| match bytes[at] {
        b':' => networks || bytes[at..].starts_with(b"://"),
        _ => hosts && may_be_host(&bytes[at..]),
    };
    rewrite(text, may_begin, find)
}

/// What [`WEBHOOKS`] begin with.
fn may_be_host(bytes: &[u8]) -> bool {
    matches!(
        bytes,
        [b'h' | b'H', b'o' | b'O', ..]
            | [b'd' | b'D', b'i' | b'I', ..]
            | [b'w' | b'W', b'e' | b'E', ..]
            | [b'e' | b'E', b'v' | b'V', ..]
    )
}

/// The password in an address, or all before the `@` where there is no colon; a webhook's path.
fn find(text: &str, at: usize) -> Option<Range<usize>> {
    match text.as_bytes()[at] {
        b':' if text[at..].starts_with("://") => user_info(text, at),
        b':' => before_network(text, at),
        byte if byte.is_ascii_alphabetic() => webhook(text, at),
        _ => None,
    }
}

/// From the `://` at `at`.
fn user_info(text: &str, at: usize) -> Option<Range<usize>> {
    let start = at + 3;
    let address = up_to_end(text, start);
    let authority = &address[..address.find(['/', '?', '#']).unwrap_or(address.len())];
    // A slash or an `@` within a password is forbidden there and yet common: with a password, the
    // last `@` counts. A port is no password, and the path of its address may hold an `@`; but what
    // is all digits up to a slash may be the beginning of one where paths do not hold an `@`.
    let has_password = authority.split_once(':').is_some_and(|(_, port)| {
        let is_port = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
        !(is_port && has_paths(&text[..at]))
    });
    let at_sign = if has_password {
        address.rfind('@')
    } else {
        authority.rfind('@')
    }?;
    let from = address[..at_sign].find(':').map_or(0, |colon| colon + 1);
    (from < at_sign).then_some(start + from..start + at_sign)
}

/// Whether the scheme that `before` ends in is one of addresses with an `@` in their paths.
fn has_paths(before: &str) -> bool {
    let scheme = &before[before.len() - run_back(before, 8, is_word)..];
    WITH_PATHS
        .into_iter()
        .any(|name| scheme.eq_ignore_ascii_case(name))
}

/// The password in a data source name of Go's driver for `MySQL`, `user:password@tcp(host)/name`, from
/// the colon at `at`.
fn before_network(text: &str, at: usize) -> Option<Range<usize>> {
    if !text[..at].ends_with(|c: char| c.is_ascii_alphanumeric()) {
        return None;
    }
    // Colons are many, and signs like this few.
    text[at + 1..text.floor_char_boundary(at + 1 + LONGEST)].find('@')?;
    let rest = up_to_end(text, at + 1);
    let ends = NETWORKS
        .into_iter()
        .filter_map(|network| rest.find(network));
    let end = ends.max().filter(|end| *end > 0)?;
    Some(at + 1..at + 1 + end)
}

/// The text from `start` to the end of an address.
fn up_to_end(text: &str, start: usize) -> &str {
    let address = &text[start..text.floor_char_boundary(start + LONGEST)];
    let mut rest = address.char_indices();
    while let Some((at, c)) = rest.next() {
        if c.is_whitespace() || closes(c, rest.as_str()) {
            return &address[..at];
        }
    }
    address
}

/// Whether a character is a quotation mark or bracket that closes what an address stands in. What
/// follows it tells: it may be part of a password too.
fn closes(c: char, rest: &str) -> bool {
    let ends = |next: char| next.is_whitespace() || ",;:)}]\\<>\"'`|".contains(next);
    match c {
        '<' if rest.starts_with('/') => true,
        '"' | '\'' | '<' | '>' | '`' => rest.chars().next().is_none_or(ends),
        _ => false,
    }
}

fn webhook(text: &str, at: usize) -> Option<Range<usize>> {
    let host = WEBHOOKS
        .into_iter()
        .find(|host| begins(&text[at..], host))?;
    let start = at + host.len();
    let path = run(&text[start..], usize::MAX, |byte| {
        byte.is_ascii_alphanumeric() || b"/_-.@%".contains(&byte)
    });
    (path > 0).then_some(start..start + path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_webhook_and_network_is_looked_for() {
        for host in WEBHOOKS {
            let seen = Signs::of(host).has(Signs::HOST);
            assert!(seen && may_be_host(host.as_bytes()), "{host}");
        }
        for network in NETWORKS {
            assert!(Signs::of(network).has(Signs::NETWORK), "{network}");
        }
    }
}
