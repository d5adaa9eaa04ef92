//! A deployment failed: gather, diagnose, tell, remember the incident as open.

use aws::Invocation;
use aws::gather::{self, Glance};
use aws::state::{Claim, Remember};
use domain::alert::compose::Story;
use domain::event::DeploymentEvent;
use domain::facts::{Fact, Missing};
use domain::good;
use domain::incident::{News, OpenIncident, ServiceRecord};
use domain::response::Response;

use crate::Retry;
use crate::telling::{Go, go, mark, publish};

pub(crate) async fn answer(
    event: DeploymentEvent,
    invocation: &Invocation<'_>,
) -> Result<(), Retry> {
    let (asking, state) = (invocation.asking(), invocation.state());
    let service = &event.service;
    let claim = async {
        let news = News::failed(event.deployment.as_deref()?, event.at);
        Some(state.claim(service, &news, invocation.claimant()).await)
    };
    let (glance, record, claim) = tokio::join!(
        gather::glance(&asking, service, event.at),
        state.record(service),
        claim
    );
    let deployment = event.deployment.clone().or_else(|| failing_id(&glance));
    let failure = Failure {
        event: &event,
        deployment: deployment.as_deref(),
        record: &record,
    };
    let news = failure.news();
    let claim = match claim {
        Some(claim) => claim,
        None => state.claim(service, &news, invocation.claimant()).await,
    };
    match go(claim, &news) {
        Go::Tell(unmarked) => failure.tell(glance, unmarked.as_ref(), invocation).await,
        Go::Drop => Ok(()),
    }
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
}

impl Failure<'_> {
    pub(crate) fn news(&self) -> News {
        News::failed(self.deployment.unwrap_or("unknown"), self.event.at)
    }

    /// Gathers the rest, tells it, and remembers the incident as open unless it is over already.
    pub(crate) async fn tell(
        &self,
        glance: Glance,
        unmarked: Option<&Missing>,
        invocation: &Invocation<'_>,
    ) -> Result<(), Retry> {
        let (event, deployment, record) = (self.event, self.deployment, self.record);
        let lines = invocation.settings.log_tail_lines;
        let asking = invocation.asking();
        let facts = gather::facts(&asking, &event.service, glance, deployment, record, lines).await;
        let story = Story {
            service: &event.service,
            deployment,
            reason: event.reason.as_deref(),
            at: event.at,
            facts: &facts,
            record,
            unmarked,
        };
        let alert = story.failed();
        let quiet = publish(&alert, invocation).await?;
        let response = story.response();
        let rolling_back_to = match &response {
            Response::RollingBack { .. } => facts
                .service
                .known()
                .and_then(|service| service.primary())
                .map(|it| it.id.clone()),
            _ => None,
        };
        let failing = facts
            .failing
            .known()
            .map(|definition| definition.arn.clone());
        let open = OpenIncident {
            id: alert.incident,
            deployment: deployment.unwrap_or("unknown").to_owned(),
            failing,
            failed_at: event.at,
            rolling_back_to,
            quiet,
        };
        let over = matches!(response, Response::Over { .. });
        let news = self.news();
        tokio::join!(mark(&event.service, &news, invocation), async {
            if !over {
                self.remember(open, invocation).await;
            }
        });
        Ok(())
    }

    async fn remember(&self, open: OpenIncident, invocation: &Invocation<'_>) {
        let known = self.record.known().cloned().unwrap_or_default();
        let what = Remember::Open(known.open_with(open));
        let state = invocation.state_after_publish();
        if let Some(missing) = state.remember(&self.event.service, &what).await.missing() {
            tracing::error!(?missing, "the end of this incident will not be told");
        }
    }
}

/// Whether a claim says that somebody tells it already.
pub(crate) fn taken(claim: &Claim) -> bool {
    match claim {
        Claim::Told | Claim::Held => true,
        Claim::Ours | Claim::Unreachable(_) => false,
    }
}
