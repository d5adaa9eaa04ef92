//! Task definitions that cannot run where they are started.
//!
//! Wordings: Amazon ECS Developer Guide, `failed-to-start-error`, `task-cpu-memory-error`; Docker's
//! checks of a container's settings.

use super::Cause::TaskDefinitionInvalid;
use super::fragments::{Fragments, one_of};
use super::rule::{Family, certain, likely};

/// Definitions that cannot run here.
pub(super) const DEFINITION: Family = Family {
    gate: Fragments::NONE,
    rules: &[
        certain(
            TaskDefinitionInvalid,
            &[one_of![
                "not compatible with the selected compute strategy",
                "no fargate configuration exists",
            ]],
        ),
        likely(
            TaskDefinitionInvalid,
            &[one_of![
                "does not have the required compatibilit",
                "fargate requires",
                "invalid cpu",
                "could not select device driver",
                "error gathering device information",
                "no nvidia",
                "nvidia-container-cli",
                "hostconfigerror",
                "minimum memory limit",
                "minimum memoryswap",
                "minimum memory reservation",
                "range of cpus",
                "conflicting options",
                "invalid ulimit",
                "invalid environment variable",
                "task definition is inactive",
                "task definition does not exist",
                "taskdefinition is inactive",
                "invalid port specification",
                "invalid container name",
                "invalid hostname",
                "invalid isolation",
                "setting for task",
                "setting for container",
                "greater than task memory",
                "container for link",
                "link format",
                "link target",
                "task_configuration_failure",
                "unknown runtime",
                "platformunknown",
                "platformtaskdefinitionincompatib",
                "specified platform does not exist",
                "cannot be an essential",
                "misconfiguration:",
                "for associating gpu",
                "containers to gpu",
                "too many containers",
                "unrecognized protocol",
                "no launch type to fall back",
                "instance requirements",
                "unsupportedfeature",
                "invalid runtime name",
                "should not be null or empty",
                "must also specify",
                "decoding seccomp profile",
                "cgroup-parent",
                "could not get container for",
                "unsupported credentialspec",
                "invalid credentialspec",
            ]],
        ),
        likely(
            TaskDefinitionInvalid,
            &[one_of!["ephemeral storage"], one_of!["must be", "between"]],
        ),
        likely(
            TaskDefinitionInvalid,
            &[
                one_of!["host port"],
                one_of!["awsvpc", "dynamic", "must match", "is required"],
            ],
        ),
        likely(
            TaskDefinitionInvalid,
            &[
                one_of!["resource requirement"],
                one_of!["higher than", "greater than", "more than"],
            ],
        ),
        likely(
            TaskDefinitionInvalid,
            &[
                one_of![
                    "task definition",
                    "taskdefinition",
                    "launch type",
                    "requirescompatibilities",
                    "compute strategy",
                    "platform version",
                    "network mode",
                    "networkmode",
                    "operating system",
                    "resource requirements",
                    "requested configuration",
                ],
                one_of![
                    "not compatible",
                    "incompatible",
                    "not support",
                    "unsupported",
                    "invalid",
                    "not valid",
                    "not allowed",
                    "does not match",
                    "must be",
                    "must match",
                    "requires more",
                    "only support",
                    "does not satisfy",
                    "not found",
                    "does not exist",
                    "inactive",
                    "not active",
                ],
            ],
        )
        .unless(one_of![
            "capacity provider",
            "unable to place a task because"
        ]),
        likely(
            TaskDefinitionInvalid,
            &[one_of![
                "not supported on",
                "is not supported",
                "only supported on",
                "does not support",
                "not supported for",
                "unsupported on",
                "incompatible",
                "no such device",
                "device not found",
            ]],
        )
        .unless(one_of![
            "availability zone",
            "instance type",
            "devmapper",
            "devicemapper",
        ]),
        // Docker refuses what a container is to be made of.
        likely(
            TaskDefinitionInvalid,
            &[
                one_of!["cannotcreatecontainererror"],
                one_of!["invalid ", "expected integer", "must be"],
            ],
        )
        .unless(one_of!["invalid argument", "invalid memory address"]),
    ],
};
