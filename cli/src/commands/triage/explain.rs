//! Findings made safe to show. Everything in them may quote what somebody else wrote.

use domain::causes::{Cause, Confidence, Context, Evidence, Finding, diagnose};
use domain::sanitize::line;
use serde::Serialize;

use super::shape::Subject;

/// How many quotations are shown of one finding. A task may have ten containers.
const QUOTES: usize = 10;
/// Characters of a name, of a quotation and of a fix. ECS writes reasons of 1,024 at most.
const NAME: usize = 256;
const QUOTE: usize = 1_024;
const FIX: usize = 2_048;

/// Why one task stopped: the best finding. `--json` prints exactly this.
#[derive(Debug, Serialize)]
pub(super) struct Explanation {
    /// What the input calls the task: a row's `id`, else the task's ARN.
    pub(super) id: Option<String>,
    /// The code of the cause.
    pub(super) cause: Cause,
    /// The container to blame, where one is.
    pub(super) container: Option<String>,
    /// How sure it is.
    pub(super) confidence: Confidence,
    /// What it rests on; empty where nothing was said.
    pub(super) evidence: Vec<Evidence>,
    /// One thing to do.
    pub(super) fix: String,
    /// Other explanations, the better first.
    #[serde(skip)]
    pub(super) others: Vec<Other>,
}

impl Explanation {
    /// A line of JSON.
    pub(super) fn json(&self) -> String {
        let line = serde_json::to_string(self).expect("plain data has a JSON form");
        line + "\n"
    }
}

/// An explanation that is less good.
#[derive(Debug)]
pub(super) struct Other {
    pub(super) cause: Cause,
    pub(super) container: Option<String>,
    pub(super) confidence: Confidence,
}

/// Explains the task from what it says itself.
pub(super) fn explain(subject: &Subject) -> Explanation {
    let mut findings = diagnose(&subject.task, &Context::default()).into_iter();
    let best = findings.next().expect("`diagnose` always finds one");
    let evidence = best.evidence.iter().take(QUOTES).map(|one| Evidence {
        source: line(&one.source, NAME),
        quote: line(&one.quote, QUOTE),
    });
    Explanation {
        id: subject.id.as_deref().map(name),
        cause: best.cause,
        container: best.container.as_deref().map(name),
        confidence: best.confidence,
        evidence: evidence.collect(),
        fix: line(&best.fix, FIX),
        others: findings.map(other).collect(),
    }
}

/// A name that somebody gave, made safe.
pub(super) fn name(text: &str) -> String {
    line(text, NAME)
}

fn other(finding: Finding) -> Other {
    Other {
        cause: finding.cause,
        container: finding.container.as_deref().map(name),
        confidence: finding.confidence,
    }
}
