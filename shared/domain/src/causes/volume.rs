//! File systems and volumes.
//!
//! Wordings: amazon-efs-utils; Docker's and runc's mount errors; Amazon ECS Developer Guide,
//! `resource-initialization-error` and the pages on Amazon EBS volumes.

use super::Cause::{EfsMount, ImagePullDiskFull, PlatformInternalError, VolumeMount};
use super::fragments::one_of;
use super::rule::{Family, certain, likely};

/// Amazon EFS.
pub(super) const EFS: Family = Family {
    gate: one_of![
        "efs",
        "nfs",
        "chown",
        "elasticfilesystem",
        "file system",
        "ecs-volume-plugin",
        "mount attempt",
        "mount target",
        "tls tunnel",
        "volumedriver.create: mounting",
        "_netdev",
    ],
    rules: &[
        certain(
            EfsMount,
            &[one_of!["efs utils", "efs-utils", "mount.efs", "_netdev"]],
        ),
        likely(EfsMount, &[one_of!["efs volume", "efs file system"]]).unless(one_of!["support"]),
        likely(
            EfsMount,
            &[one_of![
                "mount.nfs",
                "nfs4",
                "nfsvers",
                "amazon-efs",
                "elasticfilesystem",
                "type 'efs'",
                "stunnel",
            ]],
        ),
        likely(
            EfsMount,
            &[one_of![
                "ecs-volume-plugin",
                "mount attempt",
                "mount target",
                "tls tunnel",
                // The driver of ECS itself mounts nothing else.
                "volumedriver.create: mounting",
            ]],
        ),
        likely(
            EfsMount,
            &[
                one_of!["fs-", ".efs.", "efs "],
                one_of!["mount", "resolve", "volume", "access point"],
            ],
        )
        .unless(one_of!["does not support"]),
        likely(
            EfsMount,
            &[
                one_of!["efs"],
                one_of!["fail", "unable", "denied", "timed out", "error"],
            ],
        )
        .unless(one_of!["prefs", "cannotpull", "refs/", "does not support"]),
        likely(
            EfsMount,
            &[
                one_of!["chown"],
                one_of!["operation not permitted", "permission denied"],
            ],
        ),
        // A volume takes over the owner of what the image has there; only EFS refuses that.
        likely(EfsMount, &[one_of!["failed to chown /var/lib/ecs/volumes"]]),
    ],
};

/// Any other volume, bind mounts included.
pub(super) const VOLUMES: Family = Family {
    gate: one_of![
        "volume",
        "mount",
        "bind",
        "ebs",
        "fsx",
        "not a directory",
        "rootfs_linux",
        "invalid mode:",
        "docker%2fplugins",
    ],
    rules: &[
        likely(ImagePullDiskFull, &[one_of!["no space left"]]),
        // The storage of the host, not of the task.
        likely(
            PlatformInternalError,
            &[one_of!["from driver devicemapper", "/dev/mapper/docker-"]],
        ),
        likely(
            VolumeMount,
            &[one_of![
                "cannotcreatevolumeerror",
                "cannotinspectvolumeerror",
                "invalidvolumeerror",
                "bind source path does not exist",
                "mount source",
                "invalid mode:",
                "invalid mount config",
                "error mounting",
                "error while mounting volume",
                "failed to mount",
                "volumedriver.",
                "duplicate mount point",
                "onto a file (or vice-versa)",
                "trying to mount a directory",
                "invalid volume spec",
                "invalid bind mount",
                "mount denied",
                "not a shared mount",
                "not a shared or slave mount",
                "no such volume",
                "invalid mount path",
                "specified mount path",
                "docker%2fplugins",
                "mounts denied",
                "failed to attach volume",
                "unable to attach volume",
            ]],
        ),
        likely(
            VolumeMount,
            &[
                one_of![
                    "volume",
                    "ebs",
                    "fsx",
                    "bind mount",
                    "mount point",
                    "mountpoint",
                ],
                one_of![
                    "fail",
                    "unable",
                    "error",
                    "timed out",
                    "timeout",
                    "not found",
                    "does not exist",
                    "invalid",
                    "denied",
                    "could not",
                    "cannot",
                    "does not match",
                    "only supported",
                ],
            ],
        )
        .unless(one_of![
            "volumefrom",
            "unable to place",
            "closest matching",
            "does not support",
        ]),
        likely(
            VolumeMount,
            &[
                one_of!["mounting", "rootfs_linux", "to rootfs"],
                one_of!["not a directory", "read-only", "caused", "init"],
            ],
        ),
        likely(
            VolumeMount,
            &[
                one_of!["mount"],
                one_of!["not a directory", "read-only file system"],
            ],
        ),
    ],
};
