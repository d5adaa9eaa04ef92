//! The last good revision, and task definitions.

use domain::facts::{
    Fact, GoodRevision, Service, ServiceDeployment, ServiceRevision, TaskDefinition, Why,
};
use domain::good;
use domain::incident::ServiceRecord;

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

pub(super) fn good_revision(
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
