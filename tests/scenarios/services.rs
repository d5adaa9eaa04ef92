//! Services that are not the everyday ones: deleted, blue/green, of another controller, daemons,
//! scaled to nothing, and a tag that moved.

use std::time::Duration;

use serde_json::{Value, json};
use simulator::{Breaker, Fate, Fault, ServiceBuilder, TaskDefinition, World};
use stories::{CLUSTER, SERVICE, until};
use tests::bot::Bot;

const IMAGE: &str = "111122223333.dkr.ecr.us-east-1.amazonaws.com/order-api:stable";
const GONE: &str = "CannotPullContainerError: pull image manifest has been retried 7 time(s): \
                    failed to resolve ref: not found";

const NO_PROGRAM: &str = "CannotStartContainerError: ResourceInitializationError: failed to create new \
    container runtime task: runc create failed: unable to start container process: exec: \
    \"/app/server\": stat /app/server: no such file or directory: unknown";
const GREEN: &str = "order-api-green";

/// Cluster and service as in the stories, healthy on 41; 42 cannot be pulled.
fn town(of: impl for<'w> Fn(ServiceBuilder<'w>) -> ServiceBuilder<'w>) -> World {
    let mut world = World::new();
    let group = world.target_group(SERVICE);
    world.target_group(GREEN);
    let definition = |revision| {
        TaskDefinition::of(SERVICE)
            .revision(revision)
            .container("app", IMAGE)
            .port(8080)
    };
    world.register(definition(41));
    world.register(definition(42).fate(Fate::fails_to_start(GONE).while_pulling()));
    let service = world
        .service(CLUSTER, SERVICE)
        .task_definition("order-api:41");
    let service = service.desired(3).target_group(&group, "app", 8080);
    of(service).create();
    world.settle();
    world.advance(Duration::from_secs(90_000));
    world.drain_events();
    world
}

/// What EventBridge would say of the primary deployment.
fn failure(world: &World) -> Value {
    let service = world.find_service(CLUSTER, SERVICE).unwrap();
    let deployment = service.deployments.first().map(|it| it.id.clone());
    event(world, deployment.as_deref().unwrap_or("ecs-svc/1"))
}

fn event(world: &World, deployment: &str) -> Value {
    let service = world.find_service(CLUSTER, SERVICE).unwrap();
    json!({
        "version": "0", "id": "0b1c2d3e-0000-4000-8000-000000000000",
        "detail-type": "ECS Deployment State Change", "source": "aws.ecs",
        "account": "111122223333", "region": "us-east-1",
        "time": world.now().to_rfc3339(), "resources": [service.arn],
        "detail": {
            "eventType": "ERROR", "eventName": "SERVICE_DEPLOYMENT_FAILED",
            "deploymentId": deployment, "updatedAt": world.now().to_rfc3339(),
            "reason": "ECS deployment circuit breaker: tasks failed to start.",
        },
    })
}

/// The first lines of the e-mail, with what changed and what to do.
async fn told(bot: &Bot, event: &Value) -> String {
    bot.deliver(event).await.expect("an answer");
    let alerts = bot.alerts();
    let text = alerts.last().unwrap().for_protocol("email");
    let sections = text.split("\n\n");
    let told = [
        "[",
        "Impact:",
        "WHAT CHANGED",
        "NEXT STEPS",
        "NOT COLLECTED",
    ];
    let told = sections.filter(|section| told.iter().any(|title| section.starts_with(title)));
    told.collect::<Vec<_>>().join("\n\n")
}

#[tokio::test]
async fn a_service_that_is_deleted_says_so_and_opens_nothing() {
    let mut world = town(|service| service.breaker(Breaker::with_rollback()));
    let deployment = world.deploy(CLUSTER, SERVICE, "order-api:42");
    until(&mut world, "SERVICE_DEPLOYMENT_FAILED");
    world.delete_service(CLUSTER, SERVICE);
    let failure = event(&world, &deployment);
    let bot = Bot::new(world);
    insta::assert_snapshot!(told(&bot, &failure).await);
    let mut rollback = failure.clone();
    rollback["detail"]["eventName"] = "SERVICE_DEPLOYMENT_IN_PROGRESS".into();
    rollback["detail"]["reason"] =
        "ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/1.".into();
    bot.deliver(&rollback).await.expect("nothing to wait for");
    assert_eq!(bot.alerts().len(), 1);
}

#[tokio::test]
async fn a_service_that_is_being_deleted_says_how_many_tasks_are_left() {
    let mut world = town(|service| {
        let service = service.breaker(Breaker::with_rollback());
        service.with("status", "DRAINING").with("desiredCount", 0)
    });
    let deployment = world.deploy(CLUSTER, SERVICE, "order-api:42");
    until(&mut world, "SERVICE_DEPLOYMENT_FAILED");
    let failure = event(&world, &deployment);
    insta::assert_snapshot!(told(&Bot::new(world), &failure).await);
}

/// `order-api:41` is deployed again after its tag was moved to an image that lacks the program.
fn moved(breaker: Breaker) -> World {
    let mut world = town(|service| service.breaker(breaker));
    world.image_moved(IMAGE);
    world.set_fate(
        "order-api:41",
        Fate::fails_to_start(NO_PROGRAM).while_starting(),
    );
    world.redeploy(CLUSTER, SERVICE);
    world
}

#[tokio::test]
async fn a_tag_that_moved_is_no_revision_to_go_back_to() {
    let mut world = moved(Breaker::on());
    until(&mut world, "SERVICE_DEPLOYMENT_FAILED");
    let failure = failure(&world);
    insta::assert_snapshot!(told(&Bot::new(world), &failure).await);
}

#[tokio::test]
async fn a_tag_that_moved_outlives_the_rollback() {
    let mut world = moved(Breaker::with_rollback());
    let events = until(&mut world, "SERVICE_DEPLOYMENT_FAILED");
    let failed = |event: &&Value| {
        event["detail-type"] == "ECS Deployment State Change"
            && event["detail"]["eventName"] == "SERVICE_DEPLOYMENT_FAILED"
    };
    let failure = events.iter().find(failed).expect("a failure");
    insta::assert_snapshot!(told(&Bot::new(world), failure).await);
}

/// ECS gives no rollout state there.
#[tokio::test]
async fn both_target_groups_of_a_blue_green_service_are_read() {
    let (mut names, group) = (World::new(), |world: &mut World, name| {
        world.target_group(name)
    });
    let balancer = json!({
        "targetGroupArn": group(&mut names, SERVICE), "containerName": "app", "containerPort": 8080,
        "advancedConfiguration": {"alternateTargetGroupArn": group(&mut names, GREEN)},
    });
    let mut world = town(|service| {
        let service = service
            .strategy("BLUE_GREEN")
            .alarms(&["order-api-5xx"], true);
        service.with("loadBalancers", json!([balancer]))
    });
    world.deploy(CLUSTER, SERVICE, "order-api:42");
    world.advance(Duration::from_secs(300));
    let mut failure = failure(&world);
    failure["detail"]["reason"] = "ECS deployment failed: alarm detected.".into();
    let bot = Bot::new(world);
    insta::assert_snapshot!(told(&bot, &failure).await);
}

#[tokio::test]
async fn a_service_of_code_deploy_is_told_who_manages_it() {
    let world = town(|service| service.controller("CODE_DEPLOY"));
    let failure = failure(&world);
    insta::assert_snapshot!(told(&Bot::new(world), &failure).await);
}

#[tokio::test]
async fn a_daemon_is_told_like_any_other_service() {
    let mut world = town(|service| service.breaker(Breaker::on()).daemon_on(2));
    world.deploy(CLUSTER, SERVICE, "order-api:42");
    until(&mut world, "SERVICE_DEPLOYMENT_FAILED");
    let failure = failure(&world);
    insta::assert_snapshot!(told(&Bot::new(world), &failure).await);
}

#[tokio::test]
async fn a_service_scaled_to_nothing_is_not_down() {
    let mut world = town(|service| service.breaker(Breaker::on()));
    world.deploy(CLUSTER, SERVICE, "order-api:42");
    until(&mut world, "SERVICE_DEPLOYMENT_FAILED");
    world.scale(CLUSTER, SERVICE, 0);
    world.advance(Duration::from_secs(600));
    let failure = failure(&world);
    insta::assert_snapshot!(told(&Bot::new(world), &failure).await);
}

/// A service that keeps this many stopped tasks of a release that exits at once, so that no breaker
/// trips.
fn crash_loop(stopped: usize) -> World {
    let mut world = town(|service| service.alarms(&["order-api-5xx"], false));
    world.set_fate("order-api:42", Fate::exits("app", 1).logs("app", ["bye"]));
    world.scale(CLUSTER, SERVICE, 60);
    world.settle();
    world.deploy(CLUSTER, SERVICE, "order-api:42");
    let enough = |world: &World| {
        let stopped_now = world.tasks().iter().filter(|task| task.desired_stopped);
        stopped_now.count() >= stopped
    };
    assert!(world.advance_until(enough), "so many stopped tasks");
    world.set_alarm("order-api-5xx", true);
    until(&mut world, "SERVICE_DEPLOYMENT_FAILED");
    world
}

#[tokio::test]
async fn every_stopped_task_is_looked_at_up_to_five_pages() {
    let more = Some("the service has more than 500 of them");
    for (stopped, pages, gap) in [(20, 1, None), (150, 2, None), (520, 5, more)] {
        let world = crash_loop(stopped);
        let failure = failure(&world);
        let bot = Bot::new(world);
        let text = told(&bot, &failure).await;
        let calls = bot.aws.actions();
        let count = |action: &str| calls.iter().filter(|call| *call == action).count();
        assert_eq!(count("ecs:ListTasks"), pages, "{stopped}");
        assert_eq!(count("ecs:DescribeTasks"), pages, "{stopped}");
        let rest = text.contains("the rest of the stopped tasks");
        assert_eq!(rest, gap.is_some(), "{text}");
        assert!(gap.is_none_or(|gap| text.contains(gap)), "{text}");
    }
}

#[tokio::test]
async fn a_page_that_cannot_be_read_is_a_gap_and_the_others_count() {
    for action in ["ecs:ListTasks", "ecs:DescribeTasks"] {
        let world = crash_loop(150);
        let failure = failure(&world);
        let bot = Bot::new(world);
        bot.aws.inject(action, Fault::denied().after(1));
        let text = told(&bot, &failure).await;
        assert!(text.contains(&format!("allow {action}")), "{text}");
        assert!(text.contains("exited with an error"), "{text}");
    }
}
