//! A person's `aws lambda invoke`.

use domain::verdict::{RollbackBegun, TellLater};
use serde_json::{Value, json};
use simulator::Fault;
use tests::bot::ENABLED;

use super::*;

fn payload(fields: Value) -> Value {
    let mut payload = json!({ "cluster": CLUSTER, "service": SERVICE });
    let fields = fields.as_object().unwrap().clone();
    payload.as_object_mut().unwrap().extend(fields);
    payload
}

async fn invoke(scene: &Scene, fields: Value) -> Value {
    let mut answer = scene.bot.invoke(&payload(fields)).await;
    if let Some(at) = answer.get_mut("decided_at") {
        *at = "(now)".into();
    }
    answer
}

fn asks(service: ServiceBuilder<'_>) -> ServiceBuilder<'_> {
    service.tag(TAG, "ask")
}

#[tokio::test]
async fn a_persons_word_is_what_ask_waits_for() {
    let scene = failed(asks).await;
    let answer = invoke(&scene, json!({ "reason": "orders fail <!channel>" })).await;
    assert_eq!(scene.writes(), ["UpdateService"]);
    assert_eq!(scene.primary(), "order-api:41");
    insta::assert_snapshot!(serde_json::to_string_pretty(&answer).unwrap(), @r#"
    {
      "command": "aws ecs describe-services --region us-east-1 --cluster prod-apps --services order-api --output text --query \"services[0].deployments[?status=='PRIMARY'].id\" | grep -qx ecs-svc/2293350785119981940 && aws ecs update-service --region us-east-1 --cluster prod-apps --service order-api --task-definition order-api:41",
      "decided_at": "(now)",
      "done": true,
      "outcome": "ECS took UpdateService to order-api:41.",
      "plan": {
        "call": "UpdateService",
        "to": "order-api:41"
      },
      "sentence": "Rolling back by UpdateService to order-api:41, away from order-api:42: the service's tag opsbot:rollback is \"ask\". Your infrastructure code still holds order-api:42.",
      "verdict": "roll_back"
    }
    "#);
    insta::assert_snapshot!(scene.text(), @r#"
    [WARNING] order-api in prod-apps: opsbot rolls back to order-api:41
    2026-11-22 10:02:26 UTC, us-east-1, account 111122223333

    Impact:   Full capacity: order-api:41 runs 2 tasks; 2 desired, 0 pending.
    Rollback: Rolling back by UpdateService to order-api:41, away from order-api:42:
              the service's tag opsbot:rollback is "ask".
    Next:     Fix it before you release again: your infrastructure code or pipeline
              still holds order-api:42 and will bring it back.

    WHAT HAPPENED
      opsbot began to roll service order-api in cluster prod-apps back from
      order-api:42 to order-api:41 at 10:02:26 UTC.
      A person asked for it: "orders fail ‹!channel>"

    ROLLBACK
      Your infrastructure code still holds order-api:42.
    "#);
}

/// The button of a card, pressed when the fix has been released.
#[tokio::test]
async fn a_person_who_names_what_failed_does_not_take_back_what_was_released_since() {
    let scene = failed(asks).await;
    scene.ask().await;
    let alert = scene.bot.alerts().remove(0);
    let card: Value = serde_json::from_str(&alert.for_protocol("https")).unwrap();
    let context = &card["metadata"]["additionalContext"];
    let named = json!({
        "deployment": context["rollback_deployment"], "to": context["rollback_to"],
    });
    scene.bot.aws.with(|world| {
        let fixed = TaskDefinition::of(SERVICE).revision(43);
        world.register(fixed.container("app", IMAGE));
        world.deploy(CLUSTER, SERVICE, "order-api:43");
        world.settle();
    });
    let answer = invoke(&scene, named.clone()).await;
    assert_eq!(answer["verdict"], "hold_superseded", "{answer}");
    assert_eq!(scene.writes(), [""; 0]);
    assert_eq!(scene.primary(), "order-api:43");
    // What was pressed in time does it.
    let scene = failed(asks).await;
    let answer = invoke(&scene, named.clone()).await;
    assert_eq!(answer["done"], true, "{answer}");
    // And pressed once more, it does not say that it has done it now.
    scene
        .bot
        .aws
        .advance(std::time::Duration::from_secs(5 * 3_600));
    let answer = invoke(&scene, named).await;
    assert_eq!(
        (&answer["done"], &answer["outcome"]),
        (&json!(false), &Value::Null),
        "{answer}"
    );
    assert_eq!(scene.writes().len(), 1);
}

#[tokio::test]
async fn a_dry_run_writes_nothing_and_tells_nobody_else() {
    let scene = failed(asks).await;
    let answer = invoke(&scene, json!({ "dry_run": true })).await;
    scene.held(&[]);
    insta::assert_snapshot!(serde_json::to_string_pretty(&answer).unwrap(), @r#"
    {
      "command": "aws ecs describe-services --region us-east-1 --cluster prod-apps --services order-api --output text --query \"services[0].deployments[?status=='PRIMARY'].id\" | grep -qx ecs-svc/2293350785119981940 && aws ecs update-service --region us-east-1 --cluster prod-apps --service order-api --task-definition order-api:41",
      "decided_at": "(now)",
      "done": false,
      "outcome": null,
      "plan": {
        "call": "UpdateService",
        "to": "order-api:41"
      },
      "sentence": "Dry run, nothing was changed: the request says so. It would have been: UpdateService to order-api:41, away from order-api:42. By hand: aws ecs describe-services --region us-east-1 --cluster prod-apps --services order-api --output text --query \"services[0].deployments[?status=='PRIMARY'].id\" | grep -qx ecs-svc/2293350785119981940 && aws ecs update-service --region us-east-1 --cluster prod-apps --service order-api --task-definition order-api:41",
      "verdict": "dry_run"
    }
    "#);
}

#[tokio::test]
async fn a_person_may_name_a_revision_that_was_good() {
    let scene = failed(asks).await;
    let answer = invoke(&scene, json!({ "to": "order-api:41" })).await;
    assert_eq!(answer["done"], true, "{answer}");
    let scene = failed(asks).await;
    let answer = invoke(&scene, json!({ "to": "order-api:40" })).await;
    assert_eq!(answer["verdict"], "hold_target_unusable", "{answer}");
    scene.held(&[]);
}

#[tokio::test]
async fn a_person_needs_the_owners_opt_in() {
    for (tag, verdict) in [("off", "hold_not_opted_in"), ("dry-run", "dry_run")] {
        let scene = failed(|service| service).await;
        scene
            .bot
            .aws
            .with(|world| world.tag_service(CLUSTER, SERVICE, TAG, tag));
        let answer = invoke(&scene, json!({})).await;
        assert_eq!(answer["verdict"], verdict, "{answer}");
        assert_eq!(answer["done"], false);
        scene.held(&[]);
    }
}

#[tokio::test]
async fn a_second_request_of_a_person_finds_the_first() {
    let scene = failed(asks).await;
    invoke(&scene, json!({})).await;
    let answer = invoke(&scene, json!({})).await;
    insta::assert_snapshot!(answer["sentence"].as_str().unwrap(), @r"Not rolled back: this deployment was opsbot's rollback, and a rollback is never rolled back. The service is on order-api:41.");
    assert_eq!(answer["done"], false);
    assert_eq!(scene.writes(), ["UpdateService"]);
    assert_eq!(scene.told(), ["rollback_started warning roll_back"]);
}

#[tokio::test]
async fn a_denial_names_the_statement_to_the_person() {
    let scene = failed(asks).await;
    scene
        .bot
        .aws
        .inject("ecs:UpdateService", simulator::Fault::denied());
    let answer = invoke(&scene, json!({})).await;
    assert_eq!(answer["done"], false);
    let outcome = answer["outcome"].as_str().unwrap();
    assert!(
        outcome.contains(r#""Action":"ecs:UpdateService""#),
        "{outcome}"
    );
    scene.held(&[]);
}

#[tokio::test]
async fn a_service_that_is_not_there_is_said_to_be_gone() {
    let scene = failed(asks).await;
    let answer = invoke(&scene, json!({ "service": "payments" })).await;
    assert_eq!(answer["verdict"], "hold_service_gone", "{answer}");
}

#[tokio::test]
async fn what_is_wrong_with_a_payload_is_said_and_nothing_is_asked() {
    let mut scene = failed(asks).await;
    scene.bot.settings.cluster_pattern = domain::settings::Glob::parse("dev-*").unwrap();
    for (fields, wrong) in [
        (json!({ "dryrun": true }), "unknown field 'dryrun'"),
        (json!({ "cluster": "a/b" }), "cluster 'a/b' is no name"),
        (
            json!({ "to": "order-api" }),
            "to 'order-api' is no task definition",
        ),
        (json!({}), "opsbot does not watch cluster prod-apps"),
    ] {
        let answer = invoke(&scene, fields).await;
        let error = answer["error"].as_str().unwrap_or_default();
        assert!(error.starts_with(wrong), "{answer}");
    }
    assert_eq!(scene.bot.aws.call_count(), 0);
}

#[tokio::test]
async fn a_message_that_is_no_request_comes_again_until_it_is_put_aside() {
    let scene = failed(auto).await;
    let batch = json!({ "Records": [{ "body": "{}" }] });
    let answer = scene.bot.roll_back(scene.bot.now(), &batch).await;
    assert!(
        matches!(answer, Err(roll_back::Retry::Unreadable(_))),
        "{answer:?}"
    );
    assert_eq!(scene.bot.aws.call_count(), 0);
}

/// No incident is open: nothing has failed by what ECS says, but a person wants the release gone.
async fn gone(world: World) -> Scene {
    let scene = Scene::over(world, &[ENABLED], Options::default()).await;
    scene.bot.aws.with(World::drain_events);
    let answer = invoke(&scene, json!({ "reason": "wrong prices" })).await;
    assert_eq!(answer["done"], true, "{answer}");
    let events = scene.bot.aws.with(|world| {
        world.settle();
        world.drain_events()
    });
    scene.bot.deliver_all(&events).await;
    scene
}

const BEGUN_AND_OVER: [&str; 2] = ["rollback_started warning roll_back", "recovered info over"];

#[tokio::test]
async fn a_release_that_a_person_stops_is_no_failure_and_gets_a_last_word() {
    let scene = gone(released(|service| service.tag(TAG, "ask"))).await;
    assert_eq!(scene.writes(), ["StopServiceDeployment"]);
    assert_eq!(scene.told(), BEGUN_AND_OVER);
}

#[tokio::test]
async fn a_release_that_a_person_takes_back_gets_a_last_word() {
    let mut world = released(|service| service.tag(TAG, "ask"));
    world.set_fate("order-api:42", Fate::runs_healthy());
    world.settle();
    let scene = gone(world).await;
    assert_eq!(scene.writes(), ["UpdateService"]);
    assert_eq!(scene.told(), BEGUN_AND_OVER);
}

/// The word that was left comes two minutes later.
async fn told_later(scene: &Scene) {
    let later = scene.bot.now() + TimeDelta::minutes(2);
    let left = scene.bot.handed_over().into_iter();
    let left: Vec<Value> = left.filter(|it| TellLater::parse(it).is_some()).collect();
    assert!(!left.is_empty());
    for (number, word) in left.iter().enumerate() {
        let request = format!("word {number}");
        scene.bot.deliver_at(later, &request, word).await.unwrap();
    }
    for request in scene.bot.asked() {
        scene.bot.ask_at(later, &request).await.expect("an answer");
    }
}

#[tokio::test]
async fn what_sns_does_not_take_of_a_persons_rollback_is_told_later() {
    let mut world = released(|service| asks(service.breaker(Breaker::on())));
    world.settle();
    let scene = Scene::over(world, &[ENABLED], Options::default()).await;
    scene.bot.aws.inject("sns:Publish", Fault::denied());
    let answer = invoke(&scene, json!({})).await;
    assert_eq!(answer["done"], true, "{answer}");
    let outcome = answer["outcome"].as_str().unwrap();
    assert!(
        outcome.ends_with("could not be published yet; opsbot tries again."),
        "{outcome}"
    );
    assert_eq!(scene.told(), [""; 0]);
    scene.bot.aws.clear_faults();
    told_later(&scene).await;
    assert_eq!(scene.told(), ["rollback_started warning began"]);
    assert_eq!(scene.writes(), ["UpdateService"]);
}

#[tokio::test]
async fn what_a_person_was_refused_is_not_done_later() {
    let mut world = released(|service| auto(service.breaker(Breaker::on())));
    world.settle();
    let scene = Scene::over(world, &[ENABLED], Options::default()).await;
    scene.bot.aws.inject("ecs:UpdateService", Fault::denied());
    let answer = invoke(&scene, json!({})).await;
    assert_eq!(answer["done"], false, "{answer}");
    scene.bot.aws.clear_faults();
    told_later(&scene).await;
    scene.held(&[]);
}

#[tokio::test]
async fn what_may_be_under_way_gets_a_last_word_too() {
    let mut world = released(|service| asks(service.breaker(Breaker::on())));
    world.settle();
    let scene = Scene::over(world, &[ENABLED], Options::default()).await;
    // Carried out, and neither its answer nor the looks after it come back.
    scene
        .bot
        .aws
        .inject("ecs:UpdateService", Fault::answer_lost());
    let looks = Fault::internal().after(3);
    scene.bot.aws.inject("ecs:DescribeServices", looks);
    let answer = invoke(&scene, json!({})).await;
    assert_eq!(answer["done"], false, "{answer}");
    scene.bot.aws.clear_faults();
    let events = scene.bot.aws.with(|world| {
        world.settle();
        world.drain_events()
    });
    let completed = |it: &&Value| it["detail"]["eventName"] == "SERVICE_DEPLOYMENT_COMPLETED";
    let completed = events.iter().rfind(completed).unwrap();
    scene.bot.deliver(completed).await.unwrap();
    assert_eq!(
        scene.told(),
        ["rollback_held critical unsure", "recovered info over"]
    );
}

/// Of a deployment that shifts traffic ECS sends no event when it completes.
#[tokio::test]
async fn a_rollback_that_shifts_traffic_gets_a_last_word_when_it_is_looked_at() {
    for (settle, call) in [(false, "StopServiceDeployment"), (true, "UpdateService")] {
        let mut world = released(|service| asks(service.strategy("BLUE_GREEN")));
        if settle {
            world.set_fate("order-api:42", Fate::runs_healthy());
            world.settle();
        }
        let scene = Scene::over(world, &[ENABLED], Options::default()).await;
        invoke(&scene, json!({})).await;
        assert_eq!(scene.writes(), [call]);
        scene.bot.aws.with(World::settle);
        let begun = scene.bot.handed_over().into_iter();
        let begun: Vec<Value> = begun
            .filter(|it| RollbackBegun::parse(it).is_some())
            .collect();
        let later = scene.bot.now() + TimeDelta::minutes(15);
        for request in ["one", "two"] {
            scene
                .bot
                .deliver_at(later, request, &begun[0])
                .await
                .unwrap();
        }
        assert_eq!(scene.told(), BEGUN_AND_OVER, "{call}");
        assert_eq!(scene.bot.handed_over().len(), 2, "{call}");
    }
}

/// What a person wanted to be rid of still serves: that it had completed is no recovery.
#[tokio::test]
async fn what_was_to_be_taken_back_and_was_not_does_not_recover() {
    let mut world = released(asks);
    world.set_fate("order-api:42", Fate::runs_healthy());
    world.settle();
    let scene = Scene::over(world, &[ENABLED], Options::default()).await;
    // Not carried out, which nobody can tell: the looks after it do not come back either.
    scene.bot.aws.inject("ecs:UpdateService", Fault::internal());
    let looks = Fault::internal().after(3);
    scene.bot.aws.inject("ecs:DescribeServices", looks);
    invoke(&scene, json!({})).await;
    scene.bot.aws.clear_faults();
    let begun = scene.bot.handed_over().into_iter();
    let begun: Vec<Value> = begun
        .filter(|it| RollbackBegun::parse(it).is_some())
        .collect();
    let later = scene.bot.now() + TimeDelta::minutes(15);
    scene
        .bot
        .deliver_at(later, "look", &begun[0])
        .await
        .unwrap();
    assert_eq!(scene.told(), ["rollback_held critical unsure"]);
}

/// Nobody invokes it again. Whatever it did is told once, and nothing is where it did nothing.
#[tokio::test]
async fn wherever_a_persons_invocation_dies_what_it_did_is_told() {
    let setting = async || {
        let mut world = released(|service| asks(service.breaker(Breaker::on())));
        world.settle();
        Scene::over(world, &[ENABLED], Options::default()).await
    };
    let undisturbed = setting().await;
    invoke(&undisturbed, json!({})).await;
    told_later(&undisturbed).await;
    assert_eq!(undisturbed.told(), ["rollback_started warning roll_back"]);
    for dies_after in 12..=20 {
        let scene = setting().await;
        scene.bot.aws.inject("*", Fault::hangs().after(dies_after));
        {
            let mut answer = std::pin::pin!(invoke(&scene, json!({})));
            tokio::select! {
                _ = &mut answer => {}
                () = crashes::called(&scene.bot, dies_after as usize + 1) => {}
            }
        }
        scene.bot.aws.clear_faults();
        if scene.bot.handed_over().is_empty() {
            assert_eq!(scene.writes(), [""; 0], "dies after {dies_after}");
            continue;
        }
        told_later(&scene).await;
        let told = scene.told();
        let written = !scene.writes().is_empty();
        assert!(
            !written || (1..=2).contains(&told.len()),
            "dies after {dies_after}: {told:?}"
        );
    }
}

/// They know that the rollback may not be on, not that the deployment fails and why.
#[tokio::test]
async fn a_deployment_whose_rollback_may_not_be_on_is_told_when_it_fails() {
    let scene = in_flight(asks).await;
    let stop = "ecs:StopServiceDeployment";
    scene.bot.aws.inject(stop, Fault::hangs());
    let answer = invoke(&scene, json!({})).await;
    assert_eq!(answer["done"], false, "{answer}");
    assert_eq!(scene.told(), ["rollback_held critical unsure"]);
    scene.bot.aws.clear_faults();
    let (arn, deployment) = (&scene.request.service, &scene.request.deployment);
    let unheard = domain::stop::Unheard::NothingWatches;
    let event = domain::stop::handover("aws.ecs", arn, deployment, 3, unheard, scene.bot.now());
    for _ in 0..2 {
        scene.bot.deliver(&event).await.expect("an answer");
    }
    let kinds = scene.alerts().into_iter();
    let kinds: Vec<_> = kinds.map(|it| it.attributes["kind"].1.clone()).collect();
    assert_eq!(kinds, ["rollback_held", "deployment_failing"]);
    let incidents: Vec<Value> = scene
        .alerts()
        .iter()
        .map(|it| {
            serde_json::from_str::<Value>(&it.for_protocol("sqs")).unwrap()["incident"].clone()
        })
        .collect();
    assert_eq!(incidents[0], incidents[1], "one thread");
}
