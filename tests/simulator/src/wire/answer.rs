//! From an answer to the HTTP response of its protocol.

use super::request::{Protocol, Request};
use super::{cbor, form};
use crate::api::{Answer, Api, ApiError};
use bytes::Bytes;
use http_body_util::Full;
use hyper::Response;
use serde_json::{Value, json};

pub(super) type HttpAnswer = Response<Full<Bytes>>;

pub(super) fn plain(status: u16, body: &str) -> HttpAnswer {
    build(status, "text/plain", body.to_owned().into_bytes(), None)
}

fn build(status: u16, kind: &str, body: Vec<u8>, query_error: Option<String>) -> HttpAnswer {
    let mut response = Response::builder()
        .status(status)
        .header("content-type", kind)
        .header("x-amzn-requestid", "00000000-0000-4000-a000-000000000000");
    if kind == "application/cbor" {
        response = response.header("smithy-protocol", "rpc-v2-cbor");
    }
    if let Some(code) = query_error {
        response = response.header("x-amzn-query-error", code);
    }
    response
        .body(Full::new(Bytes::from(body)))
        .expect("valid parts")
}

/// 200 with a body that no protocol takes.
pub(super) fn garbage(request: &Request) -> HttpAnswer {
    let kind = match request.protocol {
        Protocol::Json(kind) => kind,
        Protocol::Query(_) => "text/xml",
        Protocol::Cbor => "application/cbor",
    };
    build(200, kind, b"<garbage \xff{".to_vec(), None)
}

pub(super) fn encode(request: &Request, answer: &Answer) -> HttpAnswer {
    match answer {
        Ok(value) => success(request, value),
        Err(error) => failure(request, error),
    }
}

const REQUEST_ID: &str = "00000000-0000-4000-a000-000000000000";

fn success(request: &Request, value: &Value) -> HttpAnswer {
    match request.protocol {
        Protocol::Json(kind) => build(200, kind, value.to_string().into_bytes(), None),
        Protocol::Query(namespace) => {
            let xml = form::result(&request.operation, namespace, value, REQUEST_ID);
            build(200, "text/xml", xml.into_bytes(), None)
        }
        Protocol::Cbor => build(200, "application/cbor", cbor::write(value), None),
    }
}

fn failure(request: &Request, error: &ApiError) -> HttpAnswer {
    let ApiError {
        status,
        code,
        message,
        members,
    } = error;
    let mut body = json!({"__type": code, "message": message});
    for (member, value) in members {
        body[member] = value.clone();
    }
    // Services that once spoke awsQuery keep its code in a header.
    let was_query = matches!(request.api, Api::Sqs | Api::CloudWatch);
    let kind = if *status >= 500 { "Receiver" } else { "Sender" };
    let query_error = was_query.then(|| format!("{code};{kind}"));
    match request.protocol {
        Protocol::Json(kind) => build(*status, kind, body.to_string().into_bytes(), query_error),
        Protocol::Query(namespace) => {
            let xml = form::error(namespace, *status, code, message, REQUEST_ID);
            build(*status, "text/xml", xml.into_bytes(), None)
        }
        Protocol::Cbor => build(*status, "application/cbor", cbor::write(&body), query_error),
    }
}
