//! A verdict as it is told: with what became of the request for it.

use super::{Attempts, Case, OptIn, Rung, Verdict};
use crate::facts::{Fact, Missing, Service};

/// A verdict that deployment-changed made.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The verdict.
    pub verdict: Verdict,
    /// The table's word on attempts, which it rested on.
    pub attempts: Fact<Attempts>,
    /// Whether roll-back was to be asked.
    pub asked: bool,
    /// Why roll-back could not be asked, where it was to be.
    pub not_asked: Option<Missing>,
}

impl Judged {
    /// Whether roll-back is asked: to do it, or to look again at what could not be read just now,
    /// where it might do it then.
    pub fn asks(case: &Case, verdict: &Verdict) -> bool {
        let might = |service: &Service| {
            let rung = Rung::of(&service.tags, case.policy.default);
            rung.opt_in() == OptIn::Auto
        };
        let may_write = || case.service.known().is_none_or(might);
        verdict.is_write() || (verdict.may_pass() && may_write())
    }

    /// Whether roll-back was asked to look again.
    pub fn looks_again(&self) -> bool {
        self.asked && self.verdict.may_pass() && self.not_asked.is_none()
    }
}
