//! Answers `ECS Deployment State Change` and `ECS Service Action` events: one alert an incident, an
//! update when ECS rolls back, a last word when it is over.
//!
//! The story, for each event: parse it, gather what an engineer would look up, diagnose, decide
//! what is news, tell it, remember it. An `Err` means "please retry me": SNS did not take the alert,
//! or what was told before could not be read. An event that cannot be read is told once and dropped.

mod completed;
mod failed;
mod rolling_back;
mod telling;
mod warned;

use aws::Invocation;
use aws::tell::NotPublished;
use domain::event::{DeploymentChange, Parsed, Trigger, parse};
use domain::facts::Missing;
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
    /// The failure that a rollback belongs to is being told by another invocation.
    #[error("the incident that this rollback belongs to is not open yet")]
    NotOpenYet,
}

/// Answers one event.
///
/// # Errors
///
/// The event must come again; see [`Retry`].
pub async fn answer(event: &Value, invocation: &Invocation<'_>) -> Result<(), Retry> {
    match parse(event, invocation.settings) {
        Parsed::Ignored(why) => {
            tracing::info!(
                "ignored an event: {}",
                domain::sanitize::line(&why.to_string(), 300)
            );
            Ok(())
        }
        Parsed::Malformed(malformed) => telling::unreadable(malformed, event, invocation).await,
        Parsed::Trigger(Trigger::ServiceAction(action)) => warned::answer(action, invocation).await,
        Parsed::Trigger(Trigger::Deployment(event)) => match event.change {
            DeploymentChange::Failed => failed::answer(event, invocation).await,
            DeploymentChange::RollingBack => rolling_back::answer(event, invocation).await,
            DeploymentChange::Completed => completed::answer(event, invocation).await,
            DeploymentChange::Started => Ok(()),
        },
    }
}
