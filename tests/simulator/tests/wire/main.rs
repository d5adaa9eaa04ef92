//! The simulator's answers through the real AWS SDK crates.

mod clients;
mod ecs;
mod faults;
mod neighbours;
mod transactions;
