//! Claim, publish, mark: how a piece of news leaves exactly once, or twice rather than never. And
//! the record of every decision.

use aws::queues::NotSent;
use aws::state::{Claim, Remember};
use domain::alert::Alert;
use domain::alert::compose::Rollback;
use domain::facts::Rollout;
use domain::incident::{ClosedIncident, News, OpenIncident, incident_id};
use domain::sanitize::line;
use domain::verdict::{By, Decision, RollbackBegun, TellLater};

use crate::asked::Asked;
use crate::ended::Ended;
use crate::{Means, Retry};

/// How often to look at what another invocation tells.
const LOOKS: u32 = 3;

/// Tells how a request ended, unless that was told. Where the table cannot say whether it was, it is
/// told if `unmarked`.
pub(crate) async fn tell(
    asked: &Asked,
    ended: &Ended,
    unmarked: bool,
    means: &Means<'_>,
) -> Result<(), Retry> {
    let news = ended.news(asked);
    if !claim(asked, &news, unmarked, means).await? {
        tracing::info!(news = news.key, "told already; dropped a duplicate");
        return Ok(());
    }
    let open = ended.open();
    let incident = match (&asked.incident, open) {
        (Some(incident), _) => incident.clone(),
        (None, Some(open)) => open.id.clone(),
        (None, None) => incident_id(&asked.service, &asked.deployment),
    };
    let rollback = Rollback {
        incident: &incident,
        case: &ended.case,
        verdict: &ended.verdict,
        tried: ended.tried.as_ref().map(|(plan, outcome)| (plan, outcome)),
        unknown: ended.unknown(asked).is_some(),
        reason: asked.reason.as_deref(),
        at: ended.case.now,
    };
    let alert = rollback.alert();
    let is_known = open.is_some_and(|open| !open.quiet);
    let whatever = is_known || rollback.unknown || ended.may_be_on();
    let (published, sent, ()) = tokio::join!(
        publish(&alert, whatever, means),
        look_again(ended, means),
        open_it(asked, &alert, ended, means)
    );
    published?;
    sent?;
    let state = means.invocation.state_after_publish();
    let marked = state
        .told(&asked.service, &news, means.invocation.now)
        .await;
    if let Some(missing) = marked.missing() {
        tracing::error!(news = news.key, ?missing, "could not mark it as told");
    }
    Ok(())
}

/// Leaves word to tell later what a person asked for, if it is not told by then. Whether it was left
/// is the answer.
pub(crate) async fn tell_later(asked: &Asked, means: &Means<'_>) -> bool {
    let Some(queue) = means.look_again else {
        return false;
    };
    let later = TellLater::of(&asked.request(means.invocation.now));
    let clients = means.invocation.clients;
    let sent = aws::queues::send(clients, queue, &later.message(), TellLater::AFTER).await;
    sent.inspect_err(|error| tracing::error!("{}", aws::chain(error)))
        .is_ok()
}

/// Opens the incident of a rollback that a person asked for where none is open, so that its end is
/// told, and what ECS says of it on the way is not told as a failure. Who asks through the queue has
/// an incident, open or over.
async fn open_it(asked: &Asked, alert: &Alert, ended: &Ended, means: &Means<'_>) {
    let has_one = asked.incident.is_some() && !asked.only_tell;
    let Some(record) = ended.case.record.known() else {
        return;
    };
    let is_over = |closed: &ClosedIncident| closed.deployment == ended.case.deployment;
    if has_one
        || !ended.may_be_on()
        || ended.open().is_some()
        || record.closed.as_ref().is_some_and(is_over)
    {
        return;
    }
    let case = &ended.case;
    let service = case.service.known();
    let failing = service.and_then(|it| it.deployment(&case.deployment));
    let incident = OpenIncident {
        id: alert.incident.clone(),
        deployment: case.deployment.clone(),
        failing: failing.map(|it| it.task_definition.clone()),
        failed_at: case.now,
        rolling_back_to: None,
        quiet: false,
        taken_back: failing.is_none_or(|it| it.rollout != Some(Rollout::Failed)),
        unsure: ended
            .tried
            .as_ref()
            .is_some_and(|(_, outcome)| outcome.is_unsure()),
    };
    let state = means.invocation.state_after_publish();
    let opened = state
        .remember(&case.arn, &Remember::OpenIfNone(incident))
        .await;
    if let Some(missing) = opened.missing() {
        tracing::error!(?missing, "the end of this rollback will not be told");
    }
}

/// Has deployment-changed look at the rollback after a while, also where it is only known that it may
/// be on: one that never ends sends no event.
async fn look_again(ended: &Ended, means: &Means<'_>) -> Result<(), NotSent> {
    let (Some(queue), Some((plan, _))) = (means.look_again, &ended.tried) else {
        return Ok(());
    };
    if !ended.may_be_on() {
        return Ok(());
    }
    let case = &ended.case;
    let begun = RollbackBegun {
        service: case.arn.clone(),
        failed: case.deployment.clone(),
        to: plan.to().to_owned(),
        at: case.now,
        by: By::Opsbot,
    };
    let clients = means.invocation.clients;
    aws::queues::send(clients, queue, &begun.message(), RollbackBegun::LOOK_AFTER).await
}

/// Whether it is ours to tell. Without the table that is `unmarked`: alerts fail open.
async fn claim(
    asked: &Asked,
    news: &News,
    unmarked: bool,
    means: &Means<'_>,
) -> Result<bool, Retry> {
    let invocation = means.invocation;
    let state = invocation.state_after_publish();
    for tries in 0..LOOKS {
        match state
            .claim(&asked.service, news, invocation.claimant())
            .await
        {
            Claim::Ours => return Ok(true),
            Claim::Unreachable(_) => return Ok(unmarked),
            Claim::Told => return Ok(false),
            Claim::Held => {
                invocation.pause(tries).await;
            }
        }
    }
    Err(Retry::UnderWay)
}

/// What opsbot wrote, or may have, is told whatever the floor; and who was told that it began is told
/// how it goes on.
async fn publish(alert: &Alert, whatever: bool, means: &Means<'_>) -> Result<(), Retry> {
    let invocation = means.invocation;
    if whatever {
        let topic = &invocation.settings.topic_arn;
        aws::tell::publish(invocation.clients, topic, alert).await?;
        let (incident, kind) = (&alert.incident, alert.kind);
        tracing::info!(incident, ?kind, "published: {}", alert.headline);
    } else {
        aws::tell::publish_if_loud(invocation, alert).await?;
    }
    Ok(())
}

/// Records a decision, and once it is known what became of it.
pub(crate) async fn record(asked: &Asked, ended: &Ended, means: &Means<'_>) {
    // Who only tells decides nothing.
    if asked.only_tell {
        return;
    }
    let Ended {
        case,
        verdict,
        tried,
    } = ended;
    let decision = Decision::of(case, verdict, "roll-back", means.invocation.request_id);
    let decision = Decision {
        reason: asked.reason.as_deref().map(|reason| line(reason, 300)),
        outcome: tried.as_ref().map(|(plan, outcome)| outcome.sentence(plan)),
        ..decision
    };
    let state = means.invocation.state_after_publish();
    // Where the table does not take it, the log has it, and says so.
    let _ = state.decided(&case.arn, &decision).await;
}
