//! A deployment that keeps failing while ECS says nothing.

use std::time::Duration;

use serde_json::Value;
use simulator::{Breaker, Fate, TaskDefinition, World};
use tests::bot::{Bot, is_stop, taken};

/// Revision 42 exits seconds after it started; the circuit breaker is off unless it is given.
fn releasing(breaker: Option<Breaker>) -> World {
    let mut world = World::new();
    world.register(
        TaskDefinition::of("order-api")
            .revision(41)
            .container("app", "order-api:1.4.0"),
    );
    let exits = Fate::exits("app", 1).after(Duration::from_secs(8));
    let bad = TaskDefinition::of("order-api")
        .revision(42)
        .container("app", "order-api:1.5.0");
    world.register(bad.fate(exits.logs("app", ["Error: config key PAYMENT_URL is not set"])));
    let service = world
        .service("prod-apps", "order-api")
        .task_definition("order-api:41");
    let service = service.desired(2);
    match breaker {
        Some(breaker) => service.breaker(breaker).create(),
        None => service.create(),
    };
    world.settle();
    world.deploy("prod-apps", "order-api", "order-api:42");
    world.drain_events();
    world
}

/// A bot that was told of every stop in the first minutes.
async fn stopping(breaker: Option<Breaker>, minutes: u64) -> Bot {
    let bot = Bot::new(releasing(breaker));
    let mut stops: Vec<Value> = bot.aws.with(|world: &mut World| {
        world.advance(Duration::from_secs(60 * minutes));
        world.drain_events()
    });
    stops.retain(is_stop);
    assert!(stops.len() >= 3, "{} stops", stops.len());
    for stop in &stops {
        assert!(
            bot.deliver_batch(std::slice::from_ref(stop))
                .await
                .is_empty()
        );
    }
    bot
}

fn sms(bot: &Bot) -> String {
    let alerts = bot.alerts();
    let lines = alerts
        .iter()
        .map(|alert| alert.for_protocol("sms").to_owned());
    lines.collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn without_a_breaker_the_third_stop_hands_the_deployment_over_once() {
    let bot = stopping(None, 12).await;
    assert_eq!(bot.handed_over().len(), 1);
    bot.deliver_handed_over().await.unwrap();
    insta::assert_snapshot!(sms(&bot), @r"
    WARN order-api in prod-apps: a task of order-api:42 stopped: application exited with an error
    CRIT order-api in prod-apps: deployment of order-api:42 keeps failing: application exited with an error. No rollback: nothing watches
    ");
    let alerts = bot.alerts();
    let text = alerts.last().unwrap().for_protocol("email");
    let (body, _) = text.split_once("\nLINKS\n").unwrap();
    insta::assert_snapshot!("the_alert_of_a_deployment_that_nothing_watches", body);
}

#[tokio::test]
async fn a_handover_that_comes_twice_is_told_once() {
    let bot = stopping(None, 12).await;
    bot.deliver_handed_over().await.unwrap();
    let before = bot.alerts().len();
    bot.deliver_handed_over().await.unwrap();
    assert_eq!(bot.alerts().len(), before);
}

#[tokio::test]
async fn a_breaker_that_does_not_count_exits_is_said() {
    let bot = stopping(Some(Breaker::with_rollback()), 12).await;
    bot.deliver_handed_over().await.unwrap();
    let alerts = bot.alerts();
    let text = alerts.last().unwrap().for_protocol("email");
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        text.contains("does not count tasks that reach RUNNING"),
        "{text}"
    );
    assert!(text.contains("--task-definition order-api:41"), "{text}");
}

#[tokio::test]
async fn the_release_of_a_fix_is_the_last_word() {
    let bot = stopping(None, 12).await;
    bot.deliver_handed_over().await.unwrap();
    let events = bot.aws.with(|world: &mut World| {
        world.register(
            TaskDefinition::of("order-api")
                .revision(43)
                .container("app", "order-api:1.5.1"),
        );
        world.deploy("prod-apps", "order-api", "order-api:43");
        world.settle();
        world.drain_events()
    });
    for event in events.iter().filter(|event| taken(event)) {
        bot.deliver(event).await.unwrap();
    }
    let last = sms(&bot);
    let last = last.lines().last().unwrap();
    insta::assert_snapshot!(last, @"OK order-api in prod-apps: recovered in 1 min on order-api:43");
}

#[tokio::test]
async fn a_warning_that_comes_after_the_next_release_hands_nothing_over() {
    let bot = Bot::new(releasing(None));
    let warning = bot.aws.with(|world: &mut World| {
        let name = "SERVICE_TASK_START_IMPAIRED";
        world.tell_service_action("prod-apps", "order-api", "WARN", name, None);
        let warning = world.drain_events().pop().expect("the warning");
        world.advance(Duration::from_secs(60));
        world.deploy("prod-apps", "order-api", "order-api:41");
        warning
    });
    bot.deliver(&warning).await.unwrap();
    insta::assert_snapshot!(sms(&bot), @"WARN order-api in prod-apps: tasks cannot start. No rollback: nothing watches");
}

#[tokio::test]
async fn a_handover_that_comes_after_the_next_release_is_not_told() {
    let bot = stopping(None, 12).await;
    let before = bot.alerts().len();
    bot.aws.with(|world: &mut World| {
        world.deploy("prod-apps", "order-api", "order-api:41");
        world.advance(Duration::from_secs(1));
    });
    bot.deliver_handed_over().await.unwrap();
    assert_eq!(bot.alerts().len(), before, "{}", sms(&bot));
}
