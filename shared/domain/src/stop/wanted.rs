//! Stops that somebody or something wanted: nobody is told of them, and they are not counted.

use super::Stop;
use crate::causes::{Cause, Confidence, Context, Fault, Finding, diagnose, intended};
use crate::causes::{KILLED, TERMINATED};
use crate::facts::{StopCode, StoppedTask, TaskDefinition};
use crate::sanitize::line;

impl Stop {
    /// The definition that tells whether this job ended well: some of its containers ended with 0
    /// and some did not, or never ran, and its event does not say which of them are essential.
    pub fn undecided(&self) -> Option<&str> {
        let mut codes = self.task.containers.iter().map(|it| it.exit_code);
        let well = codes.clone().any(|code| code == Some(0));
        let mixed = self.ended_by_itself() && well && codes.any(|code| code != Some(0));
        self.task.task_definition_arn.as_deref().filter(|_| mixed)
    }

    /// A task that no service runs is to end; one that is stopped for another reason did not.
    fn ended_by_itself(&self) -> bool {
        let code = &self.task.stop_code;
        self.subject.standalone && matches!(code, None | Some(StopCode::EssentialContainerExited))
    }

    /// What is logged of a stop that is dropped for this cause.
    pub(super) fn dropped(&self, cause: Cause) -> String {
        let reason = self.task.stopped_reason.as_deref().unwrap_or("no reason");
        let (id, of) = (self.task.id(), &self.subject.arn.service);
        line(
            &format!("task {id} of {of}: {}: {reason}", cause.phrase()),
            300,
        )
    }
}

/// Why a task stopped, and whether that was wanted. A job that ended with 0 did what it was run for.
pub(super) fn read(stop: &Stop, definitions: &[TaskDefinition]) -> Option<(Finding, bool)> {
    let arn = stop.undecided();
    let definition = arn.and_then(|arn| definitions.iter().find(|it| it.arn == arn));
    let context = Context {
        task_definition: definition,
        ..Context::default()
    };
    let findings = diagnose(&stop.task, &context);
    let asked_for = intended(&findings) && is_certain(&stop.task);
    let finding = findings.into_iter().next()?;
    let is_done = stop.ended_by_itself() && finding.cause == Cause::AppCleanExit;
    Some((
        finding,
        asked_for || is_done && nothing_failed(&stop.task, definition),
    ))
}

/// Whether every container ended with 0, or was stopped because another one had ended; those that the
/// definition calls not essential may end as they like.
fn nothing_failed(task: &StoppedTask, definition: Option<&TaskDefinition>) -> bool {
    task.containers.iter().all(|it| {
        let named = it.name.as_deref().zip(definition);
        let known = named.and_then(|(name, definition)| definition.container(name));
        let aside = known.is_some_and(|container| !container.essential);
        aside || matches!(it.exit_code, Some(0 | KILLED | TERMINATED))
    })
}

/// Whether the stop code or the sentence says for certain that the stop was wanted. A container that
/// had to be killed makes that less certain, so the containers are left out.
fn is_certain(task: &StoppedTask) -> bool {
    let said = StoppedTask {
        containers: Vec::new(),
        ..task.clone()
    };
    let certain = |finding: &Finding| {
        finding.confidence == Confidence::Certain && finding.cause.fault() == Fault::Intended
    };
    diagnose(&said, &Context::default()).iter().any(certain)
}
