//! The record of every decision: one item a service and day (`decisions#<arn>#<yyyy-mm-dd>`), an
//! attribute a decision, and the same in the log.

use chrono::{DateTime, Days, TimeDelta, Utc};
use domain::arn::ServiceArn;
use domain::facts::{Fact, Why};
use domain::verdict::Decision;
use futures_util::future::join_all;

use crate::asking::missing;
use crate::state::{Item, State, json, part, text};

const WHAT: &str = "the record of decisions";
const READ: &str = "dynamodb:GetItem";

/// How long a decision is kept in the table: a year, and the time to look back on it.
const KEPT: TimeDelta = TimeDelta::days(400);

/// So many days are asked for at the same time.
const AT_ONCE: usize = 10;

impl State<'_> {
    /// Records a decision, in the table and in the log. Called again with the same verdict in the
    /// same invocation, as when its outcome is known, it replaces what it recorded. Where the table
    /// does not take it, the log has it.
    pub async fn decided(&self, service: &ServiceArn, decision: &Decision) -> Fact<()> {
        let call = self
            .update(&key(service, decision.at))
            .update_expression("SET #this = :this, #expires = :expires")
            .expression_attribute_names("#this", name(decision))
            .expression_attribute_names("#expires", "expires_at")
            .expression_attribute_values(":this", json(decision))
            .expression_attribute_values(":expires", seconds(decision.at + KEPT));
        let answer = self.asking.ask(WHAT, "dynamodb:UpdateItem", call.send());
        let answer = answer.await.map(|_| ());
        let record = serde_json::to_string(decision).unwrap_or_default();
        let (service, verdict) = (service.to_string(), &decision.verdict);
        match &answer {
            Fact::Known(()) => tracing::info!(service, verdict, record, "decided"),
            Fact::Missing(_) => {
                tracing::warn!(
                    service,
                    verdict,
                    record,
                    "decided, and only this log has it"
                );
            }
        }
        answer
    }

    /// The decisions on a service of the last `days` days, newest first.
    pub async fn decisions(
        &self,
        service: &ServiceArn,
        days: u32,
        now: DateTime<Utc>,
    ) -> Fact<Vec<Decision>> {
        let dates = (0..=days).filter_map(|ago| now.checked_sub_days(Days::new(ago.into())));
        let dates: Vec<DateTime<Utc>> = dates.collect();
        let mut all = Vec::new();
        for some in dates.chunks(AT_ONCE) {
            let answers = join_all(some.iter().map(|at| self.decisions_of(service, *at)));
            for answer in answers.await {
                match answer {
                    Fact::Known(decisions) => all.extend(decisions),
                    Fact::Missing(gap) => return Fact::Missing(gap),
                }
            }
        }
        let since = now - TimeDelta::days(days.into());
        all.retain(|decision| decision.at >= since);
        // Those of one moment stand in the order of their names, which is of no meaning but stable.
        all.sort_by(|a, b| (b.at, &b.function, &b.verdict).cmp(&(a.at, &a.function, &a.verdict)));
        Fact::Known(all)
    }

    async fn decisions_of(&self, service: &ServiceArn, day: DateTime<Utc>) -> Fact<Vec<Decision>> {
        let call = self.asking.clients.table.get_item().table_name(self.table);
        let call = call.key("pk", text(&key(service, day)));
        match self.asking.ask(WHAT, READ, call.send()).await {
            Fact::Known(answer) => read(&answer.item.unwrap_or_default()),
            Fact::Missing(gap) => Fact::Missing(gap),
        }
    }
}

/// A record with a hole must not look whole.
fn read(item: &Item) -> Fact<Vec<Decision>> {
    let names = item.keys().filter(|name| name.contains('#'));
    let decisions: Option<Vec<Decision>> = names.map(|name| part(item, name)).collect();
    decisions.map_or_else(
        || {
            let detail = "one is not as this version writes them".to_owned();
            let action = READ.to_owned();
            missing(WHAT, Why::Failed { action, detail })
        },
        Fact::Known,
    )
}

fn key(service: &ServiceArn, at: DateTime<Utc>) -> String {
    format!("decisions#{service}#{}", at.format("%Y-%m-%d"))
}

/// The verdict is part of it: an invocation that looks twice may decide twice.
fn name(decision: &Decision) -> String {
    let Decision {
        at,
        function,
        request_id,
        verdict,
        ..
    } = decision;
    format!(
        "{}#{function}#{request_id}#{verdict}",
        at.timestamp_millis()
    )
}

fn seconds(at: DateTime<Utc>) -> aws_sdk_dynamodb::types::AttributeValue {
    aws_sdk_dynamodb::types::AttributeValue::N(at.timestamp().to_string())
}
