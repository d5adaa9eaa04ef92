//! The log of calls, and what can be read from it.

use serde_json::Value;
use std::time::Instant;

/// One call that arrived.
#[derive(Debug, Clone)]
pub struct Call {
    /// For example `ecs:DescribeServices`.
    pub action: String,
    /// The ARN that IAM would check, or `*`.
    pub resource: String,
    /// From the request's signature.
    pub access_key_id: Option<String>,
    /// The request's members.
    pub request: Value,
    /// When it had arrived whole.
    pub started: Instant,
    /// When its answer was handed over; none while it hangs.
    pub ended: Option<Instant>,
    /// How it ended.
    pub outcome: Outcome,
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Not answered (yet).
    Unanswered,
    /// Answered.
    Ok,
    /// Answered with this error code.
    Error(String),
    /// Answered with garbage, by a fault.
    Malformed,
}

/// Each call's depth: one more than the deepest that ended before it started.
fn depths(calls: &[Call]) -> Vec<usize> {
    let mut depths: Vec<usize> = Vec::with_capacity(calls.len());
    for call in calls {
        // The log is in order of start, so whatever ended before stands earlier.
        let earlier = depths.iter().zip(calls);
        let before = earlier.filter(|(_, c)| c.ended.is_some_and(|ended| ended <= call.started));
        depths.push(1 + before.map(|(depth, _)| *depth).max().unwrap_or(0));
    }
    depths
}

/// How many calls in a row, each waiting for the one before, came before the first call of
/// this action. None if it never came.
pub(crate) fn round_trips_before(calls: &[Call], action: &str) -> Option<usize> {
    let at = calls.iter().position(|call| call.action == action)?;
    Some(depths(calls)[at] - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// Calls as action, start and end in milliseconds.
    #[track_caller]
    fn check(calls: &[(&str, u64, u64)], expected: Option<usize>) {
        let zero = Instant::now();
        let at = |ms| zero + Duration::from_millis(ms);
        let call = |&(action, start, end): &(&str, u64, u64)| Call {
            action: action.into(),
            resource: "*".into(),
            access_key_id: None,
            request: Value::Null,
            started: at(start),
            ended: Some(at(end)),
            outcome: Outcome::Ok,
        };
        let calls: Vec<_> = calls.iter().map(call).collect();
        assert_eq!(round_trips_before(&calls, "sns:Publish"), expected);
    }

    #[test]
    fn overlapping_calls_are_one_round_trip() {
        check(
            &[
                ("a", 0, 50),
                ("b", 1, 51),
                ("c", 60, 110),
                ("sns:Publish", 120, 170),
            ],
            Some(2),
        );
    }

    #[test]
    fn a_publish_without_calls_before_it_waits_for_none() {
        check(&[("a", 0, 50), ("sns:Publish", 10, 60)], Some(0));
    }

    #[test]
    fn no_publish_is_no_number() {
        check(&[("a", 0, 50)], None);
    }
}
