//! The attempts at rollbacks, each claimed before its call.
//!
//! One item a service (`rollbacks#<arn>`), with an attribute for each failed deployment that was
//! ever attempted, and one a clock hour for the whole stack (`rollbacks#<hour>`). A claim writes
//! both in one transaction or neither. It is given back only where ECS is
//! known not to have taken the call: an invocation that is killed between claim and call leaves a
//! deployment that is not tried again, for ECS may have been called.
//! A service's item would hold over a thousand attempts; a full one refuses the claim.

use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, Update};
use chrono::{DateTime, TimeDelta, Utc};
use domain::arn::ServiceArn;
use domain::facts::{Fact, Missing, Why};
use domain::short;
use domain::verdict::{Attempt, Attempts, Policy};

use crate::asking::missing;
use crate::counting::{TRIES, cancelled, pause};
use crate::error;
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
        let mut service = match service {
            Fact::Known(service) => service,
            Fact::Missing(gap) => return Fact::Missing(gap),
        };
        let of_this = service.iter().find(|it| it.failed == failed).cloned();
        // Whoever was attempted never is again, whatever the hour holds.
        let gap = this.missing().or(before.missing());
        if let Some(gap) = gap.filter(|_| of_this.is_none()) {
            return Fact::Missing(gap.clone());
        }
        short::sort_by_key(&mut service, |attempt| attempt.at);
        let recent = [this.known(), before.known()]
            .into_iter()
            .flatten()
            .flatten();
        let recent = recent.filter(|attempt| attempt.at > hour_ago).count();
        Fact::Known(Attempts {
            of_this,
            newest: service.pop(),
            last_hour: u32::try_from(recent).unwrap_or(u32::MAX),
        })
    }

    /// The attempts at deployments of a service, one for each.
    pub async fn attempted(&self, service: &ServiceArn) -> Fact<Vec<Attempt>> {
        self.attempts_in(&service_key(service)).await
    }

    /// The attempt at that deployment, if there was one.
    pub async fn attempt_at(&self, service: &ServiceArn, failed: &str) -> Fact<Option<Attempt>> {
        let attempted = self.attempted(service).await;
        attempted.map(|all| all.into_iter().find(|it| it.failed == failed))
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
        self.both([of_service, of_hour], attempt.at).await
    }

    /// Gives a claim back, where ECS is known not to have taken the call: the deployment may be
    /// attempted again, and the attempt counts for neither pause. `before` is the service's newest
    /// attempt before this one. Nothing changes where the claim is not as it was made.
    pub async fn release_attempt(
        &self,
        service: &ServiceArn,
        attempt: &Attempt,
        before: Option<&Attempt>,
    ) -> Fact<()> {
        let of_service = self
            .set(&service_key(service), attempt)
            .condition_expression("#this = :this AND #newest = :at")
            .expression_attribute_names("#newest", "newest_at")
            .expression_attribute_values(":at", millis(attempt.at));
        let of_service = match before {
            Some(before) => of_service
                .update_expression("SET #newest = :before REMOVE #this")
                .expression_attribute_values(":before", millis(before.at)),
            None => of_service.update_expression("REMOVE #this, #newest"),
        };
        let of_hour = self
            .set(&hour_key(attempt.at), attempt)
            .update_expression("REMOVE #this ADD #made :less")
            .condition_expression("#this = :this")
            .expression_attribute_names("#made", "made")
            .expression_attribute_values(":less", AttributeValue::N("-1".to_owned()));
        match self.both([of_service, of_hour], attempt.at).await {
            Attempted::Ours | Attempted::Refused => Fact::Known(()),
            Attempted::Unreachable(missing) => Fact::Missing(missing),
        }
    }

    /// Writes to both items or to neither. Another write to the same hour, under way for another
    /// service, is no refusal: it is tried again.
    async fn both(&self, updates: [UpdateBuilder; 2], now: DateTime<Utc>) -> Attempted {
        // A builder fails only without a table, a key or an expression.
        let items = updates.map(|update| {
            let update = update.build().ok();
            TransactWriteItem::builder().set_update(update).build()
        });
        for attempt in 0..TRIES {
            let call = self.asking.clients.table.transact_write_items();
            let call = call.set_transact_items(Some(items.to_vec())).send();
            let error = match tokio::time::timeout_at(self.asking.until(), Box::pin(call)).await {
                Ok(Ok(_)) => return Attempted::Ours,
                Ok(Err(error)) => error,
                Err(_) => return unreachable_(error::timed_out(UPDATE)),
            };
            let is = |codes: &[String], code: &str| codes.iter().any(|it| it == code);
            match cancelled(&error) {
                Some(codes) if is(&codes, "ConditionalCheckFailed") => return Attempted::Refused,
                Some(codes) if is(&codes, "TransactionConflict") => {
                    tokio::time::sleep(pause(attempt, now)).await;
                }
                _ => return unreachable_(error::why(UPDATE, &error)),
            }
        }
        let detail = "the record of this hour was busy with other rollbacks".to_owned();
        let action = UPDATE.to_owned();
        unreachable_(Why::Failed { action, detail })
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
        return missing(WHAT, Why::Failed { action, detail });
    };
    Fact::Known(attempts)
}

fn service_key(service: &ServiceArn) -> String {
    format!("rollbacks#{service}")
}

fn hour_key(at: DateTime<Utc>) -> String {
    format!("rollbacks#{}", at.format("%Y-%m-%dT%H"))
}

fn unreachable_(why: Why) -> Attempted {
    Attempted::Unreachable(Missing::new(WHAT, why))
}
