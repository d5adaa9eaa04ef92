//! What cannot be seen goes: terminal escapes, controls, bidirectional and invisible characters.

use std::iter::Peekable;
use std::str::Chars;

use super::signs::Signs;

const ESC: char = '\u{1b}';
const BELL: char = '\u{7}';

/// The text without escapes, controls and invisible characters. Every kind of line break becomes
/// `\n`, a tab two spaces, any other kind of blank a space.
pub(super) fn invisible(text: &str, signs: Signs) -> Option<String> {
    if !signs.has(Signs::HIDDEN) {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let text = text.replace("\r\n", "\n");
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            ESC => escape(&mut rest),
            '\u{9b}' => control_sequence(&mut rest),
            '\u{90}' | '\u{98}' | '\u{9d}' | '\u{9e}' | '\u{9f}' => control_string(&mut rest),
            '\\' if spelled_escape(&mut rest) => escape(&mut rest),
            '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => out.push('\n'),
            '\t' => out.push_str("  "),
            c if is_invisible(c) => {}
            c if c.is_whitespace() => out.push(' '),
            c => out.push(c),
        }
    }
    Some(out)
}

/// Line breaks and runs of blanks become one space; none at the ends. After [`invisible`] there are
/// no other blanks than these two.
pub(super) fn one_line(text: &str, signs: Signs) -> Option<String> {
    let untidy = signs.has(Signs::GAP) || text.starts_with(' ') || text.ends_with(' ');
    untidy.then(|| {
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        words.join(" ")
    })
}

/// No blanks at the ends of lines and no empty lines at the ends of the text.
pub(super) fn blank_ends(text: &str, _: Signs) -> Option<String> {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    Some(lines.join("\n").trim_matches('\n').to_owned())
}

/// After ESC (ECMA-48): a control sequence, a control string, or an escape of two or three
/// characters.
fn escape(rest: &mut Peekable<Chars<'_>>) {
    match rest.peek() {
        Some('[') => {
            rest.next();
            control_sequence(rest);
        }
        Some(']' | 'P' | 'X' | '^' | '_') => {
            rest.next();
            control_string(rest);
        }
        _ => {
            skip_while(rest, |c| matches!(c, ' '..='/'));
            rest.next_if(|c| matches!(c, '0'..='~'));
        }
    }
}

/// After CSI: parameters, intermediates, one final character.
fn control_sequence(rest: &mut Peekable<Chars<'_>>) {
    skip_while(rest, |c| matches!(c, '0'..='?'));
    skip_while(rest, |c| matches!(c, ' '..='/'));
    rest.next_if(|c| matches!(c, '@'..='~'));
}

/// After OSC and its like: up to the terminator, or to the end of the line where there is none, so
/// that a stray one cannot swallow the rest.
fn control_string(rest: &mut Peekable<Chars<'_>>) {
    skip_while(rest, |c| !matches!(c, '\n' | '\r' | ESC | BELL | '\u{9c}'));
    if rest.next_if(|c| matches!(*c, BELL | '\u{9c}')).is_none() && rest.peek() == Some(&ESC) {
        rest.next();
        rest.next_if_eq(&'\\');
    }
}

/// After a backslash: whether an escape is spelled out, as JSON (`\u001b`) and shells (`\x1b`,
/// `\033`) write it. Then it is taken.
fn spelled_escape(rest: &mut Peekable<Chars<'_>>) -> bool {
    let ahead: String = rest
        .clone()
        .take(6)
        .collect::<String>()
        .to_ascii_lowercase();
    let Some(form) = ["u001b[", "x1b[", "033["]
        .into_iter()
        .find(|form| ahead.starts_with(form))
    else {
        return false;
    };
    // The bracket stays: it says what kind of escape it is.
    (1..form.len()).for_each(|_| _ = rest.next());
    true
}

fn skip_while(rest: &mut Peekable<Chars<'_>>, skipped: impl Fn(char) -> bool) {
    while rest.next_if(|c| skipped(*c)).is_some() {}
}

/// Controls, and what Unicode calls format characters as far as they show nothing: bidirectional
/// controls, zero-width characters, fillers, variation selectors, tags; and noncharacters.
pub(super) fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{70f}' | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{fdd0}'..='\u{fdef}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{13430}'..='\u{1345f}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
        || (c as u32) & 0xfffe == 0xfffe
}
