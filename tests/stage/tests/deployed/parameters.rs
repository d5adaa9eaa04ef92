//! The stack with every parameter that switches something away from its default, on a local AWS of
//! its own beside the other one.

use serde_json::{Value, json};
use stage::Stage;

use crate::stage::start;

const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/0a1b2c3d-4e5f-6789-abcd-ef0123456789";

/// The attributes of each queue that an output names.
fn queues(stage: &Stage) -> Vec<Value> {
    let urls = [
        "DeploymentChangedUndeliveredQueueUrl",
        "DeploymentChangedFailedQueueUrl",
        "FailingDeploymentsQueueUrl",
        "FailingDeploymentsFailedQueueUrl",
        "TaskStoppedQueueUrl",
        "TaskStoppedUndeliveredQueueUrl",
        "TaskStoppedFailedQueueUrl",
        "RollBackQueueUrl",
        "RollBackFailedQueueUrl",
        "UndeliveredAlertsQueueUrl",
    ];
    let attributes = |output| {
        let with = json!({ "QueueUrl": stage.output(output).unwrap(), "AttributeNames": ["All"] });
        stage.call("sqs", "get_queue_attributes", with).unwrap()["Attributes"].take()
    };
    urls.map(attributes).to_vec()
}

fn environment(stage: &Stage, function: &str) -> Value {
    let with = json!({ "FunctionName": stage.output(function).unwrap() });
    let mut found = stage.call("lambda", "get_function", with).unwrap();
    found["Configuration"]["Environment"]["Variables"].take()
}

/// With a default of `auto` a service needs no tag, and without a list no role is passed.
fn rollback_reaches_what_it_switches(stage: &Stage) {
    let role = stage.output("RollBackRoleArn").unwrap();
    let may = |action, resource, context| {
        stage
            .role_allows(&role, action, resource, &context)
            .unwrap()
    };
    let service = "arn:aws:ecs:us-east-1:111122223333:service/prod-apps/order-api";
    for action in [
        "ecs:UpdateService",
        "ecs:StopServiceDeployment",
        "ecs:ContinueServiceDeployment",
    ] {
        assert!(may(action, service, json!({})), "{action}");
        for tag in ["off", "dry-run", "yes", ""] {
            let tagged = json!({ "aws:ResourceTag/opsbot:rollback": tag });
            assert!(
                !may(action, service, tagged),
                "{action} where it says {tag}"
            );
        }
    }
    let to_tasks = json!({ "iam:PassedToService": "ecs-tasks.amazonaws.com" });
    let task_role = "arn:aws:iam::111122223333:role/order-api-task";
    assert!(!may("iam:PassRole", task_role, to_tasks));
    let queue = stage.output("RollBackQueueUrl").unwrap();
    let asks = environment(stage, "DeploymentChangedFunctionName");
    assert_eq!(asks["OPSBOT_ROLLBACK_QUEUE_URL"], queue);
    for environment in [asks, environment(stage, "RollBackFunctionName")] {
        assert_eq!(environment["OPSBOT_ROLLBACK_DEFAULT"], "auto");
        assert_eq!(environment["OPSBOT_ROLLBACK_COOLDOWN_MINUTES"], "5");
        assert_eq!(environment["OPSBOT_ROLLBACKS_PER_HOUR"], "3");
    }
}

#[test]
fn unless_it_is_enabled_nothing_rolls_back() {
    let stage = start(&[("RollbackDefault", "auto")]);
    for output in [
        "RollBackFunctionName",
        "RollBackRoleArn",
        "RollBackQueueUrl",
    ] {
        assert!(stage.output(output).is_err(), "{output}");
    }
    let functions = stage.call("lambda", "list_functions", json!({})).unwrap();
    assert_eq!(functions["Functions"].as_array().unwrap().len(), 2);
    let asks = environment(&stage, "DeploymentChangedFunctionName");
    assert_eq!(asks["OPSBOT_ROLLBACK_QUEUE_URL"], "");
    let url = stage.output("FailingDeploymentsQueueUrl").unwrap();
    let queue = url.rsplit('/').next().unwrap();
    let queue = format!("arn:aws:sqs:us-east-1:111122223333:{queue}");
    let role = stage.output("DeploymentChangedRoleArn").unwrap();
    let sends = stage.role_allows(&role, "sqs:SendMessage", &queue, &json!({}));
    assert!(!sends.unwrap());
}

#[test]
fn each_parameter_reaches_what_it_switches() {
    let stage = start(&[
        ("KmsKeyArn", KEY),
        ("LogTailLines", "0"),
        ("ReservedConcurrency", "2"),
        ("SeverityFloor", "critical"),
        ("LogRetentionDays", "7"),
        ("FunctionMemory", "512"),
        ("LeftOutCauses", "spot_interruption"),
        ("FailingThreshold", "5"),
        ("BatchingWindowSeconds", "7"),
        ("StormConcurrency", "9"),
        ("EnableRollback", "yes"),
        ("RollbackDefault", "auto"),
        ("RollbackCooldownMinutes", "5"),
        ("RollbacksPerHour", "3"),
    ]);

    // ministack's CloudFormation drops a topic's key and a function's reserved concurrency: those
    // two are deployed here and not looked at.
    for queue in queues(&stage) {
        assert_eq!(queue["KmsMasterKeyId"], KEY);
    }
    let stream =
        "arn:aws:logs:us-east-1:111122223333:log-group:/ecs/order-api:log-stream:ecs/app/1";
    for role in [
        "DeploymentChangedRoleArn",
        "TaskStoppedRoleArn",
        "RollBackRoleArn",
    ] {
        let role = stage.output(role).unwrap();
        let may = |action, resource, through: &str| {
            let context = json!({ "kms:ViaService": through });
            stage
                .role_allows(&role, action, resource, &context)
                .unwrap()
        };
        for through in ["dynamodb", "sns", "sqs"] {
            let through = format!("{through}.us-east-1.amazonaws.com");
            assert!(may("kms:GenerateDataKey", KEY, &through), "{through}");
            assert!(may("kms:Decrypt", KEY, &through), "{through}");
        }
        assert!(!may("kms:Decrypt", KEY, "s3.us-east-1.amazonaws.com"));
        assert!(!may("logs:GetLogEvents", stream, ""), "no lines are quoted");
    }

    let function =
        json!({ "FunctionName": stage.output("DeploymentChangedFunctionName").unwrap() });
    let found = stage.call("lambda", "get_function", function).unwrap();
    assert_eq!(found["Configuration"]["MemorySize"], 512);
    let environment = &found["Configuration"]["Environment"]["Variables"];
    assert_eq!(environment["OPSBOT_SEVERITY_FLOOR"], "critical");
    assert_eq!(environment["OPSBOT_LOG_TAIL_LINES"], "0");
    assert_eq!(environment["OPSBOT_LEFT_OUT_CAUSES"], "spot_interruption");
    assert_eq!(environment["OPSBOT_FAILING_THRESHOLD"], "5");

    rollback_reaches_what_it_switches(&stage);

    let tasks = stage.output("TaskStoppedFunctionName").unwrap();
    let with = json!({ "FunctionName": tasks });
    let found = stage.call("lambda", "list_event_source_mappings", with);
    let mapping = &found.unwrap()["EventSourceMappings"][0];
    assert_eq!(mapping["BatchSize"], 100);
    assert_eq!(mapping["MaximumBatchingWindowInSeconds"], 7);
    assert_eq!(mapping["ScalingConfig"]["MaximumConcurrency"], 9);
    let answers = &mapping["FunctionResponseTypes"];
    assert_eq!(*answers, json!(["ReportBatchItemFailures"]));

    let group = stage.output("DeploymentChangedLogGroupName").unwrap();
    let with = json!({ "logGroupNamePrefix": group });
    let groups = stage.call("logs", "describe_log_groups", with).unwrap();
    assert_eq!(groups["logGroups"][0]["retentionInDays"], 7);
}
