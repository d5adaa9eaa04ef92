//! A task as the API and as an event show it (page `ecs_task_events`).

use super::events::iso;
use super::{Container, Task, TaskStatus, Time, World};
use serde_json::{Map, Value, json};

/// How timestamps are written, and with them the other differences of API and event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Times {
    /// Epoch seconds with a fraction (awsJson1.1).
    Epoch,
    /// RFC 3339 in `EventBridge` events.
    Iso,
}

impl Times {
    pub(crate) fn of(self, time: Time) -> Value {
        match self {
            Self::Epoch => json!(time.timestamp_millis() as f64 / 1000.0),
            Self::Iso => iso(time).into(),
        }
    }
}

pub(crate) fn task_json(world: &World, task: &Task, times: Times) -> Value {
    let definition = world.definition(&task.task_definition);
    let size = |member: &str| definition.and_then(|d| d.text(member)).unwrap_or("0");
    let containers: Vec<_> = task
        .containers
        .iter()
        .map(|c| container_json(task, c, times))
        .collect();
    let overrides: Vec<_> = task
        .containers
        .iter()
        .map(|c| json!({"name": c.name}))
        .collect();
    let mut json = json!({
        "attachments": attachments(task, times),
        "attributes": [{"name": "ecs.cpu-architecture", "value": "x86_64"}],
        "availabilityZone": format!("{}a", world.names().region),
        "clusterArn": world.names().cluster(&task.cluster),
        "connectivity": "CONNECTED",
        "containers": containers,
        "cpu": size("cpu"),
        "createdAt": times.of(task.created_at),
        "desiredStatus": if task.desired_stopped { "STOPPED" } else { "RUNNING" },
        "enableExecuteCommand": false,
        "ephemeralStorage": {"sizeInGiB": 20},
        "group": task.group,
        "lastStatus": task.last_status.as_str(),
        "memory": size("memory"),
        "overrides": {"containerOverrides": overrides},
        "platformVersion": "1.4.0",
        "taskArn": task.arn,
        "taskDefinitionArn": task.task_definition,
        "version": task.version,
    });
    let members = json.as_object_mut().expect("made as an object");
    put_optional(members, task, times);
    match &task.capacity_provider {
        Some(provider) => members.insert("capacityProviderName".into(), provider.as_str().into()),
        None => members.insert("launchType".into(), "FARGATE".into()),
    };
    match times {
        Times::Iso => members.insert("updatedAt".into(), times.of(task.updated_at)),
        Times::Epoch => members.insert("healthStatus".into(), task.health().as_str().into()),
    };
    json
}

fn put_optional(members: &mut Map<String, Value>, task: &Task, times: Times) {
    let moments = [
        ("connectivityAt", task.connectivity_at),
        ("pullStartedAt", task.pull_started_at),
        ("pullStoppedAt", task.pull_stopped_at),
        ("startedAt", task.started_at),
        ("stoppingAt", task.stopping_at),
        ("executionStoppedAt", task.execution_stopped_at),
        ("stoppedAt", task.stopped_at),
    ];
    for (name, at) in moments {
        if let Some(at) = at {
            members.insert(name.into(), times.of(at));
        }
    }
    let texts = [
        ("startedBy", &task.started_by),
        ("stopCode", &task.stop_code),
        ("stoppedReason", &task.stopped_reason),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            members.insert(name.into(), text.as_str().into());
        }
    }
}

fn container_json(task: &Task, container: &Container, times: Times) -> Value {
    let mut json = json!({
        "containerArn": container.arn, "lastStatus": container.last_status,
        "name": container.name, "image": container.image, "taskArn": task.arn, "cpu": "0",
        "networkInterfaces": [{
            "attachmentId": task.attachment_id, "privateIpv4Address": task.ip}],
    });
    let pulled = task.pull_stopped_at.is_some() && container.runtime_id.is_some();
    if pulled && (times == Times::Epoch || container.image.contains(".dkr.ecr.")) {
        json["imageDigest"] = container.digest.as_str().into();
    }
    if let Some(runtime_id) = &container.runtime_id {
        json["runtimeId"] = runtime_id.as_str().into();
    }
    if let Some(code) = container.exit_code {
        json["exitCode"] = code.into();
    }
    if let Some(reason) = &container.reason {
        json["reason"] = reason.as_str().into();
    }
    if times == Times::Epoch {
        json["healthStatus"] = container.health.as_str().into();
        json["networkBindings"] = json!([]);
    }
    json
}

/// `eni` in events, `ElasticNetworkInterface` in the API.
fn attachments(task: &Task, times: Times) -> Value {
    let eni = if times == Times::Iso {
        "eni"
    } else {
        "ElasticNetworkInterface"
    };
    let status = match task.last_status {
        TaskStatus::Provisioning => "PRECREATED",
        TaskStatus::Stopped => "DELETED",
        TaskStatus::Pending
        | TaskStatus::Activating
        | TaskStatus::Running
        | TaskStatus::Deactivating
        | TaskStatus::Stopping
        | TaskStatus::Deprovisioning => "ATTACHED",
    };
    let mut all = vec![json!({
        "id": task.attachment_id, "type": eni, "status": status, "details": [
            {"name": "subnetId", "value": "subnet-abcd1234"},
            {"name": "networkInterfaceId", "value": "eni-abcd1234"},
            {"name": "macAddress", "value": "0a:98:eb:a7:29:ba"},
            {"name": "privateIPv4Address", "value": task.ip}]})];
    if task.behind_load_balancer {
        let id = format!("elb-{}", task.attachment_id);
        all.push(json!({"id": id, "type": "elb", "status": status, "details": []}));
    }
    all.into()
}
