//! Scenarios: an event goes in, the alert comes out, and the calls made are counted.

mod failed_deployment;
