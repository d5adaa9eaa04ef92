//! Amazon ECS, awsJson1.1: operation names to what the world does.

mod read;
mod render;
mod settings;
mod write;

use crate::api::{Answer, ApiError, text, texts};
use crate::world::{World, last_part};
use serde_json::Value;

pub(crate) fn call(world: &mut World, operation: &str, body: &Value) -> Answer {
    match operation {
        "DescribeClusters" => read::describe_clusters(world, body),
        "DescribeServices" => read::describe_services(world, body),
        "ListServices" => read::list_services(world, body),
        "DescribeTasks" => read::describe_tasks(world, body),
        "ListTasks" => read::list_tasks(world, body),
        "DescribeTaskDefinition" => read::describe_task_definition(world, body),
        "ListServiceDeployments" => read::list_service_deployments(world, body),
        "DescribeServiceDeployments" => read::describe_service_deployments(world, body),
        "DescribeServiceRevisions" => read::describe_service_revisions(world, body),
        "UpdateService" => write::update_service(world, body),
        "StopServiceDeployment" => write::stop_service_deployment(world, body),
        "ContinueServiceDeployment" => write::continue_service_deployment(world, body),
        "RegisterTaskDefinition" => write::register_task_definition(world, body),
        "DeregisterTaskDefinition" => write::deregister_task_definition(world, body),
        "RunTask" => write::run_task(world, body),
        "StopTask" => write::stop_task(world, body),
        "CreateService" => write::create_service(world, body),
        _ => Err(ApiError::new(
            "UnknownOperationException",
            format!("{operation} is not simulated"),
        )),
    }
}

/// The resource that IAM would check (Service Authorization Reference, Amazon ECS).
pub(crate) fn resource(world: &World, operation: &str, body: &Value) -> String {
    let cluster = cluster_name(body);
    let service = |reference: &str| world.names().service(&cluster, last_part(reference));
    match operation {
        "DescribeServices" => match texts(body, "services").first() {
            Some(first) => service(first),
            None => "*".into(),
        },
        "UpdateService" | "ListServiceDeployments" => service(text(body, "service")),
        "CreateService" => service(text(body, "serviceName")),
        "DescribeTasks" => match texts(body, "tasks").first() {
            Some(first) if first.starts_with("arn:") => (*first).into(),
            Some(first) => world.names().task(&cluster, first),
            None => "*".into(),
        },
        "StopTask" => match text(body, "task") {
            arn if arn.starts_with("arn:") => arn.into(),
            id => world.names().task(&cluster, id),
        },
        "DescribeClusters" => world.names().cluster(&cluster),
        "RunTask" => {
            let found = world.definition(text(body, "taskDefinition"));
            found.map_or_else(|| "*".into(), |d| d.arn.clone())
        }
        "StopServiceDeployment" | "ContinueServiceDeployment" => {
            text(body, "serviceDeploymentArn").into()
        }
        "DescribeServiceDeployments" => first_or_any(body, "serviceDeploymentArns"),
        "DescribeServiceRevisions" => first_or_any(body, "serviceRevisionArns"),
        "RegisterTaskDefinition" => {
            let family = text(body, "family");
            world
                .names()
                .arn("ecs", &format!("task-definition/{family}:*"))
        }
        // ListTasks, ListServices, DescribeTaskDefinition, DeregisterTaskDefinition know none.
        _ => "*".into(),
    }
}

fn first_or_any(body: &Value, member: &str) -> String {
    texts(body, member)
        .first()
        .map_or_else(|| "*".into(), |arn| (*arn).into())
}

/// The name of the cluster in a request; `default` where none is given.
fn cluster_name(body: &Value) -> String {
    match text(body, "cluster") {
        "" => "default".into(),
        reference => last_part(reference).into(),
    }
}

fn known_cluster(world: &World, body: &Value) -> Result<String, ApiError> {
    let cluster = cluster_name(body);
    if world.clusters().contains(&cluster) {
        Ok(cluster)
    } else {
        Err(ApiError::new(
            "ClusterNotFoundException",
            "Cluster not found.",
        ))
    }
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidParameterException", message)
}
