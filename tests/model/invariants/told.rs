//! What must be told: judged by what was published, its words and its time.

use std::collections::BTreeSet;

use domain::arn::ServiceArn;
use domain::incident::incident_id;
use serde_json::Value;
use simulator::{Published, Time, Write};

use super::of_a_write::Written;
use super::{Broken, Writing, broken};
use crate::parcel::Failure;

pub const TOLD: &str = "every write is told";
pub const ALERTED: &str = "every failed deployment is alerted";

/// An alert as a machine reads it.
struct Alert {
    kind: String,
    /// The service's ARN.
    service: String,
    incident: String,
    /// Of the verdict, or of what became of it.
    code: String,
    text: String,
    at: Time,
}

impl Alert {
    fn of(published: &Published) -> Self {
        let text = published.for_protocol("sqs");
        let alert: Value = serde_json::from_str(&text).unwrap_or_default();
        let part = |pointer: &str| {
            let value = alert.pointer(pointer).and_then(Value::as_str);
            value.unwrap_or_default().to_owned()
        };
        Self {
            kind: part("/kind"),
            service: part("/service_arn"),
            incident: part("/incident"),
            code: part("/rollback/code"),
            text,
            at: published.at,
        }
    }

    fn names(&self, deployment: &str) -> bool {
        let digits = deployment.rsplit('/').next().unwrap_or_default();
        self.text.contains(digits)
    }

    fn is(&self, kinds: &[&str]) -> bool {
        kinds.contains(&self.kind.as_str())
    }

    /// It says that the service goes back, or that it may: not that it does not.
    fn says_it_goes_back(&self) -> bool {
        let may_be = ["unsure", "left_behind"].contains(&self.code.as_str());
        self.is(&["rollback_started"]) || (self.is(&["rollback_held"]) && may_be)
    }
}

/// The writes that ECS took.
fn taken<'a>(writes: &'a [Write], writings: &'a [Writing]) -> Vec<(Written<'a>, &'a Writing)> {
    let all = writes.iter().enumerate();
    let taken = all.filter_map(|(number, write)| {
        let writing = writings.iter().rfind(|it| it.number == number)?;
        let written = Written::of(write, writing)?;
        write.refused.is_none().then_some((written, writing))
    });
    taken.collect()
}

/// Every failed deployment of which anybody heard is alerted. A rollback that fails is told in the
/// incident of what it went back from.
pub fn judge_alerts(
    failures: &BTreeSet<Failure>,
    writes: &[Write],
    writings: &[Writing],
    published: &[Published],
) -> Result<(), Broken> {
    let alerts: Vec<Alert> = published.iter().map(Alert::of).collect();
    let taken = taken(writes, writings);
    for failure in failures {
        let back = taken
            .iter()
            .map(|(it, _)| (&it.service.arn, &it.primary.id, it.write.at));
        let failed = failures
            .iter()
            .map(|it| (&it.service, &it.deployment, it.at));
        let earlier = back.chain(failed).filter(|(service, deployment, at)| {
            **service == failure.service && **deployment != failure.deployment && *at <= failure.at
        });
        let arn = ServiceArn::parse(&failure.service, None).expect("an ARN");
        let incidents: BTreeSet<String> = earlier
            .map(|(_, deployment, _)| incident_id(&arn, deployment))
            .collect();
        let tells = |it: &Alert| {
            let itself = [
                "deployment_failed",
                "deployment_failing",
                "rollback_started",
            ];
            let failed_too = it.is(&["rollback_failed"]) && incidents.contains(&it.incident);
            it.service == failure.service
                && ((it.is(&itself) && it.names(&failure.deployment)) || failed_too)
        };
        if !alerts.iter().any(tells) {
            return Err(broken(ALERTED, format!("{failure:?}")));
        }
    }
    Ok(())
}

/// Every write is told, after it left, and as what it was: never quietly, never as its contrary.
pub fn judge_words(
    writes: &[Write],
    writings: &[Writing],
    published: &[Published],
) -> Result<(), Broken> {
    let alerts: Vec<Alert> = published.iter().map(Alert::of).collect();
    for (written, writing) in taken(writes, writings) {
        let id = &written.primary.id;
        let tells =
            |it: &Alert| it.at >= writing.sent && it.service == written.service.arn && it.names(id);
        if !alerts.iter().any(|it| tells(it) && it.says_it_goes_back()) {
            let how = format!("{} for {id} at {}", written.write.action, written.write.at);
            return Err(broken(TOLD, how));
        }
    }
    Ok(())
}
