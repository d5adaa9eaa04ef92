//! What is asked for before a container starts: roles, permissions, environment files, registry
//! authorization.
//!
//! Wordings: Amazon ECS Developer Guide, `resource-initialization-error`; the error texts of
//! AWS STS, Amazon S3 and Amazon ECR.

use super::Cause::{
    EfsMount, EniProvisioning, EnvFileFetch, IamRoleAssume, ImageAuth, ImagePullRateLimit,
    LogSetup, NetworkResourceInit, SecretFetch, VolumeMount,
};
use super::network::NO_ROUTE;
use super::rule::{Family, certain, likely, possible};
use super::secrets::TRIED_AGAIN;

/// Roles that cannot be assumed or passed.
pub(super) const ROLES: Family = Family {
    gate: &["role", "trust", "iam", "credentials"],
    rules: &[
        certain(
            IamRoleAssume,
            &[&[
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
                &[
                    "iam:passrole",
                    "assumerole",
                    "trust policy",
                    "trust relationship",
                ],
                &[
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
                &["iam policy", "iam permission", "iam role", "trust"],
                &["misconfigured"],
            ],
        ),
        likely(
            IamRoleAssume,
            &[
                &[
                    "iam role",
                    "task role",
                    "execution role",
                    "role arn",
                    "service-linked role",
                    "exception: role is",
                ],
                &[
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
        .unless(&["cannotpull", "pull the image", "image uri"]),
    ],
};

/// AWS names the action that was denied: that is the whole cause.
pub(super) const PERMISSIONS: Family = Family {
    gate: &[
        "not authorized to perform",
        "unauthorized to perform",
        "does not have permission",
    ],
    rules: &[
        certain(ImageAuth, &[&["perform: ecr"]]),
        certain(
            SecretFetch,
            &[&["perform: secretsmanager:", "perform: ssm:"]],
        ),
        likely(SecretFetch, &[&["perform: kms:"]]).unless(&["cannotpull", "volume"]),
        certain(
            LogSetup,
            &[&["perform: logs:", "perform: firehose:", "perform: kinesis:"]],
        ),
        certain(EfsMount, &[&["perform: elasticfilesystem:"]]),
        certain(
            EniProvisioning,
            &[&["networkinterface"], &["perform: ec2:"]],
        ),
        certain(VolumeMount, &[&["volume"], &["perform: ec2:"]]),
        certain(VolumeMount, &[&["perform: fsx:"]]),
        likely(EnvFileFetch, &[&["perform: s3:"]]).unless(&["starport"]),
    ],
};

/// Environment files in S3.
pub(super) const ENVIRONMENT_FILES: Family = Family {
    gate: &["env", ".s3", "s3:"],
    rules: &[
        certain(
            EnvFileFetch,
            &[&[
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
            &[&["file download command", "download file from s3"]],
        ),
        likely(EnvFileFetch, &[&[".env"], &["s3", "download"]]),
        likely(
            EnvFileFetch,
            &[&["arn:aws:s3:::"], &["download", "unable to", "failed"]],
        )
        .unless(&["firelens"]),
    ],
};

/// The token ECR gives for pulls.
pub(super) const REGISTRY_AUTH: Family = Family {
    gate: &["registry auth", "ecr.", "ecr:", "getauthorizationtoken"],
    rules: &[
        certain(
            ImageAuth,
            &[
                &["registry auth", "ecr", "getauthorizationtoken"],
                &[
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
        likely(ImagePullRateLimit, &[&["throttl", "rate exceeded"]]),
        likely(
            NetworkResourceInit,
            &[&["registry auth", "getauthorizationtoken"], NO_ROUTE],
        ),
        likely(NetworkResourceInit, &[&["registry auth"], TRIED_AGAIN]),
        possible(NetworkResourceInit, &[&["registry auth"]]),
        likely(
            ImageAuth,
            &[
                &["perform: ecr", "ecr:"],
                &["denied", "not authorized", "is not"],
            ],
        ),
    ],
};
