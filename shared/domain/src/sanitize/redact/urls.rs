//! Credentials in an address: `scheme://user:password@host` and the paths of webhooks.

use std::ops::Range;

use super::{any_two, begins, rewrite, run};

/// Addresses whose path is the secret.
const WEBHOOKS: [&str; 6] = [
    "hooks.slack.com/",
    "hooks.slack-gov.com/",
    "discord.com/api/webhooks/",
    "discordapp.com/api/webhooks/",
    "webhook.office.com/",
    "events.pagerduty.com/integration/",
];

/// An address longer than this is not looked at further.
const LONGEST: usize = 2048;

pub(super) fn redacted(text: &str) -> Option<String> {
    // `://` or `.com/`: nothing is found without one of them.
    let may_be_in = any_two(text, |one, next| {
        (next == b'/') & matches!(one, b':' | b'm' | b'M')
    });
    if !may_be_in {
        return None;
    }
    rewrite(text, |bytes, at| may_begin(bytes[at]), find)
}

/// A scheme's end, or the first letter of a webhook's host.
fn may_begin(byte: u8) -> bool {
    matches!(byte.to_ascii_lowercase(), b':' | b'h' | b'd' | b'w' | b'e')
}

/// The password in an address, or all before the `@` where there is no colon; a webhook's path.
fn find(text: &str, at: usize) -> Option<Range<usize>> {
    match text.as_bytes()[at] {
        b':' if text[at..].starts_with("://") => user_info(text, at + 3),
        byte if byte.is_ascii_alphabetic() => webhook(text, at),
        _ => None,
    }
}

fn user_info(text: &str, start: usize) -> Option<Range<usize>> {
    let address = &text[start..text.floor_char_boundary(start + LONGEST)];
    let address = &address[..address.find(ends_address).unwrap_or(address.len())];
    let authority = &address[..address.find(['/', '?', '#']).unwrap_or(address.len())];
    let (_, after_colon) = authority.split_once(':').unwrap_or_default();
    // A slash or an `@` within a password is forbidden there and yet common: with a password, the
    // last `@` counts. A port is no password, and the path of its address may hold an `@`.
    let has_password = !after_colon.bytes().all(|byte| byte.is_ascii_digit());
    let at_sign = if has_password {
        address.rfind('@')
    } else {
        authority.rfind('@')
    }?;
    let from = address[..at_sign].find(':').map_or(0, |colon| colon + 1);
    (from < at_sign).then_some(start + from..start + at_sign)
}

fn ends_address(c: char) -> bool {
    c.is_whitespace() || "\"'<>`".contains(c)
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
