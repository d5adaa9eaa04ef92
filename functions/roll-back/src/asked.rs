//! A request, whoever makes it.

use aws::gather;
use aws::gather::rollback::{Question, Sources};
use chrono::{DateTime, Utc};
use domain::arn::ServiceArn;
use domain::causes::Cause;
use domain::facts::{Fact, Missing};
use domain::incident::incident_id;
use domain::stop::Silent;
use domain::verdict::{Case, Invoke, LookedAt, Request, Requester};

use crate::Means;

/// What is asked, and where its facts stand.
pub(crate) struct Asked {
    pub(crate) service: ServiceArn,
    /// The deployment to judge; empty where it is not known, which no verdict survives.
    pub(crate) deployment: String,
    /// The incident whose alert announced it.
    pub(crate) incident: Option<String>,
    causes: Vec<Cause>,
    old_causes: Vec<Cause>,
    silent: Option<Silent>,
    looked_at: LookedAt,
    requester: Requester,
    /// Why a person's service could not be read, so that it is not known what is judged.
    unread: Option<Missing>,
    /// Only to tell of an attempt, where there was one.
    pub(crate) only_tell: bool,
    /// How often it has come, this time included.
    pub(crate) deliveries: u32,
    /// Why a person wants it. Untrusted text.
    pub(crate) reason: Option<String>,
}

impl Asked {
    pub(crate) fn by_event(request: Request, deliveries: u32) -> Self {
        Self {
            deliveries,
            unread: None,
            only_tell: request.only_tell,
            service: request.service,
            deployment: request.deployment,
            incident: Some(request.incident),
            causes: request.causes,
            old_causes: request.old_causes,
            silent: request.silent,
            looked_at: request.looked_at,
            requester: Requester::Event,
            reason: None,
        }
    }

    /// A person means the deployment that they name, else what runs now: the PRIMARY one.
    pub(crate) async fn by_person(invoke: Invoke, service: ServiceArn, means: &Means<'_>) -> Self {
        let read = gather::service(&means.invocation.asking(), &service).await;
        let known = read.known();
        let primary = known.and_then(|it| it.primary()).map(|it| it.id.clone());
        let current = known.and_then(|it| it.current_service_deployment.clone());
        let stack = known.and_then(|it| it.tags.get("aws:cloudformation:stack-name"));
        Self {
            service,
            deployment: invoke.deployment.clone().or(primary).unwrap_or_default(),
            incident: None,
            causes: Vec::new(),
            old_causes: Vec::new(),
            silent: None,
            looked_at: LookedAt {
                deployments: current.into_iter().collect(),
                stack: stack.cloned(),
                ..LookedAt::default()
            },
            requester: invoke.requester(),
            deliveries: 1,
            only_tell: false,
            unread: read.missing().cloned(),
            reason: invoke.reason,
        }
    }

    /// A request of the queue, to tell of it.
    pub(crate) fn request(&self, at: DateTime<Utc>) -> Request {
        let incident = self.incident.clone();
        Request {
            service: self.service.clone(),
            deployment: self.deployment.clone(),
            incident: incident.unwrap_or_else(|| incident_id(&self.service, &self.deployment)),
            causes: self.causes.clone(),
            old_causes: self.old_causes.clone(),
            silent: self.silent,
            only_tell: true,
            at,
            looked_at: self.looked_at.clone(),
        }
    }

    /// Reads every fact anew.
    pub(crate) async fn gather(&self, means: &Means<'_>) -> Case {
        let invocation = means.invocation;
        let sources = Sources {
            asking: invocation.asking(),
            state: invocation.state(),
            stacks: means.stacks,
        };
        let question = Question {
            service: &self.service,
            deployment: &self.deployment,
            looked_at: &self.looked_at,
            causes: &self.causes,
            old_causes: &self.old_causes,
            silent: self.silent,
            requester: self.requester.clone(),
            policy: means.policy,
            now: invocation.time(),
        };
        let case = gather::rollback::case(&sources, &question).await;
        match &self.unread {
            Some(missing) => Case {
                service: Fact::Missing(missing.clone()),
                ..case
            },
            None => case,
        }
    }
}
