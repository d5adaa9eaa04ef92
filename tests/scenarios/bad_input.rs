//! Whatever arrives: a clear line in the log or a thin alert, never a panic, never a retry.

use serde_json::{Value, json};
use stories::Story;
use tests::bot::Bot;

fn bot() -> Bot {
    Bot::new(Story::named("image-missing").unwrap().town("aws.ecs"))
}

fn event() -> Value {
    json!({
        "version": "0", "id": "1", "detail-type": "ECS Deployment State Change",
        "source": "aws.ecs", "account": "111122223333", "time": "2026-11-22T10:31:14Z",
        "region": "us-east-1",
        "resources": ["arn:aws:ecs:us-east-1:111122223333:service/prod-apps/order-api"],
        "detail": {
            "eventType": "ERROR", "eventName": "SERVICE_DEPLOYMENT_FAILED",
            "deploymentId": "ecs-svc/1", "updatedAt": "2026-11-22T10:30:11Z",
            "reason": "ECS deployment circuit breaker: tasks failed to start."
        }
    })
}

/// Delivers one event and gives the kinds of the alerts it made and whether AWS was asked.
async fn check(event: &Value, want: &[&str]) -> Vec<String> {
    let bot = bot();
    bot.deliver(event)
        .await
        .expect("a bad event is never retried");
    let alerts = bot.alerts();
    let kinds: Vec<&str> = alerts
        .iter()
        .map(|alert| alert.attributes["kind"].1.as_str())
        .collect();
    assert_eq!(kinds, want, "{event}");
    bot.aws.actions()
}

fn with(pointer: &str, value: Value) -> Value {
    let mut event = event();
    *event.pointer_mut(pointer).expect("a known field") = value;
    event
}

#[tokio::test]
async fn foreign_events_make_no_call_at_all() {
    let others = [
        with("/source", json!("aws.ec2")),
        with("/account", json!("123456789012")),
        with("/region", json!("eu-central-1")),
        with("/detail-type", json!("ECS Task State Change")),
        with("/detail/eventName", json!("SERVICE_DEPLOYMENT_PAUSED")),
        with(
            "/resources",
            json!(["arn:aws:ecs:us-east-1:123456789012:service/a/b"]),
        ),
    ];
    for event in others {
        assert_eq!(
            check(&event, &[]).await,
            Vec::<String>::new(),
            "radio silence for {event}"
        );
    }
}

#[tokio::test]
async fn an_event_that_is_ours_and_unreadable_is_told_thinly() {
    let broken = [
        with("/detail", json!("text")),
        with("/detail", json!(null)),
        with("/detail/eventName", json!(7)),
        with("/detail/deploymentId", json!(["x"])),
        with("/resources", json!([])),
        with(
            "/resources",
            json!(["arn:aws:ecs:us-east-1:111122223333:service/prod/<script>"]),
        ),
    ];
    for event in broken {
        check(&event, &["unreadable_event"]).await;
    }
}

#[tokio::test]
async fn what_is_no_event_at_all_is_told_thinly_and_once() {
    for event in [json!(null), json!([]), json!(1), json!("x"), json!({})] {
        check(&event, &["unreadable_event"]).await;
    }
    let bot = bot();
    for _ in 0..3 {
        bot.deliver(&json!({})).await.expect("an answer");
    }
    assert_eq!(bot.alerts().len(), 1, "a flood of them is one alert");
}

#[tokio::test]
async fn unknown_fields_are_no_news() {
    let mut event = event();
    event["detail"]["somethingNew"] = json!({"a": [1, 2, 3]});
    event["somethingElse"] = json!(true);
    check(&event, &["deployment_failed"]).await;
}

#[tokio::test]
async fn a_huge_hostile_event_stays_within_every_limit() {
    let text =
        "\u{1b}[31m<!channel> \u{202e}AKIAIOSFODNN7EXAMPLE `x` ](http://evil) ".repeat(6_000);
    let event = with("/detail/reason", json!(text));
    assert!(event.to_string().len() > 256 * 1024);
    let bot = bot();
    bot.deliver(&event).await.expect("an answer");
    let alerts = bot.alerts();
    assert!(alerts[0].message.len() < 256 * 1024);
    for bad in ["<!channel>", "AKIAIOSFODNN7EXAMPLE", "\\u001b", "\u{202e}"] {
        assert!(!alerts[0].message.contains(bad), "{bad}");
    }
    assert!(alerts[0].for_protocol("sms").chars().count() <= 140);
    assert!(
        alerts[0]
            .subject
            .as_deref()
            .unwrap_or_default()
            .chars()
            .count()
            < 100
    );
}

#[tokio::test]
async fn a_service_that_is_gone_is_told_all_the_same() {
    let gone = "arn:aws:ecs:us-east-1:111122223333:service/prod-apps/never-made";
    check(&with("/resources", json!([gone])), &["deployment_failed"]).await;
    let nowhere = "arn:aws:ecs:us-east-1:111122223333:service/no-cluster/order-api";
    check(
        &with("/resources", json!([nowhere])),
        &["deployment_failed"],
    )
    .await;
}
