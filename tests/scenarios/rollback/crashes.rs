//! roll-back dies between any two of its calls and the message comes again; or two invocations are
//! at it at once. Never two writes, and it is always told.

use std::pin::pin;

use simulator::Fault;

use super::*;

/// Dies when it has made so many calls.
async fn dies(scene: &Scene, calls: usize) {
    let last = u32::try_from(calls).unwrap();
    scene.bot.aws.inject("*", Fault::hangs().after(last));
    {
        let mut answer = pin!(scene.bot.ask(&scene.request));
        tokio::select! {
            _ = &mut answer => {}
            () = called(&scene.bot, calls + 1) => {}
        }
    }
    scene.bot.aws.clear_faults();
}

pub(super) async fn called(bot: &Bot, calls: usize) {
    while bot.aws.call_count() < calls {
        tokio::task::yield_now().await;
    }
}

async fn undisturbed(scene: Scene) -> usize {
    scene.ask().await;
    scene.bot.aws.call_count()
}

#[track_caller]
fn check(scene: &Scene, dies_after: usize) {
    let (writes, told) = (scene.writes(), scene.told());
    let all = format!("dies after {dies_after} calls: {writes:?}, {told:?}");
    assert!(writes.len() <= 1, "written twice: {all}");
    assert!(
        (1..=2).contains(&told.len()),
        "not told, or too often: {all}"
    );
    let gone_back = scene.primary() == "order-api:41" || !writes.is_empty();
    let says_started = told.iter().any(|it| it.starts_with("rollback_started"));
    let says_unsure = told.iter().any(|it| it.ends_with("left_behind"));
    assert!(gone_back == says_started || says_unsure, "{all}");
}

#[tokio::test]
async fn wherever_it_dies_there_is_one_write_at_most_and_it_is_told() {
    let calls = undisturbed(failed(auto).await).await;
    assert!(calls > 10, "{calls} calls");
    for dies_after in 0..=calls {
        let scene = failed(auto).await;
        dies(&scene, dies_after).await;
        scene.ask_later().await;
        check(&scene, dies_after);
    }
}

#[tokio::test]
async fn the_same_holds_for_a_deployment_in_flight() {
    let calls = undisturbed(in_flight(auto).await).await;
    for dies_after in 0..=calls {
        let scene = in_flight(auto).await;
        dies(&scene, dies_after).await;
        scene.ask_later().await;
        check(&scene, dies_after);
    }
}

/// A message that comes again while the first invocation may still be at it waits.
#[tokio::test]
async fn what_may_be_under_way_is_not_called_lost() {
    let calls = undisturbed(failed(auto).await).await;
    for dies_after in 0..=calls {
        let scene = failed(auto).await;
        dies(&scene, dies_after).await;
        let soon = scene.bot.ask(&scene.request).await;
        if soon.is_err() {
            scene.ask_later().await;
        }
        check(&scene, dies_after);
    }
}

#[tokio::test]
async fn of_two_invocations_at_once_one_writes() {
    let mut calls = undisturbed(failed(auto).await).await;
    while calls > 0 {
        calls -= 1;
        let scene = failed(auto).await;
        let first = scene.bot.ask(&scene.request);
        let mut first = pin!(first);
        let early = tokio::select! {
            answer = &mut first => Some(answer),
            () = called(&scene.bot, calls) => None,
        };
        let second = scene.bot.ask(&scene.request).await;
        let first = match early {
            Some(answer) => answer,
            None => first.await,
        };
        if first.is_err() || second.is_err() {
            scene.ask_later().await;
        }
        assert_eq!(scene.writes(), ["UpdateService"], "{calls}");
        let told = scene.told();
        assert!(
            told.iter().all(|it| it.starts_with("rollback_started")),
            "{calls}: {told:?}"
        );
        assert!((1..=2).contains(&told.len()), "{calls}: {told:?}");
    }
}
