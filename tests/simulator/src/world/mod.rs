//! The state machine: synchronous, deterministic, without IO and with its own clock.

mod blue_green;
mod breaker;
mod deployment;
mod deploys;
mod events;
mod fate;
mod interventions;
mod lifecycle;
mod names;
mod observe;
mod plan;
mod registry;
mod scheduler;
mod service;
mod task;
mod task_definition;
mod task_render;

pub use deployment::{
    Breaker, Deployment, Rollout, ServiceDeployment, ServiceDeploymentStatus, ServiceRevision,
    Threshold,
};
pub use fate::Fate;
pub use names::Names;
pub use observe::{LogEvent, Target, TargetGroup};
pub use service::{Service, ServiceBuilder, ServiceEvent, Settings};
pub use task::{Container, Task, TaskStatus};
pub use task_definition::{Registered, TaskDefinition};

pub(crate) use deploys::Refusal;
pub(crate) use names::last_part;
pub(crate) use task::Stop;
pub(crate) use task_render::{Times, task_json};

use crate::ids::Ids;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

/// The world's clock.
pub type Time = DateTime<Utc>;

/// How often the service scheduler looks at an unsettled service. Ours; AWS names no figure.
const SCHEDULER_PERIOD: TimeDelta = TimeDelta::seconds(5);

/// Everything the simulated account holds.
#[derive(Debug, Clone)]
pub struct World {
    now: Time,
    names: Names,
    source: String,
    ids: Ids,
    clusters: BTreeSet<String>,
    definitions: Vec<Registered>,
    services: Vec<Service>,
    tasks: Vec<Task>,
    target_groups: BTreeMap<String, TargetGroup>,
    streams: BTreeMap<(String, String), Vec<LogEvent>>,
    alarms: BTreeSet<String>,
    stacks: BTreeMap<String, String>,
    times_moved: HashMap<String, u32>,
    outbox: Vec<Value>,
    /// Nobody listens to what becomes of tasks.
    without_task_events: bool,
    next_ip: u32,
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

impl World {
    /// Account 111122223333 in us-east-1, empty, at 2026-11-22T10:00:00Z.
    #[must_use]
    pub fn new() -> Self {
        let start = DateTime::from_timestamp(1_795_341_600, 0).expect("a valid time");
        Self {
            now: start,
            names: Names {
                account: "111122223333".into(),
                region: "us-east-1".into(),
            },
            source: "aws.ecs".into(),
            ids: Ids::from_seed(1),
            clusters: BTreeSet::new(),
            definitions: Vec::new(),
            services: Vec::new(),
            tasks: Vec::new(),
            target_groups: BTreeMap::new(),
            streams: BTreeMap::new(),
            alarms: BTreeSet::new(),
            stacks: BTreeMap::new(),
            times_moved: HashMap::new(),
            outbox: Vec::new(),
            without_task_events: false,
            next_ip: 0,
        }
    }

    /// Another start of the clock. Call it before anything is created.
    #[must_use]
    pub fn starting_at(mut self, start: Time) -> Self {
        self.now = start;
        self
    }

    /// Another account and Region. Call it before anything is created.
    #[must_use]
    pub fn located(mut self, account: &str, region: &str) -> Self {
        self.names = Names {
            account: account.into(),
            region: region.into(),
        };
        self
    }

    /// Another `source` in events, for buses that refuse `aws.*`.
    #[must_use]
    pub fn event_source(mut self, source: &str) -> Self {
        self.source = source.into();
        self
    }

    /// Other identifiers: the same seed gives the same ones.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.ids = Ids::from_seed(seed);
        self
    }

    /// No `ECS Task State Change` events, which are the most, for who does not read them.
    #[must_use]
    pub fn without_task_events(mut self) -> Self {
        self.without_task_events = true;
        self
    }

    /// The world's time.
    #[must_use]
    pub fn now(&self) -> Time {
        self.now
    }

    /// Account, Region and the making of ARNs.
    #[must_use]
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// Adds a cluster (services create theirs by themselves); gives its ARN.
    pub fn cluster(&mut self, name: &str) -> String {
        self.clusters.insert(name.into());
        self.names.cluster(name)
    }

    pub(crate) fn clusters(&self) -> &BTreeSet<String> {
        &self.clusters
    }

    /// Begins a service; `create()` ends it.
    pub fn service(&mut self, cluster: &str, name: &str) -> ServiceBuilder<'_> {
        ServiceBuilder::new(self, cluster, name)
    }

    /// A service by cluster and name (or their ARNs).
    #[must_use]
    pub fn find_service(&self, cluster: &str, name: &str) -> Option<&Service> {
        self.service_index(cluster, name)
            .map(|index| &self.services[index])
    }

    pub(crate) fn service_index(&self, cluster: &str, name: &str) -> Option<usize> {
        let (cluster, name) = (last_part(cluster), last_part(name));
        self.services
            .iter()
            .position(|s| s.cluster == cluster && s.name == name)
    }

    /// Every service.
    #[must_use]
    pub fn services(&self) -> &[Service] {
        &self.services
    }

    /// Every task that can still be described, oldest first.
    #[must_use]
    pub fn tasks(&self) -> &[Task] {
        &self.tasks
    }

    /// Takes the `EventBridge` events that came up since the last call, oldest first.
    pub fn drain_events(&mut self) -> Vec<Value> {
        std::mem::take(&mut self.outbox)
    }

    /// Lets time pass: everything due until then happens, each at its own moment.
    pub fn advance(&mut self, duration: Duration) {
        let delta = TimeDelta::from_std(duration).expect("a duration that chrono can hold");
        self.advance_to(self.now + delta);
    }

    fn advance_to(&mut self, end: Time) {
        while let Some((at, due)) = self.next_due().filter(|(at, _)| *at <= end) {
            self.now = at.max(self.now);
            match due {
                Due::Task(index) => self.step_task(index),
                Due::Service(index) => self.look_at(index),
            }
        }
        self.now = end;
        self.forget_the_old();
    }

    /// Lets time pass until nothing is due any more, at most an hour. Says whether that came.
    pub fn settle(&mut self) -> bool {
        let end = self.now + TimeDelta::hours(1);
        while let Some((at, _)) = self.next_due().filter(|(at, _)| *at <= end) {
            self.advance_to(at);
        }
        self.next_due().is_none()
    }

    /// Lets time pass until the condition holds, at most six hours. Says whether it came true.
    pub fn advance_until(&mut self, condition: impl Fn(&World) -> bool) -> bool {
        let end = self.now + TimeDelta::hours(6);
        while !condition(self) {
            match self.next_due().filter(|(at, _)| *at <= end) {
                Some((at, _)) => self.advance_to(at),
                None => return false,
            }
        }
        true
    }

    /// The earliest thing due; tasks before services, older before newer.
    fn next_due(&self) -> Option<(Time, Due)> {
        let tasks = self.tasks.iter().enumerate();
        let tasks = tasks.filter_map(|(i, task)| task.due().map(|at| (at, Due::Task(i))));
        let services = self.services.iter().enumerate();
        let services = services.filter_map(|(i, s)| s.look_at.map(|at| (at, Due::Service(i))));
        tasks.chain(services).min_by_key(|(at, _)| *at)
    }

    /// Stopped tasks can be described for an hour (page `stopped-task-errors`, "at least"),
    /// service deployments for 90 days.
    fn forget_the_old(&mut self) {
        let (hour, history) = (
            self.now - TimeDelta::hours(1),
            self.now - TimeDelta::days(90),
        );
        self.tasks
            .retain(|task| task.stopped_at.is_none_or(|stopped| stopped > hour));
        for service in &mut self.services {
            service
                .service_deployments
                .retain(|d| !d.status.is_finished() || d.created_at > history);
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum Due {
    Task(usize),
    Service(usize),
}
