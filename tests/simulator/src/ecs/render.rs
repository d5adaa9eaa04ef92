//! World to JSON, member names as in the service model.

use super::settings;
use crate::world::{
    Deployment, Registered, Service, ServiceDeployment, ServiceRevision, Task, Times, World,
};
use serde_json::{Map, Value, json};

const EPOCH: Times = Times::Epoch;

fn put(json: &mut Value, member: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        json[member] = value.into();
    }
}

pub(super) fn cluster(world: &World, name: &str) -> Value {
    let tasks = || world.tasks().iter().filter(|t| t.cluster == name);
    let services = world
        .services()
        .iter()
        .filter(|s| s.cluster == name && s.status == "ACTIVE");
    json!({
        "clusterArn": world.names().cluster(name), "clusterName": name, "status": "ACTIVE",
        "registeredContainerInstancesCount": 0, "activeServicesCount": services.count(),
        "runningTasksCount": tasks().filter(|t| t.is_running()).count(),
        "pendingTasksCount": tasks().filter(|t| t.is_pending()).count(),
    })
}

fn tasks_of<'w>(world: &'w World, service: &'w Service) -> impl Iterator<Item = &'w Task> {
    let mine =
        |t: &&Task| t.cluster == service.cluster && t.service.as_ref() == Some(&service.name);
    world.tasks().iter().filter(mine)
}

/// Running and pending tasks of one deployment.
fn counts(world: &World, service: &Service, deployment: &str) -> (usize, usize) {
    let own =
        || tasks_of(world, service).filter(|task| task.started_by.as_deref() == Some(deployment));
    (
        own().filter(|t| t.is_running()).count(),
        own().filter(|t| t.is_pending()).count(),
    )
}

pub(super) fn service(world: &World, service: &Service, with_tags: bool) -> Value {
    let settings = &service.settings;
    let primary = service.deployments.first();
    let events = service.events.iter().map(|event| {
        json!({"id": event.id, "createdAt": EPOCH.of(event.created_at), "message": event.message})
    });
    let events: Vec<Value> = events.collect();
    let mut json = json!({
        "serviceArn": service.arn, "serviceName": service.name,
        "clusterArn": world.names().cluster(&service.cluster),
        "status": service.status, "desiredCount": settings.desired,
        "runningCount": tasks_of(world, service).filter(|t| t.is_running()).count(),
        "pendingCount": tasks_of(world, service).filter(|t| t.is_pending()).count(),
        "createdAt": EPOCH.of(service.created_at), "events": events,
        "placementConstraints": [], "placementStrategy": [], "serviceRegistries": [],
        "enableECSManagedTags": false, "enableExecuteCommand": false, "propagateTags": "NONE",
    });
    settings::put_into(&mut json, settings, with_tags);
    put(
        &mut json,
        "taskDefinition",
        primary.map(|d| d.task_definition.as_str()),
    );
    put_deployments(&mut json, world, service);
    json
}

/// `CODE_DEPLOY` and EXTERNAL services show task sets instead of deployments.
fn put_deployments(json: &mut Value, world: &World, service: &Service) {
    let own_controller = service.settings.controller != "ECS";
    let entries = service.deployments.iter().enumerate();
    let rendered: Vec<Value> = entries
        .map(|(position, d)| {
            let status = if position == 0 { "PRIMARY" } else { "ACTIVE" };
            if own_controller {
                task_set(world, service, d, status)
            } else {
                deployment(world, service, d, status)
            }
        })
        .collect();
    json["deployments"] = json!([]);
    json["taskSets"] = json!([]);
    json[if own_controller {
        "taskSets"
    } else {
        "deployments"
    }] = rendered.into();
    if own_controller {
        return;
    }
    let current = service
        .deployments
        .first()
        .map(|d| d.service_deployment_arn.as_str());
    put(json, "currentServiceDeployment", current);
    let revisions: Vec<Value> = service
        .deployments
        .iter()
        .map(|d| revision_summary(world, service, &d.revision_arn))
        .collect();
    json["currentServiceRevisions"] = revisions.into();
}

fn deployment(world: &World, service: &Service, d: &Deployment, status: &str) -> Value {
    let (running, pending) = counts(world, service, &d.id);
    let mut json = json!({
        "id": d.id, "status": status, "taskDefinition": d.task_definition,
        "desiredCount": d.desired, "runningCount": running, "pendingCount": pending,
        "failedTasks": d.failed_tasks,
        "createdAt": EPOCH.of(d.created_at), "updatedAt": EPOCH.of(d.updated_at),
        "platformVersion": "1.4.0", "platformFamily": "Linux",
    });
    // rolloutState is given for rolling updates only.
    if service.settings.strategy == "ROLLING" {
        json["rolloutState"] = d.rollout.as_str().into();
        json["rolloutStateReason"] = d.rollout_reason.as_str().into();
    }
    settings::put_compute(&mut json, &service.settings);
    put(
        &mut json,
        "networkConfiguration",
        service.settings.other.get("networkConfiguration").cloned(),
    );
    json
}

fn task_set(world: &World, service: &Service, d: &Deployment, status: &str) -> Value {
    let (running, pending) = counts(world, service, &d.id);
    json!({
        "id": d.id, "status": status, "taskDefinition": d.task_definition,
        "clusterArn": world.names().cluster(&service.cluster), "serviceArn": service.arn,
        "computedDesiredCount": d.desired, "runningCount": running, "pendingCount": pending,
        "createdAt": EPOCH.of(d.created_at), "updatedAt": EPOCH.of(d.updated_at),
        "stabilityStatus": if running as u32 == d.desired { "STEADY_STATE" } else { "STABILIZING" },
    })
}

fn revision_summary(world: &World, service: &Service, arn: &str) -> Value {
    let deployment = service.deployments.iter().find(|d| d.revision_arn == arn);
    let (running, pending) = deployment.map_or((0, 0), |d| counts(world, service, &d.id));
    json!({
        "arn": arn, "requestedTaskCount": deployment.map_or(0, |d| d.desired),
        "runningTaskCount": running, "pendingTaskCount": pending,
    })
}

pub(super) fn service_deployment_brief(
    world: &World,
    service: &Service,
    entry: &ServiceDeployment,
) -> Value {
    let mut json = json!({
        "serviceDeploymentArn": entry.arn, "serviceArn": service.arn,
        "clusterArn": world.names().cluster(&service.cluster),
        "createdAt": EPOCH.of(entry.created_at), "status": entry.status.as_str(),
        "targetServiceRevisionArn": entry.target_revision,
    });
    put(&mut json, "statusReason", entry.status_reason.as_deref());
    put(
        &mut json,
        "startedAt",
        entry.started_at.map(|at| EPOCH.of(at)),
    );
    put(
        &mut json,
        "finishedAt",
        entry.finished_at.map(|at| EPOCH.of(at)),
    );
    json
}

pub(super) fn service_deployment(
    world: &World,
    service: &Service,
    entry: &ServiceDeployment,
) -> Value {
    let mut json = service_deployment_brief(world, service, entry);
    if let Value::Object(members) = &mut json {
        members.remove("targetServiceRevisionArn");
    }
    let summary = |arn: &String| revision_summary(world, service, arn);
    let sources: Vec<Value> = entry.source_revisions.iter().map(summary).collect();
    json["targetServiceRevision"] = summary(&entry.target_revision);
    json["sourceServiceRevisions"] = sources.into();
    json["updatedAt"] = EPOCH.of(entry.updated_at);
    json["lifecycleStage"] = entry.lifecycle_stage.into();
    json["deploymentConfiguration"] = settings::deployment_configuration(&service.settings);
    put(
        &mut json,
        "stoppedAt",
        entry.stopped_at.map(|at| EPOCH.of(at)),
    );
    if let Some((reason, at, revision)) = &entry.rollback {
        json["rollback"] =
            json!({"reason": reason, "startedAt": EPOCH.of(*at), "serviceRevisionArn": revision});
    }
    json["deploymentCircuitBreaker"] = breaker(service, entry);
    if let Some((names, _)) = &service.settings.alarms {
        let status = if entry.triggered_alarms.is_empty() {
            "MONITORING"
        } else {
            "TRIGGERED"
        };
        json["alarms"] = json!({"status": status, "alarmNames": names,
            "triggeredAlarmNames": entry.triggered_alarms});
    }
    if let Some((id, status)) = &entry.hook {
        json["lifecycleHookDetails"] = json!([
            {"hookId": id, "targetType": "PAUSE", "status": status, "timeoutAction": "ROLLBACK"}]);
    }
    json
}

fn breaker(service: &Service, entry: &ServiceDeployment) -> Value {
    let on = service.settings.breaker.is_some() && service.settings.is_rolling();
    let status = match (on, entry.breaker_tripped, entry.status.is_finished()) {
        (false, _, _) => return json!({"status": "DISABLED"}),
        (true, true, _) => "TRIGGERED",
        (true, false, true) => "MONITORING_COMPLETE",
        (true, false, false) => "MONITORING",
    };
    json!({"status": status, "failureCount": entry.failures, "threshold": entry.threshold})
}

pub(super) fn service_revision(
    world: &World,
    service: &Service,
    revision: &ServiceRevision,
) -> Value {
    let images: Vec<Value> = revision
        .images
        .iter()
        .map(|(name, image, digest)| {
            json!({"containerName": name, "image": image, "imageDigest": digest})
        })
        .collect();
    let mut json = json!({
        "serviceRevisionArn": revision.arn, "serviceArn": service.arn,
        "clusterArn": world.names().cluster(&service.cluster),
        "taskDefinition": revision.task_definition, "containerImages": images,
        "createdAt": EPOCH.of(revision.created_at), "platformVersion": "1.4.0",
        "platformFamily": "Linux", "guardDutyEnabled": false,
        "loadBalancers": settings::load_balancers(&service.settings),
    });
    settings::put_compute(&mut json, &service.settings);
    put(
        &mut json,
        "networkConfiguration",
        service.settings.other.get("networkConfiguration").cloned(),
    );
    json
}

pub(super) fn task_definition(definition: &Registered) -> Value {
    let mut members: Map<String, Value> = definition.document.clone();
    members.remove("tags");
    members.insert("taskDefinitionArn".into(), definition.arn.as_str().into());
    members.insert("family".into(), definition.family.as_str().into());
    members.insert("revision".into(), definition.revision.into());
    let status = if definition.active {
        "ACTIVE"
    } else {
        "INACTIVE"
    };
    members.insert("status".into(), status.into());
    members.insert("registeredAt".into(), EPOCH.of(definition.registered_at));
    members.insert("compatibilities".into(), json!(["EC2", "FARGATE"]));
    members.into()
}
