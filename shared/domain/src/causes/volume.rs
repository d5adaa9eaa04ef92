//! File systems and volumes.
//!
//! Wordings: amazon-efs-utils; Docker's and runc's mount errors; Amazon ECS Developer Guide,
//! `resource-initialization-error` and the pages on Amazon EBS volumes.

use super::Cause::{EfsMount, ImagePullDiskFull, PlatformInternalError, VolumeMount};
use super::rule::{Family, certain, likely};

/// Amazon EFS.
pub(super) const EFS: Family = Family {
    gate: &[
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
            &[&["efs utils", "efs-utils", "mount.efs", "_netdev"]],
        ),
        likely(EfsMount, &[&["efs volume", "efs file system"]]).unless(&["support"]),
        likely(
            EfsMount,
            &[&[
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
            &[&[
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
                &["fs-", ".efs.", "efs "],
                &["mount", "resolve", "volume", "access point"],
            ],
        )
        .unless(&["does not support"]),
        likely(
            EfsMount,
            &[
                &["efs"],
                &["fail", "unable", "denied", "timed out", "error"],
            ],
        )
        .unless(&["prefs", "cannotpull", "refs/", "does not support"]),
        likely(
            EfsMount,
            &[
                &["chown"],
                &["operation not permitted", "permission denied"],
            ],
        ),
        // A volume takes over the owner of what the image has there; only EFS refuses that.
        likely(EfsMount, &[&["failed to chown /var/lib/ecs/volumes"]]),
    ],
};

/// Any other volume, bind mounts included.
pub(super) const VOLUMES: Family = Family {
    gate: &[
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
        likely(ImagePullDiskFull, &[&["no space left"]]),
        // The storage of the host, not of the task.
        likely(
            PlatformInternalError,
            &[&["from driver devicemapper", "/dev/mapper/docker-"]],
        ),
        likely(
            VolumeMount,
            &[&[
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
                &[
                    "volume",
                    "ebs",
                    "fsx",
                    "bind mount",
                    "mount point",
                    "mountpoint",
                ],
                &[
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
        .unless(&[
            "volumefrom",
            "unable to place",
            "closest matching",
            "does not support",
        ]),
        likely(
            VolumeMount,
            &[
                &["mounting", "rootfs_linux", "to rootfs"],
                &["not a directory", "read-only", "caused", "init"],
            ],
        ),
        likely(
            VolumeMount,
            &[&["mount"], &["not a directory", "read-only file system"]],
        ),
    ],
};
