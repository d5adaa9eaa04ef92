//! The record of decisions, written and read back.

use chrono::{DateTime, TimeDelta, Utc};
use domain::arn::ServiceArn;
use domain::facts::{Fact, Why};
use domain::verdict::Decision;
use simulator::{Fault, World};
use tests::bot::{Bot, TABLE};

fn service(name: &str) -> ServiceArn {
    let arn = format!("arn:aws:ecs:us-east-1:111122223333:service/prod-apps/{name}");
    ServiceArn::parse(&arn, None).unwrap()
}

fn decision(at: DateTime<Utc>, function: &str, verdict: &str) -> Decision {
    Decision {
        at,
        function: function.to_owned(),
        request_id: "request-1".to_owned(),
        deployment: "ecs-svc/0042".to_owned(),
        requester: "event".to_owned(),
        reason: None,
        verdict: verdict.to_owned(),
        sentence: format!("It is {verdict}."),
        outcome: None,
        facts: vec!["causes: app_error".to_owned()],
    }
}

async fn record(bot: &Bot, service: &ServiceArn, decision: &Decision) {
    let state = bot.invocation("record").state();
    assert_eq!(state.decided(service, decision).await, Fact::Known(()));
}

async fn read(bot: &Bot, service: &ServiceArn, days: u32) -> Fact<Vec<Decision>> {
    let state = bot.invocation("read").state();
    state.decisions(service, days, bot.now()).await
}

#[tokio::test]
async fn decisions_are_read_back_newest_first_each_service_its_own() {
    let bot = Bot::new(World::new());
    let (ours, other) = (service("order-api"), service("order-api-2"));
    let old = decision(bot.now() - TimeDelta::days(29), "roll-back", "ask");
    let verdict = decision(
        bot.now() - TimeDelta::seconds(1),
        "deployment-changed",
        "roll_back",
    );
    let again = decision(bot.now(), "roll-back", "hold_superseded");
    for one in [&verdict, &old, &again] {
        record(&bot, &ours, one).await;
    }
    record(&bot, &other, &decision(bot.now(), "roll-back", "dry_run")).await;
    let all = vec![again.clone(), verdict.clone(), old];
    assert_eq!(read(&bot, &ours, 30).await, Fact::Known(all));
    assert_eq!(read(&bot, &ours, 0).await, Fact::Known(vec![again.clone()]));
    assert_eq!(
        read(&bot, &ours, 1).await,
        Fact::Known(vec![again, verdict])
    );
}

#[tokio::test]
async fn an_outcome_replaces_the_record_of_its_decision_and_another_verdict_does_not() {
    let bot = Bot::new(World::new());
    let ours = service("order-api");
    let mut decision = decision(bot.now(), "roll-back", "roll_back");
    record(&bot, &ours, &decision).await;
    decision.outcome = Some("UpdateService to order-api:41.".to_owned());
    record(&bot, &ours, &decision).await;
    assert_eq!(
        read(&bot, &ours, 1).await,
        Fact::Known(vec![decision.clone()])
    );
    "hold_superseded".clone_into(&mut decision.verdict);
    record(&bot, &ours, &decision).await;
    assert_eq!(read(&bot, &ours, 1).await.known().unwrap().len(), 2);
}

#[tokio::test]
async fn a_record_is_kept_for_more_than_a_year_and_then_goes() {
    let bot = Bot::new(World::new());
    record(
        &bot,
        &service("order-api"),
        &decision(bot.now(), "roll-back", "ask"),
    )
    .await;
    let items = bot.aws.table(TABLE);
    let expires = items[0]["expires_at"]["N"].as_str().unwrap();
    let expires = DateTime::from_timestamp(expires.parse().unwrap(), 0).unwrap();
    assert_eq!((expires - bot.now()).num_days(), 400);
}

#[tokio::test]
async fn a_table_that_cannot_be_read_is_no_empty_record() {
    let bot = Bot::new(World::new());
    let ours = service("order-api");
    bot.aws.inject("dynamodb:*", Fault::denied());
    let answer = read(&bot, &ours, 30).await;
    let why = answer.missing().map(|gap| &gap.why);
    assert!(matches!(why, Some(Why::Denied { .. })), "{answer:?}");
    let state = bot.invocation("record").state();
    let written = state
        .decided(&ours, &decision(bot.now(), "roll-back", "ask"))
        .await;
    assert!(written.missing().is_some());
}
