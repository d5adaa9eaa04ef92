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
const MESSAGES: &[&str] = &["message", "msg", "@m", "short_message", "event", "text"];
const ERRORS: &[&str] = &[
    "error",
    "err",
    "error.message",
    "errorMessage",
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
    let values = |keys: &'static [&str]| keys.iter().filter_map(|key| object.get(*key));
    let mut lines: Vec<String> = values(MESSAGES).flat_map(texts).collect();
    let errors: Vec<String> = values(ERRORS).flat_map(texts).collect();
    let mut errors = errors.into_iter();
    match (lines.as_mut_slice(), errors.next()) {
        ([message], Some(error)) if !message.contains(&error) => {
            message.push_str(": ");
            message.push_str(&error);
        }
        ([_], Some(_)) | (_, None) => {}
        (_, Some(error)) => lines.push(error),
    }
    lines.extend(errors);
    let inner = values(ERRORS).filter_map(Value::as_object);
    for object in std::iter::once(object).chain(inner) {
        let stacks = STACKS.iter().filter_map(|key| object.get(*key));
        lines.extend(stacks.flat_map(texts));
    }
    let known = [MESSAGES, ERRORS, STACKS].concat();
    let others = object
        .iter()
        .filter(|(key, _)| !known.contains(&key.as_str()));
    let sentences = others
        .flat_map(|(_, value)| texts(value))
        .filter(|it| it.contains(' '));
    lines.extend(sentences);
    lines
}

/// The lines of a string, of the message in an object, or of the first in a list.
fn texts(value: &Value) -> Vec<String> {
    let text = match value {
        Value::String(text) => Some(text.as_str()),
        Value::Object(object) => object.get("message").and_then(Value::as_str),
        Value::Array(list) => return list.first().map(texts).unwrap_or_default(),
        _ => None,
    };
    let lines = text.map(sanitize::without_secrets).unwrap_or_default();
    let lines = lines
        .into_iter()
        .take(PARTS)
        .map(|line| line.trim_end().to_owned());
    lines.filter(|line| !line.is_empty()).collect()
}
