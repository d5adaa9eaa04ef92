//! Untrusted text in, safe text out.
//!
//! Every string that somebody outside could have written (log lines, stopped reasons, image names,
//! tags) passes through [`line`], [`block`] or [`lines`] before it is shown. What comes out
//!
//! * has no control, escape, bidirectional or invisible characters,
//! * shows no secret that can be recognised (access keys, tokens, passwords, private keys),
//! * mentions nobody and is no markup, in e-mail, Slack, Teams, Markdown or HTML,
//! * has at most the given number of characters, and says how many were cut from its middle,
//! * does not change when it goes through again.
//!
//! What is **not** done here is encoding for one receiver, such as `&amp;` for Slack: that would be
//! wrong in all others and would grow with every pass. The format that needs it does it.

mod cut;
mod neutral;
mod redact;
mod signs;
mod strip;

use std::borrow::Cow;

use signs::Signs;

/// What stands in a secret's place.
pub const REDACTED: &str = "[redacted]";

/// What stands in the place of text that does not come to rest. No text is known that does not.
const WITHHELD: &str = "[withheld]";

/// How much of a text is looked at, in bytes. A log event may have 1 MiB, and what it says
/// stands at its beginning.
const MAX_INPUT: usize = 64 * 1024;

/// Safe text on a single line: line breaks and runs of white space become one space.
/// At most `max` characters.
pub fn line(text: &str, max: usize) -> String {
    safe(text, Breaks::ToSpaces, max)
}

/// Safe text that keeps its line breaks. At most `max` characters.
pub fn block(text: &str, max: usize) -> String {
    safe(text, Breaks::Keep, max)
}

/// Safe single lines from lines that belong together, in their order, such as the tail of a log:
/// as [`line`], but a private key that spans several lines is recognised too.
pub fn lines<'a>(texts: impl IntoIterator<Item = &'a str>, max: usize) -> Vec<String> {
    let mut inside_key = false;
    let one = |text: &str| {
        let seen = visible(text);
        let rest = if inside_key {
            redact::after_private_key(&seen)
        } else {
            Some(&*seen)
        };
        let was_inside =
            std::mem::replace(&mut inside_key, rest.is_none_or(redact::opens_private_key));
        match rest {
            _ if !was_inside => line(text, max),
            Some(rest) => line(&format!("{REDACTED} {rest}"), max),
            None => line(REDACTED, max),
        }
    };
    texts.into_iter().map(one).collect()
}

/// A text without terminal escapes, controls and invisible characters, for reading: it is not safe
/// to show.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    let head = Draft::of(cut::at_boundary(text, MAX_INPUT));
    head.then(strip::invisible).text
}

/// The lines of a text without the secrets in it, also those of several lines, for reading: they
/// are not safe to show.
pub(crate) fn without_secrets(text: &str) -> Vec<String> {
    let spelled = text.replace('\n', "\\n");
    let redacted = redact::secrets(Draft::of(&spelled)).text;
    redacted.split("\\n").map(str::to_owned).collect()
}

/// What becomes of line breaks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Breaks {
    Keep,
    ToSpaces,
}

/// One pass, and again until nothing changes: a cut may leave something behind that is a secret or
/// a mention only now. A text that the first pass leaves as it was needs no second one, and the
/// second nearly always finds nothing and reads at most `max` characters.
fn safe(text: &str, breaks: Breaks, max: usize) -> String {
    let mut before = pass(text, breaks, max);
    if before == text {
        return before.into_owned();
    }
    for _ in 0..8 {
        let after = pass(&before, breaks, max);
        if after == before {
            return before.into_owned();
        }
        before = after.into_owned().into();
    }
    WITHHELD.chars().take(max).collect()
}

/// The order matters: secrets are looked for once nothing invisible can hide them, and before
/// anything is cut, since half a secret cannot be recognised.
fn pass(text: &str, breaks: Breaks, max: usize) -> Cow<'_, str> {
    let head = cut::at_boundary(text, MAX_INPUT);
    let beyond = text[head.len()..].chars().count();
    let seen = Draft::of(head)
        .then(strip::invisible)
        .then(|text, _| (beyond > 0).then(|| cut::last_word(text).to_owned()));
    let tidy = match breaks {
        Breaks::Keep => strip::blank_ends,
        Breaks::ToSpaces => strip::one_line,
    };
    redact::secrets(seen)
        .then(tidy)
        .then(neutral::harmless)
        .then(|text, _| cut::middle(text, max, beyond))
        .text
}

/// A text on its way through the steps. Most text needs nothing of them: most first ask the signs
/// whether they have anything to do, and what they leave as it is is handed on.
struct Draft<'a> {
    text: Cow<'a, str>,
    signs: Signs,
}

impl<'a> Draft<'a> {
    fn of(text: &'a str) -> Self {
        Self {
            text: text.into(),
            signs: Signs::of(text),
        }
    }

    /// The text after `step`, where that changes anything.
    fn then(self, step: impl Fn(&str, Signs) -> Option<String>) -> Self {
        match step(&self.text, self.signs) {
            None => self,
            Some(text) => Self {
                signs: Signs::of(&text),
                text: text.into(),
            },
        }
    }
}
