//! What the deployed roles may do, asked of the local IAM: exactly the calls they make, on what they
//! watch.

use serde_json::{Value, json};

use crate::stage::{alone, stage};

const ECS: &str = "arn:aws:ecs:us-east-1:111122223333";

#[track_caller]
fn check(action: &str, resource: &str, context: Value, allowed: bool) {
    check_of(
        "DeploymentChangedRoleArn",
        action,
        resource,
        context,
        allowed,
    );
}

#[track_caller]
fn check_of(role: &str, action: &str, resource: &str, context: Value, allowed: bool) {
    let _alone = alone();
    let role = stage().output(role).unwrap();
    let found = stage()
        .role_allows(&role, action, resource, &context)
        .unwrap();
    assert_eq!(found, allowed, "{action} on {resource} in {context}");
}

#[test]
fn the_role_reads_services_of_watched_clusters() {
    for action in [
        "ecs:DescribeServices",
        "ecs:ListServiceDeployments",
        "ecs:DescribeServiceDeployments",
        "ecs:DescribeServiceRevisions",
    ] {
        for kind in ["service", "service-deployment", "service-revision"] {
            check(
                action,
                &format!("{ECS}:{kind}/prod-apps/order-api"),
                json!({}),
                true,
            );
            check(
                action,
                &format!("{ECS}:{kind}/test-apps/order-api"),
                json!({}),
                false,
            );
        }
    }
    check(
        "ecs:DescribeTasks",
        &format!("{ECS}:task/prod-apps/cdd887a8"),
        json!({}),
        true,
    );
    check(
        "ecs:DescribeTasks",
        &format!("{ECS}:task/test-apps/cdd887a8"),
        json!({}),
        false,
    );
}

#[test]
fn the_role_lists_tasks_of_watched_clusters_only() {
    let cluster = |name: &str| json!({ "ecs:cluster": format!("{ECS}:cluster/{name}") });
    check("ecs:ListTasks", "*", cluster("prod-apps"), true);
    check("ecs:ListTasks", "*", cluster("test-apps"), false);
    check("ecs:ListTasks", "*", json!({}), false);
}

#[test]
fn the_role_reads_what_aws_does_not_scope() {
    for action in [
        "ecs:DescribeTaskDefinition",
        "elasticloadbalancing:DescribeTargetHealth",
        "cloudwatch:GetMetricData",
    ] {
        check(action, "*", json!({}), true);
    }
    let stream =
        "arn:aws:logs:us-east-1:111122223333:log-group:/ecs/order-api:log-stream:ecs/app/1";
    check("logs:GetLogEvents", stream, json!({}), true);
}

#[test]
fn the_role_writes_nothing_to_ecs() {
    let service = format!("{ECS}:service/prod-apps/order-api");
    for action in [
        "UpdateService",
        "StopServiceDeployment",
        "StopTask",
        "RunTask",
        "RegisterTaskDefinition",
    ] {
        check(&format!("ecs:{action}"), &service, json!({}), false);
        check(&format!("ecs:{action}"), "*", json!({}), false);
    }
    check(
        "iam:PassRole",
        "arn:aws:iam::111122223333:role/order-api-task",
        json!({}),
        false,
    );
}

#[test]
fn the_role_publishes_to_the_alert_topic_only() {
    check(
        "sns:Publish",
        &stage().output("AlertTopicArn").unwrap(),
        json!({}),
        true,
    );
    check(
        "sns:Publish",
        &stage().output("OperatorTopicArn").unwrap(),
        json!({}),
        false,
    );
}

/// The ARN of the queue whose URL an output names.
fn queue(output: &str) -> String {
    let url = stage().output(output).unwrap();
    let name = url.rsplit('/').next().unwrap();
    format!("arn:aws:sqs:us-east-1:111122223333:{name}")
}

#[test]
fn a_failing_deployment_goes_from_one_function_to_the_other_and_not_back() {
    let handed_over = queue("FailingDeploymentsQueueUrl");
    let (giver, taker) = ("TaskStoppedRoleArn", "DeploymentChangedRoleArn");
    for (role, sends) in [(giver, true), (taker, false)] {
        check_of(role, "sqs:SendMessage", &handed_over, json!({}), sends);
        for action in ["ReceiveMessage", "DeleteMessage", "GetQueueAttributes"] {
            let action = format!("sqs:{action}");
            check_of(role, &action, &handed_over, json!({}), !sends);
        }
    }
}

#[test]
fn task_stopped_reads_and_fills_its_own_queue() {
    let (role, own) = ("TaskStoppedRoleArn", queue("TaskStoppedQueueUrl"));
    for action in [
        "ReceiveMessage",
        "DeleteMessage",
        "GetQueueAttributes",
        "SendMessage",
    ] {
        let action = format!("sqs:{action}");
        check_of(role, &action, &own, json!({}), true);
        let failed = queue("TaskStoppedFailedQueueUrl");
        check_of(role, &action, &failed, json!({}), false);
        check(&action, &own, json!({}), false);
    }
}

#[test]
fn task_stopped_reads_the_service_and_the_definition_and_no_task() {
    let role = "TaskStoppedRoleArn";
    let service = |cluster: &str| format!("{ECS}:service/{cluster}/order-api");
    let describe = "ecs:DescribeServices";
    check_of(role, describe, &service("prod-apps"), json!({}), true);
    check_of(role, describe, &service("test-apps"), json!({}), false);
    check_of(role, "ecs:DescribeTaskDefinition", "*", json!({}), true);
    let stream =
        "arn:aws:logs:us-east-1:111122223333:log-group:/ecs/order-api:log-stream:ecs/app/1";
    check_of(role, "logs:GetLogEvents", stream, json!({}), true);
    let task = format!("{ECS}:task/prod-apps/cdd887a8");
    check_of(role, "ecs:DescribeTasks", &task, json!({}), false);
    for action in ["ecs:ListTasks", "ecs:UpdateService", "ecs:StopTask"] {
        check_of(role, action, "*", json!({}), false);
        check_of(role, action, &service("prod-apps"), json!({}), false);
    }
}

#[test]
fn task_stopped_counts_in_the_table_and_takes_nothing_out_of_it() {
    let role = "TaskStoppedRoleArn";
    let table = stage().output("StateTableName").unwrap();
    let table = format!("arn:aws:dynamodb:us-east-1:111122223333:table/{table}");
    for action in ["GetItem", "PutItem", "UpdateItem"] {
        check_of(role, &format!("dynamodb:{action}"), &table, json!({}), true);
    }
    for action in ["DeleteItem", "Scan", "Query", "BatchWriteItem"] {
        let action = format!("dynamodb:{action}");
        check_of(role, &action, &table, json!({}), false);
    }
}
