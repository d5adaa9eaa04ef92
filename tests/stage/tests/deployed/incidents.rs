//! A failed deployment, from its event through the deployed rule, function and topic to a queue.

use std::time::Duration;

use serde_json::{Value, json};
use simulator::{Options, Outcome, Simulator, World};
use stage::{Alert, EVENT_SOURCE};
use stories::{Story, until};

use crate::stage::{alone, function, logs, stage};

const PATIENCE: Duration = Duration::from_secs(30);

/// Revision 42 may not read its secret and has failed. Gives ECS, whose callers are held to the
/// deployed roles, and the event. Nothing of earlier incidents is remembered.
fn failed_deployment() -> (Simulator, Value) {
    each_item(|key| ("delete_item", json!({ "Key": key })));
    let story = Story::named("secret-denied").unwrap();
    let authorizer = Some(stage().aws().authorizer());
    let options = Options {
        authorizer,
        ..Options::default()
    };
    let ecs = Simulator::start(story.town(EVENT_SOURCE), options).unwrap();
    let events = ecs.with(|world: &mut World| {
        story.release(world);
        until(world, "SERVICE_DEPLOYMENT_FAILED")
    });
    let failed = |event: &Value| event["detail"]["eventName"] == "SERVICE_DEPLOYMENT_FAILED";
    let failed = events.into_iter().find(failed).unwrap();
    stage().serve_ecs_from(ecs.url()).unwrap();
    (ecs, failed)
}

/// Makes a call of DynamoDB for the key of each item in the state table.
pub(crate) fn each_item(call: impl Fn(&Value) -> (&'static str, Value)) {
    let table = json!(stage().output("StateTableName").unwrap());
    let scan = json!({ "TableName": table, "ProjectionExpression": "pk" });
    let found = stage().call("dynamodb", "scan", scan).unwrap();
    for key in found["Items"].as_array().unwrap() {
        let (method, mut with) = call(key);
        with["TableName"] = table.clone();
        stage().call("dynamodb", method, with).unwrap();
    }
}

/// What is claimed and not told is free again once the lease has run out, a minute later.
pub(crate) fn leases_run_out() {
    let zero = json!({ ":zero": { "N": "0" } });
    let set = "SET lease_until = :zero";
    each_item(|key| {
        let with =
            json!({ "Key": key, "UpdateExpression": set, "ExpressionAttributeValues": zero });
        ("update_item", with)
    });
}

/// The one alert that arrives.
#[track_caller]
pub(crate) fn alert() -> Alert {
    let mut alerts = stage().receive_alerts(PATIENCE).unwrap();
    assert_eq!(alerts.len(), 1, "alerts; the logs: {:#?}", logs());
    alerts.remove(0)
}

#[test]
fn a_failed_deployment_is_told_once_and_every_call_is_allowed() {
    let _alone = alone();
    let (ecs, failed) = failed_deployment();
    stage().put_event(&failed).unwrap();
    let alert = alert();
    stage().put_event(&failed).unwrap(); // EventBridge delivers at least once
    let again = stage().receive_alerts(Duration::from_secs(2)).unwrap();

    assert_eq!(again, []);
    assert!(
        alert
            .form("email")
            .contains("secretsmanager:GetSecretValue"),
        "{alert:#?}"
    );
    assert_eq!(alert.attributes["cluster"], "prod-apps");
    assert_eq!(alert.attributes["service"], "order-api");
    let calls = ecs.calls();
    assert!(
        calls
            .iter()
            .any(|call| call.action == "ecs:DescribeServices")
    );
    let refused: Vec<_> = calls
        .iter()
        .filter(|call| call.outcome != Outcome::Ok)
        .collect();
    assert!(
        refused.is_empty(),
        "the deployed role lacks a permission: {refused:#?}"
    );
}

#[test]
fn what_the_role_may_not_read_is_named_with_the_permission() {
    let _alone = alone();
    let (_ecs, failed) = failed_deployment();
    let role = stage().output("DeploymentChangedRoleArn").unwrap();
    let policy = json!({ "RoleName": role.rsplit('/').next(), "PolicyName": "read-services" });
    let iam = |method: &str, with: &Value| stage().call("iam", method, with.clone()).unwrap();
    let mut taken_away = policy.clone();
    let document = &iam("get_role_policy", &policy)["PolicyDocument"];
    taken_away["PolicyDocument"] = json!(document.to_string());
    iam("delete_role_policy", &policy);
    stage().put_event(&failed).unwrap();
    let alerts = stage().receive_alerts(PATIENCE);
    iam("put_role_policy", &taken_away);

    let alerts = alerts.unwrap();
    let [alert] = alerts.as_slice() else {
        panic!("{} alerts: {:#?}", alerts.len(), logs())
    };
    let machine: Value = serde_json::from_str(&alert.body).unwrap();
    let gaps = machine["not_collected"].as_array().unwrap();
    let named = |action: &str| gaps.iter().any(|gap| gap["permission"] == action);
    for action in [
        "ecs:DescribeServices",
        "ecs:ListServiceDeployments",
        "ecs:ListTasks",
    ] {
        assert!(named(action), "{action} is not in {gaps:#?}");
    }
    let email = alert.form("email");
    assert!(
        email.contains("NOT COLLECTED") && email.contains("ecs:DescribeServices"),
        "{email}"
    );
}

#[test]
fn what_sns_did_not_take_is_kept_with_its_event_and_told_after_a_redrive() {
    let _alone = alone();
    let (_ecs, failed) = failed_deployment();
    // SNS cannot be reached: the function fails, and Lambda tries it again.
    let nowhere = json!({ "AWS_ENDPOINT_URL_SNS": "http://127.0.0.1:1" });
    stage().set_function_environment(&nowhere).unwrap();
    stage().put_event(&failed).unwrap();
    let queue = stage().output("DeploymentChangedFailedQueueUrl").unwrap();
    let kept = stage().receive(&queue, Duration::from_secs(120));
    let here = json!({ "AWS_ENDPOINT_URL_SNS": stage().aws().endpoint() });
    stage().set_function_environment(&here).unwrap();

    let kept = kept.unwrap();
    let [kept] = kept.as_slice() else {
        panic!("{} messages: {:#?}", kept.len(), logs())
    };
    let record: Value = serde_json::from_str(&kept.body).unwrap();
    assert_eq!(record["requestContext"]["condition"], "RetriesExhausted");
    assert_eq!(record["requestContext"]["approximateInvokeCount"], 3);
    let event = &record["requestPayload"];
    assert_eq!(event["detail"], failed["detail"]);
    assert_eq!(
        stage().receive_alerts(Duration::ZERO).unwrap(),
        [],
        "SNS took nothing"
    );

    // As the README's redrive does it, an alarm later.
    leases_run_out();
    let with = json!({
        "FunctionName": function(), "InvocationType": "Event", "Payload": event.to_string(),
    });
    stage().call("lambda", "invoke", with).unwrap();
    assert!(
        alert().form("email").contains("order-api:42"),
        "it tells the failure"
    );
}
