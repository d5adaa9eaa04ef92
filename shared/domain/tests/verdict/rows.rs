//! One test per row at least, with the sentence it prints.

use domain::causes::Cause;
use domain::facts::{Breaker, DeploymentAlarms, Fact, KnownFrom, Missing, Rollout, Why};
use domain::incident::RecordedRevision;
use domain::stop::{Silent, Unheard};
use domain::verdict::{Attempt, Case, Requester};
use insta::assert_snapshot;

use super::build::*;
use super::obstacles::{OBSTACLES, with};

/// A failed release with the obstacle of that row in its way.
fn blocked_by(code: &str) -> Case {
    let row = OBSTACLES.iter().position(|(of, _)| *of == code);
    with(a_failed_release(), &[row.expect("a row of the table")])
}

#[test]
fn holds_when_the_service_is_draining_or_gone() {
    assert_snapshot!(told(&blocked_by("hold_service_gone")), @"hold_service_gone: Not rolled back: the service is not active (DRAINING).");
    let gone = Why::NotFound {
        detail: "MISSING".to_owned(),
    };
    let case = a_failed_release().with(|it| {
        it.service = Fact::Missing(Missing::new("the service", gone));
    });
    assert_snapshot!(told(&case), @"hold_service_gone: Not rolled back: the service is not active (not found).");
}

#[test]
fn holds_when_the_history_or_the_table_cannot_be_read() {
    let case = a_failed_release().with(|it| {
        it.history = denied("the deployment history", "ecs:ListServiceDeployments");
        it.record = Fact::Missing(Missing::new(
            "opsbot's record",
            Why::TimedOut {
                action: "dynamodb:GetItem".to_owned(),
            },
        ));
    });
    assert_snapshot!(told(&case), @"hold_facts_missing: Not rolled back: what it would rest on could not be read: the deployment history (the role lacks ecs:ListServiceDeployments); opsbot's record (dynamodb:GetItem did not answer in time).");
}

#[test]
fn each_of_the_great_facts_is_needed() {
    let missing: [fn(&mut Case); 5] = [
        |it| it.service = denied("it", "ecs:DescribeServices"),
        |it| it.history = denied("it", "ecs:ListServiceDeployments"),
        |it| it.revisions = denied("it", "ecs:DescribeServiceRevisions"),
        |it| it.record = denied("it", "dynamodb:GetItem"),
        |it| it.attempts = denied("it", "dynamodb:Query"),
    ];
    for missing in missing {
        check(&a_failed_release().with(missing), "hold_facts_missing");
        let asked = a_failed_release().asked_by_a_person();
        check(&asked.with(missing), "hold_facts_missing");
    }
}

#[test]
fn what_could_not_be_read_just_now_may_pass_and_a_denial_may_not() {
    let throttled = || {
        let action = "ecs:DescribeServices".to_owned();
        Fact::Missing(Missing::new("the service", Why::Throttled { action }))
    };
    let may_pass = |case: Case| domain::verdict::decide(&case).may_pass();
    assert!(may_pass(
        a_failed_release().with(|it| it.service = throttled())
    ));
    let refused = denied("the history", "ecs:ListServiceDeployments");
    let both = a_failed_release().with(|it| it.service = throttled());
    assert!(!may_pass(both.with(|it| it.history = refused.clone())));
    assert!(!may_pass(a_failed_release()));
}

#[test]
fn holds_when_another_controller_makes_the_deployments() {
    assert_snapshot!(told(&blocked_by("hold_not_ours")), @"hold_not_ours: Not rolled back: AWS CodeDeploy makes this service's deployments. Stop the deployment there, with rollback.");
    let external = a_failed_release().service(|it| it.controller = Some("EXTERNAL".to_owned()));
    assert_snapshot!(told(&external), @"hold_not_ours: Not rolled back: this service's task sets are made from outside (controller EXTERNAL). Go back with the tool that makes them.");
}

#[test]
fn holds_when_it_is_an_express_service_or_of_an_unknown_kind() {
    let express = a_failed_release().service(|it| it.resource_management = Some("ECS".to_owned()));
    assert_snapshot!(told(&express), @"hold_not_ours: Not rolled back: it is an Express service. Go back with aws ecs update-express-gateway-service.");
    let strategy = a_failed_release().service(|it| it.strategy = Some("ONE_BOX".to_owned()));
    assert_snapshot!(told(&strategy), @"hold_not_ours: Not rolled back: opsbot does not know its deployment strategy ONE_BOX.");
    let scheduler = a_failed_release().service(|it| it.scheduling = Some("SWARM".to_owned()));
    check(&scheduler, "hold_not_ours");
}

#[test]
fn watches_while_ecs_rolls_back() {
    let case = a_failed_release()
        .back_on_the_old_deployment(Rollout::InProgress)
        .history(|it| "ROLLBACK_IN_PROGRESS".clone_into(&mut it[0].status));
    assert_snapshot!(told(&case), @"watch_ecs_rollback: ECS is rolling back to order-api:41. opsbot stays out of its way and reports how it ends.");
    let asked = case.attempts(|it| it.of_this = Some(attempt(JUDGED, 2, None)));
    assert_snapshot!(told(&asked), @"watch_ecs_rollback: ECS is rolling back to order-api:41, as opsbot asked at 2026-03-05 10:28 UTC. opsbot stays out of its way and reports how it ends.");
}

#[test]
fn watches_a_rollback_that_only_the_service_shows_yet() {
    let case = a_failed_release().back_on_the_old_deployment(Rollout::InProgress);
    check(&case, "watch_ecs_rollback");
}

#[test]
fn reports_when_ecs_has_rolled_back() {
    let case = a_failed_release()
        .back_on_the_old_deployment(Rollout::Completed)
        .service(|it| it.deployments[0].rollout_reason = None)
        .history(|it| "ROLLBACK_SUCCESSFUL".clone_into(&mut it[0].status));
    assert_snapshot!(told(&case), @"watch_ecs_rollback: ECS has rolled back to order-api:41 already.");
}

#[test]
fn watches_when_the_breaker_or_the_alarms_will_roll_back() {
    let by_breaker = a_release_in_flight().service(|it| {
        it.breaker = Breaker {
            enabled: true,
            rollback: true,
        };
    });
    assert_snapshot!(told(&by_breaker), @"watch_ecs_rollback: Not rolled back by opsbot: ECS rolls back by itself when its circuit breaker trips. opsbot reports how it ends.");
    let by_alarms = a_release_in_flight().service(|it| {
        it.alarms = DeploymentAlarms {
            enabled: true,
            rollback: true,
            names: vec!["errors".to_owned()],
        };
    });
    assert_snapshot!(told(&by_alarms), @"watch_ecs_rollback: Not rolled back by opsbot: ECS rolls back by itself when its deployment alarms fire. opsbot reports how it ends. It ignores an alarm that was in ALARM already when the deployment began: then go back by hand.");
    check(&by_breaker.asked_by_a_person(), "roll_back");
    check(&by_alarms.asked_by_a_person(), "roll_back");
}

#[test]
fn a_tripped_breaker_is_waited_for_by_a_person_too() {
    let case = a_release_in_flight().asked_by_a_person().service(|it| {
        it.breaker = Breaker {
            enabled: true,
            rollback: true,
        };
        it.deployments[0].rollout = Some(Rollout::Failed);
    });
    check(&case, "watch_ecs_rollback");
}

#[test]
fn a_breaker_that_has_given_up_or_has_nowhere_to_go_is_not_waited_for() {
    let breaker = Breaker {
        enabled: true,
        rollback: true,
    };
    check(
        &a_failed_release().service(|it| it.breaker = breaker),
        "roll_back",
    );
    let nowhere = a_release_in_flight().service(|it| {
        it.breaker = breaker;
        it.deployments.truncate(1);
    });
    check(&nowhere, "roll_back");
}

#[test]
fn holds_when_a_newer_deployment_is_in_flight() {
    assert_snapshot!(told(&blocked_by("hold_superseded")), @"hold_superseded: Not rolled back: a newer deployment, of order-api:43, has taken its place.");
}

#[test]
fn holds_when_only_the_history_or_only_the_service_shows_a_newer_deployment() {
    let newer = |status: &str| {
        let entry = entry(43, status, 1);
        a_failed_release().history(|it| it.push(entry))
    };
    for status in [
        "PENDING",
        "IN_PROGRESS",
        "STOP_REQUESTED",
        "STOPPED",
        "SUCCESSFUL",
    ] {
        check(&newer(status), "hold_superseded");
    }
    let undated = a_failed_release().history(|it| {
        it.push(entry(43, "PENDING", 1));
        it.last_mut().unwrap().created_at = None;
    });
    check(&undated, "hold_superseded");
    let listed = a_failed_release().service(|it| {
        "ACTIVE".clone_into(&mut it.deployments[0].status);
        it.deployments
            .push(deployment(43, "PRIMARY", Rollout::InProgress, 1));
    });
    check(&listed, "hold_superseded");
}

#[test]
fn holds_when_another_deployment_began_at_the_same_moment() {
    let twin = a_failed_release().history(|it| it.push(entry(43, "STOPPED", 20)));
    check(&twin, "hold_superseded");
}

#[test]
fn holds_when_the_same_revision_was_released_again() {
    let again = a_failed_release().history(|it| it.insert(0, entry(42, "IN_PROGRESS", 1)));
    check(&again, "hold_superseded");
}

#[test]
fn holds_and_pages_when_the_failed_deployment_was_ecss_rollback() {
    let case = a_failed_release()
        .back_on_the_old_deployment(Rollout::Failed)
        .with(|it| "ecs-svc/0041".clone_into(&mut it.deployment))
        .history(|it| "ROLLBACK_FAILED".clone_into(&mut it[0].status));
    assert_snapshot!(told(&case), @"hold_was_rollback: Not rolled back: ECS's rollback itself fails, and a rollback is never rolled back. The service is on order-api:41. Nothing mends itself now: look at what both revisions share (network, roles, secrets, target group, capacity).");
    assert!(check(&case, "hold_was_rollback").pages());
    let wordless = case.service(|it| it.deployments[0].rollout_reason = None);
    check(&wordless, "hold_was_rollback");
}

#[test]
fn a_rollback_is_known_by_its_reason_alone() {
    let reason = "ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/0042.";
    let case =
        a_failed_release().service(|it| it.deployments[0].rollout_reason = Some(reason.to_owned()));
    check(&case, "hold_was_rollback");
}

#[test]
fn holds_and_pages_when_ecss_rollback_of_the_failed_deployment_failed() {
    let case = a_failed_release()
        .back_on_the_old_deployment(Rollout::Failed)
        .history(|it| "ROLLBACK_FAILED".clone_into(&mut it[0].status));
    assert!(check(&case, "hold_was_rollback").pages());
}

#[test]
fn a_rollback_that_ecs_could_not_begin_is_not_taken_for_one() {
    let case = a_failed_release().history(|it| "ROLLBACK_FAILED".clone_into(&mut it[0].status));
    check(&case, "roll_back");
    check(&case.history(|it| it[0].detail = None), "hold_was_rollback");
}

#[test]
fn holds_and_pages_when_the_failed_deployment_was_opsbots_rollback() {
    let made = |made| {
        let newest = attempt("ecs-svc/0043", 25, made);
        a_failed_release()
            .attempts(|it| it.newest = Some(newest))
            .with(|it| it.policy.cooldown = chrono::TimeDelta::zero())
    };
    assert_snapshot!(told(&made(Some(JUDGED))), @"hold_was_rollback: Not rolled back: opsbot's rollback itself fails, and a rollback is never rolled back. The service is on order-api:42. Nothing mends itself now: look at what both revisions share (network, roles, secrets, target group, capacity).");
    check(&made(Some("ecs-svc/0007")), "roll_back");
    // What it made was never told: then the target and the time tell.
    let to =
        |case: Case, to: u32| case.attempts(|it| it.newest.as_mut().unwrap().to = order_api(to));
    check(&to(made(None), 42), "hold_was_rollback");
    let clocks = to(made(None), 42).attempts(|it| it.newest.as_mut().unwrap().at = ago(18));
    check(&clocks, "hold_was_rollback");
    check(&to(made(None), 41), "roll_back");
}

#[test]
fn a_completed_rollback_is_not_rolled_back_by_a_person_either() {
    let case = blocked_by("hold_was_rollback")
        .asked_by_a_person()
        .service(|it| it.deployments[0].rollout = Some(Rollout::Completed));
    assert_snapshot!(told(&case), @"hold_was_rollback: Not rolled back: this deployment was ECS's rollback, and a rollback is never rolled back. The service is on order-api:42.");
    assert!(!check(&case, "hold_was_rollback").pages());
}

#[test]
fn holds_when_it_was_tried_before_however_long_ago() {
    assert_snapshot!(told(&blocked_by("hold_already_done")), @"hold_already_done: Not rolled back again: opsbot went back from this deployment to order-api:41 at 2026-03-05 07:10 UTC, and tries once only.");
}

#[test]
fn the_services_newest_attempt_counts_as_one_at_this_deployment() {
    let newest = attempt(JUDGED, 300, Some("ecs-svc/0007"));
    let case = a_failed_release().attempts(|it| it.newest = Some(newest));
    check(&case, "hold_already_done");
}

#[test]
fn opsbots_own_rollback_is_not_taken_for_a_newer_release() {
    let case = a_failed_release()
        .service(|it| {
            "ACTIVE".clone_into(&mut it.deployments[0].status);
            let mut back = deployment(41, "PRIMARY", Rollout::InProgress, 1);
            "ecs-svc/0099".clone_into(&mut back.id);
            it.deployments.insert(0, back);
        })
        .history(|it| it.insert(0, entry(41, "IN_PROGRESS", 1)))
        .attempts(|it| it.of_this = Some(attempt(JUDGED, 2, Some("ecs-svc/0099"))));
    check(&case, "hold_already_done");
}

#[test]
fn holds_when_the_deployments_state_is_not_known() {
    assert_snapshot!(told(&blocked_by("hold_unclear")), @"hold_unclear: Not rolled back: the state of ecs-svc/0042 is not clear, because its service deployment is PAUSED.");
    let not_found = a_failed_release().history(|it| it.retain(|it| it.status == "SUCCESSFUL"));
    assert_snapshot!(told(&not_found), @"hold_unclear: Not rolled back: the state of ecs-svc/0042 is not clear, because no service deployment in the history has its task definition and its time.");
    let not_listed = a_failed_release().service(|it| it.deployments.clear());
    assert_snapshot!(told(&not_listed), @"hold_unclear: Not rolled back: the state of ecs-svc/0042 is not clear, because the service does not list it as PRIMARY.");
}

#[test]
fn the_current_service_deployment_stands_in_where_times_differ() {
    let late = a_failed_release().service(|it| it.deployments[0].created_at = Some(ago(11)));
    check(&late, "hold_unclear");
    let arn = entry(42, "", 20).arn;
    let current = late.service(|it| it.current_service_deployment = Some(arn));
    check(&current, "roll_back");
}

#[test]
fn holds_when_the_deployment_completed_after_all() {
    assert_snapshot!(told(&blocked_by("hold_not_failing")), @"hold_not_failing: Not rolled back: ECS calls the deployment of order-api:42 completed.");
    let successful = a_failed_release().history(|it| "SUCCESSFUL".clone_into(&mut it[0].status));
    check(&successful, "hold_not_failing");
}

#[test]
fn holds_when_nothing_of_a_deployment_in_flight_fails() {
    let sound = a_release_in_flight()
        .service(|it| it.deployments[0].failed_tasks = 0)
        .with(|it| it.causes = vec![Cause::SchedulerStop]);
    assert_snapshot!(told(&sound), @"hold_not_failing: Not rolled back: the deployment of order-api:42 is in progress, and none of its tasks is known to fail.");
}

#[test]
fn holds_while_the_service_cools_down() {
    assert_snapshot!(told(&blocked_by("hold_cooling_down")), @"hold_cooling_down: Not rolled back: opsbot rolled this service back at 2026-03-05 09:50 UTC and leaves it alone until 2026-03-05 10:50 UTC. It does not come back to this release by itself.");
    let older = attempt("ecs-svc/0040", 61, Some("ecs-svc/0007"));
    check(
        &a_failed_release().attempts(|it| it.newest = Some(older)),
        "roll_back",
    );
}

#[test]
fn holds_at_the_hourly_cap_of_the_whole_stack() {
    let case = a_failed_release().attempts(|it| it.last_hour = 10);
    assert_snapshot!(told(&case), @"hold_cooling_down: Not rolled back: opsbot has made 10 rollbacks in the last hour, and 10 is the most it may. Many services fail at once: look for what they share; opsbot does not come back to this release by itself.");
    check(&case.attempts(|it| it.last_hour = 9), "roll_back");
}

#[test]
fn holds_while_the_cloudformation_stack_is_changed() {
    let case = blocked_by("hold_stack_in_progress");
    assert_snapshot!(told(&case), @"hold_stack_in_progress: Not rolled back: the service belongs to CloudFormation stack shop, which is in UPDATE_IN_PROGRESS and rolls back by itself if its update fails.");
    let unread = case.clone().with(|it| {
        it.stack = Some(denied(
            "the stack's status",
            "cloudformation:DescribeStacks",
        ))
    });
    assert_snapshot!(told(&unread), @"hold_stack_in_progress: Not rolled back: the service belongs to CloudFormation stack shop, and whether that is being updated could not be read: the stack's status (the role lacks cloudformation:DescribeStacks).");
    let at_rest = case.with(|it| {
        if let Some(Fact::Known(Some(stack))) = &mut it.stack {
            "UPDATE_COMPLETE".clone_into(&mut stack.status);
        }
    });
    check(&at_rest, "roll_back");
}

#[test]
fn holds_when_the_environment_is_at_fault() {
    assert_snapshot!(told(&blocked_by("hold_not_its_fault")), @"hold_not_its_fault: Not rolled back: the deployment is not at fault (no capacity available), and an older revision would fail the same way.");
}

#[test]
fn holds_when_the_old_revisions_tasks_stop_of_the_same_cause() {
    let case = a_failed_release().with(|it| it.old_causes = vec![Cause::AppError]);
    assert_snapshot!(told(&case), @"hold_not_its_fault: Not rolled back: tasks of the old revision stop of the same cause (application exited with an error).");
    check(
        &case.with(|it| it.old_causes = vec![Cause::Oom]),
        "roll_back",
    );
}

#[test]
fn holds_when_there_is_nothing_good_to_go_back_to() {
    assert_snapshot!(told(&blocked_by("hold_nothing_good")), @"hold_nothing_good: Not rolled back: no earlier revision is known to have been good. Release one that mends order-api:42.");
}

#[test]
fn a_deployments_own_completion_is_no_earlier_good_one() {
    let case = blocked_by("hold_nothing_good").record(|it| {
        it.good = Some(RecordedRevision {
            task_definition: order_api(42),
            deployment: JUDGED.to_owned(),
            completed_at: ago(15),
        });
    });
    check(&case, "hold_nothing_good");
}

#[test]
fn holds_when_the_same_revision_has_another_image_and_says_both_digests() {
    let case = a_failed_release()
        .resolving_to(42, 42, 'b')
        .resolving_to(42, 39, 'a')
        .history(|it| it.push(entry(39, "SUCCESSFUL", 500)));
    assert_snapshot!(told(&case), @"hold_same_revision: Not rolled back: the last good revision is order-api:42 itself, and the image under its tag has changed. app (shop/order-api:latest) was good at sha256:aaaaaaaaaaaa and fails at sha256:bbbbbbbbbbbb. Register a revision with the good image pinned by its digest and release that.");
}

/// `UpdateService` to order-api:41 would resolve the tag anew, to the image that fails.
#[test]
fn holds_when_the_good_revisions_tag_names_the_failing_image_now() {
    let moved = |case: Case| case.resolving_to(42, 42, 'b').resolving_to(41, 41, 'a');
    assert_snapshot!(told(&moved(a_failed_release())), @"hold_same_revision: Not rolled back: order-api:41 was the last good revision, but it shares an image tag with order-api:42 that has been moved, so UpdateService would bring the new image with it. app (shop/order-api:latest) was good at sha256:aaaaaaaaaaaa and fails at sha256:bbbbbbbbbbbb. Register a revision with the good image pinned by its digest and release that.");
    check(
        &moved(a_failed_release()).asked_to_go_back_to("order-api:41"),
        "hold_same_revision",
    );
    // ECS's own way back takes the images that ran.
    check(&moved(a_release_in_flight()), "roll_back");
    let same = a_failed_release()
        .resolving_to(42, 42, 'a')
        .resolving_to(41, 41, 'a');
    check(&same, "roll_back");
}

#[test]
fn holds_when_what_served_last_is_deployed_again_and_fails() {
    let forced = a_failed_release().history(|it| {
        it[1] = entry(42, "SUCCESSFUL", 9_000);
        it.push(entry(41, "SUCCESSFUL", 20_000));
    });
    check(&forced, "hold_same_revision");
    let named = forced.asked_to_go_back_to("order-api:41");
    assert_eq!(
        check(&named, "roll_back").plan().unwrap().to(),
        order_api(41)
    );
}

#[test]
fn holds_when_the_same_revision_with_the_same_image_was_good() {
    assert_snapshot!(told(&blocked_by("hold_same_revision")), @"hold_same_revision: Not rolled back: the last good revision is order-api:42 itself, so there is nothing to go back to. What changed is outside the task definition, so an older revision would meet it too.");
}

#[test]
fn holds_when_every_good_revision_is_deregistered() {
    assert_snapshot!(told(&blocked_by("hold_target_unusable")), @"hold_target_unusable: Not rolled back: order-api:41 was the last good revision, but it is deregistered, and no other good one is active. Register it again and release that.");
}

#[test]
fn an_older_good_revision_is_taken_where_the_newest_is_deregistered() {
    let case = a_failed_release()
        .definition(41, false)
        .history(|it| it.push(entry(40, "SUCCESSFUL", 20_000)));
    let verdict = check(&case, "roll_back");
    assert_eq!(verdict.plan().unwrap().to(), order_api(40));
}

#[test]
fn holds_when_the_good_revision_cannot_be_looked_up() {
    let case = a_failed_release().with(|it| {
        let unread = denied("its task definition", "ecs:DescribeTaskDefinition");
        it.definitions = [(order_api(41), unread)].into();
    });
    assert_snapshot!(told(&case), @"hold_target_unusable: Not rolled back: whether order-api:41 can be gone back to could not be read: its task definition (the role lacks ecs:DescribeTaskDefinition).");
    check(
        &case.with(|it| it.definitions.clear()),
        "hold_target_unusable",
    );
}

#[test]
fn never_goes_past_a_success_whose_revision_could_not_be_read() {
    let case = a_failed_release().history(|it| it.push(entry(77, "SUCCESSFUL", 500)));
    check(&case, "hold_target_unusable");
}

#[test]
fn the_good_revisions_to_look_up_are_named_best_first() {
    let case = a_failed_release()
        .history(|it| {
            it.push(entry(40, "SUCCESSFUL", 20_000));
            it.push(entry(41, "SUCCESSFUL", 30_000));
            it.push(entry(39, "STOPPED", 500));
        })
        .record(|it| {
            it.good.as_mut().unwrap().task_definition = order_api(38);
        });
    let named: Vec<_> = domain::verdict::candidates(&case)
        .into_iter()
        .map(|it| (it.task_definition, it.known_from))
        .collect();
    let want = [
        (order_api(41), KnownFrom::History),
        (order_api(40), KnownFrom::History),
        (order_api(38), KnownFrom::Record),
    ];
    assert_eq!(named, want);
}

#[test]
fn the_record_and_the_list_stand_in_for_an_expired_history() {
    let no_success = || a_failed_release().history(|it| it.truncate(1));
    let by_record = no_success().record(|it| {
        it.good = Some(RecordedRevision {
            task_definition: order_api(40),
            deployment: "ecs-svc/0040".to_owned(),
            completed_at: ago(200_000),
        });
    });
    assert_eq!(
        check(&by_record, "roll_back").plan().unwrap().to(),
        order_api(40)
    );
    let by_list = no_success().record(|it| it.good = None);
    assert_eq!(
        check(&by_list, "roll_back").plan().unwrap().to(),
        order_api(41)
    );
}

#[test]
fn failed_and_rolled_back_revisions_are_never_gone_back_to() {
    for status in [
        "STOPPED",
        "ROLLBACK_SUCCESSFUL",
        "ROLLBACK_FAILED",
        "IN_PROGRESS",
    ] {
        let case = a_failed_release()
            .history(|it| it.push(entry(40, status, 500)))
            .definition(40, true);
        assert_eq!(
            check(&case, "roll_back").plan().unwrap().to(),
            order_api(41)
        );
    }
}

#[test]
fn what_opsbot_took_back_is_not_gone_back_to_until_it_is_released_again() {
    let released = |minutes| {
        let case = a_failed_release().history(|it| it.push(entry(40, "SUCCESSFUL", minutes)));
        case.attempts(|it| {
            it.newest = Some(Attempt {
                from: Some(order_api(40)),
                ..attempt("ecs-svc/0040", 400, None)
            });
        })
    };
    let target = |case: &Case| check(case, "roll_back").plan().unwrap().to().to_owned();
    assert_eq!(target(&released(500)), order_api(41));
    assert_eq!(target(&released(300)), order_api(40));
    let named = released(500).asked_to_go_back_to("order-api:40");
    assert_eq!(target(&named), order_api(40));
    let completed = released(9_500).record(|it| {
        it.good = Some(RecordedRevision {
            task_definition: order_api(40),
            deployment: "ecs-svc/0040".to_owned(),
            completed_at: ago(450),
        });
    });
    assert_eq!(
        target(&completed.history(|it| it.truncate(1))),
        order_api(41)
    );
}

#[test]
fn says_what_would_be_done_where_nobody_opted_in() {
    assert_snapshot!(told(&a_failed_release().untagged()), @r#"hold_not_opted_in: Not rolled back: the service has no tag opsbot:rollback, and opsbot's default is "off". It would have been: UpdateService to order-api:41, away from order-api:42. To allow it from now on: aws ecs tag-resource --region eu-west-1 --resource-arn arn:aws:ecs:eu-west-1:111122223333:service/prod-apps/order-api --tags key=opsbot:rollback,value=auto. To do it once by hand: aws ecs describe-services --region eu-west-1 --cluster prod-apps --services order-api --output text --query "services[0].deployments[?status=='PRIMARY'].id" | grep -qx ecs-svc/0042 && aws ecs update-service --region eu-west-1 --cluster prod-apps --service order-api --task-definition order-api:41"#);
}

#[test]
fn a_value_that_is_none_counts_as_off_and_is_quoted() {
    let case = a_failed_release()
        .tagged("yes <!channel>")
        .with(|it| it.policy.default = domain::verdict::OptIn::Auto);
    assert_snapshot!(told(&case), @r#"hold_not_opted_in: Not rolled back: the service's tag opsbot:rollback is "yes ‹!channel>", which counts as off (off, dry-run, ask and auto are understood, with no blanks). It would have been: UpdateService to order-api:41, away from order-api:42. To allow it from now on: aws ecs tag-resource --region eu-west-1 --resource-arn arn:aws:ecs:eu-west-1:111122223333:service/prod-apps/order-api --tags key=opsbot:rollback,value=auto. To do it once by hand: aws ecs describe-services --region eu-west-1 --cluster prod-apps --services order-api --output text --query "services[0].deployments[?status=='PRIMARY'].id" | grep -qx ecs-svc/0042 && aws ecs update-service --region eu-west-1 --cluster prod-apps --service order-api --task-definition order-api:41"#);
}

#[test]
fn a_dry_run_says_what_it_would_have_been() {
    assert_snapshot!(told(&a_failed_release().tagged("Dry-Run")), @r#"dry_run: Dry run, nothing was changed: the service's tag opsbot:rollback is "dry-run". It would have been: UpdateService to order-api:41, away from order-api:42. By hand: aws ecs describe-services --region eu-west-1 --cluster prod-apps --services order-api --output text --query "services[0].deployments[?status=='PRIMARY'].id" | grep -qx ecs-svc/0042 && aws ecs update-service --region eu-west-1 --cluster prod-apps --service order-api --task-definition order-api:41"#);
}

#[test]
fn asks_with_the_exact_command() {
    let stop = a_release_in_flight().tagged("ask");
    assert_snapshot!(told(&stop), @r#"ask: Waiting for your word: the service's tag opsbot:rollback is "ask". opsbot would go back by StopServiceDeployment with ROLLBACK, which takes it to order-api:41, away from order-api:42. To do it: aws ecs stop-service-deployment --region eu-west-1 --service-deployment-arn arn:aws:ecs:eu-west-1:111122223333:service-deployment/prod-apps/order-api/d42m20 --stop-type ROLLBACK"#);
}

#[test]
fn rolls_back_a_failed_release_by_an_update() {
    assert_snapshot!(told(&a_failed_release()), @r#"roll_back: Rolling back by UpdateService to order-api:41, away from order-api:42: the service's tag opsbot:rollback is "auto". Your infrastructure code still holds order-api:42."#);
}

#[test]
fn rolls_back_a_release_in_flight_by_stopping_it() {
    assert_snapshot!(told(&a_release_in_flight()), @r#"roll_back: Rolling back by StopServiceDeployment with ROLLBACK, which takes it to order-api:41, away from order-api:42: the service's tag opsbot:rollback is "auto". Your infrastructure code still holds order-api:42."#);
}

#[test]
fn a_service_that_was_created_again_under_its_name_has_no_past() {
    let again = a_failed_release().service(|it| {
        it.created_at = Some(ago(3_000));
        it.deployments.truncate(1);
    });
    check(&again, "hold_nothing_good");
    let of_old = a_failed_release().service(|it| it.created_at = Some(ago(9_000)));
    check(&of_old, "roll_back");
}

fn silent(stops: u64, unheard: Unheard) -> Option<Silent> {
    Some(Silent { stops, unheard })
}

#[test]
fn a_release_is_given_up_no_sooner_than_by_the_circuit_breaker() {
    let large = |stops| {
        let case = a_release_in_flight().service(|it| {
            it.desired = 40;
            it.deployments[0].failed_tasks = 0;
        });
        case.with(|it| it.silent = silent(stops, Unheard::NothingWatches))
    };
    for (stops, want) in [(3, "hold_too_few"), (19, "hold_too_few"), (20, "roll_back")] {
        check(&large(stops), want);
    }
    assert_snapshot!(told(&large(3)), @r#"hold_too_few: Not rolled back yet: 3 of its tasks failed, and ECS does not call it failed. opsbot judges again at 20, where the circuit breaker would give up (the service's tag opsbot:rollback is "auto"). To go back at once: aws ecs stop-service-deployment --region eu-west-1 --service-deployment-arn arn:aws:ecs:eu-west-1:111122223333:service-deployment/prod-apps/order-api/d42m20 --stop-type ROLLBACK"#);
    check(
        &large(3).service(|it| it.deployments[0].failed_tasks = 20),
        "roll_back",
    );
    // What ECS calls failed is, however little of it was seen to stop.
    let failed = large(3).service(|it| it.deployments[0].rollout = Some(Rollout::Failed));
    check(&failed, "roll_back");
    for (rung, want) in [
        ("dry-run", "hold_too_few"),
        ("ask", "hold_too_few"),
        ("off", "hold_not_opted_in"),
    ] {
        check(&large(3).tagged(rung), want);
    }
    let by_person = large(3).with(|it| {
        it.requester = Requester::Person {
            to: None,
            dry_run: false,
        }
    });
    check(&by_person, "roll_back");
}

#[test]
fn what_the_circuit_breaker_does_not_count_is_not_left_to_it() {
    let watched = || {
        a_release_in_flight().service(|it| {
            it.breaker = Breaker {
                enabled: true,
                rollback: true,
            };
            it.deployments[0].failed_tasks = 0;
        })
    };
    let exits = || watched().with(|it| it.silent = silent(3, Unheard::NotCounted));
    check(&exits(), "roll_back");
    let others = [
        watched(),
        watched().with(|it| it.silent = silent(3, Unheard::Slow)),
        exits().service(|it| it.deployments[0].failed_tasks = 1),
        exits().with(|it| it.causes.push(Cause::ElbHealthCheck)),
        exits().with(|it| it.causes.clear()),
        exits().service(|it| {
            it.alarms.enabled = true;
            it.alarms.rollback = true;
        }),
    ];
    for case in others {
        check(&case, "watch_ecs_rollback");
    }
}

/// deployment-changed does not look at stacks, so whoever does it by hand is told to.
#[test]
fn what_is_proposed_beside_a_stack_that_nobody_looked_at_says_so() {
    let stack = ("aws:cloudformation:stack-name", "orders-prod");
    let of_stack = |rung: &str| {
        let case = a_failed_release().tagged(rung);
        let case = case.service(|it| {
            it.tags.insert(stack.0.to_owned(), stack.1.to_owned());
        });
        case.with(|it| it.stack = None)
    };
    for rung in ["off", "dry-run", "ask"] {
        let said = told(&of_stack(rung));
        assert!(
            said.contains("order-api:42. Not while CloudFormation updates stack orders-prod, "),
            "{said}"
        );
        let looked_at = of_stack(rung).with(|it| it.stack = Some(Fact::Known(None)));
        assert!(!told(&looked_at).contains("Not while"), "{rung}");
    }
}
