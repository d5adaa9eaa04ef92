//! AWS CloudFormation `DescribeStacks` (AWS CloudFormation API reference).

use crate::api::{Answer, ApiError, text};
use crate::world::{World, last_part};
use serde_json::{Value, json};

/// One stack by name or ARN, or all of them. One that does not exist is a `ValidationError`, without
/// a code of its own.
pub(crate) fn describe_stacks(world: &World, body: &Value) -> Answer {
    let wanted = text(body, "StackName");
    let name = match wanted.strip_prefix("arn:") {
        // arn:aws:cloudformation:<region>:<account>:stack/<name>/<id>
        Some(arn) => arn.split('/').nth(1).unwrap_or_default(),
        None => last_part(wanted),
    };
    let stacks = world.stacks().iter();
    let found: Vec<Value> = stacks
        .filter(|(known, _)| wanted.is_empty() || *known == name)
        .map(|(name, status)| {
            let id = format!("stack/{name}/6ad5b7a0-8a3b-11ef-9d2b-0e5a8f1c2d3b");
            let id = world.names().arn("cloudformation", &id);
            json!({"StackName": name, "StackId": id, "StackStatus": status,
                "CreationTime": "2026-01-01T00:00:00Z"})
        })
        .collect();
    if found.is_empty() && !wanted.is_empty() {
        let message = format!("Stack with id {wanted} does not exist");
        return Err(ApiError::new("ValidationError", message));
    }
    Ok(json!({"Stacks": found}))
}
