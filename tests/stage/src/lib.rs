//! Starts the local AWS, deploys `template.yaml` into it as a user would, puts events, reads alerts.
//!
//! Needs the virtual environments of `make venv`. Everything ends with the [`Stage`], or with the
//! process, however that ends.

mod alert;
mod deploy;
mod error;
mod local_aws;
mod place;
mod rules;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

pub use alert::Alert;
pub use deploy::STACK;
pub use error::Error;
pub use local_aws::{ACCOUNT, LocalAws, REGION};
pub use rules::Rule;

/// The event source that the deployed rules trust here: nobody may put events of `aws.ecs`.
pub const EVENT_SOURCE: &str = "test.ecs";

/// The services that the simulator answers for, as the SDKs name them in `AWS_ENDPOINT_URL_…`.
const SIMULATED: [&str; 5] = [
    "ECS",
    "ELASTIC_LOAD_BALANCING_V2",
    "CLOUDWATCH_LOGS",
    "CLOUDWATCH",
    "CLOUDFORMATION",
];

/// A local AWS with the deployed stack in it, and a queue subscribed to the alerts.
#[derive(Debug)]
pub struct Stage {
    aws: LocalAws,
    outputs: BTreeMap<String, String>,
    alert_queue: String,
    published: alert::Published,
}

/// A message taken from a queue.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// The body.
    pub body: String,
    /// The message attributes, as text.
    pub attributes: BTreeMap<String, String>,
}

impl Stage {
    /// Starts the local AWS, builds the functions and deploys the template. `parameters` come on
    /// top of the template's defaults; `progress` is told each step before it is taken.
    ///
    /// # Errors
    /// What failed, with the end of what it printed.
    pub fn start(parameters: &[(&str, &str)], progress: impl Fn(&str)) -> Result<Self, Error> {
        progress("starting the local AWS (ministack, IAM enforced)");
        let aws = LocalAws::start()?;
        progress("building the functions (sam build, unoptimised; minutes once, then seconds)");
        let template = deploy::build(&aws)?;
        progress("deploying template.yaml (sam deploy)");
        let source = [("EventSource", EVENT_SOURCE)];
        deploy::deploy(&aws, template, &[&source, parameters].concat())?;
        let outputs = outputs(&aws)?;
        let mut stage = Self {
            aws,
            outputs,
            alert_queue: String::new(),
            published: Default::default(),
        };
        stage.alert_queue = stage.subscribe_queue("alerts", &stage.output("AlertTopicArn")?)?;
        Ok(stage)
    }

    /// Lets the functions find ECS, load balancing, metrics and logs at the
    /// simulator's address. Running functions end, so that it holds for the next invocation.
    ///
    /// # Errors
    /// The local AWS has ended.
    pub fn serve_ecs_from(&self, url: &str) -> Result<(), Error> {
        let variables: Map<_, _> = SIMULATED
            .iter()
            .map(|name| (format!("AWS_ENDPOINT_URL_{name}"), json!(url)))
            .collect();
        self.set_function_environment(&variables.into())
    }

    /// Puts variables (a JSON object of strings) into the environment of every function. Running
    /// functions end, so that it holds for the next invocation, which is a cold start.
    ///
    /// # Errors
    /// The local AWS has ended.
    pub fn set_function_environment(&self, variables: &Value) -> Result<(), Error> {
        self.call(
            "stage",
            "set_function_environment",
            json!({ "variables": variables }),
        )?;
        Ok(())
    }

    /// The local AWS, for whatever has no method here.
    pub fn aws(&self) -> &LocalAws {
        &self.aws
    }

    /// Makes a call, by the names that boto3 has. See [`LocalAws::call`].
    ///
    /// # Errors
    /// The call is refused, or the local AWS has ended.
    pub fn call(&self, service: &str, method: &str, with: Value) -> Result<Value, Error> {
        self.aws.call(service, method, with)
    }

    /// An output of the stack.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn output(&self, name: &str) -> Result<String, Error> {
        self.outputs
            .get(name)
            .cloned()
            .ok_or_else(|| Error::Lacking(format!("stack output {name}")))
    }

    /// Puts an event, as a file in `events/` or the simulator has it, onto the default
    /// bus, from [`EVENT_SOURCE`]. The bus gives it a new id, and its own account and Region.
    ///
    /// # Errors
    /// The bus did not take it.
    pub fn put_event(&self, event: &Value) -> Result<(), Error> {
        let entry = json!({
            "Source": EVENT_SOURCE,
            "DetailType": event["detail-type"],
            "Detail": event["detail"].to_string(),
            "Resources": event["resources"],
            "Time": event["time"],
        });
        let answer = self.call("events", "put_events", json!({ "Entries": [entry] }))?;
        match answer["FailedEntryCount"].as_u64() {
            Some(0) => Ok(()),
            _ => Err(Error::Refused {
                call: "events.put_events".to_owned(),
                code: text(&answer["Entries"][0]["ErrorCode"]),
                message: text(&answer["Entries"][0]["ErrorMessage"]),
            }),
        }
    }

    /// Waits for alerts to reach the subscribed queue, and takes those that are there. Empty when
    /// none came in time.
    ///
    /// # Errors
    /// The local AWS has ended.
    pub fn receive_alerts(&self, patience: Duration) -> Result<Vec<Alert>, Error> {
        let arrived = self.receive(&self.alert_queue, patience)?;
        self.published
            .keep(self.call("stage", "take_published", json!({}))?);
        Ok(arrived
            .iter()
            .map(|message| Alert::read(message, &self.published))
            .collect())
    }

    /// Invokes a function and waits for its answer; `Err` is the function's own error as JSON.
    ///
    /// # Errors
    /// The call is refused, or the local AWS has ended.
    pub fn invoke(&self, function: &str, payload: &Value) -> Result<Result<Value, Value>, Error> {
        let with = json!({ "FunctionName": function, "Payload": payload.to_string() });
        let answer = self.call("lambda", "invoke", with)?;
        let body = answer["Payload"].as_str().unwrap_or_default();
        let body = serde_json::from_str(body).unwrap_or_else(|_| json!(body));
        Ok(if answer["FunctionError"].is_null() {
            Ok(body)
        } else {
            Err(body)
        })
    }

    /// Waits for messages in a queue and takes up to ten of them. Empty when none came in time.
    ///
    /// # Errors
    /// The call is refused, or the local AWS has ended.
    pub fn receive(&self, queue_url: &str, patience: Duration) -> Result<Vec<Message>, Error> {
        let until = Instant::now() + patience;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let messages =
                self.receive_once(queue_url, left.as_secs_f64().ceil().min(20.0) as u64)?;
            if !messages.is_empty() || left.is_zero() {
                return Ok(messages);
            }
        }
    }

    fn receive_once(&self, queue_url: &str, wait_seconds: u64) -> Result<Vec<Message>, Error> {
        let with = json!({
            "QueueUrl": queue_url,
            "WaitTimeSeconds": wait_seconds,
            "MaxNumberOfMessages": 10,
            "MessageAttributeNames": ["All"],
        });
        let answer = self.call("sqs", "receive_message", with)?;
        let mut messages = Vec::new();
        for message in list(&answer["Messages"]) {
            let receipt = &message["ReceiptHandle"];
            let delete = json!({ "QueueUrl": queue_url, "ReceiptHandle": receipt });
            self.call("sqs", "delete_message", delete)?;
            let attributes = message["MessageAttributes"]
                .as_object()
                .into_iter()
                .flatten();
            messages.push(Message {
                body: text(&message["Body"]),
                attributes: attributes
                    .map(|(name, value)| (name.clone(), text(&value["StringValue"])))
                    .collect(),
            });
        }
        Ok(messages)
    }

    /// Makes a queue and subscribes it to a topic, as a program that reads alerts would.
    /// Answers with the queue's URL.
    ///
    /// # Errors
    /// A call is refused, or the local AWS has ended.
    pub fn subscribe_queue(&self, name: &str, topic: &str) -> Result<String, Error> {
        let url =
            text(&self.call("sqs", "create_queue", json!({ "QueueName": name }))?["QueueUrl"]);
        let arn = format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{name}");
        let policy = json!({ "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage", "Resource": arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
        }]});
        let attributes = json!({ "Policy": policy.to_string() });
        let with = json!({ "QueueUrl": url, "Attributes": attributes });
        self.call("sqs", "set_queue_attributes", with)?;
        let with = json!({ "TopicArn": topic, "Protocol": "sqs", "Endpoint": arn });
        self.call("sns", "subscribe", with)?;
        Ok(url)
    }

    /// Whether a deployed role's policies let it do something, in a context of condition keys (a
    /// JSON object of strings).
    ///
    /// # Errors
    /// The local AWS has ended.
    pub fn role_allows(
        &self,
        role_arn: &str,
        action: &str,
        resource: &str,
        context: &Value,
    ) -> Result<bool, Error> {
        let with =
            json!({ "role": role_arn, "action": action, "resource": resource, "context": context });
        Ok(self.call("stage", "role_allows", with)?["allowed"] == true)
    }

    /// The log lines of a function, oldest first.
    ///
    /// # Errors
    /// The local AWS has ended.
    pub fn logs(&self, function: &str) -> Result<Vec<String>, Error> {
        let group = json!({ "logGroupName": format!("/aws/lambda/{function}") });
        let answer = self.call("logs", "filter_log_events", group)?;
        Ok(list(&answer["events"])
            .iter()
            .map(|event| text(&event["message"]))
            .collect())
    }
}

fn outputs(aws: &LocalAws) -> Result<BTreeMap<String, String>, Error> {
    let stacks = aws.call(
        "cloudformation",
        "describe_stacks",
        json!({ "StackName": STACK }),
    )?;
    let outputs = list(&stacks["Stacks"][0]["Outputs"]).iter();
    Ok(outputs
        .map(|out| (text(&out["OutputKey"]), text(&out["OutputValue"])))
        .collect())
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

pub(crate) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
