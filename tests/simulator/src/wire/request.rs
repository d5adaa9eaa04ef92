//! From an HTTP request to an API, an operation and its members.

use super::{cbor, form};
use crate::api::{Api, text};
use hyper::HeaderMap;
use serde_json::{Map, Value};

/// How the answer has to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// awsJson with this content type.
    Json(&'static str),
    /// awsQuery with this XML namespace.
    Query(&'static str),
    Cbor,
}

/// A request that was understood.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub api: Api,
    pub operation: String,
    pub body: Value,
    pub protocol: Protocol,
    pub access_key_id: Option<String>,
}

impl Request {
    /// `ecs:DescribeServices`.
    pub(crate) fn action(&self) -> String {
        format!("{}:{}", self.api.prefix(), self.operation)
    }
}

const JSON_10: Protocol = Protocol::Json("application/x-amz-json-1.0");
const JSON_11: Protocol = Protocol::Json("application/x-amz-json-1.1");

/// None where no simulated API is meant.
pub(crate) fn parse(path: &str, headers: &HeaderMap, body: &[u8]) -> Option<Request> {
    let access_key_id = access_key_id(headers);
    if let Some(target) = headers.get("x-amz-target") {
        let (prefix, operation) = target.to_str().ok()?.split_once('.')?;
        let (api, protocol) = match prefix {
            "AmazonEC2ContainerServiceV20141113" => (Api::Ecs, JSON_11),
            "Logs_20140328" => (Api::Logs, JSON_11),
            "DynamoDB_20120810" => (Api::DynamoDb, JSON_10),
            "AmazonSQS" => (Api::Sqs, JSON_10),
            // Beside CBOR, which the Rust SDK takes.
            "GraniteServiceVersion20100801" => (Api::CloudWatch, JSON_10),
            _ => return None,
        };
        let body = match body {
            [] => Value::Object(Map::new()),
            body => serde_json::from_slice(body).ok()?,
        };
        return Some(Request {
            api,
            operation: operation.into(),
            body,
            protocol,
            access_key_id,
        });
    }
    if let Some(operation) = path.strip_prefix("/service/GraniteServiceVersion20100801/operation/")
    {
        let (api, protocol) = (Api::CloudWatch, Protocol::Cbor);
        let body = cbor::parse(body)?;
        return Some(Request {
            api,
            operation: operation.into(),
            body,
            protocol,
            access_key_id,
        });
    }
    let body = form::parse(std::str::from_utf8(body).ok()?);
    let (api, namespace) = match text(&body, "Version") {
        "2010-03-31" => (Api::Sns, "http://sns.amazonaws.com/doc/2010-03-31/"),
        "2015-12-01" => (
            Api::LoadBalancing,
            "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/",
        ),
        "2010-05-15" => (
            Api::CloudFormation,
            "http://cloudformation.amazonaws.com/doc/2010-05-15/",
        ),
        _ => return None,
    };
    let (operation, protocol) = (text(&body, "Action").to_owned(), Protocol::Query(namespace));
    Some(Request {
        api,
        operation,
        body,
        protocol,
        access_key_id,
    })
}

/// `Authorization: AWS4-HMAC-SHA256 Credential=<key>/<date>/…`. The signature is not checked.
fn access_key_id(headers: &HeaderMap) -> Option<String> {
    let (_, rest) = headers
        .get("authorization")?
        .to_str()
        .ok()?
        .split_once("Credential=")?;
    rest.split('/').next().map(str::to_owned)
}
