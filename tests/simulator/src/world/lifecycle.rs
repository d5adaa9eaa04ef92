//! Tasks come to be, move from state to state, and stop.

use super::task::{Health, Step};
use super::{Container, Registered, Stop, Task, TaskStatus, World};
use std::collections::VecDeque;

/// What a new task belongs to.
pub(crate) struct Origin {
    pub cluster: String,
    pub service: Option<usize>,
    pub group: String,
    pub started_by: Option<String>,
}

impl World {
    /// Places a task in PROVISIONING and plans its life. Gives its ARN.
    pub(crate) fn start_task(&mut self, definition: &Registered, origin: Origin) -> String {
        let id = self.ids.hex32();
        let arn = self.names.task(&origin.cluster, &id);
        let containers = self.new_containers(definition, &origin.cluster, &id);
        let service = origin.service.map(|index| &self.services[index]);
        let settings = service.map(|s| &s.settings);
        let grace = settings.map_or(0, |s| s.grace_seconds);
        let host = self.next_ip;
        self.next_ip += 1;
        let mut task = Task {
            service: service.map(|s| s.name.clone()),
            behind_load_balancer: settings.is_some_and(|s| !s.target_groups.is_empty()),
            capacity_provider: settings.and_then(|s| s.capacity_provider.clone()),
            ip: format!("10.0.{}.{}", host / 200 % 256, host % 200 + 10),
            attachment_id: self.ids.uuid(),
            arn: arn.clone(),
            id,
            cluster: origin.cluster,
            group: origin.group,
            started_by: origin.started_by,
            task_definition: definition.arn.clone(),
            last_status: TaskStatus::Provisioning,
            desired_stopped: false,
            stop_code: None,
            stopped_reason: None,
            containers,
            created_at: self.now,
            started_at: None,
            stopped_at: None,
            version: 1,
            pull_started_at: None,
            pull_stopped_at: None,
            connectivity_at: None,
            stopping_at: None,
            execution_stopped_at: None,
            updated_at: self.now,
            fate: definition.fate.clone(),
            failure: None,
            healthy: false,
            plan: VecDeque::new(),
        };
        task.plan_start(definition, grace);
        self.tasks.push(task);
        self.tell_task(self.tasks.len() - 1);
        arn
    }

    fn new_containers(
        &mut self,
        definition: &Registered,
        cluster: &str,
        id: &str,
    ) -> Vec<Container> {
        let mut containers = Vec::new();
        for document in definition.containers() {
            let text = |member: &str| document[member].as_str().unwrap_or_default().to_owned();
            let image = text("image");
            let container = format!("container/{cluster}/{id}/{}", self.ids.uuid());
            containers.push(Container {
                arn: self.names.arn("ecs", &container),
                name: text("name"),
                last_status: "PENDING",
                exit_code: None,
                reason: None,
                digest: self.digest_of(&image),
                image,
                runtime_id: None,
                health: Health::Unknown,
            });
        }
        containers
    }

    /// Takes the next step of a task's plan.
    pub(crate) fn step_task(&mut self, index: usize) {
        let Some((_, step)) = self.tasks[index].plan.pop_front() else {
            return;
        };
        let now = self.now;
        match step {
            Step::Enter(status) => self.enter(index, status),
            Step::PullStarts => self.tasks[index].pull_started_at = Some(now),
            Step::PullStops => self.tasks[index].pull_stopped_at = Some(now),
            Step::Runs => self.run(index),
            Step::ContainerHealth(name, health) => {
                let mut containers = self.tasks[index].containers.iter_mut();
                containers
                    .by_ref()
                    .filter(|c| c.name == name)
                    .for_each(|c| c.health = health);
            }
            Step::Target {
                state,
                reason,
                description,
            } => {
                self.set_target(index, state, &reason, &description);
            }
            Step::PassesChecks => self.passes_checks(index),
            Step::Exits {
                container,
                code,
                reason,
            } => self.exit(index, &container, code, reason),
            Step::Stop(stop) => self.stop_unhealthy_or_failed(index, stop),
        }
        self.wake_service_of(index);
    }

    fn enter(&mut self, index: usize, status: TaskStatus) {
        let now = self.now;
        let task = &mut self.tasks[index];
        task.last_status = status;
        match status {
            TaskStatus::Pending => task.connectivity_at = Some(now),
            TaskStatus::Deactivating => self.set_target(
                index,
                "draining",
                "Target.DeregistrationInProgress",
                "Target deregistration is in progress",
            ),
            TaskStatus::Deprovisioning => task.execution_stopped_at = Some(now),
            TaskStatus::Stopped => {
                task.stopped_at = Some(now);
                task.containers
                    .iter_mut()
                    .for_each(|c| c.last_status = "STOPPED");
                self.remove_target(index);
            }
            TaskStatus::Provisioning
            | TaskStatus::Activating
            | TaskStatus::Running
            | TaskStatus::Stopping => {}
        }
        self.changed(index);
        if status == TaskStatus::Stopped {
            self.task_has_stopped(index);
        }
    }

    /// Notes a change of a task: a new version and an event.
    fn changed(&mut self, index: usize) {
        self.tasks[index].version += 1;
        self.tasks[index].updated_at = self.now;
        self.tell_task(index);
    }

    fn run(&mut self, index: usize) {
        let task = &mut self.tasks[index];
        task.started_at = Some(self.now);
        for (n, container) in task.containers.iter_mut().enumerate() {
            container.last_status = "RUNNING";
            container.runtime_id =
                Some(format!("{}-{:010}", task.id, 2_171_104_572_u64 + n as u64));
        }
        self.open_log_streams(index);
        if self.tasks[index].behind_load_balancer {
            let text = "Initial health checks in progress";
            self.set_target(index, "initial", "Elb.InitialHealthChecking", text);
            self.say_registered(index);
        }
        self.enter(index, TaskStatus::Running);
    }

    fn passes_checks(&mut self, index: usize) {
        self.tasks[index].healthy = true;
        self.deployment_has_healthy_task(index);
    }

    /// A container ends; the task follows if it was essential.
    pub(crate) fn exit(
        &mut self,
        index: usize,
        name: &str,
        code: Option<i64>,
        reason: Option<String>,
    ) {
        let definition = self.definition(&self.tasks[index].task_definition);
        let essential = definition.is_none_or(|d| d.is_essential(name));
        let task = &mut self.tasks[index];
        let never_ran = task.started_at.is_none();
        let Some(container) = task
            .containers
            .iter_mut()
            .find(|c| c.name == name && c.last_status != "STOPPED")
        else {
            return;
        };
        container.last_status = "STOPPED";
        container.exit_code = code;
        container.reason = reason;
        if essential && !task.desired_stopped && !never_ran {
            // The followers named by the fate keep their own codes.
            let followers: Vec<_> = task.plan.iter().filter_map(exit_step).collect();
            let text = "Essential container in task exited";
            self.begin_stop(index, Stop::new("EssentialContainerExited", text));
            self.keep_codes_of(index, followers);
        } else {
            self.changed(index);
        }
    }

    fn keep_codes_of(&mut self, index: usize, followers: Vec<Exit>) {
        for (_, step) in &mut self.tasks[index].plan {
            if let Step::Exits {
                container,
                code,
                reason,
            } = step
                && let Some(follower) = followers.iter().find(|f| f.0 == *container)
            {
                (*code, *reason) = (follower.1, follower.2.clone());
            }
        }
    }

    fn stop_unhealthy_or_failed(&mut self, index: usize, mut stop: Stop) {
        if stop.reason.is_empty() {
            let group = self.target_group_of(index).unwrap_or_default();
            stop.reason = format!("Task failed ELB health checks in (target-group {group})");
            self.say_unhealthy(index, &group);
        }
        self.begin_stop(index, stop);
    }

    /// Sets the desired status to STOPPED and plans the way there.
    pub(crate) fn begin_stop(&mut self, index: usize, stop: Stop) {
        let now = self.now;
        let task = &mut self.tasks[index];
        if task.desired_stopped {
            return;
        }
        task.desired_stopped = true;
        task.healthy = false;
        task.stopping_at = Some(now);
        task.stop_code = Some(stop.code);
        task.stopped_reason = Some(stop.reason);
        task.failure = stop.failure;
        task.plan_stop(now, stop.exit_code);
        self.changed(index);
        self.wake_service_of(index);
    }

    fn wake_service_of(&mut self, index: usize) {
        if let Some(service) = self.service_of(index) {
            self.wake(service);
        }
    }

    pub(crate) fn service_of(&self, index: usize) -> Option<usize> {
        let task = &self.tasks[index];
        self.service_index(&task.cluster, task.service.as_deref()?)
    }

    /// Counts a stopped task where the breaker counts it.
    fn task_has_stopped(&mut self, index: usize) {
        let (Some(service), Some(failure)) = (self.service_of(index), self.tasks[index].failure)
        else {
            return;
        };
        let deployment = self.tasks[index].started_by.clone().unwrap_or_default();
        self.count_failure(service, &deployment, failure);
    }
}

type Exit = (String, Option<i64>, Option<String>);

fn exit_step((_, step): &(super::Time, Step)) -> Option<Exit> {
    match step {
        Step::Exits {
            container,
            code,
            reason,
        } => Some((container.clone(), *code, reason.clone())),
        _ => None,
    }
}
