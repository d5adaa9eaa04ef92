//! What EventBridge delivers, parsed at the door into what opsbot answers.
//!
//! Shapes: Amazon ECS Developer Guide, `ecs_service_deployment_events` and `ecs_service_events`.
//! AWS says there that fields, event names and types will be added, so an unknown one is never an
//! error. Deliveries come at least once and in any order.

mod ignored;

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::arn::ServiceArn;
use crate::facts::parse_time;
use crate::settings::Settings;
use crate::stop::{self, Unheard};

pub use ignored::Ignored;
pub(crate) use ignored::ours;

/// What an event means for opsbot.
#[derive(Clone, Debug, PartialEq)]
pub enum Parsed {
    /// Something to answer.
    Trigger(Trigger),
    /// Nothing to answer, and why.
    Ignored(Ignored),
    /// It is ours to answer, but it cannot be read.
    Malformed(Malformed),
}

/// Something to answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Trigger {
    /// `ECS Deployment State Change`, or the service action that says the same.
    Deployment(DeploymentEvent),
    /// `ECS Service Action` of type WARN or ERROR.
    ServiceAction(ServiceAction),
}

/// A deployment changed.
#[derive(Clone, Debug, PartialEq)]
pub struct DeploymentEvent {
    /// The service.
    pub service: ServiceArn,
    /// `ecs-svc/<digits>`. A rollback reuses the id of the deployment it goes back to. Absent in
    /// the form of a service action, which names no deployment.
    pub deployment: Option<String>,
    /// What became of it.
    pub change: DeploymentChange,
    /// Why, in ECS's words.
    pub reason: Option<String>,
    /// When it changed; it can precede the event's own time by more than a minute.
    pub at: DateTime<Utc>,
}

/// What became of a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeploymentChange {
    /// A deployment began.
    Started,
    /// ECS began to roll back to this deployment. No field says so, only the reason does.
    RollingBack,
    /// It reached a steady state. For a rollback this is the old deployment's second completion.
    Completed,
    /// The circuit breaker or an alarm stopped it.
    Failed,
    /// Its tasks keep stopping and ECS has not called it failed: task-stopped noticed.
    Failing {
        /// How many of its tasks stopped.
        stops: u64,
        /// Why ECS does not say so.
        unheard: Unheard,
    },
}

/// ECS warns about a service.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceAction {
    /// The service.
    pub service: ServiceArn,
    /// Such as `SERVICE_TASK_PLACEMENT_FAILURE`; new ones will come.
    pub name: String,
    /// How ECS rates it.
    pub level: Level,
    /// Such as `RESOURCE:FARGATE`.
    pub reason: Option<String>,
    /// When it was said.
    pub at: DateTime<Utc>,
}

/// `eventType` of a service action that is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// `WARN`.
    Warn,
    /// `ERROR`.
    Error,
}

/// An event that is ours to answer but cannot be read.
#[derive(Clone, Debug, PartialEq)]
pub struct Malformed {
    /// What is wrong with it.
    pub why: String,
    /// The service, where at least that could be read.
    pub service: Option<ServiceArn>,
}

/// Reads one EventBridge event.
pub fn parse(event: &Value, settings: &Settings) -> Parsed {
    match read(event, settings) {
        Ok(trigger) => Parsed::Trigger(trigger),
        Err(Refusal::Ignored(why)) => Parsed::Ignored(why),
        Err(Refusal::Malformed(why)) => {
            let service = service_of(event).ok();
            let others = service
                .as_ref()
                .and_then(|it| ours(it, event, settings).err());
            match others {
                Some(why) => Parsed::Ignored(why),
                None => Parsed::Malformed(Malformed { why, service }),
            }
        }
    }
}

enum Refusal {
    Ignored(Ignored),
    Malformed(String),
}

fn malformed(why: impl Into<String>) -> Refusal {
    Refusal::Malformed(why.into())
}

fn read(event: &Value, settings: &Settings) -> Result<Trigger, Refusal> {
    let source = text(event, "source").ok_or_else(|| malformed("it has no `source`"))?;
    if source != settings.event_source {
        return Err(Refusal::Ignored(Ignored::ForeignSource(source.to_owned())));
    }
    let detail_type =
        text(event, "detail-type").ok_or_else(|| malformed("it has no `detail-type`"))?;
    let detail = event.get("detail").filter(|detail| detail.is_object());
    let detail = detail.ok_or_else(|| malformed("its `detail` is not an object"))?;
    let deployment = match detail_type {
        "ECS Deployment State Change" | stop::DETAIL_TYPE => true,
        "ECS Service Action" => false,
        _ => return Err(not_handled(detail_type, text(detail, "eventName"))),
    };
    let name = text(detail, "eventName").ok_or_else(|| malformed("it has no `eventName`"))?;
    let change = if detail_type == stop::DETAIL_TYPE {
        Some(failing(detail)?)
    } else if deployment {
        Some(change(name, detail)?)
    } else {
        None
    };
    let level = if deployment {
        None
    } else {
        Some(level(name, detail)?)
    };
    let service = service_of(event)?;
    ours(&service, event, settings).map_err(Refusal::Ignored)?;
    let at = time_of(event, detail)?;
    let reason = text(detail, "reason").map(str::to_owned);
    let id = text(detail, "deploymentId").map(str::to_owned);
    Ok(match (change, level) {
        (Some(change), _) => {
            let id = id.ok_or_else(|| malformed("it has no `deploymentId`"))?;
            let deployment = Some(id);
            Trigger::Deployment(DeploymentEvent {
                service,
                deployment,
                change,
                reason,
                at,
            })
        }
        (None, _) if name == "SERVICE_DEPLOYMENT_FAILED" => {
            let change = DeploymentChange::Failed;
            Trigger::Deployment(DeploymentEvent {
                service,
                deployment: id,
                change,
                reason,
                at,
            })
        }
        (None, level) => {
            let level = level.unwrap_or(Level::Error);
            let name = name.to_owned();
            Trigger::ServiceAction(ServiceAction {
                service,
                name,
                level,
                reason,
                at,
            })
        }
    })
}

fn not_handled(detail_type: &str, name: Option<&str>) -> Refusal {
    let what = match name {
        Some(name) => format!("{detail_type} {name}"),
        None => detail_type.to_owned(),
    };
    Refusal::Ignored(Ignored::NotHandled(what))
}

fn failing(detail: &Value) -> Result<DeploymentChange, Refusal> {
    let stops = detail.get("stops").and_then(Value::as_u64);
    let unheard = detail.get("unheard").cloned().unwrap_or_default();
    let unheard = serde_json::from_value(unheard);
    let unheard = unheard.map_err(|_| malformed("it does not say why ECS is silent"))?;
    Ok(DeploymentChange::Failing {
        stops: stops.unwrap_or_default(),
        unheard,
    })
}

fn change(name: &str, detail: &Value) -> Result<DeploymentChange, Refusal> {
    let reason = text(detail, "reason")
        .unwrap_or_default()
        .to_ascii_lowercase();
    Ok(match name {
        "SERVICE_DEPLOYMENT_FAILED" => DeploymentChange::Failed,
        "SERVICE_DEPLOYMENT_COMPLETED" => DeploymentChange::Completed,
        "SERVICE_DEPLOYMENT_IN_PROGRESS" if reason.contains("rolling back to deployment") => {
            DeploymentChange::RollingBack
        }
        "SERVICE_DEPLOYMENT_IN_PROGRESS" => DeploymentChange::Started,
        _ => return Err(not_handled("ECS Deployment State Change", Some(name))),
    })
}

/// INFO tells of everyday life. An event type that is not known is taken as seriously as ERROR.
fn level(name: &str, detail: &Value) -> Result<Level, Refusal> {
    match text(detail, "eventType") {
        Some("INFO") => Err(not_handled("ECS Service Action", Some(name))),
        Some("WARN" | "WARNING") => Ok(Level::Warn),
        Some(_) | None => Ok(Level::Error),
    }
}

/// The service in `resources`. `detail` may also name it in `serviceName` or `service`; the
/// documented examples carry neither.
fn service_of(event: &Value) -> Result<ServiceArn, Refusal> {
    let cluster = event
        .get("detail")
        .and_then(|detail| text(detail, "clusterArn"));
    let resources = event.get("resources").and_then(Value::as_array);
    let resources = resources.map(Vec::as_slice).unwrap_or_default();
    let found = resources
        .iter()
        .filter_map(Value::as_str)
        .find_map(|resource| ServiceArn::parse(resource, cluster));
    found.ok_or_else(|| malformed("its `resources` name no service"))
}

/// When it happened: what the detail says, else the envelope.
fn time_of(event: &Value, detail: &Value) -> Result<DateTime<Utc>, Refusal> {
    let said = [
        text(detail, "updatedAt"),
        text(detail, "createdAt"),
        text(event, "time"),
    ];
    said.into_iter()
        .flatten()
        .find_map(parse_time)
        .ok_or_else(|| malformed("it has no time"))
}

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::settings::Glob;
    use crate::settings::tests::settings;

    fn deployment(name: &str, reason: &str) -> Value {
        json!({
            "version": "0", "id": "ddca6449-b258-46c0-8653-e0e3aEXAMPLE",
            "detail-type": "ECS Deployment State Change", "source": "aws.ecs",
            "account": "111122223333", "time": "2026-11-22T10:31:14Z", "region": "eu-west-1",
            "resources": ["arn:aws:ecs:eu-west-1:111122223333:service/prod-apps/order-api"],
            "detail": {
                "eventType": "ERROR", "eventName": name, "deploymentId": "ecs-svc/123",
                "updatedAt": "2026-11-22T10:30:11.714Z", "reason": reason,
            }
        })
    }

    fn action(kind: &str, name: &str) -> Value {
        let mut event = deployment(name, "RESOURCE:FARGATE");
        event["detail-type"] = json!("ECS Service Action");
        event["detail"]["eventType"] = json!(kind);
        event["detail"]
            .as_object_mut()
            .unwrap()
            .remove("deploymentId");
        event
    }

    #[track_caller]
    fn check(event: Value, want: &str) {
        check_with(&settings(), event, want);
    }

    #[track_caller]
    fn check_with(settings: &Settings, event: Value, want: &str) {
        let got = match parse(&event, settings) {
            Parsed::Trigger(Trigger::Deployment(event)) => {
                let id = event.deployment.as_deref().unwrap_or("-");
                format!(
                    "{:?} {id} of {} at {}",
                    event.change, event.service.service, event.at
                )
            }
            Parsed::Trigger(Trigger::ServiceAction(action)) => {
                format!(
                    "{:?} {} of {}",
                    action.level, action.name, action.service.service
                )
            }
            Parsed::Ignored(why) => format!("ignored: {why}"),
            Parsed::Malformed(malformed) => {
                let service = malformed.service.map(|arn| arn.service);
                format!(
                    "malformed: {} ({})",
                    malformed.why,
                    service.unwrap_or_default()
                )
            }
        };
        assert_eq!(got, want);
    }

    fn with(pointer: &str, value: Value) -> Value {
        let mut event = deployment("SERVICE_DEPLOYMENT_FAILED", "tasks failed to start.");
        *event.pointer_mut(pointer).unwrap() = value;
        event
    }

    fn without(key: &str) -> Value {
        let mut event = deployment("SERVICE_DEPLOYMENT_FAILED", "tasks failed to start.");
        event.as_object_mut().unwrap().remove(key);
        event["detail"]
            .as_object_mut()
            .map(|detail| detail.remove(key));
        event
    }

    #[test]
    fn deployment_events_are_told_apart_by_name_and_reason() {
        let at = "ecs-svc/123 of order-api at 2026-11-22 10:30:11.714 UTC";
        check(
            deployment("SERVICE_DEPLOYMENT_FAILED", ""),
            &format!("Failed {at}"),
        );
        check(
            deployment("SERVICE_DEPLOYMENT_COMPLETED", ""),
            &format!("Completed {at}"),
        );
        let name = "SERVICE_DEPLOYMENT_IN_PROGRESS";
        check(
            deployment(name, "ECS deployment ecs-svc/123 in progress."),
            &format!("Started {at}"),
        );
        let reason = "ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/123";
        check(deployment(name, reason), &format!("RollingBack {at}"));
    }

    #[test]
    fn a_failing_deployment_that_was_handed_over_is_read() {
        let at = parse_time("2026-11-22T10:30:11.714Z").unwrap();
        let arn = "arn:aws:ecs:eu-west-1:111122223333:service/prod-apps/order-api";
        let service = ServiceArn::parse(arn, None).unwrap();
        let unheard = Unheard::NothingWatches;
        let event = stop::handover("aws.ecs", &service, "ecs-svc/123", 3, unheard, at);
        let want = "Failing { stops: 3, unheard: NothingWatches } ecs-svc/123 of order-api at \
                    2026-11-22 10:30:11.714 UTC";
        check(event.clone(), want);
        let mut silent = event;
        silent["detail"]["unheard"] = json!("later");
        let want = "malformed: it does not say why ECS is silent (order-api)";
        check(silent, want);
    }

    #[test]
    fn an_event_name_that_came_later_is_ignored_with_its_name() {
        let want = "ignored: nothing is to be done for ECS Deployment State Change NEWS";
        check(deployment("NEWS", ""), want);
    }

    #[test]
    fn service_actions_are_taken_by_their_level_also_unknown_ones() {
        check(
            action("WARN", "SERVICE_TASK_START_IMPAIRED"),
            "Warn SERVICE_TASK_START_IMPAIRED of order-api",
        );
        check(
            action("ERROR", "SOMETHING_NEW"),
            "Error SOMETHING_NEW of order-api",
        );
        check(
            action("FATAL", "SOMETHING_NEW"),
            "Error SOMETHING_NEW of order-api",
        );
        let want = "ignored: nothing is to be done for ECS Service Action SERVICE_STEADY_STATE";
        check(action("INFO", "SERVICE_STEADY_STATE"), want);
    }

    #[test]
    fn the_service_action_form_of_a_failed_deployment_is_a_failed_deployment() {
        let want = "Failed - of order-api at 2026-11-22 10:30:11.714 UTC";
        check(action("ERROR", "SERVICE_DEPLOYMENT_FAILED"), want);
    }

    #[test]
    fn foreign_events_are_ignored_by_name() {
        check(
            with("/source", json!("aws.ec2")),
            "ignored: the event's source is `aws.ec2`",
        );
        check(
            with("/account", json!("123456789012")),
            "ignored: the event is of account 123456789012",
        );
        check(
            with("/region", json!("us-east-1")),
            "ignored: the event is of Region us-east-1",
        );
        let other = "arn:aws:ecs:eu-west-1:123456789012:service/prod-apps/order-api";
        check(
            with("/resources", json!([other])),
            "ignored: the event is of account 123456789012",
        );
        let task = with("/detail-type", json!("ECS Task State Change"));
        check(
            task,
            "ignored: nothing is to be done for ECS Task State Change SERVICE_DEPLOYMENT_FAILED",
        );
    }

    #[test]
    fn clusters_and_services_that_are_left_out_are_ignored_by_name() {
        let event = || deployment("SERVICE_DEPLOYMENT_FAILED", "");
        let apps = Glob::parse("*-apps").unwrap();
        let mut cluster = settings();
        cluster.left_out_clusters.push(apps);
        let want = "ignored: cluster `prod-apps` is not watched";
        check_with(&cluster, event(), want);

        let mut service = settings();
        service.left_out_services = vec![Glob::parse("order-*").unwrap()];
        let want = "ignored: service `order-api` is not watched";
        check_with(&service, event(), want);
        let mut broken = event();
        broken["detail"]
            .as_object_mut()
            .unwrap()
            .remove("eventName");
        check_with(&service, broken, want);
    }

    #[test]
    fn what_is_missing_is_named() {
        check(json!("text"), "malformed: it has no `source` ()");
        check(
            without("detail-type"),
            "malformed: it has no `detail-type` (order-api)",
        );
        check(
            without("detail"),
            "malformed: its `detail` is not an object (order-api)",
        );
        check(
            without("eventName"),
            "malformed: it has no `eventName` (order-api)",
        );
        check(
            without("deploymentId"),
            "malformed: it has no `deploymentId` (order-api)",
        );
        check(
            without("resources"),
            "malformed: its `resources` name no service ()",
        );
    }

    #[test]
    fn the_envelope_time_stands_in_for_a_missing_update_time() {
        check(
            without("updatedAt"),
            "Failed ecs-svc/123 of order-api at 2026-11-22 10:31:14 UTC",
        );
        let broken = with("/detail/updatedAt", json!("yesterday"));
        check(
            broken,
            "Failed ecs-svc/123 of order-api at 2026-11-22 10:31:14 UTC",
        );
    }

    #[test]
    fn fractions_of_a_second_may_have_up_to_nine_digits() {
        let nine = with("/detail/updatedAt", json!("2026-11-22T10:30:11.618059641Z"));
        check(
            nine,
            "Failed ecs-svc/123 of order-api at 2026-11-22 10:30:11.618059641 UTC",
        );
        let none = with("/detail/updatedAt", json!("2026-11-22T10:30:11Z"));
        check(
            none,
            "Failed ecs-svc/123 of order-api at 2026-11-22 10:30:11 UTC",
        );
    }
}
