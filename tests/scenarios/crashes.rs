//! The function dies between any two of its calls, or another event is answered there: the alerts
//! are right or there is one duplicate more, never one less, and the last word comes.

use std::pin::pin;

use chrono::TimeDelta;
use serde_json::Value;
use simulator::{Fault, World};
use stories::{CLUSTER, SERVICE, Story, until};
use tests::bot::{Bot, TABLE, taken};

/// One incident from its first event to its last, with the world as each event finds it.
struct Scene {
    failed: World,
    recovered: World,
    failure: Value,
    rollback: Value,
    recovery: Value,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Event {
    Failed,
    RollingBack,
    Completed,
}

use Event::{Completed, Failed, RollingBack};

/// What comes after the death.
#[derive(Clone, Copy, Debug)]
enum Then {
    /// Lambda retries the invocation.
    Retry,
    /// EventBridge delivers the event once more, in an invocation of its own.
    Duplicate,
}

/// ECS begins to roll back in the same second.
fn rolls_back() -> Scene {
    scene("ecs-rolls-back", |world| {
        until(world, "SERVICE_DEPLOYMENT_COMPLETED")
    })
}

/// As if ECS had needed a moment: the failure is told before the rollback begins, which is an
/// update of its own then.
fn rolls_back_late() -> Scene {
    let late = scene("image-missing", |world| {
        world.deploy(CLUSTER, SERVICE, "order-api:41");
        until(world, "SERVICE_DEPLOYMENT_COMPLETED")
    });
    let Scene { rollback, .. } = rolls_back();
    Scene { rollback, ..late }
}

fn scene(story: &str, recover: impl Fn(&mut World) -> Vec<Value>) -> Scene {
    let story = Story::named(story).unwrap();
    let mut world = story.town("aws.ecs");
    story.release(&mut world);
    let mut events = until(&mut world, "SERVICE_DEPLOYMENT_FAILED");
    let failed = world.clone();
    events.extend(recover(&mut world));
    events.retain(taken);
    let named = |name: &str| {
        let found = events.iter().find(|it| it["detail"]["eventName"] == name);
        found.cloned().unwrap_or_default()
    };
    Scene {
        failed,
        recovered: world,
        failure: named("SERVICE_DEPLOYMENT_FAILED"),
        rollback: named("SERVICE_DEPLOYMENT_IN_PROGRESS"),
        recovery: named("SERVICE_DEPLOYMENT_COMPLETED"),
    }
}

impl Scene {
    fn event(&self, event: Event) -> &Value {
        match event {
            Failed => &self.failure,
            RollingBack => &self.rollback,
            Completed => &self.recovery,
        }
    }

    fn bot(&self) -> Bot {
        let mut bot = Bot::new(self.failed.clone());
        bot.patience = std::time::Duration::from_millis(1);
        bot
    }

    /// The world is as the event finds it.
    fn set(&self, bot: &Bot, event: Event) {
        if event == Completed {
            bot.aws
                .with(|world: &mut World| *world = self.recovered.clone());
        }
    }

    async fn deliver(&self, bot: &Bot, events: &[Event]) {
        for event in events {
            self.set(bot, *event);
            self.patiently(bot, &format!("{event:?}"), *event).await;
        }
    }

    /// Lambda comes again a minute later where it is asked to: what an invocation that died holds is
    /// free then.
    async fn patiently(&self, bot: &Bot, request_id: &str, event: Event) {
        let event = self.event(event);
        if bot.deliver_as(request_id, event).await.is_err() {
            let later = bot.now() + TimeDelta::seconds(61);
            let answer = bot.deliver_at(later, request_id, event).await;
            answer.expect("an answer to the retry");
        }
    }

    /// The kinds of the alerts where nothing goes wrong, and the calls made for the event at `at`.
    async fn undisturbed(&self, events: &[Event], at: usize) -> (Vec<String>, usize) {
        let bot = self.bot();
        self.deliver(&bot, &events[..at]).await;
        bot.aws.clear_logs();
        self.deliver(&bot, &events[at..=at]).await;
        let calls = bot.aws.calls().len();
        self.deliver(&bot, &events[at + 1..]).await;
        (kinds(&bot), calls)
    }

    /// The function dies when it has made `calls` calls for this event.
    async fn dies(&self, bot: &Bot, event: Event, calls: usize) {
        self.set(bot, event);
        bot.aws.clear_logs();
        let last = u32::try_from(calls).unwrap();
        bot.aws.inject("*", Fault::hangs().after(last));
        {
            let mut answer = pin!(bot.deliver_as("first", self.event(event)));
            tokio::select! {
                _ = &mut answer => {}
                () = called(bot, calls + 1) => {}
            }
        }
        bot.aws.clear_faults();
    }

    /// The event comes again.
    async fn again(&self, bot: &Bot, event: Event, then: Then) {
        match then {
            Then::Retry => {
                let answer = bot.deliver_as("first", self.event(event)).await;
                answer.expect("an answer to the retry");
            }
            Then::Duplicate => self.patiently(bot, "second", event).await,
        }
    }
}

/// Waits until so many calls have arrived.
async fn called(bot: &Bot, calls: usize) {
    while bot.aws.calls().len() < calls {
        tokio::task::yield_now().await;
    }
}

fn kinds(bot: &Bot) -> Vec<String> {
    let alerts = bot.alerts();
    let kinds = alerts
        .iter()
        .map(|alert| alert.attributes["kind"].1.clone());
    kinds.collect()
}

/// Every incident that is remembered as open.
fn open(bot: &Bot) -> Vec<String> {
    let items = bot.aws.table(TABLE);
    let names = items.iter().flat_map(|item| item.keys().cloned());
    names.filter(|name| name.starts_with("open#")).collect()
}

/// Dies at every step of the event at `at`.
async fn check(scene: &Scene, events: &[Event], at: usize) {
    let (want, calls) = scene.undisturbed(events, at).await;
    assert!(calls > 1, "{calls} calls");
    for (dies_after, then) in (0..=calls).flat_map(|n| [(n, Then::Retry), (n, Then::Duplicate)]) {
        let bot = scene.bot();
        scene.deliver(&bot, &events[..at]).await;
        scene.dies(&bot, events[at], dies_after).await;
        scene.again(&bot, events[at], then).await;
        scene.deliver(&bot, &events[at + 1..]).await;
        let mut got = kinds(&bot);
        let told = format!("{then:?} after {dies_after} of {calls} calls: {got:?}");
        assert!(got.len() <= want.len() + 1, "more than a duplicate: {told}");
        got.dedup();
        assert_eq!(got, want, "{told}");
        assert_eq!(open(&bot), [""; 0], "an incident without its end: {told}");
    }
}

#[tokio::test]
async fn a_failure_is_told_wherever_the_function_dies() {
    check(&rolls_back(), &[Failed, RollingBack, Completed], 0).await;
    check(&rolls_back_late(), &[Failed, Completed], 0).await;
}

#[tokio::test]
async fn a_rollback_that_tells_the_failure_does_so_wherever_the_function_dies() {
    check(&rolls_back(), &[RollingBack, Failed, Completed], 0).await;
}

#[tokio::test]
async fn a_rollback_told_as_an_update_is_told_wherever_the_function_dies() {
    check(&rolls_back_late(), &[Failed, RollingBack, Completed], 1).await;
}

#[tokio::test]
async fn the_last_word_is_said_wherever_the_function_dies() {
    check(&rolls_back(), &[Failed, RollingBack, Completed], 2).await;
    check(&rolls_back_late(), &[Failed, RollingBack, Completed], 2).await;
}

/// The function dies, the service recovers, and only then the event comes again.
#[tokio::test]
async fn a_death_that_the_recovery_overtakes_leaves_nothing_open_and_nobody_uninformed() {
    let scene = rolls_back();
    for event in [Failed, RollingBack] {
        let (_, calls) = scene.undisturbed(&[event], 0).await;
        for n in 0..=calls {
            let bot = scene.bot();
            scene.dies(&bot, event, n).await;
            scene.deliver(&bot, &[Completed]).await;
            scene.again(&bot, event, Then::Retry).await;
            scene.patiently(&bot, "failure", Failed).await;
            over(&bot, &format!("{event:?} after {n} of {calls} calls"));
        }
    }
}

/// Each of the two waits after every call while the other is answered whole. What the failure reads
/// of the service may be older than the completion: ECS's answers lag behind.
#[tokio::test]
async fn a_failure_and_its_completion_may_race_in_every_way() {
    let scene = rolls_back();
    for (waits, other, stale) in [
        (Failed, Completed, false),
        (Failed, Completed, true),
        (Completed, Failed, false),
        (Completed, Failed, true),
    ] {
        let (_, calls) = scene.undisturbed(&[waits], 0).await;
        for n in 0..=calls {
            let bot = scene.bot();
            let set = |event| scene.set(&bot, if stale { Failed } else { event });
            set(waits);
            let mut first = pin!(bot.deliver_as("first", scene.event(waits)));
            let early = tokio::select! {
                answer = &mut first => Some(answer),
                () = called(&bot, n) => None,
            };
            set(other);
            let second = bot.deliver_as("second", scene.event(other)).await;
            second.expect("an answer");
            let first = match early {
                Some(answer) => answer,
                None => first.await,
            };
            first.expect("an answer");
            let when = format!("{waits:?} waited after {n} of {calls} calls, stale: {stale}");
            over(&bot, &when);
            let told = kinds(&bot);
            assert!(told.len() <= 2, "{when}: {told:?}");
        }
    }
}

/// The failure was told, and that it is over: by the last word or by the failure itself.
#[track_caller]
fn over(bot: &Bot, when: &str) {
    let alerts = bot.alerts();
    let told = kinds(bot);
    assert!(
        told.iter().any(|kind| kind == "deployment_failed"),
        "{when}: {told:?}"
    );
    let says = |text: &str| {
        alerts
            .iter()
            .any(|alert| alert.for_protocol("sms").contains(text))
    };
    assert!(
        says("recovered in") || says("is over already"),
        "{when}: {told:?}"
    );
    assert!(told.len() <= 3, "{when}: {told:?}");
    assert_eq!(open(bot), [""; 0], "{when}: {told:?}");
}
