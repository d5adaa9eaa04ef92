//! deployment-changed where rollbacks are enabled: the verdict in the alert, the request for a
//! rollback, and the end of the story.

use std::time::Duration;

use chrono::TimeDelta;
use domain::arn::ServiceArn;
use domain::verdict::RollbackBegun;
use serde_json::{Value, json};
use simulator::{Breaker, Fate, Fault, Published, ServiceBuilder, TaskDefinition, World};
use tests::bot::{Bot, ENABLED, IMPATIENT, is_stop};

const CLUSTER: &str = "prod-apps";
const SERVICE: &str = "order-api";
const IMAGE: &str = "111122223333.dkr.ecr.us-east-1.amazonaws.com/order-api:v1";
const TAG: &str = "opsbot:rollback";

/// A release of order-api:42 that ECS has called failed, and the event that says so.
struct Failed {
    bot: Bot,
    event: Value,
}

type Told = for<'a> fn(ServiceBuilder<'a>) -> ServiceBuilder<'a>;

fn failed(told: Told) -> Failed {
    let denied = Fate::fails_to_start("CannotPullContainerError: pull access denied");
    failed_of(denied, &[ENABLED], told)
}

fn failed_of(fate: Fate, settings: &[(&str, &str)], told: Told) -> Failed {
    let mut world = World::new();
    for revision in [41, 42] {
        let definition = TaskDefinition::of(SERVICE).revision(revision);
        world.register(definition.container("app", IMAGE));
    }
    world.set_fate("order-api:42", fate);
    let service = world.service(CLUSTER, SERVICE).desired(2);
    let service = service.task_definition("order-api:41");
    told(service.breaker(Breaker::on())).create();
    world.settle();
    world.drain_events();
    world.deploy(CLUSTER, SERVICE, "order-api:42");
    world.settle();
    let events = world.drain_events();
    let event = of(&events, "SERVICE_DEPLOYMENT_FAILED");
    let mut bot = Bot::with(world, settings, IMPATIENT);
    bot.patience = Duration::from_millis(2);
    Failed { bot, event }
}

fn of(events: &[Value], name: &str) -> Value {
    let named = |event: &&Value| {
        event["detail-type"] == "ECS Deployment State Change"
            && event["detail"]["eventName"] == name
    };
    events.iter().find(named).expect("an event").clone()
}

fn auto(service: ServiceBuilder<'_>) -> ServiceBuilder<'_> {
    service.tag(TAG, "auto")
}

/// What an alert says of the rollback: its code, and the sentence.
fn said(alert: &Published) -> String {
    let machine: Value = serde_json::from_str(&alert.for_protocol("sqs")).unwrap();
    let rollback = &machine["rollback"];
    let (code, sentence) = (&rollback["code"], &rollback["sentence"]);
    assert_eq!(alert.attributes["rollback"].1, code.as_str().unwrap());
    format!("{}: {}", code.as_str().unwrap(), sentence.as_str().unwrap())
}

impl Failed {
    async fn told(&self) -> Published {
        self.bot.deliver(&self.event).await.unwrap();
        let mut alerts = self.bot.alerts();
        assert_eq!(alerts.len(), 1);
        alerts.remove(0)
    }

    /// Time passes until a deployment completed; its event is delivered, with every other.
    async fn recovers(&self) {
        self.bot.deliver_all(&self.settled()).await;
    }

    /// The events of what happens until everything rests.
    fn settled(&self) -> Vec<Value> {
        self.bot.aws.with(|world| {
            world.settle();
            world.drain_events()
        })
    }
}

#[tokio::test]
async fn a_service_that_opted_in_is_rolled_back_from_the_event_to_the_last_word() {
    let failed = failed(auto);
    let alert = failed.told().await;
    insta::assert_snapshot!(
        "the_alert_that_announces_a_rollback",
        alert.for_protocol("email")
    );
    let asked = failed.bot.asked();
    assert_eq!(asked.len(), 1);
    failed.bot.ask(&asked[0]).await.unwrap();
    failed.recovers().await;
    let alerts = failed.bot.alerts();
    let kinds: Vec<_> = alerts
        .iter()
        .map(|it| it.attributes["kind"].1.as_str())
        .collect();
    assert_eq!(
        kinds,
        ["deployment_failed", "rollback_started", "recovered"]
    );
    assert_eq!(
        alerts[1].for_protocol("sms"),
        "WARN order-api in prod-apps: opsbot rolls back to order-api:41",
        "once"
    );
    insta::assert_snapshot!(
        "the_last_word_after_a_rollback",
        alerts[2].for_protocol("email")
    );
}

#[tokio::test]
async fn the_request_is_found_in_two_round_trips_and_says_where_to_look() {
    let failed = failed(auto);
    failed.bot.aws.set_latency("*", Duration::from_millis(20));
    failed.told().await;
    assert_eq!(
        failed.bot.aws.round_trips_before("sqs:SendMessage"),
        Some(2)
    );
    let asked = &failed.bot.asked()[0].looked_at;
    assert_eq!((asked.definitions.len(), asked.revisions.len()), (1, 2));
    let asked = failed.bot.asked().remove(0);
    failed.bot.aws.clear_logs();
    failed.bot.ask(&asked).await.unwrap();
    assert_eq!(
        failed.bot.aws.round_trips_before("ecs:UpdateService"),
        Some(2)
    );
}

#[tokio::test]
async fn the_same_failure_told_twice_is_asked_for_once() {
    let failed = failed(auto);
    failed.told().await;
    failed.bot.deliver(&failed.event).await.unwrap();
    assert_eq!(
        (failed.bot.alerts().len(), failed.bot.asked().len()),
        (1, 1)
    );
}

#[tokio::test]
async fn each_rung_says_what_it_allows() {
    let off = failed(|service| service);
    insta::assert_snapshot!(said(&off.told().await), @r#"hold_not_opted_in: Not rolled back: the service has no tag opsbot:rollback, and opsbot's default is "off". It would have been: UpdateService to order-api:41, away from order-api:42. To allow it from now on: aws ecs tag-resource --region us-east-1 --resource-arn arn:aws:ecs:us-east-1:111122223333:service/prod-apps/order-api --tags key=opsbot:rollback,value=auto. To do it once by hand: aws ecs describe-services --region us-east-1 --cluster prod-apps --services order-api --output text --query "services[0].deployments[?status=='PRIMARY'].id" | grep -qx ecs-svc/2293350785119981940 && aws ecs update-service --region us-east-1 --cluster prod-apps --service order-api --task-definition order-api:41"#);
    let dry_run = failed(|service| service.tag(TAG, "dry-run"));
    insta::assert_snapshot!(said(&dry_run.told().await), @r#"dry_run: Dry run, nothing was changed: the service's tag opsbot:rollback is "dry-run". It would have been: UpdateService to order-api:41, away from order-api:42. By hand: aws ecs describe-services --region us-east-1 --cluster prod-apps --services order-api --output text --query "services[0].deployments[?status=='PRIMARY'].id" | grep -qx ecs-svc/2293350785119981940 && aws ecs update-service --region us-east-1 --cluster prod-apps --service order-api --task-definition order-api:41"#);
    let ask = failed(|service| service.tag(TAG, "ask"));
    let alert = ask.told().await;
    insta::assert_snapshot!(said(&alert), @r#"ask: Waiting for your word: the service's tag opsbot:rollback is "ask". opsbot would go back by UpdateService to order-api:41, away from order-api:42. To do it: aws ecs describe-services --region us-east-1 --cluster prod-apps --services order-api --output text --query "services[0].deployments[?status=='PRIMARY'].id" | grep -qx ecs-svc/2293350785119981940 && aws ecs update-service --region us-east-1 --cluster prod-apps --service order-api --task-definition order-api:41"#);
    let card: Value = serde_json::from_str(&alert.for_protocol("https")).unwrap();
    let context = &card["metadata"]["additionalContext"];
    assert_eq!(context["rollback"], "ask");
    assert_eq!(context["rollback_to"], "order-api:41");
    assert_eq!(
        (&context["cluster"], &context["service"]),
        (&json!(CLUSTER), &json!(SERVICE))
    );
    for quiet in [off, dry_run, ask] {
        assert_eq!(quiet.bot.asked(), []);
    }
}

#[tokio::test]
async fn ecs_is_left_alone_when_it_rolls_back_by_itself() {
    let failed = failed(|service| auto(service.breaker(Breaker::with_rollback())));
    let alert = failed.told().await;
    assert!(
        said(&alert).starts_with("watch_ecs_rollback: "),
        "{}",
        said(&alert)
    );
    assert_eq!(failed.bot.asked(), []);
}

#[tokio::test]
async fn capacity_that_is_not_there_is_not_the_releases_fault() {
    let reason = "Capacity is unavailable at this time. Please try again later or in a different \
                  availability zone";
    let failed = failed_of(Fate::fails_to_start(reason), &[ENABLED], auto);
    let alert = failed.told().await;
    assert!(
        said(&alert).starts_with("hold_not_its_fault: "),
        "{}",
        said(&alert)
    );
    assert_eq!(failed.bot.asked(), []);
}

#[tokio::test]
async fn where_rollbacks_are_not_enabled_nothing_is_judged_and_nothing_more_is_read() {
    let denied = Fate::fails_to_start("CannotPullContainerError: pull access denied");
    let failed = failed_of(denied, &[], auto);
    let alert = failed.told().await;
    let machine: Value = serde_json::from_str(&alert.for_protocol("sqs")).unwrap();
    assert_eq!(machine["rollback"], Value::Null);
    assert_eq!(alert.attributes["rollback"].1, "ecs_stopped_only");
    let items: Vec<_> = failed.bot.aws.calls().into_iter().collect();
    let reads = items
        .iter()
        .filter(|call| call.action == "dynamodb:GetItem")
        .count();
    assert_eq!(reads, 1, "only the service's record");
    assert_eq!(failed.bot.asked(), []);
}

#[tokio::test]
async fn a_queue_that_refuses_is_told_with_the_command_and_the_event_comes_again() {
    let failed = failed(auto);
    failed.bot.aws.inject("sqs:SendMessage", Fault::denied());
    failed
        .bot
        .deliver_as("one", &failed.event)
        .await
        .unwrap_err();
    let alert = failed.bot.alerts().remove(0);
    assert_eq!(alert.attributes["severity"].1, "critical");
    insta::assert_snapshot!(said(&alert), @r#"roll_back: Not rolled back yet: roll-back could not be asked (the function's role may not read arn:aws:sqs:us-east-1:111122223333:opsbot-rollbacks.fifo). opsbot tries again. Rolling back by UpdateService to order-api:41, away from order-api:42: the service's tag opsbot:rollback is "auto". Your infrastructure code still holds order-api:42."#);
    failed.bot.aws.clear_faults();
    failed.bot.deliver_as("one", &failed.event).await.unwrap();
    assert_eq!(failed.bot.asked().len(), 1);
}

#[tokio::test]
async fn what_could_not_be_read_just_now_is_looked_at_again_by_roll_back() {
    let failed = failed(auto);
    failed
        .bot
        .aws
        .inject("ecs:ListServiceDeployments", Fault::internal());
    let alert = failed.told().await;
    assert!(
        said(&alert).starts_with("hold_facts_missing: "),
        "{}",
        said(&alert)
    );
    assert!(
        said(&alert).ends_with("opsbot looks again."),
        "{}",
        said(&alert)
    );
    failed.bot.aws.clear_faults();
    failed.bot.ask(&failed.bot.asked()[0]).await.unwrap();
    assert_eq!(
        failed.bot.alerts()[1].attributes["kind"].1,
        "rollback_started"
    );
}

#[tokio::test]
async fn a_rollback_that_fails_too_pages_in_the_same_incident_and_is_left_alone() {
    let failed = failed(auto);
    failed.told().await;
    failed.bot.ask(&failed.bot.asked()[0]).await.unwrap();
    let denied = Fate::fails_to_start("CannotPullContainerError: pull access denied");
    let events = failed.bot.aws.with(|world| {
        world.set_fate("order-api:41", denied);
        world.settle();
        world.drain_events()
    });
    failed
        .bot
        .deliver(&of(&events, "SERVICE_DEPLOYMENT_FAILED"))
        .await
        .unwrap();
    let alerts = failed.bot.alerts();
    let last = alerts.last().unwrap();
    assert_eq!(last.attributes["kind"].1, "rollback_failed");
    assert_eq!(last.attributes["severity"].1, "critical");
    insta::assert_snapshot!(said(last), @r#"hold_was_rollback: Not rolled back: opsbot's rollback itself fails, and a rollback is never rolled back. The service is on order-api:41. Nothing mends itself now: look at what both revisions share (network, roles, secrets, target group, capacity)."#);
    let incident = |alert: &Published| {
        let machine: Value = serde_json::from_str(&alert.for_protocol("sqs")).unwrap();
        machine["incident"].clone()
    };
    assert_eq!(incident(last), incident(&alerts[0]));
    assert_eq!(failed.bot.asked().len(), 1);
}

/// A failure of a service that opted in, answered but too slight to be told.
async fn failed_below_the_floor() -> Failed {
    let floor = [ENABLED, ("OPSBOT_SEVERITY_FLOOR", "critical")];
    let denied = Fate::fails_to_start("CannotPullContainerError: pull access denied");
    let failed = failed_of(denied, &floor, auto);
    failed.bot.deliver(&failed.event).await.unwrap();
    failed
}

/// Nobody was told of the failure, which is below the floor; a write is never quiet.
#[tokio::test]
async fn what_opsbot_wrote_is_told_to_its_end_whatever_the_severity_floor() {
    let failed = failed_below_the_floor().await;
    assert_eq!(failed.bot.alerts().len(), 0);
    failed.bot.ask(&failed.bot.asked()[0]).await.unwrap();
    let later = failed.bot.now() + TimeDelta::minutes(15);
    let look = begun(&failed);
    failed.bot.deliver_at(later, "look", &look).await.unwrap();
    failed.recovers().await;
    let alerts = failed.bot.alerts().into_iter();
    let kinds = alerts.map(|it| it.attributes["kind"].1.clone());
    let kinds: Vec<_> = kinds.collect();
    assert_eq!(
        kinds,
        ["rollback_started", "rollback_unfinished", "recovered"]
    );
}

#[tokio::test]
async fn the_end_of_what_opsbot_wrote_comes_again_where_the_table_does_not_say_that_it_wrote() {
    let failed = failed_below_the_floor().await;
    failed.bot.ask(&failed.bot.asked()[0]).await.unwrap();
    let events = failed.settled();
    let completed = |it: &&Value| it["detail"]["eventName"] == "SERVICE_DEPLOYMENT_COMPLETED";
    let completed = events.iter().find(completed).expect("it completes");
    failed
        .bot
        .aws
        .inject("dynamodb:GetItem", simulator::Fault::denied());
    failed.bot.deliver(completed).await.unwrap_err();
    failed.bot.aws.clear_faults();
    failed.bot.deliver(completed).await.unwrap();
    let alerts = failed.bot.alerts();
    assert_eq!(alerts.last().unwrap().attributes["kind"].1, "recovered");
}

/// The word that roll-back left to look again.
fn begun(failed: &Failed) -> Value {
    let sent = failed.bot.handed_over();
    let begun = sent
        .into_iter()
        .find(|it| RollbackBegun::parse(it).is_some());
    begun.expect("a word to look again")
}

#[tokio::test]
async fn a_rollback_that_is_done_when_it_is_looked_at_again_says_nothing_more() {
    let failed = failed(auto);
    failed.told().await;
    failed.bot.ask(&failed.bot.asked()[0]).await.unwrap();
    failed.recovers().await;
    failed.bot.deliver(&begun(&failed)).await.unwrap();
    assert_eq!(failed.bot.alerts().len(), 3);
}

#[tokio::test]
async fn a_rollback_that_never_finishes_is_told_once() {
    let failed = failed(auto);
    failed.told().await;
    failed.bot.ask(&failed.bot.asked()[0]).await.unwrap();
    let later = failed.bot.now() + TimeDelta::minutes(15);
    for request in ["one", "two"] {
        failed
            .bot
            .deliver_at(later, request, &begun(&failed))
            .await
            .unwrap();
    }
    let alerts = failed.bot.alerts();
    assert_eq!(alerts.len(), 3);
    insta::assert_snapshot!(
        "a_rollback_that_is_not_done",
        alerts[2].for_protocol("email")
    );
}

/// The service is looked at until it is steady, and what was released meanwhile is another story.
#[tokio::test]
async fn a_rollback_under_way_is_looked_at_again_for_a_day() {
    let failed = failed(auto);
    failed.told().await;
    failed.bot.ask(&failed.bot.asked()[0]).await.unwrap();
    let first = begun(&failed);
    for (minutes, left) in [(15, 2), (30, 3), (24 * 60 + 1, 3)] {
        let later = failed.bot.now() + TimeDelta::minutes(minutes);
        let request = format!("after {minutes}");
        failed
            .bot
            .deliver_at(later, &request, &first)
            .await
            .unwrap();
        assert_eq!(failed.bot.handed_over().len(), left, "{minutes} minutes");
    }
    assert_eq!(failed.bot.alerts().len(), 3);
}

/// SNS takes the word that it began only when the service is steady again, and that was told.
#[tokio::test]
async fn what_is_told_late_opens_no_incident_again() {
    let failed = failed(auto);
    failed.told().await;
    failed.bot.aws.inject("sns:Publish", Fault::denied());
    let request = &failed.bot.asked()[0];
    failed.bot.ask(request).await.unwrap_err();
    failed.bot.aws.clear_faults();
    failed.recovers().await;
    let later = failed.bot.now() + TimeDelta::minutes(2);
    failed.bot.ask_at(later, request).await.unwrap();
    let service = &request.service;
    let invocation = failed.bot.invocation("look");
    let record = invocation.state().record(service).await;
    assert_eq!(record.known().unwrap().open, []);
}

/// Who has not opted in is not told what opsbot was to do.
#[tokio::test]
async fn roll_back_is_not_asked_to_look_again_where_it_may_not_write() {
    for (rung, asked) in [("off", 0), ("dry-run", 0), ("ask", 0), ("auto", 1)] {
        let failed = failed(auto);
        failed.bot.aws.with(|world| {
            world.tag_service(CLUSTER, SERVICE, TAG, rung);
        });
        let broken = Fault::internal();
        failed.bot.aws.inject("ecs:ListServiceDeployments", broken);
        failed.told().await;
        assert_eq!(failed.bot.asked().len(), asked, "{rung}");
    }
}

/// The breaker is on, with rollback, and leaves this deployment alone for ever.
#[tokio::test]
async fn what_the_breaker_does_not_count_is_stopped_by_opsbot() {
    let mut world = World::new();
    for revision in [41, 42] {
        let definition = TaskDefinition::of(SERVICE).revision(revision);
        world.register(definition.container("app", IMAGE));
    }
    world.set_fate("order-api:42", Fate::exits("app", 1));
    let service = world.service(CLUSTER, SERVICE).desired(2);
    let service = service.task_definition("order-api:41");
    auto(service.breaker(Breaker::with_rollback())).create();
    world.settle();
    world.drain_events();
    world.deploy(CLUSTER, SERVICE, "order-api:42");
    world.advance(Duration::from_secs(300));
    let stops: Vec<Value> = world.drain_events().into_iter().filter(is_stop).collect();
    let bot = Bot::with(world, &[ENABLED], IMPATIENT);
    bot.deliver_batch(&stops).await;
    bot.deliver_handed_over().await.unwrap();
    bot.ask(&bot.asked()[0]).await.unwrap();
    let writes = bot.aws.writes();
    assert_eq!(writes.len(), 1);
    assert_eq!(writes[0].action, "ecs:StopServiceDeployment");
    let codes = bot.alerts();
    let codes: Vec<_> = codes
        .iter()
        .map(|it| it.attributes["kind"].1.as_str())
        .collect();
    assert_eq!(codes, ["deployment_failing", "rollback_started"]);
}

#[tokio::test]
async fn a_decision_is_on_record_also_while_sns_takes_nothing() {
    let failed = failed(|service| service.tag(TAG, "dry-run"));
    failed.bot.aws.inject("sns:Publish", Fault::denied());
    failed.bot.deliver(&failed.event).await.unwrap_err();
    let arn = failed.event["resources"][0].as_str().unwrap();
    let service = ServiceArn::parse(arn, None).unwrap();
    let state = failed.bot.invocation("read").state();
    let kept = state.decisions(&service, 1, failed.bot.now()).await;
    let kept = kept.known().unwrap().iter().map(|it| it.verdict.as_str());
    assert_eq!(kept.collect::<Vec<_>>(), ["dry_run"]);
}
