//! What can be read off a verdict.

use super::{Plan, Proposal, StackHold, Unusable, Verdict, sentence};
use crate::facts::{Missing, Why};
use crate::sanitize::line;

impl Verdict {
    /// Whether ECS is to be written to. One verdict says so.
    pub fn is_write(&self) -> bool {
        matches!(self, Self::RollBack { .. })
    }

    /// What could not be read, where it is that which holds.
    pub fn missing(&self) -> &[Missing] {
        match self {
            Self::FactsMissing { missing } => missing,
            Self::StackInProgress {
                why: StackHold::NotRead(missing),
                ..
            }
            | Self::TargetUnusable {
                why: Unusable::NotRead(missing),
                ..
            } => std::slice::from_ref(missing),
            Self::ServiceGone { .. }
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
            | Self::TargetUnusable { .. }
            | Self::NotOptedIn { .. }
            | Self::DryRun { .. }
            | Self::Ask { .. }
            | Self::RollBack { .. } => &[],
        }
    }

    /// Whether it may be another one soon: what it lacks could not be read just now, and nothing is
    /// wrong with asking again.
    pub fn may_pass(&self) -> bool {
        // What could not be asked for want of another fact follows that one.
        let asked = |it: &&Missing| !matches!(it.why, Why::NotAsked { .. });
        let mut missing = self.missing().iter().filter(asked).peekable();
        missing.peek().is_some() && missing.all(|it| it.why.may_pass())
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
