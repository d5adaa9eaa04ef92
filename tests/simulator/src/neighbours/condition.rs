//! Condition expressions of `DynamoDB` (page `Expressions.OperatorsAndFunctions`).

use super::attribute::{Item, Part, Path, as_number, compare, equal, get, number, typed};
use super::expression::{Reader, Scope, Token, invalid};
use crate::api::ApiError;
use serde_json::Value;
use std::cmp::Ordering;

/// What can stand at either side of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Operand {
    Path(Path),
    Value(Value),
    Size(Path),
}

/// A parsed condition.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Condition {
    Or(Box<Condition>, Box<Condition>),
    And(Box<Condition>, Box<Condition>),
    Not(Box<Condition>),
    Compare(Operand, &'static str, Operand),
    Between(Operand, Operand, Operand),
    In(Operand, Vec<Operand>),
    Exists(Path),
    NotExists(Path),
    Type(Path, Operand),
    BeginsWith(Operand, Operand),
    Contains(Operand, Operand),
}

pub(super) fn parse(text: &str, scope: &mut Scope<'_>) -> Result<Condition, ApiError> {
    let mut reader = Reader::new(text, scope)?;
    let condition = or(&mut reader)?;
    if reader.is_done() {
        Ok(condition)
    } else {
        Err(reader.unexpected())
    }
}

fn or(reader: &mut Reader<'_, '_>) -> Result<Condition, ApiError> {
    let mut left = and(reader)?;
    while reader.keyword("OR") {
        left = Condition::Or(Box::new(left), Box::new(and(reader)?));
    }
    Ok(left)
}

fn and(reader: &mut Reader<'_, '_>) -> Result<Condition, ApiError> {
    let mut left = not(reader)?;
    while reader.keyword("AND") {
        left = Condition::And(Box::new(left), Box::new(not(reader)?));
    }
    Ok(left)
}

fn not(reader: &mut Reader<'_, '_>) -> Result<Condition, ApiError> {
    if reader.keyword("NOT") {
        return Ok(Condition::Not(Box::new(not(reader)?)));
    }
    if reader.sign("(") {
        let inner = or(reader)?;
        reader.expect(")")?;
        return Ok(inner);
    }
    match function(reader)? {
        Some(condition) => Ok(condition),
        None => comparison(reader),
    }
}

fn function(reader: &mut Reader<'_, '_>) -> Result<Option<Condition>, ApiError> {
    let name = match (reader.peek(), reader.peek_second()) {
        (Some(Token::Word(name)), Some(Token::Sign("("))) if name != "size" => name.clone(),
        _ => return Ok(None),
    };
    reader.next();
    reader.expect("(")?;
    let condition = match name.as_str() {
        "attribute_exists" => Condition::Exists(reader.path()?),
        "attribute_not_exists" => Condition::NotExists(reader.path()?),
        "attribute_type" => {
            let path = reader.path()?;
            reader.expect(",")?;
            Condition::Type(path, operand(reader)?)
        }
        "begins_with" | "contains" => {
            let left = operand(reader)?;
            reader.expect(",")?;
            let right = operand(reader)?;
            if name == "contains" {
                Condition::Contains(left, right)
            } else {
                Condition::BeginsWith(left, right)
            }
        }
        other => {
            let text = "Invalid function name; function";
            return Err(invalid(format!(
                "Invalid ConditionExpression: {text}: {other}"
            )));
        }
    };
    reader.expect(")")?;
    Ok(Some(condition))
}

fn comparison(reader: &mut Reader<'_, '_>) -> Result<Condition, ApiError> {
    let left = operand(reader)?;
    if reader.keyword("BETWEEN") {
        let low = operand(reader)?;
        if !reader.keyword("AND") {
            return Err(reader.unexpected());
        }
        return Ok(Condition::Between(left, low, operand(reader)?));
    }
    if reader.keyword("IN") {
        reader.expect("(")?;
        let mut list = vec![operand(reader)?];
        while reader.sign(",") {
            list.push(operand(reader)?);
        }
        reader.expect(")")?;
        return Ok(Condition::In(left, list));
    }
    for sign in ["=", "<>", "<=", ">=", "<", ">"] {
        if reader.sign(sign) {
            return Ok(Condition::Compare(left, sign, operand(reader)?));
        }
    }
    Err(reader.unexpected())
}

fn operand(reader: &mut Reader<'_, '_>) -> Result<Operand, ApiError> {
    if let Some(Token::Value(name)) = reader.peek().cloned() {
        reader.next();
        return Ok(Operand::Value(reader.value(&name)?));
    }
    let sized = matches!(reader.peek(), Some(Token::Word(word)) if word == "size")
        && reader.peek_second() == Some(&Token::Sign("("));
    if !sized {
        return Ok(Operand::Path(reader.path()?));
    }
    reader.next();
    reader.expect("(")?;
    let path = reader.path()?;
    reader.expect(")")?;
    Ok(Operand::Size(path))
}

impl Operand {
    fn of(&self, item: &Item) -> Option<Value> {
        match self {
            Self::Path(path) => get(item, path).cloned(),
            Self::Value(value) => Some(value.clone()),
            Self::Size(path) => {
                let (_, inner) = typed(get(item, path)?)?;
                let size = match inner {
                    Value::String(text) => text.len(),
                    Value::Array(list) => list.len(),
                    Value::Object(members) => members.len(),
                    _ => return None,
                };
                Some(number(size as f64))
            }
        }
    }
}

impl Condition {
    /// Whether it holds for an item (an absent item is an empty one).
    pub(super) fn holds(&self, item: &Item) -> bool {
        let both = |a: &Operand, b: &Operand| Some((a.of(item)?, b.of(item)?));
        match self {
            Self::Or(a, b) => a.holds(item) || b.holds(item),
            Self::And(a, b) => a.holds(item) && b.holds(item),
            Self::Not(inner) => !inner.holds(item),
            Self::Compare(a, sign, b) => both(a, b).is_some_and(|(a, b)| compares(&a, sign, &b)),
            Self::Between(a, low, high) => {
                let above = both(a, low).is_some_and(|(a, low)| compares(&a, ">=", &low));
                above && both(a, high).is_some_and(|(a, high)| compares(&a, "<=", &high))
            }
            Self::In(a, list) => list
                .iter()
                .any(|b| both(a, b).is_some_and(|(a, b)| equal(&a, &b))),
            Self::Exists(path) => get(item, path).is_some(),
            Self::NotExists(path) => get(item, path).is_none(),
            Self::Type(path, kind) => {
                let found = get(item, path)
                    .and_then(typed)
                    .map(|(kind, _)| kind.to_owned());
                kind.of(item)
                    .is_some_and(|k| k["S"].as_str() == found.as_deref())
            }
            Self::BeginsWith(a, b) => both(a, b).is_some_and(|(a, b)| {
                let (a, b) = (a["S"].as_str(), b["S"].as_str());
                a.zip(b).is_some_and(|(a, b)| a.starts_with(b))
            }),
            Self::Contains(a, b) => both(a, b).is_some_and(|(a, b)| contains(&a, &b)),
        }
    }

    /// The value that a key condition demands of the partition key, if it does by equality.
    pub(super) fn demands(&self, key: &str) -> Option<&Value> {
        match self {
            Self::And(a, b) => a.demands(key).or_else(|| b.demands(key)),
            Self::Compare(Operand::Path(path), "=", Operand::Value(value)) => {
                (path[..] == [Part::Name(key.to_owned())]).then_some(value)
            }
            _ => None,
        }
    }
}

fn compares(a: &Value, sign: &str, b: &Value) -> bool {
    let order = compare(a, b);
    match sign {
        "=" => equal(a, b),
        "<>" => !equal(a, b),
        "<" => order == Some(Ordering::Less),
        ">" => order == Some(Ordering::Greater),
        "<=" => order.is_some_and(Ordering::is_le),
        _ => order.is_some_and(Ordering::is_ge),
    }
}

fn contains(a: &Value, b: &Value) -> bool {
    match typed(a) {
        Some(("S", Value::String(text))) => b["S"].as_str().is_some_and(|part| text.contains(part)),
        Some(("L", Value::Array(list))) => list.iter().any(|element| equal(element, b)),
        Some(("SS" | "NS" | "BS", Value::Array(list))) => {
            let wanted = typed(b).map(|(_, inner)| inner);
            list.iter()
                .any(|element| Some(element) == wanted || numbers_equal(element, b))
        }
        _ => false,
    }
}

fn numbers_equal(element: &Value, b: &Value) -> bool {
    let element = element.as_str().and_then(|text| text.parse::<f64>().ok());
    element.is_some() && element == as_number(b)
}
