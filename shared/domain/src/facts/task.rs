//! A task that stopped: what `ECS Task State Change` events and `DescribeTasks` say of it.

use chrono::{DateTime, TimeZone, Utc};
use serde::{Deserialize, Deserializer, Serialize};

/// A task that stopped or is about to.
///
/// The fields are those that an event's `detail` and the
/// `Task` of `DescribeTasks` share; both deserialize into it. Everything is optional, because
/// people and older agents leave out much, and unknown fields are ignored: AWS says that it adds
/// some (Amazon ECS Developer Guide, `ecs_cwe_events`).
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StoppedTask {
    /// The task's ARN.
    #[serde(deserialize_with = "null_as_default")]
    pub task_arn: String,
    /// The cluster's ARN.
    pub cluster_arn: Option<String>,
    /// The task definition's ARN, with the revision.
    pub task_definition_arn: Option<String>,
    /// `service:<name>`, `family:<family>`, or free text given to `RunTask`.
    pub group: Option<String>,
    /// `ecs-svc/<digits>`, the deployment's id, for a service's task; free text for `RunTask`.
    pub started_by: Option<String>,
    /// Why it stopped, as a code. Absent on old events.
    #[serde(alias = "stop_code")]
    pub stop_code: Option<StopCode>,
    /// Why it stopped, as a sentence. Whoever calls `StopTask` may write anything here.
    #[serde(alias = "stopped_reason")]
    pub stopped_reason: Option<String>,
    /// `STOPPED`, or an earlier state.
    pub last_status: Option<String>,
    /// `STOPPED` as soon as something wants it gone.
    pub desired_status: Option<String>,
    /// The containers, in no meaningful order.
    #[serde(deserialize_with = "null_as_default")]
    pub containers: Vec<StoppedContainer>,
    /// Counts the task's changes; equal means duplicate, lower means stale.
    pub version: Option<i64>,
    /// `EC2`, `FARGATE`, `EXTERNAL`, `MANAGED_INSTANCES`.
    pub launch_type: Option<String>,
    /// The capacity provider that started it.
    pub capacity_provider_name: Option<String>,
    /// Where it ran.
    pub availability_zone: Option<String>,
    /// Task-level memory limit in MiB, as text.
    #[serde(deserialize_with = "text")]
    pub memory: Option<String>,
    /// Task-level CPU units, as text.
    #[serde(deserialize_with = "text")]
    pub cpu: Option<String>,
    /// When it entered `PENDING`.
    #[serde(deserialize_with = "time")]
    pub created_at: Option<DateTime<Utc>>,
    /// When it reached `RUNNING`; absent where it never did.
    #[serde(deserialize_with = "time")]
    pub started_at: Option<DateTime<Utc>>,
    /// When the image pull began; absent where the task failed before (network interface, secrets).
    #[serde(deserialize_with = "time")]
    pub pull_started_at: Option<DateTime<Utc>>,
    /// When the image pull ended.
    #[serde(deserialize_with = "time")]
    pub pull_stopped_at: Option<DateTime<Utc>>,
    /// When something began to stop it.
    #[serde(deserialize_with = "time")]
    pub stopping_at: Option<DateTime<Utc>>,
    /// When its containers had stopped.
    #[serde(deserialize_with = "time")]
    pub execution_stopped_at: Option<DateTime<Utc>>,
    /// When it was `STOPPED`.
    #[serde(deserialize_with = "time")]
    pub stopped_at: Option<DateTime<Utc>>,
}

impl StoppedTask {
    /// The task's id, the last part of its ARN.
    pub fn id(&self) -> &str {
        crate::arn::last_part(&self.task_arn)
    }
}

/// One container of a stopped task.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StoppedContainer {
    /// The container's name in the task definition.
    pub name: Option<String>,
    /// Its exit code; absent where it never ran (or the agent lost it).
    #[serde(alias = "exit_code")]
    pub exit_code: Option<i64>,
    /// Why it stopped, up to 1,024 characters; Fargate cuts longer texts.
    pub reason: Option<String>,
    /// The image it was started from.
    pub image: Option<String>,
    /// The image's digest, for ECR images.
    pub image_digest: Option<String>,
    /// `STOPPED`, `RUNNING`, `PENDING`.
    pub last_status: Option<String>,
}

/// `stopCode` of a task (API reference, `Task`). Open: an unknown one is kept as it came.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum StopCode {
    /// Never reached `RUNNING`.
    TaskFailedToStart,
    /// An essential container ended, also with exit code 0.
    EssentialContainerExited,
    /// `StopTask` by a person or a tool.
    UserInitiated,
    /// The service scheduler: health checks, scale-in, deployment, rebalancing, maintenance.
    ServiceSchedulerInitiated,
    /// Spot capacity was taken back.
    SpotInterruption,
    /// The instance was terminated.
    TerminationNotice,
    /// A platform or host cause; in the API model, explained on no page.
    InfrastructureHealth,
    /// One that came later.
    Other(String),
}

impl From<String> for StopCode {
    fn from(text: String) -> Self {
        match text.as_str() {
            "TaskFailedToStart" => Self::TaskFailedToStart,
            "EssentialContainerExited" => Self::EssentialContainerExited,
            "UserInitiated" => Self::UserInitiated,
            "ServiceSchedulerInitiated" => Self::ServiceSchedulerInitiated,
            "SpotInterruption" => Self::SpotInterruption,
            "TerminationNotice" => Self::TerminationNotice,
            "InfrastructureHealth" => Self::InfrastructureHealth,
            _ => Self::Other(text),
        }
    }
}

impl StopCode {
    /// The code as AWS writes it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::TaskFailedToStart => "TaskFailedToStart",
            Self::EssentialContainerExited => "EssentialContainerExited",
            Self::UserInitiated => "UserInitiated",
            Self::ServiceSchedulerInitiated => "ServiceSchedulerInitiated",
            Self::SpotInterruption => "SpotInterruption",
            Self::TerminationNotice => "TerminationNotice",
            Self::InfrastructureHealth => "InfrastructureHealth",
            Self::Other(text) => text,
        }
    }
}

impl From<StopCode> for String {
    fn from(code: StopCode) -> Self {
        code.as_str().to_owned()
    }
}

/// A field that is there but `null` counts as one that is not.
fn null_as_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    from: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Scalar {
    Text(String),
    Number(f64),
}

/// Sizes come as text, now and then as the text `"null"`, and from some tools as numbers.
fn text<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(match Option::<Scalar>::deserialize(from)? {
        Some(Scalar::Text(text)) => (text != "null").then_some(text),
        Some(Scalar::Number(number)) => Some(number.to_string()),
        None => None,
    })
}

/// Events write RFC 3339 with 0 to 9 fractional digits, the API epoch seconds. A time that is
/// neither is as good as none: it must not cost the alert.
fn time<'de, D: Deserializer<'de>>(from: D) -> Result<Option<DateTime<Utc>>, D::Error> {
    Ok(match Option::<Scalar>::deserialize(from)? {
        Some(Scalar::Text(text)) => parse_time(&text),
        Some(Scalar::Number(seconds)) => Utc
            .timestamp_millis_opt((seconds * 1000.0).round() as i64)
            .single(),
        None => None,
    })
}

/// An RFC 3339 time with 0 to 9 fractional digits, in UTC.
pub fn parse_time(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text)
        .ok()
        .map(|time| time.to_utc())
}
