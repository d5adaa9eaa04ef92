//! A story counted, and its counters claimed.

use aws::Invocation;
use aws::counting::{Claimed, Counted};
use domain::stop::{Count, FIRST, Story, deployment_key};
use futures_util::future::join_all;

/// What became of the counters of a story.
pub(crate) struct Claims {
    /// Of the failing stops of its deployment.
    pub(crate) deployment: Claimed,
    /// Of each of its groups.
    pub(crate) groups: Vec<Claimed>,
}

impl Claims {
    /// Whether there is anything to say.
    pub(crate) fn news(&self) -> bool {
        let mut all = self.groups.iter().chain([&self.deployment]);
        all.any(|claimed| !matches!(claimed, Claimed::No(_) | Claimed::Held))
    }
}

/// Counts a story, then claims every counter of it at once. What the table cannot be asked to count
/// is told, for alerts fail open; what it is too busy to count comes again.
pub(crate) async fn claims(story: &Story, invocation: &Invocation<'_>) -> Claims {
    let uncounted = match invocation.state().count(story, invocation.now).await {
        Counted::All => None,
        Counted::Busy(missing) => Some(Claimed::Busy(missing)),
        Counted::Unreachable(missing) => Some(Claimed::Unreachable(missing)),
    };
    if let Some(uncounted) = uncounted {
        return Claims {
            deployment: Claimed::No(Count::default()),
            groups: vec![uncounted; story.groups.len()],
        };
    }
    let (state, by) = (invocation.state(), invocation.claimant());
    let deployment = async {
        match &story.deployment {
            Some(deployment) if story.failing().next().is_some() => {
                let key = deployment_key(&story.subject.arn, deployment);
                state
                    .claim_count(&key, invocation.settings.failing_threshold, by)
                    .await
            }
            _ => Claimed::No(Count::default()),
        }
    };
    let groups = story
        .groups
        .iter()
        .map(|group| async { state.claim_count(&group.about.key(), FIRST, by).await });
    let (deployment, groups) = tokio::join!(deployment, join_all(groups));
    Claims { deployment, groups }
}
