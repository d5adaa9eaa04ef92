//! Builders in words.

use chrono::{DateTime, Utc};
use domain::causes::{Cause, Confidence, Context, Finding, diagnose};
use domain::facts::{
    ContainerDefinition, Dependency, LogLine, LogTail, StopCode, StoppedContainer, StoppedTask,
    TaskDefinition, parse_time,
};

pub fn task(code: &str, reason: &str) -> StoppedTask {
    StoppedTask {
        stop_code: (!code.is_empty()).then(|| StopCode::from(code.to_owned())),
        stopped_reason: (!reason.is_empty()).then(|| reason.to_owned()),
        ..StoppedTask::default()
    }
}

/// The task, with a container that ended.
pub fn with(mut task: StoppedTask, name: &str, exit: Option<i64>, reason: &str) -> StoppedTask {
    task.containers.push(StoppedContainer {
        name: Some(name.to_owned()),
        exit_code: exit,
        reason: (!reason.is_empty()).then(|| reason.to_owned()),
        ..StoppedContainer::default()
    });
    task
}

/// A task whose essential container exited, with these containers and exit codes.
pub fn exited(containers: &[(&str, i64)]) -> StoppedTask {
    let thin = task(
        "EssentialContainerExited",
        "Essential container in task exited",
    );
    containers
        .iter()
        .fold(thin, |task, (name, exit)| with(task, name, Some(*exit), ""))
}

pub fn container(name: &str, essential: bool) -> ContainerDefinition {
    ContainerDefinition {
        name: name.to_owned(),
        essential,
        ..ContainerDefinition::default()
    }
}

pub fn needs(mut one: ContainerDefinition, other: &str, condition: &str) -> ContainerDefinition {
    let (container, condition) = (other.to_owned(), condition.to_owned());
    one.depends_on.push(Dependency {
        container,
        condition,
    });
    one
}

pub fn definition(containers: Vec<ContainerDefinition>) -> TaskDefinition {
    let arn = "arn:aws:ecs:eu-west-1:111122223333:task-definition/order-api:42".to_owned();
    TaskDefinition {
        arn,
        active: true,
        containers,
        ..TaskDefinition::default()
    }
}

pub fn log(container: &str, lines: &str) -> LogTail {
    let line = |text: &str| LogLine {
        at: time("2026-06-01T10:00:00Z"),
        message: text.to_owned(),
    };
    let lines = lines.lines().map(line).collect();
    LogTail {
        container: container.to_owned(),
        lines,
        ..LogTail::default()
    }
}

pub fn time(text: &str) -> DateTime<Utc> {
    parse_time(text).expect("a time")
}

pub fn first(task: &StoppedTask, context: &Context<'_>) -> Finding {
    diagnose(task, context)
        .into_iter()
        .next()
        .expect("never empty")
}

#[track_caller]
pub fn check(task: &StoppedTask, cause: Cause, container: Option<&str>) -> Finding {
    check_in(task, &Context::default(), cause, container)
}

#[track_caller]
pub fn check_in(
    task: &StoppedTask,
    context: &Context<'_>,
    cause: Cause,
    container: Option<&str>,
) -> Finding {
    let finding = first(task, context);
    let found = (finding.cause.code(), finding.container.as_deref());
    assert_eq!(found, (cause.code(), container), "{finding:#?}");
    assert!(!finding.fix.is_empty());
    finding
}

pub fn wrong_and_certain(finding: &Finding, wanted: &[&str]) -> bool {
    finding.confidence == Confidence::Certain && !wanted.contains(&finding.cause.code())
}

/// Of a container `app` that ended with `exit` after `lines`.
pub fn read_log(exit: i64, lines: &str) -> Finding {
    let logs = [log("app", lines)];
    let context = Context {
        logs: &logs,
        ..Context::default()
    };
    first(&exited(&[("app", exit)]), &context)
}
