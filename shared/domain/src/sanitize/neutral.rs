//! Nobody is mentioned and nothing is markup.

use super::signs::Signs;

/// Words that, after an `@`, call a whole channel in one of the receivers.
const CALLS: [&str; 7] = [
    "here", "channel", "everyone", "all", "team", "room", "group",
];

/// Breaks mentions, tags, links and fences with characters that can be seen, so that it also holds
/// where the text is copied to, and reads well as plain text:
/// `<!channel>` becomes `‹!channel>`, `@here` `@ here`, `](` `] (`, a backtick an apostrophe.
pub(super) fn harmless(text: &str, signs: Signs) -> Option<String> {
    if !signs.has(Signs::MARKUP) {
        return None;
    }
    let mut out = String::with_capacity(text.len() + 8);
    for (at, c) in text.char_indices() {
        let rest = &text[at + c.len_utf8()..];
        match c {
            '<' if opens_tag(rest) => out.push('‹'),
            '@' if calls_everybody(rest) => out.push_str("@ "),
            ']' if rest.starts_with('(') => out.push_str("] "),
            '`' => out.push('\''),
            '~' if rest.starts_with('~') => out.push('-'),
            c => out.push(c),
        }
    }
    Some(out)
}

/// Whether HTML, Slack or Markdown read what follows a `<` as a tag, a mention or a link.
fn opens_tag(rest: &str) -> bool {
    rest.starts_with(|c: char| c.is_ascii_alphabetic() || "/!?@#".contains(c))
}

fn calls_everybody(rest: &str) -> bool {
    CALLS.into_iter().any(|call| match rest.get(..call.len()) {
        Some(word) if word.eq_ignore_ascii_case(call) => {
            !rest[call.len()..].starts_with(|c: char| c.is_alphanumeric())
        }
        _ => false,
    })
}
