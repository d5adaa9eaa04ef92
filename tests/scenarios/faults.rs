//! The matrix: every call that is made × everything that can go wrong with it. The alert is sent,
//! says what is missing, and which permission would help.

use std::time::Duration;

use serde_json::Value;
use simulator::{Fault, World};
use stories::{Story, until};
use tests::bot::{Bot, IMPATIENT};

/// Every action that deployment-changed calls before it publishes.
const READS: [&str; 11] = [
    "ecs:DescribeServices",
    "ecs:ListServiceDeployments",
    "ecs:DescribeServiceDeployments",
    "ecs:DescribeServiceRevisions",
    "ecs:ListTasks",
    "ecs:DescribeTasks",
    "ecs:DescribeTaskDefinition",
    "elasticloadbalancing:DescribeTargetHealth",
    "cloudwatch:GetMetricData",
    "logs:GetLogEvents",
    "dynamodb:GetItem",
];

fn failing() -> (Bot, Value) {
    let story = Story::named("sidecar-first").unwrap();
    let bot = Bot::with(story.town("aws.ecs"), &[], IMPATIENT);
    let events = bot.aws.with(|world: &mut World| {
        story.release(world);
        until(world, "SERVICE_DEPLOYMENT_FAILED")
    });
    let failed = |event: &&Value| {
        event["detail-type"] == "ECS Deployment State Change"
            && event["detail"]["eventName"] == "SERVICE_DEPLOYMENT_FAILED"
    };
    let event = events.iter().find(failed).expect("a failure").clone();
    (bot, event)
}

/// Injects the fault into each call in turn, and gives what the alert says of the gap.
async fn gaps(actions: &[&str], fault: Fault) -> String {
    let mut said = Vec::new();
    for action in actions {
        let (bot, event) = failing();
        bot.aws.inject(action, fault.clone());
        bot.deliver(&event)
            .await
            .expect("the alert is sent all the same");
        let alerts = bot.alerts();
        assert_eq!(alerts.len(), 1, "{action}");
        let machine: Value = serde_json::from_str(&alerts[0].for_protocol("sqs")).unwrap();
        let gaps = machine["not_collected"].as_array().expect("a list").clone();
        assert!(
            !gaps.is_empty(),
            "{action} is missing and the alert does not say so"
        );
        let gaps = gaps.iter().map(|gap| {
            let text = |key: &str| gap[key].as_str().unwrap_or("-").to_owned();
            format!(
                "{} | {} | {}",
                text("what"),
                text("why"),
                text("permission")
            )
        });
        said.push(format!(
            "{action}\n  {}",
            gaps.collect::<Vec<_>>().join("\n  ")
        ));
    }
    said.join("\n")
}

#[tokio::test]
async fn denied_calls_are_named_with_the_permission() {
    insta::assert_snapshot!(gaps(&READS, Fault::denied()).await);
}

#[tokio::test]
async fn throttled_calls_are_named() {
    insta::assert_snapshot!(gaps(&READS, Fault::throttled()).await);
}

#[tokio::test]
async fn failing_calls_are_named() {
    insta::assert_snapshot!(gaps(&READS, Fault::internal()).await);
}

#[tokio::test]
async fn calls_that_hang_are_given_up() {
    insta::assert_snapshot!(gaps(&READS, Fault::hangs()).await);
}

#[tokio::test]
async fn malformed_answers_are_named() {
    insta::assert_snapshot!(gaps(&READS, Fault::malformed()).await);
}

#[tokio::test]
async fn with_everything_down_but_sns_the_alert_is_still_sent() {
    for fault in [
        Fault::denied(),
        Fault::throttled(),
        Fault::internal(),
        Fault::hangs(),
    ] {
        let (bot, event) = failing();
        for service in [
            "ecs:*",
            "logs:*",
            "elasticloadbalancing:*",
            "cloudwatch:*",
            "dynamodb:*",
        ] {
            bot.aws.inject(service, fault.clone());
        }
        bot.deliver(&event)
            .await
            .expect("the alert is sent all the same");
        let alerts = bot.alerts();
        assert_eq!(alerts.len(), 1);
        assert_eq!(
            alerts[0].attributes["severity"].1, "critical",
            "the worst is assumed"
        );
    }
}

#[tokio::test]
async fn an_unwritable_table_costs_a_duplicate_and_never_an_alert() {
    for fault in [
        Fault::denied(),
        Fault::throttled(),
        Fault::internal(),
        Fault::malformed(),
    ] {
        let (bot, event) = failing();
        bot.aws.inject("dynamodb:UpdateItem", fault);
        bot.deliver(&event).await.expect("an answer");
        bot.deliver(&event).await.expect("an answer");
        assert_eq!(bot.alerts().len(), 2);
    }
}

#[tokio::test]
async fn a_publish_that_fails_fails_the_invocation() {
    for fault in [
        Fault::denied(),
        Fault::throttled(),
        Fault::internal(),
        Fault::hangs(),
    ] {
        let (bot, event) = failing();
        bot.aws.inject("sns:Publish", fault);
        bot.deliver(&event).await.expect_err("SNS did not take it");
    }
}

#[tokio::test]
async fn a_publish_that_fails_once_is_tried_again_at_once() {
    let (bot, event) = failing();
    bot.aws.inject("sns:Publish", Fault::internal().times(1));
    bot.deliver(&event).await.expect("the second try");
    assert_eq!(bot.alerts().len(), 1);
}

#[tokio::test]
async fn an_end_that_cannot_be_told_for_lack_of_memory_is_retried() {
    let (bot, event) = failing();
    bot.deliver(&event).await.expect("an answer");
    let recovery = bot
        .aws
        .with(|world: &mut World| until(world, "SERVICE_DEPLOYMENT_COMPLETED"));
    let recovery = recovery
        .iter()
        .find(|event| event["detail"]["eventName"] == "SERVICE_DEPLOYMENT_COMPLETED")
        .expect("a recovery");
    bot.aws.inject("dynamodb:UpdateItem", Fault::throttled());
    bot.deliver(recovery)
        .await
        .expect_err("whether an incident is open is not known");
    bot.aws.clear_faults();
    bot.deliver(recovery).await.expect("the retry");
    assert_eq!(bot.alerts().len(), 2);
}

#[tokio::test]
async fn slow_answers_are_waited_for() {
    let (bot, event) = failing();
    bot.aws.set_latency("*", Duration::from_millis(100));
    bot.deliver(&event).await.expect("an answer");
    let machine: Value = serde_json::from_str(&bot.alerts()[0].for_protocol("sqs")).unwrap();
    assert_eq!(machine["not_collected"], serde_json::json!([]));
}
