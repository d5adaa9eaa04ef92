//! Whether opsbot rolls back, as every alert about a failed deployment says it.

use super::super::{Rollback, Severity};
use super::words::revision;
use crate::sanitize::line;
use crate::verdict::{Judged, Verdict};

pub(super) fn section(judged: &Judged) -> Rollback {
    let verdict = &judged.verdict;
    let by_hand = !verdict.is_write() || judged.not_asked.is_some();
    let sentence = match (&judged.not_asked, judged.looks_again()) {
        (Some(missing), _) => format!(
            "Not rolled back yet: roll-back could not be asked ({}). opsbot tries again. {}",
            super::collected::gap(missing).why.trim_end_matches('.'),
            verdict.sentence()
        ),
        (None, true) => format!("{} opsbot looks again.", verdict.sentence()),
        (None, false) => verdict.sentence(),
    };
    Rollback {
        code: verdict.code().to_owned(),
        sentence: line(&sentence, 4_000),
        to: verdict.plan().map(|plan| revision(plan.to())),
        deployment: verdict.proposal().map(|it| it.deployment.clone()),
        command: verdict
            .proposal()
            .filter(|_| by_hand)
            .map(|proposal| proposal.command()),
    }
}

/// What the verdict adds: a rollback that fails, or cannot be asked for, wants somebody now.
pub(super) fn severity(judged: Option<&Judged>) -> Severity {
    match judged {
        Some(judged) if judged.verdict.pages() || judged.not_asked.is_some() => Severity::Critical,
        _ => Severity::Info,
    }
}

/// Whether opsbot does it, so that nobody else needs to.
pub(super) fn is_done_by_opsbot(judged: Option<&Judged>) -> bool {
    judged
        .is_some_and(|it| matches!(it.verdict, Verdict::RollBack { .. }) && it.not_asked.is_none())
}
