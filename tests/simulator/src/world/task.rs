//! A task and its containers: the states of `task-lifecycle-explanation`, one step at a time.

use super::Time;
use super::fate::Fate;
use std::collections::VecDeque;

/// `lastStatus` of a task (page `task-lifecycle-explanation`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are those of the page")]
pub enum TaskStatus {
    Provisioning,
    Pending,
    Activating,
    Running,
    Deactivating,
    Stopping,
    Deprovisioning,
    Stopped,
}

impl TaskStatus {
    /// As the API spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Provisioning => "PROVISIONING",
            Self::Pending => "PENDING",
            Self::Activating => "ACTIVATING",
            Self::Running => "RUNNING",
            Self::Deactivating => "DEACTIVATING",
            Self::Stopping => "STOPPING",
            Self::Deprovisioning => "DEPROVISIONING",
            Self::Stopped => "STOPPED",
        }
    }
}

/// Health as the API spells it, of a container and of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Health {
    Unknown,
    Healthy,
    Unhealthy,
}

impl Health {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "UNKNOWN",
            Self::Healthy => "HEALTHY",
            Self::Unhealthy => "UNHEALTHY",
        }
    }
}

/// What a failed task means to the circuit breaker (page `deployment-circuit-breaker`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Stage 1: never reached RUNNING.
    NeverRan,
    /// Stage 2: load balancer, Cloud Map or container health.
    Unhealthy,
}

/// One container of a task.
#[derive(Debug, Clone)]
pub struct Container {
    /// `arn:aws:ecs:…:container/<cluster>/<task id>/<uuid>`.
    pub arn: String,
    /// Its name in the task definition.
    pub name: String,
    /// PENDING, RUNNING or STOPPED.
    pub last_status: &'static str,
    /// Absent if it never ran.
    pub exit_code: Option<i64>,
    /// The short reason, if there is one.
    pub reason: Option<String>,
    pub(crate) image: String,
    pub(crate) digest: String,
    pub(crate) runtime_id: Option<String>,
    pub(crate) health: Health,
}

/// One task.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the names are those of the API's Task")]
pub struct Task {
    pub arn: String,
    pub id: String,
    pub cluster: String,
    /// The service's name; none for `RunTask`.
    pub service: Option<String>,
    pub group: String,
    pub started_by: Option<String>,
    pub task_definition: String,
    pub last_status: TaskStatus,
    pub desired_stopped: bool,
    pub stop_code: Option<String>,
    pub stopped_reason: Option<String>,
    pub containers: Vec<Container>,
    pub created_at: Time,
    pub started_at: Option<Time>,
    pub stopped_at: Option<Time>,
    pub version: u64,
    pub(crate) pull_started_at: Option<Time>,
    pub(crate) pull_stopped_at: Option<Time>,
    pub(crate) connectivity_at: Option<Time>,
    pub(crate) stopping_at: Option<Time>,
    pub(crate) execution_stopped_at: Option<Time>,
    pub(crate) updated_at: Time,
    pub(crate) ip: String,
    pub(crate) attachment_id: String,
    pub(crate) capacity_provider: Option<String>,
    pub(crate) fate: Fate,
    pub(crate) failure: Option<Failure>,
    /// Passed every check it has; feeds the deployment and the breaker's reset.
    pub(crate) healthy: bool,
    pub(crate) behind_load_balancer: bool,
    pub(crate) plan: VecDeque<(Time, Step)>,
}

/// One thing that happens to a task.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Enter(TaskStatus),
    PullStarts,
    PullStops,
    Runs,
    ContainerHealth(String, Health),
    Target {
        state: &'static str,
        reason: String,
        description: String,
    },
    PassesChecks,
    Exits {
        container: String,
        code: Option<i64>,
        reason: Option<String>,
    },
    Stop(Stop),
}

/// Why a task is stopped, and how its containers will end.
#[derive(Debug, Clone)]
pub(crate) struct Stop {
    pub code: String,
    pub reason: String,
    pub failure: Option<Failure>,
    /// What containers that still run end with.
    pub exit_code: i64,
}

impl Stop {
    pub(crate) fn new(code: &str, reason: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            reason: reason.into(),
            failure: None,
            exit_code: 143,
        }
    }

    pub(crate) fn by_scheduler(reason: impl Into<String>) -> Self {
        Self::new("ServiceSchedulerInitiated", reason)
    }
}

impl Task {
    /// Whether it counts as `runningCount`.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.last_status == TaskStatus::Running && !self.desired_stopped
    }

    /// Whether it counts as `pendingCount`.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        self.last_status < TaskStatus::Running && !self.desired_stopped
    }

    /// Neither stopped nor asked to stop.
    pub(crate) fn is_live(&self) -> bool {
        !self.desired_stopped && self.last_status != TaskStatus::Stopped
    }

    pub(crate) fn due(&self) -> Option<Time> {
        self.plan.front().map(|(at, _)| *at)
    }

    /// The worst health of its containers (`healthStatus` of the API).
    pub(crate) fn health(&self) -> Health {
        let all = || self.containers.iter().map(|c| c.health);
        if all().any(|h| h == Health::Unhealthy) {
            Health::Unhealthy
        } else if all().any(|h| h == Health::Healthy) {
            Health::Healthy
        } else {
            Health::Unknown
        }
    }
}
