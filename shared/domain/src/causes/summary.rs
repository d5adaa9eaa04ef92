//! Many stopped tasks of one deployment, as the few causes behind them.

use super::{Cause, Context, Fault, Finding, diagnose};
use crate::facts::StoppedTask;

/// One cause in one container, and how many of the tasks it stopped.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranked {
    /// The finding of the newest task it was found in (the first of those given).
    pub finding: Finding,
    /// How many tasks have it as their first finding.
    pub tasks: usize,
}

/// Whether these findings of one task speak of a stop that was wanted, a killed straggler included.
pub fn intended(findings: &[Finding]) -> bool {
    findings
        .iter()
        .take(2)
        .any(|finding| finding.cause.fault() == Fault::Intended)
}

/// What stopped `tasks` (newest first), grouped by cause and container: the most frequent first,
/// more certain before less, unknown causes behind known ones and intended stops last.
pub fn summarise(tasks: &[StoppedTask], context: &Context<'_>) -> Vec<Ranked> {
    let mut ranked: Vec<(bool, Ranked)> = Vec::new();
    for task in tasks {
        let findings = diagnose(task, context);
        let wanted = intended(&findings);
        let Some(finding) = findings.into_iter().next() else {
            continue;
        };
        let same = |(other, known): &&mut (bool, Ranked)| {
            *other == wanted
                && known.finding.cause == finding.cause
                && known.finding.container == finding.container
        };
        match ranked.iter_mut().find(same) {
            Some((_, known)) => known.tasks += 1,
            None => ranked.push((wanted, Ranked { finding, tasks: 1 })),
        }
    }
    ranked.sort_by_key(|(wanted, known)| {
        let vague = known.finding.cause == Cause::Unknown;
        let weight = (known.tasks, known.finding.confidence);
        (*wanted, vague, std::cmp::Reverse(weight))
    });
    ranked.into_iter().map(|(_, known)| known).collect()
}
