//! A deployment completed: the last word of the incidents it ends, and a good revision to remember.

use aws::Invocation;
use aws::gather;
use aws::state::Remember;
use domain::alert::compose;
use domain::arn::ServiceArn;
use domain::event::{DeploymentChange, DeploymentEvent};
use domain::facts::{Fact, Service, Why};
use domain::incident::{ClosedIncident, News, OpenIncident, RecordedRevision, ServiceRecord};

use crate::Retry;
use crate::telling::{Go, claim, mark, send};

/// The good revision is written before the incidents are read (the write itself answers with them),
/// and a failure writes its incident before it reads the good revision: whichever comes second sees
/// the other.
pub(crate) async fn answer(
    event: DeploymentEvent,
    invocation: &Invocation<'_>,
) -> Result<(), Retry> {
    let (state, service) = (invocation.state(), &event.service);
    let known = gather::service(&invocation.asking(), service).await;
    let record = match good(&event, &known) {
        Some(good) => state.remember(service, &good).await,
        None => state.record(service).await,
    };
    let record = match record {
        Fact::Known(record) => record,
        Fact::Missing(missing) => return Err(Retry::NotRemembered(missing)),
    };
    tell_all(&event, &known, &record, invocation).await?;
    // Nothing is on record that a failure could see which is being told right now.
    match known {
        Fact::Missing(missing) if !matches!(missing.why, Why::NotFound { .. }) => {
            Err(Retry::NotRemembered(missing))
        }
        _ => Ok(()),
    }
}

/// Ends incidents that were remembered as open after their service was good again.
pub(crate) async fn end_if_overtaken(
    service: &ServiceArn,
    record: &ServiceRecord,
    open: &OpenIncident,
    invocation: &Invocation<'_>,
) -> Result<(), Retry> {
    let good = record.good.as_ref();
    let Some(good) = good.filter(|good| good.completed_at > open.failed_at) else {
        return Ok(());
    };
    let ended = DeploymentEvent {
        service: service.clone(),
        deployment: Some(good.deployment.clone()),
        change: DeploymentChange::Completed,
        reason: None,
        at: good.completed_at,
    };
    end(&ended, record, invocation).await
}

/// Ends the incidents of `record` that a completion overtook.
pub(crate) async fn end(
    event: &DeploymentEvent,
    record: &ServiceRecord,
    invocation: &Invocation<'_>,
) -> Result<(), Retry> {
    let known = gather::service(&invocation.asking(), &event.service).await;
    tell_all(event, &known, record, invocation).await
}

async fn tell_all(
    event: &DeploymentEvent,
    known: &Fact<Service>,
    record: &ServiceRecord,
    invocation: &Invocation<'_>,
) -> Result<(), Retry> {
    let mut ended = Vec::new();
    for open in record.ended_by(event.at) {
        tell(event, &open, known, invocation).await?;
        ended.push(open.deployment);
    }
    let Some(last) = ended.last().cloned() else {
        return Ok(());
    };
    let closed = ClosedIncident {
        deployment: last,
        closed_at: event.at,
    };
    let closed = Remember::Closed(closed, ended);
    let state = invocation.state_after_publish();
    match state.remember(&event.service, &closed).await {
        Fact::Known(_) => Ok(()),
        Fact::Missing(missing) => Err(Retry::NotRemembered(missing)),
    }
}

/// Tells the last word of one incident.
async fn tell(
    event: &DeploymentEvent,
    open: &OpenIncident,
    known: &Fact<Service>,
    invocation: &Invocation<'_>,
) -> Result<(), Retry> {
    let attempt = match invocation.rollbacks {
        Some(_) => {
            let state = invocation.state();
            state.attempt_at(&event.service, &open.deployment).await
        }
        None => Fact::Known(None),
    };
    // What opsbot wrote was told, whatever the floor.
    let attempt = match attempt {
        Fact::Known(None) if open.quiet => return Ok(()),
        Fact::Missing(missing) if open.quiet => return Err(Retry::NotRemembered(missing)),
        Fact::Known(attempt) => attempt,
        Fact::Missing(_) => None,
    };
    let news = News::recovered(&open.deployment, event.at);
    if let Go::Drop = claim(&event.service, &news, invocation).await? {
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
        attempt.as_ref(),
    );
    send(&alert, invocation).await?;
    mark(&event.service, &news, invocation).await;
    Ok(())
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
