//! The state machine against the documented behaviour, without a network.

use serde_json::Value;
use simulator::{
    Breaker, Fate, Rollout, ServiceDeploymentStatus as Status, TaskDefinition, Threshold, World,
};
use std::time::Duration;

const IMAGE: &str = "111122223333.dkr.ecr.us-east-1.amazonaws.com/order-api:v1";

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// `order-api` in `prod-apps`, healthy on revision 41, with revision 42 waiting to fail so.
fn world_with(fate: Fate, breaker: Option<Breaker>, desired: u32) -> World {
    let mut world = World::new();
    let group = world.target_group("order-api");
    let definition = |revision| {
        TaskDefinition::of("order-api")
            .revision(revision)
            .container("app", IMAGE)
            .port(8080)
    };
    world.register(definition(41));
    let sidecar = "public.ecr.aws/envoy:v1";
    world.register(
        definition(42)
            .container("envoy", sidecar)
            .not_essential()
            .fate(fate),
    );
    let service = world
        .service("prod-apps", "order-api")
        .task_definition("order-api:41");
    let service = service.desired(desired).target_group(&group, "app", 8080);
    match breaker {
        Some(breaker) => service.breaker(breaker).create(),
        None => service.create(),
    };
    assert!(world.settle());
    world.drain_events();
    world
}

fn secret_denied() -> Fate {
    Fate::fails_to_start("ResourceInitializationError: unable to pull secrets or registry auth")
}

/// Deployment and service events as `eventName: reason`.
fn story(world: &mut World) -> String {
    let events = world.drain_events();
    let told = events
        .iter()
        .filter(|event| event["detail-type"] != "ECS Task State Change");
    let line = |event: &Value| {
        let detail = &event["detail"];
        let text = |member: &str| detail[member].as_str().unwrap_or("-").to_owned();
        format!(
            "{} {}: {}",
            text("eventType"),
            text("eventName"),
            text("reason")
        )
    };
    mask(&told.map(line).collect::<Vec<_>>().join("\n"))
}

/// Deployment ids in the order of their first appearance.
fn mask(text: &str) -> String {
    let mut masked = text.to_owned();
    for n in 1.. {
        let Some(at) = masked.find("ecs-svc/") else {
            return masked;
        };
        let digits: String = masked[at + 8..]
            .chars()
            .take_while(char::is_ascii_digit)
            .collect();
        masked = masked.replace(&format!("ecs-svc/{digits}"), &format!("<deployment {n}>"));
    }
    masked
}

/// PRIMARY first: revision, rollout, running tasks.
fn deployments(world: &World) -> String {
    let service = world
        .find_service("prod-apps", "order-api")
        .expect("the service");
    let line = |d: &simulator::Deployment| {
        let running = world
            .tasks()
            .iter()
            .filter(|t| t.started_by.as_ref() == Some(&d.id));
        let running = running.filter(|t| t.is_running()).count();
        let revision = d.task_definition.rsplit(':').next().expect("a revision");
        format!(
            "{revision} {} {running} {}",
            d.rollout.as_str(),
            d.rollout_reason
        )
    };
    mask(
        &service
            .deployments
            .iter()
            .map(line)
            .collect::<Vec<_>>()
            .join("\n"),
    )
}

fn history(world: &World) -> Vec<&'static str> {
    let service = world
        .find_service("prod-apps", "order-api")
        .expect("the service");
    service
        .service_deployments
        .iter()
        .map(|entry| entry.status.as_str())
        .collect()
}

#[test]
fn a_healthy_rollout_completes_and_drains_the_old_tasks() {
    let mut world = world_with(Fate::runs_healthy(), Some(Breaker::on()), 2);
    world.deploy("prod-apps", "order-api", "order-api:42");
    assert!(world.settle());
    insta::assert_snapshot!(story(&mut world), @r"
    INFO SERVICE_DEPLOYMENT_IN_PROGRESS: ECS deployment <deployment 1> in progress.
    INFO SERVICE_DEPLOYMENT_COMPLETED: ECS deployment <deployment 1> completed.
    INFO SERVICE_STEADY_STATE: -
    ");
    insta::assert_snapshot!(deployments(&world), @"42 COMPLETED 2 ECS deployment <deployment 1> completed.");
    assert_eq!(history(&world), ["SUCCESSFUL", "SUCCESSFUL"]);
}

#[test]
fn with_rollback_the_old_deployment_is_primary_again_under_its_own_id() {
    let mut world = world_with(secret_denied(), Some(Breaker::with_rollback()), 2);
    let old = world
        .find_service("prod-apps", "order-api")
        .unwrap()
        .deployments[0]
        .id
        .clone();
    let new = world.deploy("prod-apps", "order-api", "order-api:42");
    let failed = |w: &World| {
        w.find_service("prod-apps", "order-api")
            .unwrap()
            .deployments[0]
            .id
            == old
    };
    assert!(world.advance_until(failed));
    insta::assert_snapshot!(deployments(&world), @r"
    41 IN_PROGRESS 2 ECS deployment circuit breaker: rolling back to deploymentId <deployment 1>.
    42 FAILED 0 ECS deployment circuit breaker: tasks failed to start.
    ");
    let service = world.find_service("prod-apps", "order-api").unwrap();
    assert_eq!(service.deployments[1].id, new);
    assert_eq!(history(&world), ["SUCCESSFUL", "ROLLBACK_IN_PROGRESS"]);
    assert!(world.settle());
    insta::assert_snapshot!(story(&mut world), @r"
    INFO SERVICE_DEPLOYMENT_IN_PROGRESS: ECS deployment <deployment 1> in progress.
    ERROR SERVICE_DEPLOYMENT_FAILED: ECS deployment circuit breaker: tasks failed to start.
    INFO SERVICE_DEPLOYMENT_IN_PROGRESS: ECS deployment circuit breaker: rolling back to deploymentId <deployment 2>.
    INFO SERVICE_DEPLOYMENT_COMPLETED: ECS deployment <deployment 2> completed.
    INFO SERVICE_STEADY_STATE: -
    ");
    let service = world.find_service("prod-apps", "order-api").unwrap();
    let last = service.service_deployments.last().unwrap();
    assert_eq!(last.status, Status::RollbackSuccessful);
    assert_eq!(service.deployments.len(), 1);
}

#[test]
fn without_rollback_the_failed_deployment_stays_primary_and_the_old_keeps_its_tasks() {
    let mut world = world_with(secret_denied(), Some(Breaker::on()), 2);
    world.deploy("prod-apps", "order-api", "order-api:42");
    world.advance(seconds(1800));
    insta::assert_snapshot!(story(&mut world), @r"
    INFO SERVICE_DEPLOYMENT_IN_PROGRESS: ECS deployment <deployment 1> in progress.
    ERROR SERVICE_DEPLOYMENT_FAILED: ECS deployment circuit breaker: tasks failed to start.
    ");
    insta::assert_snapshot!(deployments(&world), @r"
    42 FAILED 0 ECS deployment circuit breaker: tasks failed to start.
    41 COMPLETED 2 ECS deployment <deployment 1> completed.
    ");
    assert_eq!(history(&world), ["SUCCESSFUL", "STOPPED"]);
    let started = world.tasks().len();
    world.advance(seconds(600));
    assert_eq!(world.tasks().len(), started, "nothing is launched");
    world.deploy("prod-apps", "order-api", "order-api:41");
    assert!(world.settle());
    insta::assert_snapshot!(deployments(&world), @"41 COMPLETED 2 ECS deployment <deployment 1> completed.");
}

#[test]
fn the_first_deployment_has_nothing_to_roll_back_to() {
    let mut world = World::new();
    world.register(
        TaskDefinition::of("order-api")
            .container("app", IMAGE)
            .fate(secret_denied()),
    );
    world
        .service("prod-apps", "order-api")
        .breaker(Breaker::with_rollback())
        .create();
    world.advance(seconds(1800));
    insta::assert_snapshot!(story(&mut world), @r"
    INFO SERVICE_DEPLOYMENT_IN_PROGRESS: ECS deployment <deployment 1> in progress.
    ERROR SERVICE_DEPLOYMENT_FAILED: ECS deployment circuit breaker: tasks failed to start.
    ");
    assert_eq!(history(&world), ["ROLLBACK_FAILED"]);
}

#[test]
fn a_rollback_that_fails_too_stalls_the_service() {
    let mut world = world_with(secret_denied(), Some(Breaker::with_rollback()), 2);
    world.deploy("prod-apps", "order-api", "order-api:42");
    world.set_fate("order-api:41", secret_denied());
    let arns: Vec<_> = world.tasks().iter().map(|task| task.arn.clone()).collect();
    for arn in arns {
        world.stop_task(
            &arn,
            "TerminationNotice",
            "Host EC2 (instance i-0abc) terminated.",
        );
    }
    world.advance(seconds(1800));
    insta::assert_snapshot!(story(&mut world), @r"
    INFO SERVICE_DEPLOYMENT_IN_PROGRESS: ECS deployment <deployment 1> in progress.
    ERROR SERVICE_DEPLOYMENT_FAILED: ECS deployment circuit breaker: tasks failed to start.
    INFO SERVICE_DEPLOYMENT_IN_PROGRESS: ECS deployment circuit breaker: rolling back to deploymentId <deployment 2>.
    WARN SERVICE_TASK_START_IMPAIRED: -
    ERROR SERVICE_DEPLOYMENT_FAILED: ECS deployment circuit breaker: tasks failed to start.
    ");
    assert_eq!(history(&world), ["SUCCESSFUL", "ROLLBACK_FAILED"]);
}

#[test]
fn tasks_that_run_and_exit_never_trip_the_breaker() {
    let fate = Fate::exits("app", 1).after(seconds(10));
    let mut world = world_with(fate, Some(Breaker::with_rollback()), 1);
    world.deploy("prod-apps", "order-api", "order-api:42");
    world.advance(seconds(3600));
    let service = world.find_service("prod-apps", "order-api").unwrap();
    assert_eq!(service.deployments[0].rollout, Rollout::InProgress);
    assert_eq!(service.deployments[0].failed_tasks, 0);
    let dead = world
        .tasks()
        .iter()
        .filter(|t| t.stop_code.as_deref() == Some("EssentialContainerExited"));
    assert!(dead.count() > 20);
}

#[test]
fn load_balancer_failures_trip_the_breaker_in_stage_two() {
    let fate = Fate::fails_target_health(
        "Target.ResponseCodeMismatch",
        "Health checks failed with these codes: [502]",
    );
    let mut world = world_with(fate, Some(Breaker::on()), 1);
    world.deploy("prod-apps", "order-api", "order-api:42");
    world.advance(seconds(1800));
    let service = world.find_service("prod-apps", "order-api").unwrap();
    assert_eq!(service.deployments[0].rollout, Rollout::Failed);
    assert_eq!(service.deployments[0].failures, 3);
}

#[test]
fn without_a_breaker_nothing_fails_but_the_start_is_called_impaired_once() {
    let mut world = world_with(secret_denied(), None, 1);
    world.deploy("prod-apps", "order-api", "order-api:42");
    world.advance(seconds(3600));
    insta::assert_snapshot!(story(&mut world), @r"
    INFO SERVICE_DEPLOYMENT_IN_PROGRESS: ECS deployment <deployment 1> in progress.
    WARN SERVICE_TASK_START_IMPAIRED: -
    ");
}

#[test]
fn a_healthy_task_resets_the_count_unless_told_otherwise() {
    #[track_caller]
    fn check(breaker: Breaker, expected: Rollout) {
        let mut world = world_with(
            secret_denied(),
            Some(breaker.threshold(Threshold::Count(5))),
            1,
        );
        world.deploy("prod-apps", "order-api", "order-api:42");
        let failures = |w: &World| {
            w.find_service("prod-apps", "order-api")
                .unwrap()
                .deployments[0]
                .failures
        };
        assert!(world.advance_until(|w| failures(w) == 2));
        world.set_fate("order-api:42", Fate::exits("app", 1).after(seconds(40)));
        assert!(world.advance_until(|w| {
            w.tasks()
                .iter()
                .any(|t| t.is_running() && t.containers.len() == 2)
        }));
        world.advance(seconds(60));
        world.set_fate("order-api:42", secret_denied());
        assert!(world.advance_until(|w| failures(w) == 1 || failures(w) == 5));
        world.advance(seconds(1));
        let service = world.find_service("prod-apps", "order-api").unwrap();
        assert_eq!(service.deployments[0].rollout, expected);
    }
    check(Breaker::on(), Rollout::InProgress);
    check(Breaker::on().without_reset(), Rollout::Failed);
}

#[test]
fn the_threshold_follows_the_desired_count() {
    #[track_caller]
    fn check(threshold: Threshold, desired: u32, expected: u32) {
        assert_eq!(
            threshold.failures(desired),
            expected,
            "{threshold:?} of {desired}"
        );
    }
    let default = Threshold::BoundedPercent(50.0);
    check(default, 1, 3);
    check(default, 25, 13);
    check(default, 400, 200);
    check(default, 800, 200);
    check(Threshold::BoundedPercent(10.0), 10, 3);
    check(Threshold::UnboundedPercent(50.0), 800, 400);
    check(Threshold::UnboundedPercent(50.0), 1, 1);
    check(Threshold::Count(7), 800, 7);
}

#[test]
fn a_newer_deployment_supersedes_the_one_in_flight() {
    let mut world = world_with(secret_denied(), Some(Breaker::on()), 2);
    world.deploy("prod-apps", "order-api", "order-api:42");
    world.advance(seconds(30));
    world.register(
        TaskDefinition::of("order-api")
            .revision(43)
            .container("app", IMAGE),
    );
    world.deploy("prod-apps", "order-api", "order-api:43");
    assert!(world.settle());
    assert_eq!(history(&world), ["SUCCESSFUL", "STOPPED", "SUCCESSFUL"]);
}

#[test]
fn an_alarm_fails_the_deployment_in_flight_and_only_that() {
    let mut world = World::new();
    world.register(TaskDefinition::of("order-api").container("app", IMAGE));
    world
        .service("prod-apps", "order-api")
        .alarms(&["errors"], true)
        .create();
    world.settle();
    world.set_alarm("errors", true);
    world.set_alarm("errors", false);
    world.register(TaskDefinition::of("order-api").container("app", IMAGE));
    world.deploy("prod-apps", "order-api", "order-api:2");
    world.advance(seconds(10));
    world.drain_events();
    world.set_alarm("errors", true);
    world.settle();
    insta::assert_snapshot!(story(&mut world), @r"
    ERROR SERVICE_DEPLOYMENT_FAILED: ECS deployment alarms: alarm detected.
    INFO SERVICE_DEPLOYMENT_IN_PROGRESS: ECS deployment alarms: rolling back to deploymentId <deployment 1>.
    INFO SERVICE_DEPLOYMENT_COMPLETED: ECS deployment <deployment 1> completed.
    INFO SERVICE_STEADY_STATE: -
    ");
    assert_eq!(history(&world), ["SUCCESSFUL", "ROLLBACK_SUCCESSFUL"]);
}

#[test]
fn the_same_service_event_is_not_said_twice_within_six_hours() {
    let fate = Fate::cannot_be_placed("RESOURCE:FARGATE", "Capacity is unavailable at this time.");
    let mut world = world_with(fate, None, 1);
    world.deploy("prod-apps", "order-api", "order-api:42");
    world.advance(seconds(5 * 3600));
    insta::assert_snapshot!(story(&mut world), @r"
    INFO SERVICE_DEPLOYMENT_IN_PROGRESS: ECS deployment <deployment 1> in progress.
    ERROR SERVICE_TASK_PLACEMENT_FAILURE: RESOURCE:FARGATE
    ");
    world.advance(seconds(2 * 3600));
    insta::assert_snapshot!(story(&mut world), @"ERROR SERVICE_TASK_PLACEMENT_FAILURE: RESOURCE:FARGATE");
}

#[test]
fn history_older_than_90_days_is_forgotten() {
    let mut world = world_with(Fate::runs_healthy(), None, 1);
    world.advance(seconds(91 * 86_400));
    assert_eq!(history(&world), Vec::<&str>::new());
}

#[test]
fn the_same_seed_tells_the_same_story() {
    let run = || {
        let mut world = world_with(secret_denied(), Some(Breaker::with_rollback()), 2);
        world.deploy("prod-apps", "order-api", "order-api:42");
        world.settle();
        world.drain_events()
    };
    assert_eq!(run(), run());
}

#[test]
fn advancing_in_small_steps_changes_nothing() {
    let run = |steps: u64| {
        let mut world = world_with(secret_denied(), Some(Breaker::with_rollback()), 2);
        world.deploy("prod-apps", "order-api", "order-api:42");
        (0..steps).for_each(|_| world.advance(seconds(1200 / steps)));
        world.drain_events()
    };
    assert_eq!(run(1), run(400));
}
