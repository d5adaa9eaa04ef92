//! `TransactWriteItems` (API page of that name).

use super::dynamodb::{Tables, commit, key_of, plan, table_of};
use super::expression::invalid;
use crate::api::{Answer, ApiError, text};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The transactions that were carried out, by their `ClientRequestToken`. `DynamoDB` forgets them
/// after ten minutes; here they are kept.
pub(crate) type Transactions = BTreeMap<String, Value>;

/// The parts of a transaction: the name that IAM has for each, and its members.
pub(crate) fn parts(body: &Value) -> Vec<(&'static str, &Value)> {
    let items = body.get("TransactItems").and_then(Value::as_array);
    let items = items.into_iter().flatten();
    items
        .filter_map(|item| {
            let operations = [
                ("Put", "PutItem"),
                ("Update", "UpdateItem"),
                ("Delete", "DeleteItem"),
                ("ConditionCheck", "ConditionCheckItem"),
            ];
            let mut found = operations.into_iter();
            found.find_map(|(member, operation)| Some((operation, item.get(member)?)))
        })
        .collect()
}

/// Carries a transaction out once, however often the same request comes.
pub(crate) fn write_once(tables: &mut Tables, done: &mut Transactions, body: &Value) -> Answer {
    let token = text(body, "ClientRequestToken");
    match done.get(token) {
        Some(before) if before == body => return Ok(json!({})),
        Some(_) => {
            let code = "IdempotentParameterMismatchException";
            let text = "The client token was used with other parameters";
            return Err(ApiError::new(code, text));
        }
        None => {}
    }
    let answer = write(tables, body)?;
    if !token.is_empty() {
        done.insert(token.to_owned(), body.clone());
    }
    Ok(answer)
}

/// All or nothing: every condition is checked before anything is written.
fn write(tables: &mut Tables, body: &Value) -> Answer {
    let work = parts(body);
    check(tables, &work, body)?;
    let mut reasons = Vec::new();
    for (operation, request) in &work {
        reasons.push(match plan(table_of(tables, request)?, operation, request) {
            Ok(_) => json!({"Code": "None"}),
            Err(error) if error.code == "ConditionalCheckFailedException" => {
                let mut reason =
                    json!({"Code": "ConditionalCheckFailed", "Message": error.message});
                if let Some(item) = error.members.get("Item") {
                    reason["Item"] = item.clone();
                }
                reason
            }
            Err(error) => return Err(error),
        });
    }
    if reasons.iter().any(|reason| text(reason, "Code") != "None") {
        return Err(cancelled(reasons));
    }
    for (operation, request) in &work {
        let table = table_of(tables, request)?;
        let change = plan(table, operation, request)?;
        commit(table, change);
    }
    Ok(json!({}))
}

/// What is refused whatever the table holds.
fn check(
    tables: &mut Tables,
    work: &[(&'static str, &Value)],
    body: &Value,
) -> Result<(), ApiError> {
    let given = body.get("TransactItems").and_then(Value::as_array);
    let given = given.map_or(0, Vec::len);
    if work.len() != given {
        let text = "TransactItems can only contain one of Check, Put, Update or Delete";
        return Err(invalid(text));
    }
    if given == 0 || given > 100 {
        let at =
            "1 validation error detected: Value at 'transactItems' failed to satisfy constraint";
        let bound = if given == 0 {
            "greater than or equal to 1"
        } else {
            "less than or equal to 100"
        };
        return Err(invalid(format!("{at}: Member must have length {bound}")));
    }
    let mut seen = Vec::new();
    for (operation, request) in work {
        let key = key_of(table_of(tables, request)?, operation, request)?;
        let item = (text(request, "TableName"), key);
        if seen.contains(&item) {
            let text = "Transaction request cannot include multiple operations on one item";
            return Err(invalid(text));
        }
        seen.push(item);
    }
    Ok(())
}

/// Another transaction is at work on the item: of a transaction the whole is cancelled, of a single
/// write that one is refused (API pages `TransactWriteItems` and `UpdateItem`).
pub(crate) fn conflict(body: &Value) -> ApiError {
    let ongoing = "Transaction is ongoing for the item";
    refused(
        body,
        "TransactionConflict",
        "TransactionConflictException",
        ongoing,
    )
}

/// Too many writes to a partition: the same two ways.
pub(crate) fn hot(body: &Value) -> ApiError {
    let exceeds = "Throughput exceeds the current capacity of your table or index";
    refused(body, "ThrottlingError", "ThrottlingException", exceeds)
}

fn refused(body: &Value, reason: &str, error: &str, message: &str) -> ApiError {
    let parts = parts(body).len();
    if parts == 0 {
        return ApiError::new(error, message);
    }
    let mut reasons = vec![json!({"Code": "None"}); parts];
    reasons[0] = json!({"Code": reason, "Message": message});
    cancelled(reasons)
}

fn cancelled(reasons: Vec<Value>) -> ApiError {
    let codes: Vec<_> = reasons.iter().map(|reason| text(reason, "Code")).collect();
    let message = format!(
        "Transaction cancelled, please refer cancellation reasons for specific reasons [{}]",
        codes.join(", ")
    );
    ApiError::new("TransactionCanceledException", message)
        .with("CancellationReasons", reasons.into())
}
