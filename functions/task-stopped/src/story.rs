//! The stops of one deployment: counted, and told where their number is news.

use aws::Invocation;
use aws::counting::Claimed;
use aws::gather::{self, Around};
use chrono::TimeDelta;
use domain::alert::compose::{Occasion, Stopped};
use domain::facts::{Fact, Missing};
use domain::settings::Queues;
use domain::stop::{Count, FIRST, Group, Said, Story, Watch, Word, deployment_key, next_at, word};
use futures_util::future::join_all;

use crate::Retry;
use crate::failing;

pub(crate) async fn answer(
    story: &Story,
    ahead: bool,
    invocation: &Invocation<'_>,
    queues: &Queues,
) -> Result<(), Retry> {
    let (asking, state) = (invocation.asking(), invocation.state());
    let around = async {
        if ahead {
            Some(gather::around(&asking, &state, story).await)
        } else {
            None
        }
    };
    let (counted, around) = tokio::join!(state.count(story, invocation.now), around);
    let claims = claims(story, &counted, invocation).await;
    let nothing = |claimed: &Claimed| matches!(claimed, Claimed::No(_));
    if nothing(&claims.deployment) && claims.groups.iter().all(nothing) {
        return Ok(());
    }
    let around = match around {
        Some(around) => around,
        None => gather::around(&asking, &state, story).await,
    };
    let failing = failing::answer(story, claims.deployment, &around, invocation, queues).await?;
    let told = story
        .groups
        .iter()
        .zip(claims.groups)
        .map(|(group, claimed)| async {
            let telling = Telling {
                group,
                around: &around,
                failing: failing.as_deref(),
                invocation,
                queues,
            };
            match claimed {
                Claimed::Ours(count) => telling.until_said(count).await,
                Claimed::Unreachable(missing) => telling.uncounted(&missing).await,
                Claimed::No(_) => Ok(()),
            }
        });
    join_all(told).await.into_iter().collect()
}

struct Claims {
    deployment: Claimed,
    groups: Vec<Claimed>,
}

/// Claims every counter of a story at once. What could not be counted is told: alerts fail open.
async fn claims(story: &Story, counted: &Fact<()>, invocation: &Invocation<'_>) -> Claims {
    if let Fact::Missing(missing) = counted {
        let groups = story
            .groups
            .iter()
            .map(|_| Claimed::Unreachable(missing.clone()));
        return Claims {
            deployment: Claimed::No(Said::default()),
            groups: groups.collect(),
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
            _ => Claimed::No(Said::default()),
        }
    };
    let groups = story
        .groups
        .iter()
        .map(|group| async { state.claim_count(&group.about.key(), FIRST, by).await });
    let (deployment, groups) = tokio::join!(deployment, join_all(groups));
    Claims { deployment, groups }
}

/// One group whose number is news.
struct Telling<'a> {
    group: &'a Group,
    around: &'a Around,
    /// The incident of the deployment, where it is failing.
    failing: Option<&'a str>,
    invocation: &'a Invocation<'a>,
    queues: &'a Queues,
}

impl Telling<'_> {
    /// Says it, and again as long as the next number has been reached in the meantime: whoever
    /// counted it found the counter claimed.
    async fn until_said(&self, mut count: Count) -> Result<(), Retry> {
        let (invocation, key) = (self.invocation, self.group.about.key());
        let state = invocation.state_after_publish();
        loop {
            let (said, watch) = self.say(&count, &key).await?;
            let next = next_at(count.tasks);
            let given_back = state
                .said(&key, next, &said, watch.as_deref(), invocation.now)
                .await;
            match given_back {
                Fact::Known(now) if now.tasks >= next => {}
                Fact::Known(_) => return Ok(()),
                Fact::Missing(missing) => {
                    tracing::error!(?missing, key, "could not remember what was said");
                    return Ok(());
                }
            }
            match state.claim_count(&key, FIRST, invocation.claimant()).await {
                Claimed::Ours(now) => count = now,
                Claimed::No(_) | Claimed::Unreachable(_) => return Ok(()),
            }
        }
    }

    /// What becomes of the number, and the watch that looks at the incident again.
    async fn say(&self, count: &Count, key: &str) -> Result<(Said, Option<String>), Retry> {
        let (invocation, about) = (self.invocation, &self.group.about);
        let (service, record) = (self.around.service.known(), self.around.record.known());
        let word = match self.failing {
            Some(incident) => Word::CountedInto(incident.to_owned()),
            None => word(about, record, service, invocation.now),
        };
        let mut said = count.said.clone();
        match word {
            Word::CountedInto(incident) => {
                tracing::info!(
                    incident,
                    tasks = count.tasks,
                    "counted into an open incident"
                );
                said.counted_into = Some(incident);
                return Ok((said, None));
            }
            Word::Muted(until) => {
                tracing::info!(key, tasks = count.tasks, "muted until {until}");
                said.muted_until = Some(until);
            }
            Word::Tell => {
                if self.tell(count, None).await? {
                    (said.at, said.tasks) = (Some(invocation.now), count.tasks);
                }
            }
        }
        let token = watch(key, invocation, self.queues).await?;
        Ok((said, Some(token)))
    }

    /// What the table could not count is told as what this batch holds of it.
    async fn uncounted(&self, missing: &Missing) -> Result<(), Retry> {
        let (first_at, last_at) = self.group.span();
        let count = Count {
            tasks: self.group.stops.len() as u64,
            first_at,
            last_at,
            ..Count::default()
        };
        self.tell(&count, Some(missing)).await.map(|_| ())
    }

    async fn tell(&self, count: &Count, uncounted: Option<&Missing>) -> Result<bool, Retry> {
        let (invocation, about) = (self.invocation, &self.group.about);
        let lines = invocation.settings.log_tail_lines;
        let tasks = self.group.tasks();
        let asking = invocation.asking();
        let facts = gather::stops(&asking, &about.subject, self.around, tasks, lines).await;
        let stopped = Stopped {
            about,
            count,
            occasion: Occasion::Number,
            facts: &facts,
            record: &self.around.record,
            uncounted,
            at: self.group.span().1,
        };
        Ok(aws::tell::publish_if_loud(invocation, &stopped.alert()).await?)
    }
}

/// Asks for another look at an incident after the quiet time, and names it.
pub(crate) async fn watch(
    key: &str,
    invocation: &Invocation<'_>,
    queues: &Queues,
) -> Result<String, Retry> {
    let token = invocation.request_id.to_owned();
    let watch = Watch {
        key: key.to_owned(),
        token: token.clone(),
    };
    let delay: TimeDelta = invocation.settings.quiet;
    aws::queues::send(invocation.clients, &queues.own, &watch, delay).await?;
    Ok(token)
}
