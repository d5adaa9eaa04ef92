//! What changed from the last good revision.

use super::words::revision;
use crate::change::{self, Change};
use crate::facts::{Deployment, DeploymentFacts, GoodRevision, KnownFrom, ServiceRevision};
use crate::good;
use crate::sanitize::line;

const SHOWN: usize = 12;

/// The last good revision and how it is known, then the differences, one line each, images first.
pub(super) fn lines(facts: &DeploymentFacts, failing: Option<&Deployment>) -> Vec<String> {
    let Some(good) = facts.good.known().and_then(Option::as_ref) else {
        return Vec::new();
    };
    let definitions = (facts.good_definition.known(), facts.failing.known());
    let mut changes = match definitions {
        (Some(good), Some(failing)) => change::between(good, failing),
        _ => Vec::new(),
    };
    changes.extend(new_digests(facts, failing));
    let more = changes.len().saturating_sub(SHOWN);
    let shown = changes.iter().take(SHOWN);
    let mut lines = vec![last_good(good)];
    lines.extend(shown.map(|change| line(&change.to_string(), 200)));
    if changes.is_empty() && matches!(definitions, (Some(_), Some(_))) {
        lines.push("Nothing that opsbot compares differs from it.".to_owned());
    }
    if more > 0 {
        lines.push(format!("… and {more} more."));
    }
    lines
}

fn last_good(good: &GoodRevision) -> String {
    let known = match good.known_from {
        KnownFrom::History => "the newest success in the service's deployment history",
        KnownFrom::Record => "opsbot saw it complete and wrote it down",
        KnownFrom::Listed => "the service still lists its completed deployment",
    };
    format!("Last good: {} ({known}).", revision(&good.task_definition))
}

/// References that stand in both revisions and mean another image now.
fn new_digests(facts: &DeploymentFacts, failing: Option<&Deployment>) -> Vec<Change> {
    let both = good_and_failing(facts, failing);
    both.map_or(Vec::new(), |(good, failing)| change::digests(good, failing))
}

fn good_and_failing<'a>(
    facts: &'a DeploymentFacts,
    failing: Option<&Deployment>,
) -> Option<(&'a ServiceRevision, &'a ServiceRevision)> {
    let good = facts.good.known()?.as_ref()?.revision.as_ref()?;
    let (history, revisions) = (facts.history.known()?, facts.revisions.known()?);
    let good = revisions.iter().find(|revision| revision.arn == *good)?;
    let failing = good::failing_revision(history, revisions, &failing?.task_definition)?;
    Some((good, failing))
}

/// The images that a moved tag replaced, pinned by their digests (`registry/app@sha256:…`): updating
/// the service to the last good revision would bring the new ones, but these ran well.
pub(super) fn replaced_images(
    facts: &DeploymentFacts,
    failing: Option<&Deployment>,
) -> Vec<String> {
    let both = good_and_failing(facts, failing);
    let moved = both.map_or(Vec::new(), |(good, failing)| {
        change::replaced(good, failing)
    });
    let pinned = moved.into_iter().filter_map(|change| match change {
        Change::Digest { image, from, .. } => Some(line(&pinned(&image, &from), 300)),
        _ => None,
    });
    pinned.collect()
}

/// A colon before the last slash belongs to the registry's port, not to a tag.
fn pinned(image: &str, digest: &str) -> String {
    let repository = match image.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => repository,
        _ => image,
    };
    format!("{repository}@{digest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_good_revision_is_named_with_how_it_is_known() {
        for (known_from, how) in [
            (
                KnownFrom::History,
                "the newest success in the service's deployment history",
            ),
            (
                KnownFrom::Record,
                "opsbot saw it complete and wrote it down",
            ),
            (
                KnownFrom::Listed,
                "the service still lists its completed deployment",
            ),
        ] {
            let good = GoodRevision {
                task_definition: "arn:aws:ecs:us-east-1:111122223333:task-definition/api:41"
                    .to_owned(),
                revision: None,
                known_from,
            };
            assert_eq!(last_good(&good), format!("Last good: api:41 ({how})."));
        }
    }

    #[test]
    fn an_image_is_pinned_without_its_tag() {
        for (image, want) in [
            ("registry/order-api:latest", "registry/order-api@sha256:a"),
            (
                "registry:5000/order-api:1",
                "registry:5000/order-api@sha256:a",
            ),
            (
                "registry:5000/order-api",
                "registry:5000/order-api@sha256:a",
            ),
        ] {
            assert_eq!(pinned(image, "sha256:a"), want);
        }
    }
}
