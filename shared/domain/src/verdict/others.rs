//! The rows about what others do with the deployment: ECS, and whoever releases next.

use super::rows::Row;
use super::seen::{Phase, Seen, Status, same};
use super::{EcsRollback, Verdict};
use crate::causes::Cause;
use crate::facts::{Deployment, Rollout, ServiceDeployment};
use crate::good::is_rollback;
use crate::response::Trip;
use crate::stop::Unheard;

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
    let breaker = breaker && !is_not_counted(seen, judged);
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

/// Whether the breaker leaves the deployment alone for good: its tasks reach RUNNING and then exit,
/// which puts `failedTasks` back to zero each time, and no health check counts them instead (Amazon
/// ECS Developer Guide, `deployment-circuit-breaker`).
fn is_not_counted(seen: &Seen<'_>, judged: &Deployment) -> bool {
    let by_health = [Cause::ElbHealthCheck, Cause::ContainerHealthCheck];
    let causes = &seen.case.causes;
    let unheard = seen.case.silent.map(|it| it.unheard);
    unheard == Some(Unheard::NotCounted)
        && judged.failed_tasks == 0
        && !causes.is_empty()
        && !causes.iter().any(|cause| by_health.contains(cause))
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
    // A person may ask while the rollback is on and nothing is wrong with it.
    let is_sound = |it: &Deployment| match &it.rollout {
        Some(Rollout::Completed) => true,
        Some(Rollout::InProgress) => seen.case.requester.is_person() && it.failed_tasks == 0,
        Some(Rollout::Failed | Rollout::Other(_)) | None => false,
    };
    let sound = seen.judged_primary().is_some_and(is_sound);
    seen.rollback_by().map_or(Ok(()), |by| {
        Err(Verdict::WasRollback {
            by,
            on: on.map(|it| it.task_definition.clone()),
            fails: !sound,
        })
    })
}
