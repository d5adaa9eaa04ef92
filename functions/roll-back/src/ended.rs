//! How a request ended.

use domain::facts::Missing;
use domain::incident::{News, OpenIncident};
use domain::verdict::{Case, Outcome, Plan, Verdict, may_go_back};

use crate::asked::Asked;

/// How a request ended.
pub(crate) struct Ended {
    pub(crate) case: Case,
    pub(crate) verdict: Verdict,
    /// The call that was made or was to be, and what became of it.
    pub(crate) tried: Option<(Plan, Outcome)>,
}

impl Ended {
    /// Why it is not known whether an earlier delivery of the request has written.
    pub(crate) fn unknown(&self, asked: &Asked) -> Option<&Missing> {
        let gap = self.case.attempts.missing();
        gap.filter(|_| asked.deliveries > 1 && self.tried.is_none() && may_go_back(&self.case))
    }

    /// Whether ECS has taken the call, or may have.
    pub(crate) fn may_be_on(&self) -> bool {
        let tried = self.tried.as_ref();
        tried.is_some_and(|(_, outcome)| outcome.is_done() || outcome.is_unsure())
    }

    /// The one call that there is for a deployment is one piece of news, however it went.
    pub(crate) fn news(&self, asked: &Asked) -> News {
        let (deployment, at) = (&self.case.deployment, self.case.now);
        match &self.tried {
            Some(_) if self.may_be_on() => News::rolled_back(deployment, at),
            Some((_, outcome)) => News::held(deployment, outcome.code(), at),
            None if self.unknown(asked).is_some() => News::held(deployment, "unknown", at),
            None => News::held(deployment, self.verdict.code(), at),
        }
    }

    /// The incident of the judged deployment, where it is open.
    pub(crate) fn open(&self) -> Option<&OpenIncident> {
        let record = self.case.record.known()?;
        record.open_for(&self.case.deployment)
    }
}
