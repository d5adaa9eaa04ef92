//! `DynamoDB` attribute values in their wire form (`{"S": "…"}`), paths into them and their order.

use serde_json::{Map, Value};
use std::cmp::Ordering;

/// One item, as on the wire.
pub type Item = Map<String, Value>;

/// One step of a document path.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Part {
    Name(String),
    Index(usize),
}

pub(super) type Path = Vec<Part>;

/// Type letter and inner value of an attribute value.
pub(super) fn typed(value: &Value) -> Option<(&str, &Value)> {
    let members = value.as_object()?;
    let (kind, inner) = members.iter().next()?;
    (members.len() == 1).then_some((kind.as_str(), inner))
}

pub(super) fn get<'a>(item: &'a Item, path: &[Part]) -> Option<&'a Value> {
    let (Part::Name(first), rest) = path.split_first()? else {
        return None;
    };
    let mut value = item.get(first)?;
    for part in rest {
        value = match part {
            Part::Name(name) => value.get("M")?.get(name)?,
            Part::Index(index) => value.get("L")?.get(index)?,
        };
    }
    Some(value)
}

/// Sets the value at a path. `false` where the parent does not exist.
pub(super) fn set(item: &mut Item, path: &[Part], value: Value) -> bool {
    match path.split_last() {
        None => false,
        Some((Part::Name(name), [])) => {
            item.insert(name.clone(), value);
            true
        }
        Some((last, parent)) => {
            let Some(parent) = get_mut(item, parent) else {
                return false;
            };
            match last {
                Part::Name(name) => match parent.get_mut("M").and_then(Value::as_object_mut) {
                    Some(members) => {
                        members.insert(name.clone(), value);
                        true
                    }
                    None => false,
                },
                Part::Index(index) => match parent.get_mut("L").and_then(Value::as_array_mut) {
                    Some(list) if *index < list.len() => {
                        list[*index] = value;
                        true
                    }
                    // Beyond the end, the value is appended.
                    Some(list) => {
                        list.push(value);
                        true
                    }
                    None => false,
                },
            }
        }
    }
}

/// Takes away what stands at a path, if anything does.
pub(super) fn remove(item: &mut Item, path: &[Part]) {
    match path.split_last() {
        Some((Part::Name(name), [])) => {
            item.remove(name);
        }
        Some((last, parent)) => {
            let Some(parent) = get_mut(item, parent) else {
                return;
            };
            match last {
                Part::Name(name) => {
                    parent
                        .get_mut("M")
                        .and_then(Value::as_object_mut)
                        .map(|m| m.remove(name));
                }
                Part::Index(index) => {
                    let list = parent.get_mut("L").and_then(Value::as_array_mut);
                    if let Some(list) = list.filter(|list| *index < list.len()) {
                        list.remove(*index);
                    }
                }
            }
        }
        None => {}
    }
}

fn get_mut<'a>(item: &'a mut Item, path: &[Part]) -> Option<&'a mut Value> {
    let (Part::Name(first), rest) = path.split_first()? else {
        return None;
    };
    let mut value = item.get_mut(first)?;
    for part in rest {
        value = match part {
            Part::Name(name) => value.get_mut("M")?.get_mut(name)?,
            Part::Index(index) => value.get_mut("L")?.get_mut(index)?,
        };
    }
    Some(value)
}

/// A number; `DynamoDB` sends them as text. Exact to the precision of `f64`.
pub(super) fn as_number(value: &Value) -> Option<f64> {
    value.get("N")?.as_str()?.parse().ok()
}

/// A number back in its wire form, without a needless fraction.
pub(super) fn number(value: f64) -> Value {
    serde_json::json!({"N": value.to_string()})
}

/// Compares two values of the same type; none where they cannot be compared.
pub(super) fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    let ((kind, a), (other, b)) = (typed(left)?, typed(right)?);
    if kind != other {
        return None;
    }
    match kind {
        "N" => as_number(left)?.partial_cmp(&as_number(right)?),
        "S" | "B" => Some(a.as_str()?.cmp(b.as_str()?)),
        _ => None,
    }
}

/// Equality, numbers by value.
pub(super) fn equal(left: &Value, right: &Value) -> bool {
    match (as_number(left), as_number(right)) {
        (Some(a), Some(b)) => a == b,
        _ => left == right,
    }
}
