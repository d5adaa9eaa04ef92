//! Why there is nothing to print, and what to do about it.

use domain::facts::{Missing, Why};
use domain::sanitize::line;

use crate::commands::Outcome;

const EXPORT: &str = "eval \"$(aws configure export-credentials --format env)\"";

/// Error codes of AWS for keys that are wrong or not valid any more.
const OF_KEYS: [&str; 5] = [
    "ExpiredToken",
    "IncompleteSignature",
    "InvalidClientTokenId",
    "InvalidSignature",
    "UnrecognizedClient",
];

/// Why the command ends without a record.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) outcome: Outcome,
    pub(super) said: String,
}

impl Refusal {
    pub(super) fn usage(said: impl Into<String>) -> Self {
        let (outcome, said) = (Outcome::Usage, said.into());
        Self { outcome, said }
    }

    pub(super) fn broken(said: impl Into<String>) -> Self {
        let (outcome, said) = (Outcome::Broken, said.into());
        Self { outcome, said }
    }

    /// `Err` where the environment has no credentials.
    pub(super) fn without_credentials(
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<(), Self> {
        let keys = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
        let lacks = |key: &&str| environment(key).is_none_or(|value| value.is_empty());
        let lacking: Vec<_> = keys.into_iter().filter(lacks).collect();
        let are = match lacking.as_slice() {
            [] => return Ok(()),
            [_] => "is",
            _ => "are",
        };
        let names = lacking.join(" and ");
        Err(Self::usage(format!(
            "no AWS credentials: {names} {are} not set. Set them, for example with\n  {EXPORT}"
        )))
    }

    /// AWS did not answer for `resource`.
    pub(super) fn by_aws(missing: &Missing, resource: &str) -> Self {
        let cannot = format!("cannot read {}", line(&missing.what, 120));
        Self::broken(match &missing.why {
            Why::Denied {
                action,
                resource: named,
            } => {
                let resource = line(named.as_deref().unwrap_or(resource), 300);
                let action = line(action, 100);
                format!(
                    "{cannot}: the permission {action} on {resource} is missing. Allow it:\n  \
                     {{\"Effect\": \"Allow\", \"Action\": \"{action}\", \"Resource\": \"{resource}\"}}"
                )
            }
            Why::Throttled { action } => format!("{cannot}: {action} was throttled; try again"),
            Why::TimedOut { action } => format!(
                "{cannot}: {action} did not answer in time; is the Region right, of {resource}?"
            ),
            Why::NotFound { detail } => {
                format!("{cannot}: there is no {resource} ({})", line(detail, 200))
            }
            Why::Failed { action, detail } => {
                format!(
                    "{cannot}: {action} failed: {}{}",
                    line(detail, 300),
                    renew(detail)
                )
            }
            Why::NotAsked { detail } => format!("{cannot}: {}", line(detail, 200)),
            Why::NotNeeded => cannot,
        })
    }
}

/// What to do about keys that are wrong, where the error is one of them.
fn renew(detail: &str) -> String {
    if !OF_KEYS.iter().any(|code| detail.contains(code)) {
        return String::new();
    }
    format!("\nThe credentials are wrong or have expired. Renew them, for example with\n  {EXPORT}")
}
