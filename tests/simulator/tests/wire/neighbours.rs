//! The other services through the real SDK crates.

use crate::clients::Clients;
use aws_sdk_cloudwatch::types as cw;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};
use aws_sdk_ecs::error::ProvideErrorMetadata;
use aws_sdk_ecs::primitives::DateTime;
use simulator::{Fate, Options, Simulator, TaskDefinition, World};
use std::time::Duration;

const TOPIC: &str = "arn:aws:sns:us-east-1:111122223333:alerts";
const IMAGE: &str = "111122223333.dkr.ecr.us-east-1.amazonaws.com/order-api:v1";

/// One running task of `order-api`; gives its id and its target group too.
fn running() -> (Simulator, String, String) {
    let mut world = World::new();
    let group = world.target_group("order-api");
    let lines = ["one", "two", "three"];
    let fate = Fate::runs_healthy().logs("app", lines).using(12.5, 98.0);
    let definition = TaskDefinition::of("order-api")
        .container("app", IMAGE)
        .port(8080);
    world.register(definition.container("quiet", IMAGE).fate(fate));
    world
        .service("prod-apps", "order-api")
        .target_group(&group, "app", 8080)
        .create();
    world.settle();
    let task = world.tasks()[0].id.clone();
    world.advance(Duration::from_secs(600));
    (
        Simulator::start(world, Options::default()).expect("a free port"),
        task,
        group,
    )
}

#[tokio::test]
async fn the_tail_of_a_log_stream_ends_with_the_same_token_again() {
    let (sim, task, _) = running();
    let logs = Clients::of(&sim).logs;
    let stream = format!("ecs/app/{task}");
    let get = || {
        logs.get_log_events()
            .log_group_name("/ecs/order-api")
            .log_stream_name(&stream)
    };
    let tail = get().limit(2).send().await.unwrap();
    let text: Vec<_> = tail
        .events()
        .iter()
        .filter_map(|event| event.message())
        .collect();
    assert_eq!(text, ["two", "three"]);
    let token = tail.next_forward_token().unwrap();
    let end = get().next_token(token).send().await.unwrap();
    assert_eq!(
        (end.events().len(), end.next_forward_token()),
        (0, Some(token))
    );
    let back = get()
        .next_token(tail.next_backward_token().unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(back.events()[0].message(), Some("one"));
    let head = get().start_from_head(true).limit(1).send().await.unwrap();
    assert_eq!(head.events()[0].message(), Some("one"));
    let empty = get()
        .log_stream_name(format!("ecs/quiet/{task}"))
        .send()
        .await
        .unwrap();
    assert!(empty.events().is_empty());
    let missing = get()
        .log_stream_name("ecs/app/none")
        .send()
        .await
        .unwrap_err();
    assert_eq!(
        missing.message(),
        Some("The specified log stream does not exist.")
    );
    assert!(
        missing
            .into_service_error()
            .is_resource_not_found_exception()
    );
}

#[tokio::test]
async fn target_health_names_state_and_target() {
    let (sim, _, group) = running();
    let elb = Clients::of(&sim).elb;
    let answer = elb
        .describe_target_health()
        .target_group_arn(&group)
        .send()
        .await
        .unwrap();
    let [one] = answer.target_health_descriptions() else {
        panic!("one target")
    };
    assert_eq!(one.target().unwrap().port(), Some(8080));
    assert_eq!(
        one.target_health().unwrap().state().unwrap().as_str(),
        "healthy"
    );
    let unknown = elb
        .describe_target_health()
        .target_group_arn("arn:none")
        .send()
        .await;
    assert!(
        unknown
            .unwrap_err()
            .into_service_error()
            .is_target_group_not_found_exception()
    );
}

#[tokio::test]
async fn an_unhealthy_target_says_why() {
    let mut world = World::new();
    let group = world.target_group("web");
    let why = "Health checks failed with these codes: [502]";
    let fate = Fate::fails_target_health("Target.ResponseCodeMismatch", why);
    world.register(TaskDefinition::of("web").container("app", IMAGE).fate(fate));
    world
        .service("prod-apps", "web")
        .target_group(&group, "app", 80)
        .create();
    world.advance(Duration::from_secs(60));
    let sim = Simulator::start(world, Options::default()).unwrap();
    let elb = Clients::of(&sim).elb;
    let answer = elb
        .describe_target_health()
        .target_group_arn(&group)
        .send()
        .await
        .unwrap();
    let health = answer.target_health_descriptions()[0]
        .target_health()
        .unwrap();
    assert_eq!(
        health.reason().unwrap().as_str(),
        "Target.ResponseCodeMismatch"
    );
    assert_eq!(health.description(), Some(why));
}

#[tokio::test]
async fn metrics_of_a_service_come_by_the_minute() {
    let (sim, ..) = running();
    let now = sim.with(|world| world.now().timestamp());
    let dimension = |name, value| cw::Dimension::builder().name(name).value(value).build();
    let query = |id: &str, metric: &str| {
        let metric = cw::Metric::builder()
            .namespace("AWS/ECS")
            .metric_name(metric);
        let metric = metric.dimensions(dimension("ClusterName", "prod-apps"));
        let metric = metric
            .dimensions(dimension("ServiceName", "order-api"))
            .build();
        let stat = cw::MetricStat::builder()
            .metric(metric)
            .period(60)
            .stat("Average")
            .build();
        cw::MetricDataQuery::builder()
            .id(id)
            .metric_stat(stat)
            .build()
    };
    let request = Clients::of(&sim).cloudwatch.get_metric_data();
    let request = request.start_time(aws_sdk_cloudwatch::primitives::DateTime::from_secs(
        now - 180,
    ));
    let request = request.end_time(aws_sdk_cloudwatch::primitives::DateTime::from_secs(now));
    let request = request.metric_data_queries(query("cpu", "CPUUtilization"));
    let request = request.metric_data_queries(query("memory", "MemoryUtilization"));
    let answer = request.send().await.unwrap();
    let [cpu, memory] = answer.metric_data_results() else {
        panic!("two results")
    };
    assert_eq!(cpu.values(), [12.5; 3]);
    assert_eq!(memory.values(), [98.0; 3]);
    let stamps: Vec<_> = cpu.timestamps().iter().map(DateTime::secs).collect();
    assert_eq!(
        stamps,
        [now - 60, now - 120, now - 180],
        "newest first unless asked otherwise"
    );
}

#[tokio::test]
async fn a_publish_is_recorded_with_its_attributes() {
    let (sim, ..) = running();
    let sns = Clients::of(&sim).sns;
    let severity = aws_sdk_sns::types::MessageAttributeValue::builder()
        .data_type("String")
        .string_value("critical & <urgent>")
        .build()
        .unwrap();
    let message = r#"{"default": "d", "email": "e\nmail ü"}"#;
    let publish = sns
        .publish()
        .topic_arn(TOPIC)
        .message(message)
        .message_structure("json");
    let publish = publish
        .subject("order-api failed")
        .message_attributes("severity", severity);
    let id = publish
        .send()
        .await
        .unwrap()
        .message_id()
        .unwrap()
        .to_owned();
    let [one] = &sim.published()[..] else {
        panic!("one publish")
    };
    assert_eq!((one.topic.as_str(), &one.message_id), (TOPIC, &id));
    assert_eq!(one.subject.as_deref(), Some("order-api failed"));
    assert_eq!(
        one.attributes["severity"],
        ("String".into(), "critical & <urgent>".into())
    );
    assert_eq!(one.for_protocol("email"), "e\nmail ü");
    assert_eq!(one.for_protocol("sms"), "d");
}

#[tokio::test]
async fn sns_refuses_what_it_would_not_deliver() {
    let (sim, ..) = running();
    let sns = Clients::of(&sim).sns;
    let publish = || sns.publish().topic_arn(TOPIC);
    let refusals = [
        publish().message("x".repeat(262_145)),
        publish().message("x").subject("s".repeat(100)),
        publish().message("x").subject("two\nlines"),
        publish().message("not json").message_structure("json"),
        publish()
            .message(r#"{"email": "x"}"#)
            .message_structure("json"),
        publish()
            .message(r#"{"default": "x", "email": 1}"#)
            .message_structure("json"),
        publish().message(""),
    ];
    for refusal in refusals {
        let error = refusal.send().await.unwrap_err();
        assert_eq!(error.code(), Some("InvalidParameter"));
        assert!(error.into_service_error().is_invalid_parameter_exception());
    }
    assert!(sim.published().is_empty());
}

#[tokio::test]
async fn sqs_messages_are_recorded() {
    let (sim, ..) = running();
    let sqs = Clients::of(&sim).sqs;
    let url = "https://sqs.us-east-1.amazonaws.com/111122223333/rollbacks.fifo";
    let send = |id: &str| {
        let send = sqs.send_message().queue_url(url).message_body("{}");
        send.message_deduplication_id(id)
    };
    send("1")
        .message_group_id("order-api")
        .send()
        .await
        .unwrap();
    let refused = send("2").send().await.unwrap_err();
    assert_eq!(refused.code(), Some("MissingParameter"));
    let entry = |id: &str| {
        let entry = aws_sdk_sqs::types::SendMessageBatchRequestEntry::builder().id(id);
        entry
            .message_body(id)
            .message_group_id("g")
            .message_deduplication_id(id)
            .build()
            .unwrap()
    };
    let batch = sqs
        .send_message_batch()
        .queue_url(url)
        .entries(entry("a"))
        .entries(entry("b"));
    assert_eq!(batch.send().await.unwrap().successful().len(), 2);
    let bodies: Vec<_> = sim
        .sent_messages()
        .into_iter()
        .map(|message| message.body)
        .collect();
    assert_eq!(bodies, ["{}", "a", "b"]);
}

#[tokio::test]
async fn a_fifo_queue_swallows_a_duplicate_for_five_minutes() {
    let (sim, ..) = running();
    let sqs = Clients::of(&sim).sqs;
    let send = |queue: &str, id: &str| {
        let url = format!("https://sqs.us-east-1.amazonaws.com/111122223333/{queue}.fifo");
        let send = sqs.send_message().queue_url(url).message_body("{}");
        send.message_group_id("g").message_deduplication_id(id)
    };
    let first = send("a", "1").send().await.unwrap();
    sim.advance(Duration::from_secs(299));
    let again = send("a", "1").send().await.unwrap();
    assert_eq!(first.message_id(), again.message_id());
    send("a", "2").send().await.unwrap();
    send("b", "1").send().await.unwrap();
    assert_eq!(sim.sent_messages().len(), 3);
    sim.advance(Duration::from_secs(1));
    send("a", "1").send().await.unwrap();
    assert_eq!(sim.sent_messages().len(), 4);
    for refused in [send("a", "3").delay_seconds(0), send("a", "a b")] {
        let refused = refused.send().await.unwrap_err();
        assert_eq!(refused.code(), Some("InvalidParameterValue"));
    }
}

#[tokio::test]
async fn a_stack_is_described_by_name_until_it_is_deleted() {
    let (sim, ..) = running();
    let cloudformation = Clients::of(&sim).cloudformation;
    let describe = || cloudformation.describe_stacks().stack_name("shop").send();
    let none = describe().await.unwrap_err();
    assert_eq!(none.code(), Some("ValidationError"));
    assert_eq!(none.message(), Some("Stack with id shop does not exist"));
    sim.with(|world| world.set_stack("shop", "UPDATE_IN_PROGRESS"));
    let answer = describe().await.unwrap();
    let status = answer.stacks()[0].stack_status().unwrap().as_str();
    assert_eq!(status, "UPDATE_IN_PROGRESS");
    sim.with(|world| world.delete_stack("shop"));
    assert!(describe().await.is_err());
}

#[tokio::test]
async fn a_message_may_be_delayed_by_up_to_fifteen_minutes() {
    let (sim, ..) = running();
    let sqs = Clients::of(&sim).sqs;
    let url = "https://sqs.us-east-1.amazonaws.com/111122223333/tasks";
    let send = |delay: Option<i32>| {
        let send = sqs.send_message().queue_url(url).message_body("{}");
        send.set_delay_seconds(delay).send()
    };
    for delay in [None, Some(0), Some(900)] {
        send(delay).await.unwrap();
    }
    for delay in [901, -1] {
        let refused = send(Some(delay)).await.unwrap_err();
        assert_eq!(refused.code(), Some("InvalidParameterValue"));
    }
    let entry = |id: &str, delay| {
        let entry = aws_sdk_sqs::types::SendMessageBatchRequestEntry::builder().id(id);
        let entry = entry.message_body(id).delay_seconds(delay);
        entry.build().unwrap()
    };
    let batch = sqs.send_message_batch().queue_url(url);
    let batch = batch.entries(entry("a", 60)).entries(entry("b", 901));
    let answer = batch.send().await.unwrap();
    assert_eq!(answer.successful().len(), 1);
    assert_eq!(answer.failed()[0].code(), "InvalidParameterValue");
    let sent = sim.sent_messages();
    let delays: Vec<_> = sent.iter().map(|message| message.delay_seconds).collect();
    assert_eq!(delays, [0, 0, 900, 60]);
}

fn s(text: &str) -> AttributeValue {
    AttributeValue::S(text.into())
}

fn n(number: i64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

fn table() -> (Simulator, aws_sdk_dynamodb::Client) {
    let sim = Simulator::start(World::new(), Options::default()).expect("a free port");
    sim.create_table("opsbot", "pk", Some("sk"));
    let client = Clients::of(&sim).dynamodb;
    (sim, client)
}

#[tokio::test]
async fn a_conditional_put_claims_once_and_shows_what_stood_there() {
    let (sim, dynamodb) = table();
    let put = |owner: &str| {
        let put = dynamodb
            .put_item()
            .table_name("opsbot")
            .item("pk", s("incident"));
        let put = put.item("sk", s("1")).item("holder", s(owner));
        let put = put.condition_expression("attribute_not_exists(pk) OR expires < :now");
        let put = put.expression_attribute_values(":now", n(100));
        put.return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    };
    put("first").send().await.unwrap();
    let error = put("second").send().await.unwrap_err().into_service_error();
    let aws_sdk_dynamodb::operation::put_item::PutItemError::ConditionalCheckFailedException(
        failed,
    ) = error
    else {
        panic!("the condition fails")
    };
    assert_eq!(failed.item().unwrap()["holder"], s("first"));
    assert_eq!(sim.table("opsbot").len(), 1);
}

#[tokio::test]
async fn updates_count_append_and_remove() {
    let (_sim, dynamodb) = table();
    let update = |expression: &str| {
        let update = dynamodb
            .update_item()
            .table_name("opsbot")
            .key("pk", s("incident"));
        update.key("sk", s("1")).update_expression(expression)
    };
    let first = update(
        "SET #s = :open, causes = list_append(if_not_exists(causes, :none), :oom), \
         seen = if_not_exists(seen, :zero) + :one ADD tasks :task REMOVE nothing",
    );
    let first = || {
        let first = first.clone().expression_attribute_names("#s", "status");
        let first = first.expression_attribute_values(":open", s("open"));
        let first = first.expression_attribute_values(":none", AttributeValue::L(vec![]));
        let first = first.expression_attribute_values(":oom", AttributeValue::L(vec![s("oom")]));
        let first = first
            .expression_attribute_values(":zero", n(0))
            .expression_attribute_values(":one", n(1));
        let task = AttributeValue::Ss(vec!["t1".into()]);
        first
            .expression_attribute_values(":task", task)
            .return_values(ReturnValue::AllNew)
    };
    first().send().await.unwrap();
    let answer = first().send().await.unwrap();
    let item = answer.attributes().unwrap();
    assert_eq!(item["seen"], n(2));
    assert_eq!(item["causes"], AttributeValue::L(vec![s("oom"), s("oom")]));
    assert_eq!(item["tasks"], AttributeValue::Ss(vec!["t1".into()]));
    let second = update("REMOVE causes[0], seen").return_values(ReturnValue::UpdatedNew);
    let answer = second.send().await.unwrap();
    assert_eq!(
        answer.attributes().unwrap()["causes"],
        AttributeValue::L(vec![s("oom")])
    );
    let missing = update("SET a = b").send().await.unwrap_err();
    assert_eq!(missing.code(), Some("ValidationException"));
}

#[tokio::test]
async fn what_dynamodb_refuses_is_refused_here() {
    let (_sim, dynamodb) = table();
    let update = || {
        let update = dynamodb.update_item().table_name("opsbot");
        update.key("pk", s("a")).key("sk", s("1"))
    };
    let one = || update().expression_attribute_values(":v", n(1));
    let refusals = [
        one().update_expression("SET status = :v"),
        one().update_expression("SET #a = :v"),
        one().update_expression("SET a = :w"),
        one().update_expression("SET a :v"),
        one().update_expression("SET pk = :v"),
        one().update_expression("SET a = :v, "),
        one()
            .update_expression("SET a = :v")
            .expression_attribute_names("#unused", "x"),
        update().key("extra", s("x")),
    ];
    for refusal in refusals {
        let error = refusal.send().await.unwrap_err();
        assert_eq!(error.code(), Some("ValidationException"), "{error:?}");
    }
    let elsewhere = dynamodb
        .get_item()
        .table_name("none")
        .key("pk", s("a"))
        .send()
        .await;
    assert!(
        elsewhere
            .unwrap_err()
            .into_service_error()
            .is_resource_not_found_exception()
    );
}

#[tokio::test]
async fn a_query_gives_one_partition_in_order_page_by_page() {
    let (_sim, dynamodb) = table();
    for (pk, sk) in [("a", "3"), ("a", "1"), ("b", "1"), ("a", "2")] {
        let put = dynamodb
            .put_item()
            .table_name("opsbot")
            .item("pk", s(pk))
            .item("sk", s(sk));
        put.send().await.unwrap();
    }
    let query = || {
        let query = dynamodb.query().table_name("opsbot");
        let query = query.key_condition_expression("pk = :pk AND sk >= :from");
        let query = query.expression_attribute_values(":pk", s("a"));
        query
            .expression_attribute_values(":from", s("2"))
            .scan_index_forward(false)
    };
    let sorts = |items: &[std::collections::HashMap<String, AttributeValue>]| {
        items
            .iter()
            .map(|item| item["sk"].as_s().unwrap().clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(sorts(query().send().await.unwrap().items()), ["3", "2"]);
    let first = query().limit(1).send().await.unwrap();
    let rest = query().set_exclusive_start_key(first.last_evaluated_key().cloned());
    assert_eq!(sorts(rest.send().await.unwrap().items()), ["2"]);
    let without_key = dynamodb
        .query()
        .table_name("opsbot")
        .key_condition_expression("sk = :sk");
    let refused = without_key
        .expression_attribute_values(":sk", s("1"))
        .send()
        .await;
    assert_eq!(refused.unwrap_err().code(), Some("ValidationException"));
}

#[tokio::test]
async fn items_are_read_and_deleted_and_transactions_are_all_or_nothing() {
    use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
    let (sim, dynamodb) = table();
    let put = |sk: &str, condition: &str| {
        let put = Put::builder()
            .table_name("opsbot")
            .item("pk", s("a"))
            .item("sk", s(sk));
        TransactWriteItem::builder()
            .put(put.condition_expression(condition).build().unwrap())
            .build()
    };
    let write = |second: &str| {
        let write = dynamodb.transact_write_items();
        let write = write.transact_items(put("1", "attribute_not_exists(pk)"));
        write.transact_items(put("2", second)).send()
    };
    let error = write("attribute_exists(pk)")
        .await
        .unwrap_err()
        .into_service_error();
    assert!(error.is_transaction_canceled_exception());
    assert!(sim.table("opsbot").is_empty());
    write("attribute_not_exists(pk)").await.unwrap();
    assert_eq!(sim.table("opsbot").len(), 2);
    let get = || {
        dynamodb
            .get_item()
            .table_name("opsbot")
            .key("pk", s("a"))
            .key("sk", s("1"))
            .send()
    };
    assert_eq!(get().await.unwrap().item().unwrap()["sk"], s("1"));
    let delete = dynamodb
        .delete_item()
        .table_name("opsbot")
        .key("pk", s("a"))
        .key("sk", s("1"));
    delete.send().await.unwrap();
    assert!(get().await.unwrap().item().is_none());
}
