//! How the work on a message ended, before it is told to anybody.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::{Article, Listing, Next, Outcome, Reason, UrlMessage};

/// How the work on a message ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Ending {
    /// What became of it.
    pub verdict: Verdict,
    /// The address as consumed, if the message had one.
    pub url: Option<String>,
    /// The address that stands for the article, if it is an address at all.
    pub canonical_url: Option<String>,
    /// The article's id, if it came that far.
    pub article_id: Option<String>,
    /// What the worker leaves to itself: the next round of a subscription, the rest of a long feed.
    pub next: Vec<Next>,
    /// Another story that turned out to be the one that this article belongs to.
    pub cluster_merged: Option<String>,
    /// What changes on the list of subscriptions.
    pub listings: Vec<Listing>,
    /// What there is to say beside the verdict: a feed that moved, a subscription that ends.
    pub note: Option<String>,
    /// The stages that the message went through, in order; one that it came to again stands there again.
    pub laps: Vec<Lap>,
}

/// A stage that a message went through.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lap {
    /// The stage's name, as metrics have it.
    pub stage: &'static str,
    /// When the message came to it.
    pub started: Instant,
    /// How long it was there.
    pub took: Duration,
}

/// What became of a message, with what has to be written for it.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// A new article.
    Published(Box<Article>),
    /// A known URL whose text changed.
    Revised(Box<Article>),
    /// The text is known, from another URL.
    Duplicate {
        /// The id of the article that was there first.
        of: String,
        /// The record with its relation, where duplicates are published.
        article: Option<Box<Article>>,
    },
    /// Same URL, same text.
    Unchanged,
    /// A feed, and what it names.
    Expanded(Vec<UrlMessage>),
    /// Not now.
    Deferred {
        /// Why.
        reason: Reason,
        /// Why, in words.
        detail: String,
        /// The retry topic on which it waits.
        topic: String,
        /// When it is due, in milliseconds since 1970.
        not_before_ms: i64,
        /// Tries made, this one included if it was one.
        attempts: u32,
    },
    /// Never.
    Rejected {
        /// Why.
        reason: Reason,
        /// Why, in words.
        detail: String,
    },
}

impl Ending {
    /// The reason in words, and the note.
    pub fn detail(&self) -> Option<String> {
        let reason = self.verdict.reason().map(|(_, detail)| detail);
        let both: Vec<&str> = [reason, self.note.as_deref()].into_iter().flatten().collect();
        (!both.is_empty()).then(|| both.join("; "))
    }

    /// The time spent in each stage.
    pub fn timings(&self) -> BTreeMap<&'static str, Duration> {
        let mut timings = BTreeMap::new();
        for Lap { stage, took, .. } in &self.laps {
            *timings.entry(*stage).or_default() += *took;
        }
        timings
    }

    /// The time spent in each stage, in milliseconds to the microsecond: as people are told of it.
    pub fn timings_ms(&self) -> BTreeMap<String, f64> {
        let milliseconds = |time: Duration| (time.as_secs_f64() * 1e6).round() / 1e3;
        self.timings().into_iter().map(|(stage, time)| (stage.to_owned(), milliseconds(time))).collect()
    }
}

impl Verdict {
    /// The outcome that this is.
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Published(_) => Outcome::Published,
            Self::Revised(_) => Outcome::Revised,
            Self::Duplicate { .. } => Outcome::Duplicate,
            Self::Unchanged => Outcome::Unchanged,
            Self::Expanded(_) => Outcome::Expanded,
            Self::Deferred { .. } => Outcome::Deferred,
            Self::Rejected { .. } => Outcome::Rejected,
        }
    }

    /// Why it was rejected or deferred, with its detail.
    pub fn reason(&self) -> Option<(Reason, &str)> {
        match self {
            Self::Deferred { reason, detail, .. } | Self::Rejected { reason, detail } => Some((*reason, detail)),
            _ => None,
        }
    }

    /// The article to be published, if there is one.
    pub fn article(&self) -> Option<&Article> {
        match self {
            Self::Published(article) | Self::Revised(article) => Some(article),
            Self::Duplicate { article, .. } => article.as_deref(),
            _ => None,
        }
    }
}
