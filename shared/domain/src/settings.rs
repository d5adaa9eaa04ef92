//! Settings, parsed once at start from a lookup that `main` passes in. Every mistake is told at
//! once, so that a wrong deployment is mended in one go.

mod glob;
mod queues;
mod reader;
mod rollback;

use std::fmt;

use chrono::TimeDelta;

use crate::alert::Severity;
use crate::arn::Arn;
use crate::causes::Cause;
use reader::{Reader, cause, list, number, severity};

pub use glob::Glob;
pub use queues::{OF_TASK_STOPPED, Queues};
pub use rollback::{OF_ROLLBACKS, Rollbacks};

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
const LEFT_OUT_CLUSTERS: Setting = optional(
    "OPSBOT_LEFT_OUT_CLUSTERS",
    "",
    "clusters that are left out: patterns with `*`, comma-separated",
);
const LEFT_OUT_SERVICES: Setting = optional(
    "OPSBOT_LEFT_OUT_SERVICES",
    "",
    "services, and families of tasks without a service, that are left out: patterns with `*`, \
     comma-separated",
);
const LEFT_OUT_CAUSES: Setting = optional(
    "OPSBOT_LEFT_OUT_CAUSES",
    "",
    "causes of stopped tasks that are left out: codes, comma-separated",
);
const FAILING: Setting = optional(
    "OPSBOT_FAILING_THRESHOLD",
    "3",
    "failing tasks of a deployment under way at which opsbot calls it failing, whatever ECS says, \
     1 to 100",
);
const QUIET: Setting = optional(
    "OPSBOT_QUIET_MINUTES",
    "15",
    "minutes without another stop after which an incident of stopped tasks is over, 1 to 240",
);

/// Every setting that all functions have, in the order they are documented.
pub const ALL: [Setting; 13] = [
    REGION,
    TOPIC,
    TABLE,
    FLOOR,
    CLUSTERS,
    LEFT_OUT_CLUSTERS,
    LEFT_OUT_SERVICES,
    LEFT_OUT_CAUSES,
    LOG_LINES,
    LASTING,
    QUIET,
    FAILING,
    SOURCE,
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
    /// Clusters that are left out, although the pattern covers them.
    pub left_out_clusters: Vec<Glob>,
    /// Services, and families of tasks without a service, that are left out.
    pub left_out_services: Vec<Glob>,
    /// Causes of stopped tasks that are left out.
    pub left_out_causes: Vec<Cause>,
    /// How many log lines an alert quotes.
    pub log_tail_lines: u8,
    /// After how long the same warning is news again.
    pub lasting: TimeDelta,
    /// Without another stop for this long, an incident of stopped tasks is over.
    pub quiet: TimeDelta,
    /// At so many failing tasks a deployment under way is failing, whatever ECS says.
    pub failing_threshold: u64,
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
        let mut read = Reader::new(lookup);
        let topic_arn = read.value(TOPIC, |text| match Arn::parse(text) {
            Some(arn) if arn.namespace == "sns" => Ok(text.to_owned()),
            _ => Err("is not the ARN of an SNS topic".to_owned()),
        });
        let settings = Self {
            region: read.value(REGION, |text| Ok(text.to_owned())),
            account: Arn::parse(&topic_arn)
                .map(|arn| arn.account.to_owned())
                .unwrap_or_default(),
            partition: Arn::parse(&topic_arn)
                .map_or("aws", |arn| arn.partition)
                .to_owned(),
            topic_arn,
            table: read.value(TABLE, |text| Ok(text.to_owned())),
            severity_floor: read.value(FLOOR, severity),
            cluster_pattern: read.value(CLUSTERS, Glob::parse),
            left_out_clusters: read.value(LEFT_OUT_CLUSTERS, |text| list(text, Glob::parse)),
            left_out_services: read.value(LEFT_OUT_SERVICES, |text| list(text, Glob::parse)),
            left_out_causes: read.value(LEFT_OUT_CAUSES, |text| list(text, cause)),
            log_tail_lines: read.value(LOG_LINES, |text| number(text, 0, 50)),
            lasting: TimeDelta::hours(read.value(LASTING, |text| number(text, 1, 168))),
            quiet: TimeDelta::minutes(read.value(QUIET, |text| number(text, 1, 240))),
            failing_threshold: read.value(FAILING, |text| number(text, 1, 100)),
            event_source: read.value(SOURCE, |text| Ok(text.to_owned())),
        };
        read.end(settings)
    }

    /// Whether the cluster is watched: the pattern covers it, and it is not left out.
    pub fn watches_cluster(&self, name: &str) -> bool {
        let left_out = self.left_out_clusters.iter().any(|it| it.matches(name));
        self.cluster_pattern.matches(name) && !left_out
    }

    /// Whether the service, or the family of a task without a service, is watched.
    pub fn watches_service(&self, name: &str) -> bool {
        !self.left_out_services.iter().any(|it| it.matches(name))
    }
}

/// Two sets of settings, or the mistakes of both.
///
/// # Errors
///
/// Every mistake there is in either.
pub fn both<A, B>(a: Result<A, Mistakes>, b: Result<B, Mistakes>) -> Result<(A, B), Mistakes> {
    match (a, b) {
        (Ok(a), Ok(b)) => Ok((a, b)),
        (Err(mistakes), Ok(_)) | (Ok(_), Err(mistakes)) => Err(mistakes),
        (Err(Mistakes(a)), Err(Mistakes(b))) => Err(Mistakes([a, b].concat())),
    }
}

fn count(n: usize, noun: &str) -> String {
    if n == 1 {
        format!("1 {noun} is")
    } else {
        format!("{n} {noun}s are")
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
        assert_eq!(settings.quiet, TimeDelta::minutes(15));
        assert_eq!(settings.failing_threshold, 3);
        assert_eq!(settings.left_out_causes, []);
        assert!(settings.watches_cluster("prod-apps") && settings.watches_service("order-api"));
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
                "OPSBOT_LEFT_OUT_CLUSTERS" => "dev-*, test/1",
                "OPSBOT_LEFT_OUT_SERVICES" => "a b",
                "OPSBOT_LEFT_OUT_CAUSES" => "oom,memory",
                "OPSBOT_QUIET_MINUTES" => "241",
                "OPSBOT_FAILING_THRESHOLD" => "0",
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
        OPSBOT_LEFT_OUT_CLUSTERS `dev-*, test/1` names `test/1`, which may hold letters, digits, `-`, `_` and `*` only
        OPSBOT_LEFT_OUT_SERVICES `a b` names `a b`, which may hold letters, digits, `-`, `_` and `*` only
        OPSBOT_LEFT_OUT_CAUSES `oom,memory` names `memory`, which is not the code of a cause
        OPSBOT_LOG_TAIL_LINES `51` is not a number from 0 to 50
        OPSBOT_LASTING_HOURS `soon` is not a number from 1 to 168
        OPSBOT_QUIET_MINUTES `241` is not a number from 1 to 240
        OPSBOT_FAILING_THRESHOLD `0` is not a number from 1 to 100
        ");
    }

    #[test]
    fn a_fraction_that_cloudformation_lets_pass_stops_nothing() {
        let hours = |hours: &'static str| {
            let settings = Settings::parse(|key: &str| match key {
                "OPSBOT_LASTING_HOURS" => Some(hours.to_owned()),
                _ => lookup(key),
            });
            settings.map(|it| it.lasting.num_hours()).ok()
        };
        assert_eq!(["1.5", "4.0", "168.0"].map(hours), [1, 4, 168].map(Some));
        assert_eq!(["1.x", "0.5", ".5", "1.5.2", "1e2"].map(hours), [None; 5]);
    }

    #[test]
    fn what_is_left_out_is_not_watched() {
        let settings = Settings::parse(|key: &str| {
            let value = match key {
                "OPSBOT_CLUSTER_PATTERN" => "prod-*",
                "OPSBOT_LEFT_OUT_CLUSTERS" => "prod-lab, prod-test-*",
                "OPSBOT_LEFT_OUT_SERVICES" => "nightly_*,",
                "OPSBOT_LEFT_OUT_CAUSES" => "spot_interruption, app_clean_exit",
                _ => return lookup(key),
            };
            Some(value.to_owned())
        });
        let settings = settings.unwrap();
        assert!(settings.watches_cluster("prod-apps"));
        assert!(!settings.watches_cluster("dev-apps"));
        assert!(!settings.watches_cluster("prod-lab"));
        assert!(!settings.watches_cluster("prod-test-1"));
        assert!(settings.watches_service("order-api"));
        assert!(!settings.watches_service("nightly_report"));
        assert_eq!(
            settings.left_out_causes,
            [Cause::SpotInterruption, Cause::AppCleanExit]
        );
    }

    #[test]
    fn the_mistakes_of_two_sets_of_settings_are_told_together() {
        let none = |_: &str| None;
        let Mistakes(mistakes) = both(Settings::parse(none), Queues::parse(none)).unwrap_err();
        insta::assert_snapshot!(mistakes.join("\n"), @r"
        OPSBOT_ALERT_TOPIC_ARN is not set
        AWS_REGION is not set
        OPSBOT_STATE_TABLE is not set
        OPSBOT_TASK_QUEUE_URL is not set
        OPSBOT_FAILING_QUEUE_URL is not set
        ");
        assert!(both(Settings::parse(lookup), Queues::parse(none)).is_err());
    }
}
