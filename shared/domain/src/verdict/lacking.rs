//! What a verdict lacks, and whether that may pass.

use super::{StackHold, Unusable, Verdict};
use crate::facts::{Missing, Why};

impl Verdict {
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
            | Self::TooFew { .. }
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
}
