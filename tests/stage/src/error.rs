//! What can go wrong on the stage, each with what to do about it.

use std::io;
use std::path::PathBuf;

/// Why the stage could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The virtual environments are not there.
    #[error("{} is not there: run `make venv` first", .0.display())]
    NoVenv(PathBuf),
    /// A file or a process of the stage.
    #[error("{doing}")]
    Io {
        /// What was tried.
        doing: String,
        /// Why it failed.
        source: io::Error,
    },
    /// A command of the SAM CLI failed.
    #[error("`{command}` failed:\n{output}")]
    Command {
        /// The command.
        command: String,
        /// The end of what it printed.
        output: String,
    },
    /// The local AWS ended by itself.
    #[error("the local AWS has ended; the end of its log:\n{log}")]
    Ended {
        /// The end of its log.
        log: String,
    },
    /// A call was refused by the local AWS.
    #[error("{call}: {message}")]
    Refused {
        /// Service and method, as boto3 names them.
        call: String,
        /// The AWS error code.
        code: String,
        /// The whole message.
        message: String,
    },
    /// An answer lacks what was to be read from it.
    #[error("{0} is not in the answer")]
    Lacking(String),
}

impl Error {
    pub(crate) fn io(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let doing = doing.into();
        move |source| Self::Io { doing, source }
    }

    /// The AWS error code, where the local AWS refused a call.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { code, .. } => Some(code),
            Self::NoVenv(_)
            | Self::Io { .. }
            | Self::Command { .. }
            | Self::Ended { .. }
            | Self::Lacking(_) => None,
        }
    }
}
