//! What one sandbox remembers between batches. Nothing rests on it: it only saves reads.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use aws::gather::Definitions;
use chrono::{DateTime, TimeDelta, Utc};
use domain::stop::Story;

/// Incidents that are remembered; a key is some 200 bytes.
const MOST: usize = 500;

/// Task definitions, and which incidents were counted lately.
#[derive(Debug, Default)]
pub struct Memory {
    pub(crate) definitions: Definitions,
    counted: Mutex<HashMap<String, DateTime<Utc>>>,
}

impl Memory {
    /// Whether a stop of this story may well be the first of its incident. No incident ends within
    /// the quiet time after a stop of it.
    pub(crate) fn may_be_first(&self, story: &Story, quiet: TimeDelta, now: DateTime<Utc>) -> bool {
        let counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = |key: &str| counted.get(key).is_some_and(|at| now - *at < quiet);
        let mut groups = story.groups.iter();
        groups.any(|group| !recent(&group.about.key()))
    }

    /// Remembers that its stops were counted.
    pub(crate) fn counted(&self, story: &Story, now: DateTime<Utc>) {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        for group in &story.groups {
            if counted.len() >= MOST {
                counted.clear();
            }
            counted.insert(group.about.key(), now);
        }
    }
}
