//! Brings the last good revision of a service back, or says why not. Nothing else in opsbot writes
//! to Amazon ECS.
//!
//! The story: gather every fact anew, decide, claim the one attempt there is while the service is
//! looked at once more, make the one call, tell it. Who asks is deployment-changed, through a queue,
//! or a person. An `Err` means "please ask again": nothing was written, or it was and nobody could
//! be told.

mod asked;
mod attempt;
mod ended;
mod means;
mod story;
mod telling;

use aws::queues::NotSent;
use aws::tell::NotPublished;
use domain::facts::Missing;
use domain::verdict::{Invoke, Request};
use serde_json::{Value, json};

use asked::Asked;
pub use means::Means;

/// Why a request must come again.
#[derive(Debug, thiserror::Error)]
pub enum Retry {
    /// SNS did not take the alert.
    #[error(transparent)]
    NotPublished(#[from] NotPublished),
    /// Another invocation is at the same rollback, or has died at it only just.
    #[error("another invocation is at this rollback")]
    UnderWay,
    /// What it takes was not to be had, which may pass. Nothing was written by this delivery.
    #[error("not now: {} is missing: {:?}", .0.what, .0.why)]
    NotNow(Missing),
    /// A rollback began, and the word to look at it again could not be left.
    #[error("could not ask for another look at the rollback")]
    NotWatched(#[from] NotSent),
    /// The message is no request. It ends in the dead-letter queue, whose alarm tells of it.
    #[error("the message is no request: {0}")]
    Unreadable(String),
}

/// Answers what Lambda hands over: messages of the queue, with a [`Request`] in each, or a person's
/// [`Invoke`], whose answer is JSON.
///
/// # Errors
///
/// The messages must come again; see [`Retry`].
pub async fn answer(payload: &Value, means: &Means<'_>) -> Result<Value, Retry> {
    let Some(messages) = payload.get("Records").and_then(Value::as_array) else {
        return Ok(person(payload, means).await);
    };
    for message in messages {
        let body = message.get("body").and_then(Value::as_str);
        let request: Request = serde_json::from_str(body.unwrap_or_default())
            .map_err(|error| Retry::Unreadable(error.to_string()))?;
        story::event(&Asked::by_event(request, deliveries(message)), means).await?;
    }
    Ok(Value::Null)
}

/// How often a message has come, this time included (Amazon SQS API reference, `ReceiveMessage`).
fn deliveries(message: &Value) -> u32 {
    let count = message.pointer("/attributes/ApproximateReceiveCount");
    let count = count.and_then(Value::as_str).map(str::parse);
    count.and_then(Result::ok).unwrap_or(1)
}

async fn person(payload: &Value, means: &Means<'_>) -> Value {
    match Invoke::parse(payload, means.invocation.settings) {
        Ok((invoke, service)) => {
            let asked = Asked::by_person(invoke, service, means).await;
            json!(story::person(&asked, means).await)
        }
        Err(wrong) => json!({ "error": wrong }),
    }
}
