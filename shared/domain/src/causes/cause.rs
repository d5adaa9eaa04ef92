//! The codes, and what is said about each: the one table of causes.
//!
//! Codes are a contract: alerts, filter policies and metrics carry them. Pages are those of the
//! Amazon ECS Developer Guide that explain the error.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Whose fault a stop is. Decides whether a rollback could help, and how loud to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// What was released, or how it is configured: another revision may behave better.
    Deployment,
    /// Capacity, Spot, platform, a quota, a registry or the network around it: an older revision
    /// would die the same way.
    Environment,
    /// Someone or something wanted it: not a failure.
    Intended,
    /// It may be either.
    Unclear,
}

/// What is said about one cause.
struct Row {
    code: &'static str,
    fault: Fault,
    phrase: &'static str,
    sentence: &'static str,
    page: &'static str,
}

macro_rules! causes {
    ($($variant:ident $fault:ident $code:literal, $phrase:literal, $page:literal, $sentence:literal;)*) => {
        /// Why a task stopped. [`Cause::code`] is the stable name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Cause {
            $(#[doc = $sentence] $variant,)*
        }

        impl Cause {
            /// Every cause, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            fn row(self) -> Row {
                match self {
                    $(Self::$variant => Row {
                        code: $code,
                        fault: Fault::$fault,
                        phrase: $phrase,
                        sentence: $sentence,
                        page: concat!(
                            "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/",
                            $page,
                            ".html"
                        ),
                    },)*
                }
            }
        }
    };
}

causes! {
    ImageNotFound Deployment "image_not_found", "image or tag not found", "task_cannot_pull_image",
        "The image could not be pulled because its repository, tag or digest does not exist in the registry.";
    ImageAuth Deployment "image_auth", "image pull not permitted", "task_cannot_pull_image",
        "The registry refused the image pull: the credentials are missing or wrong, or the role lacks a permission.";
    ImagePullNetwork Environment "image_pull_network", "image registry cannot be reached", "task_cannot_pull_image",
        "The image could not be pulled because the task has no working network path to the registry.";
    ImagePullRateLimit Environment "image_pull_rate_limit", "image registry rate limit hit", "task_cannot_pull_image",
        "The registry refused the image pull because too many pulls were made in a short time.";
    ImagePullDiskFull Environment "image_pull_disk_full", "disk full while pulling the image", "task_cannot_pull_image",
        "The disk of the task or its host filled up while the image was pulled, unpacked or set up.";
    ImageArchMismatch Deployment "image_arch_mismatch", "image built for another CPU or OS", "task_cannot_pull_image",
        "The image has no build for the processor architecture or operating system that the task runs on.";
    ImagePullOther Unclear "image_pull_other", "image pull failed", "task_cannot_pull_image",
        "The image could not be pulled, and ECS does not say why.";
    SecretFetch Deployment "secret_fetch", "secret cannot be read", "resource-initialization-error",
        "A secret or parameter of the task definition could not be read, so the container was never started.";
    EnvFileFetch Deployment "env_file_fetch", "environment file cannot be read", "resource-initialization-error",
        "An environment file could not be read from Amazon S3, so the container was never started.";
    NetworkResourceInit Environment "network_resource_init", "AWS endpoint cannot be reached", "resource-initialization-error",
        "While setting the task up, ECS could not reach an AWS endpoint (secrets, parameters, ECR or logs) from the task's network.";
    LogSetup Deployment "log_setup", "log driver cannot be set up", "resource-initialization-error",
        "The container's log driver could not be set up, so the container was never started.";
    EfsMount Unclear "efs_mount", "EFS file system cannot be mounted", "resource-initialization-error",
        "An Amazon EFS file system could not be mounted, so the container was never started.";
    VolumeMount Deployment "volume_mount", "volume cannot be mounted", "stopped-task-error-codes",
        "A volume or bind mount could not be created, attached or mounted.";
    EniProvisioning Environment "eni_provisioning", "network interface not provisioned", "failed-to-start-error",
        "The task's elastic network interface could not be created or attached, or not in time.";
    IamRoleAssume Deployment "iam_role_assume", "IAM role cannot be assumed", "service-event-messages-list",
        "ECS could not assume the task role or the task execution role.";
    Oom Deployment "oom", "out of memory", "stopped-task-error-codes",
        "A process was killed because the container or the task used up its memory.";
    KilledSigkill Unclear "killed_sigkill", "killed by SIGKILL (exit code 137)", "stopped-task-error-codes",
        "The container was killed with SIGKILL (exit code 137), and ECS does not call it out of memory.";
    Sigterm143 Unclear "sigterm_143", "ended by SIGTERM (exit code 143)", "stopped-task-error-codes",
        "The container ended on SIGTERM (exit code 143), though nothing is known to have stopped the task.";
    Segfault Deployment "segfault", "crashed with a segmentation fault", "stopped-task-error-codes",
        "The program crashed with an invalid memory access (SIGSEGV, exit code 139).";
    AppError Deployment "app_error", "application exited with an error", "stopped-task-error-codes",
        "The program in an essential container ended by itself with an error.";
    AppCleanExit Deployment "app_clean_exit", "essential container exited with 0", "stopped-task-error-codes",
        "An essential container finished without an error (exit code 0), and that ends the whole task.";
    BadEntrypoint Deployment "bad_entrypoint", "command cannot be run", "stopped-task-error-codes",
        "The container's command or entry point could not be run: it is missing, not executable, or its working directory is.";
    DependencyContainerFailed Deployment "dependency_container_failed", "dependency container failed", "stopped-task-error-codes",
        "A container waited for another one (dependsOn) that failed, never became healthy or never completed.";
    ContainerHealthCheck Deployment "container_health_check", "container health check failed", "healthcheck",
        "ECS stopped the task because the health check of an essential container kept failing.";
    ElbHealthCheck Deployment "elb_health_check", "load balancer health check failed", "troubleshoot-service-load-balancers",
        "ECS stopped the task because the load balancer found its target unhealthy.";
    TimeoutStart Unclear "timeout_start", "container did not start in time", "container-runtime-timeout-error",
        "The container was not created or started in the time allowed.";
    ContainerStopFailure Environment "container_stop_failure", "container could not be stopped cleanly", "stopped-task-error-codes",
        "The container could not be stopped or inspected at its end; the process or the container runtime hangs.";
    SchedulerStop Intended "scheduler_stop", "stopped by the service scheduler", "service-event-messages-list",
        "The service scheduler stopped the task on purpose: scale-in, a newer deployment, or rebalancing between zones.";
    UserStopped Intended "user_stopped", "stopped by a person or an API call", "stopped-task-errors",
        "A person or a tool stopped the task through the ECS API.";
    SpotInterruption Environment "spot_interruption", "Spot capacity taken back", "fargate-capacity-providers",
        "AWS took the Spot capacity back with a two-minute notice.";
    FargateMaintenance Environment "fargate_maintenance", "AWS platform maintenance", "task-maintenance",
        "AWS replaced the task because the infrastructure under it is being maintained or retired.";
    HostTerminated Environment "host_terminated", "host instance went away", "container-instance-draining",
        "The EC2 instance under the task was terminated, drained or deregistered.";
    CapacityUnavailable Environment "capacity_unavailable", "no capacity available", "service-event-messages-list",
        "There was no room to start the task: AWS or the cluster has no capacity left.";
    QuotaLimit Environment "quota_limit", "account limit reached", "service-event-messages-list",
        "A quota of the AWS account was reached, or launches were throttled.";
    PlacementOther Unclear "placement_other", "no instance can take the task", "service-event-messages-list",
        "No container instance met what the task asks for: a port, an attribute, a running agent, or the service's own limits.";
    TaskDefinitionInvalid Deployment "task_definition_invalid", "task definition cannot run here", "failed-to-start-error",
        "The task definition asks for something that cannot run on this launch type, platform or instance.";
    PlatformInternalError Environment "platform_internal_error", "internal AWS or agent error", "stopped-task-error-codes",
        "ECS, its agent or the container runtime had an internal error; a retry often cures it.";
    Unknown Unclear "unknown", "cause not known", "stopped-task-errors",
        "ECS does not say enough to name a cause.";
}

impl Cause {
    /// The stable name that alerts, filters and metrics carry.
    pub fn code(self) -> &'static str {
        self.row().code
    }

    /// The cause of that code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|cause| cause.code() == code)
    }

    /// What it means, for an engineer woken at night.
    pub fn sentence(self) -> &'static str {
        self.row().sentence
    }

    /// A few words for a headline, at most 40 characters.
    pub fn phrase(self) -> &'static str {
        self.row().phrase
    }

    /// The page of the Amazon ECS Developer Guide that explains it.
    pub fn page(self) -> &'static str {
        self.row().page
    }

    /// Whose fault it is.
    pub fn fault(self) -> Fault {
        self.row().fault
    }
}

impl Serialize for Cause {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Cause {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let code = String::deserialize(from)?;
        Self::from_code(&code)
            .ok_or_else(|| D::Error::custom(format_args!("`{code}` is not a cause")))
    }
}
