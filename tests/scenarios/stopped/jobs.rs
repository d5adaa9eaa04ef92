//! Tasks that no service runs: a job that ended with 0 is what was wanted.

use super::*;

/// A job of these containers, which comes to this end. What its stop makes of the bot's world.
async fn ended(definition: TaskDefinition, fate: Fate) -> (Bot, Value) {
    let mut world = World::new();
    world.register(definition.revision(7).fate(fate));
    world.cluster("prod-jobs");
    world.settle();
    world.drain_events();
    world.run_task("prod-jobs", "nightly-report:7", Some("events-rule/nightly"));
    let mut events = stops(&mut world, Duration::from_secs(600));
    assert_eq!(events.len(), 1);
    (Bot::new(world), events.remove(0))
}

fn report() -> TaskDefinition {
    TaskDefinition::of("nightly-report").container("report", "nightly-report:2.1.0")
}

fn with_a_proxy() -> TaskDefinition {
    report().container("proxy", "envoy:1.31").not_essential()
}

#[track_caller]
fn check(bot: &Bot, want: &str) {
    let told = sms(bot);
    let cause = told.split_once(" stopped: ").map_or("", |(_, cause)| cause);
    let cause = cause.split(". ").next().unwrap_or_default();
    assert_eq!(cause, want, "{told}");
    assert_eq!(counts(bot).len(), usize::from(!want.is_empty()));
}

async fn told(definition: TaskDefinition, fate: Fate, want: &str) -> Bot {
    let (bot, stop) = ended(definition, fate).await;
    assert_eq!(bot.deliver_batch(&[stop]).await, NOTHING);
    check(&bot, want);
    bot
}

#[tokio::test]
async fn a_job_that_ends_with_0_is_neither_counted_nor_told() {
    let bot = told(report(), Fate::exits("report", 0), "").await;
    assert_eq!(bot.aws.actions(), [""; 0]);
}

#[tokio::test]
async fn a_job_whose_essential_container_fails_is_told_whatever_its_sidecar_ends_with() {
    let error = "application exited with an error";
    told(report(), Fate::exits("report", 1), error).await;
    let fate = || Fate::exits("report", 1).then("proxy", 0);
    told(with_a_proxy(), fate(), error).await;
    let stopped = || Fate::exits("report", 143).then("proxy", 0);
    let bot = told(
        with_a_proxy(),
        stopped(),
        "ended by SIGTERM (exit code 143)",
    )
    .await;
    let actions = bot.aws.actions();
    let reads = actions.iter().filter(|it| it.ends_with("TaskDefinition"));
    assert_eq!(
        reads.count(),
        1,
        "once, for what is wanted and for the alert"
    );
}

#[tokio::test]
async fn a_job_that_ends_with_0_before_its_sidecar_fails_ended_well() {
    for code in [1, 137, 143] {
        let fate = Fate::exits("report", 0).then("proxy", code);
        told(with_a_proxy(), fate, "").await;
    }
}

#[tokio::test]
async fn a_job_whose_essential_helper_fails_or_whose_program_never_ran_is_told() {
    let clean = "essential container exited with 0";
    let routed = report().container("log_router", "aws-for-fluent-bit:2");
    let fate = || Fate::exits("log_router", 1).then("report", 0);
    told(routed.clone(), fate(), clean).await;
    let fate = Fate::exits("report", 0).then("log_router", 143);
    told(routed, fate, "").await;
    let (bot, mut stop) = ended(report(), Fate::exits("report", 0)).await;
    let containers = stop["detail"]["containers"].as_array_mut().unwrap();
    containers.push(serde_json::json!({ "name": "main", "lastStatus": "STOPPED" }));
    assert_eq!(bot.deliver_batch(&[stop]).await, NOTHING);
    check(&bot, clean);
}

#[tokio::test]
async fn a_job_whose_definition_cannot_be_read_is_told_by_its_event() {
    let fate = Fate::exits("report", 0).then("proxy", 1);
    let (bot, stop) = ended(with_a_proxy(), fate).await;
    let action = "ecs:DescribeTaskDefinition";
    bot.aws.inject(action, simulator::Fault::denied());
    assert_eq!(bot.deliver_batch(&[stop]).await, NOTHING);
    check(&bot, "application exited with an error");
}

/// The end of a job with 0, and something else beside it.
async fn beside(key: &str, value: Value, want: &str) {
    let (bot, mut stop) = ended(report(), Fate::exits("report", 0)).await;
    stop["detail"][key] = value;
    assert_eq!(bot.deliver_batch(&[stop]).await, NOTHING);
    check(&bot, want);
}

#[tokio::test]
async fn a_job_that_was_stopped_for_another_reason_did_not_end_well_though_it_ended_with_0() {
    let memory = "OutOfMemoryError: Container killed due to memory usage";
    beside("stoppedReason", memory.into(), "out of memory").await;
    beside(
        "stopCode",
        "SpotInterruption".into(),
        "Spot capacity taken back",
    )
    .await;
    let start = "TaskFailedToStart".into();
    beside("stopCode", start, "essential container exited with 0").await;
    beside("stopCode", "UserInitiated".into(), "").await;
}

#[tokio::test]
async fn a_task_of_a_service_that_ends_with_0_is_told() {
    let (bot, mut stop) = one_stop(town(), &[]);
    stop["detail"]["containers"][0]["exitCode"] = 0.into();
    assert_eq!(bot.deliver_batch(&[stop]).await, NOTHING);
    assert!(sms(&bot).contains("WARN "), "{}", sms(&bot));
}

/// A stop by the service scheduler for this reason.
async fn scheduled(reason: &str, want: usize) {
    let (bot, mut stop) = one_stop(town(), &[]);
    stop["detail"]["stopCode"] = "ServiceSchedulerInitiated".into();
    stop["detail"]["stoppedReason"] = reason.into();
    stop["detail"]["containers"][0]["exitCode"] = 137.into();
    assert_eq!(bot.deliver_batch(&[stop]).await, NOTHING);
    assert_eq!(bot.alerts().len(), want, "{reason}: {}", sms(&bot));
}

#[tokio::test]
async fn a_stop_by_the_scheduler_is_dropped_only_where_its_reason_says_that_it_was_wanted() {
    let wanted = "Scaling activity initiated by (deployment ecs-svc/1)";
    scheduled(wanted, 0).await;
    scheduled("", 1).await;
    scheduled("Task did not answer the scheduler in time", 1).await;
}
