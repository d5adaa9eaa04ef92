//! Scenarios: an event goes in, the alert comes out, and the calls made are counted.

mod bad_input;
mod failed_deployment;
mod faults;
mod incident;
mod warning;
