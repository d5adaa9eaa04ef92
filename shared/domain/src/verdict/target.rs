//! Where to go back to. Never "revision minus one".

use chrono::{DateTime, Utc};

use super::seen::{Seen, Standing, Status, same};
use super::{Attempt, Case, Digests, Unusable, Verdict};
use crate::facts::{
    Deployment, Fact, GoodRevision, KnownFrom, Missing, ServiceDeployment, ServiceRevision, Why,
};
use crate::good;
use crate::incident::RecordedRevision;

/// A revision that was good once.
struct Candidate<'a> {
    /// The task definition; `Err` names the service revision that could not be read.
    task_definition: Result<&'a str, &'a str>,
    revision: Option<&'a ServiceRevision>,
    known_from: KnownFrom,
}

/// The revisions that were good once, best first, as far as they can be named: those whose task
/// definition a verdict wants to know, one after the other until one is active.
pub fn candidates(case: &Case) -> Vec<GoodRevision> {
    let Some(seen) = Seen::of(case) else {
        return Vec::new();
    };
    let good = |candidate: Candidate<'_>| {
        Some(GoodRevision {
            task_definition: candidate.task_definition.ok()?.to_owned(),
            revision: candidate.revision.map(|revision| revision.arn.clone()),
            known_from: candidate.known_from,
        })
    };
    once_good(&seen).into_iter().filter_map(good).collect()
}

/// The targets of successful service deployments, newest first; then the revision opsbot recorded,
/// for a service whose last success is older than the 90 days of history; then a completed
/// deployment that the service still lists. The failing revision is among them if it was good once.
fn once_good<'a>(seen: &Seen<'a>) -> Vec<Candidate<'a>> {
    let own = seen.entry();
    let successful = |entry: &&&ServiceDeployment| {
        Status::of(entry) == Status::Successful
            && own.is_none_or(|own| own.arn != entry.arn)
            && !seen.target(entry).is_some_and(|revision| {
                taken_back(seen, &revision.task_definition, entry.created_at)
            })
    };
    let of_history = seen.history.iter().filter(successful).map(|entry| {
        let revision = seen.target(entry);
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
    let recorded = seen.record.good.as_ref();
    let own = |it: &&RecordedRevision| Some(it.completed_at) >= seen.service.created_at;
    let stands = |it: &&RecordedRevision| {
        it.deployment != seen.case.deployment
            && !taken_back(seen, &it.task_definition, Some(it.completed_at))
    };
    let recorded = recorded.filter(stands).filter(own);
    let of_record = recorded.map(|it| plain(&it.task_definition, KnownFrom::Record));
    let failing = seen.judged().map(|it| it.task_definition.as_str());
    let listed = good::listed(seen.service, failing);
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

/// Whether opsbot went back from that revision last, and it was not released since: ECS called it good,
/// and somebody knew better. Who names it may have it.
fn taken_back(seen: &Seen<'_>, task_definition: &str, at: Option<DateTime<Utc>>) -> bool {
    let newest = seen.attempts.newest.as_ref();
    let is_from = |it: &&Attempt| {
        it.from
            .as_deref()
            .is_some_and(|it| same(it, task_definition))
    };
    let newest = newest.filter(is_from);
    let named = seen.case.requester.to().is_some();
    !named && newest.is_some_and(|attempt| at.is_none_or(|at| at < attempt.at))
}

/// The task definition to go back to: the first candidate that can be started. Three rows of the
/// table are decided here, in their order, because each asks the same list.
pub(super) fn choose<'a>(seen: &Seen<'a>, standing: &Standing<'a>) -> Result<&'a str, Verdict> {
    let mut all = once_good(seen);
    if let Some(to) = seen.case.requester.to() {
        all.retain(|it| it.task_definition.is_ok_and(|name| same(name, to)));
        if all.is_empty() {
            return Err(unusable(to, Unusable::NeverGood));
        }
    }
    // A first deployment, or one whose good revisions nobody has on record.
    if all.is_empty() {
        return Err(Verdict::NothingGood {
            failing: standing.deployment.task_definition.clone(),
        });
    }
    let mut inactive = None;
    for candidate in &all {
        let name = candidate.task_definition.map_err(|revision| {
            let detail = "the service revision could not be read".to_owned();
            let missing = Missing::new(revision, Why::NotAsked { detail });
            unusable(revision, Unusable::NotRead(missing))
        })?;
        // Asked before whether it is active: the failing revision runs, so it is.
        if same(name, &standing.deployment.task_definition) {
            return Err(same_revision(seen, standing, candidate.revision));
        }
        if is_active(seen.case, name)? {
            return Ok(name);
        }
        inactive.get_or_insert(name);
    }
    Err(unusable(inactive.unwrap_or_default(), Unusable::Inactive))
}

fn unusable(target: &str, why: Unusable) -> Verdict {
    Verdict::TargetUnusable {
        target: target.to_owned(),
        why,
    }
}

/// `Err` where it is not known.
fn is_active(case: &Case, name: &str) -> Result<bool, Verdict> {
    let asked = case.definitions.iter().find(|(arn, _)| same(arn, name));
    let missing = match asked.map(|(_, definition)| definition) {
        Some(Fact::Known(definition)) => return Ok(definition.active),
        Some(Fact::Missing(missing)) if matches!(missing.why, Why::NotFound { .. }) => {
            return Ok(false);
        }
        Some(Fact::Missing(missing)) => missing.clone(),
        None => Missing::new(
            "its task definition",
            Why::NotAsked {
                detail: "it was not looked up".to_owned(),
            },
        ),
    };
    Err(unusable(name, Unusable::NotRead(missing)))
}

fn same_revision(
    seen: &Seen<'_>,
    standing: &Standing<'_>,
    good: Option<&ServiceRevision>,
) -> Verdict {
    let failing = seen.target(standing.entry);
    Verdict::SameRevision {
        task_definition: standing.deployment.task_definition.clone(),
        digests: failing.zip(good).and_then(differing),
    }
}

/// The first image that one reference resolved to differently.
fn differing((failing, good): (&ServiceRevision, &ServiceRevision)) -> Option<Digests> {
    failing.images.iter().find_map(|(container, image)| {
        let old = good.images.get(container)?;
        let (failing, good) = (image.digest.as_ref()?, old.digest.as_ref()?);
        (failing != good).then(|| Digests {
            container: container.clone(),
            image: image.image.clone(),
            failing: failing.clone(),
            good: good.clone(),
        })
    })
}

/// What ECS itself would go back to if it were told to now, where that is not `target`; empty where
/// it has nothing to go back to. A rolling update goes back to what completed last; with the others,
/// traffic goes back to what they began from.
pub(super) fn elsewhere(
    seen: &Seen<'_>,
    entry: &ServiceDeployment,
    target: &str,
) -> Option<String> {
    let name = |it: &Deployment| it.task_definition.clone();
    if seen.is_rolling() {
        let completed = seen.completed();
        let is_target = completed.is_some_and(|it| same(&it.task_definition, target));
        return (!is_target).then(|| completed.map(name).unwrap_or_default());
    }
    let sources = entry.detail.iter().flat_map(|detail| &detail.sources);
    let sources: Vec<&str> = sources
        .map(|arn| match seen.revision(arn) {
            Some(revision) => revision.task_definition.as_str(),
            None => arn,
        })
        .collect();
    // Which of several it would be nobody says.
    let other = sources.iter().find(|name| !same(name, target));
    match other {
        Some(other) => Some((*other).to_owned()),
        None => sources.is_empty().then(String::new),
    }
}
