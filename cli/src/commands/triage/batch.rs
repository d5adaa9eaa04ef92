//! What was read is explained by all processors, and told in the order of the input.

use std::num::NonZero;
use std::panic::resume_unwind;
use std::thread;

use domain::causes::Cause;

use super::explain::explain;
use super::report::report;
use super::shape::{self, Found, Subject};
use super::stream::Piece;

/// How much is read before it is explained, in bytes, unless the input pauses.
pub(super) const MOST: usize = 256 * 1024;
/// Less is not worth a thread.
const LITTLE: usize = 16 * 1024;

/// How to write an explanation.
#[derive(Clone, Copy, Debug)]
pub(super) enum Form {
    /// A line of JSON.
    Json,
    /// A report, with a bold title where `styled`.
    Report { styled: bool },
}

/// What is written about one task, and its cause.
pub(super) type Told = (Cause, String);

/// What was found, and what to write about it: nothing about what is no task.
pub(super) type Explained = (Found, Option<Told>);

/// All that is found in `pieces`, explained.
pub(super) fn explain_all(pieces: &[Piece], form: Form) -> Vec<Explained> {
    let all = move |part: &[Piece]| -> Vec<Explained> {
        let found = part.iter().flat_map(shape::find);
        found.map(|found| explained(found, form)).collect()
    };
    if pieces.iter().map(Piece::size).sum::<usize>() < LITTLE {
        return all(pieces);
    }
    let workers = thread::available_parallelism().map_or(1, NonZero::get);
    thread::scope(|scope| {
        let parts = pieces.chunks(pieces.len().div_ceil(workers));
        let running: Vec<_> = parts.map(|part| scope.spawn(move || all(part))).collect();
        running
            .into_iter()
            .flat_map(|part| part.join().unwrap_or_else(|panic| resume_unwind(panic)))
            .collect()
    })
}

fn explained(found: Found, form: Form) -> Explained {
    let told = match &found {
        Found::Subject(subject) => Some(write(subject, form)),
        Found::Nothing(_) | Found::Broken(_) => None,
    };
    (found, told)
}

fn write(subject: &Subject, form: Form) -> Told {
    let explanation = explain(subject);
    let text = match form {
        Form::Json => explanation.json(),
        Form::Report { styled } => report(subject, &explanation, styled),
    };
    (explanation.cause, text)
}
