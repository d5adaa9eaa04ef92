//! What a runtime writes when a program ends in it, whatever the reason.

use super::kind::Kind;
use super::signatures::{Signature, sign};

/// The most particular first; bare words for errors last.
pub(super) const CRASHES: &[Signature] = &[
    sign(
        Kind::Crash,
        "Spring Boot: application failed to start",
        &[&[
            "application failed to start",
            "error starting applicationcontext",
            "application run failed",
            "beancreationexception",
        ]],
    ),
    sign(Kind::Crash, "Rust panic", &[&["panicked at"]]),
    sign(
        Kind::Crash,
        "PHP: fatal error",
        &[&[
            "php fatal error",
            "fatal error: uncaught",
            "php parse error",
        ]],
    ),
    sign(Kind::Crash, "Go panic", &[&["panic: ", "fatal error: "]]),
    sign(
        Kind::Crash,
        "Java: uncaught exception",
        &[&["exception in thread", "java.lang.", "caused by: "]],
    ),
    sign(
        Kind::Crash,
        "Node.js: unhandled rejection",
        &[&[
            "unhandledpromiserejection",
            "unhandled promise rejection",
            "unhandledrejection",
        ]],
    ),
    sign(
        Kind::Crash,
        "Node.js: uncaught error",
        &[&[
            "uncaught exception",
            "uncaughtexception",
            "typeerror: ",
            "referenceerror: ",
            "syntaxerror: ",
            "rangeerror: ",
            "throw new error",
            "node:internal",
        ]],
    ),
    sign(
        Kind::Crash,
        "Python: uncaught exception",
        &[&["traceback (most recent call last)"]],
    ),
    sign(
        Kind::Crash,
        ".NET: unhandled exception",
        &[&["unhandled exception"]],
    ),
    sign(
        Kind::Crash,
        "Ruby: uncaught exception",
        &[&[
            "(nomethoderror)",
            "(runtimeerror)",
            "(nameerror)",
            "(argumenterror)",
            "(standarderror)",
            "(keyerror)",
            "(errno::",
            "bundler:",
        ]],
    ),
    sign(
        Kind::Crash,
        "segmentation fault",
        &[&["segmentation fault", "sigsegv"]],
    ),
    sign(
        Kind::Crash,
        "fatal error",
        &[&[
            "[fatal]",
            "fatal:",
            "level=fatal",
            "\"level\":\"fatal\"",
            "fatal error",
            "critical:",
            "[critical]",
            "panic",
        ]],
    ),
    sign(
        Kind::Crash,
        "error",
        &[&[
            "error: ",
            "error:",
            "[error]",
            "level=error",
            "\"level\":\"error\"",
            "exception: ",
        ]],
    ),
];
