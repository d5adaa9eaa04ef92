//! Where to look when tasks stop: the service's pages, or the cluster's where no service runs them.

use super::super::{Link, links};
use super::collected;
use crate::facts::DeploymentFacts;
use crate::stop::Subject;

/// Where the tasks are listed.
pub(super) fn listed(subject: &Subject) -> Link {
    if subject.standalone {
        Link {
            label: "tasks of the cluster".to_owned(),
            url: links::cluster_tasks(&subject.arn),
        }
    } else {
        collected::service_link(&subject.arn)
    }
}

/// Where to look for what stopped them.
pub(super) fn all(subject: &Subject, facts: &DeploymentFacts) -> Vec<Link> {
    let of_a_service = collected::links(&subject.arn, facts);
    if !subject.standalone {
        return of_a_service;
    }
    let tasks = facts.stopped_tasks.known().map(Vec::as_slice);
    let task = tasks.unwrap_or_default().first().map(|task| Link {
        label: "newest stopped task".to_owned(),
        url: links::standalone_task(&subject.arn, task.id()),
    });
    let same = |it: &Link| ["task definition", "log stream"].contains(&it.label.as_str());
    let others = of_a_service.into_iter().filter(same);
    std::iter::once(listed(subject))
        .chain(task)
        .chain(others)
        .collect()
}
