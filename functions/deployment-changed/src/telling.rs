//! Claim, publish, mark: how a piece of news leaves exactly once, or twice rather than never.

use aws::Invocation;
use aws::state::Claim;
use domain::alert::{Alert, compose};
use domain::arn::ServiceArn;
use domain::event::Malformed;
use domain::facts::Missing;
use domain::incident::News;
use serde_json::Value;

use crate::Retry;

/// How often to look at what another invocation is doing, before this event has to come again.
const LOOKS: usize = 5;

/// Looks until another invocation has done its part, a few times at most.
///
/// # Errors
///
/// `late`: it has not, and it may have died.
pub(crate) async fn look<T>(
    invocation: &Invocation<'_>,
    late: Retry,
    look: impl AsyncFn() -> Option<T>,
) -> Result<T, Retry> {
    for _ in 0..LOOKS {
        if let Some(seen) = look().await {
            return Ok(seen);
        }
        tokio::time::sleep(invocation.patience).await;
    }
    Err(late)
}

/// Claims a piece of news. What another invocation holds is looked at again until it is told or
/// free.
///
/// # Errors
///
/// It is still held: this event must come again, for whoever holds it may have died.
pub(crate) async fn claim(
    service: &ServiceArn,
    news: &News,
    invocation: &Invocation<'_>,
) -> Result<Go, Retry> {
    let state = invocation.state();
    look(invocation, Retry::Held, async || {
        match state.claim(service, news, invocation.claimant()).await {
            Claim::Ours => Some(Go::Tell(None)),
            Claim::Unreachable(missing) => Some(Go::Tell(Some(missing))),
            Claim::Told => {
                tracing::info!(news = news.key, "told already; dropped a duplicate");
                Some(Go::Drop)
            }
            Claim::Held => None,
        }
    })
    .await
}

/// Whether a claim lets the news be told.
pub(crate) enum Go {
    /// Tell it. The marks could not be asked where there is a `Missing`.
    Tell(Option<Missing>),
    /// It was told.
    Drop,
}

/// Publishes an alert, if it is severe enough or `owed` to whom was told what it follows. Whether it
/// was quiet is the answer.
pub(crate) async fn publish(
    alert: &Alert,
    owed: bool,
    invocation: &Invocation<'_>,
) -> Result<bool, Retry> {
    if !owed && alert.severity < invocation.settings.severity_floor {
        tracing::info!(
            incident = alert.incident,
            "below the severity floor: {}",
            alert.headline
        );
        return Ok(true);
    }
    send(alert, invocation).await?;
    Ok(false)
}

/// Publishes an alert whatever its severity: who was told that an incident began is told how it
/// goes on and that it is over.
pub(crate) async fn send(alert: &Alert, invocation: &Invocation<'_>) -> Result<(), Retry> {
    aws::tell::publish(invocation.clients, &invocation.settings.topic_arn, alert).await?;
    tracing::info!(incident = alert.incident, kind = ?alert.kind, "published: {}", alert.headline);
    Ok(())
}

/// Marks a piece of news as told, now that SNS took it. A mark that cannot be written costs a
/// duplicate at worst, so it fails nothing.
pub(crate) async fn mark(service: &ServiceArn, news: &News, invocation: &Invocation<'_>) {
    let state = invocation.state_after_publish();
    if let Some(missing) = state.told(service, news, invocation.now).await.missing() {
        tracing::error!(news = news.key, ?missing, "could not mark it as told");
    }
}

/// An event that cannot be read: a thin alert, once in a while, and the event in the log.
pub(crate) async fn unreadable(
    event: Malformed,
    raw: &Value,
    invocation: &Invocation<'_>,
) -> Result<(), Retry> {
    let excerpt = domain::sanitize::line(&raw.to_string(), 4_000);
    tracing::error!(event = excerpt, "unreadable event: {}", event.why);
    let settings = invocation.settings;
    let nobody = || ServiceArn {
        partition: settings.partition.clone(),
        region: settings.region.clone(),
        account: settings.account.clone(),
        cluster: "unknown".to_owned(),
        service: "unknown".to_owned(),
    };
    let service = event.service.clone().unwrap_or_else(nobody);
    let at = raw
        .get("time")
        .and_then(Value::as_str)
        .and_then(domain::facts::parse_time);
    let at = at.unwrap_or(invocation.now);
    let news = News::unreadable(&event.why, invocation.now, settings.lasting);
    if let Go::Tell(_) = claim(&service, &news, invocation).await? {
        let alert = compose::unreadable(&event, service.clone(), at);
        publish(&alert, false, invocation).await?;
        mark(&service, &news, invocation).await;
    }
    Ok(())
}
