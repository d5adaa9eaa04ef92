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
