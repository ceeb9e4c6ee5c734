//! Feeds: recognised by what they are, and turned into one message for each entry.

mod expand;
mod parse;

pub use expand::{Expanded, Seen};
pub use parse::{Entry, FeedError, entries, is_feed};
