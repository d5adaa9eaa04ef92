//! Faults and latency that a test puts on an action.

use crate::api::{Api, ApiError};
use std::collections::HashMap;
use std::time::Duration;

/// What goes wrong with calls of an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub(crate) kind: FaultKind,
    spared: u32,
    remaining: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FaultKind {
    Denied,
    Throttled,
    Internal,
    Hangs,
    Malformed,
    /// Carried out, but the answer is lost: the connection closes.
    AnswerLost,
    /// Carried out, but the answer never comes while the connection is open.
    AnswerHangs,
    /// Another transaction is at work on the item.
    Conflict,
    /// Too many writes to the item's partition.
    Hot,
}

impl Fault {
    fn new(kind: FaultKind) -> Self {
        Self {
            kind,
            spared: 0,
            remaining: None,
        }
    }

    /// The service's own access-denied error.
    #[must_use]
    pub fn denied() -> Self {
        Self::new(FaultKind::Denied)
    }

    /// The service's own throttling error.
    #[must_use]
    pub fn throttled() -> Self {
        Self::new(FaultKind::Throttled)
    }

    /// A 500 of the service.
    #[must_use]
    pub fn internal() -> Self {
        Self::new(FaultKind::Internal)
    }

    /// No answer while the connection is open.
    #[must_use]
    pub fn hangs() -> Self {
        Self::new(FaultKind::Hangs)
    }

    /// 200 with a body that is not of the protocol.
    #[must_use]
    pub fn malformed() -> Self {
        Self::new(FaultKind::Malformed)
    }

    /// The call is carried out, but its answer never arrives: the connection is closed.
    #[must_use]
    pub fn answer_lost() -> Self {
        Self::new(FaultKind::AnswerLost)
    }

    /// The call is carried out, but its answer never arrives while the connection is open.
    #[must_use]
    pub fn answer_hangs() -> Self {
        Self::new(FaultKind::AnswerHangs)
    }

    /// Another transaction is at work on the item: `DynamoDB` cancels a transaction and refuses a
    /// single write. Meant for writes of `DynamoDB` only.
    #[must_use]
    pub fn conflict() -> Self {
        Self::new(FaultKind::Conflict)
    }

    /// Too many writes to the item's partition: `DynamoDB` cancels a transaction for it and refuses
    /// a single write. Meant for writes of `DynamoDB` only.
    #[must_use]
    pub fn hot() -> Self {
        Self::new(FaultKind::Hot)
    }

    /// So many calls go well before it begins.
    #[must_use]
    pub fn after(self, calls: u32) -> Self {
        Self {
            spared: calls,
            ..self
        }
    }

    /// Only the next so many calls (else until cleared).
    #[must_use]
    pub fn times(self, calls: u32) -> Self {
        Self {
            remaining: Some(calls),
            ..self
        }
    }
}

/// The faults and delays in force.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    by_action: HashMap<String, Fault>,
    latency: HashMap<String, Duration>,
}

impl Faults {
    pub(crate) fn inject(&mut self, action: &str, fault: Fault) {
        self.by_action.insert(action.into(), fault);
    }

    pub(crate) fn clear(&mut self) {
        self.by_action.clear();
    }

    pub(crate) fn set_latency(&mut self, action: &str, latency: Duration) {
        self.latency.insert(action.into(), latency);
    }

    /// The exact action first, then `ecs:*`, then `*`.
    fn keys(action: &str) -> [String; 3] {
        let service = action.split(':').next().unwrap_or_default();
        [action.to_owned(), format!("{service}:*"), "*".to_owned()]
    }

    pub(crate) fn latency(&self, action: &str) -> Duration {
        let found = Self::keys(action)
            .iter()
            .find_map(|key| self.latency.get(key).copied());
        found.unwrap_or_default()
    }

    /// The fault of the next call of an action; counts it.
    pub(crate) fn take(&mut self, action: &str) -> Option<FaultKind> {
        for key in Self::keys(action) {
            match self.by_action.get_mut(&key) {
                None
                | Some(Fault {
                    remaining: Some(0), ..
                }) => {}
                Some(fault) if fault.spared > 0 => {
                    fault.spared -= 1;
                    return None;
                }
                Some(fault) => {
                    fault.remaining = fault.remaining.map(|n| n - 1);
                    return Some(fault.kind);
                }
            }
        }
        None
    }
}

/// The caller named in access-denied messages.
const CALLER: &str = "arn:aws:sts::111122223333:assumed-role/opsbot/deployment-changed";

/// Access denied, as each service says it.
pub(crate) fn denied(api: Api, action: &str, resource: &str) -> ApiError {
    denied_because(
        api,
        format!(
            "User: {CALLER} is not authorized to perform: {action} on resource: {resource} because \
             no identity-based policy allows the {action} action"
        ),
    )
}

pub(crate) fn denied_because(api: Api, message: String) -> ApiError {
    match api {
        Api::Ecs | Api::Logs | Api::DynamoDb => ApiError::new("AccessDeniedException", message),
        Api::LoadBalancing | Api::CloudWatch | Api::Sqs | Api::CloudFormation => {
            ApiError::new("AccessDenied", message).status(403)
        }
        Api::Sns => ApiError::new("AuthorizationError", message).status(403),
    }
}

pub(crate) fn throttled(api: Api) -> ApiError {
    let rate = "Rate exceeded";
    match api {
        Api::Ecs | Api::Logs => ApiError::new("ThrottlingException", rate),
        Api::LoadBalancing | Api::CloudWatch | Api::CloudFormation => {
            ApiError::new("Throttling", rate)
        }
        Api::Sns => ApiError::new("Throttled", rate).status(429),
        Api::DynamoDb => ApiError::new("ThrottlingException", rate),
        Api::Sqs => ApiError::new("RequestThrottled", rate).status(403),
    }
}

pub(crate) fn internal(api: Api) -> ApiError {
    let code = match api {
        Api::Ecs => "ServerException",
        Api::Logs => "ServiceUnavailableException",
        Api::LoadBalancing | Api::CloudFormation => "InternalFailure",
        Api::CloudWatch => "InternalServiceFault",
        Api::Sns => "InternalError",
        Api::DynamoDb => "InternalServerError",
        Api::Sqs => "InternalFailure",
    };
    ApiError::new(code, "Service Unavailable. Please try again later.").status(500)
}
