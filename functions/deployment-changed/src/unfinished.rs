//! A rollback, of opsbot or of ECS itself, is looked at again until it is over: one that never ends
//! sends no event, and one that shifts traffic need not send any.

use aws::gather;
use aws::queues::NotSent;
use aws::state::Remember;
use aws::{Invocation, queues};
use domain::alert::compose::Story;
use domain::event::{DeploymentChange, DeploymentEvent};
use domain::facts::{DeploymentFacts, Fact, Missing, Service, Why};
use domain::incident::{ClosedIncident, News, OpenIncident, ServiceRecord};
use domain::verdict::{Aftermath, By, RollbackBegun};

use crate::telling::{Go, claim, mark, send};
use crate::{Retry, completed};

pub(crate) async fn answer(
    begun: &RollbackBegun,
    invocation: &Invocation<'_>,
) -> Result<(), Retry> {
    let (asking, state, service) = (invocation.asking(), invocation.state(), &begun.service);
    let ((known, history), record) = tokio::join!(
        gather::service_and_history(&asking, service),
        state.record(service)
    );
    let record = read(record)?;
    // Its last word was told.
    let Some(open) = record.open_for(&begun.failed).cloned() else {
        return Ok(());
    };
    let aftermath = match (&known, &history) {
        (Fact::Known(service), Fact::Known(history)) => begun.aftermath(service, history),
        (Fact::Missing(missing), _) if matches!(missing.why, Why::NotFound { .. }) => {
            Aftermath::Gone
        }
        (Fact::Missing(missing), _) | (_, Fact::Missing(missing)) => {
            tracing::warn!(?missing, "the rollback could not be looked at");
            return look_again(begun, invocation).await;
        }
    };
    match aftermath {
        // Nobody said that it failed; it was taken back, or was to be.
        Aftermath::Done { deployment, .. } if open.taken_back && deployment == begun.failed => {
            look_again(begun, invocation).await
        }
        Aftermath::Done { deployment, at } => {
            let at = at.filter(|at| *at > open.failed_at);
            let ended = DeploymentEvent {
                service: service.clone(),
                deployment: Some(deployment),
                change: DeploymentChange::Completed,
                reason: None,
                at: at.unwrap_or(invocation.now),
            };
            completed::end(&ended, &record, invocation).await
        }
        // The incident ends with what was released.
        Aftermath::Overtaken => look_again(begun, invocation).await,
        // It may be the rollback of what was released since.
        Aftermath::Failed | Aftermath::UnderWay if is_older(&record, begun) => {
            look_again(begun, invocation).await
        }
        Aftermath::Gone => close(begun, invocation).await,
        Aftermath::Failed => tell(begun, (&open, record), known, true, invocation).await,
        // Nobody was told that ECS began.
        Aftermath::UnderWay if open.quiet && begun.by == By::Ecs => {
            look_again(begun, invocation).await
        }
        Aftermath::UnderWay => {
            let told = tell(begun, (&open, record), known, false, invocation).await;
            if let Err(error) = told {
                tracing::error!("told at the next look: {}", aws::chain(&error));
            }
            look_again(begun, invocation).await
        }
    }
}

/// Whether another deployment failed since.
fn is_older(record: &ServiceRecord, begun: &RollbackBegun) -> bool {
    let newer = |open: &OpenIncident| open.deployment != begun.failed && open.failed_at > begun.at;
    record.open.iter().any(newer)
}

fn read<T>(fact: Fact<T>) -> Result<T, Retry> {
    match fact {
        Fact::Known(known) => Ok(known),
        Fact::Missing(missing) => Err(Retry::NotRemembered(missing)),
    }
}

/// A service that is gone recovers no more. A new one of its name begins without incidents.
async fn close(begun: &RollbackBegun, invocation: &Invocation<'_>) -> Result<(), Retry> {
    let closed = ClosedIncident {
        deployment: begun.failed.clone(),
        closed_at: invocation.now,
    };
    let closed = Remember::Closed(closed, vec![begun.failed.clone()]);
    let state = invocation.state();
    read(state.remember(&begun.service, &closed).await).map(|_| ())
}

/// Tells that it is not done, or failed: each once.
async fn tell(
    begun: &RollbackBegun,
    (open, record): (&OpenIncident, ServiceRecord),
    known: Fact<Service>,
    failed: bool,
    invocation: &Invocation<'_>,
) -> Result<(), Retry> {
    let news = match failed {
        true => News::failed(&begun.failed, invocation.now),
        false => News::unfinished(&begun.failed, begun.at),
    };
    let Go::Tell(unmarked) = claim(&begun.service, &news, invocation).await? else {
        return Ok(());
    };
    let target_groups = gather::target_groups(&invocation.asking(), &known).await;
    let facts = DeploymentFacts::of(known, target_groups);
    let unmarked: Option<Missing> = unmarked;
    let story = Story {
        service: &begun.service,
        deployment: Some(&begun.failed),
        reason: None,
        at: invocation.now,
        facts: &facts,
        record: &Fact::Known(record),
        failed: false,
        unmarked: unmarked.as_ref(),
        judged: None,
    };
    let alert = match failed {
        true => story.failed_too(begun, open),
        false => story.unfinished(begun, open, invocation.now),
    };
    send(&alert, invocation).await?;
    mark(&begun.service, &news, invocation).await;
    Ok(())
}

async fn look_again(begun: &RollbackBegun, invocation: &Invocation<'_>) -> Result<(), Retry> {
    if invocation.now - begun.at >= RollbackBegun::LOOK_UNTIL {
        tracing::warn!(service = %begun.service, "the rollback is not looked at any more");
        return Ok(());
    }
    Ok(look_later(begun, invocation).await?)
}

async fn look_later(begun: &RollbackBegun, invocation: &Invocation<'_>) -> Result<(), NotSent> {
    let Some(queue) = invocation.look_again else {
        return Ok(());
    };
    let (clients, after) = (invocation.clients, RollbackBegun::LOOK_AFTER);
    queues::send(clients, queue, &begun.message(), after).await
}

/// Leaves word to look at a rollback that ECS makes by itself, once its incident is open. Without it
/// only a rollback that stands still goes unnoticed, so it fails nothing.
pub(crate) async fn watch(
    open: &OpenIncident,
    to: &str,
    event: &DeploymentEvent,
    invocation: &Invocation<'_>,
) {
    let begun = RollbackBegun {
        service: event.service.clone(),
        failed: open.deployment.clone(),
        to: to.to_owned(),
        at: event.at,
        by: By::Ecs,
    };
    if let Err(error) = look_later(&begun, invocation).await {
        tracing::error!("the rollback of ECS is not watched: {}", aws::chain(&error));
    }
}
