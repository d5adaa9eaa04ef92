//! Whether the revision that ran before fails as well.

use crate::causes::{Cause, Context, Fault, summarise};
use crate::facts::{Service, StoppedTask};

/// Why tasks of the service's other deployments stopped since `judged` began, best first. What was
/// stopped to make room for it says nothing.
pub fn old_causes(service: &Service, judged: &str, tasks: &[StoppedTask]) -> Vec<Cause> {
    let began = service.deployment(judged).and_then(|it| it.created_at);
    let of_old = |task: &&StoppedTask| {
        let by = task.started_by.as_deref();
        let listed = by.is_some_and(|by| by != judged && service.deployment(by).is_some());
        listed && task.stopped_at.or(task.stopping_at) >= began
    };
    let tasks: Vec<StoppedTask> = tasks.iter().filter(of_old).cloned().collect();
    let ranked = summarise(&tasks, &Context::default()).into_iter();
    let causes = ranked.map(|ranked| ranked.finding.cause);
    causes.filter(|it| it.fault() != Fault::Intended).collect()
}
