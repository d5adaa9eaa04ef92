//! A task definition, as far as a diagnosis or a comparison needs it. Values of environment
//! variables never get in: a name and a fingerprint do.

use std::collections::BTreeMap;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

/// One revision of a task definition. Revisions are immutable.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TaskDefinition {
    /// The full ARN with the revision.
    pub arn: String,
    /// Whether it can still be started: `ACTIVE`, not deregistered.
    pub active: bool,
    /// Task-level CPU units (1,024 are one vCPU), as text.
    pub cpu: Option<String>,
    /// Task-level memory in MiB, as text.
    pub memory: Option<String>,
    /// The role the containers have.
    pub task_role_arn: Option<String>,
    /// The role that pulls the image, fetches secrets and writes logs.
    pub execution_role_arn: Option<String>,
    /// `awsvpc`, `bridge`, `host`, `none`.
    pub network_mode: Option<String>,
    /// `X86_64` or `ARM64`.
    pub cpu_architecture: Option<String>,
    /// The containers in the order of the definition.
    pub containers: Vec<ContainerDefinition>,
}

impl TaskDefinition {
    /// `order-api:42`.
    pub fn name(&self) -> &str {
        crate::arn::revision_name(&self.arn)
    }

    /// The container of that name.
    pub fn container(&self, name: &str) -> Option<&ContainerDefinition> {
        self.containers
            .iter()
            .find(|container| container.name == name)
    }
}

/// One container of a task definition.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ContainerDefinition {
    /// The container's name.
    pub name: String,
    /// The image reference.
    pub image: String,
    /// Whether its end ends the task.
    pub essential: bool,
    /// CPU units.
    pub cpu: Option<i32>,
    /// Hard memory limit in MiB.
    pub memory: Option<i32>,
    /// Soft memory limit in MiB.
    pub memory_reservation: Option<i32>,
    /// The command, as given; arguments are program text, not secrets, but may be long.
    pub command: Vec<String>,
    /// The entry point, as given.
    pub entry_point: Vec<String>,
    /// The containers it waits for.
    pub depends_on: Vec<Dependency>,
    /// Container ports.
    pub ports: Vec<i32>,
    /// Environment variables: the name, and a fingerprint that tells whether the value changed.
    pub environment: BTreeMap<String, Fingerprint>,
    /// Secrets: the variable's name, and where the value comes from (an ARN or a parameter name).
    pub secrets: BTreeMap<String, String>,
    /// Environment files in S3.
    pub environment_files: Vec<String>,
    /// The container's own health check, printed.
    pub health_check: Option<String>,
    /// Where its output goes.
    pub log: Option<LogConfiguration>,
    /// Seconds between SIGTERM and SIGKILL; 30 where absent.
    pub stop_timeout: Option<i32>,
    /// Seconds a dependency may take to come up.
    pub start_timeout: Option<i32>,
}

/// A container waits for another (`dependsOn`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// The container waited for.
    pub container: String,
    /// `START`, `COMPLETE`, `SUCCESS`, `HEALTHY`.
    pub condition: String,
}

/// `logConfiguration` of a container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogConfiguration {
    /// `awslogs`, `awsfirelens`, `splunk`, …
    pub driver: String,
    /// `awslogs-group`.
    pub group: Option<String>,
    /// `awslogs-stream-prefix`.
    pub stream_prefix: Option<String>,
    /// `awslogs-region`, where it differs from the task's.
    pub region: Option<String>,
}

impl LogConfiguration {
    /// The stream of one container of one task: `prefix/container/task-id`. `None` without a
    /// prefix: then the stream is named after the Docker id, which no API tells
    /// (Amazon ECS Developer Guide, `using_awslogs`).
    pub fn stream(&self, container: &str, task_id: &str) -> Option<String> {
        self.stream_prefix
            .as_ref()
            .map(|prefix| format!("{prefix}/{container}/{task_id}"))
    }
}

/// Tells two values apart without keeping either.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint(u64);

impl Fingerprint {
    /// The fingerprint of a value.
    pub fn of(value: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        value.hash(&mut hasher);
        Self(hasher.finish())
    }
}

/// Prints nothing of it: a fingerprint of a short secret can be guessed back.
impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}
