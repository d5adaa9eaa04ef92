//! What the platform and the container runtime say of themselves, and what no other family knows.
//!
//! Wordings: the ECS agent's error names (`agent/dockerclient/dockerapi/errors.go`,
//! `agent/engine/errors.go`); Docker, containerd, runc and hcsshim; Amazon ECS Developer Guide,
//! `stopped-task-error-codes`.

use super::Cause::{
    AppError, ImagePullNetwork, KilledSigkill, Oom, PlacementOther, PlatformInternalError, Segfault,
};
use super::fragments::{Fragments, one_of};
use super::rule::{Family, likely, possible};

/// The agent's and the platform's own errors, and what no other family knows.
pub(super) const PLATFORM: Family = Family {
    gate: Fragments::NONE,
    rules: &[
        likely(
            PlatformInternalError,
            &[one_of!["iptables failed", "bridge mode pause"]],
        ),
        likely(
            PlacementOther,
            &[one_of![
                "programming external connectivity",
                "port is already allocated",
                "address already in use",
                "userland proxy",
                "ports are not available",
                "port already in use",
            ]],
        ),
        likely(
            PlacementOther,
            &[
                one_of!["being used by another process"],
                one_of!["endpoint", "hns"],
            ],
        ),
        // The rest of it may be cut off.
        likely(PlacementOther, &[one_of!["bind for 0.0.0.0:"]]).unless(one_of!["denied"]),
        likely(
            Segfault,
            &[one_of!["segmentation fault", "sigsegv", "access violation"]],
        ),
        likely(
            PlatformInternalError,
            &[one_of![
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
            &[one_of![
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
            &[one_of![
                "non-zero exit",
                "nonzero exit",
                "non-zero status",
                "non-zero code",
            ]],
        ),
        possible(Oom, &[one_of!["failed to get container status"]]),
        possible(
            KilledSigkill,
            &[one_of![
                "container killed",
                "sigkill",
                "signal 9",
                "signal: killed"
            ]],
        ),
        // Mostly a pull, where nobody says what was asked for.
        possible(
            ImagePullNetwork,
            &[one_of![
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
