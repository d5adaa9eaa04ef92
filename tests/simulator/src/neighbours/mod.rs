//! The other services that the bot reads and writes.

mod attribute;
mod cloudformation;
mod cloudwatch;
mod condition;
mod dynamodb;
mod expression;
mod load_balancing;
mod logs;
mod sns;
mod sqs;
mod transaction;
mod update;

pub use dynamodb::{Item, Table};
pub use sns::Published;
pub use sqs::SentMessage;

pub(crate) use cloudformation::describe_stacks;
pub(crate) use transaction::{Transactions, conflict, hot, parts as parts_of_transaction};
pub(crate) use {cloudwatch::get_metric_data, load_balancing::describe_target_health};
pub(crate) use {dynamodb::call as dynamodb, logs::get_log_events, sns::publish, sqs::call as sqs};
