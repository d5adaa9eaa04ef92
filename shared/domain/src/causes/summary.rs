//! Many stopped tasks of one deployment, as the few causes behind them.

use super::case::Case;
use super::events::read_events;
use super::{Cause, Context, Fault, Finding};
use crate::facts::StoppedTask;
use crate::short;

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
    let mut seen: Vec<(&StoppedTask, usize)> = Vec::new();
    let service_events = read_events(context);
    for task in tasks {
        if let Some((_, known)) = seen.iter().find(|(other, _)| alike(other, task, context)) {
            ranked[*known].1.tasks += 1;
            continue;
        }
        let findings = Case::new(task, context, &service_events).findings();
        let wanted = intended(&findings);
        let Some(finding) = findings.into_iter().next() else {
            continue;
        };
        let same = |(other, known): &(bool, Ranked)| {
            *other == wanted
                && known.finding.cause == finding.cause
                && known.finding.container == finding.container
        };
        let at = ranked.iter().position(same);
        match at {
            Some(known) => ranked[known].1.tasks += 1,
            None => ranked.push((wanted, Ranked { finding, tasks: 1 })),
        }
        seen.push((task, at.unwrap_or(ranked.len() - 1)));
    }
    short::sort_by_key(&mut ranked, |(wanted, known)| {
        let vague = known.finding.cause == Cause::Unknown;
        let weight = (known.tasks, known.finding.confidence);
        (*wanted, vague, std::cmp::Reverse(weight))
    });
    ranked.into_iter().map(|(_, known)| known).collect()
}

/// Whether two tasks tell the same story, so that one need not be read again. The tasks of a failed
/// deployment mostly do. A task whose own log is at hand has a story of its own.
fn alike(one: &StoppedTask, other: &StoppedTask, context: &Context<'_>) -> bool {
    let has_log = |task: &StoppedTask| context.logs.iter().any(|tail| tail.task_id == task.id());
    let story = |task: &StoppedTask| {
        let dying = task.stopping_at.zip(task.execution_stopped_at);
        (
            task.started_at.is_some(),
            task.pull_started_at.is_some(),
            dying.map(|(from, to)| (to - from).num_seconds()),
        )
    };
    one.stop_code == other.stop_code
        && one.stopped_reason == other.stopped_reason
        && one.containers == other.containers
        && one.last_status == other.last_status
        && one.desired_status == other.desired_status
        && one.task_definition_arn == other.task_definition_arn
        && story(one) == story(other)
        && !has_log(one)
        && !has_log(other)
}
