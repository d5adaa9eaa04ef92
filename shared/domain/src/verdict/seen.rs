//! The facts that every row needs, known to be there, and what can be read off them.

use chrono::{DateTime, Utc};

use super::{Attempt, Attempts, By, Case};
pub(super) use crate::arn::same;
use crate::facts::{
    Deployment, LifecycleHook, Rollout, Service, ServiceDeployment, ServiceRevision,
};
use crate::good::{self, SAME_START, is_rollback};
use crate::incident::ServiceRecord;

/// `status` of a service deployment (Amazon ECS API reference, `ServiceDeployment`). There is no
/// `FAILED`: a failed deployment without rollback and a superseded one both end `STOPPED`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Pending,
    InProgress,
    StopRequested,
    Stopped,
    Successful,
    RollbackRequested,
    RollbackInProgress,
    RollbackSuccessful,
    RollbackFailed,
    /// One that came later.
    Other,
}

impl Status {
    pub(super) fn of(deployment: &ServiceDeployment) -> Self {
        match deployment.status.as_str() {
            "PENDING" => Self::Pending,
            "IN_PROGRESS" => Self::InProgress,
            "STOP_REQUESTED" => Self::StopRequested,
            "STOPPED" => Self::Stopped,
            "SUCCESSFUL" => Self::Successful,
            "ROLLBACK_REQUESTED" => Self::RollbackRequested,
            "ROLLBACK_IN_PROGRESS" => Self::RollbackInProgress,
            "ROLLBACK_SUCCESSFUL" => Self::RollbackSuccessful,
            "ROLLBACK_FAILED" => Self::RollbackFailed,
            _ => Self::Other,
        }
    }

    fn is_of_a_rollback(self) -> bool {
        match self {
            Self::RollbackRequested
            | Self::RollbackInProgress
            | Self::RollbackSuccessful
            | Self::RollbackFailed => true,
            Self::Pending
            | Self::InProgress
            | Self::StopRequested
            | Self::Stopped
            | Self::Successful
            | Self::Other => false,
        }
    }
}

/// A case whose great facts are all there.
pub(super) struct Seen<'a> {
    pub(super) case: &'a Case,
    pub(super) service: &'a Service,
    /// Newest first.
    pub(super) history: Vec<&'a ServiceDeployment>,
    pub(super) revisions: &'a [ServiceRevision],
    pub(super) record: &'a ServiceRecord,
    pub(super) attempts: &'a Attempts,
}

impl<'a> Seen<'a> {
    /// `None` where one of them is missing.
    pub(super) fn of(case: &'a Case) -> Option<Self> {
        let service = case.service.known()?;
        Some(Self {
            case,
            service,
            history: good::own_history(Some(service), case.history.known()?),
            revisions: case.revisions.known()?,
            record: case.record.known()?,
            attempts: case.attempts.known()?,
        })
    }

    /// The deployment that is judged, while the service lists it.
    pub(super) fn judged(&self) -> Option<&'a Deployment> {
        self.service.deployment(&self.case.deployment)
    }

    /// The judged deployment, where it is PRIMARY.
    pub(super) fn judged_primary(&self) -> Option<&'a Deployment> {
        let primary = self.service.primary()?;
        (primary.id == self.case.deployment).then_some(primary)
    }

    /// The newest entry of the history.
    pub(super) fn newest(&self) -> Option<&'a ServiceDeployment> {
        self.history.first().copied()
    }

    /// The newest entry, and its status.
    pub(super) fn newest_status(&self) -> Option<Status> {
        self.newest().map(Status::of)
    }

    /// The service revision of that ARN.
    pub(super) fn revision(&self, arn: &str) -> Option<&'a ServiceRevision> {
        self.revisions.iter().find(|revision| revision.arn == arn)
    }

    /// The service revision that an entry of the history brings.
    pub(super) fn target(&self, entry: &ServiceDeployment) -> Option<&'a ServiceRevision> {
        self.revision(entry.target_revision.as_deref()?)
    }

    /// The entry of the history that is the judged deployment.
    pub(super) fn entry(&self) -> Option<&'a ServiceDeployment> {
        let current = self.service.current_service_deployment.as_deref();
        good::entry(self.judged()?, current, &self.history, self.revisions)
    }

    /// A deployment of the history that began after the judged one. One of the same moment or
    /// without a date counts: in doubt it is newer.
    pub(super) fn newer_entry(&self) -> Option<&'a ServiceDeployment> {
        let own = self.entry();
        // Its own entry, if that is only not recognised, is no newer one.
        let dated = || self.judged()?.created_at?.checked_add_signed(SAME_START);
        let began = own.map_or_else(dated, |entry| entry.created_at);
        let later = |at: DateTime<Utc>| began.is_some_and(|began| at >= began);
        let other = |entry: &&&ServiceDeployment| own.is_none_or(|own| own.arn != entry.arn);
        let newer = |entry: &&&ServiceDeployment| entry.created_at.is_none_or(later);
        self.history.iter().filter(other).find(newer).copied()
    }

    /// Whose rollback the judged deployment is, if it is one; or whose rollback of it failed. ECS
    /// goes back under the old deployment's own id, so the id alone says nothing.
    pub(super) fn rollback_by(&self) -> Option<By> {
        let id = &self.case.deployment;
        let judged = self.judged();
        let made = |attempt: &Attempt| match &attempt.made {
            Some(made) => made == id,
            None => judged.is_some_and(|it| {
                same(&it.task_definition, &attempt.to)
                    // In either direction: the clocks of ECS and of a function differ.
                    && it
                        .created_at
                        .is_none_or(|began| (began - attempt.at).abs() <= SAME_START)
            }),
        };
        let in_reason = judged.is_some_and(is_rollback);
        let newest = self.attempts.newest.as_ref();
        // While ECS goes back, PRIMARY is not what the newest deployment was to bring.
        let in_history = self.newest().is_some_and(|newest| {
            let status = Status::of(newest);
            let brings_another = |it: &Deployment| {
                let target = self.target(newest);
                target.is_none_or(|target| !same(&target.task_definition, &it.task_definition))
            };
            let goes_back =
                status.is_of_a_rollback() && self.judged_primary().is_some_and(brings_another);
            goes_back || (status == Status::RollbackFailed && !self.never_began(newest))
        });
        if newest.is_some_and(made) {
            return Some(By::Opsbot);
        }
        (in_reason || in_history || self.record.rolled_back_to(id).is_some()).then_some(By::Ecs)
    }

    /// ECS also ends a deployment `ROLLBACK_FAILED` where it had nothing to go back to: then no
    /// rollback failed, there was none, and the failed deployment is still PRIMARY.
    fn never_began(&self, newest: &ServiceDeployment) -> bool {
        let own = self.judged_primary().is_some() && self.entry().is_some_and(|it| it == newest);
        let detail = newest.detail.as_ref();
        own && detail.is_some_and(|detail| detail.rolled_back_to.is_none())
    }

    /// The attempt at the judged deployment.
    pub(super) fn attempt_at_this(&self) -> Option<&'a Attempt> {
        let newest = self.attempts.newest.as_ref();
        let of_it = newest.filter(|attempt| attempt.failed == self.case.deployment);
        self.attempts.of_this.as_ref().or(of_it)
    }

    /// The deployment that completed last of those still listed: what ECS goes back to in a rolling
    /// update (Amazon ECS Developer Guide, `deployment-circuit-breaker`).
    pub(super) fn completed(&self) -> Option<&'a Deployment> {
        let completed = |it: &&Deployment| {
            it.rollout == Some(Rollout::Completed) && it.id != self.case.deployment
        };
        let listed = self.service.deployments.iter().filter(completed);
        listed.max_by_key(|it| it.created_at)
    }

    /// `aws:cloudformation:stack-name`, which CloudFormation puts on what it makes.
    pub(super) fn stack_name(&self) -> Option<&'a str> {
        let name = self.service.tags.get("aws:cloudformation:stack-name");
        name.map(String::as_str)
    }

    /// Whether tasks are replaced a few at a time, rather than traffic shifted.
    pub(super) fn is_rolling(&self) -> bool {
        matches!(self.service.strategy.as_deref(), None | Some("ROLLING"))
    }
}

/// The judged deployment where all is in order: PRIMARY, and found in the history.
pub(super) struct Standing<'a> {
    pub(super) deployment: &'a Deployment,
    pub(super) entry: &'a ServiceDeployment,
    pub(super) phase: Phase<'a>,
}

/// How far the deployment is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase<'a> {
    /// ECS still works on it; at a pause hook, if that awaits an answer.
    InFlight(Option<&'a LifecycleHook>),
    /// ECS has given it up, and does nothing any more.
    GivenUp,
    /// It succeeded.
    Successful,
}

impl<'a> Phase<'a> {
    /// `None` where a rollback is on, or the status is one that came later.
    pub(super) fn of(entry: &'a ServiceDeployment) -> Option<Self> {
        Some(match Status::of(entry) {
            Status::Pending => Self::InFlight(None),
            Status::InProgress => Self::InFlight(awaiting(entry)),
            // Stopped without a rollback, which cannot be asked for any more: stopping again
            // changes nothing (Amazon ECS Developer Guide, `stop-service-deployment`).
            Status::StopRequested | Status::Stopped => Self::GivenUp,
            // There was nothing to go back to: see `rollback_by`.
            Status::RollbackFailed => Self::GivenUp,
            Status::Successful => Self::Successful,
            Status::RollbackRequested
            | Status::RollbackInProgress
            | Status::RollbackSuccessful
            | Status::Other => return None,
        })
    }
}

fn awaiting(entry: &ServiceDeployment) -> Option<&LifecycleHook> {
    let hooks = &entry.detail.as_ref()?.hooks;
    let awaits =
        |hook: &&LifecycleHook| hook.target_type == "PAUSE" && hook.status == "AWAITING_ACTION";
    hooks.iter().find(awaits)
}
