//! ECS began to roll back. The event names the deployment it goes back to, never the one that
//! failed, and it is sent in the same second as the failure itself: whichever comes first tells the
//! failure, and the rollback is an update only where the first alert did not have it.

use aws::Invocation;
use aws::gather::{self, Glance};
use aws::state::Remember;
use domain::alert::compose::Story;
use domain::event::DeploymentEvent;
use domain::facts::{DeploymentFacts, Fact};
use domain::incident::{News, OpenIncident, ServiceRecord};

use crate::Retry;
use crate::failed::{Failure, failing_id, taken};
use crate::telling::{Go, go, mark, publish};

/// How often to look again for the incident that another invocation is about to open.
const LOOKS: usize = 5;

pub(crate) async fn answer(
    event: DeploymentEvent,
    invocation: &Invocation<'_>,
) -> Result<(), Retry> {
    let (asking, state) = (invocation.asking(), invocation.state());
    let service = &event.service;
    let (glance, record) = tokio::join!(
        gather::glance(&asking, service, event.at),
        state.record(service)
    );
    if let Some(open) = newest_open(&record) {
        return update(&event, open, glance, &record, invocation).await;
    }
    if record
        .known()
        .is_some_and(|record| record.closed_since(event.at))
    {
        tracing::info!("the rollback is over; dropped a late event");
        return Ok(());
    }
    let deployment = failing_id(&glance).filter(|id| Some(id) != event.deployment.as_ref());
    let failure = Failure {
        event: &event,
        deployment: deployment.as_deref(),
        record: &record,
    };
    let news = failure.news();
    let claim = state.claim(service, &news, invocation.claimant()).await;
    if taken(&claim) {
        return match look_again(&event, invocation).await {
            Some((open, record)) => update(&event, &open, glance, &record, invocation).await,
            None => Ok(()),
        };
    }
    match go(claim, &news) {
        Go::Tell(unmarked) => failure.tell(glance, unmarked.as_ref(), invocation).await,
        Go::Drop => Ok(()),
    }
}

fn newest_open(record: &Fact<ServiceRecord>) -> Option<&OpenIncident> {
    record.known()?.open.last()
}

/// The failure was told or is being told by another invocation: its incident appears in the table
/// right after. Where it does not, it is over or that invocation will be retried.
async fn look_again(
    event: &DeploymentEvent,
    invocation: &Invocation<'_>,
) -> Option<(OpenIncident, Fact<ServiceRecord>)> {
    for _ in 0..LOOKS {
        let record = invocation.state().record(&event.service).await;
        if let Some(open) = newest_open(&record).cloned() {
            return Some((open, record));
        }
        tokio::time::sleep(invocation.patience).await;
    }
    tracing::warn!("the failure is told, but no incident is open; no update is sent");
    None
}

/// Tells that ECS rolls back, unless people know it.
async fn update(
    event: &DeploymentEvent,
    open: &OpenIncident,
    glance: Glance,
    record: &Fact<ServiceRecord>,
    invocation: &Invocation<'_>,
) -> Result<(), Retry> {
    if open.rolling_back_to == event.deployment {
        return Ok(());
    }
    let to = event.deployment.clone().unwrap_or_default();
    let news = News::rolling_back(&to, event.at);
    let claim = invocation
        .state()
        .claim(&event.service, &news, invocation.claimant())
        .await;
    let Go::Tell(unmarked) = go(claim, &news) else {
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
        unmarked: unmarked.as_ref(),
    };
    if !open.quiet {
        publish(&story.rolling_back(open), invocation).await?;
    }
    let open = OpenIncident {
        rolling_back_to: event.deployment.clone(),
        ..open.clone()
    };
    let known = record.known().cloned().unwrap_or_default();
    let state = invocation.state_after_publish();
    let what = Remember::Open(known.open_with(open));
    tokio::join!(mark(&event.service, &news, invocation), async {
        if let Some(missing) = state.remember(&event.service, &what).await.missing() {
            tracing::error!(?missing, "could not remember that the rollback was told");
        }
    });
    Ok(())
}
