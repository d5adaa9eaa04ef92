//! Out of memory.
//!
//! Wordings: the ECS agent's `OutOfMemoryError`; runc; the Linux kernel; people's own notes.

use super::Cause::{AppError, Oom};
use super::fragments::{Fragments, one_of};
use super::rule::{Family, certain, likely};

/// Out of memory, said by the reason.
pub(super) const MEMORY: Family = Family {
    gate: one_of!["memory", "oom"],
    rules: &[
        certain(
            Oom,
            &[one_of![
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
                one_of!["memory.limit_in_bytes", "memory.max"],
                one_of!["device or resource busy"],
            ],
        ),
        likely(
            AppError,
            &[one_of!["cuda", "gpu memory"], one_of!["out of memory"]],
        ),
        likely(
            Oom,
            &[one_of![
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
        .unless(one_of![
            "unable to place",
            "mounting volume",
            "maximum allowed",
            "restarting containerd",
        ]),
    ],
};

/// What people paste may also say that nothing was killed.
const NOT_KILLED: Fragments = one_of![
    "oomkilled\": false",
    "oomkilled\":false",
    "oomkilled: false",
    "oomkilled=false",
    // A host may be called anything.
    "no such host",
];
