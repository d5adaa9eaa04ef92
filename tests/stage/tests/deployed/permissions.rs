//! What the deployed roles may do, asked of the local IAM: exactly the calls they make, on what they
//! watch.

use serde_json::{Value, json};

use crate::stage::{alone, stage};

const ECS: &str = "arn:aws:ecs:us-east-1:111122223333";
const ROLL_BACK: &str = "RollBackRoleArn";
/// Every function's role, by the stack's output.
const ROLES: [&str; 3] = ["DeploymentChangedRoleArn", "TaskStoppedRoleArn", ROLL_BACK];

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
fn one_function_takes_failing_deployments_off_their_queue() {
    let handed_over = queue("FailingDeploymentsQueueUrl");
    for role in ROLES {
        // A rollback is looked at again through it, by roll-back's word first and then by the
        // function's own.
        let takes = role == "DeploymentChangedRoleArn";
        check_of(role, "sqs:SendMessage", &handed_over, json!({}), true);
        for action in ["ReceiveMessage", "DeleteMessage", "GetQueueAttributes"] {
            let action = format!("sqs:{action}");
            check_of(role, &action, &handed_over, json!({}), takes);
        }
    }
}

#[test]
fn a_rollback_is_asked_for_by_deployment_changed_and_taken_by_roll_back() {
    let asked = queue("RollBackQueueUrl");
    for role in ROLES {
        let sends = role == "DeploymentChangedRoleArn";
        check_of(role, "sqs:SendMessage", &asked, json!({}), sends);
        for action in ["ReceiveMessage", "DeleteMessage", "GetQueueAttributes"] {
            let (action, takes) = (format!("sqs:{action}"), role == ROLL_BACK);
            check_of(role, &action, &asked, json!({}), takes);
        }
    }
}

const WRITES: [&str; 3] = [
    "ecs:UpdateService",
    "ecs:StopServiceDeployment",
    "ecs:ContinueServiceDeployment",
];

/// What the tag of the service says to IAM.
fn tagged(value: &str) -> Value {
    json!({ "aws:ResourceTag/opsbot:rollback": value })
}

#[test]
fn roll_back_writes_to_opted_in_services_of_watched_clusters_only() {
    let service = |cluster: &str| format!("{ECS}:service/{cluster}/order-api");
    for action in WRITES {
        for (tag, allowed) in [
            (tagged("auto"), true),
            (tagged("Ask"), true),
            (tagged("dry-run"), false),
            (tagged("off"), false),
            (tagged(""), false),
            (json!({}), false),
            (json!({ "aws:ResourceTag/rollback": "auto" }), false),
        ] {
            check_of(
                ROLL_BACK,
                action,
                &service("prod-apps"),
                tag.clone(),
                allowed,
            );
            check_of(ROLL_BACK, action, &service("test-apps"), tag.clone(), false);
            check_of(ROLL_BACK, action, "*", tag, false);
        }
    }
}

#[test]
fn roll_back_stops_deployments_of_watched_clusters_only() {
    let deployment = |cluster: &str| format!("{ECS}:service-deployment/{cluster}/order-api/ej7");
    for action in &WRITES[1..] {
        check_of(ROLL_BACK, action, &deployment("prod-apps"), json!({}), true);
        check_of(
            ROLL_BACK,
            action,
            &deployment("test-apps"),
            json!({}),
            false,
        );
    }
    let update = "ecs:UpdateService";
    check_of(
        ROLL_BACK,
        update,
        &deployment("prod-apps"),
        tagged("auto"),
        false,
    );
}

#[test]
fn roll_back_passes_the_listed_roles_to_tasks_only() {
    let to = |service: &str| json!({ "iam:PassedToService": service });
    let role = |name: &str| format!("arn:aws:iam::111122223333:role/{name}");
    let tasks = "ecs-tasks.amazonaws.com";
    for (name, service, allowed) in [
        ("order-api-execution", tasks, true),
        ("order-api-task", tasks, true),
        ("order-api-task", "lambda.amazonaws.com", false),
        ("order-api-task", "ecs.amazonaws.com", false),
        ("billing-task", tasks, false),
        ("admin", tasks, false),
    ] {
        check_of(ROLL_BACK, "iam:PassRole", &role(name), to(service), allowed);
    }
    check_of(
        ROLL_BACK,
        "iam:PassRole",
        &role("order-api-task"),
        json!({}),
        false,
    );
}

#[test]
fn no_other_function_may_write_to_ecs_or_pass_a_role() {
    let service = format!("{ECS}:service/prod-apps/order-api");
    let deployment = format!("{ECS}:service-deployment/prod-apps/order-api/ej7");
    let passed = json!({ "iam:PassedToService": "ecs-tasks.amazonaws.com" });
    let task_role = "arn:aws:iam::111122223333:role/order-api-task";
    for role in ROLES.into_iter().filter(|role| *role != ROLL_BACK) {
        for action in WRITES {
            check_of(role, action, &service, tagged("auto"), false);
            check_of(role, action, &deployment, json!({}), false);
        }
        check_of(role, "iam:PassRole", task_role, passed.clone(), false);
    }
}

#[test]
fn roll_back_changes_nothing_else_in_ecs() {
    let service = format!("{ECS}:service/prod-apps/order-api");
    for action in [
        "DeleteService",
        "CreateService",
        "DeregisterTaskDefinition",
        "RegisterTaskDefinition",
        "RunTask",
        "StopTask",
        "TagResource",
        "UpdateServicePrimaryTaskSet",
    ] {
        let action = format!("ecs:{action}");
        check_of(ROLL_BACK, &action, &service, tagged("auto"), false);
        check_of(ROLL_BACK, &action, "*", tagged("auto"), false);
    }
}

#[test]
fn roll_back_reads_what_a_verdict_rests_on() {
    for kind in ["service", "service-deployment", "service-revision"] {
        for action in [
            "ecs:DescribeServices",
            "ecs:ListServiceDeployments",
            "ecs:DescribeServiceDeployments",
            "ecs:DescribeServiceRevisions",
        ] {
            let of = |cluster: &str| format!("{ECS}:{kind}/{cluster}/order-api");
            check_of(ROLL_BACK, action, &of("prod-apps"), json!({}), true);
            check_of(ROLL_BACK, action, &of("test-apps"), json!({}), false);
        }
    }
    check_of(
        ROLL_BACK,
        "ecs:DescribeTaskDefinition",
        "*",
        json!({}),
        true,
    );
    let stack = "arn:aws:cloudformation:us-east-1:111122223333:stack/shop/1a2b3c";
    check_of(
        ROLL_BACK,
        "cloudformation:DescribeStacks",
        stack,
        json!({}),
        true,
    );
    for action in ["cloudformation:UpdateStack", "cloudformation:DeleteStack"] {
        check_of(ROLL_BACK, action, stack, json!({}), false);
    }
    for action in ["ecs:ListTasks", "ecs:DescribeTasks", "logs:GetLogEvents"] {
        check_of(ROLL_BACK, action, "*", json!({}), false);
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
