//! That events, alerts and failures take the ways the template lays for them.

use std::time::Duration;

use serde_json::{Value, json};
use simulator::{Breaker, Fate, Options, Outcome, Simulator, TaskDefinition, World};
use stage::{Alert, Error};

use crate::rules::events;
use crate::stage::{alone, stage};

const PATIENCE: Duration = Duration::from_secs(30);

fn function() -> String {
    stage().output("DeploymentChangedFunctionName").unwrap()
}

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
fn what_a_function_fails_on_to_the_last_retry_is_kept_with_its_event() {
    let _alone = alone();
    // SNS cannot be reached: the function fails, and Lambda tries it again.
    let event = &events()["deployment-failed.circuit-breaker"];
    let nowhere = json!({ "AWS_ENDPOINT_URL_SNS": "http://127.0.0.1:1" });
    stage().set_function_environment(&nowhere).unwrap();
    stage().put_event(event).unwrap();
    let queue = stage().output("DeploymentChangedFailedQueueUrl").unwrap();
    let kept = stage().receive(&queue, Duration::from_secs(120)).unwrap();
    let here = json!({ "AWS_ENDPOINT_URL_SNS": stage().aws().endpoint() });
    stage().set_function_environment(&here).unwrap();

    let [kept] = kept.as_slice() else {
        panic!("{} messages: {:#?}", kept.len(), logs())
    };
    let record: Value = serde_json::from_str(&kept.body).unwrap();
    assert_eq!(record["requestContext"]["condition"], "RetriesExhausted");
    assert_eq!(record["requestPayload"]["detail"], event["detail"]);
}

fn logs() -> Vec<String> {
    stage().logs(&function()).unwrap()
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
            let of = of
                .rsplit_once('-')
                .filter(|_| of.contains("Queue") || of.contains("Topic"));
            format!(
                "{} {}",
                alarm["MetricName"].as_str().unwrap(),
                of.map_or("", |(name, _)| name)
            )
        })
        .collect();
    found.sort();
    assert_eq!(
        found,
        [
            "ApproximateNumberOfMessagesVisible opsbot-DeploymentChangedFailedQueue",
            "ApproximateNumberOfMessagesVisible opsbot-DeploymentChangedUndeliveredQueue",
            "ApproximateNumberOfMessagesVisible opsbot-UndeliveredAlertsQueue",
            "Errors ",
            "NumberOfNotificationsFailed opsbot-AlertTopic",
            "Throttles ",
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

const IMAGE: &str = "111122223333.dkr.ecr.us-east-1.amazonaws.com/order-api";

/// Revision 41 serves; revision 42 may not read its secret, and the circuit breaker rolls it back.
fn failing_deployment() -> (World, Vec<Value>) {
    let mut world = World::new();
    let of = |revision, tag: &str| {
        TaskDefinition::of("order-api")
            .revision(revision)
            .container("app", &format!("{IMAGE}:{tag}"))
    };
    world.register(of(41, "1.41.0"));
    let denied = "ResourceInitializationError: unable to pull secrets or registry auth: \
                  AccessDeniedException: secretsmanager:GetSecretValue";
    world.register(of(42, "1.42.0").fate(Fate::fails_to_start(denied)));
    let service = world
        .service("prod-apps", "order-api")
        .task_definition("order-api:41");
    service
        .desired(2)
        .breaker(Breaker::with_rollback())
        .create();
    world.settle();
    world.drain_events();
    world.deploy("prod-apps", "order-api", "order-api:42");
    world.settle();
    let events = world.drain_events();
    (world, events)
}

#[test]
fn a_failed_deployment_is_told_once_through_rule_function_and_topic() {
    let _alone = alone();
    let (world, events) = failing_deployment();
    let authorizer = Some(stage().aws().authorizer());
    let options = Options {
        authorizer,
        ..Options::default()
    };
    let simulator = Simulator::start(world, options).unwrap();
    stage().serve_ecs_from(simulator.url()).unwrap();

    let failed = |event: &&Value| event["detail"]["eventName"] == "SERVICE_DEPLOYMENT_FAILED";
    let failed = events.iter().find(failed).unwrap();
    stage().put_event(failed).unwrap();
    let alerts = stage().receive_alerts(PATIENCE).unwrap();
    stage().put_event(failed).unwrap(); // EventBridge delivers at least once
    let again = stage().receive_alerts(Duration::from_secs(2)).unwrap();

    let [alert] = alerts.as_slice() else {
        panic!("{} alerts: {:#?}", alerts.len(), logs())
    };
    assert_eq!(again, []);
    assert!(alert.form("email").contains("order-api"), "{alert:#?}");
    assert_eq!(alert.attributes["cluster"], "prod-apps");
    assert!(
        simulator
            .actions()
            .contains(&"ecs:DescribeServices".to_owned())
    );
    let refused: Vec<_> = simulator
        .calls()
        .into_iter()
        .filter(|call| call.outcome != Outcome::Ok)
        .collect();
    assert!(
        refused.is_empty(),
        "the deployed role lacks a permission: {refused:#?}"
    );
}
