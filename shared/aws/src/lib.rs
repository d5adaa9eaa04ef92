//! The hands of opsbot: the only crate that names an AWS SDK.
//!
//! [`client`] is the one place for the HTTP client, timeouts and retries; [`gather`] reads, each
//! module beside it one service; [`state`] remembers and [`counting`] counts in DynamoDB;
//! [`permit`] and [`carry_out`] write to ECS, and nothing else does; [`tell`] publishes, [`queues`]
//! sends to opsbot's own queues. Nothing here
//! decides: what comes in is turned into the words of [`domain`], and what goes out is told it.

mod asking;
pub mod attempts;
pub mod carry_out;
pub mod client;
pub mod counting;
mod decisions;
mod ecs;
mod error;
pub mod gather;
pub mod invocation;
mod logs;
mod metrics;
pub mod permit;
pub mod queues;
pub mod stacks;
pub mod state;
mod targets;
pub mod tell;

pub use asking::Asking;
pub use client::Clients;
pub use error::chain;
pub use invocation::Invocation;
