//! The account in which a history takes place: the simulated AWS, the way to it, and one clock.
//!
//! The world's clock is tokio's, which is paused: time passes when everybody waits, and costs
//! nothing. Requests travel for a while, some for long, and arrive even where the function that
//! sent them is dead by then.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws::client::in_process::{Answered, Answering, Asked};
use chrono::TimeDelta;
use serde_json::Value;
use simulator::{Fault, Simulator, Throttle, Wire, World};
use tokio::time::Instant;

use crate::chance::Chance;
use crate::fleet::Shop;
use crate::invariants::{Errand, Look, Writing};
use crate::lane::Run;
use crate::life::meddle;
use crate::plan::{Down, Plan, Weather};

/// The topic of the alerts.
pub const TOPIC: &str = "arn:aws:sns:us-east-1:111122223333:opsbot-alerts";
/// The state table.
pub const TABLE: &str = "opsbot-state";
/// The queue of stopped tasks, which no function of the model reads.
pub const TASK_QUEUE: &str = "https://sqs.us-east-1.amazonaws.com/111122223333/opsbot-tasks";
/// The queue of failing deployments, which deployment-changed reads.
pub const FAILING_QUEUE: &str = "https://sqs.us-east-1.amazonaws.com/111122223333/opsbot-failing";
/// The queue of requests, which roll-back reads.
pub const ROLLBACK_QUEUE: &str =
    "https://sqs.us-east-1.amazonaws.com/111122223333/opsbot-rollbacks.fifo";

/// Everything in one history.
#[derive(Debug)]
pub struct House {
    pub aws: Simulator,
    pub plan: Plan,
    shops: Vec<Shop>,
    began: Instant,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// How far the world has come, since `began`.
    reached: Duration,
    travel: Chance,
    weather: Chance,
    /// No faults, no delays, no deaths any more.
    calm: bool,
    refated: bool,
    writings: Vec<Writing>,
    story: Vec<String>,
}

impl House {
    pub fn new(world: World, plan: Plan, shops: Vec<Shop>) -> Arc<Self> {
        let aws = Simulator::in_process(world, Throttle::Off);
        aws.create_table(TABLE, "pk", None);
        let inner = Inner {
            reached: Duration::ZERO,
            travel: Chance::of(plan.seed, 11),
            weather: Chance::of(plan.seed, 12),
            calm: false,
            refated: false,
            writings: Vec::new(),
            story: Vec::new(),
        };
        Arc::new(Self {
            aws,
            plan,
            shops,
            began: Instant::now(),
            inner: Mutex::new(inner),
        })
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Brings the world to the present. Whoever looks at it or changes it does this first.
    pub fn present(&self) {
        let elapsed = self.began.elapsed();
        let mut inner = self.inner();
        if elapsed > inner.reached {
            self.aws.advance(elapsed - inner.reached);
            inner.reached = elapsed;
        }
    }

    /// Looks at the world or changes it, now.
    pub fn world<T>(&self, work: impl FnOnce(&mut World) -> T) -> T {
        self.present();
        self.aws.with(work)
    }

    /// Tasks meet another fate from now on.
    pub fn refate(&self) {
        self.inner().refated = true;
    }

    pub fn is_refated(&self) -> bool {
        self.inner().refated
    }

    /// From now on nothing goes wrong any more.
    pub fn calm_down(&self) {
        self.inner().calm = true;
    }

    pub fn is_calm(&self) -> bool {
        self.inner().calm
    }

    /// A line of the story, where somebody reads it.
    pub fn tell(&self, line: impl FnOnce() -> String) {
        if self.plan.told {
            let at = self.began.elapsed().as_millis();
            let (minutes, millis) = (at / 60_000, at % 60_000);
            let line = format!(
                "{minutes:>5} min {:>2}.{:03} s  {}",
                millis / 1000,
                millis % 1000,
                line()
            );
            self.inner().story.push(line);
        }
    }

    /// How the services stand.
    pub fn tell_services(&self) {
        if !self.plan.told {
            return;
        }
        let services = self.aws.with(|world| world.services().to_vec());
        for service in services {
            let settings = &service.settings;
            let breaker = settings.breaker.map(|it| it.rollback);
            let alarm = settings.alarms.as_ref().map(|(_, rollback)| *rollback);
            self.tell(|| {
                format!(
                    "    = {} {} {} {}, breaker {breaker:?}, alarm {alarm:?}, tags {:?}, ECS would go to {:?}",
                    service.name,
                    service.status,
                    settings.strategy,
                    settings.scheduling,
                    settings.tags,
                    service.rollback_candidate().map(|it| &it.id),
                )
            });
            for it in &service.deployments {
                let entries = service.service_deployments.iter();
                let mut entries = entries.filter(|entry| entry.arn == it.service_deployment_arn);
                let status = entries.next().map(|entry| entry.status);
                let name = it.task_definition.rsplit('/').next().unwrap_or_default();
                self.tell(|| format!("      - {} {name} {:?}, {status:?}", it.id, it.rollout));
            }
        }
    }

    pub fn story(&self) -> Vec<String> {
        self.inner().story.clone()
    }

    /// The writes that were sent, with what is needed to judge them.
    pub fn writings(&self) -> Vec<Writing> {
        self.inner().writings.clone()
    }

    /// How long a request or an answer travels.
    fn travel(&self) -> Duration {
        let mut inner = self.inner();
        let slow = !inner.calm && self.plan.weather.slow > 0;
        let millis = match inner.travel.below(100) {
            lost if slow && lost < self.plan.weather.slow => inner.travel.between(1_000, 9_000),
            _ => inner.travel.between(2, 40),
        };
        Duration::from_millis(millis)
    }

    /// What goes wrong with a call.
    fn fault(&self, action: &str, run: &Run) -> Option<Down> {
        let mut inner = self.inner();
        if inner.calm {
            return None;
        }
        let Weather { outages, flaky, .. } = &self.plan.weather;
        let now = self.began.elapsed();
        let out = outages.iter().find(|it| it.holds(action, now));
        match out {
            Some(outage) => Some(outage.down),
            None if inner.weather.percent(*flaky) => {
                let all = Down::ALL;
                Some(inner.weather.pick(&all))
            }
            None => run.fault(action),
        }
    }

    /// Everything about one request: its way there, what happens meanwhile, the answer's way back.
    async fn carry(self: Arc<Self>, run: Arc<Run>, asked: Asked) -> io::Result<Answered> {
        let path = asked.uri.strip_prefix(self.aws.url()).unwrap_or_default();
        let Some(request) = Wire::read(path, &asked.headers, &asked.body) else {
            return Err(io::Error::other("no simulated service"));
        };
        let action = request.action();
        let sent = Instant::now();
        tokio::time::sleep(self.travel()).await;
        self.present();
        self.meddle(&run);
        if let Some(down) = self.fault(&action, &run) {
            let fault: Fault = down.into();
            self.aws.inject(&action, fault.times(1));
            self.tell(|| format!("    {} {action}: {down:?}", run.name()));
        } else {
            self.tell(|| format!("    {} {action}{}", run.name(), subject(request.members())));
        }
        self.note(&action, &request, &run, sent);
        let answered = self.aws.wire().answer(&request).await?;
        if run.looks_at(&action) && answered.status == 200 {
            run.saw(Look {
                sent,
                world: self.aws.with(|world| world.clone()),
            });
        }
        tokio::time::sleep(self.travel()).await;
        Ok(Answered {
            status: answered.status,
            headers: answered.headers,
            body: answered.body,
        })
    }

    /// Somebody changes the service right before a call of roll-back.
    fn meddle(&self, run: &Run) {
        let mut inner = self.inner();
        let meddled = self.plan.weather.meddled;
        if inner.calm || !run.errand().is_rollback() || !inner.weather.percent(meddled) {
            return;
        }
        let shop = inner.weather.pick(&self.shops);
        let said = self
            .aws
            .with(|world| meddle(world, &shop, &mut inner.weather));
        drop(inner);
        if let Some(said) = said {
            self.tell(|| format!("# meanwhile {said}"));
        }
    }

    fn note(&self, action: &str, request: &simulator::Asked, run: &Run, sent: Instant) {
        if action == "dynamodb:TransactWriteItems" {
            run.claims(sent);
        }
        if is_write(action) {
            let way = TimeDelta::from_std(sent.elapsed()).unwrap_or_default();
            let writing = Writing {
                number: self.aws.write_count(),
                sent: self.aws.with(|world| world.now()) - way,
                by: Errand {
                    refated: self.is_refated(),
                    ..run.errand()
                },
                look: run.last_look(sent),
                first: run.first_look(),
                table: self.aws.table(TABLE),
            };
            self.inner().writings.push(writing);
            self.tell(|| format!("*** {action} {}", request.members()));
            self.tell_services();
        }
    }

    /// The way of one function's requests. They go on when it dies.
    pub fn transport(
        self: &Arc<Self>,
        run: Arc<Mutex<Arc<Run>>>,
    ) -> impl Fn(Asked) -> Answering + use<> {
        let house = Arc::clone(self);
        move |asked| {
            let run = Arc::clone(&run.lock().unwrap_or_else(PoisonError::into_inner));
            if !run.begins_call() {
                return Box::pin(std::future::pending());
            }
            let carried = tokio::spawn(Arc::clone(&house).carry(run, asked));
            Box::pin(async move { carried.await.map_err(io::Error::other)? })
        }
    }
}

pub fn is_write(action: &str) -> bool {
    [
        "ecs:UpdateService",
        "ecs:StopServiceDeployment",
        "ecs:ContinueServiceDeployment",
    ]
    .contains(&action)
}

/// The item of a table that a request is about, for the story.
fn subject(members: &Value) -> String {
    if let Some(subject) = members["Subject"].as_str() {
        return format!(" {subject}");
    }
    let key = members.pointer("/Key/pk/S").and_then(Value::as_str);
    key.map(|key| format!(" {}", key.rsplit('/').next().unwrap_or(key)))
        .unwrap_or_default()
}
