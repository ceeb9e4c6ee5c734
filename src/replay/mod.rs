//! Rejected messages, put back on the topic of URLs: each once, whoever kills us in between.
//!
//! A replay reads the rejected topic up to the end that it had at the start, takes the messages that its
//! [`Filter`] asks for, and sends them in transactions with the offsets of its own group. What a filter leaves
//! out stays for a later replay: a hole behind which others are done ([`Progress`]).

mod counts;
mod filter;
mod progress;
mod run;

pub use counts::Summary;
pub use filter::{Filter, HostError, TimeError, parse_host, parse_time};
pub use progress::{Met, Progress};
pub use run::{Repeat, Replay, ReplayError, Request, Rest};
