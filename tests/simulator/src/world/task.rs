//! A task and its containers: the states of `task-lifecycle-explanation`, one step at a time.

use super::fate::{Fate, Kind, Stage};
use super::{Registered, Time};
use chrono::TimeDelta;
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

    fn then(&mut self, start: Time, seconds: f64, step: Step) {
        let at = start + TimeDelta::milliseconds((seconds * 1000.0) as i64);
        self.plan.push_back((at, step));
    }

    /// Lays out what will happen to a new task. The seconds are ours, in the order of a usual
    /// Fargate start; AWS promises none.
    pub(crate) fn plan_start(&mut self, definition: &Registered, grace_seconds: i64) {
        let start = self.created_at;
        self.then(start, 8.2, Step::Enter(TaskStatus::Pending));
        if let Kind::FailsToStart {
            stage,
            reason,
            container_reasons,
        } = self.fate.kind.clone()
        {
            self.plan_failing_start(stage, reason, container_reasons);
            return;
        }
        self.then(start, 10.4, Step::PullStarts);
        self.then(start, 16.9, Step::PullStops);
        self.then(start, 18.3, Step::Enter(TaskStatus::Activating));
        self.then(start, 20.6, Step::Runs);
        self.plan_life(definition, 20.6, grace_seconds);
    }

    fn plan_failing_start(&mut self, stage: Stage, reason: String, reasons: Vec<(String, String)>) {
        let start = self.created_at;
        if stage != Stage::BeforePull {
            self.then(start, 10.4, Step::PullStarts);
            self.then(start, 16.9, Step::PullStops);
        }
        for (container, reason) in reasons {
            let (code, reason) = (None, Some(reason));
            self.then(
                start,
                17.0,
                Step::Exits {
                    container,
                    code,
                    reason,
                },
            );
        }
        let failure = Some(Failure::NeverRan);
        let stop = Stop {
            failure,
            ..Stop::new("TaskFailedToStart", reason)
        };
        self.then(start, 18.0, Step::Stop(stop));
    }

    /// From RUNNING on.
    fn plan_life(&mut self, definition: &Registered, running: f64, grace_seconds: i64) {
        let start = self.created_at;
        match self.fate.kind.clone() {
            Kind::RunsHealthy | Kind::CannotBePlaced { .. } => {
                self.plan_health(definition, running)
            }
            Kind::FailsToStart { .. } => unreachable!("planned by plan_failing_start"),
            Kind::Exits { after, deaths } => {
                self.plan_health(definition, running);
                let mut at = running + after.as_secs_f64();
                // Whatever would have been reported after the exit never is.
                let end = start + TimeDelta::milliseconds((at * 1000.0) as i64);
                self.plan.retain(|(when, _)| *when < end);
                for death in deaths {
                    let (container, code, reason) =
                        (death.container, death.exit_code, death.reason);
                    self.then(
                        start,
                        at,
                        Step::Exits {
                            container,
                            code,
                            reason,
                        },
                    );
                    at += 0.8;
                }
            }
            Kind::FailsTargetHealth {
                state_reason: reason,
                description,
                exit_code,
            } => {
                let state = "unhealthy";
                let unhealthy = Step::Target {
                    state,
                    reason,
                    description,
                };
                self.then(start, running + 30.0, unhealthy);
                let wait = 60.0_f64.max(grace_seconds as f64);
                let failure = Some(Failure::Unhealthy);
                // The target group's name is put in when it happens.
                let stop = Stop {
                    failure,
                    exit_code,
                    ..Stop::by_scheduler("")
                };
                self.then(start, running + wait, Step::Stop(stop));
            }
            Kind::FailsContainerHealth { container } => {
                let step = Step::ContainerHealth(container, Health::Unhealthy);
                self.then(start, running + 90.0, step);
                let failure = Some(Failure::Unhealthy);
                let reason = "Task failed container health checks";
                let stop = Stop {
                    failure,
                    exit_code: 137,
                    ..Stop::by_scheduler(reason)
                };
                self.then(start, running + 92.0, Step::Stop(stop));
            }
        }
    }

    fn plan_health(&mut self, definition: &Registered, running: f64) {
        let start = self.created_at;
        let mut passed = running;
        for container in definition
            .containers()
            .filter(|c| c.get("healthCheck").is_some())
        {
            let name = container["name"].as_str().unwrap_or_default().to_owned();
            passed = running + 15.0;
            self.then(start, passed, Step::ContainerHealth(name, Health::Healthy));
        }
        if self.behind_load_balancer {
            passed = running + 30.0;
            let (reason, description) = (String::new(), String::new());
            self.then(
                start,
                passed,
                Step::Target {
                    state: "healthy",
                    reason,
                    description,
                },
            );
        }
        self.then(start, passed, Step::PassesChecks);
    }

    /// Drops what was planned and lays out the way to STOPPED.
    pub(crate) fn plan_stop(&mut self, now: Time, exit_code: i64) {
        self.plan.clear();
        let ran = self.started_at.is_some();
        if ran && self.behind_load_balancer {
            self.then(now, 0.3, Step::Enter(TaskStatus::Deactivating));
        }
        if ran {
            self.then(now, 4.0, Step::Enter(TaskStatus::Stopping));
            let running = self
                .containers
                .iter()
                .filter(|c| c.last_status == "RUNNING");
            let names: Vec<_> = running.map(|c| c.name.clone()).collect();
            for container in names {
                let (code, reason) = (Some(exit_code), None);
                self.then(
                    now,
                    6.5,
                    Step::Exits {
                        container,
                        code,
                        reason,
                    },
                );
            }
        }
        self.then(now, 9.1, Step::Enter(TaskStatus::Deprovisioning));
        self.then(now, 18.7, Step::Enter(TaskStatus::Stopped));
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
