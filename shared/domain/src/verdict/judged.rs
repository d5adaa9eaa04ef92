//! A verdict as it is told: with what became of the request for it.

use super::{Attempts, Verdict};
use crate::facts::{Fact, Missing};

/// A verdict that deployment-changed made.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The verdict.
    pub verdict: Verdict,
    /// The table's word on attempts, which it rested on.
    pub attempts: Fact<Attempts>,
    /// Why roll-back could not be asked, where it was to be.
    pub not_asked: Option<Missing>,
}

impl Judged {
    /// Whether roll-back is asked: to do it, or to look again at what could not be read just now.
    pub fn asks(verdict: &Verdict) -> bool {
        verdict.is_write() || verdict.may_pass()
    }

    /// Whether roll-back was asked to look again.
    pub fn looks_again(&self) -> bool {
        self.verdict.may_pass() && self.not_asked.is_none()
    }
}
