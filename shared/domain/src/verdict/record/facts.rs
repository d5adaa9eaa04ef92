//! The facts of a case, as lines of its record: what a reviewer would ask for.

use chrono::{DateTime, Utc};

use super::super::sentence::words::{clock, gap, revision};
use super::super::{Attempt, Case, Requester, Rung, candidates};
use crate::causes::Cause;
use crate::facts::{Deployment, Fact, KnownFrom, Missing, Rollout, Service, ServiceDeployment};
use crate::sanitize::line;
use crate::short;

/// A line's length; a name in it is foreign text.
const LINE: usize = 300;
/// So many of a kind are written down, the newest or the best.
const MOST: usize = 5;

/// One line a fact, `name: value`, in reading order. Safe text.
pub(super) fn of(case: &Case) -> Vec<String> {
    let mut facts = Vec::new();
    if let Requester::Person { to, dry_run } = &case.requester {
        let to = to
            .as_deref()
            .map_or("the last good revision".into(), revision);
        let how = if *dry_run { ", dry run" } else { "" };
        facts.push(format!("asked for: {to}{how}"));
    }
    if let Some(it) = case.service.known() {
        facts.push(service(it));
        facts.extend(it.deployments.iter().take(MOST).map(deployment));
        facts.push(format!(
            "opt-in: {}",
            Rung::of(&it.tags, case.policy.default)
        ));
    }
    facts.extend(history(case));
    facts.extend(good(case));
    facts.push(causes("causes", &case.causes));
    facts.push(causes("causes of the old revision", &case.old_causes));
    facts.extend(attempts(case));
    facts.push(stack(case));
    facts.extend(gaps(case).map(|it| format!("missing: {}", gap(it))));
    facts.iter().map(|fact| line(fact, LINE)).collect()
}

fn service(it: &Service) -> String {
    let or = |value: &Option<String>, absent: &str| value.clone().unwrap_or_else(|| absent.into());
    format!(
        "service: {}, {} {}, controller {}, {} desired, {} running, {} pending, circuit breaker \
         {}, alarms {}",
        it.status,
        or(&it.strategy, "ROLLING"),
        or(&it.scheduling, "REPLICA"),
        or(&it.controller, "ECS"),
        it.desired,
        it.running,
        it.pending,
        switch(it.breaker.enabled, it.breaker.rollback),
        switch(it.alarms.enabled, it.alarms.rollback),
    )
}

fn switch(enabled: bool, rollback: bool) -> &'static str {
    match (enabled, rollback) {
        (false, _) => "off",
        (true, false) => "on without rollback",
        (true, true) => "on with rollback",
    }
}

fn deployment(it: &Deployment) -> String {
    let rollout = match &it.rollout {
        None => "no rollout state",
        Some(Rollout::InProgress) => "IN_PROGRESS",
        Some(Rollout::Completed) => "COMPLETED",
        Some(Rollout::Failed) => "FAILED",
        Some(Rollout::Other(other)) => other,
    };
    format!(
        "deployment: {} {} {}, {rollout}, {} of {} running, {} failed, began {}",
        it.id,
        it.status,
        revision(&it.task_definition),
        it.running,
        it.desired,
        it.failed_tasks,
        when(it.created_at)
    )
}

fn when(at: Option<DateTime<Utc>>) -> String {
    at.map_or_else(|| "at a time not known".to_owned(), clock)
}

/// The newest entries of the deployment history.
fn history(case: &Case) -> Vec<String> {
    let (Some(history), revisions) = (case.history.known(), case.revisions.known()) else {
        return Vec::new();
    };
    let mut newest: Vec<&ServiceDeployment> = history.iter().collect();
    short::sort_by_key(&mut newest, |entry| std::cmp::Reverse(entry.created_at));
    let target = |entry: &ServiceDeployment| {
        let of_it = |arn: &String| revisions?.iter().find(|it| it.arn == *arn);
        let found = entry.target_revision.as_ref().and_then(of_it);
        found.map_or("of an unread revision".to_owned(), |it| {
            revision(&it.task_definition)
        })
    };
    let told = |entry: &&ServiceDeployment| {
        let (status, began) = (&entry.status, when(entry.created_at));
        let name = crate::arn::last_part(&entry.arn);
        format!("history: {status} {}, began {began}, {name}", target(entry))
    };
    let mut lines: Vec<String> = newest.iter().take(MOST).map(told).collect();
    if let Some(more @ 1..) = newest.len().checked_sub(MOST) {
        lines.push(format!("history: {more} older"));
    }
    lines
}

/// The revisions that were good once, best first.
fn good(case: &Case) -> Vec<String> {
    let told = |it: &crate::facts::GoodRevision| {
        let from = match it.known_from {
            KnownFrom::History => "the deployment history",
            KnownFrom::Record => "opsbot's record",
            KnownFrom::Listed => "the service's deployments",
        };
        let asked = case.definitions.get(&it.task_definition);
        let state = match asked {
            Some(Fact::Known(definition)) if definition.active => "active",
            Some(Fact::Known(_)) => "inactive",
            Some(Fact::Missing(_)) => "not readable",
            None => "not looked up",
        };
        format!(
            "once good: {} ({from}), {state}",
            revision(&it.task_definition)
        )
    };
    let good = candidates(case);
    if good.is_empty() && case.history.known().is_some() {
        return vec!["once good: nothing".to_owned()];
    }
    good.iter().take(MOST).map(told).collect()
}

fn causes(name: &str, causes: &[Cause]) -> String {
    let codes: Vec<_> = causes.iter().take(MOST).map(|it| it.code()).collect();
    match codes.as_slice() {
        [] => format!("{name}: none known"),
        codes => format!("{name}: {}", codes.join(", ")),
    }
}

fn attempts(case: &Case) -> Vec<String> {
    let Some(attempts) = case.attempts.known() else {
        return Vec::new();
    };
    let told = |attempt: &Option<Attempt>| match attempt {
        None => "none".to_owned(),
        Some(it) => format!(
            "from {} to {} at {}",
            it.failed,
            revision(&it.to),
            clock(it.at)
        ),
    };
    let policy = case.policy;
    let mut said = vec![
        format!("rollback of this deployment: {}", told(&attempts.of_this)),
        format!(
            "newest rollback of the service: {} (cool-down {} min)",
            told(&attempts.newest),
            policy.cooldown.num_minutes()
        ),
    ];
    // Where this one was attempted the hour decides nothing, and may not have been read.
    if attempts.of_this.is_none() {
        said.push(format!(
            "rollbacks of all services in the last hour: {} of {}",
            attempts.last_hour, policy.per_hour
        ));
    }
    said
}

fn stack(case: &Case) -> String {
    match &case.stack {
        None if in_no_stack(case) => "CloudFormation stack: none".to_owned(),
        None => "CloudFormation stack: not asked for".to_owned(),
        Some(Fact::Known(None)) => "CloudFormation stack: none".to_owned(),
        Some(Fact::Known(Some(it))) => format!("CloudFormation stack: {} {}", it.name, it.status),
        Some(Fact::Missing(missing)) => format!("CloudFormation stack: {}", gap(missing)),
    }
}

fn in_no_stack(case: &Case) -> bool {
    let service = case.service.known();
    service.is_some_and(|it| !it.tags.contains_key("aws:cloudformation:stack-name"))
}

fn gaps(case: &Case) -> impl Iterator<Item = &Missing> {
    let all = [
        case.service.missing(),
        case.history.missing(),
        case.revisions.missing(),
        case.record.missing(),
        case.attempts.missing(),
    ];
    let definitions = case.definitions.values().filter_map(Fact::missing);
    all.into_iter().flatten().chain(definitions.take(MOST))
}
