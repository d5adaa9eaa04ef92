//! The model test: random histories of a small account, and what must hold in all of them.
//!
//! `cargo test -p tests --test model` plays 1,000; `MODEL_HISTORIES=100000` as many as it says;
//! `MODEL_SEED=123` plays one and tells its story.

#![expect(
    clippy::print_stdout,
    reason = "the progress of many histories and the story of one are read on a terminal"
)]

mod chance;
mod fleet;
mod history;
mod house;
mod invariants;
mod lane;
mod life;
mod parcel;
mod plan;
mod post;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use history::{Tally, play};
use invariants::{Broken, broken};

/// Histories in `cargo test`.
const HISTORIES: u64 = 1_000;
/// The seeds of several threads at a time.
const THREADS: u64 = 2;

#[test]
fn histories_hold() {
    match setting("MODEL_SEED") {
        Some(seed) => told(seed),
        None => many(setting("MODEL_HISTORIES").unwrap_or(HISTORIES)),
    }
}

#[test]
fn a_seed_replays_the_same_history() {
    for seed in [3, 14, 159] {
        let (one, other) = (play(seed, true), play(seed, true));
        assert_eq!(one.story, other.story, "seed {seed}");
    }
}

#[test]
fn every_promise_stands_in_the_readme() {
    let readme = include_str!("README.md");
    let of_a_write = invariants::of_a_write::OF_A_WRITE.iter().map(|(it, _)| *it);
    let all = of_a_write.chain(invariants::OTHERS);
    let missing: Vec<_> = all
        .filter(|it| !readme.contains(&format!("| {it} |")))
        .collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

#[expect(
    clippy::disallowed_methods,
    reason = "the door of this test, as main is of a function"
)]
fn setting(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().expect("a number"))
}

/// One history and its story.
fn told(seed: u64) {
    let played = play(seed, true);
    for line in &played.story {
        println!("{line}");
    }
    if let Err(Broken { invariant, how }) = played.ended {
        panic!("seed {seed}: NOT TRUE that {invariant}: {how}");
    }
    println!("seed {seed} holds: {:?}", played.tally);
}

/// Many histories; the first that fails is told.
fn many(histories: u64) {
    let began = Instant::now();
    let (next, failed) = (AtomicU64::new(0), AtomicBool::new(false));
    let first = setting("MODEL_FIRST").unwrap_or(0);
    let (tally, found) = (Mutex::new(Tally::default()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= histories || failed.load(Ordering::Relaxed) {
                        break;
                    }
                    let seed = first + number;
                    let played = catch_unwind(AssertUnwindSafe(|| play(seed, false)));
                    let ended = match played {
                        Ok(played) => {
                            tally.lock().expect("no panic").add(&played.tally);
                            played.ended
                        }
                        Err(_) => Err(broken("nothing panics", "see above".to_owned())),
                    };
                    if let Err(broken) = ended {
                        failed.store(setting("MODEL_ALL").is_none(), Ordering::Relaxed);
                        found.lock().expect("no panic").push((seed, broken));
                    }
                    if number % 5_000 == 4_999 {
                        let (done, seconds) = (number + 1, began.elapsed().as_secs());
                        println!("{done} histories in {seconds} s");
                    }
                }
            });
        }
    });
    let tally = tally.into_inner().expect("no panic");
    println!(
        "{} histories in {:.1} s: {tally:?}",
        next.into_inner().min(histories),
        began.elapsed().as_secs_f64()
    );
    let found = found.into_inner().expect("no panic");
    for (seed, Broken { invariant, how }) in &found {
        println!("seed {seed}: NOT TRUE that {invariant}: {how}");
        println!(
            "  replay: MODEL_SEED={seed} cargo test -p tests --test model -- --nocapture histories_hold"
        );
    }
    assert!(found.is_empty(), "{} histories failed", found.len());
    if histories >= HISTORIES {
        assert!(tally.shows_everything(), "a model that shows too little");
    }
}
