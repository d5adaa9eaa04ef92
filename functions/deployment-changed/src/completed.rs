//! A deployment completed: the last word of the incidents it ends, and a good revision to remember.

use aws::Invocation;
use aws::gather;
use aws::state::{Claim, Remember};
use domain::alert::compose;
use domain::event::DeploymentEvent;
use domain::facts::{Fact, Service};
use domain::incident::{ClosedIncident, News, OpenIncident, RecordedRevision, ServiceRecord};

use crate::Retry;
use crate::failed::taken;
use crate::telling::mark;

pub(crate) async fn answer(
    event: DeploymentEvent,
    invocation: &Invocation<'_>,
) -> Result<(), Retry> {
    let (asking, state) = (invocation.asking(), invocation.state());
    let (known, record) = tokio::join!(
        gather::service(&asking, &event.service),
        state.record(&event.service)
    );
    let record = match record {
        Fact::Known(record) => record,
        Fact::Missing(missing) => return Err(Retry::NotRemembered(missing)),
    };
    let ended = record.ended_by(event.at);
    for open in &ended {
        tell(&event, open, &known, invocation).await?;
    }
    let (closed, good) = (closed(&event, &record, &ended), good(&event, &known));
    let state = invocation.state_after_publish();
    for what in closed.into_iter().chain(good) {
        if let Fact::Missing(missing) = state.remember(&event.service, &what).await {
            return Err(Retry::NotRemembered(missing));
        }
    }
    Ok(())
}

/// The last word of one incident.
async fn tell(
    event: &DeploymentEvent,
    open: &OpenIncident,
    known: &Fact<Service>,
    invocation: &Invocation<'_>,
) -> Result<(), Retry> {
    let news = News::recovered(&open.deployment, event.at);
    let claim: Claim = invocation
        .state()
        .claim(&event.service, &news, invocation.claimant())
        .await;
    if open.quiet || taken(&claim) {
        return Ok(());
    }
    let target_groups = gather::target_groups(&invocation.asking(), known).await;
    let completed = event.deployment.as_deref().unwrap_or_default();
    let alert = compose::recovered(
        &event.service,
        open,
        completed,
        event.at,
        known,
        &target_groups,
    );
    // Not held to the severity floor: who was told that it began is told that it is over.
    aws::tell::publish(invocation.clients, &invocation.settings.topic_arn, &alert).await?;
    tracing::info!(incident = alert.incident, "published: {}", alert.headline);
    mark(&event.service, &news, invocation).await;
    Ok(())
}

fn closed(
    event: &DeploymentEvent,
    record: &ServiceRecord,
    ended: &[OpenIncident],
) -> Option<Remember> {
    let last = ended.last()?;
    let closed = ClosedIncident {
        deployment: last.deployment.clone(),
        closed_at: event.at,
    };
    let still_open = record.open.iter().filter(|open| !ended.contains(open));
    Some(Remember::Closed(closed, still_open.cloned().collect()))
}

fn good(event: &DeploymentEvent, known: &Fact<Service>) -> Option<Remember> {
    let deployment = event.deployment.as_deref()?;
    let task_definition = known
        .known()?
        .deployment(deployment)?
        .task_definition
        .clone();
    let (deployment, completed_at) = (deployment.to_owned(), event.at);
    Some(Remember::Good(RecordedRevision {
        task_definition,
        deployment,
        completed_at,
    }))
}
