//! The health of a target group's targets.

use aws_sdk_elasticloadbalancingv2::types::TargetHealthDescription;
use domain::facts::{Target, TargetGroup};

use crate::asking::Asking;

/// `DescribeTargetHealth` of one target group.
pub(crate) async fn health(asking: &Asking<'_>, arn: &str) -> TargetGroup {
    let call = asking
        .clients
        .load_balancing
        .describe_target_health()
        .target_group_arn(arn);
    let what = format!("the targets of {}", domain::arn::target_group_name(arn));
    let action = "elasticloadbalancing:DescribeTargetHealth";
    let answer = asking.ask(&what, action, call.send()).await;
    let targets = answer.map(|answer| {
        answer
            .target_health_descriptions()
            .iter()
            .map(target)
            .collect()
    });
    TargetGroup {
        arn: arn.to_owned(),
        targets,
    }
}

fn target(description: &TargetHealthDescription) -> Target {
    let health = description.target_health();
    let target = description.target();
    Target {
        id: target.and_then(|it| it.id()).unwrap_or_default().to_owned(),
        port: target.and_then(|it| it.port()),
        state: health
            .and_then(|it| it.state())
            .map(|it| it.as_str().to_owned())
            .unwrap_or_default(),
        reason: health
            .and_then(|it| it.reason())
            .map(|it| it.as_str().to_owned()),
        description: health.and_then(|it| it.description()).map(str::to_owned),
    }
}
