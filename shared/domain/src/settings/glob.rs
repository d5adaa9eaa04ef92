//! Patterns over the names of clusters, services and families.

/// A pattern over names in which `*` stands for any characters, as in an IAM resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Glob(String);

impl Glob {
    /// Parses a pattern of letters, digits, hyphens, underscores and `*`.
    ///
    /// # Errors
    ///
    /// Any other character, with the reason.
    pub fn parse(text: &str) -> Result<Self, String> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-_*".contains(c);
        if text.chars().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err("may hold letters, digits, `-`, `_` and `*` only".to_owned())
        }
    }

    /// Whether the pattern covers the name.
    pub fn matches(&self, name: &str) -> bool {
        let mut parts = self.0.split('*');
        let Some(rest) = name.strip_prefix(parts.next().unwrap_or_default()) else {
            return false;
        };
        let mut parts: Vec<&str> = parts.collect();
        let Some(last) = parts.pop() else {
            return rest.is_empty();
        };
        let mut rest = rest;
        for part in parts {
            match rest.find(part) {
                Some(at) => rest = &rest[at + part.len()..],
                None => return false,
            }
        }
        rest.ends_with(last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, name: &str, want: bool) {
        assert_eq!(
            Glob::parse(pattern).unwrap().matches(name),
            want,
            "{pattern} over {name}"
        );
    }

    #[test]
    fn a_star_stands_for_any_characters() {
        check("*", "prod-apps", true);
        check("prod-*", "prod-apps", true);
        check("prod-*", "dev-apps", false);
        check("*-apps", "prod-apps", true);
        check("p*d-*s", "prod-apps", true);
        check("a*a", "a", false);
        check("prod", "prod", true);
        check("prod", "prod-apps", false);
        check("*a*b*", "xxaxxbxx", true);
        check("*ab*ab", "ab", false);
    }
}
