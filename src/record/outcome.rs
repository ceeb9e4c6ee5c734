//! How a message ended: the record on `news.outcomes`.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Origin, Reason};

/// The seven ways in which a message can end. Each message ends in exactly one of them; `deferred`
/// ends this delivery of it, and a later one ends it for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A new article.
    Published,
    /// A known URL whose text changed.
    Revised,
    /// The text is known, from another URL.
    Duplicate,
    /// Same URL, same text.
    Unchanged,
    /// A feed or sitemap: one URL message went out for each entry.
    Expanded,
    /// Not now: the message waits on a retry topic.
    Deferred,
    /// Never: the message and its reason are on the rejected topic.
    Rejected,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 7] = [
        Self::Published,
        Self::Revised,
        Self::Duplicate,
        Self::Unchanged,
        Self::Expanded,
        Self::Deferred,
        Self::Rejected,
    ];

    /// The name, as in records and in the metric's label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Revised => "revised",
            Self::Duplicate => "duplicate",
            Self::Unchanged => "unchanged",
            Self::Expanded => "expanded",
            Self::Deferred => "deferred",
            Self::Rejected => "rejected",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What became of a message, on `news.outcomes`: one record for each way it ended or was deferred.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OutcomeRecord {
    /// The address as consumed; null where the message had none.
    pub url: Option<String>,
    /// The identity of the address, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canonical_url: Option<String>,
    /// The article that came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub article_id: Option<String>,
    /// Which revision of the article was published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<u32>,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it was rejected or deferred.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// The reason in words, and what else there is to say: a feed that moved, a subscription that ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The id of the article that this one duplicates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// Another story (its cluster's id) that turned out to be the one that this article belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster_merged: Option<String>,
    /// When a deferred message is due again (RFC 3339).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<String>,
    /// When it ended (RFC 3339, UTC).
    pub at: String,
    /// How often it has been tried, this time included.
    pub attempts: u32,
    /// Milliseconds spent in each stage.
    pub timings_ms: BTreeMap<String, f64>,
    /// Where the message first came in.
    pub input: Origin,
    /// When it first came in (RFC 3339, UTC).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_seen: Option<String>,
    /// The origin of the rejected message that this one is a replay of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replayed_from: Option<Origin>,
}
