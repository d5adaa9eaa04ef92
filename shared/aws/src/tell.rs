//! Publishes an alert: one `Publish`, every format in it.

use aws_sdk_sns::error::SdkError;
use aws_sdk_sns::operation::publish::PublishError;
use aws_sdk_sns::types::MessageAttributeValue;
use domain::alert::{Alert, Publication, render};

use crate::{Clients, Invocation};

/// SNS did not take an alert.
#[derive(Debug, thiserror::Error)]
#[error("could not publish the alert of incident {incident} to {topic}")]
pub struct NotPublished {
    incident: String,
    topic: String,
    #[source]
    source: Box<SdkError<PublishError>>,
}

/// Publishes an alert that is severe enough. Whether it was is the answer.
///
/// # Errors
///
/// As [`publish`].
pub async fn publish_if_loud(
    invocation: &Invocation<'_>,
    alert: &Alert,
) -> Result<bool, NotPublished> {
    let (incident, kind) = (&alert.incident, alert.kind);
    if alert.severity < invocation.settings.severity_floor {
        tracing::info!(incident, "below the severity floor: {}", alert.headline);
        return Ok(false);
    }
    publish(invocation.clients, &invocation.settings.topic_arn, alert).await?;
    tracing::info!(incident, ?kind, "published: {}", alert.headline);
    Ok(true)
}

/// Publishes an alert to a topic.
///
/// # Errors
///
/// SNS did not take it, also when tried again: the invocation must fail, so that Lambda retries it
/// and, after the last retry, keeps the event in the dead-letter queue.
pub async fn publish(clients: &Clients, topic: &str, alert: &Alert) -> Result<(), NotPublished> {
    let Publication {
        subject,
        message,
        attributes,
    } = render(alert);
    let mut call = clients.sns.publish().topic_arn(topic).subject(subject);
    call = call.message_structure("json").message(message);
    for (name, value) in attributes {
        let value = MessageAttributeValue::builder()
            .data_type("String")
            .string_value(value);
        // The builder fails only without a data type.
        if let Ok(value) = value.build() {
            call = call.message_attributes(name, value);
        }
    }
    let sent = Box::pin(call.send()).await;
    sent.map(|_| ()).map_err(|source| NotPublished {
        incident: alert.incident.clone(),
        topic: topic.to_owned(),
        source: Box::new(source),
    })
}
