//! Messages to opsbot's own queues.

use aws_sdk_sqs::error::SdkError;
use aws_sdk_sqs::operation::send_message::SendMessageError;
use chrono::TimeDelta;
use serde::Serialize;

use crate::Clients;

/// The longest that a message may be delayed (Amazon SQS API reference, `SendMessage`).
const LONGEST_DELAY: TimeDelta = TimeDelta::minutes(15);

/// SQS did not take a message.
#[derive(Debug, thiserror::Error)]
#[error("could not send to {queue}")]
pub struct NotSent {
    queue: String,
    #[source]
    source: Box<SdkError<SendMessageError>>,
}

/// Sends a message that is delivered after `delay`, or after 15 minutes where that is longer.
///
/// # Errors
///
/// SQS did not take it, also when tried again.
pub async fn send(
    clients: &Clients,
    queue: &str,
    message: &impl Serialize,
    delay: TimeDelta,
) -> Result<(), NotSent> {
    let seconds = delay.min(LONGEST_DELAY).num_seconds();
    // A map with keys that are no strings could fail; no message of ours has one.
    let body = serde_json::to_string(message).unwrap_or_default();
    let call = clients
        .queues
        .send_message()
        .queue_url(queue)
        .message_body(body);
    let call = call.delay_seconds(i32::try_from(seconds).unwrap_or_default());
    let sent = Box::pin(call.send()).await;
    sent.map(|_| ()).map_err(|source| NotSent {
        queue: queue.to_owned(),
        source: Box::new(source),
    })
}
