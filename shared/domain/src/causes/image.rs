//! Image pulls: Docker, containerd and ECR each have their own words for the same thing.
//!
//! Wordings: Amazon ECS Developer Guide, `task_cannot_pull_image`; the ECS agent's and the
//! registries' error texts.

use super::Cause::{
    ImageArchMismatch, ImageAuth, ImageNotFound, ImagePullDiskFull, ImagePullNetwork,
    ImagePullOther, ImagePullRateLimit, PlatformInternalError,
};
use super::network::{NO_ROUTE, REGISTRY_DOWN};
use super::pull::{A_PULL, ABOUT_PULLS, DISK_FULL, KERNEL_LIMIT, TOKEN};
use super::rule::{Family, certain, likely};

/// Everything about pulling an image.
pub(super) const PULL: Family = Family {
    gate: ABOUT_PULLS,
    rules: &[
        likely(
            PlatformInternalError,
            &[&["error during connect", "docker.sock", "elevated privileges"]],
        ),
        certain(
            ImagePullRateLimit,
            &[&["toomanyrequests:", "pull rate limit", "pull limit"]],
        ),
        certain(
            ImagePullRateLimit,
            &[
                A_PULL,
                &[
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
            &[&["toomanyrequests", "too many requests", "http 429 response"]],
        )
        .unless(&["toomanyrequestsexception"]),
        certain(
            ImagePullDiskFull,
            &[
                &["pull", "layer", "extract", "unpack", "getimageblob"],
                DISK_FULL,
            ],
        )
        .unless(KERNEL_LIMIT),
        likely(ImagePullDiskFull, &[DISK_FULL]).unless(KERNEL_LIMIT),
        likely(
            ImagePullDiskFull,
            &[&[
                "thin pool",
                "free data blocks",
                "disk space",
                // The device mapper, whose pool is full.
                "dm_task_run failed",
            ]],
        )
        .unless(&["unable to place", "closest matching"]),
        certain(
            ImageArchMismatch,
            &[&[
                "descriptor matching platform",
                "not contain descriptor",
                "descriptor for platform",
                "no matching manifest",
                "no match for platform",
                "no match for manifest",
                "exec format error",
                "does not match the host operating system",
                "does not match the operating system of the host",
                "image with operating system",
                "was built for linux",
                "was built for windows",
                "manifest for platform",
                "cannot be used on this platform",
                "does not match the specified platform",
                "does not match the expected platform",
                "platform does not match",
                "does not match the detected host platform",
                "image is incompatible with",
                "platform mismatch",
                "architecture mismatch",
                "found in manifest list",
                "found in image index",
                "does not provide the specified platform",
                "unsupported platform",
                "unsupported architecture",
                "image architecture",
            ]],
        ),
        certain(
            ImageAuth,
            &[&[
                "no basic auth",
                "incorrect username or password",
                "authorization token has",
                "not authorized to perform",
            ]],
        ),
        // Where the token is given out cannot be reached.
        likely(ImagePullNetwork, &[A_TOKEN, NO_ROUTE]).unless(&["x509"]),
        likely(ImagePullNetwork, &[A_TOKEN, REGISTRY_DOWN]),
        likely(
            ImageAuth,
            &[&[
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
        .unless(&[
            "does not exist",
            "no identity-based policy allows the ecr",
            "x509",
            "deleted or has expired",
            "proxy authentication",
        ]),
        // What comes after the last "denied" says more than "may not exist" before it.
        likely(
            ImageAuth,
            &[&[
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
        likely(ImageAuth, &[&["pull access denied"], &[".dkr.ecr."]]),
        NOT_FOUND_BY_DIGEST,
        certain(
            ImageNotFound,
            &[&[
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
            &[&[
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
        .unless(&["snapshot "]),
        likely(ImageNotFound, &[&["not found"]]).unless(&[
            "host not found",
            "server not found",
            "media type",
            "snapshot ",
        ]),
        likely(
            ImagePullNetwork,
            &[&["starport", ".s3.", "s3.amazonaws", "layer-bucket"]],
        ),
        likely(
            ImageAuth,
            &[&[
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
        likely(ImagePullNetwork, &[&["http 50"], &["response body"]]),
        likely(
            ImagePullNetwork,
            &[&["cannot pull"], &["from the registry"]],
        ),
        likely(ImageAuth, &[&["pullcontainerautherror"]]),
        likely(
            ImagePullOther,
            &[&[
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
const A_TOKEN: &[&str] = &["anonymous token", "oauth token"];

/// ECR answers 403 for the blob of a digest that is gone, when the tag is pinned to it.
const NOT_FOUND_BY_DIGEST: super::rule::Rule = likely(
    ImageNotFound,
    &[
        &["@sha256:"],
        &["403 forbidden"],
        &["/blobs/", "/manifests/sha256"],
    ],
);
