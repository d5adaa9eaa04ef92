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
    /// It is done.
    Done {
        /// The `ecs-svc/…` id of the deployment that serves.
        deployment: String,
        /// When, where ECS says.
        at: Option<DateTime<Utc>>,
    },
    /// It failed.
    Failed,
    /// Something else was released.
    Overtaken,
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
        let Some(primary) = service.primary() else {
            return Aftermath::UnderWay;
        };
        if primary.id != self.failed && !same(&primary.task_definition, &self.to) {
            return Aftermath::Overtaken;
        }
        match &primary.rollout {
            Some(Rollout::Completed) => done(primary, primary.updated_at),
            Some(_) => Aftermath::UnderWay,
            None => self.shifted(primary, history),
        }
    }

    fn shifted(&self, primary: &Deployment, history: &[ServiceDeployment]) -> Aftermath {
        let newest = history.iter().max_by_key(|it| it.created_at);
        let Some(newest) = newest.filter(|_| same(&primary.task_definition, &self.to)) else {
            return Aftermath::UnderWay;
        };
        let of_this = |at: DateTime<Utc>| at + CLOCKS >= self.at;
        let of_this = newest.created_at.is_none_or(of_this);
        match Status::of(newest) {
            Status::RollbackSuccessful => done(primary, newest.finished_at),
            Status::Successful if of_this => done(primary, newest.finished_at),
            Status::RollbackFailed => Aftermath::Failed,
            _ => Aftermath::UnderWay,
        }
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
}
