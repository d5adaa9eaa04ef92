//! What the alert says of a verdict. Read at night, on a telephone: what happens, why, and what to
//! do, with the names.

mod proposed;
pub(super) mod words;

use super::{By, Digests, EcsRollback, NotFailing, Paused, Refused, StackHold, Unusable, Verdict};
use crate::causes::Cause;
use crate::facts::Missing;
use crate::response::Trip;
use crate::sanitize::line;
use words::{clock, gap, revision};

pub(super) fn of(verdict: &Verdict) -> String {
    match verdict {
        Verdict::ServiceGone { status } => {
            let status = line(status, 40);
            format!("Not rolled back: the service is not active ({status}).")
        }
        Verdict::FactsMissing { missing } => facts_missing(missing),
        Verdict::NotOurs { what } => not_ours(what),
        Verdict::Watch { rollback } => watch(rollback),
        Verdict::Superseded { by } => format!(
            "Not rolled back: a newer deployment, of {}, has taken its place.",
            revision(by)
        ),
        Verdict::WasRollback { by, on, fails } => was_rollback(*by, on.as_deref(), *fails),
        Verdict::AlreadyDone { to, at } => format!(
            "Not rolled back again: opsbot went back from this deployment to {} at {}, and tries \
             once only.",
            revision(to),
            clock(*at)
        ),
        Verdict::Unclear { deployment, why } => format!(
            "Not rolled back: the state of {} is not clear, because {}.",
            line(deployment, 80),
            line(why, 200)
        ),
        Verdict::NotFailing { why } => not_failing(why),
        Verdict::CoolingDown(paused) => cooling_down(paused),
        Verdict::StackInProgress { stack, why } => stack_in_progress(stack, why),
        Verdict::NotItsFault { cause, old_too } => not_its_fault(*cause, *old_too),
        Verdict::NothingGood { failing } => format!(
            "Not rolled back: no earlier revision is known to have been good. Release one that \
             mends {}.",
            revision(failing)
        ),
        Verdict::SameRevision {
            task_definition,
            failing,
            digests,
        } => same_revision(task_definition, failing, digests.as_deref()),
        Verdict::TargetUnusable { target, why } => target_unusable(target, why),
        Verdict::NotOptedIn { rung, proposal } => proposed::not_opted_in(rung, proposal),
        Verdict::DryRun { rung, proposal } => proposed::dry_run(rung.as_ref(), proposal),
        Verdict::Ask { rung, proposal } => proposed::ask(rung, proposal),
        Verdict::TooFew {
            rung,
            failed,
            enough,
            proposal,
        } => proposed::too_few(rung, (*failed, *enough), proposal),
        Verdict::RollBack { rung, proposal } => proposed::roll_back(rung, proposal),
    }
}

fn facts_missing(missing: &[Missing]) -> String {
    let all: Vec<_> = missing.iter().map(gap).collect();
    format!(
        "Not rolled back: what it would rest on could not be read: {}.",
        all.join("; ")
    )
}

fn not_ours(what: &Refused) -> String {
    let why = match what {
        Refused::Controller(controller) => match controller.as_str() {
            "CODE_DEPLOY" => {
                "AWS CodeDeploy makes this service's deployments. Stop the deployment \
                              there, with rollback"
                    .to_owned()
            }
            "EXTERNAL" => "this service's task sets are made from outside (controller EXTERNAL). \
                           Go back with the tool that makes them"
                .to_owned(),
            other => format!("its deployment controller is {}", line(other, 60)),
        },
        Refused::Express => "it is an Express service. Go back with \
                             aws ecs update-express-gateway-service"
            .to_owned(),
        Refused::Strategy(strategy) => format!(
            "opsbot does not know its deployment strategy {}",
            line(strategy, 60)
        ),
        Refused::Scheduling(scheduling) => format!(
            "opsbot does not know its scheduling strategy {}",
            line(scheduling, 60)
        ),
    };
    format!("Not rolled back: {why}.")
}

fn watch(rollback: &EcsRollback) -> String {
    let target = |to: &Option<String>| {
        let to = to.as_deref();
        to.map(|to| format!(" to {}", revision(to)))
            .unwrap_or_default()
    };
    match rollback {
        EcsRollback::Running { to, asked_at } => {
            let asked = asked_at.map(|at| format!(", as opsbot asked at {}", clock(at)));
            format!(
                "ECS is rolling back{}{}. opsbot stays out of its way and reports how it ends.",
                target(to),
                asked.unwrap_or_default()
            )
        }
        EcsRollback::Done { to } => format!("ECS has rolled back{} already.", target(to)),
        EcsRollback::Expected { by } => {
            let (by, but) = match by {
                Trip::Breaker => ("circuit breaker trips", ""),
                Trip::Alarm => (
                    "deployment alarms fire",
                    " It ignores an alarm that was in ALARM already when the deployment began: then \
                     go back by hand.",
                ),
            };
            format!(
                "Not rolled back by opsbot: ECS rolls back by itself when its {by}. opsbot reports \
                 how it ends.{but}"
            )
        }
    }
}

fn was_rollback(by: By, on: Option<&str>, fails: bool) -> String {
    let whose = match by {
        By::Ecs => "ECS's",
        By::Opsbot => "opsbot's",
    };
    let on = on
        .map(|on| format!(" The service is on {}.", revision(on)))
        .unwrap_or_default();
    if !fails {
        return format!(
            "Not rolled back: this deployment was {whose} rollback, and a rollback is never rolled \
             back.{on}"
        );
    }
    format!(
        "Not rolled back: {whose} rollback itself fails, and a rollback is never rolled back.{on} \
         Nothing mends itself now: look at what both revisions share (network, roles, secrets, \
         target group, capacity)."
    )
}

fn not_failing(why: &NotFailing) -> String {
    match why {
        NotFailing::Completed { on } => format!(
            "Not rolled back: ECS calls the deployment of {} completed.",
            revision(on)
        ),
        NotFailing::NoSign { of } => format!(
            "Not rolled back: the deployment of {} is in progress, and none of its tasks is known \
             to fail.",
            revision(of)
        ),
    }
}

fn cooling_down(paused: &Paused) -> String {
    match paused {
        Paused::Service { last, until } => format!(
            "Not rolled back: opsbot rolled this service back at {} and leaves it alone until {}. It \
             does not come back to this release by itself.",
            clock(*last),
            clock(*until)
        ),
        Paused::Stack { made, most } => format!(
            "Not rolled back: opsbot has made {made} rollbacks in the last hour, and {most} is the \
             most it may. Many services fail at once: look for what they share; opsbot \
             does not come back to this release by itself."
        ),
    }
}

fn stack_in_progress(stack: &str, why: &StackHold) -> String {
    let stack = line(stack, 140);
    match why {
        StackHold::Updating(status) => format!(
            "Not rolled back: the service belongs to CloudFormation stack {stack}, which is in {} \
             and rolls back by itself if its update fails.",
            line(status, 60)
        ),
        StackHold::NotRead(missing) => format!(
            "Not rolled back: the service belongs to CloudFormation stack {stack}, and whether \
             that is being updated could not be read: {}.",
            gap(missing)
        ),
    }
}

fn not_its_fault(cause: Cause, old_too: bool) -> String {
    let phrase = cause.phrase();
    if old_too {
        return format!(
            "Not rolled back: tasks of the old revision stop of the same cause ({phrase})."
        );
    }
    format!(
        "Not rolled back: the deployment is not at fault ({phrase}), and an older revision would \
         fail the same way."
    )
}

fn same_revision(task_definition: &str, failing: &str, digests: Option<&Digests>) -> String {
    let name = revision(task_definition);
    let Some(digests) = digests else {
        return format!(
            "Not rolled back: the last good revision is {name} itself, so there is nothing to go \
             back to. What changed is outside the task definition, so an older revision would \
             meet it too."
        );
    };
    let why = match revision(failing) {
        same if same == name => {
            format!(
                "the last good revision is {name} itself, and the image under its tag has changed"
            )
        }
        failing => format!(
            "{name} was the last good revision, but it shares an image tag with {failing} that has \
             been moved, so UpdateService would bring the new image with it"
        ),
    };
    format!(
        "Not rolled back: {why}. {} ({}) was good at {} and fails at {}. Register a revision with \
         the good image pinned by its digest and release that.",
        line(&digests.container, 80),
        line(&digests.image, 200),
        line(&digests.good, 80),
        line(&digests.failing, 80)
    )
}

fn target_unusable(target: &str, why: &Unusable) -> String {
    let target = revision(target);
    match why {
        Unusable::Inactive => format!(
            "Not rolled back: {target} was the last good revision, but it is deregistered, and no \
             other good one is active. Register it again and release that."
        ),
        Unusable::NotRead(missing) => format!(
            "Not rolled back: whether {target} can be gone back to could not be read: {}.",
            gap(missing)
        ),
        Unusable::NeverGood => {
            format!("Not rolled back: {target} is not known to have been good on this service.")
        }
        Unusable::EcsGoesElsewhere { ecs, command } => {
            let ecs = match ecs.as_str() {
                "" => "ECS has nothing to go back to".to_owned(),
                ecs => format!("ECS would go back to {}", revision(ecs)),
            };
            format!(
                "Not rolled back: {target} was the last good revision, but {ecs} while the \
                 deployment is in progress. By hand, once it has ended: {command}"
            )
        }
    }
}
