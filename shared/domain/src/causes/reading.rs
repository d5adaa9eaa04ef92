//! Which rule reads a sentence: the families of rules in the order they are asked.

use super::fragments::{Fragments, one_of};
use super::rule::{Family, Rule};
use super::text::Text;

/// The families in the order they are asked: sentences that only the scheduler or the platform
/// writes, then what names an action or a resource, then the wide nets.
const FAMILIES: &[&Family] = &[
    &super::scheduler::SENTENCES,
    &super::init::ROLES,
    &super::memory::MEMORY,
    &super::init::PERMISSIONS,
    &super::image::PULL,
    &super::runtime::DEPENDENCY,
    &super::init::ENVIRONMENT_FILES,
    &super::logging::LOGS,
    &super::volume::EFS,
    &super::secrets::SECRETS,
    &super::init::REGISTRY_AUTH,
    &super::network::INTERFACES,
    &super::entrypoint::ENTRYPOINT,
    &super::volume::VOLUMES,
    &super::runtime::TIMEOUTS,
    &super::definition::DEFINITION,
    &super::quota::QUOTAS,
    &super::placement::PLACEMENT,
    &super::network::ENDPOINTS,
    &super::hosts::HOSTS,
    &super::platform::PLATFORM,
];

/// What the scheduler puts before a sentence that somebody else wrote.
const QUOTED_AFTER: &[&str] = &[
    "was unable to place a task. reason: ",
    "failed to launch a task with (error ",
];

/// The rule that reads `text`, if one does.
pub(super) fn read(text: &Text) -> Option<&'static Rule> {
    // A service may be called anything: where a sentence is quoted, its name is not read.
    let words = text.words();
    let found = |lead: &&str| {
        let at = text.has(lead).then(|| words.find(lead)).flatten();
        at.map(|at| (at, lead.len()))
    };
    let Some((at, lead)) = QUOTED_AFTER.iter().find_map(found) else {
        return read_one(text);
    };
    let from = |start: usize| read_one(&Text::new(words[start..].to_owned()));
    from(at + lead).or_else(|| from(at))
}

/// Who speaks, where the sentence's own beginning says so: these families are asked before all
/// others, since what follows quotes names and other people's words.
const HEADS: &[(Fragments, &Family)] = &[
    (
        one_of!["invoke efs utils", "efs utils command", "volumedriver."],
        &super::volume::EFS,
    ),
    (one_of!["volumedriver."], &super::volume::VOLUMES),
    (
        one_of![
            "failed to validate logger args",
            "failed to initialize logging driver",
            "failed to create cloudwatch log",
        ],
        &super::logging::LOGS,
    ),
    (
        one_of![
            "retrieve secret from asm",
            "retrieve secrets from ssm",
            "fetching secret data",
            "asm fetching",
        ],
        &super::secrets::SECRETS,
    ),
    (
        one_of!["download env files", "envfile resource"],
        &super::init::ENVIRONMENT_FILES,
    ),
];

fn read_one(text: &Text) -> Option<&'static Rule> {
    if super::placement::is_code(text) {
        return Some(&super::placement::BY_CODE);
    }
    let heads = HEADS.iter().filter(|(head, _)| text.any(*head));
    let families = heads.map(|(_, family)| family).chain(FAMILIES);
    families
        .filter(|family| family.gate.is_empty() || text.any(family.gate))
        .find_map(|family| family.rules.iter().find(|rule| rule.fits(text)))
}

#[cfg(test)]
mod tests {
    use super::super::fragments::tests::normalised;
    use super::*;

    #[test]
    fn fragments_are_written_in_the_normalised_form() {
        assert!(HEADS.iter().all(|(head, _)| !normalised(*head).is_empty()));
        for family in FAMILIES {
            let rules = family.rules.iter();
            let groups = rules.flat_map(|rule| rule.all.iter().copied().chain([rule.none]));
            for fragment in groups.chain([family.gate]).flat_map(normalised) {
                assert!(!fragment.contains("n't"), "{fragment}: a contraction");
            }
            let mut groups = family.rules.iter().flat_map(|rule| rule.all);
            assert!(!groups.any(|group| group.is_empty()));
        }
    }
}
