//! The last word of an incident.

use chrono::{DateTime, Utc};

use super::super::{Alert, EvidenceSection, Kind, Response, Severity};
use super::words::{clock, duration, revision};
use super::{collected, headline, impact, next};
use crate::arn::{ServiceArn, same};
use crate::facts::{Deployment, Fact, Service, TargetGroup};
use crate::incident::OpenIncident;
use crate::verdict::Attempt;

const BY_OPSBOT: &str = "opsbot rolled back to it";
const ELSEWHERE: &str = "ECS went back to it when opsbot had it roll back";

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
    let failed_how = match (open.unsure, open.taken_back) {
        (true, _) => "was to be taken back",
        (false, true) => "was taken back",
        (false, false) => "failed",
    };
    let (how, by_rollback) = how(open, completed, deployment, attempt);
    let (whose, but, severity) = compared(how, on.as_deref(), attempt);
    let next_steps = by_rollback.then(|| next::infrastructure_code(&failed));
    Alert {
        kind: Kind::Recovered,
        severity,
        incident: open.id.clone(),
        at,
        service: arn.clone(),
        revision: on.clone(),
        headline: headline(arn, &format!("recovered in {took}{on_text}{whose}"), None),
        cause_phrase: None,
        what_happened: vec![match &on {
            Some(on) => format!(
                "Service {} is steady on {on} since {}: {how}, {took} after {failed} {failed_how}.{but}",
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
        next_steps: next_steps.into_iter().collect(),
        links: vec![collected::service_link(arn)],
        scope: super::scope(known),
    }
}

/// What that is beside what opsbot announced: for the headline, and a sentence where it differs.
fn compared(how: &str, on: Option<&str>, attempt: Option<&Attempt>) -> (String, String, Severity) {
    let announced = attempt.map(|it| revision(&it.to)).unwrap_or_default();
    match how {
        BY_OPSBOT => {
            let whose = ", rolled back by opsbot".to_owned();
            (whose, String::new(), Severity::Info)
        }
        ELSEWHERE => (
            format!(", not on {announced}"),
            format!(
                " opsbot had announced {announced}. Look whether {} may serve.",
                on.unwrap_or_default()
            ),
            Severity::Warning,
        ),
        _ => (String::new(), String::new(), Severity::Info),
    }
}

/// How the service came to what serves now, and whether that was a rollback.
fn how(
    open: &OpenIncident,
    completed: &str,
    on: Option<&Deployment>,
    attempt: Option<&Attempt>,
) -> (&'static str, bool) {
    let by_ecs = open.rolling_back_to.as_deref() == Some(completed);
    let attempt = attempt.filter(|it| it.failed == open.deployment);
    let by_opsbot = attempt.is_some_and(|it| match &it.made {
        Some(made) => made == completed,
        None => on.map_or(by_ecs, |on| same(&on.task_definition, &it.to)),
    });
    // ECS goes back under the old deployment's own id; what is younger was released.
    let is_old = |attempt: &Attempt| on.is_some_and(|on| on.created_at < Some(attempt.at));
    let went = attempt.filter(|it| it.made.is_none() && completed != open.deployment);
    match (by_opsbot, by_ecs) {
        (true, _) => (BY_OPSBOT, true),
        (false, _) if went.is_some_and(is_old) => (ELSEWHERE, true),
        (false, true) => ("ECS rolled back to it", true),
        (false, false) => ("a deployment of it completed", false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Rollout;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000 + seconds, 0).unwrap()
    }

    /// What is said where `order-api:<number>`, of that moment, completed after opsbot had ECS go
    /// back to order-api:41.
    #[track_caller]
    fn check(number: u32, began: i64, by_ecs: bool, want: (&str, Severity)) {
        let arn = "arn:aws:ecs:eu-west-1:111122223333:service/prod-apps/order-api";
        let completed = format!("ecs-svc/{number}");
        let open = OpenIncident {
            id: "one".to_owned(),
            deployment: "ecs-svc/42".to_owned(),
            failing: Some("order-api:42".to_owned()),
            failed_at: at(0),
            rolling_back_to: by_ecs.then(|| completed.clone()),
            quiet: false,
            taken_back: false,
            unsure: false,
        };
        let deployment = Deployment {
            id: completed.clone(),
            status: "PRIMARY".to_owned(),
            task_definition: format!("order-api:{number}"),
            rollout: Some(Rollout::Completed),
            created_at: Some(at(began)),
            ..Deployment::default()
        };
        let service = Fact::Known(Service {
            deployments: vec![deployment],
            ..Service::default()
        });
        let attempt = Attempt {
            failed: "ecs-svc/42".to_owned(),
            from: None,
            to: "order-api:41".to_owned(),
            at: at(30),
            made: None,
        };
        let arn = ServiceArn::parse(arn, None).unwrap();
        let done = at(300);
        let alert = recovered(&arn, &open, &completed, done, &service, &[], Some(&attempt));
        let said = alert.headline.split(": ").last().unwrap_or_default();
        assert_eq!((said, alert.severity), want);
    }

    #[test]
    fn a_rollback_that_went_elsewhere_is_not_told_as_announced() {
        let announced = "recovered in 5 min on order-api:41, rolled back by opsbot";
        let elsewhere = "recovered in 5 min on order-api:40, not on order-api:41";
        for by_ecs in [true, false] {
            check(41, -9_000, by_ecs, (announced, Severity::Info));
            check(40, -9_000, by_ecs, (elsewhere, Severity::Warning));
        }
        let released = "recovered in 5 min on order-api:43";
        check(43, 60, false, (released, Severity::Info));
    }
}
