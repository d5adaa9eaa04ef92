//! A person's request for a rollback, and what they are answered.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Plan, Requester, Verdict};
use crate::arn::{ServiceArn, revision_name};
use crate::sanitize::line;
use crate::settings::Settings;

/// A person's request, the payload of `aws lambda invoke`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invoke {
    /// The cluster's name.
    pub cluster: String,
    /// The service's name.
    pub service: String,
    /// The deployment to go back from, `ecs-svc/…`, as the alert names it: what was released since is
    /// let be. Whatever runs now where absent.
    pub deployment: Option<String>,
    /// The task definition to go back to, `order-api:41` or its ARN; the last good one where absent.
    pub to: Option<String>,
    /// Only say what would be done.
    #[serde(default)]
    pub dry_run: bool,
    /// Why, for the record and the alert.
    pub reason: Option<String>,
}

impl Invoke {
    /// Reads a payload, with the service it is about.
    ///
    /// # Errors
    ///
    /// What is wrong with it, in a sentence of safe text for whoever sent it.
    pub fn parse(payload: &Value, settings: &Settings) -> Result<(Self, ServiceArn), String> {
        let read = Self::deserialize(payload);
        let invoke = read.map_err(|error| line(&error.to_string(), 300))?;
        for (field, name) in [("cluster", &invoke.cluster), ("service", &invoke.service)] {
            if !is_name(name) {
                let shown = line(name, 80);
                return Err(format!(
                    "{field} '{shown}' is no name: letters, digits, '-' and '_', at most 255"
                ));
            }
        }
        if let Some(to) = invoke.to.as_deref().filter(|to| !is_revision(to)) {
            let shown = line(to, 120);
            return Err(format!(
                "to '{shown}' is no task definition with its revision, such as order-api:41"
            ));
        }
        if let Some(id) = invoke.deployment.as_deref().filter(|id| !is_deployment(id)) {
            let shown = line(id, 120);
            return Err(format!(
                "deployment '{shown}' is no deployment's id, such as ecs-svc/0042"
            ));
        }
        let (cluster, service) = (&invoke.cluster, &invoke.service);
        if !settings.watches_cluster(cluster) {
            return Err(format!("opsbot does not watch cluster {cluster}"));
        }
        if !settings.watches_service(service) {
            return Err(format!("opsbot does not watch service {service}"));
        }
        let arn = ServiceArn {
            partition: settings.partition.clone(),
            region: settings.region.clone(),
            account: settings.account.clone(),
            cluster: cluster.clone(),
            service: service.clone(),
        };
        Ok((invoke, arn))
    }

    /// Who asks.
    pub fn requester(&self) -> Requester {
        Requester::Person {
            to: self.to.clone(),
            dry_run: self.dry_run,
        }
    }
}

/// A cluster's or service's name (Amazon ECS API reference, `CreateService`).
fn is_name(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    (1..=255).contains(&name.len()) && name.chars().all(allowed)
}

/// `family:revision`, alone or at the end of an ARN. Without the number ECS would take the latest.
fn is_revision(to: &str) -> bool {
    let (family, number) = revision_name(to).rsplit_once(':').unwrap_or_default();
    is_name(family) && number.parse::<u32>().is_ok_and(|number| number > 0)
}

/// `ecs-svc/<digits>` (Amazon ECS API reference, `Deployment`).
fn is_deployment(id: &str) -> bool {
    let number = id.strip_prefix("ecs-svc/").unwrap_or_default();
    !number.is_empty() && number.bytes().all(|it| it.is_ascii_digit())
}

/// What a person is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The verdict's code.
    pub verdict: String,
    /// Its sentence, with the reason.
    pub sentence: String,
    /// What is done, or would be.
    pub plan: Option<Planned>,
    /// The same for a shell.
    pub command: Option<String>,
    /// Whether ECS is on its way back by opsbot's hand.
    pub done: bool,
    /// What became of it, where something was tried, and what to do.
    pub outcome: Option<String>,
    /// When it was decided.
    pub decided_at: DateTime<Utc>,
}

/// A plan as a person is answered it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    /// The API call.
    pub call: String,
    /// The task definition that it goes back to, `order-api:41`.
    pub to: String,
}

impl Answer {
    /// The answer that only says the verdict.
    pub fn of(verdict: &Verdict, decided_at: DateTime<Utc>) -> Self {
        let planned = |plan: &Plan| Planned {
            call: plan.call().to_owned(),
            to: line(revision_name(plan.to()), 300),
        };
        Self {
            verdict: verdict.code().to_owned(),
            sentence: verdict.sentence(),
            plan: verdict.plan().map(planned),
            command: verdict.proposal().map(super::Proposal::command),
            done: false,
            outcome: None,
            decided_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::tests::settings;
    use serde_json::json;

    #[track_caller]
    fn check(payload: Value, want: Result<(), &str>) {
        let mut settings = settings();
        settings.cluster_pattern = crate::settings::Glob::parse("prod-*").unwrap();
        let got = Invoke::parse(&payload, &settings).map(|_| ());
        assert_eq!(
            got.as_ref().map_err(String::as_str),
            want.as_ref().map_err(|it| *it)
        );
    }

    #[test]
    fn a_person_names_cluster_and_service_at_least() {
        check(
            json!({ "cluster": "prod-apps", "service": "order-api" }),
            Ok(()),
        );
        check(
            json!({
                "cluster": "prod-apps", "service": "order-api", "to": "order-api:41",
                "dry_run": true, "reason": "errors in the log", "deployment": "ecs-svc/0042",
            }),
            Ok(()),
        );
        let arn = "arn:aws:ecs:eu-west-1:111122223333:task-definition/order-api:41";
        check(
            json!({ "cluster": "prod-apps", "service": "order-api", "to": arn }),
            Ok(()),
        );
    }

    #[test]
    fn what_is_wrong_is_said() {
        let with = |field: &str, value: Value| {
            let mut payload = json!({ "cluster": "prod-apps", "service": "order-api" });
            payload[field] = value;
            payload
        };
        check(
            json!({ "cluster": "prod-apps" }),
            Err("missing field 'service'"),
        );
        check(
            with("dryrun", json!(true)),
            Err(
                "unknown field 'dryrun', expected one of 'cluster', 'service', 'deployment', \
                 'to', 'dry_run', 'reason'",
            ),
        );
        check(
            with("dry_run", json!("yes")),
            Err("invalid type: string \"yes\", expected a boolean"),
        );
        check(
            with("cluster", json!("prod/apps")),
            Err("cluster 'prod/apps' is no name: letters, digits, '-' and '_', at most 255"),
        );
        check(
            with("cluster", json!("dev")),
            Err("opsbot does not watch cluster dev"),
        );
        for to in ["order-api", "order-api:0", "order-api:latest", ":41", ""] {
            let want =
                format!("to '{to}' is no task definition with its revision, such as order-api:41");
            check(with("to", json!(to)), Err(&want));
        }
        for id in ["0042", "ecs-svc/", "ecs-svc/4x", ""] {
            let want = format!("deployment '{id}' is no deployment's id, such as ecs-svc/0042");
            check(with("deployment", json!(id)), Err(&want));
        }
        check(
            json!([]),
            Err("invalid length 0, expected struct Invoke with 6 elements"),
        );
    }
}
