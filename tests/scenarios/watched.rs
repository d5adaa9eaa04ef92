//! A rollback that ECS makes by itself is looked at until it is over, with rollbacks of opsbot
//! enabled or not: one that stands still sends no event.

use chrono::TimeDelta;
use domain::verdict::RollbackBegun;
use serde_json::Value;
use simulator::{Fault, World};
use stories::{CLUSTER, SERVICE, Story, until};
use tests::bot::Bot;

const QUARTER: TimeDelta = TimeDelta::minutes(15);

/// A release that failed and that ECS goes back from, told as far as that.
async fn told(settings: &[(&str, &str)]) -> Bot {
    let story = Story::named("ecs-rolls-back").expect("a known story");
    let bot = Bot::with(story.town("aws.ecs"), settings, Default::default());
    let events = bot.aws.with(|world: &mut World| {
        story.release(world);
        until(world, "SERVICE_DEPLOYMENT_FAILED")
    });
    bot.deliver_all(&events).await;
    bot
}

/// What was left to look at later, by anybody.
fn left(bot: &Bot) -> Vec<Value> {
    let sent = bot.handed_over().into_iter();
    sent.filter(|it| RollbackBegun::parse(it).is_some())
        .collect()
}

async fn looked_at(bot: &Bot, after: TimeDelta, begun: &Value) {
    let (later, request) = (bot.now() + after, format!("after {after}"));
    let answer = bot.deliver_at(later, &request, begun).await;
    answer.expect("an answer");
}

#[tokio::test]
async fn a_rollback_of_ecs_that_stands_still_is_told_once() {
    let bot = told(&[]).await;
    let begun = left(&bot);
    assert_eq!(begun.len(), 1, "{begun:?}");
    looked_at(&bot, QUARTER, &begun[0]).await;
    looked_at(&bot, QUARTER * 2, &begun[0]).await;
    let alerts = bot.alerts();
    assert_eq!(alerts.len(), 2);
    insta::assert_snapshot!(alerts[1].for_protocol("email"));
    assert_eq!(left(&bot).len(), 3, "each look asks for the next");
}

#[tokio::test]
async fn a_rollback_of_ecs_that_is_done_when_it_is_looked_at_says_nothing_more() {
    let bot = told(&[]).await;
    let events = bot
        .aws
        .with(|world: &mut World| until(world, "SERVICE_DEPLOYMENT_COMPLETED"));
    bot.deliver_all(&events).await;
    assert_eq!(bot.alerts().len(), 2);
    looked_at(&bot, QUARTER, &left(&bot)[0]).await;
    assert_eq!((bot.alerts().len(), left(&bot).len()), (2, 1));
}

#[tokio::test]
async fn the_end_of_a_rollback_of_ecs_is_told_also_where_its_event_is_lost() {
    let bot = told(&[]).await;
    bot.aws
        .with(|world: &mut World| until(world, "SERVICE_DEPLOYMENT_COMPLETED"));
    looked_at(&bot, QUARTER, &left(&bot)[0]).await;
    let alerts = bot.alerts();
    assert_eq!(alerts[1].attributes["kind"].1, "recovered");
}

#[tokio::test]
async fn an_incident_below_the_severity_floor_is_watched_in_silence() {
    let bot = told(&[("OPSBOT_SEVERITY_FLOOR", "critical")]).await;
    looked_at(&bot, QUARTER, &left(&bot)[0]).await;
    assert_eq!((bot.alerts().len(), left(&bot).len()), (0, 2));
    bot.aws
        .with(|world: &mut World| until(world, "SERVICE_DEPLOYMENT_COMPLETED"));
    looked_at(&bot, QUARTER, &left(&bot)[0]).await;
    assert_eq!((bot.alerts().len(), left(&bot).len()), (0, 2));
}

#[tokio::test]
async fn an_alert_leaves_also_where_the_rollback_cannot_be_watched() {
    let story = Story::named("ecs-rolls-back").expect("a known story");
    let bot = Bot::new(story.town("aws.ecs"));
    bot.aws.inject("sqs:SendMessage", Fault::denied());
    let events = bot.aws.with(|world: &mut World| {
        story.release(world);
        until(world, "SERVICE_DEPLOYMENT_FAILED")
    });
    bot.deliver_all(&events).await;
    assert_eq!((bot.alerts().len(), left(&bot).len()), (1, 0));
}

#[tokio::test]
async fn a_service_that_is_deleted_meanwhile_is_not_called_unfinished_and_leaves_nothing_open() {
    let bot = told(&[]).await;
    bot.aws
        .with(|world: &mut World| world.delete_service(CLUSTER, SERVICE));
    let begun = left(&bot);
    looked_at(&bot, QUARTER, &begun[0]).await;
    assert_eq!((bot.alerts().len(), left(&bot).len()), (1, 1));
    let service = RollbackBegun::parse(&begun[0]).expect("a word").service;
    let record = bot.invocation("look").state().record(&service).await;
    assert_eq!(record.known().expect("a record").open, []);
}

#[tokio::test]
async fn a_service_that_cannot_be_read_is_looked_at_again_and_not_called_unfinished() {
    let bot = told(&[]).await;
    bot.aws.inject("ecs:DescribeServices", Fault::denied());
    looked_at(&bot, QUARTER, &left(&bot)[0]).await;
    assert_eq!((bot.alerts().len(), left(&bot).len()), (1, 2));
}
