//! Amazon SQS `SendMessage` and `SendMessageBatch`: recorded.

use crate::api::{Answer, ApiError, number, text};
use crate::world::Time;
use chrono::TimeDelta;
use serde_json::{Value, json};

/// How long a FIFO queue knows a deduplication id (Amazon SQS Developer Guide,
/// `FIFO-queues-exactly-once-processing`).
const DEDUPLICATED: TimeDelta = TimeDelta::minutes(5);

/// One accepted message.
#[derive(Debug, Clone, PartialEq)]
pub struct SentMessage {
    /// `QueueUrl`.
    pub queue_url: String,
    /// `MessageBody`.
    pub body: String,
    /// `DelaySeconds`; 0 where it is not given.
    pub delay_seconds: u64,
    /// `MessageGroupId` (FIFO).
    pub group_id: Option<String>,
    /// `MessageDeduplicationId` (FIFO).
    pub deduplication_id: Option<String>,
    /// The world's time when it was accepted.
    pub at: Time,
}

pub(crate) fn call(
    sent: &mut Vec<SentMessage>,
    now: Time,
    operation: &str,
    body: &Value,
) -> Answer {
    let queue_url = text(body, "QueueUrl");
    if queue_url.is_empty() {
        return Err(ApiError::new("MissingParameter", "QueueUrl is required."));
    }
    match operation {
        "SendMessage" => {
            let id = send(sent, now, queue_url, body)?;
            Ok(json!({"MessageId": id}))
        }
        "SendMessageBatch" => {
            let entries = body
                .get("Entries")
                .and_then(Value::as_array)
                .cloned()
                .unwrap_or_default();
            if entries.is_empty() || entries.len() > 10 {
                let code = "AWS.SimpleQueueService.TooManyEntriesInBatchRequest";
                return Err(ApiError::new(code, "A batch has 1 to 10 entries."));
            }
            let (mut successful, mut failed) = (Vec::new(), Vec::new());
            for entry in &entries {
                let id = text(entry, "Id");
                match send(sent, now, queue_url, entry) {
                    Ok(message) => successful.push(json!({"Id": id, "MessageId": message})),
                    Err(error) => failed.push(json!({"Id": id, "SenderFault": true,
                        "Code": error.code, "Message": error.message})),
                }
            }
            Ok(json!({"Successful": successful, "Failed": failed}))
        }
        _ => Err(ApiError::new(
            "UnknownOperationException",
            format!("{operation} is not simulated"),
        )),
    }
}

/// At most 15 minutes (API page `SendMessage`).
fn delay(body: &Value) -> Result<u64, ApiError> {
    let given = number(body, "DelaySeconds").unwrap_or_default();
    if (0.0..=900.0).contains(&given) {
        return Ok(given as u64);
    }
    let reason = "Reason: DelaySeconds must be >= 0 and <= 900.";
    let text = format!("Value {given} for parameter DelaySeconds is invalid. {reason}");
    Err(ApiError::new("InvalidParameterValue", text))
}

fn send(
    sent: &mut Vec<SentMessage>,
    now: Time,
    queue_url: &str,
    body: &Value,
) -> Result<String, ApiError> {
    let given = |member: &str| Some(text(body, member).to_owned()).filter(|text| !text.is_empty());
    let message = SentMessage {
        queue_url: queue_url.into(),
        body: text(body, "MessageBody").into(),
        delay_seconds: delay(body)?,
        group_id: given("MessageGroupId"),
        deduplication_id: given("MessageDeduplicationId"),
        at: now,
    };
    if message.body.is_empty() {
        return Err(missing("MessageBody is required."));
    }
    if queue_url.ends_with(".fifo") {
        check_fifo(&message, body)?;
        if let Some(known) = sent.iter().position(|known| swallows(known, &message)) {
            return Ok(id(known));
        }
    }
    sent.push(message);
    Ok(id(sent.len() - 1))
}

fn id(position: usize) -> String {
    format!("00000000-0000-4000-9000-{:012}", position + 1)
}

/// A FIFO queue wants a group and a deduplication id, and takes no delay for a single message.
/// Content-based deduplication is not simulated.
fn check_fifo(message: &SentMessage, body: &Value) -> Result<(), ApiError> {
    if message.group_id.is_none() {
        let text = "The request must contain the parameter MessageGroupId.";
        return Err(missing(text));
    }
    let invalid = |text: String| Err(ApiError::new("InvalidParameterValue", text));
    if message.deduplication_id.is_none() {
        let text = "The queue should either have ContentBasedDeduplication enabled or \
                    MessageDeduplicationId provided explicitly";
        return invalid(text.to_owned());
    }
    if body.get("DelaySeconds").is_some() {
        let value = message.delay_seconds;
        let reason = "Reason: The request include parameter that is not valid for this queue type.";
        let text = format!("Value {value} for parameter DelaySeconds is invalid. {reason}");
        return invalid(text);
    }
    for (name, id) in [
        ("MessageGroupId", &message.group_id),
        ("MessageDeduplicationId", &message.deduplication_id),
    ] {
        let id = id.as_deref().unwrap_or_default();
        if id.len() > 128 || !id.chars().all(|c| c.is_ascii_graphic()) {
            let reason = "Reason: must be alphanumeric or punctuation, 1 to 128 characters.";
            return invalid(format!(
                "Value {id} for parameter {name} is invalid. {reason}"
            ));
        }
    }
    Ok(())
}

/// A message with a known id within five minutes is accepted and not delivered again.
fn swallows(known: &SentMessage, new: &SentMessage) -> bool {
    known.queue_url == new.queue_url
        && known.deduplication_id == new.deduplication_id
        && new.at - known.at < DEDUPLICATED
}

fn missing(text: &str) -> ApiError {
    ApiError::new("MissingParameter", text)
}
