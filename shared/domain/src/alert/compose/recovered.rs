//! The last word of an incident.

use chrono::{DateTime, Utc};

use super::super::{Alert, EvidenceSection, Kind, Response, Severity};
use super::words::{clock, duration, revision};
use super::{collected, headline, impact, next};
use crate::arn::ServiceArn;
use crate::facts::{Fact, Service, TargetGroup};
use crate::incident::OpenIncident;
use crate::verdict::Attempt;

const BY_OPSBOT: &str = "opsbot rolled back to it";

/// It is over: the last word of an incident. `attempt` is opsbot's own rollback, if there was one.
pub fn recovered(
    arn: &ServiceArn,
    open: &OpenIncident,
    completed: &str,
    at: DateTime<Utc>,
    service: &Fact<Service>,
    target_groups: &[TargetGroup],
    attempt: Option<&Attempt>,
) -> Alert {
    let known = service.known();
    let deployment = known.and_then(|service| service.deployment(completed));
    let on = deployment.map(|deployment| revision(&deployment.task_definition));
    let on_text = on
        .as_ref()
        .map(|on| format!(" on {on}"))
        .unwrap_or_default();
    let took = duration(at - open.failed_at);
    let failed = open
        .failing
        .as_deref()
        .map_or_else(|| "the deployment".to_owned(), revision);
    let failed_how = match open.taken_back {
        true => "was taken back",
        false => "failed",
    };
    let (how, by_rollback) = how(open, completed, on.as_deref(), attempt);
    let whose = match how {
        BY_OPSBOT => ", rolled back by opsbot",
        _ => "",
    };
    let mut next_steps = Vec::new();
    if by_rollback {
        next_steps.push(next::infrastructure_code(&failed));
    }
    Alert {
        kind: Kind::Recovered,
        severity: Severity::Info,
        incident: open.id.clone(),
        at,
        service: arn.clone(),
        revision: on.clone(),
        headline: headline(arn, &format!("recovered in {took}{on_text}{whose}"), None),
        cause_phrase: None,
        what_happened: vec![match &on {
            Some(on) => format!(
                "Service {} is steady on {on} since {}: {how}, {took} after {failed} {failed_how}.",
                arn.service,
                clock(at)
            ),
            None => format!(
                "A deployment of service {} completed at {}, {took} after {failed} {failed_how}.",
                arn.service,
                clock(at)
            ),
        }],
        causes: Vec::new(),
        impact: impact::sentences(known, None, target_groups),
        changes: Vec::new(),
        response: Response {
            code: "over".to_owned(),
            sentence: String::new(),
        },
        rollback: None,
        evidence: EvidenceSection::default(),
        not_collected: service.missing().into_iter().map(collected::gap).collect(),
        next_steps,
        links: vec![collected::service_link(arn)],
        scope: super::scope(known),
    }
}

/// How the service came to what serves now, and whether that was a rollback.
fn how(
    open: &OpenIncident,
    completed: &str,
    on: Option<&str>,
    attempt: Option<&Attempt>,
) -> (&'static str, bool) {
    let by_ecs = open.rolling_back_to.as_deref() == Some(completed);
    let attempt = attempt.filter(|it| it.failed == open.deployment);
    let by_opsbot = attempt.is_some_and(|it| match &it.made {
        Some(made) => made == completed,
        // ECS goes back under the old deployment's own id.
        None => by_ecs || on == Some(&revision(&it.to)),
    });
    match (by_opsbot, by_ecs) {
        (true, _) => (BY_OPSBOT, true),
        (false, true) => ("ECS rolled back to it", true),
        (false, false) => ("a deployment of it completed", false),
    }
}
