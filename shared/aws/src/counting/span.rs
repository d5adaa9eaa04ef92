//! When the first and the last stop of a counter were. Stops are told in any order, also days later
//! from a dead-letter queue, so the time between the two only grows.

use chrono::{DateTime, Utc};
use domain::stop::Stop;

use crate::state::{Item, time};

/// The first and the last of some stops, and which end of what is stored they move.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Span {
    pub(super) first: DateTime<Utc>,
    pub(super) last: DateTime<Utc>,
    earlier: bool,
    later: bool,
}

impl Span {
    /// The span of these stops, if there are any. They are taken for the newest, as they mostly
    /// are, unless it is known what is stored.
    pub(super) fn of(stops: &[&Stop], stored: Option<&Item>) -> Option<Self> {
        let times = || stops.iter().map(|stop| stop.at);
        let (first, last) = (times().min()?, times().max()?);
        let at = |name| stored.and_then(|item| time(item, name));
        Some(Self {
            first,
            last,
            earlier: at("first_at").is_some_and(|stored| first < stored),
            later: at("last_at").is_none_or(|stored| last > stored),
        })
    }

    /// What an update sets.
    pub(super) fn set(self) -> String {
        let set = |name, moves| match moves {
            true => format!("#{name} = :{name}"),
            false => format!("#{name} = if_not_exists(#{name}, :{name})"),
        };
        format!(
            "{}, {}",
            set("first", self.earlier),
            set("last", self.later)
        )
    }

    /// What must hold of what is stored, so that an update moves its ends outwards only.
    pub(super) fn condition(self) -> String {
        let holds =
            |name, sign| format!("(attribute_not_exists(#{name}) OR #{name} {sign} :{name})");
        let first = holds("first", if self.earlier { ">=" } else { "<=" });
        let last = holds("last", if self.later { "<=" } else { ">=" });
        format!("{first} AND {last}")
    }
}
