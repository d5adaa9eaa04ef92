//! Small words of the sentences: names, times, gaps.

use chrono::{DateTime, Utc};

use crate::arn::revision_name;
use crate::facts::{Missing, Why};
use crate::sanitize::line;

/// `order-api:42`, made safe.
pub(in crate::verdict) fn revision(task_definition: &str) -> String {
    match line(revision_name(task_definition), 300) {
        name if name.is_empty() => "a revision without a name".to_owned(),
        name => name,
    }
}

/// `2026-03-05 10:31 UTC`: an attempt may be of yesterday.
pub(in crate::verdict) fn clock(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}

/// What is missing, and why.
pub(in crate::verdict) fn gap(missing: &Missing) -> String {
    format!("{} ({})", line(&missing.what, 120), why(&missing.why))
}

/// Why something is missing, or was not done.
pub(in crate::verdict) fn why(why: &Why) -> String {
    let why = match why {
        Why::Denied { action, .. } => format!("the role lacks {action}"),
        Why::Throttled { action } => format!("{action} was throttled"),
        Why::TimedOut { action } => format!("{action} did not answer in time"),
        Why::Failed { action, detail } => format!("{action} failed: {detail}"),
        Why::NotFound { detail } | Why::NotAsked { detail } => detail.clone(),
        Why::NotNeeded => "not asked for".to_owned(),
    };
    line(&why, 200)
}
