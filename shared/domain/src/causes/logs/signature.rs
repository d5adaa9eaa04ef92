//! How a log line is recognised: by the fragments in it.

use super::kind::Kind;
use super::lines::Line;
use crate::causes::fragments::Fragments;

/// One family of wordings of one reason.
pub(super) struct Signature {
    pub(super) kind: Kind,
    /// In a few words.
    pub(super) what: &'static str,
    /// Of every group one fragment must be in the line.
    pub(super) all: &'static [Fragments],
    /// None of these may be in the line.
    pub(super) none: Fragments,
    /// One of these must be in one of the few lines before.
    pub(super) before: Fragments,
    /// What the line must name.
    pub(super) names: &'static [fn(&str) -> Option<&str>],
}

/// A table of signatures. `Kind "what": "one|other" & "and|or" unless "none" after "before" naming
/// name;` where all but the first line's parts may be left out.
macro_rules! signatures {
    ($($kind:ident $what:literal: $($all:literal)&*
        $(unless $none:literal)? $(after $before:literal)? $(naming $name:ident)?;)*) => {
        &[$(crate::causes::logs::signature::Signature {
            kind: crate::causes::logs::kind::Kind::$kind,
            what: $what,
            all: &[$($crate::causes::fragments::one_of!($all)),*],
            none: $crate::causes::fragments::one_of!("" $(, $none)?),
            before: $crate::causes::fragments::one_of!("" $(, $before)?),
            names: &[$($name as fn(&str) -> Option<&str>)?],
        }),*]
    };
}

pub(super) use signatures;

impl Signature {
    /// Whether it fits `line`, behind the lines `before` it.
    pub(super) fn fits(&self, line: &Line, before: &[Line]) -> bool {
        let is_before = |line: &Line| line.text.any(self.before);
        self.all.iter().all(|group| line.text.any(*group))
            && !line.text.any(self.none)
            && (self.before.is_empty() || before.iter().any(is_before))
            && self.names.iter().all(|name| name(line.read()).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{CRASHES, INSIDE, SURROUNDINGS};
    use crate::causes::fragments::tests::normalised;

    #[test]
    fn fragments_are_written_in_the_normalised_form() {
        for signature in INSIDE.iter().chain(SURROUNDINGS).chain(CRASHES) {
            let groups = signature.all.iter().copied();
            let groups = groups.chain([signature.none, signature.before]);
            groups.for_each(|group| _ = normalised(group));
            assert!(!signature.all.iter().any(|group| group.is_empty()));
        }
    }
}
