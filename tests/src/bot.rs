//! The function under test in this process, with every AWS service played by the simulator.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use aws::client::Limits;
use aws::{Clients, Invocation};
use chrono::{DateTime, TimeDelta, Utc};
use deployment_changed::Retry;
use domain::settings::Settings;
use serde_json::Value;
use simulator::{Published, Simulator, World};

/// The topic that the bot publishes to.
pub const TOPIC: &str = "arn:aws:sns:us-east-1:111122223333:opsbot-alerts";
/// Its state table.
pub const TABLE: &str = "opsbot-state";

/// A bot over a simulated AWS.
#[derive(Debug)]
pub struct Bot {
    /// The AWS it lives in.
    pub aws: Simulator,
    /// Its settings.
    pub settings: Settings,
    clients: Clients,
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
        let aws = Simulator::start(world, simulator::Options::default()).expect("a loopback port");
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
                _ => return None,
            };
            Some(value.to_owned())
        };
        let clients = Clients::connect(lookup, limits);
        let settings = Settings::parse(lookup).expect("sound settings");
        Self {
            aws,
            settings,
            clients,
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
        let now = self.now();
        let deadline = now + TimeDelta::seconds(60);
        let mut invocation =
            Invocation::new(&self.clients, &self.settings, request_id, now, deadline);
        invocation.patience = Duration::from_millis(100);
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
