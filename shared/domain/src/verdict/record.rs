//! The record of a decision, taken or not, with the facts it rested on.

mod facts;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Case, Requester, Verdict};
use crate::sanitize::line;

/// One decision, as the table and the log keep it and `opsbot history` prints it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// When it was made.
    pub at: DateTime<Utc>,
    /// Which function made it: `deployment-changed` or `roll-back`.
    pub function: String,
    /// The invocation's request id.
    pub request_id: String,
    /// The `ecs-svc/…` id of the judged deployment.
    pub deployment: String,
    /// `event`, or `person`.
    pub requester: String,
    /// What the person gave as the reason. Sanitized.
    pub reason: Option<String>,
    /// The verdict's code.
    pub verdict: String,
    /// The verdict's sentence.
    pub sentence: String,
    /// What became of it, where something was tried: one sentence.
    pub outcome: Option<String>,
    /// The facts, as `name: value` lines in reading order.
    pub facts: Vec<String>,
}

impl Decision {
    /// The record of `verdict` on `case`.
    pub fn of(case: &Case, verdict: &Verdict, function: &str, request_id: &str) -> Self {
        let requester = match case.requester {
            Requester::Event => "event",
            Requester::Person { .. } => "person",
        };
        Self {
            at: case.now,
            function: function.to_owned(),
            request_id: request_id.to_owned(),
            deployment: line(&case.deployment, 80),
            requester: requester.to_owned(),
            reason: None,
            verdict: verdict.code().to_owned(),
            sentence: verdict.sentence(),
            outcome: None,
            facts: facts::of(case),
        }
    }
}
