//! A deployment failed: gather, diagnose, tell, remember the incident as open.

use aws::Invocation;
use aws::gather::{self, Closer, Glance};
use aws::state::Remember;
use chrono::{DateTime, TimeDelta, Utc};
use domain::alert::compose::Story;
use domain::arn::ServiceArn;
use domain::event::DeploymentEvent;
use domain::facts::{DeploymentFacts, Fact, Missing};
use domain::good;
use domain::incident::{News, OpenIncident, ServiceRecord, UNKNOWN};
use domain::response::Response;
use domain::stop::Silent;
use domain::verdict::Attempts;

use crate::telling::{Go, claim, mark, publish};
use crate::verdict::{Question, judge};
use crate::{Retry, completed, unfinished};

pub(crate) async fn answer(
    event: DeploymentEvent,
    invocation: &Invocation<'_>,
) -> Result<(), Retry> {
    let (asking, state) = (invocation.asking(), invocation.state());
    let service = &event.service;
    let claimed = async {
        let news = News::failed(event.deployment.as_deref()?, event.at);
        Some(claim(service, &news, invocation).await)
    };
    let (glance, record, claimed) = tokio::join!(
        gather::glance(&asking, service, event.at),
        state.record(service),
        claimed
    );
    let deployment = event
        .deployment
        .clone()
        .or_else(|| meant(&glance, event.at));
    let is_named = deployment.as_deref().is_some_and(|id| id != UNKNOWN);
    if !is_named && is_history(&record, event.at) {
        tracing::info!("it names no deployment, and people know of the failure; dropped");
        return Ok(());
    }
    let failure = Failure {
        event: &event,
        deployment: deployment.as_deref(),
        record: &record,
        how: How::Failed,
    };
    let claimed = match claimed {
        Some(claimed) => claimed,
        None => claim(service, &failure.news(), invocation).await,
    };
    match claimed? {
        Go::Tell(unmarked) => failure.tell(glance, unmarked.as_ref(), invocation).await,
        Go::Drop => Ok(()),
    }
}

/// What the table says of rollbacks of that deployment, where anybody wants to know.
async fn attempts(
    service: &ServiceArn,
    deployment: Option<&str>,
    invocation: &Invocation<'_>,
) -> Fact<Attempts> {
    match deployment {
        Some(failed) => {
            let state = invocation.state();
            state.attempts(service, failed, invocation.now).await
        }
        None => Fact::Known(Attempts::default()),
    }
}

/// Two events so near each other are of one failure, where one of them names no deployment.
const ONE_FAILURE: TimeDelta = TimeDelta::minutes(10);

/// The deployment that an event without its id is about: what ECS marks as failing, unless it was
/// released later.
fn meant(glance: &Glance, at: DateTime<Utc>) -> Option<String> {
    let failing = good::failing(glance.service.known()?, None)?;
    let later = failing.created_at > Some(at);
    Some(if later { UNKNOWN } else { &failing.id }.to_owned())
}

/// Whether people know of a failure of that time.
fn is_history(record: &Fact<ServiceRecord>, at: DateTime<Utc>) -> bool {
    let near = |open: &OpenIncident| !open.unsure && (open.failed_at - at).abs() <= ONE_FAILURE;
    record
        .known()
        .is_some_and(|record| record.closed_since(at) || record.open.iter().any(near))
}

/// The deployment that fails, as ECS marks it.
pub(crate) fn failing_id(glance: &Glance) -> Option<String> {
    good::failing(glance.service.known()?, None).map(|failing| failing.id.clone())
}

/// A failure that is about to be told.
pub(crate) struct Failure<'a> {
    pub(crate) event: &'a DeploymentEvent,
    /// The failed deployment; the event may name another, or none.
    pub(crate) deployment: Option<&'a str>,
    pub(crate) record: &'a Fact<ServiceRecord>,
    pub(crate) how: How,
}

/// How a deployment is known to fail.
#[derive(Clone, Copy)]
pub(crate) enum How {
    /// ECS called it failed.
    Failed,
    /// So many of its tasks stopped, and ECS does not say so.
    Failing(Silent),
}

impl How {
    pub(crate) fn silent(self) -> Option<Silent> {
        match self {
            Self::Failed => None,
            Self::Failing(silent) => Some(silent),
        }
    }
}

impl Failure<'_> {
    pub(crate) fn news(&self) -> News {
        let deployment = self.deployment.unwrap_or(UNKNOWN);
        match self.how {
            How::Failed => News::failed(deployment, self.event.at),
            How::Failing(silent) => {
                let open = self.record.known().and_then(|it| it.open_for(deployment));
                let again = open.is_some_and(|open| open.quiet).then_some(silent.stops);
                News::failing(deployment, again, self.event.at)
            }
        }
    }

    /// Gathers the rest, tells it, and remembers the incident as open unless it is over already.
    pub(crate) async fn tell(
        &self,
        glance: Glance,
        unmarked: Option<&Missing>,
        invocation: &Invocation<'_>,
    ) -> Result<(), Retry> {
        let (service, deployment) = (&self.event.service, self.deployment);
        let lines = invocation.settings.log_tail_lines;
        let asking = invocation.asking();
        let judges = deployment.zip(invocation.rollbacks);
        let (closer, attempts) = tokio::join!(
            Box::pin(gather::closer(
                &asking,
                service,
                glance,
                deployment,
                self.record,
                judges.is_some()
            )),
            attempts(
                service,
                judges.map(|(deployment, _)| deployment),
                invocation
            ),
        );
        let newest = attempts.known().and_then(|it| it.newest.as_ref());
        let closer = closer.knowing(newest, deployment, self.record);
        let news = self.news();
        let judging = async {
            let (deployment, enabled) = judges?;
            let question = self.question(deployment, &closer, (attempts, unmarked), &news);
            // On the heap: it is the largest of the futures, and mostly not there.
            Some(Box::pin(judge(question, enabled, invocation)).await)
        };
        let (last, answer) = tokio::join!(gather::last(&asking, service, &closer, lines), judging);
        let facts = closer.with(last);
        let story = Story {
            judged: answer.as_ref().map(|answer| &answer.judged),
            ..self.story(&facts, unmarked)
        };
        let alert = match self.how {
            How::Failed => story.failed(),
            How::Failing(Silent { stops, unheard }) => story.keeps_failing(stops, unheard),
        };
        // What was decided is on record also where SNS takes nothing.
        let keep = async {
            if let Some(answer) = &answer {
                answer.keep(service, invocation).await;
            }
        };
        // That opsbot went back was told whatever the floor, so it is told that it fails.
        let owed = story.is_of_opsbot();
        let (quiet, ()) = tokio::join!(publish(&alert, owed, invocation), keep);
        let quiet = quiet?;
        let open = OpenIncident {
            quiet,
            ..story.incident()
        };
        let response = story.response();
        if !response.is_final() {
            self.open(open, &response, invocation).await?;
        }
        let not_asked = answer.and_then(|answer| answer.judged.not_asked);
        if let Some(missing) = not_asked {
            return Err(Retry::NotAsked(missing));
        }
        mark(service, &self.news(), invocation).await;
        Ok(())
    }

    fn question<'s>(
        &'s self,
        deployment: &'s str,
        closer: &'s Closer,
        (attempts, unmarked): (Fact<Attempts>, Option<&'s Missing>),
        news: &'s News,
    ) -> Question<'s> {
        Question {
            story: self.story(&closer.facts, unmarked),
            deployment,
            closer,
            attempts,
            silent: self.how.silent(),
            news,
        }
    }

    /// Has roll-back judge it again, and tell what it decides: people know of it, and more of its
    /// tasks have failed since.
    pub(crate) async fn judged_again(
        &self,
        deployment: &str,
        glance: Glance,
        invocation: &Invocation<'_>,
    ) -> Result<(), Retry> {
        let Some(enabled) = invocation.rollbacks else {
            return Ok(());
        };
        let (asking, service) = (invocation.asking(), &self.event.service);
        let (closer, attempts) = tokio::join!(
            gather::closer(
                &asking,
                service,
                glance,
                Some(deployment),
                self.record,
                true
            ),
            attempts(service, Some(deployment), invocation),
        );
        let news = self.news();
        let question = self.question(deployment, &closer, (attempts, None), &news);
        question.hand_on(enabled, invocation).await
    }

    fn story<'s>(&'s self, facts: &'s DeploymentFacts, unmarked: Option<&'s Missing>) -> Story<'s> {
        let event = self.event;
        Story {
            service: &event.service,
            deployment: self.deployment,
            reason: event.reason.as_deref(),
            at: event.at,
            facts,
            record: self.record,
            failed: matches!(self.how, How::Failed),
            unmarked,
            judged: None,
        }
    }

    /// Remembers the incident as open, before the mark: an invocation that dies in between is
    /// retried, and a second alert is better than an incident whose end nobody is told. A
    /// completion that came in the meantime found nothing open, so its last word is told here.
    async fn open(
        &self,
        open: OpenIncident,
        response: &Response,
        invocation: &Invocation<'_>,
    ) -> Result<(), Retry> {
        let watched = async {
            if let Some(to) = response.goes_back_to() {
                unfinished::watch(&open, to, self.event, invocation).await;
            }
        };
        let (state, service) = (invocation.state_after_publish(), &self.event.service);
        let what = Remember::Open(open.clone());
        let (remembered, ()) = tokio::join!(state.remember(service, &what), watched);
        let record = match remembered {
            Fact::Known(record) => record,
            Fact::Missing(missing) => {
                tracing::error!(?missing, "the end of this incident will not be told");
                return Ok(());
            }
        };
        completed::end_if_overtaken(service, &record, &open, invocation).await
    }
}
