//! Whether to roll back a failed deployment, and if not, why not.
//!
//! [`decide`] is the one place. It asks the rows of one table in order, and the first that applies
//! is the answer. Every row is a variant of [`Verdict`] with what its sentence needs; alerts print
//! the sentence. [`Verdict::RollBack`] alone is a write, and it stands last: whatever is not known
//! to be safe has been answered before.

mod case;
mod opt_in;
mod plan;
mod rows;
mod seen;
mod sentence;
mod target;

use chrono::{DateTime, Utc};

pub use case::{Attempt, Attempts, Case, Policy, Requester};
pub use opt_in::{OptIn, Rung, TAG};
pub use plan::Plan;
pub use target::candidates;

use crate::arn::ServiceArn;
use crate::causes::Cause;
use crate::facts::Missing;
use crate::response::Trip;

/// The verdict on a failing deployment.
pub fn decide(case: &Case) -> Verdict {
    judge(case).unwrap_or_else(|hold| hold)
}

/// The table. What stands in a row's way stands before it.
fn judge(case: &Case) -> rows::Row<Verdict> {
    // A service that is going away fails by being taken down. It is asked first because nothing
    // else about such a service can be read, or matters.
    rows::service_is_there(case)?;
    // Everything below is judged on these facts, so none of it is asked without them.
    let seen = rows::facts_are_there(case)?;
    // Deployments of another controller do not follow the rules that the rows below rely on.
    rows::service_is_ours(seen.service)?;
    // Never against ECS. Before "superseded", because ECS's own rollback makes another deployment
    // PRIMARY and must not be taken for a release.
    rows::ecs_leaves_it_alone(&seen)?;
    // Somebody has moved on, so no word about the old deployment matters any more, not even
    // whether it was a rollback or was tried.
    rows::nothing_newer(&seen)?;
    // Louder than "already done", which would be true as well: both revisions fail now, and a
    // person has to come.
    rows::was_no_rollback(&seen)?;
    // Once per deployment, ever; said before the pauses, which would promise another go.
    rows::was_not_tried(&seen)?;
    // From here on the deployment must be current, found in the history and in a known state.
    // Later than the rows above, which answer also where it is none of this.
    let standing = rows::stands_clear(&seen)?;
    // Whether there is anything to mend at all: before any reason for not mending it.
    rows::it_fails(&seen, &standing)?;
    // A brake on opsbot itself; before the rows that weigh this one failure.
    rows::is_not_too_often(&seen)?;
    // CloudFormation will go back by itself and bring back more than the task definition.
    rows::stack_rests(&seen)?;
    // Going back would not help, so it does not matter where to.
    rows::is_its_fault(&seen)?;
    // Nothing good, the same revision, or one that cannot be started.
    let proposal = rows::way_back(&seen, &standing)?;
    // Last, so that whoever has not opted in still reads what would have been done, and would
    // have been safe.
    Ok(rows::may_write(&seen, Box::new(proposal)))
}

/// What is decided, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The service is inactive, draining or missing.
    ServiceGone {
        /// Its status, or `not found`.
        status: String,
    },
    /// What a verdict rests on could not be read.
    FactsMissing {
        /// What, and why.
        missing: Vec<Missing>,
    },
    /// Another controller makes the service's deployments, or they follow rules opsbot does not
    /// know.
    NotOurs {
        /// What is refused, by name: `deployment controller CODE_DEPLOY`.
        what: String,
    },
    /// ECS rolls back, has, or will.
    Watch {
        /// Which of these.
        rollback: EcsRollback,
    },
    /// A newer deployment is there.
    Superseded {
        /// The task definition it brings, or its ARN where that is not known.
        by: String,
    },
    /// The deployment that failed was itself a rollback, or ECS's rollback of it failed.
    WasRollback {
        /// Whose rollback.
        by: By,
        /// The task definition of the PRIMARY deployment.
        on: Option<String>,
    },
    /// opsbot has rolled this deployment back, or tried to.
    AlreadyDone {
        /// The task definition it went back to.
        to: String,
        /// When.
        at: DateTime<Utc>,
    },
    /// It cannot be told what the deployment's state is.
    Unclear {
        /// The `ecs-svc/…` id.
        deployment: String,
        /// What is not clear.
        why: String,
    },
    /// The deployment does not fail, or not any more.
    NotFailing {
        /// Why it is taken for sound.
        why: NotFailing,
    },
    /// There was a rollback only just, or there were too many.
    CoolingDown(Paused),
    /// The service's CloudFormation stack is being changed, or may be.
    StackInProgress {
        /// The stack's name.
        stack: String,
        /// What is known of it.
        why: StackHold,
    },
    /// An older revision would fail as well.
    NotItsFault {
        /// Why the tasks stop.
        cause: Cause,
        /// Tasks of the old revision stop of it too.
        old_too: bool,
    },
    /// No revision is known to have been good.
    NothingGood {
        /// The failing task definition.
        failing: String,
    },
    /// The last good revision is the failing task definition.
    SameRevision {
        /// The task definition.
        task_definition: String,
        /// The image that changed under it, where that is known.
        digests: Option<Digests>,
    },
    /// The good revision cannot be gone back to.
    TargetUnusable {
        /// Its task definition.
        target: String,
        /// Why not.
        why: Unusable,
    },
    /// The service's tag or the default forbids it.
    NotOptedIn {
        /// Who forbids it.
        rung: Rung,
        /// What would have been done.
        proposal: Box<Proposal>,
    },
    /// Nothing is written, only said.
    DryRun {
        /// Who wants it so; `None` where the request itself does.
        rung: Option<Rung>,
        /// What would have been done.
        proposal: Box<Proposal>,
    },
    /// A person is to say so.
    Ask {
        /// Who wants it so.
        rung: Rung,
        /// What would be done.
        proposal: Box<Proposal>,
    },
    /// It is rolled back.
    RollBack {
        /// Who allows it.
        rung: Rung,
        /// What is done.
        proposal: Box<Proposal>,
    },
}

/// ECS's own rollback. It may be one that opsbot or a person asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EcsRollback {
    /// It is on.
    Running {
        /// The task definition it goes back to, where it is known.
        to: Option<String>,
        /// When opsbot asked for it, if it did.
        asked_at: Option<DateTime<Utc>>,
    },
    /// It is over, and it worked.
    Done {
        /// The task definition it went back to, where it is known.
        to: Option<String>,
    },
    /// It begins when this trips.
    Expected {
        /// What is to trip, or has only just.
        by: Trip,
    },
}

/// Whose rollback it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// ECS's.
    Ecs,
    /// opsbot's.
    Opsbot,
}

/// Why a deployment is taken for sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotFailing {
    /// ECS calls it completed.
    Completed {
        /// Its task definition.
        on: String,
    },
    /// It is in flight, and nothing of it is known to fail.
    NoSign {
        /// Its task definition.
        of: String,
    },
}

/// Which pause holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Paused {
    /// The service's cool-down.
    Service {
        /// The last rollback.
        last: DateTime<Utc>,
        /// The end of the pause.
        until: DateTime<Utc>,
    },
    /// The whole stack's hourly cap.
    Stack {
        /// Rollbacks in the last hour.
        made: u32,
        /// How many may be.
        most: u32,
    },
}

/// Why the CloudFormation stack stands in the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StackHold {
    /// It is in this status.
    Updating(String),
    /// Its status could not be read.
    NotRead(Missing),
}

/// Why a good revision cannot be gone back to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// It, and every other good one, has been deregistered or deleted.
    Inactive,
    /// It could not be looked up.
    NotRead(Missing),
    /// A person named it, and it is not known to have been good.
    NeverGood,
    /// ECS, told to go back now, would go somewhere else.
    EcsGoesElsewhere {
        /// Where to; empty where it has nothing to go back to.
        ecs: String,
        /// The command that would bring the good revision.
        command: String,
    },
}

/// One image reference that resolved to two digests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digests {
    /// The container.
    pub container: String,
    /// The image reference with its tag.
    pub image: String,
    /// What it resolved to for the failing deployment.
    pub failing: String,
    /// What it resolved to for the good one.
    pub good: String,
}

/// A rollback that would be safe: what it is, and of what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// The service.
    pub service: ServiceArn,
    /// The failing task definition.
    pub failing: String,
    /// The deployment strategy, where it shifts traffic: then going back is a whole deployment
    /// with shifts of its own.
    pub shifts_traffic: Option<String>,
    /// The call.
    pub plan: Plan,
}

impl Proposal {
    /// The exact command for a shell.
    pub fn command(&self) -> String {
        self.plan.command(&self.service)
    }
}

/// Every verdict's code and when it is given, in the order they are asked.
pub const ROWS: [(&str, &str); 19] = [
    (
        "hold_service_gone",
        "the service is inactive, draining or missing",
    ),
    (
        "hold_facts_missing",
        "the service, its deployment history or opsbot's own table could not be read",
    ),
    (
        "hold_not_ours",
        "the controller is `CODE_DEPLOY` or `EXTERNAL`, it is an Express service, or its strategy \
         is not known",
    ),
    (
        "watch_ecs_rollback",
        "ECS rolls back, has, or will by its circuit breaker or alarms; opsbot reports how it ends",
    ),
    (
        "hold_superseded",
        "a newer deployment is primary or on record",
    ),
    (
        "hold_was_rollback",
        "the failed deployment is itself a rollback, ECS's or opsbot's: a person is paged",
    ),
    (
        "hold_already_done",
        "opsbot has tried it once: there is one attempt per failed deployment, ever",
    ),
    (
        "hold_unclear",
        "the deployment is not found in the history, or its state is not known",
    ),
    (
        "hold_not_failing",
        "ECS calls the deployment completed, or nothing of it is known to fail",
    ),
    (
        "hold_cooling_down",
        "the service's cool-down, or the stack's hourly cap, is not over",
    ),
    (
        "hold_stack_in_progress",
        "the service's CloudFormation stack is being changed: it rolls back by itself",
    ),
    (
        "hold_not_its_fault",
        "capacity, Spot, platform, registry or network, or the old revision's tasks stop of the \
         same cause",
    ),
    (
        "hold_nothing_good",
        "it is the first deployment, or no successful one is on record",
    ),
    (
        "hold_same_revision",
        "the last good revision is the failing task definition: a mutable image tag",
    ),
    (
        "hold_target_unusable",
        "the good task definition is inactive, could not be read, or is not where ECS would go",
    ),
    (
        "hold_not_opted_in",
        "the service's tag, or the default, is `off`",
    ),
    (
        "dry_run",
        "the tag, the default or the request is `dry-run`",
    ),
    (
        "ask",
        "the tag or the default is `ask`, and no person has asked yet",
    ),
    ("roll_back", "none of the above"),
];

impl Verdict {
    /// The stable code, which filter policies, records and machines rely on.
    pub fn code(&self) -> &'static str {
        ROWS[self.row()].0
    }

    /// Its row in [`ROWS`].
    fn row(&self) -> usize {
        match self {
            Self::ServiceGone { .. } => 0,
            Self::FactsMissing { .. } => 1,
            Self::NotOurs { .. } => 2,
            Self::Watch { .. } => 3,
            Self::Superseded { .. } => 4,
            Self::WasRollback { .. } => 5,
            Self::AlreadyDone { .. } => 6,
            Self::Unclear { .. } => 7,
            Self::NotFailing { .. } => 8,
            Self::CoolingDown(_) => 9,
            Self::StackInProgress { .. } => 10,
            Self::NotItsFault { .. } => 11,
            Self::NothingGood { .. } => 12,
            Self::SameRevision { .. } => 13,
            Self::TargetUnusable { .. } => 14,
            Self::NotOptedIn { .. } => 15,
            Self::DryRun { .. } => 16,
            Self::Ask { .. } => 17,
            Self::RollBack { .. } => 18,
        }
    }

    /// Whether ECS is to be written to. One verdict says so.
    pub fn is_write(&self) -> bool {
        matches!(self, Self::RollBack { .. })
    }

    /// Whether a person has to come, whatever the severity floor.
    pub fn pages(&self) -> bool {
        matches!(self, Self::WasRollback { .. })
    }

    /// What is done, or would have been.
    pub fn proposal(&self) -> Option<&Proposal> {
        match self {
            Self::NotOptedIn { proposal, .. }
            | Self::DryRun { proposal, .. }
            | Self::Ask { proposal, .. }
            | Self::RollBack { proposal, .. } => Some(proposal),
            Self::ServiceGone { .. }
            | Self::FactsMissing { .. }
            | Self::NotOurs { .. }
            | Self::Watch { .. }
            | Self::Superseded { .. }
            | Self::WasRollback { .. }
            | Self::AlreadyDone { .. }
            | Self::Unclear { .. }
            | Self::NotFailing { .. }
            | Self::CoolingDown(_)
            | Self::StackInProgress { .. }
            | Self::NotItsFault { .. }
            | Self::NothingGood { .. }
            | Self::SameRevision { .. }
            | Self::TargetUnusable { .. } => None,
        }
    }

    /// The call that is made, or would have been.
    pub fn plan(&self) -> Option<&Plan> {
        self.proposal().map(|proposal| &proposal.plan)
    }

    /// What the alert says of it, with the reason. One line of safe text.
    pub fn sentence(&self) -> String {
        sentence::of(self)
    }
}
