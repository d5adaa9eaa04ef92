//! What to do next, first things first.

use super::super::CauseSection;
use crate::arn::ServiceArn;
use crate::response::{Response, Trip};

/// What the next steps depend on.
pub(super) struct Situation<'a> {
    pub(super) service: &'a ServiceArn,
    pub(super) causes: &'a [CauseSection],
    pub(super) response: &'a Response,
    /// The last good revision, if it can be started.
    pub(super) good: Option<&'a str>,
    /// Where an image tag of the last good revision was moved: the images that ran well, pinned.
    pub(super) replaced: &'a [String],
    pub(super) failing: &'a str,
    /// The CloudFormation stack that the service belongs to.
    pub(super) stack: Option<&'a str>,
    /// The deployment keeps failing and ECS does not say so.
    pub(super) keeps_failing: bool,
    /// No cause is seen, and a permission is missing.
    pub(super) blind: bool,
    /// opsbot goes back.
    pub(super) goes_back: bool,
}

pub(super) fn steps(now: &Situation<'_>) -> Vec<String> {
    let mut steps: Vec<String> = now.causes.iter().take(1).map(|it| it.fix.clone()).collect();
    if now.blind {
        steps.push(
            "Give opsbot's role the permissions named under Not collected: without them it cannot \
             see the cause."
                .to_owned(),
        );
    }
    let service = now.service;
    if now.goes_back {
        steps.push(moved_tag(now).unwrap_or_else(|| infrastructure_code(now.failing)));
    }
    match now.response {
        Response::RollingBack { .. } | Response::WillRollBack { .. } => {
            steps.push(moved_tag(now).unwrap_or_else(|| infrastructure_code(now.failing)));
        }
        Response::StoppedOnly { by } => {
            steps.extend(way_back(now));
            steps.push(turn_rollback_on(*by));
        }
        Response::Unwatched => {
            steps.extend(way_back(now));
            steps.push(turn_breaker_on(service));
        }
        Response::RollbackFailed => {
            steps.push(
                "Look at what the two revisions share: network, roles, secrets, target group, \
                 capacity. Both failed."
                    .to_owned(),
            );
        }
        Response::NothingToRollBackTo => {
            steps.push(
                "Release a revision with the fix; ECS starts tasks again only then.".to_owned(),
            );
        }
        Response::Deleted { .. } => {
            steps.insert(
                0,
                "Make sure that the service was deleted on purpose; ECS does not bring it back, \
                 your infrastructure code can."
                    .to_owned(),
            );
        }
        Response::Watched if now.keeps_failing => steps.extend(way_back(now)),
        Response::Superseded { .. } | Response::Watched | Response::Over { .. } => {}
        Response::OtherController(controller) => steps.push(
            match controller.as_str() {
                "CODE_DEPLOY" => {
                    "Look at the service's deployment in AWS CodeDeploy: only it can roll back, by \
                     the settings of its deployment group."
                }
                _ => "Look at the tool that makes the service's task sets: only it can roll back.",
            }
            .to_owned(),
        ),
        Response::Unknown => {}
    }
    steps
}

/// CloudFormation rolls its stack back by itself when the circuit breaker fails the update; whoever
/// updates the service beside it fights it.
fn way_back(now: &Situation<'_>) -> Option<String> {
    if now.goes_back {
        return None;
    }
    if let Some(pin) = pin(now) {
        return Some(pin);
    }
    // What fails is no way back, though it once was good.
    let good = now.good.filter(|good| *good != now.failing);
    match (now.stack, good) {
        (Some(stack), _) => Some(format!(
            "The service belongs to CloudFormation stack {stack}, which rolls back by itself when \
             its update fails: look there first, and do not update the service beside it."
        )),
        (None, Some(good)) => Some(go_back(now.service, good, now.failing)),
        (None, None) => None,
    }
}

/// A tag that was moved is the one change that going back to a revision does not undo.
fn pin(now: &Situation<'_>) -> Option<String> {
    let useless = now.good.map_or(String::new(), |good| {
        format!(
            "Updating the service to {good}, the last good revision, would not help: its tag names \
             another image now. "
        )
    });
    (!now.replaced.is_empty()).then(|| {
        format!(
            "{useless}Register a revision with the image that ran well pinned by \
             its digest, {}, and deploy that; or push a mended image under the tag and deploy \
             again with --force-new-deployment.",
            now.replaced.join(" and ")
        )
    })
}

/// What a rollback leaves behind where a tag was moved: the tag.
fn moved_tag(now: &Situation<'_>) -> Option<String> {
    (!now.replaced.is_empty()).then(|| {
        format!(
            "Before you release {} again, mend what its tag names: it is still the image that \
             failed. Push a mended one, or pin the one that ran well by its digest, {}.",
            now.failing,
            now.replaced.join(" and ")
        )
    })
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

/// Alerts are read late: done after the next release, it would take that one back.
fn go_back(arn: &ServiceArn, good: &str, failing: &str) -> String {
    format!(
        "To go back to {good}, if nothing was released after {failing}: \
         aws ecs update-service {} --task-definition {good}",
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
