//! For each row but the last, the smallest change of a sound case that makes the row apply.

use domain::causes::Cause;
use domain::facts::{Breaker, Fact, Rollout, StackState};
use domain::incident::OpenIncident;
use domain::stop::{Silent, Unheard};
use domain::verdict::Case;

use super::build::{JUDGED, Words, ago, attempt, denied, deployment, entry};

/// A row's code, and what makes it apply.
pub type Obstacle = (&'static str, fn(Case) -> Case);

/// In the order of the rows. Where several are put into one case, the later rows' go first, so that
/// none takes another one's ground away.
pub const OBSTACLES: [Obstacle; 19] = [
    ("hold_service_gone", |case| {
        case.service(|it| "DRAINING".clone_into(&mut it.status))
    }),
    ("hold_facts_missing", |case| {
        case.with(|it| it.attempts = denied("opsbot's table", "dynamodb:Query"))
    }),
    ("hold_not_ours", |case| {
        case.service(|it| it.controller = Some("CODE_DEPLOY".to_owned()))
    }),
    ("watch_ecs_rollback", |case| {
        case.history(|it| {
            let newest = it.iter_mut().max_by_key(|entry| entry.created_at);
            let newest = newest.expect("a history");
            "ROLLBACK_IN_PROGRESS".clone_into(&mut newest.status);
        })
    }),
    ("hold_superseded", |case| {
        case.service(|it| {
            "ACTIVE".clone_into(&mut it.deployments[0].status);
            let newer = deployment(43, "PRIMARY", Rollout::InProgress, 2);
            it.deployments.insert(0, newer);
        })
        .history(|it| it.insert(0, entry(43, "IN_PROGRESS", 2)))
    }),
    ("hold_was_rollback", |case| {
        case.record(|it| {
            it.open.push(OpenIncident {
                id: "ecs/1".to_owned(),
                deployment: "ecs-svc/0040".to_owned(),
                failing: None,
                failed_at: ago(30),
                rolling_back_to: Some(JUDGED.to_owned()),
                quiet: false,
                taken_back: false,
                unsure: false,
            });
        })
    }),
    ("hold_already_done", |case| {
        case.attempts(|it| it.of_this = Some(attempt(JUDGED, 200, None)))
    }),
    ("hold_unclear", |case| {
        case.history(|it| {
            let own = it
                .iter_mut()
                .find(|entry| entry.created_at == Some(ago(20)));
            "PAUSED".clone_into(&mut own.expect("its own entry").status);
        })
    }),
    ("hold_not_failing", |case| {
        case.service(|it| {
            let judged = it.deployments.iter_mut().find(|it| it.id == JUDGED);
            judged.expect("the judged one").rollout = Some(Rollout::Completed);
        })
    }),
    ("hold_cooling_down", |case| {
        case.attempts(|it| it.newest = Some(attempt("ecs-svc/0040", 40, Some("ecs-svc/0007"))))
    }),
    ("hold_stack_in_progress", |case| {
        case.service(|it| {
            let name = "aws:cloudformation:stack-name".to_owned();
            it.tags.insert(name, "shop".to_owned());
        })
        .with(|it| {
            it.stack = Some(Fact::Known(Some(StackState {
                name: "shop".to_owned(),
                status: "UPDATE_IN_PROGRESS".to_owned(),
            })));
        })
    }),
    ("hold_not_its_fault", |case| {
        case.with(|it| it.causes = vec![Cause::CapacityUnavailable])
    }),
    ("hold_nothing_good", |case| {
        case.history(|it| it.retain(|entry| entry.status != "SUCCESSFUL"))
            .record(|it| it.good = None)
            .service(|it| it.deployments.retain(|it| it.id != "ecs-svc/0041"))
    }),
    ("hold_same_revision", |case| {
        case.history(|it| it.push(entry(42, "SUCCESSFUL", 500)))
    }),
    ("hold_target_unusable", |case| case.definition(41, false)),
    ("hold_not_opted_in", |case| case.tagged("off")),
    ("hold_too_few", |case| {
        let case = case.service(|it| {
            it.desired = 40;
            it.breaker = Breaker::default();
            it.deployments[0].rollout = Some(Rollout::InProgress);
            it.deployments[0].failed_tasks = 0;
        });
        let case = case.history(|it| {
            "IN_PROGRESS".clone_into(&mut it[0].status);
        });
        let unheard = Unheard::NothingWatches;
        case.with(|it| it.silent = Some(Silent { stops: 19, unheard }))
    }),
    ("dry_run", |case| case.tagged("dry-run")),
    ("ask", |case| case.tagged("ask")),
];

/// The case with these obstacles of [`OBSTACLES`] in it.
pub fn with(case: Case, which: &[usize]) -> Case {
    let mut which = which.to_vec();
    which.sort_unstable();
    let put = |case, row: &usize| OBSTACLES[*row].1(case);
    which.iter().rev().fold(case, put)
}
