//! What the scenarios and the benchmark share: the function under test in a simulated AWS.

pub mod bot;
pub mod queues;
pub mod storm;
