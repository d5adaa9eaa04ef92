//! One thing to do about each cause, naming the resource that the text or the definition names.

mod names;
mod running;
mod setup;

use super::text::Text;
use super::{Cause, Context, Evidence};
use crate::facts::StoppedTask;

/// What a fix is worded from.
struct Clues<'a> {
    /// Everything quoted.
    raw: String,
    text: Text,
    container: Option<&'a str>,
    task: &'a StoppedTask,
    context: &'a Context<'a>,
}

/// The fix for `cause`, in the imperative.
pub(super) fn fix(
    cause: Cause,
    container: Option<&str>,
    evidence: &[Evidence],
    task: &StoppedTask,
    context: &Context<'_>,
) -> String {
    let quotes: Vec<_> = evidence
        .iter()
        .map(|evidence| evidence.quote.as_str())
        .collect();
    let raw = quotes.join("\n");
    let clues = Clues {
        text: Text::of(&raw),
        raw,
        container,
        task,
        context,
    };
    match cause {
        Cause::ImageNotFound
        | Cause::ImageAuth
        | Cause::ImagePullNetwork
        | Cause::ImagePullRateLimit
        | Cause::ImagePullDiskFull
        | Cause::ImageArchMismatch
        | Cause::ImagePullOther => clues.image_fix(cause),
        Cause::SecretFetch
        | Cause::EnvFileFetch
        | Cause::NetworkResourceInit
        | Cause::LogSetup
        | Cause::EfsMount
        | Cause::VolumeMount
        | Cause::EniProvisioning
        | Cause::IamRoleAssume => clues.setup_fix(cause),
        Cause::Oom
        | Cause::KilledSigkill
        | Cause::Sigterm143
        | Cause::Segfault
        | Cause::AppError
        | Cause::AppCleanExit
        | Cause::BadEntrypoint
        | Cause::DependencyContainerFailed => clues.container_fix(cause),
        Cause::ContainerHealthCheck
        | Cause::ElbHealthCheck
        | Cause::TimeoutStart
        | Cause::ContainerStopFailure
        | Cause::SchedulerStop
        | Cause::UserStopped
        | Cause::SpotInterruption
        | Cause::FargateMaintenance
        | Cause::HostTerminated
        | Cause::CapacityUnavailable
        | Cause::QuotaLimit
        | Cause::PlacementOther
        | Cause::TaskDefinitionInvalid
        | Cause::PlatformInternalError
        | Cause::Unknown => clues.service_fix(cause),
    }
}

/// The fix for a container that was killed.
pub(super) fn killed(
    container: Option<&str>,
    stopped: bool,
    task: &StoppedTask,
    context: &Context<'_>,
) -> String {
    let clues = Clues {
        raw: String::new(),
        text: Text::of(""),
        container,
        task,
        context,
    };
    let who = clues.who();
    if stopped {
        let seconds = clues
            .definition()
            .and_then(|one| one.stop_timeout)
            .unwrap_or(30);
        return format!(
            "Make {who} end on SIGTERM within its stopTimeout ({seconds} s), or raise stopTimeout."
        );
    }
    match clues.memory() {
        Some(memory) => format!(
            "Compare the memory use of {who} with its limit of {memory} MiB: ECS does not call it \
             out of memory, but SIGKILL often is."
        ),
        None => format!(
            "Compare the memory use of {who} with its limit: ECS does not call it out of memory, \
             but SIGKILL often is."
        ),
    }
}
