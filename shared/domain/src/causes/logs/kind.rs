//! The kinds of reasons that log lines give: how much each explains, and what to do about it.

use super::names::{host, looked_up, path, port, quoted, variable};
use crate::causes::Cause;

/// A kind of reason that a line can give.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    MissingVariable,
    MissingModule,
    PortInUse,
    Architecture,
    RuntimeMemory,
    Migration,
    Name,
    Refused,
    Tls,
    Denied,
    Disk,
    Credentials,
    Configuration,
    Version,
    Timeout,
    Crash,
}

impl Kind {
    /// How much it explains.
    pub(super) fn weight(self) -> u8 {
        match self {
            Self::Architecture => 9,
            Self::MissingVariable => 8,
            Self::Migration | Self::PortInUse | Self::RuntimeMemory | Self::Version => 7,
            Self::MissingModule | Self::Name | Self::Refused | Self::Tls => 6,
            Self::Disk | Self::Credentials | Self::Denied => 5,
            Self::Configuration | Self::Timeout => 4,
            Self::Crash => 2,
        }
    }

    /// One thing to do, naming what the line names.
    pub(super) fn fix(self, container: &str, line: &str) -> String {
        match self {
            Self::MissingVariable => match variable(line) {
                Some(name) => {
                    format!("Set {name} in the environment or secrets of container {container}.")
                }
                None => format!("Set the environment variable that container {container} misses."),
            },
            Self::MissingModule => match quoted(line) {
                Some(name) => format!("Put `{name}` into the image of container {container}."),
                None => format!("Put the missing module into the image of container {container}."),
            },
            Self::PortInUse => match port(line) {
                Some(port) => format!(
                    "Give port {port} to one container only: {container} finds it taken in the task."
                ),
                None => {
                    format!("Change the port of container {container}: it is taken in the task.")
                }
            },
            Self::Architecture => format!(
                "Build the image of container {container} for the task's processor architecture."
            ),
            Self::RuntimeMemory => format!(
                "Raise the runtime's memory limit (heap) of container {container}, and its task \
                 memory with it."
            ),
            Self::Migration => format!(
                "Correct the database migration that container {container} runs at its start."
            ),
            Self::Name => match looked_up(line).or_else(|| host(line)) {
                Some(host) => {
                    format!("Correct the host name {host} that container {container} looks up.")
                }
                None => format!("Correct the host name that container {container} looks up."),
            },
            Self::Refused | Self::Timeout => match host(line) {
                Some(host) => format!(
                    "Check that {host} is up and that its security group lets container {container} in."
                ),
                None => format!(
                    "Check that the dependency container {container} connects to is up and lets it in."
                ),
            },
            Self::Tls => {
                format!("Correct the certificates that container {container} uses or trusts.")
            }
            Self::Denied => match path(line) {
                Some(path) => format!(
                    "Let the user of container {container} use {path}, or mount a writable volume there."
                ),
                None => format!("Give the user of container {container} the permission it misses."),
            },
            Self::Disk => {
                format!("Enlarge the ephemeral storage of container {container}, or write less.")
            }
            Self::Credentials => {
                format!("Correct the credentials or role that container {container} signs in with.")
            }
            Self::Configuration => {
                format!("Correct the configuration of container {container} that the line names.")
            }
            Self::Version => {
                format!("Build container {container} for the runtime version that its image has.")
            }
            Self::Crash => format!("Correct the error that container {container} ended with."),
        }
    }

    /// The cause it stands for.
    pub(super) fn cause(self) -> Cause {
        match self {
            Self::Architecture => Cause::ImageArchMismatch,
            _ => Cause::AppError,
        }
    }
}
