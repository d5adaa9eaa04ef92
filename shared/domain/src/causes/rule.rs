//! How a sentence is recognised: by the most specific known fragments, not by its prefix.

use super::fragments::Fragments;
use super::text::Text;
use super::{Cause, Confidence};

/// One way of saying one cause.
pub(super) struct Rule {
    pub(super) cause: Cause,
    pub(super) confidence: Confidence,
    /// Of every group one fragment must be there.
    pub(super) all: &'static [Fragments],
    /// None of these may be there.
    pub(super) none: Fragments,
}

impl Rule {
    /// Also: none of `fragments`.
    pub(super) const fn unless(mut self, fragments: Fragments) -> Self {
        self.none = fragments;
        self
    }

    /// Whether it reads `text`.
    pub(super) fn fits(&self, text: &Text) -> bool {
        self.all.iter().all(|group| text.any(*group)) && !text.any(self.none)
    }
}

type Groups = &'static [Fragments];

/// ECS says it in so many words.
pub(super) const fn certain(cause: Cause, all: Groups) -> Rule {
    Rule {
        cause,
        confidence: Confidence::Certain,
        all,
        none: Fragments::NONE,
    }
}

/// The best reading.
pub(super) const fn likely(cause: Cause, all: Groups) -> Rule {
    Rule {
        cause,
        confidence: Confidence::Likely,
        all,
        none: Fragments::NONE,
    }
}

/// One reading among several.
pub(super) const fn possible(cause: Cause, all: Groups) -> Rule {
    Rule {
        cause,
        confidence: Confidence::Possible,
        all,
        none: Fragments::NONE,
    }
}

/// Rules that speak of one thing. The first that fits is the answer.
pub(super) struct Family {
    /// One of these must be there, or no rule is asked. Empty: always asked.
    pub(super) gate: Fragments,
    /// The most specific first.
    pub(super) rules: &'static [Rule],
}
