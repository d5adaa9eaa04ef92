//! What only the service scheduler, the platform or a person causes: health checks, intended
//! stops, Spot, maintenance, hosts that go away.
//!
//! Wordings: Amazon ECS Developer Guide, `stopped-task-error-codes`,
//! `service-event-messages-list`, `service-unhealthy-event-messages`, `task-maintenance`.

use super::Cause::{
    ContainerHealthCheck, ElbHealthCheck, FargateMaintenance, HostTerminated, PlacementOther,
    SchedulerStop, SpotInterruption, UserStopped,
};
use super::rule::{Family, certain, likely, possible};

/// Sentences that are the whole story wherever they stand.
pub(super) const SENTENCES: Family = Family {
    gate: &[],
    rules: &[
        certain(
            ElbHealthCheck,
            &[&["failed elb health check", "failed load balancer health"]],
        ),
        certain(
            ElbHealthCheck,
            &[
                &["is unhealthy in", "is not healthy in", "are unhealthy in"],
                &[
                    "target-group",
                    "target group",
                    "elb",
                    "load balancer",
                    "lattice",
                ],
            ],
        ),
        certain(
            ElbHealthCheck,
            &[&["target group is not found", "target is not found"]],
        ),
        certain(
            ElbHealthCheck,
            &[&["lattice"], &["unhealthy", "failed health check"]],
        ),
        likely(
            ElbHealthCheck,
            &[&[
                "health checks failed with these codes",
                "target.failedhealth",
                "target.timeout",
                "target.responsecode",
            ]],
        ),
        likely(
            ElbHealthCheck,
            &[
                &["is unhealthy", "not healthy"],
                &["health checks failed", "request timed out"],
            ],
        ),
        likely(
            ElbHealthCheck,
            &[
                &["elb", "target-group", "target group", "load balancer"],
                UNWELL,
            ],
        ),
        certain(ContainerHealthCheck, &[&["failed container health check"]]),
        certain(
            ContainerHealthCheck,
            &[&["container health check"], &["fail", "unhealthy"]],
        ),
        likely(
            ContainerHealthCheck,
            &[&["container"], &["is unhealthy", "became unhealthy"]],
        )
        .unless(&["depend", "container instance"]),
        possible(
            ContainerHealthCheck,
            &[&[
                "due to an unhealthy status",
                "failed health check",
                "unhealthy tasks in the service registry",
                "discovery_instance_unhealthy",
            ]],
        ),
        possible(ElbHealthCheck, &[&["health checks failed"]]),
        possible(
            ContainerHealthCheck,
            &[
                &["health check", "healthcheck"],
                &["fail", "unhealthy", "exceeded timeout", "exited with"],
            ],
        )
        .unless(&["container instance", "cannotstart", "runtime create"]),
        certain(SchedulerStop, &[&["scaling activity initiated by"]]),
        certain(
            SchedulerStop,
            &[REBALANCING, &["initiated", "stopp", "replac"]],
        ),
        likely(SchedulerStop, &[REBALANCING]).unless(&["unable", "fail", "not able"]),
        likely(
            SchedulerStop,
            &[
                &[
                    "stopped by the service scheduler",
                    "stopped by scheduler",
                    "stopped by the scheduler",
                    "has stopped",
                    ") stopped ",
                ],
                RUNNING,
            ],
        )
        .unless(&["drain", "deregister", "terminat"]),
        certain(UserStopped, &[&["stopped by user"]]).unless(&["instance", "host"]),
        likely(
            UserStopped,
            &[&[
                "stopped manually",
                "manually stopped",
                "cancelled via",
                "canceled via",
                "stopped via",
            ]],
        )
        .unless(&["instance", "host"]),
        likely(
            UserStopped,
            &[
                &[
                    "by user",
                    "by the user",
                    "by a user",
                    "by operator",
                    "by the operator",
                ],
                &["stop", "terminat", "cancel", "abort", "kill"],
            ],
        )
        .unless(&["instance", "host", "error", "denied", "authoriz"]),
        certain(
            SpotInterruption,
            &[&["spot task was interrupted", "spotinterruption"]],
        ),
        likely(
            SpotInterruption,
            &[
                &["spot"],
                &["interrupt", "reclaim", "terminat", "taken back", "outbid"],
            ],
        ),
        certain(FargateMaintenance, &[&["performing maintenance"]]),
        certain(
            FargateMaintenance,
            &[&[
                "task retire",
                "_retirement",
                "platform maintenance",
                "security update",
            ]],
        ),
        likely(
            FargateMaintenance,
            &[&[
                "underlying infrastructure",
                "underlying hardware",
                "hardware failure",
                "hardware degradation",
                "underlying host",
                "scheduled for retirement",
                "retirement notification",
                "being retired",
                "retiring tasks",
            ]],
        )
        .unless(&["instance"]),
        likely(
            FargateMaintenance,
            &[&["fargate"], &["maintenance", "retir"]],
        ),
        certain(
            HostTerminated,
            &[&["host ec2"], &["terminat", "stopped", "shut"]],
        ),
        certain(HostTerminated, &[&["deregistration forced"]]),
        certain(PlacementOther, &[&["service deployment configuration"]]),
        certain(
            PlacementOther,
            &[
                &["protected task", "under protection"],
                &["unable", "scale in", "scale-in"],
            ],
        ),
        likely(
            SchedulerStop,
            &[&[
                "service was deleted",
                "service is being deleted",
                "replaced by a new",
                "newer deployment",
                "scaling in",
                "scaled down",
                "scaling down",
                "scale-in",
                "scaled in",
            ]],
        )
        .unless(&["unable", "fail", "error", "instance"]),
    ],
};

const UNWELL: &[&str] = &["unhealthy", "health check", "healthcheck"];
const RUNNING: &[&str] = &["running task", "pending task", "scheduler"];
const REBALANCING: &[&str] = &[
    "availability-zone rebalancing",
    "availability zone rebalancing",
    "az rebalancing",
    "az-rebalancing",
];

/// Hosts that go away, said less plainly. Asked late: placement sentences name hosts too.
pub(super) const HOSTS: Family = Family {
    gate: &[
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
                &["instance", "host"],
                &[
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
            &[&["service scheduler", "serviceschedulerinitiated"]],
        )
        .unless(&["unable", "fail", "error"]),
        likely(UserStopped, &[&["userinitiated"]]),
        // A tool's name may stand there, so only what stops a task by itself is left out.
        possible(UserStopped, &[&["stopped by ", "aborted by ", "stoptask"]]).unless(&[
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
            &[&["terminationnotice", "infrastructurehealth"]],
        ),
    ],
};
