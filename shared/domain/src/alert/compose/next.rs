//! What to do next, first things first.

use super::super::CauseSection;
use crate::arn::ServiceArn;
use crate::response::{Response, Trip};

pub(super) fn steps(
    arn: &ServiceArn,
    causes: &[CauseSection],
    response: &Response,
    good: Option<&str>,
    failing: &str,
) -> Vec<String> {
    let mut steps: Vec<String> = causes
        .iter()
        .take(1)
        .map(|cause| cause.fix.clone())
        .collect();
    match response {
        Response::RollingBack { .. } | Response::WillRollBack { .. } => {
            steps.push(infrastructure_code(failing));
        }
        Response::StoppedOnly { by } => {
            steps.extend(good.map(|good| go_back(arn, good)));
            steps.push(turn_rollback_on(*by));
        }
        Response::Unwatched => {
            steps.extend(good.map(|good| go_back(arn, good)));
            steps.push(turn_breaker_on(arn));
        }
        Response::RollbackFailed => {
            steps.extend(good.map(|good| go_back(arn, good)));
            steps.push(
                "Look at what the two revisions share: network, roles, secrets, target \
                 group, capacity. Both failed."
                    .to_owned(),
            );
        }
        Response::NothingToRollBackTo => {
            steps.push(
                "Release a revision with the fix; ECS starts tasks again only then.".to_owned(),
            );
        }
        Response::Superseded { .. } | Response::Watched | Response::Over { .. } => {}
        Response::OtherController(_) | Response::Unknown => {}
    }
    steps
}

/// What a rollback leaves behind.
pub(super) fn infrastructure_code(failing: &str) -> String {
    format!(
        "Fix it before you release again: your infrastructure code or pipeline still holds {failing} \
         and will bring it back."
    )
}

fn target(arn: &ServiceArn) -> String {
    format!(
        "--region {} --cluster {} --service {}",
        arn.region, arn.cluster, arn.service
    )
}

fn go_back(arn: &ServiceArn, good: &str) -> String {
    format!(
        "To go back to {good} now: aws ecs update-service {} --task-definition {good}",
        target(arn)
    )
}

fn turn_rollback_on(by: Trip) -> String {
    match by {
        Trip::Breaker => "To have ECS roll back by itself next time, set `rollback` of the \
             service's deployment circuit breaker to true."
            .to_owned(),
        Trip::Alarm => "To have ECS roll back by itself next time, set `rollback` of the \
             service's deployment alarms to true."
            .to_owned(),
    }
}

fn turn_breaker_on(arn: &ServiceArn) -> String {
    format!(
        "To have ECS notice by itself next time: aws ecs update-service {} \
         --deployment-configuration 'deploymentCircuitBreaker={{enable=true,rollback=true}}'",
        target(arn)
    )
}
