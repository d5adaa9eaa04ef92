//! ECS warns about a service.

use serde_json::Value;
use simulator::World;
use stories::{CLUSTER, SERVICE, Story, until};
use tests::bot::Bot;

fn quiet_town() -> Bot {
    Bot::new(Story::named("image-missing").unwrap().town("aws.ecs"))
}

fn warning(bot: &Bot, level: &str, name: &str, reason: Option<&str>) -> Value {
    let events = bot.aws.with(|world: &mut World| {
        world.tell_service_action(CLUSTER, SERVICE, level, name, reason);
        world.drain_events()
    });
    events.into_iter().last().expect("an event")
}

fn text(bot: &Bot) -> String {
    let alerts = bot.alerts();
    assert_eq!(alerts.len(), 1);
    let text = alerts[0].for_protocol("email");
    text.split_once("\nLINKS\n").expect("links").0.to_owned()
}

#[tokio::test]
async fn a_placement_failure_in_steady_state_is_told_without_a_deployment() {
    let bot = quiet_town();
    let event = warning(
        &bot,
        "ERROR",
        "SERVICE_TASK_PLACEMENT_FAILURE",
        Some("RESOURCE:FARGATE"),
    );
    bot.deliver(&event).await.expect("an answer");
    insta::assert_snapshot!(text(&bot));
}

#[tokio::test]
async fn every_documented_and_unknown_name_is_told() {
    for name in [
        "SERVICE_TASK_START_IMPAIRED",
        "SERVICE_DISCOVERY_INSTANCE_UNHEALTHY",
        "VPC_LATTICE_TARGET_UNHEALTHY",
        "SERVICE_DAEMON_PLACEMENT_CONSTRAINT_VIOLATED",
        "ECS_OPERATION_THROTTLED",
        "SERVICE_DISCOVERY_OPERATION_THROTTLED",
        "SERVICE_TASK_PLACEMENT_FAILURE",
        "SERVICE_TASK_CONFIGURATION_FAILURE",
        "SERVICE_HEALTH_UNKNOWN",
        "SOMETHING_QUITE_NEW",
    ] {
        let bot = quiet_town();
        bot.deliver(&warning(&bot, "ERROR", name, None))
            .await
            .expect("an answer");
        let alerts = bot.alerts();
        assert_eq!(alerts.len(), 1, "{name}");
        assert!(alerts[0].for_protocol("email").contains(name), "{name}");
        assert_eq!(alerts[0].attributes["kind"].1, "service_impaired", "{name}");
    }
}

#[tokio::test]
async fn the_same_warning_is_news_again_only_after_the_lasting_hours() {
    let bot = quiet_town();
    let name = "SERVICE_TASK_START_IMPAIRED";
    bot.deliver(&warning(&bot, "WARN", name, None))
        .await
        .expect("an answer");
    bot.aws.advance(std::time::Duration::from_secs(3_600));
    bot.deliver(&warning(&bot, "WARN", name, None))
        .await
        .expect("an answer");
    assert_eq!(bot.alerts().len(), 1, "an hour later it is no news");
    bot.aws.advance(std::time::Duration::from_secs(4 * 3_600));
    bot.deliver(&warning(&bot, "WARN", name, None))
        .await
        .expect("an answer");
    assert_eq!(bot.alerts().len(), 2, "five hours later it is");
}

#[tokio::test]
async fn a_warning_during_an_open_incident_is_its_symptom() {
    let story = Story::named("image-missing").unwrap();
    let bot = quiet_town();
    let events = bot.aws.with(|world: &mut World| {
        story.release(world);
        until(world, "SERVICE_DEPLOYMENT_FAILED")
    });
    bot.deliver_all(&events).await;
    bot.deliver(&warning(&bot, "WARN", "SERVICE_TASK_START_IMPAIRED", None))
        .await
        .expect("ok");
    assert_eq!(bot.alerts().len(), 1);
}
