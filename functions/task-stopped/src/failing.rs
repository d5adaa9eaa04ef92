//! A deployment that keeps failing while ECS says nothing is handed to deployment-changed: once to be
//! told, and once more where so much of it has failed that it may be rolled back.

use aws::Invocation;
use aws::counting::{Claimed, Watched};
use aws::gather::Around;
use chrono::TimeDelta;
use domain::incident::{OpenIncident, incident_id};
use domain::settings::Queues;
use domain::stop::{
    Count, JUDGED_FOR, NotFailing, ON_THE_WAY, Said, Story, Unheard, deployment_key, given_up_at,
    handover, judge, next_at,
};

use crate::Retry;

/// The incident of the story's deployment, where it is failing: handed over now or before.
pub(crate) async fn answer(
    story: &Story,
    claimed: Claimed,
    around: &Around,
    invocation: &Invocation<'_>,
    queues: &Queues,
) -> Result<Option<String>, Retry> {
    let Some(deployment) = &story.deployment else {
        return Ok(None);
    };
    let case = Case {
        story,
        deployment,
        around,
    };
    let count = match claimed {
        Claimed::Ours(count) => count,
        Claimed::No(said) => return Ok(case.handed_over(said, invocation)),
        Claimed::Held => return Ok(case.on_its_way()),
        Claimed::Busy(missing) => return Err(Retry::NotSeen(missing)),
        Claimed::Unreachable(_) => return Ok(None),
    };
    let (said, next) = case.settled(&count, invocation, queues).await?;
    let key = deployment_key(&story.subject.arn, deployment);
    let state = invocation.state_after_publish();
    let again = Watched {
        token: None,
        look_by: invocation.now + JUDGED_FOR,
    };
    if let Some(missing) = state
        .said(&key, next, &said, &again, invocation.now)
        .await
        .missing()
    {
        tracing::error!(?missing, key, "could not remember that it was handed over");
    }
    Ok(said.counted_into.filter(|_| !case.is_quiet()))
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
    fn handed_over(&self, said: Said, invocation: &Invocation<'_>) -> Option<String> {
        let young = said.at.is_some_and(|at| invocation.now - at < ON_THE_WAY);
        let known = self.open().map_or(young, |open| !open.quiet);
        said.counted_into.filter(|_| self.is_under_way() && known)
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
        self.around.record.known()?.open_for(self.deployment)
    }

    /// Whether its incident is open below the severity floor: nobody was told of it, so its stops
    /// speak for themselves.
    fn is_quiet(&self) -> bool {
        self.open().is_some_and(|open| open.quiet)
    }

    /// What is remembered of it, and the number of stops at which it is judged again.
    async fn settled(
        &self,
        count: &Count,
        invocation: &Invocation<'_>,
        queues: &Queues,
    ) -> Result<(Said, u64), Retry> {
        let (arn, deployment) = (&self.story.subject.arn, self.deployment);
        // It is judged anew now and then: it may be mended, and fail again.
        let next = self.next(count);
        let known = match self.open().filter(|open| !open.quiet) {
            // People know that it failed: its stops are counted into that incident.
            Some(open) => Some(counted_into(open.id.clone(), count.said.tasks, invocation)),
            None => self
                .handed_over(count.said.clone(), invocation)
                .map(|_| count.said.clone()),
        };
        match (self.judged(), known) {
            (Some(Ok(_)), None) if let Some((said, next)) = self.just_begun(count, invocation) => {
                Ok((said, next))
            }
            (Some(Ok(unheard)), known) if known.is_none() || self.is_enough(count) => {
                self.hand_over(count, unheard, invocation, queues).await?;
                let incident = known.and_then(|said| said.counted_into);
                let incident = incident.unwrap_or_else(|| incident_id(arn, deployment));
                Ok((counted_into(incident, count.tasks, invocation), next))
            }
            (_, Some(known)) => Ok((known, next)),
            (
                Some(Err(NotFailing::FailedAlready | NotFailing::Completed | NotFailing::Gone)),
                None,
            ) => Ok((from(count.tasks), next)),
            // The service could not be read: the next stop asks again.
            (_, None) => Ok((count.said.clone(), count.tasks + 1)),
        }
    }

    async fn hand_over(
        &self,
        count: &Count,
        unheard: Unheard,
        invocation: &Invocation<'_>,
        queues: &Queues,
    ) -> Result<(), Retry> {
        let (arn, deployment, tasks) = (&self.story.subject.arn, self.deployment, count.tasks);
        let (source, at) = (&invocation.settings.event_source, invocation.now);
        let event = handover(source, arn, deployment, tasks, unheard, at);
        let now = TimeDelta::zero();
        aws::queues::send(invocation.clients, &queues.failing, &event, now).await?;
        tracing::info!(deployment, ?unheard, tasks, "handed over as failing");
        Ok(())
    }

    /// What it waits for where it had completed, was judged anew because of the time, and has just
    /// begun to fail: as many stops as any other deployment.
    fn just_begun(&self, count: &Count, invocation: &Invocation<'_>) -> Option<(Said, u64)> {
        let threshold = invocation.settings.failing_threshold;
        let stops: usize = self.story.failing().map(|group| group.stops.len()).sum();
        let is_waiting = count.next_at == Some(count.said.tasks + threshold);
        let began_at = match is_waiting {
            true => count.said.tasks,
            false => count.tasks.saturating_sub(stops as u64),
        };
        let next = began_at + threshold;
        let by_time = count.next_at.is_some_and(|next_at| count.tasks < next_at);
        (by_time && count.tasks < next).then(|| (from(began_at), next))
    }

    /// So many failing tasks make the circuit breaker give the deployment up, and have it judged
    /// once more whether it is rolled back.
    fn enough(&self) -> Option<u64> {
        let service = self.around.service.known()?;
        Some(given_up_at(service.desired))
    }

    /// Whether there are enough now, and were not when it was handed over.
    fn is_enough(&self, count: &Count) -> bool {
        let is_reached = |enough| count.said.tasks < enough && enough <= count.tasks;
        self.enough().is_some_and(is_reached)
    }

    fn next(&self, count: &Count) -> u64 {
        let next = next_at(count.tasks);
        let enough = self.enough().filter(|enough| *enough > count.tasks);
        enough.map_or(next, |enough| enough.min(next))
    }
}

/// From so many stops on it may fail.
fn from(tasks: u64) -> Said {
    Said {
        tasks,
        ..Said::default()
    }
}

/// `tasks` is how many there were when it was handed over.
fn counted_into(incident: String, tasks: u64, invocation: &Invocation<'_>) -> Said {
    Said {
        at: Some(invocation.now),
        tasks,
        counted_into: Some(incident),
        ..Said::default()
    }
}
