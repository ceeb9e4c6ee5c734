//! Feeds and sitemaps: recognised by what they are, read whatever is wrong with them, and turned into one message
//! for each entry.
//!
//! | room | what it does |
//! |---|---|
//! | `parse` | bytes to a [`Feed`]: unpacked, decoded, recognised, read |
//! | `charset` | bytes to text |
//! | `markup` | text to tags and words, whatever is broken |
//! | `xml`, `names`, `draft` | RSS, Atom, CDF and sitemaps: what their elements mean |
//! | `json` | JSON Feed |
//! | `dates`, `zones`, `words`, `unwrap` | dates, titles and names, links through trackers |
//! | `discover` | the feeds that a page of HTML names |
//! | `expand`, `known` | which entries are sent on |
//! | `subscription`, `schedule` | a feed that is asked again, and when |
//! | `journal` | what operators see of them |
//! | `roster`, `opml` | who is on the list of subscriptions, and lists of other readers |

mod charset;
mod dates;
mod discover;
mod draft;
mod entry;
mod expand;
mod journal;
mod json;
mod known;
mod markup;
mod names;
pub mod opml;
mod parse;
mod roster;
mod schedule;
mod subscription;
#[cfg(test)]
mod tests;
mod unwrap;
mod words;
mod xml;
mod zones;

pub use discover::named;
pub use entry::{Entry, Feed, FeedError, Kind, MOST_ENTRIES, Rhythm};
pub use expand::{DEEPEST, Expanded, Found, Seen};
pub use journal::{Counts, FeedFigures, FeedView, Journal, State};
pub use known::Known;
pub use parse::{Keep, MOST_BYTES, feed, is_feed};
pub use roster::{Roster, Standing, listed_as};
pub use schedule::{BadInterval, Every};
pub use subscription::{Heard, Rounds, Subscription, Turn, Went};
