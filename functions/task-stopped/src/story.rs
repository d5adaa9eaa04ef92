//! The stops of one deployment: counted, and told where their number is news.

use aws::Invocation;
use aws::counting::{Claimed, Watched};
use aws::gather::{self, Around, Evidence};
use domain::alert::Severity;
use domain::alert::compose::{Occasion, Stopped};
use domain::facts::{Fact, Missing};
use domain::settings::Queues;
use domain::stop::{
    Count, FIRST, Group, Said, Stop, Story, Subject, Word, first_look, next_at, stories, word,
};
use futures_util::future::join_all;

use crate::claims::{Claims, claims};
use crate::watch::watch;
use crate::{Memory, Retry, failing};

/// What the stories of one batch are answered with.
pub(crate) struct Answering<'a> {
    pub(crate) invocation: &'a Invocation<'a>,
    pub(crate) queues: &'a Queues,
    pub(crate) memory: &'a Memory,
    /// Read what an alert needs before it is known that there is one, where there may well be.
    pub(crate) ahead: bool,
}

impl Answering<'_> {
    /// The stops put together, without those that were wanted. Whether a job ended well may need
    /// its definition, which is read first then.
    pub(crate) async fn sorted(&self, stops: Vec<Stop>) -> Vec<Story> {
        let undecided = stops.iter().filter_map(Stop::undecided);
        let asking = self.invocation.asking();
        let definitions = self.memory.definitions.known(&asking, undecided).await;
        let sorted = stories(
            stops,
            &self.invocation.settings.left_out_causes,
            &definitions,
        );
        for stop in sorted.dropped {
            tracing::info!("not told, for it was wanted: {stop}");
        }
        sorted.stories
    }

    /// Answers stories together, with those whose messages must come again.
    pub(crate) async fn stories<'s>(&self, stories: &'s [Story]) -> Vec<(&'s Story, Retry)> {
        let claims = stories.iter().map(|story| claims(story, self.invocation));
        let (claims, ahead) = tokio::join!(join_all(claims), async {
            match self.may_be_news(stories) {
                true => Some(self.read_ahead(stories).await),
                false => None,
            }
        });
        let mut news: Vec<(&Story, Claims)> = stories.iter().zip(claims).collect();
        for (story, claims) in &news {
            self.remember(story, claims);
        }
        let read = match ahead {
            Some(read) => read,
            None => {
                news.retain(|(_, claims)| claims.news());
                let subjects: Vec<_> = news.iter().map(|(story, _)| &story.subject).collect();
                let around = self.around(&subjects).await.into_iter();
                around.map(|around| (around, Vec::new())).collect()
            }
        };
        let answers = news.into_iter().zip(read);
        let answers = answers.map(|((story, claims), (around, evidence))| async move {
            let answer = self.story(story, claims, &around, &evidence).await;
            answer.err().map(|retry| (story, retry))
        });
        join_all(answers).await.into_iter().flatten().collect()
    }

    fn remember(&self, story: &Story, claims: &Claims) {
        for (group, claimed) in story.groups.iter().zip(&claims.groups) {
            if let Claimed::No(count) = claimed {
                let key = group.about.key();
                self.memory.seen(key, count, self.invocation.now);
            }
        }
    }

    fn may_be_news(&self, stories: &[Story]) -> bool {
        let (quiet, now) = (self.invocation.settings.quiet, self.invocation.now);
        let may_be = |story: &Story| self.memory.may_be_news(story, quiet, now);
        self.ahead && stories.iter().any(may_be)
    }

    async fn around(&self, subjects: &[&Subject]) -> Vec<Around> {
        let (asking, state) = (self.invocation.asking(), self.invocation.state());
        gather::around(&asking, &state, subjects).await
    }

    async fn read_ahead(&self, stories: &[Story]) -> Vec<(Around, Vec<Evidence>)> {
        let subjects: Vec<_> = stories.iter().map(|story| &story.subject).collect();
        let evidence = stories.iter().map(|story| {
            let groups = story.groups.iter();
            join_all(groups.map(|group| self.evidence(group)))
        });
        let evidence = join_all(evidence);
        let (around, evidence) = tokio::join!(self.around(&subjects), evidence);
        around.into_iter().zip(evidence).collect()
    }

    async fn evidence(&self, group: &Group) -> Evidence {
        let lines = self.invocation.settings.log_tail_lines;
        let definitions = &self.memory.definitions;
        gather::evidence(&self.invocation.asking(), definitions, group, lines).await
    }

    /// Tells what is news of one story. A handover that the queue does not take keeps no alert
    /// back: it comes again with the messages.
    async fn story(
        &self,
        story: &Story,
        claims: Claims,
        around: &Around,
        evidence: &[Evidence],
    ) -> Result<(), Retry> {
        if !claims.news() {
            return Ok(());
        }
        let deployment = claims.deployment;
        let (invocation, queues) = (self.invocation, self.queues);
        let failing = failing::answer(story, deployment, around, invocation, queues).await;
        let incident = failing.as_ref().ok().and_then(|it| it.incident.clone());
        let incident = incident.as_deref();
        let groups = story.groups.iter().zip(claims.groups).enumerate();
        let told = groups.map(|(n, (group, claimed))| async move {
            let telling = Telling {
                group,
                around,
                evidence: evidence.get(n),
                failing: incident,
                answering: self,
            };
            match claimed {
                Claimed::Ours(count) => telling.until_said(count).await,
                Claimed::Unreachable(missing) => telling.uncounted(&missing).await,
                Claimed::Busy(missing) => Err(Retry::NotSeen(missing)),
                Claimed::No(_) | Claimed::Held => Ok(()),
            }
        });
        // No alert waits until that is remembered.
        let remembered = async { failing?.remember(invocation, queues).await };
        let (told, remembered) = tokio::join!(join_all(told), remembered);
        let told: Result<(), Retry> = told.into_iter().collect();
        told.and(remembered)
    }
}

/// One group whose number is news.
struct Telling<'a> {
    group: &'a Group,
    around: &'a Around,
    /// What was read of it already.
    evidence: Option<&'a Evidence>,
    /// The incident of the deployment, where it is failing.
    failing: Option<&'a str>,
    answering: &'a Answering<'a>,
}

impl Telling<'_> {
    /// Says it, and again as long as the next number has been reached in the meantime: whoever
    /// counted it found the counter claimed. What cannot be remembered comes again.
    async fn until_said(&self, mut count: Count) -> Result<(), Retry> {
        let (invocation, key) = (self.answering.invocation, self.group.about.key());
        let state = invocation.state_after_publish();
        loop {
            let (said, watch) = self.say(&count, &key).await?;
            let next = next_at(count.tasks);
            let given_back = state.said(&key, next, &said, &watch, invocation.now).await;
            match given_back {
                Fact::Known(now) if now.tasks >= next => {}
                Fact::Known(now) => {
                    self.answering.memory.seen(key, &now, invocation.now);
                    return Ok(());
                }
                // Nobody would look at it again: better told once more than never again.
                Fact::Missing(missing) => return Err(Retry::NotSeen(missing)),
            }
            match state.claim_count(&key, FIRST, invocation.claimant()).await {
                Claimed::Ours(now) => count = now,
                Claimed::No(_) | Claimed::Held => return Ok(()),
                Claimed::Busy(missing) | Claimed::Unreachable(missing) => {
                    return Err(Retry::NotSeen(missing));
                }
            }
        }
    }

    /// What becomes of the number, and the watch that looks at the incident again.
    async fn say(&self, count: &Count, key: &str) -> Result<(Said, Watched), Retry> {
        let invocation = self.answering.invocation;
        let mut said = count.said.clone();
        match self.word() {
            Word::CountedInto(incident) => {
                tracing::info!(
                    incident,
                    tasks = count.tasks,
                    "counted into an open incident"
                );
                // The watch stays: that incident may be over while its tasks go on dying.
                said.counted_into = Some(incident);
            }
            Word::Muted(until) => {
                tracing::info!(key, tasks = count.tasks, "muted until {until}");
                said.muted_until = Some(until);
            }
            Word::Tell => {
                if let Some(severity) = self.tell(count, None).await? {
                    said = said.told(count.tasks, severity, invocation.now);
                }
            }
        }
        let delay = first_look(&said, invocation.settings.quiet);
        let watch = watch(key, count, delay, invocation, self.answering.queues).await?;
        Ok((said, watch))
    }

    fn word(&self) -> Word {
        let (service, record) = (self.around.service.known(), self.around.record.known());
        match self.failing {
            Some(incident) => Word::CountedInto(incident.to_owned()),
            None => word(
                &self.group.about,
                record,
                service,
                self.answering.invocation.now,
            ),
        }
    }

    /// What the table could not count is told as what this batch holds of it. What is not to be
    /// told comes again to be counted, or nothing would be left of it.
    async fn uncounted(&self, missing: &Missing) -> Result<(), Retry> {
        match self.word() {
            Word::Tell => {}
            Word::Muted(_) | Word::CountedInto(_) => return Err(Retry::NotSeen(missing.clone())),
        }
        let (first_at, last_at) = self.group.span();
        let count = Count {
            tasks: self.group.stops.len() as u64,
            first_at,
            last_at,
            ..Count::default()
        };
        self.tell(&count, Some(missing)).await.map(|_| ())
    }

    /// Tells it, and how bad it was unless that is below the floor.
    async fn tell(&self, count: &Count, gap: Option<&Missing>) -> Result<Option<Severity>, Retry> {
        let (invocation, about) = (self.answering.invocation, &self.group.about);
        let evidence = match self.evidence {
            Some(read) => read.clone(),
            None => self.answering.evidence(self.group).await,
        };
        let facts = evidence.facts(self.group, self.around.service.clone());
        let stopped = Stopped {
            about,
            count,
            occasion: Occasion::Number,
            facts: &facts,
            record: &self.around.record,
            uncounted: gap,
            at: self.group.span().1,
        };
        let alert = stopped.alert();
        let loud = aws::tell::publish_if_loud(invocation, &alert).await?;
        Ok(loud.then_some(alert.severity))
    }
}
