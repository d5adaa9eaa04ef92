//! A service and its settings, built in words.

use super::deployment::{Breaker, Deployment, Rollout, ServiceDeployment, ServiceRevision};
use super::{Time, World};
use serde_json::{Map, Value, json};
use std::collections::{HashMap, VecDeque};

/// One service.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the names are those of the API's Service")]
pub struct Service {
    pub arn: String,
    pub name: String,
    pub cluster: String,
    pub created_at: Time,
    /// ACTIVE, DRAINING or INACTIVE.
    pub status: &'static str,
    pub settings: Settings,
    /// PRIMARY first.
    pub deployments: Vec<Deployment>,
    /// Oldest first; 90 days of them.
    pub service_deployments: Vec<ServiceDeployment>,
    pub revisions: Vec<ServiceRevision>,
    /// Newest first, at most 100.
    pub events: VecDeque<ServiceEvent>,
    /// Where a rollback would go: the most recent COMPLETED deployment.
    pub(crate) completed: Option<Deployment>,
    /// When the scheduler looks at it next; never while all is settled.
    pub(crate) look_at: Option<Time>,
    pub(crate) steady: bool,
    pub(crate) start_failures: u32,
    /// When each message was last posted, until its cause is gone.
    pub(crate) posted: HashMap<String, Time>,
    pub(crate) usage: Vec<(Time, f64, f64)>,
}

/// `{id, createdAt, message}` of `DescribeServices`.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the names are those of the API's ServiceEvent")]
pub struct ServiceEvent {
    pub id: String,
    pub created_at: Time,
    pub message: String,
}

/// What `CreateService` and `UpdateService` can set.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `desiredCount`.
    pub desired: u32,
    /// The deployment circuit breaker; none = off.
    pub breaker: Option<Breaker>,
    /// Alarm names and whether they roll back; none = off.
    pub alarms: Option<(Vec<String>, bool)>,
    /// ECS, `CODE_DEPLOY` or EXTERNAL.
    pub controller: String,
    /// ROLLING, `BLUE_GREEN`, LINEAR or CANARY.
    pub strategy: String,
    /// REPLICA or DAEMON.
    pub scheduling: String,
    /// `minimumHealthyPercent` and `maximumPercent`.
    pub percents: (u32, u32),
    /// `loadBalancers`: target group ARN, container, port.
    pub target_groups: Vec<(String, String, u16)>,
    /// `healthCheckGracePeriodSeconds`.
    pub grace_seconds: i64,
    /// Tag keys and values.
    pub tags: Vec<(String, String)>,
    /// Capacity provider; none = launch type FARGATE.
    pub capacity_provider: Option<String>,
    /// Any other member of the answer, as given (`networkConfiguration`,
    /// `resourceManagementType`, `serviceRegistries` …).
    pub other: Map<String, Value>,
    /// A PAUSE hook at this lifecycle stage (blue/green only).
    pub pause_at: Option<String>,
}

impl Service {
    /// The deployment that a rollback by ECS would bring back: in a rolling update the one that
    /// completed last, unless it is just being brought back; where traffic is shifted, one that the
    /// newest deployment began from.
    #[must_use]
    pub fn rollback_candidate(&self) -> Option<&Deployment> {
        if self.settings.strategy == "ROLLING" {
            return self.completed.as_ref();
        }
        let (newest, older) = self.deployments.split_first()?;
        let mut entries = self.service_deployments.iter();
        let entry = entries.find(|entry| entry.arn == newest.service_deployment_arn)?;
        let source = |it: &&Deployment| {
            let is_source = entry.source_revisions.contains(&it.revision_arn);
            is_source && it.rollout != Rollout::Failed
        };
        let mut sources = older.iter().filter(source);
        self.completed.as_ref().or_else(|| sources.next())
    }
}

impl Default for Settings {
    fn default() -> Self {
        let network = json!({"awsvpcConfiguration": {"subnets": ["subnet-abcd1234"],
            "securityGroups": ["sg-12345678"], "assignPublicIp": "DISABLED"}});
        Self {
            desired: 1,
            breaker: None,
            alarms: None,
            controller: "ECS".into(),
            strategy: "ROLLING".into(),
            scheduling: "REPLICA".into(),
            percents: (100, 200),
            target_groups: Vec::new(),
            grace_seconds: 0,
            tags: Vec::new(),
            capacity_provider: None,
            other: Map::from_iter([("networkConfiguration".to_owned(), network)]),
            pause_at: None,
        }
    }
}

impl Settings {
    /// Rolling updates under the ECS controller: the only kind with a circuit breaker.
    pub(crate) fn is_rolling(&self) -> bool {
        self.strategy == "ROLLING" && self.controller == "ECS"
    }
}

/// A service about to be created; ends with [`create`](Self::create).
#[derive(Debug)]
pub struct ServiceBuilder<'w> {
    world: &'w mut World,
    cluster: String,
    name: String,
    task_definition: String,
    settings: Settings,
}

impl<'w> ServiceBuilder<'w> {
    pub(crate) fn new(world: &'w mut World, cluster: &str, name: &str) -> Self {
        let (cluster, name) = (cluster.to_owned(), name.to_owned());
        let task_definition = name.clone();
        Self {
            world,
            cluster,
            name,
            task_definition,
            settings: Settings::default(),
        }
    }

    /// `family`, `family:revision` or the ARN (else the newest of the service's own name).
    #[must_use]
    pub fn task_definition(mut self, reference: &str) -> Self {
        self.task_definition = reference.into();
        self
    }

    /// The desired count (else 1).
    #[must_use]
    pub fn desired(mut self, count: u32) -> Self {
        self.settings.desired = count;
        self
    }

    /// Turns the deployment circuit breaker on.
    #[must_use]
    pub fn breaker(mut self, breaker: Breaker) -> Self {
        self.settings.breaker = Some(breaker);
        self
    }

    /// Deployment alarms, with or without rollback.
    #[must_use]
    pub fn alarms(mut self, names: &[&str], rollback: bool) -> Self {
        self.settings.alarms = Some((names.iter().map(|&n| n.to_owned()).collect(), rollback));
        self
    }

    /// A tag, for example `opsbot:rollback`.
    #[must_use]
    pub fn tag(mut self, key: &str, value: &str) -> Self {
        self.settings.tags.push((key.into(), value.into()));
        self
    }

    /// Registers its tasks with a target group (made by `World::target_group`).
    #[must_use]
    pub fn target_group(mut self, arn: &str, container: &str, port: u16) -> Self {
        self.settings
            .target_groups
            .push((arn.into(), container.into(), port));
        self
    }

    /// `healthCheckGracePeriodSeconds`.
    #[must_use]
    pub fn grace_seconds(mut self, seconds: i64) -> Self {
        self.settings.grace_seconds = seconds;
        self
    }

    /// `minimumHealthyPercent` and `maximumPercent` (else 100 and 200).
    #[must_use]
    pub fn percents(mut self, minimum_healthy: u32, maximum: u32) -> Self {
        self.settings.percents = (minimum_healthy, maximum);
        self
    }

    /// `CODE_DEPLOY` or EXTERNAL (else ECS).
    #[must_use]
    pub fn controller(mut self, kind: &str) -> Self {
        self.settings.controller = kind.into();
        self
    }

    /// `BLUE_GREEN`, LINEAR or CANARY (else ROLLING).
    #[must_use]
    pub fn strategy(mut self, strategy: &str) -> Self {
        self.settings.strategy = strategy.into();
        self
    }

    /// A PAUSE hook at a lifecycle stage, for example `POST_TEST_TRAFFIC_SHIFT` (blue/green).
    #[must_use]
    pub fn pause_at(mut self, stage: &str) -> Self {
        self.settings.pause_at = Some(stage.into());
        self
    }

    /// DAEMON scheduling on so many container instances.
    #[must_use]
    pub fn daemon_on(mut self, instances: u32) -> Self {
        self.settings.scheduling = "DAEMON".into();
        self.settings.desired = instances;
        self
    }

    /// A capacity provider, for example `FARGATE_SPOT` (else launch type FARGATE).
    #[must_use]
    pub fn capacity_provider(mut self, name: &str) -> Self {
        self.settings.capacity_provider = Some(name.into());
        self
    }

    /// Any other member of the API's Service, for example `resourceManagementType`.
    #[must_use]
    pub fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.settings.other.insert(member.into(), value.into());
        self
    }

    pub(crate) fn settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// Creates the service, starts its first deployment and gives its ARN.
    pub fn create(self) -> String {
        let Self {
            world,
            cluster,
            name,
            task_definition,
            settings,
        } = self;
        world.create_service(&cluster, &name, &task_definition, settings)
    }
}
