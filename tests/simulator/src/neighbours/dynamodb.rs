//! Amazon `DynamoDB`: items in tables, with conditions and updates. TTL is not enforced.

pub use super::attribute::Item;
use super::attribute::{compare, typed};
use super::expression::{Scope, invalid};
use super::transaction::{self, Transactions};
use super::{condition, update};
use crate::api::{Answer, ApiError, number, text};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};

/// One table.
#[derive(Debug, Clone)]
pub struct Table {
    /// The partition key and, if there is one, the sort key.
    pub keys: Vec<String>,
    /// Items in the order of their first write.
    pub items: Vec<Item>,
    /// Where the item of a key is: a storm has ten thousand of them.
    places: HashMap<String, usize>,
}

pub(super) type Tables = BTreeMap<String, Table>;

pub(crate) fn call(
    tables: &mut Tables,
    transactions: &mut Transactions,
    operation: &str,
    body: &Value,
) -> Answer {
    if operation == "TransactWriteItems" {
        return transaction::write_once(tables, transactions, body);
    }
    let table = table_of(tables, body)?;
    match operation {
        "GetItem" => get_item(table, body),
        "Query" => query(table, body),
        "PutItem" | "UpdateItem" | "DeleteItem" => write(table, operation, body),
        _ => Err(ApiError::new(
            "UnknownOperationException",
            format!("{operation} is not simulated"),
        )),
    }
}

pub(super) fn table_of<'t>(
    tables: &'t mut Tables,
    body: &Value,
) -> Result<&'t mut Table, ApiError> {
    let name = text(body, "TableName")
        .rsplit('/')
        .next()
        .unwrap_or_default()
        .to_owned();
    tables
        .get_mut(&name)
        .ok_or_else(|| ApiError::new("ResourceNotFoundException", "Requested resource not found"))
}

impl Table {
    /// An empty table with these keys.
    pub(crate) fn new(keys: Vec<String>) -> Self {
        Self {
            keys,
            items: Vec::new(),
            places: HashMap::new(),
        }
    }

    fn position(&self, key: &Item) -> Option<usize> {
        self.places.get(&self.place(key)).copied()
    }

    fn place(&self, item: &Item) -> String {
        let keys = self.keys.iter().filter_map(|key| item.get(key));
        keys.map(Value::to_string).collect()
    }

    fn push(&mut self, item: Item) {
        self.places.insert(self.place(&item), self.items.len());
        self.items.push(item);
    }

    fn remove(&mut self, at: usize) {
        let item = self.items.remove(at);
        self.places.remove(&self.place(&item));
        for place in self.places.values_mut().filter(|place| **place > at) {
            *place -= 1;
        }
    }

    /// The key members of a request's Key or Item.
    fn key_of(&self, members: &Item, whole: bool) -> Result<Item, ApiError> {
        let mut key = Item::new();
        for name in &self.keys {
            let value = members.get(name).filter(|v| {
                matches!(typed(v), Some(("S" | "N" | "B", Value::String(text))) if !text.is_empty())
            });
            let Some(value) = value else {
                let text = "One or more parameter values were invalid";
                return Err(invalid(format!(
                    "{text}: Missing the key {name} in the item"
                )));
            };
            key.insert(name.clone(), value.clone());
        }
        if !whole && members.len() != self.keys.len() {
            return Err(invalid(
                "The provided key element does not match the schema",
            ));
        }
        Ok(key)
    }
}

fn members<'a>(body: &'a Value, member: &str) -> Result<&'a Item, ApiError> {
    let found = body.get(member).and_then(Value::as_object);
    found.ok_or_else(|| {
        invalid(format!(
            "Value null at '{member}' failed to satisfy constraint"
        ))
    })
}

fn get_item(table: &Table, body: &Value) -> Answer {
    let key = table.key_of(members(body, "Key")?, false)?;
    let item = table.position(&key).map(|at| &table.items[at]);
    Ok(item.map_or_else(|| json!({}), |item| json!({"Item": project(item, body)})))
}

/// Top-level names of a `ProjectionExpression`; everything without one.
fn project(item: &Item, body: &Value) -> Item {
    let wanted = text(body, "ProjectionExpression");
    if wanted.is_empty() {
        return item.clone();
    }
    let names = wanted.split(',').map(str::trim).map(|name| {
        let alias = body
            .get("ExpressionAttributeNames")
            .and_then(|names| names[name].as_str());
        alias.unwrap_or(name)
    });
    names
        .filter_map(|name| Some((name.to_owned(), item.get(name)?.clone())))
        .collect()
}

fn query(table: &Table, body: &Value) -> Answer {
    let mut scope = Scope::of(body);
    let key = condition::parse(text(body, "KeyConditionExpression"), &mut scope)?;
    let filter = match text(body, "FilterExpression") {
        "" => None,
        expression => Some(condition::parse(expression, &mut scope)?),
    };
    if text(body, "ProjectionExpression").is_empty() {
        scope.all_used()?;
    }
    if key.demands(&table.keys[0]).is_none() {
        let text = "Query condition missed key schema element";
        return Err(invalid(format!("{text}: {}", table.keys[0])));
    }
    let mut found: Vec<&Item> = table.items.iter().filter(|item| key.holds(item)).collect();
    if let Some(sort) = table.keys.get(1) {
        found.sort_by(|a, b| compare(&a[sort], &b[sort]).unwrap_or(std::cmp::Ordering::Equal));
    }
    if body["ScanIndexForward"] == false {
        found.reverse();
    }
    let start = match body.get("ExclusiveStartKey").and_then(Value::as_object) {
        Some(key) => found
            .iter()
            .position(|i| table.keys.iter().all(|k| i.get(k) == key.get(k))),
        None => None,
    };
    let rest = found.split_off(start.map_or(0, |at| at + 1));
    let limit = number(body, "Limit").map_or(usize::MAX, |n| n as usize);
    let page: Vec<&Item> = rest.iter().copied().take(limit).collect();
    let kept = page
        .iter()
        .filter(|item| filter.as_ref().is_none_or(|f| f.holds(item)));
    let items: Vec<Item> = kept.map(|item| project(item, body)).collect();
    let mut answer = json!({"Count": items.len(), "ScannedCount": page.len(), "Items": items});
    if let Some(last) = page.last().filter(|_| page.len() < rest.len()) {
        answer["LastEvaluatedKey"] = table.key_of(last, true)?.into();
    }
    Ok(answer)
}

/// What a write would do: the position and content before, and the content after.
pub(super) struct Change {
    at: Option<usize>,
    before: Option<Item>,
    after: Option<Item>,
    touched: Vec<String>,
}

/// `PutItem`, `UpdateItem`, `DeleteItem`.
fn write(table: &mut Table, operation: &str, body: &Value) -> Answer {
    let change = plan(table, operation, body)?;
    let answer = returned(&change, body);
    commit(table, change);
    Ok(answer)
}

/// The key of the item that a write is about.
pub(super) fn key_of(table: &Table, operation: &str, body: &Value) -> Result<Item, ApiError> {
    match operation {
        "PutItem" => table.key_of(members(body, "Item")?, true),
        _ => table.key_of(members(body, "Key")?, false),
    }
}

pub(super) fn plan(table: &Table, operation: &str, body: &Value) -> Result<Change, ApiError> {
    let key = key_of(table, operation, body)?;
    let at = table.position(&key);
    let before = at.map(|at| table.items[at].clone());
    let mut scope = Scope::of(body);
    let condition = match text(body, "ConditionExpression") {
        "" => None,
        expression => Some(condition::parse(expression, &mut scope)?),
    };
    let update = match text(body, "UpdateExpression") {
        "" => None,
        expression => Some(update::parse(expression, &mut scope)?),
    };
    scope.all_used()?;
    let current = before.clone().unwrap_or_default();
    if condition.is_some_and(|condition| !condition.holds(&current)) {
        return Err(failed_condition(before, body));
    }
    let (after, touched) = match operation {
        "PutItem" => (Some(members(body, "Item")?.clone()), Vec::new()),
        "UpdateItem" => {
            let base = before.clone().unwrap_or(key);
            let (item, touched) = match update {
                Some(update) => update.apply(&base)?,
                None => (base, Vec::new()),
            };
            if let Some(key) = table.keys.iter().find(|key| touched.contains(key)) {
                let text = "One or more parameter values were invalid: Cannot update attribute";
                return Err(invalid(format!(
                    "{text} {key}. This attribute is part of the key"
                )));
            }
            (Some(item), touched)
        }
        "DeleteItem" => (None, Vec::new()),
        _ => (before.clone(), Vec::new()),
    };
    Ok(Change {
        at,
        before,
        after,
        touched,
    })
}

fn failed_condition(before: Option<Item>, body: &Value) -> ApiError {
    let error = ApiError::new(
        "ConditionalCheckFailedException",
        "The conditional request failed",
    );
    match before {
        Some(item) if text(body, "ReturnValuesOnConditionCheckFailure") == "ALL_OLD" => {
            error.with("Item", item.into())
        }
        _ => error,
    }
}

fn returned(change: &Change, body: &Value) -> Value {
    let only = |item: &Option<Item>| {
        let members = item
            .iter()
            .flatten()
            .filter(|(name, _)| change.touched.contains(name));
        Some(
            members
                .map(|(n, v)| (n.clone(), v.clone()))
                .collect::<Item>(),
        )
    };
    let attributes = match text(body, "ReturnValues") {
        "ALL_OLD" => change.before.clone(),
        "ALL_NEW" => change.after.clone(),
        "UPDATED_OLD" => only(&change.before),
        "UPDATED_NEW" => only(&change.after),
        _ => None,
    };
    attributes.map_or_else(|| json!({}), |attributes| json!({"Attributes": attributes}))
}

pub(super) fn commit(table: &mut Table, change: Change) {
    match (change.at, change.after) {
        (Some(at), Some(item)) => table.items[at] = item,
        (None, Some(item)) => table.push(item),
        (Some(at), None) => table.remove(at),
        (None, None) => {}
    }
}
