//! Deployments that fail: the circuit breaker, alarms, and where a rollback goes.

use super::task::Failure;
use super::{Deployment, Rollout, ServiceDeployment, ServiceDeploymentStatus as Status, World};

/// What made a deployment fail, and the words ECS uses for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trigger {
    CircuitBreaker,
    Alarm,
    /// `StopServiceDeployment` or `ContinueServiceDeployment` with ROLLBACK.
    Request,
}

impl Trigger {
    fn failed(self) -> &'static str {
        match self {
            Self::CircuitBreaker => "ECS deployment circuit breaker: tasks failed to start.",
            Self::Alarm => "ECS deployment alarms: alarm detected.",
            Self::Request => "ECS deployment stopped: rollback requested.",
        }
    }

    fn said(self) -> &'static str {
        match self {
            Self::CircuitBreaker => "deployment failed: tasks failed to start.",
            Self::Alarm => "deployment failed: alarm detected.",
            Self::Request => "deployment stopped: rollback requested.",
        }
    }

    fn rolling_back_to(self, id: &str) -> String {
        match self {
            Self::CircuitBreaker => {
                format!("ECS deployment circuit breaker: rolling back to deploymentId {id}.")
            }
            Self::Alarm => format!("ECS deployment alarms: rolling back to deploymentId {id}."),
            Self::Request => format!("ECS deployment stopped: rolling back to deploymentId {id}."),
        }
    }

    pub(crate) fn status_reason(self, verb: &str) -> String {
        let because = match self {
            Self::CircuitBreaker => "because the circuit breaker threshold was exceeded.",
            Self::Alarm => "because an alarm went into the ALARM state.",
            Self::Request => "because of a StopServiceDeployment request.",
        };
        format!("Service deployment {verb} {because}")
    }
}

impl World {
    /// Counts one failed task of the primary deployment and trips the breaker at its threshold.
    pub(crate) fn count_failure(&mut self, service: usize, deployment: &str, failure: Failure) {
        let settings = &self.services[service].settings;
        let (rolling, desired) = (settings.is_rolling(), settings.desired);
        let breaker = settings.breaker.filter(|_| rolling);
        let Some(primary) = self.services[service].deployments.first_mut() else {
            return;
        };
        if primary.id != deployment || primary.rollout == Rollout::Failed {
            return;
        }
        primary.failed_tasks += 1;
        primary.failures += 1;
        let (failures, arn) = (primary.failures, primary.service_deployment_arn.clone());
        let in_progress = primary.rollout == Rollout::InProgress;
        if let Some(entry) = self.service_deployment(service, &arn) {
            entry.failures = failures;
        }
        if failure == Failure::NeverRan {
            self.say_start_impaired(service);
        }
        if let Some(breaker) = breaker.filter(|_| in_progress)
            && failures >= breaker.threshold.failures(desired)
        {
            self.fail(service, Trigger::CircuitBreaker, breaker.rollback);
        }
    }

    /// A task passed its checks: consecutive failures end here.
    pub(crate) fn deployment_has_healthy_task(&mut self, index: usize) {
        let Some(service) = self.service_of(index) else {
            return;
        };
        let started_by = self.tasks[index].started_by.clone();
        let breaker = self.services[service].settings.breaker;
        let reset = breaker.is_none_or(|b| b.reset_on_healthy_task);
        self.services[service].start_failures = 0;
        let mut deployments = self.services[service].deployments.iter_mut();
        if let Some(deployment) = deployments.find(|d| Some(&d.id) == started_by.as_ref()) {
            deployment.failed_tasks = 0;
            if reset {
                deployment.failures = 0;
            }
        }
    }

    /// Sets a `CloudWatch` alarm to ALARM or OK. A deployment in flight that watches it fails.
    pub fn set_alarm(&mut self, name: &str, in_alarm: bool) {
        if !in_alarm {
            self.alarms.remove(name);
            return;
        }
        self.alarms.insert(name.into());
        for service in 0..self.services.len() {
            let Some((names, rollback)) = self.services[service].settings.alarms.clone() else {
                continue;
            };
            let Some(primary) = self.services[service].deployments.first() else {
                continue;
            };
            let ignored = primary.ignored_alarms.iter().any(|ignored| ignored == name);
            if names.iter().any(|n| n == name) && !ignored && primary.rollout == Rollout::InProgress
            {
                let arn = primary.service_deployment_arn.clone();
                if let Some(entry) = self.service_deployment(service, &arn) {
                    entry.triggered_alarms.push(name.into());
                }
                self.fail(service, Trigger::Alarm, rollback);
            }
        }
    }

    /// The primary deployment fails; with `rollback` the most recent COMPLETED one comes back.
    pub(crate) fn fail(&mut self, service: usize, trigger: Trigger, rollback: bool) {
        let now = self.now;
        let primary = &mut self.services[service].deployments[0];
        primary.rollout = Rollout::Failed;
        primary.rollout_reason = trigger.failed().into();
        primary.updated_at = now;
        let failed = primary.clone();
        let mut was_rollback = false;
        if let Some(entry) = self.service_deployment(service, &failed.service_deployment_arn) {
            entry.breaker_tripped = trigger == Trigger::CircuitBreaker;
            was_rollback = entry.status == Status::RollbackInProgress;
        }
        self.say(
            service,
            &format!("(deployment {}) {}", failed.id, trigger.said()),
        );
        let settings = &self.services[service].settings;
        if settings.breaker.is_some() || settings.alarms.is_some() {
            self.tell_deployment(service, "ERROR", "SERVICE_DEPLOYMENT_FAILED", &failed);
        }
        let candidate = self.services[service].rollback_candidate().cloned();
        let completed = self.services[service].completed.take();
        match (rollback || was_rollback, candidate) {
            (true, Some(candidate)) => self.roll_back(service, &failed, candidate, trigger),
            (true, None) => self.end_without_candidate(service, &failed),
            (false, _) => {
                self.services[service].completed = completed;
                self.request_stop(service, &failed, &trigger.status_reason("stopped"));
            }
        }
        self.wake(service);
    }

    /// The old deployment is PRIMARY again under its own id (page
    /// `deployment-circuit-breaker`: it goes from COMPLETED to `IN_PROGRESS`).
    fn roll_back(&mut self, service: usize, failed: &Deployment, good: Deployment, by: Trigger) {
        let now = self.now;
        let deployments = &mut self.services[service].deployments;
        deployments.retain(|d| d.id != good.id);
        let primary = Deployment {
            rollout: Rollout::InProgress,
            rollout_reason: by.rolling_back_to(&good.id),
            service_deployment_arn: failed.service_deployment_arn.clone(),
            failed_tasks: 0,
            failures: 0,
            updated_at: now,
            healthy_since: None,
            ..good
        };
        deployments.insert(0, primary.clone());
        self.services[service].steady = false;
        if let Some(entry) = self.service_deployment(service, &failed.service_deployment_arn) {
            let reason = by.status_reason("rolled back");
            entry.status = Status::RollbackInProgress;
            entry.status_reason = Some(reason.clone());
            entry.rollback = Some((reason, now, primary.revision_arn.clone()));
            entry.updated_at = now;
        }
        self.say(
            service,
            &format!("rolling back to deployment {}.", primary.id),
        );
        self.tell_deployment(service, "INFO", "SERVICE_DEPLOYMENT_IN_PROGRESS", &primary);
    }

    /// No earlier COMPLETED deployment, or the failed one was the rollback itself: the service
    /// stalls.
    fn end_without_candidate(&mut self, service: usize, failed: &Deployment) {
        let now = self.now;
        if let Some(entry) = self.service_deployment(service, &failed.service_deployment_arn) {
            entry.status = Status::RollbackFailed;
            entry.status_reason =
                Some("No rollback candidate was found to run the rollback.".into());
            entry.finished_at = Some(now);
            entry.updated_at = now;
        }
    }

    /// `STOP_REQUESTED` now, STOPPED at the scheduler's next look.
    pub(crate) fn request_stop(&mut self, service: usize, deployment: &Deployment, reason: &str) {
        let now = self.now;
        if let Some(entry) = self.service_deployment(service, &deployment.service_deployment_arn)
            && !entry.status.is_finished()
        {
            entry.status = Status::StopRequested;
            entry.status_reason = Some(reason.into());
            entry.updated_at = now;
        }
    }

    /// Moves service deployments on from the statuses that only announce something.
    pub(crate) fn fulfil_requests(&mut self, service: usize) {
        let now = self.now;
        let mut roll_back = None;
        for entry in &mut self.services[service].service_deployments {
            match entry.status {
                Status::Pending => {
                    entry.status = Status::InProgress;
                    entry.started_at = Some(now);
                }
                Status::StopRequested => {
                    entry.status = Status::Stopped;
                    (entry.stopped_at, entry.finished_at) = (Some(now), Some(now));
                }
                Status::RollbackRequested => roll_back = Some(entry.arn.clone()),
                Status::Successful
                | Status::Stopped
                | Status::InProgress
                | Status::RollbackInProgress
                | Status::RollbackSuccessful
                | Status::RollbackFailed => continue,
            }
            entry.updated_at = now;
        }
        let primary = self.services[service].deployments.first();
        if primary.is_some_and(|d| Some(&d.service_deployment_arn) == roll_back.as_ref()) {
            self.fail(service, Trigger::Request, true);
        }
    }

    pub(crate) fn service_deployment(
        &mut self,
        service: usize,
        arn: &str,
    ) -> Option<&mut ServiceDeployment> {
        self.services[service]
            .service_deployments
            .iter_mut()
            .find(|entry| entry.arn == arn)
    }
}
