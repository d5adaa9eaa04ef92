//! The head of opsbot: words and decisions.
//!
//! Pure, synchronous and total. Nothing here does IO, reads a clock, an environment variable or
//! chance, or logs: time and settings are arguments, and what AWS said comes in as [`facts`].
//!
//! A function of opsbot goes through six verbs, and the head has one room for each that thinks:
//! parse ([`event`], [`stop`]), diagnose ([`causes`], [`change`]), decide ([`response`], [`stop`],
//! [`verdict`]) and the words for tell ([`alert`], through [`sanitize`]).

pub mod alert;
pub mod arn;
pub mod causes;
pub mod change;
pub mod culprit;
pub mod event;
pub mod facts;
pub mod good;
pub mod incident;
pub mod response;
pub mod sanitize;
pub mod settings;
pub mod short;
pub mod stop;
pub mod verdict;
