//! Which container a sentence speaks of, where it does not stand on that container.

use super::Cause;
use super::Confidence;
use super::case::Case;
use super::culprit::is_helper;
use super::draft::{Draft, exit_evidence};
use super::exit;
use super::text::{Text, number_after};
use crate::facts::StoppedContainer;

impl<'a> Case<'a> {
    /// The container that `container` waited for, by the reason's `dependency [name]` or the
    /// definition, as the one whose failure is at the root.
    pub(super) fn dependency(&self, container: &StoppedContainer) -> Option<&'a str> {
        let reason = container.reason.as_deref().unwrap_or_default();
        let known = |name: &str| {
            let mut names = self
                .task
                .containers
                .iter()
                .filter_map(|other| other.name.as_deref());
            names.find(|other| *other == name)
        };
        let named = reason.split('[').nth(1).and_then(|rest| {
            let inside = rest.split(']').next().unwrap_or_default();
            known(inside.split([' ', ':']).next().unwrap_or_default())
        });
        named.or_else(|| {
            let definition = self
                .context
                .task_definition?
                .container(container.name.as_deref()?)?;
            let waited = definition
                .depends_on
                .iter()
                .map(|dependency| &dependency.container);
            waited.filter_map(|name| known(name)).next()
        })
    }

    /// A container that never ran, because one it waits for (`SUCCESS`) ended with an error.
    pub(super) fn by_dependency(&self) -> Option<Draft<'a>> {
        let definition = self.context.task_definition?;
        let failed = |name: &str| {
            self.task.containers.iter().find(|container| {
                container.name.as_deref() == Some(name)
                    && container.exit_code.is_some_and(|code| code != 0)
            })
        };
        let blamed = self.task.containers.iter().find_map(|container| {
            let waiting = definition.container(container.name.as_deref()?)?;
            let needs = waiting
                .depends_on
                .iter()
                .filter(|on| on.condition == "SUCCESS");
            let never_ran = container.exit_code.is_none() && container.reason.is_none();
            never_ran
                .then(|| needs.filter_map(|on| failed(&on.container)).next())
                .flatten()
        })?;
        let name = blamed.name.as_deref();
        let mut draft = self.draft(Cause::DependencyContainerFailed, Confidence::Likely, name);
        draft.evidence.extend(exit_evidence(blamed));
        Some(Draft { order: 3, ..draft })
    }

    /// An exit code that stands in the task's sentence, or in the culprit's where no rule reads it.
    pub(super) fn code_in_words(&self) -> Option<i64> {
        let unread = self
            .culprit
            .filter(|index| self.container_said[*index].is_none());
        let reason = unread.and_then(|index| self.task.containers[index].reason.as_deref());
        [reason, self.task.stopped_reason.as_deref()]
            .into_iter()
            .flatten()
            .find_map(|words| exit::in_words(&Text::of(words)))
    }

    /// The container that a sentence on the task speaks of, where that can be told.
    pub(super) fn owner(&self, cause: Cause) -> Option<&'a str> {
        let reason = self.task.stopped_reason.as_deref().unwrap_or_default();
        match cause {
            Cause::SchedulerStop
            | Cause::UserStopped
            | Cause::SpotInterruption
            | Cause::FargateMaintenance
            | Cause::HostTerminated
            | Cause::CapacityUnavailable
            | Cause::QuotaLimit
            | Cause::PlacementOther
            | Cause::EniProvisioning
            | Cause::IamRoleAssume => None,
            Cause::Oom | Cause::BadEntrypoint | Cause::AppError | Cause::Segfault => {
                let index = self.culprit?;
                self.task.containers[index].name.as_deref()
            }
            _ => self.named_in(reason).or(self.only()),
        }
    }

    /// The container whose image, secret or port the sentence names.
    pub(super) fn named_in(&self, reason: &str) -> Option<&'a str> {
        let by_image = self.task.containers.iter().find(|container| {
            container
                .image
                .as_deref()
                .is_some_and(|image| !image.is_empty() && reason.contains(image))
        });
        let by_definition = || {
            let port = number_after(reason, "(port ");
            self.context
                .task_definition?
                .containers
                .iter()
                .find(|container| {
                    (!container.image.is_empty() && reason.contains(&container.image))
                        || container
                            .secrets
                            .values()
                            .any(|from| reason.contains(from.as_str()))
                        || port.is_some_and(|port| {
                            container.ports.iter().any(|own| i64::from(*own) == port)
                        })
                })
        };
        by_image
            .and_then(|container| container.name.as_deref())
            .or_else(|| by_definition().map(|container| container.name.as_str()))
    }

    /// The task's only container, or the only one that is not a helper.
    pub(super) fn only(&self) -> Option<&'a str> {
        let containers = self.task.containers.iter();
        let names: Vec<_> = containers.filter_map(|one| one.name.as_deref()).collect();
        let mut own = names.iter().filter(|name| !is_helper(name));
        match (own.next(), own.next(), names.as_slice()) {
            (Some(only), None, _) | (None, _, [only]) => Some(only),
            _ => None,
        }
    }
}
