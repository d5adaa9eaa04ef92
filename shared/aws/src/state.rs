//! The state table: what was told already, which incidents are open, which revision was good.
//!
//! One item a service (`service#<arn>`) and one a piece of news (`news#<arn>#<key>`), which is
//! claimed before it is told and marked after SNS took it. A claim that is not marked can be taken
//! over: at once by a retry of the same invocation, else when its lease has run out. So a duplicate
//! is possible and a loss is not.

use std::collections::HashMap;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::error::ConditionalCheckFailedException;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};
use chrono::{DateTime, TimeDelta, Utc};
use domain::arn::ServiceArn;
use domain::facts::{Fact, Missing, Why};
use domain::incident::{ClosedIncident, News, OpenIncident, RecordedRevision, ServiceRecord};
use domain::short;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::asking::{Asking, missing};
use crate::error;

/// How long a mark is kept after the news; events are redelivered for 24 hours.
const KEPT: TimeDelta = TimeDelta::days(30);

/// The table.
#[derive(Clone, Copy, Debug)]
pub struct State<'a> {
    pub(crate) asking: Asking<'a>,
    pub(crate) table: &'a str,
}

/// What became of a claim.
#[derive(Clone, Debug, PartialEq)]
pub enum Claim {
    /// The news is ours to tell.
    Ours,
    /// It was told.
    Told,
    /// Another invocation is telling it now.
    Held,
    /// The table could not be asked. Alerts fail open: tell it.
    Unreachable(Missing),
}

/// Who claims, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Claimant<'a> {
    /// The invocation's request id. A retry by Lambda has the same.
    pub request_id: &'a str,
    /// Now.
    pub now: DateTime<Utc>,
    /// When the invocation ends at the latest.
    pub until: DateTime<Utc>,
}

/// A change of a service's record.
#[derive(Clone, Debug, PartialEq)]
pub enum Remember {
    /// An incident is open, or more was told of it.
    Open(OpenIncident),
    /// An incident is open, unless it was before.
    OpenIfNone(OpenIncident),
    /// The incidents of these failed deployments are over.
    Closed(ClosedIncident, Vec<String>),
    /// A revision completed.
    Good(RecordedRevision),
}

/// Each open incident has an attribute of its own, so that two invocations never write over each
/// other's.
const OPEN: &str = "open#";

/// A refused condition answers with the item, so that nobody has to ask for it.
const OLD: ReturnValuesOnConditionCheckFailure = ReturnValuesOnConditionCheckFailure::AllOld;

const MEMORY: &str = "opsbot's own record of the service";

impl<'a> State<'a> {
    /// The table `table`.
    pub fn new(asking: Asking<'a>, table: &'a str) -> Self {
        Self { asking, table }
    }

    /// What is remembered of a service.
    pub async fn record(&self, service: &ServiceArn) -> Fact<ServiceRecord> {
        let call = self.asking.clients.table.get_item().table_name(self.table);
        let call = call
            .key("pk", text(&format!("service#{service}")))
            .consistent_read(true);
        let answer = self
            .asking
            .ask(MEMORY, "dynamodb:GetItem", call.send())
            .await;
        answer.map(|answer| read(&answer.item.unwrap_or_default()))
    }

    /// Changes what is remembered of a service, and answers with all of it as it is then.
    pub async fn remember(&self, service: &ServiceArn, what: &Remember) -> Fact<ServiceRecord> {
        let call = self.update(&format!("service#{service}"));
        let call = call.return_values(ReturnValue::AllNew);
        let call = match what {
            Remember::Open(open) => put(call, &format!("{OPEN}{}", open.deployment), open),
            Remember::OpenIfNone(open) => put(call, &format!("{OPEN}{}", open.deployment), open)
                .condition_expression("attribute_not_exists(#part)"),
            Remember::Closed(closed, deployments) => {
                close(put(call, "closed", closed), deployments)
            }
            Remember::Good(good) => put(call, "good", good)
                .update_expression("SET #part = :part, #at = :at")
                .condition_expression("attribute_not_exists(#at) OR #at < :at")
                .expression_attribute_names("#at", "good_at")
                .expression_attribute_values(":at", millis(good.completed_at)),
        };
        let call = call.return_values_on_condition_check_failure(OLD);
        match tokio::time::timeout_at(self.asking.until(), Box::pin(call.send())).await {
            Ok(Ok(answer)) => Fact::Known(read(&answer.attributes.unwrap_or_default())),
            Ok(Err(error)) => match refusal(&error) {
                // A newer good revision is recorded already, for an event came late; or it is open.
                Some(refusal) => Fact::Known(read(&refusal.item.clone().unwrap_or_default())),
                None => missing(MEMORY, error::why("dynamodb:UpdateItem", &error)),
            },
            Err(_) => missing(MEMORY, error::timed_out("dynamodb:UpdateItem")),
        }
    }

    /// Claims a piece of news.
    pub async fn claim(&self, service: &ServiceArn, news: &News, by: Claimant<'_>) -> Claim {
        let call = self.update(&news_key(service, news));
        let call = call
            .update_expression(
                "SET #status = :claimed, #owner = :owner, #lease = :lease, #expires = :expires",
            )
            .condition_expression(
                "attribute_not_exists(pk) \
                 OR (#status = :claimed AND (#owner = :owner OR #lease < :now)) \
                 OR (#status = :told AND #told_for < :older)",
            )
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_names("#lease", "lease_until")
            .expression_attribute_names("#told_for", "told_for")
            .expression_attribute_values(":claimed", text("claimed"))
            .expression_attribute_values(":told", text("told"))
            .expression_attribute_values(":owner", text(by.request_id))
            .expression_attribute_values(":lease", millis(by.until))
            .expression_attribute_values(":now", millis(by.now))
            .expression_attribute_values(":older", millis(news.at - news.again_after))
            .return_values_on_condition_check_failure(OLD);
        let call = expiring(call, by.now);
        match tokio::time::timeout_at(self.asking.until(), Box::pin(call.send())).await {
            Ok(Ok(_)) => Claim::Ours,
            Ok(Err(error)) => refused(&error),
            Err(_) => unreachable_(error::timed_out("dynamodb:UpdateItem")),
        }
    }

    /// Marks a piece of news as told. To be called only after SNS took it.
    pub async fn told(&self, service: &ServiceArn, news: &News, now: DateTime<Utc>) -> Fact<()> {
        let call = self.update(&news_key(service, news));
        let call = call
            .update_expression(
                "SET #status = :told, #told_for = :at, #expires = :expires REMOVE #lease",
            )
            .expression_attribute_names("#told_for", "told_for")
            .expression_attribute_names("#lease", "lease_until")
            .expression_attribute_values(":told", text("told"))
            .expression_attribute_values(":at", millis(news.at));
        let call = expiring(call, now);
        self.asking
            .ask(
                "the mark that it was told",
                "dynamodb:UpdateItem",
                call.send(),
            )
            .await
            .map(|_| ())
    }

    pub(crate) fn update(&self, key: &str) -> UpdateItemFluentBuilder {
        self.asking
            .clients
            .table
            .update_item()
            .table_name(self.table)
            .key("pk", text(key))
    }
}

fn read(item: &Item) -> ServiceRecord {
    ServiceRecord {
        open: open(item),
        closed: part(item, "closed"),
        good: part(item, "good"),
    }
}

fn open(item: &Item) -> Vec<OpenIncident> {
    let names = item.keys().filter(|name| name.starts_with(OPEN));
    let mut open: Vec<OpenIncident> = names.filter_map(|name| part(item, name)).collect();
    short::sort_by_key(&mut open, |incident| incident.failed_at);
    open
}

fn close(mut call: UpdateItemFluentBuilder, deployments: &[String]) -> UpdateItemFluentBuilder {
    let mut removed = Vec::new();
    for (n, deployment) in deployments.iter().enumerate() {
        let name = format!("#open{n}");
        call = call.expression_attribute_names(&name, format!("{OPEN}{deployment}"));
        removed.push(name);
    }
    call.update_expression(format!("SET #part = :part REMOVE {}", removed.join(", ")))
}

fn news_key(service: &ServiceArn, news: &News) -> String {
    format!("news#{service}#{}", news.key)
}

fn expiring(call: UpdateItemFluentBuilder, now: DateTime<Utc>) -> UpdateItemFluentBuilder {
    let expires = AttributeValue::N((now + KEPT).timestamp().to_string());
    call.expression_attribute_names("#status", "status")
        .expression_attribute_names("#expires", "expires_at")
        .expression_attribute_values(":expires", expires)
}

/// The condition that was refused, where that is the error.
fn refusal(error: &SdkError<UpdateItemError>) -> Option<&ConditionalCheckFailedException> {
    match error.as_service_error()? {
        UpdateItemError::ConditionalCheckFailedException(refusal) => Some(refusal),
        _ => None,
    }
}

fn refused(error: &SdkError<UpdateItemError>) -> Claim {
    let Some(refusal) = refusal(error) else {
        return unreachable_(error::why("dynamodb:UpdateItem", error));
    };
    let status = refusal.item().and_then(|item| item.get("status"));
    match status
        .and_then(|status| status.as_s().ok())
        .map(String::as_str)
    {
        Some("claimed") => Claim::Held,
        _ => Claim::Told,
    }
}

fn unreachable_(why: Why) -> Claim {
    match missing::<()>(MEMORY, why) {
        Fact::Missing(missing) => Claim::Unreachable(missing),
        Fact::Known(()) => Claim::Ours,
    }
}

/// An item of the table.
pub(crate) type Item = HashMap<String, AttributeValue>;

pub(crate) fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

pub(crate) fn millis(time: DateTime<Utc>) -> AttributeValue {
    AttributeValue::N(time.timestamp_millis().to_string())
}

pub(crate) fn number(number: u64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

/// The time of an attribute that [`millis`] wrote.
pub(crate) fn time(item: &Item, name: &str) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_millis(item.get(name)?.as_n().ok()?.parse().ok()?)
}

/// Parts are kept as JSON text: the table is a memory, nobody queries it by them.
fn put(
    call: UpdateItemFluentBuilder,
    name: &str,
    part: &impl Serialize,
) -> UpdateItemFluentBuilder {
    call.update_expression("SET #part = :part")
        .expression_attribute_names("#part", name)
        .expression_attribute_values(":part", json(part))
}

pub(crate) fn json(part: &impl Serialize) -> AttributeValue {
    AttributeValue::S(serde_json::to_string(part).unwrap_or_default())
}

/// A part that cannot be read, as after a downgrade, counts as none.
pub(crate) fn part<T: DeserializeOwned>(item: &Item, name: &str) -> Option<T> {
    item.get(name)?
        .as_s()
        .ok()
        .and_then(|json| serde_json::from_str(json).ok())
}
