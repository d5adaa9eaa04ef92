//! Each story of the demo: what the on-call engineer reads.

use simulator::World;
use stories::{Story, until};
use tests::bot::Bot;

/// Plays a story until its deployment failed, and delivers what EventBridge would.
async fn failed(name: &str) -> Bot {
    let story = Story::named(name).expect("a known story");
    let bot = Bot::new(story.town("aws.ecs"));
    for action in story.denied {
        bot.aws.inject(action, simulator::Fault::denied());
    }
    let events = bot.aws.with(|world: &mut World| {
        story.release(world);
        until(world, "SERVICE_DEPLOYMENT_FAILED")
    });
    bot.deliver_all(&events).await;
    bot
}

/// The e-mail without the links, which are the same in every story.
async fn check(name: &str) -> String {
    let bot = failed(name).await;
    let alerts = bot.alerts();
    assert_eq!(alerts.len(), 1, "one alert");
    let text = alerts[0].for_protocol("email");
    let (body, links) = text.split_once("\nLINKS\n").expect("links");
    assert!(links.contains("/clusters/prod-apps/services/order-api"));
    body.to_owned()
}

macro_rules! reads {
    ($($fact:ident: $story:literal)*) => {
        $(#[tokio::test]
        async fn $fact() {
            insta::assert_snapshot!(check($story).await);
        })*
    };
}

reads! {
    a_denied_secret_names_the_secret_and_the_role: "secret-denied"
    a_missing_image_names_the_tag_and_how_to_go_back: "image-missing"
    out_of_memory_names_the_limit: "out-of-memory"
    a_load_balancer_kill_is_a_failure_though_it_exits_0: "load-balancer"
    a_clean_exit_is_explained: "clean-exit"
    the_sidecar_that_died_first_is_blamed: "sidecar-first"
    a_missing_program_is_told_while_ecs_rolls_back: "ecs-rolls-back"
    a_first_deployment_has_nothing_to_go_back_to: "first-deployment"
    what_could_not_be_read_is_said_with_the_permission: "diagnostics-denied"
}
