//! What AWS said, in our own words: plain data, no SDK types.
//!
//! Everything that is gathered is a [`Fact`]: known, or missing with the reason. A missing fact is
//! printed under "Not collected" and may forbid a rollback; it never silences an alert.

mod deployment;
mod service;
mod task;
mod task_definition;

pub use deployment::*;
pub use service::*;
pub use task::*;
pub use task_definition::*;

use serde::{Deserialize, Serialize};

/// Something asked of AWS: the answer, or why there is none.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact<T> {
    /// AWS answered.
    Known(T),
    /// It did not, and this is why.
    Missing(Missing),
}

impl<T> Fact<T> {
    /// The value, where it is known.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Missing(_) => None,
        }
    }

    /// Why it is missing, where it is.
    pub fn missing(&self) -> Option<&Missing> {
        match self {
            Self::Known(_) => None,
            Self::Missing(missing) => Some(missing),
        }
    }

    /// A fact made from this one's value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Fact<U> {
        match self {
            Self::Known(value) => Fact::Known(f(value)),
            Self::Missing(missing) => Fact::Missing(missing),
        }
    }
}

/// A fact that is not there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// What was to be known, as a person would say it: `the service's deployments`.
    pub what: String,
    /// Why it is not.
    pub why: Why,
}

impl Missing {
    /// `what` is missing because of `why`.
    pub fn new(what: impl Into<String>, why: Why) -> Self {
        Self {
            what: what.into(),
            why,
        }
    }
}

/// Why a fact is missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Why {
    /// The function's role may not make the call. `action` is the IAM action that would help.
    Denied {
        /// Such as `logs:GetLogEvents`.
        action: String,
        /// The resource the denial named, where it named one.
        resource: Option<String>,
    },
    /// AWS throttled the call, also after the SDK's retries.
    Throttled {
        /// Such as `ecs:DescribeServices`.
        action: String,
    },
    /// No answer in the time there was.
    TimedOut {
        /// Such as `ecs:DescribeServices`.
        action: String,
    },
    /// AWS does not know the thing asked for.
    NotFound {
        /// What it said.
        detail: String,
    },
    /// Any other failure of the call.
    Failed {
        /// Such as `ecs:DescribeServices`.
        action: String,
        /// The error's code and message.
        detail: String,
    },
    /// It could not be asked, because something it depends on is missing or it does not apply:
    /// `the log driver is awsfirelens`.
    NotAsked {
        /// The sentence that says why.
        detail: String,
    },
    /// Nobody wants to know it here, so it is no gap.
    NotNeeded,
}

impl Why {
    /// Whether the same call may be answered when it is made again.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Throttled { .. } | Self::TimedOut { .. } | Self::Failed { .. } => true,
            Self::Denied { .. }
            | Self::NotFound { .. }
            | Self::NotAsked { .. }
            | Self::NotNeeded => false,
        }
    }
}
