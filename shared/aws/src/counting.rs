//! The counters of the state table: how many tasks stopped, each of them counted once.
//!
//! A stop is marked and counted in one transaction, so a delivery that comes again counts nothing.
//! Who finds that a counter has reached the number at which it is news claims it, tells it, and
//! says at which number it is news again. A claim that nobody gave back can be taken over when its
//! lease has run out, and the messages of whoever held it come again.

mod claims;
mod counter;
mod patience;
mod span;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeValue, CancellationReason, Put, ReturnValuesOnConditionCheckFailure,
    TransactWriteItem, Update,
};
use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use domain::facts::{Missing, Why};
use domain::stop::{About, Group, Stop, Story, deployment_key};

pub use claims::{Claimed, Looked, Watched};

use crate::error;
use crate::state::{Item, State, json, millis, number, text};
use span::Span;

/// How long a mark is kept: a message may be redriven from a dead-letter queue for two weeks.
const KEPT: TimeDelta = TimeDelta::days(30);
/// Stops of one transaction: with a counter for each and one for the deployment they stay under
/// its 100 items (API reference, `TransactWriteItems`).
const STOPS: usize = 49;
/// How often a transaction is tried that met another one on the same counter.
pub(crate) const TRIES: usize = 8;

const COUNTER: &str = "opsbot's own count of stopped tasks";

impl State<'_> {
    /// Counts the stops of a story that were not counted before.
    pub async fn count(&self, story: &Story, now: DateTime<Utc>) -> Counted {
        let stops = story
            .groups
            .iter()
            .flat_map(|group| group.stops.iter().map(move |stop| (group, stop)));
        let stops: Vec<(&Group, &Stop)> = stops.collect();
        // One after the other: they all write to the same counters.
        for chunk in stops.chunks(STOPS) {
            match self.count_new(story, chunk.to_vec(), now).await {
                Counted::All => {}
                stopped => return stopped,
            }
        }
        Counted::All
    }

    /// All or nothing; what was counted already is left out and the rest is tried again.
    async fn count_new(
        &self,
        story: &Story,
        mut stops: Vec<(&Group, &Stop)>,
        now: DateTime<Utc>,
    ) -> Counted {
        let unreachable = |why| Counted::Unreachable(Missing::new(COUNTER, why));
        let (mut stored, mut is_busy) = (HashMap::new(), false);
        for attempt in 0..TRIES {
            if stops.is_empty() {
                return Counted::All;
            }
            let counters = counters(story, &stops);
            let items = self.transaction(&stops, &counters, &stored, now);
            let call = self.asking.clients.table.transact_write_items();
            let call = call.set_transact_items(Some(items)).send();
            let error = match tokio::time::timeout_at(self.asking.until(), Box::pin(call)).await {
                Ok(Ok(_)) => return Counted::All,
                Ok(Err(error)) => error,
                Err(_) if is_busy => break,
                Err(_) => return unreachable(error::timed_out(TRANSACT)),
            };
            match reasons(&error) {
                Some(reasons) if reasons.iter().any(refused) => {
                    let (marks, others) = reasons.split_at(stops.len().min(reasons.len()));
                    for (counter, reason) in counters.iter().zip(others) {
                        let item = reason.item().filter(|_| refused(reason));
                        stored.extend(item.map(|item| (counter.key.clone(), item.clone())));
                    }
                    let mut marks = marks.iter();
                    stops.retain(|_| !marks.next().is_some_and(refused));
                }
                _ if passes(&error) => {
                    is_busy = true;
                    tokio::time::sleep(pause(attempt, now)).await;
                }
                _ => return unreachable(error::why(TRANSACT, &error)),
            }
        }
        Counted::Busy(busy(TRANSACT))
    }

    /// The marks first, in the order of the stops; then the counters.
    fn transaction(
        &self,
        stops: &[(&Group, &Stop)],
        counters: &[Counter<'_>],
        stored: &HashMap<String, Item>,
        now: DateTime<Utc>,
    ) -> Vec<TransactWriteItem> {
        let marks = stops.iter().map(|(_, stop)| self.mark(stop, now));
        let adds = counters.iter().map(|counter| {
            let span = Span::of(&counter.stops, stored.get(&counter.key));
            self.add(counter, span.filter(|_| counter.about.is_some()), now)
        });
        marks.chain(adds).collect()
    }

    fn mark(&self, stop: &Stop, now: DateTime<Utc>) -> TransactWriteItem {
        let put = Put::builder()
            .table_name(self.table)
            .item("pk", text(&format!("task#{}", stop.task.task_arn)))
            .item("expires_at", expires(now))
            .condition_expression("attribute_not_exists(pk)");
        // The builder fails only without a table or an item.
        TransactWriteItem::builder()
            .set_put(put.build().ok())
            .build()
    }

    fn add(
        &self,
        counter: &Counter<'_>,
        span: Option<Span>,
        now: DateTime<Utc>,
    ) -> TransactWriteItem {
        let always = "#counted = :counted, #about = :about, #expires = :expires";
        let set = span.map_or(always.to_owned(), |span| {
            format!("{always}, {}", span.set())
        });
        let mut update = Update::builder()
            .table_name(self.table)
            .key("pk", text(&counter.key))
            .update_expression(format!("SET {set} ADD #tasks :tasks"))
            .expression_attribute_names("#counted", "counted_at")
            .expression_attribute_names("#about", "about")
            .expression_attribute_names("#expires", "expires_at")
            .expression_attribute_names("#tasks", "tasks")
            .expression_attribute_values(":counted", millis(now))
            .expression_attribute_values(":about", json(&counter.about))
            .expression_attribute_values(":expires", expires(now))
            .expression_attribute_values(":tasks", number(counter.stops.len() as u64));
        if let Some(span) = span {
            update = update
                .condition_expression(span.condition())
                .expression_attribute_names("#first", "first_at")
                .expression_attribute_names("#last", "last_at")
                .expression_attribute_values(":first", millis(span.first))
                .expression_attribute_values(":last", millis(span.last))
                .return_values_on_condition_check_failure(
                    ReturnValuesOnConditionCheckFailure::AllOld,
                );
        }
        // The builder fails only without a table, a key or an expression.
        TransactWriteItem::builder()
            .set_update(update.build().ok())
            .build()
    }
}

/// A counter, and the stops to add to it.
struct Counter<'a> {
    key: String,
    /// What it counts; none for the stops of a whole deployment, of which only the number matters.
    about: Option<&'a About>,
    stops: Vec<&'a Stop>,
}

/// The counters of these stops: one for each group, and one for the deployment they count against.
fn counters<'a>(story: &'a Story, stops: &[(&'a Group, &'a Stop)]) -> Vec<Counter<'a>> {
    let of = |group: &Group| {
        let same = stops.iter().filter(|(other, _)| other.about == group.about);
        same.map(|(_, stop)| *stop).collect::<Vec<_>>()
    };
    let groups = story.groups.iter().map(|group| Counter {
        key: group.about.key(),
        about: Some(&group.about),
        stops: of(group),
    });
    let deployment = story.deployment.iter().map(|deployment| Counter {
        key: deployment_key(&story.subject.arn, deployment),
        about: None,
        stops: story.failing().flat_map(of).collect(),
    });
    let all = groups.chain(deployment);
    all.filter(|counter| !counter.stops.is_empty()).collect()
}

/// What became of the stops of a story.
#[derive(Clone, Debug, PartialEq)]
pub enum Counted {
    /// They are counted, now or before.
    All,
    /// Others kept writing to the counter: they are counted exactly when they come again.
    Busy(Missing),
    /// The table could not be asked. Alerts fail open.
    Unreachable(Missing),
}

fn busy(action: &str) -> Missing {
    let detail = "the counter was busy with other stops".to_owned();
    let action = action.to_owned();
    Missing::new(COUNTER, Why::Failed { action, detail })
}

/// A transaction needs the permissions of its parts; the marks are put.
const TRANSACT: &str = "dynamodb:PutItem";

/// Another transaction is at work on an item, or there are too many for now (API reference,
/// `TransactWriteItems`).
const PASSING: [&str; 3] = [
    "TransactionConflict",
    "ThrottlingError",
    "ProvisionedThroughputExceeded",
];

/// Whether the transaction was refused for what passes by itself.
fn passes(error: &SdkError<TransactWriteItemsError>) -> bool {
    let passing = |it: &CancellationReason| it.code().is_some_and(|code| PASSING.contains(&code));
    let throttled = || matches!(error::why(TRANSACT, error), Why::Throttled { .. });
    reasons(error).map_or_else(throttled, |reasons| reasons.iter().any(passing))
}

/// Why each item of a transaction was refused.
fn reasons(error: &SdkError<TransactWriteItemsError>) -> Option<&[CancellationReason]> {
    match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
            Some(cancelled.cancellation_reasons())
        }
        _ => None,
    }
}

/// The same by code.
pub(crate) fn cancelled(error: &SdkError<TransactWriteItemsError>) -> Option<Vec<String>> {
    let code = |reason: &CancellationReason| reason.code().unwrap_or("None").to_owned();
    reasons(error).map(|all| all.iter().map(code).collect())
}

/// A mark that is there already, or a counter with a span that is not as expected.
fn refused(reason: &CancellationReason) -> bool {
    reason.code() == Some("ConditionalCheckFailed")
}

/// Longer with each attempt, and different between invocations: chance is not ours to have, so the
/// digits of the clock stand in for it, another one for each attempt.
pub(crate) fn pause(attempt: usize, now: DateTime<Utc>) -> std::time::Duration {
    let digits = u64::from(now.timestamp_subsec_nanos());
    let spread = digits / 17_u64.pow(attempt.min(7) as u32) % 17;
    std::time::Duration::from_millis((10 << attempt.min(5)) + spread)
}

fn expires(now: DateTime<Utc>) -> AttributeValue {
    AttributeValue::N((now + KEPT).timestamp().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(nanos: u32, want: [u128; 8]) {
        let now = DateTime::from_timestamp(0, nanos).unwrap();
        let pauses: Vec<u128> = (0..8).map(|n| pause(n, now).as_millis()).collect();
        assert_eq!(pauses, want);
    }

    #[test]
    fn a_pause_grows_stays_short_and_differs_at_each_attempt_between_invocations() {
        check(0, [10, 20, 40, 80, 160, 320, 320, 320]);
        check(271_828_182, [11, 36, 45, 90, 167, 324, 331, 320]);
        check(999_999_999, [16, 30, 50, 80, 165, 327, 327, 322]);
    }
}
