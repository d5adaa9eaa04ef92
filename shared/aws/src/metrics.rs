//! CPU and memory of a service around an incident.

use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricDataResult, MetricStat};
use aws_smithy_types::DateTime as SdkTime;
use chrono::{DateTime, TimeDelta, Utc};
use domain::arn::ServiceArn;
use domain::facts::{Fact, MetricPoint, Utilization};
use domain::short;

use crate::asking::Asking;

/// The half hour before `until`, one point a minute, maximum of each
/// (Amazon ECS Developer Guide, `cloudwatch-metrics`). One call, two metrics: metrics cost more
/// than all else, so this is asked once an incident.
pub(crate) async fn utilization(
    asking: &Asking<'_>,
    arn: &ServiceArn,
    until: DateTime<Utc>,
) -> Fact<Utilization> {
    let time = |time: DateTime<Utc>| SdkTime::from_secs(time.timestamp());
    let call = asking.clients.metrics.get_metric_data();
    let call = call
        .metric_data_queries(query(arn, "cpu", "CPUUtilization"))
        .metric_data_queries(query(arn, "memory", "MemoryUtilization"))
        .start_time(time(until - TimeDelta::minutes(30)))
        .end_time(time(until + TimeDelta::minutes(1)));
    let what = "CPU and memory of the service";
    let answer = asking
        .ask(what, "cloudwatch:GetMetricData", call.send())
        .await;
    answer.map(|answer| {
        let series = |id: &str| {
            let result = answer
                .metric_data_results()
                .iter()
                .find(|it| it.id() == Some(id));
            result.map(points).unwrap_or_default()
        };
        Utilization {
            cpu: series("cpu"),
            memory: series("memory"),
        }
    })
}

fn query(arn: &ServiceArn, id: &str, metric: &str) -> MetricDataQuery {
    let dimension = |name: &str, value: &str| Dimension::builder().name(name).value(value).build();
    let metric = Metric::builder()
        .namespace("AWS/ECS")
        .metric_name(metric)
        .dimensions(dimension("ClusterName", &arn.cluster))
        .dimensions(dimension("ServiceName", &arn.service));
    let stat = MetricStat::builder()
        .metric(metric.build())
        .period(60)
        .stat("Maximum")
        .build();
    MetricDataQuery::builder().id(id).metric_stat(stat).build()
}

/// Oldest first; CloudWatch answers newest first unless told otherwise.
fn points(result: &MetricDataResult) -> Vec<MetricPoint> {
    let pairs = result.timestamps().iter().zip(result.values());
    let mut points: Vec<MetricPoint> = pairs
        .filter_map(|(at, value)| {
            let at = DateTime::from_timestamp(at.secs(), at.subsec_nanos())?;
            Some(MetricPoint { at, value: *value })
        })
        .collect();
    short::sort_by_key(&mut points, |point| point.at);
    points
}
