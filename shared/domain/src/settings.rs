//! Settings, parsed once at start from a lookup that `main` passes in. Every mistake is told at
//! once, so that a wrong deployment is mended in one go.

use std::fmt;

use chrono::TimeDelta;

use crate::alert::Severity;
use crate::arn::Arn;

/// One setting: the environment variable, what holds when it is not set, and what it means.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// The environment variable.
    pub key: &'static str,
    /// What holds when it is not set; `None` where it must be set.
    pub default: Option<&'static str>,
    /// What it means.
    pub meaning: &'static str,
}

const fn required(key: &'static str, meaning: &'static str) -> Setting {
    Setting {
        key,
        default: None,
        meaning,
    }
}

const fn optional(key: &'static str, default: &'static str, meaning: &'static str) -> Setting {
    Setting {
        key,
        default: Some(default),
        meaning,
    }
}

const REGION: Setting = required("AWS_REGION", "the Region; Lambda sets it");
const TOPIC: Setting = required("OPSBOT_ALERT_TOPIC_ARN", "the SNS topic that alerts go to");
const TABLE: Setting = required("OPSBOT_STATE_TABLE", "the DynamoDB table that remembers");
const FLOOR: Setting = optional(
    "OPSBOT_SEVERITY_FLOOR",
    "info",
    "`info`, `warning` or `critical`: an incident below it is not published",
);
const CLUSTERS: Setting = optional(
    "OPSBOT_CLUSTER_PATTERN",
    "*",
    "which clusters are watched; `*` stands for any characters",
);
const LOG_LINES: Setting = optional(
    "OPSBOT_LOG_TAIL_LINES",
    "20",
    "how many of the last log lines an alert quotes, 0 to 50; 0 reads no logs",
);
const LASTING: Setting = optional(
    "OPSBOT_LASTING_HOURS",
    "4",
    "hours after which the same warning about a service is news again, 1 to 168",
);
const SOURCE: Setting = optional(
    "OPSBOT_EVENT_SOURCE",
    "aws.ecs",
    "the event source that is trusted",
);

/// Every setting, in the order they are documented.
pub const ALL: [Setting; 8] = [
    REGION, TOPIC, TABLE, FLOOR, CLUSTERS, LOG_LINES, LASTING, SOURCE,
];

/// What a function is told at start.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The Region the function runs in.
    pub region: String,
    /// The account it runs in, which the topic's ARN names.
    pub account: String,
    /// The partition, which the topic's ARN names.
    pub partition: String,
    /// The topic that alerts go to.
    pub topic_arn: String,
    /// The table that remembers.
    pub table: String,
    /// An incident less severe than this is not published.
    pub severity_floor: Severity,
    /// Which clusters are watched.
    pub cluster_pattern: Glob,
    /// How many log lines an alert quotes.
    pub log_tail_lines: u8,
    /// After how long the same warning is news again.
    pub lasting: TimeDelta,
    /// The event source that is trusted.
    pub event_source: String,
}

/// All that is wrong with the settings, one line each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistakes(pub Vec<String>);

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} wrong: {}",
            count(self.0.len(), "setting"),
            self.0.join("; ")
        )
    }
}

impl std::error::Error for Mistakes {}

impl Settings {
    /// Parses the settings.
    ///
    /// # Errors
    ///
    /// Every mistake there is, all at once.
    pub fn parse(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Mistakes> {
        let mut read = Reader {
            lookup,
            mistakes: Vec::new(),
        };
        let topic_arn = read.value(TOPIC, |text| match Arn::parse(text) {
            Some(arn) if arn.namespace == "sns" => Ok(text.to_owned()),
            _ => Err("is not the ARN of an SNS topic".to_owned()),
        });
        let settings = Self {
            region: read.value(REGION, |text| Ok(text.to_owned())),
            account: Arn::parse(&topic_arn)
                .map(|arn| arn.account.to_owned())
                .unwrap_or_default(),
            partition: crate::event::partition(&topic_arn).to_owned(),
            topic_arn,
            table: read.value(TABLE, |text| Ok(text.to_owned())),
            severity_floor: read.value(FLOOR, severity),
            cluster_pattern: read.value(CLUSTERS, Glob::parse),
            log_tail_lines: read.value(LOG_LINES, |text| number(text, 0, 50)),
            lasting: TimeDelta::hours(read.value(LASTING, |text| number(text, 1, 168)).into()),
            event_source: read.value(SOURCE, |text| Ok(text.to_owned())),
        };
        if read.mistakes.is_empty() {
            Ok(settings)
        } else {
            Err(Mistakes(read.mistakes))
        }
    }
}

struct Reader<L> {
    lookup: L,
    mistakes: Vec<String>,
}

impl<L: Fn(&str) -> Option<String>> Reader<L> {
    fn value<T: Default>(
        &mut self,
        setting: Setting,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> T {
        let found = (self.lookup)(setting.key).filter(|text| !text.is_empty());
        let found = found.or(setting.default.map(str::to_owned));
        let parsed = match &found {
            Some(text) => parse(text).map_err(|why| format!("`{text}` {why}")),
            None => Err("is not set".to_owned()),
        };
        parsed.unwrap_or_else(|why| {
            self.mistakes.push(format!("{} {why}", setting.key));
            T::default()
        })
    }
}

fn severity(text: &str) -> Result<Severity, String> {
    match text {
        "info" => Ok(Severity::Info),
        "warning" => Ok(Severity::Warning),
        "critical" => Ok(Severity::Critical),
        _ => Err("is not `info`, `warning` or `critical`".to_owned()),
    }
}

fn number(text: &str, low: u8, high: u8) -> Result<u8, String> {
    let number = text
        .parse()
        .ok()
        .filter(|number| (low..=high).contains(number));
    number.ok_or_else(|| format!("is not a number from {low} to {high}"))
}

fn count(n: usize, noun: &str) -> String {
    if n == 1 {
        format!("1 {noun} is")
    } else {
        format!("{n} {noun}s are")
    }
}

/// A pattern over names in which `*` stands for any characters, as in an IAM resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Glob(String);

impl Glob {
    /// Parses a pattern of letters, digits, hyphens, underscores and `*`.
    ///
    /// # Errors
    ///
    /// Any other character, with the reason.
    pub fn parse(text: &str) -> Result<Self, String> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-_*".contains(c);
        if text.chars().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err("may hold letters, digits, `-`, `_` and `*` only".to_owned())
        }
    }

    /// Whether the pattern covers the name.
    pub fn matches(&self, name: &str) -> bool {
        let mut parts = self.0.split('*');
        let Some(rest) = name.strip_prefix(parts.next().unwrap_or_default()) else {
            return false;
        };
        let mut parts: Vec<&str> = parts.collect();
        let Some(last) = parts.pop() else {
            return rest.is_empty();
        };
        let mut rest = rest;
        for part in parts {
            match rest.find(part) {
                Some(at) => rest = &rest[at + part.len()..],
                None => return false,
            }
        }
        rest.ends_with(last)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    fn lookup(key: &str) -> Option<String> {
        let value = match key {
            "AWS_REGION" => "eu-west-1",
            "OPSBOT_ALERT_TOPIC_ARN" => "arn:aws:sns:eu-west-1:111122223333:opsbot-alerts",
            "OPSBOT_STATE_TABLE" => "opsbot-state",
            _ => return None,
        };
        Some(value.to_owned())
    }

    /// Sound settings of account 111122223333 in eu-west-1, all defaults.
    pub(crate) fn settings() -> Settings {
        Settings::parse(lookup).unwrap()
    }

    #[test]
    fn only_what_must_be_set_must_be_set() {
        let settings = settings();
        assert_eq!(settings.account, "111122223333");
        assert_eq!(settings.severity_floor, Severity::Info);
        assert_eq!(settings.log_tail_lines, 20);
        assert_eq!(settings.lasting, TimeDelta::hours(4));
        assert_eq!(settings.event_source, "aws.ecs");
    }

    #[test]
    fn every_mistake_is_told_at_once() {
        let wrong = |key: &str| {
            let value = match key {
                "OPSBOT_ALERT_TOPIC_ARN" => "alerts",
                "OPSBOT_SEVERITY_FLOOR" => "loud",
                "OPSBOT_LOG_TAIL_LINES" => "51",
                "OPSBOT_LASTING_HOURS" => "soon",
                "OPSBOT_CLUSTER_PATTERN" => "prod/*",
                _ => return None,
            };
            Some(value.to_owned())
        };
        let Mistakes(mistakes) = Settings::parse(wrong).unwrap_err();
        insta::assert_snapshot!(mistakes.join("\n"), @r"
        OPSBOT_ALERT_TOPIC_ARN `alerts` is not the ARN of an SNS topic
        AWS_REGION is not set
        OPSBOT_STATE_TABLE is not set
        OPSBOT_SEVERITY_FLOOR `loud` is not `info`, `warning` or `critical`
        OPSBOT_CLUSTER_PATTERN `prod/*` may hold letters, digits, `-`, `_` and `*` only
        OPSBOT_LOG_TAIL_LINES `51` is not a number from 0 to 50
        OPSBOT_LASTING_HOURS `soon` is not a number from 1 to 168
        ");
    }

    #[track_caller]
    fn check(pattern: &str, name: &str, want: bool) {
        assert_eq!(
            Glob::parse(pattern).unwrap().matches(name),
            want,
            "{pattern} over {name}"
        );
    }

    #[test]
    fn a_star_stands_for_any_characters() {
        check("*", "prod-apps", true);
        check("prod-*", "prod-apps", true);
        check("prod-*", "dev-apps", false);
        check("*-apps", "prod-apps", true);
        check("p*d-*s", "prod-apps", true);
        check("a*a", "a", false);
        check("prod", "prod", true);
        check("prod", "prod-apps", false);
        check("*a*b*", "xxaxxbxx", true);
        check("*ab*ab", "ab", false);
    }
}
