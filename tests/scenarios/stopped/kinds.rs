//! Tasks without a service, Spot, and what is left out.

use super::*;

fn job() -> World {
    let mut world = World::new();
    world.register(
        TaskDefinition::of("nightly-report")
            .revision(7)
            .container("report", "nightly-report:2.1.0")
            .fate(
                Fate::exits("report", 1)
                    .after(Duration::from_secs(95))
                    .logs(
                        "report",
                        [
                            "Traceback (most recent call last):",
                            "KeyError: 'ORDERS_BUCKET'",
                        ],
                    ),
            ),
    );
    world.cluster("prod-jobs");
    world.settle();
    world.drain_events();
    world
}

#[tokio::test]
async fn a_scheduled_task_that_failed_is_told_as_its_family() {
    let bot = Bot::new(job());
    let events = bot.aws.with(|world: &mut World| {
        world.run_task(
            "prod-jobs",
            "nightly-report:7",
            Some("events-rule/nightly-report"),
        );
        stops(world, Duration::from_secs(600))
    });
    assert_eq!(events.len(), 1);
    assert_eq!(bot.deliver_batch(&events).await, NOTHING);
    insta::assert_snapshot!(sms(&bot), @r"
    WARN nightly-report in prod-jobs: a task of nightly-report:7 stopped: application exited with an error
    ");
    insta::assert_snapshot!(bot.alerts()[0].for_protocol("email"));
    look(&bot, QUIET).await;
    assert_eq!(
        bot.alerts().len(),
        1,
        "a job that did not run again has not recovered"
    );
}

fn spot() -> (Bot, Vec<Value>) {
    let bot = Bot::new(town());
    let events = bot.aws.with(|world: &mut World| {
        let task = world.tasks()[0].arn.clone();
        world.interrupt_spot(&task);
        stops(world, Duration::from_secs(600))
    });
    (bot, events)
}

#[tokio::test]
async fn a_spot_notice_and_its_stop_are_one_stop() {
    let (bot, events) = spot();
    assert_eq!(events.len(), 2, "a notice and a stop");
    for event in &events {
        let again = bot.deliver_batch(std::slice::from_ref(event)).await;
        assert_eq!(again, NOTHING);
    }
    insta::assert_snapshot!(sms(&bot), @r"
    INFO order-api in prod-apps: a task of order-api:41 will stop in 2 minutes: Spot capacity taken back
    ");
    insta::assert_snapshot!(letter(&bot));
    insta::assert_snapshot!(counts(&bot).join("\n"), @r"stops order-api:41/spot_interruption/- 1");
}

#[tokio::test]
async fn a_spot_stop_whose_notice_comes_late_is_told_as_a_stop() {
    let (bot, mut events) = spot();
    events.reverse();
    assert_eq!(bot.deliver_batch(&events).await, NOTHING);
    insta::assert_snapshot!(sms(&bot), @r"
    INFO order-api in prod-apps: a task of order-api:41 stopped: Spot capacity taken back
    ");
}

#[tokio::test]
async fn the_owner_of_the_service_is_an_attribute_to_route_by() {
    let (bot, stop) = one_stop(town(), &[]);
    bot.deliver_batch(&[stop]).await;
    let attributes = &bot.alerts()[0].attributes;
    let all = attributes
        .iter()
        .map(|(name, (_, value))| format!("{name} {value}"));
    insta::assert_snapshot!(all.collect::<Vec<_>>().join("\n"), @r"
    cause app_error
    cluster prod-apps
    kind task_stopped
    owner team-orders
    rollback ecs_replaces
    service order-api
    severity warning
    ");
}

#[tokio::test]
async fn a_cause_that_is_left_out_is_neither_told_nor_counted() {
    let (bot, stop) = one_stop(town(), &[("OPSBOT_LEFT_OUT_CAUSES", "app_error")]);
    assert_eq!(bot.deliver_batch(&[stop]).await, NOTHING);
    assert_eq!(bot.aws.actions(), [""; 0]);
}

#[tokio::test]
async fn a_service_or_cluster_that_is_left_out_is_not_told() {
    for setting in [
        ("OPSBOT_LEFT_OUT_SERVICES", "order-*"),
        ("OPSBOT_LEFT_OUT_CLUSTERS", "prod-*"),
    ] {
        let (bot, stop) = one_stop(town(), &[setting]);
        assert_eq!(bot.deliver_batch(&[stop]).await, NOTHING);
        assert_eq!(bot.aws.actions(), [""; 0]);
    }
}

#[tokio::test]
async fn below_the_severity_floor_stops_are_counted_until_they_are_severe() {
    let (bot, stop) = one_stop(town(), &[("OPSBOT_SEVERITY_FLOOR", "critical")]);
    let others = copies(&stop, 1..10);
    assert_eq!(bot.deliver_batch(&[stop]).await, NOTHING);
    assert_eq!(bot.alerts().len(), 0);
    bot.aws.with(|world: &mut World| {
        world.set_fate(
            "order-api:41",
            Fate::fails_to_start("CannotStartContainerError: no"),
        );
        strike(world);
        world.advance(Duration::from_secs(20));
    });
    assert_eq!(bot.deliver_batch(&others).await, NOTHING);
    insta::assert_snapshot!(sms(&bot), @r"
    CRIT order-api in prod-apps: 10 tasks of order-api:41 stopped: application exited with an error
    ");
}

#[tokio::test]
async fn an_incident_that_nobody_was_told_of_ends_without_a_word() {
    let (bot, stop) = one_stop(town(), &[("OPSBOT_SEVERITY_FLOOR", "critical")]);
    assert_eq!(bot.deliver_batch(&[stop]).await, NOTHING);
    look(&bot, QUIET).await;
    assert_eq!(bot.alerts().len(), 0);
    insta::assert_snapshot!(counts(&bot).join("\n"), @r"
    deployment 1
    stops order-api:41/app_error/app 0
    ");
}
