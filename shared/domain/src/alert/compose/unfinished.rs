//! A rollback that does not end.

use chrono::{DateTime, Utc};

use super::super::{Alert, EvidenceSection, Kind};
use super::words::{clock, duration, revision};
use super::{Story, headline};
use crate::incident::OpenIncident;
use crate::verdict::RollbackBegun;

impl Story<'_> {
    /// opsbot began a rollback, and it is not done yet. `now` is when it was looked at.
    pub fn unfinished(
        &self,
        begun: &RollbackBegun,
        open: &OpenIncident,
        now: DateTime<Utc>,
    ) -> Alert {
        let mut alert = self.alert(Kind::RollbackUnfinished, &[], &self.response());
        let (to, took) = (revision(&begun.to), duration(now - begun.at));
        alert.incident = open.id.clone();
        alert.headline = headline(
            self.service,
            &format!("the rollback to {to} is not done after {took}"),
            None,
        );
        alert.what_happened = vec![format!(
            "opsbot began to roll back from {} to {to} at {}, and ECS has not completed it since.",
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
