//! All that is known of one failing deployment.

use super::{
    Fact, GoodRevision, LogTail, Missing, Service, ServiceDeployment, ServiceRevision, StoppedTask,
    TargetGroup, TaskDefinition, Utilization, Why,
};

/// Everything gathered about one failing deployment.
#[derive(Clone, Debug)]
pub struct DeploymentFacts {
    /// The service now.
    pub service: Fact<Service>,
    /// Its deployment history, newest first.
    pub history: Fact<Vec<ServiceDeployment>>,
    /// The service revisions that were looked up.
    pub revisions: Fact<Vec<ServiceRevision>>,
    /// The stopped tasks of the failed deployment only, newest first.
    pub stopped_tasks: Fact<Vec<StoppedTask>>,
    /// Why there may be more stopped tasks than those.
    pub unseen_tasks: Option<Missing>,
    /// The failing task definition.
    pub failing: Fact<TaskDefinition>,
    /// The last good revision; `Known(None)` where there has never been one.
    pub good: Fact<Option<GoodRevision>>,
    /// The last good task definition.
    pub good_definition: Fact<TaskDefinition>,
    /// The targets of each target group.
    pub target_groups: Vec<TargetGroup>,
    /// The names of the alarms that stopped the deployment.
    pub triggered_alarms: Fact<Vec<String>>,
    /// The culprit's last log lines.
    pub log: Fact<LogTail>,
    /// CPU and memory.
    pub utilization: Fact<Utilization>,
}

impl DeploymentFacts {
    /// The service and its targets alone, for news that needs no diagnosis.
    pub fn of(service: Fact<Service>, target_groups: Vec<TargetGroup>) -> Self {
        fn not_asked<T>() -> Fact<T> {
            Fact::Missing(Missing::new("", Why::NotNeeded))
        }
        Self {
            service,
            target_groups,
            history: not_asked(),
            revisions: not_asked(),
            stopped_tasks: not_asked(),
            unseen_tasks: None,
            failing: not_asked(),
            good: not_asked(),
            good_definition: not_asked(),
            triggered_alarms: not_asked(),
            log: not_asked(),
            utilization: not_asked(),
        }
    }

    /// Stopped tasks (newest first) and their service.
    pub fn of_stops(service: Fact<Service>, tasks: Vec<StoppedTask>) -> Self {
        Self {
            stopped_tasks: Fact::Known(tasks),
            ..Self::of(service, Vec::new())
        }
    }
}
