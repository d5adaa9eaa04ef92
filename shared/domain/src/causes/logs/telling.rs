//! Which line is quoted: some runtimes put the message on another line than the sign.

use super::kind::Kind;
use super::lines::Line;

/// How far below a sign its message may stand.
const BELOW: usize = 60;

/// Python puts the message below its stack, Node below the place, Rust below the place of the
/// panic or under `Caused by:`. Pydantic puts the setting above it, and lists stand below a colon.
pub(super) fn telling_line(
    lines: &[Line],
    at: usize,
    kind: Kind,
    text: fn(&Line) -> &str,
) -> String {
    let line = text(&lines[at]);
    let below = &lines[at + 1..(at + 1 + BELOW).min(lines.len())];
    let below: Vec<&str> = below.iter().map(text).collect();
    let next = below.iter().find(|next| !next.trim().is_empty());
    let with = |next: &str| format!("{} {}", line.trim_end(), next.trim());
    let told = match kind {
        Kind::Traceback => below_stack(line, &below).map(str::to_owned),
        Kind::NodeError => below_place(&below).map(str::to_owned),
        Kind::RustPanic if line.ends_with(':') => next.map(|next| with(next)),
        Kind::MissingVariable if line.trim_start().to_ascii_lowercase().starts_with("field ") => {
            let above = at.checked_sub(1).map_or("", |above| text(&lines[above]));
            Some(format!("{} {}", above.trim(), line.trim()))
        }
        Kind::Crash if line.ends_with("unexpectedly") => next.map(|next| with(next)),
        Kind::Bare | Kind::Crash if line.contains("CONFIG FILE ERROR") => {
            Some(with(&below[..below.len().min(3)].join(" ")))
        }
        Kind::Bare | Kind::Crash if line.starts_with("Error: ") => root_cause(&below).map(with),
        Kind::Bare | Kind::Crash | Kind::MissingVariable if line.ends_with([':', '[']) => {
            next.map(|next| with(next))
        }
        _ => None,
    };
    told.unwrap_or_else(|| line.to_owned())
}

/// The message of an exception: the first line that is no deeper than the head of its stack. What
/// stands before the head stands before every line.
fn below_stack<'a>(head: &str, below: &[&'a str]) -> Option<&'a str> {
    let indent = head.find("Traceback").unwrap_or_default();
    let is_message = |line: &&&str| line.get(indent..).is_some_and(is_outdented);
    below.iter().find(is_message).copied()
}

/// The message of an error in Node: below the place, the source and the caret under it.
fn below_place<'a>(below: &[&'a str]) -> Option<&'a str> {
    let caret = below.iter().position(|line| line.trim().starts_with('^'));
    let is_message = |line: &&&str| is_outdented(line);
    let error = |line: &&&str| is_outdented(line) && line.contains("Error");
    let marked = caret.and_then(|caret| below[caret + 1..].iter().find(is_message));
    marked.or_else(|| below.iter().find(error)).copied()
}

fn is_outdented(line: &str) -> bool {
    !line.is_empty() && !line.starts_with([' ', '\t'])
}

/// The last of the causes that `anyhow` lists, without its number.
fn root_cause<'a>(below: &[&'a str]) -> Option<&'a str> {
    let head = below.iter().position(|line| line.trim() == "Caused by:")?;
    let causes = below[head + 1..].iter();
    let causes = causes.take_while(|line| line.starts_with([' ', '\t']));
    let last = causes.last().filter(|_| head < 2)?.trim();
    let listed = last
        .split_once(": ")
        .filter(|(number, _)| number.parse::<u8>().is_ok());
    Some(listed.map_or(last, |(_, cause)| cause))
}
