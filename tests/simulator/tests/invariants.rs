//! What must hold whatever happens to a service.

use proptest::prelude::*;
use simulator::{Breaker, Fate, Rollout, ServiceDeploymentStatus as Status, TaskDefinition, World};
use std::collections::HashMap;
use std::time::Duration;

#[derive(Debug, Clone)]
enum Step {
    Deploy(usize),
    Advance(u64),
    StopTask(usize),
    Strike(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..7_usize).prop_map(Step::Deploy),
        (1..900_u64).prop_map(Step::Advance),
        (0..8_usize).prop_map(Step::StopTask),
        (0..8_usize).prop_map(Step::Strike),
    ]
}

fn fate(number: usize) -> Fate {
    match number {
        0 | 1 => Fate::runs_healthy(),
        2 => Fate::fails_to_start("CannotPullContainerError: x").while_pulling(),
        3 => Fate::exits("app", 1).after(Duration::from_secs(45)),
        4 => Fate::fails_target_health("Target.Timeout", "Request timed out"),
        5 => Fate::out_of_memory("app"),
        _ => Fate::cannot_be_placed("RESOURCE:FARGATE", "Capacity is unavailable at this time."),
    }
}

/// A service of two tasks with seven revisions, one of each fate.
fn world(breaker: Option<Breaker>) -> World {
    let mut world = World::new();
    let group = world.target_group("web");
    for number in 0..7 {
        world.register(
            TaskDefinition::of("web")
                .container("app", "web:1")
                .fate(fate(number)),
        );
    }
    let service = world
        .service("prod", "web")
        .task_definition("web:1")
        .desired(2);
    let service = service.target_group(&group, "app", 80);
    match breaker {
        Some(breaker) => service.breaker(breaker).create(),
        None => service.create(),
    };
    world.settle();
    world
}

fn take(world: &mut World, step: &Step) {
    let pick = |world: &World, n: usize| world.tasks().get(n).map(|task| task.arn.clone());
    match *step {
        Step::Deploy(number) => drop(world.deploy("prod", "web", &format!("web:{}", number + 1))),
        Step::Advance(seconds) => world.advance(Duration::from_secs(seconds)),
        Step::StopTask(n) => {
            if let Some(arn) = pick(world, n) {
                world.stop_task(&arn, "UserInitiated", "Task stopped by user");
            }
        }
        Step::Strike(n) => {
            if let Some(arn) = pick(world, n) {
                world.strike(&arn, "app", 139, None);
            }
        }
    }
}

/// Tasks ever started, by the deployments that are FAILED now.
fn started_by_failed(world: &World, started: &HashMap<String, usize>) -> Vec<(String, usize)> {
    let service = world.find_service("prod", "web").expect("the service");
    let failed = service
        .deployments
        .iter()
        .filter(|d| d.rollout == Rollout::Failed);
    failed
        .map(|d| (d.id.clone(), started.get(&d.id).copied().unwrap_or(0)))
        .collect()
}

fn check(world: &World, breaker: bool) {
    let service = world.find_service("prod", "web").expect("the service");
    let live = world
        .tasks()
        .iter()
        .filter(|task| !task.desired_stopped)
        .count();
    assert!(live <= 4, "maximumPercent is 200 of 2, and {live} live");
    let open = service
        .service_deployments
        .iter()
        .filter(|entry| match entry.status {
            Status::Pending
            | Status::InProgress
            | Status::RollbackRequested
            | Status::RollbackInProgress => true,
            Status::Successful
            | Status::Stopped
            | Status::StopRequested
            | Status::RollbackSuccessful
            | Status::RollbackFailed => false,
        });
    assert!(open.count() <= 1, "one service deployment at a time");
    assert!(service.events.len() <= 100);
    let failed = service
        .deployments
        .iter()
        .any(|d| d.rollout == Rollout::Failed);
    assert!(
        breaker || !failed,
        "nothing but the breaker fails a deployment"
    );
}

/// Versions of a task rise, and nothing comes after STOPPED.
fn check_events(
    world: &mut World,
    seen: &mut HashMap<String, u64>,
    started: &mut HashMap<String, usize>,
) {
    for event in world.drain_events() {
        let detail = &event["detail"];
        let Some(arn) = detail["taskArn"].as_str() else {
            continue;
        };
        let version = detail["version"].as_u64().expect("a version");
        let last = seen.insert(arn.to_owned(), version).unwrap_or(0);
        assert!(last < version, "{arn}: {version} after {last}");
        if version == 1 {
            let by = detail["startedBy"].as_str().unwrap_or_default().to_owned();
            *started.entry(by).or_default() += 1;
        }
        if detail["lastStatus"] == "STOPPED" {
            assert!(detail["stoppedReason"].is_string() && detail["stopCode"].is_string());
            seen.insert(arn.to_owned(), u64::MAX);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_the_rules_of_a_service_hold(
        steps in prop::collection::vec(step(), 1..16),
        kind in 0..3_u8,
    ) {
        let breaker = [None, Some(Breaker::on()), Some(Breaker::with_rollback())][kind as usize];
        let mut world = world(breaker);
        let (mut seen, mut started) = (HashMap::new(), HashMap::new());
        for step in &steps {
            check_events(&mut world, &mut seen, &mut started);
            let failed_before = started_by_failed(&world, &started);
            take(&mut world, step);
            check(&world, breaker.is_some());
            check_events(&mut world, &mut seen, &mut started);
            let still_failed = started_by_failed(&world, &started);
            for before in failed_before {
                let after = still_failed.iter().find(|(id, _)| *id == before.0);
                prop_assert!(after.is_none_or(|after| *after == before), "a FAILED deployment launched");
            }
        }
    }
}
