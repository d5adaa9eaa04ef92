//! The evidence, the gaps in it, and where to look.

use super::super::{
    CauseSection, EvidenceSection, Link, NotCollected, Quote, StoppedTaskRow, TimedQuote, links,
};
use crate::arn::ServiceArn;
use crate::causes::Ranked;
use crate::facts::{
    DeploymentFacts, Fact, LogTail, MetricPoint, Missing, Service, StoppedTask, Utilization, Why,
};
use crate::incident::ServiceRecord;
use crate::sanitize::{self, line};

const SERVICE_EVENTS: usize = 5;
const STOPPED_TASKS: usize = 8;

pub(super) fn cause(ranked: &Ranked) -> CauseSection {
    let finding = &ranked.finding;
    let quote = |it: &crate::causes::Evidence| Quote {
        source: line(&it.source, 80),
        text: line(&it.quote, 1_000),
    };
    CauseSection {
        cause: finding.cause,
        sentence: finding.cause.sentence().to_owned(),
        container: finding.container.as_deref().map(|name| line(name, 80)),
        confidence: finding.confidence,
        tasks: ranked.tasks,
        evidence: finding.evidence.iter().take(3).map(quote).collect(),
        fix: line(&finding.fix, 400),
        page: finding.cause.page().to_owned(),
    }
}

pub(super) fn evidence(facts: &DeploymentFacts) -> EvidenceSection {
    let log = facts.log.known();
    EvidenceSection {
        service_events: facts
            .service
            .known()
            .map(service_events)
            .unwrap_or_default(),
        log_source: log.map(log_source),
        log_lines: log.map(log_lines).unwrap_or_default(),
        stopped_tasks: facts
            .stopped_tasks
            .known()
            .map(|tasks| tasks.iter().take(STOPPED_TASKS).map(row).collect())
            .unwrap_or_default(),
        utilization: facts
            .utilization
            .known()
            .map(utilization)
            .unwrap_or_default(),
    }
}

/// The newest events that say something: the everyday ones are left out, and those that differ
/// only in the task they name are told once.
fn service_events(service: &Service) -> Vec<TimedQuote> {
    let mut told: Vec<String> = Vec::new();
    let mut news = |message: &str| {
        let essence = without_tasks(message);
        let new = !told.contains(&essence);
        told.push(essence);
        new && !EVERYDAY.iter().any(|words| message.contains(words))
    };
    let newest = service
        .events
        .iter()
        .filter(|event| news(&event.message))
        .take(SERVICE_EVENTS);
    newest
        .map(|event| TimedQuote {
            at: event.at,
            text: line(&event.message, 300),
        })
        .collect()
}

/// What a service says all day (Amazon ECS Developer Guide, `service-event-messages-list`).
const EVERYDAY: [&str; 6] = [
    " has started ",
    " has stopped ",
    " has begun draining ",
    " registered ",
    " deregistered ",
    " has reached a steady state",
];

/// A message without its `(task …)` parts.
fn without_tasks(message: &str) -> String {
    let mut parts = message.split("(task ");
    let head = parts.next().unwrap_or_default().to_owned();
    parts.fold(head, |text, part| {
        text + part.split_once(')').map_or("", |(_, rest)| rest)
    })
}

fn log_source(log: &LogTail) -> String {
    line(
        &format!(
            "container {}, task {}, log group {}",
            log.container, log.task_id, log.group
        ),
        300,
    )
}

fn log_lines(log: &LogTail) -> Vec<TimedQuote> {
    let safe = sanitize::lines(log.lines.iter().map(|line| line.message.as_str()), 400);
    let pairs = log.lines.iter().zip(safe);
    pairs
        .map(|(line, text)| TimedQuote { at: line.at, text })
        .collect()
}

fn row(task: &StoppedTask) -> StoppedTaskRow {
    let exits = task.containers.iter().map(|container| {
        let code = container
            .exit_code
            .map_or_else(|| "-".to_owned(), |code| code.to_string());
        format!("{} {code}", container.name.as_deref().unwrap_or("?"))
    });
    let ran = task.started_at.and_then(|start| {
        let end = task
            .execution_stopped_at
            .or(task.stopping_at)
            .or(task.stopped_at)?;
        Some((end - start).num_seconds().max(0))
    });
    StoppedTaskRow {
        task: line(task.id(), 40),
        stopped_at: task.stopped_at,
        ran_seconds: ran,
        stop_code: line(task.stop_code.as_ref().map_or("", |code| code.as_str()), 40),
        exits: line(&exits.collect::<Vec<_>>().join(", "), 120),
        reason: line(task.stopped_reason.as_deref().unwrap_or_default(), 160),
    }
}

fn utilization(utilization: &Utilization) -> Vec<String> {
    let said = |name: &str, points: &[MetricPoint]| {
        let last = points.last()?;
        let peak = points
            .iter()
            .map(|point| point.value)
            .fold(f64::MIN, f64::max);
        let time = last.at.format("%H:%M UTC");
        Some(format!(
            "{name} of the service peaked at {peak:.0} % and stood at {:.0} % at {time}.",
            last.value
        ))
    };
    [
        said("CPU", &utilization.cpu),
        said("Memory", &utilization.memory),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Everything that is missing, and the permission that would help.
pub(super) fn gaps(
    facts: &DeploymentFacts,
    record: &Fact<ServiceRecord>,
    unmarked: Option<&Missing>,
) -> Vec<NotCollected> {
    let targets = facts
        .target_groups
        .iter()
        .filter_map(|group| group.targets.missing());
    let all = [
        facts.service.missing(),
        facts.history.missing(),
        facts.revisions.missing(),
        facts.stopped_tasks.missing(),
        facts.unseen_tasks.as_ref(),
        facts.failing.missing(),
        facts.good.missing(),
        facts.good_definition.missing(),
        facts.triggered_alarms.missing(),
        facts.log.missing(),
        facts.utilization.missing(),
        record.missing(),
        unmarked,
    ];
    let mut gaps: Vec<NotCollected> = Vec::new();
    let all = all.into_iter().flatten().chain(targets);
    for missing in all.filter(|missing| missing.why != Why::NotNeeded) {
        let gap = gap(missing);
        if !gaps.contains(&gap) {
            gaps.push(gap);
        }
    }
    gaps
}

pub(super) fn gap(missing: &Missing) -> NotCollected {
    let why = match &missing.why {
        Why::Denied {
            resource: Some(resource),
            action,
        } => {
            let write = action == "dynamodb:PutItem" || action == "dynamodb:UpdateItem";
            let deed = if write { "write to" } else { "read" };
            format!("the function's role may not {deed} {}", line(resource, 200))
        }
        Why::Denied { resource: None, .. } => {
            "the function's role may not make the call".to_owned()
        }
        Why::Throttled { action } => format!("{action} was throttled, also when tried again"),
        Why::TimedOut { action } => format!("{action} did not answer in time"),
        Why::NotFound { detail } => line(detail, 200),
        Why::Failed { action, detail } => format!("{action} failed: {}", line(detail, 200)),
        Why::NotAsked { detail } => line(detail, 200),
        Why::NotNeeded => String::new(),
    };
    let permission = match &missing.why {
        Why::Denied { action, .. } => Some(line(action, 80)),
        _ => None,
    };
    NotCollected {
        what: line(&missing.what, 120),
        why,
        permission,
    }
}

pub(super) fn service_link(arn: &ServiceArn) -> Link {
    Link {
        label: "service".to_owned(),
        url: links::service(arn),
    }
}

pub(super) fn links(arn: &ServiceArn, facts: &DeploymentFacts) -> Vec<Link> {
    let link = |label: &str, url: String| Link {
        label: label.to_owned(),
        url,
    };
    let mut all = vec![service_link(arn)];
    let newest = facts.history.known().and_then(|history| history.first());
    all.extend(newest.map(|it| link("deployment", links::deployment(arn, &it.arn))));
    let task = facts.stopped_tasks.known().and_then(|tasks| tasks.first());
    all.extend(task.map(|task| link("newest stopped task", links::task(arn, task.id()))));
    let definition = facts.failing.known();
    all.extend(definition.map(|it| link("task definition", links::task_definition(arn, &it.arn))));
    let log = facts.log.known();
    all.extend(log.map(|log| {
        link(
            "log stream",
            links::log_stream(arn, &log.group, &log.stream),
        )
    }));
    all
}
