//! Smithy RPC v2 CBOR, which `CloudWatch` speaks.

use ciborium::Value as Cbor;
use serde_json::{Map, Value};

/// CBOR to JSON; tags (timestamps) are dropped, their numbers stay.
pub(super) fn parse(body: &[u8]) -> Option<Value> {
    if body.is_empty() {
        return Some(Value::Object(Map::new()));
    }
    Some(to_json(ciborium::from_reader(body).ok()?))
}

fn to_json(value: Cbor) -> Value {
    match value {
        Cbor::Integer(number) => i64::try_from(number).map_or(Value::Null, Value::from),
        Cbor::Float(number) => number.into(),
        Cbor::Text(text) => text.into(),
        Cbor::Bool(truth) => truth.into(),
        Cbor::Tag(_, inner) => to_json(*inner),
        Cbor::Array(list) => list.into_iter().map(to_json).collect(),
        Cbor::Map(members) => {
            let member = |(key, value): (Cbor, Cbor)| Some((key.into_text().ok()?, to_json(value)));
            Value::Object(members.into_iter().filter_map(member).collect())
        }
        _ => Value::Null,
    }
}

/// JSON to CBOR; the elements of a member named `Timestamps` get the timestamp tag.
pub(super) fn write(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(&to_cbor(value, false), &mut bytes).expect("writing to memory");
    bytes
}

fn to_cbor(value: &Value, timestamps: bool) -> Cbor {
    const EPOCH_SECONDS: u64 = 1;
    match value {
        Value::Null => Cbor::Null,
        Value::Bool(truth) => Cbor::Bool(*truth),
        Value::String(text) => Cbor::Text(text.clone()),
        Value::Number(number) if timestamps => {
            let seconds = number.as_f64().unwrap_or_default();
            Cbor::Tag(EPOCH_SECONDS, Box::new(Cbor::Float(seconds)))
        }
        Value::Number(number) => match number.as_i64() {
            Some(whole) => Cbor::Integer(whole.into()),
            None => Cbor::Float(number.as_f64().unwrap_or_default()),
        },
        Value::Array(list) => Cbor::Array(list.iter().map(|v| to_cbor(v, timestamps)).collect()),
        Value::Object(members) => {
            let member = |(name, v): (&String, &Value)| {
                (Cbor::Text(name.clone()), to_cbor(v, name == "Timestamps"))
            };
            Cbor::Map(members.iter().map(member).collect())
        }
    }
}
