//! `EventBridge` events (page `ecs_cwe_events`) and the service's own event list.

use super::{Deployment, Service, ServiceEvent, Time, Times, World, task_json};
use chrono::{SecondsFormat, TimeDelta};
use serde_json::{Value, json};

/// Failed starts in a row before ECS says `SERVICE_TASK_START_IMPAIRED`. Ours: the page
/// `ecs_service_events` says only "unable to consistently start tasks".
const IMPAIRED_AFTER: u32 = 5;

impl World {
    fn tell(&mut self, detail_type: &str, resource: &str, detail: Value) {
        let event = json!({
            "version": "0", "id": self.ids.uuid(), "detail-type": detail_type,
            "source": self.source, "account": self.names.account,
            "time": self.now.to_rfc3339_opts(SecondsFormat::Secs, true),
            "region": self.names.region, "resources": [resource], "detail": detail,
        });
        self.outbox.push(event);
    }

    pub(crate) fn tell_task(&mut self, index: usize) {
        if self.without_task_events {
            return;
        }
        let task = &self.tasks[index];
        let detail = task_json(self, task, Times::Iso);
        let arn = task.arn.clone();
        self.tell("ECS Task State Change", &arn, detail);
    }

    /// `clusterArn` stands in the events of 2026, though not in the documented example. Only
    /// rolling updates under the ECS controller are sure to send these.
    pub(crate) fn tell_deployment(
        &mut self,
        service: usize,
        kind: &str,
        name: &str,
        d: &Deployment,
    ) {
        if !self.services[service].settings.is_rolling() {
            return;
        }
        let Service { arn, cluster, .. } = self.services[service].clone();
        let detail = json!({
            "eventType": kind, "eventName": name, "clusterArn": self.names.cluster(&cluster),
            "deploymentId": d.id, "updatedAt": iso(self.now), "reason": d.rollout_reason,
        });
        self.tell("ECS Deployment State Change", &arn, detail);
    }

    pub(crate) fn tell_service(
        &mut self,
        service: usize,
        kind: &str,
        name: &str,
        reason: Option<&str>,
    ) {
        let Service {
            arn,
            cluster,
            settings,
            ..
        } = self.services[service].clone();
        let mut detail = json!({"eventType": kind, "eventName": name,
            "clusterArn": self.names.cluster(&cluster), "createdAt": iso(self.now)});
        if let Some(reason) = reason {
            detail["reason"] = reason.into();
            if let Some(provider) = settings.capacity_provider {
                let provider = self
                    .names
                    .arn("ecs", &format!("capacity-provider/{provider}"));
                detail["capacityProviderArns"] = json!([provider]);
            }
        }
        self.tell("ECS Service Action", &arn, detail);
    }

    /// Puts any `ECS Service Action` out, for names that the simulator has no cause for.
    pub fn tell_service_action(
        &mut self,
        cluster: &str,
        service: &str,
        event_type: &str,
        event_name: &str,
        reason: Option<&str>,
    ) {
        let index = self
            .service_index(cluster, service)
            .expect("a known service");
        self.tell_service(index, event_type, event_name, reason);
    }

    pub(crate) fn tell_hook(&mut self, service: usize, arn: &str) {
        let now = self.now;
        let Some(entry) = self.service_deployment(service, arn).cloned() else {
            return;
        };
        let Some((hook_id, _)) = entry.hook else {
            return;
        };
        let Service {
            arn: service_arn,
            cluster,
            ..
        } = self.services[service].clone();
        let detail = json!({
            "eventType": "INFO", "eventName": "HOOK_AWAITING_ACTION", "hookId": hook_id,
            "hookType": "PAUSE", "expiresAt": iso(now + TimeDelta::minutes(1440)),
            "lifecycleStage": entry.lifecycle_stage, "clusterArn": self.names.cluster(&cluster),
            "serviceArn": service_arn, "serviceDeploymentArn": arn,
            "updatedAt": now.to_rfc3339_opts(SecondsFormat::Nanos, true),
        });
        self.tell("ECS Hook State Change", arn, detail);
    }

    /// Adds `(service X) <text>` to the service's events.
    pub(crate) fn say(&mut self, service: usize, text: &str) {
        let id = self.ids.uuid();
        let service = &mut self.services[service];
        let message = format!("(service {}) {text}", service.name);
        let event = ServiceEvent {
            id,
            created_at: self.now,
            message,
        };
        service.events.push_front(event);
        service.events.truncate(100);
    }

    /// Says it unless it was said within six hours and its cause is not resolved (page
    /// `service-event-messages`); steady state resolves every cause. Tells whether it was said.
    pub(crate) fn say_once(&mut self, service: usize, text: &str) -> bool {
        let now = self.now;
        let said = self.services[service].posted.get(text);
        if said.is_some_and(|at| now - *at < TimeDelta::hours(6)) {
            return false;
        }
        self.services[service].posted.insert(text.into(), now);
        self.say(service, text);
        true
    }

    /// Adds any sentence to a service's events, as the scheduler would.
    pub fn post_service_event(&mut self, cluster: &str, service: &str, text: &str) {
        let index = self
            .service_index(cluster, service)
            .expect("a known service");
        self.say(index, text);
    }

    pub(crate) fn say_placement_failure(&mut self, service: usize, reason: &str, message: &str) {
        let text = format!("was unable to place a task. Reason: {message}");
        if self.say_once(service, &text) {
            self.tell_service(
                service,
                "ERROR",
                "SERVICE_TASK_PLACEMENT_FAILURE",
                Some(reason),
            );
        }
    }

    pub(crate) fn say_start_impaired(&mut self, service: usize) {
        self.services[service].start_failures += 1;
        if self.services[service].start_failures >= IMPAIRED_AFTER
            && self.say_once(
                service,
                "is unable to consistently start tasks successfully.",
            )
        {
            self.tell_service(service, "WARN", "SERVICE_TASK_START_IMPAIRED", None);
        }
    }
}

/// Milliseconds, as ECS writes most of its timestamps.
pub(crate) fn iso(time: Time) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}
