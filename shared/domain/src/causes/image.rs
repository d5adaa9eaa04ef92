//! Image pulls: Docker, containerd and ECR each have their own words for the same thing.
//!
//! Wordings: Amazon ECS Developer Guide, `task_cannot_pull_image`; the ECS agent's and the
//! registries' error texts.

use super::Cause::{
    ImageArchMismatch, ImageAuth, ImageNotFound, ImagePullDiskFull, ImagePullNetwork,
    ImagePullOther, ImagePullRateLimit, PlatformInternalError,
};
use super::fragments::{Fragments, one_of};
use super::network::{NO_ROUTE, REGISTRY_DOWN};
use super::pull::{A_PULL, ABOUT_PULLS, ANOTHER_PLATFORM, DISK_FULL, KERNEL_LIMIT, TOKEN};
use super::rule::{Family, certain, likely};

/// Everything about pulling an image.
pub(super) const PULL: Family = Family {
    gate: ABOUT_PULLS,
    rules: &[
        likely(
            PlatformInternalError,
            &[one_of![
                "error during connect",
                "docker.sock",
                "elevated privileges"
            ]],
        ),
        certain(
            ImagePullRateLimit,
            &[one_of!["toomanyrequests:", "pull rate limit", "pull limit"]],
        ),
        certain(
            ImagePullRateLimit,
            &[
                A_PULL,
                one_of![
                    "too many requests",
                    "rate limit",
                    "rate exceeded",
                    "status code 429",
                    "status: 429",
                    "http 429",
                    "quota exceeded for",
                    "pulls are throttled",
                ],
            ],
        )
        .unless(TOKEN),
        likely(
            ImagePullRateLimit,
            &[one_of![
                "toomanyrequests",
                "too many requests",
                "http 429 response"
            ]],
        )
        .unless(one_of!["toomanyrequestsexception"]),
        certain(
            ImagePullDiskFull,
            &[
                one_of!["pull", "layer", "extract", "unpack", "getimageblob"],
                DISK_FULL,
            ],
        )
        .unless(KERNEL_LIMIT),
        likely(ImagePullDiskFull, &[DISK_FULL]).unless(KERNEL_LIMIT),
        likely(
            ImagePullDiskFull,
            &[one_of![
                "thin pool",
                "free data blocks",
                "disk space",
                // The device mapper, whose pool is full.
                "dm_task_run failed",
            ]],
        )
        .unless(one_of!["unable to place", "closest matching"]),
        certain(ImageArchMismatch, &[ANOTHER_PLATFORM]),
        certain(
            ImageAuth,
            &[one_of![
                "no basic auth",
                "incorrect username or password",
                "authorization token has",
                "not authorized to perform",
            ]],
        ),
        // Where the token is given out cannot be reached.
        likely(ImagePullNetwork, &[A_TOKEN, NO_ROUTE]).unless(one_of!["x509"]),
        likely(ImagePullNetwork, &[A_TOKEN, REGISTRY_DOWN]),
        likely(
            ImageAuth,
            &[one_of![
                "401 unauthorized",
                "authentication required",
                "unrecognizedclient",
                "security token",
                "nocredentialproviders",
                "no valid providers",
                "failed to retrieve credentials",
                "authentication token",
                "invalid username",
                "retrieve auth token",
                "bad username",
                "unauthorized:",
                "status: 401",
                "status code 401",
                "ecr credentials",
                "registry credentials",
                "wrong username",
                "did not include a token",
                "ec2rolerequesterror",
                "no ec2 imds role",
                "unauthenticated request",
                "auth data",
                "auth config",
                "authorizationdata",
                "dockerauth",
                "kms key",
                "kmsexception",
                " decrypt",
                "anonymous token",
                "oauth token",
                "accessdenied",
                "unauthorizedoperation",
                "expired",
            ]],
        )
        .unless(one_of![
            "does not exist",
            "no identity-based policy allows the ecr",
            "x509",
            "deleted or has expired",
            "proxy authentication",
        ]),
        // What comes after the last "denied" says more than "may not exist" before it.
        likely(
            ImageAuth,
            &[one_of![
                "denied: user",
                "denied: your authorization",
                "denied: the auth",
                "denied: permission",
                "denied: unauthenticated",
                "denied: this request",
                "upstream registry",
                "docker-credential",
                "getting credentials",
                "authentication is required",
                "http 401 response",
                "http code: 401",
                "status 401",
                "http 403 response",
            ]],
        ),
        // Of a repository that does not exist, ECR says that its name is unknown.
        likely(
            ImageAuth,
            &[one_of!["pull access denied"], one_of![".dkr.ecr."]],
        ),
        NOT_FOUND_BY_DIGEST,
        certain(
            ImageNotFound,
            &[one_of![
                "manifest unknown",
                "name unknown",
                "name_unknown",
                "manifest_unknown",
                "repositorynotfound",
                "imagenotfound",
                "no such image",
                "or image tag",
                "image not found",
                "image missing",
                "tag does not exist",
                "deleted or has expired",
                "name invalid",
                "invalid repository name",
                "invalid tag",
            ]],
        ),
        likely(
            ImageNotFound,
            &[one_of![
                "does not exist",
                "may not exist",
                "invalid reference format",
                "whether the image exists",
                "unable to find image",
                "insufficient_scope",
                "404 not found",
                "status code 404",
                "error (404)",
                "status code: 404",
                "http 404 response",
                "http code 404",
                "http code: 404",
                "normalize image reference",
                "no longer exists",
                "repository name not known",
            ]],
        )
        .unless(one_of!["snapshot "]),
        likely(ImageNotFound, &[one_of!["not found"]]).unless(one_of![
            "host not found",
            "server not found",
            "media type",
            "snapshot ",
        ]),
        likely(
            ImagePullNetwork,
            &[one_of!["starport", ".s3.", "s3.amazonaws", "layer-bucket"]],
        ),
        likely(
            ImageAuth,
            &[one_of![
                " 403",
                "(403",
                "denied",
                "unauthorized",
                "not authorized",
                "forbidden",
                "that the role has the permissions",
                "credential",
                "authorization failed",
            ]],
        ),
        likely(ImagePullNetwork, &[NO_ROUTE]).unless(TOKEN),
        likely(ImagePullNetwork, &[REGISTRY_DOWN]).unless(TOKEN),
        likely(
            ImagePullNetwork,
            &[one_of!["http 50"], one_of!["response body"]],
        ),
        likely(
            ImagePullNetwork,
            &[one_of!["cannot pull"], one_of!["from the registry"]],
        ),
        likely(ImageAuth, &[one_of!["pullcontainerautherror"]]),
        likely(
            ImagePullOther,
            &[one_of![
                "cannotpull",
                "has been retried",
                "image pull",
                "imagepull",
                "pull image",
                "pulling image",
                "failed to pull",
                "unable to pull",
                "error pulling",
                "repo digest",
                "pull the image",
                "pull command",
                "failed to register layer",
                "failed to unpack",
                "failed to extract layer",
                "resolve ref",
                "httpreadseeker",
                "httpreaderseeker",
            ]],
        )
        .unless(TOKEN),
    ],
};

/// What a registry wants to see, given out elsewhere.
const A_TOKEN: Fragments = one_of!["anonymous token", "oauth token"];

/// ECR answers 403 for the blob of a digest that is gone, when the tag is pinned to it.
const NOT_FOUND_BY_DIGEST: super::rule::Rule = likely(
    ImageNotFound,
    &[
        one_of!["@sha256:"],
        one_of!["403 forbidden"],
        one_of!["/blobs/", "/manifests/sha256"],
    ],
);
