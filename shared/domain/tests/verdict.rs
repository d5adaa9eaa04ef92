//! The rollback verdict: one test per row with the sentence it prints, the order of the rows, and
//! what never leads to a write.

#[path = "verdict/build.rs"]
mod build;
#[path = "verdict/obstacles.rs"]
mod obstacles;
#[path = "verdict/order.rs"]
mod order;
#[path = "verdict/properties.rs"]
mod properties;
#[path = "verdict/record.rs"]
mod record;
#[path = "verdict/requests.rs"]
mod requests;
#[path = "verdict/rows.rs"]
mod rows;
#[path = "verdict/strategies.rs"]
mod strategies;
