//! The last good revision, and task definitions.

use domain::facts::{
    Deployment, Fact, GoodRevision, Service, ServiceDeployment, ServiceRevision, TaskDefinition,
    Why,
};
use domain::good::{self, Past};
use domain::incident::ServiceRecord;
use domain::verdict::Attempt;

use super::{Asking, missing, not_asked};
use crate::ecs;

pub(super) const LAST_GOOD: &str = "the last good task definition";

pub(super) async fn definition(
    asking: &Asking<'_>,
    what: &str,
    arn: Option<&str>,
) -> Fact<TaskDefinition> {
    match arn {
        Some(arn) => ecs::task_definition(asking, what, arn).await,
        None => missing(what, Why::NotNeeded),
    }
}

pub(super) fn listed_good(service: &Fact<Service>, failing: Option<&str>) -> Option<String> {
    good::listed(service.known()?, failing).map(|deployment| deployment.task_definition.clone())
}

/// The deployment that an alert is about. Where none fails, a warning is about what runs. A failed
/// one that is no longer listed has left no task definition: what runs now is not its.
pub(super) fn subject<'a>(
    service: &'a Fact<Service>,
    deployment: Option<&str>,
) -> Option<&'a Deployment> {
    let service = service.known()?;
    let what_runs = || service.primary().filter(|_| deployment.is_none());
    good::failing(service, deployment).or_else(what_runs)
}

pub(super) fn good_revision(
    service: &Fact<Service>,
    history: &Fact<Vec<ServiceDeployment>>,
    revisions: &Fact<Vec<ServiceRevision>>,
    record: &Fact<ServiceRecord>,
    deployment: Option<&str>,
    newest: Option<&Attempt>,
) -> Fact<Option<GoodRevision>> {
    // Without the revisions nobody knows what the history brought.
    let all = history.known().filter(|_| revisions.known().is_some());
    let all = all.map(Vec::as_slice).unwrap_or_default();
    let found = good::revision(&Past {
        service: service.known(),
        judged: subject(service, deployment),
        history: good::own_history(service.known(), all),
        revisions: revisions.known().map(Vec::as_slice).unwrap_or_default(),
        recorded: record.known().and_then(|record| record.good.as_ref()),
        newest,
    });
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

pub(super) async fn good_definition(
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
