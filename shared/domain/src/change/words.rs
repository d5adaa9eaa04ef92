//! How a difference is said.

use std::fmt;

use super::{Change, How};
use crate::arn::last_part;

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ContainerAdded(name) => write!(f, "container {name} is new"),
            Self::ContainerRemoved(name) => write!(f, "container {name} is gone"),
            Self::Field {
                container,
                field,
                from,
                to,
            } => {
                let whose = container.as_deref().unwrap_or("task");
                let (from, to) = (short(field, from), short(field, to));
                write!(f, "{whose}: {field} {from} -> {to}")
            }
            Self::Names {
                container,
                kind,
                how,
                names,
            } => {
                let how = match how {
                    How::Added => "added",
                    How::Removed => "removed",
                    How::Changed => "changed",
                };
                let plural = if names.len() == 1 { "" } else { "s" };
                write!(f, "{container}: {kind}{plural} {how}: {}", names.join(", "))
            }
            Self::Digest {
                container,
                image,
                from,
                to,
            } => {
                let (from, to) = (digest(from), digest(to));
                write!(
                    f,
                    "{container}: {image} is another image now, {from} -> {to}"
                )
            }
        }
    }
}

/// Roles go by their name: the account before it says nothing new.
fn short<'a>(field: &str, value: &'a Option<String>) -> &'a str {
    match value.as_deref() {
        Some(value) if field.ends_with("role") => last_part(value),
        Some(value) => value,
        None => "(not set)",
    }
}

/// As long as Docker prints it.
fn digest(digest: &str) -> &str {
    digest.get(.."sha256:".len() + 12).unwrap_or(digest)
}
