//! An event that cannot be read.

use chrono::{DateTime, Utc};

use super::super::{Alert, EvidenceSection, Kind, Response, Scope, Severity};
use super::{collected, headline};
use crate::arn::ServiceArn;
use crate::event::Malformed;
use crate::incident::incident_id;
use crate::sanitize::line;

/// An event that is ours to answer could not be read: better a thin alert than none.
pub fn unreadable(event: &Malformed, service: ServiceArn, at: DateTime<Utc>) -> Alert {
    let why = line(&event.why, 200);
    Alert {
        kind: Kind::UnreadableEvent,
        severity: Severity::Warning,
        incident: incident_id(&service, "unreadable-event"),
        at,
        revision: None,
        headline: headline(&service, "an ECS event could not be read", None),
        cause_phrase: None,
        what_happened: vec![
            format!("ECS sent an event about this service that opsbot cannot read: {why}."),
            "Nothing was looked up. If this comes again, AWS may have changed the event."
                .to_owned(),
        ],
        causes: Vec::new(),
        impact: Vec::new(),
        changes: Vec::new(),
        response: Response {
            code: "unknown".to_owned(),
            sentence: String::new(),
        },
        rollback: None,
        evidence: EvidenceSection::default(),
        not_collected: Vec::new(),
        next_steps: vec![
            "Look at the service; the function's log holds the whole event.".to_owned(),
        ],
        links: vec![collected::service_link(&service)],
        scope: Scope::default(),
        service,
    }
}
