//! Why a verdict is what it is: what its sentence needs, row by row.

use chrono::{DateTime, Utc};

use super::Plan;
use crate::arn::ServiceArn;
use crate::facts::Missing;
use crate::response::Trip;

/// What opsbot does not roll back, by name. What came later than opsbot is refused too: nobody has
/// looked at what going back means there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// A deployment controller other than ECS: `CODE_DEPLOY`, `EXTERNAL`.
    Controller(String),
    /// An Express service, whose resources ECS manages.
    Express,
    /// A deployment strategy that is not known.
    Strategy(String),
    /// A scheduling strategy that is not known.
    Scheduling(String),
}

/// ECS's own rollback. It may be one that opsbot or a person asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EcsRollback {
    /// It is on.
    Running {
        /// The task definition it goes back to, where it is known.
        to: Option<String>,
        /// When opsbot asked for it, if it did.
        asked_at: Option<DateTime<Utc>>,
    },
    /// It is over, and it worked.
    Done {
        /// The task definition it went back to, where it is known.
        to: Option<String>,
    },
    /// It begins when this trips.
    Expected {
        /// What is to trip, or has only just.
        by: Trip,
    },
}

/// Whose rollback it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// ECS's.
    Ecs,
    /// opsbot's.
    Opsbot,
}

/// Why a deployment is taken for sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotFailing {
    /// ECS calls it completed.
    Completed {
        /// Its task definition.
        on: String,
    },
    /// It is in flight, and nothing of it is known to fail.
    NoSign {
        /// Its task definition.
        of: String,
    },
}

/// Which pause holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Paused {
    /// The service's cool-down.
    Service {
        /// The last rollback.
        last: DateTime<Utc>,
        /// The end of the pause.
        until: DateTime<Utc>,
    },
    /// The whole stack's hourly cap.
    Stack {
        /// Rollbacks in the last hour.
        made: u32,
        /// How many may be.
        most: u32,
    },
}

/// Why the CloudFormation stack stands in the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StackHold {
    /// It is in this status.
    Updating(String),
    /// Its status could not be read.
    NotRead(Missing),
}

/// Why a good revision cannot be gone back to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// It, and every other good one, has been deregistered or deleted.
    Inactive,
    /// It could not be looked up.
    NotRead(Missing),
    /// A person named it, and it is not known to have been good.
    NeverGood,
    /// ECS, told to go back now, would go somewhere else.
    EcsGoesElsewhere {
        /// Where to; empty where it has nothing to go back to.
        ecs: String,
        /// The command that would bring the good revision.
        command: String,
    },
}

/// One image reference that resolved to two digests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digests {
    /// The container.
    pub container: String,
    /// The image reference with its tag.
    pub image: String,
    /// What it resolved to for the failing deployment.
    pub failing: String,
    /// What it resolved to for the good one.
    pub good: String,
}

/// A rollback that would be safe: what it is, and of what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// The service.
    pub service: ServiceArn,
    /// The `ecs-svc/…` id of the failing deployment.
    pub deployment: String,
    /// The failing task definition.
    pub failing: String,
    /// The deployment strategy, where it shifts traffic: then going back is a whole deployment
    /// with shifts of its own.
    pub shifts_traffic: Option<String>,
    /// The CloudFormation stack it belongs to, where nobody looked whether that is being updated.
    /// Untrusted text.
    pub stack: Option<String>,
    /// The call.
    pub plan: Plan,
}

impl Proposal {
    /// The exact command for a shell.
    pub fn command(&self) -> String {
        self.plan.command(&self.service, &self.deployment)
    }
}
