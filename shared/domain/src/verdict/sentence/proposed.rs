//! The sentences with a rollback in them: one that is made, or would be.

use super::super::plan::{self, Plan};
use super::super::{Proposal, Rung};
use super::words::revision;
use crate::sanitize::line;

pub(super) fn not_opted_in(rung: &Rung, proposal: &Proposal) -> String {
    format!(
        "Not rolled back: {rung}. It would have been: {}.{} To allow it from now on: {}. To do it \
         once by hand: {}",
        deed(proposal),
        unless(proposal),
        plan::opt_in(&proposal.service),
        proposal.command()
    )
}

pub(super) fn dry_run(rung: Option<&Rung>, proposal: &Proposal) -> String {
    let because = rung.map_or_else(|| "the request says so".to_owned(), ToString::to_string);
    format!(
        "Dry run, nothing was changed: {because}. It would have been: {}.{} By hand: {}",
        deed(proposal),
        unless(proposal),
        proposal.command()
    )
}

pub(super) fn ask(rung: &Rung, proposal: &Proposal) -> String {
    format!(
        "Waiting for your word: {rung}. opsbot would go back by {}.{} To do it: {}",
        deed(proposal),
        unless(proposal),
        proposal.command()
    )
}

pub(super) fn too_few(rung: &Rung, (failed, enough): (u64, u64), proposal: &Proposal) -> String {
    format!(
        "Not rolled back yet: {failed} of its tasks failed, and ECS does not call it failed. opsbot \
         judges again at {enough}, where the circuit breaker would give up ({rung}). To go back at \
         once: {}",
        proposal.command()
    )
}

pub(super) fn roll_back(rung: &Rung, proposal: &Proposal) -> String {
    format!(
        "Rolling back by {}: {rung}. Your infrastructure code still holds {}.",
        deed(proposal),
        revision(&proposal.failing)
    )
}

/// roll-back asks CloudFormation before it writes; whoever does it by hand is to look too.
fn unless(proposal: &Proposal) -> String {
    let stack = proposal.stack.as_deref();
    let unless = |stack| {
        let stack = line(stack, 128);
        format!(" Not while CloudFormation updates stack {stack}, which may itself go back.")
    };
    stack.map(unless).unwrap_or_default()
}

fn deed(proposal: &Proposal) -> String {
    let plan = format!(
        "{}, away from {}",
        proposal.plan,
        revision(&proposal.failing)
    );
    let strategy = proposal.shifts_traffic.as_deref();
    match (strategy, &proposal.plan) {
        (Some(strategy), Plan::Update { .. }) => format!(
            "{plan} (a whole new {} deployment with traffic shifts of its own)",
            line(strategy, 40)
        ),
        _ => plan,
    }
}
