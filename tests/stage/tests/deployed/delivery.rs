//! That events, alerts and failures take the ways the template lays for them.

use std::time::Duration;

use serde_json::{Value, json};
use stage::{Alert, Error};

use crate::rules::events;
use crate::stage::{alone, stage};

const PATIENCE: Duration = Duration::from_secs(30);

#[test]
fn a_put_event_of_aws_ecs_is_refused_as_in_aws() {
    let entry = json!({ "Source": "aws.ecs", "DetailType": "x", "Detail": "{}" });
    let answer = stage()
        .call("events", "put_events", json!({ "Entries": [entry] }))
        .unwrap();
    assert_eq!(
        answer["Entries"][0]["ErrorCode"],
        "NotAuthorizedForSourceException"
    );
}

#[test]
fn a_message_for_several_protocols_reaches_a_queue_in_the_form_for_queues() {
    let topic = stage().output("OperatorTopicArn").unwrap();
    let queue = stage().subscribe_queue("operators", &topic).unwrap();
    let forms = json!({ "default": "d", "email": "a mail", "sqs": "for programs" });
    let with = json!({
        "TopicArn": topic, "Subject": "s", "MessageStructure": "json", "Message": forms.to_string(),
    });
    stage().call("sns", "publish", with).unwrap();
    let messages = stage().receive(&queue, PATIENCE).unwrap();
    let [message] = messages.as_slice() else {
        panic!("{} messages", messages.len())
    };
    let envelope: Value = serde_json::from_str(&message.body).unwrap();
    assert_eq!(
        (&envelope["Subject"], &envelope["Message"]),
        (&json!("s"), &json!("for programs"))
    );
}

#[test]
fn a_stranger_may_not_publish_alerts() {
    let user = json!({ "UserName": "stranger" });
    stage().call("iam", "create_user", user.clone()).unwrap();
    let made = stage().call("iam", "create_access_key", user).unwrap();
    let key = made["AccessKey"]["AccessKeyId"].as_str().unwrap();
    let topic = stage().output("AlertTopicArn").unwrap();
    let with =
        json!({ "access_key_id": key, "action": "sns:Publish", "resource": topic, "context": {} });
    assert_eq!(
        stage().call("stage", "allows", with).unwrap()["allowed"],
        false
    );
}

#[test]
fn the_operator_is_told_of_every_queue_that_fills_and_of_function_errors() {
    let answer = stage()
        .call("cloudwatch", "describe_alarms", json!({}))
        .unwrap();
    let alarms = answer["MetricAlarms"].as_array().unwrap();
    let operator = stage().output("OperatorTopicArn").unwrap();
    let mut found: Vec<_> = alarms
        .iter()
        .map(|alarm| {
            assert_eq!(alarm["AlarmActions"], json!([operator]));
            let of = alarm["Dimensions"][0]["Value"].as_str().unwrap();
            // What CloudFormation appends to a name is not the template's.
            let made = of
                .rsplit_once('-')
                .filter(|_| of.contains("Queue") || of.contains("Topic"));
            let name = made.map_or(of, |(name, _)| name);
            format!("{} {name}", alarm["MetricName"].as_str().unwrap())
        })
        .collect();
    found.sort();
    assert_eq!(
        found,
        [
            "ApproximateAgeOfOldestMessage opsbot-TaskStoppedQueue",
            "ApproximateNumberOfMessagesVisible opsbot-DeploymentChangedFailedQueue",
            "ApproximateNumberOfMessagesVisible opsbot-DeploymentChangedUndeliveredQueue",
            "ApproximateNumberOfMessagesVisible opsbot-FailingDeploymentsFailedQueue",
            "ApproximateNumberOfMessagesVisible opsbot-TaskStoppedFailedQueue",
            "ApproximateNumberOfMessagesVisible opsbot-TaskStoppedUndeliveredQueue",
            "ApproximateNumberOfMessagesVisible opsbot-UndeliveredAlertsQueue",
            "AsyncEventsDropped opsbot-deployment-changed",
            "DestinationDeliveryFailures opsbot-deployment-changed",
            "Errors opsbot-deployment-changed",
            "Errors opsbot-task-stopped",
            "NumberOfNotificationsFailed opsbot-AlertTopic",
            "Throttles opsbot-deployment-changed",
            "Throttles opsbot-task-stopped",
        ]
    );
}

#[test]
fn an_unknown_queue_is_an_error_with_its_code() {
    let refused = stage().receive("https://127.0.0.1/111122223333/none", Duration::ZERO);
    assert_eq!(
        refused.as_ref().err().and_then(Error::code),
        Some("AWS.SimpleQueueService.NonExistentQueue"),
        "{refused:?}"
    );
}

#[test]
fn no_alert_comes_of_an_event_that_no_rule_takes() {
    let _alone = alone();
    stage()
        .put_event(&events()["service-action.steady-state"])
        .unwrap();
    assert_eq!(
        stage().receive_alerts(Duration::from_secs(1)).unwrap(),
        Vec::<Alert>::new()
    );
}
