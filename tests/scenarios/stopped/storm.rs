//! A storm: few alerts, few calls, exact counts.

use simulator::{Options, Throttle};
use tests::storm::{Storm, calls, repeated};

use super::*;

/// Two batches at a time, as the template allows, against the buckets of the real API.
async fn weather(storm: Storm) -> Bot {
    let world = storm.town();
    let batches = storm.batches(&world);
    let options = Options {
        throttle: Throttle::VirtualClock,
        ..Options::default()
    };
    let bot = Bot::over(world, &[], aws::client::Limits::default(), options);
    for pair in batches.chunks(2) {
        let answers = pair
            .iter()
            .map(|batch| bot.deliver_texts(batch.iter().cloned()));
        for again in futures_util::future::join_all(answers).await {
            assert_eq!(again, NOTHING);
        }
        storm.pass(&bot.aws, batches.len());
    }
    bot
}

#[track_caller]
fn check(bot: &Bot, storm: Storm) {
    assert_eq!(storm.miscounted(&bot.aws, TABLE), 0);
    assert_eq!(repeated(&bot.alerts()), 0, "no decade is told twice");
    assert_eq!(calls(&bot.aws).1, 0, "nothing is throttled");
}

#[tokio::test]
async fn a_storm_of_one_crash_loop_is_an_alert_for_each_power_of_ten() {
    let storm = Storm {
        tasks: 2_000,
        services: 1,
        causes: 1,
    };
    let bot = weather(storm).await;
    check(&bot, storm);
    assert!(bot.alerts().len() <= 4, "{}", sms(&bot));
    let calls: usize = calls(&bot.aws).0.values().sum();
    assert!(calls <= 300, "{calls} calls");
}

#[tokio::test]
async fn a_storm_over_many_services_is_an_alert_for_each_incident_and_power_of_ten() {
    let storm = Storm {
        tasks: 2_000,
        services: 40,
        causes: 5,
    };
    let bot = weather(storm).await;
    check(&bot, storm);
    let alerts = bot.alerts().len();
    assert!((200..=400).contains(&alerts), "{alerts} alerts");
    let (calls, _) = calls(&bot.aws);
    assert!(calls["ecs:DescribeServices"] <= 200, "{calls:?}");
}
