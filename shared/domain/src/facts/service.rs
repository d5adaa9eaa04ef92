//! A service, its deployments and what surrounds them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::Fact;

/// What `DescribeServices` says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Service {
    /// `ACTIVE`, `DRAINING`, `INACTIVE`.
    pub status: String,
    /// How many tasks it should have.
    pub desired: i32,
    /// How many it has.
    pub running: i32,
    /// How many are on their way.
    pub pending: i32,
    /// `ECS`, `CODE_DEPLOY`, `EXTERNAL`; absent means `ECS`.
    pub controller: Option<String>,
    /// `ROLLING`, `BLUE_GREEN`, `LINEAR`, `CANARY`.
    pub strategy: Option<String>,
    /// `REPLICA` or `DAEMON`.
    pub scheduling: Option<String>,
    /// `ECS` marks an Express service.
    pub resource_management: Option<String>,
    /// The circuit breaker.
    pub breaker: Breaker,
    /// Deployment alarms.
    pub alarms: DeploymentAlarms,
    /// The deployments as listed, PRIMARY and the ones it replaces.
    pub deployments: Vec<Deployment>,
    /// The service events, newest first.
    pub events: Vec<ServiceEvent>,
    /// The ARNs of its target groups, also of the alternate ones of blue/green deployments.
    pub target_groups: Vec<String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// When it was made.
    pub created_at: Option<DateTime<Utc>>,
    /// The ARN of the service deployment that is current.
    pub current_service_deployment: Option<String>,
}

impl Service {
    /// Whether it is being deleted (`DRAINING`) or is deleted (`INACTIVE`).
    pub fn is_deleted(&self) -> bool {
        matches!(self.status.as_str(), "DRAINING" | "INACTIVE")
    }

    /// The deployment that is PRIMARY.
    pub fn primary(&self) -> Option<&Deployment> {
        self.deployments
            .iter()
            .find(|deployment| deployment.status == "PRIMARY")
    }

    /// The deployment with that `ecs-svc/…` id.
    pub fn deployment(&self, id: &str) -> Option<&Deployment> {
        let mut deployments = self.deployments.iter();
        deployments.find(|deployment| deployment.id == id)
    }
}

/// The deployment circuit breaker's settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Breaker {
    /// Whether it is on.
    pub enabled: bool,
    /// Whether ECS rolls back when it trips.
    pub rollback: bool,
}

/// The deployment alarms' settings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeploymentAlarms {
    /// Whether they are on.
    pub enabled: bool,
    /// Whether ECS rolls back when one fires.
    pub rollback: bool,
    /// Their names.
    pub names: Vec<String>,
}

/// One entry of a service's `deployments`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Deployment {
    /// `ecs-svc/<digits>`.
    pub id: String,
    /// `PRIMARY`, `ACTIVE`, `INACTIVE`; open.
    pub status: String,
    /// The task definition's ARN.
    pub task_definition: String,
    /// How many tasks it should have.
    pub desired: i32,
    /// How many run.
    pub running: i32,
    /// How many are starting.
    pub pending: i32,
    /// Consecutive failures; zero again as soon as one task runs, so zero does not mean healthy.
    pub failed_tasks: i32,
    /// How the rollout goes.
    pub rollout: Option<Rollout>,
    /// Why, in ECS's words.
    pub rollout_reason: Option<String>,
    /// When it began.
    pub created_at: Option<DateTime<Utc>>,
    /// When it last changed.
    pub updated_at: Option<DateTime<Utc>>,
}

/// `rolloutState` of a deployment; absent for some controllers and load balancers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rollout {
    /// Under way.
    InProgress,
    /// It reached a steady state.
    Completed,
    /// The circuit breaker or an alarm stopped it.
    Failed,
    /// A state that came later.
    Other(String),
}

/// One sentence of the service's events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceEvent {
    /// When ECS said it.
    pub at: DateTime<Utc>,
    /// What it said.
    pub message: String,
}

/// One entry of the service deployment history, `ListServiceDeployments`: 90 days, from
/// 2024-10-25 on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ServiceDeployment {
    /// The service deployment's ARN; it is not the `ecs-svc/…` id, and no field maps the two.
    pub arn: String,
    /// `SUCCESSFUL`, `IN_PROGRESS`, `ROLLBACK_SUCCESSFUL`, … There is no `FAILED`.
    pub status: String,
    /// Why, in ECS's words.
    pub reason: Option<String>,
    /// The ARN of the service revision it was to bring.
    pub target_revision: Option<String>,
    /// When it began.
    pub created_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// What only `DescribeServiceDeployments` says; `None` where it was only listed.
    pub detail: Option<ServiceDeploymentDetail>,
}

/// What `DescribeServiceDeployments` says beyond `ListServiceDeployments`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceDeploymentDetail {
    /// `status` by this call; empty where it did not say.
    pub status: String,
    /// The ARNs of the service revisions that ran when it began: where ECS can go back to.
    pub sources: Vec<String>,
    /// The ARN of the service revision that ECS rolls, or rolled, back to.
    pub rolled_back_to: Option<String>,
    /// Its lifecycle hooks, `lifecycleHookDetails`.
    pub hooks: Vec<LifecycleHook>,
    /// The names of the alarms that stopped it.
    pub triggered_alarms: Vec<String>,
}

/// One entry of `lifecycleHookDetails`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LifecycleHook {
    /// Such as `ecs-pause-…`.
    pub id: String,
    /// `AWS_LAMBDA` or `PAUSE`.
    pub target_type: String,
    /// `AWAITING_ACTION` is the one that `ContinueServiceDeployment` answers.
    pub status: String,
}

/// The CloudFormation stack that a service belongs to, `DescribeStacks`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StackState {
    /// The stack's name.
    pub name: String,
    /// Such as `UPDATE_COMPLETE` or `UPDATE_IN_PROGRESS`.
    pub status: String,
}

/// What `DescribeServiceRevisions` says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ServiceRevision {
    /// The service revision's ARN.
    pub arn: String,
    /// The task definition's ARN.
    pub task_definition: String,
    /// The image and its digest by container.
    pub images: BTreeMap<String, RevisionImage>,
}

/// The image a service revision resolved for one container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RevisionImage {
    /// The image reference.
    pub image: String,
    /// What it resolved to, `sha256:…`.
    pub digest: Option<String>,
}

/// The revision a service last ran well on.
#[derive(Clone, Debug, PartialEq)]
pub struct GoodRevision {
    /// The task definition's ARN.
    pub task_definition: String,
    /// The service revision's ARN, where the history names it.
    pub revision: Option<String>,
    /// How it is known to be good.
    pub known_from: KnownFrom,
}

/// How a revision is known to be good, strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KnownFrom {
    /// The newest successful entry of the service deployment history.
    History,
    /// opsbot saw it complete and wrote it down.
    Record,
    /// A completed deployment that the service still lists.
    Listed,
}

/// The health of the targets of one target group.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetGroup {
    /// The target group's ARN.
    pub arn: String,
    /// Its targets.
    pub targets: Fact<Vec<Target>>,
}

/// One target of a target group, `DescribeTargetHealth`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// An address or an instance id.
    pub id: String,
    /// The port.
    pub port: Option<i32>,
    /// `healthy`, `unhealthy`, `initial`, `draining`, `unused`, …
    pub state: String,
    /// Such as `Target.ResponseCodeMismatch`.
    pub reason: Option<String>,
    /// Such as `Health checks failed with these codes: [502]`.
    pub description: Option<String>,
}

/// The last lines that one container of one task wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogTail {
    /// The container.
    pub container: String,
    /// The task's id.
    pub task_id: String,
    /// The log group.
    pub group: String,
    /// The log stream.
    pub stream: String,
    /// The Region of the log group.
    pub region: String,
    /// The lines, oldest first. Untrusted text.
    pub lines: Vec<LogLine>,
}

/// One line of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// When it was written.
    pub at: DateTime<Utc>,
    /// What was written. Untrusted text.
    pub message: String,
}

/// CPU and memory of a service around an incident, in percent of what is reserved
/// (`AWS/ECS` `CPUUtilization` and `MemoryUtilization`, one point a minute).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Utilization {
    /// CPU, oldest first.
    pub cpu: Vec<MetricPoint>,
    /// Memory, oldest first.
    pub memory: Vec<MetricPoint>,
}

/// One point of a metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MetricPoint {
    /// The start of its minute.
    pub at: DateTime<Utc>,
    /// Percent.
    pub value: f64,
}
