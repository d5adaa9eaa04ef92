//! What every simulated API shares: a request's parts, an error's parts, small readers.

use serde_json::{Map, Value};

/// One AWS service that the simulator speaks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Api {
    Ecs,
    Logs,
    LoadBalancing,
    CloudWatch,
    Sns,
    DynamoDb,
    Sqs,
    CloudFormation,
}

impl Api {
    /// The prefix of its IAM actions.
    pub(crate) fn prefix(self) -> &'static str {
        match self {
            Self::Ecs => "ecs",
            Self::Logs => "logs",
            Self::LoadBalancing => "elasticloadbalancing",
            Self::CloudWatch => "cloudwatch",
            Self::Sns => "sns",
            Self::DynamoDb => "dynamodb",
            Self::Sqs => "sqs",
            Self::CloudFormation => "cloudformation",
        }
    }
}

/// An error as the service would answer it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ApiError {
    pub status: u16,
    pub code: String,
    pub message: String,
    /// Further members of the error's shape (`Item`, `CancellationReasons`).
    pub members: Map<String, Value>,
}

impl ApiError {
    pub(crate) fn new(code: &str, message: impl Into<String>) -> Self {
        Self {
            status: 400,
            code: code.into(),
            message: message.into(),
            members: Map::new(),
        }
    }

    pub(crate) fn status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    pub(crate) fn with(mut self, member: &str, value: Value) -> Self {
        self.members.insert(member.into(), value);
        self
    }
}

impl From<crate::world::Refusal> for ApiError {
    fn from(refusal: crate::world::Refusal) -> Self {
        Self::new(refusal.code, refusal.message)
    }
}

/// What an operation answers.
pub(crate) type Answer = Result<Value, ApiError>;

/// A text member; empty where it is absent.
pub(crate) fn text<'a>(body: &'a Value, member: &str) -> &'a str {
    body.get(member).and_then(Value::as_str).unwrap_or_default()
}

/// The texts of a list member.
pub(crate) fn texts<'a>(body: &'a Value, member: &str) -> Vec<&'a str> {
    let list = body.get(member).and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

/// A number member, which the query protocol sends as text.
pub(crate) fn number(body: &Value, member: &str) -> Option<f64> {
    let value = body.get(member)?;
    value.as_f64().or_else(|| value.as_str()?.parse().ok())
}

/// One page of a list: `nextToken` is the position to go on from.
pub(crate) fn page<T>(
    all: Vec<T>,
    body: &Value,
    default: usize,
) -> Result<(Vec<T>, Option<String>), ApiError> {
    let size = number(body, "maxResults").map_or(default, |n| n as usize);
    if size == 0 || size > 100 {
        let text = "maxResults must be between 1 and 100.";
        return Err(ApiError::new("InvalidParameterException", text));
    }
    let token = text(body, "nextToken");
    let start = if token.is_empty() {
        Ok(0)
    } else {
        token.parse::<usize>()
    };
    let start = start.map_err(|_| ApiError::new("InvalidParameterException", "Invalid token."))?;
    let total = all.len();
    let items: Vec<T> = all.into_iter().skip(start).take(size).collect();
    let end = start + items.len();
    Ok((items, (end < total).then(|| end.to_string())))
}
