//! That events, alerts and failures take the ways the template lays for them.

use std::time::Duration;

use serde_json::{Value, json};
use stage::{ACCOUNT, Alert, Error, REGION};

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
            "ApproximateAgeOfOldestMessage opsbot-FailingDeploymentsQueue",
            "ApproximateAgeOfOldestMessage opsbot-RollBackQueue",
            "ApproximateAgeOfOldestMessage opsbot-TaskStoppedQueue",
            "ApproximateNumberOfMessagesVisible opsbot-DeploymentChangedFailedQueue",
            "ApproximateNumberOfMessagesVisible opsbot-DeploymentChangedUndeliveredQueue",
            "ApproximateNumberOfMessagesVisible opsbot-FailingDeploymentsFailedQueue",
            "ApproximateNumberOfMessagesVisible opsbot-RollBackFailedQueue",
            "ApproximateNumberOfMessagesVisible opsbot-TaskStoppedFailedQueue",
            "ApproximateNumberOfMessagesVisible opsbot-TaskStoppedUndeliveredQueue",
            "ApproximateNumberOfMessagesVisible opsbot-UndeliveredAlertsQueue",
            "AsyncEventsDropped opsbot-deployment-changed",
            "DestinationDeliveryFailures opsbot-deployment-changed",
            "Errors opsbot-deployment-changed",
            "Errors opsbot-roll-back",
            "Errors opsbot-task-stopped",
            "NumberOfNotificationsFailed opsbot-AlertTopic",
            "Throttles opsbot-deployment-changed",
            "Throttles opsbot-roll-back",
            "Throttles opsbot-task-stopped",
        ]
    );
}

/// The attributes of the queue whose URL an output gives.
fn attributes(output: &str) -> Value {
    let url = stage().output(output).unwrap();
    let with = json!({ "QueueUrl": url, "AttributeNames": ["All"] });
    let answer = stage().call("sqs", "get_queue_attributes", with);
    answer.unwrap()["Attributes"].take()
}

#[track_caller]
fn feeds(queue: &str, function: &str, failed: &str, timeouts: u64) {
    let name = stage().output(function).unwrap();
    let with = json!({ "FunctionName": name });
    let call = |method: &str| stage().call("lambda", method, with.clone()).unwrap();
    let source = &call("list_event_source_mappings")["EventSourceMappings"][0];
    let timeout = call("get_function")["Configuration"]["Timeout"].as_u64();
    let window = source["MaximumBatchingWindowInSeconds"].as_u64();
    let queue = attributes(queue);
    let hidden: u64 = queue["VisibilityTimeout"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();

    assert_eq!(source["EventSourceArn"], queue["QueueArn"]);
    let advised = timeouts * timeout.unwrap() + window.unwrap_or_default();
    assert!(hidden >= advised, "{hidden} s is less than {advised} s");
    let redrive: Value = serde_json::from_str(queue["RedrivePolicy"].as_str().unwrap()).unwrap();
    assert_eq!(
        redrive["deadLetterTargetArn"],
        attributes(failed)["QueueArn"]
    );
}

#[test]
fn each_function_has_its_queue_and_what_it_fails_on_goes_to_another() {
    let _alone = alone(); // other tests make the queue impatient
    feeds(
        "TaskStoppedQueueUrl",
        "TaskStoppedFunctionName",
        "TaskStoppedFailedQueueUrl",
        6,
    );
    feeds(
        "FailingDeploymentsQueueUrl",
        "DeploymentChangedFunctionName",
        "FailingDeploymentsFailedQueueUrl",
        6,
    );
    // A rollback that could not be made is to be tried again soon.
    feeds(
        "RollBackQueueUrl",
        "RollBackFunctionName",
        "RollBackFailedQueueUrl",
        2,
    );
    for queue in ["RollBackQueueUrl", "RollBackFailedQueueUrl"] {
        assert_eq!(attributes(queue)["FifoQueue"], "true");
    }
}

#[test]
fn only_the_rule_may_send_into_the_queue_of_stopped_tasks() {
    let rules = stage().rules().unwrap();
    let rule = rules
        .iter()
        .find(|rule| rule.logical_id == "TaskStoppedRule")
        .unwrap();
    let rule = format!("arn:aws:events:{REGION}:{ACCOUNT}:rule/{}", rule.name);
    for queue in ["TaskStoppedQueueUrl", "TaskStoppedUndeliveredQueueUrl"] {
        let policy = attributes(queue)["Policy"].take();
        let policy: Value = serde_json::from_str(policy.as_str().unwrap()).unwrap();
        let mut statements = policy["Statement"].as_array().unwrap().clone();
        statements.retain(|statement| statement["Effect"] == "Allow");
        let [statement] = statements.as_slice() else {
            panic!("{statements:#?}")
        };
        assert_eq!(
            statement["Condition"],
            json!({ "ArnEquals": { "aws:SourceArn": rule } })
        );
    }
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
