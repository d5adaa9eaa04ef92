//! What roll-back says: that it goes back, or that it does not after all.

use chrono::{DateTime, Utc};

use super::super::{
    Alert, EvidenceSection, Kind, Link, Response, Rollback as Section, Severity, links,
};
use super::words::{clock, quoted, revision};
use super::{collected, headline, impact, next};
use crate::facts::{Deployment, Service};
use crate::verdict::{Case, Outcome, Plan, Verdict};

/// A request for a rollback that was answered.
#[derive(Clone, Copy, Debug)]
pub struct Rollback<'a> {
    /// The incident whose alert announced it.
    pub incident: &'a str,
    /// What the verdict rests on.
    pub case: &'a Case,
    /// The verdict.
    pub verdict: &'a Verdict,
    /// The call that was made, or was to be; and what became of it.
    pub tried: Option<(&'a Plan, &'a Outcome)>,
    /// Whether an earlier delivery of the request may have rolled back, and nobody can say.
    pub unknown: bool,
    /// Why a person wanted it. Untrusted text.
    pub reason: Option<&'a str>,
    /// When it was answered.
    pub at: DateTime<Utc>,
}

impl Rollback<'_> {
    /// The service goes back, or it does not after all.
    pub fn alert(&self) -> Alert {
        let (case, service) = (self.case, self.case.service.known());
        let arn = &case.arn;
        let back = self.tried.filter(|(_, outcome)| outcome.is_done());
        let kind = match back {
            Some(_) => Kind::RollbackStarted,
            None => Kind::RollbackHeld,
        };
        let what = match back {
            Some((plan, _)) => format!("opsbot rolls back to {}", revision(plan.to())),
            None => self.held_in_short(),
        };
        let cause = case.causes.first();
        Alert {
            kind,
            severity: self.severity(),
            incident: self.incident.to_owned(),
            at: self.at,
            service: arn.clone(),
            revision: self.judged().map(|it| revision(&it.task_definition)),
            headline: headline(arn, &what, None),
            cause_phrase: cause.map(|cause| cause.phrase().to_owned()),
            what_happened: self.what_happened(),
            causes: Vec::new(),
            impact: impact::sentences(service, self.judged(), &[]),
            changes: Vec::new(),
            response: Response {
                code: "none".to_owned(),
                sentence: String::new(),
            },
            rollback: Some(self.section()),
            evidence: EvidenceSection::default(),
            not_collected: self.gaps(),
            next_steps: self.next_steps(),
            links: self.links(),
            scope: super::scope(service),
        }
    }

    /// The verdict, and what became of it where it was a write.
    fn section(&self) -> Section {
        let to = self.tried.map(|(plan, _)| plan).or(self.verdict.plan());
        let done = self.tried.is_some_and(|(_, outcome)| outcome.is_done());
        let proposal = self.verdict.proposal().filter(|_| !done);
        let (code, sentence) = match self.tried {
            Some((plan, outcome)) if !outcome.is_done() || !self.verdict.is_write() => {
                (outcome.code(), outcome.sentence(plan))
            }
            _ if self.unknown => (
                self.verdict.code(),
                "Whether it was rolled back is not known: opsbot's own record cannot be read."
                    .to_owned(),
            ),
            _ => (self.verdict.code(), self.verdict.sentence()),
        };
        Section {
            code: code.to_owned(),
            sentence,
            to: to.map(|plan| revision(plan.to())),
            deployment: to.map(|_| self.case.deployment.clone()),
            command: proposal.map(|proposal| proposal.command()),
        }
    }

    fn held_in_short(&self) -> String {
        match self.tried {
            Some((plan, outcome)) if outcome.is_unsure() => {
                format!(
                    "the rollback to {} may or may not be on",
                    revision(plan.to())
                )
            }
            _ if self.unknown => "a rollback may or may not be on".to_owned(),
            _ => "not rolled back after all".to_owned(),
        }
    }

    fn what_happened(&self) -> Vec<String> {
        let (service, cluster) = (&self.case.arn.service, &self.case.arn.cluster);
        let from = match self.judged() {
            Some(judged) => format!(" from {}", revision(&judged.task_definition)),
            None => String::new(),
        };
        let at = clock(self.at);
        let mut said = vec![match self.tried {
            Some((plan, outcome)) if outcome.is_done() => format!(
                "opsbot began to roll service {service} in cluster {cluster} back{from} to {} at \
                 {at}.",
                revision(plan.to())
            ),
            _ => format!(
                "opsbot was to roll service {service} in cluster {cluster} back{from}, and looked \
                 again at {at}."
            ),
        }];
        if self.case.requester.is_person() {
            let reason = self.reason.filter(|reason| !reason.trim().is_empty());
            said.push(match reason {
                Some(reason) => quoted("A person asked for it", reason),
                None => "A person asked for it, without a reason.".to_owned(),
            });
        }
        if let Some((plan, outcome @ Outcome::Seen)) = self.tried {
            said.push(outcome.sentence(plan));
        }
        if self.unknown {
            said.push(
                "An earlier look may have begun the rollback: look at the service.".to_owned(),
            );
        }
        said
    }

    /// A rollback that was announced and does not come is as loud as the failure, unless somebody
    /// else mends it or wants it so.
    fn severity(&self) -> Severity {
        match (self.tried, self.verdict) {
            (Some((_, outcome)), _) if outcome.is_done() => Severity::Warning,
            (Some(_), _) => Severity::Critical,
            (
                None,
                Verdict::ServiceGone { .. }
                | Verdict::Watch { .. }
                | Verdict::Superseded { .. }
                | Verdict::AlreadyDone { .. }
                | Verdict::NotFailing { .. }
                | Verdict::StackInProgress { .. }
                | Verdict::NotOptedIn { .. }
                | Verdict::DryRun { .. }
                | Verdict::Ask { .. }
                | Verdict::TooFew { .. },
            ) => Severity::Warning,
            (
                None,
                Verdict::FactsMissing { .. }
                | Verdict::NotOurs { .. }
                | Verdict::WasRollback { .. }
                | Verdict::Unclear { .. }
                | Verdict::CoolingDown(_)
                | Verdict::NotItsFault { .. }
                | Verdict::NothingGood { .. }
                | Verdict::SameRevision { .. }
                | Verdict::TargetUnusable { .. }
                | Verdict::RollBack { .. },
            ) => Severity::Critical,
        }
    }

    fn next_steps(&self) -> Vec<String> {
        match (self.tried, self.verdict) {
            (Some((_, outcome)), _) if outcome.is_done() => {
                let judged = self.judged().map(|it| revision(&it.task_definition));
                vec![next::infrastructure_code(
                    judged.as_deref().unwrap_or("the bad revision"),
                )]
            }
            (Some((plan, outcome)), _) => {
                outcome.next_steps(&self.case.arn, &self.case.deployment, plan)
            }
            (None, verdict) => {
                let proposal = verdict.proposal();
                let command = proposal.map(|it| format!("By hand: {}", it.command()));
                command.into_iter().collect()
            }
        }
    }

    fn gaps(&self) -> Vec<super::super::NotCollected> {
        match self.verdict {
            Verdict::FactsMissing { missing } => missing.iter().map(collected::gap).collect(),
            _ => Vec::new(),
        }
    }

    fn judged(&self) -> Option<&Deployment> {
        let service: &Service = self.case.service.known()?;
        service.deployment(&self.case.deployment)
    }

    fn links(&self) -> Vec<Link> {
        let arn = &self.case.arn;
        let newest = self.case.history.known().and_then(|it| it.first());
        let deployment = newest.map(|it| Link {
            label: "deployment".to_owned(),
            url: links::deployment(arn, &it.arn),
        });
        let service = collected::service_link(arn);
        [service].into_iter().chain(deployment).collect()
    }
}
