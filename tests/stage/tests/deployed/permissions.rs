//! What the deployed role may do, asked of the local IAM: exactly the calls it makes, on what it watches.

use serde_json::{Value, json};

use crate::stage::{alone, stage};

const ECS: &str = "arn:aws:ecs:us-east-1:111122223333";

#[track_caller]
fn check(action: &str, resource: &str, context: Value, allowed: bool) {
    let _alone = alone();
    let role = stage().output("DeploymentChangedRoleArn").unwrap();
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
