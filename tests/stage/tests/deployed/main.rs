//! What holds of the stack that `template.yaml` makes, deployed into the local AWS.
//!
//! `cargo test -p stage --features deployed`, after `make venv`.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on panics where it stands"
)]

mod delivery;
mod incidents;
mod parameters;
mod permissions;
mod rollback;
mod rules;
mod stage;
mod stopped;
