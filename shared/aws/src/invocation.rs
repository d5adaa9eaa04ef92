//! What one invocation may use: clients, settings, and how long.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::settings::{Rollbacks, Settings};
use domain::verdict::Policy;
use tokio::time::Instant;

use crate::Clients;
use crate::asking::Asking;
use crate::state::{Claimant, State};

/// Kept back from the deadline for the publish and the marks after it.
const RESERVE: Duration = Duration::from_secs(15);

/// What is tried again is not begun without this long for its answer.
const ANSWER: Duration = Duration::from_secs(3);

/// Rollbacks, where they are enabled.
#[derive(Clone, Copy, Debug)]
pub struct Enabled<'a> {
    /// The URL of the queue through which roll-back is asked.
    pub queue: &'a str,
    /// What is allowed.
    pub policy: Policy,
}

/// One invocation of a function.
#[derive(Clone, Copy, Debug)]
pub struct Invocation<'a> {
    /// The clients.
    pub clients: &'a Clients,
    /// The settings.
    pub settings: &'a Settings,
    /// The request id; a retry by Lambda has the same.
    pub request_id: &'a str,
    /// When it began.
    pub now: DateTime<Utc>,
    /// When Lambda ends it.
    pub deadline: DateTime<Utc>,
    /// What is allowed of rollbacks; `None` where they are not enabled.
    pub rollbacks: Option<Enabled<'a>>,
    /// The URL of the queue through which deployment-changed looks at a rollback again.
    pub look_again: Option<&'a str>,
    /// How long to wait before looking again for what another invocation is doing.
    pub patience: Duration,
    began: Instant,
}

impl<'a> Invocation<'a> {
    /// An invocation that begins now.
    pub fn new(
        clients: &'a Clients,
        settings: &'a Settings,
        request_id: &'a str,
        now: DateTime<Utc>,
        deadline: DateTime<Utc>,
    ) -> Self {
        let (began, patience) = (Instant::now(), Duration::from_secs(1));
        Self {
            clients,
            settings,
            request_id,
            now,
            deadline,
            rollbacks: None,
            look_again: None,
            patience,
            began,
        }
    }

    /// The same, with what the settings say of rollbacks.
    pub fn with_rollbacks(self, rollbacks: &'a Rollbacks) -> Self {
        let enabled = |queue: &'a String| Enabled {
            queue,
            policy: rollbacks.policy,
        };
        Self {
            rollbacks: rollbacks.queue.as_ref().map(enabled),
            look_again: rollbacks.look_again.as_deref(),
            ..self
        }
    }

    /// Reads may go on until the publish needs the rest of the time.
    pub fn asking(&self) -> Asking<'a> {
        let all = (self.deadline - self.now).to_std().unwrap_or_default();
        Asking::new(self.clients, self.began + all.saturating_sub(RESERVE))
    }

    /// The state table.
    pub fn state(&self) -> State<'a> {
        State::new(self.asking(), &self.settings.table)
    }

    /// Marks are written after the publish, in the time that was kept back.
    pub fn state_after_publish(&self) -> State<'a> {
        let all = (self.deadline - self.now).to_std().unwrap_or_default();
        State::new(
            Asking::new(self.clients, self.began + all),
            &self.settings.table,
        )
    }

    /// Who claims a piece of news here.
    pub fn claimant(&self) -> Claimant<'a> {
        Claimant {
            request_id: self.request_id,
            now: self.now,
            until: self.deadline,
        }
    }

    /// The time now: an invocation may wait.
    pub fn time(&self) -> DateTime<Utc> {
        let spent = TimeDelta::from_std(self.began.elapsed());
        self.now + spent.unwrap_or_default()
    }

    /// Whether there is time left to ask AWS something after this pause.
    pub fn has_time(&self, pause: Duration) -> bool {
        Instant::now() + pause + ANSWER < self.asking().until()
    }

    /// Waits before something is tried again, longer with each try, and not as long as another
    /// invocation does. Whether there was time left for it is the answer.
    pub async fn pause(&self, tries: u32) -> bool {
        let longest = self.patience * (1 << tries.min(3));
        let pause = longest.mul_f64(0.5 + spread(self.request_id, tries) / 2.0);
        let there_is_time = self.has_time(pause);
        if there_is_time {
            tokio::time::sleep(pause).await;
        }
        there_is_time
    }
}

/// From 0 to 1. Chance is not ours to have: request ids are random enough to stand in for it.
fn spread(request_id: &str, tries: u32) -> f64 {
    let bytes = request_id.bytes().map(u32::from);
    let hash = bytes.fold(tries, |hash, byte| hash.wrapping_mul(31).wrapping_add(byte));
    f64::from(hash % 1_000) / 1_000.0
}
