//! An SDK error, turned into why a fact is missing.

use std::error::Error;

use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use domain::facts::Why;

const DENIED: [&str; 4] = [
    "AccessDeniedException",
    "AccessDenied",
    "AuthorizationError",
    "UnauthorizedOperation",
];
const THROTTLED: [&str; 6] = [
    "ThrottlingException",
    "Throttling",
    "ThrottledException",
    "RequestLimitExceeded",
    "TooManyRequestsException",
    "ProvisionedThroughputExceededException",
];
const NOT_FOUND: [&str; 6] = [
    "ResourceNotFoundException",
    "ClusterNotFoundException",
    "ServiceNotFoundException",
    "TargetGroupNotFound",
    "ServiceDeploymentNotFoundException",
    "NotFound",
];

/// An error and what it came from, in one line. Logged once, where it is handled.
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let mut texts = vec![error.to_string()];
    let mut error = error;
    while let Some(source) = error.source() {
        texts.push(source.to_string());
        error = source;
    }
    texts.dedup();
    texts.join(": ")
}

/// Why the call of `action`, an IAM action such as `ecs:DescribeServices`, did not answer.
pub(crate) fn why<E, R>(action: &str, error: &SdkError<E, R>) -> Why
where
    E: ProvideErrorMetadata + Error + 'static,
    R: std::fmt::Debug + 'static,
{
    match error {
        SdkError::TimeoutError(_) => timed_out(action),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => timed_out(action),
        SdkError::ServiceError(service) => match service.err().code() {
            Some(code) => said(action, code, service.err().message().unwrap_or_default()),
            None => failed(action, error),
        },
        _ => failed(action, error),
    }
}

/// No answer, or one that cannot be read.
fn failed(action: &str, error: &(dyn Error + 'static)) -> Why {
    Why::Failed {
        action: action.to_owned(),
        detail: chain(error),
    }
}

pub(crate) fn timed_out(action: &str) -> Why {
    Why::TimedOut {
        action: action.to_owned(),
    }
}

fn said(action: &str, code: &str, message: &str) -> Why {
    let detail = format!("{code}: {message}");
    if DENIED.contains(&code) {
        let (named, resource) = denial(message);
        Why::Denied {
            action: named.unwrap_or(action).to_owned(),
            resource: resource.map(str::to_owned),
        }
    } else if THROTTLED.contains(&code) {
        Why::Throttled {
            action: action.to_owned(),
        }
    } else if NOT_FOUND.contains(&code) {
        Why::NotFound { detail }
    } else {
        Why::Failed {
            action: action.to_owned(),
            detail,
        }
    }
}

/// IAM says `… is not authorized to perform: <action> on resource: <arn> because …`.
fn denial(message: &str) -> (Option<&str>, Option<&str>) {
    (
        word_after(message, "not authorized to perform: "),
        word_after(message, "on resource: "),
    )
}

fn word_after<'a>(message: &'a str, marker: &str) -> Option<&'a str> {
    let (_, rest) = message.split_once(marker)?;
    rest.split_whitespace()
        .next()
        .filter(|word| word.contains(':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(code: &str, message: &str, want: Why) {
        assert_eq!(said("logs:GetLogEvents", code, message), want);
    }

    #[test]
    fn a_denial_names_the_action_and_the_resource_that_iam_named() {
        let message = "User: arn:aws:sts::111122223333:assumed-role/r/s is not authorized to \
            perform: kms:Decrypt on resource: arn:aws:kms:eu-west-1:111122223333:key/k because no \
            identity-based policy allows the kms:Decrypt action";
        let resource = Some("arn:aws:kms:eu-west-1:111122223333:key/k".to_owned());
        check(
            "AccessDeniedException",
            message,
            Why::Denied {
                action: "kms:Decrypt".into(),
                resource,
            },
        );
    }

    #[test]
    fn a_denial_without_words_names_the_action_that_was_tried() {
        let want = Why::Denied {
            action: "logs:GetLogEvents".into(),
            resource: None,
        };
        check("AccessDenied", "Forbidden", want);
    }

    #[test]
    fn throttling_and_absence_are_told_apart_from_failure() {
        check(
            "ThrottlingException",
            "Rate exceeded",
            Why::Throttled {
                action: "logs:GetLogEvents".into(),
            },
        );
        let detail = "ResourceNotFoundException: no such stream".to_owned();
        check(
            "ResourceNotFoundException",
            "no such stream",
            Why::NotFound { detail },
        );
        let detail = "InternalFailure: oops".to_owned();
        check(
            "InternalFailure",
            "oops",
            Why::Failed {
                action: "logs:GetLogEvents".into(),
                detail,
            },
        );
    }
}
