//! Which deployment fails, and which revision the service last ran well on. Never "revision minus
//! one": the number before the failing one may be the last bad build.

use crate::change;
use crate::facts::{
    Deployment, GoodRevision, KnownFrom, Rollout, Service, ServiceDeployment, ServiceRevision,
};
use crate::incident::RecordedRevision;

/// The deployment that fails: the one that is named, if it is still listed.
///
/// Without a name it is the
/// PRIMARY one where ECS marks it as failed, else the newest that it marks so, else the PRIMARY one
/// while it is in progress and no rollback. Where ECS gives no rollout state (blue/green, Classic
/// Load Balancers) nothing is known to fail.
pub fn failing<'a>(service: &'a Service, named: Option<&str>) -> Option<&'a Deployment> {
    if let Some(named) = named {
        return service.deployment(named);
    }
    let is_failed = |it: &&Deployment| it.rollout == Some(Rollout::Failed);
    let under_way = |it: &&Deployment| it.rollout == Some(Rollout::InProgress) && !is_rollback(it);
    let newest = || {
        service
            .deployments
            .iter()
            .filter(is_failed)
            .max_by_key(|it| it.created_at)
    };
    service
        .primary()
        .filter(is_failed)
        .or_else(newest)
        .or_else(|| service.primary().filter(under_way))
}

/// A deployment that the service still lists and that can be gone back to: it completed, or ECS is
/// going back to it now, and it is not the failing revision.
pub fn listed<'a>(service: &'a Service, failing: Option<&str>) -> Option<&'a Deployment> {
    let good = |it: &&Deployment| {
        let completed = it.rollout == Some(Rollout::Completed) || is_rollback(it);
        completed && Some(it.task_definition.as_str()) != failing
    };
    service
        .deployments
        .iter()
        .filter(good)
        .max_by_key(|deployment| deployment.created_at)
}

/// Whether ECS is rolling back to this deployment. No field says so, only the reason does
/// (Amazon ECS Developer Guide, `ecs_service_deployment_events`).
pub fn is_rollback(deployment: &Deployment) -> bool {
    let reason = deployment.rollout_reason.as_deref().unwrap_or_default();
    reason
        .to_ascii_lowercase()
        .contains("rolling back to deployment")
}

/// The service revision that the failing deployment was to bring, by its task definition's ARN. No
/// field maps `ecs-svc/…` to it: it is the newest target that did not succeed.
pub fn failing_revision<'a>(
    history: &[ServiceDeployment],
    revisions: &'a [ServiceRevision],
    task_definition: &str,
) -> Option<&'a ServiceRevision> {
    let failed = history.iter().filter(|it| it.status != "SUCCESSFUL");
    let mut targets = failed.filter_map(|it| target(it, revisions));
    targets.find(|revision| revision.task_definition == task_definition)
}

fn target<'a>(
    deployment: &ServiceDeployment,
    revisions: &'a [ServiceRevision],
) -> Option<&'a ServiceRevision> {
    let arn = deployment.target_revision.as_deref()?;
    revisions.iter().find(|revision| revision.arn == arn)
}

/// The last good revision.
///
/// It is the target of the newest successful service deployment that brought something else than
/// the failing one: another task definition, or the same with another image behind its tag; else, for services whose last success is older than the 90 days of history,
/// the one opsbot recorded; else a completed deployment that the service still lists.
pub fn revision(
    service: Option<&Service>,
    history: &[ServiceDeployment],
    revisions: &[ServiceRevision],
    recorded: Option<&RecordedRevision>,
    failing: Option<&str>,
) -> Option<GoodRevision> {
    let found = |task_definition: &str, known_from| GoodRevision {
        task_definition: task_definition.to_owned(),
        revision: None,
        known_from,
    };
    let successful = history
        .iter()
        .filter(|deployment| deployment.status == "SUCCESSFUL");
    let differs = |task_definition: &str| Some(task_definition) != failing;
    let bad = failing.and_then(|failing| failing_revision(history, revisions, failing));
    let moved = |it: &ServiceRevision| bad.is_some_and(|bad| !change::digests(it, bad).is_empty());
    let by_history = successful
        .filter_map(|deployment| target(deployment, revisions))
        .find(|revision| differs(&revision.task_definition) || moved(revision))
        .map(|revision| GoodRevision {
            revision: Some(revision.arn.clone()),
            ..found(&revision.task_definition, KnownFrom::History)
        });
    let by_record = || {
        let recorded = recorded.filter(|recorded| differs(&recorded.task_definition))?;
        Some(found(&recorded.task_definition, KnownFrom::Record))
    };
    let by_list = || {
        let listed = listed(service?, failing)?;
        Some(found(&listed.task_definition, KnownFrom::Listed))
    };
    by_history.or_else(by_record).or_else(by_list)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::RevisionImage;

    fn deployment(id: &str, revision: u32, rollout: Rollout) -> Deployment {
        Deployment {
            id: id.to_owned(),
            status: "ACTIVE".to_owned(),
            task_definition: format!("order-api:{revision}"),
            rollout: Some(rollout),
            created_at: chrono::DateTime::from_timestamp(revision.into(), 0),
            ..Deployment::default()
        }
    }

    fn service(deployments: Vec<Deployment>) -> Service {
        Service {
            deployments,
            ..Service::default()
        }
    }

    fn past(status: &str, revision: u32) -> (ServiceDeployment, ServiceRevision) {
        let deployment = ServiceDeployment {
            status: status.to_owned(),
            target_revision: Some(format!("revision/{revision}")),
            ..ServiceDeployment::default()
        };
        let revision = ServiceRevision {
            arn: format!("revision/{revision}"),
            task_definition: format!("order-api:{revision}"),
            ..ServiceRevision::default()
        };
        (deployment, revision)
    }

    #[track_caller]
    fn check(
        service: Option<&Service>,
        history: &[(ServiceDeployment, ServiceRevision)],
        recorded: Option<u32>,
        want: Option<(&str, KnownFrom)>,
    ) {
        let (history, revisions): (Vec<_>, Vec<_>) = history.iter().cloned().unzip();
        let recorded = recorded.map(|number| RecordedRevision {
            task_definition: format!("order-api:{number}"),
            deployment: "ecs-svc/1".to_owned(),
            completed_at: chrono::DateTime::UNIX_EPOCH,
        });
        let got = revision(
            service,
            &history,
            &revisions,
            recorded.as_ref(),
            Some("order-api:42"),
        );
        let got = got
            .as_ref()
            .map(|good| (good.task_definition.as_str(), good.known_from));
        assert_eq!(got, want);
    }

    #[test]
    fn the_newest_success_in_the_history_is_good() {
        let history = [
            past("IN_PROGRESS", 42),
            past("SUCCESSFUL", 40),
            past("SUCCESSFUL", 39),
        ];
        check(
            None,
            &history,
            Some(38),
            Some(("order-api:40", KnownFrom::History)),
        );
    }

    #[test]
    fn rolled_back_and_failed_deployments_are_skipped() {
        let history = [
            past("ROLLBACK_SUCCESSFUL", 42),
            past("STOPPED", 41),
            past("SUCCESSFUL", 39),
        ];
        check(
            None,
            &history,
            None,
            Some(("order-api:39", KnownFrom::History)),
        );
    }

    #[test]
    fn the_failing_revision_is_never_good_even_if_it_once_was() {
        check(None, &[past("SUCCESSFUL", 42)], None, None);
        check(None, &[past("SUCCESSFUL", 42)], Some(42), None);
    }

    /// The same task definition, brought once more after its tag was moved.
    #[test]
    fn the_same_task_definition_with_another_image_is_another_revision() {
        let brought = |status: &str, name: &str, digest: &str| {
            let (mut deployment, mut revision) = past(status, 42);
            deployment.target_revision = Some(name.to_owned());
            revision.arn = name.to_owned();
            let image = RevisionImage {
                image: "registry/order-api:latest".to_owned(),
                digest: Some(digest.to_owned()),
            };
            revision.images.insert("app".to_owned(), image);
            (deployment, revision)
        };
        for (digest, want) in [("sha256:a", Some("revision/a")), ("sha256:b", None)] {
            let history = [
                brought("ROLLBACK_IN_PROGRESS", "revision/b", "sha256:b"),
                brought("SUCCESSFUL", "revision/a", digest),
            ];
            let (history, revisions): (Vec<_>, Vec<_>) = history.into_iter().unzip();
            let good = revision(None, &history, &revisions, None, Some("order-api:42"));
            let good = good.and_then(|good| good.revision);
            assert_eq!(good.as_deref(), want, "{digest}");
        }
    }

    #[test]
    fn the_record_stands_in_for_a_history_that_has_expired() {
        check(
            None,
            &[],
            Some(38),
            Some(("order-api:38", KnownFrom::Record)),
        );
    }

    #[test]
    fn a_completed_deployment_still_listed_is_the_last_resort() {
        let service = service(vec![
            deployment("ecs-svc/2", 42, Rollout::Failed),
            deployment("ecs-svc/1", 41, Rollout::Completed),
        ]);
        check(
            Some(&service),
            &[],
            None,
            Some(("order-api:41", KnownFrom::Listed)),
        );
    }

    #[test]
    fn a_first_deployment_has_nothing_to_go_back_to() {
        let service = service(vec![deployment("ecs-svc/1", 42, Rollout::Failed)]);
        check(Some(&service), &[past("IN_PROGRESS", 42)], None, None);
    }

    #[test]
    fn the_failing_deployment_is_found_without_its_name() {
        let both = service(vec![
            deployment("ecs-svc/1", 41, Rollout::InProgress),
            deployment("ecs-svc/2", 42, Rollout::Failed),
        ]);
        assert_eq!(failing(&both, None).unwrap().id, "ecs-svc/2");
        assert_eq!(failing(&both, Some("ecs-svc/1")).unwrap().id, "ecs-svc/1");
        assert_eq!(failing(&both, Some("ecs-svc/9")), None);
    }
}
