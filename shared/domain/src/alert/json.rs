//! The alert for machines. `alert.schema.json` at the crate's root describes it; a change that
//! takes away or renames a field needs a new version there and here.

use serde::Serialize;

use super::Alert;

/// The name and version of the shape.
pub const SCHEMA: &str = "opsbot.alert/1";

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    /// The best cause's code, so that a rule need not look into the list.
    cause: Option<&'static str>,
    /// None for standalone tasks, which have none.
    service_arn: Option<String>,
    #[serde(flatten)]
    alert: &'a Alert,
}

pub(super) fn render(alert: &Alert) -> String {
    let document = Document {
        schema: SCHEMA,
        cause: alert.causes.first().map(|section| section.cause.code()),
        service_arn: (!alert.scope.standalone).then(|| alert.service.to_string()),
        alert,
    };
    // Only a map with keys that are no strings, or a failing `Serialize`, could fail; an alert has
    // neither.
    serde_json::to_string(&document).unwrap_or_default()
}
