//! Commands that cannot be run.
//!
//! Wordings: Docker, containerd and runc on Linux, hcsshim on Windows; Amazon ECS Developer Guide,
//! `stopped-task-error-codes`.

use super::Cause::{
    BadEntrypoint, ContainerHealthCheck, ImageArchMismatch, Oom, PlatformInternalError,
    TaskDefinitionInvalid,
};
use super::fragments::{Fragments, one_of};
use super::rule::{Family, certain, likely, possible};

/// Commands that cannot be run, and the container's set-up by the OCI runtime.
pub(super) const ENTRYPOINT: Family = Family {
    gate: one_of![
        "exec",
        "runc",
        "oci runtime",
        "starting container process",
        "passwd",
        "container init",
        "entrypoint",
        "command",
        "createprocess",
        "process::start",
        "createcomputesystem",
        "chdir",
        "shim",
        "system error",
        "create new container",
        "working directory",
        "container runtime task",
        "fork",
        "session key",
        "cgroup",
        "user",
        "bin/sh: ",
        "bash: ",
        "qemu-",
    ],
    rules: &[
        // The output of a health check's command, or of ECS Exec.
        likely(ContainerHealthCheck, &[one_of!["oci runtime exec failed"]]),
        likely(
            PlatformInternalError,
            &[
                one_of!["executable file not found", "no such file"],
                HOST_PROGRAMS,
            ],
        ),
        likely(
            TaskDefinitionInvalid,
            &[one_of!["executable file not found"], one_of!["\"nvidia-"]],
        ),
        certain(BadEntrypoint, &[one_of!["executable file not found"]]),
        // The host emulates another CPU, and the image has no such programs.
        likely(
            ImageArchMismatch,
            &[one_of!["qemu-"], one_of!["could not open"]],
        ),
        likely(
            BadEntrypoint,
            &[one_of![
                "no command specified",
                "chdir to cwd",
                "args must not be empty",
                "working directory",
                "no entrypoint",
                "command not found",
                "not found or does not exist",
            ]],
        ),
        likely(
            BadEntrypoint,
            &[
                one_of!["bin/sh: ", "bash: "],
                one_of![": not found", "no such file", "permission denied"],
            ],
        ),
        likely(
            BadEntrypoint,
            &[one_of![
                "unable to find user",
                "passwd",
                "no matching entries"
            ]],
        )
        .unless(one_of!["error mounting"]),
        likely(
            PlatformInternalError,
            &[
                one_of!["nvidia-container-cli"],
                one_of!["timed out", "timeout"],
            ],
        ),
        likely(
            TaskDefinitionInvalid,
            &[one_of![
                "nvidia-container-cli",
                "prestart hook",
                "error running hook",
                "error setting rlimit",
                "setting rlimits",
                "could not select device driver",
                "gathering device information",
                "unknown capability",
                "invalid capability",
                "greater than task memory",
                "sysctl",
                "cgroup-parent",
            ]],
        ),
        likely(PlatformInternalError, PLATFORM_IN_RUNTIME).unless(one_of!["error mounting"]),
        possible(Oom, &[one_of!["copying bootstrap data"]]),
        likely(
            BadEntrypoint,
            &[
                one_of![
                    "exec",
                    "starting container process",
                    "start container",
                    "system error",
                    "createprocess",
                    "process::start",
                    "chdir",
                ],
                one_of![
                    "no such file",
                    "permission denied",
                    "not found",
                    "is a directory",
                    "cannot find the file",
                    "cannot find the path",
                    "not a directory",
                    "argument list too long",
                    "file name too long",
                    "not a valid win32",
                    "directory name is invalid",
                ],
            ],
        )
        .unless(one_of!["to rootfs", "mounting", "volume", "rootfs_linux"]),
        possible(
            BadEntrypoint,
            &[
                one_of![
                    "starting container process",
                    "unable to start container process",
                ],
                one_of!["exec", "init"],
            ],
        )
        .unless(one_of!["to rootfs", "mounting", "volume", "rootfs_linux"]),
        possible(
            BadEntrypoint,
            &[one_of![
                "oci runtime create failed",
                "oci runtime error",
                "container runtime task",
                "unable to create new container",
                "runc create",
            ]],
        )
        .unless(one_of![
            "to rootfs",
            "mounting",
            "volume",
            "rootfs_linux",
            "deadline exceeded",
        ]),
    ],
};

/// What the host itself runs: no image is expected to have them.
const HOST_PROGRAMS: Fragments = one_of![
    "start shim",
    "containerd-shim",
    "docker-init",
    "docker-proxy",
    "docker-runc",
    "\"runc\"",
    "/runc\"",
];

/// The runtime fails for itself, though a command was to be run.
const PLATFORM_IN_RUNTIME: &[Fragments] = &[one_of![
    "resource temporarily unavailable",
    "final child's pid",
    "cgroup",
    "transport is closing",
    "ttrpc",
    "unable to apply apparmor",
    "seccomp",
    "runc did not terminate",
    "retrieve oci runtime error",
    "creating device nodes",
    "session key",
    "namespace path",
    "init preliminary setup",
    "device or resource busy",
    "input/output error",
    "too many open files",
    "connection error: desc",
    "failed to connect to containerd",
    "containerd.sock",
    "docker.sock",
    "file exists",
    "id exists",
]];
