//! The causes against real stopped tasks, other wordings of the same, and the hard cases.

#[path = "causes/corpus.rs"]
mod corpus;
#[path = "causes/hard_cases.rs"]
mod hard_cases;
#[path = "causes/logs.rs"]
mod logs;
#[path = "causes/names.rs"]
mod names;
#[path = "causes/properties.rs"]
mod properties;
#[path = "causes/support.rs"]
mod support;
#[path = "causes/table.rs"]
mod table;
#[path = "causes/tails.rs"]
mod tails;
#[path = "causes/wordings.rs"]
mod wordings;
