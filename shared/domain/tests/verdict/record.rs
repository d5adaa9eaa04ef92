//! What is kept of a decision.

use domain::facts::{Fact, StackState};
use domain::verdict::{Case, Decision, Requester, decide};

use super::build::{Words, a_failed_release, a_release_in_flight, attempt, denied};

fn facts(case: &Case) -> String {
    let verdict = decide(case);
    Decision::of(case, &verdict, "roll-back", "8c5e")
        .facts
        .join("\n")
}

#[test]
fn a_record_holds_the_facts_it_rested_on() {
    let case = a_failed_release().with(|case| {
        case.stack = Some(Fact::Known(Some(StackState {
            name: "shop".to_owned(),
            status: "UPDATE_COMPLETE".to_owned(),
        })));
    });
    insta::assert_snapshot!(facts(&case), @r#"
    service: ACTIVE, ROLLING REPLICA, controller ECS, 3 desired, 0 running, 0 pending, circuit breaker on without rollback, alarms off
    deployment: ecs-svc/0042 PRIMARY order-api:42, FAILED, 0 of 0 running, 0 failed, began 2026-03-05 10:10 UTC
    deployment: ecs-svc/0041 ACTIVE order-api:41, COMPLETED, 0 of 0 running, 0 failed, began 2026-02-27 04:30 UTC
    opt-in: the service's tag opsbot:rollback is "auto"
    history: STOPPED order-api:42, began 2026-03-05 10:10 UTC, d42m20
    history: SUCCESSFUL order-api:41, began 2026-02-27 04:30 UTC, d41m9000
    once good: order-api:41 (the deployment history), active
    causes: app_error
    causes of the old revision: none known
    rollback of this deployment: none
    newest rollback of the service: none (cool-down 60 min)
    rollbacks of all services in the last hour: 0 of 10
    CloudFormation stack: shop UPDATE_COMPLETE
    "#);
}

#[test]
fn a_record_says_what_was_missing_and_who_asked() {
    let case = a_release_in_flight()
        .asked_to_go_back_to("order-api:40")
        .attempts(|it| it.newest = Some(attempt("ecs-svc/0007", 90, None)))
        .with(|case| {
            case.history = denied("the deployment history", "ecs:ListServiceDeployments");
            case.stack = None;
        });
    insta::assert_snapshot!(facts(&case), @r#"
    asked for: order-api:40
    service: ACTIVE, ROLLING REPLICA, controller ECS, 3 desired, 0 running, 0 pending, circuit breaker off, alarms off
    deployment: ecs-svc/0042 PRIMARY order-api:42, IN_PROGRESS, 0 of 0 running, 3 failed, began 2026-03-05 10:10 UTC
    deployment: ecs-svc/0041 ACTIVE order-api:41, COMPLETED, 0 of 0 running, 0 failed, began 2026-02-27 04:30 UTC
    opt-in: the service's tag opsbot:rollback is "auto"
    causes: app_error
    causes of the old revision: none known
    rollback of this deployment: none
    newest rollback of the service: from ecs-svc/0007 to order-api:41 at 2026-03-05 09:00 UTC (cool-down 60 min)
    rollbacks of all services in the last hour: 0 of 10
    CloudFormation stack: none
    missing: the deployment history (the role lacks ecs:ListServiceDeployments)
    "#);
    let decision = Decision::of(&case, &decide(&case), "roll-back", "8c5e");
    assert_eq!(decision.requester, "person");
    assert_eq!(decision.verdict, "hold_facts_missing");
}

#[test]
fn a_record_is_short_and_safe_whatever_the_names() {
    let foreign = "x\u{1b}[31m\n@channel \u{202e}".repeat(400);
    let case = a_failed_release()
        .service(|it| {
            let many = std::iter::repeat_n(it.deployments[0].clone(), 50);
            it.deployments = many.collect();
            it.deployments[0].task_definition.clone_from(&foreign);
            it.strategy = Some(foreign.clone());
        })
        .history(|it| *it = std::iter::repeat_n(it[0].clone(), 50).collect())
        .tagged(&foreign)
        .with(|case| {
            case.requester = Requester::Person {
                to: Some(foreign.clone()),
                dry_run: true,
            };
        });
    let decision = Decision::of(&case, &decide(&case), "roll-back", "8c5e");
    assert!(decision.facts.len() < 40, "{}", decision.facts.len());
    for fact in decision.facts.iter().chain([&decision.sentence]) {
        assert!(fact.chars().count() <= 4_000);
        assert_eq!(domain::sanitize::line(fact, 4_000), *fact, "not safe");
    }
    let longest = decision.facts.iter().map(|it| it.chars().count()).max();
    assert!(
        longest.is_some_and(|it| (200..=300).contains(&it)),
        "{longest:?}"
    );
}

#[test]
fn a_record_is_read_as_it_was_written() {
    let case = a_failed_release();
    let decision = Decision::of(&case, &decide(&case), "roll-back", "8c5e");
    let text = serde_json::to_string(&decision).unwrap();
    assert_eq!(serde_json::from_str::<Decision>(&text).unwrap(), decision);
}
