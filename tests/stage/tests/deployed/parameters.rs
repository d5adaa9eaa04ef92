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
    ]);

    // ministack's CloudFormation drops a topic's key and a function's reserved concurrency: those
    // two are deployed here and not looked at.
    for queue in queues(&stage) {
        assert_eq!(queue["KmsMasterKeyId"], KEY);
    }
    let role = stage.output("DeploymentChangedRoleArn").unwrap();
    let may = |action, resource| {
        stage
            .role_allows(&role, action, resource, &json!({}))
            .unwrap()
    };
    assert!(may("kms:GenerateDataKey", KEY));
    let stream =
        "arn:aws:logs:us-east-1:111122223333:log-group:/ecs/order-api:log-stream:ecs/app/1";
    assert!(!may("logs:GetLogEvents", stream), "no log lines are quoted");

    let function =
        json!({ "FunctionName": stage.output("DeploymentChangedFunctionName").unwrap() });
    let found = stage.call("lambda", "get_function", function).unwrap();
    assert_eq!(found["Configuration"]["MemorySize"], 512);
    let environment = &found["Configuration"]["Environment"]["Variables"];
    assert_eq!(environment["OPSBOT_SEVERITY_FLOOR"], "critical");
    assert_eq!(environment["OPSBOT_LOG_TAIL_LINES"], "0");

    let group = stage.output("DeploymentChangedLogGroupName").unwrap();
    let with = json!({ "logGroupNamePrefix": group });
    let groups = stage.call("logs", "describe_log_groups", with).unwrap();
    assert_eq!(groups["logGroups"][0]["retentionInDays"], 7);
}
