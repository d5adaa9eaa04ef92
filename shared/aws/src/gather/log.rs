//! Whose log to read, and where it is.

use domain::arn::ServiceArn;
use domain::culprit::culprit;
use domain::facts::{Fact, LogTail, StoppedTask, TaskDefinition, Why};

use super::{Asking, missing, not_asked};
use crate::logs;

/// The tail of the culprit's log: the newest task that shows the first-ranked finding.
pub(super) async fn of_the_culprit(
    asking: &Asking<'_>,
    arn: &ServiceArn,
    failing: &Fact<TaskDefinition>,
    tasks: &Fact<Vec<StoppedTask>>,
    lines: u8,
) -> Fact<LogTail> {
    let what = "the log of the culprit";
    match place(arn, failing, tasks, lines) {
        Ok(Some(place)) => logs::tail(asking, place, lines).await,
        Ok(None) => missing(what, Why::NotNeeded),
        Err(detail) => not_asked(what, detail),
    }
}

/// Where the culprit's log is: nowhere if no container has run, for then none was written.
fn place(
    arn: &ServiceArn,
    failing: &Fact<TaskDefinition>,
    tasks: &Fact<Vec<StoppedTask>>,
    lines: u8,
) -> Result<Option<logs::Place>, String> {
    if lines == 0 {
        return Err("reading logs is switched off (LogTailLines is 0)".to_owned());
    }
    let tasks = tasks.known().ok_or("the stopped tasks are missing")?;
    let definition = failing.known().ok_or_else(|| match failing.missing() {
        Some(missing) if missing.why != Why::NotNeeded => "the task definition is missing",
        _ => "ECS does not list the failed deployment, so its task definition is not known",
    })?;
    let Some((task, container)) = culprit(tasks, definition) else {
        return Ok(None);
    };
    let known = definition.container(&container);
    let known = known.ok_or_else(|| format!("the task definition has no container {container}"))?;
    let log = known.log.as_ref();
    let log = log.ok_or_else(|| format!("container {container} has no log configuration"))?;
    if log.driver != "awslogs" {
        return Err(format!(
            "the log driver of container {container} is {}",
            log.driver
        ));
    }
    let group = log
        .group
        .clone()
        .ok_or_else(|| format!("container {container} names no log group"))?;
    let stream = log.stream(&container, task.id());
    let stream = stream.ok_or("without awslogs-stream-prefix no API tells the stream's name")?;
    let region = log.region.clone().unwrap_or_else(|| arn.region.clone());
    if region != arn.region {
        return Err(format!("the log group is in Region {region}"));
    }
    Ok(Some(logs::Place {
        task_id: task.id().to_owned(),
        container,
        group,
        stream,
        region,
    }))
}
