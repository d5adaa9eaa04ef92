//! Findings in the making, and what they quote.

use std::cmp::Reverse;

use super::{Cause, Confidence, Evidence, exit};
use crate::facts::StoppedContainer;
use crate::short;

/// How long a quotation may get, in characters. ECS writes 1,024 at most.
const QUOTE: usize = 1_024;

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

/// A quotation, cut to what ECS itself would write at most.
pub(super) fn evidence(source: &str, quote: &str) -> Evidence {
    Evidence {
        source: source.to_owned(),
        quote: quote.chars().take(QUOTE).collect(),
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
