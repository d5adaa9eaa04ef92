//! The service scheduler: rolling deployments, one look at a time.

use super::fate::Kind;
use super::lifecycle::Origin;
use super::{Rollout, SCHEDULER_PERIOD, ServiceDeploymentStatus, Stop, Time, World};
use chrono::TimeDelta;

/// How long all must be healthy before a deployment counts as complete. Ours: AWS says only
/// "when the service reaches a steady state".
const STEADY_AFTER: TimeDelta = TimeDelta::seconds(30);

impl World {
    /// Makes the scheduler look at a service soon.
    pub(crate) fn wake(&mut self, service: usize) {
        let soon = self.now + SCHEDULER_PERIOD;
        let look_at = &mut self.services[service].look_at;
        *look_at = Some(look_at.map_or(soon, |at: Time| at.min(soon)));
    }

    /// One look: carry out requests, stop what is too much, start what is missing, conclude.
    pub(crate) fn look_at(&mut self, service: usize) {
        self.services[service].look_at = None;
        self.fulfil_requests(service);
        if self.services[service].deployments.is_empty() {
            return;
        }
        let strategy = self.services[service].settings.strategy.clone();
        let settled = if strategy == "ROLLING" {
            self.stop_surplus(service);
            self.start_missing(service);
            self.conclude(service)
        } else {
            self.look_at_blue_green(service)
        };
        self.note_usage(service);
        if !settled {
            self.services[service].look_at = Some(self.now + SCHEDULER_PERIOD);
        }
    }

    /// Indices of the live tasks of a deployment, oldest first.
    pub(crate) fn live_tasks(&self, service: usize, deployment: &str) -> Vec<usize> {
        let service = &self.services[service];
        let belongs = |task: &super::Task| {
            task.is_live()
                && task.cluster == service.cluster
                && task.service.as_deref() == Some(&service.name)
                && task.started_by.as_deref() == Some(deployment)
        };
        (0..self.tasks.len())
            .filter(|&index| belongs(&self.tasks[index]))
            .collect()
    }

    pub(crate) fn healthy_count(&self, tasks: &[usize]) -> u32 {
        tasks
            .iter()
            .filter(|&&index| self.tasks[index].healthy)
            .count() as u32
    }

    /// Stops tasks of older deployments as far as `minimumHealthyPercent` allows, and any above
    /// the desired count.
    pub(crate) fn stop_surplus(&mut self, service: usize) {
        let ids: Vec<_> = self.services[service]
            .deployments
            .iter()
            .map(|d| d.id.clone())
            .collect();
        let desired = self.services[service].settings.desired;
        let primary = self.live_tasks(service, &ids[0]);
        let floor = (self.services[service].settings.percents.0 * desired).div_ceil(100);
        let mut healthy = self.healthy_count(&primary);
        for id in &ids[1..] {
            healthy += self.healthy_count(&self.live_tasks(service, id));
        }
        // With minimumHealthyPercent below 100 old tasks make room before new ones run.
        let room = desired.saturating_sub(floor);
        let mut keep = desired
            .saturating_sub(self.healthy_count(&primary))
            .saturating_sub(room);
        if self.services[service].deployments[0].rollout == Rollout::Failed {
            keep = desired;
        }
        for (position, id) in ids.iter().enumerate().skip(1) {
            let live = self.live_tasks(service, id);
            let failed = self.services[service].deployments[position].rollout == Rollout::Failed;
            let wanted = if failed {
                0
            } else {
                keep.min(live.len() as u32)
            };
            keep -= wanted;
            self.services[service].deployments[position].desired = wanted;
            self.stop_down_to(
                service,
                id,
                live,
                wanted,
                &mut healthy,
                if failed { 0 } else { floor },
            );
        }
        self.stop_down_to(service, &ids[0], primary, desired, &mut healthy, 0);
    }

    /// Stops the unhealthy first, then the oldest, and never below the healthy floor.
    fn stop_down_to(
        &mut self,
        service: usize,
        deployment: &str,
        mut live: Vec<usize>,
        wanted: u32,
        healthy: &mut u32,
        floor: u32,
    ) {
        live.sort_by_key(|&index| self.tasks[index].healthy);
        let surplus = live.len().saturating_sub(wanted as usize);
        let mut stopped = Vec::new();
        for index in live.into_iter().take(surplus) {
            if self.tasks[index].healthy {
                if *healthy <= floor {
                    break;
                }
                *healthy -= 1;
            }
            stopped.push(format!("(task {})", self.tasks[index].id));
            let reason = format!("Scaling activity initiated by (deployment {deployment})");
            self.begin_stop(index, Stop::by_scheduler(reason));
        }
        if !stopped.is_empty() {
            let text = format!(
                "has stopped {} running tasks: {}.",
                stopped.len(),
                stopped.join(" ")
            );
            self.say(service, &text);
        }
    }

    /// Starts tasks of the primary deployment as far as `maximumPercent` allows. A FAILED
    /// deployment launches nothing (page `deployment-circuit-breaker`).
    pub(crate) fn start_missing(&mut self, service: usize) {
        let primary = self.services[service].deployments[0].clone();
        if primary.rollout == Rollout::Failed {
            return;
        }
        let settings = &self.services[service].settings;
        let (desired, ceiling) = (
            settings.desired,
            settings.percents.1 * settings.desired / 100,
        );
        let all: usize = {
            let deployments = self.services[service].deployments.iter();
            deployments
                .map(|d| self.live_tasks(service, &d.id).len())
                .sum()
        };
        let live = self.live_tasks(service, &primary.id).len() as u32;
        let room = ceiling.max(1).saturating_sub(all as u32);
        let missing = desired.saturating_sub(live).min(room);
        self.services[service].deployments[0].desired = desired;
        if missing > 0 {
            self.launch(service, missing);
        }
    }

    fn launch(&mut self, service: usize, count: u32) {
        let deployment = self.services[service].deployments[0].clone();
        let Some(definition) = self.definition(&deployment.task_definition).cloned() else {
            return;
        };
        if let Kind::CannotBePlaced { reason, message } = &definition.fate.kind {
            self.say_placement_failure(service, reason, message);
            return;
        }
        let mut started = Vec::new();
        for _ in 0..count {
            let origin = Origin {
                cluster: self.services[service].cluster.clone(),
                service: Some(service),
                group: format!("service:{}", self.services[service].name),
                started_by: Some(deployment.id.clone()),
            };
            self.start_task(&definition, origin);
            let newest = self
                .tasks
                .last()
                .map(|task| task.id.clone())
                .unwrap_or_default();
            started.push(format!("(task {newest})"));
        }
        let text = format!(
            "has started {} tasks: {}.",
            started.len(),
            started.join(" ")
        );
        self.say(service, &text);
    }

    /// Concludes a deployment once all is healthy for a while. Says whether nothing is left to do.
    pub(crate) fn conclude(&mut self, service: usize) -> bool {
        let primary = &self.services[service].deployments[0];
        let id = primary.id.clone();
        let stalled = primary.rollout == Rollout::Failed;
        let live = self.live_tasks(service, &id);
        let desired = self.services[service].settings.desired;
        let all_healthy = self.healthy_count(&live) == desired && live.len() as u32 == desired;
        let others = &self.services[service].deployments[1..];
        let none_older = others.iter().all(|d| self.tasks_left(service, &d.id) == 0);
        if stalled {
            return live.iter().all(|&index| self.tasks[index].plan.is_empty());
        }
        if !(all_healthy && none_older) {
            self.services[service].deployments[0].healthy_since = None;
            self.services[service].steady = false;
            return false;
        }
        let now = self.now;
        let since = *self.services[service].deployments[0]
            .healthy_since
            .get_or_insert(now);
        if now - since < STEADY_AFTER {
            return false;
        }
        self.reach_steady_state(service);
        true
    }

    /// Tasks of a deployment that have not reached STOPPED.
    pub(crate) fn tasks_left(&self, service: usize, deployment: &str) -> usize {
        let service = &self.services[service];
        let belongs = |task: &&super::Task| {
            task.stopped_at.is_none()
                && task.cluster == service.cluster
                && task.service.as_deref() == Some(&service.name)
                && task.started_by.as_deref() == Some(deployment)
        };
        self.tasks.iter().filter(belongs).count()
    }

    pub(crate) fn reach_steady_state(&mut self, service: usize) {
        self.services[service].deployments.truncate(1);
        let now = self.now;
        let deployment = &mut self.services[service].deployments[0];
        if deployment.rollout == Rollout::InProgress {
            deployment.rollout = Rollout::Completed;
            deployment.rollout_reason = format!("ECS deployment {} completed.", deployment.id);
            deployment.updated_at = now;
            let deployment = deployment.clone();
            let text = format!("(deployment {}) deployment completed.", deployment.id);
            self.services[service].completed = Some(deployment.clone());
            self.finish_service_deployment(service, &deployment.service_deployment_arn);
            self.say(service, &text);
            self.tell_deployment(service, "INFO", "SERVICE_DEPLOYMENT_COMPLETED", &deployment);
        }
        if !std::mem::replace(&mut self.services[service].steady, true) {
            self.services[service].start_failures = 0;
            self.services[service].posted.clear();
            self.say(service, "has reached a steady state.");
            self.tell_service(service, "INFO", "SERVICE_STEADY_STATE", None);
        }
    }

    fn finish_service_deployment(&mut self, service: usize, arn: &str) {
        let now = self.now;
        let Some(entry) = self.service_deployment(service, arn) else {
            return;
        };
        entry.status = match entry.status {
            ServiceDeploymentStatus::RollbackInProgress => {
                ServiceDeploymentStatus::RollbackSuccessful
            }
            ServiceDeploymentStatus::Pending | ServiceDeploymentStatus::InProgress => {
                ServiceDeploymentStatus::Successful
            }
            other => other,
        };
        entry.finished_at = Some(now);
        entry.updated_at = now;
        entry.lifecycle_stage = "CLEAN_UP";
    }
}
