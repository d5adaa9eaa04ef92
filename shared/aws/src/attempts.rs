//! The attempts at rollbacks, each claimed before its call.
//!
//! One item a service (`rollbacks#<arn>`), with an attribute for each failed deployment that was
//! ever attempted, and one a clock hour for the whole stack (`rollbacks#<hour>`). A claim writes
//! both in one transaction or neither. It is never given up: an invocation that is killed between
//! claim and call leaves a deployment that is not tried again, for ECS may have been called.
//! A service's item would hold over a thousand attempts; a full one refuses the claim.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, Update};
use chrono::{DateTime, TimeDelta, Utc};
use domain::arn::ServiceArn;
use domain::facts::{Fact, Missing};
use domain::verdict::{Attempt, Attempts, Policy};

use crate::error;
use crate::gather::missing;
use crate::state::{Item, State, json, millis, number, part, text};

const WHAT: &str = "opsbot's own record of rollbacks";
const UPDATE: &str = "dynamodb:UpdateItem";
const ATTEMPT: &str = "attempt#";

/// How long the attempts of an hour are kept: they count for one hour.
const KEPT: TimeDelta = TimeDelta::days(1);

/// What became of the claim on an attempt.
#[derive(Clone, Debug, PartialEq)]
pub enum Attempted {
    /// It is ours to make.
    Ours,
    /// The deployment was attempted, the service is cooling down or the hour is full, all since the
    /// attempts were read: decide again.
    Refused,
    /// The table could not be asked. Writes fail closed.
    Unreachable(Missing),
}

impl State<'_> {
    /// What the table says of rollbacks, for the deployment `failed`.
    pub async fn attempts(
        &self,
        service: &ServiceArn,
        failed: &str,
        now: DateTime<Utc>,
    ) -> Fact<Attempts> {
        let hour_ago = now - TimeDelta::hours(1);
        let (of_service, this_hour, hour_before) =
            (service_key(service), hour_key(now), hour_key(hour_ago));
        let (service, this, before) = tokio::join!(
            self.attempts_in(&of_service),
            self.attempts_in(&this_hour),
            self.attempts_in(&hour_before),
        );
        let (mut service, this, before) = match (service, this, before) {
            (Fact::Known(service), Fact::Known(this), Fact::Known(before)) => {
                (service, this, before)
            }
            (Fact::Missing(gap), _, _)
            | (_, Fact::Missing(gap), _)
            | (_, _, Fact::Missing(gap)) => {
                return Fact::Missing(gap);
            }
        };
        service.sort_by_key(|attempt| attempt.at);
        let recent = this.iter().chain(&before);
        let recent = recent.filter(|attempt| attempt.at > hour_ago).count();
        Fact::Known(Attempts {
            of_this: service.iter().find(|it| it.failed == failed).cloned(),
            newest: service.pop(),
            last_hour: u32::try_from(recent).unwrap_or(u32::MAX),
        })
    }

    /// Claims an attempt, before its call. Refused where the deployment was attempted before, ever,
    /// and where another invocation has used up what the policy allows.
    pub async fn claim_attempt(
        &self,
        service: &ServiceArn,
        attempt: &Attempt,
        policy: &Policy,
    ) -> Attempted {
        let of_service = self
            .set(&service_key(service), attempt)
            .update_expression("SET #this = :this, #newest = :at")
            .condition_expression(
                "attribute_not_exists(#this) AND \
                 (attribute_not_exists(#newest) OR #newest <= :rested)",
            )
            .expression_attribute_names("#newest", "newest_at")
            .expression_attribute_values(":at", millis(attempt.at))
            .expression_attribute_values(":rested", millis(attempt.at - policy.cooldown));
        let expires = (attempt.at + KEPT).timestamp().to_string();
        let of_hour = self
            .set(&hour_key(attempt.at), attempt)
            .update_expression("SET #this = :this, #expires = :expires ADD #made :one")
            .condition_expression("attribute_not_exists(#made) OR #made < :most")
            .expression_attribute_names("#made", "made")
            .expression_attribute_names("#expires", "expires_at")
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":most", number(policy.per_hour.into()))
            .expression_attribute_values(":expires", AttributeValue::N(expires));
        // A builder fails only without a table, a key or an expression.
        let items = [of_service, of_hour].map(|update| {
            let update = update.build().ok();
            TransactWriteItem::builder().set_update(update).build()
        });
        let call = self.asking.clients.table.transact_write_items();
        let call = call.set_transact_items(Some(items.into())).send();
        let why = match tokio::time::timeout_at(self.asking.until(), Box::pin(call)).await {
            Ok(Ok(_)) => return Attempted::Ours,
            Ok(Err(error)) if refused(&error) => return Attempted::Refused,
            Ok(Err(error)) => error::why(UPDATE, &error),
            Err(_) => error::timed_out(UPDATE),
        };
        Attempted::Unreachable(Missing::new(WHAT, why))
    }

    /// Remembers the deployment that an attempt made. To be called after ECS took the call.
    pub async fn attempt_made(&self, service: &ServiceArn, attempt: &Attempt) -> Fact<()> {
        let call = self
            .update(&service_key(service))
            .update_expression("SET #this = :this")
            .expression_attribute_names("#this", format!("{ATTEMPT}{}", attempt.failed))
            .expression_attribute_values(":this", json(attempt));
        let answer = self.asking.ask(WHAT, UPDATE, call.send()).await;
        answer.map(|_| ())
    }

    async fn attempts_in(&self, key: &str) -> Fact<Vec<Attempt>> {
        let call = self.asking.clients.table.get_item().table_name(self.table);
        let call = call.key("pk", text(key)).consistent_read(true);
        let answer = self.asking.ask(WHAT, "dynamodb:GetItem", call.send()).await;
        match answer {
            Fact::Known(answer) => read(&answer.item.unwrap_or_default()),
            Fact::Missing(gap) => Fact::Missing(gap),
        }
    }

    /// One attribute of an item: the attempt.
    fn set(&self, key: &str, attempt: &Attempt) -> UpdateBuilder {
        Update::builder()
            .table_name(self.table)
            .key("pk", text(key))
            .expression_attribute_names("#this", format!("{ATTEMPT}{}", attempt.failed))
            .expression_attribute_values(":this", json(attempt))
    }
}

/// An attempt that cannot be read must not count as none: writes fail closed.
fn read(item: &Item) -> Fact<Vec<Attempt>> {
    let names = item.keys().filter(|name| name.starts_with(ATTEMPT));
    let attempts = names.map(|name| part(item, name)).collect();
    let Some(attempts) = attempts else {
        let (action, detail) = ("dynamodb:GetItem".to_owned(), "not as written".to_owned());
        return missing(WHAT, domain::facts::Why::Failed { action, detail });
    };
    Fact::Known(attempts)
}

fn service_key(service: &ServiceArn) -> String {
    format!("rollbacks#{service}")
}

fn hour_key(at: DateTime<Utc>) -> String {
    format!("rollbacks#{}", at.format("%Y-%m-%dT%H"))
}

fn refused(error: &SdkError<TransactWriteItemsError>) -> bool {
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) =
        error.as_service_error()
    else {
        return false;
    };
    // A conflict is another invocation's claim under way: as good as taken.
    let mut reasons = cancelled.cancellation_reasons().iter();
    reasons.any(|it| {
        matches!(
            it.code(),
            Some("ConditionalCheckFailed" | "TransactionConflict")
        )
    })
}
