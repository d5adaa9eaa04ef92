//! Whose log to read: one container of one task, for a deployment whose tasks all stop alike.

use crate::causes::{Context, diagnose};
use crate::facts::{StoppedTask, TaskDefinition};

/// The newest task in which the container to blame has run, and that container.
///
/// Where no finding names a container, the first essential one that ran. A container without an exit code never
/// ran, so it has written nothing.
pub fn culprit<'a>(
    tasks: &'a [StoppedTask],
    definition: &TaskDefinition,
) -> Option<(&'a StoppedTask, String)> {
    let context = Context {
        task_definition: Some(definition),
        ..Context::default()
    };
    let blamed = |task: &StoppedTask| {
        let finding = diagnose(task, &context).into_iter().next()?;
        finding.container.filter(|name| has_run(task, name))
    };
    let essential = |task: &StoppedTask| {
        let essential = definition
            .containers
            .iter()
            .filter(|container| container.essential);
        essential
            .map(|container| &container.name)
            .find(|name| has_run(task, name))
            .cloned()
    };
    let newest = || tasks.iter().take(10);
    let by_blame = newest().find_map(|task| Some((task, blamed(task)?)));
    by_blame.or_else(|| newest().find_map(|task| Some((task, essential(task)?))))
}

fn has_run(task: &StoppedTask, name: &str) -> bool {
    let container = task
        .containers
        .iter()
        .find(|it| it.name.as_deref() == Some(name));
    container.is_some_and(|container| container.exit_code.is_some())
}
