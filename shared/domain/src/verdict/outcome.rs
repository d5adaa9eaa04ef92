//! What became of a verdict that is a write.

use std::fmt;

use chrono::{DateTime, Utc};
use serde_json::json;

use super::sentence::words::{clock, gap, revision, why};
use super::{Plan, TAG};
use crate::arn::ServiceArn;
use crate::facts::{Missing, Why};
use crate::sanitize::line;

/// What became of it. In doubt it was done: no call is made twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// ECS took the call.
    Began,
    /// The call has no good answer, but the service is on its way back.
    Seen,
    /// The service was never twice the same while opsbot looked; what changed last.
    Changing(String),
    /// The service or the table could not be asked right before the call, so it was not made.
    NotAsked(Missing),
    /// ECS refused the call.
    Refused(Missing),
    /// ECS throttled the call until the time was up.
    Throttled(Missing),
    /// The call has no good answer, and the service does not show whether ECS took it.
    Unsure(Missing),
    /// An invocation claimed the attempt then, and ended before it told how it went.
    LeftBehind(DateTime<Utc>),
}

impl Outcome {
    /// Every code, with what it says.
    pub const CODES: [(&'static str, &'static str); 8] = [
        ("began", "ECS took the call"),
        (
            "seen",
            "the service goes back; what ECS answered is not known",
        ),
        (
            "changing",
            "the service changed each time opsbot looked; no call was made",
        ),
        (
            "not_asked",
            "the service or the table could not be asked; no call was made",
        ),
        ("refused", "ECS refused the call"),
        ("throttled", "ECS throttled the call until the time was up"),
        (
            "unsure",
            "ECS may have taken the call; it is not made again",
        ),
        (
            "left_behind",
            "an invocation ended before it told; the call is not made again",
        ),
    ];

    /// The stable code.
    pub fn code(&self) -> &'static str {
        let row = match self {
            Self::Began => 0,
            Self::Seen => 1,
            Self::Changing(_) => 2,
            Self::NotAsked(_) => 3,
            Self::Refused(_) => 4,
            Self::Throttled(_) => 5,
            Self::Unsure(_) => 6,
            Self::LeftBehind(_) => 7,
        };
        Self::CODES[row].0
    }

    /// Whether the service is on its way back.
    pub fn is_done(&self) -> bool {
        matches!(self, Self::Began | Self::Seen)
    }

    /// Whether ECS may have taken the call, and nobody knows.
    pub fn is_unsure(&self) -> bool {
        matches!(self, Self::Unsure(_) | Self::LeftBehind(_))
    }

    /// What it says of this call, one line of safe text.
    pub fn sentence(&self, plan: &Plan) -> String {
        let (call, to) = (plan.call(), revision(plan.to()));
        let sentence = match self {
            Self::Began => format!("ECS took {plan}."),
            Self::Seen => {
                format!("The service is on its way to {to}; what ECS answered is not known.")
            }
            Self::Changing(what) => format!(
                "Not rolled back: each time opsbot looked again before {call}, {} had changed.",
                line(what, 80)
            ),
            Self::NotAsked(missing) => format!(
                "Not rolled back: a write needs what could not be had: {}.",
                gap(missing)
            ),
            Self::Refused(missing) => {
                format!(
                    "Not rolled back: ECS refused {call}: {}.",
                    why(&missing.why)
                )
            }
            Self::Throttled(missing) => format!(
                "Not rolled back yet: {}, until the time was up.",
                why(&missing.why)
            ),
            Self::Unsure(missing) => format!(
                "ECS may have taken {call} to {to}, and the service does not show it ({}). opsbot \
                 does not call it twice: look at the service.",
                why(&missing.why)
            ),
            Self::LeftBehind(at) => format!(
                "opsbot claimed the rollback to {to} at {}, and cannot tell whether the call was \
                 made: the invocation ended. It is not tried again: look at the service.",
                clock(*at)
            ),
        };
        line(&sentence, 2_000)
    }

    /// What to do about it, first things first, each one line of safe text.
    pub fn next_steps(&self, service: &ServiceArn, deployment: &str, plan: &Plan) -> Vec<String> {
        if self.is_done() {
            return Vec::new();
        }
        let by_hand = plan.command(service, deployment);
        let (Self::Refused(missing) | Self::NotAsked(missing)) = self else {
            return vec![format!("By hand: {by_hand}")];
        };
        let statement = Statement::of(missing, service, plan);
        let statement = statement.map(|it| format!("Add to the role of roll-back: {it}"));
        let by_hand = format!("By hand: {by_hand}");
        statement.into_iter().chain([by_hand]).collect()
    }
}

/// The IAM statement that would have allowed a call.
struct Statement {
    action: String,
    resource: String,
}

impl Statement {
    fn of(missing: &Missing, service: &ServiceArn, plan: &Plan) -> Option<Self> {
        let Why::Denied { action, resource } = &missing.why else {
            return None;
        };
        let of_plan = || match plan {
            Plan::StopDeployment {
                service_deployment, ..
            }
            | Plan::ContinueAtHook {
                service_deployment, ..
            } => service_deployment.clone(),
            Plan::Update { .. } => service.to_string(),
        };
        let of_call = || match action.starts_with("ecs:") {
            true => of_plan(),
            false => "*".to_owned(),
        };
        Some(Self {
            action: line(action, 80),
            resource: line(&resource.clone().unwrap_or_else(of_call), 300),
        })
    }
}

/// As JSON in one line.
impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { action, resource } = self;
        let mut statement = json!({ "Effect": "Allow", "Action": action, "Resource": resource });
        if action == "iam:PassRole" {
            let to = json!({ "iam:PassedToService": "ecs-tasks.amazonaws.com" });
            statement["Condition"] = json!({ "StringEquals": to });
        }
        if action.starts_with("ecs:") && !resource.contains(":service-deployment/") {
            // As the template has it: the owners' opt-in bounds the role too. A service deployment
            // has no tags, so there the condition would never hold.
            let opted_in = json!({ format!("aws:ResourceTag/{TAG}"): ["ask", "auto"] });
            statement["Condition"] = json!({ "StringEqualsIgnoreCase": opted_in });
        }
        write!(f, "{statement}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVICE: &str = "arn:aws:ecs:eu-west-1:111122223333:service/prod-apps/order-api";

    #[track_caller]
    fn check(outcome: &Outcome) -> String {
        let service = ServiceArn::parse(SERVICE, None).unwrap();
        let plan = Plan::Update {
            task_definition: "order-api:41".to_owned(),
        };
        let steps = outcome.next_steps(&service, "ecs-svc/42", &plan);
        let said = [vec![outcome.sentence(&plan)], steps].concat();
        said.join("\n")
    }

    fn denied(action: &str, resource: Option<&str>) -> Outcome {
        let why = Why::Denied {
            action: action.to_owned(),
            resource: resource.map(str::to_owned),
        };
        Outcome::Refused(Missing::new("the rollback", why))
    }

    #[test]
    fn a_denial_names_the_statement_to_add() {
        insta::assert_snapshot!(check(&denied("ecs:UpdateService", None)), @r#"
        Not rolled back: ECS refused UpdateService: the role lacks ecs:UpdateService.
        Add to the role of roll-back: {"Action":"ecs:UpdateService","Condition":{"StringEqualsIgnoreCase":{"aws:ResourceTag/opsbot:rollback":["ask","auto"]}},"Effect":"Allow","Resource":"arn:aws:ecs:eu-west-1:111122223333:service/prod-apps/order-api"}
        By hand: aws ecs describe-services --region eu-west-1 --cluster prod-apps --services order-api --output text --query "services[0].deployments[?status=='PRIMARY'].id" | grep -qx ecs-svc/42 && aws ecs update-service --region eu-west-1 --cluster prod-apps --service order-api --task-definition order-api:41
        "#);
        let role = "arn:aws:iam::111122223333:role/order-api-task";
        insta::assert_snapshot!(check(&denied("iam:PassRole", Some(role))), @r#"
        Not rolled back: ECS refused UpdateService: the role lacks iam:PassRole.
        Add to the role of roll-back: {"Action":"iam:PassRole","Condition":{"StringEquals":{"iam:PassedToService":"ecs-tasks.amazonaws.com"}},"Effect":"Allow","Resource":"arn:aws:iam::111122223333:role/order-api-task"}
        By hand: aws ecs describe-services --region eu-west-1 --cluster prod-apps --services order-api --output text --query "services[0].deployments[?status=='PRIMARY'].id" | grep -qx ecs-svc/42 && aws ecs update-service --region eu-west-1 --cluster prod-apps --service order-api --task-definition order-api:41
        "#);
    }

    #[test]
    fn no_tag_is_asked_of_a_service_deployment() {
        let resource = SERVICE.replace(":service/", ":service-deployment/") + "/ej7";
        let said = check(&denied("ecs:StopServiceDeployment", Some(&resource)));
        insta::assert_snapshot!(said.lines().nth(1).unwrap(), @r#"Add to the role of roll-back: {"Action":"ecs:StopServiceDeployment","Effect":"Allow","Resource":"arn:aws:ecs:eu-west-1:111122223333:service-deployment/prod-apps/order-api/ej7"}"#);
    }

    #[test]
    fn what_may_have_been_done_is_left_to_a_person() {
        let why = Why::TimedOut {
            action: "ecs:UpdateService".to_owned(),
        };
        let missing = Missing::new("the rollback", why);
        insta::assert_snapshot!(check(&Outcome::Unsure(missing)), @r#"
        ECS may have taken UpdateService to order-api:41, and the service does not show it (ecs:UpdateService did not answer in time). opsbot does not call it twice: look at the service.
        By hand: aws ecs describe-services --region eu-west-1 --cluster prod-apps --services order-api --output text --query "services[0].deployments[?status=='PRIMARY'].id" | grep -qx ecs-svc/42 && aws ecs update-service --region eu-west-1 --cluster prod-apps --service order-api --task-definition order-api:41
        "#);
        let at = DateTime::from_timestamp(1_772_706_660, 0).unwrap();
        insta::assert_snapshot!(check(&Outcome::LeftBehind(at)), @r#"
        opsbot claimed the rollback to order-api:41 at 2026-03-05 10:31 UTC, and cannot tell whether the call was made: the invocation ended. It is not tried again: look at the service.
        By hand: aws ecs describe-services --region eu-west-1 --cluster prod-apps --services order-api --output text --query "services[0].deployments[?status=='PRIMARY'].id" | grep -qx ecs-svc/42 && aws ecs update-service --region eu-west-1 --cluster prod-apps --service order-api --task-definition order-api:41
        "#);
    }

    #[test]
    fn what_is_done_needs_no_hand() {
        assert_eq!(
            check(&Outcome::Began),
            "ECS took UpdateService to order-api:41."
        );
        assert!(Outcome::Seen.is_done() && !Outcome::LeftBehind(DateTime::UNIX_EPOCH).is_done());
    }
}
