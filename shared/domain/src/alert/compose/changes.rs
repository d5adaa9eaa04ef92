//! What changed from the last good revision.

use crate::change;
use crate::facts::{Deployment, DeploymentFacts};
use crate::sanitize::line;

const SHOWN: usize = 12;

/// The differences, one line each, images first.
pub(super) fn lines(facts: &DeploymentFacts, failing: Option<&Deployment>) -> Vec<String> {
    let mut changes = match (facts.good_definition.known(), facts.failing.known()) {
        (Some(good), Some(failing)) => change::between(good, failing),
        _ => Vec::new(),
    };
    changes.extend(new_digests(facts, failing));
    let more = changes.len().saturating_sub(SHOWN);
    let shown = changes.iter().take(SHOWN);
    let mut lines: Vec<String> = shown.map(|change| line(&change.to_string(), 200)).collect();
    if more > 0 {
        lines.push(format!("… and {more} more."));
    }
    lines
}

/// References that stand in both revisions and mean another image now.
fn new_digests(facts: &DeploymentFacts, failing: Option<&Deployment>) -> Vec<change::Change> {
    let revisions = facts
        .revisions
        .known()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let of = |arn: &str| {
        revisions
            .iter()
            .find(|revision| revision.task_definition == arn)
    };
    let good = facts.good.known().and_then(Option::as_ref);
    match (good.and_then(|good| of(&good.task_definition)), failing) {
        (Some(good), Some(failing)) => of(&failing.task_definition)
            .map(|failing| change::digests(good, failing))
            .unwrap_or_default(),
        _ => Vec::new(),
    }
}
