//! `CloudWatch` `GetMetricData` for the `AWS/ECS` metrics of a service (page `available-metrics`).

use crate::api::{Answer, ApiError, number, text};
use crate::world::{Time, World};
use chrono::{DateTime, TimeDelta};
use serde_json::{Value, json};

pub(crate) fn get_metric_data(world: &World, body: &Value) -> Answer {
    let queries = body.get("MetricDataQueries").and_then(Value::as_array);
    let queries = queries.ok_or_else(|| missing("MetricDataQueries"))?;
    if queries.len() > 500 {
        return Err(ApiError::new(
            "InvalidParameterValue",
            "At most 500 metrics a call.",
        ));
    }
    let at = |member: &str| {
        number(body, member)
            .and_then(time)
            .ok_or_else(|| missing(member))
    };
    let range = (at("StartTime")?, at("EndTime")?);
    if range.0 >= range.1 {
        let text = "The parameter StartTime must be less than the parameter EndTime.";
        return Err(ApiError::new("InvalidParameterCombination", text));
    }
    let ascending = text(body, "ScanBy") == "TimestampAscending";
    let results: Result<Vec<_>, _> = queries
        .iter()
        .map(|query| result(world, query, range, ascending))
        .collect();
    Ok(json!({"MetricDataResults": results?, "Messages": []}))
}

fn missing(member: &str) -> ApiError {
    ApiError::new(
        "MissingParameter",
        format!("The parameter {member} is required."),
    )
}

fn time(seconds: f64) -> Option<Time> {
    DateTime::from_timestamp_millis((seconds * 1000.0) as i64)
}

fn result(
    world: &World,
    query: &Value,
    range: (Time, Time),
    ascending: bool,
) -> Result<Value, ApiError> {
    let stat = query
        .get("MetricStat")
        .ok_or_else(|| missing("MetricStat"))?;
    let metric = &stat["Metric"];
    let period = number(stat, "Period").ok_or_else(|| missing("Period"))?;
    // Service metrics have a resolution of one minute.
    let period = TimeDelta::seconds((period as i64).max(60));
    let dimension = |name: &str| {
        let dimensions = metric["Dimensions"].as_array();
        let found = dimensions
            .into_iter()
            .flatten()
            .find(|d| text(d, "Name") == name);
        found.map_or("", |d| text(d, "Value"))
    };
    let name = text(metric, "MetricName");
    let mut points = match text(metric, "Namespace") {
        "AWS/ECS" => {
            let (cluster, service) = (dimension("ClusterName"), dimension("ServiceName"));
            world.metric(cluster, service, name, range, period)
        }
        _ => Vec::new(),
    };
    if !ascending {
        points.reverse();
    }
    let maximum = text(stat, "Stat") == "Maximum";
    let values: Vec<f64> = points
        .iter()
        .map(|p| if maximum { p.2 } else { p.1 })
        .collect();
    let stamps: Vec<f64> = points
        .iter()
        .map(|p| p.0.timestamp_millis() as f64 / 1000.0)
        .collect();
    let label = if text(query, "Label").is_empty() {
        name
    } else {
        text(query, "Label")
    };
    Ok(
        json!({"Id": text(query, "Id"), "Label": label, "Timestamps": stamps, "Values": values,
        "StatusCode": "Complete"}),
    )
}
