//! The worker: the way of a message, and the life of the process around it.
//!
//! [`Pipeline`] names the stages in their order; [`run`] connects it to both ends, for one
//! session with the brokers after the other, and drains it.

mod assignment;
mod canonicals;
mod journey;
mod pipeline;
mod quarantine;
mod readers;
mod reading;
mod run;
mod session;
mod shutdown;
mod stand_in;
mod stop;
mod subscriptions;

pub use pipeline::{Parts, Pipeline};
pub use quarantine::{DEADLY, Quarantine, Trace};
pub use run::{WorkerError, open_store, run};
pub use shutdown::Shutdown;
pub use stop::Stop;
pub use subscriptions::Subscriptions;
