//! The events against the documented examples, and what each fate leaves behind.

use serde_json::{Value, json};
use simulator::{Breaker, Fate, Task, TaskDefinition, World};
use std::collections::BTreeSet;
use std::time::Duration;

const IMAGE: &str = "111122223333.dkr.ecr.us-east-1.amazonaws.com/order-api:v1";

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// A service of one task with this fate, after half an hour.
fn lived(fate: Fate) -> World {
    let mut world = World::new();
    let group = world.target_group("order-api");
    let definition = TaskDefinition::of("order-api")
        .container("app", IMAGE)
        .port(8080);
    world.register(
        definition
            .container("envoy", "public.ecr.aws/envoy:v1")
            .fate(fate),
    );
    let service = world
        .service("prod-apps", "order-api")
        .target_group(&group, "app", 8080);
    service.breaker(Breaker::on()).create();
    world.advance(seconds(1800));
    world
}

fn keys(value: &Value) -> BTreeSet<String> {
    value
        .as_object()
        .expect("as the test laid out")
        .keys()
        .cloned()
        .collect()
}

fn named<'a>(events: &'a [Value], name: &str) -> &'a Value {
    let named = events
        .iter()
        .find(|event| event["detail"]["eventName"] == name);
    named.unwrap_or_else(|| panic!("no {name}"))
}

/// Pages `ecs_service_deployment_events` and `ecs_service_events`; `clusterArn` is in the
/// deployment events of 2026 beside the documented keys.
#[test]
fn deployment_and_service_events_have_the_documented_keys() {
    let mut world = lived(Fate::fails_to_start("ResourceInitializationError: x"));
    let mut events = world.drain_events();
    events.extend(lived(Fate::cannot_be_placed("RESOURCE:FARGATE", "No capacity.")).drain_events());
    events.extend(lived(Fate::runs_healthy()).drain_events());
    let outer = [
        "account",
        "detail",
        "detail-type",
        "id",
        "region",
        "resources",
        "source",
        "time",
        "version",
    ];
    let deployment = [
        "clusterArn",
        "deploymentId",
        "eventName",
        "eventType",
        "reason",
        "updatedAt",
    ];
    let action = ["clusterArn", "createdAt", "eventName", "eventType"];
    let with_reason = [
        "clusterArn",
        "createdAt",
        "eventName",
        "eventType",
        "reason",
    ];
    let check = |name: &str, detail_type: &str, expected: &[&str]| {
        let event = named(&events, name);
        assert_eq!(keys(event), outer.map(String::from).into());
        assert_eq!(event["detail-type"], detail_type);
        assert_eq!(
            event["resources"],
            json!(["arn:aws:ecs:us-east-1:111122223333:service/prod-apps/order-api"])
        );
        let expected: BTreeSet<_> = expected.iter().map(|key| (*key).to_owned()).collect();
        assert_eq!(keys(&event["detail"]), expected, "{name}");
    };
    check(
        "SERVICE_DEPLOYMENT_IN_PROGRESS",
        "ECS Deployment State Change",
        &deployment,
    );
    check(
        "SERVICE_DEPLOYMENT_FAILED",
        "ECS Deployment State Change",
        &deployment,
    );
    check(
        "SERVICE_DEPLOYMENT_COMPLETED",
        "ECS Deployment State Change",
        &deployment,
    );
    check("SERVICE_STEADY_STATE", "ECS Service Action", &action);
    check(
        "SERVICE_TASK_PLACEMENT_FAILURE",
        "ECS Service Action",
        &with_reason,
    );
}

/// Page `ecs_task_events`, the example of a running Fargate task; what a captured stop of 2024
/// has beside it is allowed.
#[test]
fn task_events_have_the_documented_keys() {
    let mut world = lived(Fate::exits("app", 1));
    let events = world.drain_events();
    let task = |status: &str| {
        let of_status = |event: &&Value| event["detail"]["lastStatus"] == status;
        events.iter().find(of_status).unwrap()["detail"].clone()
    };
    let documented = [
        "attachments",
        "availabilityZone",
        "clusterArn",
        "containers",
        "createdAt",
        "launchType",
        "cpu",
        "memory",
        "desiredStatus",
        "group",
        "lastStatus",
        "overrides",
        "connectivity",
        "connectivityAt",
        "pullStartedAt",
        "startedAt",
        "pullStoppedAt",
        "updatedAt",
        "taskArn",
        "taskDefinitionArn",
        "version",
        "platformVersion",
    ];
    let captured = [
        "attributes",
        "enableExecuteCommand",
        "ephemeralStorage",
        "startedBy",
    ];
    let running = keys(&task("RUNNING"));
    let expected = documented
        .iter()
        .chain(&captured)
        .map(|key| (*key).to_owned());
    assert_eq!(running, expected.collect());
    let stopped = keys(&task("STOPPED"));
    let more: Vec<_> = stopped.difference(&running).cloned().collect();
    assert_eq!(
        more,
        [
            "executionStoppedAt",
            "stopCode",
            "stoppedAt",
            "stoppedReason",
            "stoppingAt"
        ]
    );
    let container = [
        "containerArn",
        "cpu",
        "image",
        "imageDigest",
        "lastStatus",
        "name",
        "networkInterfaces",
        "runtimeId",
        "taskArn",
    ];
    assert_eq!(
        keys(&task("RUNNING")["containers"][0]),
        container.map(String::from).into()
    );
    assert!(
        task("RUNNING")["containers"][1]
            .get("imageDigest")
            .is_none(),
        "ECR images only"
    );
}

#[test]
fn a_task_tells_every_state_with_a_rising_version() {
    let mut world = lived(Fate::exits("app", 1));
    let first = world.tasks()[0].arn.clone();
    let events = world.drain_events();
    let of_first = events
        .iter()
        .filter(|event| event["detail"]["taskArn"] == first.as_str());
    let line = |event: &Value| {
        let detail = &event["detail"];
        let text = |member: &str| detail[member].as_str().unwrap().to_owned();
        format!(
            "{} {} {}",
            detail["version"],
            text("lastStatus"),
            text("desiredStatus")
        )
    };
    let lines: Vec<_> = of_first.map(line).collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    1 PROVISIONING RUNNING
    2 PENDING RUNNING
    3 ACTIVATING RUNNING
    4 RUNNING RUNNING
    5 RUNNING STOPPED
    6 DEACTIVATING STOPPED
    7 STOPPING STOPPED
    8 STOPPING STOPPED
    9 DEPROVISIONING STOPPED
    10 STOPPED STOPPED
    ");
}

/// A task as an engineer would note it down.
fn note(task: &Task) -> String {
    let containers: Vec<_> = task
        .containers
        .iter()
        .map(|c| {
            let code = c.exit_code.map_or("-".into(), |code| code.to_string());
            format!("{} {code} {}", c.name, c.reason.as_deref().unwrap_or("-"))
        })
        .collect();
    let group = "arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/order-api/";
    let reason = task.stopped_reason.as_deref().unwrap_or("-");
    let reason = match reason.split_once(group) {
        Some((before, _)) => format!("{before}<target group>)"),
        None => reason.to_owned(),
    };
    let ran = if task.started_at.is_some() {
        "ran"
    } else {
        "never ran"
    };
    format!(
        "{} | {reason} | {ran} | {}",
        task.stop_code.as_deref().unwrap_or("-"),
        containers.join(" | ")
    )
}

/// The first task with this fate, as it stopped.
fn stopped(fate: Fate) -> String {
    let world = lived(fate);
    note(
        world
            .tasks()
            .iter()
            .find(|task| task.stopped_at.is_some())
            .expect("as the test laid out"),
    )
}

#[test]
fn each_fate_stops_a_task_as_documented() {
    let secret = "ResourceInitializationError: unable to pull secrets or registry auth: execution \
                  resource retrieval failed";
    let pull = "CannotPullContainerError: pull image manifest has been retried 1 time(s)";
    let mismatch = (
        "Target.ResponseCodeMismatch",
        "Health checks failed with these codes: [502]",
    );
    let fates = [
        Fate::fails_to_start(secret),
        Fate::fails_to_start(pull).while_pulling(),
        Fate::fails_to_start("Task failed to start")
            .while_starting()
            .container_reason("app", "CannotStartContainerError: x"),
        Fate::exits("app", 1),
        Fate::exits("app", 0),
        Fate::exits("envoy", 1).then("app", 143),
        Fate::out_of_memory("app"),
        Fate::fails_target_health(mismatch.0, mismatch.1),
        Fate::fails_target_health(mismatch.0, mismatch.1).stopping_with(143),
        Fate::fails_container_health("app"),
    ];
    let notes: Vec<_> = fates.into_iter().map(stopped).collect();
    insta::assert_snapshot!(notes.join("\n"), @r"
    TaskFailedToStart | ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed | never ran | app - - | envoy - -
    TaskFailedToStart | CannotPullContainerError: pull image manifest has been retried 1 time(s) | never ran | app - - | envoy - -
    TaskFailedToStart | Task failed to start | never ran | app - CannotStartContainerError: x | envoy - -
    EssentialContainerExited | Essential container in task exited | ran | app 1 - | envoy 143 -
    EssentialContainerExited | Essential container in task exited | ran | app 0 - | envoy 143 -
    EssentialContainerExited | Essential container in task exited | ran | app 143 - | envoy 1 -
    EssentialContainerExited | Essential container in task exited | ran | app 137 OutOfMemoryError: container killed due to memory usage | envoy 143 -
    ServiceSchedulerInitiated | Task failed ELB health checks in (target-group <target group>) | ran | app 0 - | envoy 0 -
    ServiceSchedulerInitiated | Task failed ELB health checks in (target-group <target group>) | ran | app 143 - | envoy 143 -
    ServiceSchedulerInitiated | Task failed container health checks | ran | app 137 - | envoy 137 -
    ");
}

#[test]
fn a_failure_before_the_pull_has_no_pull_times() {
    #[track_caller]
    fn check(fate: Fate, expected: bool) {
        let mut world = lived(fate);
        let events = world.drain_events();
        let stop = events
            .iter()
            .find(|event| event["detail"]["lastStatus"] == "STOPPED")
            .unwrap();
        assert_eq!(stop["detail"].get("pullStartedAt").is_some(), expected);
    }
    check(Fate::fails_to_start("x"), false);
    check(Fate::fails_to_start("x").while_pulling(), true);
}

#[test]
fn a_spot_warning_comes_while_the_task_runs() {
    let mut world = lived(Fate::runs_healthy());
    world.drain_events();
    let arn = world.tasks()[0].arn.clone();
    assert!(world.interrupt_spot(&arn));
    let warning = world.drain_events().remove(0);
    let detail = &warning["detail"];
    let said = json!([
        detail["lastStatus"],
        detail["desiredStatus"],
        detail["stopCode"],
        detail["stoppedReason"]
    ]);
    assert_eq!(
        said,
        json!([
            "RUNNING",
            "STOPPED",
            "SpotInterruption",
            "Your Spot Task was interrupted."
        ])
    );
    world.advance(seconds(100));
    assert!(world.tasks()[0].stopped_at.is_none());
    world.advance(seconds(100));
    assert!(world.tasks()[0].stopped_at.is_some());
}

#[test]
fn replaced_tasks_look_like_a_scale_in() {
    let mut world = lived(Fate::runs_healthy());
    let old = world.tasks()[0].clone();
    world.register(TaskDefinition::of("order-api").container("app", IMAGE));
    world.deploy("prod-apps", "order-api", "order-api");
    world.settle();
    let task = world
        .tasks()
        .iter()
        .find(|task| task.arn == old.arn)
        .unwrap();
    let reason = format!(
        "Scaling activity initiated by (deployment {})",
        old.started_by.unwrap()
    );
    assert_eq!(task.stopped_reason.as_deref(), Some(reason.as_str()));
    assert_eq!(task.stop_code.as_deref(), Some("ServiceSchedulerInitiated"));
}

#[test]
fn a_moved_tag_shows_in_the_revision_and_not_in_the_task_definition() {
    let mut world = lived(Fate::runs_healthy());
    world.image_moved(IMAGE);
    world.register(TaskDefinition::of("order-api").container("app", IMAGE));
    world.deploy("prod-apps", "order-api", "order-api");
    let service = world.find_service("prod-apps", "order-api").unwrap();
    let [old, new] = &service.revisions[..] else {
        panic!("two revisions")
    };
    assert_eq!(old.images[0].1, new.images[0].1);
    assert_ne!(old.images[0].2, new.images[0].2);
}

#[test]
fn the_source_of_events_can_be_another() {
    let mut world = World::new()
        .event_source("opsbot.test")
        .located("123456789012", "eu-west-1");
    world.register(TaskDefinition::of("web").container("app", IMAGE));
    world.service("prod", "web").create();
    let event = world.drain_events().remove(0);
    assert_eq!(event["source"], "opsbot.test");
    assert_eq!(
        event["resources"][0],
        "arn:aws:ecs:eu-west-1:123456789012:service/prod/web"
    );
}

#[test]
#[should_panic(expected = "web:1 has no container aap")]
fn a_fate_of_a_misspelt_container_is_found_out() {
    let definition = TaskDefinition::of("web").container("app", IMAGE);
    World::new().register(definition.fate(Fate::exits("aap", 1)));
}
