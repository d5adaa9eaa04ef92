//! Every file in events/ is an EventBridge event, and means what its name says.

use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use domain::event::{Parsed, Trigger, parse};
use domain::settings::Settings;
use serde_json::Value;

use crate::repo::{File, files};

/// What `INFO` tells of everyday life.
const EVERYDAY: [&str; 8] = [
    "capacity-provider-steady-state",
    "deployment-completed",
    "deployment-in-progress",
    "desired-count-updated",
    "rebalancing-started",
    "scale-in-blocked",
    "steady-state",
    "tasks-stopped",
];

fn events() -> Vec<File> {
    let mut files = files();
    files.retain(|file| file.path.starts_with("events/"));
    assert!(!files.is_empty(), "events/ is empty");
    files
}

fn settings() -> Settings {
    let lookup = |key: &str| {
        let value = match key {
            "AWS_REGION" => "us-east-1",
            "OPSBOT_ALERT_TOPIC_ARN" => "arn:aws:sns:us-east-1:111122223333:alerts",
            "OPSBOT_STATE_TABLE" => "state",
            _ => return None,
        };
        Some(value.to_owned())
    };
    Settings::parse(lookup).unwrap()
}

/// `deployment-failed.circuit-breaker.json`: what happened, and the situation.
fn name(file: &File) -> (&str, &str) {
    let name = file.path.trim_start_matches("events/");
    let name = name.strip_suffix(".json").unwrap_or_else(|| {
        panic!("{}: events/ holds JSON files only", file.path);
    });
    name.split_once('.').unwrap_or((name, ""))
}

/// What deployment-changed makes of an event, by the name of its file.
fn meaning(file: &File) -> &'static str {
    match name(file) {
        ("deployment-failed", _) | ("service-action", "deployment-failed") => "Failed",
        ("deployment-completed", _) => "Completed",
        ("deployment-in-progress", "started") => "Started",
        ("deployment-in-progress", "rolling-back") => "RollingBack",
        ("service-action", situation) if EVERYDAY.contains(&situation) => "ignored",
        ("service-action", _) => "a warning",
        ("task-stopped" | "task-state" | "container-instance" | "hook", _) => "ignored",
        ("daemon" | "daemon-deployment", _) => "ignored",
        (other, _) => panic!("{other}: say in tests/tidy/events.rs what such an event means"),
    }
}

#[track_caller]
fn json(file: &File) -> Value {
    serde_json::from_str(&file.text).unwrap_or_else(|error| panic!("{}: {error}", file.path))
}

#[test]
fn each_file_is_an_eventbridge_event() {
    for file in events() {
        let event: EventBridgeEvent<Value> = serde_json::from_str(&file.text)
            .unwrap_or_else(|error| panic!("{} is no EventBridge event: {error}", file.path));
        assert_eq!(event.source, "aws.ecs", "{}", file.path);
        assert_eq!(
            event.account.as_deref(),
            Some("111122223333"),
            "{}",
            file.path
        );
        assert!(event.id.is_some() && event.time.is_some(), "{}", file.path);
        assert!(event.detail_type.starts_with("ECS "), "{}", file.path);
        assert!(event.detail.is_object(), "{}", file.path);
    }
}

#[test]
fn each_file_means_what_its_name_says() {
    for file in events() {
        let found = match parse(&json(&file), &settings()) {
            Parsed::Trigger(Trigger::Deployment(event)) => format!("{:?}", event.change),
            Parsed::Trigger(Trigger::ServiceAction(_)) => "a warning".to_owned(),
            Parsed::Ignored(_) => "ignored".to_owned(),
            Parsed::Malformed(malformed) => malformed.why,
        };
        assert_eq!(found, meaning(&file), "{}", file.path);
    }
}

#[test]
fn the_stopped_tasks_are_stopped_but_for_the_spot_notices() {
    for file in events() {
        if let ("task-stopped", situation) = name(&file) {
            let status = json(&file)["detail"]["lastStatus"].clone();
            let want = if situation.starts_with("spot-notice") {
                "RUNNING"
            } else {
                "STOPPED"
            };
            assert_eq!(status, want, "{}", file.path);
        }
    }
}
