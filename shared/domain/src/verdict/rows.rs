//! The rows of the table, one function each. Each either lets the case pass or is the answer.

use chrono::{DateTime, Utc};

use super::seen::{Phase, Seen, Standing, Status, same};
use super::{
    Case, EcsRollback, NotFailing, Paused, Proposal, StackHold, Unusable, Verdict, target,
};
use super::{OptIn, Plan, Requester, Rung};
use crate::causes::{Cause, Fault};
use crate::facts::{Fact, Rollout, Service, ServiceDeployment, Why};
use crate::good::is_rollback;
use crate::response::Trip;

/// Either it passes, or this is the answer.
pub(super) type Row<T = ()> = Result<T, Verdict>;

pub(super) fn service_is_there(case: &Case) -> Row {
    let status = match &case.service {
        Fact::Known(service) if service.status == "ACTIVE" => return Ok(()),
        Fact::Known(service) => service.status.clone(),
        Fact::Missing(missing) if matches!(missing.why, Why::NotFound { .. }) => {
            "not found".to_owned()
        }
        Fact::Missing(_) => return Ok(()),
    };
    Err(Verdict::ServiceGone { status })
}

pub(super) fn facts_are_there(case: &Case) -> Row<Seen<'_>> {
    let missing = || {
        let all = [
            case.service.missing(),
            case.history.missing(),
            case.revisions.missing(),
            case.record.missing(),
            case.attempts.missing(),
        ];
        all.into_iter().flatten().cloned().collect()
    };
    Seen::of(case).ok_or_else(|| Verdict::FactsMissing { missing: missing() })
}

pub(super) fn service_is_ours(service: &Service) -> Row {
    let given = |value: &Option<String>| value.clone().unwrap_or_default();
    let owner = match given(&service.controller).as_str() {
        "" | "ECS" => None,
        other => Some(format!("deployment controller {other}")),
    };
    let express = || {
        let express = service.resource_management.as_deref() == Some("ECS");
        express.then(|| "Express service".to_owned())
    };
    // What came later is refused by name too: nobody has looked at what going back means there.
    let strategy = || match given(&service.strategy).as_str() {
        "" | "ROLLING" | "BLUE_GREEN" | "LINEAR" | "CANARY" => None,
        other => Some(format!("deployment strategy {other}")),
    };
    let scheduler = || match given(&service.scheduling).as_str() {
        "" | "REPLICA" | "DAEMON" => None,
        other => Some(format!("scheduling strategy {other}")),
    };
    let refused = owner.or_else(express).or_else(strategy).or_else(scheduler);
    refused.map_or(Ok(()), |what| Err(Verdict::NotOurs { what }))
}

pub(super) fn ecs_leaves_it_alone(seen: &Seen<'_>) -> Row {
    // A rollback that fails is no rollback to wait for: its own row below says so.
    if seen.rollback_by().is_some() {
        return Ok(());
    }
    let primary = seen.service.primary();
    let to = || {
        let back_to = seen.newest()?.detail.as_ref()?.rolled_back_to.as_deref();
        let told = back_to.and_then(|arn| seen.revision(arn));
        let shown = || {
            primary
                .filter(|it| is_rollback(it))
                .map(|it| &it.task_definition)
        };
        told.map(|it| &it.task_definition).or_else(shown).cloned()
    };
    let running = || EcsRollback::Running {
        to: to(),
        asked_at: seen.attempt_at_this().map(|attempt| attempt.at),
    };
    let is_on =
        primary.is_some_and(|it| is_rollback(it) && it.rollout == Some(Rollout::InProgress));
    let rollback = match seen.newest_status() {
        Some(Status::RollbackRequested | Status::RollbackInProgress) => Some(running()),
        Some(Status::RollbackSuccessful) => Some(EcsRollback::Done {
            to: to().or_else(|| primary.map(|it| it.task_definition.clone())),
        }),
        _ if is_on => Some(running()),
        _ => about_to(seen).map(|by| EcsRollback::Expected { by }),
    };
    rollback.map_or(Ok(()), |rollback| Err(Verdict::Watch { rollback }))
}

/// What will make ECS roll back by itself, if something will. A person need not wait for it while
/// it has not tripped: the stop they ask for is the rollback that ECS would begin.
fn about_to(seen: &Seen<'_>) -> Option<Trip> {
    let judged = seen.judged_primary()?;
    let Some(Phase::InFlight(_)) = Phase::of(seen.entry()?) else {
        return None;
    };
    let tripped = judged.rollout == Some(Rollout::Failed);
    if seen.case.requester.is_person() && !tripped {
        return None;
    }
    let service = seen.service;
    let breaker = seen.is_rolling() && service.breaker.enabled && service.breaker.rollback;
    let alarms = service.alarms.enabled && service.alarms.rollback;
    // Without a completed deployment ECS has nowhere to go, and the service stalls.
    let has_target = !seen.is_rolling() || seen.completed().is_some();
    match (breaker, alarms) {
        _ if !has_target => None,
        (true, _) => Some(Trip::Breaker),
        (false, true) => Some(Trip::Alarm),
        (false, false) => None,
    }
}

pub(super) fn nothing_newer(seen: &Seen<'_>) -> Row {
    let rollback = seen.rollback_by().is_some();
    let superseded = |by: &str| Err(Verdict::Superseded { by: by.to_owned() });
    let brings = |entry: &ServiceDeployment| match seen.target(entry) {
        Some(revision) => revision.task_definition.clone(),
        None => entry.arn.clone(),
    };
    // What ECS goes back to is older than what it goes back from, so the history has newer
    // entries than it.
    let newer = seen.newer_entry();
    if seen.judged_primary().is_some() {
        let newer = newer.filter(|_| !rollback);
        return newer.map_or(Ok(()), |entry| superseded(&brings(entry)));
    }
    let Some(primary) = seen.service.primary() else {
        return newer.map_or(Ok(()), |entry| superseded(&brings(entry)));
    };
    // PRIMARY is not newer where it is the rollback itself, opsbot's or ECS's: the next two rows
    // say more.
    let opsbots = seen.attempt_at_this();
    let is_opsbots = opsbots.is_some_and(|it| same(&it.to, &primary.task_definition));
    let newest = seen.newest().and_then(|it| it.created_at);
    let is_ecss =
        seen.newest_status() == Some(Status::RollbackFailed) && primary.created_at <= newest;
    if is_opsbots || is_ecss {
        return Ok(());
    }
    superseded(&primary.task_definition)
}

pub(super) fn was_no_rollback(seen: &Seen<'_>) -> Row {
    let on = seen.service.primary().or_else(|| seen.judged());
    seen.rollback_by().map_or(Ok(()), |by| {
        Err(Verdict::WasRollback {
            by,
            on: on.map(|it| it.task_definition.clone()),
        })
    })
}

pub(super) fn was_not_tried(seen: &Seen<'_>) -> Row {
    let attempt = seen.attempt_at_this();
    attempt.map_or(Ok(()), |attempt| {
        Err(Verdict::AlreadyDone {
            to: attempt.to.clone(),
            at: attempt.at,
        })
    })
}

pub(super) fn stands_clear<'a>(seen: &Seen<'a>) -> Row<Standing<'a>> {
    let unclear = |why: &str| Verdict::Unclear {
        deployment: seen.case.deployment.clone(),
        why: why.to_owned(),
    };
    let deployment = seen
        .judged_primary()
        .ok_or_else(|| unclear("the service does not list it as PRIMARY"))?;
    let entry = seen.entry().ok_or_else(|| {
        unclear("no service deployment in the history has its task definition and its time")
    })?;
    let phase = Phase::of(entry)
        .ok_or_else(|| unclear(&format!("its service deployment is {}", entry.status)))?;
    let blind = matches!(phase, Phase::InFlight(_)) && entry.detail.is_none();
    if blind && !seen.is_rolling() {
        return Err(unclear(
            "DescribeServiceDeployments did not say what it began from",
        ));
    }
    Ok(Standing {
        deployment,
        entry,
        phase,
    })
}

pub(super) fn it_fails(seen: &Seen<'_>, standing: &Standing<'_>) -> Row {
    if seen.case.requester.is_person() {
        return Ok(());
    }
    let deployment = standing.deployment;
    let hold = |why| Err(Verdict::NotFailing { why });
    let completed = deployment.rollout == Some(Rollout::Completed);
    if completed || standing.phase == Phase::Successful {
        return hold(NotFailing::Completed {
            on: deployment.task_definition.clone(),
        });
    }
    let failed = deployment.rollout == Some(Rollout::Failed) || standing.phase == Phase::GivenUp;
    let seen_to_fail = deployment.failed_tasks > 0 || top_cause(seen).is_some();
    if failed || seen_to_fail {
        return Ok(());
    }
    hold(NotFailing::NoSign {
        of: deployment.task_definition.clone(),
    })
}

pub(super) fn is_not_too_often(seen: &Seen<'_>) -> Row {
    let policy = seen.case.policy;
    let newest = seen.attempts.newest.as_ref();
    let end = |at: DateTime<Utc>| {
        let end = at.checked_add_signed(policy.cooldown);
        end.unwrap_or(DateTime::<Utc>::MAX_UTC)
    };
    if let Some(attempt) = newest.filter(|it| end(it.at) > seen.case.now) {
        return Err(Verdict::CoolingDown(Paused::Service {
            last: attempt.at,
            until: end(attempt.at),
        }));
    }
    if seen.attempts.last_hour >= policy.per_hour {
        return Err(Verdict::CoolingDown(Paused::Stack {
            made: seen.attempts.last_hour,
            most: policy.per_hour,
        }));
    }
    Ok(())
}

pub(super) fn stack_rests(seen: &Seen<'_>) -> Row {
    let Some(name) = seen.stack_name() else {
        return Ok(());
    };
    let why = match &seen.case.stack {
        Fact::Known(Some(stack)) if stack.status.ends_with("_IN_PROGRESS") => {
            StackHold::Updating(stack.status.clone())
        }
        Fact::Known(_) => return Ok(()),
        Fact::Missing(missing) => StackHold::NotRead(missing.clone()),
    };
    Err(Verdict::StackInProgress {
        stack: name.to_owned(),
        why,
    })
}

pub(super) fn is_its_fault(seen: &Seen<'_>) -> Row {
    if seen.case.requester.is_person() {
        return Ok(());
    }
    let Some(cause) = top_cause(seen) else {
        return Ok(());
    };
    let old_too = cause != Cause::Unknown && seen.case.old_causes.contains(&cause);
    if old_too || cause.fault() == Fault::Environment {
        return Err(Verdict::NotItsFault { cause, old_too });
    }
    Ok(())
}

/// The cause that the alert names first. A stop that somebody wanted is no failure.
fn top_cause(seen: &Seen<'_>) -> Option<Cause> {
    let causes = seen.case.causes.iter().map(|ranked| ranked.finding.cause);
    causes.into_iter().find(|it| it.fault() != Fault::Intended)
}

/// What would be done.
pub(super) fn way_back(seen: &Seen<'_>, standing: &Standing<'_>) -> Row<Proposal> {
    let to = target::choose(seen, standing)?;
    let update = || Plan::Update {
        task_definition: to.to_owned(),
    };
    let service_deployment = || standing.entry.arn.clone();
    let plan = match standing.phase {
        Phase::GivenUp | Phase::Successful => update(),
        Phase::InFlight(hook) => match (target::elsewhere(seen, standing.entry, to), hook) {
            (None, None) => Plan::StopDeployment {
                service_deployment: service_deployment(),
                to: to.to_owned(),
            },
            (None, Some(hook)) => Plan::ContinueAtHook {
                service_deployment: service_deployment(),
                hook: hook.id.clone(),
                to: to.to_owned(),
            },
            // A rolling update may be replaced by the next one at any time, so the exact revision
            // can be had. What a deployment that shifts traffic does then is not documented.
            (Some(_), _) if seen.is_rolling() => update(),
            (Some(ecs), _) => {
                return Err(Verdict::TargetUnusable {
                    target: to.to_owned(),
                    why: Unusable::EcsGoesElsewhere {
                        ecs,
                        command: update().command(&seen.case.arn),
                    },
                });
            }
        },
    };
    Ok(Proposal {
        service: seen.case.arn.clone(),
        failing: standing.deployment.task_definition.clone(),
        shifts_traffic: (!seen.is_rolling())
            .then(|| seen.service.strategy.clone())
            .flatten(),
        plan,
    })
}

pub(super) fn may_write(seen: &Seen<'_>, proposal: Box<Proposal>) -> Verdict {
    let case = seen.case;
    let rung = Rung::of(&seen.service.tags, case.policy.default);
    let only_say = matches!(case.requester, Requester::Person { dry_run: true, .. });
    match (rung.opt_in(), case.requester.is_person()) {
        (OptIn::Off, _) => Verdict::NotOptedIn { rung, proposal },
        (OptIn::DryRun, _) => Verdict::DryRun {
            rung: Some(rung),
            proposal,
        },
        (OptIn::Ask | OptIn::Auto, true) if only_say => Verdict::DryRun {
            rung: None,
            proposal,
        },
        (OptIn::Ask, false) => Verdict::Ask { rung, proposal },
        (OptIn::Ask, true) | (OptIn::Auto, _) => Verdict::RollBack { rung, proposal },
    }
}
