//! What ECS itself does about a failed deployment: the circuit breaker and deployment alarms roll
//! back, or stop the deployment, or nobody watches.
//!
//! Behaviour: Amazon ECS Developer Guide, `deployment-circuit-breaker` and
//! `deployment-alarm-failure`. Whichever of the two trips first decides, and it rolls back only if
//! rollback is on for that one.

use crate::facts::{Deployment, Rollout, Service};
use crate::good::is_rollback;

/// What ECS does about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Response {
    /// A newer deployment completed, or the rollback did: it is over.
    Over {
        /// The task definition that serves now.
        on: String,
    },
    /// It is rolling back now.
    RollingBack {
        /// The task definition it goes back to.
        to: String,
    },
    /// The failed deployment was itself a rollback, or its rollback failed too.
    RollbackFailed,
    /// Rollback is on for what tripped, and no rollback has begun yet.
    WillRollBack {
        /// What tripped.
        by: Trip,
        /// The task definition of the deployment that completed last.
        to: String,
    },
    /// Rollback is on, but there is no completed deployment to go back to: the service stalls.
    NothingToRollBackTo,
    /// Rollback is off for what tripped: the failed deployment stays PRIMARY, starts no more
    /// tasks, and nothing mends itself.
    StoppedOnly {
        /// What tripped.
        by: Trip,
    },
    /// Another deployment took its place.
    Superseded {
        /// The task definition it brings.
        by: String,
    },
    /// The deployment is still in progress and neither breaker nor alarms watch it.
    Unwatched,
    /// The deployment is in progress and watched; it has not failed yet.
    Watched,
    /// The service is being deleted or is deleted already: ECS does nothing more for it.
    Deleted {
        /// Whether its tasks are gone (`INACTIVE`), or still stopping (`DRAINING`).
        gone: bool,
    },
    /// Deployments of this service are not made by ECS itself (`CODE_DEPLOY`, `EXTERNAL`).
    OtherController(String),
    /// The service could not be read.
    Unknown,
}

/// What stops a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trip {
    /// The deployment circuit breaker.
    Breaker,
    /// A deployment alarm.
    Alarm,
}

impl Response {
    /// The stable code, which filter policies and machines rely on.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Over { .. } => "over",
            Self::RollingBack { .. } => "ecs_rolling_back",
            Self::RollbackFailed => "rollback_failed",
            Self::WillRollBack { .. } => "ecs_will_roll_back",
            Self::NothingToRollBackTo => "nothing_to_roll_back_to",
            Self::StoppedOnly { .. } => "ecs_stopped_only",
            Self::Superseded { .. } => "superseded",
            Self::Unwatched => "unwatched",
            Self::Watched => "watched",
            Self::Deleted { .. } => "service_deleted",
            Self::OtherController(_) => "other_controller",
            Self::Unknown => "unknown",
        }
    }

    /// Whether nothing will follow that could be the last word: it is over, or there is no service
    /// any more that could recover.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Over { .. } | Self::Deleted { .. })
    }

    /// The task definition that ECS goes back to by itself, now or soon.
    pub fn goes_back_to(&self) -> Option<&str> {
        match self {
            Self::RollingBack { to } | Self::WillRollBack { to, .. } => Some(to),
            Self::Over { .. }
            | Self::RollbackFailed
            | Self::NothingToRollBackTo
            | Self::StoppedOnly { .. }
            | Self::Superseded { .. }
            | Self::Unwatched
            | Self::Watched
            | Self::Deleted { .. }
            | Self::OtherController(_)
            | Self::Unknown => None,
        }
    }
}

/// What is known beside the service: what an event said, what memory and history tell.
#[derive(Clone, Copy, Debug, Default)]
pub struct Said<'a> {
    /// The event's reason.
    pub reason: Option<&'a str>,
    /// The event says that the deployment failed; `DescribeServices` may lag behind.
    pub failed: bool,
    /// ECS was rolling back to this deployment.
    pub was_rollback: bool,
}

/// What ECS does about the deployment that failed (or fails).
pub fn respond(service: &Service, failed: Option<&Deployment>, said: Said<'_>) -> Response {
    if service.is_deleted() {
        let gone = service.status == "INACTIVE";
        return Response::Deleted { gone };
    }
    if let Some(controller) = service.controller.as_deref().filter(|it| *it != "ECS") {
        return Response::OtherController(controller.to_owned());
    }
    let Some(primary) = service.primary() else {
        return Response::Unknown;
    };
    let task_definition = primary.task_definition.clone();
    match &primary.rollout {
        Some(Rollout::Completed) => Response::Over {
            on: task_definition,
        },
        Some(Rollout::InProgress) if is_rollback(primary) && !is(primary, failed, said) => {
            Response::RollingBack {
                to: task_definition,
            }
        }
        Some(Rollout::Failed) if failed.is_some_and(|failed| is_older(primary, failed)) => {
            Response::RollbackFailed
        }
        _ if failed.is_none_or(|failed| failed.id != primary.id) => Response::Superseded {
            by: task_definition,
        },
        Some(Rollout::InProgress) if !said.failed => watched(service),
        None if !said.failed => watched(service),
        _ if said.was_rollback => Response::RollbackFailed,
        _ => stopped(service, primary, said.reason),
    }
}

/// Whether an event says that the PRIMARY deployment itself failed.
fn is(primary: &Deployment, failed: Option<&Deployment>, said: Said<'_>) -> bool {
    said.failed && failed.is_some_and(|failed| failed.id == primary.id)
}

/// What replaces a failed deployment is newer, unless ECS went back to it.
fn is_older(primary: &Deployment, failed: &Deployment) -> bool {
    let began = (primary.created_at, failed.created_at);
    primary.id != failed.id && matches!(began, (Some(primary), Some(failed)) if primary < failed)
}

fn watched(service: &Service) -> Response {
    if service.breaker.enabled || service.alarms.enabled {
        Response::Watched
    } else {
        Response::Unwatched
    }
}

fn stopped(service: &Service, failed: &Deployment, reason: Option<&str>) -> Response {
    let said = failed
        .rollout_reason
        .as_deref()
        .or(reason)
        .unwrap_or_default();
    let by = tripped(service, said);
    let rolls_back = match by {
        Trip::Breaker => service.breaker.rollback,
        Trip::Alarm => service.alarms.rollback,
    };
    // Only a deployment that completed is one to go back to. Blue/green deployments have no rollout
    // state: there it is the one whose tasks run.
    let completed = |it: &Deployment| {
        let serves = it.rollout.is_none() && it.running > 0;
        it.id != failed.id && (it.rollout == Some(Rollout::Completed) || serves)
    };
    let candidates = service.deployments.iter().filter(|it| completed(it));
    let last = candidates.max_by_key(|it| it.created_at);
    match (rolls_back, last) {
        (true, Some(last)) => {
            let to = last.task_definition.clone();
            Response::WillRollBack { by, to }
        }
        (true, None) => Response::NothingToRollBackTo,
        (false, _) => Response::StoppedOnly { by },
    }
}

/// The alarms' wording is not documented, so any mention of an alarm counts; where nothing is
/// said, the one that is on.
fn tripped(service: &Service, reason: &str) -> Trip {
    let reason = reason.to_ascii_lowercase();
    let by_alarm = reason.contains("alarm")
        || (!reason.contains("circuit breaker")
            && !service.breaker.enabled
            && service.alarms.enabled);
    if by_alarm { Trip::Alarm } else { Trip::Breaker }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{Breaker, DeploymentAlarms};

    const TRIPPED: &str = "ECS deployment circuit breaker: tasks failed to start.";
    const BACK: &str = "ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/1.";

    fn deployment(id: u32, status: &str, rollout: Rollout, reason: &str) -> Deployment {
        Deployment {
            id: format!("ecs-svc/{id}"),
            status: status.to_owned(),
            task_definition: format!("order-api:{}", 40 + id),
            rollout: Some(rollout),
            rollout_reason: Some(reason.to_owned()),
            ..Deployment::default()
        }
    }

    fn service(deployments: Vec<Deployment>, breaker: (bool, bool)) -> Service {
        let breaker = Breaker {
            enabled: breaker.0,
            rollback: breaker.1,
        };
        Service {
            deployments,
            breaker,
            ..Service::default()
        }
    }

    #[track_caller]
    fn check(service: &Service, want: Response) {
        let failed = service.deployment("ecs-svc/2");
        let said = Said {
            reason: Some(TRIPPED),
            failed: true,
            was_rollback: false,
        };
        assert_eq!(respond(service, failed, said), want);
    }

    fn failed() -> Deployment {
        deployment(2, "PRIMARY", Rollout::Failed, TRIPPED)
    }

    fn old() -> Deployment {
        deployment(
            1,
            "ACTIVE",
            Rollout::Completed,
            "ECS deployment ecs-svc/1 completed.",
        )
    }

    #[test]
    fn the_breaker_without_rollback_only_stops_it() {
        let service = service(vec![failed(), old()], (true, false));
        check(&service, Response::StoppedOnly { by: Trip::Breaker });
    }

    #[test]
    fn the_breaker_with_rollback_will_roll_back() {
        let service = service(vec![failed(), old()], (true, true));
        let to = "order-api:41".to_owned();
        let by = Trip::Breaker;
        check(&service, Response::WillRollBack { by, to });
    }

    #[test]
    fn a_first_deployment_has_nothing_to_roll_back_to() {
        check(
            &service(vec![failed()], (true, true)),
            Response::NothingToRollBackTo,
        );
    }

    #[test]
    fn a_rollback_under_way_is_told_by_its_reason() {
        let back = deployment(1, "PRIMARY", Rollout::InProgress, BACK);
        let gone = Deployment {
            status: "ACTIVE".to_owned(),
            ..failed()
        };
        check(
            &service(vec![back, gone], (true, true)),
            Response::RollingBack {
                to: "order-api:41".into(),
            },
        );
    }

    #[test]
    fn a_finished_rollback_is_over() {
        let back = deployment(
            1,
            "PRIMARY",
            Rollout::Completed,
            "ECS deployment ecs-svc/1 completed.",
        );
        check(
            &service(vec![back], (true, true)),
            Response::Over {
                on: "order-api:41".into(),
            },
        );
    }

    #[test]
    fn a_newer_release_supersedes_the_failed_one() {
        let newer = deployment(
            3,
            "PRIMARY",
            Rollout::InProgress,
            "ECS deployment ecs-svc/3 in progress.",
        );
        check(
            &service(vec![newer, failed()], (true, false)),
            Response::Superseded {
                by: "order-api:43".into(),
            },
        );
    }

    #[test]
    fn an_alarm_decides_by_its_own_rollback_setting() {
        let tripped = deployment(
            2,
            "PRIMARY",
            Rollout::Failed,
            "ECS deployment failed: alarm detected.",
        );
        let mut service = service(vec![tripped, old()], (true, true));
        service.alarms = DeploymentAlarms {
            enabled: true,
            rollback: false,
            names: vec![],
        };
        check(&service, Response::StoppedOnly { by: Trip::Alarm });
    }

    #[test]
    fn a_deployment_in_progress_is_watched_or_not() {
        let running = || deployment(2, "PRIMARY", Rollout::InProgress, "in progress");
        for (breaker, want) in [(false, Response::Unwatched), (true, Response::Watched)] {
            let service = service(vec![running(), old()], (breaker, false));
            let got = respond(&service, service.deployment("ecs-svc/2"), Said::default());
            assert_eq!(got, want);
        }
    }

    #[test]
    fn an_event_that_says_failed_is_believed_before_the_service_shows_it() {
        let running = deployment(2, "PRIMARY", Rollout::InProgress, "in progress");
        let service = service(vec![running, old()], (true, true));
        let to = "order-api:41".to_owned();
        let by = Trip::Breaker;
        check(&service, Response::WillRollBack { by, to });
    }

    #[test]
    fn two_failed_first_attempts_leave_nothing_to_roll_back_to() {
        let first = deployment(1, "ACTIVE", Rollout::Failed, TRIPPED);
        check(
            &service(vec![failed(), first], (true, true)),
            Response::NothingToRollBackTo,
        );
    }

    #[test]
    fn a_rollback_that_fails_is_told_apart_from_a_release_that_does() {
        let service = service(vec![failed(), old()], (true, true));
        let said = Said {
            reason: Some(TRIPPED),
            failed: true,
            was_rollback: true,
        };
        let got = respond(&service, service.deployment("ecs-svc/2"), said);
        assert_eq!(got, Response::RollbackFailed);
    }

    #[test]
    fn a_service_that_is_deleted_has_no_deployment_to_mend() {
        for (status, gone) in [("DRAINING", false), ("INACTIVE", true)] {
            let mut service = service(vec![failed(), old()], (true, true));
            service.status = status.to_owned();
            service.controller = Some("CODE_DEPLOY".to_owned());
            check(&service, Response::Deleted { gone });
        }
    }

    #[test]
    fn a_failure_told_after_its_rollback_failed_is_not_superseded() {
        let began = |seconds| chrono::DateTime::from_timestamp(seconds, 0);
        let mut back = deployment(1, "PRIMARY", Rollout::Failed, TRIPPED);
        let mut gone = failed();
        gone.status = "ACTIVE".to_owned();
        (back.created_at, gone.created_at) = (began(10), began(20));
        check(
            &service(vec![back, gone], (true, true)),
            Response::RollbackFailed,
        );
    }

    #[test]
    fn other_controllers_are_named() {
        let mut service = service(vec![failed()], (false, false));
        service.controller = Some("CODE_DEPLOY".to_owned());
        check(
            &service,
            Response::OtherController("CODE_DEPLOY".to_owned()),
        );
    }
}
