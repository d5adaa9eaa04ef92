//! Which container died first and took the others with it.

use super::exit::{KILLED, TERMINATED};
use super::rule::Rule;
use super::{Cause, Context};
use crate::facts::{StoppedContainer, StoppedTask};

/// What ECS adds to a task, or what people add beside the program: it is blamed last.
const HELPERS: &[&str] = &[
    "~internal~ecs~pause",
    "pause",
    "ecs-service-connect",
    "ecs-execute-command",
    "log_router",
    "log-router",
    "cloudwatch-agent",
    "dd-agent",
    "newrelic-infra",
];

/// Parts of the names that people give them: `otel-sidecar`, `my-fluent-bit`.
const HELPER_PARTS: &[&str] = &[
    "adot",
    "cwagent",
    "datadog",
    "filebeat",
    "firelens",
    "fluent",
    "fluentbit",
    "fluentd",
    "guardduty",
    "opentelemetry",
    "otel",
    "promtail",
    "sidecar",
    "telegraf",
    "xray",
];

/// A proxy may well take the program down, but often is killed only because it outlives it.
const PROXIES: &[&str] = &["envoy", "istio-proxy", "linkerd-proxy"];

/// More than a program that was only stopped (143), less than one that ended by itself.
const KILLED_HELPER: i32 = 13;

/// Whether a container of that name only accompanies the program.
pub(super) fn is_helper(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.starts_with("ecs-service-connect")
        || HELPERS.contains(&name.as_str())
        || name
            .split(['-', '_', '.'])
            .any(|part| HELPER_PARTS.contains(&part))
}

/// The container to blame, as an index into the task's, with the rule that reads its reason.
///
/// When an essential container ends, ECS stops the others: they end with 143, with 137 where they
/// do not end in time, or with 0. So a failure of one's own outweighs those; then the rest.
pub(super) fn culprit(
    task: &StoppedTask,
    context: &Context<'_>,
    read: &[Option<&'static Rule>],
) -> Option<usize> {
    let blame = |index: usize, container: &StoppedContainer| {
        let rule = read.get(index).copied().flatten();
        let mut weight = weight(task, container, rule);
        let name = container.name.as_deref().unwrap_or_default();
        if is_helper(name) {
            weight = helper_weight(name, weight, container);
        } else if PROXIES.contains(&name) && container.exit_code == Some(KILLED) && weight < 50 {
            weight = weight.min(KILLED_HELPER);
        }
        if essential(context, name) == Some(false) {
            weight -= 100;
        }
        weight
    };
    let ended =
        |container: &StoppedContainer| container.exit_code.is_some() || container.reason.is_some();
    let candidates = task.containers.iter().enumerate();
    let weighed = candidates.filter(|(_, container)| ended(container));
    // `max_by_key` keeps the last of equals; the first in the list is the better guess.
    weighed
        .rev()
        .max_by_key(|(index, container)| blame(*index, container))
        .map(|(index, _)| index)
}

fn weight(task: &StoppedTask, container: &StoppedContainer, rule: Option<&Rule>) -> i32 {
    let said = rule.map_or(0, |rule| match rule.cause {
        Cause::Oom => 90,
        Cause::DependencyContainerFailed => 50,
        Cause::PlatformInternalError | Cause::ContainerStopFailure | Cause::KilledSigkill => 5,
        _ => 80,
    });
    let exit = match container.exit_code {
        Some(KILLED) => killed_weight(task),
        Some(TERMINATED) => 12,
        Some(0) => 25,
        Some(_) => 60,
        None => 3,
    };
    said.max(exit)
}

/// A helper weighs less than any program that ended for itself. Where the program was only stopped,
/// a helper that failed may have taken it down; one that was stopped itself explains nothing.
fn helper_weight(name: &str, weight: i32, container: &StoppedContainer) -> i32 {
    match (container.exit_code, weight) {
        (_, 80..) => 22,
        _ if name.contains("pause") => 1,
        (Some(KILLED), 40..) => KILLED_HELPER,
        (Some(KILLED | TERMINATED), _) => 2,
        (Some(0), _) => 11,
        (Some(_), _) => 20,
        (None, _) => weight.min(4),
    }
}

/// A container that was killed because it did not end in time dies `stopTimeout` (30 s, or what the
/// definition says) after the task began to stop; one that was killed at once died by itself.
fn killed_weight(task: &StoppedTask) -> i32 {
    let waited = match (
        task.stopping_at,
        task.execution_stopped_at.or(task.stopped_at),
    ) {
        (Some(from), Some(to)) => (to - from).num_seconds() >= 25,
        _ => false,
    };
    if waited { 15 } else { 40 }
}

/// Whether the definition calls the container essential; `None` where it is not known.
pub(super) fn essential(context: &Context<'_>, name: &str) -> Option<bool> {
    let definition = context.task_definition?;
    definition
        .container(name)
        .map(|container| container.essential)
}
