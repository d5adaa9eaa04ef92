//! The stories with a verdict, from the release to the last word: what the demo shows deployed.

use domain::verdict;
use serde_json::Value;
use simulator::{Fate, Fault, Published, World};
use stories::{CLUSTER, Ending, Rollbacks, SERVICE, Story, more_stops, until};
use tests::bot::{Bot, ENABLED, is_stop};

/// A story told until people heard of the failure.
async fn failed(story: &Story) -> Bot {
    let bot = Bot::with(story.town("aws.ecs"), &[ENABLED], Default::default());
    for action in story.denied {
        bot.aws.inject(action, Fault::denied());
    }
    if let Some(scene) = story.scene {
        let acts = bot.aws.with(|world: &mut World| scene.acts(story, world));
        let stops: Vec<Value> = acts.into_iter().flat_map(|act| act.events).collect();
        let stops: Vec<Value> = stops.into_iter().filter(is_stop).collect();
        bot.deliver_batch(&stops).await;
        bot.deliver_handed_over().await.expect("an answer");
        return bot;
    }
    fails(story, &bot).await;
    bot
}

async fn fails(story: &Story, bot: &Bot) {
    let events = bot.aws.with(|world: &mut World| {
        story.release(world);
        let events = until(world, "SERVICE_DEPLOYMENT_FAILED");
        story.turns(world);
        events
    });
    bot.deliver_all(&events).await;
}

/// roll-back answers what it was asked last, and time passes until an event of that name.
async fn goes_on(bot: &Bot, until_event: &str) {
    if let Some(request) = bot.asked().last() {
        bot.ask(request).await.expect("an answer");
    }
    let events = bot.aws.with(|world: &mut World| until(world, until_event));
    bot.deliver_all(&events).await;
}

/// Kind and verdict, or what ECS does, of each alert; what task-stopped tells of single tasks is
/// left out.
fn told(bot: &Bot) -> Vec<String> {
    let say = |alert: &Published| {
        let attribute = |name: &str| alert.attributes[name].1.clone();
        format!("{} {}", attribute("kind"), attribute("rollback"))
    };
    let alerts = bot.alerts();
    let told = alerts.iter().map(say);
    told.filter(|it| !it.starts_with("task_stopped")).collect()
}

async fn plays(story: &Story) -> Vec<String> {
    let bot = failed(story).await;
    match story.ending {
        Ending::AsEcsDoes => {}
        Ending::GoesBack => goes_on(&bot, "SERVICE_DEPLOYMENT_COMPLETED").await,
        Ending::PersonAsks => {
            let payload = serde_json::json!({ "cluster": CLUSTER, "service": SERVICE });
            assert_eq!(bot.invoke(&payload).await["done"], true);
            goes_on(&bot, "SERVICE_DEPLOYMENT_COMPLETED").await;
        }
        Ending::Refused => {
            bot.aws.inject("ecs:UpdateService", Fault::denied());
            bot.ask(&bot.asked()[0]).await.expect("an answer");
        }
        Ending::Held => {
            bot.ask(&bot.asked()[0]).await.expect("an answer");
        }
        Ending::MoreFail => {
            let stops = bot.aws.with(more_stops);
            bot.deliver_batch(&stops).await;
            bot.deliver_handed_over().await.expect("an answer");
            goes_on(&bot, "SERVICE_DEPLOYMENT_COMPLETED").await;
        }
        Ending::NextRelease => goes_on(&bot, "SERVICE_DEPLOYMENT_COMPLETED").await,
        Ending::FailsToo => goes_on(&bot, "SERVICE_DEPLOYMENT_FAILED").await,
        Ending::ReleasedAgain => {
            goes_on(&bot, "SERVICE_DEPLOYMENT_COMPLETED").await;
            fails(story, &bot).await;
        }
    }
    told(&bot)
}

#[tokio::test]
async fn each_story_has_its_verdict_and_its_end() {
    let mut said = String::new();
    for story in stories::all() {
        if let Rollbacks::Enabled { verdict, .. } = story.rollbacks {
            let told = plays(&story).await;
            assert!(
                told[0].ends_with(&format!(" {verdict}")),
                "{}: {told:?}",
                story.name
            );
            said += &format!("{}: {}\n", story.name, told.join(", "));
        }
    }
    insta::assert_snapshot!(said, @r"
    rolled-back: deployment_failed roll_back, rollback_started roll_back, recovered over
    rolled-back-unwatched: deployment_failing roll_back, rollback_started roll_back, recovered over
    asks-first: deployment_failed ask, rollback_started roll_back, recovered over
    dry-run: deployment_failed dry_run
    not-opted-in: deployment_failed hold_not_opted_in
    ecs-goes-first: deployment_failed watch_ecs_rollback
    role-not-passed: deployment_failed roll_back, rollback_held refused
    rollback-fails: deployment_failed roll_back, rollback_started roll_back, rollback_failed hold_was_rollback
    cooling-down: deployment_failed roll_back, rollback_started roll_back, recovered over, deployment_failed hold_cooling_down
    moved-tag: deployment_failed hold_same_revision
    no-capacity: deployment_failed hold_not_its_fault
    nothing-good: deployment_failed hold_nothing_good
    too-few: deployment_failing hold_too_few, rollback_started roll_back, recovered over
    superseded: deployment_failed hold_superseded, recovered over
    stack-in-progress: deployment_failed roll_back, rollback_held hold_stack_in_progress
    good-inactive: deployment_failed hold_target_unusable
    facts-missing: deployment_failed hold_facts_missing
    not-ours: deployment_failed hold_not_ours
    service-gone: deployment_failed hold_service_gone
    ");
}

/// Nothing leads to the others that could be played by the clock: a request that comes twice, a
/// history without the deployment, and one that completed while the request waited.
#[tokio::test]
async fn the_stories_show_every_verdict_but_three() {
    let mut unseen: Vec<&str> = verdict::ROWS.iter().map(|(code, _)| *code).collect();
    for story in stories::all() {
        if let Rollbacks::Enabled { .. } = story.rollbacks {
            let told = plays(&story).await.join(", ");
            unseen.retain(|code| !told.split([' ', ',']).any(|word| word == *code));
        }
    }
    assert_eq!(
        unseen,
        ["hold_already_done", "hold_unclear", "hold_not_failing"]
    );
}

/// What was rolled back to runs, and exits: the circuit breaker does not count that.
#[tokio::test]
async fn a_rollback_of_opsbot_that_keeps_failing_pages_in_the_same_incident() {
    let story = Story::named("rolled-back").unwrap();
    let bot = failed(&story).await;
    bot.ask(&bot.asked()[0]).await.expect("an answer");
    let stops: Vec<Value> = bot.aws.with(|world: &mut World| {
        world.set_fate("order-api:41", Fate::exits("app", 1));
        world.drain_events();
        world.advance(std::time::Duration::from_secs(300));
        world.drain_events().into_iter().filter(is_stop).collect()
    });
    bot.deliver_batch(&stops).await;
    bot.deliver_handed_over().await.expect("an answer");
    let alerts = bot.alerts();
    let (first, last) = (&alerts[0], alerts.last().unwrap());
    let attribute = |name: &str| last.attributes[name].1.as_str();
    let said = ["kind", "severity", "rollback"].map(attribute).join(" ");
    assert_eq!(said, "rollback_failed critical hold_was_rollback");
    let incident = |alert: &Published| {
        let alert: Value = serde_json::from_str(&alert.for_protocol("sqs")).unwrap();
        alert["incident"].clone()
    };
    assert_eq!(incident(last), incident(first));
}

#[tokio::test]
async fn the_first_screen_of_the_readme_is_an_alert_of_the_first_story() {
    let story = stories::all().next().expect("a story");
    let bot = failed(&story).await;
    let email = bot.alerts()[0].for_protocol("email");
    let readme = include_str!("../../README.md");
    let screen = readme
        .split("```")
        .nth(1)
        .expect("a screen")
        .lines()
        .skip(1);
    let invented: Vec<_> = screen
        .filter(|line| *line != "…" && !email.lines().any(|it| it == *line))
        .collect();
    assert_eq!(invented, [""; 0], "README.md's first screen and\n{email}");
}

#[tokio::test]
async fn a_telephone_is_told_what_opsbot_does() {
    let mut said = String::new();
    for name in [
        "rolled-back",
        "asks-first",
        "dry-run",
        "not-opted-in",
        "ecs-goes-first",
    ] {
        let bot = failed(&Story::named(name).unwrap()).await;
        said += &format!("{}\n", bot.alerts()[0].for_protocol("sms"));
    }
    insta::assert_snapshot!(said, @r"
    WARN order-api in prod-apps: deployment of order-api:42 failed: secret cannot be read. opsbot rolls back to order-api:41
    WARN order-api in prod-apps: deployment of order-api:42 failed: secret cannot be read. Waiting for your word to go back to order-api:41
    WARN order-api in prod-apps: deployment of order-api:42 failed: secret cannot be read. Dry run: not rolled back to order-api:41
    WARN order-api in prod-apps: deployment of order-api:42 failed: secret cannot be read. Not opted in: not rolled back to order-api:41
    WARN order-api in prod-apps: deployment of order-api:42 failed: secret cannot be read. ECS is rolling back to order-api:41
    ");
}
