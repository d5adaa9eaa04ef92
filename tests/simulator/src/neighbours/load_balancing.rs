//! Elastic Load Balancing v2 `DescribeTargetHealth` (API `TargetHealth`).

use crate::api::{Answer, ApiError, number, text};
use crate::world::{Target, World};
use serde_json::{Value, json};

pub(crate) fn describe_target_health(world: &World, body: &Value) -> Answer {
    let arn = text(body, "TargetGroupArn");
    let group = world.targets(arn).ok_or_else(|| {
        ApiError::new(
            "TargetGroupNotFound",
            format!("Target groups '{arn}' not found"),
        )
    })?;
    let zone = format!("{}a", world.names().region);
    let wanted = body.get("Targets").and_then(Value::as_array);
    let described: Vec<Value> = match wanted {
        None => group
            .targets
            .iter()
            .map(|((ip, port), t)| described(&zone, ip, *port, t))
            .collect(),
        Some(wanted) => {
            let one = |target: &Value| {
                let ip = text(target, "Id");
                let mut known = group.targets.iter();
                let port = number(target, "Port").map(|port| port as u16);
                let found = known.find(|((i, p), _)| i == ip && port.is_none_or(|port| port == *p));
                match found {
                    Some(((ip, port), target)) => described(&zone, ip, *port, target),
                    None => described(&zone, ip, port.unwrap_or(80), &not_registered()),
                }
            };
            wanted.iter().map(one).collect()
        }
    };
    Ok(json!({"TargetHealthDescriptions": described}))
}

fn not_registered() -> Target {
    Target {
        state: "unused".into(),
        reason: "Target.NotRegistered".into(),
        description: "Target is not registered to the target group".into(),
    }
}

fn described(zone: &str, ip: &str, port: u16, target: &Target) -> Value {
    let mut health = json!({"State": target.state});
    if !target.reason.is_empty() {
        health["Reason"] = target.reason.as_str().into();
        health["Description"] = target.description.as_str().into();
    }
    json!({"Target": {"Id": ip, "Port": port, "AvailabilityZone": zone},
        "HealthCheckPort": port.to_string(), "TargetHealth": health})
}
