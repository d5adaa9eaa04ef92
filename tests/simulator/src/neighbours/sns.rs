//! Amazon SNS `Publish`: recorded, and refused where SNS refuses (API `Publish`).

use crate::api::{Answer, ApiError, text};
use crate::world::Time;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// `MaximumMessageSize` of a topic that was not changed.
const MAXIMUM_MESSAGE_SIZE: usize = 262_144;

/// One accepted publish.
#[derive(Debug, Clone, PartialEq)]
pub struct Published {
    /// `TopicArn`.
    pub topic: String,
    /// `Subject`, if given.
    pub subject: Option<String>,
    /// `Message` as sent.
    pub message: String,
    /// `MessageStructure`: `json` or nothing.
    pub structure: Option<String>,
    /// Message attributes: name to data type and string value.
    pub attributes: BTreeMap<String, (String, String)>,
    /// The answered `MessageId`.
    pub message_id: String,
    /// The world's time when it was accepted.
    pub at: Time,
}

impl Published {
    /// What a subscription of this protocol receives: its own member or `default`.
    #[must_use]
    pub fn for_protocol(&self, protocol: &str) -> String {
        if self.structure.as_deref() != Some("json") {
            return self.message.clone();
        }
        let messages: Value = serde_json::from_str(&self.message).unwrap_or_default();
        let wanted = messages.get(protocol).or_else(|| messages.get("default"));
        wanted
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    }
}

pub(crate) fn publish(published: &mut Vec<Published>, now: Time, body: &Value) -> Answer {
    let given = |member: &str| Some(text(body, member).to_owned()).filter(|text| !text.is_empty());
    let message = text(body, "Message").to_owned();
    let attributes = attributes(body);
    let message_id = format!("00000000-0000-4000-8000-{:012}", published.len() + 1);
    let entry = Published {
        topic: text(body, "TopicArn").to_owned(),
        subject: given("Subject"),
        message,
        structure: given("MessageStructure"),
        attributes,
        message_id: message_id.clone(),
        at: now,
    };
    check(&entry)?;
    published.push(entry);
    Ok(json!({"MessageId": message_id}))
}

fn attributes(body: &Value) -> BTreeMap<String, (String, String)> {
    let entries = body.get("MessageAttributes").and_then(Value::as_array);
    let pair = |entry: &Value| {
        let value = &entry["Value"];
        let data = (
            text(value, "DataType").to_owned(),
            text(value, "StringValue").to_owned(),
        );
        (text(entry, "Name").to_owned(), data)
    };
    entries.into_iter().flatten().map(pair).collect()
}

fn check(entry: &Published) -> Result<(), ApiError> {
    let invalid = |text: &str| {
        Err(ApiError::new(
            "InvalidParameter",
            format!("Invalid parameter: {text}"),
        ))
    };
    if !entry.topic.starts_with("arn:") {
        return invalid("TopicArn");
    }
    if entry.message.is_empty() {
        return invalid("Empty message");
    }
    let of_attributes = entry
        .attributes
        .iter()
        .map(|(n, (t, v))| n.len() + t.len() + v.len());
    if entry.message.len() + of_attributes.sum::<usize>() > MAXIMUM_MESSAGE_SIZE {
        return invalid("Message too long");
    }
    if let Some(subject) = &entry.subject
        && (subject.chars().count() >= 100 || subject.chars().any(char::is_control))
    {
        return invalid("Subject");
    }
    if entry
        .attributes
        .values()
        .any(|(kind, value)| kind.is_empty() || value.is_empty())
    {
        let text = "The message attribute must contain non-empty type and value.";
        return Err(ApiError::new("ParameterValueInvalid", text));
    }
    match entry.structure.as_deref() {
        None => Ok(()),
        Some("json") => check_structure(&entry.message),
        Some(_) => invalid("MessageStructure"),
    }
}

fn check_structure(message: &str) -> Result<(), ApiError> {
    let invalid = |text: &str| {
        let message = format!("Invalid parameter: Message Structure - {text}");
        Err(ApiError::new("InvalidParameter", message))
    };
    let Ok(Value::Object(members)) = serde_json::from_str(message) else {
        return invalid("JSON message body failed to parse");
    };
    if !members.get("default").is_some_and(Value::is_string) {
        return invalid("No default entry in JSON message body");
    }
    if members.values().any(|member| !member.is_string()) {
        return invalid("every value must be a string");
    }
    Ok(())
}
