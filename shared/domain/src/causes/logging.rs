//! Log drivers and log groups.
//!
//! Wordings: Amazon ECS Developer Guide, `resource-initialization-error`; Docker's log drivers;
//! error codes of Amazon `CloudWatch` Logs.

use super::Cause::LogSetup;
use super::fragments::one_of;
use super::rule::{Family, certain, likely};

/// Log drivers and log groups.
pub(super) const LOGS: Family = Family {
    gate: one_of![
        "log",
        "cloudwatch",
        "splunk",
        "fluent",
        "firelens",
        "gelf",
        "max-size",
        "max-file",
    ],
    rules: &[
        certain(
            LogSetup,
            &[one_of![
                "log group does not exist",
                "loggroup does not exist",
                "failed to validate logger args",
                "failed to initialize logging driver",
                "cannot find the amazon cloudwatch log group",
                "error setting log driver",
            ]],
        ),
        likely(
            LogSetup,
            &[one_of![
                "logger args",
                "logging driver",
                "logging binary",
                "log driver",
                "logdriver",
                "log-driver",
                "log group",
                "loggroup",
                "log-group",
                "log stream",
                "log opt",
                "log mode",
                "logging mode",
                "logging configuration",
                "max-buffer-size",
                "max-size",
                "max-file",
                "logger:",
                "create logger",
                "new logger",
                "logging option",
                "log configuration",
                "logconfiguration",
                "awslogs",
                "logs:create",
                "logs:put",
                "://logs.",
                "lookup logs.",
                "splunk",
                "fluentd",
                "fluent.sock",
                "fluentbit",
                "fluent-bit",
                "firelens",
                "gelf",
                "syslog",
                "logentries",
                "journald",
            ]],
        )
        .unless(one_of![
            "secretsmanager",
            "secret from asm",
            "secrets from ssm",
            "secret data",
            "efs utils",
            "mount.nfs",
            "exec:",
            "fargate requires",
            "ecs.capability",
        ]),
        likely(LogSetup, &[one_of!["cloudwatch"]]).unless(one_of![
            "alarm",
            "secretsmanager",
            "secret data",
            "efs utils",
            "mount.nfs",
        ]),
    ],
};
