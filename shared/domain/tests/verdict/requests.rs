//! What a person's word stands in for, and what not.

use domain::causes::Cause;
use domain::facts::Rollout;
use domain::verdict::{OptIn, Requester};
use insta::assert_snapshot;

use super::build::*;
use super::obstacles::{OBSTACLES, with};

/// The rows that judge, rather than protect.
const JUDGEMENT: [&str; 4] = [
    "hold_not_failing",
    "hold_not_its_fault",
    "hold_too_few",
    "ask",
];

#[test]
fn a_person_is_refused_by_every_row_that_protects() {
    for (row, (code, _)) in OBSTACLES.iter().enumerate() {
        let case = with(a_failed_release(), &[row]).asked_by_a_person();
        let want = if JUDGEMENT.contains(code) {
            "roll_back"
        } else {
            code
        };
        check(&case, want);
    }
}

#[test]
fn a_person_may_go_back_from_a_release_that_ecs_calls_good() {
    let case = a_failed_release()
        .service(|it| it.deployments[0].rollout = Some(Rollout::Completed))
        .history(|it| "SUCCESSFUL".clone_into(&mut it[0].status))
        .with(|it| it.causes.clear());
    check(&case, "hold_not_failing");
    let verdict = check(&case.asked_by_a_person(), "roll_back");
    assert_eq!(verdict.plan().unwrap().to(), order_api(41));
}

#[test]
fn a_person_may_think_that_the_old_revision_does_better() {
    let case = a_failed_release().with(|it| it.old_causes = vec![Cause::AppError]);
    check(&case, "hold_not_its_fault");
    check(&case.asked_by_a_person(), "roll_back");
}

#[test]
fn a_person_needs_the_owners_opt_in_too() {
    let asked = |value: &str| a_failed_release().tagged(value).asked_by_a_person();
    check(&asked("off"), "hold_not_opted_in");
    check(&asked("dry-run"), "dry_run");
    check(&asked("ask"), "roll_back");
    check(&asked("auto"), "roll_back");
    let untagged = a_failed_release().untagged().asked_by_a_person();
    check(&untagged, "hold_not_opted_in");
    check(
        &untagged.with(|it| it.policy.default = OptIn::Ask),
        "roll_back",
    );
}

#[test]
fn the_default_is_asked_only_where_there_is_no_tag() {
    let auto = |case: domain::verdict::Case| case.with(|it| it.policy.default = OptIn::Auto);
    check(&auto(a_failed_release().untagged()), "roll_back");
    check(&auto(a_failed_release().tagged("off")), "hold_not_opted_in");
    check(
        &auto(a_failed_release().tagged("enabled")),
        "hold_not_opted_in",
    );
}

#[test]
fn a_person_can_ask_what_would_be_done() {
    let case = a_failed_release().with(|it| {
        it.requester = Requester::Person {
            to: None,
            dry_run: true,
        };
    });
    assert_snapshot!(told(&case), @r#"dry_run: Dry run, nothing was changed: the request says so. It would have been: UpdateService to order-api:41, away from order-api:42. By hand: aws ecs describe-services --region eu-west-1 --cluster prod-apps --services order-api --output text --query "services[0].deployments[?status=='PRIMARY'].id" | grep -qx ecs-svc/0042 && aws ecs update-service --region eu-west-1 --cluster prod-apps --service order-api --task-definition order-api:41"#);
}

#[test]
fn a_person_can_name_an_older_revision_that_was_good() {
    let case = a_failed_release().history(|it| it.push(entry(40, "SUCCESSFUL", 20_000)));
    for name in ["order-api:40", &order_api(40)] {
        let verdict = check(&case.clone().asked_to_go_back_to(name), "roll_back");
        assert_eq!(verdict.plan().unwrap().to(), order_api(40));
    }
}

#[test]
fn a_person_cannot_name_a_revision_that_was_never_good() {
    let case = a_failed_release().asked_to_go_back_to("order-api:39");
    assert_snapshot!(told(&case), @"hold_target_unusable: Not rolled back: order-api:39 is not known to have been good on this service.");
    check(
        &a_failed_release().asked_to_go_back_to("order-api"),
        "hold_target_unusable",
    );
    check(
        &a_failed_release().asked_to_go_back_to("order-api:42"),
        "hold_target_unusable",
    );
}
