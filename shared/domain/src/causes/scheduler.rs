//! What only the service scheduler, the platform or a person causes: health checks, intended
//! stops, Spot, maintenance, hosts that go away.
//!
//! Wordings: Amazon ECS Developer Guide, `stopped-task-error-codes`,
//! `service-event-messages-list`, `service-unhealthy-event-messages`, `task-maintenance`.

use super::Cause::{
    ContainerHealthCheck, ElbHealthCheck, FargateMaintenance, HostTerminated, PlacementOther,
    SchedulerStop, SpotInterruption, UserStopped,
};
use super::fragments::{Fragments, one_of};
use super::rule::{Family, certain, likely, possible};

/// Sentences that are the whole story wherever they stand.
pub(super) const SENTENCES: Family = Family {
    gate: Fragments::NONE,
    rules: &[
        certain(
            ElbHealthCheck,
            &[one_of![
                "failed elb health check",
                "failed load balancer health"
            ]],
        ),
        certain(
            ElbHealthCheck,
            &[
                one_of!["is unhealthy in", "is not healthy in", "are unhealthy in"],
                one_of![
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
            &[one_of!["target group is not found", "target is not found"]],
        ),
        certain(
            ElbHealthCheck,
            &[
                one_of!["lattice"],
                one_of!["unhealthy", "failed health check"],
            ],
        ),
        likely(
            ElbHealthCheck,
            &[one_of![
                "health checks failed with these codes",
                "target.failedhealth",
                "target.timeout",
                "target.responsecode",
            ]],
        ),
        likely(
            ElbHealthCheck,
            &[
                one_of!["is unhealthy", "not healthy"],
                one_of!["health checks failed", "request timed out"],
            ],
        ),
        likely(
            ElbHealthCheck,
            &[
                one_of!["elb", "target-group", "target group", "load balancer"],
                UNWELL,
            ],
        ),
        certain(
            ContainerHealthCheck,
            &[one_of!["failed container health check"]],
        ),
        certain(
            ContainerHealthCheck,
            &[
                one_of!["container health check"],
                one_of!["fail", "unhealthy"],
            ],
        ),
        likely(
            ContainerHealthCheck,
            &[
                one_of!["container"],
                one_of!["is unhealthy", "became unhealthy"],
            ],
        )
        .unless(one_of!["depend", "container instance"]),
        possible(
            ContainerHealthCheck,
            &[one_of![
                "due to an unhealthy status",
                "failed health check",
                "unhealthy tasks in the service registry",
                "discovery_instance_unhealthy",
            ]],
        ),
        possible(ElbHealthCheck, &[one_of!["health checks failed"]]),
        possible(
            ContainerHealthCheck,
            &[
                one_of!["health check", "healthcheck"],
                one_of!["fail", "unhealthy", "exceeded timeout", "exited with"],
            ],
        )
        .unless(one_of![
            "container instance",
            "cannotstart",
            "runtime create"
        ]),
        certain(SchedulerStop, &[one_of!["scaling activity initiated by"]]),
        certain(
            SchedulerStop,
            &[REBALANCING, one_of!["initiated", "stopp", "replac"]],
        ),
        likely(SchedulerStop, &[REBALANCING]).unless(one_of!["unable", "fail", "not able"]),
        likely(
            SchedulerStop,
            &[
                one_of![
                    "stopped by the service scheduler",
                    "stopped by scheduler",
                    "stopped by the scheduler",
                    "has stopped",
                    ") stopped ",
                ],
                RUNNING,
            ],
        )
        .unless(one_of!["drain", "deregister", "terminat"]),
        certain(UserStopped, &[one_of!["stopped by user"]]).unless(one_of!["instance", "host"]),
        likely(
            UserStopped,
            &[one_of![
                "stopped manually",
                "manually stopped",
                "cancelled via",
                "canceled via",
                "stopped via",
            ]],
        )
        .unless(one_of!["instance", "host"]),
        likely(
            UserStopped,
            &[
                one_of![
                    "by user",
                    "by the user",
                    "by a user",
                    "by operator",
                    "by the operator",
                ],
                one_of!["stop", "terminat", "cancel", "abort", "kill"],
            ],
        )
        .unless(one_of!["instance", "host", "error", "denied", "authoriz"]),
        certain(
            SpotInterruption,
            &[one_of!["spot task was interrupted", "spotinterruption"]],
        ),
        likely(
            SpotInterruption,
            &[
                one_of!["spot"],
                one_of!["interrupt", "reclaim", "terminat", "taken back", "outbid"],
            ],
        ),
        certain(FargateMaintenance, &[one_of!["performing maintenance"]]),
        certain(
            FargateMaintenance,
            &[one_of![
                "task retire",
                "_retirement",
                "platform maintenance",
                "security update",
            ]],
        ),
        likely(
            FargateMaintenance,
            &[one_of![
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
        .unless(one_of!["instance"]),
        likely(
            FargateMaintenance,
            &[one_of!["fargate"], one_of!["maintenance", "retir"]],
        ),
        certain(
            HostTerminated,
            &[one_of!["host ec2"], one_of!["terminat", "stopped", "shut"]],
        ),
        certain(HostTerminated, &[one_of!["deregistration forced"]]),
        certain(
            PlacementOther,
            &[one_of!["service deployment configuration"]],
        ),
        certain(
            PlacementOther,
            &[
                one_of!["protected task", "under protection"],
                one_of!["unable", "scale in", "scale-in"],
            ],
        ),
        likely(
            SchedulerStop,
            &[one_of![
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
        .unless(one_of!["unable", "fail", "error", "instance"]),
    ],
};

const UNWELL: Fragments = one_of!["unhealthy", "health check", "healthcheck"];
const RUNNING: Fragments = one_of!["running task", "pending task", "scheduler"];
const REBALANCING: Fragments = one_of![
    "availability-zone rebalancing",
    "availability zone rebalancing",
    "az rebalancing",
    "az-rebalancing",
];
