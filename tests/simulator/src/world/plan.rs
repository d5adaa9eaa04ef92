//! The steps of a task's life, laid out from its fate.
//!
//! The seconds are ours, in the order of a usual Fargate start and stop; AWS promises none.

use super::fate::{Death, Kind, Stage};
use super::task::{Failure, Health, Step};
use super::{Registered, Stop, Task, TaskStatus, Time};
use chrono::TimeDelta;

impl Task {
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
        match self.fate.kind.clone() {
            Kind::FailsToStart { .. } => unreachable!("planned by plan_failing_start"),
            Kind::RunsHealthy | Kind::CannotBePlaced { .. } => {
                self.plan_health(definition, running)
            }
            Kind::Exits { after, deaths } => {
                self.plan_health(definition, running);
                self.plan_exits(running + after.as_secs_f64(), deaths);
            }
            // Nobody looks where there is no target group.
            Kind::FailsTargetHealth { .. } if !self.behind_load_balancer => {
                self.plan_health(definition, running);
            }
            Kind::FailsTargetHealth {
                state_reason: reason,
                description,
                exit_code,
            } => {
                let unhealthy = Step::Target {
                    state: "unhealthy",
                    reason,
                    description,
                };
                self.then(self.created_at, running + 30.0, unhealthy);
                let wait = 60.0_f64.max(grace_seconds as f64);
                // The target group's name is put in when it happens.
                self.plan_unhealthy_stop(running + wait, "", exit_code);
            }
            Kind::FailsContainerHealth { container } => {
                let step = Step::ContainerHealth(container, Health::Unhealthy);
                self.then(self.created_at, running + 90.0, step);
                let reason = "Task failed container health checks";
                self.plan_unhealthy_stop(running + 92.0, reason, 137);
            }
        }
    }

    fn plan_exits(&mut self, mut at: f64, deaths: Vec<Death>) {
        // Whatever would have been reported after the exit never is.
        let end = self.created_at + TimeDelta::milliseconds((at * 1000.0) as i64);
        self.plan.retain(|(when, _)| *when < end);
        for Death {
            container,
            exit_code: code,
            reason,
        } in deaths
        {
            self.then(
                self.created_at,
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

    fn plan_unhealthy_stop(&mut self, at: f64, reason: &str, exit_code: i64) {
        let failure = Some(Failure::Unhealthy);
        let stop = Stop {
            failure,
            exit_code,
            ..Stop::by_scheduler(reason)
        };
        self.then(self.created_at, at, Step::Stop(stop));
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
}
