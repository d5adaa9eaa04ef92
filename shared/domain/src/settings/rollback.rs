//! The settings of rollbacks: those of deployment-changed, which asks for them, and of roll-back.

use chrono::TimeDelta;

use super::queues::{FAILING, url};
use super::reader::{Reader, number};
use super::{Mistakes, Setting, optional};
use crate::verdict::{OptIn, Policy};

const QUEUE: Setting = optional(
    "OPSBOT_ROLLBACK_QUEUE_URL",
    "",
    "deployment-changed only: the queue through which roll-back is asked; where it is empty, \
     rollbacks are not enabled and no verdict is made",
);
const DEFAULT: Setting = optional(
    "OPSBOT_ROLLBACK_DEFAULT",
    "off",
    "`off`, `dry-run`, `ask` or `auto`: what holds for a service without the tag `opsbot:rollback`",
);
const COOLDOWN: Setting = optional(
    "OPSBOT_ROLLBACK_COOLDOWN_MINUTES",
    "60",
    "minutes that a service is left alone after a rollback, 0 to 1440",
);
const PER_HOUR: Setting = optional(
    "OPSBOT_ROLLBACKS_PER_HOUR",
    "10",
    "rollbacks that all services together may have in an hour, 1 to 1000",
);

/// The settings of deployment-changed and roll-back beside [`super::ALL`], in the order they are
/// documented.
pub const OF_ROLLBACKS: [Setting; 4] = [QUEUE, DEFAULT, COOLDOWN, PER_HOUR];

/// What the stack's settings say of rollbacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rollbacks {
    /// The URL of the queue through which roll-back is asked; `None` where rollbacks are not
    /// enabled.
    pub queue: Option<String>,
    /// The URL of the queue through which deployment-changed looks at a rollback again.
    pub look_again: Option<String>,
    /// What is allowed.
    pub policy: Policy,
}

impl Rollbacks {
    /// Parses the settings.
    ///
    /// # Errors
    ///
    /// Every mistake there is, all at once.
    pub fn parse(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Mistakes> {
        let mut read = Reader::new(lookup);
        let optional = |text: &str| match text {
            "" => Ok(None),
            text => url(text).map(Some),
        };
        let queue = read.value(QUEUE, optional);
        let look_again = Setting {
            default: Some(""),
            ..FAILING
        };
        let rollbacks = Self {
            queue,
            look_again: read.value(look_again, optional),
            policy: Policy {
                default: read.value(DEFAULT, rung),
                cooldown: TimeDelta::minutes(read.value(COOLDOWN, |text| number(text, 0, 1440))),
                per_hour: read.value(PER_HOUR, |text| number(text, 1, 1000)),
            },
        };
        read.end(rollbacks)
    }
}

fn rung(text: &str) -> Result<OptIn, String> {
    OptIn::parse(text).ok_or_else(|| "is not `off`, `dry-run`, `ask` or `auto`".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_enabled_by_default() {
        let rollbacks = Rollbacks::parse(|_| None).unwrap();
        assert_eq!(rollbacks.queue, None);
        assert_eq!(rollbacks.policy.default, OptIn::Off);
        assert_eq!(rollbacks.policy.cooldown, TimeDelta::hours(1));
        assert_eq!(rollbacks.policy.per_hour, 10);
    }

    #[test]
    fn every_mistake_is_told_at_once() {
        let wrong = |key: &str| {
            let value = match key {
                "OPSBOT_ROLLBACK_QUEUE_URL" => "rollbacks",
                "OPSBOT_ROLLBACK_DEFAULT" => "yes",
                "OPSBOT_ROLLBACK_COOLDOWN_MINUTES" => "-1",
                "OPSBOT_ROLLBACKS_PER_HOUR" => "0",
                _ => return None,
            };
            Some(value.to_owned())
        };
        let Mistakes(mistakes) = Rollbacks::parse(wrong).unwrap_err();
        insta::assert_snapshot!(mistakes.join("\n"), @r"
        OPSBOT_ROLLBACK_QUEUE_URL `rollbacks` is not the URL of a queue
        OPSBOT_ROLLBACK_DEFAULT `yes` is not `off`, `dry-run`, `ask` or `auto`
        OPSBOT_ROLLBACK_COOLDOWN_MINUTES `-1` is not a number from 0 to 1440
        OPSBOT_ROLLBACKS_PER_HOUR `0` is not a number from 1 to 1000
        ");
    }
}
