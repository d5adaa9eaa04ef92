//! The life of an incident: opened once, updated when ECS rolls back, closed with a last word,
//! whatever the order and number of deliveries.

use serde_json::Value;
use simulator::{Fault, Published, World};
use stories::{CLUSTER, SERVICE, Story, until};
use tests::bot::{Bot, taken};

/// A story told until its deployment failed and, where ECS rolls back, until it recovered: the
/// events that the rules take, by name.
struct Told {
    bot: Bot,
    failed: Vec<Value>,
}

fn told(story: &str) -> Told {
    let story = Story::named(story).expect("a known story");
    let bot = Bot::new(story.town("aws.ecs"));
    let failed = bot.aws.with(|world: &mut World| {
        story.release(world);
        until(world, "SERVICE_DEPLOYMENT_FAILED")
    });
    Told { bot, failed }
}

impl Told {
    fn named(&self, name: &str) -> Vec<Value> {
        let named = |event: &&Value| event["detail"]["eventName"] == name && taken(event);
        self.failed.iter().filter(named).cloned().collect()
    }

    fn failure(&self) -> Value {
        self.named("SERVICE_DEPLOYMENT_FAILED").remove(0)
    }

    fn rollback(&self) -> Value {
        let mut started = self.named("SERVICE_DEPLOYMENT_IN_PROGRESS");
        started.retain(|event| {
            event["detail"]["reason"]
                .as_str()
                .unwrap()
                .contains("rolling back")
        });
        started.remove(0)
    }

    /// Time passes until the service is steady again.
    fn recovery(&self) -> Value {
        let events = self
            .bot
            .aws
            .with(|world: &mut World| until(world, "SERVICE_DEPLOYMENT_COMPLETED"));
        let completed =
            |event: &&Value| event["detail"]["eventName"] == "SERVICE_DEPLOYMENT_COMPLETED";
        events
            .iter()
            .find(|event| completed(event) && taken(event))
            .expect("a recovery")
            .clone()
    }

    async fn deliver(&self, events: &[&Value]) {
        for event in events {
            self.bot.deliver(event).await.expect("an answer");
        }
    }

    /// Incident and SMS form of every alert so far: one line each.
    fn thread(&self) -> String {
        let line = |alert: &Published| {
            let id = incident(alert);
            let id = id.rsplit('/').next().unwrap_or_default().to_owned();
            format!("{id} {}", alert.for_protocol("sms"))
        };
        let lines: Vec<String> = self.bot.alerts().iter().map(line).collect();
        lines.join("\n")
    }

    /// The SMS form of every alert so far: one line each.
    fn sms(&self) -> String {
        let lines = self.bot.alerts();
        let lines = lines
            .iter()
            .map(|alert| alert.for_protocol("sms").to_owned());
        lines.collect::<Vec<_>>().join("\n")
    }
}

#[tokio::test]
async fn a_failure_that_ecs_rolls_back_is_two_messages() {
    let told = told("ecs-rolls-back");
    told.deliver(&[&told.failure(), &told.rollback()]).await;
    told.deliver(&[&told.recovery()]).await;
    insta::assert_snapshot!(told.sms());
}

#[tokio::test]
async fn the_last_word_says_how_long_it_took_and_on_which_revision() {
    let told = told("ecs-rolls-back");
    told.deliver(&[&told.failure(), &told.rollback()]).await;
    told.deliver(&[&told.recovery()]).await;
    let alerts = told.bot.alerts();
    insta::assert_snapshot!(alerts.last().unwrap().for_protocol("email"));
}

#[tokio::test]
async fn duplicates_do_no_harm() {
    let told = told("ecs-rolls-back");
    let (failure, rollback) = (told.failure(), told.rollback());
    told.deliver(&[&failure, &failure, &rollback, &failure, &rollback])
        .await;
    let recovery = told.recovery();
    told.deliver(&[&recovery, &recovery, &failure, &rollback, &recovery])
        .await;
    assert_eq!(told.bot.alerts().len(), 2, "{}", told.sms());
}

#[tokio::test]
async fn reordering_does_no_harm() {
    let told = told("ecs-rolls-back");
    told.deliver(&[&told.rollback(), &told.failure()]).await;
    let recovery = told.recovery();
    told.deliver(&[&recovery, &told.rollback(), &told.failure()])
        .await;
    assert_eq!(told.bot.alerts().len(), 2, "{}", told.sms());
}

#[tokio::test]
async fn two_deliveries_at_once_are_one_alert() {
    let told = told("ecs-rolls-back");
    let failure = told.failure();
    let both = tokio::join!(told.bot.deliver(&failure), told.bot.deliver(&failure));
    both.0.and(both.1).expect("answers");
    assert_eq!(told.bot.alerts().len(), 1);
}

#[tokio::test]
async fn failure_and_rollback_at_once_are_one_alert() {
    let told = told("ecs-rolls-back");
    let (failure, rollback) = (told.failure(), told.rollback());
    let both = tokio::join!(told.bot.deliver(&failure), told.bot.deliver(&rollback));
    both.0.and(both.1).expect("answers");
    assert_eq!(told.bot.alerts().len(), 1, "{}", told.sms());
}

#[tokio::test]
async fn a_late_failure_event_says_that_it_is_over_and_opens_nothing() {
    let told = told("ecs-rolls-back");
    let recovery = told.recovery();
    told.deliver(&[&recovery, &told.failure(), &recovery]).await;
    insta::assert_snapshot!(told.sms());
}

#[tokio::test]
async fn the_service_action_form_of_the_failure_is_the_same_news() {
    let told = told("image-missing");
    let mut action = told.failure();
    action["detail-type"] = "ECS Service Action".into();
    action["detail"]
        .as_object_mut()
        .unwrap()
        .remove("deploymentId");
    told.deliver(&[&action, &told.failure(), &action]).await;
    assert_eq!(told.bot.alerts().len(), 1, "{}", told.sms());
}

#[tokio::test]
async fn a_rollback_that_begins_later_is_an_update_in_the_same_thread() {
    let told = told("secret-denied");
    let failure = told.failure();
    let rollback = told.rollback();
    // As if ECS had needed a moment: the failure is told while the service still says FAILED.
    let before = Story::named("image-missing").unwrap();
    let slow = self::told(before.name);
    slow.deliver(&[&slow.failure()]).await;
    let mut update = rollback;
    update["detail"]["updatedAt"] = failure["detail"]["updatedAt"].clone();
    slow.deliver(&[&update, &update]).await;
    let alerts = slow.bot.alerts();
    assert_eq!(alerts.len(), 2, "{}", slow.sms());
    assert_eq!(incident(&alerts[0]), incident(&alerts[1]));
    assert_eq!(attribute(&alerts[1], "kind"), "rollback_started");
}

#[tokio::test]
async fn a_rollback_event_that_comes_after_the_next_release_is_not_about_it() {
    let told = told("ecs-rolls-back");
    let rollback = told.rollback();
    told.bot.aws.with(|world: &mut World| {
        let definition = simulator::TaskDefinition::of(SERVICE).revision(43);
        world.register(definition.container("app", "order-api:1.5.1"));
        world.advance(std::time::Duration::from_secs(60));
        world.deploy(CLUSTER, SERVICE, "order-api:43");
        world.advance(std::time::Duration::from_secs(1));
    });
    told.deliver(&[&rollback]).await;
    assert_eq!(told.sms(), "", "the next release does not fail");
}

/// The failure as a service action, which names no deployment, when it was rolled back and the next
/// release is under way.
fn late_action(told: &Told) -> Value {
    let mut action = told.failure();
    action["detail-type"] = "ECS Service Action".into();
    let detail = action["detail"].as_object_mut().expect("an object");
    detail.remove("deploymentId");
    told.bot.aws.with(|world: &mut World| {
        let definition = simulator::TaskDefinition::of(SERVICE).revision(43);
        world.register(definition.container("app", "order-api:1.5.1"));
        world.advance(std::time::Duration::from_secs(60));
        world.deploy(CLUSTER, SERVICE, "order-api:43");
        world.advance(std::time::Duration::from_secs(1));
    });
    action
}

#[tokio::test]
async fn a_failure_without_a_name_that_people_know_of_is_not_the_next_releases() {
    let told = told("ecs-rolls-back");
    told.deliver(&[&told.failure(), &told.rollback()]).await;
    told.deliver(&[&told.recovery()]).await;
    told.deliver(&[&late_action(&told)]).await;
    assert_eq!(told.bot.alerts().len(), 2, "{}", told.sms());
}

#[tokio::test]
async fn a_failure_without_a_name_that_nobody_knows_of_is_told_without_one() {
    let told = told("ecs-rolls-back");
    told.recovery();
    told.deliver(&[&late_action(&told)]).await;
    insta::assert_snapshot!(told.sms(), @"WARN order-api in prod-apps: deployment of a new revision failed. A newer deployment, of order-api:43, took its place");
}

#[tokio::test]
async fn a_completion_that_could_not_be_read_comes_again() {
    let told = told("ecs-rolls-back");
    let recovery = told.recovery();
    told.bot
        .aws
        .inject("ecs:DescribeServices", Fault::throttled());
    told.bot
        .deliver(&recovery)
        .await
        .expect_err("to come again");
    told.bot.aws.clear_faults();
    told.deliver(&[&recovery, &told.failure()]).await;
    let alerts = told.bot.alerts();
    let last = alerts.last().unwrap();
    assert_eq!(attribute(last, "rollback"), "over", "{}", told.sms());
}

#[tokio::test]
async fn a_new_release_ends_the_incident_too() {
    let told = told("image-missing");
    told.deliver(&[&told.failure()]).await;
    let events = told.bot.aws.with(|world: &mut World| {
        world.deploy(CLUSTER, SERVICE, "order-api:41");
        until(world, "SERVICE_DEPLOYMENT_COMPLETED")
    });
    told.bot.deliver_all(&events).await;
    insta::assert_snapshot!(told.sms());
}

#[tokio::test]
async fn two_failed_releases_are_two_incidents_and_both_get_a_last_word() {
    let told = told("image-missing");
    told.deliver(&[&told.failure()]).await;
    let events = told.bot.aws.with(|world: &mut World| {
        let definition = simulator::TaskDefinition::of(SERVICE)
            .revision(43)
            .container("app", "x:1");
        world.register(definition.fate(simulator::Fate::fails_to_start(
            "CannotPullContainerError: x:1: not found",
        )));
        world.deploy(CLUSTER, SERVICE, "order-api:43");
        until(world, "SERVICE_DEPLOYMENT_FAILED")
    });
    told.bot.deliver_all(&events).await;
    let events = told.bot.aws.with(|world: &mut World| {
        world.deploy(CLUSTER, SERVICE, "order-api:41");
        until(world, "SERVICE_DEPLOYMENT_COMPLETED")
    });
    told.bot.deliver_all(&events).await;
    let alerts = told.bot.alerts();
    let kinds: Vec<&str> = alerts
        .iter()
        .map(|alert| attribute(alert, "kind"))
        .collect();
    assert_eq!(
        kinds,
        [
            "deployment_failed",
            "deployment_failed",
            "recovered",
            "recovered"
        ]
    );
    assert_eq!(incident(&alerts[0]), incident(&alerts[2]));
    assert_eq!(incident(&alerts[1]), incident(&alerts[3]));
}

/// The rollback fails too, and somebody releases a revision that runs.
fn rollback_fails_too(told: &Told) -> Vec<Value> {
    told.bot.aws.with(|world: &mut World| {
        world.set_fate(
            "order-api:41",
            simulator::Fate::fails_to_start("CannotPullContainerError: gone: not found"),
        );
        world.scale(CLUSTER, SERVICE, 6);
        until(world, "SERVICE_DEPLOYMENT_FAILED")
    })
}

async fn mended(told: &Told) {
    let events = told.bot.aws.with(|world: &mut World| {
        let definition = simulator::TaskDefinition::of(SERVICE).revision(43);
        world.register(definition.container("app", "x:1").port(8080));
        world.deploy(CLUSTER, SERVICE, "order-api:43");
        until(world, "SERVICE_DEPLOYMENT_COMPLETED")
    });
    told.bot.deliver_all(&events).await;
}

#[tokio::test]
async fn a_rollback_that_fails_too_is_a_critical_update_with_one_last_word() {
    let told = told("ecs-rolls-back");
    told.deliver(&[&told.failure(), &told.rollback()]).await;
    let failed = rollback_fails_too(&told);
    told.bot.deliver_all(&failed).await;
    told.bot.deliver_all(&failed).await;
    insta::assert_snapshot!(
        "the_rollback_failed_too",
        told.bot.alerts()[1].for_protocol("email")
    );
    mended(&told).await;
    insta::assert_snapshot!(told.thread());
}

#[tokio::test]
async fn a_rollback_that_fails_too_finds_its_incident_also_when_it_is_told_first() {
    let told = told("ecs-rolls-back");
    let failed = rollback_fails_too(&told);
    told.bot.deliver_all(&failed).await;
    told.deliver(&[&told.rollback(), &told.failure()]).await;
    mended(&told).await;
    insta::assert_snapshot!(told.thread());
}

#[tokio::test]
async fn an_everyday_completion_publishes_nothing_and_remembers_the_revision() {
    let told = told("image-missing");
    let events = told.bot.aws.with(|world: &mut World| {
        world.deploy(CLUSTER, SERVICE, "order-api:41");
        until(world, "SERVICE_DEPLOYMENT_COMPLETED")
    });
    told.bot.deliver_all(&events).await;
    assert_eq!(told.bot.alerts().len(), 0);
    let table = told.bot.aws.table(tests::bot::TABLE);
    let good = table[0]["good"]["S"].as_str().expect("a good revision");
    assert!(good.contains("task-definition/order-api:41"), "{good}");
}

#[tokio::test]
async fn below_the_severity_floor_nothing_is_said_also_not_at_the_end() {
    let story = Story::named("ecs-rolls-back").unwrap();
    let settings = [("OPSBOT_SEVERITY_FLOOR", "critical")];
    let bot = Bot::with(
        story.town("aws.ecs"),
        &settings,
        aws::client::Limits::default(),
    );
    let failed = bot.aws.with(|world: &mut World| {
        story.release(world);
        until(world, "SERVICE_DEPLOYMENT_FAILED")
    });
    let told = Told { bot, failed };
    told.deliver(&[&told.failure(), &told.rollback()]).await;
    told.deliver(&[&told.recovery()]).await;
    assert_eq!(told.bot.alerts().len(), 0, "{}", told.sms());
}

#[tokio::test]
async fn an_alert_that_sns_did_not_take_is_sent_by_the_retry() {
    let told = told("image-missing");
    let failure = told.failure();
    told.bot.aws.inject("sns:Publish", Fault::denied());
    told.bot
        .deliver_as("one", &failure)
        .await
        .expect_err("SNS refused it");
    told.bot.aws.clear_faults();
    told.bot
        .deliver_as("one", &failure)
        .await
        .expect("the retry of the same invocation");
    told.bot
        .deliver_as("two", &failure)
        .await
        .expect("a duplicate");
    assert_eq!(told.bot.alerts().len(), 1);
}

#[tokio::test]
async fn the_calls_before_the_publish_are_at_most_three_deep() {
    let told = told("sidecar-first");
    told.bot
        .aws
        .set_latency("*", std::time::Duration::from_millis(50));
    told.deliver(&[&told.failure()]).await;
    let depth = told
        .bot
        .aws
        .round_trips_before("sns:Publish")
        .expect("a publish");
    assert!(
        depth <= 3,
        "{depth} round trips: {:?}",
        told.bot.aws.actions()
    );
}

fn attribute<'a>(alert: &'a Published, name: &str) -> &'a str {
    &alert.attributes[name].1
}

fn incident(alert: &Published) -> String {
    let machine: Value = serde_json::from_str(&alert.for_protocol("sqs")).expect("machine JSON");
    machine["incident"]
        .as_str()
        .expect("an incident")
        .to_owned()
}

/// The answer of the write holds all that is remembered, also where an older completion is refused.
#[tokio::test]
async fn a_completion_is_one_read_and_one_write_also_when_it_comes_late() {
    let told = told("ecs-rolls-back");
    let recovery = told.recovery();
    let mut late = recovery.clone();
    late["detail"]["updatedAt"] = told.bot.now().to_rfc3339().into();
    for event in [&late, &recovery] {
        told.bot.aws.clear_logs();
        told.deliver(&[event]).await;
        let calls = told.bot.aws.actions();
        assert_eq!(calls, ["ecs:DescribeServices", "dynamodb:UpdateItem"]);
    }
}
