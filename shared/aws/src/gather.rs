//! Reads everything an engineer would look up by hand, in at most three rounds of calls that run
//! at the same time. Nothing here fails: what cannot be read is a missing fact with its reason.

use std::error::Error;
use std::fmt;
use std::future::Future;

use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use chrono::{DateTime, Utc};
use domain::arn::ServiceArn;
use domain::culprit::culprit;
use domain::facts::{
    DeploymentFacts, Fact, GoodRevision, LogTail, Missing, Service, ServiceDeployment,
    ServiceRevision, StoppedTask, TargetGroup, TaskDefinition, Utilization, Why,
};
use domain::good;
use domain::incident::ServiceRecord;
use futures_util::future::join_all;
use tokio::time::Instant;

use crate::{Clients, ecs, error, logs, metrics, targets};

/// The clients, and until when they may be asked.
#[derive(Clone, Copy, Debug)]
pub struct Asking<'a> {
    pub(crate) clients: &'a Clients,
    until: Instant,
}

impl<'a> Asking<'a> {
    /// Asks until `until`, the invocation's deadline less what the publish needs.
    pub fn new(clients: &'a Clients, until: Instant) -> Self {
        Self { clients, until }
    }

    /// Until when AWS may be asked.
    pub(crate) fn until(&self) -> Instant {
        self.until
    }

    /// Makes one call of `action`. `what` is what it is to tell, as a person would say it.
    pub(crate) async fn ask<T, E, R>(
        &self,
        what: &str,
        action: &str,
        call: impl Future<Output = Result<T, SdkError<E, R>>>,
    ) -> Fact<T>
    where
        E: ProvideErrorMetadata + Error + 'static,
        R: fmt::Debug,
    {
        // On the heap: an SDK call is a large future, and a round holds many of them.
        match tokio::time::timeout_at(self.until, Box::pin(call)).await {
            Ok(Ok(answer)) => Fact::Known(answer),
            Ok(Err(error)) => {
                let why = error::why(action, &error);
                tracing::warn!(action, ?why, "could not read {what}");
                missing(what, why)
            }
            Err(_) => missing(what, error::timed_out(action)),
        }
    }
}

pub(crate) fn missing<T>(what: &str, why: Why) -> Fact<T> {
    Fact::Missing(Missing::new(what, why))
}

fn not_asked<T>(what: &str, detail: impl Into<String>) -> Fact<T> {
    missing(
        what,
        Why::NotAsked {
            detail: detail.into(),
        },
    )
}

/// The first round: what the service's name alone leads to.
#[derive(Clone, Debug)]
pub struct Glance {
    /// The service now.
    pub service: Fact<Service>,
    task_arns: Fact<Vec<String>>,
    history: Fact<Vec<ServiceDeployment>>,
    utilization: Fact<Utilization>,
}

/// Reads the service, its stopped tasks' ARNs, its history and its CPU and memory around `at`.
pub async fn glance(asking: &Asking<'_>, arn: &ServiceArn, at: DateTime<Utc>) -> Glance {
    let (service, task_arns, history, utilization) = tokio::join!(
        ecs::service(asking, arn),
        ecs::stopped_task_arns(asking, arn),
        ecs::history(asking, arn),
        metrics::utilization(asking, arn, at),
    );
    Glance {
        service,
        task_arns,
        history,
        utilization,
    }
}

/// The service alone, for news that needs no diagnosis.
pub async fn service(asking: &Asking<'_>, arn: &ServiceArn) -> Fact<Service> {
    ecs::service(asking, arn).await
}

/// The targets of a service, for the last word of an incident.
pub async fn target_groups(asking: &Asking<'_>, service: &Fact<Service>) -> Vec<TargetGroup> {
    let arns = service
        .known()
        .map(|service| service.target_groups.as_slice())
        .unwrap_or_default();
    join_all(arns.iter().map(|arn| targets::health(asking, arn))).await
}

/// The second and third round: what the first one points at, for the deployment that fails.
pub async fn facts(
    asking: &Asking<'_>,
    arn: &ServiceArn,
    glance: Glance,
    deployment: Option<&str>,
    record: &Fact<ServiceRecord>,
    log_lines: u8,
) -> DeploymentFacts {
    let Glance {
        service,
        task_arns,
        history,
        utilization,
    } = glance;
    let failing_arn = failing_arn(&service, deployment);
    let listed_arn = listed_good(&service, failing_arn.as_deref());
    let (tasks, target_groups, failing, listed, revisions, triggered_alarms) = tokio::join!(
        stopped_tasks(asking, arn, task_arns, deployment),
        self::target_groups(asking, &service),
        definition(
            asking,
            "the failing task definition",
            failing_arn.as_deref()
        ),
        definition(asking, LAST_GOOD, listed_arn.as_deref()),
        revisions(asking, &history),
        triggered_alarms(asking, &service, &history),
    );
    let good = good_revision(
        &service,
        &history,
        &revisions,
        record,
        failing_arn.as_deref(),
    );
    let good_arn = good
        .known()
        .and_then(Option::as_ref)
        .map(|good| good.task_definition.as_str());
    let (good_definition, log) = tokio::join!(
        good_definition(asking, listed, good_arn),
        log(asking, arn, &failing, &tasks, log_lines),
    );
    DeploymentFacts {
        service,
        history,
        revisions,
        stopped_tasks: tasks,
        failing,
        good,
        good_definition,
        target_groups,
        triggered_alarms,
        log,
        utilization,
    }
}

const LAST_GOOD: &str = "the last good task definition";

/// Where no deployment fails, a warning is about what runs.
fn failing_arn(service: &Fact<Service>, deployment: Option<&str>) -> Option<String> {
    let service = service.known()?;
    let deployment = good::failing(service, deployment).or_else(|| service.primary())?;
    Some(deployment.task_definition.clone())
}

fn listed_good(service: &Fact<Service>, failing: Option<&str>) -> Option<String> {
    good::listed(service.known()?, failing).map(|deployment| deployment.task_definition.clone())
}

/// The tasks that the deployment started, newest first. Without its id, all of the service's.
async fn stopped_tasks(
    asking: &Asking<'_>,
    arn: &ServiceArn,
    task_arns: Fact<Vec<String>>,
    deployment: Option<&str>,
) -> Fact<Vec<StoppedTask>> {
    let tasks = match task_arns {
        Fact::Known(arns) if arns.is_empty() => return Fact::Known(Vec::new()),
        Fact::Known(arns) => ecs::tasks(asking, arn, arns).await,
        Fact::Missing(missing) => return Fact::Missing(missing),
    };
    tasks.map(|mut tasks| {
        tasks.retain(|task| deployment.is_none() || task.started_by.as_deref() == deployment);
        tasks.sort_by_key(|task| std::cmp::Reverse(task.stopped_at.or(task.stopping_at)));
        tasks
    })
}

async fn definition(asking: &Asking<'_>, what: &str, arn: Option<&str>) -> Fact<TaskDefinition> {
    match arn {
        Some(arn) => ecs::task_definition(asking, what, arn).await,
        None => missing(what, Why::NotNeeded),
    }
}

/// The revisions of the newest deployments that succeeded, and of the newest of all: at most 20 may
/// be asked for at once, and the list holds no more.
async fn revisions(
    asking: &Asking<'_>,
    history: &Fact<Vec<ServiceDeployment>>,
) -> Fact<Vec<ServiceRevision>> {
    let what = "the service revisions";
    let Some(history) = history.known() else {
        return not_asked(what, "the service deployment history is missing");
    };
    let mut arns: Vec<String> = history
        .iter()
        .filter_map(|deployment| deployment.target_revision.clone())
        .collect();
    arns.sort_unstable();
    arns.dedup();
    arns.truncate(20);
    if arns.is_empty() {
        return Fact::Known(Vec::new());
    }
    ecs::revisions(asking, arns).await
}

async fn triggered_alarms(
    asking: &Asking<'_>,
    service: &Fact<Service>,
    history: &Fact<Vec<ServiceDeployment>>,
) -> Fact<Vec<String>> {
    let alarms_on = service
        .known()
        .is_some_and(|service| service.alarms.enabled);
    let newest = history.known().and_then(|history| history.first());
    match newest {
        Some(newest) if alarms_on => ecs::triggered_alarms(asking, &newest.arn).await,
        _ => Fact::Known(Vec::new()),
    }
}

fn good_revision(
    service: &Fact<Service>,
    history: &Fact<Vec<ServiceDeployment>>,
    revisions: &Fact<Vec<ServiceRevision>>,
    record: &Fact<ServiceRecord>,
    failing: Option<&str>,
) -> Fact<Option<GoodRevision>> {
    let found = good::revision(
        service.known(),
        history.known().map(Vec::as_slice).unwrap_or_default(),
        revisions.known().map(Vec::as_slice).unwrap_or_default(),
        record.known().and_then(|record| record.good.as_ref()),
        failing,
    );
    let gap = [
        history.missing(),
        revisions.missing(),
        service.missing(),
        record.missing(),
    ];
    match (found, gap.into_iter().flatten().next()) {
        (Some(good), _) => Fact::Known(Some(good)),
        (None, None) => Fact::Known(None),
        // There may be one that could not be seen: that is not "none".
        (None, Some(gap)) => not_asked(
            "the last good revision",
            format!("{} are missing", gap.what),
        ),
    }
}

async fn good_definition(
    asking: &Asking<'_>,
    listed: Fact<TaskDefinition>,
    good: Option<&str>,
) -> Fact<TaskDefinition> {
    match good {
        None => missing(LAST_GOOD, Why::NotNeeded),
        Some(arn) if listed.known().is_some_and(|listed| listed.arn == arn) => listed,
        Some(arn) => ecs::task_definition(asking, LAST_GOOD, arn).await,
    }
}

/// The tail of the culprit's log: the newest task that shows the first-ranked finding.
async fn log(
    asking: &Asking<'_>,
    arn: &ServiceArn,
    failing: &Fact<TaskDefinition>,
    tasks: &Fact<Vec<StoppedTask>>,
    lines: u8,
) -> Fact<LogTail> {
    let what = "the log of the culprit";
    match log_place(arn, failing, tasks, lines) {
        Ok(Some(place)) => logs::tail(asking, place, lines).await,
        Ok(None) => missing(what, Why::NotNeeded),
        Err(detail) => not_asked(what, detail),
    }
}

/// Where the culprit's log is: nowhere if no container has run, for then none was written.
fn log_place(
    arn: &ServiceArn,
    failing: &Fact<TaskDefinition>,
    tasks: &Fact<Vec<StoppedTask>>,
    lines: u8,
) -> Result<Option<logs::Place>, String> {
    if lines == 0 {
        return Err("reading logs is switched off (LogTailLines is 0)".to_owned());
    }
    let tasks = tasks.known().ok_or("the stopped tasks are missing")?;
    let definition = failing.known().ok_or("the task definition is missing")?;
    let Some((task, container)) = culprit(tasks, definition) else {
        return Ok(None);
    };
    let known = definition.container(&container);
    let known = known.ok_or_else(|| format!("the task definition has no container {container}"))?;
    let log = known.log.as_ref();
    let log = log.ok_or_else(|| format!("container {container} has no log configuration"))?;
    if log.driver != "awslogs" {
        return Err(format!(
            "the log driver of container {container} is {}",
            log.driver
        ));
    }
    let group = log
        .group
        .clone()
        .ok_or_else(|| format!("container {container} names no log group"))?;
    let stream = log.stream(&container, task.id());
    let stream = stream.ok_or("without awslogs-stream-prefix no API tells the stream's name")?;
    let region = log.region.clone().unwrap_or_else(|| arn.region.clone());
    if region != arn.region {
        return Err(format!("the log group is in Region {region}"));
    }
    Ok(Some(logs::Place {
        task_id: task.id().to_owned(),
        container,
        group,
        stream,
        region,
    }))
}
