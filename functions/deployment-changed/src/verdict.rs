//! Whether opsbot rolls a failing deployment back: judged, said in the alert, and asked for.

use aws::Invocation;
use aws::gather::{Closer, complete};
use aws::invocation::Enabled;
use domain::alert::compose::Story;
use domain::arn::ServiceArn;
use domain::facts::{Fact, Missing};
use domain::incident::News;
use domain::stop::Silent;
use domain::verdict::{
    Attempts, Case, Decision, Judged, LookedAt, OptIn, Request, Requester, Rung, TellLater, decide,
    old_causes,
};
use serde_json::{Value, json};

use crate::Retry;

/// What is judged.
pub(crate) struct Question<'a> {
    /// The failure, with what is known after the second round.
    pub(crate) story: Story<'a>,
    /// The failing deployment.
    pub(crate) deployment: &'a str,
    pub(crate) closer: &'a Closer,
    pub(crate) attempts: Fact<Attempts>,
    /// Why ECS does not call it failing, where it does not.
    pub(crate) silent: Option<Silent>,
    /// The piece of news that the failure is.
    pub(crate) news: &'a News,
}

/// A verdict, and its record.
pub(crate) struct Answer {
    pub(crate) judged: Judged,
    decision: Decision,
}

/// Judges it, and asks roll-back where that is to be.
pub(crate) async fn judge(
    question: Question<'_>,
    enabled: Enabled<'_>,
    invocation: &Invocation<'_>,
) -> Answer {
    let mut case = question.case(enabled, invocation);
    complete(&invocation.asking(), &mut case).await;
    let verdict = decide(&case);
    let mut decision = Decision::of(&case, &verdict, "deployment-changed", invocation.request_id);
    let mut not_asked = None;
    let asked = Judged::asks(&case, &verdict);
    if asked {
        let request = question.request(&case);
        let sent = question.ask(&request, enabled, invocation).await;
        not_asked = sent.err();
        let outcome = match &not_asked {
            None => "asked roll-back",
            Some(_) => "could not ask roll-back",
        };
        decision.outcome = Some(outcome.to_owned());
    }
    let attempts = case.attempts;
    let judged = Judged {
        verdict,
        attempts,
        asked,
        not_asked,
    };
    Answer { judged, decision }
}

impl Question<'_> {
    fn case(&self, enabled: Enabled<'_>, invocation: &Invocation<'_>) -> Case {
        let facts = &self.closer.facts;
        let service = facts.service.known();
        let old = service.map(|it| old_causes(it, self.deployment, &self.closer.other_tasks));
        Case {
            arn: self.story.service.clone(),
            deployment: self.deployment.to_owned(),
            service: facts.service.clone(),
            history: facts.history.clone(),
            revisions: facts.revisions.clone(),
            record: self.story.record.clone(),
            attempts: self.attempts.clone(),
            definitions: self.closer.definitions(),
            causes: self.story.causes(),
            old_causes: old.unwrap_or_default(),
            silent: self.silent,
            stack: None,
            requester: Requester::Event,
            policy: enabled.policy,
            now: invocation.now,
        }
    }

    /// Asks roll-back to decide and to tell, unless the service's owner wants nothing of it.
    pub(crate) async fn hand_on(
        &self,
        enabled: Enabled<'_>,
        invocation: &Invocation<'_>,
    ) -> Result<(), Retry> {
        let mut case = self.case(enabled, invocation);
        let service = case.service.known();
        let rung = service.map(|it| Rung::of(&it.tags, enabled.policy.default));
        if rung.is_some_and(|rung| rung.opt_in() == OptIn::Off) {
            return Ok(());
        }
        complete(&invocation.asking(), &mut case).await;
        let asked = self.ask(&self.request(&case), enabled, invocation).await;
        asked.map_err(Retry::NotAsked)
    }

    fn request(&self, case: &Case) -> Request {
        Request {
            service: case.arn.clone(),
            deployment: case.deployment.clone(),
            incident: self.story.incident().id,
            causes: case.causes.clone(),
            old_causes: case.old_causes.clone(),
            silent: case.silent,
            at: case.now,
            only_tell: false,
            looked_at: LookedAt::named_by(case),
        }
    }

    /// One request for each telling of a failure: a retry sends none beside it, and a failure that
    /// is told anew is asked for anew.
    async fn ask(
        &self,
        request: &Request,
        enabled: Enabled<'_>,
        invocation: &Invocation<'_>,
    ) -> Result<(), Missing> {
        let at = self.news.at.timestamp_millis();
        let id = format!("{}#{}@{at}", request.service, self.news.key);
        let group = request.service.to_string();
        ask(&json!(request), &group, &id, enabled, invocation).await
    }
}

/// Asks roll-back to tell of what a person asked for, if that was not told.
pub(crate) async fn tell_later(
    later: &TellLater,
    invocation: &Invocation<'_>,
) -> Result<(), Retry> {
    let Some(enabled) = invocation.rollbacks else {
        return Ok(());
    };
    let TellLater { group, id, request } = later;
    let asked = ask(request, group, id, enabled, invocation).await;
    asked.map_err(Retry::NotAsked)
}

async fn ask(
    request: &Value,
    group: &str,
    id: &str,
    enabled: Enabled<'_>,
    invocation: &Invocation<'_>,
) -> Result<(), Missing> {
    let clients = invocation.clients;
    let sent = aws::queues::send_in_order(clients, enabled.queue, request, group, id).await;
    sent.map_err(|error| {
        tracing::error!("{}", aws::chain(&error));
        Missing::new("roll-back", error.why())
    })
}

impl Answer {
    /// Keeps the record of the decision.
    pub(crate) async fn keep(&self, service: &ServiceArn, invocation: &Invocation<'_>) {
        let state = invocation.state_after_publish();
        // Where the table does not take it the log has it.
        let _ = state.decided(service, &self.decision).await;
    }
}
