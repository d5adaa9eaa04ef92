//! The reading operations (ECS API reference, each under its name).

use super::{cluster_name, invalid, known_cluster, render};
use crate::api::{Answer, ApiError, number, page, text, texts};
use crate::world::{Service, Task, Times, World, last_part, task_json};
use serde_json::{Value, json};

pub(super) fn describe_clusters(world: &World, body: &Value) -> Answer {
    let wanted = texts(body, "clusters");
    let wanted = if wanted.is_empty() {
        vec!["default"]
    } else {
        wanted
    };
    let (mut clusters, mut failures) = (Vec::new(), Vec::new());
    for reference in wanted {
        let name = last_part(reference);
        if world.clusters().contains(name) {
            clusters.push(render::cluster(world, name));
        } else {
            failures.push(missing(&world.names().cluster(name)));
        }
    }
    Ok(json!({"clusters": clusters, "failures": failures}))
}

fn missing(arn: &str) -> Value {
    json!({"arn": arn, "reason": "MISSING"})
}

pub(super) fn describe_services(world: &World, body: &Value) -> Answer {
    let cluster = known_cluster(world, body)?;
    let wanted = texts(body, "services");
    if wanted.is_empty() {
        return Err(invalid("Services cannot be empty."));
    }
    if wanted.len() > 10 {
        return Err(invalid("Cannot describe more than 10 services."));
    }
    let with_tags = texts(body, "include").contains(&"TAGS");
    let (mut services, mut failures) = (Vec::new(), Vec::new());
    for reference in wanted {
        match world.find_service(&cluster, reference) {
            Some(service) => services.push(render::service(world, service, with_tags)),
            None => failures.push(missing(
                &world.names().service(&cluster, last_part(reference)),
            )),
        }
    }
    Ok(json!({"services": services, "failures": failures}))
}

pub(super) fn list_services(world: &World, body: &Value) -> Answer {
    let cluster = known_cluster(world, body)?;
    let here = world
        .services()
        .iter()
        .filter(|s| s.cluster == cluster && s.status != "INACTIVE");
    let arns: Vec<_> = here.map(|s| s.arn.clone()).collect();
    let (arns, next) = page(arns, body, 10)?;
    Ok(with_token(json!({"serviceArns": arns}), next))
}

fn with_token(mut answer: Value, next: Option<String>) -> Value {
    if let Some(next) = next {
        answer["nextToken"] = next.into();
    }
    answer
}

pub(super) fn describe_tasks(world: &World, body: &Value) -> Answer {
    let cluster = known_cluster(world, body)?;
    let wanted = texts(body, "tasks");
    if wanted.is_empty() || wanted.len() > 100 {
        return Err(invalid("tasks must hold 1 to 100 items."));
    }
    let (mut tasks, mut failures) = (Vec::new(), Vec::new());
    for reference in wanted {
        let id = last_part(reference);
        match world
            .tasks()
            .iter()
            .find(|t| t.id == id && t.cluster == cluster)
        {
            Some(task) => tasks.push(task_json(world, task, Times::Epoch)),
            None => failures.push(missing(&world.names().task(&cluster, id))),
        }
    }
    Ok(json!({"tasks": tasks, "failures": failures}))
}

/// `startedBy` must be the only filter; STOPPED filters on the *desired* status; PENDING gives
/// nothing (API `ListTasks`). The order is not promised; newest first here.
pub(super) fn list_tasks(world: &World, body: &Value) -> Answer {
    let cluster = known_cluster(world, body)?;
    let (service, family) = (text(body, "serviceName"), text(body, "family"));
    let started_by = text(body, "startedBy");
    let other_filter = !service.is_empty() || !family.is_empty();
    if !started_by.is_empty() && other_filter {
        return Err(invalid("startedBy must be the only filter."));
    }
    if !service.is_empty() && world.find_service(&cluster, service).is_none() {
        return Err(ApiError::new(
            "ServiceNotFoundException",
            "Service not found.",
        ));
    }
    let status = match text(body, "desiredStatus") {
        "" => "RUNNING",
        given => given,
    };
    let matches = |task: &&Task| {
        let desired = if task.desired_stopped {
            "STOPPED"
        } else {
            "RUNNING"
        };
        let family_of = last_part(&task.task_definition)
            .split(':')
            .next()
            .unwrap_or_default();
        task.cluster == cluster
            && desired == status
            && (service.is_empty() || task.service.as_deref() == Some(last_part(service)))
            && (family.is_empty() || family_of == family)
            && (started_by.is_empty() || task.started_by.as_deref() == Some(started_by))
    };
    let arns: Vec<_> = world
        .tasks()
        .iter()
        .rev()
        .filter(matches)
        .map(|t| t.arn.clone())
        .collect();
    let (arns, next) = page(arns, body, 100)?;
    Ok(with_token(json!({"taskArns": arns}), next))
}

pub(super) fn describe_task_definition(world: &World, body: &Value) -> Answer {
    let found = world.definition(text(body, "taskDefinition"));
    let definition = found
        .ok_or_else(|| ApiError::new("ClientException", "Unable to describe task definition."))?;
    let mut answer = json!({"taskDefinition": render::task_definition(definition)});
    if texts(body, "include").contains(&"TAGS") {
        answer["tags"] = definition
            .document
            .get("tags")
            .cloned()
            .unwrap_or_else(|| json!([]));
    }
    Ok(answer)
}

fn found_service<'w>(world: &'w World, body: &Value) -> Result<&'w Service, ApiError> {
    let reference = text(body, "service");
    // A full service ARN names its cluster.
    let mut parts = reference.rsplit('/');
    let (name, in_arn) = (parts.next().unwrap_or_default(), parts.next());
    let cluster = match (text(body, "cluster"), in_arn) {
        ("", Some(cluster)) => cluster.to_owned(),
        _ => cluster_name(body),
    };
    if !world.clusters().contains(&cluster) {
        return Err(ApiError::new(
            "ClusterNotFoundException",
            "Cluster not found.",
        ));
    }
    let found = world.find_service(&cluster, name);
    found.ok_or_else(|| ApiError::new("ServiceNotFoundException", "Service not found."))
}

/// Newest first.
pub(super) fn list_service_deployments(world: &World, body: &Value) -> Answer {
    let service = found_service(world, body)?;
    let statuses = texts(body, "status");
    let created = body.get("createdAt").cloned().unwrap_or_default();
    let (after, before) = (number(&created, "after"), number(&created, "before"));
    let entries = service.service_deployments.iter().rev().filter(|entry| {
        let at = entry.created_at.timestamp_millis() as f64 / 1000.0;
        (statuses.is_empty() || statuses.contains(&entry.status.as_str()))
            && after.is_none_or(|after| at >= after)
            && before.is_none_or(|before| at <= before)
    });
    let briefs: Vec<_> = entries
        .map(|entry| render::service_deployment_brief(world, service, entry))
        .collect();
    let (briefs, next) = page(briefs, body, 20)?;
    Ok(with_token(json!({"serviceDeployments": briefs}), next))
}

pub(super) fn describe_service_deployments(world: &World, body: &Value) -> Answer {
    let wanted = at_most_20(body, "serviceDeploymentArns")?;
    let (mut deployments, mut failures) = (Vec::new(), Vec::new());
    for arn in wanted {
        let found = world.services().iter().find_map(|service| {
            let entry = service
                .service_deployments
                .iter()
                .find(|entry| entry.arn == arn)?;
            Some(render::service_deployment(world, service, entry))
        });
        match found {
            Some(deployment) => deployments.push(deployment),
            None => failures.push(missing(arn)),
        }
    }
    Ok(json!({"serviceDeployments": deployments, "failures": failures}))
}

pub(super) fn describe_service_revisions(world: &World, body: &Value) -> Answer {
    let wanted = at_most_20(body, "serviceRevisionArns")?;
    let (mut revisions, mut failures) = (Vec::new(), Vec::new());
    for arn in wanted {
        let found = world.services().iter().find_map(|service| {
            let revision = service
                .revisions
                .iter()
                .find(|revision| revision.arn == arn)?;
            Some(render::service_revision(world, service, revision))
        });
        match found {
            Some(revision) => revisions.push(revision),
            None => failures.push(missing(arn)),
        }
    }
    Ok(json!({"serviceRevisions": revisions, "failures": failures}))
}

fn at_most_20<'a>(body: &'a Value, member: &str) -> Result<Vec<&'a str>, ApiError> {
    let wanted = texts(body, member);
    if wanted.is_empty() || wanted.len() > 20 {
        return Err(invalid(format!("{member} must hold 1 to 20 items.")));
    }
    Ok(wanted)
}
