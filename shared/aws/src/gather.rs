//! Reads everything an engineer would look up by hand, in at most three rounds of calls that run
//! at the same time. Nothing here fails: what cannot be read is a missing fact with its reason.

mod closer;
mod good;
mod log;
pub mod rollback;
mod stops;

use chrono::{DateTime, Utc};
use domain::arn::ServiceArn;
use domain::facts::{Fact, Service, ServiceDeployment, TargetGroup, Utilization};
use futures_util::future::join_all;

pub use closer::{Closer, Last, closer, complete, facts, last};
pub use stops::{AT_ONCE, Around, Definitions, Evidence, around, evidence};

use crate::asking::{Asking, missing, not_asked};
use crate::ecs::StoppedTaskArns;
use crate::{ecs, metrics, targets};

/// The first round: what the service's name alone leads to.
#[derive(Clone, Debug)]
pub struct Glance {
    /// The service now.
    pub service: Fact<Service>,
    task_arns: Fact<StoppedTaskArns>,
    history: Fact<Vec<ServiceDeployment>>,
    utilization: Fact<Utilization>,
}

/// Reads the service, its stopped tasks' ARNs, its history and its CPU and memory around `at`.
pub async fn glance(asking: &Asking<'_>, arn: &ServiceArn, at: DateTime<Utc>) -> Glance {
    let (service, task_arns, history, utilization) = tokio::join!(
        ecs::service(asking, arn),
        ecs::stopped_task_arns(asking, arn),
        ecs::history(asking, arn),
        metrics::utilization(asking, arn, at),
    );
    Glance {
        service,
        task_arns,
        history,
        utilization,
    }
}

/// The service alone, for news that needs no diagnosis.
pub async fn service(asking: &Asking<'_>, arn: &ServiceArn) -> Fact<Service> {
    ecs::service(asking, arn).await
}

/// The service and its deployment history, for a look at a rollback.
pub async fn service_and_history(
    asking: &Asking<'_>,
    arn: &ServiceArn,
) -> (Fact<Service>, Fact<Vec<ServiceDeployment>>) {
    tokio::join!(ecs::service(asking, arn), ecs::history(asking, arn))
}

/// The targets of a service, for the last word of an incident.
pub async fn target_groups(asking: &Asking<'_>, service: &Fact<Service>) -> Vec<TargetGroup> {
    let arns = service
        .known()
        .map(|service| service.target_groups.as_slice())
        .unwrap_or_default();
    join_all(arns.iter().map(|arn| targets::health(asking, arn))).await
}
