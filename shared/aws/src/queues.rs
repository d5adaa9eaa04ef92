//! Messages to opsbot's own queues.

use aws_sdk_sqs::error::SdkError;
use aws_sdk_sqs::operation::send_message::SendMessageError;
use aws_sdk_sqs::operation::send_message::builders::SendMessageFluentBuilder;
use chrono::TimeDelta;
use domain::facts::Why;
use serde::Serialize;

use crate::{Clients, error};

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

impl NotSent {
    /// Why, as a fact.
    pub fn why(&self) -> Why {
        error::why("sqs:SendMessage", &self.source)
    }
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
    let call = message_to(clients, queue, message);
    let call = call.delay_seconds(i32::try_from(seconds).unwrap_or_default());
    sent(queue, Box::pin(call.send()).await)
}

/// Sends a message to a FIFO queue.
///
/// Messages of one group are delivered one after the other, and one
/// with an id that was sent in the last five minutes is dropped (Amazon SQS Developer Guide,
/// `FIFO-queues-exactly-once-processing`).
///
/// # Errors
///
/// SQS did not take it, also when tried again.
pub async fn send_in_order(
    clients: &Clients,
    queue: &str,
    message: &impl Serialize,
    group: &str,
    id: &str,
) -> Result<(), NotSent> {
    let call = message_to(clients, queue, message);
    let call = call.message_group_id(name(group));
    let call = call.message_deduplication_id(name(id));
    sent(queue, Box::pin(call.send()).await)
}

fn message_to(
    clients: &Clients,
    queue: &str,
    message: &impl Serialize,
) -> SendMessageFluentBuilder {
    // A map with keys that are no strings could fail; no message of ours has one.
    let body = serde_json::to_string(message).unwrap_or_default();
    let call = clients.queues.send_message();
    call.queue_url(queue).message_body(body)
}

fn sent<T>(queue: &str, answer: Result<T, SdkError<SendMessageError>>) -> Result<(), NotSent> {
    answer.map(|_| ()).map_err(|source| NotSent {
        queue: queue.to_owned(),
        source: Box::new(source),
    })
}

/// Groups and ids hold up to 128 characters that are letters, digits or punctuation. What tells
/// names apart stands at their end.
fn name(text: &str) -> String {
    let allowed: Vec<char> = text.chars().filter(char::is_ascii_graphic).collect();
    let skipped = allowed.len().saturating_sub(128);
    allowed.into_iter().skip(skipped).collect()
}
