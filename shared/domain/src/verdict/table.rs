//! The table of verdicts as people read it, in the order of the rows.

use super::Verdict;

/// Every verdict's code and when it is given, in the order they are asked.
pub const ROWS: [(&str, &str); 20] = [
    (
        "hold_service_gone",
        "the service is inactive, draining or missing",
    ),
    (
        "hold_facts_missing",
        "the service, its deployment history or opsbot's own table could not be read",
    ),
    (
        "hold_not_ours",
        "the controller is `CODE_DEPLOY` or `EXTERNAL`, it is an Express service, or its strategy \
         is not known",
    ),
    (
        "watch_ecs_rollback",
        "ECS rolls back, has, or will by its circuit breaker or alarms; opsbot reports how it ends",
    ),
    (
        "hold_superseded",
        "a newer deployment is primary or on record",
    ),
    (
        "hold_was_rollback",
        "the failed deployment is itself a rollback, ECS's or opsbot's: a person is paged",
    ),
    (
        "hold_already_done",
        "opsbot has tried it once: there is one attempt per failed deployment, ever",
    ),
    (
        "hold_unclear",
        "the deployment is not found in the history, or its state is not known",
    ),
    (
        "hold_not_failing",
        "ECS calls the deployment completed, or nothing of it is known to fail",
    ),
    (
        "hold_cooling_down",
        "the service's cool-down, or the stack's hourly cap, is not over",
    ),
    (
        "hold_stack_in_progress",
        "the service's CloudFormation stack is being changed: it rolls back by itself",
    ),
    (
        "hold_not_its_fault",
        "capacity, Spot, platform, registry or network, or the old revision's tasks stop of the \
         same cause",
    ),
    (
        "hold_nothing_good",
        "it is the first deployment, or no successful one is on record",
    ),
    (
        "hold_same_revision",
        "the last good revision is the failing task definition, or its image tag names the failing \
         image now",
    ),
    (
        "hold_target_unusable",
        "the good task definition is inactive, could not be read, or is not where ECS would go",
    ),
    (
        "hold_not_opted_in",
        "the service's tag, or the default, is `off`",
    ),
    (
        "hold_too_few",
        "ECS does not call it failed, and fewer tasks have failed than the circuit breaker waits \
         for: half of those desired, at least 3; opsbot looks again then",
    ),
    (
        "dry_run",
        "the tag, the default or the request is `dry-run`",
    ),
    (
        "ask",
        "the tag or the default is `ask`, and no person has asked yet",
    ),
    ("roll_back", "none of the above"),
];

impl Verdict {
    /// The stable code, which filter policies, records and machines rely on.
    pub fn code(&self) -> &'static str {
        ROWS[self.row()].0
    }

    /// Its row in [`ROWS`].
    fn row(&self) -> usize {
        match self {
            Self::ServiceGone { .. } => 0,
            Self::FactsMissing { .. } => 1,
            Self::NotOurs { .. } => 2,
            Self::Watch { .. } => 3,
            Self::Superseded { .. } => 4,
            Self::WasRollback { .. } => 5,
            Self::AlreadyDone { .. } => 6,
            Self::Unclear { .. } => 7,
            Self::NotFailing { .. } => 8,
            Self::CoolingDown(_) => 9,
            Self::StackInProgress { .. } => 10,
            Self::NotItsFault { .. } => 11,
            Self::NothingGood { .. } => 12,
            Self::SameRevision { .. } => 13,
            Self::TargetUnusable { .. } => 14,
            Self::NotOptedIn { .. } => 15,
            Self::TooFew { .. } => 16,
            Self::DryRun { .. } => 17,
            Self::Ask { .. } => 18,
            Self::RollBack { .. } => 19,
        }
    }
}
