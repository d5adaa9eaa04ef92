//! Secrets behind a name: `password=…`, `"token": "…"`, `Authorization: …`, `--api-key …`.

use std::ops::Range;

use super::super::REDACTED;
use super::names::{NAMES, NAMES_IN_CODE, among, is_called};
use super::{Signs, begins, is_word, rewrite, run, run_back};

/// Names whose value is several words: a scheme and parameters.
const HEADERS: [&str; 2] = ["authorization", "cookie"];

/// Words that follow a name and a colon in a sentence.
const PROSE: &str = "\
    a an the not no is was are has does did must should can cannot could can't couldn't \
    unable failed failure failing error invalid expired missing unexpected unknown \
    unauthorized unauthenticated forbidden denied access required empty null none nil \
    undefined true false yes no. while when because service request execution permission \
    parameter user server check please see";

pub(super) fn redacted(text: &str, signs: Signs) -> Option<String> {
    // A blank separates only after `--name`.
    let has_options = signs.has(Signs::DASHES);
    if !has_options && !signs.has(Signs::SEPARATOR) {
        return None;
    }
    let may_separate = |byte| match byte {
        b':' | b'=' | b'%' | b'>' => true,
        b' ' => has_options,
        _ => false,
    };
    rewrite(text, |bytes, at| may_separate(bytes[at]), find)
}

/// The value of a secret whose name ends right before `at`.
fn find(text: &str, at: usize) -> Option<Range<usize>> {
    let (separator, after) = separator(text, at)?;
    let value = after + blanks(&text[after..]);
    let quote = opening_quote(&text[value..]);
    let name = name_before(text, at, separator, quote.is_some())?;
    let value = match quote {
        Some(quote) => quoted(text, value, quote),
        None => unquoted(text, value, separator, name),
    }?;
    (value.start >= at && !value.is_empty()).then_some(value)
}

/// What stands between a name and its value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Separator {
    Equals,
    Colon,
    /// A blank after `--name`.
    Blank,
    /// `<name>value</name>`.
    Tag,
}

/// The separator at `at`, and where it ends.
fn separator(text: &str, at: usize) -> Option<(Separator, usize)> {
    use Separator::{Blank, Colon, Equals, Tag};
    let (separator, length) = match &text.as_bytes()[at..] {
        [b':', b'=', ..] | [b'=', b'>', ..] => (Equals, 2),
        [b'=', ..] => (Equals, 1),
        [b'%', b'3', b'D' | b'd', ..] => (Equals, 3),
        [b'%', b'3', b'A' | b'a', ..] => (Colon, 3),
        // `token::Kind` is a path in a program.
        [b':', b':', ..] => return None,
        [b':', ..] => (Colon, 1),
        [b' ', ..] => (Blank, 1),
        [b'>', ..] => (Tag, 1),
        _ => return None,
    };
    let is_path = separator == Colon && text.as_bytes()[..at].ends_with(b":");
    (!is_path).then_some((separator, at + length))
}

/// The name before a separator, if it is one of a secret.
fn name_before(text: &str, at: usize, separator: Separator, is_quoted: bool) -> Option<&str> {
    let before = &text[..at];
    let before = match separator {
        Separator::Blank | Separator::Tag => before,
        Separator::Equals | Separator::Colon => {
            let before = &before[..before.len() - run_back(before, 4, |byte| byte == b' ')];
            &before[..before.len() - run_back(before, 8, |byte| b"\"'\\]".contains(&byte))]
        }
    };
    let (before, name) = last_name(before);
    if separator == Separator::Blank && !name.starts_with("--") {
        return None;
    }
    // What stands at its end and is no letter does not count: `password_2`.
    let name = name.trim_end_matches(|c: char| !c.is_ascii_alphabetic());
    let named = among(name, &NAMES);
    let in_code = || among(name, &NAMES_IN_CODE) || is_value_of_secret(before, name);
    let sound = match separator {
        Separator::Equals => named || in_code(),
        Separator::Colon => (named || (is_quoted && in_code())) && !within_arn(before),
        Separator::Blank => named,
        Separator::Tag => named && before.ends_with('<'),
    };
    sound.then_some(name)
}

/// What stands before the name that a text ends in, and that name: `DB_PASSWORD`, `API key`.
fn last_name(text: &str) -> (&str, &str) {
    let length = run_back(text, 64, is_name);
    let (before, name) = text.split_at(text.len() - length);
    match before.strip_suffix(' ') {
        Some(words) if name.eq_ignore_ascii_case("key") => {
            let more = 1 + run_back(words, 64, is_name);
            text.split_at(before.len() - more)
        }
        _ => (before, name),
    }
}

/// Whether a `value` belongs to the name of a secret, as in `"name": "DB_PASSWORD", "value":`.
fn is_value_of_secret(before: &str, name: &str) -> bool {
    let trimmed = |text| trim_back(text, b"\"'\\:=, \t\r\n");
    let (before, of) = last_name(trimmed(before));
    let (_, role) = last_name(trimmed(before));
    let is = |role: &str, word| role.eq_ignore_ascii_case(word);
    is(name, "value")
        && (is(role, "name") || is(role, "key"))
        && (among(of, &NAMES) || among(of, &NAMES_IN_CODE))
}

/// A text without so much of its end.
fn trim_back<'a>(text: &'a str, marks: &[u8]) -> &'a str {
    &text[..text.len() - run_back(text, 64, |byte| marks.contains(&byte))]
}

/// Whether the word that `before` ends in is an ARN so far: `arn:aws:secretsmanager:…:`.
fn within_arn(before: &str) -> bool {
    let length = run_back(before, 300, |byte| {
        byte.is_ascii_alphanumeric() || b":/_-.*".contains(&byte)
    });
    begins(&before[before.len() - length..], "arn:aws")
}

/// The quotation mark that a value begins with, with the backslashes before it.
fn opening_quote(value: &str) -> Option<&str> {
    let slashes = run(value, 8, |byte| byte == b'\\');
    value[slashes..]
        .starts_with(['"', '\''])
        .then(|| &value[..slashes + 1])
}

/// From the opening quotation mark to the closing one, or to the end of the line.
fn quoted(text: &str, start: usize, quote: &str) -> Option<Range<usize>> {
    let (mark, slashes) = (quote.as_bytes()[quote.len() - 1], quote.len() - 1);
    let inside = start + quote.len();
    let closes = |at: &usize| {
        let byte = text.as_bytes()[*at];
        byte == b'\n'
            || (byte == mark
                && run_back(&text[inside..*at], slashes + 1, |b| b == b'\\') <= slashes)
    };
    let end = (inside..text.len()).find(closes).unwrap_or(text.len());
    let end = if text[end..].starts_with('\n') {
        end
    } else {
        text.len().min(end + 1)
    };
    let content = text[inside..end].trim_end_matches(['"', '\'', '\\']);
    (!content.is_empty() && !is_mark(content)).then_some(start..end)
}

/// A bare value: up to a blank, a quotation mark, or what separates it from the next pair.
fn unquoted(text: &str, start: usize, separator: Separator, name: &str) -> Option<Range<usize>> {
    if begins(&text[start..], "arn:aws") {
        return None;
    }
    let value = &text[start..start + bare_word(&text[start..], separator)];
    let trimmed = value.trim_end_matches(['\\', '\'', ')', '}', ']', ',', ';', '.', '>']);
    if is_mark(value) || is_prose(&text[..start], value, separator) {
        return None;
    }
    let end = start
        + if trimmed.is_empty() {
            value.len()
        } else {
            trimmed.len()
        };
    let end = if HEADERS.into_iter().any(|header| is_called(name, header)) {
        end_of_header(text, end)
    } else {
        end
    };
    Some(start..end)
}

/// The rest of a header's value: the word after a scheme, and words as long as a comma or semicolon
/// before them says that there are more.
fn end_of_header(text: &str, first: usize) -> usize {
    let mut end = first;
    loop {
        let more = run(&text[end..], 8, |byte| b",; ".contains(&byte));
        let separated = text[end..end + more].contains([',', ';']);
        let after_scheme = end == first && more > 0;
        let word = text[end + more..].find(|c: char| c.is_whitespace() || "\",;".contains(c));
        let word = word.unwrap_or(text.len() - end - more);
        let next = &text[end + more..end + more + word];
        let is_next_header = next.ends_with(':');
        if word == 0 || is_next_header || !(separated || after_scheme) {
            return end;
        }
        end += more + word;
    }
}

fn bare_word(text: &str, separator: Separator) -> usize {
    let ends = |(at, c): &(usize, char)| match c {
        '"' => true,
        '<' => separator == Separator::Tag,
        '&' | ';' | ',' => begins_pair(&text[at + 1..]),
        c => c.is_whitespace(),
    };
    text.char_indices()
        .find(ends)
        .map_or(text.len(), |(at, _)| at)
}

/// Whether a name and a separator follow, as in `&user=bob` or `,"user":`.
fn begins_pair(rest: &str) -> bool {
    let rest = &rest[run(rest, 4, |byte| b" \"'\\".contains(&byte))..];
    let length = run(rest, 64, is_name);
    let rest = &rest[length..];
    let rest = &rest[run(rest, 4, |byte| b" \"'\\".contains(&byte))..];
    length > 0 && rest.starts_with(['=', ':'])
}

/// Whether a value is only the mark of a redaction, perhaps with closing marks after it.
fn is_mark(value: &str) -> bool {
    value
        .strip_prefix(REDACTED)
        .is_some_and(|rest| rest.bytes().all(|byte| b"\\'\")}],;.>".contains(&byte)))
}

/// Whether a value after a colon and a blank is a word of a sentence, or the name of an error.
fn is_prose(before: &str, value: &str, separator: Separator) -> bool {
    let word = value
        .trim_end_matches([',', ';', ':', ')', '}', ']'])
        .to_ascii_lowercase();
    let literal = matches!(
        word.as_str(),
        "" | "null" | "none" | "nil" | "undefined" | "true" | "false"
    );
    let sentence = separator == Separator::Colon && before.ends_with(' ');
    let is_error = word.ends_with("exception") || word.ends_with("error");
    literal || (sentence && (PROSE.split(' ').any(|prose| prose == word) || is_error))
}

fn blanks(text: &str) -> usize {
    run(text, 4, |byte| byte == b' ')
}

fn is_name(byte: u8) -> bool {
    is_word(byte) || matches!(byte, b'_' | b'-' | b'.')
}
