//! Which entries of a feed are sent on.

use std::collections::HashSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use moka::sync::Cache;
use url::Url;

use super::{Counts, Entry, Feed, Kind, Known};
use crate::config::Feeds;
use crate::record::{Date, Identity, Origin, UrlMessage};

/// How long an entry that was sent on is remembered, so that feeds that name each other end.
const REMEMBER: Duration = Duration::from_secs(24 * 60 * 60);

/// The most messages that one message is turned into: they are one transaction. What a longer feed has left
/// travels in messages of its own, of so many entries each.
const MOST_AT_ONCE: usize = 1_000;

/// About the most bytes that those messages have together, the first always among them.
const MOST_BYTES_AT_ONCE: usize = 4 * 1024 * 1024;

/// The longest text of an entry that travels with its message, in bytes; a longer one is left out.
const LONGEST_CONTENT: usize = 256 * 1024;

/// About the most bytes that the entries of one such message have: a quarter of what a topic takes by default.
const MOST_BYTES_OF_REST: usize = 256 * 1024;

/// How many feeds, sitemaps and indexes may lead to one another. Sitemaps know one index above them (sitemaps.org);
/// what is nested deeper is a mistake or a trap.
pub const DEEPEST: u8 = 3;

/// How long after it changed a page may get onto its sitemap: sitemaps are made anew by the minute, by the hour, some by the
/// night. With less, what a slow one lists is missed; with more, each change of a sitemap sends so much of it again, which ends
/// as `unchanged`.
const LISTED_WITHIN_MS: i64 = 24 * 60 * 60 * 1_000;

/// The most entries remembered.
const MOST_SEEN: u64 = 200_000;

/// The entries that this worker has sent on lately, and for which message.
#[derive(Debug, Clone)]
pub struct Seen {
    entries: Cache<String, (Origin, String)>,
}

/// Where a feed was found.
#[derive(Debug, Clone, Copy)]
pub struct Found<'a> {
    /// Where it is.
    pub address: &'a Url,
    /// How many others led to it.
    pub depth: u8,
    /// Since when what it has is new, in milliseconds since 1970, where an index was asked before.
    pub since_ms: Option<i64>,
    /// The message that asked for it.
    pub origin: &'a Origin,
}

/// What a feed comes to.
#[derive(Debug, Clone, PartialEq)]
pub struct Expanded {
    /// A message for each entry that is sent on now.
    pub messages: Vec<UrlMessage>,
    /// Those of the entries that are left over, in parts.
    pub rest: Vec<Vec<UrlMessage>>,
    /// What became of the feed's entries.
    pub counts: Counts,
    /// Their identities, to be remembered once the messages are on their way.
    keys: Vec<(String, String)>,
}

impl Default for Seen {
    fn default() -> Self {
        Self { entries: Cache::builder().max_capacity(MOST_SEEN).time_to_live(REMEMBER).build() }
    }
}

impl Seen {
    /// The entries of the feed at `address` to send on at `now`: young enough, each once, not the feed itself, none
    /// that another message has sent on already. Of a feed that is met again, those that were not `known` in the
    /// last round; at a first meeting at most `feeds.first_max`. Of a sitemap the latest come first, and news
    /// before all.
    ///
    /// An index is walked: it and the sitemaps that it leads to send on all that has a date and is young enough, and
    /// `feeds.first_max` of what has none. Of an index that is asked again, its sitemaps send on what has changed since.
    pub fn expand(
        &self,
        from: &Found<'_>,
        feed: Feed,
        known: Option<&Known>,
        settings: &Feeds,
        now: Timestamp,
    ) -> Expanded {
        let most = if known.is_some() { usize::MAX } else { settings.first_max };
        let is_index = feed.kind == Kind::Index;
        let is_walk = is_index || feed.kind == Kind::Sitemap && from.depth > 0;
        let mut bounded = 0;
        let entries = in_order(feed);
        let own = Identity::of_url(from.address).key;
        let mut once = HashSet::from([own]);
        let (mut messages, mut keys) = (Vec::new(), Vec::new());
        let mut counts = Counts::default();
        for entry in entries {
            // A sitemap whose index does not say when it changed may have changed.
            let again = is_index && entry.updated_at.is_none() && messages.len() < settings.first_max;
            if !again && known.is_some_and(|known| known.has(&entry)) {
                counts.known += 1;
                continue;
            }
            let Some(url) = entry.url else {
                counts.bad += 1;
                continue;
            };
            let published = entry.published_at.or(entry.updated_at);
            let is_bounded = !is_walk || published.is_none();
            if is_bounded && bounded >= most {
                counts.left += 1;
                continue;
            }
            let said = entry.updated_at.or(entry.published_at);
            if is_walk && from.since_ms.is_some_and(|since_ms| is_before(said, since_ms)) {
                counts.known += 1;
                continue;
            }
            let key = Identity::of_url(&url).key;
            // One that says that it changed is read again.
            let changed = entry.updated_at.map(|date| date.to_string()).unwrap_or_default();
            let sent = self.entries.get(&key);
            let sent_before = !again && sent.is_some_and(|(sender, known)| sender != *from.origin && known >= changed);
            if sent_before || !once.insert(key.clone()) {
                counts.known += 1;
                continue;
            }
            if is_old(published, settings.max_age, now) {
                counts.left += 1;
                continue;
            }
            counts.new += 1;
            bounded += usize::from(is_bounded);
            keys.push((key, changed));
            messages.push(UrlMessage {
                url: url.into(),
                source: Some(from.address.to_string()),
                discovered_at: Some(format!("{now:.0}")),
                title: entry.title,
                published_at: published.map(|date| date.to_string()),
                author: Some(entry.authors.join(", ")).filter(|authors| !authors.is_empty()),
                language: entry.language,
                content: entry.content.filter(|content| content.len() <= LONGEST_CONTENT),
                depth: from.depth.saturating_add(1),
                since_ms: from.since_ms.filter(|_| is_index),
                ..UrlMessage::default()
            });
        }
        let rest = in_parts(messages.split_off(at_once(&messages)));
        Expanded { messages, rest, counts, keys }
    }

    /// Remembers what was sent on for the message of `origin`. A message that comes again sends on the
    /// same entries again: whether its first try got through is not known.
    pub fn remember(&self, expanded: &Expanded, origin: &Origin) {
        for (key, changed) in &expanded.keys {
            self.entries.insert(key.clone(), (origin.clone(), changed.clone()));
        }
    }
}

/// How many of the messages go out at once.
fn at_once(messages: &[UrlMessage]) -> usize {
    let mut bytes = 0;
    let fit = messages.iter().take(MOST_AT_ONCE).take_while(|message| {
        bytes += bytes_of(message);
        bytes <= MOST_BYTES_AT_ONCE
    });
    fit.count().max(1).min(messages.len())
}

/// About the bytes of a message: names of fields, dates and marks take some 200.
fn bytes_of(message: &UrlMessage) -> usize {
    let text = |field: &Option<String>| field.as_ref().map_or(0, String::len);
    message.url.len() + text(&message.title) + text(&message.content) + 200
}

/// Messages in parts that are each no more than one transaction and one record hold.
fn in_parts(messages: Vec<UrlMessage>) -> Vec<Vec<UrlMessage>> {
    let mut parts: Vec<Vec<UrlMessage>> = Vec::new();
    let mut bytes = 0;
    for message in messages {
        let own = bytes_of(&message);
        match parts.last_mut() {
            Some(part) if part.len() < MOST_AT_ONCE && bytes + own <= MOST_BYTES_OF_REST => {
                bytes += own;
                part.push(message);
            }
            _ => {
                bytes = own;
                parts.push(vec![message]);
            }
        }
    }
    parts
}

/// The entries of a feed as it has them; of a sitemap the latest first, and news before all.
fn in_order(feed: Feed) -> Vec<Entry> {
    let mut entries = feed.entries;
    if feed.kind != Kind::Feed {
        let when = |entry: &Entry| entry.published_at.or(entry.updated_at).and_then(|date| date.latest());
        entries.sort_by_cached_key(|entry| std::cmp::Reverse((entry.is_news, when(entry))));
    }
    entries
}

/// Whether a date that an entry gives lies well before a round: a page may be listed some time after it changed.
fn is_before(said: Option<Date>, since_ms: i64) -> bool {
    let since_ms = since_ms.saturating_sub(LISTED_WITHIN_MS);
    said.and_then(|date| date.latest()).is_some_and(|latest| latest.as_millisecond() < since_ms)
}

fn is_old(published: Option<Date>, max_age: Duration, now: Timestamp) -> bool {
    let Some(published) = published.and_then(|date| date.latest()) else { return false };
    now.duration_since(published) > SignedDuration::try_from(max_age).unwrap_or(SignedDuration::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::Rhythm;
    use super::*;

    fn settings() -> Feeds {
        Feeds { first_max: 3, max_age: Duration::from_secs(30 * 86_400), discover: false, use_content: false }
    }

    fn entry(url: &str, published_at: Option<&str>) -> Entry {
        let published_at = published_at.map(|date| date.parse().unwrap());
        Entry { url: Url::parse(url).ok(), published_at, ..Entry::default() }
    }

    fn origin(offset: i64) -> Origin {
        Origin { topic: "news.urls".into(), partition: 0, offset }
    }

    fn urls(seen: &Seen, entries: Vec<Entry>, offset: i64) -> Vec<String> {
        let feed = Url::parse("https://a.example/feed").unwrap();
        let now = "2018-11-23T12:00:00Z".parse().unwrap();
        let list = Feed { kind: Kind::Feed, entries, cut: false, rhythm: Rhythm::default(), hub: None };
        let origin = origin(offset);
        let found = Found { address: &feed, depth: 0, since_ms: None, origin: &origin };
        let expanded = seen.expand(&found, list, None, &settings(), now);
        seen.remember(&expanded, &origin);
        expanded.messages.into_iter().map(|message| message.url).collect()
    }

    #[test]
    fn young_entries_are_sent_on_once_and_the_feed_itself_never() {
        let entries = vec![
            entry("https://a.example/feed", None),
            entry("https://a.example/1", Some("2018-11-23T00:00:00+00:00")),
            entry("https://a.example/1?utm_source=rss", None),
            entry("https://a.example/old", Some("2018-01-01T00:00:00+00:00")),
        ];
        assert_eq!(urls(&Seen::default(), entries, 1), ["https://a.example/1"]);
    }

    #[test]
    fn no_more_than_the_setting_allows() {
        let entries = (0..9).map(|n| entry(&format!("https://a.example/{n}"), None)).collect();
        assert_eq!(urls(&Seen::default(), entries, 1).len(), 3);
    }

    #[test]
    fn what_a_round_has_beyond_one_transaction_is_left_over_in_parts_and_nothing_is_lost() {
        let address = Url::parse("https://a.example/map").unwrap();
        let origin = origin(1);
        let found = Found { address: &address, depth: 1, since_ms: None, origin: &origin };
        let entries = (0..2_500).map(|n| entry(&format!("https://a.example/{n}"), None)).collect();
        let feed = Feed { kind: Kind::Feed, entries, cut: false, rhythm: Rhythm::default(), hub: None };
        let expanded = Seen::default().expand(&found, feed, Some(&Known::default()), &settings(), Timestamp::now());
        let sizes: Vec<usize> = expanded.rest.iter().map(Vec::len).collect();
        assert_eq!(expanded.messages.len(), MOST_AT_ONCE);
        assert_eq!(expanded.counts, Counts { new: 2_500, ..Counts::default() });
        assert_eq!(sizes.iter().sum::<usize>(), 1_500);
        let all = expanded.messages.iter().chain(expanded.rest.iter().flatten());
        let urls: HashSet<&str> = all.clone().map(|message| message.url.as_str()).collect();
        assert_eq!(urls.len(), 2_500);
        assert!(all.clone().all(|message| message.depth == 2));
    }

    #[test]
    fn a_sitemap_of_an_index_sends_on_all_that_is_dated_and_young_or_has_changed_since() {
        let address = Url::parse("https://a.example/map").unwrap();
        let now: Timestamp = "2018-11-23T12:00:00Z".parse().unwrap();
        let page = |n: u32, date: Option<&str>| entry(&format!("https://a.example/{n}"), date);
        let mut entries: Vec<Entry> = (0..10).map(|n| page(n, Some("2018-11-20T00:00:00Z"))).collect();
        entries.extend((10..20).map(|n| page(n, None)));
        entries.push(page(20, Some("2018-11-23T11:00:00Z")));
        entries.push(page(21, Some("2018-01-01")));
        let map = Feed { kind: Kind::Sitemap, entries, cut: false, rhythm: Rhythm::default(), hub: None };
        let sent = |depth, since: Option<&str>| {
            let since_ms = since.map(|since| since.parse::<Timestamp>().unwrap().as_millisecond());
            let origin = origin(1);
            let found = Found { address: &address, depth, since_ms, origin: &origin };
            let expanded = Seen::default().expand(&found, map.clone(), None, &settings(), now);
            let dated = expanded.messages.iter().filter(|message| message.published_at.is_some()).count();
            (dated, expanded.messages.len() - dated)
        };
        assert_eq!(sent(0, None), (3, 0), "asked for itself");
        assert_eq!(sent(1, None), (11, 3), "of an index that is met the first time");
        assert_eq!(sent(1, Some("2018-11-23T11:30:00Z")), (1, 3), "of one that is asked again");
    }

    #[test]
    fn a_sitemap_whose_index_does_not_say_when_it_changed_is_asked_in_each_round() {
        let address = Url::parse("https://a.example/index").unwrap();
        let origin = origin(1);
        let found = Found { address: &address, depth: 0, since_ms: None, origin: &origin };
        let mut dated = entry("https://a.example/map-1", None);
        dated.updated_at = Some("2018-11-23".parse().unwrap());
        let entries = vec![dated, entry("https://a.example/map-2", None)];
        let known = Known::read(&Known::write(&entries, None));
        let index = Feed { kind: Kind::Index, entries, cut: false, rhythm: Rhythm::default(), hub: None };
        let seen = Seen::default();
        for _ in 0..2 {
            let expanded = seen.expand(&found, index.clone(), Some(&known), &settings(), Timestamp::now());
            seen.remember(&expanded, &origin);
            let urls: Vec<&str> = expanded.messages.iter().map(|message| message.url.as_str()).collect();
            assert_eq!(urls, ["https://a.example/map-2"]);
        }
    }

    #[test]
    fn a_part_with_long_titles_has_fewer_entries() {
        let long =
            |n| UrlMessage { title: Some("x".repeat(10_000)), ..UrlMessage::bare(format!("https://a.example/{n}")) };
        let parts = in_parts((0..100).map(long).collect());
        assert!(parts.len() >= 4, "{}", parts.len());
        assert!(
            parts.iter().all(|part| serde_json::to_vec(&part.iter().map(UrlMessage::to_json).collect::<Vec<_>>())
                .unwrap()
                .len()
                < 300_000)
        );
    }

    #[test]
    fn another_message_does_not_send_them_again_but_the_same_one_does() {
        let seen = Seen::default();
        let entries = vec![entry("https://a.example/1", None)];
        assert_eq!(urls(&seen, entries.clone(), 1).len(), 1);
        assert_eq!(urls(&seen, entries.clone(), 2).len(), 0);
        assert_eq!(urls(&seen, entries, 1).len(), 1);
    }
}
