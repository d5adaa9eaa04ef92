//! Watches: it lasts, it is over.

use super::*;

#[tokio::test]
async fn quiet_and_steady_is_the_end_and_the_next_stop_is_news() {
    let (bot, stop) = one_stop(town(), &[]);
    let next = copies(&stop, 1..2);
    assert_eq!(bot.deliver_batch(&[stop]).await, NOTHING);
    let watch = bot.aws.sent_messages().pop().unwrap();
    assert_eq!(watch.delay_seconds, 120, "soon: it may be an outage");
    look(&bot, QUIET).await;
    insta::assert_snapshot!(letter(&bot));
    assert_eq!(bot.watches().len(), 1, "nobody looks any more");
    assert_eq!(bot.deliver_batch(&next).await, NOTHING);
    insta::assert_snapshot!(sms(&bot), @r"
    WARN order-api in prod-apps: a task of order-api:41 stopped: application exited with an error
    OK order-api in prod-apps: no stop for 15 min after 1 task of order-api:41: application exited with an error
    WARN order-api in prod-apps: a task of order-api:41 stopped: application exited with an error
    ");
}

#[tokio::test]
async fn what_goes_on_is_told_again_after_the_lasting_hours() {
    let bot = Bot::new(town());
    let mut events = bot.aws.with(|world: &mut World| {
        crash(world);
        stops(world, Duration::from_secs(60))
    });
    assert_eq!(bot.deliver_batch(&events).await, NOTHING);
    for _ in 0..20 {
        events = bot
            .aws
            .with(|world: &mut World| stops(world, Duration::from_secs(890)));
        let again = bot.deliver_batch(&events).await;
        assert_eq!(again, NOTHING);
        look(&bot, Duration::from_secs(10)).await;
    }
    insta::assert_snapshot!(sms(&bot), @r"
    CRIT order-api in prod-apps: 2 tasks of order-api:41 stopped: application exited with an error
    CRIT order-api in prod-apps: 34 tasks of order-api:41 stopped: application exited with an error
    WARN order-api in prod-apps: 100 tasks of order-api:41 stopped: application exited with an error
    WARN order-api in prod-apps: 624 tasks of order-api:41 stopped in 4 h 45 min and it is not over: application exited with an error
    ");
    insta::assert_snapshot!(letter(&bot));
}

#[tokio::test]
async fn a_watch_that_was_replaced_is_dropped() {
    let (bot, stop) = one_stop(town(), &[]);
    let others = copies(&stop, 1..10);
    assert_eq!(bot.deliver_batch(&[stop]).await, NOTHING);
    let old = bot.watches().pop().unwrap();
    assert_eq!(bot.deliver_batch(&others).await, NOTHING);
    assert_eq!(bot.watches().len(), 2);
    bot.aws.advance(QUIET);
    bot.aws.clear_logs();
    assert_eq!(bot.deliver_batch(&[old]).await, NOTHING);
    assert_eq!(bot.aws.actions(), ["dynamodb:GetItem"]);
}

#[tokio::test]
async fn a_stop_that_races_with_the_end_keeps_the_incident_open_and_the_next_one_is_news() {
    let (bot, stop) = one_stop(town(), &[]);
    let (late, next) = (copies(&stop, 1..2), copies(&stop, 2..3));
    assert_eq!(bot.deliver_batch(&[stop]).await, NOTHING);
    bot.aws.advance(QUIET);
    let watch = bot.watches().pop().unwrap();
    // The end is told first, and then finds that another stop has been counted.
    bot.aws
        .set_latency("sns:Publish", Duration::from_millis(300));
    let watched = [watch];
    let (looked, counted) = tokio::join!(bot.deliver_batch(&watched), async {
        while !bot.aws.actions().ends_with(&["sns:Publish".to_owned()]) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        bot.deliver_batch(&late).await
    });
    assert_eq!((looked, counted), (vec![], vec![]));
    insta::assert_snapshot!(counts(&bot).join("\n"), @r"
    deployment 2
    stops order-api:41/app_error/app 2
    ");
    assert_eq!(bot.watches().len(), 2, "it is looked at again");
    assert_eq!(bot.deliver_batch(&next).await, NOTHING);
    look(&bot, QUIET).await;
    insta::assert_snapshot!(sms(&bot), @r"
    WARN order-api in prod-apps: a task of order-api:41 stopped: application exited with an error
    OK order-api in prod-apps: no stop for 15 min after 1 task of order-api:41: application exited with an error
    WARN order-api in prod-apps: 3 tasks of order-api:41 stopped: application exited with an error
    OK order-api in prod-apps: no stop for 15 min after 3 tasks of order-api:41: application exited with an error
    ");
    insta::assert_snapshot!(counts(&bot).join("\n"), @r"
    deployment 3
    stops order-api:41/app_error/app 0
    ");
}

#[tokio::test]
async fn a_look_that_was_overtaken_by_a_number_changes_nothing() {
    let (bot, stop) = one_stop(town(), &[("OPSBOT_LASTING_HOURS", "1")]);
    let others = copies(&stop, 1..11);
    assert_eq!(bot.deliver_batch(&[stop]).await, NOTHING);
    bot.aws.advance(Duration::from_secs(61 * 60));
    assert_eq!(bot.deliver_batch(&others[..1]).await, NOTHING);
    let watched = [bot.watches().pop().unwrap()];
    bot.aws.clear_logs();
    // That it lasts is on its way when the tenth stop is counted and told.
    bot.aws
        .set_latency("sns:Publish", Duration::from_millis(500));
    let (looked, counted) = tokio::join!(bot.deliver_batch(&watched), async {
        while !bot.aws.actions().contains(&"sns:Publish".to_owned()) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        bot.aws.set_latency("sns:Publish", Duration::ZERO);
        bot.deliver_batch(&others[1..9]).await
    });
    assert_eq!((looked, counted), (vec![], vec![]));
    let alerts = bot.alerts().len();
    assert_eq!(bot.deliver_batch(&others[9..]).await, NOTHING);
    assert_eq!(bot.alerts().len(), alerts, "ten is told: {}", sms(&bot));
}

#[tokio::test]
async fn what_lasts_below_the_severity_floor_has_no_end_to_tell() {
    let (bot, stop) = one_stop(town(), &[("OPSBOT_SEVERITY_FLOOR", "critical")]);
    let second = copies(&stop, 1..2);
    assert_eq!(bot.deliver_batch(&[stop]).await, NOTHING);
    bot.aws.advance(Duration::from_secs(5 * 3_600));
    assert_eq!(bot.deliver_batch(&second).await, NOTHING);
    look(&bot, Duration::from_secs(60)).await;
    look(&bot, QUIET).await;
    assert_eq!(sms(&bot), "");
    insta::assert_snapshot!(counts(&bot).join("\n"), @r"
    deployment 2
    stops order-api:41/app_error/app 0
    ");
}

/// No task runs any more, and none starts.
pub(crate) fn outage(bot: &Bot) {
    bot.aws.with(|world: &mut World| {
        world.set_fate(
            "order-api:41",
            Fate::cannot_be_placed("RESOURCE:FARGATE", "Capacity is unavailable at this time."),
        );
        strike(world);
    });
}

const SOON: Duration = Duration::from_secs(120);

#[tokio::test]
async fn what_begins_as_one_stop_and_becomes_an_outage_is_told_by_the_first_look_once() {
    let (bot, stop) = one_stop(town(), &[]);
    assert_eq!(bot.deliver_batch(&[stop]).await, NOTHING);
    outage(&bot);
    look(&bot, SOON).await;
    assert_eq!(bot.watches().len(), 2, "it is looked at again");
    look(&bot, QUIET).await;
    insta::assert_snapshot!(sms(&bot), @r"
    WARN order-api in prod-apps: a task of order-api:41 stopped: application exited with an error
    CRIT order-api in prod-apps: a task of order-api:41 stopped and 0 of 2 run now: application exited with an error
    ");
    let delays = bot.aws.sent_messages().into_iter();
    let delays: Vec<_> = delays.map(|it| it.delay_seconds).collect();
    assert_eq!(delays, [120, 900, 900], "the first look comes soon");
}

#[tokio::test]
async fn an_outage_is_told_above_a_floor_that_left_out_how_it_began() {
    let (bot, stop) = one_stop(town(), &[("OPSBOT_SEVERITY_FLOOR", "critical")]);
    assert_eq!(bot.deliver_batch(&[stop]).await, NOTHING);
    look(&bot, SOON).await;
    assert_eq!(bot.alerts().len(), 0, "one of two stopped");
    outage(&bot);
    look(&bot, QUIET).await;
    look(&bot, QUIET).await;
    insta::assert_snapshot!(sms(&bot), @r"
    CRIT order-api in prod-apps: a task of order-api:41 stopped and 0 of 2 run now: application exited with an error
    ");
}

#[tokio::test]
async fn an_incident_whose_watch_is_lost_is_told_when_it_begins_again() {
    let (bot, stop) = one_stop(town(), &[]);
    let later = copies(&stop, 1..3);
    assert_eq!(bot.deliver_batch(&[stop]).await, NOTHING);
    bot.aws.advance(Duration::from_secs(3 * 86_400));
    assert_eq!(bot.deliver_batch(&later[..1]).await, NOTHING);
    assert_eq!(bot.alerts().len(), 2, "{}", sms(&bot));
    assert_eq!(bot.deliver_batch(&later[1..]).await, NOTHING);
    assert_eq!(bot.alerts().len(), 2, "it is watched again: {}", sms(&bot));
    look(&bot, QUIET).await;
    assert!(sms(&bot).contains("OK "), "{}", sms(&bot));
}

#[tokio::test]
async fn a_look_ends_no_incident_that_was_told_anew_while_it_looked() {
    let (bot, stop) = one_stop(town(), &[]);
    let batch = [stop];
    assert_eq!(bot.deliver_batch(&batch).await, NOTHING);
    bot.aws.advance(Duration::from_secs(2 * 3_600));
    let watched = bot.watches();
    bot.aws.clear_logs();
    bot.aws
        .set_latency("sns:Publish", Duration::from_millis(300));
    // The look is overdue, so the stop that comes twice is told again.
    let (looked, again) = tokio::join!(bot.deliver_batch(&watched), async {
        while !bot.aws.actions().contains(&"sns:Publish".to_owned()) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        bot.aws.set_latency("sns:Publish", Duration::ZERO);
        bot.deliver_batch(&batch).await
    });
    assert_eq!((looked, again), (vec![], vec![]));
    insta::assert_snapshot!(counts(&bot).join("\n"), @r"
    deployment 1
    stops order-api:41/app_error/app 1
    ");
}

#[tokio::test]
async fn an_incident_that_is_looked_at_is_kept() {
    let (bot, stop) = one_stop(town(), &[]);
    assert_eq!(bot.deliver_batch(&[stop]).await, NOTHING);
    outage(&bot);
    let kept = |bot: &Bot| {
        let table = bot.aws.table(TABLE);
        let is_counter = |it: &&_| {
            let item: &&simulator::Item = it;
            item.contains_key("look_by")
        };
        let item = table.iter().find(is_counter).expect("a counter");
        item["expires_at"]["N"].as_str().unwrap().to_owned()
    };
    let before = kept(&bot);
    look(&bot, SOON).await;
    assert!(before < kept(&bot), "by {before}");
}

#[tokio::test]
async fn stops_that_are_told_late_are_news_for_the_quiet_time_and_widen_the_span() {
    let (bot, stop) = one_stop(town(), &[]);
    let others = copies(&stop, 1..1_201);
    let late = |n: usize| others[n - 1].clone();
    // Told by the time they stopped: after 600 s, 1,200 s, 300 s, and at last the first.
    assert_eq!(bot.deliver_batch(&[late(600)]).await, NOTHING);
    assert_eq!(bot.deliver_batch(&[late(1_200)]).await, NOTHING);
    bot.aws.advance(Duration::from_secs(1_800));
    assert_eq!(bot.deliver_batch(&[late(300), late(900)]).await, NOTHING);
    assert_eq!(bot.deliver_batch(&[stop]).await, NOTHING);
    look(&bot, Duration::from_secs(800)).await;
    assert_eq!(bot.alerts().len(), 1, "one was counted 800 s ago");
    look(&bot, Duration::from_secs(110)).await;
    let letter = letter(&bot);
    let span = "5 tasks of order-api:41 stopped within 20 min, the last one at 11:21:18 UTC";
    assert!(letter.contains(span), "{letter}");
    insta::assert_snapshot!(counts(&bot).join("\n"), @r"
    deployment 5
    stops order-api:41/app_error/app 0
    ");
}

/// How an incident ends of whose service this world knows nothing any more.
async fn forgotten(world: World) -> String {
    let (_, stop) = one_stop(town(), &[]);
    let bot = Bot::new(world);
    bot.aws.advance(Duration::from_secs(7_200));
    assert_eq!(bot.deliver_batch(&[stop]).await, NOTHING);
    look(&bot, QUIET).await;
    assert_eq!(bot.watches().len(), 1, "nobody looks any more");
    sms(&bot).lines().last().unwrap().to_owned()
}

#[tokio::test]
async fn a_service_or_cluster_that_was_deleted_is_over_when_it_was_quiet() {
    let mut purged = World::new();
    purged.register(TaskDefinition::of("web").container("app", "web:1"));
    let other = purged.service("prod-apps", "web");
    other.task_definition("web:1").desired(1).create();
    let want = "OK order-api in prod-apps: no stop for 15 min after 1 task of order-api:41: \
                application exited with an error";
    assert_eq!(forgotten(purged).await, want);
    assert_eq!(forgotten(World::new()).await, want, "the cluster too");
}

#[tokio::test]
async fn a_service_that_is_deleted_while_its_deployments_incident_is_open_is_looked_at_no_more() {
    let fate = Fate::exits("app", 1).after(Duration::from_secs(5));
    let (bot, stops) = failing::stopped(None, fate);
    assert_eq!(bot.deliver_batch(&stops[..1]).await, NOTHING);
    assert_eq!(bot.deliver_batch(&stops[1..4]).await, NOTHING);
    bot.deliver_handed_over().await.unwrap();
    bot.aws
        .with(|world: &mut World| world.delete_service("prod-apps", "order-api"));
    look(&bot, QUIET).await;
    assert_eq!(bot.watches().len(), 1, "nobody looks any more");
}

#[tokio::test]
async fn many_looks_in_a_batch_read_their_services_together_and_each_is_told_once() {
    let (bot, stop) = one_stop(town(), &[]);
    let mut stops = copies(&stop, 0..12);
    for (number, stop) in stops.iter_mut().enumerate() {
        stop["detail"]["group"] = format!("service:order-api-{number}").into();
    }
    assert_eq!(bot.deliver_batch(&stops).await, NOTHING);
    bot.aws.advance(QUIET);
    let mut watches = bot.watches();
    assert_eq!(watches.len(), 12);
    // SQS may deliver one twice, also in a batch.
    watches.push(watches[0].clone());
    bot.aws.clear_logs();
    assert_eq!(bot.deliver_batch(&watches).await, NOTHING);
    let actions = bot.aws.actions();
    let count = |action: &str| actions.iter().filter(|it| *it == action).count();
    assert_eq!(
        (count("ecs:DescribeServices"), count("sns:Publish")),
        (2, 12)
    );
}
