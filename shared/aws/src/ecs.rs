//! What Amazon ECS says, read and put into the words of the domain.

mod convert;

use std::collections::BTreeMap;

use aws_sdk_ecs::types::{DesiredStatus, ServiceField};
use domain::arn::{ServiceArn, last_part};
use domain::facts::{
    Fact, Missing, ServiceDeployment, ServiceDeploymentDetail, ServiceRevision, StoppedTask,
    TaskDefinition, Why,
};
use domain::short;
use futures_util::future::join_all;

use crate::asking::Asking;

/// `DescribeServices` of one service, with its tags.
pub(crate) async fn service(asking: &Asking<'_>, arn: &ServiceArn) -> Fact<domain::facts::Service> {
    let mut services = services(asking, &[arn]).await;
    let nothing = || no_service(SERVICE, None);
    services.pop().unwrap_or_else(nothing)
}

/// `DescribeServices` of at most ten services of one cluster, with their tags, in that order.
pub(crate) async fn services(
    asking: &Asking<'_>,
    arns: &[&ServiceArn],
) -> Vec<Fact<domain::facts::Service>> {
    let Some(first) = arns.first() else {
        return Vec::new();
    };
    let names = arns.iter().map(|arn| arn.service.clone()).collect();
    let call = asking.clients.ecs.describe_services();
    let call = call
        .cluster(&first.cluster)
        .set_services(Some(names))
        .include(ServiceField::Tags);
    let answer = asking
        .ask(SERVICE, "ecs:DescribeServices", call.send())
        .await;
    let answer = match answer {
        Fact::Known(answer) => answer,
        Fact::Missing(missing) => {
            return arns
                .iter()
                .map(|_| Fact::Missing(missing.clone()))
                .collect();
        }
    };
    let named = |arn: &ServiceArn| {
        let mut services = answer.services().iter();
        services.find(|service| service.service_name() == Some(&arn.service))
    };
    let failure = |arn: &ServiceArn| {
        let mut failures = answer.failures().iter();
        let failure = failures.find(|it| it.arn().map(last_part) == Some(&arn.service));
        failure.and_then(|failure| failure.reason())
    };
    let found = arns.iter().map(|arn| match named(arn) {
        Some(service) => Fact::Known(convert::service(service)),
        None => no_service(SERVICE, failure(arn)),
    });
    found.collect()
}

const SERVICE: &str = "the service and its deployments";

fn no_service<T>(what: &str, reason: Option<&str>) -> Fact<T> {
    let detail = format!("ECS answers {}", reason.unwrap_or("with no service"));
    crate::asking::missing(what, Why::NotFound { detail })
}

/// The stopped tasks of a service that are listed, and why that is not all of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct StoppedTaskArns {
    pub(crate) arns: Vec<String>,
    pub(crate) gap: Option<Missing>,
}

/// How many pages of 100 stopped tasks are read: a service that keeps more is in a crash loop whose
/// tasks tell the same story.
const PAGES: usize = 5;

/// `ListTasks` of the service's stopped tasks, page after page. It cannot also filter by
/// `startedBy`: that must be the only filter (API reference, `ListTasks`).
pub(crate) async fn stopped_task_arns(
    asking: &Asking<'_>,
    arn: &ServiceArn,
) -> Fact<StoppedTaskArns> {
    let mut found = StoppedTaskArns::default();
    let mut token = None;
    for page in 0..PAGES {
        let call = asking.clients.ecs.list_tasks();
        let call = call.cluster(&arn.cluster).service_name(&arn.service);
        let call = call.desired_status(DesiredStatus::Stopped).max_results(100);
        let call = call.set_next_token(token);
        let answer = asking.ask("the stopped tasks", "ecs:ListTasks", call.send());
        match answer.await {
            Fact::Known(answer) => {
                found.arns.extend(answer.task_arns.unwrap_or_default());
                token = answer.next_token;
            }
            Fact::Missing(missing) if page == 0 => return Fact::Missing(missing),
            Fact::Missing(Missing { why, .. }) => {
                found.gap = Some(Missing::new(REST, why));
                return Fact::Known(found);
            }
        }
        if token.is_none() {
            return Fact::Known(found);
        }
    }
    let detail = format!("the service has more than {} of them", found.arns.len());
    found.gap = Some(Missing::new(REST, Why::NotAsked { detail }));
    Fact::Known(found)
}

const REST: &str = "the rest of the stopped tasks";

/// `DescribeTasks`, which takes 100 tasks a call; the calls run at the same time. Answers with what
/// it got, and why that is not all.
pub(crate) async fn stopped_tasks(
    asking: &Asking<'_>,
    arn: &ServiceArn,
    listed: StoppedTaskArns,
) -> (Fact<Vec<StoppedTask>>, Option<Missing>) {
    let calls = listed.arns.chunks(100);
    let answers = join_all(calls.map(|arns| tasks(asking, arn, arns.to_vec()))).await;
    let (mut found, mut gap) = (Vec::new(), listed.gap);
    let mut answered = answers.is_empty();
    for answer in answers {
        match answer {
            Fact::Known(tasks) => {
                found.extend(tasks);
                answered = true;
            }
            Fact::Missing(missing) => gap = Some(missing),
        }
    }
    match gap {
        Some(missing) if !answered => (Fact::Missing(missing), None),
        gap => (Fact::Known(found), gap),
    }
}

/// `DescribeTasks` of up to 100 tasks.
async fn tasks(
    asking: &Asking<'_>,
    arn: &ServiceArn,
    tasks: Vec<String>,
) -> Fact<Vec<StoppedTask>> {
    let call = asking.clients.ecs.describe_tasks();
    let call = call.cluster(&arn.cluster).set_tasks(Some(tasks));
    let answer = asking
        .ask("the stopped tasks", "ecs:DescribeTasks", call.send())
        .await;
    answer.map(|answer| answer.tasks().iter().map(convert::task).collect())
}

/// `ListServiceDeployments`, the newest 100 of 90 days: all that one call answers.
pub(crate) async fn history(asking: &Asking<'_>, arn: &ServiceArn) -> Fact<Vec<ServiceDeployment>> {
    let call = asking.clients.ecs.list_service_deployments();
    let call = call.cluster(&arn.cluster).service(&arn.service);
    let call = call.max_results(100);
    let what = "the service deployment history";
    let answer = asking
        .ask(what, "ecs:ListServiceDeployments", call.send())
        .await;
    answer.map(|answer| {
        let mut history: Vec<_> = answer
            .service_deployments()
            .iter()
            .map(convert::service_deployment)
            .collect();
        short::sort_by_key(&mut history, |deployment| {
            std::cmp::Reverse(deployment.created_at)
        });
        history
    })
}

/// What `DescribeServiceDeployments` says of up to 20 service deployments, by ARN. `what` is what it
/// is asked for, as a person would say it.
pub(crate) async fn details(
    asking: &Asking<'_>,
    what: &str,
    deployments: Vec<String>,
) -> Fact<BTreeMap<String, ServiceDeploymentDetail>> {
    let call = asking.clients.ecs.describe_service_deployments();
    let call = call.set_service_deployment_arns(Some(deployments));
    let answer = asking
        .ask(what, "ecs:DescribeServiceDeployments", call.send())
        .await;
    answer.map(|answer| {
        let deployments = answer.service_deployments().iter();
        let named = deployments
            .filter_map(|it| Some((it.service_deployment_arn()?.to_owned(), convert::detail(it))));
        short::map(named)
    })
}

/// What both calls said of a deployment. A stop that is asked for while they are made shows in one.
pub(crate) fn complete(entry: &mut ServiceDeployment, detail: ServiceDeploymentDetail) {
    let is_on = matches!(entry.status.as_str(), "PENDING" | "IN_PROGRESS");
    if is_on && !detail.status.is_empty() {
        entry.status.clone_from(&detail.status);
    }
    entry.detail = Some(detail);
}

/// The history, with the details of those entries that there are details of.
pub(crate) fn detailed(
    history: Fact<Vec<ServiceDeployment>>,
    details: Option<&BTreeMap<String, ServiceDeploymentDetail>>,
) -> Fact<Vec<ServiceDeployment>> {
    let Some(details) = details else {
        return history;
    };
    history.map(|mut history| {
        for entry in &mut history {
            if let Some(detail) = details.get(&entry.arn) {
                complete(entry, detail.clone());
            }
        }
        history
    })
}

/// `DescribeServiceRevisions` of up to 20 revisions.
pub(crate) async fn revisions(
    asking: &Asking<'_>,
    revisions: Vec<String>,
) -> Fact<Vec<ServiceRevision>> {
    let call = asking.clients.ecs.describe_service_revisions();
    let call = call.set_service_revision_arns(Some(revisions));
    let what = "the service revisions";
    let answer = asking
        .ask(what, "ecs:DescribeServiceRevisions", call.send())
        .await;
    answer.map(|answer| {
        answer
            .service_revisions()
            .iter()
            .map(convert::revision)
            .collect()
    })
}

/// `DescribeTaskDefinition` of one revision. The values of environment variables are dropped here.
pub(crate) async fn task_definition(
    asking: &Asking<'_>,
    what: &str,
    arn: &str,
) -> Fact<TaskDefinition> {
    let call = asking
        .clients
        .ecs
        .describe_task_definition()
        .task_definition(arn);
    let answer = asking
        .ask(what, "ecs:DescribeTaskDefinition", call.send())
        .await;
    match answer {
        Fact::Known(answer) => match answer.task_definition() {
            Some(definition) => Fact::Known(convert::task_definition(definition)),
            None => crate::asking::missing(
                what,
                Why::NotFound {
                    detail: arn.to_owned(),
                },
            ),
        },
        Fact::Missing(missing) => Fact::Missing(missing),
    }
}
