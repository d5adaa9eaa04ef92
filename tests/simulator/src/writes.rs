//! The log of what a rollback is made of: the writes that reached Amazon ECS.

use crate::world::{Time, World};
use serde_json::Value;

/// The actions that can be a rollback.
const ACTIONS: [&str; 3] = [
    "ecs:UpdateService",
    "ecs:StopServiceDeployment",
    "ecs:ContinueServiceDeployment",
];

/// One write that ECS looked at: it was neither lost on the way, denied nor throttled.
#[derive(Debug, Clone)]
pub struct Write {
    /// `ecs:UpdateService`, `ecs:StopServiceDeployment` or `ecs:ContinueServiceDeployment`.
    pub action: String,
    /// From the request's signature.
    pub access_key_id: Option<String>,
    /// The request's members.
    pub request: Value,
    /// The world's time.
    pub at: Time,
    /// The world right before it.
    pub before: World,
    /// The error code, where ECS refused it.
    pub refused: Option<String>,
}

/// Whether an action can be a rollback.
pub(crate) fn is_write(action: &str) -> bool {
    ACTIONS.contains(&action)
}
