//! Amazon SQS `SendMessage` and `SendMessageBatch`: recorded.

use crate::api::{Answer, ApiError, number, text};
use serde_json::{Value, json};

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
}

pub(crate) fn call(sent: &mut Vec<SentMessage>, operation: &str, body: &Value) -> Answer {
    let queue_url = text(body, "QueueUrl");
    if queue_url.is_empty() {
        return Err(ApiError::new("MissingParameter", "QueueUrl is required."));
    }
    match operation {
        "SendMessage" => {
            let id = send(sent, queue_url, body)?;
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
                match send(sent, queue_url, entry) {
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

fn send(sent: &mut Vec<SentMessage>, queue_url: &str, body: &Value) -> Result<String, ApiError> {
    let given = |member: &str| Some(text(body, member).to_owned()).filter(|text| !text.is_empty());
    let message = SentMessage {
        queue_url: queue_url.into(),
        body: text(body, "MessageBody").into(),
        delay_seconds: delay(body)?,
        group_id: given("MessageGroupId"),
        deduplication_id: given("MessageDeduplicationId"),
    };
    if message.body.is_empty() {
        return Err(ApiError::new(
            "MissingParameter",
            "MessageBody is required.",
        ));
    }
    if queue_url.ends_with(".fifo") && message.group_id.is_none() {
        let text = "The request must contain the parameter MessageGroupId.";
        return Err(ApiError::new("MissingParameter", text));
    }
    sent.push(message);
    Ok(format!("00000000-0000-4000-9000-{:012}", sent.len()))
}
