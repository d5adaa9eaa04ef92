//! How much the account may have.
//!
//! Wordings: Amazon ECS Developer Guide, `service-event-messages-list`, `api_failures_messages`;
//! error codes of Amazon EC2, Elastic Load Balancing and AWS Fargate.

use super::Cause::QuotaLimit;
use super::fragments::{Fragments, one_of};
use super::rule::{Family, certain, likely};

/// Limits of the account, and throttled launches.
pub(super) const QUOTAS: Family = Family {
    gate: Fragments::NONE,
    rules: &[
        certain(
            QuotaLimit,
            &[one_of![
                "reached the limit on",
                "above your limit",
                "instancecountexceeded",
                "vcpu limit",
                "vcpulimit",
            ]],
        ),
        likely(
            QuotaLimit,
            &[
                one_of!["vcpu", "fargate", "on-demand"],
                one_of!["limit", "quota", "exceed"],
            ],
        )
        .unless(one_of!["memory limit", "time limit"]),
        likely(
            QuotaLimit,
            &[one_of![
                "limitexceeded",
                "limit exceeded",
                "reached the limit",
                "exceeded your",
                "exceeds your",
                "exceeds the limit",
                "count exceeds",
                "maximum limit",
                "is limited to",
                "exceeded the limit",
                "exceeded quota",
                "quota exceeded",
                "service quota",
                "servicequota",
                "your quota",
                "provisioning limit",
                "provisioning capacity limit",
                "provisioning state limit",
                "concurrent task limit",
                "throttlingexception",
                "throttled",
                "rate exceeded",
                "currently blocked",
                "number of vcpus",
                "toomanytargets",
                "toomanyrequestsexception",
                "pendingverification",
            ]],
        ),
        likely(
            QuotaLimit,
            &[one_of!["maximum number of"], one_of!["has been exceeded"]],
        ),
        likely(QuotaLimit, &[one_of!["too many "]]).unless(one_of![
            "requests",
            "open files",
            "levels of"
        ]),
        likely(
            QuotaLimit,
            &[
                one_of!["limit"],
                one_of!["concurrent", "maximum number of", "on-demand", "account"],
            ],
        )
        .unless(one_of!["no container instance", "limited"]),
    ],
};
