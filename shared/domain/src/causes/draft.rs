//! Findings in the making, and what they quote.

use std::cmp::Reverse;

use super::{Cause, Confidence, Evidence, exit};
use crate::facts::StoppedContainer;
use crate::short;

/// A finding before its fix is worded, with its place among equally certain ones.
pub(super) struct Draft<'a> {
    pub(super) cause: Cause,
    pub(super) confidence: Confidence,
    pub(super) order: u8,
    pub(super) container: Option<&'a str>,
    pub(super) evidence: Vec<Evidence>,
    /// A fix that is better than the general one.
    pub(super) fix: Option<String>,
}

/// A quotation, whole: it is cut when it is made safe, since half a secret cannot be recognised.
pub(super) fn evidence(source: &str, quote: &str) -> Evidence {
    Evidence {
        source: source.to_owned(),
        quote: quote.to_owned(),
    }
}

/// The exit code, with what it means.
pub(super) fn exit_evidence(container: &StoppedContainer) -> Option<Evidence> {
    let code = container.exit_code?;
    let name = container.name.as_deref().unwrap_or("?");
    let quote = match exit::remark(code) {
        Some(remark) => format!("{code} ({remark})"),
        None => code.to_string(),
    };
    Some(Evidence {
        source: format!("container {name}: exit code"),
        quote,
    })
}

/// The surest first, and every finding once.
pub(super) fn rank(drafts: &mut Vec<Draft<'_>>) {
    short::sort_by_key(drafts, |draft| (Reverse(draft.confidence), draft.order));
    drop_repeated(drafts);
}

/// The same cause in the same container is one finding.
fn drop_repeated(drafts: &mut Vec<Draft<'_>>) {
    let mut kept: Vec<Draft<'_>> = Vec::with_capacity(drafts.len());
    for draft in drafts.drain(..) {
        let same = |known: &&mut Draft<'_>| {
            known.cause == draft.cause
                && (known.container == draft.container
                    || known.container.is_none()
                    || draft.container.is_none())
        };
        match kept.iter_mut().find(same) {
            Some(known) => {
                known.container = known.container.or(draft.container);
                known.fix = known.fix.take().or(draft.fix);
                for evidence in draft.evidence {
                    if !known.evidence.contains(&evidence) {
                        known.evidence.push(evidence);
                    }
                }
            }
            None => kept.push(draft),
        }
    }
    *drafts = kept;
}

/// The scheduler stopped the task on purpose, but a container had to be killed: that is the
/// news, and it is SIGKILL after `stopTimeout`, not memory.
pub(super) fn yield_to_sigkill(drafts: &mut [Draft<'_>]) {
    let has = |cause| drafts.iter().any(|draft| draft.cause == cause);
    if !has(Cause::KilledSigkill) || !has(Cause::SchedulerStop) {
        return;
    }
    for draft in drafts {
        match draft.cause {
            Cause::KilledSigkill => (draft.confidence, draft.order) = (Confidence::Likely, 0),
            Cause::SchedulerStop => (draft.confidence, draft.order) = (Confidence::Likely, 1),
            _ => {}
        }
    }
}
