//! Stopped tasks: one alert for a storm of them, and the end of it.

mod endings;
mod failing;
mod faults;
mod jobs;
mod killed;
mod kinds;
mod muted;
mod numbers;
mod storm;

use std::time::Duration;

use chrono::TimeDelta;
use domain::facts::parse_time;
use serde_json::{Value, json};
use simulator::{Fate, TaskDefinition, World};
use task_stopped::Memory;
use tests::bot::{Bot, TABLE, is_stop};

pub(crate) const LOG: [&str; 2] = [
    "INFO listening on 0.0.0.0:8080",
    "Error: connect ECONNREFUSED 10.0.3.17:5432",
];
/// What a delivery answers of which nothing comes again.
pub(crate) const NOTHING: [usize; 0] = [];

/// A service that was healthy on order-api:41 for an hour.
pub(crate) fn town() -> World {
    town_with(&[("opsbot:owner", "team-orders")])
}

/// The same with these tags.
pub(crate) fn town_with(tags: &[(&str, &str)]) -> World {
    let mut world = World::new();
    world.register(
        TaskDefinition::of("order-api")
            .revision(41)
            .container("app", "order-api:1.4.0")
            .fate(Fate::runs_healthy().logs("app", LOG)),
    );
    let service = world.service("prod-apps", "order-api");
    let service = service.task_definition("order-api:41").desired(2);
    let tagged = tags
        .iter()
        .fold(service, |service, (key, value)| service.tag(key, value));
    tagged.create();
    world.settle();
    world.advance(Duration::from_secs(3_600));
    world.drain_events();
    world
}

/// Its tasks exit with 1 from now on, 30 s after they start.
pub(crate) fn crash(world: &mut World) {
    world.set_fate(
        "order-api:41",
        Fate::exits("app", 1)
            .after(Duration::from_secs(30))
            .logs("app", LOG),
    );
    strike(world);
}

/// The running tasks exit with 1 now.
pub(crate) fn strike(world: &mut World) {
    let running: Vec<String> = world.tasks().iter().map(|task| task.arn.clone()).collect();
    for task in running {
        world.strike(&task, "app", 1, None);
    }
}

/// The stops of so much time.
pub(crate) fn stops(world: &mut World, time: Duration) -> Vec<Value> {
    world.advance(time);
    let mut events = world.drain_events();
    events.retain(is_stop);
    events
}

/// A bot, and the first stop of a service whose next tasks are well.
pub(crate) fn one_stop(world: World, settings: &[(&str, &str)]) -> (Bot, Value) {
    let bot = Bot::with(world, settings, aws::client::Limits::default());
    let mut events = bot.aws.with(|world: &mut World| {
        let running = world.tasks().iter().find(|task| task.is_running());
        let task = running.unwrap().arn.clone();
        world.strike(&task, "app", 1, None);
        stops(world, Duration::from_secs(60))
    });
    (bot, events.remove(0))
}

/// More stops like this one: the same story, other tasks, a second apart.
pub(crate) fn copies(event: &Value, numbers: std::ops::Range<u64>) -> Vec<Value> {
    numbers.map(|number| copy(event, number)).collect()
}

fn copy(event: &Value, number: u64) -> Value {
    let mut event = event.clone();
    let arn = event["detail"]["taskArn"].as_str().unwrap();
    let cluster = arn.rsplit_once('/').unwrap().0;
    let arn = format!("{cluster}/{number:032x}");
    event["resources"] = json!([arn]);
    event["detail"]["taskArn"] = arn.into();
    for time in ["stoppingAt", "stoppedAt", "executionStoppedAt"] {
        let at = event["detail"][time].as_str().and_then(parse_time);
        if let Some(at) = at {
            let later = at + TimeDelta::seconds(number.try_into().unwrap());
            event["detail"][time] = later.to_rfc3339().into();
        }
    }
    event
}

/// The alerts as an engineer's phone shows them.
pub(crate) fn sms(bot: &Bot) -> String {
    let alerts = bot.alerts();
    let lines = alerts
        .iter()
        .map(|alert| alert.for_protocol("sms").to_owned());
    lines.collect::<Vec<_>>().join("\n")
}

/// What the last alert says to people before the links.
pub(crate) fn letter(bot: &Bot) -> String {
    let alerts = bot.alerts();
    let text = alerts.last().unwrap().for_protocol("email");
    let end = text.find("\nLINKS").unwrap_or(text.len());
    text[..end].to_owned()
}

/// The counts in the table by the end of their key, without the marks.
pub(crate) fn counts(bot: &Bot) -> Vec<String> {
    let mut all: Vec<String> = bot
        .aws
        .table(TABLE)
        .iter()
        .filter_map(|item| {
            let tasks = item.get("tasks")?["N"].as_str()?;
            let key = item["pk"]["S"].as_str()?;
            let (kind, rest) = key.split_once('#')?;
            let name = rest.rsplit('/').take(3).collect::<Vec<_>>();
            let name = match kind {
                "stops" => name.into_iter().rev().collect::<Vec<_>>().join("/"),
                _ => String::new(),
            };
            Some(format!("{kind} {name} {tasks}").replace("  ", " "))
        })
        .collect();
    all.sort();
    all
}

/// Lets the quiet time pass, and has the newest watch looked at.
pub(crate) async fn look(bot: &Bot, after: Duration) {
    bot.aws.advance(after);
    let watch = bot.watches().pop().expect("a watch");
    assert_eq!(bot.deliver_batch(&[watch]).await, NOTHING);
}

/// The quiet time, and a little.
pub(crate) const QUIET: Duration = Duration::from_secs(16 * 60);
