//! What an exit code says by itself.
//!
//! Amazon ECS Developer Guide, `stopped-task-error-codes`; signals are 128 + n; Windows reports
//! NTSTATUS values.

use super::Cause;
use super::text::{Text, number_after};

/// SIGKILL.
pub(crate) const KILLED: i64 = 137;
/// SIGTERM.
pub(crate) const TERMINATED: i64 = 143;

/// The cause that an exit code stands for, where the reasons say no more.
pub(super) fn cause(code: i64) -> Cause {
    match code {
        0 => Cause::AppCleanExit,
        126 | 127 => Cause::BadEntrypoint,
        KILLED => Cause::KilledSigkill,
        // 0xC000012D, the limit of committed memory
        3_221_225_773 | -1_073_741_523 => Cause::Oom,
        // 0xC0000005, access violation
        139 | 3_221_225_477 | -1_073_741_819 => Cause::Segfault,
        // 0xC000013A, Ctrl+C: how Windows containers are asked to stop
        TERMINATED | 3_221_225_786 | -1_073_741_510 => Cause::Sigterm143,
        _ => Cause::AppError,
    }
}

/// What the number means beyond its cause, as a remark.
pub(super) fn remark(code: i64) -> Option<&'static str> {
    match code {
        126 => Some("found but not executable"),
        127 => Some("command not found"),
        132 => Some("SIGILL: an instruction this processor does not have"),
        134 => Some("SIGABRT: the program aborted itself"),
        135 => Some("SIGBUS"),
        136 => Some("SIGFPE: arithmetic error"),
        KILLED => Some("SIGKILL"),
        139 => Some("SIGSEGV"),
        TERMINATED => Some("SIGTERM"),
        3_221_225_773 | -1_073_741_523 => Some("0xC000012D: out of memory"),
        3_221_225_725 | -1_073_741_571 => Some("0xC00000FD: stack overflow"),
        3_221_226_505 | -1_073_740_791 => Some("0xC0000409: the program aborted itself"),
        3_221_225_781 | -1_073_741_515 => Some("0xC0000135: a DLL is missing"),
        _ => None,
    }
}

/// An exit code that stands in a sentence only.
pub(super) fn in_words(text: &Text) -> Option<i64> {
    const MARKERS: &[&str] = &[
        "exit code",
        "exitcode",
        "exited with code",
        "exited with status",
        "exited (",
    ];
    let mut marked = MARKERS.iter().filter(|marker| text.has(marker));
    marked.find_map(|marker| number_after(text.words(), marker))
}
