//! Which deployment fails, and which revision the service last ran well on. Never "revision minus
//! one": the number before the failing one may be the last bad build.

use chrono::{DateTime, TimeDelta, Utc};

use crate::arn::same;
use crate::facts::{
    Deployment, GoodRevision, KnownFrom, Rollout, Service, ServiceDeployment, ServiceRevision,
};
use crate::incident::RecordedRevision;
use crate::short;
use crate::verdict::Attempt;

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

/// How far apart ECS may date a service deployment and the `ecs-svc/…` deployment it makes. No
/// field maps the one to the other.
pub(crate) const SAME_START: TimeDelta = TimeDelta::minutes(5);

/// The history of this service, newest first. One that was deleted and created again under its name
/// is another one.
pub fn own_history<'a>(
    service: Option<&Service>,
    history: &'a [ServiceDeployment],
) -> Vec<&'a ServiceDeployment> {
    let born = service.and_then(|it| it.created_at?.checked_sub_signed(SAME_START));
    let own = |entry: &&ServiceDeployment| entry.created_at.is_none_or(|at| Some(at) >= born);
    let mut history: Vec<_> = history.iter().filter(own).collect();
    short::sort_by_key(&mut history, |entry| std::cmp::Reverse(entry.created_at));
    history
}

/// The entry of the history that is the judged deployment: of the same task definition, and nearest
/// in time; else the service's current one, where it is the newest too.
pub(crate) fn entry<'a>(
    judged: &Deployment,
    current: Option<&str>,
    history: &[&'a ServiceDeployment],
    revisions: &[ServiceRevision],
) -> Option<&'a ServiceDeployment> {
    let brings = |entry: &&&ServiceDeployment| {
        target(entry, revisions)
            .is_some_and(|revision| same(&revision.task_definition, &judged.task_definition))
    };
    let apart = |entry: &ServiceDeployment| Some((entry.created_at? - judged.created_at?).abs());
    let near = |entry: &&&ServiceDeployment| apart(entry).is_some_and(|it| it <= SAME_START);
    let current = || {
        let current = current?;
        history.first().filter(|entry| entry.arn == current)
    };
    let nearest = history.iter().filter(brings).filter(near);
    nearest
        .min_by_key(|entry| apart(entry))
        .or_else(|| current().filter(brings))
        .copied()
}

/// So many of the newest entries say what goes on, whatever became of them.
const NEWEST: usize = 8;

/// So many revisions are read: what one call takes (Amazon ECS API reference,
/// `DescribeServiceRevisions`).
const A_CALL: usize = 20;

/// The revisions of a history, newest first, that anybody wants to know: of the newest entries, and
/// of those that succeeded.
pub fn to_read(history: &[ServiceDeployment]) -> Vec<String> {
    let wanted = history.iter().enumerate();
    let wanted = wanted.filter(|(at, it)| *at < NEWEST || it.status == "SUCCESSFUL");
    let mut arns: Vec<String> = Vec::new();
    for arn in wanted.filter_map(|(_, it)| it.target_revision.as_ref()) {
        if arns.len() < A_CALL && !arns.contains(arn) {
            arns.push(arn.clone());
        }
    }
    arns
}

/// What is known of a service's past, which verdict and alert both ask for the last good revision.
#[derive(Clone, Debug)]
pub struct Past<'a> {
    /// The service.
    pub service: Option<&'a Service>,
    /// The deployment that fails, where it is listed.
    pub judged: Option<&'a Deployment>,
    /// Its [`own_history`].
    pub history: Vec<&'a ServiceDeployment>,
    /// The service revisions that the history names.
    pub revisions: &'a [ServiceRevision],
    /// The one that opsbot recorded.
    pub recorded: Option<&'a RecordedRevision>,
    /// opsbot's newest rollback of the service.
    pub newest: Option<&'a Attempt>,
}

/// A revision that was good once.
pub(crate) struct Candidate<'a> {
    /// The task definition; `Err` names the service revision that could not be read.
    pub(crate) task_definition: Result<&'a str, &'a str>,
    pub(crate) revision: Option<&'a ServiceRevision>,
    known_from: KnownFrom,
}

impl Candidate<'_> {
    pub(crate) fn named(self) -> Option<GoodRevision> {
        Some(GoodRevision {
            task_definition: self.task_definition.ok()?.to_owned(),
            revision: self.revision.map(|revision| revision.arn.clone()),
            known_from: self.known_from,
        })
    }
}

/// The last good revision: the first of those that were good once.
pub fn revision(past: &Past<'_>) -> Option<GoodRevision> {
    once_good(past).into_iter().next()?.named()
}

/// The targets of successful service deployments, newest first; then the revision opsbot recorded,
/// for a service whose last success is older than the history; then a completed deployment that the
/// service still lists.
///
/// The failing task definition is among them if an earlier deployment of it was good: it is what
/// served last. Where it fails now, its image was moved or what is around it has changed, and
/// neither is mended by an older revision, which meets the same and was replaced for a reason. So
/// there is nothing to go back to then, unless a person names one.
pub(crate) fn once_good<'a>(past: &Past<'a>) -> Vec<Candidate<'a>> {
    let (service, judged) = (past.service, past.judged);
    let current = service.and_then(|it| it.current_service_deployment.as_deref());
    let own = judged.and_then(|it| entry(it, current, &past.history, past.revisions));
    let successful = |entry: &&&ServiceDeployment| {
        entry.status == "SUCCESSFUL"
            && own.is_none_or(|own| own.arn != entry.arn)
            && !target(entry, past.revisions).is_some_and(|it| {
                taken_back(
                    past,
                    &it.task_definition,
                    entry.finished_at.or(entry.created_at),
                )
            })
    };
    let of_history = past.history.iter().filter(successful).map(|entry| {
        let revision = target(entry, past.revisions);
        Candidate {
            task_definition: revision
                .map(|revision| revision.task_definition.as_str())
                .ok_or(entry.target_revision.as_deref().unwrap_or(&entry.arn)),
            revision,
            known_from: KnownFrom::History,
        }
    });
    let plain = |task_definition: &'a str, known_from| Candidate {
        task_definition: Ok(task_definition),
        revision: None,
        known_from,
    };
    let stands = |it: &&RecordedRevision| {
        judged.is_none_or(|judged| it.deployment != judged.id)
            && Some(it.completed_at) >= service.and_then(|it| it.created_at)
            && !taken_back(past, &it.task_definition, Some(it.completed_at))
    };
    let recorded = past.recorded.filter(stands);
    let of_record = recorded.map(|it| plain(&it.task_definition, KnownFrom::Record));
    let failing = judged.map(|it| it.task_definition.as_str());
    let listed = service.and_then(|service| listed(service, failing));
    let of_list = listed.map(|it| plain(&it.task_definition, KnownFrom::Listed));
    let mut all: Vec<Candidate<'a>> = Vec::new();
    for candidate in of_history.chain(of_record).chain(of_list) {
        let known = |it: &Candidate<'_>| match (it.task_definition, candidate.task_definition) {
            (Ok(one), Ok(other)) => same(one, other),
            (one, other) => one == other,
        };
        if !all.iter().any(known) {
            all.push(candidate);
        }
    }
    all
}

/// Whether opsbot went back from that revision last, and it was not released since: ECS called it
/// good, and somebody knew better.
fn taken_back(past: &Past<'_>, task_definition: &str, at: Option<DateTime<Utc>>) -> bool {
    past.newest.is_some_and(|attempt| {
        let from = attempt.from.as_deref();
        from.is_some_and(|it| same(it, task_definition)) && at.is_none_or(|at| at < attempt.at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

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

    /// The last good revision where order-api:42 fails.
    #[track_caller]
    fn check(
        service: Option<&Service>,
        history: &[(ServiceDeployment, ServiceRevision)],
        recorded: Option<u32>,
        want: Option<(&str, KnownFrom)>,
    ) {
        check_after(service, history, recorded, None, want);
    }

    #[track_caller]
    fn check_after(
        service: Option<&Service>,
        history: &[(ServiceDeployment, ServiceRevision)],
        recorded: Option<u32>,
        newest: Option<&Attempt>,
        want: Option<(&str, KnownFrom)>,
    ) {
        let (history, revisions): (Vec<_>, Vec<_>) = history.iter().cloned().unzip();
        let recorded = recorded.map(|number| RecordedRevision {
            task_definition: format!("order-api:{number}"),
            deployment: "ecs-svc/1".to_owned(),
            completed_at: DateTime::UNIX_EPOCH,
        });
        let judged = deployment("ecs-svc/2", 42, Rollout::Failed);
        let got = revision(&Past {
            service,
            judged: Some(&judged),
            history: own_history(service, &history),
            revisions: &revisions,
            recorded: recorded.as_ref(),
            newest,
        });
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

    /// A forced deployment of what served for weeks: the alert must not offer what its verdict, by
    /// the same rule, does not go back to.
    #[test]
    fn what_served_last_is_the_last_good_one_even_where_it_is_what_fails() {
        let history = [
            past("STOPPED", 42),
            past("SUCCESSFUL", 42),
            past("SUCCESSFUL", 41),
        ];
        let want = Some(("order-api:42", KnownFrom::History));
        check(None, &history, Some(41), want);
        // Its own success is no earlier one.
        let at = |(mut it, revision): (ServiceDeployment, ServiceRevision), seconds| {
            it.created_at = DateTime::from_timestamp(seconds, 0);
            it.arn = format!("at {seconds}");
            (it, revision)
        };
        let own = [at(past("SUCCESSFUL", 42), 42), past("SUCCESSFUL", 41)];
        let want = Some(("order-api:41", KnownFrom::History));
        check(None, &own, None, want);
    }

    #[test]
    fn what_opsbot_took_back_is_not_good() {
        let taken_back = Attempt {
            failed: "ecs-svc/1".to_owned(),
            from: Some("order-api:41".to_owned()),
            to: "order-api:40".to_owned(),
            at: DateTime::from_timestamp(100, 0).unwrap(),
            made: None,
        };
        let mut history = [past("SUCCESSFUL", 41), past("SUCCESSFUL", 40)];
        let want = Some(("order-api:40", KnownFrom::History));
        check_after(None, &history, None, Some(&taken_back), want);
        // What completed after it was not: the attempt came to nothing.
        history[0].0.created_at = DateTime::from_timestamp(90, 0);
        history[0].0.finished_at = DateTime::from_timestamp(200, 0);
        let want = Some(("order-api:41", KnownFrom::History));
        check_after(None, &history, None, Some(&taken_back), want);
    }

    #[test]
    fn a_service_that_was_created_again_under_its_name_has_no_good_one() {
        let again = Service {
            created_at: DateTime::from_timestamp(10_000, 0),
            ..Service::default()
        };
        let (mut of_old, revision) = past("SUCCESSFUL", 41);
        of_old.created_at = DateTime::from_timestamp(41, 0);
        check(Some(&again), &[(of_old, revision)], Some(40), None);
    }

    #[test]
    fn the_newest_and_the_successful_revisions_are_read_in_one_call() {
        let of = |number: u32| {
            let status = if number.is_multiple_of(30) {
                "SUCCESSFUL"
            } else {
                "STOPPED"
            };
            past(status, number).0
        };
        let history: Vec<_> = (1..=100).rev().map(of).collect();
        let numbers = [100, 99, 98, 97, 96, 95, 94, 93, 90, 60, 30];
        assert_eq!(
            to_read(&history),
            numbers.map(|it| format!("revision/{it}"))
        );
        let good: Vec<_> = (1..=100).map(|it| past("SUCCESSFUL", it).0).collect();
        assert_eq!(to_read(&good).len(), 20);
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
