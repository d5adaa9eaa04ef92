//! The stack with every parameter that switches something away from its default, on a local AWS of
//! its own beside the other one.

use serde_json::json;
use stage::Stage;

use crate::stage::start;

const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/0a1b2c3d-4e5f-6789-abcd-ef0123456789";

/// The attributes of each queue that an output names.
fn queues(stage: &Stage) -> Vec<serde_json::Value> {
    let urls = [
        "DeploymentChangedUndeliveredQueueUrl",
        "DeploymentChangedFailedQueueUrl",
        "FailingDeploymentsQueueUrl",
        "FailingDeploymentsFailedQueueUrl",
        "TaskStoppedQueueUrl",
        "TaskStoppedUndeliveredQueueUrl",
        "TaskStoppedFailedQueueUrl",
        "UndeliveredAlertsQueueUrl",
    ];
    let attributes = |output| {
        let with = json!({ "QueueUrl": stage.output(output).unwrap(), "AttributeNames": ["All"] });
        stage.call("sqs", "get_queue_attributes", with).unwrap()["Attributes"].take()
    };
    urls.map(attributes).to_vec()
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
    ]);

    // ministack's CloudFormation drops a topic's key and a function's reserved concurrency: those
    // two are deployed here and not looked at.
    for queue in queues(&stage) {
        assert_eq!(queue["KmsMasterKeyId"], KEY);
    }
    let stream =
        "arn:aws:logs:us-east-1:111122223333:log-group:/ecs/order-api:log-stream:ecs/app/1";
    for role in ["DeploymentChangedRoleArn", "TaskStoppedRoleArn"] {
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
