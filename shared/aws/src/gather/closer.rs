//! The second and third round of reads about a failing deployment, and what a verdict wants beside.

use std::collections::BTreeMap;

use domain::arn::ServiceArn;
use domain::facts::{
    DeploymentFacts, Fact, LogTail, Missing, Service, ServiceDeployment, ServiceDeploymentDetail,
    ServiceRevision, StoppedTask, TaskDefinition, Why,
};
use domain::good;
use domain::incident::ServiceRecord;
use domain::short;
use domain::verdict::{Attempt, Case, LookedAt};
use futures_util::future::join_all;

use super::good::{LAST_GOOD, definition, good_definition, good_revision, listed_good, subject};
use super::{Asking, Glance, log, missing, not_asked, target_groups};
use crate::ecs;
use crate::ecs::StoppedTaskArns;

/// The second and third round: what the first one points at, for the deployment that fails.
pub async fn facts(
    asking: &Asking<'_>,
    arn: &ServiceArn,
    glance: Glance,
    deployment: Option<&str>,
    record: &Fact<ServiceRecord>,
    log_lines: u8,
) -> DeploymentFacts {
    let closer = closer(asking, arn, glance, deployment, record, false).await;
    let last = last(asking, arn, &closer, log_lines).await;
    closer.with(last)
}

/// What is known after the second round: all but the culprit's log and the good task definition.
#[derive(Clone, Debug)]
pub struct Closer {
    /// The facts so far.
    pub facts: DeploymentFacts,
    /// The newest stopped tasks of other deployments of the service.
    pub other_tasks: Vec<StoppedTask>,
    listed: Fact<TaskDefinition>,
}

/// What the third round brings.
#[derive(Clone, Debug)]
pub struct Last {
    good_definition: Fact<TaskDefinition>,
    log: Fact<LogTail>,
}

impl Closer {
    /// All of it.
    pub fn with(self, last: Last) -> DeploymentFacts {
        DeploymentFacts {
            good_definition: last.good_definition,
            log: last.log,
            ..self.facts
        }
    }

    /// Leaves out what opsbot took back, as its verdict does.
    pub fn knowing(
        mut self,
        newest: Option<&Attempt>,
        deployment: Option<&str>,
        record: &Fact<ServiceRecord>,
    ) -> Self {
        if newest.is_some() {
            let DeploymentFacts {
                service,
                history,
                revisions,
                ..
            } = &self.facts;
            let good = good_revision(service, history, revisions, record, deployment, newest);
            self.facts.good = good;
        }
        self
    }

    /// The task definitions that were read, by ARN.
    pub fn definitions(&self) -> BTreeMap<String, Fact<TaskDefinition>> {
        let read = [&self.facts.failing, &self.listed].into_iter();
        let known = read.filter_map(|it| it.known());
        short::map(known.map(|it| (it.arn.clone(), Fact::Known(it.clone()))))
    }
}

/// The second round. With `to_judge` also what only a verdict wants.
pub async fn closer(
    asking: &Asking<'_>,
    arn: &ServiceArn,
    glance: Glance,
    deployment: Option<&str>,
    record: &Fact<ServiceRecord>,
    to_judge: bool,
) -> Closer {
    let Glance {
        service,
        task_arns,
        history,
        utilization,
    } = glance;
    let failing_arn = subject(&service, deployment).map(|it| it.task_definition.clone());
    let listed_arn = listed_good(&service, failing_arn.as_deref());
    let (stopped, target_groups, failing, listed, revisions, details) = tokio::join!(
        stopped_tasks(asking, arn, task_arns, deployment),
        target_groups(asking, &service),
        definition(
            asking,
            "the failing task definition",
            failing_arn.as_deref()
        ),
        definition(asking, LAST_GOOD, listed_arn.as_deref()),
        revisions(asking, &history),
        details(asking, &service, &history, to_judge),
    );
    let good = good_revision(&service, &history, &revisions, record, deployment, None);
    let facts = DeploymentFacts {
        service,
        history: ecs::detailed(history, details.known()),
        revisions,
        stopped_tasks: stopped.of_deployment,
        unseen_tasks: stopped.unseen,
        failing,
        good,
        good_definition: missing(LAST_GOOD, Why::NotNeeded),
        target_groups,
        triggered_alarms: details.map(|details| {
            let details = details.into_values();
            details.flat_map(|it| it.triggered_alarms).collect()
        }),
        log: missing("the log", Why::NotNeeded),
        utilization,
    };
    Closer {
        facts,
        other_tasks: stopped.of_others,
        listed,
    }
}

/// The third round.
pub async fn last(asking: &Asking<'_>, arn: &ServiceArn, closer: &Closer, log_lines: u8) -> Last {
    let Closer { facts, listed, .. } = closer;
    let (failing, tasks) = (&facts.failing, &facts.stopped_tasks);
    let good = facts.good.known().and_then(Option::as_ref);
    let good = good.map(|good| good.task_definition.as_str());
    let (good_definition, log) = tokio::join!(
        good_definition(asking, listed.clone(), failing, good),
        log::of_the_culprit(asking, arn, failing, tasks, log_lines),
    );
    Last {
        good_definition,
        log,
    }
}

/// Rounds that a verdict may need beside: each leads further down the list of candidates.
const ROUNDS: usize = 2;

/// Reads what the facts of a case name and nobody has read. Mostly that is nothing.
pub async fn complete(asking: &Asking<'_>, case: &mut Case) {
    for _ in 0..ROUNDS {
        let wanted = LookedAt::named_by(case);
        let known = case.revisions.known().map(Vec::as_slice);
        let known = known.unwrap_or_default();
        let unread = |arn: &String| !known.iter().any(|it| it.arn == *arn);
        let revisions: Vec<String> = wanted.revisions.into_iter().filter(unread).collect();
        let unread = |arn: &String| !case.definitions.contains_key(arn);
        let definitions: Vec<String> = wanted.definitions.into_iter().filter(unread).collect();
        if revisions.is_empty() && definitions.is_empty() {
            return;
        }
        let read = definitions
            .iter()
            .map(|arn| ecs::task_definition(asking, LAST_GOOD, arn));
        let (revisions, read) = tokio::join!(some_revisions(asking, revisions), join_all(read));
        case.definitions.extend(definitions.into_iter().zip(read));
        if let (Fact::Known(all), Fact::Known(more)) = (&mut case.revisions, revisions) {
            all.extend(more);
        }
    }
}

async fn some_revisions(asking: &Asking<'_>, arns: Vec<String>) -> Fact<Vec<ServiceRevision>> {
    if arns.is_empty() {
        return Fact::Known(Vec::new());
    }
    ecs::revisions(asking, arns).await
}

/// The stopped tasks of a service, newest first.
struct Stopped {
    /// Those that the deployment started; without its id, all.
    of_deployment: Fact<Vec<StoppedTask>>,
    /// The others.
    of_others: Vec<StoppedTask>,
    /// Why some may be missing.
    unseen: Option<Missing>,
}

async fn stopped_tasks(
    asking: &Asking<'_>,
    arn: &ServiceArn,
    task_arns: Fact<StoppedTaskArns>,
    deployment: Option<&str>,
) -> Stopped {
    let (tasks, unseen) = match task_arns {
        Fact::Known(listed) => ecs::stopped_tasks(asking, arn, listed).await,
        Fact::Missing(missing) => (Fact::Missing(missing), None),
    };
    let mut of_others = Vec::new();
    let of_deployment = tasks.map(|mut tasks| {
        short::sort_by_key(&mut tasks, |task| {
            std::cmp::Reverse(task.stopped_at.or(task.stopping_at))
        });
        let own =
            |task: &StoppedTask| deployment.is_none() || task.started_by.as_deref() == deployment;
        let (own, others) = tasks.into_iter().partition(own);
        of_others = others;
        own
    });
    Stopped {
        of_deployment,
        of_others,
        unseen,
    }
}

/// The revisions of the newest deployments that succeeded, and of the newest of all, in one call.
async fn revisions(
    asking: &Asking<'_>,
    history: &Fact<Vec<ServiceDeployment>>,
) -> Fact<Vec<ServiceRevision>> {
    let what = "the service revisions";
    let Some(history) = history.known() else {
        return not_asked(what, "the service deployment history could not be read");
    };
    some_revisions(asking, good::to_read(history)).await
}

/// The details of the newest service deployment, for the alarms that stopped it, and for a verdict
/// also of the current one.
async fn details(
    asking: &Asking<'_>,
    service: &Fact<Service>,
    history: &Fact<Vec<ServiceDeployment>>,
    to_judge: bool,
) -> Fact<BTreeMap<String, ServiceDeploymentDetail>> {
    let known = service.known();
    let alarms_on = known.is_some_and(|service| service.alarms.enabled);
    let newest = history.known().and_then(|history| history.first());
    let newest = newest.map(|newest| newest.arn.clone());
    let current = known.and_then(|service| service.current_service_deployment.clone());
    let what = "the alarms that stopped the deployment";
    let mut arns: Vec<String> = match (to_judge, alarms_on) {
        (true, _) => newest.into_iter().chain(current).collect(),
        (false, true) => newest.into_iter().collect(),
        (false, false) => Vec::new(),
    };
    arns.dedup();
    if arns.is_empty() {
        return Fact::Known(BTreeMap::new());
    }
    ecs::details(asking, what, arns).await
}
