//! Tasks are explained by all processors, and told in the order of the input.

use std::num::NonZero;
use std::panic::resume_unwind;
use std::thread::{self, Scope, ScopedJoinHandle};

use domain::causes::Cause;

use super::explain::explain;
use super::report::report;
use super::shape::{Found, Subject};

/// How many things are found before they are explained, unless the input pauses.
pub(super) const MOST: usize = 256;
/// Fewer are not worth another thread.
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

/// What was found, and what to write about it: nothing about what is no task.
pub(super) type Explained = (Found, Option<Told>);

/// Things that are being explained.
#[derive(Default)]
pub(super) struct Batch<'scope> {
    parts: Vec<ScopedJoinHandle<'scope, Vec<Explained>>>,
}

impl<'scope> Batch<'scope> {
    /// Begins to explain what was `found`, while more is read.
    pub(super) fn begin(scope: &'scope Scope<'scope, '_>, found: Vec<Found>, form: Form) -> Self {
        let workers = thread::available_parallelism().map_or(1, NonZero::get);
        let size = found.len().div_ceil(workers).max(FEW);
        let mut found = found.into_iter();
        let parts = std::iter::from_fn(|| {
            let part: Vec<Found> = found.by_ref().take(size).collect();
            if part.is_empty() {
                return None;
            }
            let work = move || part.into_iter().map(|one| explained(one, form)).collect();
            Some(scope.spawn(work))
        });
        Self {
            parts: parts.collect(),
        }
    }

    /// Waits for all of them: in the order in which they were found.
    pub(super) fn end(self) -> impl Iterator<Item = Explained> {
        let parts = self.parts.into_iter();
        parts.flat_map(|part| part.join().unwrap_or_else(|panic| resume_unwind(panic)))
    }
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
