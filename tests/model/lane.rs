//! The functions, each invocation with clients of its own way and a life that may end early.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws::client::Limits;
use aws::stacks::Stacks;
use aws::{Clients, Invocation};
use chrono::TimeDelta;
use domain::settings::{Rollbacks, Settings};
use roll_back::Means;
use serde_json::Value;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::house::{FAILING_QUEUE, House, ROLLBACK_QUEUE, TABLE, TOPIC};
use crate::invariants::{Errand, Look};
use crate::plan::Down;

/// How long Lambda lets a function run.
const TIMEOUT: Duration = Duration::from_secs(60);

/// One invocation, as the way to AWS sees it.
#[derive(Debug)]
pub struct Run {
    errand: Errand,
    /// It dies when it has sent so many calls.
    dies_after: Option<usize>,
    /// A call of this action goes wrong.
    mishap: Option<(&'static str, Down)>,
    pub dead: Notify,
    inner: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    calls: usize,
    mishaps: usize,
    looks: Vec<Look>,
    claimed: Option<Instant>,
}

impl Run {
    pub fn new(errand: Errand, life: &Life) -> Self {
        Self {
            errand,
            dies_after: life.dies_after,
            mishap: life.mishap,
            dead: Notify::new(),
            inner: Mutex::default(),
        }
    }

    fn inner(&self) -> MutexGuard<'_, Seen> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn name(&self) -> &str {
        &self.errand.name
    }

    pub fn errand(&self) -> Errand {
        self.errand.clone()
    }

    /// Whether a call leaves the function.
    pub fn begins_call(&self) -> bool {
        let mut inner = self.inner();
        if self.dies_after.is_some_and(|last| inner.calls >= last) {
            self.dead.notify_one();
            return false;
        }
        inner.calls += 1;
        true
    }

    pub fn calls(&self) -> usize {
        self.inner().calls
    }

    pub fn fault(&self, action: &str) -> Option<Down> {
        let (of, down) = self.mishap.filter(|(of, _)| *of == action)?;
        let mut inner = self.inner();
        inner.mishaps += 1;
        // As often as the SDK tries, so that some get through and some do not.
        (of == action && inner.mishaps <= 2).then_some(down)
    }

    /// Looks at the service are kept, for they are what a write rests on.
    pub fn looks_at(&self, action: &str) -> bool {
        self.errand.is_rollback() && action == "ecs:DescribeServices"
    }

    pub fn saw(&self, look: Look) {
        self.inner().looks.push(look);
    }

    pub fn claims(&self, at: Instant) {
        self.inner().claimed.get_or_insert(at);
    }

    pub fn first_look(&self) -> Option<Look> {
        self.inner().looks.first().cloned()
    }

    /// The last look before a call was sent, if that was taken with the claim or after it, and not
    /// long before the call.
    pub fn last_look(&self, sent: Instant) -> Option<Look> {
        let inner = self.inner();
        let claimed = inner.claimed?;
        let last = inner.looks.iter().rfind(|look| look.sent < sent)?;
        let is_fresh = sent.duration_since(last.sent) <= FRESH;
        (last.sent >= claimed && is_fresh).then(|| last.clone())
    }
}

/// How old the look may be that a write rests on.
const FRESH: Duration = Duration::from_millis(600);

/// What befalls an invocation.
#[derive(Clone, Copy, Debug, Default)]
pub struct Life {
    pub dies_after: Option<usize>,
    pub mishap: Option<(&'static str, Down)>,
}

/// How an invocation ended.
#[derive(Debug)]
pub enum Ended {
    /// It answered.
    Answered(Value),
    /// It asked to be called again, died or was timed out.
    Failed(String),
}

/// Clients that one invocation at a time may use.
#[derive(Debug)]
pub struct Lane {
    clients: Clients,
    stacks: Stacks,
    settings: Settings,
    rollbacks: Rollbacks,
    run: Arc<Mutex<Arc<Run>>>,
}

impl Lane {
    pub fn new(house: &Arc<House>) -> Self {
        let plan = &house.plan;
        let (cooldown, per_hour) = (plan.cooldown.to_string(), plan.per_hour.to_string());
        let lookup = |key: &str| {
            let value = match key {
                "AWS_REGION" => "us-east-1",
                "AWS_ENDPOINT_URL" => house.aws.url(),
                "AWS_ACCESS_KEY_ID" => "AKIDEXAMPLE",
                "AWS_SECRET_ACCESS_KEY" => "secret",
                "OPSBOT_ALERT_TOPIC_ARN" => TOPIC,
                "OPSBOT_STATE_TABLE" => TABLE,
                "OPSBOT_TASK_QUEUE_URL" => crate::house::TASK_QUEUE,
                "OPSBOT_FAILING_QUEUE_URL" => FAILING_QUEUE,
                "OPSBOT_ROLLBACK_QUEUE_URL" if plan.enabled => ROLLBACK_QUEUE,
                "OPSBOT_ROLLBACK_DEFAULT" => plan.default,
                "OPSBOT_ROLLBACK_COOLDOWN_MINUTES" => &cooldown,
                "OPSBOT_ROLLBACKS_PER_HOUR" => &per_hour,
                "OPSBOT_LOG_TAIL_LINES" => "0",
                "OPSBOT_SEVERITY_FLOOR" => plan.floor,
                _ => return None,
            };
            Some(value.to_owned())
        };
        let run = Arc::new(Mutex::new(Arc::new(Run::new(
            Errand::none(),
            &Life::default(),
        ))));
        let transport = house.transport(Arc::clone(&run));
        let clients = Clients::in_process(transport, lookup, Limits::default());
        Self {
            stacks: Stacks::connect(&clients),
            clients,
            settings: Settings::parse(lookup).expect("sound settings"),
            rollbacks: Rollbacks::parse(lookup).expect("sound settings"),
            run,
        }
    }

    /// One invocation, from its payload to its end.
    pub async fn invoke(
        &self,
        house: &Arc<House>,
        errand: Errand,
        life: &Life,
        request_id: &str,
        payload: &Value,
    ) -> Ended {
        let now = house.world(|world| world.now()) + TimeDelta::seconds(house.plan.ahead);
        let timeout = TimeDelta::from_std(TIMEOUT).unwrap_or_default();
        let invocation = Invocation::new(
            &self.clients,
            &self.settings,
            request_id,
            now,
            now + timeout,
        )
        .with_rollbacks(&self.rollbacks);
        house.tell(|| format!("{}: {}", errand.name, errand.about));
        let run = Arc::new(Run::new(errand, life));
        *self.run.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&run);
        let answer = async {
            tokio::select! {
                biased;
                () = run.dead.notified() => Ended::Failed(format!("died after {} calls", run.calls())),
                ended = self.answer(&run, payload, &invocation) => ended,
            }
        };
        let ended = tokio::time::timeout(TIMEOUT, answer).await;
        let ended = ended.unwrap_or_else(|_| Ended::Failed("timed out".to_owned()));
        house.tell(|| format!("{} ends: {}", run.name(), brief(&ended)));
        ended
    }

    async fn answer(&self, run: &Run, payload: &Value, invocation: &Invocation<'_>) -> Ended {
        if run.errand().is_rollback() {
            return self.roll_back(payload, invocation).await;
        }
        match Box::pin(deployment_changed::answer(payload, invocation)).await {
            Ok(()) => Ended::Answered(Value::Null),
            Err(retry) => Ended::Failed(aws::chain(&retry)),
        }
    }

    async fn roll_back(&self, payload: &Value, invocation: &Invocation<'_>) -> Ended {
        let means = Means::new(invocation, &self.stacks, &self.rollbacks);
        match Box::pin(roll_back::answer(payload, &means)).await {
            Ok(answer) => Ended::Answered(answer),
            Err(retry) => Ended::Failed(aws::chain(&retry)),
        }
    }
}

fn brief(ended: &Ended) -> String {
    match ended {
        Ended::Answered(Value::Null) => "answered".to_owned(),
        Ended::Answered(answer) => {
            let part = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
            format!("answered {} {}", part("verdict"), part("outcome"))
        }
        Ended::Failed(why) => format!("FAILED: {why}"),
    }
}
