//! What is asked for before a container starts: roles, permissions, environment files, registry
//! authorization.
//!
//! Wordings: Amazon ECS Developer Guide, `resource-initialization-error`; the error texts of
//! AWS STS, Amazon S3 and Amazon ECR.

use super::Cause::{
    EfsMount, EniProvisioning, EnvFileFetch, IamRoleAssume, ImageAuth, ImagePullRateLimit,
    LogSetup, NetworkResourceInit, SecretFetch, VolumeMount,
};
use super::fragments::one_of;
use super::network::NO_ROUTE;
use super::rule::{Family, certain, likely, possible};
use super::secrets::TRIED_AGAIN;

/// Roles that cannot be assumed or passed.
pub(super) const ROLES: Family = Family {
    gate: one_of!["role", "trust", "iam", "credentials"],
    rules: &[
        certain(
            IamRoleAssume,
            &[one_of![
                "unable to assume",
                "cannot assume",
                "could not assume",
                "failed to assume",
                "not be assumed",
                "perform: sts:",
                "perform: iam:passrole",
            ]],
        ),
        likely(
            IamRoleAssume,
            &[
                one_of![
                    "iam:passrole",
                    "assumerole",
                    "trust policy",
                    "trust relationship",
                ],
                one_of![
                    "not authorized",
                    "denied",
                    "unauthorized",
                    "verify",
                    "does not allow",
                    "misconfigured",
                    "invalid",
                ],
            ],
        ),
        likely(
            IamRoleAssume,
            &[
                one_of!["iam policy", "iam permission", "iam role", "trust"],
                one_of!["misconfigured"],
            ],
        ),
        likely(
            IamRoleAssume,
            &[
                one_of![
                    "iam role",
                    "task role",
                    "execution role",
                    "role arn",
                    "service-linked role",
                    "exception: role is",
                ],
                one_of![
                    "does not exist",
                    "not found",
                    "is invalid",
                    "is not valid",
                    "invalid role",
                    "unable to get credentials",
                    "no longer exists",
                    "could not obtain credentials",
                    "could not retrieve credentials",
                    "credentials not available",
                ],
            ],
        )
        // A pull names the role that it is done with.
        .unless(one_of!["cannotpull", "pull the image", "image uri"]),
    ],
};

/// AWS names the action that was denied: that is the whole cause.
pub(super) const PERMISSIONS: Family = Family {
    gate: one_of![
        "not authorized to perform",
        "unauthorized to perform",
        "does not have permission",
    ],
    rules: &[
        certain(ImageAuth, &[one_of!["perform: ecr"]]),
        certain(
            SecretFetch,
            &[one_of!["perform: secretsmanager:", "perform: ssm:"]],
        ),
        likely(SecretFetch, &[one_of!["perform: kms:"]]).unless(one_of!["cannotpull", "volume"]),
        certain(
            LogSetup,
            &[one_of![
                "perform: logs:",
                "perform: firehose:",
                "perform: kinesis:"
            ]],
        ),
        certain(EfsMount, &[one_of!["perform: elasticfilesystem:"]]),
        certain(
            EniProvisioning,
            &[one_of!["networkinterface"], one_of!["perform: ec2:"]],
        ),
        certain(VolumeMount, &[one_of!["volume"], one_of!["perform: ec2:"]]),
        certain(VolumeMount, &[one_of!["perform: fsx:"]]),
        likely(EnvFileFetch, &[one_of!["perform: s3:"]]).unless(one_of!["starport"]),
    ],
};

/// Environment files in S3.
pub(super) const ENVIRONMENT_FILES: Family = Family {
    gate: one_of!["env", ".s3", "s3:"],
    rules: &[
        certain(
            EnvFileFetch,
            &[one_of![
                "env file",
                "environment file",
                "environment variable file",
                "envfile",
                "environmentfile",
                "environment variables file",
            ]],
        ),
        likely(
            EnvFileFetch,
            &[one_of!["file download command", "download file from s3"]],
        ),
        likely(EnvFileFetch, &[one_of![".env"], one_of!["s3", "download"]]),
        likely(
            EnvFileFetch,
            &[
                one_of!["arn:aws:s3:::"],
                one_of!["download", "unable to", "failed"],
            ],
        )
        .unless(one_of!["firelens"]),
    ],
};

/// The token ECR gives for pulls.
pub(super) const REGISTRY_AUTH: Family = Family {
    gate: one_of!["registry auth", "ecr.", "ecr:", "getauthorizationtoken"],
    rules: &[
        certain(
            ImageAuth,
            &[
                one_of!["registry auth", "ecr", "getauthorizationtoken"],
                one_of![
                    "accessdenied",
                    "access denied",
                    "not authorized",
                    "unrecognizedclient",
                    "expiredtoken",
                    "security token",
                    "nocredentialproviders",
                ],
            ],
        ),
        likely(ImagePullRateLimit, &[one_of!["throttl", "rate exceeded"]]),
        likely(
            NetworkResourceInit,
            &[one_of!["registry auth", "getauthorizationtoken"], NO_ROUTE],
        ),
        likely(
            NetworkResourceInit,
            &[one_of!["registry auth"], TRIED_AGAIN],
        ),
        possible(NetworkResourceInit, &[one_of!["registry auth"]]),
        likely(
            ImageAuth,
            &[
                one_of!["perform: ecr", "ecr:"],
                one_of!["denied", "not authorized", "is not"],
            ],
        ),
    ],
};
