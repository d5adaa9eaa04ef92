//! Why there is nothing to print, and what to do about it.

use domain::facts::Why;
use domain::sanitize::line;

use super::place::Place;

const EXPORT: &str = "eval \"$(aws configure export-credentials --format env)\"";

/// Error codes of AWS for keys that are wrong or not valid any more.
const OF_KEYS: [&str; 5] = [
    "ExpiredToken",
    "IncompleteSignature",
    "InvalidClientTokenId",
    "InvalidSignature",
    "UnrecognizedClient",
];

/// What to say where the environment has no credentials.
pub(super) fn lacking_credentials(environment: impl Fn(&str) -> Option<String>) -> Option<String> {
    let keys = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
    let lacks = |key: &&str| environment(key).is_none_or(|value| value.is_empty());
    let lacking: Vec<_> = keys.into_iter().filter(lacks).collect();
    let are = if lacking.len() == 1 { "is" } else { "are" };
    (!lacking.is_empty()).then(|| {
        let names = lacking.join(" and ");
        format!("no AWS credentials: {names} {are} not set. Set them, for example with\n  {EXPORT}")
    })
}

/// What to say where AWS did not give the record.
pub(super) fn words(why: &Why, place: &Place) -> String {
    let cannot = "cannot read the record of decisions";
    let table = place.arn();
    match why {
        Why::Denied { action, resource } => {
            let resource = line(resource.as_deref().unwrap_or(&table), 300);
            let action = line(action, 100);
            format!(
                "{cannot}: the permission {action} on {resource} is missing. Allow it:\n  \
                 {{\"Effect\": \"Allow\", \"Action\": \"{action}\", \"Resource\": \"{resource}\"}}"
            )
        }
        Why::Throttled { action } => format!("{cannot}: {action} was throttled; try again"),
        Why::TimedOut { action } => {
            format!(
                "{cannot}: {action} did not answer in time; is {} right?",
                place.region
            )
        }
        Why::NotFound { detail } => {
            format!(
                "{cannot}: there is no table {table} ({})",
                line(detail, 200)
            )
        }
        Why::Failed { action, detail } => {
            let detail = line(detail, 300);
            let of_keys = OF_KEYS.iter().any(|code| detail.contains(code));
            let hint = format!(
                "\nThe credentials are wrong or have expired. Renew them, for example with\n  {EXPORT}"
            );
            let hint = if of_keys { hint } else { String::new() };
            format!("{cannot}: {action} failed: {detail}{hint}")
        }
        Why::NotAsked { detail } => format!("{cannot}: {detail}"),
        Why::NotNeeded => cannot.to_owned(),
    }
}
