//! Stopped tasks: one alert for a storm of them, and the end of it.

use std::time::Duration;

use serde_json::Value;
use simulator::{Fate, TaskDefinition, World};
use tests::bot::{Bot, is_stop};

const LOG: [&str; 2] = [
    "INFO listening on 0.0.0.0:8080",
    "Error: connect ECONNREFUSED 10.0.3.17:5432",
];

/// A service that was healthy on order-api:41 for an hour.
fn town() -> World {
    let mut world = World::new();
    world.register(
        TaskDefinition::of("order-api")
            .revision(41)
            .container("app", "order-api:1.4.0"),
    );
    world
        .service("prod-apps", "order-api")
        .task_definition("order-api:41")
        .desired(2)
        .tag("opsbot:owner", "team-orders")
        .create();
    world.settle();
    world.advance(Duration::from_secs(3_600));
    world.drain_events();
    world
}

/// Its tasks exit with 1 from now on, 30 s after they start.
fn crash(world: &mut World) {
    world.set_fate(
        "order-api:41",
        Fate::exits("app", 1)
            .after(Duration::from_secs(30))
            .logs("app", LOG),
    );
    let running: Vec<String> = world.tasks().iter().map(|task| task.arn.clone()).collect();
    for task in running {
        world.strike(&task, "app", 1, None);
    }
}

fn stops(world: &mut World, time: Duration) -> Vec<Value> {
    world.advance(time);
    let mut events = world.drain_events();
    events.retain(is_stop);
    events
}

fn sms(bot: &Bot) -> String {
    let alerts = bot.alerts();
    let lines = alerts
        .iter()
        .map(|alert| alert.for_protocol("sms").to_owned());
    lines.collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn a_crash_loop_is_told_at_the_first_and_the_tenth_stop() {
    let bot = Bot::new(town());
    let events = bot.aws.with(|world: &mut World| {
        crash(world);
        stops(world, Duration::from_secs(1_800))
    });
    assert!(events.len() >= 12, "{} stops", events.len());
    for event in events.iter().take(12) {
        assert_eq!(
            bot.deliver_batch(std::slice::from_ref(event)).await,
            [0_usize; 0]
        );
    }
    insta::assert_snapshot!(sms(&bot), @r"
    WARN order-api in prod-apps: a task of order-api:41 stopped: application exited with an error
    WARN order-api in prod-apps: 10 tasks of order-api:41 stopped: application exited with an error
    ");
    insta::assert_snapshot!(bot.alerts()[1].for_protocol("email"));
}
