//! What it costs now: who serves, how many run, how many targets are healthy.

use std::collections::BTreeMap;

use super::super::{Kind, Severity};
use super::words::{count, revision, target_reason};
use crate::arn::target_group_name;
use crate::facts::{Deployment, Service, Target, TargetGroup};
use crate::response::Response;
use crate::sanitize::line;

/// How many tasks run that are not of the failing deployment. Services of other controllers list no
/// deployments: there every running task counts.
pub(super) fn serving(service: &Service, failing: Option<&Deployment>) -> i32 {
    if service.deployments.is_empty() {
        return service.running;
    }
    let others = service
        .deployments
        .iter()
        .filter(|it| failing.is_none_or(|bad| bad.id != it.id));
    others.map(|deployment| deployment.running).sum()
}

/// Critical where users feel it or nothing will mend it: fewer tasks serve than should, or the
/// rollback failed too. What cannot be seen counts as the worst.
pub(super) fn severity(
    kind: Kind,
    service: Option<&Service>,
    failing: Option<&Deployment>,
    response: &Response,
) -> Severity {
    let Some(service) = service else {
        return Severity::Critical;
    };
    let short = serving(service, failing) < service.desired;
    match kind {
        Kind::Recovered => Severity::Info,
        Kind::RollbackFailed => Severity::Critical,
        _ if *response == Response::RollbackFailed => Severity::Critical,
        _ if matches!(response, Response::Deleted { .. }) => Severity::Warning,
        _ if matches!(response, Response::Over { .. }) && !short => Severity::Info,
        _ if short => Severity::Critical,
        _ => Severity::Warning,
    }
}

pub(super) fn sentences(
    service: Option<&Service>,
    failing: Option<&Deployment>,
    target_groups: &[TargetGroup],
) -> Vec<String> {
    let mut sentences = Vec::new();
    if let Some(service) = service {
        sentences.push(running(service, failing));
    }
    sentences.extend(target_groups.iter().filter_map(targets));
    sentences
}

fn running(service: &Service, failing: Option<&Deployment>) -> String {
    let Service {
        desired,
        running,
        pending,
        ..
    } = service;
    if service.is_deleted() {
        return match as_count(*running) {
            0 => format!(
                "The service is deleted ({}): no task of it runs.",
                line(&service.status, 20)
            ),
            n => format!(
                "The service is being deleted ({}): {} of it still run{} and will be stopped.",
                line(&service.status, 20),
                count(n, "task"),
                if n == 1 { "s" } else { "" }
            ),
        };
    }
    if *desired == 0 {
        return "The service is scaled to 0 tasks: nothing serves, and nothing should.".to_owned();
    }
    if *running == 0 {
        let pending = if *pending > 0 {
            format!(" ({pending} pending)")
        } else {
            String::new()
        };
        return format!("The service is DOWN: 0 of {desired} tasks are running{pending}.");
    }
    if service.deployments.is_empty() {
        return format!("{running} of {desired} tasks are running, {pending} pending.");
    }
    let who = service
        .deployments
        .iter()
        .filter(|it| it.running > 0)
        .map(|it| {
            let mark = if failing.is_some_and(|bad| bad.id == it.id) {
                " (failing)"
            } else {
                ""
            };
            format!(
                "{} runs {}{mark}",
                revision(&it.task_definition),
                count(as_count(it.running), "task")
            )
        });
    let who: Vec<String> = who.collect();
    let serving = serving(service, failing);
    let verdict = if serving >= *desired {
        "Full capacity: "
    } else if serving == 0 {
        "No task of a good revision is running: "
    } else {
        "Reduced capacity: "
    };
    format!(
        "{verdict}{}; {desired} desired, {pending} pending.",
        who.join(", ")
    )
}

fn as_count(n: i32) -> usize {
    usize::try_from(n).unwrap_or_default()
}

fn targets(group: &TargetGroup) -> Option<String> {
    let targets = group.targets.known()?;
    let name = line(target_group_name(&group.arn), 60);
    if targets.is_empty() {
        return Some(format!("Target group {name} has no targets."));
    }
    let healthy = targets
        .iter()
        .filter(|target| target.state == "healthy")
        .count();
    let mut others: BTreeMap<String, usize> = BTreeMap::new();
    for target in targets.iter().filter(|target| target.state != "healthy") {
        *others.entry(ailment(target)).or_default() += 1;
    }
    let others = others
        .iter()
        .map(|(ailment, n)| format!("; {n} {ailment}"))
        .collect::<String>();
    Some(format!(
        "Target group {name}: {healthy} of {} healthy{others}.",
        count(targets.len(), "target")
    ))
}

/// `unhealthy, as health checks get no answer in time (Request timed out)`.
fn ailment(target: &Target) -> String {
    let state = line(&target.state, 40);
    let reason = target.reason.as_deref();
    let meaning =
        reason.map(|code| target_reason(code).map_or_else(|| line(code, 60), str::to_owned));
    let meaning = meaning
        .map(|meaning| format!(", as {meaning}"))
        .unwrap_or_default();
    let said = target
        .description
        .as_deref()
        .map(|said| format!(" ({})", line(said, 120)));
    format!("{state}{meaning}{}", said.unwrap_or_default())
}
