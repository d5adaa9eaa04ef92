//! What the last log lines of a container say about its end: the crash signatures of the common
//! runtimes, and the reasons that programs give in all of them.
//!
//! `inside`, `surroundings` and `crashes` are the table of signatures, asked in that order, `kind`
//! the table of fixes; `level` says which lines are read at all. To teach a new wording, add a
//! fragment to its row and a line to `tests/causes/logs.rs`.

mod crashes;
mod host;
mod inside;
mod kind;
mod level;
mod names;
mod signature;
mod surroundings;

use self::crashes::{CRASHES, ERROR};
use self::inside::INSIDE;
use self::kind::Kind;
use self::level::{Level, level};
use self::signature::Signature;
use self::surroundings::SURROUNDINGS;
use super::Cause;
use super::text::Text;
use crate::facts::LogTail;

/// Lines read, from the end.
const LINES: usize = 200;

/// Of a line, what is read: more than a person would.
const LONGEST: usize = 2 * 1024;

/// How many lines before one may say what it is about.
const NEAR: usize = 3;

/// The weight of what a program only warned of, below that of any end.
const WARNED: u8 = 1;

/// What only says that it ended in an error weighs this much at most.
const BARE: u8 = 2;

/// What a log says.
pub(super) struct Sign {
    /// What it is, in a few words: `Python: module not found`.
    pub(super) what: String,
    /// The line.
    pub(super) line: String,
    /// What to do, naming what the line names.
    pub(super) fix: String,
    /// The cause it stands for.
    pub(super) cause: Cause,
    /// How much it explains; a reason explains more than the bare fact of a crash.
    pub(super) weight: u8,
}

impl Sign {
    /// Whether it explains anything: neither a warning nor the bare word for an error does.
    pub(super) fn explains(&self) -> bool {
        self.weight > BARE
    }

    /// Whether the program only warned of it.
    pub(super) fn is_warning(&self) -> bool {
        self.weight == WARNED
    }
}

/// Whether log lines say more about a stop of that cause.
pub(super) fn refines(cause: Cause) -> bool {
    matches!(
        cause,
        Cause::AppError
            | Cause::Unknown
            | Cause::AppCleanExit
            | Cause::KilledSigkill
            | Cause::Sigterm143
            | Cause::Segfault
            | Cause::BadEntrypoint
            | Cause::ElbHealthCheck
            | Cause::ContainerHealthCheck
            | Cause::DependencyContainerFailed
            | Cause::Oom
    )
}

/// The most telling sign in a log's tail, the newest of equally telling ones. What a program only
/// warned of explains less than what it ended with, and what it calls progress explains nothing.
pub(super) fn read(tail: &LogTail) -> Option<Sign> {
    let from = tail.lines.len().saturating_sub(LINES);
    let whole: Vec<_> = tail.lines[from..]
        .iter()
        .map(|line| line.message.trim_end())
        .collect();
    let lines: Vec<_> = whole
        .iter()
        .map(|line| &line[..line.floor_char_boundary(LONGEST)])
        .collect();
    let texts: Vec<_> = lines.iter().map(|line| Text::of(line)).collect();
    let mut best: Option<(usize, &Signature, u8)> = None;
    for (index, line) in lines.iter().enumerate() {
        let near = &texts[index.saturating_sub(NEAR)..=index];
        let level = level(line, &texts[index]);
        let Some(found) = signature(line, near, level) else {
            continue;
        };
        let weight = match level {
            Level::Warning => WARNED,
            _ => found.kind.weight(),
        };
        if best.is_none_or(|(_, _, known)| weight >= known) {
            best = Some((index, found, weight));
        }
    }
    let (index, signature, weight) = best?;
    let read = telling_line(&lines, index, signature);
    Some(Sign {
        what: signature.what.to_owned(),
        fix: signature.kind.fix(&tail.container, &read),
        // Not cut yet: half a secret cannot be recognised.
        line: telling_line(&whole, index, signature),
        cause: match weight {
            WARNED => Cause::AppError,
            _ => signature.kind.cause(),
        },
        weight,
    })
}

/// The first signature that fits the last of `near`, which is `line`.
fn signature(line: &str, near: &[Text], level: Level) -> Option<&'static Signature> {
    if level == Level::Harmless {
        return None;
    }
    let mut known = INSIDE.iter().chain(SURROUNDINGS).chain(CRASHES);
    let found = known.find(|signature| signature.fits(line, near));
    found.or((level == Level::Error).then_some(ERROR))
}

/// Some runtimes put the message on a later line than the sign: Python below its stack, Node below
/// the place, Rust below the place of the panic. Pydantic puts the setting above it.
fn telling_line(lines: &[&str], index: usize, signature: &Signature) -> String {
    let (line, rest) = (lines[index], &lines[index + 1..]);
    let above = lines[index.saturating_sub(1)].trim();
    let outdented = |next: &&&str| !next.is_empty() && !next.starts_with([' ', '\t']);
    let found = match signature.kind {
        Kind::Traceback => rest.iter().find(outdented),
        Kind::NodeError => rest
            .iter()
            .find(|next| outdented(next) && next.contains("Error")),
        Kind::RustPanic if line.ends_with(':') => {
            return format!("{line} {}", rest.first().unwrap_or(&"").trim());
        }
        Kind::MissingVariable if line.trim_start().to_ascii_lowercase().starts_with("field ") => {
            return format!("{above} {}", line.trim());
        }
        _ => None,
    };
    (*found.unwrap_or(&line)).to_owned()
}
