//! The writing operations (ECS API reference, each under its name).

use super::{cluster_name, invalid, known_cluster, render, settings};
use crate::api::{Answer, ApiError, number, text};
use crate::world::{Settings, TaskDefinition, Times, World, last_part, task_json};
use serde_json::{Map, Value, json};

pub(super) fn update_service(world: &mut World, body: &Value) -> Answer {
    let cluster = known_cluster(world, body)?;
    let Some(index) = world.service_index(&cluster, text(body, "service")) else {
        return Err(ApiError::new(
            "ServiceNotFoundException",
            "Service not found.",
        ));
    };
    if world.services()[index].status != "ACTIVE" {
        return Err(ApiError::new(
            "ServiceNotActiveException",
            "Service was not ACTIVE.",
        ));
    }
    let force = body["forceNewDeployment"] == true;
    let wanted = match text(body, "taskDefinition") {
        "" if force => {
            let primary = world.services()[index].deployments.first();
            primary
                .map(|d| d.task_definition.clone())
                .unwrap_or_default()
        }
        given => given.to_owned(),
    };
    let daemon = world.services()[index].settings.scheduling == "DAEMON";
    if daemon && number(body, "desiredCount").is_some() {
        return Err(invalid(
            "The daemon scheduling strategy does not support a desired count.",
        ));
    }
    let wanted = match wanted.as_str() {
        "" => None,
        reference => Some(world.deployable(index, reference)?),
    };
    world.change_settings(index, |settings| settings::read_into(settings, body));
    if let Some(arn) = wanted {
        world.begin_if_changed(index, &arn, force);
    }
    let service = &world.services()[index];
    Ok(json!({"service": render::service(world, service, true)}))
}

pub(super) fn create_service(world: &mut World, body: &Value) -> Answer {
    let cluster = known_cluster(world, body)?;
    let name = text(body, "serviceName");
    if name.is_empty() {
        return Err(invalid("Service name cannot be empty."));
    }
    if world
        .find_service(&cluster, name)
        .is_some_and(|s| s.status == "ACTIVE")
    {
        return Err(invalid("Creation of service was not idempotent."));
    }
    let definition = active_definition(world, text(body, "taskDefinition"), "ClientException")?;
    let mut settings = Settings::default();
    settings::read_new(&mut settings, body);
    world
        .service(&cluster, name)
        .task_definition(&definition)
        .settings(settings)
        .create();
    let service = world
        .find_service(&cluster, name)
        .expect("created just now");
    Ok(json!({"service": render::service(world, service, true)}))
}

fn active_definition(world: &World, reference: &str, inactive: &str) -> Result<String, ApiError> {
    match world.definition(reference) {
        Some(definition) if definition.active => Ok(definition.arn.clone()),
        Some(_) => Err(ApiError::new(inactive, "TaskDefinition is inactive")),
        None => Err(ApiError::new(
            "ClientException",
            "TaskDefinition not found.",
        )),
    }
}

pub(super) fn stop_service_deployment(world: &mut World, body: &Value) -> Answer {
    // The enum has ABORT, but "the valid values are ROLLBACK".
    if !matches!(text(body, "stopType"), "" | "ROLLBACK") {
        return Err(invalid("The valid values of stopType are ROLLBACK."));
    }
    let arn = text(body, "serviceDeploymentArn");
    world.stop_service_deployment(arn)?;
    Ok(json!({"serviceDeploymentArn": arn}))
}

pub(super) fn continue_service_deployment(world: &mut World, body: &Value) -> Answer {
    let arn = text(body, "serviceDeploymentArn");
    let roll_back = text(body, "action") == "ROLLBACK";
    world.continue_service_deployment(arn, text(body, "hookId"), roll_back)?;
    Ok(json!({"serviceDeploymentArn": arn}))
}

pub(super) fn register_task_definition(world: &mut World, body: &Value) -> Answer {
    let family = text(body, "family");
    let containers = body.get("containerDefinitions").and_then(Value::as_array);
    if family.is_empty() || containers.is_none_or(Vec::is_empty) {
        return Err(ApiError::new(
            "ClientException",
            "Container.image should not be null or empty.",
        ));
    }
    let Value::Object(mut document) = body.clone() else {
        return Err(ApiError::new(
            "ClientException",
            "The request is not an object.",
        ));
    };
    document.remove("family");
    let document: Map<_, _> = document.into_iter().filter(|(_, v)| !v.is_null()).collect();
    let arn = world.register(TaskDefinition::from_document(family, document.into()));
    described(world, &arn)
}

pub(super) fn deregister_task_definition(world: &mut World, body: &Value) -> Answer {
    let reference = text(body, "taskDefinition").to_owned();
    if !world.deregister(&reference) {
        return Err(ApiError::new(
            "ClientException",
            "Unable to describe task definition.",
        ));
    }
    described(world, &reference)
}

fn described(world: &World, reference: &str) -> Answer {
    let definition = world.definition(reference).expect("known by now");
    Ok(json!({"taskDefinition": render::task_definition(definition)}))
}

pub(super) fn run_task(world: &mut World, body: &Value) -> Answer {
    let cluster = cluster_name(body);
    known_cluster(world, body)?;
    let inactive = "InvalidParameterException";
    let definition = active_definition(world, text(body, "taskDefinition"), inactive)?;
    let count = number(body, "count").unwrap_or(1.0) as u32;
    if !(1..=10).contains(&count) {
        return Err(invalid("count must be between 1 and 10."));
    }
    let started_by = Some(text(body, "startedBy")).filter(|text| !text.is_empty());
    let arns: Vec<_> = (0..count)
        .map(|_| world.run_task(&cluster, &definition, started_by))
        .collect();
    let tasks = world.tasks().iter().filter(|task| arns.contains(&task.arn));
    let tasks: Vec<_> = tasks
        .map(|task| task_json(world, task, Times::Epoch))
        .collect();
    Ok(json!({"tasks": tasks, "failures": []}))
}

/// `reason` replaces `stoppedReason` (API `StopTask`).
pub(super) fn stop_task(world: &mut World, body: &Value) -> Answer {
    let cluster = known_cluster(world, body)?;
    let id = last_part(text(body, "task"));
    let found = world
        .tasks()
        .iter()
        .find(|task| task.id == id && task.cluster == cluster);
    let Some(arn) = found.map(|task| task.arn.clone()) else {
        return Err(invalid("The referenced task was not found."));
    };
    let reason = match text(body, "reason") {
        "" => "Task stopped by user",
        given => given,
    };
    world.stop_task(&arn, "UserInitiated", reason);
    let task = world
        .tasks()
        .iter()
        .find(|task| task.arn == arn)
        .expect("found before");
    Ok(json!({"task": task_json(world, task, Times::Epoch)}))
}
