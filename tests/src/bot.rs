//! The function under test in this process, with every AWS service played by the simulator.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use aws::client::Limits;
use aws::stacks::Stacks;
use aws::{Clients, Invocation};
use aws_lambda_events::event::sqs::SqsEvent;
use chrono::{DateTime, TimeDelta, Utc};
use deployment_changed::Retry;
use domain::settings::{Queues, Rollbacks, Settings, both};
use domain::verdict::Request;
use roll_back::Means;
use serde_json::{Value, json};
use simulator::{Published, Simulator, World};
use task_stopped::Memory;

/// The topic that the bot publishes to.
pub const TOPIC: &str = "arn:aws:sns:us-east-1:111122223333:opsbot-alerts";
/// Its state table.
pub const TABLE: &str = "opsbot-state";

/// The queue of stopped tasks.
pub const TASK_QUEUE: &str = "https://sqs.us-east-1.amazonaws.com/111122223333/opsbot-tasks";
/// The queue of failing deployments.
pub const FAILING_QUEUE: &str = "https://sqs.us-east-1.amazonaws.com/111122223333/opsbot-failing";

/// The queue through which roll-back is asked.
pub const ROLLBACK_QUEUE: &str =
    "https://sqs.us-east-1.amazonaws.com/111122223333/opsbot-rollbacks.fifo";
/// The setting that enables rollbacks.
pub const ENABLED: (&str, &str) = ("OPSBOT_ROLLBACK_QUEUE_URL", ROLLBACK_QUEUE);

/// A bot over a simulated AWS.
#[derive(Debug)]
pub struct Bot {
    /// The AWS it lives in.
    pub aws: Simulator,
    /// Its settings.
    pub settings: Settings,
    queues: Queues,
    /// Its settings of rollbacks.
    pub rollbacks: Rollbacks,
    /// How long it waits before it looks again at what another invocation does.
    pub patience: Duration,
    /// How long Lambda lets an invocation run.
    pub timeout: TimeDelta,
    clients: Clients,
    stacks: Stacks,
    invocations: AtomicU32,
}

/// Reads give up quickly, so that a call that hangs costs a test little.
pub const IMPATIENT: Limits = Limits {
    attempt: Duration::from_millis(150),
    operation: Duration::from_millis(400),
    publish_attempt: Duration::from_millis(300),
    publish: Duration::from_millis(800),
    warm_up: Duration::from_millis(300),
};

impl Bot {
    /// A bot in this world, patient as in production.
    pub fn new(world: World) -> Self {
        Self::with(world, &[], Limits::default())
    }

    /// A bot with some settings other than the default.
    ///
    /// # Panics
    ///
    /// Where no loopback port can be had or a setting is wrong.
    pub fn with(world: World, settings: &[(&str, &str)], limits: Limits) -> Self {
        Self::over(world, settings, limits, simulator::Options::default())
    }

    /// The same over a simulator with these options.
    ///
    /// # Panics
    ///
    /// As [`Bot::with`].
    pub fn over(
        world: World,
        settings: &[(&str, &str)],
        limits: Limits,
        options: simulator::Options,
    ) -> Self {
        let aws = Simulator::start(world, options).expect("a loopback port");
        aws.create_table(TABLE, "pk", None);
        let url = aws.url().to_owned();
        let lookup = |key: &str| {
            let set = settings.iter().find(|(name, _)| *name == key);
            let value = match key {
                _ if set.is_some() => set?.1,
                "AWS_REGION" => "us-east-1",
                "AWS_ENDPOINT_URL" => &url,
                "AWS_ACCESS_KEY_ID" => "AKIDEXAMPLE",
                "AWS_SECRET_ACCESS_KEY" => "secret",
                "OPSBOT_ALERT_TOPIC_ARN" => TOPIC,
                "OPSBOT_STATE_TABLE" => TABLE,
                "OPSBOT_TASK_QUEUE_URL" => TASK_QUEUE,
                "OPSBOT_FAILING_QUEUE_URL" => FAILING_QUEUE,
                _ => return None,
            };
            Some(value.to_owned())
        };
        let clients = Clients::connect(lookup, limits);
        let stacks = Stacks::connect(&clients);
        let parsed = both(Settings::parse(lookup), Queues::parse(lookup));
        let (settings, queues) = parsed.expect("sound settings");
        let rollbacks = Rollbacks::parse(lookup).expect("sound settings of rollbacks");
        Self {
            aws,
            settings,
            queues,
            rollbacks,
            patience: Duration::from_millis(100),
            timeout: TimeDelta::seconds(60),
            clients,
            stacks,
            invocations: AtomicU32::new(0),
        }
    }

    /// The time of the simulated AWS.
    pub fn now(&self) -> DateTime<Utc> {
        self.aws.with(|world| world.now())
    }

    /// Delivers one event to the function, in an invocation of its own.
    ///
    /// # Errors
    ///
    /// What the function answers.
    pub async fn deliver(&self, event: &Value) -> Result<(), Retry> {
        let number = self.invocations.fetch_add(1, Ordering::Relaxed);
        self.deliver_as(&format!("request-{number}"), event).await
    }

    /// Delivers one event under this request id, as Lambda does when it retries.
    ///
    /// # Errors
    ///
    /// What the function answers.
    pub async fn deliver_as(&self, request_id: &str, event: &Value) -> Result<(), Retry> {
        self.deliver_at(self.now(), request_id, event).await
    }

    /// Delivers one event at another time than that of the simulated AWS: the marks of what was told
    /// are held by the clock of the invocation.
    ///
    /// # Errors
    ///
    /// What the function answers.
    pub async fn deliver_at(
        &self,
        now: DateTime<Utc>,
        request_id: &str,
        event: &Value,
    ) -> Result<(), Retry> {
        let invocation = self.invocation_at(now, request_id);
        deployment_changed::answer(event, &invocation).await
    }

    /// Delivers every event that a rule of the template takes, in order.
    ///
    /// # Panics
    ///
    /// Where the function fails.
    pub async fn deliver_all(&self, events: &[Value]) {
        for event in events.iter().filter(|event| taken(event)) {
            self.deliver(event)
                .await
                .expect("an event that is answered");
        }
    }

    /// Delivers one batch of messages to task-stopped, in an invocation of its own. The numbers of
    /// the messages that come again are the answer.
    ///
    /// # Panics
    ///
    /// As [`Bot::deliver_texts`].
    pub async fn deliver_batch(&self, bodies: &[Value]) -> Vec<usize> {
        self.deliver_texts(bodies.iter().map(Value::to_string))
            .await
    }

    /// The same for messages that may be no JSON.
    ///
    /// # Panics
    ///
    /// Where the answer names a message that was not in the batch.
    pub async fn deliver_texts(&self, bodies: impl Iterator<Item = String>) -> Vec<usize> {
        self.deliver_warm(&Memory::default(), bodies).await
    }

    /// The same in a sandbox that has answered other batches before.
    ///
    /// # Panics
    ///
    /// As [`Bot::deliver_texts`].
    pub async fn deliver_warm(
        &self,
        memory: &Memory,
        bodies: impl Iterator<Item = String>,
    ) -> Vec<usize> {
        let number = self.invocations.fetch_add(1, Ordering::Relaxed);
        let request_id = format!("request-{number}");
        let invocation = self.invocation_at(self.now(), &request_id);
        let batch = batch(bodies);
        let answer = task_stopped::answer(batch, &invocation, &self.queues, memory).await;
        let again = answer.batch_item_failures.iter();
        again
            .map(|failure| failure.item_identifier.parse().expect("a message's number"))
            .collect()
    }

    /// Delivers a request to roll-back, as its queue does, in an invocation of its own.
    ///
    /// # Errors
    ///
    /// What the function answers.
    pub async fn ask(&self, request: &Request) -> Result<(), roll_back::Retry> {
        self.ask_at(self.now(), request).await
    }

    /// The same at another time than that of the simulated AWS.
    ///
    /// # Errors
    ///
    /// What the function answers.
    pub async fn ask_at(
        &self,
        now: DateTime<Utc>,
        request: &Request,
    ) -> Result<(), roll_back::Retry> {
        self.ask_time(now, request, 1).await
    }

    /// The same when the message comes for the so-and-so-manieth time, two minutes each.
    ///
    /// # Errors
    ///
    /// What the function answers.
    pub async fn ask_again(
        &self,
        request: &Request,
        deliveries: u32,
    ) -> Result<(), roll_back::Retry> {
        let hidden = TimeDelta::minutes(2);
        let now = self.now() + hidden * i32::try_from(deliveries).unwrap_or_default();
        self.ask_time(now, request, deliveries).await
    }

    async fn ask_time(
        &self,
        now: DateTime<Utc>,
        request: &Request,
        deliveries: u32,
    ) -> Result<(), roll_back::Retry> {
        let attributes = json!({ "ApproximateReceiveCount": deliveries.to_string() });
        let body = json!(request).to_string();
        let message = json!({ "eventSource": "aws:sqs", "body": body, "attributes": attributes });
        let batch = json!({ "Records": [message] });
        self.roll_back(now, &batch).await.map(|_| ())
    }

    /// Invokes roll-back with a person's payload.
    ///
    /// # Panics
    ///
    /// Where it has no answer for a person.
    pub async fn invoke(&self, payload: &Value) -> Value {
        let answer = self.roll_back(self.now(), payload).await;
        answer.expect("an answer")
    }

    /// Hands anything to roll-back, at any time.
    ///
    /// # Errors
    ///
    /// What the function answers.
    pub async fn roll_back(
        &self,
        now: DateTime<Utc>,
        payload: &Value,
    ) -> Result<Value, roll_back::Retry> {
        let number = self.invocations.fetch_add(1, Ordering::Relaxed);
        let request_id = format!("request-{number}");
        let invocation = self.invocation_at(now, &request_id);
        let means = Means::new(&invocation, &self.stacks, &self.rollbacks);
        Box::pin(roll_back::answer(payload, &means)).await
    }

    /// CloudFormation, for the hands on their own.
    pub fn stacks(&self) -> &Stacks {
        &self.stacks
    }

    /// What waits in the queue of stopped tasks: the watches that task-stopped sent to itself.
    pub fn watches(&self) -> Vec<Value> {
        self.sent_to(TASK_QUEUE)
    }

    /// The deployments that were handed over as failing.
    pub fn handed_over(&self) -> Vec<Value> {
        self.sent_to(FAILING_QUEUE)
    }

    /// Delivers what was handed over to deployment-changed, as its queue does.
    ///
    /// # Errors
    ///
    /// What the function answers.
    pub async fn deliver_handed_over(&self) -> Result<(), Retry> {
        for event in self.handed_over() {
            let record = json!({ "eventSource": "aws:sqs", "body": event.to_string() });
            self.deliver(&json!({ "Records": [record] })).await?;
        }
        Ok(())
    }

    /// The rollbacks that deployment-changed asked for.
    pub fn asked(&self) -> Vec<Request> {
        let asked = self.sent_to(ROLLBACK_QUEUE).into_iter();
        asked
            .map(|body| serde_json::from_value(body).expect("a request"))
            .collect()
    }

    fn sent_to(&self, queue: &str) -> Vec<Value> {
        let sent = self.aws.sent_messages().into_iter();
        let ours = sent.filter(|message| message.queue_url == queue);
        ours.map(|message| serde_json::from_str(&message.body).expect("a JSON message"))
            .collect()
    }

    /// An invocation now, for the hands on their own.
    pub fn invocation<'a>(&'a self, request_id: &'a str) -> Invocation<'a> {
        self.invocation_at(self.now(), request_id)
    }

    fn invocation_at<'a>(&'a self, now: DateTime<Utc>, request_id: &'a str) -> Invocation<'a> {
        let deadline = now + self.timeout;
        let mut invocation =
            Invocation::new(&self.clients, &self.settings, request_id, now, deadline);
        invocation.patience = self.patience;
        invocation.with_rollbacks(&self.rollbacks)
    }

    /// What was published, oldest first.
    pub fn alerts(&self) -> Vec<Published> {
        self.aws.published()
    }
}

/// Whether a rule of the template takes an event. The deployed tests hold the real patterns
/// against every file in events/; here the same is said in Rust.
pub fn taken(event: &Value) -> bool {
    match event["detail-type"].as_str() {
        Some("ECS Deployment State Change") => {
            let reason = event["detail"]["reason"].as_str().unwrap_or_default();
            event["detail"]["eventName"] != "SERVICE_DEPLOYMENT_IN_PROGRESS"
                || reason.contains("rolling back to deployment")
        }
        Some("ECS Service Action") => event["detail"]["eventType"] != "INFO",
        _ => false,
    }
}

/// Whether the rule of task-stopped takes an event: stops but the normal ones, and Spot notices.
pub fn is_stop(event: &Value) -> bool {
    const NORMAL: [&str; 2] = [
        "Scaling activity initiated by",
        "Availability-zone rebalancing initiated by",
    ];
    let detail = &event["detail"];
    let reason = detail["stoppedReason"].as_str().unwrap_or_default();
    let normal = NORMAL.iter().any(|words| reason.starts_with(words));
    let notice = detail["desiredStatus"] == "STOPPED" && detail["stopCode"] == "SpotInterruption";
    let by_a_person = detail["stopCode"] == "UserInitiated";
    event["detail-type"] == "ECS Task State Change"
        && match detail["lastStatus"].as_str() {
            Some("STOPPED") => !normal && !by_a_person,
            Some("RUNNING") => notice,
            _ => false,
        }
}

/// A batch as SQS hands it to Lambda; each message is named by its number.
pub fn batch(bodies: impl Iterator<Item = String>) -> SqsEvent {
    let records = bodies.enumerate().map(|(number, body)| {
        json!({
            "messageId": number.to_string(), "body": body, "eventSource": "aws:sqs",
            "attributes": {}, "messageAttributes": {},
        })
    });
    let records: Vec<Value> = records.collect();
    serde_json::from_value(json!({ "Records": records })).expect("an SQS event")
}
