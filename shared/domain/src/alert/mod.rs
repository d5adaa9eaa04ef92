//! The alert: one message that needs no console to be understood.
//!
//! [`Alert`] is what there is to say; the modules beside it say it: `text` for e-mail, `sms`,
//! `json` for machines and `card` for Amazon Q Developer in chat applications.

mod attributes;
mod card;
pub mod compose;
mod json;
mod limits;
pub mod links;
mod publication;
mod sms;
mod text;

pub use json::SCHEMA;
pub use publication::{Publication, render};
pub use text::Page;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::arn::ServiceArn;
use crate::causes::{Cause, Confidence};

/// What kind of news it is. Filter policies and machines rely on the names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A deployment failed.
    DeploymentFailed,
    /// The tasks of a deployment keep failing, and ECS has not called it failed.
    DeploymentFailing,
    /// Tasks stopped that nobody wanted stopped.
    TaskStopped,
    /// ECS or opsbot began to roll the failed deployment back.
    RollbackStarted,
    /// opsbot's rollback is not done after a while.
    RollbackUnfinished,
    /// opsbot said that it would roll back, and did not, or cannot tell.
    RollbackHeld,
    /// The service is steady again: the last word of an incident.
    Recovered,
    /// The rollback failed too.
    RollbackFailed,
    /// ECS said WARN or ERROR of a service (`ECS Service Action`).
    ServiceImpaired,
    /// An event that could not be understood.
    UnreadableEvent,
}

/// How bad it is. The order is the order of the severity floor.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Good to know.
    #[default]
    Info,
    /// Look at it today.
    Warning,
    /// Somebody must act now.
    Critical,
}

impl Kind {
    /// The stable name.
    pub fn code(self) -> &'static str {
        match self {
            Self::DeploymentFailed => "deployment_failed",
            Self::DeploymentFailing => "deployment_failing",
            Self::TaskStopped => "task_stopped",
            Self::RollbackStarted => "rollback_started",
            Self::RollbackUnfinished => "rollback_unfinished",
            Self::RollbackHeld => "rollback_held",
            Self::Recovered => "recovered",
            Self::RollbackFailed => "rollback_failed",
            Self::ServiceImpaired => "service_impaired",
            Self::UnreadableEvent => "unreadable_event",
        }
    }
}

impl Severity {
    /// The stable name.
    pub fn code(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// Everything there is to say about one piece of news. Text in it is already safe to show:
/// whatever came from outside went through [`crate::sanitize`] when the alert was composed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Alert {
    /// What kind of news it is.
    pub kind: Kind,
    /// How bad it is.
    pub severity: Severity,
    /// The incident: the same for all its messages, so that they thread and fold.
    pub incident: String,
    /// When it happened, as the event says.
    pub at: DateTime<Utc>,
    /// The service.
    pub service: ServiceArn,
    /// The revision it is about, `order-api:42`: the one that failed or, when it is over, the one
    /// that serves.
    pub revision: Option<String>,
    /// `prod-apps/order-api: deployment of order-api:42 failed`. One line.
    pub headline: String,
    /// The shortest cause for a headline: `secret may not be read`. At most some 60 characters.
    pub cause_phrase: Option<String>,
    /// What happened, in sentences.
    pub what_happened: Vec<String>,
    /// Why: the causes found, best first.
    pub causes: Vec<CauseSection>,
    /// What it costs now, in sentences.
    pub impact: Vec<String>,
    /// What changed from the last good revision.
    pub changes: Vec<String>,
    /// What ECS does about it, and why (or why not).
    pub response: Response,
    /// Whether opsbot rolls back; absent where rollbacks are not enabled, or it is no question.
    pub rollback: Option<Rollback>,
    /// What it rests on.
    pub evidence: EvidenceSection,
    /// What could not be looked up.
    pub not_collected: Vec<NotCollected>,
    /// What to do next, in the imperative, first things first.
    pub next_steps: Vec<String>,
    /// Where to look.
    pub links: Vec<Link>,
    /// Whom it concerns and how much of it there is.
    #[serde(flatten)]
    pub scope: Scope,
}

/// Whom an alert concerns and how much of it there is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Scope {
    /// Who owns the service, as its tag `opsbot:owner` says.
    pub owner: Option<String>,
    /// No service runs these tasks: `service.service` is the family of their task definition.
    pub standalone: bool,
    /// How many tasks the incident has stopped so far, where they are counted.
    pub tasks_stopped: Option<u64>,
}

/// One cause as the alert tells it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CauseSection {
    /// The code.
    pub cause: Cause,
    /// What it means, in a sentence.
    pub sentence: String,
    /// The container that is to blame.
    pub container: Option<String>,
    /// How sure it is.
    pub confidence: Confidence,
    /// How many of the stopped tasks looked at show it.
    pub tasks: usize,
    /// The words it rests on: where they stand, and the quotation.
    pub evidence: Vec<Quote>,
    /// One thing to do.
    pub fix: String,
    /// The AWS page that explains it.
    pub page: String,
}

/// Words from outside, made safe, and where they stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Quote {
    /// Where they stand: `task stopped reason`, `log of app`.
    pub source: String,
    /// The words.
    pub text: String,
}

/// What is done about it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Response {
    /// A stable code: `ecs_rolling_back`, `ecs_rolls_back_on_failure`, `none`, …
    pub code: String,
    /// The sentence that says it, with the reason.
    pub sentence: String,
}

/// Whether opsbot rolls back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rollback {
    /// The verdict's code: `rollback`, `ask`, `hold_superseded`, …
    pub code: String,
    /// The sentence that says it, with the reason.
    pub sentence: String,
    /// The task definition that is, or would be, gone back to: `order-api:41`.
    pub to: Option<String>,
    /// The `ecs-svc/…` id of the deployment that is, or would be, gone back from.
    pub deployment: Option<String>,
    /// The command that does it by hand, where opsbot does not.
    pub command: Option<String>,
}

/// What the alert rests on.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct EvidenceSection {
    /// The service's newest events: when and what.
    pub service_events: Vec<TimedQuote>,
    /// Where the log lines are from: `app, task 0f1e…, log group /ecs/order-api`.
    pub log_source: Option<String>,
    /// The culprit's last log lines, oldest first.
    pub log_lines: Vec<TimedQuote>,
    /// The stopped tasks looked at, newest first.
    pub stopped_tasks: Vec<StoppedTaskRow>,
    /// CPU and memory around it, in a sentence each.
    pub utilization: Vec<String>,
}

/// Words from outside with their time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TimedQuote {
    /// When.
    pub at: DateTime<Utc>,
    /// The words, made safe.
    pub text: String,
}

/// One row of the table of stopped tasks.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StoppedTaskRow {
    /// The task's id.
    pub task: String,
    /// When it stopped.
    pub stopped_at: Option<DateTime<Utc>>,
    /// How long it ran, in seconds; absent where it never reached RUNNING.
    pub ran_seconds: Option<i64>,
    /// The stop code.
    pub stop_code: String,
    /// Containers with exit codes: `app 1, envoy 143`.
    pub exits: String,
    /// The stopped reason, shortened.
    pub reason: String,
}

/// Something that could not be looked up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NotCollected {
    /// What is missing.
    pub what: String,
    /// Why.
    pub why: String,
    /// The IAM action that would help, where a permission is what is missing.
    pub permission: Option<String>,
}

/// Where to look.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Link {
    /// `service`, `deployment`, `task`, `log stream`.
    pub label: String,
    /// The address.
    pub url: String,
}
