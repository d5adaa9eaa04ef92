//! The matrix for task-stopped: every call × everything that can go wrong with it.

use simulator::Fault;
use tests::bot::IMPATIENT;

use super::*;

const READS: [&str; 4] = [
    "ecs:DescribeServices",
    "ecs:DescribeTaskDefinition",
    "logs:GetLogEvents",
    "dynamodb:GetItem",
];
const WRITES: [&str; 2] = ["dynamodb:TransactWriteItems", "dynamodb:UpdateItem"];

fn faults() -> [(&'static str, Fault); 5] {
    [
        ("denied", Fault::denied()),
        ("throttled", Fault::throttled()),
        ("internal", Fault::internal()),
        ("hangs", Fault::hangs()),
        ("malformed", Fault::malformed()),
    ]
}

/// Too many writes to the table for now: they come again, and are counted exactly.
fn passes(action: &str, fault: &str) -> bool {
    WRITES.contains(&action) && fault == "throttled"
}

fn stopped() -> (Bot, Value) {
    let (_, stop) = one_stop(town(), &[]);
    let mut world = town();
    world.advance(Duration::from_secs(60));
    (Bot::with(world, &[], IMPATIENT), stop)
}

/// What the only alert says of the gap.
fn gaps(bot: &Bot, at: &str) -> Vec<String> {
    let alerts = bot.alerts();
    assert_eq!(alerts.len(), 1, "{at}");
    let machine: Value = serde_json::from_str(&alerts[0].for_protocol("sqs")).unwrap();
    let gaps = machine["not_collected"].as_array().unwrap().clone();
    assert!(!gaps.is_empty(), "{at}: the alert says nothing of it");
    let text = |gap: &Value, key: &str| gap[key].as_str().unwrap_or("-").to_owned();
    gaps.iter()
        .map(|gap| {
            let [what, why, permission] = ["what", "why", "permission"].map(|key| text(gap, key));
            format!("{what} | {why} | {permission}")
        })
        .collect()
}

async fn said(actions: &[&str]) -> String {
    let mut said = Vec::new();
    for action in actions {
        let all = faults().into_iter();
        for (name, fault) in all.filter(|(name, _)| !passes(action, name)) {
            let (bot, stop) = stopped();
            bot.aws.inject(action, fault);
            let at = format!("{action} {name}");
            assert_eq!(bot.deliver_batch(&[stop]).await, NOTHING, "{at}");
            said.push(format!("{at}\n  {}", gaps(&bot, &at).join("\n  ")));
        }
    }
    said.join("\n")
}

#[tokio::test]
async fn what_cannot_be_read_is_named() {
    insta::assert_snapshot!(said(&READS).await);
}

#[tokio::test]
async fn what_cannot_be_counted_is_told_with_a_note() {
    insta::assert_snapshot!(said(&WRITES).await);
}

#[tokio::test]
async fn with_everything_down_but_sns_and_sqs_the_stop_is_still_told() {
    let all = faults().into_iter();
    for (name, fault) in all.filter(|(name, _)| !passes(WRITES[0], name)) {
        let (bot, stop) = stopped();
        for service in ["ecs:*", "logs:*", "dynamodb:*"] {
            bot.aws.inject(service, fault.clone());
        }
        assert_eq!(bot.deliver_batch(&[stop]).await, NOTHING, "{name}");
        assert_eq!(bot.alerts().len(), 1, "{name}");
    }
}

#[tokio::test]
async fn what_sns_or_sqs_does_not_take_comes_again_and_is_told() {
    for action in ["sns:Publish", "sqs:SendMessage"] {
        for (name, fault) in faults() {
            let at = format!("{action} {name}");
            let (bot, stop) = stopped();
            let batch = [stop];
            bot.aws.inject(action, fault);
            assert_eq!(bot.deliver_batch(&batch).await, [0], "{at}");
            bot.aws.clear_faults();
            bot.aws.advance(Duration::from_secs(420));
            assert_eq!(bot.deliver_batch(&batch).await, NOTHING, "{at}");
            assert!((1..=2).contains(&bot.alerts().len()), "{at}");
            insta::allow_duplicates! {
                insta::assert_snapshot!(counts(&bot).join("\n"), @r"
                deployment 1
                stops order-api:41/app_error/app 1
                ");
            }
        }
    }
}

#[tokio::test]
async fn a_handover_that_sqs_does_not_take_keeps_no_alert_back() {
    let fate = Fate::exits("app", 1).after(Duration::from_secs(5));
    let (bot, stops) = failing::stopped(None, fate);
    bot.aws.inject("sqs:SendMessage", Fault::denied());
    assert_eq!(bot.deliver_batch(&stops[..3]).await.len(), 3);
    assert_eq!(bot.alerts().len(), 1);
    bot.aws.clear_faults();
    bot.aws.advance(Duration::from_secs(420));
    assert_eq!(bot.deliver_batch(&stops[..3]).await, NOTHING);
    assert_eq!(bot.handed_over().len(), 1);
}

#[tokio::test]
async fn counters_that_are_busy_are_counted_exactly() {
    let busy = [Fault::conflict, Fault::hot].map(|fault| WRITES.map(|action| (action, fault())));
    for (action, fault) in busy.into_iter().flatten() {
        let (bot, stop) = stopped();
        bot.aws.inject(action, fault.times(3));
        assert_eq!(bot.deliver_batch(&[stop]).await, NOTHING);
        assert_eq!(bot.alerts().len(), 1, "{action}");
        insta::allow_duplicates! {
            insta::assert_snapshot!(counts(&bot).join("\n"), @r"
            deployment 1
            stops order-api:41/app_error/app 1
            ");
        }
    }
}

#[tokio::test]
async fn a_counter_that_stays_busy_is_counted_when_the_stop_comes_again() {
    let busy = [Fault::conflict, Fault::hot, Fault::throttled];
    let busy = busy.map(|fault| WRITES.map(|action| (action, fault())));
    for (action, fault) in busy.into_iter().flatten() {
        let (bot, stop) = stopped();
        let batch = [stop];
        bot.aws.inject(action, fault);
        assert_eq!(bot.deliver_batch(&batch).await, [0], "{action}");
        assert_eq!(bot.alerts().len(), 0, "{action}: nothing uncounted is told");
        bot.aws.clear_faults();
        assert_eq!(bot.deliver_batch(&batch).await, NOTHING, "{action}");
        assert_eq!(bot.alerts().len(), 1, "{action}");
        insta::allow_duplicates! {
            insta::assert_snapshot!(counts(&bot).join("\n"), @r"
            deployment 1
            stops order-api:41/app_error/app 1
            ");
        }
    }
}

#[tokio::test]
async fn what_there_is_no_time_for_under_an_api_that_hangs_comes_again_instead_of_being_told_uncounted()
 {
    let (mut bot, stop) = stopped();
    bot.timeout = TimeDelta::seconds(18);
    let mut batch = copies(&stop, 0..12);
    for (number, stop) in batch.iter_mut().enumerate() {
        stop["detail"]["group"] = format!("service:order-api-{number}").into();
    }
    bot.aws
        .inject("dynamodb:TransactWriteItems", Fault::hangs());
    assert_eq!(bot.deliver_batch(&batch).await.len(), 2, "the second chunk");
    assert_eq!(bot.alerts().len(), 10);
}

#[tokio::test]
async fn a_count_whose_answer_is_lost_is_not_made_twice() {
    let (bot, stop) = stopped();
    bot.aws
        .inject("dynamodb:TransactWriteItems", Fault::answer_lost().times(1));
    assert_eq!(bot.deliver_batch(&[stop]).await, NOTHING);
    assert_eq!(bot.alerts().len(), 1);
    insta::assert_snapshot!(counts(&bot).join("\n"), @r"
    deployment 1
    stops order-api:41/app_error/app 1
    ");
}

#[tokio::test]
async fn a_look_that_fails_comes_again() {
    for action in ["dynamodb:GetItem", "sns:Publish", "dynamodb:UpdateItem"] {
        for (name, fault) in faults() {
            let at = format!("{action} {name}");
            let (bot, stop) = stopped();
            assert_eq!(bot.deliver_batch(&[stop]).await, NOTHING, "{at}");
            bot.aws.advance(QUIET);
            let watches = bot.watches();
            bot.aws.inject(action, fault);
            assert_eq!(bot.deliver_batch(&watches).await, [0], "{at}");
            bot.aws.clear_faults();
            bot.aws.advance(Duration::from_secs(420));
            assert_eq!(bot.deliver_batch(&watches).await, NOTHING, "{at}");
            let alerts = sms(&bot);
            assert!((2..=3).contains(&bot.alerts().len()), "{at}: {alerts}");
            assert!(
                alerts.lines().last().unwrap().starts_with("OK "),
                "{at}: {alerts}"
            );
        }
    }
}

#[tokio::test]
async fn what_could_not_be_remembered_comes_again_and_is_watched() {
    for (name, fault) in faults() {
        let (bot, stop) = stopped();
        let batch = [stop];
        // Both claims go well; that it was told cannot be written.
        bot.aws.inject("dynamodb:UpdateItem", fault.after(2));
        assert_eq!(bot.deliver_batch(&batch).await, [0], "{name}");
        assert_eq!(bot.alerts().len(), 1, "{name}");
        bot.aws.clear_faults();
        bot.aws.advance(Duration::from_secs(420));
        assert_eq!(bot.deliver_batch(&batch).await, NOTHING, "{name}");
        assert_eq!(bot.alerts().len(), 2, "{name}: once more, never once less");
        look(&bot, QUIET).await;
        let alerts = sms(&bot);
        assert!(
            alerts.lines().last().unwrap().starts_with("OK "),
            "{name}: {alerts}"
        );
    }
}

/// Delivers the stop, and these others while its alert is on its way. The stop's answer.
async fn overtaken(bot: &Bot, stop: Value, others: &[Value], then: Option<Fault>) -> Vec<usize> {
    bot.aws
        .set_latency("sns:Publish", Duration::from_millis(300));
    let batch = [stop];
    let (told, counted) = tokio::join!(bot.deliver_batch(&batch), async {
        while !bot.aws.actions().contains(&"sns:Publish".to_owned()) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let counted = bot.deliver_batch(others).await;
        if let Some(fault) = then {
            bot.aws.inject("dynamodb:UpdateItem", fault);
        }
        counted
    });
    bot.aws.set_latency("sns:Publish", Duration::ZERO);
    assert_eq!(counted, NOTHING);
    told
}

#[tokio::test]
async fn a_number_reached_meanwhile_that_cannot_be_claimed_comes_again() {
    let (bot, stop) = one_stop(town(), &[]);
    let others = copies(&stop, 1..12);
    let then = Some(Fault::denied().after(1));
    assert_eq!(overtaken(&bot, stop.clone(), &others, then).await, [0]);
    assert_eq!(bot.alerts().len(), 1);
    bot.aws.clear_faults();
    bot.aws.advance(Duration::from_secs(420));
    assert_eq!(bot.deliver_batch(&[stop]).await, NOTHING);
    let alerts = sms(&bot);
    assert!(
        alerts.lines().nth(1).unwrap().contains(" 12 tasks "),
        "{alerts}"
    );
}

#[tokio::test]
async fn of_two_numbers_that_one_invocation_tells_the_last_is_watched() {
    let (bot, stop) = one_stop(town(), &[]);
    let others = copies(&stop, 1..12);
    assert_eq!(overtaken(&bot, stop, &others, None).await, NOTHING);
    assert_eq!(bot.alerts().len(), 2);
    bot.aws.advance(QUIET);
    let watches = bot.watches();
    assert_eq!(watches.len(), 2);
    bot.aws.clear_logs();
    assert_eq!(bot.deliver_batch(&watches[..1]).await, NOTHING);
    assert_eq!(bot.aws.actions(), ["dynamodb:GetItem"], "it was replaced");
    assert_eq!(bot.deliver_batch(&watches[1..]).await, NOTHING);
    assert!(sms(&bot).contains("OK "), "{}", sms(&bot));
}
