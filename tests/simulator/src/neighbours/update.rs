//! Update expressions of `DynamoDB` (page `Expressions.UpdateExpressions`).

use super::attribute::{Item, Path, as_number, get, number, remove, set, typed};
use super::expression::{Reader, Scope, Token, invalid};
use crate::api::ApiError;
use serde_json::{Value, json};

/// The right side of a SET action.
#[derive(Debug, Clone)]
enum Term {
    Path(Path),
    Value(Value),
    IfNotExists(Path, Box<Term>),
    ListAppend(Box<Term>, Box<Term>),
    Plus(Box<Term>, Box<Term>),
    Minus(Box<Term>, Box<Term>),
}

#[derive(Debug, Clone)]
enum Action {
    Set(Path, Term),
    Remove(Path),
    Add(Path, Value),
    Delete(Path, Value),
}

/// A parsed update.
#[derive(Debug, Clone)]
pub(super) struct Update(Vec<Action>);

pub(super) fn parse(text: &str, scope: &mut Scope<'_>) -> Result<Update, ApiError> {
    let mut reader = Reader::new(text, scope)?;
    let mut actions = Vec::new();
    while !reader.is_done() {
        let Some(Token::Word(section)) = reader.next() else {
            return Err(reader.unexpected());
        };
        loop {
            actions.push(action(&mut reader, &section.to_ascii_uppercase())?);
            if !reader.sign(",") {
                break;
            }
        }
    }
    if actions.is_empty() {
        return Err(invalid(
            "Invalid UpdateExpression: The expression can not be empty;",
        ));
    }
    Ok(Update(actions))
}

fn action(reader: &mut Reader<'_, '_>, section: &str) -> Result<Action, ApiError> {
    let path = match section {
        "SET" | "REMOVE" | "ADD" | "DELETE" => reader.path()?,
        _ => return Err(reader.unexpected()),
    };
    match section {
        "SET" => {
            reader.expect("=")?;
            Ok(Action::Set(path, sum(reader)?))
        }
        "REMOVE" => Ok(Action::Remove(path)),
        _ => {
            let Some(Token::Value(name)) = reader.next() else {
                return Err(reader.unexpected());
            };
            let value = reader.value(&name)?;
            Ok(if section == "ADD" {
                Action::Add(path, value)
            } else {
                Action::Delete(path, value)
            })
        }
    }
}

fn sum(reader: &mut Reader<'_, '_>) -> Result<Term, ApiError> {
    let left = Box::new(term(reader)?);
    if reader.sign("+") {
        return Ok(Term::Plus(left, Box::new(term(reader)?)));
    }
    if reader.sign("-") {
        return Ok(Term::Minus(left, Box::new(term(reader)?)));
    }
    Ok(*left)
}

fn term(reader: &mut Reader<'_, '_>) -> Result<Term, ApiError> {
    if let Some(Token::Value(name)) = reader.peek().cloned() {
        reader.next();
        return Ok(Term::Value(reader.value(&name)?));
    }
    let name = match (reader.peek(), reader.peek_second()) {
        (Some(Token::Word(name)), Some(Token::Sign("("))) => name.clone(),
        _ => return Ok(Term::Path(reader.path()?)),
    };
    reader.next();
    reader.expect("(")?;
    let parsed = match name.as_str() {
        "if_not_exists" => {
            let path = reader.path()?;
            reader.expect(",")?;
            Term::IfNotExists(path, Box::new(term(reader)?))
        }
        "list_append" => {
            let first = Box::new(term(reader)?);
            reader.expect(",")?;
            Term::ListAppend(first, Box::new(term(reader)?))
        }
        other => {
            let text = "Invalid function name; function";
            return Err(invalid(format!(
                "Invalid UpdateExpression: {text}: {other}"
            )));
        }
    };
    reader.expect(")")?;
    Ok(parsed)
}

impl Term {
    /// Its value for the item as it was before the update.
    fn of(&self, item: &Item) -> Result<Value, ApiError> {
        match self {
            Self::Value(value) => Ok(value.clone()),
            Self::Path(path) => get(item, path).cloned().ok_or_else(|| {
                let text = "The provided expression refers to an attribute that does not exist";
                invalid(format!("{text} in the item"))
            }),
            Self::IfNotExists(path, otherwise) => match get(item, path) {
                Some(value) => Ok(value.clone()),
                None => otherwise.of(item),
            },
            Self::ListAppend(first, second) => {
                let (first, second) = (first.of(item)?, second.of(item)?);
                let (Some(a), Some(b)) = (first["L"].as_array(), second["L"].as_array()) else {
                    return Err(wrong_type());
                };
                Ok(json!({"L": a.iter().chain(b).cloned().collect::<Vec<_>>()}))
            }
            Self::Plus(a, b) => arithmetic(&a.of(item)?, &b.of(item)?, |a, b| a + b),
            Self::Minus(a, b) => arithmetic(&a.of(item)?, &b.of(item)?, |a, b| a - b),
        }
    }
}

fn arithmetic(a: &Value, b: &Value, work: impl Fn(f64, f64) -> f64) -> Result<Value, ApiError> {
    match (as_number(a), as_number(b)) {
        (Some(a), Some(b)) => Ok(number(work(a, b))),
        _ => Err(wrong_type()),
    }
}

fn wrong_type() -> ApiError {
    invalid("An operand in the update expression has an incorrect data type")
}

impl Update {
    /// The item after the update, and the names of the attributes it touched.
    pub(super) fn apply(&self, before: &Item) -> Result<(Item, Vec<String>), ApiError> {
        let mut item = before.clone();
        let mut touched = Vec::new();
        for action in &self.0 {
            let path = match action {
                Action::Set(path, term) => {
                    if !set(&mut item, path, term.of(before)?) {
                        let text = "The document path provided in the update expression is invalid";
                        return Err(invalid(format!("{text} for update")));
                    }
                    path
                }
                Action::Remove(path) => {
                    remove(&mut item, path);
                    path
                }
                Action::Add(path, value) => {
                    let sum = add(get(before, path), value)?;
                    set(&mut item, path, sum);
                    path
                }
                Action::Delete(path, value) => {
                    match without(get(before, path), value) {
                        Some(rest) => set(&mut item, path, rest),
                        None => {
                            remove(&mut item, path);
                            true
                        }
                    };
                    path
                }
            };
            if let Some(super::attribute::Part::Name(name)) = path.first() {
                touched.push(name.clone());
            }
        }
        Ok((item, touched))
    }
}

/// ADD: a number to a number, a set to a set; an absent attribute counts as nothing.
fn add(old: Option<&Value>, value: &Value) -> Result<Value, ApiError> {
    let Some(old) = old else {
        return Ok(value.clone());
    };
    match (typed(old), typed(value)) {
        (Some(("N", _)), Some(("N", _))) => arithmetic(old, value, |a, b| a + b),
        (Some((kind @ ("SS" | "NS" | "BS"), a)), Some((other, b))) if kind == other => {
            let mut all = a.as_array().cloned().unwrap_or_default();
            let new = b.as_array().into_iter().flatten();
            new.for_each(|v| {
                if !all.contains(v) {
                    all.push(v.clone());
                }
            });
            Ok(json!({kind: all}))
        }
        _ => Err(wrong_type()),
    }
}

/// DELETE: a set without these elements; none when nothing is left.
fn without(old: Option<&Value>, value: &Value) -> Option<Value> {
    let ((kind, a), (_, b)) = (typed(old?)?, typed(value)?);
    let gone = b.as_array()?;
    let rest: Vec<_> = a
        .as_array()?
        .iter()
        .filter(|v| !gone.contains(v))
        .cloned()
        .collect();
    (!rest.is_empty()).then(|| json!({kind: rest}))
}
