//! A warning of ECS, `ECS Service Action`.

use super::super::{Alert, Kind, Response as ResponseSection, Severity};
use super::words::{self, clock, quoted};
use super::{Story, headline};
use crate::event::ServiceAction;
use crate::incident::incident_id;
use crate::response::Response;
use crate::sanitize::line;

impl Story<'_> {
    /// ECS warns about the service.
    pub fn warned(&self, action: &ServiceAction) -> Alert {
        let response = self.response();
        let ranked = self.ranked();
        let mut alert = self.alert(Kind::ServiceImpaired, &ranked, &response);
        alert.incident = incident_id(self.service, &action.name);
        let name = line(&action.name, 80);
        let (phrase, sentence) = words::service_action(&action.name);
        alert.headline = headline(self.service, phrase.unwrap_or(&name), None);
        alert.what_happened = vec![format!(
            "ECS reported {name} for service {} at {}.",
            self.service.service,
            clock(self.at)
        )];
        alert.what_happened.extend(sentence.map(str::to_owned));
        alert.what_happened.extend(
            self.reason
                .map(|reason| quoted("ECS gives as the reason", reason)),
        );
        if self.failing().is_none() && !matches!(response, Response::Deleted { .. }) {
            alert.response = ResponseSection {
                code: "none".to_owned(),
                sentence: "No deployment is in progress; ECS keeps trying by itself.".to_owned(),
            };
            alert.changes.clear();
            alert.severity = alert.severity.max(Severity::Warning);
        }
        alert
    }
}
