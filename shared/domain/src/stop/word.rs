//! What becomes of a number that is news: it is told, or counted and kept quiet, and why.

use chrono::{DateTime, Utc};

use super::{About, muted_until};
use crate::facts::Service;
use crate::incident::ServiceRecord;

/// What to do with a number of stops that is news.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// Tell it.
    Tell,
    /// People were told that this deployment failed: its stops are part of that incident.
    CountedInto(String),
    /// The service is muted until then.
    Muted(DateTime<Utc>),
}

/// Decides what to do with it. What cannot be read keeps nothing quiet.
pub fn word(
    about: &About,
    record: Option<&ServiceRecord>,
    service: Option<&Service>,
    now: DateTime<Utc>,
) -> Word {
    let failed = about
        .deployment
        .as_deref()
        .and_then(|deployment| record?.open_for(deployment));
    let muted = service.and_then(|service| muted_until(&service.tags, now));
    match (failed, muted) {
        (Some(open), _) => Word::CountedInto(open.id.clone()),
        (None, Some(until)) => Word::Muted(until),
        (None, None) => Word::Tell,
    }
}
