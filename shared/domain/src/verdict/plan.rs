//! The one API call that a rollback is.

use std::fmt;

use crate::arn::{ServiceArn, revision_name};
use crate::sanitize::line;

/// One call to Amazon ECS. Nothing else about the service changes, and nothing is forced: a forced
/// deployment would resolve mutable image tags anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plan {
    /// `StopServiceDeployment` with `ROLLBACK`: ECS's own way back while the deployment is in
    /// flight.
    StopDeployment {
        /// The service deployment's ARN.
        service_deployment: String,
        /// The task definition that ECS goes back to.
        to: String,
    },
    /// `ContinueServiceDeployment` with `ROLLBACK`: the same at a pause hook that awaits an answer.
    ContinueAtHook {
        /// The service deployment's ARN.
        service_deployment: String,
        /// The hook's id.
        hook: String,
        /// The task definition that ECS goes back to.
        to: String,
    },
    /// `UpdateService` to exactly this revision: the way back once the deployment has ended.
    Update {
        /// The task definition's ARN, or its family and revision.
        task_definition: String,
    },
}

impl Plan {
    /// The API call's name.
    pub fn call(&self) -> &'static str {
        match self {
            Self::StopDeployment { .. } => "StopServiceDeployment",
            Self::ContinueAtHook { .. } => "ContinueServiceDeployment",
            Self::Update { .. } => "UpdateService",
        }
    }

    /// The task definition that serves afterwards.
    pub fn to(&self) -> &str {
        match self {
            Self::StopDeployment { to, .. } | Self::ContinueAtHook { to, .. } => to,
            Self::Update { task_definition } => task_definition,
        }
    }

    /// The same call for a shell with the AWS CLI, of the failed `deployment`. Whoever pastes it hours
    /// later takes that one back, or nothing: ECS refuses to stop what has ended.
    pub fn command(&self, arn: &ServiceArn, deployment: &str) -> String {
        let region = quoted(&arn.region);
        match self {
            Self::StopDeployment {
                service_deployment, ..
            } => format!(
                "aws ecs stop-service-deployment --region {region} --service-deployment-arn {} \
                 --stop-type ROLLBACK",
                quoted(service_deployment)
            ),
            Self::ContinueAtHook {
                service_deployment,
                hook,
                ..
            } => format!(
                "aws ecs continue-service-deployment --region {region} --service-deployment-arn {} \
                 --hook-id {} --action ROLLBACK",
                quoted(service_deployment),
                quoted(hook)
            ),
            Self::Update { task_definition } => {
                while_primary(arn, deployment, &update(arn, task_definition))
            }
        }
    }
}

/// What it does, as a sentence's beginning: `UpdateService to order-api:41`.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let to = line(revision_name(self.to()), 300);
        match self {
            Self::StopDeployment { .. } => {
                write!(
                    f,
                    "StopServiceDeployment with ROLLBACK, which takes it to {to}"
                )
            }
            Self::ContinueAtHook { hook, .. } => write!(
                f,
                "ContinueServiceDeployment with ROLLBACK at the pause hook {}, which takes it to \
                 {to}",
                line(hook, 120)
            ),
            Self::Update { .. } => write!(f, "UpdateService to {to}"),
        }
    }
}

/// The command that brings a service to a revision, by name: without the revision's number ECS
/// would take the family's latest one.
pub(super) fn update(arn: &ServiceArn, task_definition: &str) -> String {
    format!(
        "aws ecs update-service --region {} --cluster {} --service {} --task-definition {}",
        quoted(&arn.region),
        quoted(&arn.cluster),
        quoted(&arn.service),
        quoted(revision_name(task_definition))
    )
}

/// `command` for a shell, run only while that deployment is PRIMARY; else it fails without a word, for
/// a word would stand there too where the command itself fails.
fn while_primary(arn: &ServiceArn, deployment: &str, command: &str) -> String {
    format!(
        "aws ecs describe-services --region {} --cluster {} --services {} --output text --query \
         \"services[0].deployments[?status=='PRIMARY'].id\" | grep -qx {} && {command}",
        quoted(&arn.region),
        quoted(&arn.cluster),
        quoted(&arn.service),
        quoted(deployment)
    )
}

/// The command that sets the opt-in tag.
pub(super) fn opt_in(arn: &ServiceArn) -> String {
    format!(
        "aws ecs tag-resource --region {} --resource-arn {} --tags key={},value=auto",
        quoted(&arn.region),
        quoted(&arn.to_string()),
        super::TAG
    )
}

/// One word for a POSIX shell, and fit to be shown: names hold nothing that is cut or changed, so
/// what is changed was no name.
fn quoted(word: &str) -> String {
    let word = line(word, 1_000);
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:@%+=,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word;
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVICE: &str = "arn:aws:ecs:eu-west-1:111122223333:service/prod-apps/order-api";
    const IN_FLIGHT: &str = "arn:aws:ecs:eu-west-1:111122223333:service-deployment/prod-apps/\
                             order-api/ejGvqq2ilnbKT9qj0vLJe";

    #[track_caller]
    fn check(plan: &Plan, says: &str, command: &str) {
        let arn = ServiceArn::parse(SERVICE, None).unwrap();
        assert_eq!(plan.to_string(), says);
        assert_eq!(plan.command(&arn, "ecs-svc/42"), command);
        assert_eq!(line(command, 2_000), command, "the alert would change it");
    }

    #[test]
    fn an_update_names_family_and_revision_and_forces_nothing() {
        let arn = "arn:aws:ecs:eu-west-1:111122223333:task-definition/order-api:41";
        let plan = Plan::Update {
            task_definition: arn.to_owned(),
        };
        check(
            &plan,
            "UpdateService to order-api:41",
            "aws ecs describe-services --region eu-west-1 --cluster prod-apps --services order-api \
             --output text --query \"services[0].deployments[?status=='PRIMARY'].id\" | grep -qx \
             ecs-svc/42 && aws ecs update-service --region eu-west-1 --cluster prod-apps --service \
             order-api --task-definition order-api:41",
        );
    }

    #[test]
    fn a_deployment_in_flight_is_stopped_by_its_arn() {
        let plan = Plan::StopDeployment {
            service_deployment: IN_FLIGHT.to_owned(),
            to: "order-api:41".to_owned(),
        };
        check(
            &plan,
            "StopServiceDeployment with ROLLBACK, which takes it to order-api:41",
            &format!(
                "aws ecs stop-service-deployment --region eu-west-1 --service-deployment-arn \
                 {IN_FLIGHT} --stop-type ROLLBACK"
            ),
        );
    }

    #[test]
    fn a_pause_hook_is_answered_by_its_id() {
        let plan = Plan::ContinueAtHook {
            service_deployment: IN_FLIGHT.to_owned(),
            hook: "ecs-pause-e7tK9G_2".to_owned(),
            to: "order-api:41".to_owned(),
        };
        check(
            &plan,
            "ContinueServiceDeployment with ROLLBACK at the pause hook ecs-pause-e7tK9G_2, which \
             takes it to order-api:41",
            &format!(
                "aws ecs continue-service-deployment --region eu-west-1 --service-deployment-arn \
                 {IN_FLIGHT} --hook-id ecs-pause-e7tK9G_2 --action ROLLBACK"
            ),
        );
    }

    #[test]
    fn a_name_that_is_none_stays_one_word_of_the_shell() {
        let word = quoted("a; rm -rf ~ '$(id)' \u{202e}b\nc");
        assert_eq!(word, r"'a; rm -rf ~ '\''$(id)'\'' b c'");
        assert_eq!(quoted(""), "''");
    }
}
