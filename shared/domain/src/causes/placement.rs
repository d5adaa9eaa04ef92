//! Where a task could run: capacity and placement.
//!
//! Wordings: Amazon ECS Developer Guide, `service-event-messages-list`, `api_failures_messages`,
//! `failed-to-start-error`; Amazon EC2 API error codes.

use super::Cause::{
    CapacityUnavailable, PlacementOther, PlatformInternalError, TaskDefinitionInvalid,
};
use super::fragments::{Fragments, one_of};
use super::rule::{Family, Rule, certain, likely, possible};
use super::text::Text;

/// Failure reasons of `RunTask` that are a whole sentence by themselves.
pub(super) const CODES: Fragments = one_of![
    "agent",
    "attribute",
    "memberof",
    "memberof placement constraint unsatisfied",
    "inactive",
    "location",
    "missing",
];

/// Whether `text` is such a reason: alone, behind an error's name, or as the `reason` of a
/// failure that was pasted from a tool.
pub(super) fn is_code(text: &Text) -> bool {
    if !text.any(CODES) {
        return false;
    }
    let words = text.words();
    let plain = words.trim_matches(['.', ')', '\'', '"']);
    let plain = plain.strip_prefix("stopped (").unwrap_or(plain);
    let last = plain.rsplit(": ").next().unwrap_or(plain);
    let last = last.split(" (").next().unwrap_or(last);
    // Much may be missing behind a colon.
    if CODES.contains(last) && (last != "missing" || last == plain) {
        return true;
    }
    words.match_indices("reason").any(|(at, reason)| {
        let value = words[at + reason.len()..]
            .trim_start_matches(['s', ' ', ':', '=', '"', '\'', '[', '(']);
        let end = value.find(['"', '\'', ']', ')', ',', '}', '.']);
        CODES.contains(&value[..end.unwrap_or(value.len())])
    })
}

/// What they mean.
pub(super) const BY_CODE: Rule = likely(PlacementOther, &[]);

/// Capacity and placement.
pub(super) const PLACEMENT: Family = Family {
    gate: one_of![
        "capacity",
        "place",
        "instance",
        "resource:",
        "attribute",
        "agent",
        "insufficient",
        "constraint",
        "memberof",
        "inactive",
        "resource type",
        "enough",
        "availability zone",
        "port",
        "could not launch",
        "resources could",
    ],
    rules: &[
        likely(
            PlacementOther,
            &[one_of![
                "already using a port",
                "resource:port",
                "resource type port",
                "port conflict",
                "attribute",
                "memberof",
                "distinctinstance",
                "placement constraint",
                "placement_constraint",
                "encountered error \"agent\"",
                "host port",
                "insufficient port",
            ]],
        ),
        likely(
            PlacementOther,
            &[
                one_of!["agent"],
                one_of![
                    "not connected",
                    "disconnected",
                    "is not running",
                    "connected agent",
                    "agent connected",
                    "agent connection",
                    "does not have the agent",
                    "unable to place",
                ],
            ],
        ),
        certain(
            CapacityUnavailable,
            &[one_of![
                "unfulfillablecapacity",
                "insufficientinstancecapacity",
                "insufficient capacity",
                "resource:cpu",
                "resource:memory",
                "resource:gpu",
                "resource:fargate",
                "resource type cpu",
                "resource type memory",
                "resource type gpu",
                "insufficient cpu",
                "insufficient memory",
                "insufficient gpu",
                "insufficient disk",
                "not have enough cpu",
                "not have enough memory",
                "no spot capacity",
                "empty capacity provider",
                "no active instance",
                "no longer have sufficient",
                "do not have sufficient",
                "does not have sufficient",
                "insufficienthostcapacity",
                "insufficient resources",
                "enough available",
                "enough remaining",
                "not supported in your requested availability zone",
            ]],
        )
        .unless(one_of![
            "containererror",
            "provider strategy",
            "permission",
            "privilege",
            "java runtime",
        ]),
        likely(
            CapacityUnavailable,
            &[one_of![
                "capacity is unavailable",
                "capacity unavailable",
                "no container instances were found",
                "no container instances in",
                "not enough capacity",
                "have enough",
                "not enough cpu",
                "not enough memory",
                "no capacity",
                "out of capacity",
                "capacity is not available",
                "capacity not available",
                "lack of capacity",
                "capacity constraint",
                "waiting for capacity",
                "capacity could not",
                "no container instance was found",
                "no instances available",
                "no available capacity",
                "not enough resources",
                "insufficient",
            ]],
        ),
        likely(CapacityUnavailable, &[one_of!["resource:"]])
            .unless(one_of!["authorized to perform"]),
        likely(
            CapacityUnavailable,
            &[
                one_of!["closest matching"],
                one_of!["has no "],
                one_of!["available"],
            ],
        ),
        likely(
            CapacityUnavailable,
            &[
                one_of!["capacity"],
                one_of!["unavailable", "not available", "insufficient", "exhausted"],
            ],
        ),
        likely(
            PlatformInternalError,
            &[
                one_of!["unable to place", "unable to launch"],
                one_of!["internal error", "internalerror"],
            ],
        ),
        possible(
            CapacityUnavailable,
            &[one_of!["resources could not be found", "could not launch"]],
        ),
        likely(
            PlacementOther,
            &[one_of![
                "met all of its requirements",
                "closest matching container-instance",
                "closest matching container instance",
                "match all required criteria",
                "no container instance",
                "placement strategy",
            ]],
        ),
        likely(
            TaskDefinitionInvalid,
            &[
                one_of!["unable to launch"],
                one_of!["invalidparameter", "validationerror", "unsupported"],
            ],
        ),
        likely(
            CapacityUnavailable,
            &[
                one_of!["unable to launch", "capacity provider"],
                one_of!["capacity", "instance type", "availability zone"],
            ],
        )
        .unless(one_of![
            "unauthorizedoperation",
            "invalid",
            "capacity provider strategy",
        ]),
        possible(
            PlacementOther,
            &[one_of![
                "unable to place",
                "could not be placed",
                "cannot be placed",
                "failed to place",
                "inactive",
                "placement_failure",
            ]],
        )
        // What the scheduler quotes is not about placement, though it says no more.
        .unless(one_of!["initializationerror", "containererror"]),
    ],
};
