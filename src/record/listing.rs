//! The list of subscriptions: the compacted topic `news.feeds`.

use serde::{Deserialize, Serialize};

/// A subscription, as it stands on the list. Its key is `url`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscribed {
    /// The address of the feed.
    pub url: String,
    /// How often it is asked: `15m` or `auto`.
    pub every: String,
    /// When it was listed (RFC 3339, UTC).
    pub added_at: String,
    /// Which of its messages lives: that with a [`Ticket`] of this id.
    pub id: String,
    /// What a reader calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

/// What a message of a subscription shows to be the living one.
///
/// It only ever takes rights away: a message whose ticket the list does not know is none of a subscription any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// The id on the list.
    pub id: String,
    /// When it was listed, in milliseconds since 1970.
    pub added_ms: i64,
}

/// A change of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listing {
    /// The feed is listed so, whatever stood there.
    Put(Subscribed),
    /// The feed of this address is listed no more.
    Remove(String),
}
