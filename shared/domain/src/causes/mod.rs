//! Why tasks stop: ranked findings from what ECS says.
//!
//! One table of codes ([`Cause`]; they are fixed, since alerts, filter policies and metrics carry
//! them), and one file per family of wordings, each a list of rules that name a cause. `reading` says
//! in which order they are asked, `case` puts stop code, sentences, exit codes and log lines
//! together and ranks them, `fix` says what to do. To teach a new wording, add a fragment to the
//! family it belongs to and a row to `tests/corpus/wordings.tsv`.

mod around;
mod blank;
mod case;
mod cause;
mod culprit;
mod definition;
mod draft;
mod entrypoint;
mod events;
mod exit;
mod fix;
mod fragments;
mod hosts;
mod image;
mod init;
mod logging;
mod logs;
mod memory;
mod network;
mod owner;
mod placement;
mod platform;
mod pull;
mod quota;
mod reading;
mod rule;
mod runtime;
mod scheduler;
mod secrets;
mod summary;
mod text;
mod volume;

use serde::{Deserialize, Serialize};

pub use cause::{Cause, Fault};
pub(crate) use exit::{KILLED, TERMINATED};
pub use summary::{Ranked, intended, summarise};

use crate::facts::{LogTail, ServiceEvent, StoppedTask, TargetGroup, TaskDefinition};

/// What else is known around a stopped task. All of it may be absent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Context<'a> {
    /// The task's definition: essential flags, dependencies, memory limits, secrets' names.
    pub task_definition: Option<&'a TaskDefinition>,
    /// The health of the service's targets.
    pub target_groups: &'a [TargetGroup],
    /// The service's events, newest first.
    pub service_events: &'a [ServiceEvent],
    /// The last lines of containers' logs.
    pub logs: &'a [LogTail],
}

/// How sure a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// One explanation among several.
    Possible,
    /// The best explanation of what is seen.
    Likely,
    /// ECS or the runtime says it in so many words.
    Certain,
}

/// One explanation of why a task stopped.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// The code.
    pub cause: Cause,
    /// The container that is to blame, where one is.
    pub container: Option<String>,
    /// How sure it is.
    pub confidence: Confidence,
    /// What it rests on, quoted. Untrusted text: it goes through `sanitize` before it is shown.
    pub evidence: Vec<Evidence>,
    /// One thing to do, in the imperative, naming the resource. May quote untrusted text.
    pub fix: String,
}

/// A quotation, and where it is from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// Where it stands: `task stopped reason`, `container app: reason`, `log of app`, …
    pub source: String,
    /// The words. Untrusted text.
    pub quote: String,
}

/// Ranked findings for one stopped task, the best first, never empty.
pub fn diagnose(task: &StoppedTask, context: &Context<'_>) -> Vec<Finding> {
    case::Case::new(task, context, &events::read_events(context)).findings()
}

/// Ranked findings for one sentence of a service's events or of a service action, never empty:
/// some causes (placement, roles, capacity) are told nowhere else.
pub fn diagnose_event(message: &str, context: &Context<'_>) -> Vec<Finding> {
    let task = StoppedTask {
        stopped_reason: Some(message.to_owned()),
        ..StoppedTask::default()
    };
    let mut findings = diagnose(&task, context);
    for evidence in findings
        .iter_mut()
        .flat_map(|finding| &mut finding.evidence)
    {
        if evidence.source == case::TASK_REASON {
            evidence.source = "service event".to_owned();
        }
    }
    findings
}
