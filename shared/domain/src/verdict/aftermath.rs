//! A rollback looked at again when no event comes: one that never ends sends none.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use serde_json::Value;

use crate::arn::ServiceArn;

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

impl RollbackBegun {
    /// Reads it, where a message is one.
    pub fn parse(message: &Value) -> Option<Self> {
        message.get("opsbot")?;
        serde_json::from_value(message.clone()).ok()
    }

    /// After so long people want to know that it is not done: the longest delay that SQS has
    /// (Amazon SQS API reference, `SendMessage`).
    pub const LOOK_AFTER: TimeDelta = TimeDelta::minutes(15);
}
