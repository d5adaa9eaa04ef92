//! A counter that has reached the number at which it is news: claimed, told, given back.

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};
use chrono::{DateTime, Utc};
use domain::facts::{Fact, Missing};
use domain::stop::{About, Count, Said};

use super::counter::read;
use super::patience::{UPDATE, refused};
use super::{COUNTER, busy, expires};
use crate::asking::missing;
use crate::state::{Claimant, State, json, millis, number, part, text};

/// What became of the claim on a counter.
#[derive(Clone, Debug, PartialEq)]
pub enum Claimed {
    /// The number is news, and ours to tell.
    Ours(Count),
    /// The number is no news.
    No(Count),
    /// The number is news that another invocation is telling, which will look again.
    Held,
    /// Others kept writing to the counter: claim it again when its messages come again.
    Busy(Missing),
    /// The table could not be asked. Alerts fail open: tell it.
    Unreachable(Missing),
}

/// What came of a look at an incident that goes on.
#[derive(Clone, Copy, Debug)]
pub enum Looked<'a> {
    /// Nothing was said.
    Nothing,
    /// People were told this.
    Told(&'a Said),
    /// They were told that it is over, and then another stop had come: the next one is news.
    Over,
}

/// What looks at a counter again, whatever its number.
#[derive(Clone, Debug)]
pub struct Watched {
    /// The name of the watch that counts; where none was sent, the next stop looks.
    pub token: Option<String>,
    /// When a watch has looked at the latest; after it, the next stop is news.
    pub look_by: DateTime<Utc>,
}

impl Watched {
    fn set(&self) -> &'static str {
        match self.token {
            Some(_) => "#watch = :watch, #look_by = :look_by",
            None => "#look_by = :look_by",
        }
    }

    fn values(&self, mut call: UpdateItemFluentBuilder) -> UpdateItemFluentBuilder {
        if let Some(token) = &self.token {
            call = call
                .expression_attribute_names("#watch", "watch")
                .expression_attribute_values(":watch", text(token));
        }
        call.expression_attribute_names("#look_by", "look_by")
            .expression_attribute_values(":look_by", millis(self.look_by))
    }
}

impl State<'_> {
    /// Claims a counter that has reached the number at which it is news, `first` at the beginning,
    /// or that nobody has looked at when it was time: its watch is lost.
    pub async fn claim_count(&self, key: &str, first: u64, by: Claimant<'_>) -> Claimed {
        let call = self
            .update(key)
            .update_expression("SET #owner = :owner, #lease = :lease")
            .condition_expression(
                "((attribute_not_exists(#next) AND #tasks >= :first) OR #tasks >= #next \
                 OR #look_by < :now) AND \
                 (attribute_not_exists(#owner) OR #owner = :owner OR #lease < :now)",
            )
            .expression_attribute_names("#look_by", "look_by")
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_names("#lease", "lease_until")
            .expression_attribute_names("#next", "next_at")
            .expression_attribute_names("#tasks", "tasks")
            .expression_attribute_values(":owner", text(by.request_id))
            .expression_attribute_values(":lease", millis(by.until))
            .expression_attribute_values(":now", millis(by.now))
            .expression_attribute_values(":first", number(first))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match self.patiently(|| call.clone().send(), by.now).await {
            Ok(answer) => Claimed::Ours(read(&answer.attributes.unwrap_or_default())),
            Err(error) if refused(&error) => no(error.old(), first),
            Err(error) if error.busy() => Claimed::Busy(busy(UPDATE)),
            Err(error) => Claimed::Unreachable(Missing::new(COUNTER, error.why())),
        }
    }

    /// Gives a counter back: what was said, and at which number it is news again. Answers with the
    /// counter as it is then, for it may have reached that number already.
    pub async fn said(
        &self,
        key: &str,
        next_at: u64,
        said: &Said,
        watch: &Watched,
        now: DateTime<Utc>,
    ) -> Fact<Count> {
        let set = format!(
            "SET #next = :next, #said = :said, #expires = :expires, {}",
            watch.set()
        );
        let call = self
            .update(key)
            .update_expression(format!("{set} REMOVE #owner, #lease"))
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_names("#lease", "lease_until")
            .expression_attribute_names("#next", "next_at")
            .expression_attribute_names("#said", "said")
            .expression_attribute_names("#expires", "expires_at")
            .expression_attribute_values(":next", number(next_at))
            .expression_attribute_values(":said", json(said))
            .expression_attribute_values(":expires", expires(now))
            .return_values(ReturnValue::AllNew);
        let call = watch.values(call);
        match self.patiently(|| call.clone().send(), now).await {
            Ok(answer) => Fact::Known(read(&answer.attributes.unwrap_or_default())),
            Err(error) => missing(COUNTER, error.why()),
        }
    }

    /// Reads a counter and what it counts. `Known(None)` where there is none.
    pub async fn counter(&self, key: &str) -> Fact<Option<(About, Count)>> {
        let call = self.asking.clients.table.get_item().table_name(self.table);
        let call = call.key("pk", text(key)).consistent_read(true);
        let answer = self
            .asking
            .ask(COUNTER, "dynamodb:GetItem", call.send())
            .await;
        answer.map(|answer| {
            let item = answer.item?;
            Some((part(&item, "about")?, read(&item)))
        })
    }

    /// Ends an incident, unless another stop has been counted or another watch sent since it was
    /// looked at.
    pub async fn settle(
        &self,
        key: &str,
        watch: &str,
        seen: &Count,
        now: DateTime<Utc>,
    ) -> Fact<bool> {
        let call = self
            .update(key)
            .update_expression(
                "SET #tasks = :none \
                 REMOVE #first, #last, #next, #said, #watch, #look_by, #owner, #lease",
            )
            .condition_expression("#tasks = :seen AND #watch = :watch")
            .expression_attribute_names("#tasks", "tasks")
            .expression_attribute_names("#first", "first_at")
            .expression_attribute_names("#last", "last_at")
            .expression_attribute_names("#next", "next_at")
            .expression_attribute_names("#said", "said")
            .expression_attribute_names("#watch", "watch")
            .expression_attribute_names("#look_by", "look_by")
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_names("#lease", "lease_until")
            .expression_attribute_values(":none", number(0))
            .expression_attribute_values(":watch", text(watch))
            .expression_attribute_values(":seen", number(seen.tasks));
        match self.patiently(|| call.clone().send(), now).await {
            Ok(_) => Fact::Known(true),
            Err(error) if refused(&error) => Fact::Known(false),
            Err(error) => missing(COUNTER, error.why()),
        }
    }

    /// Puts another watch in the place of the old one, with what came of the look, unless the old
    /// one no longer counts: whoever replaced it has said something newer.
    pub async fn looked(
        &self,
        key: &str,
        (old, new): (&str, &Watched),
        looked: Looked<'_>,
        now: DateTime<Utc>,
    ) -> Fact<()> {
        let call = self
            .update(key)
            .condition_expression("#watch = :old")
            .expression_attribute_names("#watch", "watch")
            .expression_attribute_names("#expires", "expires_at")
            .expression_attribute_values(":old", text(old))
            .expression_attribute_values(":expires", expires(now));
        let call = new.values(call);
        let set = format!("SET #expires = :expires, {}", new.set());
        let call = match looked {
            Looked::Nothing => call.update_expression(set),
            Looked::Told(said) => call
                .update_expression(format!("{set}, #said = :said"))
                .expression_attribute_names("#said", "said")
                .expression_attribute_values(":said", json(said)),
            Looked::Over => call
                .update_expression(format!("{set}, #next = #tasks"))
                .expression_attribute_names("#next", "next_at")
                .expression_attribute_names("#tasks", "tasks"),
        };
        match self.patiently(|| call.clone().send(), now).await {
            Ok(_) => Fact::Known(()),
            Err(error) if refused(&error) => Fact::Known(()),
            Err(error) => missing(COUNTER, error.why()),
        }
    }
}

/// A claim that was refused: the number is no news, or it is and another invocation tells it.
fn no(counter: Option<Count>, first: u64) -> Claimed {
    let counter = counter.unwrap_or_default();
    match counter.tasks >= counter.next_at.unwrap_or(first) {
        true => Claimed::Held,
        false => Claimed::No(counter),
    }
}
