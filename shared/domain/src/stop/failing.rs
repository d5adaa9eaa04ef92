//! A deployment that fails though ECS says nothing.
//!
//! `SERVICE_DEPLOYMENT_FAILED` is sent only where the circuit breaker or alarms are on; the breaker
//! does not count tasks that reach RUNNING and then exit, and it takes 10 to 25 minutes where it
//! does count (Amazon ECS Developer Guide, `deployment-circuit-breaker`). So opsbot counts failing
//! stops by the deployment that started them.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::arn::ServiceArn;
use crate::causes::Cause;
use crate::facts::{Rollout, Service};

/// Why ECS will not say, or not soon, that the deployment fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unheard {
    /// Neither the circuit breaker nor alarms watch it.
    NothingWatches,
    /// Only alarms watch it.
    AlarmsOnly,
    /// The circuit breaker is on and does not count tasks that reach RUNNING and then exit.
    NotCounted,
    /// The circuit breaker is on and counts them: it will trip, in its own time.
    Slow,
    /// The circuit breaker does not watch this deployment strategy.
    OtherStrategy,
}

/// A deployment that fails while ECS says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silent {
    /// So many of its tasks stopped, as far as they were counted.
    pub stops: u64,
    /// Why ECS says nothing.
    pub unheard: Unheard,
}

/// So many failed tasks make the circuit breaker give a deployment up: half of those desired, at
/// least 3 and at most 200 (Amazon ECS Developer Guide, `deployment-circuit-breaker`).
pub fn given_up_at(desired: i32) -> u64 {
    let half = u64::try_from(desired).unwrap_or_default().div_ceil(2);
    half.clamp(3, 200)
}

/// Why a deployment whose tasks stop is not called failing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotFailing {
    /// It completed: its tasks die in production, which is an incident of its own.
    Completed,
    /// ECS has called it failed, and says so itself.
    FailedAlready,
    /// The service lists it no longer.
    Gone,
}

/// Whether a stop of this cause says something about the deployment: what was released, its
/// configuration, or what it needs to start. A running task that was taken away does not.
pub fn counts_against(cause: Cause) -> bool {
    !matches!(
        cause,
        Cause::SpotInterruption
            | Cause::FargateMaintenance
            | Cause::HostTerminated
            | Cause::UserStopped
            | Cause::SchedulerStop
    )
}

/// How long a judgement of a deployment holds at the longest: one that completed, and whose tasks
/// die in production, may be rolled back to, under the same id.
pub const JUDGED_FOR: TimeDelta = TimeDelta::minutes(10);

/// Without a rollout state (blue/green, Classic Load Balancers) a deployment that began no longer
/// than this before its tasks began to die is under way.
const UNDER_WAY: TimeDelta = TimeDelta::minutes(60);

/// Whether the deployment is under way, and if it is, why ECS does not tell that it fails.
/// `ran` is whether the tasks reached RUNNING; `first_at` is when the first of them stopped.
///
/// # Errors
///
/// It is not failing.
pub fn judge(
    service: &Service,
    deployment: &str,
    ran: bool,
    first_at: DateTime<Utc>,
) -> Result<Unheard, NotFailing> {
    let listed = service.deployment(deployment).ok_or(NotFailing::Gone)?;
    match &listed.rollout {
        Some(Rollout::Completed) => return Err(NotFailing::Completed),
        Some(Rollout::Failed) => return Err(NotFailing::FailedAlready),
        Some(Rollout::InProgress | Rollout::Other(_)) => {}
        None => {
            let began = listed.created_at.unwrap_or(first_at);
            if first_at - began > UNDER_WAY {
                return Err(NotFailing::Completed);
            }
        }
    }
    let rolling = service
        .strategy
        .as_deref()
        .is_none_or(|strategy| strategy == "ROLLING");
    Ok(match (service.breaker.enabled, service.alarms.enabled) {
        (_, false) if !rolling => Unheard::OtherStrategy,
        (false, false) => Unheard::NothingWatches,
        (false, true) => Unheard::AlarmsOnly,
        (true, _) if ran => Unheard::NotCounted,
        (true, _) => Unheard::Slow,
    })
}

/// The detail type of the event by which task-stopped hands a failing deployment over. It travels
/// through a queue of ours, never through EventBridge.
pub const DETAIL_TYPE: &str = "opsbot Deployment Failing";

/// A failing deployment, as the event that deployment-changed answers.
pub fn handover(
    source: &str,
    service: &ServiceArn,
    deployment: &str,
    stops: u64,
    unheard: Unheard,
    at: DateTime<Utc>,
) -> Value {
    json!({
        "source": source,
        "detail-type": DETAIL_TYPE,
        "account": service.account,
        "region": service.region,
        "time": at,
        "resources": [service.to_string()],
        "detail": {
            "eventName": "DEPLOYMENT_FAILING",
            "deploymentId": deployment,
            "updatedAt": at,
            "stops": stops,
            "unheard": unheard,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{Breaker, Deployment, DeploymentAlarms, parse_time};

    fn service(rollout: Option<Rollout>) -> Service {
        let deployment = Deployment {
            id: "ecs-svc/2".to_owned(),
            rollout,
            created_at: parse_time("2026-11-22T10:00:00Z"),
            ..Deployment::default()
        };
        Service {
            deployments: vec![deployment],
            ..Service::default()
        }
    }

    #[test]
    fn the_circuit_breaker_gives_up_at_half_of_what_is_desired_within_bounds() {
        let given_up = [0, 1, 6, 7, 40, 399, 1_000].map(given_up_at);
        assert_eq!(given_up, [3, 3, 3, 4, 20, 200, 200]);
    }

    #[track_caller]
    fn check(service: &Service, ran: bool, want: Result<Unheard, NotFailing>) {
        let first_at = parse_time("2026-11-22T10:05:00Z").unwrap();
        assert_eq!(judge(service, "ecs-svc/2", ran, first_at), want);
    }

    #[test]
    fn a_deployment_under_way_fails_unheard_where_nothing_watches() {
        let service = service(Some(Rollout::InProgress));
        check(&service, true, Ok(Unheard::NothingWatches));
        check(&service, false, Ok(Unheard::NothingWatches));
    }

    #[test]
    fn the_breaker_counts_only_tasks_that_never_ran() {
        let service = Service {
            breaker: Breaker {
                enabled: true,
                rollback: true,
            },
            ..service(Some(Rollout::InProgress))
        };
        check(&service, true, Ok(Unheard::NotCounted));
        check(&service, false, Ok(Unheard::Slow));
    }

    #[test]
    fn alarms_alone_may_never_fire() {
        let alarms = DeploymentAlarms {
            enabled: true,
            ..DeploymentAlarms::default()
        };
        let service = Service {
            alarms,
            ..service(Some(Rollout::InProgress))
        };
        check(&service, true, Ok(Unheard::AlarmsOnly));
    }

    #[test]
    fn a_crash_loop_in_production_is_no_failed_deployment() {
        check(
            &service(Some(Rollout::Completed)),
            true,
            Err(NotFailing::Completed),
        );
    }

    #[test]
    fn what_ecs_has_called_failed_is_not_handed_over() {
        check(
            &service(Some(Rollout::Failed)),
            true,
            Err(NotFailing::FailedAlready),
        );
        check(&Service::default(), true, Err(NotFailing::Gone));
    }

    #[test]
    fn without_a_rollout_state_a_young_deployment_is_under_way() {
        let blue_green = Service {
            strategy: Some("BLUE_GREEN".to_owned()),
            ..service(None)
        };
        check(&blue_green, true, Ok(Unheard::OtherStrategy));
        let mut old = blue_green;
        old.deployments[0].created_at = parse_time("2026-11-22T09:00:00Z");
        check(&old, true, Err(NotFailing::Completed));
    }

    #[test]
    fn capacity_taken_away_is_not_the_deployments_fault() {
        assert!(!counts_against(Cause::SpotInterruption));
        assert!(!counts_against(Cause::HostTerminated));
        assert!(counts_against(Cause::AppError));
        assert!(counts_against(Cause::CapacityUnavailable));
        assert!(counts_against(Cause::Unknown));
    }
}
