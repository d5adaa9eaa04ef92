//! The formats of an alert, by snapshot, and the limits they keep.

#[path = "formats/alerts.rs"]
mod alerts;

use domain::alert::{Alert, Kind, Publication, Severity, links, render};
use insta::assert_snapshot;
use proptest::prelude::*;
use serde_json::Value;

/// One format of the publication.
#[track_caller]
fn format(alert: &Alert, key: &str) -> String {
    let message: Value = serde_json::from_str(&render(alert).message).unwrap();
    message[key].as_str().unwrap().to_owned()
}

#[track_caller]
fn pretty(alert: &Alert, key: &str) -> String {
    let value: Value = serde_json::from_str(&format(alert, key)).unwrap();
    serde_json::to_string_pretty(&value).unwrap()
}

#[test]
fn the_text_of_a_full_alert() {
    assert_snapshot!(format(&alerts::secret_denied(), "email"), @"");
}

#[test]
fn the_text_of_a_minimal_alert() {
    assert_snapshot!(format(&alerts::minimal(), "email"), @"");
}

#[test]
fn the_text_message_of_a_full_alert() {
    assert_snapshot!(format(&alerts::secret_denied(), "sms"), @"");
}

#[test]
fn the_text_message_of_a_minimal_alert() {
    assert_snapshot!(format(&alerts::minimal(), "sms"), @"");
}

#[test]
fn a_text_message_that_is_too_long_ends_with_a_whole_word() {
    let mut alert = alerts::secret_denied();
    alert.headline = format!(
        "order-api in {}: deployment of order-api:42 failed: secret cannot be read",
        "prod-".repeat(16)
    );
    assert_snapshot!(format(&alert, "sms"), @"");
}

#[test]
fn the_text_message_of_a_recovery() {
    let mut alert = alerts::minimal();
    (alert.kind, alert.severity) = (Kind::Recovered, Severity::Info);
    alert.headline = "order-api in prod-apps: recovered in 3 min 12 s on order-api:41".to_owned();
    alert.response.sentence = "The incident is over.".to_owned();
    assert_snapshot!(format(&alert, "sms"), @"");
}

#[test]
fn the_card_of_a_full_alert() {
    assert_snapshot!(pretty(&alerts::secret_denied(), "https"), @"");
}

#[test]
fn the_card_of_a_minimal_alert() {
    assert_snapshot!(pretty(&alerts::minimal(), "https"), @"");
}

#[test]
fn the_json_of_a_full_alert() {
    assert_snapshot!(pretty(&alerts::secret_denied(), "sqs"), @"");
}

#[test]
fn the_json_of_a_minimal_alert() {
    assert_snapshot!(pretty(&alerts::minimal(), "lambda"), @"");
}

#[test]
fn the_subject_and_the_attributes() {
    let Publication {
        subject,
        attributes,
        ..
    } = render(&alerts::secret_denied());
    assert_snapshot!(subject, @"");
    let attributes: Vec<String> = attributes
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    assert_snapshot!(attributes.join(" "), @"");
}

#[test]
fn an_alert_in_a_card_is_written_with_slacks_entities() {
    let mut alert = alerts::minimal();
    alert.headline = "a < b && c > d".to_owned();
    let card: Value = serde_json::from_str(&format(&alert, "https")).unwrap();
    assert_snapshot!(card["content"]["title"].as_str().unwrap(), @"");
}

#[test]
fn console_links_are_right_in_every_partition() {
    let mut arn = alerts::service();
    assert_snapshot!(links::deployments(&arn), @"");
    assert_snapshot!(links::deployment(&arn, "arn:aws:ecs:eu-west-1:111122223333:service-deployment/prod-apps/order-api/Xy_1"), @"");
    assert_snapshot!(links::task_definition(&arn, "arn:aws:ecs:eu-west-1:111122223333:task-definition/order-api:42"), @"");
    assert_snapshot!(links::log_stream(&arn, "/ecs/order api", "ecs/app/0f1e"), @"");
    (arn.partition, arn.region) = ("aws-cn".to_owned(), "cn-north-1".to_owned());
    assert_snapshot!(links::service(&arn), @"");
    (arn.partition, arn.region) = ("aws-us-gov".to_owned(), "us-gov-west-1".to_owned());
    assert_snapshot!(links::task(&arn, "arn:aws-us-gov:ecs:us-gov-west-1:111122223333:task/prod-apps/0f1e"), @"");
}

/// Everything that must hold for whatever an alert says.
#[track_caller]
fn keeps_every_limit(alert: &Alert) {
    let Publication {
        subject,
        message,
        attributes,
    } = render(alert);
    assert!(
        !subject.is_empty() && subject.chars().count() < 100,
        "{subject}"
    );
    assert!(!subject.contains(char::is_control), "{subject}");
    let counted: usize = attributes
        .iter()
        .map(|(name, value)| name.len() + 6 + value.len())
        .sum();
    assert!(message.len() + counted < 256 * 1024, "{}", message.len());
    assert_eq!(attributes.len(), 6);
    assert!(attributes.iter().all(|(_, value)| !value.is_empty()));

    let message: Value = serde_json::from_str(&message).unwrap();
    let formats = message.as_object().unwrap();
    let keys: Vec<&str> = formats.keys().map(String::as_str).collect();
    assert_eq!(
        keys,
        ["default", "email", "http", "https", "lambda", "sms", "sqs"]
    );
    assert!(formats.values().all(Value::is_string));
    let text = |key: &str| formats[key].as_str().unwrap();
    assert!(text("email").len() <= 16 * 1024, "{}", text("email").len());
    assert!(
        (1..=140).contains(&text("sms").len()) && text("sms").is_ascii(),
        "{}",
        text("sms")
    );

    let machine: Value = serde_json::from_str(text("sqs")).unwrap();
    let errors: Vec<String> = schema()
        .iter_errors(&machine)
        .map(|error| error.to_string())
        .collect();
    assert_eq!(errors, Vec::<String>::new());
    is_a_custom_notification(&serde_json::from_str(text("https")).unwrap());
}

fn schema() -> jsonschema::Validator {
    let schema: Value = serde_json::from_str(include_str!("../alert.schema.json")).unwrap();
    jsonschema::draft202012::options()
        .should_validate_formats(true)
        .build(&schema)
        .unwrap()
}

/// The shape that Amazon Q Developer in chat applications takes; it shows nothing otherwise.
#[track_caller]
fn is_a_custom_notification(card: &Value) {
    assert_eq!(
        (&card["version"], &card["source"]),
        (&Value::from("1.0"), &Value::from("custom"))
    );
    let content = &card["content"];
    assert_eq!(content["textType"], "client-markdown");
    let description = content["description"].as_str().unwrap();
    assert!(
        (1..=2_500).contains(&description.chars().count()),
        "{description}"
    );
    assert!(
        content["title"]
            .as_str()
            .is_some_and(|title| !title.is_empty())
    );
    for list in [
        &content["nextSteps"],
        &content["keywords"],
        &card["metadata"]["relatedResources"],
    ] {
        assert!(list.as_array().unwrap().iter().all(Value::is_string));
    }
    let context = card["metadata"]["additionalContext"].as_object().unwrap();
    assert!(
        context
            .values()
            .all(|value| value.as_str().is_some_and(|text| !text.is_empty()))
    );
    let keys: Vec<&str> = card
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(keys, ["content", "id", "metadata", "source", "version"]);
}

#[test]
fn a_huge_alert_keeps_every_limit() {
    for text in [
        "x",
        "word ",
        "🚑",
        "\"",
        "&",
        "日本 ",
        "https://a.example/?",
    ] {
        for (length, count) in [(40, 1000), (1 << 20, 2), (700, 20), (300, 6)] {
            keeps_every_limit(&alerts::filled(&text.repeat(length / text.len()), count));
        }
    }
}

#[test]
fn an_empty_alert_keeps_every_limit() {
    let mut alert = alerts::filled("", 3);
    alert.incident = "none".to_owned();
    keeps_every_limit(&alert);
}

#[test]
fn a_huge_alert_gives_up_evidence_first() {
    let mut alert = alerts::secret_denied();
    let line = alert.evidence.log_lines[0].clone();
    alert.evidence.log_lines = vec![line; 5000];
    let last = alert.evidence.log_lines.len() - 1;
    alert.evidence.log_lines[last].text = format!("the last line {}", "x ".repeat(5000));
    alert.evidence.service_events = alert.evidence.log_lines.clone();
    let text = format(&alert, "email");
    assert!(text.contains(&alert.headline[..60]));
    assert!(
        alert
            .next_steps
            .iter()
            .all(|step| text.contains(&step[..30]))
    );
    assert!(text.contains("the last line x"));
}

#[test]
fn a_hostile_alert_is_harmless_in_every_format() {
    let hostile = "<!channel> @here [log in](https://evil.example) ```\n<script>\u{1b}[31m\u{202e} password=hunter2 AKIAIOSFODNN7EXAMPLE";
    for text in [hostile.to_owned(), hostile.repeat(10_000)] {
        let alert = alerts::filled(&text, 3);
        keeps_every_limit(&alert);
        let Publication {
            subject,
            message,
            attributes,
        } = render(&alert);
        let shown = format!("{subject} {message} {attributes:?}").to_lowercase();
        for bad in [
            "<!", "@here", "](", "<script", "\u{1b}", "\u{202e}", "hunter2", "akiaiosf",
        ] {
            assert!(!shown.contains(bad), "{bad} in {shown}");
        }
        // The card's own fences come in pairs; the text brings none.
        let card: Value = serde_json::from_str(&format(&alert, "https")).unwrap();
        let fences = card["content"]["description"]
            .as_str()
            .unwrap()
            .matches("```")
            .count();
        assert_eq!(fences % 2, 0);
    }
}

#[test]
fn every_line_of_the_text_but_quoted_logs_links_and_commands_is_at_most_80_wide() {
    let text = format(&alerts::secret_denied(), "email");
    let whole = |line: &&str| {
        line.contains("https://") || line.contains("arn:aws:") || line.contains("aws ecs ")
    };
    for line in text.lines().filter(|line| !whole(line)) {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]

    #[test]
    fn whatever_an_alert_says_every_limit_is_kept(
        text in prop_oneof![any::<String>(), ".{0,60}", "[\"\\\\&<>@`🚑]{0,400}"],
        times in 1_usize..40,
        count in 0_usize..12,
    ) {
        let mut alert = alerts::filled(&text.repeat(times), count);
        alert.incident = "some-incident".to_owned();
        keeps_every_limit(&alert);
    }
}
