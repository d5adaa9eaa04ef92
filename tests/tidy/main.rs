//! House rules, held by tests. Each failure says what to do.
//!
//! None of these starts anything or needs the network; `cargo test -p tests --test tidy` runs them
//! in a fresh clone.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on panics where it stands"
)]

mod arrows;
mod events;
mod loops;
mod papers;
mod permissions;
mod repo;
mod size;
mod stack;
mod template;
mod words;
