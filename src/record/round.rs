//! What a subscription to a feed knows between two rounds. It travels in the message itself.

use serde::{Deserialize, Serialize};

/// The state of a subscription, in the field `round` of its one message in flight.
///
/// Whoever works on a round writes the message of the next one in the same commit. So the state is as safe as
/// the outcome is, and any worker can go on with it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Round {
    /// The number of the round that this message is for; the first is 0.
    pub number: u32,
    /// When the round is due, in milliseconds since 1970. Before it, the message only travels on.
    pub due_ms: i64,
    /// When the last round that did not fail was done, in milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub done_ms: Option<i64>,
    /// Rounds that failed since the last one that did not.
    pub errors: u32,
    /// Since when the feed is not found, in milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing_since_ms: Option<i64>,
    /// The entries of the last round: four bytes each, in base64 (`feeds::Known`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known: Option<String>,
    /// Which version of the feed that was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
    /// How often it publishes, as it was then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pace: Option<Pace>,
}

/// The version of a feed, as its host named it (RFC 9110, section 8.8).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// Where the feed was had.
    pub url: String,
    /// `ETag`, as it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// `Last-Modified`, as it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
}

/// How often a feed publishes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Pace {
    /// The usual time between two entries, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gap_s: Option<u64>,
    /// When the latest entry was published, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub newest_s: Option<i64>,
    /// For how long its content holds, as the feed or its host says, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub said_s: Option<u64>,
    /// The hours of the day, UTC, that it leaves out: bit 0 is midnight.
    pub skip_hours: u32,
}

/// One more message that is written with an outcome: the next round of a subscription, or what a long feed has left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Next {
    /// The message.
    pub message: super::UrlMessage,
    /// The retry topic on which it waits.
    pub topic: String,
    /// When it is looked at again, in milliseconds since 1970.
    pub not_before_ms: i64,
}
