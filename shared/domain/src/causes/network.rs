//! The task's network: its interface, and what cannot be reached through it.
//!
//! Wordings: Amazon ECS Developer Guide, `failed-to-start-error`; Amazon EC2 API error codes;
//! the network markers of `verify-connectivity` and `resource-initialization-error`.

use super::Cause::{
    EniProvisioning, ImagePullNetwork, NetworkResourceInit, QuotaLimit, VolumeMount,
};
use super::fragments::{Fragments, one_of};
use super::rule::{Family, certain, likely, possible};

/// Words that mean: no answer over the network.
pub(super) const NO_ROUTE: Fragments = one_of![
    "dial tcp",
    "dial udp",
    "i/o timeout",
    "handshake timeout",
    "timed out",
    "client.timeout",
    "request canceled",
    "requestcanceled",
    "request cancelled",
    "request send failed",
    "deadline exceeded",
    "context canceled",
    "signal: killed",
    "no such host",
    "name or service not known",
    "name resolution",
    "could not resolve",
    "connection refused",
    "connection reset",
    "connection lost",
    "connection closed",
    "connection timeout",
    "connecttimeout",
    "connect timeout",
    "no route to host",
    "unreachable",
    "could not reach",
    "cannot reach",
    "unable to reach",
    "could not connect",
    "unable to connect",
    "failed to connect",
    "network connection",
    "check your network",
    "send request failed",
    "requesterror",
    "connection issue",
    "network configuration",
    "network is down",
    "maximum number of attempts",
    "proxyconnect",
    "x509",
    "tls:",
    "unexpected eof",
];

/// The registry answers, but not with an image; or the line breaks half way.
pub(super) const REGISTRY_DOWN: Fragments = one_of![
    ": eof",
    " eof",
    "panic: runtime error",
    "error pulling image configuration",
    "failed to do req",
    "failed open: failed",
    "bad gateway",
    "service unavailable",
    "gateway time-out",
    "internal server error",
    "unexpected status code 5",
    "proxy server",
    "proxy auth",
    "http proxy",
    "certificate",
    "transition to pulled",
    "timeout",
    "could not reach",
    "server misbehaving",
    "http: server gave http response",
    "broken pipe",
    "stream error",
    "forcibly closed",
];

/// The elastic network interface.
pub(super) const INTERFACES: Family = Family {
    gate: one_of![
        "network interface",
        "networkinterface",
        "eni",
        "subnet",
        "ec2 error",
        "security group",
        "networking",
        "network namespace",
        "up network",
        "netplugin",
        "veth",
        "cni",
    ],
    rules: &[
        certain(
            QuotaLimit,
            &[one_of![
                "networkinterfacelimitexceeded",
                "maximum number of network interfaces",
                "limit on the number of network interfaces",
            ]],
        ),
        likely(
            QuotaLimit,
            &[one_of![
                "limitexceeded",
                "rate exceeded",
                "throttl",
                "quota"
            ]],
        )
        .unless(one_of!["unable to place"]),
        certain(
            EniProvisioning,
            &[one_of![
                "insufficientfreeaddresses",
                "insufficient free addresses",
                "no free addresses",
            ]],
        ),
        certain(
            EniProvisioning,
            &[
                one_of!["timeout", "timed out", "time out"],
                one_of!["network interface", "eni provision"],
            ],
        ),
        likely(
            VolumeMount,
            &[
                one_of!["unexpected ec2 error"],
                one_of!["volume", "snapshot"],
            ],
        )
        .unless(one_of!["network interface"]),
        certain(EniProvisioning, &[one_of!["unexpected ec2 error"]]),
        likely(
            EniProvisioning,
            &[
                one_of!["network interface", "networkinterface"],
                one_of![
                    "creat",
                    "attach",
                    "provision",
                    "configur",
                    "delet",
                    "detach",
                    "assign",
                    "fail",
                ],
            ],
        )
        .unless(one_of!["bridge"]),
        likely(
            EniProvisioning,
            &[one_of![
                "invalidsubnet",
                "invalidgroup.notfound",
                "invalidsecuritygroup",
                "eni attach",
                "attach eni",
                "eni provision",
                "provision eni",
                "create eni",
                "eniinformationerror",
                "networknamespaceerror",
                "containernetworkingerror",
                "failed to setup network",
                "failed to set up network",
                "network namespace",
                "cni plugin",
                "cni setup",
                "invoke cni",
                "ecscni",
                "netplugin",
                "veth pair",
                "no primary eni",
                "eni not",
                "branch-eni",
                "ipv6 cidr",
                "eni was",
            ]],
        )
        .unless(one_of!["sysctl", "bridge mode", "network sandbox"]),
        likely(
            EniProvisioning,
            &[
                one_of!["subnet", "security group"],
                one_of![
                    "does not exist",
                    "not found",
                    "no longer exists",
                    "error retrieving",
                    "free addresses",
                    "ip addresses",
                    "available ip",
                    "free ip",
                ],
            ],
        ),
        likely(
            EniProvisioning,
            &[
                one_of![" eni", "trunk interface"],
                one_of![
                    "fail",
                    "unable",
                    "error",
                    "timed out",
                    "timeout",
                    "could not",
                    "cannot",
                ],
            ],
        )
        .unless(one_of!["unable to place"]),
    ],
};

/// An AWS endpoint that could not be reached, said without naming what it was asked for.
pub(super) const ENDPOINTS: Family = Family {
    gate: one_of![
        "resourceinitializationerror",
        "connection issue",
        "task network",
        "ecs.",
        "api.",
    ],
    rules: &[
        certain(
            ImagePullNetwork,
            &[one_of!["connection issue"], one_of!["registry"]],
        ),
        certain(
            NetworkResourceInit,
            &[one_of!["connection issue"], one_of!["between the task and"]],
        )
        // Environment files are in S3, and so are the layers of images in ECR.
        .unless(one_of!["amazon s3"]),
        likely(NetworkResourceInit, &[NO_ROUTE]).unless(one_of!["runc", "oci runtime", "shim"]),
        possible(
            NetworkResourceInit,
            &[one_of!["check your task network configuration"]],
        ),
    ],
};
