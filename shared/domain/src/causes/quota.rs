//! How much the account may have.
//!
//! Wordings: Amazon ECS Developer Guide, `service-event-messages-list`, `api_failures_messages`;
//! error codes of Amazon EC2, Elastic Load Balancing and AWS Fargate.

use super::Cause::QuotaLimit;
use super::rule::{Family, certain, likely};

/// Limits of the account, and throttled launches.
pub(super) const QUOTAS: Family = Family {
    gate: &[],
    rules: &[
        certain(
            QuotaLimit,
            &[&[
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
                &["vcpu", "fargate", "on-demand"],
                &["limit", "quota", "exceed"],
            ],
        )
        .unless(&["memory limit", "time limit"]),
        likely(
            QuotaLimit,
            &[&[
                "limitexceeded",
                "limit exceeded",
                "reached the limit",
                "exceeded your",
                "exceeds your",
                "exceeds the limit",
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
            &[&["maximum number of"], &["has been exceeded"]],
        ),
        likely(QuotaLimit, &[&["too many "]]).unless(&["requests", "open files", "levels of"]),
        likely(
            QuotaLimit,
            &[
                &["limit"],
                &["concurrent", "maximum number of", "on-demand", "account"],
            ],
        )
        .unless(&["no container instance", "limited"]),
    ],
};
