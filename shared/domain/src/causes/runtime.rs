//! The container runtime: containers that depend on others, timeouts, and its own errors.
//!
//! Wordings: the ECS agent's error names (`agent/dockerclient/dockerapi/errors.go`,
//! `agent/engine/errors.go`, `agent/engine/dependencygraph`); Docker, containerd and runc; Amazon
//! ECS Developer Guide, `stopped-task-error-codes`.

use super::Cause::{
    AppError, ContainerStopFailure, DependencyContainerFailed, ImagePullNetwork, KilledSigkill,
    Oom, PlacementOther, PlatformInternalError, Segfault, TimeoutStart,
};
use super::rule::{Family, certain, likely, possible};

/// Containers that wait for others.
pub(super) const DEPENDENCY: Family = Family {
    gate: &[
        "depend",
        "non running container",
        "cannot link to",
        "volume target",
        "cannot join network",
    ],
    rules: &[
        certain(
            DependencyContainerFailed,
            &[&["container ordering dependency", "taskdependencyerror"]],
        ),
        likely(
            DependencyContainerFailed,
            &[&[
                "dependency graph",
                "non running container",
                "cannot link to",
                "volume target not available",
                "cannot join network",
            ]],
        ),
        likely(
            DependencyContainerFailed,
            &[
                &[
                    "dependency",
                    "dependencies",
                    "depends on",
                    "dependson",
                    "dependent",
                    "depended",
                ],
                &[
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
        .unless(&["botocore", "necessary dependency", "cannot be an essential"]),
    ],
};

/// Steps that were not done in the time allowed.
pub(super) const TIMEOUTS: Family = Family {
    gate: &[
        "transition to",
        "timeout",
        "timed out",
        "sigterm",
        "stop",
        "sigkill",
        "not start",
    ],
    rules: &[
        likely(
            PlacementOther,
            &[&["agent to start", "agent to connect", "agent to register"]],
        ),
        likely(
            PlatformInternalError,
            &[&["bridge endpoint", "bridge store"]],
        ),
        certain(
            ContainerStopFailure,
            &[&[
                "cannotstopcontainererror",
                "failed sending sigterm",
                "transition to stopped",
                "transition to removed",
            ]],
        ),
        likely(
            ContainerStopFailure,
            &[&[
                "failed sending sigkill",
                "failed to stop container",
                "unable to stop container",
                "cannot stop container",
                "could not stop container",
                "could not be stopped",
                "cannot kill container",
                "failed to kill container",
                "state to stopped",
                "tried to kill container",
            ]],
        ),
        possible(
            PlatformInternalError,
            &[&["transition to inspecting", "transition to describ"]],
        ),
        likely(
            ImagePullNetwork,
            &[&["to pulled", "to pulling", "to pullbegin", "manifest_pulled"]],
        ),
        likely(
            TimeoutStart,
            &[&[
                "transition to created",
                "transition to started",
                "transition to running",
                "starttimeout",
                "not start within",
                "start timeout",
            ]],
        )
        .unless(&["cannot transition"]),
        likely(
            TimeoutStart,
            &[
                &["timed out", "timeout"],
                &[
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
        .unless(&["network interface", "capacity"]),
        likely(
            TimeoutStart,
            &[&["dockertimeouterror", "containerruntimetimeouterror"]],
        ),
    ],
};

/// The agent's and the platform's own errors, and what no other family knows.
pub(super) const PLATFORM: Family = Family {
    gate: &[],
    rules: &[
        likely(
            PlatformInternalError,
            &[&["iptables failed", "bridge mode pause"]],
        ),
        likely(
            PlacementOther,
            &[&[
                "programming external connectivity",
                "port is already allocated",
                "address already in use",
                "userland proxy",
                "ports are not available",
                "port already in use",
                "bind for 0.0.0.0:",
            ]],
        ),
        likely(
            Segfault,
            &[&["segmentation fault", "sigsegv", "access violation"]],
        ),
        likely(
            PlatformInternalError,
            &[&[
                "internalerror",
                "internalservererror",
                "internal error",
                "internal ecs",
                "internal aws",
                "internal server error",
                "internal failure",
                "internalfailure",
                "serverexception",
                "ephemeralstorage",
                "ephemeral storage",
                "containerruntimeerror",
                "service unavailable",
                "serviceunavailable",
                "connect to docker",
                "error during connect",
                "docker.sock",
                "cannotlistpluginserror",
                "cannotlistimageserror",
                "cannotgetdockerclient",
                "containervanishederror",
                "no container matching saved id",
                "impossiblestatetransition",
                "taskstateerror",
                "cannot transition to",
                "credentials endpoint",
                "rpc error",
                "ttrpc",
                "transport is closing",
                "containerd",
                "docker daemon",
                "devmapper",
                "devicemapper",
                "unexpected error",
                "failed to create endpoint",
                "network bridge",
                "to bridge",
                "bridge store",
                "daemon: network ",
                "hcsshim",
                "windows system call",
                "hns failed",
                "hnscall",
                "execute-command",
                "executecommandagent",
                "containerexecerror",
                "please try again",
                "platform error",
                "agent error",
                "agent restart",
                "agent disconnect",
                "guardduty",
                "service connect",
            ]],
        ),
        possible(
            PlatformInternalError,
            &[&[
                "cannotinspectcontainererror",
                "cannotdescribecontainererror",
                "cannotlistcontainerserror",
                "nosuchcontainererror",
                "container not found",
                "no such container",
                "dockerstateerror",
                "dockerclientconfigerror",
                "cannotcreatecontainererror",
                "cannotremovecontainererror",
                "failed to create shim",
                "failed to create container",
                "unable to create container",
                "exec error",
                "error: eof",
                "cannotstartcontainererror: error response from daemon: ",
                "cannotstartcontainererror: api error (500): ",
            ]],
        ),
        likely(
            AppError,
            &[&[
                "non-zero exit",
                "nonzero exit",
                "non-zero status",
                "non-zero code",
            ]],
        ),
        possible(Oom, &[&["failed to get container status"]]),
        possible(
            KilledSigkill,
            &[&["container killed", "sigkill", "signal 9", "signal: killed"]],
        ),
        // Mostly a pull, where nobody says what was asked for.
        possible(
            ImagePullNetwork,
            &[&[
                "context canceled",
                "i/o timeout",
                "dial tcp",
                "request canceled",
                "no such host",
                "send request failed",
            ]],
        ),
    ],
};
