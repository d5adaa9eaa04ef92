//! The one call: which it is, and what is told of it.

use simulator::World;

use super::*;

#[tokio::test]
async fn a_failed_deployment_of_a_service_that_has_opted_in_is_rolled_back() {
    let scene = failed(auto).await;
    scene.ask().await;
    assert_eq!(scene.writes(), ["UpdateService"]);
    assert_eq!(scene.primary(), "order-api:41");
    insta::assert_snapshot!(scene.text(), @r#"
    [WARNING] order-api in prod-apps: opsbot rolls back to order-api:41
    2026-11-22 10:02:26 UTC, us-east-1, account 111122223333

    Impact:   Full capacity: order-api:41 runs 2 tasks; 2 desired, 0 pending.
    Rollback: Rolling back by UpdateService to order-api:41, away from order-api:42:
              the service's tag opsbot:rollback is "auto".
    Next:     Fix it before you release again: your infrastructure code or pipeline
              still holds order-api:42 and will bring it back.

    WHAT HAPPENED
      opsbot began to roll service order-api in cluster prod-apps back from
      order-api:42 to order-api:41 at 10:02:26 UTC.

    ROLLBACK
      Your infrastructure code still holds order-api:42.
    "#);
}

#[tokio::test]
async fn a_deployment_in_flight_is_stopped_with_rollback() {
    let scene = in_flight(auto).await;
    scene.ask().await;
    assert_eq!(scene.writes(), ["StopServiceDeployment"]);
    scene.bot.aws.with(World::settle);
    assert_eq!(scene.primary(), "order-api:41");
    insta::assert_snapshot!(scene.text(), @r#"
    [WARNING] order-api in prod-apps: opsbot rolls back to order-api:41
    2026-11-22 10:06:00 UTC, us-east-1, account 111122223333

    Impact:   Full capacity: order-api:41 runs 2 tasks; 2 desired, 2 pending.
    Rollback: Rolling back by StopServiceDeployment with ROLLBACK, which takes it to
              order-api:41, away from order-api:42: the service's tag
              opsbot:rollback is "auto".
    Next:     Fix it before you release again: your infrastructure code or pipeline
              still holds order-api:42 and will bring it back.

    WHAT HAPPENED
      opsbot began to roll service order-api in cluster prod-apps back from
      order-api:42 to order-api:41 at 10:06:00 UTC.

    ROLLBACK
      Your infrastructure code still holds order-api:42.
    "#);
}

#[tokio::test]
async fn a_blue_green_deployment_in_flight_is_stopped_with_rollback() {
    let scene = in_flight(|service| auto(service).strategy("BLUE_GREEN")).await;
    scene.ask().await;
    assert_eq!(scene.writes(), ["StopServiceDeployment"]);
    assert_eq!(scene.told(), ["rollback_started warning roll_back"]);
}

#[tokio::test]
async fn a_deployment_that_waits_at_a_pause_hook_is_answered_there() {
    let mut world = World::new();
    for revision in [41, 42] {
        let it = TaskDefinition::of(SERVICE).revision(revision);
        world.register(it.container("app", IMAGE));
    }
    let service = world.service(CLUSTER, SERVICE).desired(1);
    let service = service.task_definition("order-api:41");
    let service = service.strategy("BLUE_GREEN");
    auto(service.pause_at("POST_TEST_TRAFFIC_SHIFT")).create();
    world.settle();
    assert!(world.continue_at_hook(CLUSTER, SERVICE));
    world.settle();
    world.deploy(CLUSTER, SERVICE, "order-api:42");
    world.settle();
    let scene = Scene::of(world, &[]).await;
    scene.ask().await;
    assert_eq!(scene.writes(), ["ContinueServiceDeployment"]);
    assert_eq!(scene.told(), ["rollback_started warning roll_back"]);
}

/// Gather, then the claim, the permit and the record at once, then the call.
#[tokio::test]
async fn two_round_trips_come_before_the_call_where_the_hints_are_right() {
    for (scene, call) in [
        (failed(auto).await, "ecs:UpdateService"),
        (in_flight(auto).await, "ecs:StopServiceDeployment"),
        (failed(in_a_stack).await, "ecs:UpdateService"),
    ] {
        rest(&scene);
        scene
            .bot
            .aws
            .set_latency("*", std::time::Duration::from_millis(20));
        scene.ask().await;
        assert_eq!(scene.bot.aws.round_trips_before(call), Some(2), "{call}");
    }
}

fn in_a_stack(service: ServiceBuilder<'_>) -> ServiceBuilder<'_> {
    auto(service).tag("aws:cloudformation:stack-name", "shop")
}

fn rest(scene: &Scene) {
    scene
        .bot
        .aws
        .with(|world| world.set_stack("shop", "UPDATE_COMPLETE"));
}

/// Hints are where to look, and never believed.
#[tokio::test]
async fn wrong_hints_cost_time_and_change_nothing() {
    let mut scene = failed(in_a_stack).await;
    rest(&scene);
    let arn = "arn:aws:ecs:us-east-1:111122223333:service-revision/prod-apps/order-api/1";
    for hints in [
        LookedAt::default(),
        LookedAt {
            deployments: vec!["no ARN".to_owned()],
            revisions: vec![arn.to_owned(); 50],
            definitions: vec!["order-api:1".to_owned()],
            stack: Some("other".to_owned()),
        },
    ] {
        scene.request.looked_at = hints;
        let asked = scene.bot.ask(&scene.request).await;
        asked.expect("an answer");
    }
    assert_eq!(scene.writes(), ["UpdateService"]);
    assert_eq!(scene.told(), ["rollback_started warning roll_back"]);
}

#[tokio::test]
async fn the_decision_is_recorded_with_what_became_of_it() {
    let scene = failed(auto).await;
    scene.ask().await;
    let state = scene.bot.invocation("look").state();
    let decisions = state.decisions(&scene.request.service, 1, scene.bot.now());
    let decisions = decisions.await;
    let decisions = decisions.known().unwrap();
    assert_eq!(decisions.len(), 1);
    assert_eq!(decisions[0].verdict, "roll_back");
    let outcome = decisions[0].outcome.as_deref();
    assert_eq!(outcome, Some("ECS took UpdateService to order-api:41."));
}

#[tokio::test]
async fn a_request_that_comes_again_is_not_told_again() {
    let scene = failed(auto).await;
    scene.ask().await;
    scene.ask().await;
    scene.ask_later().await;
    assert_eq!(scene.writes(), ["UpdateService"]);
    assert_eq!(scene.told(), ["rollback_started warning roll_back"]);
}

/// Two services that fail in the same hour write to the same item of the table.
#[tokio::test]
async fn another_claim_in_the_same_hour_is_no_refusal() {
    let scene = failed(auto).await;
    let conflict = simulator::Fault::conflict().times(3);
    scene
        .bot
        .aws
        .inject("dynamodb:TransactWriteItems", conflict);
    scene.ask().await;
    assert_eq!(scene.writes(), ["UpdateService"]);
}
