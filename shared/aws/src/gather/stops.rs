//! What surrounds stopped tasks. Their events hold the tasks themselves.

use domain::facts::{DeploymentFacts, Fact, Service, StoppedTask, TaskDefinition, Why};
use domain::incident::ServiceRecord;
use domain::stop::{Story, Subject};

use super::{Asking, definition, log, missing};
use crate::ecs;
use crate::state::State;

/// What surrounds the stopped tasks of one story.
#[derive(Clone, Debug)]
pub struct Around {
    /// The service, with its tags and deployments.
    pub service: Fact<Service>,
    /// What opsbot remembers of it.
    pub record: Fact<ServiceRecord>,
    definition: Fact<TaskDefinition>,
}

/// Reads what surrounds a story: the service, its record and the task definition, at once.
pub async fn around(asking: &Asking<'_>, state: &State<'_>, story: &Story) -> Around {
    let arn = story
        .groups
        .first()
        .and_then(|it| it.about.task_definition.as_deref());
    let ((service, record), definition) = tokio::join!(
        service_and_record(asking, state, &story.subject),
        definition(asking, "the task definition", arn),
    );
    Around {
        service,
        record,
        definition,
    }
}

/// The service and its record, for a look at an incident. Standalone tasks have neither.
pub async fn service_and_record(
    asking: &Asking<'_>,
    state: &State<'_>,
    subject: &Subject,
) -> (Fact<Service>, Fact<ServiceRecord>) {
    if subject.standalone {
        return (missing("", Why::NotNeeded), missing("", Why::NotNeeded));
    }
    tokio::join!(
        ecs::service(asking, &subject.arn),
        state.record(&subject.arn)
    )
}

/// The facts of one group of a story: the log tail of the culprit is read here.
pub async fn stops(
    asking: &Asking<'_>,
    subject: &Subject,
    around: &Around,
    tasks: Vec<StoppedTask>,
    log_lines: u8,
) -> DeploymentFacts {
    let tasks = Fact::Known(tasks);
    let log = log::of_the_culprit(asking, &subject.arn, &around.definition, &tasks, log_lines);
    let log = log.await;
    DeploymentFacts {
        stopped_tasks: tasks,
        failing: around.definition.clone(),
        log,
        ..DeploymentFacts::of(around.service.clone(), Vec::new())
    }
}
