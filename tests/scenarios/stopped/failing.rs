//! Stops of a deployment under way: handed over once, and not announced beside its failure.

use domain::verdict::RollbackBegun;
use simulator::Breaker;

use super::*;

/// A service on order-api:41 which is healthy, and order-api:42 whose tasks do this.
fn release(breaker: Option<Breaker>, fate: Fate) -> (Bot, Vec<Value>) {
    release_until(breaker, fate, |world| {
        world.advance(Duration::from_secs(300));
        world.drain_events()
    })
}

fn release_until(
    breaker: Option<Breaker>,
    fate: Fate,
    pass: impl FnOnce(&mut World) -> Vec<Value>,
) -> (Bot, Vec<Value>) {
    let mut world = town_on(breaker);
    world.register(
        TaskDefinition::of("order-api")
            .revision(42)
            .container("app", "order-api:1.5.0")
            .fate(fate),
    );
    let bot = Bot::new(world);
    let events = bot.aws.with(|world: &mut World| {
        world.deploy("prod-apps", "order-api", "order-api:42");
        pass(world)
    });
    (bot, events)
}

/// The same, with its stops alone.
pub(crate) fn stopped(breaker: Option<Breaker>, fate: Fate) -> (Bot, Vec<Value>) {
    let (bot, events) = release(breaker, fate);
    (bot, only_stops(&events))
}

fn only_stops(events: &[Value]) -> Vec<Value> {
    events.iter().filter(|it| is_stop(it)).cloned().collect()
}

fn town_on(breaker: Option<Breaker>) -> World {
    let mut world = World::new();
    world.register(
        TaskDefinition::of("order-api")
            .revision(41)
            .container("app", "order-api:1.4.0"),
    );
    let service = world.service("prod-apps", "order-api");
    let service = service.task_definition("order-api:41").desired(2);
    match breaker {
        Some(breaker) => service.breaker(breaker).create(),
        None => service.create(),
    };
    world.settle();
    world.advance(Duration::from_secs(3_600));
    world.drain_events();
    world
}

fn exits() -> Fate {
    Fate::exits("app", 1)
        .after(Duration::from_secs(5))
        .logs("app", LOG)
}

async fn one_by_one(bot: &Bot, events: &[Value]) {
    for event in events {
        let again = bot.deliver_batch(std::slice::from_ref(event)).await;
        assert_eq!(again, NOTHING);
    }
}

#[track_caller]
fn reason(bot: &Bot, want: &str, stops: u64) {
    let handed_over = bot.handed_over();
    assert_eq!(handed_over.len(), 1, "handed over once");
    assert_eq!(handed_over[0]["detail"]["unheard"], want);
    assert_eq!(handed_over[0]["detail"]["stops"], stops);
    assert_eq!(handed_over[0]["detail-type"], "opsbot Deployment Failing");
}

#[tokio::test]
async fn a_deployment_without_a_breaker_is_handed_over_once_at_the_third_stop() {
    let (bot, events) = stopped(None, exits());
    assert!(events.len() >= 6, "{} stops", events.len());
    one_by_one(&bot, &events[..2]).await;
    assert_eq!(bot.handed_over(), [Value::Null; 0]);
    one_by_one(&bot, &events[2..6]).await;
    reason(&bot, "nothing_watches", 3);
    insta::assert_snapshot!(sms(&bot), @r"
    WARN order-api in prod-apps: a task of order-api:42 stopped: application exited with an error
    ");
    insta::assert_snapshot!(bot.alerts()[0].for_protocol("email"));
    insta::assert_snapshot!(counts(&bot).join("\n"), @r"
    deployment 6
    stops order-api:42/app_error/app 6
    ");
}

#[tokio::test]
async fn a_batch_that_crosses_the_threshold_is_handed_over_and_not_announced() {
    let (bot, events) = stopped(None, exits());
    assert_eq!(bot.deliver_batch(&events[..5]).await, NOTHING);
    reason(&bot, "nothing_watches", 5);
    assert_eq!(bot.alerts().len(), 0, "the deployment's alert says it all");
}

#[tokio::test]
async fn tasks_that_ran_are_not_counted_by_the_breaker() {
    let (bot, events) = stopped(Some(Breaker::on()), exits());
    one_by_one(&bot, &events[..4]).await;
    reason(&bot, "not_counted", 3);
}

#[tokio::test]
async fn a_breaker_that_counts_is_slow() {
    let breaker = Breaker::on().threshold(simulator::Threshold::Count(50));
    let fate = never_starts();
    let (bot, events) = stopped(Some(breaker), fate);
    one_by_one(&bot, &events[..4]).await;
    reason(&bot, "slow", 3);
}

#[tokio::test]
async fn a_crash_loop_of_a_completed_deployment_is_not_handed_over() {
    let (bot, stop) = one_stop(town(), &[]);
    let more = copies(&stop, 1..60);
    assert_eq!(bot.deliver_batch(&[stop]).await, NOTHING);
    for some in more.chunks(10) {
        assert_eq!(bot.deliver_batch(some).await, NOTHING);
    }
    assert_eq!(bot.handed_over(), [Value::Null; 0]);
}

fn never_starts() -> Fate {
    Fate::fails_to_start("CannotStartContainerError: exec: no such file").while_starting()
}

#[tokio::test]
async fn stops_of_a_deployment_that_ecs_has_called_failed_are_not_announced_beside_it() {
    let (bot, events) = stopped(Some(Breaker::on()), never_starts());
    assert_eq!(bot.deliver_batch(&events).await, NOTHING);
    assert_eq!(sms(&bot), "");
    assert_eq!(bot.handed_over(), [Value::Null; 0]);
    assert_eq!(
        bot.watches().len(),
        1,
        "that incident may end before they do"
    );
    insta::assert_snapshot!(counts(&bot).join("\n"), @r"
    deployment 6
    stops order-api:42/bad_entrypoint/- 6
    ");
}

#[tokio::test]
async fn stops_of_a_deployment_that_was_rolled_back_and_forgotten_are_told() {
    let (bot, events) = stopped(Some(Breaker::with_rollback()), never_starts());
    bot.aws.advance(Duration::from_secs(1_200));
    assert_eq!(bot.deliver_batch(&events[..1]).await, NOTHING);
    assert_eq!(bot.alerts().len(), 1, "nothing says that people know of it");
    assert_eq!(bot.handed_over(), [Value::Null; 0]);
}

#[tokio::test]
async fn stops_of_a_deployment_whose_incident_is_open_are_counted_into_it() {
    let (bot, events) = release_until(Some(Breaker::with_rollback()), never_starts(), |world| {
        stories::until(world, "SERVICE_DEPLOYMENT_FAILED")
    });
    let failed = |event: &&Value| event["detail"]["eventName"] == "SERVICE_DEPLOYMENT_FAILED";
    let failure = events.iter().find(failed).unwrap();
    bot.deliver_all(std::slice::from_ref(failure)).await;
    assert_eq!(bot.alerts().len(), 1, "the deployment failed");
    // ECS rolls back and lists the failed deployment no longer: the record still knows it.
    bot.aws.advance(Duration::from_secs(1_200));
    for some in only_stops(&events).chunks(2) {
        assert_eq!(bot.deliver_batch(some).await, NOTHING);
    }
    assert_eq!(bot.alerts().len(), 1, "nothing beside it: {}", sms(&bot));
    let mut handed_over = bot.handed_over();
    handed_over.retain(|it| RollbackBegun::parse(it).is_none());
    assert_eq!(handed_over, [Value::Null; 0]);
    insta::assert_snapshot!(counts(&bot).join("\n"), @r"
    deployment 4
    stops order-api:42/bad_entrypoint/- 4
    ");
}

/// A deployment that nothing watches is handed over with twelve stops, its failure is told, and then
/// it completes, which is told as well. The stops that come then are the answer.
async fn recovered_and_dying_again() -> (Bot, Vec<Value>) {
    let (bot, events) = stopped(None, exits());
    let first = copies(&events[0], 1..13);
    assert_eq!(bot.deliver_batch(&first).await, NOTHING);
    bot.deliver_handed_over().await.unwrap();
    let completed = bot.aws.with(|world: &mut World| {
        world.set_fate("order-api:42", Fate::runs_healthy());
        stories::until(world, "SERVICE_DEPLOYMENT_COMPLETED")
    });
    bot.deliver_all(&completed).await;
    assert_eq!(bot.alerts().len(), 2, "failing, recovered: {}", sms(&bot));
    let later = bot.aws.with(|world: &mut World| {
        world.set_fate("order-api:42", exits());
        let running: Vec<String> = world.tasks().iter().map(|task| task.arn.clone()).collect();
        for task in running {
            world.strike(&task, "app", 1, None);
        }
        world.advance(Duration::from_secs(120));
        world.drain_events()
    });
    (bot, only_stops(&later))
}

#[tokio::test]
async fn a_crash_loop_that_outlives_its_deployments_incident_is_told_by_the_next_look() {
    let (bot, later) = recovered_and_dying_again().await;
    for stop in &later {
        assert_eq!(bot.deliver_batch(std::slice::from_ref(stop)).await, NOTHING);
    }
    assert_eq!(bot.alerts().len(), 2, "it was counted to the next decade");
    bot.aws.advance(Duration::from_secs(60));
    let watch = bot.watches().pop().unwrap();
    assert_eq!(bot.deliver_batch(&[watch]).await, NOTHING);
    let alerts = bot.alerts();
    assert_eq!(alerts.len(), 3, "{}", sms(&bot));
    assert_eq!(alerts[2].attributes["kind"].1, "task_stopped");
}

#[tokio::test]
async fn a_look_while_the_deployments_incident_is_open_says_nothing_beside_it() {
    let (bot, events) = stopped(None, exits());
    assert_eq!(bot.deliver_batch(&events[..1]).await, NOTHING);
    assert_eq!(bot.deliver_batch(&events[1..4]).await, NOTHING);
    bot.deliver_handed_over().await.unwrap();
    assert_eq!(bot.alerts().len(), 2, "the first stop, the deployment");
    bot.aws.advance(Duration::from_secs(5 * 3_600));
    let watch = bot.watches().remove(0);
    assert_eq!(bot.deliver_batch(&[watch]).await, NOTHING);
    assert_eq!(bot.alerts().len(), 2, "nothing beside it: {}", sms(&bot));
}

#[tokio::test]
async fn a_handover_that_comes_when_the_deployment_has_completed_is_dropped() {
    let (bot, events) = stopped(None, exits());
    assert_eq!(bot.deliver_batch(&events[..3]).await, NOTHING);
    bot.aws.with(|world: &mut World| {
        world.set_fate("order-api:42", Fate::runs_healthy());
        stories::until(world, "SERVICE_DEPLOYMENT_COMPLETED");
    });
    bot.deliver_handed_over().await.unwrap();
    assert_eq!(bot.alerts().len(), 0, "{}", sms(&bot));
}

#[tokio::test]
async fn stops_that_were_handed_over_into_an_incident_which_never_opened_are_told_by_a_look() {
    let (bot, events) = stopped(None, exits());
    assert_eq!(bot.deliver_batch(&events[..3]).await, NOTHING);
    // It completes for a moment: what was handed over is dropped, and then its tasks die again.
    bot.aws.with(|world: &mut World| {
        world.set_fate("order-api:42", Fate::runs_healthy());
        stories::until(world, "SERVICE_DEPLOYMENT_COMPLETED");
    });
    let own = |it: &&simulator::SentMessage| it.queue_url == tests::bot::TASK_QUEUE;
    let sent = bot.aws.sent_messages();
    let delays: Vec<_> = sent.iter().filter(own).map(|it| it.delay_seconds).collect();
    assert_eq!(delays, [900], "not before the handover was answered");
    bot.deliver_handed_over().await.unwrap();
    let later = copies(&events[0], 20..21);
    assert_eq!(bot.deliver_batch(&later).await, NOTHING);
    assert_eq!(bot.alerts().len(), 0, "counted to the next decade");
    let watch = bot.watches().pop().unwrap();
    assert_eq!(bot.deliver_batch(&[watch]).await, NOTHING);
    assert_eq!(bot.alerts().len(), 1, "{}", sms(&bot));
    assert!(sms(&bot).contains(" 4 tasks "), "{}", sms(&bot));
}

#[tokio::test]
async fn of_two_batches_at_once_none_announces_the_stops_of_what_the_other_hands_over() {
    let (bot, events) = stopped(None, exits());
    bot.aws
        .set_latency("sqs:SendMessage", Duration::from_millis(300));
    let (one, two) = tokio::join!(bot.deliver_batch(&events[..3]), async {
        while !bot.aws.actions().contains(&"sqs:SendMessage".to_owned()) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let mut other = copies(&events[3], 30..31);
        other[0]["detail"]["containers"][0]["exitCode"] = 139.into();
        bot.deliver_batch(&other).await
    });
    assert_eq!((one, two), (vec![], vec![]));
    assert_eq!(bot.handed_over().len(), 1);
    assert_eq!(sms(&bot), "", "the deployment's alert says it all");
}

/// A deployment that nothing watches, of a bot that pages only for what is critical, with an
/// incident that nobody was told of.
async fn quiet() -> (Bot, Vec<Value>) {
    let (other, events) = stopped(None, never_starts());
    let world = other.aws.with(|world: &mut World| world.clone());
    let floor = [("OPSBOT_SEVERITY_FLOOR", "critical")];
    let bot = Bot::with(world, &floor, aws::client::Limits::default());
    assert_eq!(bot.deliver_batch(&events[..3]).await, NOTHING);
    bot.deliver_handed_over().await.unwrap();
    assert_eq!(sms(&bot), "", "the tasks of order-api:41 still serve");
    (bot, events)
}

#[tokio::test]
async fn an_incident_that_nobody_was_told_of_swallows_no_stops_and_is_told_when_it_is_worse() {
    let (bot, events) = quiet().await;
    bot.aws.with(|world: &mut World| {
        world.set_fate("order-api:41", exits());
        strike(world);
        world.advance(Duration::from_secs(60));
    });
    let more = copies(&events[0], 40..50);
    assert_eq!(bot.deliver_batch(&more).await, NOTHING);
    assert_eq!(bot.alerts().len(), 1, "the stops: {}", sms(&bot));
    assert_eq!(bot.handed_over().len(), 2, "and the deployment again");
    bot.deliver_handed_over().await.unwrap();
    let kinds = bot.alerts().into_iter();
    let kinds: Vec<_> = kinds.map(|it| it.attributes["kind"].1.clone()).collect();
    assert_eq!(
        kinds,
        ["task_stopped", "deployment_failing"],
        "{}",
        sms(&bot)
    );
}

#[tokio::test]
async fn a_rollback_to_a_deployment_whose_tasks_had_died_in_production_is_handed_over() {
    let bot = Bot::new(town_on(None));
    let crashed = bot.aws.with(|world: &mut World| {
        world.set_fate("order-api:41", exits());
        strike(world);
        let events = stops(world, Duration::from_secs(120));
        world.set_fate("order-api:41", Fate::runs_healthy());
        events
    });
    let production = copies(&crashed[0], 1..31);
    for some in production.chunks(10) {
        assert_eq!(bot.deliver_batch(some).await, NOTHING);
    }
    assert_eq!(bot.handed_over(), [Value::Null; 0], "it had completed");

    let back = bot.aws.with(|world: &mut World| {
        world.advance(Duration::from_secs(600));
        world.register(
            TaskDefinition::of("order-api")
                .revision(42)
                .container("app", "order-api:1.5.0")
                .fate(Fate::runs_healthy()),
        );
        world.deploy("prod-apps", "order-api", "order-api:42");
        world.advance(Duration::from_secs(20));
        // What was good is good no longer, and a person goes back to it.
        world.set_fate("order-api:41", exits());
        strike(world);
        assert!(world.stop_deployment("prod-apps", "order-api"));
        world.drain_events();
        let mut events = stops(world, Duration::from_secs(240));
        events.retain(|it| it["detail"]["startedBy"] == crashed[0]["detail"]["startedBy"]);
        events
    });
    assert!(back.len() >= 4, "{} stops", back.len());
    one_by_one(&bot, &back[..2]).await;
    assert_eq!(bot.handed_over(), [Value::Null; 0], "not before the third");
    one_by_one(&bot, &back[2..4]).await;
    reason(&bot, "nothing_watches", 3);
}

#[tokio::test]
async fn a_crash_loop_in_production_has_its_deployment_judged_every_ten_minutes() {
    let (bot, stop) = one_stop(town(), &[]);
    assert_eq!(bot.deliver_batch(&copies(&stop, 1..13)).await, NOTHING);
    let asked = |after: u64, numbers| {
        bot.aws.advance(Duration::from_secs(after));
        bot.aws.clear_logs();
        let batch = copies(&stop, numbers);
        let bot = &bot;
        async move {
            assert_eq!(bot.deliver_batch(&batch).await, NOTHING);
            let calls = bot.aws.actions();
            calls
                .iter()
                .filter(|it| *it == "ecs:DescribeServices")
                .count()
        }
    };
    assert_eq!(asked(60, 20..24).await, 0);
    assert_eq!(asked(550, 30..34).await, 1);
    assert_eq!(asked(60, 40..44).await, 0);
}
