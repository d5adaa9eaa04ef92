//! The rows of the table, one function each. Each either lets the case pass or is the answer.

use chrono::{DateTime, Utc};

use super::seen::{Phase, Seen, Standing};
use super::{
    Case, NotFailing, Paused, Proposal, Refused, StackHold, Unusable, Verdict, plan, target,
};
use super::{OptIn, Plan, Requester, Rung};
use crate::causes::{Cause, Fault};
use crate::facts::{Fact, Rollout, Service, Why};
use crate::stop::given_up_at;

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
    // What is absent is ECS's default.
    let other = |value: &Option<String>, known: &[&str]| {
        let value = value.as_deref().filter(|value| !known.contains(value));
        value.map(str::to_owned)
    };
    let controller = other(&service.controller, &["ECS"]).map(Refused::Controller);
    let express = || {
        let express = service.resource_management.as_deref() == Some("ECS");
        express.then_some(Refused::Express)
    };
    let known = ["ROLLING", "BLUE_GREEN", "LINEAR", "CANARY"];
    let strategy = || other(&service.strategy, &known).map(Refused::Strategy);
    let scheduler = || other(&service.scheduling, &["REPLICA", "DAEMON"]).map(Refused::Scheduling);
    let refused = controller
        .or_else(express)
        .or_else(strategy)
        .or_else(scheduler);
    refused.map_or(Ok(()), |what| Err(Verdict::NotOurs { what }))
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
    let seen_to_fail = deployment.failed_tasks > 0 || top_cause(seen).is_some();
    if is_failed(standing) || seen_to_fail {
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
        None => return Ok(()),
        Some(Fact::Known(Some(stack))) if stack.status.ends_with("_IN_PROGRESS") => {
            StackHold::Updating(stack.status.clone())
        }
        Some(Fact::Known(_)) => return Ok(()),
        Some(Fact::Missing(missing)) => StackHold::NotRead(missing.clone()),
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

/// How many tasks failed, and how many must have, where opsbot judges before ECS does. A release may
/// lose a few tasks and still complete, so opsbot gives up no sooner than the circuit breaker.
fn too_few(seen: &Seen<'_>, standing: &Standing<'_>) -> Option<(u64, u64)> {
    let by_event = !seen.case.requester.is_person();
    let silent = seen
        .case
        .silent
        .filter(|_| by_event && !is_failed(standing))?;
    let failed = u64::try_from(standing.deployment.failed_tasks).unwrap_or_default();
    let failed = failed.max(silent.stops);
    let enough = given_up_at(seen.service.desired);
    (failed < enough).then_some((failed, enough))
}

/// Whether ECS calls it failed.
fn is_failed(standing: &Standing<'_>) -> bool {
    standing.deployment.rollout == Some(Rollout::Failed) || standing.phase == Phase::GivenUp
}

/// The cause that the alert names first. A stop that somebody wanted is no failure.
fn top_cause(seen: &Seen<'_>) -> Option<Cause> {
    let mut causes = seen.case.causes.iter().copied();
    causes.find(|it| it.fault() != Fault::Intended)
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
                        // Unguarded: ECS itself has made another one PRIMARY by then.
                        command: plan::update(&seen.case.arn, to),
                    },
                });
            }
        },
    };
    if let Plan::Update { .. } = plan {
        target::stays_put(seen, standing, to)?;
    }
    let unseen = seen.stack_name().filter(|_| seen.case.stack.is_none());
    Ok(Proposal {
        service: seen.case.arn.clone(),
        deployment: standing.deployment.id.clone(),
        failing: standing.deployment.task_definition.clone(),
        shifts_traffic: (!seen.is_rolling())
            .then(|| seen.service.strategy.clone())
            .flatten(),
        plan,
        stack: unseen.map(str::to_owned),
    })
}

pub(super) fn may_write(
    seen: &Seen<'_>,
    standing: &Standing<'_>,
    proposal: Box<Proposal>,
) -> Verdict {
    let case = seen.case;
    let rung = Rung::of(&seen.service.tags, case.policy.default);
    let is_in = rung.opt_in() != OptIn::Off;
    if let Some((failed, enough)) = too_few(seen, standing).filter(|_| is_in) {
        return Verdict::TooFew {
            rung,
            failed,
            enough,
            proposal,
        };
    }
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
