//! A deployment fails.

use simulator::World;
use tests::bot::Bot;
use tests::story::{Story, until};

/// Plays a story until its deployment failed, and delivers what EventBridge would.
async fn failed(name: &str) -> Bot {
    let story = Story::named(name).expect("a known story");
    let bot = Bot::new(story.town("aws.ecs"));
    let events = bot.aws.with(|world: &mut World| {
        story.release(world);
        until(world, "SERVICE_DEPLOYMENT_FAILED")
    });
    bot.deliver_all(&events).await;
    bot
}

#[track_caller]
fn text(bot: &Bot) -> String {
    let alerts = bot.alerts();
    assert_eq!(alerts.len(), 1, "one alert");
    alerts[0].for_protocol("email").to_owned()
}

#[tokio::test]
async fn a_denied_secret_is_explained() {
    let bot = failed("secret-denied").await;
    insta::assert_snapshot!(text(&bot));
}
