//! `ECS Task State Change`, parsed at the door.
//!
//! A task sends an event for every state; opsbot answers `STOPPED` and the Spot notice, which
//! comes two minutes earlier while the task still runs (Amazon ECS Developer Guide,
//! `ecs_task_events` and `fargate-capacity-providers`).

use serde_json::Value;

use super::{Stop, Subject};
use crate::arn::{Arn, ServiceArn, cluster_name, is_ecs_name, revision_name};
use crate::event::{Ignored, ours};
use crate::facts::{StopCode, StoppedTask, parse_time};
use crate::settings::Settings;

/// What a task event means.
#[derive(Clone, Debug, PartialEq)]
pub enum Read {
    /// A task stopped, or is about to.
    Stop(Box<Stop>),
    /// Nothing to answer, and why.
    Ignored(Ignored),
    /// It is ours to answer, but cannot be read: why.
    Malformed(String),
}

/// Reads one task event. `delivery` is what the queue calls the message that brought it.
pub fn parse(event: &Value, delivery: &str, settings: &Settings) -> Read {
    match read(event, delivery, settings) {
        Ok(stop) => Read::Stop(Box::new(stop)),
        Err(No::Ignored(why)) => Read::Ignored(why),
        Err(No::Malformed(why)) => Read::Malformed(why.to_owned()),
    }
}

enum No {
    Ignored(Ignored),
    Malformed(&'static str),
}

fn read(event: &Value, delivery: &str, settings: &Settings) -> Result<Stop, No> {
    let source = text(event, "source").ok_or(No::Malformed("it has no `source`"))?;
    if source != settings.event_source {
        return Err(No::Ignored(Ignored::ForeignSource(source.to_owned())));
    }
    let detail_type = text(event, "detail-type").ok_or(No::Malformed("it has no `detail-type`"))?;
    if detail_type != "ECS Task State Change" {
        return Err(No::Ignored(Ignored::NotHandled(detail_type.to_owned())));
    }
    let detail = event.get("detail").filter(|detail| detail.is_object());
    let detail = detail.ok_or(No::Malformed("its `detail` is not an object"))?;
    let task: StoppedTask = serde_json::from_value(detail.clone())
        .map_err(|_| No::Malformed("its `detail` is not a task"))?;
    let subject = subject(&task)?;
    ours(&subject.arn, event, settings).map_err(No::Ignored)?;
    wanted(&task)?;
    let said = [task.stopped_at, task.stopping_at];
    let at = said.into_iter().flatten().next();
    let at = at.or_else(|| parse_time(text(event, "time")?));
    let at = at.ok_or(No::Malformed("it has no time"))?;
    Ok(Stop {
        subject,
        task,
        at,
        deliveries: vec![delivery.to_owned()],
    })
}

/// A stop, or the notice of one.
fn wanted(task: &StoppedTask) -> Result<(), No> {
    let status = task
        .last_status
        .as_deref()
        .ok_or(No::Malformed("its task has no `lastStatus`"))?;
    let notice = matches!(
        task.stop_code,
        Some(StopCode::SpotInterruption | StopCode::TerminationNotice)
    );
    let stopping = task.desired_status.as_deref() == Some("STOPPED");
    match status {
        "STOPPED" => Ok(()),
        "RUNNING" if notice && stopping => Ok(()),
        _ => Err(No::Ignored(Ignored::NotHandled(format!(
            "a task that is {status}"
        )))),
    }
}

/// A service's task has the group `service:<name>` and was started by a deployment. Whoever calls
/// `RunTask` may write anything into either, so only both together count.
fn subject(task: &StoppedTask) -> Result<Subject, No> {
    let arn = Arn::parse(&task.task_arn).filter(|arn| arn.namespace == "ecs");
    let arn = arn.ok_or(No::Malformed("its task has no `taskArn`"))?;
    let cluster = task.cluster_arn.as_deref().and_then(cluster_name);
    let cluster = cluster.ok_or(No::Malformed("its task has no `clusterArn`"))?;
    let service = task
        .group
        .as_deref()
        .and_then(|group| group.strip_prefix("service:"));
    let by_service = task
        .started_by
        .as_deref()
        .is_some_and(|by| by.starts_with("ecs-svc/"));
    let service = service.filter(|name| by_service && is_ecs_name(name));
    let family = || {
        let name = task.task_definition_arn.as_deref().map(revision_name)?;
        let family = name.rsplit_once(':').map_or(name, |(family, _)| family);
        is_ecs_name(family).then_some(family)
    };
    let name = service.or_else(family);
    let name = name.ok_or(No::Malformed("its task has neither a service nor a family"))?;
    Ok(Subject {
        arn: ServiceArn {
            partition: arn.partition.to_owned(),
            region: arn.region.to_owned(),
            account: arn.account.to_owned(),
            cluster: cluster.to_owned(),
            service: name.to_owned(),
        },
        standalone: service.is_none(),
    })
}

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str)
}
