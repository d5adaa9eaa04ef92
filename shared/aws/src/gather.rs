//! Reads everything an engineer would look up by hand, in at most three rounds of calls that run
//! at the same time. Nothing here fails: what cannot be read is a missing fact with its reason.

mod asking;
mod log;
pub mod rollback;
mod stops;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::arn::ServiceArn;
use domain::facts::{
    DeploymentFacts, Fact, GoodRevision, Missing, Service, ServiceDeployment,
    ServiceDeploymentDetail, ServiceRevision, StoppedTask, TargetGroup, TaskDefinition,
    Utilization, Why,
};
use domain::good;
use domain::incident::ServiceRecord;
use futures_util::future::join_all;

pub use asking::Asking;
pub(crate) use asking::missing;
use asking::not_asked;
pub use stops::{AT_ONCE, Around, Definitions, Evidence, around, evidence};

use crate::ecs::StoppedTaskArns;
use crate::{ecs, metrics, targets};

/// The first round: what the service's name alone leads to.
#[derive(Clone, Debug)]
pub struct Glance {
    /// The service now.
    pub service: Fact<Service>,
    task_arns: Fact<StoppedTaskArns>,
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
    let ((tasks, unseen_tasks), target_groups, failing, listed, revisions, details) = tokio::join!(
        stopped_tasks(asking, arn, task_arns, deployment),
        self::target_groups(asking, &service),
        definition(
            asking,
            "the failing task definition",
            failing_arn.as_deref()
        ),
        definition(asking, LAST_GOOD, listed_arn.as_deref()),
        revisions(asking, &history),
        details(asking, &service, &history),
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
        good_definition(asking, listed, &failing, good_arn),
        log::of_the_culprit(asking, arn, &failing, &tasks, log_lines),
    );
    DeploymentFacts {
        service,
        history: ecs::detailed(history, details.known()),
        revisions,
        stopped_tasks: tasks,
        unseen_tasks,
        failing,
        good,
        good_definition,
        target_groups,
        triggered_alarms: details.map(|details| {
            let details = details.into_values();
            details.flat_map(|it| it.triggered_alarms).collect()
        }),
        log,
        utilization,
    }
}

const LAST_GOOD: &str = "the last good task definition";

/// Where no deployment fails, a warning is about what runs. A failed deployment that is no longer
/// listed has left no task definition: what runs now is not its.
fn failing_arn(service: &Fact<Service>, deployment: Option<&str>) -> Option<String> {
    let service = service.known()?;
    let what_runs = || service.primary().filter(|_| deployment.is_none());
    let deployment = good::failing(service, deployment).or_else(what_runs)?;
    Some(deployment.task_definition.clone())
}

fn listed_good(service: &Fact<Service>, failing: Option<&str>) -> Option<String> {
    good::listed(service.known()?, failing).map(|deployment| deployment.task_definition.clone())
}

/// The tasks that the deployment started, newest first, and why some may be missing. Without its
/// id, all of the service's.
async fn stopped_tasks(
    asking: &Asking<'_>,
    arn: &ServiceArn,
    task_arns: Fact<StoppedTaskArns>,
    deployment: Option<&str>,
) -> (Fact<Vec<StoppedTask>>, Option<Missing>) {
    let (tasks, unseen) = match task_arns {
        Fact::Known(listed) => ecs::stopped_tasks(asking, arn, listed).await,
        Fact::Missing(missing) => (Fact::Missing(missing), None),
    };
    let tasks = tasks.map(|mut tasks| {
        tasks.retain(|task| deployment.is_none() || task.started_by.as_deref() == deployment);
        tasks.sort_by_key(|task| std::cmp::Reverse(task.stopped_at.or(task.stopping_at)));
        tasks
    });
    (tasks, unseen)
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
        return not_asked(what, "the service deployment history could not be read");
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

/// The detail of the newest service deployment, for the alarms that stopped it.
async fn details(
    asking: &Asking<'_>,
    service: &Fact<Service>,
    history: &Fact<Vec<ServiceDeployment>>,
) -> Fact<BTreeMap<String, ServiceDeploymentDetail>> {
    let alarms_on = service
        .known()
        .is_some_and(|service| service.alarms.enabled);
    let newest = history.known().and_then(|history| history.first());
    let what = "the alarms that stopped the deployment";
    match newest {
        Some(newest) if alarms_on => ecs::details(asking, what, vec![newest.arn.clone()]).await,
        _ => Fact::Known(BTreeMap::new()),
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
            format!("{} could not be read", gap.what),
        ),
    }
}

async fn good_definition(
    asking: &Asking<'_>,
    listed: Fact<TaskDefinition>,
    failing: &Fact<TaskDefinition>,
    good: Option<&str>,
) -> Fact<TaskDefinition> {
    match good {
        None => missing(LAST_GOOD, Why::NotNeeded),
        Some(arn) if failing.known().is_some_and(|failing| failing.arn == arn) => failing.clone(),
        Some(arn) if listed.known().is_some_and(|listed| listed.arn == arn) => listed,
        Some(arn) => ecs::task_definition(asking, LAST_GOOD, arn).await,
    }
}
