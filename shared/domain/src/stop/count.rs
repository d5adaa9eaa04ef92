//! When a number of stops is news: at the 1st, 10th, 100th, … of them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::alert::Severity;

/// The first stop is news.
pub const FIRST: u64 = 1;

/// What the state table counts for one incident, or for one deployment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Count {
    /// How many tasks.
    pub tasks: u64,
    /// When the first one stopped.
    pub first_at: DateTime<Utc>,
    /// When the last one stopped.
    pub last_at: DateTime<Utc>,
    /// When a stop was counted last: stops may be told late.
    pub counted_at: DateTime<Utc>,
    /// The number at which it is news again; none before it was said at all.
    pub next_at: Option<u64>,
    /// What was said of it.
    pub said: Said,
    /// The watch that looks at it again.
    pub watch: Option<String>,
}

/// What was said of an incident.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Said {
    /// When people were told last; none where nobody was told.
    pub at: Option<DateTime<Utc>>,
    /// How many tasks it was then.
    pub tasks: u64,
    /// The service was muted until then when there was something to say.
    pub muted_until: Option<DateTime<Utc>>,
    /// How bad it was when it was told as worst.
    pub severity: Option<Severity>,
    /// The incident of a failed deployment that a number was counted into since people were told.
    pub counted_into: Option<String>,
    /// Of a deployment that fails: how many of its tasks had stopped before it began to.
    pub began_at: Option<u64>,
}

impl Said {
    /// The same, now that people were told of so many tasks.
    pub fn told(&self, tasks: u64, severity: Severity, now: DateTime<Utc>) -> Self {
        Self {
            at: Some(now),
            tasks,
            severity: self.severity.max(Some(severity)),
            muted_until: self.muted_until,
            ..Self::default()
        }
    }

    /// Whether this is worse than people know, told at a severity that leaves `floor` out. What was
    /// told by a release that kept no severity is taken for the worst.
    pub(super) fn is_worse(&self, severity: Severity, floor: Severity) -> bool {
        let known = self.at.is_some() && self.severity >= Some(severity);
        let unknown = self.at.is_some() && self.severity.is_none();
        severity >= floor && !known && !unknown
    }
}

/// The number at which `tasks` are news again: the next power of ten.
pub fn next_at(tasks: u64) -> u64 {
    let mut power: u64 = 10;
    while power <= tasks {
        power = power.saturating_mul(10);
        if power == u64::MAX {
            break;
        }
    }
    power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(tasks: u64, want: u64) {
        assert_eq!(next_at(tasks), want, "after {tasks}");
    }

    #[test]
    fn the_next_power_of_ten_is_news() {
        check(0, 10);
        check(1, 10);
        check(9, 10);
        check(10, 100);
        check(12, 100);
        check(99, 100);
        check(10_000, 100_000);
        check(u64::MAX, u64::MAX);
    }
}
