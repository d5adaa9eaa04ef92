//! A name is not a word: whatever people call a thing, the sentence about it means the same.

use domain::causes::{Context, diagnose_event};

/// Names that are made of the words that other sentences turn on.
const NAMES: &[&str] = &[
    "agent-disconnected",
    "cannotpull-error",
    "capacity-planner",
    "certificate-store",
    "denied-list",
    "dependency-failed",
    "drain-pool",
    "efs-key",
    "env-file.env",
    "exec-format-error",
    "expired-token",
    "fluentd-aggregator",
    "geofence",
    "healthcheck-failed",
    "host-terminated",
    "kms-decrypt",
    "log-group",
    "nfs-share",
    "nginx-proxy",
    "no-space-left",
    "oom-killed",
    "out-of-memory",
    "secret-santa",
    "spot-interruption",
    "subnet-tool",
    "throttled-api",
    "timeout-worker",
    "toomanyrequests-1",
    "unauthorized-app",
    "volume-1",
];

/// Names that are a word, where nothing but a name can stand.
const WORDS: &[&str] = &[
    "dependency",
    "devmapper",
    "efs",
    "envfile",
    "fluentd",
    "ghost",
    "healthcheck",
    "oomkilled",
    "passwd",
    "quota",
    "secretsmanager",
    "syslog",
    "volume",
];

/// Every cause here is the one that `shop` in the place of `{}` has.
#[track_caller]
fn check(sentences: &[&str]) {
    check_with(NAMES, sentences);
}

#[track_caller]
fn check_with(names: &[&str], sentences: &[&str]) {
    for sentence in sentences {
        let cause = |name: &str| {
            let said = sentence.replace("{}", name);
            diagnose_event(&said, &Context::default())[0].cause.code()
        };
        for name in names {
            assert_eq!(cause(name), cause("shop"), "{name} in: {sentence}");
        }
    }
}

#[test]
fn an_images_name_is_not_read() {
    check(&[
        "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref 111122223333.dkr.ecr.eu-west-1.amazonaws.com/{}:latest",
        "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref docker.io/acme/{}:v1: docker.io/acme/{}:v1: not found",
        "CannotPullContainerError: failed to do request: Head \"https://registry-1.docker.io/v2/acme/{}/manifests/1\": dial tcp 1.2.3.4:443: i/o timeout",
        "CannotPullContainerError: Error response from daemon: pull access denied for {}, repository does not exist or may require 'docker login'",
        "CannotPullContainerError: Error response from daemon: manifest for acme/{}:1 not found: manifest unknown",
    ]);
}

#[test]
fn the_name_of_a_secret_a_role_or_a_log_group_is_not_read() {
    check(&[
        "unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret arn:aws:secretsmanager:eu-west-1:111122223333:secret:{} from secrets manager: AccessDeniedException: Access to KMS is not allowed",
        "unable to retrieve secrets from ssm: service call has been retried 1 time(s): invalid ssm parameters: /prod/{}",
        "Fetching secret data from AWS Secrets Manager in region eu-west-1: secret {}: RequestError: send request failed caused by: dial tcp 1.2.3.4:443: i/o timeout",
        "failed to validate logger args: failed to create Cloudwatch log stream: AccessDeniedException: User: arn:aws:sts::111122223333:assumed-role/{}/x is not authorized to perform: logs:CreateLogStream on resource: arn:aws:logs:eu-west-1:111122223333:log-group:/ecs/{}:log-stream:{}/app/1",
        "failed to download env files: unable to download arn:aws:s3:::{}/{}: AccessDenied: Access Denied status code: 403",
        "ECS was unable to assume the role 'arn:aws:iam::111122223333:role/{}' that was provided for this task.",
    ]);
}

#[test]
fn the_name_of_a_service_or_a_target_group_is_not_read() {
    check(&[
        "(service {}) was unable to place a task because no container instance met all of its requirements. The closest matching (container-instance 0123) has insufficient CPU units available.",
        "(service {}) (port 8080) is unhealthy in (target-group arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/{}/0123) due to (reason Health checks failed with these codes: [502]).",
        "(service {}) registered 1 targets in (target-group arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/{}/0123)",
        "(service {}) has stopped 1 running tasks: (task 0123).",
        "(service {}) has reached a steady state.",
    ]);
}

#[test]
fn a_word_is_a_name_where_nothing_else_can_stand() {
    check_with(
        WORDS,
        &[
            "(service {}) was unable to place a task because no container instance met all of its requirements. The closest matching (container-instance 0123) is already using a port required by your task.",
            "(service {}) was unable to place a task because no container instance met all of its requirements. The closest matching (container-instance 0123) has insufficient memory available.",
            "(service {}) was unable to consistently start tasks successfully.",
            "(service {}) deployment failed: tasks failed to start.",
            "(service {}, taskSet ecs-svc/1) has begun draining connections on 2 tasks.",
            "service {} has begun draining connections on 2 tasks.",
            "service {} operations are being throttled on elb. Will try again later.",
            "CannotStartContainerError: Error response from daemon: unable to find user {}: no matching entries in passwd file",
        ],
    );
}

#[test]
fn what_is_named_after_a_task_definition_or_kept_in_a_system_path_is_not_read() {
    check(&[
        "CannotStartContainerError: Error response from daemon: driver failed programming external connectivity on endpoint ecs-{}-3-app (0a1b): Bind for 0.0.0.0:8080 failed: port is already allocated",
        "CannotStartContainerError: Error response from daemon: network ecs-{} not found",
        "CannotStartContainerError: OCI runtime create failed: runc create failed: unable to start container process: exec: \"/usr/local/bin/{}\": stat /usr/local/bin/{}: no such file or directory",
        "CannotStartContainerError: OCI runtime create failed: runc create failed: unable to start container process: exec: \"/etc/{}.sh\": permission denied",
        "CannotStartContainerError: OCI runtime create failed: runc create failed: unable to start container process: error during container init: error mounting \"/var/lib/{}/app.conf\" to rootfs at \"/etc/{}/app.conf\": not a directory: Are you trying to mount a directory onto a file (or vice-versa)?",
        "(service shop) was unable to place a task. Reason: Unable to launch instance(s) for capacity provider {}. UnfulfillableCapacity: Unable to fulfill capacity due to your request configuration.",
        "deployment failed: alarm ({}) detected.",
    ]);
}

#[test]
fn the_name_of_a_program_a_volume_or_a_container_is_not_read() {
    check(&[
        "CannotStartContainerError: OCI runtime create failed: runc create failed: unable to start container process: exec: \"{}\": executable file not found in $PATH: unknown",
        "CannotStartContainerError: OCI runtime create failed: starting container process caused: exec: \"./{}\": stat ./{}: no such file or directory",
        "CannotStartContainerError: Error response from daemon: error while mounting volume '/var/lib/docker/volumes/{}/_data': failed to mount local volume: mount /data/{}:/var/lib/docker/volumes/{}/_data: no such file or directory",
        "CannotStartContainerError: dependency graph: container ordering dependency [{}] for target [app] has timed out",
        "CannotCreateContainerError: Error response from daemon: Conflict. The container name \"/ecs-{}\" is already in use by container 0123",
    ]);
}
