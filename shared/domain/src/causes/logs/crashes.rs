//! What a runtime writes when a program ends in it, whatever the reason.

use super::signature::{Signature, signatures};

/// The most particular first; bare words for errors last.
pub(super) const CRASHES: &[Signature] = signatures! {
    Crash "Spring Boot: application failed to start":
        "application failed to start|error starting applicationcontext|application run failed|\
         beancreationexception";
    RustPanic "Rust panic": "panicked at";
    Crash "PHP: fatal error": "php fatal error|fatal error: uncaught|php parse error";
    Crash "Go panic":
        "panic: |fatal error: all goroutines|fatal error: concurrent|fatal error: stack";
    Crash "Java: uncaught exception": "exception in thread|caused by: |create the java virtual machine";
    Crash "Java: uncaught exception": "java.lang." & "exception|error";
    Crash "Node.js: unhandled rejection":
        "unhandledpromiserejection|unhandled promise rejection|unhandledrejection";
    Crash "Node.js: ES module loaded with require": "err_require_esm";
    NodeError "Node.js: uncaught error": "node:internal" unless "at node:internal|(node:internal";
    Crash "Node.js: uncaught error":
        "uncaught exception|uncaughtexception|typeerror: |referenceerror: |syntaxerror: |\
         rangeerror: |throw new error|error [err_"
        unless "triggeruncaught";
    Traceback "Python: uncaught exception": "traceback (most recent call last)";
    Crash ".NET: unhandled exception":
        "unhandled exception|hosting failed to start|host terminated unexpectedly";
    Crash "Ruby: uncaught exception":
        "(nomethoderror)|(runtimeerror)|(nameerror)|(argumenterror)|(standarderror)|(keyerror)|\
         (errno::|bundler: failed";
    Crash "Elixir: application failed to start": "** (|kernel pid terminated";
    Processor "instruction that the processor lacks": "illegal instruction";
    Crash "segmentation fault": "segmentation fault|sigsegv" unless "[signal sigsegv";
    Crash "stack overflow": "overflowed its stack|stack overflow|stack exceeds";
    Crash "native code aborted":
        "bus error|terminate called|aborted (core dumped)|stack smashing|free(): |malloc(): |double free|\
         corrupted size|munmap_chunk";
    Crash "fatal error":
        "[fatal]|fatal:|fatal error|critical:|[critical]|level=fatal|level=panic|\
         \"level\":\"fatal\"|\"level\":\"panic\"";
    Bare "error": "error:|[error]|exception: |npm err!|elifecycle|error command failed|operation error |\
        failed to find attribute";
};

/// A line that its program calls an error, without a word that is known.
pub(super) const ERROR: &Signature = &CRASHES[CRASHES.len() - 1];
