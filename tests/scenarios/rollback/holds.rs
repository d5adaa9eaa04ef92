//! Announced, looked at again, and not made after all.

use simulator::World;

use super::*;

#[tokio::test]
async fn an_opt_in_that_was_taken_back_holds() {
    let scene = failed(auto).await;
    let tag = |value: &'static str| {
        move |world: &mut World| world.tag_service(CLUSTER, SERVICE, TAG, value)
    };
    for (value, told) in [
        ("off", "rollback_held warning hold_not_opted_in"),
        ("dry-run", "rollback_held warning dry_run"),
        ("ask", "rollback_held warning ask"),
    ] {
        scene.bot.aws.clear_logs();
        scene.bot.aws.with(tag(value));
        scene.ask().await;
        scene.held(&[told]);
    }
}

#[tokio::test]
async fn what_holds_is_told_with_the_command_for_a_person() {
    let scene = failed(|service| service.tag(TAG, "ask")).await;
    scene.ask().await;
    insta::assert_snapshot!(scene.text(), @r#"
    [WARNING] order-api in prod-apps: not rolled back after all
    2026-11-22 10:02:26 UTC, us-east-1, account 111122223333

    Impact:   Full capacity: order-api:41 runs 2 tasks; 2 desired, 0 pending.
    Rollback: Waiting for your word: the service's tag opsbot:rollback is "ask".
              opsbot would go back by UpdateService to order-api:41, away from
              order-api:42.
    Next:     By hand:
              aws ecs describe-services --region us-east-1 --cluster prod-apps --services order-api --output text --query "services[0].deployments[?status=='PRIMARY'].id" | grep -qx ecs-svc/2293350785119981940 && aws ecs update-service --region us-east-1 --cluster prod-apps --service order-api --task-definition order-api:41

    WHAT HAPPENED
      opsbot was to roll service order-api in cluster prod-apps back from
      order-api:42, and looked again at 10:02:26 UTC.

    ROLLBACK
      To do it:
      aws ecs describe-services --region us-east-1 --cluster prod-apps --services order-api --output text --query "services[0].deployments[?status=='PRIMARY'].id" | grep -qx ecs-svc/2293350785119981940 && aws ecs update-service --region us-east-1 --cluster prod-apps --service order-api --task-definition order-api:41
    "#);
}

/// Both revisions name the image by one tag, and it was moved before the release: order-api:41 would
/// come back with the image that fails.
#[tokio::test]
async fn a_tag_that_was_moved_under_the_good_revision_holds() {
    let mut world = steady(|service| auto(service.breaker(Breaker::on())));
    world.image_moved(IMAGE);
    world.deploy(CLUSTER, SERVICE, "order-api:42");
    world.settle();
    let scene = Scene::of(world, &[]).await;
    scene.ask().await;
    scene.held(&["rollback_held critical hold_same_revision"]);
}

/// While it is in flight ECS takes it back to the images that ran.
#[tokio::test]
async fn a_tag_that_was_moved_is_no_reason_not_to_stop_what_is_in_flight() {
    let mut world = steady(auto);
    world.image_moved(IMAGE);
    world.deploy(CLUSTER, SERVICE, "order-api:42");
    world.advance(std::time::Duration::from_secs(300));
    let scene = Scene::of(world, &[]).await;
    scene.ask().await;
    assert_eq!(scene.writes(), ["StopServiceDeployment"]);
}

#[tokio::test]
async fn a_release_that_came_while_the_request_waited_holds() {
    let scene = failed(auto).await;
    scene
        .bot
        .aws
        .with(|world| world.deploy(CLUSTER, SERVICE, "order-api:41"));
    scene.ask().await;
    scene.held(&["rollback_held warning hold_superseded"]);
}

/// Between the two looks: the service is not as it was judged.
#[tokio::test]
async fn a_release_that_comes_between_the_two_looks_holds() {
    let scene = failed(auto).await;
    scene
        .bot
        .aws
        .before_call("ecs:DescribeServices", 1, |world| {
            world.deploy(CLUSTER, SERVICE, "order-api:41");
        });
    scene.ask().await;
    scene.held(&["rollback_held warning hold_superseded"]);
}

#[tokio::test]
async fn a_tag_that_changes_between_the_two_looks_holds() {
    let scene = failed(auto).await;
    scene
        .bot
        .aws
        .before_call("ecs:DescribeServices", 1, |world| {
            world.tag_service(CLUSTER, SERVICE, TAG, "off");
        });
    scene.ask().await;
    scene.held(&["rollback_held warning hold_not_opted_in"]);
    // Nothing was written, so the one attempt is still there for whoever opts in again.
    scene
        .bot
        .aws
        .with(|world| world.tag_service(CLUSTER, SERVICE, TAG, "auto"));
    scene.ask().await;
    assert_eq!(scene.writes(), ["UpdateService"]);
}

#[tokio::test]
async fn a_rollback_by_ecs_holds() {
    let mut world = released(|service| auto(service).breaker(Breaker::with_rollback()));
    world.advance(std::time::Duration::from_secs(30));
    let scene = Scene::of(world, &[]).await;
    scene.ask().await;
    scene.held(&["rollback_held warning watch_ecs_rollback"]);
    insta::assert_snapshot!(scene.text(), @r"
    [WARNING] order-api in prod-apps: not rolled back after all
    2026-11-22 10:01:30 UTC, us-east-1, account 111122223333

    Impact:   Full capacity: order-api:41 runs 2 tasks; 2 desired, 2 pending.
    Rollback: Not rolled back by opsbot: ECS rolls back by itself when its circuit
              breaker trips. opsbot reports how it ends.

    WHAT HAPPENED
      opsbot was to roll service order-api in cluster prod-apps back from
      order-api:42, and looked again at 10:01:30 UTC.
    ");
    // The rollback that was awaited has come: people know.
    scene.bot.aws.with(World::settle);
    scene.ask().await;
    scene.held(&["rollback_held warning watch_ecs_rollback"]);
}

#[tokio::test]
async fn a_stack_in_progress_holds() {
    let scene = failed(|service| auto(service).tag("aws:cloudformation:stack-name", "shop")).await;
    scene
        .bot
        .aws
        .with(|world| world.set_stack("shop", "UPDATE_IN_PROGRESS"));
    scene.ask().await;
    scene.held(&["rollback_held warning hold_stack_in_progress"]);
}

#[tokio::test]
async fn a_stack_that_may_not_be_read_holds() {
    let scene = failed(|service| auto(service).tag("aws:cloudformation:stack-name", "shop")).await;
    let denied = simulator::Fault::denied();
    scene
        .bot
        .aws
        .inject("cloudformation:DescribeStacks", denied);
    scene.ask().await;
    scene.held(&["rollback_held warning hold_stack_in_progress"]);
}

#[tokio::test]
async fn a_service_that_cools_down_is_left_alone() {
    let scene = failed(auto).await;
    scene.ask().await;
    scene.bot.aws.with(|world| {
        world.settle();
        world.deploy(CLUSTER, SERVICE, "order-api:42");
        world.settle();
    });
    let again = Scene {
        bot: scene.bot,
        request: scene.request,
    };
    let deployment = again.bot.aws.with(|world| {
        let service = world.find_service(CLUSTER, SERVICE).unwrap();
        service.deployments[0].id.clone()
    });
    let request = Request {
        deployment,
        ..again.request.clone()
    };
    again.bot.aws.clear_logs();
    again.bot.ask(&request).await.expect("an answer");
    again.held(&["rollback_held critical hold_cooling_down"]);
}

#[tokio::test]
async fn a_verdict_that_was_told_is_not_told_again() {
    let scene = failed(|service| service.tag(TAG, "ask")).await;
    scene.ask().await;
    scene.ask().await;
    scene.held(&["rollback_held warning ask"]);
}
