//! Small words: times, numbers, names, and what ECS's own words mean.

use chrono::{DateTime, TimeDelta, Utc};

use crate::arn::revision_name;
use crate::response::{Response, Trip};
use crate::sanitize::line;

/// `10:31:14 UTC`.
pub(super) fn clock(at: DateTime<Utc>) -> String {
    at.format("%H:%M:%S UTC").to_string()
}

/// `3 min 12 s`; the two largest units that matter.
pub(super) fn duration(span: TimeDelta) -> String {
    let seconds = span.num_seconds().max(0);
    let (days, hours) = (seconds / 86_400, seconds / 3_600 % 24);
    let (minutes, rest) = (seconds / 60 % 60, seconds % 60);
    let two = |a: i64, unit_a: &str, b: i64, unit_b: &str| match b {
        0 => format!("{a} {unit_a}"),
        _ => format!("{a} {unit_a} {b} {unit_b}"),
    };
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{rest} s"),
        (0, 0, _) => two(minutes, "min", rest, "s"),
        (0, _, _) => two(hours, "h", minutes, "min"),
        _ => two(days, "d", hours, "h"),
    }
}

/// `1 task`, `3 tasks`.
pub(super) fn count(n: usize, noun: &str) -> String {
    if n == 1 {
        format!("1 {noun}")
    } else {
        format!("{n} {noun}s")
    }
}

/// `order-api:42`, made safe.
pub(super) fn revision(task_definition: &str) -> String {
    line(revision_name(task_definition), 120)
}

/// `ECS says: "…"`, made safe.
pub(super) fn quoted(who: &str, text: &str) -> String {
    format!("{who}: \"{}\"", line(text, 300))
}

/// What ECS leaves to opsbot, where opsbot acts: then it is not so that nothing mends itself.
pub(super) fn left_to_opsbot(response: &Response) -> Option<String> {
    let by = match response {
        Response::StoppedOnly { by } => by,
        Response::Unwatched => {
            let said = "ECS itself does nothing: neither the deployment circuit breaker nor \
                        deployment alarms are on.";
            return Some(said.to_owned());
        }
        Response::Over { .. }
        | Response::RollingBack { .. }
        | Response::RollbackFailed
        | Response::WillRollBack { .. }
        | Response::NothingToRollBackTo
        | Response::Superseded { .. }
        | Response::Watched
        | Response::Deleted { .. }
        | Response::OtherController(_)
        | Response::Unknown => return None,
    };
    Some(format!(
        "ECS itself does not roll back: that is off for {}, which stopped the deployment.",
        tripped(by)
    ))
}

fn tripped(by: &Trip) -> &'static str {
    match by {
        Trip::Breaker => "the deployment circuit breaker",
        Trip::Alarm => "the deployment alarms",
    }
}

/// What ECS does about it, and why, in a sentence.
pub(super) fn response(response: &Response, failing: &str) -> String {
    match response {
        Response::Over { on } => {
            format!(
                "It is over already: the service is steady on {}.",
                revision(on)
            )
        }
        Response::RollingBack { to } => {
            format!(
                "ECS is rolling back to {}; opsbot watches and tells how it ends.",
                revision(to)
            )
        }
        Response::RollbackFailed => {
            "Nothing happens any more until somebody acts: the rollback failed too, and ECS does \
             not roll back a rollback."
                .to_owned()
        }
        Response::WillRollBack { by: trip, .. } => {
            format!(
                "Rollback is on for {}, so ECS is about to roll back by itself.",
                tripped(trip)
            )
        }
        Response::NothingToRollBackTo => {
            "Rollback is on, but no earlier deployment completed that \
             ECS could go back to, so it starts no more tasks and waits for the next deployment."
                .to_owned()
        }
        Response::StoppedOnly { by: trip } => format!(
            "ECS does not roll back: that is off. {} stopped the deployment; {failing} stays the primary \
             deployment, starts no more tasks, and nothing mends itself.",
            match trip {
                Trip::Breaker => "The deployment circuit breaker",
                Trip::Alarm => "A deployment alarm",
            }
        ),
        Response::Superseded { by } => {
            format!("A newer deployment, of {}, took its place.", revision(by))
        }
        Response::Unwatched => {
            "No rollback: nothing watches. Neither the deployment circuit breaker nor \
             deployment alarms are on; ECS keeps trying and never calls the deployment failed."
                .to_owned()
        }
        Response::Watched => "ECS keeps trying; the deployment has not failed yet.".to_owned(),
        Response::Deleted { gone: false } => {
            "None: the service is being deleted (DRAINING). ECS stops its tasks and neither \
             retries nor rolls back."
                .to_owned()
        }
        Response::Deleted { gone: true } => {
            "None: the service is deleted (INACTIVE). ECS neither retries nor rolls back."
                .to_owned()
        }
        Response::OtherController(controller) => format!(
            "ECS does not manage this service's deployments: its controller is {}.",
            line(controller, 40)
        ),
        Response::Unknown => "Unknown: the service could not be read.".to_owned(),
    }
}

/// What a service action means: a phrase for the headline and a sentence, where it is documented
/// (Amazon ECS Developer Guide, `ecs_service_events`).
pub(super) fn service_action(name: &str) -> (Option<&'static str>, Option<&'static str>) {
    let (phrase, sentence) = match name {
        "SERVICE_TASK_START_IMPAIRED" => (
            "tasks cannot start",
            "The service cannot start tasks consistently; ECS tries again ever more slowly.",
        ),
        "SERVICE_TASK_PLACEMENT_FAILURE" => (
            "tasks cannot be placed",
            "ECS found no capacity that can take a task of this service.",
        ),
        "SERVICE_TASK_CONFIGURATION_FAILURE" => (
            "tasks cannot be configured",
            "ECS could not even create a task, often because a role cannot be assumed.",
        ),
        "SERVICE_DAEMON_PLACEMENT_CONSTRAINT_VIOLATED" => (
            "a daemon task breaks its placement constraints",
            "A task of this DAEMON service no longer meets the placement constraints.",
        ),
        "SERVICE_DISCOVERY_INSTANCE_UNHEALTHY" => (
            "service discovery reports an unhealthy task",
            "AWS Cloud Map reports a task of this service as unhealthy.",
        ),
        "VPC_LATTICE_TARGET_UNHEALTHY" => (
            "VPC Lattice reports an unhealthy task",
            "Amazon VPC Lattice reports a task of this service as unhealthy.",
        ),
        "ECS_OPERATION_THROTTLED" => (
            "ECS is throttled",
            "The service scheduler is throttled by ECS's own API limits and tries again later.",
        ),
        "SERVICE_DISCOVERY_OPERATION_THROTTLED" => (
            "service discovery is throttled",
            "The service scheduler is throttled by AWS Cloud Map's API limits and tries again later.",
        ),
        "SERVICE_HEALTH_UNKNOWN" => (
            "health cannot be determined",
            "ECS could not get the health status of tasks of this service.",
        ),
        _ => return (None, None),
    };
    (Some(phrase), Some(sentence))
}

/// What a target's reason code means (ELB API reference, `TargetHealth`).
pub(super) fn target_reason(code: &str) -> Option<&'static str> {
    Some(match code {
        "Elb.RegistrationInProgress" => "it is being registered",
        "Elb.InitialHealthChecking" => "its first health checks are under way",
        "Elb.InternalError" => "the load balancer has an internal error",
        "Target.ResponseCodeMismatch" => "health checks get another status code than expected",
        "Target.Timeout" => "health checks get no answer in time",
        "Target.FailedHealthChecks" => "health checks cannot connect or get a bad answer",
        "Target.NotRegistered" => "it is not registered",
        "Target.NotInUse" => "no listener uses the target group, or its zone is not enabled",
        "Target.DeregistrationInProgress" => "it is being taken out",
        "Target.InvalidState" => "it is stopped or terminated",
        "Target.IpUnusable" => "its address cannot be used",
        "Target.HealthCheckDisabled" => "health checks are switched off",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(seconds: i64, want: &str) {
        assert_eq!(duration(TimeDelta::seconds(seconds)), want);
    }

    #[test]
    fn durations_are_told_in_their_two_largest_units() {
        check(-5, "0 s");
        check(59, "59 s");
        check(60, "1 min");
        check(192, "3 min 12 s");
        check(3_600, "1 h");
        check(7_500, "2 h 5 min");
        check(93_600, "1 d 2 h");
    }
}
