//! Where to go back to. Never "revision minus one".

use super::seen::{Seen, Standing, same};
use super::{Case, Digests, Unusable, Verdict};
use crate::change::{self, Change};
use crate::facts::{Fact, GoodRevision, Missing, ServiceDeployment, ServiceRevision, Why};
use crate::good::{self, Candidate, Past};

/// The revisions that were good once, best first, as far as they can be named: those whose task
/// definition a verdict wants to know, one after the other until one is active.
pub fn candidates(case: &Case) -> Vec<GoodRevision> {
    let Some(seen) = Seen::of(case) else {
        return Vec::new();
    };
    let all = once_good(&seen).into_iter();
    all.filter_map(Candidate::named).collect()
}

/// The failing revision is among them if it was good once.
fn once_good<'a>(seen: &Seen<'a>) -> Vec<Candidate<'a>> {
    // Who names a revision may have one that was taken back.
    let named = seen.case.requester.to().is_some();
    good::once_good(&Past {
        service: Some(seen.service),
        judged: seen.judged(),
        history: seen.history.clone(),
        revisions: seen.revisions,
        recorded: seen.record.good.as_ref(),
        newest: seen.attempts.newest.as_ref().filter(|_| !named),
    })
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
    let failing = &standing.deployment.task_definition;
    Verdict::SameRevision {
        task_definition: failing.clone(),
        failing: failing.clone(),
        digests: moved(seen, standing, good),
    }
}

/// Whether `UpdateService` to this revision would bring an image that fails: it resolves tags anew,
/// and one that both revisions have has been moved from the one to the other since. ECS's own way
/// back takes the images that ran.
pub(super) fn stays_put(seen: &Seen<'_>, standing: &Standing<'_>, to: &str) -> Result<(), Verdict> {
    let all = once_good(seen).into_iter();
    let mut of_it = all.filter(|it| it.task_definition.is_ok_and(|name| same(name, to)));
    let good = of_it.next().and_then(|it| it.revision);
    let moved = moved(seen, standing, good);
    moved.map_or(Ok(()), |digests| {
        Err(Verdict::SameRevision {
            task_definition: to.to_owned(),
            failing: standing.deployment.task_definition.clone(),
            digests: Some(digests),
        })
    })
}

/// The first image reference that was resolved to other digests for `good` and for what fails.
fn moved(
    seen: &Seen<'_>,
    standing: &Standing<'_>,
    good: Option<&ServiceRevision>,
) -> Option<Box<Digests>> {
    let failing = seen.target(standing.entry)?;
    let mut moved = change::replaced(good?, failing).into_iter();
    moved.find_map(|change| match change {
        Change::Digest {
            container,
            image,
            from,
            to,
        } => Some(Box::new(Digests {
            container,
            image,
            failing: to,
            good: from,
        })),
        _ => None,
    })
}

/// What ECS itself would go back to if it were told to now, where that is not known to be `target`;
/// empty where it has nothing to go back to. Of a rolling update the documents say so of the circuit
/// breaker only: the deployment that completed last. It is taken for known where that is what the
/// deployment began from, too. With the others, traffic goes back to what they began from.
pub(super) fn elsewhere(
    seen: &Seen<'_>,
    entry: &ServiceDeployment,
    target: &str,
) -> Option<String> {
    let sources = entry.detail.iter().flat_map(|detail| &detail.sources);
    let sources: Vec<&str> = sources
        .map(|arn| match seen.revision(arn) {
            Some(revision) => revision.task_definition.as_str(),
            None => arn,
        })
        .collect();
    // Which of several it would be nobody says.
    let other = sources.iter().find(|name| !same(name, target));
    let other = other.map(|other| (*other).to_owned());
    if seen.is_rolling() {
        let completed = seen.completed().map(|it| it.task_definition.as_str());
        let is_target = completed.is_some_and(|it| same(it, target)) && entry.detail.is_some();
        let completed = || completed.unwrap_or_default().to_owned();
        return other.or_else(|| (!is_target).then(completed));
    }
    other.or_else(|| sources.is_empty().then(String::new))
}
