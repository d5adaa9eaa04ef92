//! awsQuery: a form in, XML out.

use serde_json::{Map, Value};

/// `a=b&c.member.1.d=e` as nested objects and lists.
pub(super) fn parse(form: &str) -> Value {
    let mut root = Value::Object(Map::new());
    for pair in form.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = decode(name);
        let mut place = &mut root;
        for part in name.split('.') {
            // `members` keeps numbered elements; `to_lists` makes lists of them.
            if !place.is_object() {
                *place = Value::Object(Map::new());
            }
            place = &mut place[part];
        }
        *place = decode(value).into();
    }
    to_lists(root)
}

/// An object of `member` or `entry` with numbered elements is a list.
fn to_lists(value: Value) -> Value {
    let Value::Object(mut members) = value else {
        return value;
    };
    for wrapper in ["member", "entry"] {
        if members.len() == 1
            && let Some(Value::Object(numbered)) = members.get(wrapper)
        {
            let mut elements: Vec<(usize, Value)> = numbered
                .iter()
                .map(|(number, v)| (number.parse().unwrap_or(0), to_lists(v.clone())))
                .collect();
            elements.sort_by_key(|(number, _)| *number);
            return elements.into_iter().map(|(_, v)| v).collect();
        }
    }
    for member in members.values_mut() {
        *member = to_lists(member.take());
    }
    Value::Object(members)
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digit = |b: Option<u8>| (b.unwrap_or(b'0') as char).to_digit(16).unwrap_or(0);
                let (high, low) = (digit(rest.next()), digit(rest.next()));
                bytes.push((high * 16 + low) as u8);
            }
            other => bytes.push(other),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The answer document of an operation.
pub(super) fn result(operation: &str, namespace: &str, value: &Value, id: &str) -> String {
    let mut body = String::new();
    elements(&mut body, value);
    format!(
        "<{operation}Response xmlns=\"{namespace}\"><{operation}Result>{body}</{operation}Result>\
         <ResponseMetadata><RequestId>{id}</RequestId></ResponseMetadata></{operation}Response>"
    )
}

/// The error document.
pub(super) fn error(namespace: &str, status: u16, code: &str, message: &str, id: &str) -> String {
    let kind = if status >= 500 { "Receiver" } else { "Sender" };
    let message = escape(message);
    format!(
        "<ErrorResponse xmlns=\"{namespace}\"><Error><Type>{kind}</Type><Code>{code}</Code>\
         <Message>{message}</Message></Error><RequestId>{id}</RequestId></ErrorResponse>"
    )
}

fn elements(out: &mut String, value: &Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                out.push_str(&format!("<{name}>"));
                elements(out, member);
                out.push_str(&format!("</{name}>"));
            }
        }
        Value::Array(list) => {
            for element in list {
                out.push_str("<member>");
                elements(out, element);
                out.push_str("</member>");
            }
        }
        Value::String(text) => out.push_str(&escape(text)),
        Value::Null => {}
        other => out.push_str(&other.to_string()),
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbered_members_are_a_list_in_order() {
        let form = "Action=Publish&A.entry.2.Name=two&A.entry.1.Name=one&M=a%20b+c%C3%A9";
        let expected = serde_json::json!({"Action": "Publish", "M": "a b cé",
            "A": [{"Name": "one"}, {"Name": "two"}]});
        assert_eq!(parse(form), expected);
    }
}
