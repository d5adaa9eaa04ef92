//! A release may lose a few tasks and still complete: opsbot tells of it early, and rolls it back no
//! sooner than the circuit breaker would.

use std::time::Duration;

use serde_json::Value;
use simulator::{Fate, TaskDefinition, World};
use tests::bot::{Bot, ENABLED, IMPATIENT, is_stop};

/// A service of 40 tasks without a circuit breaker, and the first 24 stops of order-api:42.
fn large(rung: &str) -> (Bot, Vec<Value>) {
    let mut world = World::new();
    for revision in [41, 42] {
        let definition = TaskDefinition::of("order-api").revision(revision);
        world.register(definition.container("app", "order-api:1.5.0"));
    }
    world.set_fate("order-api:42", Fate::exits("app", 1));
    let service = world.service("prod-apps", "order-api").desired(40);
    let service = service.task_definition("order-api:41");
    service.tag("opsbot:rollback", rung).create();
    world.settle();
    world.drain_events();
    world.deploy("prod-apps", "order-api", "order-api:42");
    let mut stops = Vec::new();
    while stops.len() < 24 {
        world.advance(Duration::from_secs(10));
        stops.extend(world.drain_events().into_iter().filter(is_stop));
    }
    stops.truncate(24);
    (Bot::with(world, &[ENABLED], IMPATIENT), stops)
}

/// The stops, and what task-stopped hands over because of them.
async fn stop(bot: &Bot, stops: &[Value]) {
    let before = bot.handed_over().len();
    bot.deliver_batch(stops).await;
    let after = bot.handed_over();
    for event in &after[before..] {
        bot.deliver(event).await.expect("an answer");
    }
}

fn told(bot: &Bot) -> Vec<String> {
    let alerts = bot.alerts();
    let ours = alerts
        .iter()
        .filter(|it| it.attributes["kind"].1 != "task_stopped");
    let say = |it: &simulator::Published| {
        format!(
            "{} {}",
            it.attributes["kind"].1, it.attributes["rollback"].1
        )
    };
    ours.map(say).collect()
}

const FIRST: &str = "deployment_failing hold_too_few";

#[tokio::test]
async fn a_large_release_is_rolled_back_when_half_of_what_is_desired_has_failed() {
    let (bot, stops) = large("auto");
    stop(&bot, &stops[..3]).await;
    assert_eq!((told(&bot), bot.asked().len()), (vec![FIRST.to_owned()], 0));
    for some in stops[3..19].chunks(4) {
        stop(&bot, some).await;
    }
    assert_eq!((told(&bot).len(), bot.asked().len()), (1, 0));
    for some in stops[19..].chunks(1) {
        stop(&bot, some).await;
    }
    assert_eq!(bot.asked().len(), 1, "once, at the twentieth");
    bot.ask(&bot.asked()[0]).await.expect("an answer");
    assert_eq!(told(&bot), [FIRST, "rollback_started roll_back"]);
    let writes = bot.aws.writes();
    assert_eq!(writes.len(), 1);
    assert_eq!(writes[0].action, "ecs:StopServiceDeployment");
}

#[tokio::test]
async fn everything_at_once_is_judged_once() {
    let (bot, stops) = large("auto");
    stop(&bot, &stops).await;
    assert_eq!(bot.asked().len(), 1);
    assert_eq!(told(&bot), ["deployment_failing roll_back"]);
    for event in bot.handed_over() {
        bot.deliver(&event).await.expect("an answer");
    }
    for request in bot.asked() {
        bot.ask(&request).await.expect("an answer");
    }
    assert_eq!(bot.aws.writes().len(), 1);
    assert_eq!(told(&bot).len(), 2);
}

/// Whoever tries it in dry run reads when it would have been done; who did not opt in reads nothing
/// more.
#[tokio::test]
async fn who_lets_opsbot_only_say_it_is_told_when_it_would_be_done() {
    for (rung, first, then) in [
        ("dry-run", "hold_too_few", &["rollback_held dry_run"][..]),
        ("ask", "hold_too_few", &["rollback_held ask"][..]),
        ("off", "hold_not_opted_in", &[]),
    ] {
        let (bot, stops) = large(rung);
        stop(&bot, &stops[..3]).await;
        stop(&bot, &stops[3..]).await;
        for request in bot.asked() {
            bot.ask(&request).await.expect("an answer");
        }
        let first = format!("deployment_failing {first}");
        assert_eq!(told(&bot), [&[first.as_str()], then].concat(), "{rung}");
        assert_eq!(bot.aws.writes().len(), 0);
    }
}
