//! Credentials in an address: `scheme://user:password@host` and the paths of webhooks.

use std::ops::Range;

use super::{any_two, begins, is_word, rewrite, run, run_back};

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

pub(super) fn redacted(text: &str) -> Option<String> {
    // `://`, `.com/`, `@tcp(` and the like: nothing is found without one of them.
    let may_be_in = any_two(text, |one, next| {
        ((next == b'/') & matches!(one, b':' | b'm' | b'M'))
            | ((one == b'@') & matches!(next, b't' | b'u' | b'c' | b'(' | b'/'))
    });
    if !may_be_in {
        return None;
    }
    rewrite(text, |bytes, at| may_begin(bytes[at]), find)
}

/// A scheme's end, the end of a user's name, or the first letter of a webhook's host.
fn may_begin(byte: u8) -> bool {
    matches!(byte.to_ascii_lowercase(), b':' | b'h' | b'd' | b'w' | b'e')
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
    fn every_webhook_is_looked_for() {
        for host in WEBHOOKS {
            assert!(
                host.contains(".com/") && may_begin(host.as_bytes()[0]),
                "{host}"
            );
        }
    }
}
