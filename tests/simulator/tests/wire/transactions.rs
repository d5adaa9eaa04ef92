//! `TransactWriteItems`, as the real SDK sees it.

use crate::clients::Clients;
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
    Update,
};
use simulator::{AuthRequest, Authorizer, Decision, Fault, Options, Simulator, World};

fn s(text: &str) -> AttributeValue {
    AttributeValue::S(text.into())
}

fn n(number: i64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

fn table(options: Options) -> (Simulator, aws_sdk_dynamodb::Client) {
    let sim = Simulator::start(World::new(), options).expect("a free port");
    sim.create_table("opsbot", "pk", None);
    let client = Clients::of(&sim).dynamodb;
    (sim, client)
}

/// Marks a task, unless it is marked.
fn mark(pk: &str) -> TransactWriteItem {
    let put = Put::builder().table_name("opsbot").item("pk", s(pk));
    let put = put.condition_expression("attribute_not_exists(pk)");
    let all_old = ReturnValuesOnConditionCheckFailure::AllOld;
    let put = put.return_values_on_condition_check_failure(all_old);
    TransactWriteItem::builder()
        .put(put.build().expect("a whole put"))
        .build()
}

/// Counts one more.
fn count(pk: &str) -> TransactWriteItem {
    let update = Update::builder().table_name("opsbot").key("pk", s(pk));
    let update = update
        .update_expression("ADD n :one")
        .expression_attribute_values(":one", n(1));
    TransactWriteItem::builder()
        .update(update.build().expect("a whole update"))
        .build()
}

async fn write(
    client: &aws_sdk_dynamodb::Client,
    items: Vec<TransactWriteItem>,
) -> Result<(), TransactWriteItemsError> {
    let write = client
        .transact_write_items()
        .set_transact_items(Some(items));
    write
        .send()
        .await
        .map(drop)
        .map_err(aws_sdk_dynamodb::error::SdkError::into_service_error)
}

/// The code of each reason.
fn reasons(error: &TransactWriteItemsError) -> Vec<&str> {
    let TransactWriteItemsError::TransactionCanceledException(cancelled) = error else {
        panic!("{error:?} is no cancellation")
    };
    let reasons = cancelled.cancellation_reasons().iter();
    reasons.filter_map(|reason| reason.code()).collect()
}

#[tokio::test]
async fn the_part_whose_condition_failed_is_named_with_what_stood_there() {
    let (sim, client) = table(Options::default());
    write(&client, vec![mark("task#1"), count("stops")])
        .await
        .unwrap();
    let error = write(
        &client,
        vec![mark("task#2"), mark("task#1"), count("stops")],
    )
    .await;
    let error = error.unwrap_err();

    assert_eq!(reasons(&error), ["None", "ConditionalCheckFailed", "None"]);
    let TransactWriteItemsError::TransactionCanceledException(cancelled) = &error else {
        panic!("{error:?}")
    };
    let there = cancelled.cancellation_reasons()[1].item().unwrap();
    assert_eq!(there["pk"], s("task#1"));
    assert!(cancelled.cancellation_reasons()[0].item().is_none());
    let told = cancelled.message().unwrap();
    assert!(
        told.ends_with("[None, ConditionalCheckFailed, None]"),
        "{told}"
    );
    let items = sim.table("opsbot");
    let found: Vec<_> = items.iter().map(|item| item["pk"]["S"].as_str()).collect();
    assert_eq!(
        found,
        [Some("task#1"), Some("stops")],
        "nothing was written"
    );
    assert_eq!(items[1]["n"]["N"], "1");
}

#[tokio::test]
async fn a_transaction_has_one_to_a_hundred_items_each_once() {
    let (sim, client) = table(Options::default());
    let many = |count: usize| (0..count).map(|at| mark(&format!("task#{at}"))).collect();
    for refused in [
        many(0),
        many(101),
        vec![mark("a"), count("a")],
        vec![TransactWriteItem::builder().build()],
    ] {
        let error = write(&client, refused).await.unwrap_err();
        assert_eq!(error.code(), Some("ValidationException"), "{error:?}");
    }
    assert!(sim.table("opsbot").is_empty());
    write(&client, many(100)).await.unwrap();
    assert_eq!(sim.table("opsbot").len(), 100);
}

#[tokio::test]
async fn the_same_request_is_carried_out_once() {
    let (sim, client) = table(Options::default());
    let write = |item| {
        let write = client.transact_write_items().transact_items(item);
        write.client_request_token("token").send()
    };
    write(count("stops")).await.unwrap();
    write(count("stops")).await.unwrap(); // a retry whose first answer was lost
    assert_eq!(sim.table("opsbot")[0]["n"]["N"], "1");
    let other = write(count("others")).await.unwrap_err();
    assert!(
        other
            .into_service_error()
            .is_idempotent_parameter_mismatch_exception()
    );
}

#[tokio::test]
async fn a_conflict_cancels_a_transaction_and_refuses_a_write() {
    let (sim, client) = table(Options::default());
    sim.inject("dynamodb:*", Fault::conflict().times(2));
    let error = write(&client, vec![mark("task#1"), count("stops")]).await;
    assert_eq!(
        reasons(&error.unwrap_err()),
        ["TransactionConflict", "None"]
    );
    let update = client.update_item().table_name("opsbot").key("pk", s("a"));
    let update = update
        .update_expression("SET n = :one")
        .expression_attribute_values(":one", n(1));
    let error = update.clone().send().await.unwrap_err();
    assert!(
        error
            .into_service_error()
            .is_transaction_conflict_exception()
    );
    assert!(sim.table("opsbot").is_empty());
    update.send().await.unwrap();
}

#[tokio::test]
async fn the_permission_of_each_part_is_asked_for_and_none_of_the_whole() {
    let authorizer = Authorizer::new(|asked: AuthRequest| async move {
        let table = "arn:aws:dynamodb:us-east-1:111122223333:table/opsbot";
        assert_eq!(asked.resource_arn, table);
        match asked.action.as_str() {
            "dynamodb:PutItem" | "dynamodb:UpdateItem" => Decision::Allow,
            _ => Decision::Deny(String::new()),
        }
    });
    let options = Options {
        authorizer: Some(authorizer),
        ..Options::default()
    };
    let (_sim, client) = table(options);
    write(
        &client,
        vec![mark("task#1"), mark("task#2"), count("stops")],
    )
    .await
    .unwrap();
    let check = ConditionCheck::builder().table_name("opsbot");
    let check = check
        .key("pk", s("stops"))
        .condition_expression("attribute_exists(pk)");
    let check = TransactWriteItem::builder().condition_check(check.build().unwrap());
    let error = write(&client, vec![mark("task#3"), check.build()]).await;
    let error = error.unwrap_err();
    assert_eq!(error.code(), Some("AccessDeniedException"));
    let text = error.message().unwrap();
    assert!(
        text.contains("perform: dynamodb:ConditionCheckItem on"),
        "{text}"
    );
}

#[tokio::test]
async fn a_denied_transaction_names_the_action_of_a_part() {
    let (sim, client) = table(Options::default());
    sim.inject("dynamodb:TransactWriteItems", Fault::denied());
    let error = write(&client, vec![mark("task#1")]).await.unwrap_err();
    let text = error.message().unwrap();
    assert!(text.contains("perform: dynamodb:PutItem on"), "{text}");
}

#[tokio::test]
async fn a_hot_partition_cancels_a_transaction_with_its_reason() {
    let (sim, client) = table(Options::default());
    sim.inject("dynamodb:TransactWriteItems", Fault::hot().times(1));
    let error = write(&client, vec![mark("task#1"), count("stops")]).await;
    assert_eq!(reasons(&error.unwrap_err()), ["ThrottlingError", "None"]);
    assert!(sim.table("opsbot").is_empty());
    write(&client, vec![mark("task#1")]).await.unwrap();
}
