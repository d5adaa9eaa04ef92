//! A story on the local AWS: what passes in the simulator, what is put onto the bus, what arrives.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::error::Error;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use serde_json::Value;
use simulator::{Simulator, World};
use stage::{Alert, Stage};
use stories::until;

use crate::show;

/// How long an alert may take, from the event through the deployed rules and functions.
const PATIENCE: Duration = Duration::from_secs(45);

/// The stage, the simulated ECS, and what has happened on them.
pub(crate) struct Performance {
    pub(crate) stage: Stage,
    pub(crate) ecs: Simulator,
    began: Instant,
    /// Alerts that arrived while another one was waited for.
    arrived: RefCell<VecDeque<Alert>>,
    timeline: RefCell<Vec<show::Line>>,
    writes: Cell<usize>,
}

impl Performance {
    pub(crate) fn new(stage: Stage, ecs: Simulator, began: Instant) -> Self {
        Self {
            stage,
            ecs,
            began,
            arrived: RefCell::default(),
            timeline: RefCell::default(),
            writes: Cell::default(),
        }
    }

    /// Says what is done now.
    pub(crate) fn step(&self, text: &str) {
        show::step(self.began.elapsed(), text);
    }

    /// Says it, and remembers it for the end.
    pub(crate) fn happens(&self, text: &str) {
        let now = self.ecs.with(|world: &mut World| world.now());
        self.happened(now, text);
    }

    /// The same of something that ECS dates.
    fn happened(&self, at: DateTime<Utc>, text: &str) {
        self.step(text);
        self.note(at, text.to_owned());
    }

    fn note(&self, at: DateTime<Utc>, text: String) {
        let elapsed = self.began.elapsed();
        self.timeline
            .borrow_mut()
            .push(show::Line { at, elapsed, text });
    }

    /// Lets time pass until an event of that name, and says what happened meanwhile.
    pub(crate) fn pass(&self, event_name: &str) -> Vec<Value> {
        let events = self.ecs.with(|world: &mut World| until(world, event_name));
        let mut stopped = 0;
        for event in &events {
            let text = |key: &str| event["detail"][key].as_str().unwrap_or_default();
            let of_task = event["detail-type"] == "ECS Task State Change";
            stopped += usize::from(of_task && text("lastStatus") == "STOPPED");
            if event["detail-type"] == "ECS Deployment State Change" {
                let at = text("updatedAt").parse().unwrap_or_default();
                if stopped > 0 {
                    self.happened(at, &format!("tasks stopped: {stopped}"));
                    stopped = 0;
                }
                let said = format!("ECS: {}: {}", text("eventName"), text("reason"));
                self.happened(at, &said);
            }
        }
        events
    }

    /// Puts the events onto the bus, and waits for the alert of one of these kinds that comes of
    /// them.
    pub(crate) fn deliver(
        &self,
        events: &[Value],
        kinds: &[&str],
    ) -> Result<Alert, Box<dyn Error>> {
        let began = Instant::now();
        self.put(events)?;
        self.step(&format!(
            "{} put onto the bus; the deployed rules choose",
            counted(events)
        ));
        self.await_alert(kinds, began)
    }

    pub(crate) fn put(&self, events: &[Value]) -> Result<(), stage::Error> {
        events
            .iter()
            .try_for_each(|event| self.stage.put_event(event))
    }

    /// Waits for an alert of one of these kinds, and shows it. What task-stopped says of the single
    /// tasks on the way is named only.
    pub(crate) fn await_alert(
        &self,
        kinds: &[&str],
        since: Instant,
    ) -> Result<Alert, Box<dyn Error>> {
        loop {
            let next = self.arrived.borrow_mut().pop_front();
            let Some(alert) = next else {
                let alerts = self.stage.receive_alerts(PATIENCE)?;
                if alerts.is_empty() {
                    let seconds = PATIENCE.as_secs();
                    return Err(format!("no alert of {kinds:?} within {seconds} s").into());
                }
                self.arrived.borrow_mut().extend(alerts);
                continue;
            };
            self.note_writes();
            let kind = alert.attributes["kind"].as_str();
            let after = since.elapsed().as_millis();
            self.happens(&format!("alert {kind} after {after} ms: {}", alert.subject));
            if kinds.contains(&kind) {
                show::alert(&alert);
                return Ok(alert);
            }
        }
    }

    /// The writes that reached ECS since the last look.
    fn note_writes(&self) {
        let writes = self.ecs.writes();
        for write in writes.iter().skip(self.writes.replace(writes.len())) {
            let call = write.action.trim_start_matches("ecs:");
            let text = |key: &str| write.request[key].as_str();
            let to = text("taskDefinition").or_else(|| text("stopType"));
            let to = to.and_then(|to| to.rsplit('/').next()).unwrap_or_default();
            self.note(write.at, format!("opsbot calls {call}: {to}"));
        }
    }

    /// The whole story once more, and what reached ECS.
    pub(crate) fn finish(&self) {
        show::timeline(&self.timeline.borrow());
        let calls = self.ecs.call_count();
        let writes = self.ecs.writes().len();
        self.step(&format!(
            "{calls} calls reached ECS and what surrounds it, {writes} of them writes. Done."
        ));
    }
}

pub(crate) fn counted(events: &[Value]) -> String {
    match events.len() {
        1 => "1 event".to_owned(),
        n => format!("{n} events"),
    }
}
