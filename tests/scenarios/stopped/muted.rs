//! A muted service: `opsbot:mute-until`.

use super::*;

/// Muted for ten minutes after it begins to fail.
fn muted() -> World {
    town_with(&[("opsbot:mute-until", "2026-11-22T11:20:00Z")])
}

#[tokio::test]
async fn a_muted_service_is_counted_and_told_when_it_still_goes_on_after_the_mute() {
    let bot = Bot::new(muted());
    let events = bot.aws.with(|world: &mut World| {
        crash(world);
        stops(world, Duration::from_secs(600))
    });
    for event in &events {
        bot.deliver_batch(std::slice::from_ref(event)).await;
    }
    assert_eq!(bot.alerts().len(), 0, "nobody is told");
    look(&bot, Duration::from_secs(300)).await;
    assert_eq!(bot.alerts().len(), 0, "it is still muted");
    look(&bot, Duration::from_secs(600)).await;
    insta::assert_snapshot!(letter(&bot));
    bot.aws.with(|world: &mut World| {
        world.set_fate("order-api:41", Fate::runs_healthy());
        world.advance(Duration::from_secs(1_800));
    });
    look(&bot, QUIET).await;
    insta::assert_snapshot!(letter(&bot));
    insta::assert_snapshot!(sms(&bot), @r"
    CRIT order-api in prod-apps: 22 tasks of order-api:41 stopped in 24 min 41 s and it is not over: application exited with an error
    OK order-api in prod-apps: no stop for 15 min after 22 tasks of order-api:41: application exited with an error
    ");
}

#[tokio::test]
async fn a_muted_incident_that_ends_in_the_mute_says_so_when_it_ends() {
    let (bot, stop) = one_stop(
        town_with(&[("opsbot:mute-until", "2026-11-22T18:00:00Z")]),
        &[],
    );
    assert_eq!(bot.deliver_batch(&[stop]).await, NOTHING);
    assert_eq!(bot.alerts().len(), 0);
    look(&bot, QUIET).await;
    insta::assert_snapshot!(letter(&bot));
}

#[tokio::test]
async fn a_mute_that_is_over_or_unreadable_mutes_nothing() {
    for until in ["2026-11-22T11:00:00Z", "for ever"] {
        let (bot, stop) = one_stop(town_with(&[("opsbot:mute-until", until)]), &[]);
        assert_eq!(bot.deliver_batch(&[stop]).await, NOTHING);
        assert_eq!(bot.alerts().len(), 1, "{until}");
    }
}

#[tokio::test]
async fn a_number_that_was_reached_in_a_mute_is_told_after_it_though_people_knew_before() {
    let (bot, stop) = one_stop(town(), &[]);
    let others = copies(&stop, 1..12);
    assert_eq!(bot.deliver_batch(&[stop]).await, NOTHING);
    let until = (bot.now() + TimeDelta::minutes(10)).to_rfc3339();
    bot.aws.with(|world: &mut World| {
        world.tag_service("prod-apps", "order-api", "opsbot:mute-until", &until);
    });
    assert_eq!(bot.deliver_batch(&others).await, NOTHING);
    assert_eq!(bot.alerts().len(), 1, "the rest is muted");
    look(&bot, Duration::from_secs(11 * 60)).await;
    let alerts = sms(&bot);
    assert_eq!(bot.alerts().len(), 2, "{alerts}");
    assert!(
        alerts.lines().last().unwrap().contains(" 12 tasks "),
        "{alerts}"
    );
    assert!(letter(&bot).contains("The service was muted until"));
    look(&bot, Duration::from_secs(120)).await;
    assert_eq!(bot.alerts().len(), 2, "once");
}

#[tokio::test]
async fn a_muted_stop_that_cannot_be_counted_is_not_told_and_comes_again() {
    let (bot, stop) = one_stop(muted(), &[]);
    let batch = [stop];
    for action in ["dynamodb:TransactWriteItems", "dynamodb:UpdateItem"] {
        bot.aws.inject(action, simulator::Fault::denied());
        assert_eq!(bot.deliver_batch(&batch).await, [0], "{action}");
        assert_eq!(bot.alerts().len(), 0, "{action}");
        bot.aws.clear_faults();
    }
    assert_eq!(bot.deliver_batch(&batch).await, NOTHING);
    insta::assert_snapshot!(counts(&bot).join("\n"), @r"
    deployment 1
    stops order-api:41/app_error/app 1
    ");
}

#[tokio::test]
async fn the_end_of_a_muted_incident_is_held_against_the_severity_floor() {
    let (bot, stop) = one_stop(muted(), &[("OPSBOT_SEVERITY_FLOOR", "critical")]);
    assert_eq!(bot.deliver_batch(&[stop]).await, NOTHING);
    look(&bot, QUIET).await;
    assert_eq!(sms(&bot), "");
}
