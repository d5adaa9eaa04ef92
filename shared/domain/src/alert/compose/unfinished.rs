//! A rollback that does not end, or ends badly.

use chrono::{DateTime, Utc};

use super::super::{Alert, EvidenceSection, Kind, Severity};
use super::words::{clock, duration, revision};
use super::{Story, headline};
use crate::incident::OpenIncident;
use crate::verdict::{By, RollbackBegun};

impl Story<'_> {
    /// A rollback began, and it is not done yet. `now` is when it was looked at.
    pub fn unfinished(
        &self,
        begun: &RollbackBegun,
        open: &OpenIncident,
        now: DateTime<Utc>,
    ) -> Alert {
        let (to, took) = (revision(&begun.to), duration(now - begun.at));
        let headline = format!("the rollback to {to} is not done after {took}");
        let how = "and it is not done";
        self.about_rollback(Kind::RollbackUnfinished, &headline, how, begun, open)
    }

    /// ECS calls the rollback failed.
    pub fn failed_too(&self, begun: &RollbackBegun, open: &OpenIncident) -> Alert {
        let headline = format!("the rollback to {} failed too", revision(&begun.to));
        let how = "and that failed too";
        let kind = Kind::RollbackFailed;
        let alert = self.about_rollback(kind, &headline, how, begun, open);
        Alert {
            severity: Severity::Critical,
            ..alert
        }
    }

    fn about_rollback(
        &self,
        kind: Kind,
        what: &str,
        how: &str,
        begun: &RollbackBegun,
        open: &OpenIncident,
    ) -> Alert {
        let mut alert = self.alert(kind, &[], &self.response());
        let to = revision(&begun.to);
        alert.incident = open.id.clone();
        alert.headline = headline(self.service, what, None);
        let who = match begun.by {
            By::Opsbot => "opsbot asked ECS",
            By::Ecs => "ECS was",
        };
        alert.what_happened = vec![format!(
            "{who} to roll back from {} to {to} at {}, {how}.",
            open.failing_name(),
            clock(begun.at)
        )];
        // What ECS does is just that.
        alert.response.sentence = String::new();
        alert.next_steps = vec![format!(
            "Look at the service's events and at its targets: something keeps tasks of {to} from \
             running or from being healthy."
        )];
        alert.evidence = EvidenceSection {
            service_events: alert.evidence.service_events,
            ..EvidenceSection::default()
        };
        alert.changes.clear();
        alert
    }
}
