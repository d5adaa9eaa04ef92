//! Facts in, an [`Alert`] out: every sentence that opsbot says to a person stands in this folder.
//! Whatever came from outside goes through [`crate::sanitize`] here, and nowhere later.

mod changes;
mod collected;
mod failing;
mod impact;
mod incident;
mod next;
mod recovered;
mod rollback;
mod rolled_back;
mod settled;
mod stop_links;
mod stopped;
mod unfinished;
mod unreadable;
mod warned;
mod why;
mod words;

pub use recovered::recovered;
pub use rolled_back::Rollback;
pub use settled::settled;
pub use stopped::{Occasion, Stopped};
pub use unreadable::unreadable;

use chrono::{DateTime, Utc};

use super::{Alert, EvidenceSection, Kind, Response as ResponseSection, Scope, Severity};
use crate::arn::ServiceArn;
use crate::causes::{self, Ranked};
use crate::facts::{Deployment, DeploymentFacts, Fact, Missing, Rollout, Service};
use crate::good;
use crate::incident::{OpenIncident, ServiceRecord, UNKNOWN, incident_id};
use crate::response::{Response, Said, respond};
use crate::sanitize::line;
use crate::stop;
use crate::verdict::Judged;
use words::{clock, duration, quoted, revision};

/// What is known of one failing deployment when its alert is composed.
#[derive(Clone, Copy, Debug)]
pub struct Story<'a> {
    /// The service.
    pub service: &'a ServiceArn,
    /// The `ecs-svc/…` id of the failing deployment, where it is known.
    pub deployment: Option<&'a str>,
    /// What ECS gave as the reason.
    pub reason: Option<&'a str>,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// What was gathered.
    pub facts: &'a DeploymentFacts,
    /// What opsbot remembered.
    pub record: &'a Fact<ServiceRecord>,
    /// Whether an event says that the deployment failed, and not only that something is wrong.
    pub failed: bool,
    /// The marks of the table, where they could not be read.
    pub unmarked: Option<&'a Missing>,
    /// opsbot's verdict on a rollback, where rollbacks are enabled.
    pub judged: Option<&'a Judged>,
}

impl Story<'_> {
    /// A deployment failed.
    pub fn failed(&self) -> Alert {
        let response = self.response();
        let kind = match response {
            Response::RollbackFailed if self.was_rollback() => Kind::RollbackFailed,
            _ => Kind::DeploymentFailed,
        };
        let ranked = self.ranked();
        let phrase = phrase(&ranked);
        let mut alert = self.alert(kind, &ranked, &response);
        let what = match kind {
            Kind::RollbackFailed => format!("the rollback to {} failed too", self.failing_name()),
            _ => format!("deployment of {} failed", self.failing_name()),
        };
        let what = match response {
            Response::Over { .. } => format!("{what} and is over already"),
            _ => what,
        };
        alert.incident = self.incident().id;
        alert.headline = headline(self.service, &what, phrase);
        alert.what_happened = self.how_it_failed(kind);
        alert
    }

    /// ECS began to roll back, and people know of the failure.
    pub fn rolling_back(&self, open: &OpenIncident) -> Alert {
        let response = self.response();
        let mut alert = self.alert(Kind::RollbackStarted, &[], &response);
        alert.incident = open.id.clone();
        alert.severity = Severity::Warning;
        let failing = open.failing_name();
        let to = match &response {
            Response::RollingBack { to } | Response::Over { on: to } => revision(to),
            _ => "the last completed deployment".to_owned(),
        };
        alert.headline = headline(self.service, &format!("ECS is rolling back to {to}"), None);
        alert.what_happened = vec![
            format!(
                "ECS began to roll back from {failing} to {to} at {}.",
                clock(self.at)
            ),
            quoted("ECS says", self.reason.unwrap_or_default()),
        ];
        alert.evidence = EvidenceSection::default();
        alert.changes.clear();
        alert
    }

    /// What ECS does about it now.
    pub fn response(&self) -> Response {
        let Some(service) = self.facts.service.known() else {
            return Response::Unknown;
        };
        let said = Said {
            reason: self.reason,
            failed: self.failed,
            was_rollback: self.was_rollback(),
        };
        respond(service, self.failing(), said)
    }

    fn failing(&self) -> Option<&Deployment> {
        good::failing(self.facts.service.known()?, self.deployment)
    }

    /// `order-api:42`, as the service or, once it is no longer listed, a task of it names it; else
    /// the deployment's id.
    fn failing_name(&self) -> String {
        let listed = self
            .failing()
            .map(|failing| failing.task_definition.as_str());
        let task = self
            .facts
            .stopped_tasks
            .known()
            .and_then(|tasks| tasks.first());
        let by_task = || task.and_then(|task| task.task_definition_arn.as_deref());
        match (listed.or_else(by_task), self.deployment) {
            (Some(task_definition), _) => revision(task_definition),
            (None, None | Some(UNKNOWN)) => "a new revision".to_owned(),
            (None, Some(id)) => line(id, 60),
        }
    }

    /// The sections that every alert about a deployment has.
    fn alert(&self, kind: Kind, ranked: &[Ranked], response: &Response) -> Alert {
        let facts = self.facts;
        let service = facts.service.known();
        let subject = self
            .deployment
            .or_else(|| self.failing().map(|it| it.id.as_str()));
        let failed = |it: &&Deployment| self.failed || it.rollout == Some(Rollout::Failed);
        let bad = match kind {
            Kind::RollbackFailed => self.failed_release(),
            Kind::DeploymentFailing => self.failing(),
            _ => self.failing().filter(failed),
        };
        let causes = ranked
            .iter()
            .take(3)
            .map(collected::cause)
            .collect::<Vec<_>>();
        let good = facts.good.known().and_then(Option::as_ref);
        let good = good.map(|good| revision(&good.task_definition));
        let replaced = changes::replaced_images(facts, self.failing());
        let stack = service.and_then(|service| service.tags.get("aws:cloudformation:stack-name"));
        let stack = stack.map(|name| line(name, 128));
        let acts = rollback::is_done_by_opsbot(self.judged);
        let leaves = words::left_to_opsbot(response).filter(|_| acts);
        Alert {
            kind,
            severity: impact::severity(kind, service, bad, response)
                .max(rollback::severity(self.judged)),
            incident: incident_id(self.service, subject.unwrap_or("deployment")),
            at: self.at,
            service: self.service.clone(),
            revision: self
                .failing()
                .map(|failing| revision(&failing.task_definition)),
            headline: String::new(),
            cause_phrase: phrase(ranked).map(str::to_owned),
            what_happened: Vec::new(),
            impact: impact::sentences(service, bad, &facts.target_groups),
            changes: changes::lines(facts, self.failing()),
            response: ResponseSection {
                code: response.code().to_owned(),
                sentence: leaves.unwrap_or_else(|| words::response(response, &self.failing_name())),
            },
            next_steps: next::steps(&next::Situation {
                service: self.service,
                causes: &causes,
                response,
                good: good.as_deref().filter(|_| self.may_go_back()),
                replaced: &replaced,
                failing: &self.failing_name(),
                stack: stack.as_deref(),
                keeps_failing: kind == Kind::DeploymentFailing,
                blind: causes.is_empty() && self.denied(),
                goes_back: rollback::is_done_by_opsbot(self.judged),
            }),
            rollback: self.judged.map(rollback::section),
            evidence: collected::evidence(facts),
            not_collected: collected::gaps(facts, self.record, self.unmarked),
            links: collected::links(self.service, facts),
            scope: scope(service),
            causes,
        }
    }

    fn how_it_failed(&self, kind: Kind) -> Vec<String> {
        let ServiceArn {
            service, cluster, ..
        } = self.service;
        let (failing, at) = (self.failing_name(), clock(self.at));
        let began = self.failing().and_then(|failing| failing.created_at);
        let took = began.filter(|began| *began < self.at);
        let took = took.map(|began| format!(", {} after it began", duration(self.at - began)));
        let from = self.rolled_back();
        let from = from.map(|release| format!(" from {}", release.failing_name()));
        let mut sentences = vec![match kind {
            Kind::RollbackFailed => format!(
                "The rollback of service {service} in cluster {cluster}{} to {failing} failed at \
                 {at}.",
                from.unwrap_or_default()
            ),
            _ => format!(
                "The deployment of {failing} to service {service} in cluster {cluster} failed at \
                 {at}{}.",
                took.unwrap_or_default()
            ),
        }];
        sentences.extend(self.reason.map(|reason| quoted("ECS says", reason)));
        let alarms = self
            .facts
            .triggered_alarms
            .known()
            .map(Vec::as_slice)
            .unwrap_or_default();
        if !alarms.is_empty() {
            sentences.push(format!("Alarm: {}.", line(&alarms.join(", "), 200)));
        }
        let stopped = self.facts.stopped_tasks.known().map_or(0, Vec::len);
        if stopped > 0 {
            let tasks = words::count(stopped, "stopped task");
            sentences.push(format!("{tasks} of this deployment could still be seen."));
        }
        sentences
    }
}

/// Whom it concerns.
fn scope(service: Option<&Service>) -> Scope {
    Scope {
        owner: service.and_then(|service| stop::owner(&service.tags)),
        ..Scope::default()
    }
}

/// `order-api in prod-apps: deployment of order-api:42 failed: secret cannot be read`.
fn headline(arn: &ServiceArn, what: &str, phrase: Option<&str>) -> String {
    let phrase = phrase
        .map(|phrase| format!(": {phrase}"))
        .unwrap_or_default();
    format!("{} in {}: {what}{phrase}", arn.service, arn.cluster)
}

fn phrase(ranked: &[Ranked]) -> Option<&'static str> {
    let cause = ranked.first()?.finding.cause;
    (cause != causes::Cause::Unknown).then(|| cause.phrase())
}
