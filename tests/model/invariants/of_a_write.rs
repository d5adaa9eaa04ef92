//! What must hold of every write, each in a line with its check.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use domain::verdict::Attempt;
use serde_json::Value;
use simulator::{Deployment, Rollout, Service, ServiceDeploymentStatus, Time, World, Write};

use super::{Broken, By, Writing, broken};
use crate::fleet::is_surrounded;
use crate::plan::{CLUSTER, Plan};

/// One write that ECS took, with everything known of it.
pub struct Written<'a> {
    pub write: &'a Write,
    writing: &'a Writing,
    /// The world that it is judged by: that of the look it rests on, else that right before it.
    /// Between that look and the write nobody can know better.
    truth: &'a World,
    pub service: &'a Service,
    pub primary: &'a Deployment,
}

impl<'a> Written<'a> {
    pub fn of(write: &'a Write, writing: &'a Writing) -> Option<Self> {
        let truth = writing
            .look
            .as_ref()
            .map_or(&write.before, |look| &look.world);
        let name = service_name(&write.request);
        let service = truth.find_service(CLUSTER, &name)?;
        Some(Self {
            write,
            writing,
            truth,
            service,
            primary: service.deployments.first()?,
        })
    }

    fn is_update(&self) -> bool {
        self.write.action == "ecs:UpdateService"
    }

    /// Where the service goes by it.
    fn target(&self) -> Option<&str> {
        if self.is_update() {
            return self.write.request["taskDefinition"].as_str();
        }
        let candidate = self.service.rollback_candidate();
        candidate.map(|it| it.task_definition.as_str())
    }

    /// The attempt in the table.
    fn claim(&self) -> Option<Attempt> {
        let key = format!("rollbacks#{}", self.service.arn);
        let mut items = self.writing.table.iter();
        let item = items.find(|item| item["pk"]["S"] == key.as_str())?;
        let attempt = item.get(&format!("attempt#{}", self.primary.id))?;
        serde_json::from_str(attempt["S"].as_str()?).ok()
    }

    fn status(&self) -> Option<ServiceDeploymentStatus> {
        self.status_in(self.service)
    }

    fn status_in(&self, service: &Service) -> Option<ServiceDeploymentStatus> {
        let arn = &self.primary.service_deployment_arn;
        let mut entries = service.service_deployments.iter();
        entries.find(|it| &it.arn == arn).map(|it| it.status)
    }

    /// Whether the stop was asked for before the invocation's first look.
    fn was_requested_before(&self) -> bool {
        let first = self.writing.first.as_ref();
        let name = service_name(&self.write.request);
        let service = first.and_then(|look| look.world.find_service(CLUSTER, &name));
        let status = service.and_then(|service| self.status_in(service));
        // One that was released a moment ago is PENDING.
        !matches!(
            status,
            Some(ServiceDeploymentStatus::Pending | ServiceDeploymentStatus::InProgress)
        )
    }
}

/// The service that a write is about.
fn service_name(request: &Value) -> String {
    let arn = request["serviceDeploymentArn"].as_str();
    let of_deployment = arn.and_then(|arn| arn.split('/').nth(2));
    of_deployment
        .or(request["service"].as_str())
        .unwrap_or_default()
        .to_owned()
}

pub type Check = fn(&Written<'_>, &Plan, &Past) -> Result<(), String>;

/// Each promise about one write, in a line, and the check of it.
pub const OF_A_WRITE: [(&str, Check); 17] = [
    ("only roll-back writes to ECS", by_roll_back),
    (
        "nothing but the task definition is changed, and nothing is forced",
        nothing_else,
    ),
    (
        "a write is made for the deployment that is PRIMARY, never while a newer one is",
        for_the_primary,
    ),
    ("at most one write is made per failed deployment", once),
    ("a rollback is never rolled back", of_no_rollback),
    ("the target was once successful", target_was_good),
    ("the target is active", target_is_active),
    ("the target is not what fails", target_is_another),
    (
        "nothing is written without the owner's opt-in, nor in dry run",
        opted_in,
    ),
    ("nothing is written without a claim in the table", claimed),
    ("ECS goes where opsbot said", goes_where_said),
    (
        "nothing is written against a rollback by ECS, done, under way or to come",
        ecs_rests,
    ),
    (
        "nothing is written to a deployment that completed, on an event's word",
        it_fails,
    ),
    (
        "a deployment that ECS does not call failed is given up no sooner than by the breaker",
        given_up,
    ),
    (
        "nothing is written while CloudFormation changes the service's stack",
        stack_rests,
    ),
    (
        "nothing is written on an event's word for what is not the deployment's fault",
        its_fault,
    ),
    ("services of other controllers are left alone", ours),
];

/// What happened before a write.
#[derive(Default)]
pub struct Past {
    /// Deployments that were written for.
    written: BTreeSet<String>,
    /// Deployments that a rollback made, opsbot's or ECS's.
    rollbacks: BTreeSet<String>,
    /// The services that opsbot updated, and when.
    updates: Vec<(String, Time)>,
}

impl Past {
    /// What a write's world shows of rollbacks before it.
    pub fn look(&mut self, world: &World) {
        for service in world.services() {
            let newest = service.service_deployments.last();
            let rolled = newest.and_then(|it| it.rollback.as_ref());
            for it in &service.deployments {
                let updated = self.updates.iter();
                let mut updated =
                    updated.filter(|(arn, at)| *arn == service.arn && *at == it.created_at);
                let by_ecs = it.rollout_reason.contains("rolling back to")
                    || rolled.is_some_and(|(_, _, revision)| *revision == it.revision_arn);
                if by_ecs || updated.next().is_some() {
                    self.rollbacks.insert(it.id.clone());
                }
            }
        }
    }

    /// One more write.
    pub fn add(&mut self, written: &Written<'_>) {
        self.written.insert(written.primary.id.clone());
        if written.is_update() {
            let update = (written.service.arn.clone(), written.write.at);
            self.updates.push(update);
        }
    }
}

/// Judges one write.
pub fn judge(written: &Written<'_>, plan: &Plan, past: &Past) -> Result<(), Broken> {
    let write = written.write;
    for (invariant, check) in OF_A_WRITE {
        check(written, plan, past).map_err(|how| {
            let call = format!("{} {} at {}", write.action, write.request, write.at);
            broken(invariant, format!("{how}; {call}"))
        })?;
    }
    Ok(())
}

fn by_roll_back(it: &Written<'_>, _: &Plan, _: &Past) -> Result<(), String> {
    hold(it.writing.by.is_rollback(), || it.writing.by.name.clone())
}

fn nothing_else(it: &Written<'_>, _: &Plan, _: &Past) -> Result<(), String> {
    let members = it.write.request.as_object().into_iter().flatten();
    let allowed: &[&str] = match it.write.action.as_str() {
        "ecs:UpdateService" => &["cluster", "service", "taskDefinition"],
        "ecs:StopServiceDeployment" => &["serviceDeploymentArn", "stopType"],
        _ => &["serviceDeploymentArn", "hookId", "action"],
    };
    let other: Vec<&String> = members
        .map(|(name, _)| name)
        .filter(|it| !allowed.contains(&it.as_str()))
        .collect();
    hold(other.is_empty(), || format!("{other:?}"))
}

fn for_the_primary(it: &Written<'_>, _: &Plan, _: &Past) -> Result<(), String> {
    let judged = match &it.writing.by.by {
        By::Request { deployment, .. } => deployment == &it.primary.id,
        By::Change | By::Person { .. } => true,
    };
    let arn = it.write.request["serviceDeploymentArn"].as_str();
    let same = arn.is_none_or(|arn| arn == it.primary.service_deployment_arn);
    // Somebody may have released between the look and the write, which nobody can know; but
    // without a look everybody could.
    hold(judged && same, || {
        format!(
            "PRIMARY is {}, asked was {:?}, {arn:?}",
            it.primary.id, it.writing.by.by
        )
    })
}

fn once(it: &Written<'_>, _: &Plan, past: &Past) -> Result<(), String> {
    hold(!past.written.contains(&it.primary.id), || {
        it.primary.id.clone()
    })
}

fn of_no_rollback(it: &Written<'_>, _: &Plan, past: &Past) -> Result<(), String> {
    hold(!past.rollbacks.contains(&it.primary.id), || {
        it.primary.id.clone()
    })
}

fn target_was_good(it: &Written<'_>, _: &Plan, _: &Past) -> Result<(), String> {
    let target = it.target().ok_or("ECS has nothing to go back to")?;
    let revisions = it.service.service_deployments.iter();
    let successful = revisions.filter(|it| it.status == ServiceDeploymentStatus::Successful);
    let mut good = successful.filter_map(|entry| {
        let mut revisions = it.service.revisions.iter();
        revisions.find(|revision| revision.arn == entry.target_revision)
    });
    let good = good.any(|revision| same(&revision.task_definition, target));
    hold(good, || format!("{target} was never successful"))
}

fn target_is_active(it: &Written<'_>, _: &Plan, _: &Past) -> Result<(), String> {
    let target = it.target().unwrap_or_default();
    let active = it.truth.definition(target).is_some_and(|it| it.active);
    // It may have become inactive between its own look and the service's.
    let was = it
        .write
        .before
        .definition(target)
        .is_some_and(|it| it.active);
    hold(active || was, || format!("{target} is inactive"))
}

fn target_is_another(it: &Written<'_>, _: &Plan, _: &Past) -> Result<(), String> {
    let target = it.target().unwrap_or_default();
    hold(!same(target, &it.primary.task_definition), || {
        target.to_owned()
    })
}

fn opted_in(it: &Written<'_>, plan: &Plan, _: &Past) -> Result<(), String> {
    let tags = it.service.settings.tags.iter();
    let tag = tags.rev().find(|(key, _)| key == "opsbot:rollback");
    let rung = tag.map_or(plan.default, |(_, value)| value.as_str());
    let rung = rung.to_lowercase();
    let allowed = match &it.writing.by.by {
        By::Change => false,
        By::Request { .. } => rung == "auto",
        By::Person { dry_run, .. } => !dry_run && (rung == "auto" || rung == "ask"),
    };
    hold(allowed, || {
        format!("the rung is {rung:?}, asked by {:?}", it.writing.by.by)
    })
}

fn claimed(it: &Written<'_>, _: &Plan, _: &Past) -> Result<(), String> {
    hold(it.claim().is_some(), || {
        format!("no claim for {}", it.primary.id)
    })
}

fn goes_where_said(it: &Written<'_>, _: &Plan, _: &Past) -> Result<(), String> {
    let said = it.claim().map(|claim| claim.to).unwrap_or_default();
    hold(
        it.target().is_some_and(|target| same(target, &said)),
        || format!("{said} was claimed, ECS goes to {:?}", it.target()),
    )
}

fn ecs_rests(it: &Written<'_>, _: &Plan, _: &Past) -> Result<(), String> {
    use ServiceDeploymentStatus as Status;
    let status = it.status();
    let rolls = match status {
        Some(Status::RollbackInProgress | Status::RollbackSuccessful) => true,
        // A stop that somebody asked for this very second cannot be seen in the service, and
        // another stop changes nothing (Amazon ECS Developer Guide, `stop-service-deployment`).
        Some(Status::RollbackRequested) => it.is_update() && it.was_requested_before(),
        _ => false,
    };
    let settings = &it.service.settings;
    let rolling = settings.strategy == "ROLLING";
    // Tasks that reach RUNNING and then exit put the breaker's count back to zero each time.
    let by_breaker =
        rolling && settings.breaker.is_some_and(|it| it.rollback) && it.primary.failed_tasks > 0;
    let by_alarm = settings
        .alarms
        .as_ref()
        .is_some_and(|(_, rollback)| *rollback);
    let in_flight = matches!(status, Some(Status::Pending | Status::InProgress));
    let will = in_flight
        && (by_breaker || by_alarm)
        && it.service.rollback_candidate().is_some()
        && matches!(it.writing.by.by, By::Request { .. });
    hold(!rolls && !will, || {
        format!("{status:?}, breaker {by_breaker}, alarm {by_alarm}")
    })
}

fn it_fails(it: &Written<'_>, _: &Plan, _: &Past) -> Result<(), String> {
    let on_an_event = matches!(it.writing.by.by, By::Request { .. });
    let completed = it.primary.rollout == Rollout::Completed;
    hold(!(on_an_event && completed), || it.primary.id.clone())
}

fn given_up(it: &Written<'_>, _: &Plan, _: &Past) -> Result<(), String> {
    use ServiceDeploymentStatus as Status;
    let in_flight = matches!(it.status(), Some(Status::Pending | Status::InProgress));
    let called_failed = it.primary.rollout == Rollout::Failed;
    let on_a_count = matches!(it.writing.by.by, By::Request { stray: false, .. });
    // ECS lists stopped tasks for an hour.
    let listed = it.write.at - it.primary.created_at < TimeDelta::minutes(50);
    if !in_flight || called_failed || !on_a_count || !listed {
        return Ok(());
    }
    let own = |task: &&simulator::Task| task.started_by.as_ref() == Some(&it.primary.id);
    let tasks = it.write.before.tasks().iter().filter(own);
    let stopped = tasks.filter(|task| task.stopped_at.is_some()).count();
    let stopped = stopped.max(it.primary.failed_tasks as usize);
    let desired = it.service.settings.desired as usize;
    hold(stopped >= 3 && 2 * stopped >= desired, || {
        format!("{stopped} tasks of {desired} stopped")
    })
}

fn ours(it: &Written<'_>, _: &Plan, _: &Past) -> Result<(), String> {
    let settings = &it.service.settings;
    let express = settings.other.get("resourceManagementType");
    let ours = settings.controller == "ECS" && express.is_none();
    hold(ours && it.service.status == "ACTIVE", || {
        settings.controller.clone()
    })
}

fn stack_rests(it: &Written<'_>, _: &Plan, _: &Past) -> Result<(), String> {
    let mut tags = it.service.settings.tags.iter();
    let stack = tags.find(|(key, _)| key == "aws:cloudformation:stack-name");
    let busy = |world: &World| {
        let status = world.stacks().get(&stack?.1)?;
        status.ends_with("_IN_PROGRESS").then_some(())
    };
    // It is asked once, and may begin to change right after.
    let first = it
        .writing
        .first
        .as_ref()
        .map_or(it.truth, |look| &look.world);
    let always = busy(first).and(busy(it.truth)).and(busy(&it.write.before));
    hold(always.is_none(), || format!("{stack:?}"))
}

fn its_fault(it: &Written<'_>, plan: &Plan, _: &Past) -> Result<(), String> {
    // A stray request brings causes of its own, and what cannot be read cannot be blamed.
    let knowable = plan.weather.outages.is_empty() && plan.weather.flaky == 0;
    let believed = matches!(
        it.writing.by.by,
        By::Request {
            stray: false,
            blames: true,
            ..
        }
    );
    // Tasks that stopped before the surroundings changed tell of another cause.
    let known = knowable && believed && !it.writing.by.refated;
    let definition = it.truth.definition(&it.primary.task_definition);
    hold(!known || !definition.is_some_and(is_surrounded), || {
        it.primary.task_definition.clone()
    })
}

fn hold(holds: bool, how: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(how()) }
}

fn same(one: &str, other: &str) -> bool {
    let short = |name: &str| name.rsplit('/').next().map(str::to_owned);
    short(one) == short(other)
}
