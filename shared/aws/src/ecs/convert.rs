//! The SDK's types in the words of the domain. What the SDK marks optional and the domain counts
//! on becomes empty text, never a failure.

mod history;

use aws_sdk_ecs::types as sdk;
use aws_smithy_types::DateTime as SdkTime;
use chrono::{DateTime, Utc};
use domain::facts::{
    Breaker, ContainerDefinition, Dependency, Deployment, DeploymentAlarms, Fingerprint,
    LogConfiguration, Rollout, Service, ServiceEvent, StopCode, StoppedContainer, StoppedTask,
    TaskDefinition,
};
use domain::short;

pub(super) use history::{detail, revision, service_deployment};

fn time(time: Option<&SdkTime>) -> Option<DateTime<Utc>> {
    time.and_then(|time| DateTime::from_timestamp(time.secs(), time.subsec_nanos()))
}

fn text(text: Option<&str>) -> String {
    text.unwrap_or_default().to_owned()
}

fn owned(text: Option<&str>) -> Option<String> {
    text.map(str::to_owned)
}

pub(super) fn service(service: &sdk::Service) -> Service {
    let configuration = service.deployment_configuration();
    let breaker = configuration.and_then(|it| it.deployment_circuit_breaker());
    let alarms = configuration.and_then(|it| it.alarms());
    Service {
        status: text(service.status()),
        desired: service.desired_count(),
        running: service.running_count(),
        pending: service.pending_count(),
        controller: service
            .deployment_controller()
            .map(|it| it.r#type().as_str().to_owned()),
        strategy: configuration
            .and_then(|it| it.strategy())
            .map(|it| it.as_str().to_owned()),
        scheduling: service
            .scheduling_strategy()
            .map(|it| it.as_str().to_owned()),
        resource_management: service
            .resource_management_type()
            .map(|it| it.as_str().to_owned()),
        breaker: breaker.map_or(Breaker::default(), |it| Breaker {
            enabled: it.enable(),
            rollback: it.rollback(),
        }),
        alarms: alarms.map_or_else(DeploymentAlarms::default, |it| DeploymentAlarms {
            enabled: it.enable(),
            rollback: it.rollback(),
            names: it.alarm_names().to_vec(),
        }),
        deployments: service.deployments().iter().map(deployment).collect(),
        events: service.events().iter().filter_map(event).collect(),
        target_groups: target_groups(service),
        tags: tags(service.tags()),
        created_at: time(service.created_at()),
        current_service_deployment: owned(service.current_service_deployment()),
    }
}

/// A blue/green service has two target groups for one load balancer: traffic moves from one to the
/// other (API reference, `AdvancedConfiguration`).
fn target_groups(service: &sdk::Service) -> Vec<String> {
    let mut groups: Vec<String> = Vec::new();
    for balancer in service.load_balancers() {
        let advanced = balancer.advanced_configuration();
        let alternate = advanced.and_then(|it| it.alternate_target_group_arn());
        for group in [balancer.target_group_arn(), alternate]
            .into_iter()
            .flatten()
        {
            if !groups.iter().any(|known| known == group) {
                groups.push(group.to_owned());
            }
        }
    }
    groups
}

fn tags(tags: &[sdk::Tag]) -> std::collections::BTreeMap<String, String> {
    short::map(tags.iter().map(|tag| (text(tag.key()), text(tag.value()))))
}

fn event(event: &sdk::ServiceEvent) -> Option<ServiceEvent> {
    Some(ServiceEvent {
        at: time(event.created_at())?,
        message: text(event.message()),
    })
}

fn deployment(deployment: &sdk::Deployment) -> Deployment {
    Deployment {
        id: text(deployment.id()),
        status: text(deployment.status()),
        task_definition: text(deployment.task_definition()),
        desired: deployment.desired_count(),
        running: deployment.running_count(),
        pending: deployment.pending_count(),
        failed_tasks: deployment.failed_tasks(),
        rollout: deployment.rollout_state().map(rollout),
        rollout_reason: owned(deployment.rollout_state_reason()),
        created_at: time(deployment.created_at()),
        updated_at: time(deployment.updated_at()),
    }
}

fn rollout(state: &sdk::DeploymentRolloutState) -> Rollout {
    match state {
        sdk::DeploymentRolloutState::InProgress => Rollout::InProgress,
        sdk::DeploymentRolloutState::Completed => Rollout::Completed,
        sdk::DeploymentRolloutState::Failed => Rollout::Failed,
        other => Rollout::Other(other.as_str().to_owned()),
    }
}

pub(super) fn task(task: &sdk::Task) -> StoppedTask {
    StoppedTask {
        task_arn: text(task.task_arn()),
        cluster_arn: owned(task.cluster_arn()),
        task_definition_arn: owned(task.task_definition_arn()),
        group: owned(task.group()),
        started_by: owned(task.started_by()),
        stop_code: task
            .stop_code()
            .map(|it| StopCode::from(it.as_str().to_owned())),
        stopped_reason: owned(task.stopped_reason()),
        last_status: owned(task.last_status()),
        desired_status: owned(task.desired_status()),
        containers: task.containers().iter().map(container).collect(),
        version: Some(task.version()),
        launch_type: task.launch_type().map(|it| it.as_str().to_owned()),
        capacity_provider_name: owned(task.capacity_provider_name()),
        availability_zone: owned(task.availability_zone()),
        memory: owned(task.memory()),
        cpu: owned(task.cpu()),
        created_at: time(task.created_at()),
        started_at: time(task.started_at()),
        pull_started_at: time(task.pull_started_at()),
        pull_stopped_at: time(task.pull_stopped_at()),
        stopping_at: time(task.stopping_at()),
        execution_stopped_at: time(task.execution_stopped_at()),
        stopped_at: time(task.stopped_at()),
    }
}

fn container(container: &sdk::Container) -> StoppedContainer {
    StoppedContainer {
        name: owned(container.name()),
        exit_code: container.exit_code().map(i64::from),
        reason: owned(container.reason()),
        image: owned(container.image()),
        image_digest: owned(container.image_digest()),
        last_status: owned(container.last_status()),
    }
}

pub(super) fn task_definition(definition: &sdk::TaskDefinition) -> TaskDefinition {
    let platform = definition.runtime_platform();
    TaskDefinition {
        arn: text(definition.task_definition_arn()),
        active: definition.status() == Some(&sdk::TaskDefinitionStatus::Active),
        cpu: owned(definition.cpu()),
        memory: owned(definition.memory()),
        task_role_arn: owned(definition.task_role_arn()),
        execution_role_arn: owned(definition.execution_role_arn()),
        network_mode: definition.network_mode().map(|it| it.as_str().to_owned()),
        cpu_architecture: platform
            .and_then(|it| it.cpu_architecture())
            .map(|it| it.as_str().to_owned()),
        containers: definition
            .container_definitions()
            .iter()
            .map(container_definition)
            .collect(),
    }
}

fn container_definition(container: &sdk::ContainerDefinition) -> ContainerDefinition {
    let environment = container.environment().iter().map(|it| {
        let value = Fingerprint::of(it.value().unwrap_or_default());
        (text(it.name()), value)
    });
    let secrets = container.secrets().iter();
    let secrets = secrets.map(|it| (it.name().to_owned(), it.value_from().to_owned()));
    let files = container
        .environment_files()
        .iter()
        .map(|it| it.value().to_owned());
    let ports = container
        .port_mappings()
        .iter()
        .filter_map(|it| it.container_port());
    ContainerDefinition {
        name: text(container.name()),
        image: text(container.image()),
        essential: container.essential().unwrap_or(true),
        cpu: Some(container.cpu()).filter(|cpu| *cpu > 0),
        memory: container.memory(),
        memory_reservation: container.memory_reservation(),
        command: container.command().to_vec(),
        entry_point: container.entry_point().to_vec(),
        depends_on: container.depends_on().iter().map(dependency).collect(),
        ports: ports.collect(),
        environment: short::map(environment),
        secrets: short::map(secrets),
        environment_files: files.collect(),
        health_check: container.health_check().map(health_check),
        log: container.log_configuration().map(log_configuration),
        stop_timeout: container.stop_timeout(),
        start_timeout: container.start_timeout(),
    }
}

fn dependency(dependency: &sdk::ContainerDependency) -> Dependency {
    Dependency {
        container: dependency.container_name().to_owned(),
        condition: dependency.condition().as_str().to_owned(),
    }
}

fn health_check(check: &sdk::HealthCheck) -> String {
    let number = |name: &str, value: Option<i32>| {
        value
            .map(|value| format!(", {name} {value}"))
            .unwrap_or_default()
    };
    let command = check.command().join(" ");
    let numbers = [
        number("interval", check.interval()),
        number("timeout", check.timeout()),
        number("retries", check.retries()),
        number("start period", check.start_period()),
    ];
    format!("{command}{}", numbers.concat())
}

fn log_configuration(log: &sdk::LogConfiguration) -> LogConfiguration {
    let option = |key: &str| log.options().and_then(|options| options.get(key)).cloned();
    LogConfiguration {
        driver: log.log_driver().as_str().to_owned(),
        group: option("awslogs-group"),
        stream_prefix: option("awslogs-stream-prefix"),
        region: option("awslogs-region"),
    }
}
