//! Scenarios: an event goes in, the alert comes out, and the calls made are counted.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on panics where it stands"
)]

mod bad_input;
mod crashes;
mod decisions;
mod endings;
mod failed_deployment;
mod failing;
mod faults;
mod incident;
mod rollback;
mod services;
mod stopped;
mod too_few;
mod verdict;
mod warning;
mod watched;
