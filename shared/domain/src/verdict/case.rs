//! All that a verdict rests on. The hands gather it; nothing here is asked for later.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::OptIn;
use crate::arn::ServiceArn;
use crate::causes::Cause;
use crate::facts::{Fact, Service, ServiceDeployment, ServiceRevision, StackState, TaskDefinition};
use crate::incident::ServiceRecord;
use crate::stop::Silent;

/// One failing deployment, and everything known that bears on going back from it.
#[derive(Clone, Debug)]
pub struct Case {
    /// The service.
    pub arn: ServiceArn,
    /// The `ecs-svc/…` id of the deployment that is judged.
    pub deployment: String,
    /// The service now, with its tags.
    pub service: Fact<Service>,
    /// Its deployment history. The newest entry, and the one in flight, with its detail.
    pub history: Fact<Vec<ServiceDeployment>>,
    /// The service revisions that the history names.
    pub revisions: Fact<Vec<ServiceRevision>>,
    /// What opsbot remembers of the service.
    pub record: Fact<ServiceRecord>,
    /// What opsbot's table says of rollbacks.
    pub attempts: Fact<Attempts>,
    /// The task definitions of [`candidates`](super::candidates), by ARN: as many as it takes to
    /// find one that is active.
    pub definitions: BTreeMap<String, Fact<TaskDefinition>>,
    /// Why the judged deployment's tasks stop, best first. Empty where nothing was seen.
    pub causes: Vec<Cause>,
    /// Why tasks of the revision it replaces stop now.
    pub old_causes: Vec<Cause>,
    /// Why ECS does not call it failing; `None` where it does, or where nobody knows.
    pub silent: Option<Silent>,
    /// The CloudFormation stack that the service's tags name; `Known(None)` where there is no such
    /// stack any more. `None` where nobody asked: deployment-changed leaves that to roll-back, which
    /// asks before it writes.
    pub stack: Option<Fact<Option<StackState>>>,
    /// Who asks.
    pub requester: Requester,
    /// What the stack's settings allow.
    pub policy: Policy,
    /// Now.
    pub now: DateTime<Utc>,
}

/// Who asks for a rollback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Requester {
    /// An event that tells of a failure.
    Event,
    /// A person, by `aws lambda invoke`. Their word stands in for opsbot's own *judgement*: whether
    /// it fails, whose fault it is, whether to wait for ECS. It never stands in for a fact that
    /// makes a write unsafe, for a limit, or for the owner's opt-in.
    Person {
        /// The task definition to go back to, `order-api:41` or its ARN; the last good one where
        /// absent.
        to: Option<String>,
        /// Only say what would be done.
        dry_run: bool,
    },
}

impl Requester {
    /// Whether a person asks.
    pub fn is_person(&self) -> bool {
        matches!(self, Self::Person { .. })
    }

    /// The task definition a person named.
    pub fn to(&self) -> Option<&str> {
        match self {
            Self::Event => None,
            Self::Person { to, .. } => to.as_deref(),
        }
    }
}

/// What the stack's settings allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// What holds for a service without the tag.
    pub default: OptIn,
    /// How long a service is left alone after a rollback.
    pub cooldown: TimeDelta,
    /// How many rollbacks the whole stack may make in an hour.
    pub per_hour: u32,
}

/// What the table says of rollbacks, written before each of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attempts {
    /// The attempt at the judged deployment, if there was one.
    pub of_this: Option<Attempt>,
    /// The newest attempt at any deployment of the service.
    pub newest: Option<Attempt>,
    /// How many there were in the last hour, of all services of the stack. It matters, and is known
    /// for certain, only where there was none at this deployment.
    pub last_hour: u32,
}

/// One rollback that opsbot began, or claimed and perhaps did not come to begin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// The `ecs-svc/…` id of the failed deployment.
    pub failed: String,
    /// The task definition it went back from, where that was known.
    #[serde(default)]
    pub from: Option<String>,
    /// The task definition it went back to.
    pub to: String,
    /// When it was claimed.
    pub at: DateTime<Utc>,
    /// The `ecs-svc/…` id of the deployment it made, where ECS told.
    pub made: Option<String>,
}
