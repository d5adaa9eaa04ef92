//! One stopped task, read from every side: stop code, sentences, exit codes, log lines.

use super::culprit::{culprit, essential, is_helper};
use super::draft::{Draft, evidence, exit_evidence, rank, yield_to_sigkill};
use super::events::ReadEvent;
use super::reading::read;
use super::rule::Rule;
use super::text::Text;
use super::{Cause, Confidence, Context, Evidence, Fault, Finding, exit, fix};
use crate::facts::{StopCode, StoppedContainer, StoppedTask};

/// The source of a quotation of the task's own sentence.
pub(super) const TASK_REASON: &str = "task stopped reason";

/// A stopped task and what was read in it.
pub(super) struct Case<'a> {
    pub(super) task: &'a StoppedTask,
    pub(super) context: &'a Context<'a>,
    pub(super) service_events: &'a [ReadEvent<'a>],
    /// The rule that reads the task's sentence.
    said: Option<&'static Rule>,
    /// The rule that reads each container's reason.
    pub(super) container_said: Vec<Option<&'static Rule>>,
    pub(super) culprit: Option<usize>,
}

impl<'a> Case<'a> {
    /// Reads all of the task's sentences once; those of the service were read before, once for all
    /// tasks.
    pub(super) fn new(
        task: &'a StoppedTask,
        context: &'a Context<'a>,
        service_events: &'a [ReadEvent<'a>],
    ) -> Self {
        let reason = |text: &Option<String>| read(&Text::sentence(text.as_deref()?));
        let said = reason(&task.stopped_reason);
        let container_said: Vec<_> = task
            .containers
            .iter()
            .map(|container| reason(&container.reason))
            .collect();
        let culprit = culprit(task, context, &container_said);
        Self {
            task,
            context,
            service_events,
            said,
            container_said,
            culprit,
        }
    }

    /// The findings, the best first.
    pub(super) fn findings(&self) -> Vec<Finding> {
        let mut drafts: Vec<Draft<'a>> = Vec::new();
        drafts.extend(self.by_stop_code());
        let trusted = !matches!(self.task.stop_code, Some(StopCode::UserInitiated));
        if trusted {
            drafts.extend(self.by_task_sentence());
        }
        drafts.extend(self.by_container_sentences());
        drafts.extend(self.by_dependency());
        drafts.extend(self.by_exit_code());
        if drafts.is_empty() {
            drafts.push(self.unknown());
        }
        yield_to_sigkill(&mut drafts);
        rank(&mut drafts);
        self.add_from_logs(&mut drafts);
        self.add_from_service(&mut drafts);
        drafts.into_iter().map(|draft| self.finish(draft)).collect()
    }

    fn finish(&self, draft: Draft<'_>) -> Finding {
        let Draft {
            cause,
            confidence,
            container,
            evidence,
            fix,
            ..
        } = draft;
        let fix =
            fix.unwrap_or_else(|| fix::fix(cause, container, &evidence, self.task, self.context));
        Finding {
            cause,
            container: container.map(str::to_owned),
            confidence,
            evidence,
            fix,
        }
    }

    /// What the stop code alone decides. A reason beside it may be anybody's free text.
    fn by_stop_code(&self) -> Option<Draft<'a>> {
        use Confidence::{Certain, Likely};
        let says_spot = self
            .said
            .is_some_and(|rule| rule.cause == Cause::SpotInterruption);
        let fargate = self.task.launch_type.as_deref() == Some("FARGATE");
        let (cause, confidence) = match self.task.stop_code.as_ref()? {
            StopCode::UserInitiated => (Cause::UserStopped, Certain),
            StopCode::SpotInterruption => (Cause::SpotInterruption, Certain),
            // Older pages say that Fargate Spot carries it.
            StopCode::TerminationNotice if says_spot => (Cause::SpotInterruption, Certain),
            StopCode::TerminationNotice if fargate => (Cause::SpotInterruption, Likely),
            StopCode::TerminationNotice => (Cause::HostTerminated, Likely),
            StopCode::InfrastructureHealth if self.said.is_some() => return None,
            StopCode::InfrastructureHealth if fargate => (Cause::FargateMaintenance, Likely),
            StopCode::InfrastructureHealth => (Cause::HostTerminated, Likely),
            StopCode::ServiceSchedulerInitiated if self.said.is_none() => {
                (Cause::SchedulerStop, Likely)
            }
            StopCode::ServiceSchedulerInitiated
            | StopCode::TaskFailedToStart
            | StopCode::EssentialContainerExited
            | StopCode::Other(_) => return None,
        };
        Some(Draft {
            order: 0,
            ..self.draft(cause, confidence, None)
        })
    }

    fn by_task_sentence(&self) -> Option<Draft<'a>> {
        let rule = self.said?;
        let container = self.owner(rule.cause);
        let order = match rule.cause {
            _ if rule.cause.fault() == Fault::Intended => 0,
            Cause::Oom => 1,
            _ => 2,
        };
        Some(Draft {
            order,
            ..self.draft(rule.cause, rule.confidence, container)
        })
    }

    fn by_container_sentences(&self) -> Vec<Draft<'a>> {
        let read = self
            .task
            .containers
            .iter()
            .zip(&self.container_said)
            .enumerate();
        read.filter_map(|(index, (container, rule))| {
            let rule = (*rule)?;
            let order = match rule.cause {
                Cause::Oom => 1,
                _ if self.culprit == Some(index) => 3,
                _ => 4,
            };
            let name = container.name.as_deref();
            let blamed = match rule.cause {
                Cause::DependencyContainerFailed => self.dependency(container).or(name),
                _ => name,
            };
            let mut draft = self.draft(rule.cause, rule.confidence, blamed);
            draft.evidence.splice(0..0, self.quote(container));
            draft.order = order;
            draft.confidence = self.sidecars_say_less(index, rule);
            Some(draft)
        })
        .collect()
    }

    /// A reason on a container that is not essential, or only helps, does not explain the end of
    /// the task where another container failed for itself.
    fn sidecars_say_less(&self, index: usize, rule: &Rule) -> Confidence {
        let container = &self.task.containers[index];
        let name = container.name.as_deref().unwrap_or_default();
        let beside = self.culprit.is_some_and(|culprit| culprit != index);
        let aside = match essential(self.context, name) {
            Some(essential) => !essential,
            None => is_helper(name) && rule.cause != Cause::Oom,
        };
        if beside && aside {
            return Confidence::Possible;
        }
        rule.confidence
    }

    fn by_exit_code(&self) -> Option<Draft<'a>> {
        let container = self.culprit.map(|index| &self.task.containers[index]);
        let code = container
            .and_then(|container| container.exit_code)
            .or_else(|| self.code_in_words())?;
        let cause = exit::cause(code);
        let stopped = self.was_being_stopped();
        let never_started =
            self.said.is_some() && matches!(self.task.stop_code, Some(StopCode::TaskFailedToStart));
        let confidence = match code {
            // What a container ends with when it is being stopped explains nothing.
            0 | exit::TERMINATED if stopped => return None,
            _ if stopped || never_started => Confidence::Possible,
            _ => Confidence::Likely,
        };
        let name = container.and_then(|container| container.name.as_deref());
        let mut draft = self.draft(cause, confidence, name);
        if let Some(container) = container {
            draft.evidence.extend(self.quote(container));
            draft.evidence.extend(exit_evidence(container));
        }
        if code == exit::KILLED {
            draft.fix = Some(fix::killed(name, stopped, self.task, self.context));
        }
        Some(Draft { order: 5, ..draft })
    }

    /// Whether something else had decided to stop the task before its containers ended.
    fn was_being_stopped(&self) -> bool {
        let by_code = matches!(
            self.task.stop_code,
            Some(
                StopCode::UserInitiated
                    | StopCode::ServiceSchedulerInitiated
                    | StopCode::SpotInterruption
                    | StopCode::TerminationNotice
                    | StopCode::InfrastructureHealth
            )
        );
        let by_words = self.said.is_some_and(|rule| {
            matches!(
                rule.cause,
                Cause::ElbHealthCheck
                    | Cause::ContainerHealthCheck
                    | Cause::SchedulerStop
                    | Cause::UserStopped
                    | Cause::SpotInterruption
                    | Cause::FargateMaintenance
                    | Cause::HostTerminated
            )
        });
        by_code || by_words
    }

    fn unknown(&self) -> Draft<'a> {
        let container = self.culprit.map(|index| &self.task.containers[index]);
        let name = container.and_then(|container| container.name.as_deref());
        let mut draft = self.draft(Cause::Unknown, Confidence::Possible, name.or(self.only()));
        draft
            .evidence
            .extend(self.task.containers.iter().flat_map(|one| self.quote(one)));
        draft
    }

    /// A draft that quotes the task's sentence.
    pub(super) fn draft(
        &self,
        cause: Cause,
        confidence: Confidence,
        container: Option<&'a str>,
    ) -> Draft<'a> {
        let quote = self
            .task
            .stopped_reason
            .as_deref()
            .filter(|reason| !reason.is_empty());
        let evidence = quote
            .map(|reason| evidence(TASK_REASON, reason))
            .into_iter()
            .collect();
        Draft {
            cause,
            confidence,
            order: 9,
            container,
            evidence,
            fix: None,
        }
    }

    fn quote(&self, container: &StoppedContainer) -> Option<Evidence> {
        let reason = container
            .reason
            .as_deref()
            .filter(|reason| !reason.is_empty())?;
        let name = container.name.as_deref().unwrap_or("?");
        Some(evidence(&format!("container {name}: reason"), reason))
    }
}
