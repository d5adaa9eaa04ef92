//! What the last log lines of a container say about its end: the crash signatures of the common
//! runtimes, and the reasons that programs give in all of them.

mod crashes;
mod kind;
mod names;
mod signatures;
mod surroundings;

use self::crashes::CRASHES;
use self::signatures::{INSIDE, Signature};
use self::surroundings::SURROUNDINGS;
use super::Cause;
use super::text::Text;
use crate::facts::LogTail;

/// Lines read, from the end.
const LINES: usize = 200;

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

/// The most telling sign in a log's tail, the newest of equally telling ones.
pub(super) fn read(tail: &LogTail) -> Option<Sign> {
    let from = tail.lines.len().saturating_sub(LINES);
    let lines = &tail.lines[from..];
    let mut best: Option<(usize, &Signature)> = None;
    for (index, line) in lines.iter().enumerate() {
        let text = Text::of(&line.message);
        let fits = |signature: &&Signature| signature.all.iter().all(|group| text.any(group));
        let Some(found) = INSIDE.iter().chain(SURROUNDINGS).chain(CRASHES).find(fits) else {
            continue;
        };
        let heavier = best.is_none_or(|(_, known)| found.kind.weight() >= known.kind.weight());
        // Of bare crashes the first line of the story is kept only where it is more than "error".
        if heavier
            && !(found.what == "error" && best.is_some_and(|(_, known)| known.what != "error"))
        {
            best = Some((index, found));
        }
    }
    let (index, signature) = best?;
    let line = telling_line(
        lines.iter().map(|line| line.message.as_str()).collect(),
        index,
    );
    Some(Sign {
        what: signature.what.to_owned(),
        fix: signature.kind.fix(&tail.container, &line),
        line,
        cause: signature.kind.cause(),
        weight: signature.kind.weight(),
    })
}

/// Some runtimes put the message on a later line than the sign: Python below its stack, Rust
/// below the place of the panic.
fn telling_line(lines: Vec<&str>, index: usize) -> String {
    let line = lines[index].trim_end();
    let rest = &lines[index + 1..];
    let lower = line.to_ascii_lowercase();
    if lower.contains("traceback (most recent call last)") {
        let message = rest
            .iter()
            .find(|next| !next.starts_with([' ', '\t']) && !next.is_empty());
        return message.unwrap_or(&line).trim_end().to_owned();
    }
    if lower.contains("panicked at") && line.ends_with(':') {
        return match rest.first() {
            Some(message) => format!("{line} {}", message.trim()),
            None => line.to_owned(),
        };
    }
    line.to_owned()
}
