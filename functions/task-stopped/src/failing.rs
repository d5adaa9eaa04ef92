//! A deployment that keeps failing while ECS says nothing is handed to deployment-changed: once to be
//! told, and once more where so much of it has failed that it may be rolled back.

use aws::Invocation;
use aws::counting::{Claimed, Watched};
use aws::gather::Around;
use chrono::TimeDelta;
use domain::facts::Fact;
use domain::incident::{OpenIncident, incident_id};
use domain::settings::Queues;
use domain::stop::{
    Count, JUDGED_FOR, Judging, Known, NotFailing, ON_THE_WAY, Said, Settled, Story, Unheard,
    deployment_key, handover, judge, settle,
};

use crate::Retry;

/// How often a counter is settled that others keep counting: the next stop goes on with it.
const AGAIN: u32 = 4;

/// What becomes of the story's deployment.
pub(crate) struct Answer<'a> {
    /// The incident that its stops are counted into, where it is failing: handed over now or before.
    pub(crate) incident: Option<String>,
    settled: Option<Settling<'a>>,
}

/// What is to be remembered of a counter that is ours.
struct Settling<'a> {
    case: Case<'a>,
    said: Said,
    next: u64,
}

/// Hands it over where it is failing.
pub(crate) async fn answer<'a>(
    story: &'a Story,
    claimed: Claimed,
    around: &'a Around,
    invocation: &Invocation<'_>,
    queues: &Queues,
) -> Result<Answer<'a>, Retry> {
    let nothing = |incident| Answer {
        incident,
        settled: None,
    };
    let Some(deployment) = &story.deployment else {
        return Ok(nothing(None));
    };
    let case = Case {
        story,
        deployment,
        around,
    };
    match claimed {
        Claimed::Ours(count) => {
            let (incident, said, next) = case.settle(&count, invocation, queues).await?;
            let settled = Some(Settling { case, said, next });
            Ok(Answer { incident, settled })
        }
        Claimed::No(count) => Ok(nothing(case.handed_over(&count.said, invocation))),
        Claimed::Held => Ok(nothing(case.on_its_way())),
        Claimed::Busy(missing) => Err(Retry::NotSeen(missing)),
        Claimed::Unreachable(_) => Ok(nothing(None)),
    }
}

impl Answer<'_> {
    /// Remembers it, and settles it again as long as the next number has been reached in the
    /// meantime: whoever counted it found the counter claimed.
    ///
    /// What is handed over only then, the groups of this batch have been told of already: one alert
    /// more, never one less.
    pub(crate) async fn remember(
        self,
        invocation: &Invocation<'_>,
        queues: &Queues,
    ) -> Result<(), Retry> {
        let Some(Settling {
            case,
            mut said,
            mut next,
        }) = self.settled
        else {
            return Ok(());
        };
        let key = deployment_key(&case.story.subject.arn, case.deployment);
        let state = invocation.state_after_publish();
        let again = Watched {
            token: None,
            look_by: invocation.now + JUDGED_FOR,
        };
        for tries in 1.. {
            let given_back = state.said(&key, next, &said, &again, invocation.now).await;
            match given_back {
                Fact::Known(now) if now.tasks >= next && tries < AGAIN => {}
                Fact::Known(_) => break,
                Fact::Missing(missing) => {
                    tracing::error!(?missing, key, "could not remember what became of it");
                    break;
                }
            }
            let threshold = invocation.settings.failing_threshold;
            let claimed = state.claim_count(&key, threshold, invocation.claimant());
            let Claimed::Ours(count) = claimed.await else {
                break;
            };
            (_, said, next) = case.settle(&count, invocation, queues).await?;
        }
        Ok(())
    }
}

/// A deployment whose tasks stop.
struct Case<'a> {
    story: &'a Story,
    deployment: &'a str,
    around: &'a Around,
}

impl Case<'_> {
    /// Judged by these stops alone: those counted before may be of another time.
    fn judged(&self) -> Option<Result<Unheard, NotFailing>> {
        let stops = || self.story.failing().flat_map(|group| &group.stops);
        let ran = stops().any(|stop| stop.task.started_at.is_some());
        let first_at = stops().map(|stop| stop.at).min().unwrap_or_default();
        let service = self.around.service.known()?;
        Some(judge(service, self.deployment, ran, first_at))
    }

    /// The incident that it was handed over into, while people know of it or will in a moment.
    fn handed_over(&self, said: &Said, invocation: &Invocation<'_>) -> Option<String> {
        let young = said.at.is_some_and(|at| invocation.now - at < ON_THE_WAY);
        let known = self.open().map_or(young, |open| !open.quiet);
        let incident = said.counted_into.clone();
        incident.filter(|_| self.is_under_way() && known)
    }

    /// The incident that another invocation hands it over into, at this moment. Should that one
    /// find otherwise, the look at these stops tells them.
    fn on_its_way(&self) -> Option<String> {
        let incident = || incident_id(&self.story.subject.arn, self.deployment);
        (self.is_under_way() && !self.is_quiet()).then(incident)
    }

    fn is_under_way(&self) -> bool {
        self.judged().is_some_and(|it| it.is_ok())
    }

    fn open(&self) -> Option<&OpenIncident> {
        self.around.record.known()?.failed(self.deployment)
    }

    /// Whether its incident is open below the severity floor: nobody was told of it, so its stops
    /// speak for themselves.
    fn is_quiet(&self) -> bool {
        self.open().is_some_and(|open| open.quiet)
    }

    /// The incident that people know, or will in a moment.
    fn known(&self, said: &Said, invocation: &Invocation<'_>) -> Option<String> {
        match self.open() {
            Some(open) => (!open.quiet).then(|| open.id.clone()),
            None => self.handed_over(said, invocation),
        }
    }

    /// The incident that its stops are counted into, what is remembered, and the number of stops at
    /// which it is judged again.
    async fn settle(
        &self,
        count: &Count,
        invocation: &Invocation<'_>,
        queues: &Queues,
    ) -> Result<(Option<String>, Said, u64), Retry> {
        let incident = self.known(&count.said, invocation);
        let stops = self.story.failing().map(|group| group.stops.len());
        let service = self.around.service.known();
        let judging = Judging {
            count,
            judged: self.judged(),
            known: match incident {
                Some(_) => Known::Told,
                None if self.is_quiet() || self.around.record.known().is_none() => Known::Quiet,
                None => Known::Nothing,
            },
            stops: stops.sum::<usize>() as u64,
            threshold: invocation.settings.failing_threshold,
            desired: service.map(|service| service.desired),
        };
        let (settled, said, next) = settle(&judging);
        let counted_into = |incident| Said {
            at: Some(invocation.now),
            counted_into: Some(incident),
            ..said.clone()
        };
        Ok(match (settled, incident) {
            (Settled::HandOver(unheard, stops), known) => {
                self.hand_over(stops, unheard, invocation, queues).await?;
                let new = || incident_id(&self.story.subject.arn, self.deployment);
                let incident = known.unwrap_or_else(new);
                let told = Some(incident.clone()).filter(|_| !self.is_quiet());
                (told, counted_into(incident), next)
            }
            (Settled::Known, Some(incident)) if self.open().is_some() => {
                (Some(incident.clone()), counted_into(incident), next)
            }
            (Settled::Known, incident) => (incident, said, next),
            (Settled::Nothing, _) => (None, said, next),
        })
    }

    async fn hand_over(
        &self,
        stops: u64,
        unheard: Unheard,
        invocation: &Invocation<'_>,
        queues: &Queues,
    ) -> Result<(), Retry> {
        let (arn, deployment) = (&self.story.subject.arn, self.deployment);
        let (source, at) = (&invocation.settings.event_source, invocation.now);
        let event = handover(source, arn, deployment, stops, unheard, at);
        let now = TimeDelta::zero();
        aws::queues::send(invocation.clients, &queues.failing, &event, now).await?;
        tracing::info!(deployment, ?unheard, stops, "handed over as failing");
        Ok(())
    }
}
