//! `newswire demo`: the whole pipeline on embedded parts, with no network.
//!
//! - [`site`]: a news site on loopback, of a dozen hosts, with the answers that the web gives.
//! - [`catalogue`]: which host answers what at which path.
//! - [`story`]: the texts; [`layout`]: the pages they stand in; [`answer`]: how they are served.
//! - [`plan`]: the messages to put in, and how each must end.
//! - `run`: all of it from start to end.
//! - [`summary`]: what happened, held against the plan.

pub mod answer;
pub mod catalogue;
pub mod layout;
pub mod plan;
mod run;
pub mod site;
pub mod story;
pub mod summary;

pub use plan::{Expected, Plan, PlannedMessage, Wave};
pub use run::{Aftermath, DemoError, run};
pub use site::{Hit, Site};

pub use summary::{Summary, Sums, summarise};
