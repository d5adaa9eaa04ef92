//! Tasks are explained by all processors, and told in the order of the input.

use std::num::NonZero;
use std::panic::resume_unwind;
use std::thread;

use domain::causes::Cause;

use super::explain::explain;
use super::report::report;
use super::shape::{Found, Subject};

/// How many things are found before they are told, unless the input pauses.
pub(super) const MOST: usize = 256;
/// Fewer are not worth a thread.
const FEW: usize = 32;

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

/// What to write about each; `None` for what is no task.
pub(super) fn tell(found: &[Found], form: Form) -> Vec<Option<Told>> {
    let one = move |found: &Found| match found {
        Found::Subject(subject) => Some(write(subject, form)),
        Found::Nothing(_) | Found::Broken(_) => None,
    };
    if found.len() < FEW {
        return found.iter().map(one).collect();
    }
    let workers = thread::available_parallelism().map_or(1, NonZero::get);
    thread::scope(|scope| {
        let parts = found.chunks(found.len().div_ceil(workers));
        let work = |part: &'_ [Found]| part.iter().map(one).collect::<Vec<_>>();
        let running: Vec<_> = parts.map(|part| scope.spawn(move || work(part))).collect();
        running
            .into_iter()
            .flat_map(|part| part.join().unwrap_or_else(|panic| resume_unwind(panic)))
            .collect::<Vec<_>>()
    })
}

fn write(subject: &Subject, form: Form) -> Told {
    let explanation = explain(subject);
    let text = match form {
        Form::Json => explanation.json(),
        Form::Report { styled } => report(subject, &explanation, styled),
    };
    (explanation.cause, text)
}
