//! A stopped task, from its event through the deployed rule, queue, function and topic to a queue.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use simulator::{Fate, Options, Outcome, Simulator, TaskDefinition, World};
use stage::{ACCOUNT, EVENT_SOURCE, Message, REGION};
use stories::{CLUSTER, SERVICE, Story};

use crate::incidents::{alert, each_item, leases_run_out};
use crate::rules::events;
use crate::stage::{alone, logs, stage};

const PATIENCE: Duration = Duration::from_secs(30);
const NOT_READABLE: &str = "{ this is no event";

/// Revision 42 needs more memory than it is given, and its deployment is under way: what ECS has
/// called failed is told by its own event. Gives ECS, whose callers are held to the deployed roles,
/// and the event of the first task that was killed. Nothing of earlier incidents is remembered.
fn out_of_memory() -> (Simulator, Value) {
    each_item(|key| ("delete_item", json!({ "Key": key })));
    let story = Story::named("out-of-memory").unwrap();
    let options = Options {
        authorizer: Some(stage().aws().authorizer()),
        ..Options::default()
    };
    let ecs = Simulator::start(story.town(EVENT_SOURCE), options).unwrap();
    let events = ecs.with(|world: &mut World| {
        world.deploy(CLUSTER, SERVICE, "order-api:42");
        world.advance(Duration::from_secs(120));
        world.drain_events()
    });
    let killed = |event: &Value| {
        let detail = &event["detail"];
        detail["lastStatus"] == "STOPPED" && detail["stopCode"] == "EssentialContainerExited"
    };
    let mut killed = events.into_iter().find(killed).unwrap();
    arrives_here(&mut killed);
    stage().serve_ecs_from(ecs.url()).unwrap();
    (ecs, killed)
}

/// An event that goes into the queue without EventBridge, which would write these.
fn arrives_here(event: &mut Value) {
    event["account"] = json!(ACCOUNT);
    event["region"] = json!(REGION);
}

/// Neither the circuit breaker nor an alarm watches the service, and the tasks of revision 42 exit.
/// Gives ECS, the deployment, and the events of three tasks that exited.
fn unwatched() -> (Simulator, String, Vec<Value>) {
    each_item(|key| ("delete_item", json!({ "Key": key })));
    let mut world = World::new()
        .located(ACCOUNT, REGION)
        .event_source(EVENT_SOURCE);
    for revision in [41, 42] {
        let definition = TaskDefinition::of(SERVICE).revision(revision);
        world.register(definition.container("app", "order-api:1.9.0"));
    }
    let exits = Fate::exits("app", 1).after(Duration::from_secs(20));
    world.set_fate("order-api:42", exits);
    let service = world.service(CLUSTER, SERVICE).desired(3);
    service.task_definition("order-api:41").create();
    world.settle();
    world.drain_events();
    let deployment = world.deploy(CLUSTER, SERVICE, "order-api:42");
    world.advance(Duration::from_secs(300));
    let mut exited = world.drain_events();
    exited.retain(|event| event["detail"]["stopCode"] == "EssentialContainerExited");
    exited.retain(|event| event["detail"]["lastStatus"] == "STOPPED");
    exited.truncate(3);
    exited.iter_mut().for_each(arrives_here);
    let options = Options {
        authorizer: Some(stage().aws().authorizer()),
        ..Options::default()
    };
    let ecs = Simulator::start(world, options).unwrap();
    stage().serve_ecs_from(ecs.url()).unwrap();
    (ecs, deployment, exited)
}

fn mark(event: &Value) -> String {
    format!("task#{}", event["detail"]["taskArn"].as_str().unwrap())
}

/// The keys of what the state table holds.
fn remembered() -> Vec<String> {
    let table = stage().output("StateTableName").unwrap();
    let scan = json!({ "TableName": table, "ConsistentRead": true });
    let found = stage().call("dynamodb", "scan", scan).unwrap();
    let items = found["Items"].as_array().unwrap().iter();
    items
        .map(|item| item["pk"]["S"].as_str().unwrap().to_owned())
        .collect()
}

fn queue() -> String {
    stage().output("TaskStoppedQueueUrl").unwrap()
}

/// Puts a message into the queue of stopped tasks.
fn send(body: &str) {
    let with = json!({ "QueueUrl": queue(), "MessageBody": body });
    stage().call("sqs", "send_message", with).unwrap();
}

fn set(attributes: &Value) {
    let with = json!({ "QueueUrl": queue(), "Attributes": attributes });
    stage().call("sqs", "set_queue_attributes", with).unwrap();
}

/// Lets a message come again after a second instead of minutes, and after so many tries no more,
/// while `work` is done.
fn impatient<T>(tries: u32, work: impl FnOnce() -> T) -> T {
    let with = json!({ "QueueUrl": queue(), "AttributeNames": ["All"] });
    let found = stage().call("sqs", "get_queue_attributes", with).unwrap();
    let before = &found["Attributes"];
    let policy = before["RedrivePolicy"].as_str().unwrap();
    let mut fewer: Value = serde_json::from_str(policy).unwrap();
    fewer["maxReceiveCount"] = json!(tries);
    set(&json!({ "VisibilityTimeout": "1", "RedrivePolicy": fewer.to_string() }));
    let done = work();
    set(&json!({ "VisibilityTimeout": before["VisibilityTimeout"], "RedrivePolicy": policy }));
    done
}

/// The function whose name an output gives takes nothing from its queue while `work` is done. What
/// was put there meanwhile arrives as one batch.
pub(crate) fn paused<T>(function: &str, work: impl FnOnce() -> T) -> T {
    let function = stage().output(function).unwrap();
    let lambda = |method: &str, with: Value| stage().call("lambda", method, with).unwrap();
    let with = json!({ "FunctionName": function });
    let found = lambda("list_event_source_mappings", with);
    let source = &found["EventSourceMappings"][0]["UUID"];
    let enable = |enabled: bool| {
        let with = json!({ "UUID": source, "Enabled": enabled });
        lambda("update_event_source_mapping", with)
    };
    enable(false);
    let done = work();
    enable(true);
    done
}

/// What the function could not answer to the last try.
fn kept() -> Vec<String> {
    let queue = stage().output("TaskStoppedFailedQueueUrl").unwrap();
    let messages = stage().receive(&queue, PATIENCE).unwrap();
    messages.into_iter().map(|message| message.body).collect()
}

#[test]
fn a_task_out_of_memory_is_told_once_and_every_call_is_allowed() {
    let _alone = alone();
    let (ecs, killed) = out_of_memory();
    let scaled_in = &events()["task-stopped.scaling-in"];
    stage().put_event(scaled_in).unwrap();
    stage().put_event(&killed).unwrap();
    let alert = alert();
    stage().put_event(&killed).unwrap(); // EventBridge delivers at least once
    let again = stage().receive_alerts(Duration::from_secs(2)).unwrap();

    assert_eq!(again, []);
    assert_eq!(alert.attributes["cause"], "oom");
    assert_eq!(alert.attributes["service"], "order-api");
    assert_eq!(alert.attributes["owner"], "team-orders");
    assert!(alert.form("email").contains("memory"), "{alert:#?}");
    let remembered = remembered();
    assert!(remembered.contains(&mark(&killed)), "{remembered:#?}");
    assert!(!remembered.contains(&mark(scaled_in)), "{remembered:#?}");
    let calls = ecs.calls();
    let made = |action: &str| calls.iter().any(|call| call.action == action);
    assert!(made("ecs:DescribeServices") && made("logs:GetLogEvents"));
    let refused: Vec<_> = calls
        .iter()
        .filter(|call| call.outcome != Outcome::Ok)
        .collect();
    assert!(
        refused.is_empty(),
        "the deployed role lacks a permission: {refused:#?}"
    );
    assert!(
        !alert.form("email").contains("NOT COLLECTED"),
        "{}",
        alert.form("email")
    );
}

#[test]
fn a_message_that_cannot_be_read_fails_alone_and_is_kept_after_four_tries() {
    let _alone = alone();
    let (_ecs, killed) = out_of_memory();
    let before = logs().len();
    let kept = impatient(4, || {
        paused("TaskStoppedFunctionName", || {
            send(NOT_READABLE);
            send(&killed.to_string());
        });
        kept()
    });
    let alert = alert();

    assert_eq!(kept, [NOT_READABLE]);
    assert_eq!(alert.attributes["cause"], "oom");
    let logs = logs().split_off(before);
    let lines = |part: &str| logs.iter().filter(|line| line.contains(part)).count();
    assert_eq!(lines("unreadable message"), 4, "{logs:#?}");
    assert_eq!(lines(r#""messages":2,"again":1"#), 1, "{logs:#?}");
    assert_eq!(lines(r#""messages":1,"again":1"#), 3, "{logs:#?}");
}

#[test]
fn a_stopped_task_that_sns_did_not_take_is_kept_and_told_after_a_redrive() {
    let _alone = alone();
    let (_ecs, killed) = out_of_memory();
    let nowhere = json!({ "AWS_ENDPOINT_URL_SNS": "http://127.0.0.1:1" });
    stage().set_function_environment(&nowhere).unwrap();
    let kept = impatient(1, || {
        stage().put_event(&killed).unwrap();
        kept()
    });
    let here = json!({ "AWS_ENDPOINT_URL_SNS": stage().aws().endpoint() });
    stage().set_function_environment(&here).unwrap();

    let [kept] = kept.as_slice() else {
        panic!("{} messages: {:#?}", kept.len(), logs())
    };
    let event: Value = serde_json::from_str(kept).unwrap();
    assert_eq!(event["detail"], killed["detail"]);
    assert_eq!(
        stage().receive_alerts(Duration::ZERO).unwrap(),
        [],
        "SNS took nothing"
    );

    // As StartMessageMoveTask does it, which the local SQS lacks: the message as it was, an alarm
    // later.
    leases_run_out();
    send(kept);
    assert_eq!(alert().attributes["cause"], "oom");
}

/// What is handed over within a while. Words that roll-back left come through the same queue, late.
fn failing(queue: &str, within: Duration) -> Vec<Message> {
    let until = Instant::now() + within;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let mut found = stage().receive(queue, left).unwrap();
        found.retain(|it| it.body.contains("opsbot Deployment Failing"));
        if !found.is_empty() || left.is_zero() {
            return found;
        }
    }
}

#[test]
fn a_deployment_that_fails_while_ecs_says_nothing_is_handed_over_once() {
    let _alone = alone();
    let (_ecs, deployment, exited) = unwatched();
    let queue = stage().output("FailingDeploymentsQueueUrl").unwrap();
    let batch = || {
        paused("TaskStoppedFunctionName", || {
            exited.iter().for_each(|event| send(&event.to_string()));
        });
    };
    let (first, second) = paused("DeploymentChangedFunctionName", || {
        batch();
        let first = failing(&queue, PATIENCE);
        batch(); // SQS delivers at least once
        (first, failing(&queue, Duration::from_secs(2)))
    });

    assert_eq!(exited.len(), 3);
    let [handed_over] = first.as_slice() else {
        panic!("{} messages: {:#?}", first.len(), logs())
    };
    let event: Value = serde_json::from_str(&handed_over.body).unwrap();
    assert_eq!(event["detail-type"], "opsbot Deployment Failing");
    assert_eq!(event["source"], EVENT_SOURCE);
    assert_eq!(event["detail"]["deploymentId"], deployment);
    assert_eq!(event["detail"]["stops"], 3);
    assert_eq!(second, []);
    assert_eq!(
        stage().receive_alerts(Duration::ZERO).unwrap(),
        [],
        "its stops are counted into the incident of the deployment"
    );
}

#[test]
fn a_deployment_that_fails_while_ecs_says_nothing_is_told_once_and_every_call_is_allowed() {
    let _alone = alone();
    let (ecs, deployment, exited) = unwatched();
    let batch = || {
        paused("TaskStoppedFunctionName", || {
            exited.iter().for_each(|event| send(&event.to_string()));
        });
    };
    batch();
    let alert = alert();
    batch(); // SQS delivers at least once
    let again = stage().receive_alerts(Duration::from_secs(2)).unwrap();

    assert_eq!(again, []);
    assert_eq!(alert.attributes["kind"], "deployment_failing");
    assert_eq!(alert.attributes["rollback"], "hold_not_opted_in");
    let text = alert.form("email");
    assert!(text.contains("keeps failing"), "{text}");
    assert!(
        text.contains(deployment.trim_start_matches("ecs-svc/")),
        "{text}"
    );
    let calls = ecs.calls();
    let refused: Vec<_> = calls
        .iter()
        .filter(|call| call.outcome != Outcome::Ok)
        .collect();
    assert!(
        refused.is_empty(),
        "a deployed role lacks a permission: {refused:#?}"
    );
}
