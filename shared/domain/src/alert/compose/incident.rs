//! Which incident a failure belongs to: one of its own, or the one whose rollback failed.

use chrono::TimeDelta;

use super::Story;
use super::words::revision;
use crate::facts::{Deployment, Rollout};
use crate::incident::{OpenIncident, incident_id};
use crate::response::Response;
use crate::verdict::Attempt;

/// A deployment and its service deployment may begin this far apart.
const MOMENT: TimeDelta = TimeDelta::minutes(1);

impl OpenIncident {
    /// `order-api:42`, made safe.
    pub(super) fn failing_name(&self) -> String {
        let failing = self.failing.as_deref();
        failing.map_or_else(|| "the failed revision".to_owned(), revision)
    }
}

impl Story<'_> {
    /// The incident as it is to be remembered. A rollback that failed too belongs to the incident
    /// of the release that was rolled back: people get an update in the same thread, and one last
    /// word.
    pub fn incident(&self) -> OpenIncident {
        let back_to = || self.primary().map(|it| it.id.clone());
        match self.response() {
            // opsbot's own that keeps failing fails before ECS says so.
            _ if self.attempt().is_some() => self.rolled_back().unwrap_or_else(|| self.own(None)),
            Response::RollbackFailed if self.was_rollback() => {
                self.rolled_back().unwrap_or_else(|| self.own(None))
            }
            Response::RollbackFailed | Response::RollingBack { .. } => self.own(back_to()),
            _ => self.own(None),
        }
    }

    fn own(&self, rolling_back_to: Option<String>) -> OpenIncident {
        let failing = self.facts.failing.known();
        OpenIncident {
            id: incident_id(self.service, self.deployment.unwrap_or("deployment")),
            deployment: self.deployment.unwrap_or("unknown").to_owned(),
            failing: failing.map(|definition| definition.arn.clone()),
            failed_at: self.at,
            rolling_back_to,
            quiet: false,
            taken_back: false,
            unsure: false,
        }
    }

    /// The incident whose rollback is failing: the one that is known to roll back to this
    /// deployment; else that of the failed deployment still listed beside it, whose own event may
    /// be late; else the newest.
    pub(super) fn rolled_back(&self) -> Option<OpenIncident> {
        let this = self.deployment?;
        let record = self.record.known();
        let of_opsbot = || record?.open_for(&self.attempt()?.failed);
        let told = record.and_then(|record| record.rolled_back_to(this));
        let told = told.or_else(of_opsbot);
        let open = |failed: &Deployment| record.and_then(|record| record.open_for(&failed.id));
        let listed = self.failed_release();
        let newest = || record?.open.iter().rfind(|open| open.deployment != this);
        let known = told.or_else(|| listed.map_or_else(newest, open)).cloned();
        let unseen = |failed: &Deployment| OpenIncident {
            id: incident_id(self.service, &failed.id),
            deployment: failed.id.clone(),
            failing: Some(failed.task_definition.clone()),
            ..self.own(None)
        };
        // Where the record could not be read, opsbot's attempt says it too.
        let attempted = || {
            let attempt = self.attempt()?;
            Some(OpenIncident {
                id: incident_id(self.service, &attempt.failed),
                deployment: attempt.failed.clone(),
                failing: attempt.from.clone(),
                ..self.own(None)
            })
        };
        let unseen = || listed.map(unseen);
        let incident = known.or_else(attempted).or_else(unseen)?;
        Some(OpenIncident {
            rolling_back_to: Some(this.to_owned()),
            unsure: false,
            ..incident
        })
    }

    /// Whether ECS was rolling back to this deployment: opsbot saw it begin, or the history says
    /// so. A first deployment ends as a failed rollback too, for want of a candidate; but the one
    /// that ECS goes back to is older than the service deployment that failed.
    pub(super) fn was_rollback(&self) -> bool {
        let record = self.record.known();
        let seen = self.deployment.and_then(|id| record?.rolled_back_to(id));
        let history = self.facts.history.known();
        let newest = history.and_then(|history| history.first());
        seen.is_some()
            || self.attempt().is_some()
            || newest.is_some_and(|newest| {
                let reason = newest.reason.as_deref().unwrap_or_default();
                let began = self.failing().and_then(|failing| failing.created_at);
                let older = matches!((began, newest.created_at), (Some(it), Some(newest)) if it + MOMENT < newest);
                let no_candidate = reason.contains("No rollback candidate");
                newest.status == "ROLLBACK_FAILED" && (older || !no_candidate)
            })
    }

    /// Whether opsbot made the deployment that fails, to go back.
    pub fn is_of_opsbot(&self) -> bool {
        self.attempt().is_some()
    }

    /// The rollback of opsbot's that made this deployment.
    pub(super) fn attempt(&self) -> Option<&Attempt> {
        let attempts = self.judged?.attempts.known()?;
        let made = |it: &&Attempt| it.made.is_some() && it.made.as_deref() == self.deployment;
        attempts.newest.as_ref().filter(made)
    }

    /// The failed release beside this rollback, where ECS still lists it.
    pub(super) fn failed_release(&self) -> Option<&Deployment> {
        let this = self.deployment?;
        let deployments = self.facts.service.known()?.deployments.iter();
        deployments
            .filter(|it| it.id != this && it.rollout == Some(Rollout::Failed))
            .max_by_key(|it| it.created_at)
    }

    fn primary(&self) -> Option<&Deployment> {
        self.facts.service.known()?.primary()
    }
}
