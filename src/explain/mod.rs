//! What became of a URL: all its messages, whatever its spelling, as news.outcomes has them.
//!
//! Outcomes are keyed by canonical URL, which is right for compaction and no help here: what is asked for may have
//! ended under the address that its page calls canonical, and another spelling has another key. So the whole topic
//! is read ([`find`]), and a [`Sieve`] throws nearly all of it away by a look at the bytes, before any JSON is
//! parsed. What is left makes a [`Story`].

mod find;
mod sieve;
mod story;

pub use find::{Found, find};
pub use sieve::{Sieve, by_article};
pub use story::Story;
