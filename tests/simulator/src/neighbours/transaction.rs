//! `TransactWriteItems`.

use super::dynamodb::{Tables, commit, plan, table_of};
use super::expression::invalid;
use crate::api::{Answer, ApiError, text};
use serde_json::{Value, json};

/// All or nothing: every condition is checked before anything is written.
pub(super) fn write(tables: &mut Tables, body: &Value) -> Answer {
    let parts = body
        .get("TransactItems")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let mut work = Vec::new();
    for part in &parts {
        let (operation, request) = part
            .as_object()
            .and_then(|members| members.iter().find(|(_, value)| value.is_object()))
            .ok_or_else(|| invalid("Each item needs one of Put, Update, Delete, ConditionCheck"))?;
        work.push((operation.as_str(), request));
    }
    let mut reasons = Vec::new();
    let mut failed = false;
    for (operation, request) in &work {
        reasons.push(match plan(table_of(tables, request)?, operation, request) {
            Ok(_) => json!({"Code": "None"}),
            Err(error) if error.code == "ConditionalCheckFailedException" => {
                failed = true;
                json!({"Code": "ConditionalCheckFailed", "Message": error.message})
            }
            Err(error) => return Err(error),
        });
    }
    if failed {
        let codes: Vec<_> = reasons.iter().map(|reason| text(reason, "Code")).collect();
        let message = format!(
            "Transaction cancelled, please refer cancellation reasons for specific reasons [{}]",
            codes.join(", ")
        );
        let error = ApiError::new("TransactionCanceledException", message);
        return Err(error.with("CancellationReasons", reasons.into()));
    }
    for (operation, request) in &work {
        let table = table_of(tables, request)?;
        let change = plan(table, operation, request)?;
        commit(table, change);
    }
    Ok(json!({}))
}
