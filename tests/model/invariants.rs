//! What must hold whatever happens. Every check judges by the world's own truth: the services, task
//! definitions and tags right before a write, and what was published; never by opsbot's words.

pub mod of_a_write;
pub mod told;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use domain::verdict::Request;
use serde_json::Value;
use simulator::{Item, Time, World, Write};
use tokio::time::Instant;

use crate::plan::Plan;
use of_a_write::{Past, Written, judge};
use told::{ALERTED, TOLD};

const COOL_DOWN: &str = "a service is left alone for the cool-down";
const CAP: &str = "the stack's rollbacks in an hour are capped";
/// What [`crate::history`] judges by delivering everything again.
pub const AGAIN: &str = "deciding again changes nothing";

/// The promises beside those about one write.
pub const OTHERS: [&str; 5] = [COOL_DOWN, CAP, TOLD, ALERTED, AGAIN];

/// What an invocation is for.
#[derive(Clone, Debug)]
pub struct Errand {
    pub name: String,
    pub about: String,
    pub by: By,
    /// Task definitions have met another fate by then.
    pub refated: bool,
}

/// Who has a function invoked.
#[derive(Clone, Debug)]
pub enum By {
    /// deployment-changed is, which may write nothing.
    Change,
    /// A request for roll-back, to judge this deployment.
    Request {
        deployment: String,
        stray: bool,
        /// Whether it says why tasks stop.
        blames: bool,
    },
    /// A person's request for roll-back.
    Person { dry_run: bool },
}

impl Errand {
    pub fn none() -> Self {
        Self::changed("nobody".to_owned(), String::new())
    }

    pub fn changed(name: String, about: String) -> Self {
        Self {
            name,
            about,
            by: By::Change,
            refated: false,
        }
    }

    pub fn request(name: String, request: &Request, stray: bool) -> Self {
        let deployment = request.deployment.clone();
        Self {
            name,
            about: format!("asked for {deployment}, causes {:?}", request.causes),
            by: By::Request {
                deployment,
                stray,
                blames: !request.causes.is_empty(),
            },
            refated: false,
        }
    }

    pub fn person(name: String, payload: &Value) -> Self {
        Self {
            name,
            about: format!("a person asks: {payload}"),
            by: By::Person {
                dry_run: payload["dry_run"] == true,
            },
            refated: false,
        }
    }

    pub fn is_rollback(&self) -> bool {
        !matches!(self.by, By::Change)
    }
}

/// The world as a call to `DescribeServices` showed it.
#[derive(Clone, Debug)]
pub struct Look {
    pub sent: Instant,
    pub world: World,
}

/// A write on its way, and what it rests on.
#[derive(Clone, Debug)]
pub struct Writing {
    /// How many writes ECS had looked at before it.
    pub number: usize,
    pub by: Errand,
    /// When it left.
    pub sent: Time,
    /// The last look that was taken with the claim or after it.
    pub look: Option<Look>,
    /// The first look of the invocation: all that is older than it, it can know.
    pub first: Option<Look>,
    /// The table right before it.
    pub table: Vec<Item>,
}

/// A broken promise.
#[derive(Clone, Debug)]
pub struct Broken {
    pub invariant: &'static str,
    pub how: String,
}

/// Judges every write that ECS took.
pub fn judge_writes(plan: &Plan, writes: &[Write], writings: &[Writing]) -> Result<(), Broken> {
    let mut past = Past::default();
    let mut times: BTreeMap<String, Vec<DateTime<Utc>>> = BTreeMap::new();
    for (number, write) in writes.iter().enumerate() {
        if write.refused.is_some() {
            continue;
        }
        let writing = writings.iter().rfind(|it| it.number == number);
        let written = writing.and_then(|writing| Written::of(write, writing));
        let Some(written) = written else {
            return Err(broken(
                "every write is known to the model",
                format!("{}", write.request),
            ));
        };
        past.look(&write.before);
        judge(&written, plan, &past)?;
        past.add(&written);
        times
            .entry(written.service.arn.clone())
            .or_default()
            .push(write.at);
    }
    brakes(plan, &times)
}

/// A service is left alone for the cool-down, and all together have their number an hour.
fn brakes(plan: &Plan, times: &BTreeMap<String, Vec<DateTime<Utc>>>) -> Result<(), Broken> {
    // A claim is dated by its invocation, a write by ECS: an invocation apart at most.
    let apart = TimeDelta::minutes(plan.cooldown) - TimeDelta::minutes(1);
    for (service, times) in times {
        for pair in times.windows(2) {
            if pair[1] - pair[0] < apart {
                return Err(broken(COOL_DOWN, format!("{service}: {pair:?}")));
            }
        }
    }
    let mut all: Vec<DateTime<Utc>> = times.values().flatten().copied().collect();
    all.sort();
    for (number, at) in all.iter().enumerate() {
        let hour = all[number..]
            .iter()
            .filter(|it| **it - *at < TimeDelta::minutes(59));
        // A claim counts for its clock hour: across the turn of an hour two claims at once may
        // each find room.
        if hour.count() > plan.per_hour as usize + 1 {
            return Err(broken(CAP, format!("{all:?}")));
        }
    }
    Ok(())
}

pub fn broken(invariant: &'static str, how: String) -> Broken {
    Broken { invariant, how }
}
