//! Every strategy and both schedulers: the one call that goes back.

use domain::facts::Rollout;
use domain::verdict::{Case, Plan};
use insta::assert_snapshot;

use super::build::*;

const SHIFTING: [&str; 3] = ["BLUE_GREEN", "LINEAR", "CANARY"];

#[track_caller]
fn check_call(case: &Case, call: &str, to: u32) {
    let verdict = check(case, "roll_back");
    let plan = verdict.plan().expect("a plan");
    assert_eq!((plan.call(), plan.to()), (call, order_api(to).as_str()));
}

#[test]
fn a_deployment_in_flight_is_stopped() {
    check_call(&a_release_in_flight(), "StopServiceDeployment", 41);
    for strategy in SHIFTING {
        let case = a_release_that_shifts_traffic(strategy);
        check_call(&case, "StopServiceDeployment", 41);
    }
    let pending = a_release_in_flight().history(|it| "PENDING".clone_into(&mut it[0].status));
    check_call(&pending, "StopServiceDeployment", 41);
}

#[test]
fn a_pause_hook_is_answered() {
    for strategy in SHIFTING {
        let case = a_release_that_shifts_traffic(strategy).paused_at_a_hook();
        check_call(&case, "ContinueServiceDeployment", 41);
    }
    let answered = a_release_that_shifts_traffic("CANARY")
        .paused_at_a_hook()
        .history(|it| {
            let hook = &mut it[0].detail.as_mut().unwrap().hooks[0];
            "SUCCEEDED".clone_into(&mut hook.status);
        });
    check_call(&answered, "StopServiceDeployment", 41);
}

#[test]
fn a_deployment_that_has_ended_is_updated() {
    for strategy in SHIFTING {
        let ended = a_release_that_shifts_traffic(strategy)
            .history(|it| "STOPPED".clone_into(&mut it[0].status));
        check_call(&ended, "UpdateService", 41);
    }
    let ended = a_release_that_shifts_traffic("CANARY")
        .history(|it| "STOPPED".clone_into(&mut it[0].status));
    assert_snapshot!(told(&ended), @r#"roll_back: Rolling back by UpdateService to order-api:41, away from order-api:42 (a whole new CANARY deployment with traffic shifts of its own): the service's tag opsbot:rollback is "auto". Your infrastructure code still holds order-api:42."#);
}

/// Stopping it once more changes nothing, and no rollback will come.
#[test]
fn a_deployment_that_is_being_stopped_is_updated() {
    let case = a_failed_release().history(|it| "STOP_REQUESTED".clone_into(&mut it[0].status));
    check_call(&case, "UpdateService", 41);
}

#[test]
fn a_daemon_service_goes_back_like_a_rolling_one() {
    let daemon = |case: Case| case.service(|it| it.scheduling = Some("DAEMON".to_owned()));
    check_call(&daemon(a_failed_release()), "UpdateService", 41);
    check_call(&daemon(a_release_in_flight()), "StopServiceDeployment", 41);
}

#[test]
fn a_rolling_update_that_ecs_would_take_elsewhere_is_updated() {
    let hurried = a_release_in_flight().service(|it| it.deployments.truncate(1));
    check_call(&hurried, "UpdateService", 41);
    // The old deployment did not complete: a rollback to it was cut short by this release.
    let cut_short =
        a_release_in_flight().service(|it| it.deployments[1].rollout = Some(Rollout::InProgress));
    check_call(&cut_short, "UpdateService", 41);
    let failed_between = a_release_in_flight().service(|it| {
        let failed = deployment(40, "ACTIVE", Rollout::Failed, 100);
        it.deployments.push(failed);
    });
    check_call(&failed_between, "StopServiceDeployment", 41);
    // What it began from says otherwise, or nobody knows.
    let from_two = a_release_in_flight().history(|it| {
        let other = entry(40, "", 0).target_revision.unwrap();
        it[0].detail.as_mut().unwrap().sources.push(other);
    });
    check_call(&from_two, "UpdateService", 41);
    let undescribed = a_release_in_flight().history(|it| it[0].detail = None);
    check_call(&undescribed, "UpdateService", 41);
    let named = a_release_in_flight()
        .history(|it| it.push(entry(40, "SUCCESSFUL", 20_000)))
        .asked_to_go_back_to("order-api:40");
    check_call(&named, "UpdateService", 40);
}

#[test]
fn holds_when_shifted_traffic_would_go_elsewhere() {
    let case = a_release_that_shifts_traffic("BLUE_GREEN").history(|it| {
        let from = entry(40, "", 0).target_revision.unwrap();
        it[0].detail.as_mut().unwrap().sources = vec![from];
    });
    assert_snapshot!(told(&case), @"hold_target_unusable: Not rolled back: order-api:41 was the last good revision, but ECS would go back to order-api:40 while the deployment is in progress. By hand, once it has ended: aws ecs update-service --region eu-west-1 --cluster prod-apps --service order-api --task-definition order-api:41");
    let unread = case.history(|it| it[0].detail = None);
    check(&unread, "hold_unclear");
}

#[test]
fn a_command_is_one_line_that_names_the_revision() {
    let verdict = check(&a_failed_release().tagged("ask"), "ask");
    let Plan::Update { task_definition } = verdict.plan().unwrap() else {
        panic!("{verdict:?}");
    };
    assert_eq!(task_definition, &order_api(41));
    let command = verdict.proposal().unwrap().command();
    assert!(
        command.ends_with("--task-definition order-api:41"),
        "{command}"
    );
    assert!(!command.contains("force"), "{command}");
}
