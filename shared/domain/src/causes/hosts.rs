//! Hosts that go away, and stops by a person or the scheduler, said less plainly than in
//! `scheduler`.
//!
//! Wordings: Amazon ECS Developer Guide, `stopped-task-error-codes`, `task-maintenance`.

use super::Cause::{HostTerminated, SchedulerStop, UserStopped};
use super::fragments::one_of;
use super::rule::{Family, likely, possible};

/// Asked late: placement sentences name hosts too.
pub(super) const HOSTS: Family = Family {
    gate: one_of![
        "instance",
        "stopped by ",
        "aborted by ",
        "stoptask",
        "host",
        "drain",
        "initiated",
        "scheduler",
        "terminationnotice",
        "infrastructurehealth",
    ],
    rules: &[
        likely(
            HostTerminated,
            &[
                one_of!["instance", "host"],
                one_of![
                    "terminat",
                    "deregister",
                    "draining",
                    "drained",
                    "shutting down",
                    "shut down",
                    "went away",
                    "no longer",
                    "impaired",
                    "unreachable",
                    "was stopped",
                    "been stopped",
                    "stopped by",
                    "stopped/",
                    "retire",
                    "status check",
                    "inactive",
                    "reboot",
                ],
            ],
        ),
        // The stop codes, where somebody writes them into the sentence.
        likely(
            SchedulerStop,
            &[one_of!["service scheduler", "serviceschedulerinitiated"]],
        )
        .unless(one_of!["unable", "fail", "error"]),
        likely(UserStopped, &[one_of!["userinitiated"]]),
        // A tool's name may stand there, so only what stops a task by itself is left out.
        possible(
            UserStopped,
            &[one_of!["stopped by ", "aborted by ", "stoptask"]],
        )
        .unless(one_of![
            "instance",
            "host",
            "scheduler",
            "signal",
            "error",
            "health",
            "deployment",
            "peer",
            "connection",
        ]),
        likely(
            HostTerminated,
            &[one_of!["terminationnotice", "infrastructurehealth"]],
        ),
    ],
};
