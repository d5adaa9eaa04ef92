//! The task's network: its interface, and what cannot be reached through it.
//!
//! Wordings: Amazon ECS Developer Guide, `failed-to-start-error`; Amazon EC2 API error codes;
//! the network markers of `verify-connectivity` and `resource-initialization-error`.

use super::Cause::{
    EniProvisioning, ImagePullNetwork, NetworkResourceInit, QuotaLimit, VolumeMount,
};
use super::rule::{Family, certain, likely, possible};

/// Words that mean: no answer over the network.
pub(super) const NO_ROUTE: &[&str] = &[
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
pub(super) const REGISTRY_DOWN: &[&str] = &[
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
    gate: &[
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
            &[&[
                "networkinterfacelimitexceeded",
                "maximum number of network interfaces",
                "limit on the number of network interfaces",
            ]],
        ),
        likely(
            QuotaLimit,
            &[&["limitexceeded", "rate exceeded", "throttl", "quota"]],
        )
        .unless(&["unable to place"]),
        certain(
            EniProvisioning,
            &[&[
                "insufficientfreeaddresses",
                "insufficient free addresses",
                "no free addresses",
            ]],
        ),
        certain(
            EniProvisioning,
            &[
                &["timeout", "timed out", "time out"],
                &["network interface", "eni provision"],
            ],
        ),
        likely(
            VolumeMount,
            &[&["unexpected ec2 error"], &["volume", "snapshot"]],
        )
        .unless(&["network interface"]),
        certain(EniProvisioning, &[&["unexpected ec2 error"]]),
        likely(
            EniProvisioning,
            &[
                &["network interface", "networkinterface"],
                &[
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
        .unless(&["bridge"]),
        likely(
            EniProvisioning,
            &[&[
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
        .unless(&["sysctl", "bridge mode", "network sandbox"]),
        likely(
            EniProvisioning,
            &[
                &["subnet", "security group"],
                &[
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
                &[" eni", "trunk interface"],
                &[
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
        .unless(&["unable to place"]),
    ],
};

/// An AWS endpoint that could not be reached, said without naming what it was asked for.
pub(super) const ENDPOINTS: Family = Family {
    gate: &[
        "resourceinitializationerror",
        "connection issue",
        "task network",
        "ecs.",
        "api.",
    ],
    rules: &[
        certain(ImagePullNetwork, &[&["connection issue"], &["registry"]]),
        certain(
            NetworkResourceInit,
            &[&["connection issue"], &["between the task and"]],
        )
        // Environment files are in S3, and so are the layers of images in ECR.
        .unless(&["amazon s3"]),
        likely(NetworkResourceInit, &[NO_ROUTE]).unless(&["runc", "oci runtime", "shim"]),
        possible(
            NetworkResourceInit,
            &[&["check your task network configuration"]],
        ),
    ],
};
