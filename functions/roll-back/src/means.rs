//! What an invocation of roll-back has at hand.

use aws::Invocation;
use aws::stacks::Stacks;
use domain::settings::Rollbacks;
use domain::verdict::Policy;

/// What roll-back works with.
#[derive(Clone, Copy, Debug)]
pub struct Means<'a> {
    pub(crate) invocation: &'a Invocation<'a>,
    pub(crate) stacks: &'a Stacks,
    pub(crate) policy: Policy,
    /// The URL of the queue through which deployment-changed looks at a rollback again.
    pub(crate) look_again: Option<&'a str>,
}

impl<'a> Means<'a> {
    /// This invocation, CloudFormation, and what the stack's settings allow.
    pub fn new(
        invocation: &'a Invocation<'a>,
        stacks: &'a Stacks,
        rollbacks: &'a Rollbacks,
    ) -> Self {
        Self {
            invocation,
            stacks,
            policy: rollbacks.policy,
            look_again: rollbacks.look_again.as_deref(),
        }
    }
}
