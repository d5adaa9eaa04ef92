//! The case of roll-back: every fact of a verdict, read anew.
//!
//! Whoever asks says where the facts stood, so all of them are read in one round; another is made
//! only where the fresh facts name something else.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::arn::ServiceArn;
use domain::causes::Cause;
use domain::facts::{Fact, ServiceDeploymentDetail, ServiceRevision, StackState, TaskDefinition};
use domain::stop::Silent;
use domain::verdict::{Case, LookedAt, Policy, Requester};
use futures_util::future::join_all;

use super::Asking;
use crate::ecs;
use crate::stacks::Stacks;
use crate::state::State;

/// A deployment to judge.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// The service.
    pub service: &'a ServiceArn,
    /// The deployment's `ecs-svc/…` id.
    pub deployment: &'a str,
    /// Where the facts stood when it was asked.
    pub looked_at: &'a LookedAt,
    /// Why its tasks stop.
    pub causes: &'a [Cause],
    /// Why tasks of the revision it replaces stop.
    pub old_causes: &'a [Cause],
    /// Why ECS does not call it failing, where somebody noticed.
    pub silent: Option<Silent>,
    /// Who asks.
    pub requester: Requester,
    /// What is allowed.
    pub policy: Policy,
    /// Now.
    pub now: DateTime<Utc>,
}

/// The hands that a case is gathered with.
#[derive(Clone, Copy, Debug)]
pub struct Sources<'a> {
    /// AWS.
    pub asking: Asking<'a>,
    /// opsbot's own table.
    pub state: State<'a>,
    /// CloudFormation.
    pub stacks: &'a Stacks,
}

/// So many service deployments, or service revisions, are described in one call (API reference,
/// `DescribeServiceDeployments` and `DescribeServiceRevisions`).
const A_CALL: usize = 20;
/// Hints lead to reads only, and to no more than so many of a sort: twice what is wanted of one.
const HINTS: usize = 40;
/// Rounds beyond the first: each leads further down the list of candidates.
const ROUNDS: usize = 8;

/// Gathers the case of a question.
pub async fn case(sources: &Sources<'_>, question: &Question<'_>) -> Case {
    let Sources { asking, state, .. } = sources;
    let service = question.service;
    let mut read = Read::default();
    let (known, history, record, attempts, ()) = tokio::join!(
        ecs::service(asking, service),
        ecs::history(asking, service),
        state.record(service),
        state.attempts(service, question.deployment, question.now),
        read.more(sources, capped(question.looked_at)),
    );
    // A call that failed may have failed by a wrong hint.
    read.forget_failures();
    let mut case = Case {
        arn: service.clone(),
        deployment: question.deployment.to_owned(),
        service: known,
        history,
        revisions: Fact::Known(Vec::new()),
        record,
        attempts,
        definitions: BTreeMap::new(),
        causes: question.causes.to_vec(),
        old_causes: question.old_causes.to_vec(),
        silent: question.silent,
        stack: None,
        requester: question.requester.clone(),
        policy: question.policy,
        now: question.now,
    };
    for _ in 0..ROUNDS {
        let missed = read.fill(&mut case);
        if missed == LookedAt::default() {
            break;
        }
        read.more(sources, missed).await;
    }
    read.fill(&mut case);
    case
}

fn capped(hints: &LookedAt) -> LookedAt {
    let mut hints = hints.clone();
    for arns in [
        &mut hints.deployments,
        &mut hints.revisions,
        &mut hints.definitions,
    ] {
        arns.truncate(HINTS);
    }
    hints
}

/// What was read of the things that hints and facts name, by name. `Known(None)` is what AWS left
/// out of its answer.
#[derive(Default)]
struct Read {
    deployments: BTreeMap<String, Fact<Option<ServiceDeploymentDetail>>>,
    revisions: BTreeMap<String, Fact<Option<ServiceRevision>>>,
    definitions: BTreeMap<String, Fact<TaskDefinition>>,
    stacks: BTreeMap<String, Fact<Option<StackState>>>,
}

impl Read {
    /// Reads all of this at once.
    async fn more(&mut self, sources: &Sources<'_>, wanted: LookedAt) {
        let asking = &sources.asking;
        let deployments = wanted.deployments.chunks(A_CALL).map(async |arns| {
            let what = "the details of the service deployments";
            let found = ecs::details(asking, what, arns.to_vec()).await;
            by_name(arns, &found, |found, arn| found.get(arn).cloned())
        });
        let revisions = wanted.revisions.chunks(A_CALL).map(async |arns| {
            let found = ecs::revisions(asking, arns.to_vec()).await;
            by_name(arns, &found, |found, arn| {
                found.iter().find(|it| it.arn == arn).cloned()
            })
        });
        let definitions = wanted.definitions.iter().map(async |arn| {
            let what = "a task definition that was good once";
            let found = ecs::task_definition(asking, what, arn).await;
            (arn.clone(), found)
        });
        let stacks = wanted.stack.iter().map(async |name| {
            let state = sources.stacks.state(asking, name).await;
            (name.clone(), state)
        });
        let (deployments, revisions, definitions, stacks) = tokio::join!(
            join_all(deployments),
            join_all(revisions),
            join_all(definitions),
            join_all(stacks),
        );
        self.deployments.extend(deployments.into_iter().flatten());
        self.revisions.extend(revisions.into_iter().flatten());
        self.definitions.extend(definitions);
        self.stacks.extend(stacks);
    }

    fn forget_failures(&mut self) {
        self.deployments.retain(|_, it| it.known().is_some());
        self.revisions.retain(|_, it| it.known().is_some());
    }

    /// Puts what was read to the case, and answers with what its facts name that was not.
    fn fill(&self, case: &mut Case) -> LookedAt {
        if let Fact::Known(history) = &mut case.history {
            for entry in history {
                let detail = self.deployments.get(&entry.arn).and_then(Fact::known);
                if let Some(detail) = detail.cloned().flatten() {
                    ecs::complete(entry, detail);
                }
            }
        }
        case.definitions.clone_from(&self.definitions);
        let named = LookedAt::named_by(case);
        let stack = named.stack.as_ref();
        case.stack = stack.and_then(|name| self.stacks.get(name).cloned());
        case.revisions = self.of_history(&named.revisions);
        // Only with the revisions it is known which task definitions are wanted.
        let LookedAt {
            deployments,
            revisions,
            definitions,
            stack,
        } = LookedAt::named_by(case);
        let revisions = not_in(revisions, &self.revisions);
        let definitions = not_in(definitions, &self.definitions);
        LookedAt {
            deployments: not_in(deployments, &self.deployments),
            definitions: if revisions.is_empty() {
                definitions
            } else {
                Vec::new()
            },
            revisions,
            stack: stack.filter(|name| !self.stacks.contains_key(name)),
        }
    }

    /// The revisions of these names; missing where one could not be read.
    fn of_history(&self, names: &[String]) -> Fact<Vec<ServiceRevision>> {
        let mut all = Vec::new();
        for revision in names.iter().filter_map(|name| self.revisions.get(name)) {
            match revision {
                Fact::Known(revision) => all.extend(revision.clone()),
                Fact::Missing(missing) => return Fact::Missing(missing.clone()),
            }
        }
        Fact::Known(all)
    }
}

fn by_name<A, T: Clone>(
    names: &[String],
    answer: &Fact<A>,
    find: impl Fn(&A, &str) -> Option<T>,
) -> Vec<(String, Fact<Option<T>>)> {
    let found = |name: &String| match answer {
        Fact::Known(answer) => Fact::Known(find(answer, name)),
        Fact::Missing(missing) => Fact::Missing(missing.clone()),
    };
    let each = names.iter().map(|name| (name.clone(), found(name)));
    each.collect()
}

fn not_in<T>(names: Vec<String>, read: &BTreeMap<String, T>) -> Vec<String> {
    let mut names = names;
    names.retain(|name| !read.contains_key(name));
    names
}
