//! What the last log lines of a container say about its end: the crash signatures of the common
//! runtimes, and the reasons that programs give in all of them.
//!
//! `inside`, `surroundings` and `crashes` are the table of signatures, asked in that order, `kind`
//! the table of fixes; `lines` and `level` say what is read and how it was meant, `noise` what has
//! nothing to do with the end, `telling` which line is quoted. To teach a new wording, add a
//! fragment to its row and a line to `tests/causes/logs.rs`.

mod crashes;
mod host;
mod inside;
mod kind;
mod level;
mod lines;
mod names;
mod noise;
mod signature;
mod surroundings;
mod telling;

use self::crashes::{CRASHES, ERROR};
use self::inside::INSIDE;
use self::kind::Kind;
use self::level::Level;
use self::lines::{Line, lines};
use self::signature::Signature;
use self::surroundings::SURROUNDINGS;
use self::telling::telling_line;
use super::Cause;
use crate::facts::LogTail;

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
    kind: Kind,
    /// How much it explains; a reason explains more than the bare fact of a crash.
    pub(super) weight: u8,
}

impl Sign {
    /// Whether it explains anything: neither a warning nor the bare word for an error does.
    pub(super) fn explains(&self) -> bool {
        self.weight > BARE
    }

    /// Whether something is not in the image.
    pub(super) fn is_missing(&self) -> bool {
        matches!(self.kind, Kind::MissingProgram | Kind::MissingModule)
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

/// A line that may say why.
#[derive(Clone, Copy)]
struct Found {
    at: usize,
    signature: &'static Signature,
    weight: u8,
}

/// The most telling sign in a log's tail, the newest of equally telling ones. What a program only
/// warned of explains less than what it ended with, and what it calls progress explains nothing.
pub(super) fn read(tail: &LogTail, cause: Cause) -> Option<Sign> {
    let lines = lines(tail);
    let found = match noise::asked(&lines, cause) {
        Some((at, signature)) => vec![Found {
            at,
            signature,
            weight: signature.kind.weight(),
        }],
        None => found(&lines, cause),
    };
    let best = *found.iter().reduce(|best, one| {
        let newer = one.weight > best.weight
            || one.weight == best.weight
                && !noise::only_follows(&lines[one.at].text, one.signature.kind);
        if newer { one } else { best }
    })?;
    let best = named(&found, best, &lines);
    let Found {
        at,
        signature,
        weight,
    } = best;
    let read = telling_line(&lines, at, signature.kind, Line::read);
    Some(Sign {
        what: signature.what.to_owned(),
        fix: signature.kind.fix(&tail.container, &read),
        // Not cut yet: half a secret cannot be recognised.
        line: telling_line(&lines, at, signature.kind, |line| &line.whole),
        cause: match weight {
            WARNED => Cause::AppError,
            _ => signature.kind.cause(),
        },
        kind: signature.kind,
        weight,
    })
}

/// All lines that may say why, with how much each explains.
fn found(lines: &[Line], cause: Cause) -> Vec<Found> {
    let stale = noise::before_the_end(lines, cause);
    let one = |(at, line): (usize, &Line)| {
        let near = &lines[at.saturating_sub(NEAR)..at];
        let signature = signature(line, near)?;
        let weight = match line.level {
            Level::Warning => WARNED,
            _ if noise::is_beside(&line.text, signature.kind) => WARNED,
            _ => signature.kind.weight(),
        };
        let counts = at >= stale || signature.kind.is_memory();
        counts.then_some(Found {
            at,
            signature,
            weight,
        })
    };
    lines.iter().enumerate().filter_map(one).collect()
}

/// Runtimes say one thing several times, and name what it is about in one place only: the nearest
/// line that speaks of the same and names it.
fn named(found: &[Found], best: Found, lines: &[Line]) -> Found {
    let names = |one: &Found| {
        let line = telling_line(lines, one.at, one.signature.kind, Line::read);
        one.signature.kind.names(&line)
    };
    let kind = best.signature.kind;
    if !kind.can_name() || names(&best) {
        return best;
    }
    let same = |one: &&Found| {
        one.signature.kind.topic() == kind.topic()
            && (one.weight > WARNED) == (best.weight > WARNED)
            && names(one)
    };
    let nearest = found.iter().filter(same);
    let nearest = nearest.min_by_key(|one| one.at.abs_diff(best.at));
    nearest.map_or(best, |one| Found {
        weight: best.weight,
        ..*one
    })
}

/// The first signature that fits `line`, behind the lines `near` it.
fn signature(line: &Line, near: &[Line]) -> Option<&'static Signature> {
    if matches!(line.level, Level::Harmless | Level::Detail) {
        return None;
    }
    let mut known = INSIDE.iter().chain(SURROUNDINGS).chain(CRASHES);
    let found = known.find(|signature| signature.fits(line, near));
    found.or((line.level == Level::Error).then_some(ERROR))
}
