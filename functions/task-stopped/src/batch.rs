//! A batch of messages, opened: stops, put together; watches; and what cannot be read.

use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
use domain::settings::Settings;
use domain::stop::{self, Read, Stop, Watch};
use serde_json::Value;

/// What a batch holds.
pub(crate) struct Batch {
    /// How many messages it has.
    pub(crate) messages: usize,
    /// The stops.
    pub(crate) stops: Vec<Stop>,
    /// Looks at incidents, each once.
    pub(crate) watches: Vec<Asked>,
    /// Messages that cannot be read. They go back to the queue and from there to the dead-letter
    /// queue, whose alarm tells of them: nothing is lost, and nothing else waits for them.
    pub(crate) unreadable: Vec<String>,
}

/// A look that is asked for.
pub(crate) struct Asked {
    pub(crate) watch: Watch,
    /// The messages that ask for it: SQS may deliver one twice.
    pub(crate) deliveries: Vec<String>,
}

pub(crate) fn open(batch: SqsEvent, settings: &Settings) -> Batch {
    let messages = batch.records.len();
    let (mut stops, mut unreadable) = (Vec::new(), Vec::new());
    let mut watches: Vec<Asked> = Vec::new();
    for message in batch.records {
        let id = message.message_id.clone().unwrap_or_default();
        match read(message, &id, settings) {
            Ok(Message::Stop(stop)) => stops.push(*stop),
            Ok(Message::Watch(watch)) => match watches.iter_mut().find(|it| it.watch == watch) {
                Some(asked) => asked.deliveries.push(id),
                None => watches.push(Asked {
                    watch,
                    deliveries: vec![id],
                }),
            },
            Ok(Message::Nothing) => {}
            Err(why) => {
                tracing::error!(message_id = id, "unreadable message: {why}");
                unreadable.push(id);
            }
        }
    }
    Batch {
        messages,
        stops,
        watches,
        unreadable,
    }
}

enum Message {
    Stop(Box<Stop>),
    Watch(Watch),
    Nothing,
}

fn read(message: SqsMessage, id: &str, settings: &Settings) -> Result<Message, String> {
    let body = message.body.unwrap_or_default();
    let event: Value = serde_json::from_str(&body).map_err(|error| format!("no JSON: {error}"))?;
    if let Ok(watch) = serde_json::from_value::<Watch>(event.clone()) {
        return Ok(Message::Watch(watch));
    }
    match stop::parse(&event, id, settings) {
        Read::Stop(stop) => Ok(Message::Stop(stop)),
        Read::Ignored(why) => {
            tracing::info!("ignored: {}", domain::sanitize::line(&why.to_string(), 300));
            Ok(Message::Nothing)
        }
        Read::Malformed(why) => {
            tracing::error!(event = excerpt(event), "an event that cannot be read");
            Err(why)
        }
    }
}

/// What the log keeps of an event that cannot be read. Not what its task was started with, which
/// has values of environment variables: they may be any secret.
fn excerpt(mut event: Value) -> String {
    if let Some(Value::Object(detail)) = event.get_mut("detail") {
        detail.remove("overrides");
    }
    domain::sanitize::line(&event.to_string(), 2_000)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_log_keeps_no_environment_of_a_task_that_cannot_be_read() {
        let environment = json!([{ "name": "COLOUR", "value": "hunter2" }]);
        let overrides = json!({ "containerOverrides": [{ "environment": environment }] });
        let event = json!({ "detail": { "group": "family:job", "overrides": overrides } });
        assert_eq!(excerpt(event), r#"{"detail":{"group":"family:job"}}"#);
    }
}
