//! What surrounds stopped tasks. Their events hold the tasks themselves.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use domain::arn::ServiceArn;
use domain::facts::{DeploymentFacts, Fact, LogTail, Service, StoppedTask, TaskDefinition, Why};
use domain::incident::ServiceRecord;
use domain::stop::{Group, Subject};
use futures_util::future::join_all;
use tokio::sync::OnceCell;

use super::good::definition;
use super::{Asking, log, missing, not_asked};
use crate::ecs;
use crate::state::State;

/// How many services `DescribeServices` takes at once (Amazon ECS API reference).
pub const AT_ONCE: usize = 10;

/// What surrounds the stopped tasks of one story. Standalone tasks have neither.
#[derive(Clone, Debug)]
pub struct Around {
    /// The service, with its tags and deployments.
    pub service: Fact<Service>,
    /// What opsbot remembers of it.
    pub record: Fact<ServiceRecord>,
}

/// Reads what surrounds each subject: the services in one call a cluster, for they are read from a
/// small bucket (Amazon ECS API reference, `request-throttling`), and the records beside it.
pub async fn around(asking: &Asking<'_>, state: &State<'_>, subjects: &[&Subject]) -> Vec<Around> {
    let records = subjects.iter().map(|subject| async {
        match subject.standalone {
            true => missing("", Why::NotNeeded),
            false => state.record(&subject.arn).await,
        }
    });
    let (services, records) = tokio::join!(services(asking, subjects), join_all(records));
    let service = |subject: &Subject| {
        let known = services.get(&subject.arn).cloned();
        known.unwrap_or_else(|| missing("", Why::NotNeeded))
    };
    let all = subjects.iter().zip(records);
    all.map(|(subject, record)| Around {
        service: service(subject),
        record,
    })
    .collect()
}

async fn services<'a>(
    asking: &Asking<'_>,
    subjects: &[&'a Subject],
) -> HashMap<&'a ServiceArn, Fact<Service>> {
    let mut clusters: BTreeMap<&str, Vec<&ServiceArn>> = BTreeMap::new();
    for subject in subjects.iter().filter(|subject| !subject.standalone) {
        let wanted = clusters.entry(&subject.arn.cluster).or_default();
        if !wanted.contains(&&subject.arn) {
            wanted.push(&subject.arn);
        }
    }
    let calls = clusters.values().flat_map(|arns| arns.chunks(AT_ONCE));
    let answers = calls.map(|arns| async move { (arns, ecs::services(asking, arns).await) });
    let mut all = HashMap::new();
    for (arns, services) in join_all(answers).await {
        all.extend(arns.iter().copied().zip(services));
    }
    all
}

/// Task definitions, which never change: each is read once. In a storm not all of them are, for they
/// are read one by one from a bucket of 50.
#[derive(Debug, Default)]
pub struct Definitions(Mutex<Shelf>);

#[derive(Debug, Default)]
struct Shelf {
    known: HashMap<String, Arc<OnceCell<Fact<TaskDefinition>>>>,
    /// How many were asked for in this batch.
    asked: usize,
}

/// Reads in one batch. Two invocations at a time stay below the bucket of 50.
const MOST: usize = 20;
/// Definitions that are kept from batch to batch, mostly some kB each and never over 64 KiB
/// (Amazon ECS service quotas).
const KEPT: usize = 50;

impl Definitions {
    /// Forgets what could not be read: it is asked for again in the batch that begins.
    pub fn new_batch(&self) {
        let mut shelf = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shelf.asked = 0;
        let is_known = |place: &Arc<OnceCell<Fact<_>>>| place.get()?.known().map(|_| ());
        shelf.known.retain(|_, place| is_known(place).is_some());
        if shelf.known.len() > KEPT {
            shelf.known.clear();
        }
    }

    /// These, as far as they can be read.
    pub async fn known(
        &self,
        asking: &Asking<'_>,
        arns: impl Iterator<Item = &str>,
    ) -> Vec<TaskDefinition> {
        let arns: BTreeSet<&str> = arns.collect();
        let reads = arns.into_iter().map(|arn| self.read(asking, Some(arn)));
        let read = join_all(reads).await;
        read.iter().filter_map(Fact::known).cloned().collect()
    }

    async fn read(&self, asking: &Asking<'_>, arn: Option<&str>) -> Fact<TaskDefinition> {
        const WHAT: &str = "the task definition";
        let Some(arn) = arn else {
            return missing(WHAT, Why::NotNeeded);
        };
        match self.place(arn) {
            Some(place) => {
                let read = || definition(asking, WHAT, Some(arn));
                place.get_or_init(read).await.clone()
            }
            None => not_asked(
                WHAT,
                "so many different tasks stopped that not all are looked at",
            ),
        }
    }

    fn place(&self, arn: &str) -> Option<Arc<OnceCell<Fact<TaskDefinition>>>> {
        let mut shelf = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = shelf.known.get(arn) {
            return Some(Arc::clone(place));
        }
        if shelf.asked >= MOST {
            return None;
        }
        shelf.asked += 1;
        Some(Arc::clone(shelf.known.entry(arn.to_owned()).or_default()))
    }
}

/// What is read of one group of stops.
#[derive(Clone, Debug)]
pub struct Evidence {
    definition: Fact<TaskDefinition>,
    log: Fact<LogTail>,
}

/// Reads the task definition of a group and the log tail of its culprit.
pub async fn evidence(
    asking: &Asking<'_>,
    definitions: &Definitions,
    group: &Group,
    log_lines: u8,
) -> Evidence {
    let about = &group.about;
    let arn = about.task_definition.as_deref();
    let definition = definitions.read(asking, arn).await;
    let tasks: Fact<Vec<StoppedTask>> = Fact::Known(group.tasks());
    let log = log::of_the_culprit(asking, &about.subject.arn, &definition, &tasks, log_lines).await;
    Evidence { definition, log }
}

impl Evidence {
    /// The facts of the group.
    pub fn facts(self, group: &Group, service: Fact<Service>) -> DeploymentFacts {
        DeploymentFacts {
            failing: self.definition,
            log: self.log,
            ..DeploymentFacts::of_stops(service, group.tasks())
        }
    }
}
