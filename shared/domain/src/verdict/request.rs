//! What asks roll-back for a rollback: a message of its queue, or a person.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Requester;
use crate::arn::ServiceArn;
use crate::causes::Cause;

/// A request of deployment-changed, as it travels through the queue. It decides nothing: roll-back
/// reads every fact again, and takes over only what was seen of tasks that are gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The service.
    pub service: ServiceArn,
    /// The `ecs-svc/…` id of the deployment that fails.
    pub deployment: String,
    /// The incident whose alert said that it would be rolled back.
    pub incident: String,
    /// Why the deployment's tasks stop, best first.
    pub causes: Vec<Cause>,
    /// Why tasks of the revision it replaces stop.
    pub old_causes: Vec<Cause>,
    /// When it was asked.
    pub at: DateTime<Utc>,
    /// What the verdict rested on, so that roll-back can ask for all of it at once.
    #[serde(default)]
    pub looked_at: LookedAt,
}

/// Where the facts of a verdict stand. To be read first, and never believed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LookedAt {
    /// ARNs of service deployments whose details were read.
    pub deployments: Vec<String>,
    /// ARNs of service revisions.
    pub revisions: Vec<String>,
    /// ARNs of task definitions that may be gone back to.
    pub definitions: Vec<String>,
    /// The CloudFormation stack that the service's tags name.
    pub stack: Option<String>,
}

/// A person's request, the payload of `aws lambda invoke`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invoke {
    /// The cluster's name.
    pub cluster: String,
    /// The service's name.
    pub service: String,
    /// The task definition to go back to, `order-api:41` or its ARN; the last good one where absent.
    pub to: Option<String>,
    /// Only say what would be done.
    #[serde(default)]
    pub dry_run: bool,
    /// Why, for the record and the alert.
    pub reason: Option<String>,
}

impl Invoke {
    /// Who asks.
    pub fn requester(&self) -> Requester {
        Requester::Person {
            to: self.to.clone(),
            dry_run: self.dry_run,
        }
    }
}
