//! Out of memory.
//!
//! Wordings: the ECS agent's `OutOfMemoryError`; runc; the Linux kernel; people's own notes.

use super::Cause::{AppError, Oom};
use super::rule::{Family, certain, likely};

/// Out of memory, said by the reason.
pub(super) const MEMORY: Family = Family {
    gate: &["memory", "oom"],
    rules: &[
        certain(
            Oom,
            &[&[
                "outofmemory",
                "killed due to memory",
                "oomkilled",
                "oom killed",
                "oom-kill",
            ]],
        )
        .unless(NOT_KILLED),
        // The container needs more to start than its limit is.
        likely(
            Oom,
            &[
                &["memory.limit_in_bytes", "memory.max"],
                &["device or resource busy"],
            ],
        ),
        likely(AppError, &[&["cuda", "gpu memory"], &["out of memory"]]),
        likely(
            Oom,
            &[&[
                "out of memory",
                "out-of-memory",
                "memory limit exceeded",
                "exceeded memory limit",
                "exceeded the memory",
                "exceeded its memory",
                "memory limit too low",
                "cannot allocate memory",
                "memory usage",
                "memory exhausted",
                "set memory limit",
                "due to oom",
                "by oom",
                "was oom",
                "oom killer",
                "oom event",
                "paging file is too small",
            ]],
        )
        .unless(&[
            "unable to place",
            "mounting volume",
            "maximum allowed",
            "restarting containerd",
        ]),
    ],
};

/// What people paste may also say that nothing was killed.
const NOT_KILLED: &[&str] = &[
    "oomkilled\": false",
    "oomkilled\":false",
    "oomkilled: false",
    "oomkilled=false",
    // A host may be called anything.
    "no such host",
];
