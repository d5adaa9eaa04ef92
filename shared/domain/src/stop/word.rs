//! What becomes of a number that is news: it is told, or counted and kept quiet, and why.

use chrono::{DateTime, TimeDelta, Utc};

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
    match (failed(about, record, service, now), muted) {
        (Some(incident), _) => Word::CountedInto(incident),
        (None, Some(until)) => Word::Muted(until),
        (None, None) => Word::Tell,
    }
}

/// What is on its way to be an open incident is one within this time, its retries included.
pub const ON_THE_WAY: TimeDelta = TimeDelta::minutes(15);

/// The incident of the deployment that started the tasks: people were told that it failed, or ECS
/// has just called it failed and its event is on the way. Of one that is open below the severity
/// floor nobody was told, so its stops speak for themselves.
fn failed(
    about: &About,
    record: Option<&ServiceRecord>,
    service: Option<&Service>,
    now: DateTime<Utc>,
) -> Option<String> {
    let deployment = about.deployment.as_deref()?;
    if let Some(open) = record.and_then(|record| record.failed(deployment)) {
        return (!open.quiet).then(|| open.id.clone());
    }
    let listed = service?.deployment(deployment)?;
    let just = listed.updated_at.is_some_and(|at| now - at < ON_THE_WAY);
    let failed = listed.rollout == Some(Rollout::Failed) && just;
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
            updated_at: Some(now() - TimeDelta::minutes(14)),
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
            unsure: false,
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
    fn the_stops_of_an_incident_that_nobody_was_told_of_speak_for_themselves() {
        let mut quiet = record();
        quiet.open[0].quiet = true;
        check(Some(&quiet), Some(&service(Rollout::Completed)), Word::Tell);
        check(Some(&quiet), Some(&service(Rollout::Failed)), Word::Tell);
    }

    #[test]
    fn the_stops_of_a_deployment_that_ecs_called_failed_long_ago_wait_for_nothing() {
        let mut failed = service(Rollout::Failed);
        failed.deployments[0].updated_at = Some(now() - ON_THE_WAY);
        check(None, Some(&failed), Word::Tell);
        let into = Word::CountedInto(OPEN.to_owned());
        check(Some(&record()), Some(&failed), into);
        failed.deployments[0].updated_at = None;
        check(None, Some(&failed), Word::Tell);
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
