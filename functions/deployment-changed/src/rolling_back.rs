//! ECS began to roll back. The event names the deployment it goes back to, never the one that
//! failed, and it is sent in the same second as the failure itself: whichever comes first tells the
//! failure, and the rollback is an update only where the first alert did not have it. What opsbot
//! asked ECS for is told by roll-back.

use aws::Invocation;
use aws::gather::{self, Glance};
use aws::state::{Claim, Remember};
use chrono::{DateTime, TimeDelta, Utc};
use domain::alert::compose::Story;
use domain::event::DeploymentEvent;
use domain::facts::{Deployment, DeploymentFacts, Fact, Rollout};
use domain::incident::{News, OpenIncident, ServiceRecord};
use domain::verdict::Attempt;

use crate::failed::{Failure, How, failing_id};
use crate::telling::{Go, claim, look, mark, send};
use crate::{Retry, completed, unfinished};

/// ECS begins with what it was asked for within seconds.
const JUST_NOW: TimeDelta = TimeDelta::minutes(5);

/// roll-back tells at once; where it dies, another look after two minutes does.
const BEING_TOLD: TimeDelta = TimeDelta::minutes(3);

pub(crate) async fn answer(
    event: DeploymentEvent,
    invocation: &Invocation<'_>,
) -> Result<(), Retry> {
    let (asking, state) = (invocation.asking(), invocation.state());
    let service = &event.service;
    let (glance, record, attempted) = tokio::join!(
        gather::glance(&asking, service, event.at),
        state.record(service),
        attempted(&event, invocation)
    );
    let over = record
        .known()
        .is_some_and(|record| record.closed_since(event.at));
    if over || ended(&event, &glance) {
        tracing::info!("the rollback is over; dropped a late event");
        return Ok(());
    }
    let failed = failing_id(&glance).filter(|id| Some(id) != event.deployment.as_ref());
    let deployment = failed.or_else(|| just_attempted(&attempted, event.at));
    if let Some(open) = open_for(&record, deployment.as_deref()) {
        let by_opsbot = is_in(&attempted, &open.deployment);
        return update(&event, open, glance, (&record, by_opsbot), invocation).await;
    }
    let by_opsbot = deployment
        .as_deref()
        .is_some_and(|it| is_in(&attempted, it));
    // A person asked for it, and roll-back is about to open its incident. Where it does not, it may
    // have died, and this event is all there is to tell of.
    if by_opsbot {
        match look_again(&event, deployment.as_deref(), invocation).await {
            Ok((open, record)) => {
                return update(&event, &open, glance, (&record, true), invocation).await;
            }
            Err(retry) if is_being_told(&attempted, invocation.time()) => return Err(retry),
            Err(_) => {}
        }
    }
    let failure = Failure {
        event: &event,
        deployment: deployment.as_deref(),
        record: &record,
        how: How::Failed,
    };
    let news = failure.news();
    match state.claim(service, &news, invocation.claimant()).await {
        Claim::Ours => failure.tell(glance, None, invocation).await,
        Claim::Unreachable(missing) => failure.tell(glance, Some(&missing), invocation).await,
        Claim::Told | Claim::Held => {
            let (open, record) = look_again(&event, deployment.as_deref(), invocation).await?;
            let by_opsbot = is_in(&attempted, &open.deployment);
            update(&event, &open, glance, (&record, by_opsbot), invocation).await
        }
    }
}

/// The rollbacks of the service that opsbot asked for.
async fn attempted(event: &DeploymentEvent, invocation: &Invocation<'_>) -> Fact<Vec<Attempt>> {
    match invocation.rollbacks {
        Some(_) => invocation.state().attempted(&event.service).await,
        None => Fact::Known(Vec::new()),
    }
}

/// The deployment that opsbot had ECS go back from a moment ago, where ECS does not mark one as
/// failed: one that was stopped need not have failed.
fn just_attempted(attempted: &Fact<Vec<Attempt>>, at: DateTime<Utc>) -> Option<String> {
    let newest = attempted.known()?.iter().max_by_key(|attempt| attempt.at)?;
    ((at - newest.at).abs() < JUST_NOW).then(|| newest.failed.clone())
}

/// Whether whoever made the newest attempt, or who is asked to look after it, may yet tell of it.
fn is_being_told(attempted: &Fact<Vec<Attempt>>, now: DateTime<Utc>) -> bool {
    let newest = attempted
        .known()
        .and_then(|all| all.iter().map(|it| it.at).max());
    newest.is_some_and(|at| now - at < BEING_TOLD)
}

fn is_in(attempted: &Fact<Vec<Attempt>>, failed: &str) -> bool {
    let attempted = attempted.known();
    attempted.is_some_and(|all| all.iter().any(|attempt| attempt.failed == failed))
}

/// The rollback completed, a later release took its place, or the service is being deleted. A release
/// that came later is not what ECS rolls back, however badly it does.
fn ended(event: &DeploymentEvent, glance: &Glance) -> bool {
    let Some(service) = glance.service.known() else {
        return false;
    };
    let is_it = |it: &Deployment| Some(&it.id) == event.deployment.as_ref();
    let primary = service.primary();
    let completed = primary.is_some_and(|it| it.rollout == Some(Rollout::Completed));
    let later = primary.is_some_and(|it| !is_it(it) && it.created_at > Some(event.at));
    service.is_deleted() || completed || later
}

/// The incident of the deployment that failed; the newest where ECS does not say which one did.
fn open_for<'a>(record: &'a Fact<ServiceRecord>, failed: Option<&str>) -> Option<&'a OpenIncident> {
    let record = record.known()?;
    match failed {
        Some(failed) => record.open_for(failed),
        None => record.open.last(),
    }
}

/// The failure was told or is being told by another invocation: its incident appears in the table
/// right after. Where that takes longer, this event comes again.
async fn look_again(
    event: &DeploymentEvent,
    failed: Option<&str>,
    invocation: &Invocation<'_>,
) -> Result<(OpenIncident, Fact<ServiceRecord>), Retry> {
    look(invocation, Retry::NotOpenYet, async || {
        let record = invocation.state().record(&event.service).await;
        let open = open_for(&record, failed).cloned()?;
        Some((open, record))
    })
    .await
}

/// Tells that ECS rolls back, unless people know it.
async fn update(
    event: &DeploymentEvent,
    open: &OpenIncident,
    glance: Glance,
    (record, by_opsbot): (&Fact<ServiceRecord>, bool),
    invocation: &Invocation<'_>,
) -> Result<(), Retry> {
    if open.rolling_back_to == event.deployment {
        return Ok(());
    }
    let to = event.deployment.clone().unwrap_or_default();
    let news = News::rolling_back(&open.deployment, &to, event.at);
    let Go::Tell(unmarked) = claim(&event.service, &news, invocation).await? else {
        return Ok(());
    };
    let target_groups = gather::target_groups(&invocation.asking(), &glance.service).await;
    let facts = DeploymentFacts::of(glance.service, target_groups);
    let story = Story {
        service: &event.service,
        deployment: Some(&open.deployment),
        reason: event.reason.as_deref(),
        at: event.at,
        facts: &facts,
        record,
        failed: true,
        unmarked: unmarked.as_ref(),
        judged: None,
    };
    if !open.quiet && !by_opsbot {
        let alert = story.rolling_back(open);
        send(&alert, invocation).await?;
    }
    // What opsbot asked ECS for is watched already.
    if let (false, Some(to)) = (by_opsbot, story.response().goes_back_to()) {
        unfinished::watch(open, to, event, invocation).await;
    }
    let open = OpenIncident {
        rolling_back_to: event.deployment.clone(),
        unsure: false,
        ..open.clone()
    };
    let (state, service) = (invocation.state_after_publish(), &event.service);
    match state.remember(service, &Remember::Open(open.clone())).await {
        // It may have been over in the meantime.
        Fact::Known(record) => {
            completed::end_if_overtaken(service, &record, &open, invocation).await?;
        }
        Fact::Missing(missing) => {
            tracing::error!(?missing, "could not remember that the rollback was told");
        }
    }
    mark(service, &news, invocation).await;
    Ok(())
}
