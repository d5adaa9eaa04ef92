//! Blue/green, linear and canary in their simplest form: all green tasks start beside the blue
//! ones, traffic moves at once, the blue ones end. No breaker, no deployment events.

use super::breaker::Trigger;
use super::{Refusal, Rollout, ServiceDeploymentStatus as Status, World};

impl World {
    /// One look of the scheduler. Says whether nothing is left to do.
    pub(crate) fn look_at_blue_green(&mut self, service: usize) -> bool {
        self.start_missing(service);
        let primary = self.services[service].deployments[0].clone();
        let live = self.live_tasks(service, &primary.id);
        let desired = self.services[service].settings.desired;
        let green = self.healthy_count(&live) == desired;
        let stage = if green { "POST_SCALE_UP" } else { "SCALE_UP" };
        let in_progress = primary.rollout == Rollout::InProgress;
        if in_progress && !self.pass_hook(service, &primary.service_deployment_arn, stage) {
            return true;
        }
        if green {
            self.stop_surplus(service);
        }
        self.conclude(service)
    }

    /// Moves the lifecycle stage on. `false` while the pause hook waits for somebody.
    fn pass_hook(&mut self, service: usize, arn: &str, stage: &'static str) -> bool {
        let pause_at = self.services[service].settings.pause_at.clone();
        let Some(entry) = self.service_deployment(service, arn) else {
            return true;
        };
        entry.lifecycle_stage = stage;
        if entry.status != Status::InProgress || stage == "SCALE_UP" {
            return true;
        }
        let waiting = match &mut entry.hook {
            Some((_, status)) if *status != "SUCCEEDED" => {
                let first = std::mem::replace(status, "AWAITING_ACTION") == "IN_PROGRESS";
                entry.lifecycle_stage = known_stage(pause_at.as_deref().unwrap_or(stage));
                Some(first)
            }
            _ => None,
        };
        match waiting {
            Some(true) => self.tell_hook(service, arn),
            Some(false) => {}
            None => {
                let entry = self
                    .service_deployment(service, arn)
                    .expect("found just before");
                entry.lifecycle_stage = "BAKE_TIME";
            }
        }
        waiting.is_none()
    }

    /// `ContinueServiceDeployment`: only while the deployment is `IN_PROGRESS` and its hook waits.
    pub(crate) fn continue_service_deployment(
        &mut self,
        arn: &str,
        hook_id: &str,
        roll_back: bool,
    ) -> Result<(), Refusal> {
        let service = self.service_with_deployment(arn)?;
        let entry = self
            .service_deployment(service, arn)
            .expect("found just before");
        let waits = entry.status == Status::InProgress
            && entry
                .hook
                .as_ref()
                .is_some_and(|(id, s)| id == hook_id && *s == "AWAITING_ACTION");
        if !waits {
            let text = "The lifecycle hook is not awaiting an action.";
            return Err(Refusal::new("InvalidParameterException", text));
        }
        if let Some((_, status)) = &mut entry.hook {
            *status = if roll_back { "FAILED" } else { "SUCCEEDED" };
        }
        if roll_back {
            self.fail(service, Trigger::Request, true);
        }
        self.wake(service);
        Ok(())
    }
}

/// The stages of `ServiceDeploymentLifecycleStage` at which a hook can stand.
fn known_stage(stage: &str) -> &'static str {
    const STAGES: [&str; 6] = [
        "PRE_SCALE_UP",
        "POST_SCALE_UP",
        "POST_TEST_TRAFFIC_SHIFT",
        "PRE_PRODUCTION_TRAFFIC_SHIFT",
        "POST_PRODUCTION_TRAFFIC_SHIFT",
        "RECONCILE_SERVICE",
    ];
    STAGES
        .into_iter()
        .find(|known| *known == stage)
        .expect("a stage that can hold a hook")
}
