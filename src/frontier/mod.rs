//! Whether a host may be asked for a page, and when.
//!
//! - [`Frontier::admit`]: robots.txt, then the host's turn. The one door to the network.
//! - [`Hosts`]: the pace of each host; a [`Turn`] is the right to one request.
//! - [`Robots`]: robots.txt of each origin, fetched once however many wait for it.
//! - [`Rules`]: what a robots.txt says to us (RFC 9309).

mod admission;
mod hosts;
mod robots;
mod rules;

pub use admission::{Frontier, Patience, Refusal};
pub use hosts::{Busy, Hosts, Turn};
pub use robots::{Robots, Standing};
pub use rules::{Rules, product_token};
