//! What holds for every case.

use chrono::TimeDelta;
use domain::causes::Cause;
use domain::facts::{Deployment, Fact, Missing, Rollout, ServiceDeployment, StackState, Why};
use domain::sanitize::line;
use domain::stop::{Silent, Unheard};
use domain::verdict::{Attempt, Case, OptIn, Plan, Requester, decide};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::build::*;
use super::obstacles::{OBSTACLES, with};

/// A sound case of any kind.
fn sound() -> impl Strategy<Value = Case> {
    prop::sample::select(vec![
        a_failed_release(),
        a_failed_release().service(|it| it.scheduling = Some("DAEMON".to_owned())),
        a_failed_release().history(|it| "STOP_REQUESTED".clone_into(&mut it[0].status)),
        a_release_in_flight(),
        a_release_in_flight().paused_at_a_hook(),
        a_release_that_shifts_traffic("BLUE_GREEN"),
        a_release_that_shifts_traffic("LINEAR"),
        a_release_that_shifts_traffic("CANARY").paused_at_a_hook(),
    ])
}

const STATUSES: [&str; 10] = [
    "PENDING",
    "IN_PROGRESS",
    "STOP_REQUESTED",
    "STOPPED",
    "SUCCESSFUL",
    "ROLLBACK_REQUESTED",
    "ROLLBACK_IN_PROGRESS",
    "ROLLBACK_SUCCESSFUL",
    "ROLLBACK_FAILED",
    "PAUSED",
];

fn a_status() -> impl Strategy<Value = &'static str> {
    prop::sample::select(STATUSES.to_vec())
}

fn an_entry() -> impl Strategy<Value = ServiceDeployment> {
    (39_u32..45, a_status(), 0_i64..100, any::<bool>()).prop_map(|(number, status, at, dated)| {
        let mut entry = entry(number, status, at);
        if !dated {
            entry.arn.push_str("-undated");
            entry.created_at = None;
        }
        entry
    })
}

fn a_deployment() -> impl Strategy<Value = Deployment> {
    let rollout = prop::sample::select(vec![
        Rollout::InProgress,
        Rollout::Completed,
        Rollout::Failed,
        Rollout::Other("PAUSED".to_owned()),
    ]);
    let status = prop::sample::select(vec!["PRIMARY", "ACTIVE", "INACTIVE", "DRAINING"]);
    (39_u32..45, status, rollout, 0_i64..100)
        .prop_map(|(number, status, rollout, at)| deployment(number, status, rollout, at))
}

fn an_attempt() -> impl Strategy<Value = Option<Attempt>> {
    let id = || prop::sample::select(vec![JUDGED, "ecs-svc/0041", "ecs-svc/0007"]);
    let attempt = (id(), 0_i64..200, prop::option::of(id()));
    prop::option::of(attempt.prop_map(|(failed, at, made)| attempt_of(failed, at, made)))
}

fn attempt_of(failed: &str, at: i64, made: Option<&str>) -> Attempt {
    super::build::attempt(failed, at, made)
}

/// Something that may happen to a case: much of it forbids a rollback, some does not.
#[derive(Clone, Debug)]
enum Change {
    History(ServiceDeployment),
    NoHistory,
    NothingGood,
    OwnStatus(&'static str),
    Listed(Deployment),
    Judged(Rollout),
    PrimaryIs(usize),
    Attempts(Option<Attempt>, Option<Attempt>, u32),
    Tag(Option<String>),
    Default(OptIn),
    Active(u32, bool),
    Unread(u8),
    Stack(Option<&'static str>),
    Cause(Cause),
    OldCause(Cause),
    Requester(Requester),
    Service(&'static str, Option<&'static str>),
    Breaker(bool, bool),
    Alarms(bool, bool),
    Silent(u64, i32),
}

fn a_change() -> impl Strategy<Value = Change> {
    let cause = || prop::sample::select(Cause::ALL.to_vec());
    let tag = prop::sample::select(vec!["off", "dry-run", "ask", "auto", "AUTO ", "yes", ""]);
    let stack = prop::sample::select(vec!["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"]);
    let to = prop::option::of((39_u32..44).prop_map(order_api));
    let requester = prop_oneof![
        Just(Requester::Event),
        (to, any::<bool>()).prop_map(|(to, dry_run)| Requester::Person { to, dry_run }),
    ];
    let field = prop::sample::select(vec!["status", "controller", "strategy", "scheduling"]);
    let value = prop::sample::select(vec!["ACTIVE", "ECS", "ROLLING", "CANARY", "DAEMON", "X"]);
    prop_oneof![
        an_entry().prop_map(Change::History),
        Just(Change::NoHistory),
        Just(Change::NothingGood),
        a_status().prop_map(Change::OwnStatus),
        a_deployment().prop_map(Change::Listed),
        a_deployment().prop_map(|it| Change::Judged(it.rollout.unwrap_or(Rollout::Failed))),
        (0_usize..3).prop_map(Change::PrimaryIs),
        (an_attempt(), an_attempt(), 0_u32..15)
            .prop_map(|(this, newest, hour)| Change::Attempts(this, newest, hour)),
        prop::option::of(tag.prop_map(str::to_owned)).prop_map(Change::Tag),
        prop::sample::select(OptIn::ALL.to_vec()).prop_map(Change::Default),
        (39_u32..44, any::<bool>()).prop_map(|(number, active)| Change::Active(number, active)),
        (0_u8..7).prop_map(Change::Unread),
        prop::option::of(stack).prop_map(Change::Stack),
        cause().prop_map(Change::Cause),
        cause().prop_map(Change::OldCause),
        requester.prop_map(Change::Requester),
        (field, prop::option::of(value)).prop_map(|(field, value)| Change::Service(field, value)),
        any::<(bool, bool)>().prop_map(|(on, back)| Change::Breaker(on, back)),
        any::<(bool, bool)>().prop_map(|(on, back)| Change::Alarms(on, back)),
        (0_u64..30, 0_i32..50).prop_map(|(stops, desired)| Change::Silent(stops, desired)),
    ]
}

fn change(case: Case, change: Change) -> Case {
    let unheard = Unheard::NothingWatches;
    match change {
        Change::History(entry) => case.history(|it| it.push(entry)),
        Change::NoHistory => case.history(Vec::clear),
        Change::NothingGood => case
            .history(|it| it.retain(|it| it.status != "SUCCESSFUL"))
            .record(|it| it.good = None)
            .service(|it| {
                it.deployments
                    .retain(|it| it.rollout == Some(Rollout::Failed))
            }),
        Change::OwnStatus(status) => case.history(|it| {
            if let Some(entry) = it.first_mut() {
                status.clone_into(&mut entry.status);
            }
        }),
        Change::Listed(deployment) => case.service(|it| it.deployments.push(deployment)),
        Change::Judged(rollout) => case.service(|it| {
            if let Some(judged) = it.deployments.first_mut() {
                judged.rollout = Some(rollout);
            }
        }),
        Change::PrimaryIs(at) => case.service(|it| {
            for (nth, deployment) in it.deployments.iter_mut().enumerate() {
                let status = if nth == at { "PRIMARY" } else { "ACTIVE" };
                status.clone_into(&mut deployment.status);
            }
        }),
        Change::Attempts(this, newest, hour) => case.attempts(|it| {
            (it.of_this, it.newest, it.last_hour) = (this, newest, hour);
        }),
        Change::Tag(tag) => match tag {
            Some(value) => case.tagged(&value),
            None => case.untagged(),
        },
        Change::Default(default) => case.with(|it| it.policy.default = default),
        Change::Active(number, active) => case.definition(number, active),
        Change::Unread(which) => case.with(|it| unread(it, which)),
        Change::Stack(status) => case
            .service(|it| {
                let name = "aws:cloudformation:stack-name".to_owned();
                it.tags.insert(name, "shop".to_owned());
            })
            .with(|it| {
                it.stack = Some(Fact::Known(status.map(|status| StackState {
                    name: "shop".to_owned(),
                    status: status.to_owned(),
                })));
            }),
        Change::Cause(cause) => case.with(|it| it.causes.insert(0, cause)),
        Change::OldCause(cause) => case.with(|it| it.old_causes.push(cause)),
        Change::Requester(requester) => case.with(|it| it.requester = requester),
        Change::Service(field, value) => case.service(|it| {
            let value = value.map(str::to_owned);
            match field {
                "status" => it.status = value.unwrap_or_default(),
                "controller" => it.controller = value,
                "strategy" => it.strategy = value,
                _ => it.scheduling = value,
            }
        }),
        Change::Breaker(enabled, rollback) => case.service(|it| {
            (it.breaker.enabled, it.breaker.rollback) = (enabled, rollback);
        }),
        Change::Alarms(enabled, rollback) => case.service(|it| {
            (it.alarms.enabled, it.alarms.rollback) = (enabled, rollback);
        }),
        Change::Silent(stops, desired) => case
            .service(|it| it.desired = desired)
            .with(|it| it.silent = Some(Silent { stops, unheard })),
    }
}

fn unread(case: &mut Case, which: u8) {
    match which {
        0 => case.service = denied("it", "ecs:DescribeServices"),
        1 => case.history = denied("it", "ecs:ListServiceDeployments"),
        2 => case.revisions = denied("it", "ecs:DescribeServiceRevisions"),
        3 => case.record = denied("it", "dynamodb:GetItem"),
        4 => case.attempts = denied("it", "dynamodb:Query"),
        5 => case.stack = Some(denied("it", "cloudformation:DescribeStacks")),
        _ => case.definitions.clear(),
    }
}

fn any_case() -> impl Strategy<Value = Case> {
    let changes = prop::collection::vec(a_change(), 0..6);
    (sound(), changes).prop_map(|(case, changes)| changes.into_iter().fold(case, change))
}

/// Everything that must hold where something is written, told again in other words than `decide`
/// uses: `Err` says what does not.
fn may_be_written(case: &Case, plan: &Plan) -> Result<(), &'static str> {
    let all = |conditions: &[(bool, &'static str)]| {
        let broken = conditions.iter().find(|(holds, _)| !holds);
        broken.map_or(Ok(()), |(_, what)| Err(*what))
    };
    let (Some(service), Some(history)) = (case.service.known(), case.history.known()) else {
        return Err("service and history are known");
    };
    let (Some(revisions), Some(record)) = (case.revisions.known(), case.record.known()) else {
        return Err("revisions and record are known");
    };
    let Some(attempts) = case.attempts.known() else {
        return Err("the table is known");
    };
    let brings = |entry: &ServiceDeployment| {
        let of = |it: &&_| entry.target_revision.as_ref() == Some(arn_of(it));
        revisions
            .iter()
            .find(of)
            .map(|it| it.task_definition.as_str())
    };
    let once_good = history
        .iter()
        .any(|it| it.status == "SUCCESSFUL" && brings(it) == Some(plan.to()))
        || record
            .good
            .as_ref()
            .is_some_and(|it| it.task_definition == plan.to())
        || service
            .deployments
            .iter()
            .any(|it| it.rollout == Some(Rollout::Completed) && it.task_definition == plan.to());
    let active = matches!(case.definitions.get(plan.to()), Some(Fact::Known(it)) if it.active);
    let judged = service.deployment(&case.deployment);
    let failing = judged.map(|it| it.task_definition.as_str());
    let newest = history.iter().max_by_key(|it| it.created_at);
    let tag = service
        .tags
        .get("opsbot:rollback")
        .map(|it| it.trim().to_lowercase());
    let rung = tag.as_deref().unwrap_or(case.policy.default.as_str());
    let person = case.requester.is_person();
    let called_failed = judged.is_some_and(|it| it.rollout == Some(Rollout::Failed))
        || newest.is_some_and(|it| {
            ["STOP_REQUESTED", "STOPPED", "ROLLBACK_FAILED"].contains(&it.status.as_str())
        });
    let given_up = person
        || called_failed
        || case.silent.is_none_or(|it| {
            let failed = judged.map_or(0, |it| i64::from(it.failed_tasks));
            let failed = failed.max(it.stops.try_into().unwrap_or_default());
            failed >= 3 && (failed >= 200 || 2 * failed >= i64::from(service.desired))
        });
    let recent = |it: &Attempt| it.at + TimeDelta::hours(1) > case.now;
    let stacked = service.tags.contains_key("aws:cloudformation:stack-name");
    let rests = |stack: &Option<StackState>| {
        stack
            .as_ref()
            .is_none_or(|it| !it.status.ends_with("IN_PROGRESS"))
    };
    all(&[
        (service.status == "ACTIVE", "the service is active"),
        (
            !matches!(service.controller.as_deref(), Some(it) if it != "ECS"),
            "ECS deploys",
        ),
        (failing.is_some(), "the deployment is listed"),
        (
            service.primary().map(|it| &it.id) == Some(&case.deployment),
            "it is PRIMARY",
        ),
        (
            newest.is_some_and(|it| brings(it) == failing),
            "the newest deployment is the judged one",
        ),
        (
            history.iter().all(|it| it.created_at.is_some()),
            "no entry may be newer",
        ),
        (
            newest.is_some_and(|it| {
                ![
                    "ROLLBACK_REQUESTED",
                    "ROLLBACK_IN_PROGRESS",
                    "ROLLBACK_SUCCESSFUL",
                ]
                .contains(&it.status.as_str())
            }),
            "ECS is not rolling back",
        ),
        (attempts.of_this.is_none(), "it is the first attempt"),
        (
            attempts
                .newest
                .as_ref()
                .is_none_or(|it| it.failed != case.deployment),
            "the first one",
        ),
        (
            attempts.newest.as_ref().is_none_or(|it| !recent(it)),
            "the service has cooled down",
        ),
        (
            attempts
                .newest
                .as_ref()
                .is_none_or(|it| it.made.as_ref() != Some(&case.deployment)),
            "it is not opsbot's rollback",
        ),
        (
            attempts.last_hour < case.policy.per_hour,
            "the cap is not reached",
        ),
        (
            rung == "auto" || (rung == "ask" && person),
            "the owner has opted in",
        ),
        (
            !matches!(case.requester, Requester::Person { dry_run: true, .. }),
            "it is no dry run",
        ),
        (given_up, "the circuit breaker would have given it up"),
        (once_good, "the target was good once"),
        (active, "the target is active"),
        (failing != Some(plan.to()), "the target is not what fails"),
        (
            !stacked
                || case
                    .stack
                    .as_ref()
                    .is_some_and(|it| it.known().is_some_and(rests)),
            "the stack rests",
        ),
    ])
}

fn arn_of<'a>(revision: &&'a domain::facts::ServiceRevision) -> &'a String {
    &revision.arn
}

/// A reason that carries foreign text wherever a verdict could print it.
fn poisoned(case: Case, text: &str) -> Case {
    let why = Why::Failed {
        action: "ecs:DescribeTaskDefinition".to_owned(),
        detail: text.to_owned(),
    };
    case.tagged(text)
        .history(|it| it.iter_mut().for_each(|it| it.status.push_str(text)))
        .with(|it| {
            it.deployment = format!("ecs-svc/{text}");
            it.record = Fact::Missing(Missing::new(text, why));
        })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Any rows may apply at once: the first answers. One pair is special, see `order`.
    #[test]
    fn the_first_row_that_applies_answers(
        case in sound(),
        rows in prop::collection::btree_set(0..OBSTACLES.len(), 1..6),
    ) {
        let rows: Vec<usize> = rows.into_iter().collect();
        let blocked = with(case, &rows);
        let is_rollback = rows.contains(&5);
        let first = rows.iter().find(|row| !(is_rollback && **row == 3));
        let verdict = decide(&blocked);
        prop_assert_eq!(Some(verdict.code()), first.map(|row| OBSTACLES[*row].0));
        prop_assert!(!verdict.is_write());
    }

    #[test]
    fn a_sound_case_is_rolled_back_to_the_last_good_revision(case in sound()) {
        let verdict = decide(&case);
        prop_assert!(verdict.is_write(), "{}", verdict.sentence());
        prop_assert_eq!(verdict.plan().map(|plan| plan.to().to_owned()), Some(order_api(41)));
    }

    #[test]
    fn nothing_is_written_that_may_not_be(case in any_case()) {
        let verdict = decide(&case);
        if verdict.is_write() {
            let plan = verdict.plan().expect("a rollback has a plan");
            prop_assert_eq!(may_be_written(&case, plan), Ok(()));
        }
    }

    #[test]
    fn a_sentence_is_one_line_of_safe_text(case in any_case(), text in ".{0,80}") {
        let named = case.clone().asked_to_go_back_to(&text);
        for case in [case.clone().tagged(&text), named, poisoned(case, &text)] {
            let sentence = decide(&case).sentence();
            prop_assert_eq!(&line(&sentence, 4_000), &sentence);
        }
    }
}

/// Without this, a `decide` that never writes would pass, and so would changes that always forbid.
#[test]
fn the_random_cases_give_every_verdict() {
    let mut runner = TestRunner::deterministic();
    let cases = any_case();
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..4_000 {
        let case = cases.new_tree(&mut runner).expect("a case").current();
        seen.insert(decide(&case).code());
    }
    let rows = domain::verdict::ROWS.map(|(code, _)| code);
    let unseen: Vec<_> = rows.iter().filter(|code| !seen.contains(*code)).collect();
    assert_eq!(unseen, Vec::<&&str>::new());
}
