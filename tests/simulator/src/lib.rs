//! Amazon ECS as documented, on loopback, with a clock the test owns.
//!
//! [`World`] is the state machine, without IO; [`Simulator`] serves it over the protocols that
//! the AWS SDKs speak, beside the neighbours that the bot reads and writes. README.md says what
//! is modelled, from which page, and what is not.

mod api;
mod authorize;
mod calls;
mod certificate;
mod ecs;
mod faults;
mod ids;
mod neighbours;
mod simulator;
mod state;
mod throttle;
mod wire;
mod world;
mod writes;

pub use authorize::{AuthRequest, Authorizer, Deciding, Decision};
pub use calls::{Call, Outcome};
pub use certificate::Certificate;
pub use faults::Fault;
pub use neighbours::{Item, Published, SentMessage, Table};
pub use simulator::{Answered, Asked, Options, Simulator, Wire};
pub use throttle::Throttle;
pub use world::*;
pub use writes::Write;
