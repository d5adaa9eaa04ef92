//! Secrets and parameters.
//!
//! Wordings: Amazon ECS Developer Guide, `resource-initialization-error`; the ECS agent's secret
//! resources; the error texts of AWS Secrets Manager, AWS Systems Manager and AWS KMS.

use super::Cause::{ImageAuth, NetworkResourceInit, SecretFetch};
use super::fragments::{Fragments, one_of};
use super::network::NO_ROUTE;
use super::rule::{Family, certain, likely, possible};

/// That a secret or parameter was being read.
const ABOUT_SECRETS: Fragments = one_of![
    "secret from asm",
    "secrets from asm",
    "registry auth from asm",
    "asm fetching",
    "secretsmanager",
    "secrets manager",
    "secret manager",
    "systems manager",
    "parameter store",
    "fetching secret",
    "fetch secret",
    "retrieve secret",
    "retrieve the secret",
    "pull secrets",
    "secret value",
    "secret data",
    "asm secret",
    "asmsecret",
    "asm resource",
    "error: secret ",
    "secret does not exist",
    "ssm",
    "secretvalue",
    "getparameters",
    "asm:",
    "kms",
];

/// The answer of the service that holds it.
const ANSWERED: Fragments = one_of![
    "accessdenied",
    "access denied",
    "not authorized",
    "unauthorized",
    "forbidden",
    "api error",
    "status code: 400",
    "statuscode: 400",
    "cannot find the specified secret",
    "resourcenotfoundexception",
    "parameternotfound",
    "staging label",
    "awscurrent",
    "multiple secrets",
    "awsprevious",
    "invalid ssm parameters",
    "invalid parameter",
    "json key",
    "looking for beginning",
    "invalid character",
    "in literal",
    "after top-level value",
    "unmarshal",
    "marked for deletion",
    "scheduled for deletion",
    "kms",
    "decrypt",
    "invalidrequestexception",
    "validationexception",
    "invalidparameterexception",
    "malformed",
    "parse",
    "not found",
    "does not exist",
    "is not in the expected format",
    "wrong format",
    "unsupported",
    "region",
    "credential",
    "permission",
    "throttl",
    "rate exceeded",
    "whether the secret",
    "unexpected",
    "no secret",
    "no value",
    "missing",
    "could not find",
    "invalid arn",
    "invalid format",
    "expired",
    "empty",
];

/// A refusal is answered at once; only what gets no answer is tried again and again.
pub(super) const TRIED_AGAIN: Fragments = one_of![
    "retried 2 time",
    "retried 3 time",
    "retried 4 time",
    "retried 5 time",
    "retried 6 time",
    "retried 7 time",
];

/// Secrets and parameters, registry credentials kept in a secret included.
pub(super) const SECRETS: Family = Family {
    gate: one_of![
        "ciphertext",
        "secret",
        "asm",
        "ssm",
        "parameter",
        "kms",
        "invalid character",
        "json key",
    ],
    rules: &[
        certain(
            SecretFetch,
            &[
                one_of!["secret", "asm", "ssm", "parameter"],
                one_of![
                    "did not contain json key",
                    "invalid ssm parameters",
                    "cannot find the specified secret",
                    "marked for deletion",
                    "access to kms is not allowed",
                    "parameternotfound",
                    "perform: secretsmanager:",
                    "perform: ssm:",
                ],
            ],
        ),
        likely(
            NetworkResourceInit,
            &[one_of!["connection issue"], ABOUT_SECRETS],
        ),
        likely(
            ImageAuth,
            &[
                one_of!["ecr registry auth", "registry auth from amazon ecr"],
                one_of!["accessdenied", "not authorized"],
            ],
        ),
        likely(
            NetworkResourceInit,
            &[one_of!["ecr registry auth"], NO_ROUTE],
        ),
        likely(NetworkResourceInit, &[ABOUT_SECRETS, NO_ROUTE]).unless(one_of![
            "accessdenied",
            "access denied",
            "not authorized",
            "resourcenotfoundexception",
            "api error validation",
            "cannot find the specified",
        ]),
        likely(SecretFetch, &[ABOUT_SECRETS, ANSWERED]).unless(one_of![
            "ecr registry auth",
            "unsupported credentialspec",
            "ebs volume",
        ]),
        likely(
            SecretFetch,
            &[one_of![
                "registry auth from asm",
                "asm fetching",
                "ciphertext refers",
            ]],
        ),
        likely(NetworkResourceInit, &[ABOUT_SECRETS, TRIED_AGAIN]),
        likely(
            SecretFetch,
            &[one_of!["fetch secret arn", "retried 1 time"], ABOUT_SECRETS],
        )
        .unless(one_of!["ecr registry auth"]),
        likely(
            SecretFetch,
            &[
                one_of!["invalid character"],
                one_of![" in ", " after ", "looking for beginning"],
            ],
        )
        .unless(one_of!["seccomp", "cannotcreate", "cannotstart"]),
        likely(
            SecretFetch,
            &[
                one_of!["json key"],
                one_of!["did not contain", "not found", "missing"],
            ],
        ),
        likely(
            SecretFetch,
            &[
                one_of!["secret "],
                one_of![
                    "not found",
                    "not exist",
                    "missing",
                    "not be retrieved",
                    "invalid",
                ],
            ],
        ),
        possible(
            NetworkResourceInit,
            &[one_of![
                "secret from asm",
                "secrets from asm",
                "from ssm",
                "unable to pull secrets",
            ]],
        ),
        possible(
            SecretFetch,
            &[ABOUT_SECRETS, one_of!["unable", "fail", "error", "cannot"]],
        )
        .unless(one_of!["ebs volume"]),
        possible(
            SecretFetch,
            &[one_of![
                "secrets manager",
                "secretsmanager",
                "parameter store",
                "ssm parameter",
            ]],
        ),
    ],
};
