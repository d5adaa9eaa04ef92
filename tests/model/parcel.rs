//! What is delivered: events, and messages of queues.

use chrono::{DateTime, Utc};
use domain::verdict::Request;
use serde_json::{Value, json};
use tests::queues::{Delivers, FAILING, ROLLBACKS};

const FAILED: &str = "SERVICE_DEPLOYMENT_FAILED";

/// Something that a function is to answer.
#[derive(Clone, Debug)]
pub enum Parcel {
    /// An event of EventBridge.
    Event(Value),
    /// A message of the queue of failing deployments.
    Failing(Value),
    /// A message of the queue of requests; a stray one was not sent now, or not by
    /// deployment-changed.
    Request { request: Box<Request>, stray: bool },
}

impl Parcel {
    /// The queue that delivers it.
    pub fn queue(&self) -> Option<Delivers> {
        match self {
            Self::Event(_) => None,
            Self::Failing(_) => Some(FAILING),
            Self::Request { .. } => Some(ROLLBACKS),
        }
    }

    /// What a handover or a failure of ECS is about: the event's service, deployment and time.
    pub fn failure(&self) -> Option<Failure> {
        let event = match self {
            Self::Event(event) if event["detail"]["eventName"] == FAILED => event,
            Self::Failing(event) if event["detail"].is_object() => event,
            Self::Event(_) | Self::Failing(_) | Self::Request { .. } => return None,
        };
        let at = DateTime::parse_from_rfc3339(event["time"].as_str()?).ok()?;
        Some(Failure {
            service: event["resources"][0].as_str()?.to_owned(),
            deployment: event["detail"]["deploymentId"].as_str()?.to_owned(),
            at: at.to_utc(),
        })
    }
}

/// A deployment that fails.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Failure {
    /// The service's ARN.
    pub service: String,
    pub deployment: String,
    /// When that was said.
    pub at: DateTime<Utc>,
}

/// A message as Lambda hands it over.
pub fn message(body: String, deliveries: usize) -> Value {
    let attributes = json!({ "ApproximateReceiveCount": deliveries.to_string() });
    json!({ "Records": [{
        "eventSource": "aws:sqs", "messageId": "1", "body": body, "attributes": attributes,
    }] })
}

/// An event in a few words.
pub fn about(event: &Value) -> String {
    let detail = &event["detail"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    format!(
        "{} {}",
        text(&detail["eventName"]),
        text(&detail["deploymentId"])
    )
}
