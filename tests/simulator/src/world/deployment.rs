//! Deployments, service deployments, service revisions, and the breaker's threshold.

use super::Time;

/// `deploymentCircuitBreaker` of a service (API `DeploymentCircuitBreaker`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Breaker {
    /// Whether ECS rolls back by itself.
    pub rollback: bool,
    /// When it trips.
    pub threshold: Threshold,
    /// Whether a healthy task sets the count back to zero (default true).
    pub reset_on_healthy_task: bool,
}

/// `thresholdConfiguration` (configurable since 2026-07-01).
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Threshold {
    /// Percent of the desired count, held within 3 and 200. The default, with 50.
    BoundedPercent(f64),
    /// Percent of the desired count.
    UnboundedPercent(f64),
    /// A fixed number of failed tasks.
    Count(u32),
}

impl Threshold {
    /// How many failures trip the breaker at this desired count.
    #[must_use]
    pub fn failures(self, desired: u32) -> u32 {
        let share = |percent: f64| (percent * f64::from(desired) / 100.0).ceil() as u32;
        match self {
            Self::BoundedPercent(percent) => share(percent).clamp(3, 200),
            // A share of nothing would trip at once.
            Self::UnboundedPercent(percent) => share(percent).max(1),
            Self::Count(count) => count,
        }
    }
}

impl Breaker {
    /// On, without rollback, with the default threshold.
    #[must_use]
    pub fn on() -> Self {
        let threshold = Threshold::BoundedPercent(50.0);
        Self {
            rollback: false,
            threshold,
            reset_on_healthy_task: true,
        }
    }

    /// On, with rollback.
    #[must_use]
    pub fn with_rollback() -> Self {
        Self {
            rollback: true,
            ..Self::on()
        }
    }

    /// Another threshold.
    #[must_use]
    pub fn threshold(self, threshold: Threshold) -> Self {
        Self { threshold, ..self }
    }

    /// Failures add up over healthy tasks.
    #[must_use]
    pub fn without_reset(self) -> Self {
        Self {
            reset_on_healthy_task: false,
            ..self
        }
    }
}

/// `rolloutState`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of the API")]
pub enum Rollout {
    InProgress,
    Completed,
    Failed,
}

impl Rollout {
    /// As the API spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InProgress => "IN_PROGRESS",
            Self::Completed => "COMPLETED",
            Self::Failed => "FAILED",
        }
    }
}

/// One entry of `deployments[]`; the first of a service is PRIMARY, the others ACTIVE.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the names are those of the API's Deployment")]
pub struct Deployment {
    /// `ecs-svc/<19 digits>`.
    pub id: String,
    pub task_definition: String,
    pub rollout: Rollout,
    pub rollout_reason: String,
    /// Consecutive failures; zero again once a task is healthy.
    pub failed_tasks: u32,
    /// What the breaker counts.
    pub failures: u32,
    pub desired: u32,
    pub created_at: Time,
    pub updated_at: Time,
    pub revision_arn: String,
    pub service_deployment_arn: String,
    /// Alarms that were in ALARM when it started are ignored (page `deployment-alarm-failure`).
    pub(crate) ignored_alarms: Vec<String>,
    pub(crate) healthy_since: Option<Time>,
}

/// Status of a service deployment. There is no FAILED.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "the names are those of ServiceDeploymentStatus"
)]
pub enum ServiceDeploymentStatus {
    Pending,
    Successful,
    Stopped,
    StopRequested,
    InProgress,
    RollbackRequested,
    RollbackInProgress,
    RollbackSuccessful,
    RollbackFailed,
}

impl ServiceDeploymentStatus {
    /// As the API spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Successful => "SUCCESSFUL",
            Self::Stopped => "STOPPED",
            Self::StopRequested => "STOP_REQUESTED",
            Self::InProgress => "IN_PROGRESS",
            Self::RollbackRequested => "ROLLBACK_REQUESTED",
            Self::RollbackInProgress => "ROLLBACK_IN_PROGRESS",
            Self::RollbackSuccessful => "ROLLBACK_SUCCESSFUL",
            Self::RollbackFailed => "ROLLBACK_FAILED",
        }
    }

    pub(crate) fn is_finished(self) -> bool {
        match self {
            Self::Successful | Self::Stopped | Self::RollbackSuccessful | Self::RollbackFailed => {
                true
            }
            Self::Pending
            | Self::StopRequested
            | Self::InProgress
            | Self::RollbackRequested
            | Self::RollbackInProgress => false,
        }
    }
}

/// One entry of a service's 90 days of history (API `ServiceDeployment`).
#[derive(Debug, Clone)]
#[expect(
    missing_docs,
    reason = "the names are those of the API's ServiceDeployment"
)]
pub struct ServiceDeployment {
    pub arn: String,
    pub status: ServiceDeploymentStatus,
    pub status_reason: Option<String>,
    pub created_at: Time,
    pub started_at: Option<Time>,
    pub finished_at: Option<Time>,
    pub stopped_at: Option<Time>,
    pub updated_at: Time,
    pub target_revision: String,
    pub source_revisions: Vec<String>,
    /// Reason, start and target revision of a rollback.
    pub rollback: Option<(String, Time, String)>,
    pub breaker_tripped: bool,
    pub triggered_alarms: Vec<String>,
    pub lifecycle_stage: &'static str,
    /// A PAUSE hook: its id and its status.
    pub hook: Option<(String, &'static str)>,
    pub(crate) failures: u32,
    pub(crate) threshold: u32,
}

/// An immutable snapshot of a service's workload (API `ServiceRevision`).
#[derive(Debug, Clone)]
#[expect(
    missing_docs,
    reason = "the names are those of the API's ServiceRevision"
)]
pub struct ServiceRevision {
    pub arn: String,
    pub task_definition: String,
    pub created_at: Time,
    /// Container name, image, digest.
    pub images: Vec<(String, String, String)>,
}
