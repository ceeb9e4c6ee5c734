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
    /// Rounds that failed since the last one that did not.
    pub errors: u32,
    /// Since when the feed is not found, in milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing_since_ms: Option<i64>,
    /// The entries of the last round: four bytes each, in base64 (`feeds::Known`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known: Option<String>,
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
