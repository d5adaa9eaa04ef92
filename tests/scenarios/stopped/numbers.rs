//! Each stop is counted once, and told at the 1st, 10th, 100th, … of them.

use super::*;

#[tokio::test]
async fn a_crash_loop_is_told_at_the_first_and_the_tenth_stop() {
    let bot = Bot::new(town());
    let events = bot.aws.with(|world: &mut World| {
        crash(world);
        stops(world, Duration::from_secs(1_800))
    });
    assert!(events.len() >= 12, "{} stops", events.len());
    for event in events.iter().take(12) {
        let again = bot.deliver_batch(std::slice::from_ref(event)).await;
        assert_eq!(again, NOTHING);
    }
    insta::assert_snapshot!(sms(&bot), @r"
    WARN order-api in prod-apps: a task of order-api:41 stopped: application exited with an error
    WARN order-api in prod-apps: 10 tasks of order-api:41 stopped: application exited with an error
    ");
    insta::assert_snapshot!(bot.alerts()[1].for_protocol("email"));
}

#[tokio::test]
async fn a_storm_in_batches_is_told_at_each_power_of_ten_that_it_passes() {
    let (bot, first) = one_stop(town(), &[]);
    let others = copies(&first, 1..130);
    assert_eq!(bot.deliver_batch(&[first]).await, NOTHING);
    for some in others.chunks(43) {
        assert_eq!(bot.deliver_batch(some).await, NOTHING);
    }
    insta::assert_snapshot!(sms(&bot), @r"
    WARN order-api in prod-apps: a task of order-api:41 stopped: application exited with an error
    WARN order-api in prod-apps: 44 tasks of order-api:41 stopped: application exited with an error
    WARN order-api in prod-apps: 130 tasks of order-api:41 stopped: application exited with an error
    ");
    insta::assert_snapshot!(counts(&bot).join("\n"), @r"
    deployment 130
    stops order-api:41/app_error/app 130
    ");
}

#[tokio::test]
async fn a_stop_that_is_told_again_is_counted_once() {
    let (bot, first) = one_stop(town(), &[]);
    let second = copies(&first, 1..2).remove(0);
    let twice = [first.clone(), second.clone(), first.clone(), second.clone()];
    assert_eq!(bot.deliver_batch(&twice).await, NOTHING);
    assert_eq!(bot.deliver_batch(&[first, second]).await, NOTHING);
    assert_eq!(bot.alerts().len(), 1);
    insta::assert_snapshot!(counts(&bot).join("\n"), @r"
    deployment 2
    stops order-api:41/app_error/app 2
    ");
}

#[tokio::test]
async fn an_older_version_of_a_stop_that_comes_later_is_not_counted_again() {
    let (bot, newer) = one_stop(town(), &[]);
    let mut older = newer.clone();
    older["detail"]["version"] = 1.into();
    older["detail"]["stoppedReason"] = "CannotPullContainerError: not known yet".into();
    assert_eq!(
        bot.deliver_batch(std::slice::from_ref(&newer)).await,
        NOTHING
    );
    assert_eq!(
        bot.deliver_batch(std::slice::from_ref(&older)).await,
        NOTHING
    );
    assert_eq!(bot.deliver_batch(&[older, newer]).await, NOTHING);
    assert_eq!(bot.alerts().len(), 1);
    insta::assert_snapshot!(counts(&bot).join("\n"), @r"
    deployment 1
    stops order-api:41/app_error/app 1
    ");
}

#[tokio::test]
async fn two_causes_of_one_service_are_two_incidents() {
    let (bot, error) = one_stop(town(), &[]);
    let mut memory = copies(&error, 1..2).remove(0);
    memory["detail"]["containers"][0]["exitCode"] = 137.into();
    memory["detail"]["containers"][0]["reason"] =
        "OutOfMemoryError: Container killed due to memory usage".into();
    memory["detail"]["stoppedReason"] = "OutOfMemoryError: container app".into();
    assert_eq!(bot.deliver_batch(&[error, memory]).await, NOTHING);
    let told = sms(&bot);
    let mut told: Vec<&str> = told.lines().collect();
    told.sort_unstable();
    insta::assert_snapshot!(told.join("\n"), @r"
    WARN order-api in prod-apps: a task of order-api:41 stopped: application exited with an error
    WARN order-api in prod-apps: a task of order-api:41 stopped: out of memory
    ");
    insta::assert_snapshot!(counts(&bot).join("\n"), @r"
    deployment 2
    stops order-api:41/app_error/app 1
    stops order-api:41/oom/app 1
    ");
    let of = |n: usize| -> Value {
        let text = bot.alerts()[n].for_protocol("sqs").to_owned();
        serde_json::from_str::<Value>(&text).unwrap()["incident"].clone()
    };
    assert_ne!(of(0), of(1));
}

#[tokio::test]
async fn a_poison_message_fails_alone() {
    let (bot, first) = one_stop(town(), &[]);
    let mut broken = first.clone();
    broken["detail"] = "a task".into();
    let bodies = [
        "no JSON".to_owned(),
        first.to_string(),
        broken.to_string(),
        "[]".to_owned(),
        String::new(),
    ];
    let again = bot.deliver_texts(bodies.into_iter()).await;
    assert_eq!(again, [0, 2, 3, 4]);
    assert_eq!(bot.alerts().len(), 1);
}

#[tokio::test]
async fn nothing_is_called_for_events_that_are_not_for_us() {
    let (bot, stop) = one_stop(town(), &[]);
    let with = |key: &str, value: Value| {
        let mut event = stop.clone();
        event["detail"][key] = value;
        event
    };
    let mut foreign = stop.clone();
    foreign["source"] = "somebody.else".into();
    let mut other_account = stop.clone();
    other_account["account"] = "123456789012".into();
    let batch = [
        foreign,
        other_account,
        with("lastStatus", "RUNNING".into()),
        with("stopCode", "UserInitiated".into()),
        with(
            "stoppedReason",
            "Scaling activity initiated by (deployment ecs-svc/1)".into(),
        ),
    ];
    bot.aws.clear_logs();
    assert_eq!(bot.deliver_batch(&batch).await, NOTHING);
    assert_eq!(bot.aws.actions(), [""; 0]);
}

#[tokio::test]
async fn an_ordinary_stop_is_told_after_two_round_trips() {
    let (bot, stop) = one_stop(town(), &[]);
    bot.aws.set_latency("*", Duration::from_millis(30));
    bot.aws.clear_logs();
    assert_eq!(bot.deliver_batch(&[stop]).await, NOTHING);
    assert_eq!(bot.aws.round_trips_before("sns:Publish"), Some(2));
    let mut calls = bot.aws.actions();
    calls.sort();
    insta::assert_snapshot!(calls.join("\n"), @r"
    dynamodb:GetItem
    dynamodb:TransactWriteItems
    dynamodb:UpdateItem
    dynamodb:UpdateItem
    dynamodb:UpdateItem
    ecs:DescribeServices
    ecs:DescribeTaskDefinition
    logs:GetLogEvents
    sns:Publish
    sqs:SendMessage
    ");
}

#[tokio::test]
async fn only_stops_that_are_told_are_read_about() {
    let (bot, stop) = one_stop(town(), &[]);
    bot.aws.set_latency("*", Duration::from_millis(30));
    let (bot, memory) = (&bot, &Memory::default());
    let reads = |events: Vec<Value>| async move {
        bot.aws.clear_logs();
        let texts = events.iter().map(Value::to_string);
        assert_eq!(bot.deliver_warm(memory, texts).await, NOTHING);
        let mut calls = bot.aws.actions();
        calls.retain(|call| !call.contains("dynamodb:") && !call.contains("sqs:"));
        calls.sort();
        calls.join(" ")
    };
    let first = "ecs:DescribeServices ecs:DescribeTaskDefinition logs:GetLogEvents sns:Publish";
    assert_eq!(reads(vec![stop.clone()]).await, first);
    for n in 1..9 {
        // At the third stop it is asked once whether the deployment fails.
        let want = if n == 2 { "ecs:DescribeServices" } else { "" };
        assert_eq!(reads(vec![copy(&stop, n)]).await, want, "stop {n}");
    }
    // The tenth is news; its task definition is known.
    let tenth = "ecs:DescribeServices logs:GetLogEvents sns:Publish";
    assert_eq!(reads(vec![copy(&stop, 9)]).await, tenth);
    // That its deployment was judged is remembered beside it.
    assert_eq!(bot.aws.round_trips_before("sns:Publish"), Some(2));
    // After the quiet time an incident may have ended: this may be the first of the next.
    bot.aws.advance(QUIET);
    let again = "ecs:DescribeServices logs:GetLogEvents";
    assert_eq!(reads(vec![copy(&stop, 10)]).await, again);
}

#[tokio::test]
async fn a_definition_that_could_not_be_read_is_asked_for_in_the_next_batch() {
    let (bot, stop) = one_stop(town(), &[]);
    let memory = Memory::default();
    let deliver = |event: Value| bot.deliver_warm(&memory, std::iter::once(event.to_string()));
    bot.aws
        .inject("ecs:DescribeTaskDefinition", simulator::Fault::denied());
    assert_eq!(deliver(stop.clone()).await, NOTHING);
    bot.aws.clear_faults();
    let mut other = copy(&stop, 1);
    other["detail"]["containers"][0]["exitCode"] = 139.into();
    assert_eq!(deliver(other).await, NOTHING);
    let (denied, read) = (bot.alerts().remove(0), letter(&bot));
    assert!(
        denied
            .for_protocol("email")
            .contains("ecs:DescribeTaskDefinition")
    );
    assert!(!read.contains("ecs:DescribeTaskDefinition"), "{read}");
}

#[tokio::test]
async fn a_storm_over_many_services_asks_ecs_for_ten_of_them_at_a_time() {
    let (bot, stop) = one_stop(town(), &[]);
    let stops: Vec<Value> = (1..31_u64)
        .map(|n| {
            let mut stop = copy(&stop, n);
            stop["detail"]["group"] = format!("service:order-api-{n}").into();
            stop["detail"]["taskDefinitionArn"] =
                format!("arn:aws:ecs:us-east-1:111122223333:task-definition/order-api-{n}:1")
                    .into();
            stop
        })
        .collect();
    bot.aws.clear_logs();
    assert_eq!(bot.deliver_batch(&stops).await, NOTHING);
    let calls = bot.aws.actions();
    let of = |action: &str| calls.iter().filter(|call| *call == action).count();
    assert_eq!(bot.alerts().len(), 30);
    assert_eq!(of("ecs:DescribeServices"), 3);
    assert_eq!(of("ecs:DescribeTaskDefinition"), 20);
    let last = letter(&bot).replace("\n", " ");
    assert!(last.contains("so many different tasks stopped"), "{last}");
}
