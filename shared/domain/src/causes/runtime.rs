//! Containers that depend on others, and steps that took too long.
//!
//! Wordings: the ECS agent's error names (`agent/dockerclient/dockerapi/errors.go`,
//! `agent/engine/errors.go`, `agent/engine/dependencygraph`); Docker, containerd and runc; Amazon
//! ECS Developer Guide, `stopped-task-error-codes`.

use super::Cause::{
    ContainerStopFailure, DependencyContainerFailed, ImagePullNetwork, PlacementOther,
    PlatformInternalError, TimeoutStart,
};
use super::fragments::one_of;
use super::rule::{Family, certain, likely, possible};

/// Containers that wait for others.
pub(super) const DEPENDENCY: Family = Family {
    gate: one_of![
        "depend",
        "non running container",
        "cannot link to",
        "volume target",
        "cannot join ",
        "volumesfrom",
        "before it became healthy",
    ],
    rules: &[
        certain(
            DependencyContainerFailed,
            &[one_of![
                "container ordering dependency",
                "taskdependencyerror"
            ]],
        ),
        likely(
            DependencyContainerFailed,
            &[one_of![
                "dependency graph",
                "non running container",
                "cannot link to",
                "volume target not available",
                "cannot join network",
                "volumesfrom source",
                "cannot join pid",
                "before it became healthy",
            ]],
        ),
        likely(
            DependencyContainerFailed,
            &[
                one_of![
                    "dependency",
                    "dependencies",
                    "depends on",
                    "dependson",
                    "dependent",
                    "depended",
                ],
                one_of![
                    "did not exit successfully",
                    "did not complete",
                    "never complete",
                    "did not start",
                    "never start",
                    "timed out",
                    "not resolved",
                    "not healthy",
                    "unhealthy",
                    "never became healthy",
                    "failed",
                    "exited",
                    "stopped",
                    "not satisfied",
                    "cannot be resolved",
                ],
            ],
        )
        .unless(one_of![
            "botocore",
            "necessary dependency",
            "cannot be an essential"
        ]),
    ],
};

/// Steps that were not done in the time allowed.
pub(super) const TIMEOUTS: Family = Family {
    gate: one_of![
        "transition to",
        "timeout",
        "timed out",
        "sigterm",
        "stop",
        "sigkill",
        "not start",
        "deadline exceeded",
        "exit within",
        "kill container",
    ],
    rules: &[
        likely(
            PlacementOther,
            &[one_of![
                "agent to start",
                "agent to connect",
                "agent to register"
            ]],
        ),
        likely(
            PlatformInternalError,
            &[one_of!["bridge endpoint", "bridge store"]],
        ),
        certain(
            ContainerStopFailure,
            &[one_of![
                "cannotstopcontainererror",
                "failed sending sigterm",
                "transition to stopped",
                "transition to removed",
            ]],
        ),
        likely(
            ContainerStopFailure,
            &[one_of![
                "failed sending sigkill",
                "failed to stop container",
                "unable to stop container",
                "cannot stop container",
                "could not stop container",
                "could not be stopped",
                "cannot kill container",
                "failed to kill container",
                "failed to exit within",
                "state to stopped",
                "tried to kill container",
            ]],
        ),
        possible(
            PlatformInternalError,
            &[one_of!["transition to inspecting", "transition to describ"]],
        ),
        likely(
            ImagePullNetwork,
            &[one_of![
                "to pulled",
                "to pulling",
                "to pullbegin",
                "manifest_pulled"
            ]],
        ),
        likely(
            TimeoutStart,
            &[one_of![
                "transition to created",
                "transition to started",
                "transition to running",
                "starttimeout",
                "not start within",
                "start timeout",
                "cannotstartcontainererror: context deadline",
                "cannotcreatecontainererror: context deadline",
            ]],
        )
        .unless(one_of!["cannot transition"]),
        likely(
            TimeoutStart,
            &[
                one_of!["timed out", "timeout"],
                one_of![
                    "to start",
                    "not start",
                    "starting",
                    "transition to",
                    "to create",
                    "container start",
                    "startup",
                    "start the container",
                ],
            ],
        )
        .unless(one_of!["network interface", "capacity"]),
        likely(
            TimeoutStart,
            &[one_of![
                "dockertimeouterror",
                "containerruntimetimeouterror"
            ]],
        ),
    ],
};
