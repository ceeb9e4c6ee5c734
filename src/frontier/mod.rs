//! Whether a host may be asked for a page, and when.
//!
//! - [`Frontier::admit`]: the operator's orders, robots.txt, then the host's turn. The one door to the network.
//! - [`Hosts`]: the pace of each host; a [`Turn`] is the right to one request. `host` is what is known of one,
//!   `trouble` how it is treated when it refuses us or fails, `addresses` the pace of the servers below, `turns` both;
//!   `shared` is the pace that the workers of a group keep together.
//! - [`Robots`]: robots.txt of each origin, fetched once however many wait for it.
//! - [`Rules`]: what a robots.txt says to us (RFC 9309).
//! - `orders`: what the operator says about hosts, in a file.
//! - `audit`, `view` and `figures`: what was asked, as people and Prometheus see it.

mod addresses;
mod admission;
mod audit;
mod figures;
mod host;
mod hosts;
mod orders;
mod robots;
mod rules;
mod shared;
mod trouble;
mod turns;
mod view;

pub use admission::{Admission, Frontier, Patience, Refusal};
pub use audit::{Audit, Line, Request};
pub use figures::Figures;
pub use host::{Hold, Pace};
pub use hosts::{Busy, Hosts, Turn, Why};
pub use orders::{Order, Orders, OrdersError};
pub use robots::{Robots, Standing};
pub use rules::{Rules, product_token};
pub use shared::{Lent, SharedPace};
pub use trouble::{Cause, Sign};
pub use view::{HostView, State};
