//! The function dies between any two steps. What it was doing comes again when the queue's
//! visibility timeout is over, which is longer than its lease.

use std::pin::pin;

use super::*;

/// A situation, the batch that is delivered in it, and how it is made.
struct Case {
    name: &'static str,
    /// How many calls may be the last, at the same time.
    ends_at_once: usize,
    make: fn() -> Situation,
}

/// A bot and the batch that it is to answer.
type Situation = std::pin::Pin<Box<dyn Future<Output = (Bot, Vec<Value>)>>>;

const CASES: [Case; 10] = [
    Case {
        name: "a first stop",
        ends_at_once: 1,
        make: || {
            Box::pin(async {
                let (bot, stop) = one_stop(town(), &[]);
                (bot, vec![stop])
            })
        },
    },
    Case {
        name: "a batch that crosses ten",
        ends_at_once: 1,
        make: || {
            Box::pin(async {
                let (bot, stop) = one_stop(town(), &[]);
                let more = copies(&stop, 1..12);
                assert_eq!(bot.deliver_batch(&[stop]).await, NOTHING);
                (bot, more)
            })
        },
    },
    Case {
        name: "a handover",
        ends_at_once: 1,
        make: || {
            Box::pin(async {
                let fate = Fate::exits("app", 1).after(Duration::from_secs(5));
                let (bot, mut stops) = failing::stopped(None, fate);
                stops.truncate(5);
                assert_eq!(bot.deliver_batch(&stops[..1]).await, NOTHING);
                (bot, stops)
            })
        },
    },
    Case {
        name: "a watch that ends an incident",
        ends_at_once: 1,
        make: || {
            Box::pin(async {
                let (bot, stop) = one_stop(town(), &[]);
                assert_eq!(bot.deliver_batch(&[stop]).await, NOTHING);
                bot.aws.advance(QUIET);
                let watches = bot.watches();
                (bot, watches)
            })
        },
    },
    Case {
        name: "a look that tells that it is worse",
        ends_at_once: 1,
        make: || {
            Box::pin(async {
                let (bot, stop) = one_stop(town(), &[]);
                assert_eq!(bot.deliver_batch(&[stop]).await, NOTHING);
                endings::outage(&bot);
                bot.aws.advance(Duration::from_secs(120));
                let watches = bot.watches();
                (bot, watches)
            })
        },
    },
    Case {
        name: "a look that tells what lasts",
        ends_at_once: 1,
        make: || {
            Box::pin(async {
                let lasting = [("OPSBOT_LASTING_HOURS", "1")];
                let (bot, stop) = one_stop(town(), &lasting);
                let others = copies(&stop, 1..2);
                assert_eq!(bot.deliver_batch(&[stop]).await, NOTHING);
                bot.aws.advance(Duration::from_secs(61 * 60));
                assert_eq!(bot.deliver_batch(&others).await, NOTHING);
                let watches = bot.watches();
                (bot, watches)
            })
        },
    },
    Case {
        name: "a look that tells what goes on after a mute",
        ends_at_once: 1,
        make: || {
            Box::pin(async {
                let (bot, stop) = muted(5);
                assert_eq!(bot.deliver_batch(&copies(&stop, 1..12)).await, NOTHING);
                bot.aws.advance(Duration::from_secs(6 * 60));
                let watches = bot.watches();
                (bot, watches)
            })
        },
    },
    Case {
        name: "a stop in a mute",
        ends_at_once: 1,
        make: || {
            Box::pin(async {
                let (bot, stop) = muted(60);
                (bot, copies(&stop, 1..3))
            })
        },
    },
    Case {
        name: "more stops than one transaction counts",
        ends_at_once: 1,
        make: || {
            Box::pin(async {
                let (bot, stop) = one_stop(town(), &[]);
                (bot, copies(&stop, 1..61))
            })
        },
    },
    Case {
        name: "several stories",
        ends_at_once: 4,
        make: || {
            Box::pin(async {
                let (bot, stop) = one_stop(town(), &[]);
                let mut stops = copies(&stop, 1..5);
                stops[1]["detail"]["containers"][0]["exitCode"] = 139.into();
                stops[2]["detail"]["group"] = "service:cart-api".into();
                stops[3]["detail"]["group"] = "family:nightly".into();
                stops[3]["detail"]["startedBy"] = "events-rule/nightly".into();
                stops[3]["detail"]["taskDefinitionArn"] =
                    "arn:aws:ecs:us-east-1:111122223333:task-definition/nightly:7".into();
                (bot, stops)
            })
        },
    },
];

/// A stop of a service that is muted for so many minutes.
fn muted(minutes: i64) -> (Bot, Value) {
    let (bot, stop) = one_stop(town(), &[]);
    let until = (bot.now() + TimeDelta::minutes(minutes)).to_rfc3339();
    bot.aws.with(|world: &mut World| {
        world.tag_service("prod-apps", "order-api", "opsbot:mute-until", &until);
    });
    (bot, stop)
}

/// What is left of a situation when everything is answered.
#[derive(Debug, PartialEq)]
struct Outcome {
    counts: Vec<String>,
    alerts: Vec<String>,
    handed_over: Vec<Value>,
}

/// For how long it has lasted depends on when that is told.
fn without_the_time(line: &str) -> String {
    let lasts = line.split_once(" stopped in ");
    match lasts.and_then(|(head, rest)| Some((head, rest.split_once(" and ")?.1))) {
        Some((head, tail)) => format!("{head} stopped and {tail}"),
        None => line.to_owned(),
    }
}

fn outcome(bot: &Bot) -> Outcome {
    let mut alerts: Vec<String> = sms(bot).lines().map(without_the_time).collect();
    alerts.sort();
    let deployments = bot.handed_over().into_iter();
    Outcome {
        counts: counts(bot),
        alerts,
        handed_over: deployments
            .map(|event| event["detail"]["deploymentId"].clone())
            .collect(),
    }
}

/// Which moment of a call it dies at.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// The call is on its way and is never carried out.
    Made,
    /// AWS has answered it.
    Answered,
}

/// Delivers the batch, and ends the invocation at that moment of its `n`th call. Whether it lived
/// to see it.
async fn killed(bot: &Bot, batch: &[Value], n: usize, moment: Moment) -> bool {
    let before = bot.aws.calls().len();
    let latency = match moment {
        Moment::Made => 20,
        Moment::Answered => 5,
    };
    bot.aws.set_latency("*", Duration::from_millis(latency));
    let mut invocation = pin!(bot.deliver_batch(batch));
    let died = loop {
        let calls = bot.aws.calls();
        let reached = match moment {
            Moment::Made => calls.len() >= before + n,
            Moment::Answered => {
                calls[before..]
                    .iter()
                    .filter(|it| it.ended.is_some())
                    .count()
                    >= n
            }
        };
        if reached {
            break true;
        }
        let tick = Duration::from_micros(200);
        if tokio::time::timeout(tick, &mut invocation).await.is_ok() {
            break false;
        }
    };
    bot.aws.set_latency("*", Duration::ZERO);
    died
}

async fn undisturbed(case: &Case) -> (Outcome, usize) {
    let (bot, batch) = (case.make)().await;
    let before = bot.aws.calls().len();
    assert_eq!(bot.deliver_batch(&batch).await, NOTHING);
    (outcome(&bot), bot.aws.calls().len() - before)
}

async fn check(case: &Case, moment: Moment) {
    let (want, calls) = undisturbed(case).await;
    assert!(calls >= 4, "{}: {calls} calls", case.name);
    for n in 0..=calls {
        let (bot, batch) = (case.make)().await;
        let at = format!("{}, call {n} of {calls} {moment:?}", case.name);
        let died = killed(&bot, &batch, n, moment).await;
        // The last calls of several stories are answered together.
        assert!(died || calls - n < case.ends_at_once, "{at}: it lived");
        bot.aws.advance(Duration::from_secs(420));
        assert_eq!(bot.deliver_batch(&batch).await, NOTHING, "{at}");
        let got = outcome(&bot);
        assert_eq!(got.counts, want.counts, "{at}");
        at_most_one_more(&got.alerts, &want.alerts, &at);
        at_most_one_more(&got.handed_over, &want.handed_over, &at);
    }
}

/// Everything that was wanted, and each of it at most twice.
#[track_caller]
fn at_most_one_more<T: PartialEq + std::fmt::Debug>(got: &[T], want: &[T], at: &str) {
    let count = |all: &[T], one: &T| all.iter().filter(|it| *it == one).count();
    for one in want.iter().chain(got) {
        let (is, should) = (count(got, one), count(want, one));
        assert!(
            (should..=should + 1).contains(&is) && should > 0,
            "{at}: {one:?} {is} times instead of {should}: {got:?}"
        );
    }
}

#[tokio::test]
async fn killed_while_a_call_is_on_its_way_nothing_is_lost() {
    for case in &CASES {
        check(case, Moment::Made).await;
    }
}

#[tokio::test]
async fn killed_after_a_call_was_answered_nothing_is_lost() {
    for case in &CASES {
        check(case, Moment::Answered).await;
    }
}
