//! A counter as the table holds it.

use domain::stop::Count;

use crate::state::{Item, part, time};

/// The count in an item; what is not there counts as nothing.
pub(super) fn read(item: &Item) -> Count {
    Count {
        tasks: amount(item, "tasks").unwrap_or_default(),
        first_at: time(item, "first_at").unwrap_or_default(),
        last_at: time(item, "last_at").unwrap_or_default(),
        counted_at: time(item, "counted_at").unwrap_or_default(),
        next_at: amount(item, "next_at"),
        said: part(item, "said").unwrap_or_default(),
        watch: item.get("watch").and_then(|it| it.as_s().ok()).cloned(),
    }
}

fn amount(item: &Item, name: &str) -> Option<u64> {
    item.get(name)?.as_n().ok()?.parse().ok()
}
