//! What an object of the input is: an event, its detail, a task, an answer of `DescribeTasks`, or
//! a row with an id, a stop code, a reason and containers.

use std::fmt;

use domain::facts::StoppedTask;
use domain::sanitize;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

use super::stream::{Broken, Piece, newlines};

/// The `detail-type` of the events that tell of tasks.
const TASK_EVENT: &str = "ECS Task State Change";

/// The keys that say what an object is.
#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum Key {
    Id,
    #[serde(rename = "detail-type")]
    DetailType,
    Detail,
    Tasks,
    Failures,
    /// A task or a row has at least one of these.
    #[serde(rename = "taskArn", alias = "lastStatus", alias = "containers")]
    #[serde(alias = "stopCode", alias = "stop_code")]
    #[serde(alias = "stoppedReason", alias = "stopped_reason")]
    OfTask,
    #[serde(other)]
    Other,
}

/// A task to explain.
#[derive(Debug)]
pub(super) struct Subject {
    /// What the input calls it: a row's `id`, else the task's ARN.
    pub(super) id: Option<String>,
    /// What is known of it.
    pub(super) task: StoppedTask,
}

/// One thing found in an object.
#[derive(Debug)]
pub(super) enum Found {
    /// A task that stopped, or is about to.
    Subject(Box<Subject>),
    /// Understood, and nothing to explain. Safe to show.
    Nothing(String),
    /// Not understood.
    Broken(Broken),
}

/// What a piece of the input holds, in its order.
pub(super) fn find(piece: &Piece) -> Vec<Found> {
    match piece {
        Piece::Object { line, text } => read(text, *line),
        Piece::Broken(broken) => vec![Found::Broken(broken.clone())],
    }
}

/// What the object that begins in `line` holds.
fn read(text: &[u8], line: u64) -> Vec<Found> {
    let envelope = std::str::from_utf8(text)
        .map_err(|_| "it is not UTF-8".to_owned())
        .and_then(|text| parse::<Envelope<'_>>(text, line));
    match envelope {
        Ok(envelope) => envelope.open(text, line),
        Err(why) => vec![Found::Broken(Broken { line, why })],
    }
}

/// An object, opened as far as it takes to see what it is.
#[derive(Default)]
struct Envelope<'a> {
    id: Option<String>,
    detail_type: Option<String>,
    detail: Option<&'a RawValue>,
    tasks: Option<Vec<&'a RawValue>>,
    failures: Option<Vec<Failure>>,
    is_task: bool,
}

/// A task that `DescribeTasks` did not find.
#[derive(Deserialize)]
struct Failure {
    arn: Option<String>,
    reason: Option<String>,
}

impl Envelope<'_> {
    fn open(self, text: &[u8], line: u64) -> Vec<Found> {
        if let Some(other) = self.detail_type.filter(|known| known != TASK_EVENT) {
            let other = sanitize::line(&other, 80);
            return vec![Found::Nothing(format!("an event of type \"{other}\""))];
        }
        if let Some(detail) = self.detail {
            return vec![within(detail, text, line)];
        }
        if self.tasks.is_none() && self.failures.is_none() {
            if !self.is_task {
                let why = "no task: it has none of the keys of a stopped task".to_owned();
                return vec![Found::Broken(Broken { line, why })];
            }
            return vec![task(text, line, self.id)];
        }
        let tasks = self.tasks.unwrap_or_default();
        let failures = self.failures.unwrap_or_default();
        let tasks = tasks.into_iter().map(|one| within(one, text, line));
        tasks.chain(failures.iter().map(Failure::tell)).collect()
    }
}

impl Failure {
    fn tell(&self) -> Found {
        let arn = sanitize::line(self.arn.as_deref().unwrap_or("a task"), 256);
        let reason = sanitize::line(self.reason.as_deref().unwrap_or("no reason given"), 256);
        Found::Nothing(format!("ECS could not describe {arn}: {reason}"))
    }
}

/// A task that is a part of an object which begins in `line`.
fn within(part: &RawValue, whole: &[u8], line: u64) -> Found {
    let part = part.get().as_bytes();
    let before = (part.as_ptr() as usize).saturating_sub(whole.as_ptr() as usize);
    task(part, line + newlines(&whole[..before]), None)
}

fn task(text: &[u8], line: u64, id: Option<String>) -> Found {
    let text = std::str::from_utf8(text).unwrap_or_default();
    let task: StoppedTask = match parse(text, line) {
        Ok(task) => task,
        Err(why) => return Found::Broken(Broken { line, why }),
    };
    let arn = Some(&task.task_arn).filter(|arn| !arn.is_empty());
    if let Some(status) = runs(&task) {
        let (name, status) = (arn.map_or("a task", |arn| arn), sanitize::line(status, 40));
        let name = sanitize::line(name, 256);
        return Found::Nothing(format!("{name} is {status}: nothing stopped it"));
    }
    let id = id.or_else(|| arn.cloned());
    Found::Subject(Box::new(Subject { id, task }))
}

/// The state of a task that nothing stopped. A Spot notice comes while the task still runs.
fn runs(task: &StoppedTask) -> Option<&str> {
    let wanted = task.desired_status.as_deref() != Some("STOPPED");
    let said = task.stop_code.is_some() || task.stopped_reason.is_some();
    let status = task.last_status.as_deref()?;
    (wanted && !said && status != "STOPPED").then_some(status)
}

/// Parses, and says of an error where in the input it is.
fn parse<'a, T: Deserialize<'a>>(text: &'a str, line: u64) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| {
        let said = error.to_string();
        let said = said.split(" at line ").next().unwrap_or_default();
        let mut said = sanitize::line(said, 160);
        if !error.is_data() {
            said.insert_str(0, "this is no JSON: ");
        }
        match error.line() as u64 {
            0 | 1 => said,
            more => format!("{said} (in line {})", line + more - 1),
        }
    })
}

impl<'de: 'a, 'a> Deserialize<'de> for Envelope<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(Keys)
    }
}

struct Keys;

impl<'de> Visitor<'de> for Keys {
    type Value = Envelope<'de>;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = Envelope::default();
        while let Some(key) = map.next_key::<Key>()? {
            match key {
                Key::Id => found.id = name(&map.next_value()?),
                Key::DetailType => found.detail_type = map.next_value()?,
                Key::Detail => found.detail = map.next_value()?,
                Key::Tasks => found.tasks = map.next_value()?,
                Key::Failures => found.failures = map.next_value()?,
                Key::OfTask | Key::Other => {
                    found.is_task |= matches!(key, Key::OfTask);
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(found)
    }
}

/// An id may be a number too.
fn name(id: &Value) -> Option<String> {
    match id {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}
