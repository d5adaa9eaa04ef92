//! What becomes of a number that is news: it is told, or counted and kept quiet, and why.

use chrono::{DateTime, Utc};

use super::{About, muted_until};
use crate::facts::{Rollout, Service};
use crate::incident::{ServiceRecord, incident_id};

/// What to do with a number of stops that is news.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// Tell it.
    Tell,
    /// The deployment has failed, which is told on its own: its stops are part of that incident.
    CountedInto(String),
    /// The service is muted until then.
    Muted(DateTime<Utc>),
}

/// Decides what to do with it. What cannot be read keeps nothing quiet.
pub fn word(
    about: &About,
    record: Option<&ServiceRecord>,
    service: Option<&Service>,
    now: DateTime<Utc>,
) -> Word {
    let muted = service.and_then(|service| muted_until(&service.tags, now));
    match (failed(about, record, service), muted) {
        (Some(incident), _) => Word::CountedInto(incident),
        (None, Some(until)) => Word::Muted(until),
        (None, None) => Word::Tell,
    }
}

/// The incident of the deployment that started the tasks: people were told that it failed, or ECS
/// has just called it failed and its event is on the way.
fn failed(
    about: &About,
    record: Option<&ServiceRecord>,
    service: Option<&Service>,
) -> Option<String> {
    let deployment = about.deployment.as_deref()?;
    if let Some(open) = record.and_then(|record| record.open_for(deployment)) {
        return Some(open.id.clone());
    }
    let listed = service?.deployment(deployment)?;
    let failed = listed.rollout == Some(Rollout::Failed);
    failed.then(|| incident_id(&about.subject.arn, deployment))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arn::ServiceArn;
    use crate::causes::Cause;
    use crate::facts::{Deployment, parse_time};
    use crate::incident::OpenIncident;
    use crate::stop::{MUTE_TAG, Subject};

    const OPEN: &str = "ecs/111122223333/us-east-1/prod-apps/order-api/2";

    fn about() -> About {
        let arn = "arn:aws:ecs:us-east-1:111122223333:service/prod-apps/order-api";
        About {
            subject: Subject {
                arn: ServiceArn::parse(arn, None).unwrap(),
                standalone: false,
            },
            deployment: Some("ecs-svc/2".to_owned()),
            task_definition: None,
            cause: Cause::AppError,
            container: None,
        }
    }

    fn service(rollout: Rollout) -> Service {
        let deployment = Deployment {
            id: "ecs-svc/2".to_owned(),
            rollout: Some(rollout),
            ..Deployment::default()
        };
        Service {
            deployments: vec![deployment],
            ..Service::default()
        }
    }

    fn muted(mut service: Service) -> Service {
        let until = "2026-11-22T12:00:00Z".to_owned();
        service.tags.insert(MUTE_TAG.to_owned(), until);
        service
    }

    fn record() -> ServiceRecord {
        let open = OpenIncident {
            id: OPEN.to_owned(),
            deployment: "ecs-svc/2".to_owned(),
            failing: None,
            failed_at: now(),
            rolling_back_to: None,
            quiet: false,
            taken_back: false,
        };
        ServiceRecord {
            open: vec![open],
            ..ServiceRecord::default()
        }
    }

    fn now() -> DateTime<Utc> {
        parse_time("2026-11-22T10:00:00Z").unwrap()
    }

    #[track_caller]
    fn check(record: Option<&ServiceRecord>, service: Option<&Service>, want: Word) {
        assert_eq!(word(&about(), record, service, now()), want);
    }

    #[test]
    fn a_crash_loop_in_production_is_told() {
        check(None, Some(&service(Rollout::Completed)), Word::Tell);
    }

    #[test]
    fn the_stops_of_an_open_incident_are_counted_into_it() {
        let want = Word::CountedInto(OPEN.to_owned());
        check(Some(&record()), Some(&service(Rollout::Completed)), want);
    }

    #[test]
    fn the_stops_of_a_deployment_that_ecs_calls_failed_wait_for_its_own_alert() {
        let want = Word::CountedInto(OPEN.to_owned());
        check(None, Some(&service(Rollout::Failed)), want.clone());
        check(None, Some(&muted(service(Rollout::Failed))), want);
        check(None, Some(&service(Rollout::InProgress)), Word::Tell);
    }

    #[test]
    fn a_muted_service_is_quiet() {
        let want = Word::Muted(parse_time("2026-11-22T12:00:00Z").unwrap());
        check(None, Some(&muted(service(Rollout::Completed))), want);
    }

    #[test]
    fn what_cannot_be_read_keeps_nothing_quiet() {
        check(None, None, Word::Tell);
    }
}
