//! Text is cut between characters, and the cut says so.

use super::REDACTED;

/// A word longer than this is cut anywhere.
const LONGEST_WORD: usize = 24;

/// The longest beginning of at most `max` bytes that ends between two characters.
pub(super) fn at_boundary(text: &str, max: usize) -> &str {
    &text[..text.floor_char_boundary(max)]
}

/// All but the last word, or the last 4 KiB where it is longer: it may be half a secret.
pub(super) fn last_word(text: &str) -> &str {
    let far = text.floor_char_boundary(text.len().saturating_sub(4096));
    let keep = text[far..]
        .rfind(char::is_whitespace)
        .map_or(far, |blank| far + blank);
    &text[..keep]
}

/// At most `max` characters: the middle goes, and a note says how many characters went. Where
/// `beyond` more characters had been left out at the end already, the end goes instead.
pub(super) fn middle(text: &str, max: usize, beyond: usize) -> Option<String> {
    // No text has more characters than bytes.
    if beyond == 0 && (text.len() <= max || text.chars().count() <= max) {
        return None;
    }
    let count = text.chars().count();
    let room = max.saturating_sub(note(count + beyond, true).chars().count());
    if room < 12 {
        let head = text.chars().take(max.saturating_sub(1));
        return Some(head.chain(['…']).take(max).collect());
    }
    let (head, tail) = if beyond > 0 {
        (room, 0)
    } else {
        (room - room / 3, room / 3)
    };
    let head = head_end(text, head);
    let tail = if tail == 0 {
        text.len()
    } else {
        tail_start(text, count - tail)
    };
    let cut = text[head..tail].chars().count() + beyond;
    let note = note(cut, tail < text.len());
    Some([&text[..head], &note, &text[tail..]].concat())
}

fn note(characters: usize, inside: bool) -> String {
    let count = grouped(characters);
    if inside {
        format!(" … {count} characters cut … ")
    } else {
        format!(" … {count} characters cut")
    }
}

/// `1,234`.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// The byte where a beginning of at most `count` characters ends: before a word that would be cut,
/// unless it is very long, and never within the mark of a redaction.
fn head_end(text: &str, count: usize) -> usize {
    let end = text
        .char_indices()
        .nth(count)
        .map_or(text.len(), |(at, _)| at);
    let near = text.floor_char_boundary(end.saturating_sub(LONGEST_WORD));
    let end = match text[near..end].rfind(char::is_whitespace) {
        Some(blank) if near + blank > 0 => near + blank,
        _ => end,
    };
    mark_around(text, end).map_or(end, |(start, _)| start)
}

/// The byte where an end begins that leaves `skipped` characters out; as [`head_end`].
fn tail_start(text: &str, skipped: usize) -> usize {
    let start = text
        .char_indices()
        .nth(skipped)
        .map_or(text.len(), |(at, _)| at);
    let near = text.floor_char_boundary(start + LONGEST_WORD);
    let start = match text[start..near].find(char::is_whitespace) {
        Some(blank) => start + blank + 1,
        None => start,
    };
    mark_around(text, start).map_or(start, |(_, end)| end)
}

/// The mark of a redaction that a cut at `at` would break.
fn mark_around(text: &str, at: usize) -> Option<(usize, usize)> {
    let from = text.floor_char_boundary(at.saturating_sub(REDACTED.len() - 1));
    let to = text.ceil_char_boundary(text.len().min(at + REDACTED.len() - 1));
    let start = from + text[from..to].find(REDACTED)?;
    let end = start + REDACTED.len();
    (start < at && at < end).then_some((start, end))
}
