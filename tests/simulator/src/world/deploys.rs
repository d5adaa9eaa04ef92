//! What callers ask for: create a service, deploy, scale, run a task, stop a deployment.

use super::{
    Deployment, Rollout, Service, ServiceDeployment, ServiceDeploymentStatus as Status,
    ServiceRevision, Settings, World,
};
use std::collections::{HashMap, VecDeque};

/// A refusal in the words of ECS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub code: &'static str,
    pub message: String,
}

impl Refusal {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}

impl World {
    pub(crate) fn create_service(
        &mut self,
        cluster: &str,
        name: &str,
        task_definition: &str,
        settings: Settings,
    ) -> String {
        self.clusters.insert(cluster.into());
        let definition = self
            .definition(task_definition)
            .expect("a registered task definition");
        let definition = definition.arn.clone();
        let arn = self.names.service(cluster, name);
        self.services.retain(|s| s.arn != arn);
        self.services.push(Service {
            arn: arn.clone(),
            name: name.into(),
            cluster: cluster.into(),
            created_at: self.now,
            status: "ACTIVE",
            settings,
            deployments: Vec::new(),
            service_deployments: Vec::new(),
            revisions: Vec::new(),
            events: VecDeque::new(),
            completed: None,
            look_at: None,
            steady: false,
            start_failures: 0,
            posted: HashMap::new(),
            usage: Vec::new(),
        });
        self.begin_deployment(self.services.len() - 1, &definition);
        arn
    }

    /// Deploys a task definition (`family:revision` or ARN), as `UpdateService` does. Gives the
    /// deployment id.
    ///
    /// # Panics
    /// Where `UpdateService` would refuse.
    pub fn deploy(&mut self, cluster: &str, service: &str, task_definition: &str) -> String {
        let index = self
            .service_index(cluster, service)
            .expect("a known service");
        let allowed = self.deployable(index, task_definition);
        let arn = allowed.unwrap_or_else(|refusal| panic!("{}: {}", refusal.code, refusal.message));
        self.begin_if_changed(index, &arn, false);
        self.services[index].deployments[0].id.clone()
    }

    /// Deploys the same task definition again, as `UpdateService` does with `forceNewDeployment`:
    /// tags are resolved anew. Gives the deployment id.
    ///
    /// # Panics
    /// Where there is no such service.
    pub fn redeploy(&mut self, cluster: &str, service: &str) -> String {
        let index = self
            .service_index(cluster, service)
            .expect("a known service");
        let arn = self.services[index].deployments[0].task_definition.clone();
        self.begin_if_changed(index, &arn, true);
        self.services[index].deployments[0].id.clone()
    }

    /// Changes the desired count, without a new deployment.
    pub fn scale(&mut self, cluster: &str, service: &str, desired: u32) {
        let index = self
            .service_index(cluster, service)
            .expect("a known service");
        self.services[index].settings.desired = desired;
        self.services[index].steady = false;
        self.wake(index);
    }

    /// Changes settings in place, without a new deployment.
    pub(crate) fn change_settings(&mut self, service: usize, change: impl FnOnce(&mut Settings)) {
        change(&mut self.services[service].settings);
        self.services[service].steady = false;
        self.wake(service);
    }

    /// Removes a service as `DeleteService` with force does: INACTIVE, tasks stopped, history
    /// gone.
    pub fn delete_service(&mut self, cluster: &str, service: &str) {
        let index = self
            .service_index(cluster, service)
            .expect("a known service");
        self.services[index].settings.desired = 0;
        self.services[index].status = "INACTIVE";
        let ids: Vec<_> = self.services[index]
            .deployments
            .drain(..)
            .map(|d| d.id)
            .collect();
        self.services[index].service_deployments.clear();
        let live: Vec<_> = ids
            .iter()
            .flat_map(|id| self.live_tasks(index, id))
            .collect();
        for task in live {
            let reason = "Task stopped by service deletion";
            self.begin_stop(task, super::Stop::by_scheduler(reason));
        }
    }

    /// The task definition that `UpdateService` would deploy, or its refusal (API
    /// `UpdateService`; the texts as seen).
    pub(crate) fn deployable(&self, service: usize, reference: &str) -> Result<String, Refusal> {
        let controller = self.services[service].settings.controller.as_str();
        let fixed = match controller {
            "CODE_DEPLOY" => Some(" Use AWS CodeDeploy to trigger a new deployment."),
            "EXTERNAL" => Some(""),
            _ => None,
        };
        if let Some(advice) = fixed {
            let text = format!(
                "Unable to update task definition on services with a {controller} deployment \
                 controller.{advice}"
            );
            return Err(Refusal::new("InvalidParameterException", text));
        }
        match self.definition(reference) {
            Some(definition) if definition.active => Ok(definition.arn.clone()),
            Some(_) => Err(Refusal::new(
                "ClientException",
                "TaskDefinition is inactive",
            )),
            None => Err(Refusal::new("ClientException", "TaskDefinition not found.")),
        }
    }

    /// Starts a deployment where the task definition is another one, or by force.
    pub(crate) fn begin_if_changed(&mut self, service: usize, task_definition: &str, force: bool) {
        let primary = self.services[service].deployments.first();
        if force || primary.is_none_or(|d| d.task_definition != task_definition) {
            self.begin_deployment(service, task_definition);
        }
    }

    /// A new deployment becomes PRIMARY; one still in flight is superseded.
    pub(crate) fn begin_deployment(&mut self, service: usize, task_definition: &str) {
        if let Some(older) = self.services[service].deployments.first().cloned() {
            // Our wording: no captured statusReason of a superseded deployment is known.
            let reason = "Service deployment stopped because a newer service deployment started.";
            self.request_stop(service, &older, reason);
        }
        let revision_arn = self.new_revision(service, task_definition);
        let arn = self.new_service_deployment(service, &revision_arn);
        let id = format!("ecs-svc/{}", self.ids.digits());
        let alarms = self.services[service].settings.alarms.clone();
        let ignored = alarms.map_or(Vec::new(), |(names, _)| names);
        let deployment = Deployment {
            rollout: Rollout::InProgress,
            rollout_reason: format!("ECS deployment {id} in progress."),
            id,
            task_definition: task_definition.into(),
            failed_tasks: 0,
            failures: 0,
            desired: self.services[service].settings.desired,
            created_at: self.now,
            updated_at: self.now,
            revision_arn,
            service_deployment_arn: arn,
            ignored_alarms: ignored
                .into_iter()
                .filter(|n| self.alarms.contains(n))
                .collect(),
            healthy_since: None,
        };
        self.services[service]
            .deployments
            .insert(0, deployment.clone());
        self.services[service].steady = false;
        self.services[service].start_failures = 0;
        self.tell_deployment(
            service,
            "INFO",
            "SERVICE_DEPLOYMENT_IN_PROGRESS",
            &deployment,
        );
        self.wake(service);
    }

    fn new_revision(&mut self, service: usize, task_definition: &str) -> String {
        let definition = self.definition(task_definition).expect("checked before");
        let mut images = Vec::new();
        for container in definition.containers() {
            let text = |member: &str| container[member].as_str().unwrap_or_default().to_owned();
            let image = text("image");
            images.push((text("name"), image.clone(), self.digest_of(&image)));
        }
        let digits = self.ids.digits();
        let Service { cluster, name, .. } = &self.services[service];
        let arn = self.names.arn(
            "ecs",
            &format!("service-revision/{cluster}/{name}/{digits}"),
        );
        self.services[service].revisions.push(ServiceRevision {
            arn: arn.clone(),
            task_definition: task_definition.into(),
            created_at: self.now,
            images,
        });
        arn
    }

    fn new_service_deployment(&mut self, service: usize, revision: &str) -> String {
        let short = self.ids.short();
        let running: Vec<_> = {
            let deployments = self.services[service].deployments.iter();
            let with_tasks = deployments.filter(|d| !self.live_tasks(service, &d.id).is_empty());
            with_tasks.map(|d| d.revision_arn.clone()).collect()
        };
        let hook_id = format!("ecs-pause-{}", self.ids.short());
        let Service {
            cluster,
            name,
            settings,
            ..
        } = &self.services[service];
        let arn = self.names.arn(
            "ecs",
            &format!("service-deployment/{cluster}/{name}/{short}"),
        );
        let threshold = settings
            .breaker
            .map_or(0, |b| b.threshold.failures(settings.desired));
        let hook = settings.pause_at.as_ref().map(|_| (hook_id, "IN_PROGRESS"));
        let entry = ServiceDeployment {
            arn: arn.clone(),
            status: Status::Pending,
            status_reason: None,
            created_at: self.now,
            started_at: None,
            finished_at: None,
            stopped_at: None,
            updated_at: self.now,
            target_revision: revision.into(),
            source_revisions: running,
            rollback: None,
            breaker_tripped: false,
            triggered_alarms: Vec::new(),
            lifecycle_stage: "RECONCILE_SERVICE",
            hook,
            failures: 0,
            threshold,
        };
        self.services[service].service_deployments.push(entry);
        arn
    }
}
