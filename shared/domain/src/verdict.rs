//! Whether to roll back a failed deployment, and if not, why not.
//!
//! [`decide`] is the one place. It asks the rows of one table in order, and the first that applies
//! is the answer. Every row is a variant of [`Verdict`] with what its sentence needs; alerts print
//! the sentence. [`Verdict::RollBack`] alone is a write, and it stands last: whatever is not known
//! to be safe has been answered before.

mod aftermath;
mod back;
mod case;
mod invoke;
mod judged;
mod lacking;
mod old;
mod opt_in;
mod others;
mod outcome;
mod plan;
mod reason;
mod record;
mod request;
mod rows;
mod seen;
mod sentence;
mod table;
mod target;

use chrono::{DateTime, Utc};

pub use aftermath::{Aftermath, RollbackBegun};
pub use back::{goes_back, may_go_back};
pub use case::{Attempt, Attempts, Case, Policy, Requester};
pub use invoke::{Answer, Invoke, Planned};
pub use judged::Judged;
pub use old::old_causes;
pub use opt_in::{OptIn, Rung, TAG};
pub use outcome::Outcome;
pub use plan::Plan;
pub use reason::*;
pub use record::Decision;
pub use request::{LookedAt, Request, TellLater};
pub use table::ROWS;
pub use target::candidates;

use crate::causes::Cause;
use crate::facts::Missing;
use crate::sanitize::line;

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
    others::ecs_leaves_it_alone(&seen)?;
    // Somebody has moved on, so no word about the old deployment matters any more, not even
    // whether it was a rollback or was tried.
    others::nothing_newer(&seen)?;
    // Louder than "already done", which would be true as well: both revisions fail now, and a
    // person has to come.
    others::was_no_rollback(&seen)?;
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
    Ok(rows::may_write(&seen, &standing, Box::new(proposal)))
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
        /// What is refused.
        what: Refused,
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
        /// It fails; otherwise nothing is wrong with it, and somebody wants to go back from it all
        /// the same.
        fails: bool,
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
    /// The last good revision would bring what fails: it is the failing task definition, or one whose
    /// image tag names the failing image now.
    SameRevision {
        /// The good task definition.
        task_definition: String,
        /// The failing one.
        failing: String,
        /// The image that changed under its tag, where that is known.
        digests: Option<Box<Digests>>,
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
    /// It would be rolled back, but too little of it has failed yet for that, and ECS does not call
    /// it failed.
    TooFew {
        /// Who allows it, or would have it said.
        rung: Rung,
        /// So many of its tasks failed.
        failed: u64,
        /// At so many it is rolled back.
        enough: u64,
        /// What would be done.
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

impl Verdict {
    /// Whether ECS is to be written to. One verdict says so.
    pub fn is_write(&self) -> bool {
        matches!(self, Self::RollBack { .. })
    }

    /// Whether a person has to come, whatever the severity floor.
    pub fn pages(&self) -> bool {
        matches!(self, Self::WasRollback { fails: true, .. })
    }

    /// What is done, or would have been.
    pub fn proposal(&self) -> Option<&Proposal> {
        match self {
            Self::NotOptedIn { proposal, .. }
            | Self::DryRun { proposal, .. }
            | Self::Ask { proposal, .. }
            | Self::TooFew { proposal, .. }
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
        // Its parts are safe; once more for what they may make together.
        line(&sentence::of(self), 4_000)
    }
}
