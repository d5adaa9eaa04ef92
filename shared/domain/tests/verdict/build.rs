//! Cases in words: releases that would be rolled back, and what changes the verdict.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use domain::arn::ServiceArn;
use domain::causes::Cause;
use domain::facts::{
    Breaker, Deployment, Fact, LifecycleHook, Missing, RevisionImage, Rollout, Service,
    ServiceDeployment, ServiceDeploymentDetail, ServiceRevision, TaskDefinition, Why,
};
use domain::incident::{RecordedRevision, ServiceRecord};
use domain::verdict::{Attempt, Attempts, Case, OptIn, Policy, Requester, Verdict, decide};

const ECS: &str = "arn:aws:ecs:eu-west-1:111122223333";

/// The deployment that is judged: of `order-api:42`, 20 minutes ago.
pub const JUDGED: &str = "ecs-svc/0042";

/// Minutes before "now".
pub fn ago(minutes: i64) -> DateTime<Utc> {
    now() - TimeDelta::minutes(minutes)
}

pub fn now() -> DateTime<Utc> {
    "2026-03-05T10:30:00Z".parse().expect("a time")
}

/// The ARN of `order-api:<number>`.
pub fn order_api(number: u32) -> String {
    format!("{ECS}:task-definition/order-api:{number}")
}

fn revision_arn(number: u32) -> String {
    format!("{ECS}:service-revision/prod-apps/order-api/{number}")
}

/// One deployment of `order-api:<number>` that the service lists.
pub fn deployment(number: u32, status: &str, rollout: Rollout, minutes: i64) -> Deployment {
    Deployment {
        id: format!("ecs-svc/{number:04}"),
        status: status.to_owned(),
        task_definition: order_api(number),
        rollout: Some(rollout),
        created_at: Some(ago(minutes)),
        ..Deployment::default()
    }
}

/// One entry of the history that brings `order-api:<number>`.
pub fn entry(number: u32, status: &str, minutes: i64) -> ServiceDeployment {
    ServiceDeployment {
        arn: format!("{ECS}:service-deployment/prod-apps/order-api/d{number}m{minutes}"),
        status: status.to_owned(),
        target_revision: Some(revision_arn(number)),
        created_at: Some(ago(minutes)),
        detail: Some(ServiceDeploymentDetail::default()),
        ..ServiceDeployment::default()
    }
}

fn revision(number: u32) -> ServiceRevision {
    ServiceRevision {
        arn: revision_arn(number),
        task_definition: order_api(number),
        ..ServiceRevision::default()
    }
}

fn definition(number: u32, active: bool) -> (String, Fact<TaskDefinition>) {
    let definition = TaskDefinition {
        arn: order_api(number),
        active,
        ..TaskDefinition::default()
    };
    (order_api(number), Fact::Known(definition))
}

/// Why a fact is missing, as a denial.
pub fn denied<T>(what: &str, action: &str) -> Fact<T> {
    let why = Why::Denied {
        action: action.to_owned(),
        resource: None,
    };
    Fact::Missing(Missing::new(what, why))
}

/// `order-api:42` failed: the breaker, without rollback, stopped it. `order-api:41` was good before
/// it, and the service is opted in. This is rolled back.
pub fn a_failed_release() -> Case {
    let service = Service {
        status: "ACTIVE".to_owned(),
        desired: 3,
        scheduling: Some("REPLICA".to_owned()),
        breaker: Breaker {
            enabled: true,
            rollback: false,
        },
        deployments: vec![
            deployment(42, "PRIMARY", Rollout::Failed, 20),
            deployment(41, "ACTIVE", Rollout::Completed, 9_000),
        ],
        tags: BTreeMap::from([("opsbot:rollback".to_owned(), "auto".to_owned())]),
        ..Service::default()
    };
    let good = RecordedRevision {
        task_definition: order_api(41),
        deployment: "ecs-svc/0041".to_owned(),
        completed_at: ago(8_990),
    };
    Case {
        arn: ServiceArn::parse(&format!("{ECS}:service/prod-apps/order-api"), None)
            .expect("an ARN"),
        deployment: JUDGED.to_owned(),
        service: Fact::Known(service),
        history: Fact::Known(vec![
            entry(42, "STOPPED", 20),
            entry(41, "SUCCESSFUL", 9_000),
        ]),
        revisions: Fact::Known((39..=43).map(revision).collect()),
        record: Fact::Known(ServiceRecord {
            good: Some(good),
            ..ServiceRecord::default()
        }),
        attempts: Fact::Known(Attempts::default()),
        definitions: [definition(41, true), definition(40, true)].into(),
        causes: vec![Cause::AppError],
        old_causes: Vec::new(),
        silent: None,
        stack: Some(Fact::Known(None)),
        requester: Requester::Event,
        policy: Policy {
            default: OptIn::Off,
            cooldown: TimeDelta::hours(1),
            per_hour: 10,
        },
        now: now(),
    }
}

/// The same with no breaker: its tasks fail, and ECS keeps trying. This is rolled back too.
pub fn a_release_in_flight() -> Case {
    a_failed_release()
        .service(|it| {
            it.breaker = Breaker::default();
            it.deployments[0].rollout = Some(Rollout::InProgress);
            it.deployments[0].failed_tasks = 3;
        })
        .history(|it| {
            "IN_PROGRESS".clone_into(&mut it[0].status);
            it[0].detail = Some(ServiceDeploymentDetail {
                sources: vec![revision_arn(41)],
                ..ServiceDeploymentDetail::default()
            });
        })
}

/// The same where traffic is shifted: ECS gives no rollout state then.
pub fn a_release_that_shifts_traffic(strategy: &str) -> Case {
    a_release_in_flight().service(|it| {
        it.strategy = Some(strategy.to_owned());
        it.deployments.iter_mut().for_each(|it| it.rollout = None);
    })
}

/// What is changed about a case, in words. Each gives the changed case.
pub trait Words: Sized {
    fn with(self, change: impl FnOnce(&mut Case)) -> Case;

    fn service(self, change: impl FnOnce(&mut Service)) -> Case {
        self.with(|case| {
            if let Fact::Known(service) = &mut case.service {
                change(service);
            }
        })
    }

    fn history(self, change: impl FnOnce(&mut Vec<ServiceDeployment>)) -> Case {
        self.with(|case| {
            if let Fact::Known(history) = &mut case.history {
                change(history);
            }
        })
    }

    fn record(self, change: impl FnOnce(&mut ServiceRecord)) -> Case {
        self.with(|case| {
            if let Fact::Known(record) = &mut case.record {
                change(record);
            }
        })
    }

    fn attempts(self, change: impl FnOnce(&mut Attempts)) -> Case {
        self.with(|case| {
            if let Fact::Known(attempts) = &mut case.attempts {
                change(attempts);
            }
        })
    }

    fn tagged(self, value: &str) -> Case {
        self.service(|it| {
            it.tags
                .insert("opsbot:rollback".to_owned(), value.to_owned());
        })
    }

    fn untagged(self) -> Case {
        self.service(|it| it.tags.clear())
    }

    fn asked_by_a_person(self) -> Case {
        self.with(|case| {
            case.requester = Requester::Person {
                to: None,
                dry_run: false,
            };
        })
    }

    fn asked_to_go_back_to(self, to: &str) -> Case {
        self.with(|case| {
            case.requester = Requester::Person {
                to: Some(to.to_owned()),
                dry_run: false,
            };
        })
    }

    /// `order-api:<number>` can be started, or not.
    fn definition(self, number: u32, active: bool) -> Case {
        self.with(|case| case.definitions.extend([definition(number, active)]))
    }

    /// A pause hook awaits an answer.
    fn paused_at_a_hook(self) -> Case {
        self.history(|it| {
            let detail = it[0].detail.as_mut().expect("described");
            detail.hooks.push(LifecycleHook {
                id: "ecs-pause-e7tK9G_2".to_owned(),
                target_type: "PAUSE".to_owned(),
                status: "AWAITING_ACTION".to_owned(),
            });
        })
    }

    /// ECS is back on `order-api:41`'s old deployment, and the judged one only winds down.
    fn back_on_the_old_deployment(self, rollout: Rollout) -> Case {
        self.service(|it| {
            let (gone, mut back) = (it.deployments.remove(0), it.deployments.remove(0));
            "PRIMARY".clone_into(&mut back.status);
            back.rollout = Some(rollout);
            let reason =
                "ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/0041.";
            back.rollout_reason = Some(reason.to_owned());
            it.deployments = vec![
                back,
                Deployment {
                    status: "ACTIVE".to_owned(),
                    ..gone
                },
            ];
        })
    }

    /// The old digest and the new one of the image `shop/order-api:latest`.
    fn resolving_to(self, number: u32, as_revision: u32, digest: char) -> Case {
        self.with(|case| {
            let Fact::Known(revisions) = &mut case.revisions else {
                return;
            };
            revisions.retain(|it| it.arn != revision_arn(as_revision));
            let image = RevisionImage {
                image: "shop/order-api:latest".to_owned(),
                digest: Some(format!("sha256:{}", digest.to_string().repeat(12))),
            };
            revisions.push(ServiceRevision {
                arn: revision_arn(as_revision),
                task_definition: order_api(number),
                images: [("app".to_owned(), image)].into(),
            });
        })
    }
}

impl Words for Case {
    fn with(mut self, change: impl FnOnce(&mut Case)) -> Case {
        change(&mut self);
        self
    }
}

/// opsbot went back to `order-api:41` from that deployment.
pub fn attempt(failed: &str, minutes: i64, made: Option<&str>) -> Attempt {
    Attempt {
        failed: failed.to_owned(),
        from: None,
        to: order_api(41),
        at: ago(minutes),
        made: made.map(str::to_owned),
    }
}

/// The code, and the sentence as it is printed.
pub fn told(case: &Case) -> String {
    let verdict = decide(case);
    format!("{}: {}", verdict.code(), verdict.sentence())
}

/// The case's verdict is this one.
#[track_caller]
pub fn check(case: &Case, code: &str) -> Verdict {
    let verdict = decide(case);
    assert_eq!(verdict.code(), code, "{}", verdict.sentence());
    verdict
}
