//! SNS message attributes: what a subscription's filter policy can choose by.

use super::Alert;

/// All of them, always with a value: a message without an attribute fails every policy that names
/// it, also `anything-but`. `none` stands for no cause and no response.
pub(super) fn render(alert: &Alert) -> Vec<(&'static str, String)> {
    let cause = alert.causes.first().map(|section| section.cause.code());
    vec![
        ("kind", alert.kind.code().to_owned()),
        ("severity", alert.severity.code().to_owned()),
        ("cluster", or_none(&alert.service.cluster)),
        ("service", or_none(&alert.service.service)),
        ("cause", cause.unwrap_or("none").to_owned()),
        ("rollback", or_none(rollback(alert))),
        (
            "owner",
            or_none(alert.scope.owner.as_deref().unwrap_or_default()),
        ),
    ]
}

/// opsbot's verdict, where there is one; else what ECS does.
pub(super) fn rollback(alert: &Alert) -> &str {
    let verdict = alert.rollback.as_ref().map(|it| it.code.as_str());
    verdict.unwrap_or(&alert.response.code)
}

/// SNS refuses an empty value.
fn or_none(value: &str) -> String {
    if value.is_empty() {
        "none".to_owned()
    } else {
        value.to_owned()
    }
}
