//! What opsbot remembers of a service between invocations, and the names it remembers it by.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::arn::ServiceArn;

/// Stands for the id of a failed deployment that neither its event nor the service names.
pub const UNKNOWN: &str = "unknown";

/// Everything remembered of one service.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ServiceRecord {
    /// The incidents that are open, oldest first: a release that fails is often followed by
    /// another one that fails.
    pub open: Vec<OpenIncident>,
    /// The incident that closed last.
    pub closed: Option<ClosedIncident>,
    /// The revision that completed last.
    pub good: Option<RecordedRevision>,
}

/// A failed deployment that people were told of and that is not over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OpenIncident {
    /// The incident's name.
    pub id: String,
    /// The `ecs-svc/…` id of the failed deployment.
    pub deployment: String,
    /// The failing task definition's ARN, where it was known.
    pub failing: Option<String>,
    /// When the deployment failed.
    pub failed_at: DateTime<Utc>,
    /// The `ecs-svc/…` id of the deployment ECS goes back to, once people were told so.
    pub rolling_back_to: Option<String>,
    /// Below the severity floor: it is kept, but nobody is told.
    pub quiet: bool,
    /// Nothing had failed by what ECS says: a person had it taken back.
    #[serde(default)]
    pub taken_back: bool,
    /// People know only that a rollback may or may not be on, not that the deployment fails.
    #[serde(default)]
    pub unsure: bool,
}

impl ServiceRecord {
    /// The incident of that failed deployment, where it is open.
    pub fn open_for(&self, deployment: &str) -> Option<&OpenIncident> {
        self.open.iter().find(|open| open.deployment == deployment)
    }

    /// The same, where it is about a failure and not only about a rollback that may or may not be on.
    pub fn failed(&self, deployment: &str) -> Option<&OpenIncident> {
        self.open_for(deployment).filter(|open| !open.unsure)
    }

    /// The newest incident of which people were told that ECS rolls back to this deployment.
    pub fn rolled_back_to(&self, deployment: &str) -> Option<&OpenIncident> {
        let goes = |open: &&OpenIncident| open.rolling_back_to.as_deref() == Some(deployment);
        self.open.iter().rfind(goes)
    }

    /// Whether an incident ended at that time or later: what happened before it is history.
    pub fn closed_since(&self, at: DateTime<Utc>) -> bool {
        self.closed
            .as_ref()
            .is_some_and(|closed| closed.closed_at >= at)
    }

    /// The incident of which a warning at `at` is a symptom: people were told of it, and not so
    /// long ago that the warning is news of its own.
    pub fn symptom_of(&self, at: DateTime<Utc>, lasting: TimeDelta) -> Option<&OpenIncident> {
        self.open
            .iter()
            .find(|open| !open.quiet && !open.unsure && at - open.failed_at < lasting)
    }

    /// The open incidents that a completion at `at` ends. An older completion that arrives late
    /// ends nothing.
    pub fn ended_by(&self, at: DateTime<Utc>) -> Vec<OpenIncident> {
        self.open
            .iter()
            .filter(|open| open.failed_at < at)
            .cloned()
            .collect()
    }
}

/// An incident that is over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClosedIncident {
    /// The `ecs-svc/…` id of the failed deployment.
    pub deployment: String,
    /// When it was over.
    pub closed_at: DateTime<Utc>,
}

/// A revision that was seen to complete.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordedRevision {
    /// The task definition's ARN.
    pub task_definition: String,
    /// The `ecs-svc/…` id of the deployment that completed.
    pub deployment: String,
    /// When it completed.
    pub completed_at: DateTime<Utc>,
}

/// The name of an incident: one for all its messages, so that they thread in chat and fold in a
/// pager. `subject` is the failed deployment's id or the service action's name.
pub fn incident_id(service: &ServiceArn, subject: &str) -> String {
    let ServiceArn {
        region,
        account,
        cluster,
        service,
        ..
    } = service;
    format!(
        "ecs/{account}/{region}/{cluster}/{service}/{}",
        crate::arn::last_part(subject)
    )
}

/// One piece of news: what it is called in the table, when it happened, and after how long the
/// same is news again.
#[derive(Clone, Debug, PartialEq)]
pub struct News {
    /// The key, unique within the service.
    pub key: String,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// The same key is news again when it happened this much later than what was told.
    pub again_after: TimeDelta,
}

/// Two failures of one deployment id closer than this are one failure told twice: the two forms
/// of the event differ by seconds, and a breaker needs minutes to trip again.
const SAME_FAILURE: TimeDelta = TimeDelta::minutes(10);

/// Longer than any mark is kept.
const FOR_EVER: TimeDelta = TimeDelta::days(365);

impl News {
    /// A deployment failed. The key has no event name and no time in it, because the failure may
    /// be told by a deployment event, a service action, or the start of a rollback.
    pub fn failed(deployment: &str, at: DateTime<Utc>) -> Self {
        Self {
            key: format!("failed#{deployment}"),
            at,
            again_after: SAME_FAILURE,
        }
    }

    /// A deployment keeps failing, and ECS does not say so. That ECS calls it failed later on is
    /// news of its own, and so is a number of stops `again` where nobody was told yet.
    pub fn failing(deployment: &str, again: Option<u64>, at: DateTime<Utc>) -> Self {
        let again = again.map_or(String::new(), |stops| format!("#{stops}"));
        Self {
            key: format!("failing#{deployment}{again}"),
            at,
            again_after: SAME_FAILURE,
        }
    }

    /// ECS began to roll back from a failed deployment to another.
    pub fn rolling_back(failed: &str, to: &str, at: DateTime<Utc>) -> Self {
        Self {
            key: format!("rolling-back#{failed}#{to}"),
            at,
            again_after: SAME_FAILURE,
        }
    }

    /// opsbot's rollback is not done after a while.
    pub fn unfinished(failed: &str, began: DateTime<Utc>) -> Self {
        Self {
            key: format!("unfinished#{failed}"),
            at: began,
            again_after: SAME_FAILURE,
        }
    }

    /// opsbot called ECS to go back from `deployment`, once ever, and this is how it went.
    pub fn rolled_back(deployment: &str, at: DateTime<Utc>) -> Self {
        Self {
            key: format!("rolled-back#{deployment}"),
            at,
            again_after: FOR_EVER,
        }
    }

    /// opsbot was to go back from `deployment` and did not, for this reason: the code of a verdict
    /// or of an outcome.
    pub fn held(deployment: &str, why: &str, at: DateTime<Utc>) -> Self {
        Self {
            key: format!("held#{deployment}#{why}"),
            at,
            again_after: FOR_EVER,
        }
    }

    /// An incident is over.
    pub fn recovered(failed_deployment: &str, at: DateTime<Utc>) -> Self {
        Self {
            key: format!("recovered#{failed_deployment}"),
            at,
            again_after: SAME_FAILURE,
        }
    }

    /// ECS warned about the service. ECS repeats itself while a cause lasts.
    pub fn warned(
        name: &str,
        reason: Option<&str>,
        at: DateTime<Utc>,
        again_after: TimeDelta,
    ) -> Self {
        let reason: String = reason.unwrap_or_default().chars().take(200).collect();
        Self {
            key: format!("warned#{name}#{reason}"),
            at,
            again_after,
        }
    }

    /// An event that could not be read.
    pub fn unreadable(why: &str, at: DateTime<Utc>, again_after: TimeDelta) -> Self {
        let why: String = why.chars().take(200).collect();
        Self {
            key: format!("unreadable#{why}"),
            at,
            again_after,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(deployment: &str, failed_at: i64) -> OpenIncident {
        OpenIncident {
            id: format!("ecs/111122223333/eu-west-1/prod-apps/order-api/{deployment}"),
            deployment: deployment.to_owned(),
            failing: None,
            failed_at: DateTime::from_timestamp(failed_at, 0).unwrap(),
            rolling_back_to: None,
            quiet: false,
            taken_back: false,
            unsure: false,
        }
    }

    #[track_caller]
    fn check(open: &[OpenIncident], want: &[&str]) {
        let got: Vec<&str> = open.iter().map(|open| open.deployment.as_str()).collect();
        assert_eq!(got, want);
    }

    #[test]
    fn a_late_completion_ends_only_what_failed_before_it() {
        let record = ServiceRecord {
            open: vec![open("a", 10), open("b", 30)],
            ..ServiceRecord::default()
        };
        check(
            &record.ended_by(DateTime::from_timestamp(20, 0).unwrap()),
            &["a"],
        );
        check(
            &record.ended_by(DateTime::from_timestamp(10, 0).unwrap()),
            &[],
        );
        check(
            &record.ended_by(DateTime::from_timestamp(40, 0).unwrap()),
            &["a", "b"],
        );
    }

    #[test]
    fn a_warning_is_a_symptom_of_a_recent_incident_that_was_told() {
        let at = DateTime::from_timestamp(1_000, 0).unwrap();
        let quiet = OpenIncident {
            quiet: true,
            ..open("b", 900)
        };
        let record = |incident| ServiceRecord {
            open: vec![incident],
            ..ServiceRecord::default()
        };
        let lasting = TimeDelta::seconds(300);
        assert!(record(open("a", 900)).symptom_of(at, lasting).is_some());
        assert!(record(open("a", 600)).symptom_of(at, lasting).is_none());
        assert!(record(quiet).symptom_of(at, lasting).is_none());
    }

    #[test]
    fn an_incident_is_named_after_service_and_deployment() {
        let arn = "arn:aws:ecs:eu-west-1:111122223333:service/prod-apps/order-api";
        let service = ServiceArn::parse(arn, None).unwrap();
        assert_eq!(
            incident_id(&service, "ecs-svc/1234"),
            "ecs/111122223333/eu-west-1/prod-apps/order-api/1234"
        );
    }
}
