//! What asks roll-back for a rollback through its queue.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Case, candidates};
use crate::arn::{ServiceArn, revision_name};
use crate::causes::Cause;
use crate::facts::Fact;
use crate::good;
use crate::stop::Silent;

/// A request of deployment-changed, as it travels through the queue. It decides nothing: roll-back
/// reads every fact again, and takes over only what was seen of tasks that are gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The service.
    pub service: ServiceArn,
    /// The `ecs-svc/…` id of the deployment that fails.
    pub deployment: String,
    /// The incident whose alert said that it would be rolled back.
    pub incident: String,
    /// Why the deployment's tasks stop, best first.
    pub causes: Vec<Cause>,
    /// Why tasks of the revision it replaces stop.
    pub old_causes: Vec<Cause>,
    /// Why ECS does not call it failing, where task-stopped noticed.
    #[serde(default)]
    pub silent: Option<Silent>,
    /// When it was asked.
    pub at: DateTime<Utc>,
    /// Only to tell of an attempt, where there was one: nothing is written.
    #[serde(default)]
    pub only_tell: bool,
    /// What the verdict rested on, so that roll-back can ask for all of it at once.
    #[serde(default)]
    pub looked_at: LookedAt,
}

const TELL_LATER: &str = "tell_later";

/// The word that roll-back leaves in deployment-changed's queue, with a delay.
///
/// It is left before the call that a person asked for: nobody invokes a person's invocation again
/// where it dies, or where SNS does not take its alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TellLater {
    /// The group of the request: its service.
    pub group: String,
    /// What the queue knows it by.
    pub id: String,
    /// The [`Request`], which deployment-changed sends on as it is.
    pub request: Value,
}

impl TellLater {
    /// Has `request` sent.
    pub fn of(request: &Request) -> Self {
        let (service, at) = (request.service.to_string(), request.at.timestamp_millis());
        Self {
            id: format!("{service}#told-later#{}@{at}", request.deployment),
            group: service,
            request: json!(request),
        }
    }

    /// Longer than an invocation lasts.
    pub const AFTER: TimeDelta = TimeDelta::minutes(2);

    /// Reads it, where a message is one.
    pub fn parse(message: &Value) -> Option<Self> {
        let text = |key: &str| message.get(key).and_then(Value::as_str);
        (text("opsbot")? == TELL_LATER).then_some(())?;
        Some(Self {
            group: text("group")?.to_owned(),
            id: text("id")?.to_owned(),
            request: message.get("request")?.clone(),
        })
    }

    /// As it is sent.
    pub fn message(&self) -> Value {
        let Self { group, id, request } = self;
        json!({ "opsbot": TELL_LATER, "group": group, "id": id, "request": request })
    }
}

/// Where the facts of a verdict stand. To be read first, and never believed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LookedAt {
    /// ARNs of service deployments whose details were read.
    pub deployments: Vec<String>,
    /// ARNs of service revisions.
    pub revisions: Vec<String>,
    /// ARNs of task definitions that may be gone back to.
    pub definitions: Vec<String>,
    /// The CloudFormation stack that the service's tags name.
    pub stack: Option<String>,
}

/// So many candidates that nobody has looked up are named at once: the first is active most often.
const AT_ONCE: usize = 3;

impl LookedAt {
    /// What the facts of a case name, and its verdict rests on.
    pub fn named_by(case: &Case) -> Self {
        let history = case.history.known().map(Vec::as_slice).unwrap_or_default();
        let service = case.service.known();
        let newest = history.first().map(|it| it.arn.clone());
        let current = service.and_then(|it| it.current_service_deployment.clone());
        let details = history.iter().filter_map(|it| it.detail.as_ref());
        let went = details.flat_map(|it| it.sources.iter().chain(&it.rolled_back_to));
        let brought = good::to_read(history).into_iter();
        Self {
            deployments: each_once(newest.into_iter().chain(current)),
            revisions: each_once(brought.chain(went.cloned())),
            definitions: definitions(case),
            stack: service.and_then(|it| it.tags.get("aws:cloudformation:stack-name").cloned()),
        }
    }
}

fn each_once(arns: impl Iterator<Item = String>) -> Vec<String> {
    let mut all = Vec::new();
    for arn in arns {
        if !all.contains(&arn) {
            all.push(arn);
        }
    }
    all
}

/// The candidates down to the first that is known to be active.
fn definitions(case: &Case) -> Vec<String> {
    let wanted = |name: &str| {
        let to = case.requester.to();
        to.is_none_or(|to| revision_name(to) == revision_name(name))
    };
    let (mut all, mut unread) = (Vec::new(), 0);
    for candidate in candidates(case) {
        let name = candidate.task_definition;
        if unread == AT_ONCE || !wanted(&name) {
            continue;
        }
        let asked = case.definitions.get(&name);
        unread += usize::from(asked.is_none());
        let is_active = matches!(asked, Some(Fact::Known(definition)) if definition.active);
        all.push(name);
        if is_active {
            break;
        }
    }
    all
}
