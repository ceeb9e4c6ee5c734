//! What a feed says: its entries, and how it wants to be asked.

use std::time::Duration;

use url::Url;

use crate::record::Date;

/// The most entries that are read of one document: the limit that sitemaps have (sitemaps.org).
pub const MOST_ENTRIES: usize = 50_000;

/// What kind of list a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// RSS, Atom, JSON Feed or CDF: its entries are articles.
    Feed,
    /// A sitemap: its entries are pages.
    Sitemap,
    /// A sitemap index: its entries are sitemaps.
    Index,
}

/// A feed or sitemap that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Feed {
    /// What it is.
    pub kind: Kind,
    /// Its entries, in its order; at most [`MOST_ENTRIES`].
    pub entries: Vec<Entry>,
    /// Whether there were more.
    pub cut: bool,
    /// When it wants to be asked.
    pub rhythm: Rhythm,
    /// The hub (WebSub) that would tell of new entries, as written.
    pub hub: Option<String>,
}

impl Feed {
    /// A list of feeds that was found elsewhere: they are its entries.
    pub fn of_feeds(feeds: Vec<Url>) -> Self {
        let entries = feeds.into_iter().map(|url| Entry { url: Some(url), ..Entry::default() }).collect();
        Self { kind: Kind::Feed, entries, cut: false, rhythm: Rhythm::default(), hub: None }
    }
}

/// One entry.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Entry {
    /// The address of its page, without the counters of clicks around it; `None` where it names none.
    pub url: Option<Url>,
    /// Its headline, as a reader sees it.
    pub title: Option<String>,
    /// When it was published.
    pub published_at: Option<Date>,
    /// When it was last changed.
    pub updated_at: Option<Date>,
    /// Who wrote it; the feed's author where Atom and JSON Feed say that it is meant.
    pub authors: Vec<String>,
    /// What the feed knows it by.
    pub guid: Option<String>,
    /// Its language, or the feed's, as written.
    pub language: Option<String>,
    /// Its text, as HTML or plain text, where it was asked for.
    pub content: Option<String>,
    /// Whether a news sitemap says that it is news.
    pub is_news: bool,
}

/// When a feed wants to be asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rhythm {
    /// How long its content holds (RSS `ttl`).
    pub ttl: Option<Duration>,
    /// How often it is made anew (`sy:updatePeriod` by `sy:updateFrequency`).
    pub period: Option<Duration>,
    /// The hours of the day, UTC, in which nothing happens (RSS `skipHours`): bit 0 is midnight.
    pub skip_hours: u32,
    /// How long its host lets it be kept (`Cache-Control`).
    pub max_age: Option<Duration>,
}

/// Why a document can't be read as a feed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FeedError {
    /// It is no feed at all.
    #[error("no feed: neither RSS, Atom, JSON Feed nor a sitemap")]
    NoFeed,
    /// JSON that breaks off before its entries.
    #[error("no feed: {0}")]
    Json(String),
    /// Its gzip holds more than is read.
    #[error("the feed has more than {0} bytes, unpacked")]
    TooLarge(usize),
    /// Its gzip is none.
    #[error("no feed: it begins like gzip, and is none")]
    BadGzip,
}
