//! A rollback looked at again when no event comes: one that never ends sends none, and of a
//! deployment that shifts traffic ECS promises none at all (Amazon ECS Developer Guide,
//! `ecs_service_deployment_events`).

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::seen::{Status, same};
use crate::arn::ServiceArn;
use crate::facts::{Deployment, Rollout, Service, ServiceDeployment};

/// The message that roll-back sends through deployment-changed's queue, with a delay, when it has
/// begun a rollback.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "opsbot", rename = "rollback_begun")]
pub struct RollbackBegun {
    /// The service.
    pub service: ServiceArn,
    /// The `ecs-svc/…` id of the deployment that was gone back from.
    pub failed: String,
    /// The task definition that was gone back to.
    pub to: String,
    /// When it began.
    pub at: DateTime<Utc>,
}

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
        message.get("opsbot")?;
        serde_json::from_value(message.clone()).ok()
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
