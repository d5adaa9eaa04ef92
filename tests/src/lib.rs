//! What the scenarios, the demo and the benchmark share: the stories and a bot to tell them to.

pub mod bot;
pub mod story;
