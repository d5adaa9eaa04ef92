//! A service's settings from and to JSON.

use crate::api::{number, text, texts};
use crate::world::{Breaker, Settings, Threshold};
use serde_json::{Value, json};

/// Members of `CreateService` and `UpdateService` that are kept as given.
const KEPT: [&str; 6] = [
    "networkConfiguration",
    "serviceRegistries",
    "placementConstraints",
    "placementStrategy",
    "propagateTags",
    "enableExecuteCommand",
];

pub(super) fn put_into(json: &mut Value, settings: &Settings, with_tags: bool) {
    json["deploymentConfiguration"] = deployment_configuration(settings);
    json["deploymentController"] = json!({"type": settings.controller});
    json["schedulingStrategy"] = settings.scheduling.as_str().into();
    json["loadBalancers"] = load_balancers(settings);
    if !settings.target_groups.is_empty() {
        json["healthCheckGracePeriodSeconds"] = settings.grace_seconds.into();
    }
    if with_tags {
        let tags = settings
            .tags
            .iter()
            .map(|(key, value)| json!({"key": key, "value": value}));
        json["tags"] = tags.collect();
    }
    put_compute(json, settings);
    json["platformVersion"] = "LATEST".into();
    json["platformFamily"] = "Linux".into();
    for (member, value) in &settings.other {
        json[member] = value.clone();
    }
}

/// `launchType` is left out with capacity providers and the reverse.
pub(super) fn put_compute(json: &mut Value, settings: &Settings) {
    match &settings.capacity_provider {
        Some(provider) => {
            json["capacityProviderStrategy"] =
                json!([{"capacityProvider": provider, "weight": 1, "base": 0}]);
        }
        None => json["launchType"] = "FARGATE".into(),
    }
}

pub(super) fn load_balancers(settings: &Settings) -> Value {
    let groups = settings.target_groups.iter().map(|(arn, container, port)| {
        json!({"targetGroupArn": arn, "containerName": container, "containerPort": port})
    });
    groups.collect()
}

pub(super) fn deployment_configuration(settings: &Settings) -> Value {
    let mut json = json!({
        "minimumHealthyPercent": settings.percents.0, "maximumPercent": settings.percents.1,
        "strategy": settings.strategy, "bakeTimeInMinutes": 0,
    });
    json["deploymentCircuitBreaker"] = match settings.breaker {
        Some(breaker) => breaker_json(breaker),
        None => json!({"enable": false, "rollback": false}),
    };
    if let Some((names, rollback)) = &settings.alarms {
        json["alarms"] = json!({"alarmNames": names, "enable": true, "rollback": rollback});
    }
    json
}

fn breaker_json(breaker: Breaker) -> Value {
    let (kind, value) = match breaker.threshold {
        Threshold::BoundedPercent(value) => ("BOUNDED_PERCENT", value),
        Threshold::UnboundedPercent(value) => ("UNBOUNDED_PERCENT", value),
        Threshold::Count(value) => ("COUNT", f64::from(value)),
    };
    json!({
        "enable": true, "rollback": breaker.rollback,
        "resetOnHealthyTask": breaker.reset_on_healthy_task,
        "thresholdConfiguration": {"type": kind, "value": value as i64},
    })
}

/// Overwrites what a request names.
pub(super) fn read_into(settings: &mut Settings, body: &Value) {
    if let Some(desired) = number(body, "desiredCount") {
        settings.desired = desired as u32;
    }
    if let Some(seconds) = number(body, "healthCheckGracePeriodSeconds") {
        settings.grace_seconds = seconds as i64;
    }
    if let Some(configuration) = body
        .get("deploymentConfiguration")
        .filter(|v| v.is_object())
    {
        read_configuration(settings, configuration);
    }
    if let Some(balancers) = body.get("loadBalancers").and_then(Value::as_array) {
        let group = |b: &Value| {
            let port = number(b, "containerPort").unwrap_or(0.0) as u16;
            (
                text(b, "targetGroupArn").to_owned(),
                text(b, "containerName").to_owned(),
                port,
            )
        };
        settings.target_groups = balancers.iter().map(group).collect();
    }
    if let Some(strategy) = body
        .get("capacityProviderStrategy")
        .and_then(Value::as_array)
    {
        let first = strategy
            .first()
            .map(|item| text(item, "capacityProvider").to_owned());
        settings.capacity_provider = first;
    }
    for member in KEPT {
        if let Some(value) = body.get(member).filter(|v| !v.is_null()) {
            settings.other.insert(member.into(), value.clone());
        }
    }
}

/// Members that only `CreateService` takes.
pub(super) fn read_new(settings: &mut Settings, body: &Value) {
    read_into(settings, body);
    let controller = body
        .get("deploymentController")
        .map_or("", |c| text(c, "type"));
    if !controller.is_empty() {
        settings.controller = controller.into();
    }
    if !text(body, "schedulingStrategy").is_empty() {
        settings.scheduling = text(body, "schedulingStrategy").into();
    }
    let tags = body
        .get("tags")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let pair = |tag: &Value| (text(tag, "key").to_owned(), text(tag, "value").to_owned());
    settings.tags.extend(tags.map(pair));
}

fn read_configuration(settings: &mut Settings, configuration: &Value) {
    if let Some(percent) = number(configuration, "minimumHealthyPercent") {
        settings.percents.0 = percent as u32;
    }
    if let Some(percent) = number(configuration, "maximumPercent") {
        settings.percents.1 = percent as u32;
    }
    if !text(configuration, "strategy").is_empty() {
        settings.strategy = text(configuration, "strategy").into();
    }
    if let Some(breaker) = configuration
        .get("deploymentCircuitBreaker")
        .filter(|b| b.is_object())
    {
        settings.breaker = (breaker["enable"] == true).then(|| read_breaker(breaker));
    }
    if let Some(alarms) = configuration.get("alarms").filter(|a| a.is_object()) {
        let names = texts(alarms, "alarmNames")
            .into_iter()
            .map(str::to_owned)
            .collect();
        settings.alarms = (alarms["enable"] == true).then(|| (names, alarms["rollback"] == true));
    }
}

fn read_breaker(json: &Value) -> Breaker {
    let mut breaker = Breaker::on();
    breaker.rollback = json["rollback"] == true;
    breaker.reset_on_healthy_task = json["resetOnHealthyTask"] != false;
    let threshold = &json["thresholdConfiguration"];
    let value = number(threshold, "value").unwrap_or(50.0);
    breaker.threshold = match text(threshold, "type") {
        "UNBOUNDED_PERCENT" => Threshold::UnboundedPercent(value),
        "COUNT" => Threshold::Count(value as u32),
        _ => Threshold::BoundedPercent(value),
    };
    breaker
}
