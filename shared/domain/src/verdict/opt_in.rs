//! The opt-in ladder: how far opsbot may go with a service, by the service's own tag.

use std::collections::BTreeMap;
use std::fmt;

use crate::sanitize::line;

/// The tag of a service that says how far opsbot may go.
pub const TAG: &str = "opsbot:rollback";

/// A rung of the ladder; each allows what those before it allow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum OptIn {
    /// Nothing is written, whoever asks.
    #[default]
    Off,
    /// Nothing is written, and the alert says what would have been done.
    DryRun,
    /// Written on a person's word only; the alert asks for it.
    Ask,
    /// Written on an event's word.
    Auto,
}

impl OptIn {
    /// Every rung, lowest first.
    pub const ALL: [Self; 4] = [Self::Off, Self::DryRun, Self::Ask, Self::Auto];

    /// The tag's value.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::DryRun => "dry-run",
            Self::Ask => "ask",
            Self::Auto => "auto",
        }
    }

    /// The rung of that name; capitals do not matter.
    pub fn parse(text: &str) -> Option<Self> {
        let named = |rung: &Self| text.eq_ignore_ascii_case(rung.as_str());
        Self::ALL.into_iter().find(named)
    }
}

impl fmt::Display for OptIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A rung, and who chose it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rung {
    /// The service's tag.
    Tag(OptIn),
    /// The service's tag has a value that is none of the ladder, so it counts as `off`. Untrusted
    /// text.
    NotAValue(String),
    /// The service has no tag; the stack's default.
    Default(OptIn),
}

impl Rung {
    /// Where a service with these tags stands.
    pub fn of(tags: &BTreeMap<String, String>, default: OptIn) -> Self {
        match tags.get(TAG) {
            None => Self::Default(default),
            Some(value) => {
                OptIn::parse(value).map_or_else(|| Self::NotAValue(value.clone()), Self::Tag)
            }
        }
    }

    /// The rung itself. A typing mistake must not switch anything on.
    pub fn opt_in(&self) -> OptIn {
        match self {
            Self::Tag(rung) | Self::Default(rung) => *rung,
            Self::NotAValue(_) => OptIn::Off,
        }
    }
}

/// As a clause: `the service's tag opsbot:rollback is "ask"`.
impl fmt::Display for Rung {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(rung) => write!(f, "the service's tag {TAG} is \"{rung}\""),
            Self::NotAValue(value) => write!(
                f,
                "the service's tag {TAG} is \"{}\", which counts as off (off, dry-run, ask and \
                 auto are understood, with no blanks)",
                line(value, 60)
            ),
            Self::Default(rung) => write!(
                f,
                "the service has no tag {TAG}, and opsbot's default is \"{rung}\""
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(tag: Option<&str>, default: OptIn, want: OptIn) {
        let tags = tag.map(|value| (TAG.to_owned(), value.to_owned()));
        let rung = Rung::of(&tags.into_iter().collect(), default);
        assert_eq!(rung.opt_in(), want, "{rung}");
    }

    #[test]
    fn the_tag_goes_before_the_default() {
        check(Some("off"), OptIn::Auto, OptIn::Off);
        check(Some("auto"), OptIn::Off, OptIn::Auto);
        check(None, OptIn::Ask, OptIn::Ask);
    }

    #[test]
    fn capitals_do_not_matter() {
        check(Some("Dry-Run"), OptIn::Off, OptIn::DryRun);
        check(Some("AUTO"), OptIn::Off, OptIn::Auto);
    }

    /// IAM compares the tag with the role's condition as it is.
    #[test]
    fn blanks_matter() {
        check(Some("auto "), OptIn::Off, OptIn::Off);
    }

    #[test]
    fn a_typing_mistake_switches_everything_off() {
        check(Some("enabled"), OptIn::Auto, OptIn::Off);
        check(Some(""), OptIn::Auto, OptIn::Off);
        check(Some("dry_run"), OptIn::Auto, OptIn::Off);
    }
}
