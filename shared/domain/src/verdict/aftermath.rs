//! A rollback looked at again when no event comes: one that never ends sends none, and of a
//! deployment that shifts traffic ECS promises none at all (Amazon ECS Developer Guide,
//! `ecs_service_deployment_events`).

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};

use super::By;
use super::seen::{Status, same};
use crate::arn::ServiceArn;
use crate::facts::{Deployment, Rollout, Service, ServiceDeployment, parse_time};

/// The message to look at a rollback later, sent through deployment-changed's queue with a delay: by
/// roll-back when it has begun one, by deployment-changed when ECS rolls back itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollbackBegun {
    /// The service.
    pub service: ServiceArn,
    /// The `ecs-svc/…` id of the deployment that was gone back from.
    pub failed: String,
    /// The task definition that was gone back to.
    pub to: String,
    /// When it began.
    pub at: DateTime<Utc>,
    /// Whose rollback it is.
    pub by: By,
}

const MESSAGE: &str = "rollback_begun";
const ECS: &str = "ecs";
const OPSBOT: &str = "opsbot";

/// How far the clocks of ECS and of a function may differ.
const CLOCKS: TimeDelta = TimeDelta::minutes(1);

/// What a look at a rollback finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Aftermath {
    /// It is done, or what was released since.
    Done {
        /// The `ecs-svc/…` id of the deployment that serves.
        deployment: String,
        /// When, where ECS says.
        at: Option<DateTime<Utc>>,
    },
    /// It failed.
    Failed,
    /// Something else was released, and is under way.
    Overtaken,
    /// The service was deleted.
    Gone,
    /// It is under way, or stands still.
    UnderWay,
}

impl RollbackBegun {
    /// Reads it, where a message is one.
    pub fn parse(message: &Value) -> Option<Self> {
        let text = |key: &str| message.get(key).and_then(Value::as_str);
        (text("opsbot")? == MESSAGE).then_some(())?;
        Some(Self {
            service: ServiceArn::parse(text("service")?, None)?,
            failed: text("failed")?.to_owned(),
            to: text("to")?.to_owned(),
            at: parse_time(text("at")?)?,
            by: match text("by") {
                Some(ECS) => By::Ecs,
                _ => By::Opsbot,
            },
        })
    }

    /// As it is sent.
    pub fn message(&self) -> Value {
        json!({
            "opsbot": MESSAGE,
            "service": self.service.to_string(),
            "failed": self.failed,
            "to": self.to,
            "at": self.at.to_rfc3339_opts(SecondsFormat::Secs, true),
            "by": match self.by {
                By::Ecs => ECS,
                By::Opsbot => OPSBOT,
            },
        })
    }

    /// It is looked at after so long, and again until it is over: the longest delay that SQS has
    /// (Amazon SQS API reference, `SendMessage`).
    pub const LOOK_AFTER: TimeDelta = TimeDelta::minutes(15);

    /// It is not looked at any more after so long.
    pub const LOOK_UNTIL: TimeDelta = TimeDelta::days(1);

    /// What became of it. The history is asked only where the service gives its PRIMARY deployment
    /// no `rolloutState`: where traffic is shifted.
    pub fn aftermath(&self, service: &Service, history: &[ServiceDeployment]) -> Aftermath {
        if service.is_deleted() {
            return Aftermath::Gone;
        }
        let Some(primary) = service.primary() else {
            return Aftermath::UnderWay;
        };
        match &primary.rollout {
            Some(Rollout::Completed) => done(primary, primary.updated_at),
            Some(_) => self.not_done(primary),
            None => self.shifted(primary, history),
        }
    }

    fn shifted(&self, primary: &Deployment, history: &[ServiceDeployment]) -> Aftermath {
        let Some(newest) = history.iter().max_by_key(|it| it.created_at) else {
            return Aftermath::UnderWay;
        };
        let since = |at: DateTime<Utc>| at + CLOCKS >= self.at;
        let is_back = same(&primary.task_definition, &self.to);
        match Status::of(newest) {
            // Wherever it stands: the failing revision may serve still.
            Status::RollbackFailed => Aftermath::Failed,
            // Elsewhere than it was to go is done, too: the last word says where.
            Status::RollbackSuccessful if is_back || primary.id != self.failed => {
                done(primary, newest.finished_at)
            }
            Status::Successful if newest.created_at.is_none_or(since) => {
                done(primary, newest.finished_at)
            }
            _ => self.not_done(primary),
        }
    }

    fn not_done(&self, primary: &Deployment) -> Aftermath {
        if primary.id != self.failed && !same(&primary.task_definition, &self.to) {
            return Aftermath::Overtaken;
        }
        Aftermath::UnderWay
    }
}

fn done(primary: &Deployment, at: Option<DateTime<Utc>>) -> Aftermath {
    let deployment = primary.id.clone();
    Aftermath::Done { deployment, at }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_read_as_it_was_sent() {
        let arn = "arn:aws:ecs:eu-west-1:111122223333:service/prod-apps/order-api";
        for by in [By::Ecs, By::Opsbot] {
            let begun = RollbackBegun {
                service: ServiceArn::parse(arn, None).unwrap(),
                failed: "ecs-svc/42".to_owned(),
                to: "order-api:41".to_owned(),
                at: DateTime::from_timestamp(1_790_000_000, 0).unwrap(),
                by,
            };
            assert_eq!(RollbackBegun::parse(&begun.message()), Some(begun));
        }
        assert_eq!(RollbackBegun::parse(&json!({ "opsbot": "other" })), None);
    }

    fn begun() -> RollbackBegun {
        let arn = "arn:aws:ecs:eu-west-1:111122223333:service/prod-apps/order-api";
        RollbackBegun {
            service: ServiceArn::parse(arn, None).unwrap(),
            failed: "ecs-svc/42".to_owned(),
            to: "order-api:41".to_owned(),
            at: minute(10),
            by: By::Opsbot,
        }
    }

    fn minute(minute: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000 + 60 * minute, 0).unwrap()
    }

    /// A service on that revision, whose newest service deployment began at that minute.
    #[track_caller]
    fn check(number: u32, rollout: Option<Rollout>, newest: (&str, i64), want: &str) {
        let primary = Deployment {
            id: format!("ecs-svc/{number}"),
            status: "PRIMARY".to_owned(),
            task_definition: format!("order-api:{number}"),
            rollout,
            ..Deployment::default()
        };
        let service = Service {
            status: "ACTIVE".to_owned(),
            deployments: vec![primary],
            ..Service::default()
        };
        let entry = |status: &str, at| ServiceDeployment {
            status: status.to_owned(),
            created_at: Some(minute(at)),
            ..ServiceDeployment::default()
        };
        let history = [entry("SUCCESSFUL", -60), entry(newest.0, newest.1)];
        let got = match begun().aftermath(&service, &history) {
            Aftermath::Done { deployment, .. } => format!("done {deployment}"),
            other => format!("{other:?}"),
        };
        assert_eq!(got, want, "{number} {newest:?}");
    }

    #[test]
    fn where_ecs_gives_a_rollout_state_it_decides() {
        let now = |rollout| Some(rollout);
        check(
            42,
            now(Rollout::InProgress),
            ("ROLLBACK_REQUESTED", 0),
            "UnderWay",
        );
        check(
            41,
            now(Rollout::InProgress),
            ("ROLLBACK_IN_PROGRESS", 0),
            "UnderWay",
        );
        check(
            41,
            now(Rollout::Completed),
            ("ROLLBACK_SUCCESSFUL", 0),
            "done ecs-svc/41",
        );
        check(
            43,
            now(Rollout::InProgress),
            ("IN_PROGRESS", 20),
            "Overtaken",
        );
        check(
            43,
            now(Rollout::Completed),
            ("SUCCESSFUL", 20),
            "done ecs-svc/43",
        );
    }

    #[test]
    fn where_traffic_is_shifted_the_history_decides() {
        check(42, None, ("ROLLBACK_IN_PROGRESS", 0), "UnderWay");
        check(41, None, ("ROLLBACK_SUCCESSFUL", 0), "done ecs-svc/41");
        // Not where it was to go, and done.
        check(40, None, ("ROLLBACK_SUCCESSFUL", 0), "done ecs-svc/40");
        // The failing revision serves still.
        check(42, None, ("ROLLBACK_FAILED", 0), "Failed");
        check(41, None, ("ROLLBACK_FAILED", 0), "Failed");
        check(41, None, ("IN_PROGRESS", 11), "UnderWay");
        check(41, None, ("SUCCESSFUL", 11), "done ecs-svc/41");
        // Of before: it says nothing of the rollback.
        check(42, None, ("SUCCESSFUL", 0), "UnderWay");
        check(43, None, ("IN_PROGRESS", 20), "Overtaken");
        check(43, None, ("SUCCESSFUL", 20), "done ecs-svc/43");
    }

    #[test]
    fn a_service_that_is_gone_does_not_recover() {
        for status in ["DRAINING", "INACTIVE"] {
            let service = Service {
                status: status.to_owned(),
                ..Service::default()
            };
            assert_eq!(begun().aftermath(&service, &[]), Aftermath::Gone);
        }
    }
}
