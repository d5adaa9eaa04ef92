//! What a service's tags say to opsbot.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::facts::parse_time;
use crate::sanitize::line;

/// Until when nobody is told of the service's incidents: an RFC 3339 time.
pub const MUTE_TAG: &str = "opsbot:mute-until";

/// Who owns the service: becomes the message attribute `owner`.
pub const OWNER_TAG: &str = "opsbot:owner";

/// Until when the service is muted, if it is muted now. A time that cannot be read mutes nothing.
pub fn muted_until(tags: &BTreeMap<String, String>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let until = tags
        .get(MUTE_TAG)
        .and_then(|text| parse_time(text.trim()))?;
    (now < until).then_some(until)
}

/// Who owns the service, made safe.
pub fn owner(tags: &BTreeMap<String, String>) -> Option<String> {
    let owner = line(tags.get(OWNER_TAG)?.trim(), 128);
    (!owner.is_empty()).then_some(owner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(tag: &str, want: bool) {
        let now = parse_time("2026-11-22T10:00:00Z").unwrap();
        let tags = BTreeMap::from([(MUTE_TAG.to_owned(), tag.to_owned())]);
        assert_eq!(muted_until(&tags, now).is_some(), want, "{tag}");
    }

    #[test]
    fn a_service_is_muted_until_the_time_its_tag_names() {
        check("2026-11-22T10:00:01Z", true);
        check(" 2026-11-22T12:00:00+01:00 ", true);
        check("2026-11-22T10:00:00Z", false);
        check("2026-11-22T11:00:00+02:00", false);
    }

    #[test]
    fn a_tag_that_cannot_be_read_mutes_nothing() {
        check("tomorrow", false);
        check("", false);
        check("2026-11-23", false);
    }
}
