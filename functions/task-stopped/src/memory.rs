//! What one sandbox remembers between batches. Nothing rests on it: it only saves reads.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use aws::gather::Definitions;
use chrono::{DateTime, TimeDelta, Utc};
use domain::stop::{Count, FIRST, Story};

/// Incidents that are remembered; a key is some 200 bytes.
const MOST: usize = 500;

/// Task definitions, and how far the incidents are that were counted lately.
#[derive(Debug, Default)]
pub struct Memory {
    pub(crate) definitions: Definitions,
    counted: Mutex<HashMap<String, Counter>>,
}

/// A counter when it was last seen.
#[derive(Clone, Copy, Debug)]
struct Counter {
    at: DateTime<Utc>,
    /// How many stops were missing to the number at which it is news.
    left: u64,
}

impl Memory {
    /// Whether a stop of this story may well be news: the first of its incident, or one at the next
    /// number. No incident ends within the quiet time after a stop of it.
    pub(crate) fn may_be_news(&self, story: &Story, quiet: TimeDelta, now: DateTime<Utc>) -> bool {
        let counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let mut groups = story.groups.iter();
        groups.any(|group| {
            let known = counted.get(&group.about.key());
            known.is_none_or(|it| now - it.at >= quiet || it.left <= group.stops.len() as u64)
        })
    }

    /// Remembers a counter that is no news, or was just told.
    pub(crate) fn seen(&self, key: String, count: &Count, now: DateTime<Utc>) {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        if counted.len() >= MOST {
            counted.clear();
        }
        let next = count.next_at.unwrap_or(FIRST);
        let left = next.saturating_sub(count.tasks);
        counted.insert(key, Counter { at: now, left });
    }
}
