//! What comes from outside: people and the platform stop tasks and deployments, or run tasks.

use super::lifecycle::Origin;
use super::{Refusal, Service, ServiceDeploymentStatus as Status, Stop, Task, World, last_part};
use std::collections::BTreeMap;

impl World {
    /// Makes a CloudFormation stack, or changes its status (`UPDATE_IN_PROGRESS` …).
    pub fn set_stack(&mut self, name: &str, status: &str) {
        self.stacks.insert(name.into(), status.into());
    }

    /// Deletes a CloudFormation stack.
    pub fn delete_stack(&mut self, name: &str) {
        self.stacks.remove(name);
    }

    /// The CloudFormation stacks: name and status.
    #[must_use]
    pub fn stacks(&self) -> &BTreeMap<String, String> {
        &self.stacks
    }

    /// Puts a tag on a running service, as `TagResource` does.
    ///
    /// # Panics
    /// If the service is unknown.
    pub fn tag_service(&mut self, cluster: &str, service: &str, key: &str, value: &str) {
        self.untag_service(cluster, service, key);
        let index = self.service_index(cluster, service);
        let tags = &mut self.services[index.expect("a known service")].settings.tags;
        tags.push((key.into(), value.into()));
    }

    /// Takes a tag off a running service, as `UntagResource` does.
    ///
    /// # Panics
    /// If the service is unknown.
    pub fn untag_service(&mut self, cluster: &str, service: &str, key: &str) {
        let index = self.service_index(cluster, service);
        let tags = &mut self.services[index.expect("a known service")].settings.tags;
        tags.retain(|(known, _)| known != key);
    }

    /// Stops a running task for a reason of the platform's or a person's: Spot, maintenance,
    /// host, `StopTask`. Says whether the task was there and live.
    pub fn stop_task(&mut self, arn: &str, stop_code: &str, stopped_reason: &str) -> bool {
        let found = self
            .tasks
            .iter()
            .position(|task| task.arn == arn && task.is_live());
        if let Some(index) = found {
            self.begin_stop(index, Stop::new(stop_code, stopped_reason));
        }
        found.is_some()
    }

    /// Interrupts a running task as Fargate Spot does: an event at RUNNING with the reason and
    /// desired status STOPPED, and the stop two minutes later (page `fargate-capacity-providers`).
    pub fn interrupt_spot(&mut self, arn: &str) -> bool {
        let found = self
            .tasks
            .iter()
            .position(|task| task.arn == arn && task.is_live());
        if let Some(index) = found {
            let stop = Stop::new("SpotInterruption", "Your Spot Task was interrupted.");
            self.begin_stop(index, stop);
            let warning = chrono::TimeDelta::minutes(2);
            self.tasks[index]
                .plan
                .iter_mut()
                .for_each(|(at, _)| *at += warning);
        }
        found.is_some()
    }

    /// Ends a running container of a task now, with this exit code. Says whether it ran.
    pub fn strike(
        &mut self,
        arn: &str,
        container: &str,
        exit_code: i64,
        reason: Option<&str>,
    ) -> bool {
        let runs = |task: &Task| {
            let mut containers = task.containers.iter();
            task.arn == arn && containers.any(|c| c.name == container && c.last_status == "RUNNING")
        };
        let found = self.tasks.iter().position(runs);
        if let Some(index) = found {
            self.exit(index, container, Some(exit_code), reason.map(str::to_owned));
        }
        found.is_some()
    }

    /// Somebody answers CONTINUE at the pause hook that the service's newest deployment waits at.
    /// Says whether one did.
    pub fn continue_at_hook(&mut self, cluster: &str, service: &str) -> bool {
        self.answer_hook(cluster, service, false)
    }

    /// A person stops the service's newest deployment with a rollback. Says whether ECS took it.
    pub fn stop_deployment(&mut self, cluster: &str, service: &str) -> bool {
        let newest = self
            .find_service(cluster, service)
            .and_then(|service| service.service_deployments.last());
        let arn = newest.map(|entry| entry.arn.clone());
        arn.is_some_and(|arn| self.stop_service_deployment(&arn).is_ok())
    }

    /// A person answers the pause hook of the service's newest deployment. Says whether ECS took
    /// it.
    pub fn answer_hook(&mut self, cluster: &str, service: &str, roll_back: bool) -> bool {
        let newest = self
            .find_service(cluster, service)
            .and_then(|service| service.service_deployments.last());
        let hook = newest.and_then(|it| Some((it.arn.clone(), it.hook.clone()?.0)));
        hook.is_some_and(|(arn, id)| {
            self.continue_service_deployment(&arn, &id, roll_back)
                .is_ok()
        })
    }

    /// `StopServiceDeployment` with ROLLBACK (page `stop-service-deployment`).
    pub(crate) fn stop_service_deployment(&mut self, arn: &str) -> Result<(), Refusal> {
        let service = self.service_with_deployment(arn)?;
        let now = self.now;
        let entry = self
            .service_deployment(service, arn)
            .expect("found just before");
        match entry.status {
            Status::Pending | Status::InProgress => {
                entry.status = Status::RollbackRequested;
                entry.updated_at = now;
            }
            Status::StopRequested | Status::RollbackRequested | Status::RollbackInProgress => {}
            Status::Successful
            | Status::Stopped
            | Status::RollbackSuccessful
            | Status::RollbackFailed => {
                let status = entry.status.as_str();
                let text = format!("Cannot stop a service deployment in the {status} state.");
                return Err(Refusal::new("ConflictException", text));
            }
        }
        self.wake(service);
        Ok(())
    }

    pub(crate) fn service_with_deployment(&self, arn: &str) -> Result<usize, Refusal> {
        let holds = |s: &Service| s.service_deployments.iter().any(|entry| entry.arn == arn);
        self.services.iter().position(holds).ok_or_else(|| {
            Refusal::new(
                "ServiceDeploymentNotFoundException",
                "Service deployment not found.",
            )
        })
    }

    /// Runs a task outside any service, as `RunTask` does. Gives its ARN.
    ///
    /// # Panics
    /// If the task definition is unknown.
    pub fn run_task(
        &mut self,
        cluster: &str,
        task_definition: &str,
        started_by: Option<&str>,
    ) -> String {
        let cluster = last_part(cluster).to_owned();
        self.clusters.insert(cluster.clone());
        let definition = self
            .definition(task_definition)
            .expect("a known task definition")
            .clone();
        let group = format!("family:{}", definition.family);
        let started_by = started_by.map(str::to_owned);
        self.start_task(
            &definition,
            Origin {
                cluster,
                service: None,
                group,
                started_by,
            },
        )
    }
}
