//! The lines of a log, made ready for reading: without terminal colours, JSON unpacked, each with
//! the level it was written at.

use serde_json::{Map, Value};

use super::level::{self, Level};
use crate::causes::text::Text;
use crate::facts::LogTail;
use crate::sanitize;

/// Lines read, from the end.
const LINES: usize = 200;

/// Of a line, what is read: more than a person would.
const LONGEST: usize = 2 * 1024;

/// Of a JSON object, the lines that are read.
const PARTS: usize = 60;

/// Where JSON loggers put what a line says, what they say of the error, and its stack.
const MESSAGES: &[&str] = &["message", "msg", "@m", "event", "text"];
const ERRORS: &[&str] = &[
    "error",
    "err",
    "error.message",
    "exception",
    "exc_info",
    "@x",
    "cause",
    "reason",
    "thrown",
    "errors",
];
const STACKS: &[&str] = &[
    "stack",
    "stack_trace",
    "stackTrace",
    "stacktrace",
    "error.stack_trace",
];

/// One line that may be read.
pub(super) struct Line {
    /// As it is quoted.
    pub(super) whole: String,
    /// Where the part that is read ends.
    read: usize,
    pub(super) text: Text,
    pub(super) level: Level,
}

impl Line {
    fn new(whole: String, level: Option<Level>) -> Self {
        let read = whole.floor_char_boundary(LONGEST);
        let text = Text::of(&whole[..read]);
        let level = match level {
            Some(level) if !level::is_detail(&whole[..read]) => level,
            _ => level::level(&whole[..read], &text),
        };
        Self {
            whole,
            read,
            text,
            level,
        }
    }

    /// The part that is read.
    pub(super) fn read(&self) -> &str {
        &self.whole[..self.read]
    }
}

/// The last lines of a log.
pub(super) fn lines(tail: &LogTail) -> Vec<Line> {
    let from = tail.lines.len().saturating_sub(LINES);
    let mut lines = Vec::new();
    for line in &tail.lines[from..] {
        let seen = sanitize::visible(&line.message);
        let seen = seen.trim_end();
        match unpacked(seen) {
            Some(said) => lines.extend(said),
            None => lines.push(Line::new(seen.to_owned(), None)),
        }
    }
    lines.drain(..lines.len().saturating_sub(LINES));
    pass_over_source(&mut lines);
    inherit(&mut lines);
    lines
}

/// Node prints the line of the program above a caret.
fn pass_over_source(lines: &mut [Line]) {
    for at in 1..lines.len() {
        let below = lines[at].read().trim();
        if !below.is_empty() && below.bytes().all(|byte| byte == b'^') {
            lines[at - 1].level = Level::Detail;
        }
    }
}

/// What follows a warning in the same breath is no more than a warning, provided that the program
/// went on: an exception's name and its stack, or an indented line.
fn inherit(lines: &mut [Line]) {
    let went_on = |line: &Line| matches!(line.level, Level::Harmless | Level::Warning);
    let last = lines.iter().rposition(went_on);
    let mut above = Level::Unsaid;
    let mut stack = false;
    for line in &mut lines[..last.unwrap_or(0)] {
        match line.level {
            Level::Unsaid => {}
            Level::Detail => continue,
            said => {
                (above, stack) = (said, false);
                continue;
            }
        }
        let read = line.read();
        let indented = read.starts_with([' ', '\t']);
        let begins = read.starts_with("Traceback (most recent call last)");
        let goes_on = indented || begins || stack || is_exception(read);
        let ends = stack && !indented && !begins;
        match above {
            Level::Warning if goes_on => line.level = Level::Warning,
            _ => above = Level::Unsaid,
        }
        stack = (stack || begins) && !ends;
    }
}

/// `java.net.ConnectException: Connection refused`, `Caused by: …`
fn is_exception(line: &str) -> bool {
    let first = line.split([':', ' ']).next().unwrap_or_default();
    let class = first.ends_with("Exception") || first.ends_with("Error");
    line.starts_with("Caused by: ") || class && first.contains('.')
}

/// The lines of what a JSON object says. An error that it tells of is one, not every line of it.
fn unpacked(line: &str) -> Option<Vec<Line>> {
    let object = line.starts_with('{').then(|| serde_json::from_str(line));
    let Value::Object(object) = object?.ok()? else {
        return None;
    };
    let said = said(&object);
    let level = level::of_object(&object);
    let rest = level.filter(|level| *level != Level::Error);
    let lines = said.into_iter().enumerate();
    let lines = lines.map(|(at, said)| Line::new(said, if at == 0 { level } else { rest }));
    let lines: Vec<_> = lines.take(PARTS).collect();
    (!lines.is_empty()).then_some(lines)
}

/// What a JSON object says: its message with the head of its error, the rest of both, the stack,
/// and what else is a sentence.
fn said(object: &Map<String, Value>) -> Vec<String> {
    let mut lines = Vec::new();
    add(&mut lines, object, MESSAGES);
    let told = lines.len();
    add(&mut lines, object, ERRORS);
    if told == 1 && lines.len() > 1 {
        let error = lines.remove(1);
        if !lines[0].contains(&error) {
            lines[0] = format!("{}: {error}", lines[0]);
        }
    }
    add(&mut lines, object, STACKS);
    for key in ERRORS {
        if let Some(Value::Object(error)) = object.get(*key) {
            add(&mut lines, error, STACKS);
        }
    }
    for (key, value) in object {
        let key = key.as_str();
        if !(MESSAGES.contains(&key) || ERRORS.contains(&key) || STACKS.contains(&key)) {
            let from = lines.len();
            add_text(&mut lines, value);
            let sentence = lines.get(from).is_some_and(|line| line.contains(' '));
            lines.truncate(if sentence { lines.len() } else { from });
        }
    }
    lines
}

fn add(lines: &mut Vec<String>, object: &Map<String, Value>, keys: &[&str]) {
    for key in keys {
        if let Some(value) = object.get(*key) {
            add_text(lines, value);
        }
    }
}

/// The lines of a string, of the message in an object, or of the first in a list.
fn add_text(lines: &mut Vec<String>, value: &Value) {
    let first = value.as_array().and_then(|list| list.first());
    let value = first.unwrap_or(value);
    let Value::String(text) = value.get("message").unwrap_or(value) else {
        return;
    };
    for line in sanitize::without_secrets(text).into_iter().take(PARTS) {
        if !line.trim().is_empty() {
            lines.push(line.trim_end().to_owned());
        }
    }
}
