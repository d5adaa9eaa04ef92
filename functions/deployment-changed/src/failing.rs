//! A deployment keeps failing and ECS does not say so: task-stopped counted its stops, or ECS warned
//! that its tasks cannot start.

use aws::Invocation;
use aws::gather::{self, Glance};
use domain::event::{DeploymentChange, DeploymentEvent, ServiceAction};
use domain::facts::{Deployment, Fact, Rollout};
use domain::incident::ServiceRecord;
use domain::stop::{Silent, Unheard, given_up_at, judge};

use crate::Retry;
use crate::failed::{Failure, How, failing_id};
use crate::telling::{Go, claim};

pub(crate) async fn answer(
    event: DeploymentEvent,
    silent: Silent,
    invocation: &Invocation<'_>,
) -> Result<(), Retry> {
    let (asking, state) = (invocation.asking(), invocation.state());
    let (glance, record) = tokio::join!(
        gather::glance(&asking, &event.service, event.at),
        state.record(&event.service)
    );
    let over = record.known().is_some_and(|it| it.closed_since(event.at));
    if over || passed(&event, &glance) {
        tracing::info!("the deployment does not fail any more");
        return Ok(());
    }
    tell(&event, How::Failing(silent), glance, &record, invocation).await
}

/// Whether a handover comes so late that its deployment has completed, was superseded, or is gone.
fn passed(event: &DeploymentEvent, glance: &Glance) -> bool {
    let (Some(service), Some(id)) = (glance.service.known(), &event.deployment) else {
        return false;
    };
    let listed = service.deployment(id);
    let superseded = |it: &Deployment| {
        let primary = service.primary();
        primary.is_some_and(|primary| primary.id != it.id && primary.created_at > it.created_at)
    };
    listed.is_none_or(|it| it.rollout == Some(Rollout::Completed) || superseded(it))
}

/// The deployment that a warning of ECS is about, if tasks that cannot start are what keeps it from
/// completing.
pub(crate) fn impaired(
    action: &ServiceAction,
    glance: &Glance,
) -> Option<(DeploymentEvent, Unheard)> {
    if action.name != "SERVICE_TASK_START_IMPAIRED" {
        return None;
    }
    let (id, service) = (failing_id(glance)?, glance.service.known()?);
    let listed = service.deployment(&id)?;
    // A warning that comes late is not about what was released since.
    let was_there = listed.created_at.is_none_or(|at| at <= action.at);
    let under_way = was_there && listed.rollout == Some(Rollout::InProgress);
    let unheard = judge(service, &id, false, action.at)
        .ok()
        .filter(|_| under_way)?;
    let event = DeploymentEvent {
        service: action.service.clone(),
        deployment: Some(id),
        change: DeploymentChange::Failing { stops: 0, unheard },
        reason: action.reason.clone(),
        at: action.at,
    };
    Some((event, unheard))
}

/// Whether so many tasks failed that the circuit breaker would give the deployment up. Where the
/// service cannot be read roll-back is to find out.
fn enough(how: How, glance: &Glance) -> bool {
    let stops = how.silent().map_or(0, |silent| silent.stops);
    let service = glance.service.known();
    service.is_none_or(|it| stops >= given_up_at(it.desired))
}

/// Tells it, unless people know of this deployment: one whose incident is open below the severity
/// floor may have become worse. What they know of is judged again where by now
/// enough of it failed.
pub(crate) async fn tell(
    event: &DeploymentEvent,
    how: How,
    glance: Glance,
    record: &Fact<ServiceRecord>,
    invocation: &Invocation<'_>,
) -> Result<(), Retry> {
    let deployment = event.deployment.as_deref();
    let failure = Failure {
        event,
        deployment,
        record,
        how,
    };
    let known = deployment.zip(record.known());
    let open = known.and_then(|(deployment, record)| record.failed(deployment));
    if let Some(open) = open.filter(|open| !open.quiet) {
        tracing::info!("people know of {}", open.id);
        return match enough(how, &glance) {
            true => {
                failure
                    .judged_again(&open.deployment, glance, invocation)
                    .await
            }
            false => Ok(()),
        };
    }
    match claim(&event.service, &failure.news(), invocation).await? {
        Go::Tell(unmarked) => failure.tell(glance, unmarked.as_ref(), invocation).await,
        Go::Drop => Ok(()),
    }
}
