//! The lines of a log, made ready for reading: without terminal colours, JSON unpacked, each with
//! the level it was written at.

use serde_json::Value;

use super::level::{self, Level};
use crate::causes::text::Text;
use crate::facts::LogTail;
use crate::sanitize;

/// Lines read, from the end.
const LINES: usize = 200;

/// Of a line, what is read: more than a person would.
const LONGEST: usize = 2 * 1024;

/// Where JSON loggers put what a line says, and what they say of the error.
const MESSAGES: &[&str] = &["message", "msg", "@m", "short_message", "event", "text"];
const ERRORS: &[&str] = &["error", "err", "exception", "exc_info", "@x", "cause"];
const STACKS: &[&str] = &["stack", "stack_trace", "stackTrace", "stacktrace"];

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
        let level = level.unwrap_or_else(|| level::level(&whole[..read], &text));
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
            Some((level, said)) => lines.extend(said.into_iter().map(|it| Line::new(it, level))),
            None => lines.push(Line::new(seen.to_owned(), None)),
        }
    }
    pass_over_source(&mut lines);
    inherit(&mut lines);
    lines
}

/// Node prints the line of the program above a caret.
fn pass_over_source(lines: &mut [Line]) {
    for at in 1..lines.len() {
        let below = lines[at].read().trim();
        if !below.is_empty() && below.bytes().all(|byte| byte == b'^') {
            lines[at - 1].level = Level::Harmless;
        }
    }
}

/// What follows a warning in the same breath is no more than a warning, provided that the program
/// went on: an exception's name and its stack, or an indented line.
fn inherit(lines: &mut [Line]) {
    let last_said = lines.iter().rposition(|line| line.level != Level::Unsaid);
    let mut above = Level::Unsaid;
    let mut stack = false;
    for line in &mut lines[..last_said.unwrap_or(0)] {
        if line.level != Level::Unsaid {
            (above, stack) = (line.level, false);
            continue;
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

/// What a JSON object says, line by line, and its level.
fn unpacked(line: &str) -> Option<(Option<Level>, Vec<String>)> {
    let object = line.starts_with('{').then(|| serde_json::from_str(line));
    let Value::Object(object) = object?.ok()? else {
        return None;
    };
    let mut said: Vec<String> = Vec::new();
    let mut add = |text: &str, after: &str| {
        for part in text.lines().map(str::trim_end) {
            let known = said.iter().any(|one| one.contains(part.trim()));
            match said.last_mut() {
                _ if part.trim().is_empty() || known => {}
                Some(last) if !after.is_empty() && !part.starts_with([' ', '\t']) => {
                    last.push_str(after);
                    last.push_str(part);
                }
                _ => said.push(part.to_owned()),
            }
        }
    };
    for key in MESSAGES {
        if let Some(Value::String(text)) = object.get(*key) {
            add(text, "");
        }
    }
    let errors = || ERRORS.iter().filter_map(|key| object.get(*key));
    for error in errors() {
        match error {
            Value::String(text) => match text.split_once('\n') {
                None => add(text, ": "),
                Some(_) => add(text, ""),
            },
            Value::Object(error) => {
                if let Some(Value::String(text)) = error.get("message") {
                    add(text.lines().next().unwrap_or_default(), ": ");
                }
            }
            _ => {}
        }
    }
    let inner = errors().filter_map(Value::as_object);
    for object in std::iter::once(&object).chain(inner) {
        for key in STACKS {
            if let Some(Value::String(text)) = object.get(*key) {
                add(text, "");
            }
        }
    }
    (!said.is_empty()).then(|| (level::of_object(&object), said))
}
