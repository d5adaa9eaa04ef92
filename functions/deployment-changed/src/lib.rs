//! Answers `ECS Deployment State Change` and `ECS Service Action` events, and failing deployments
//! that task-stopped noticed: one alert an incident, an
//! update when ECS rolls back, a last word when it is over.
//!
//! The story, for each event: parse it, gather what an engineer would look up, diagnose, decide
//! what is news, tell it, remember it. An `Err` means "please retry me": SNS did not take the alert,
//! or what was told before could not be read. An event that cannot be read is told once and dropped.

mod completed;
mod failed;
mod failing;
mod rolling_back;
mod telling;
mod unfinished;
mod verdict;
mod warned;

use aws::Invocation;
use aws::queues::NotSent;
use aws::tell::NotPublished;
use domain::event::{DeploymentChange, Parsed, Trigger, parse};
use domain::facts::Missing;
use domain::stop::Silent;
use domain::verdict::{RollbackBegun, TellLater};
use serde_json::Value;

/// Why an event must come again.
#[derive(Debug, thiserror::Error)]
pub enum Retry {
    /// SNS did not take the alert.
    #[error(transparent)]
    NotPublished(#[from] NotPublished),
    /// Whether an incident is open could not be read, so its end cannot be told.
    #[error("could not read {} while a deployment completed: {:?}", .0.what, .0.why)]
    NotRemembered(Missing),
    /// Another invocation has been telling the same news for long; it may have died.
    #[error("another invocation holds this news")]
    Held,
    /// roll-back could not be asked for a rollback.
    #[error("could not ask for a rollback: {:?}", .0.why)]
    NotAsked(Missing),
    /// The word to look at a rollback again could not be left.
    #[error("could not ask for another look at the rollback")]
    NotWatched(#[from] NotSent),
    /// The failure that a rollback belongs to is being told by another invocation.
    #[error("the incident that this rollback belongs to is not open yet")]
    NotOpenYet,
}

/// Answers what Lambda hands over: an event, as EventBridge sends it, or a message of its queue.
///
/// Through that queue task-stopped hands over failing deployments, with an event in the message,
/// and roll-back leaves word to look at a rollback that it began, or to ask it once more to tell.
///
/// # Errors
///
/// The event must come again; see [`Retry`].
pub async fn answer(payload: &Value, invocation: &Invocation<'_>) -> Result<(), Retry> {
    let Some(messages) = payload.get("Records").and_then(Value::as_array) else {
        return one(payload, invocation).await;
    };
    for message in messages {
        let body = message
            .get("body")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let event = serde_json::from_str(body).unwrap_or_else(|_| body.into());
        one(&event, invocation).await?;
    }
    Ok(())
}

async fn one(event: &Value, invocation: &Invocation<'_>) -> Result<(), Retry> {
    if let Some(begun) = RollbackBegun::parse(event) {
        return unfinished::answer(&begun, invocation).await;
    }
    if let Some(later) = TellLater::parse(event) {
        return verdict::tell_later(&later, invocation).await;
    }
    match parse(event, invocation.settings) {
        Parsed::Ignored(why) => {
            tracing::info!(
                "ignored an event: {}",
                domain::sanitize::line(&why.to_string(), 300)
            );
            Ok(())
        }
        Parsed::Malformed(malformed) => telling::unreadable(malformed, event, invocation).await,
        Parsed::Trigger(Trigger::ServiceAction(action)) => {
            Box::pin(warned::answer(action, invocation)).await
        }
        Parsed::Trigger(Trigger::Deployment(event)) => match event.change {
            DeploymentChange::Failed => Box::pin(failed::answer(event, invocation)).await,
            DeploymentChange::Failing { stops, unheard } => {
                let silent = Silent { stops, unheard };
                Box::pin(failing::answer(event, silent, invocation)).await
            }
            DeploymentChange::RollingBack => {
                Box::pin(rolling_back::answer(event, invocation)).await
            }
            DeploymentChange::Completed => Box::pin(completed::answer(event, invocation)).await,
            DeploymentChange::Started => Ok(()),
        },
    }
}
