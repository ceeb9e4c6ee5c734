//! What is written for a message that ended: its records, by topic.

use std::sync::Arc;

use jiff::Timestamp;

use super::message::{Author, Consumed, HeaderPair, NEWSWIRE, Parcel, WRITTEN_BY};
use crate::config::Topics;
use crate::record::{Ending, Next, Outcome, OutcomeRecord, Reason, Verdict};

/// The largest article record, as JSON. Kafka's default for a topic is 1,048,588 bytes, and headers
/// and framing want their share.
pub const MAX_ARTICLE_BYTES: usize = 900 * 1000;

/// The records of one message.
#[derive(Debug, Clone, PartialEq)]
pub struct Parcels {
    /// The article, the expansion, the rejected or the deferred message: what the outcome speaks of.
    pub content: Vec<Parcel>,
    /// The record on the outcomes topic.
    pub outcome: Parcel,
}

/// Writes the records of a message that ended.
#[derive(Debug, Clone)]
pub struct Writer {
    urls: Arc<str>,
    articles: Arc<str>,
    rejected: Arc<str>,
    outcomes: Arc<str>,
    feeds: Arc<str>,
}

impl Writer {
    /// A writer to these topics.
    pub fn new(topics: &Topics) -> Self {
        Self {
            urls: topics.urls.as_str().into(),
            articles: topics.articles.as_str().into(),
            rejected: topics.rejected.as_str().into(),
            outcomes: topics.outcomes.as_str().into(),
            feeds: topics.feeds.as_str().into(),
        }
    }

    /// The records of `message`, which ended so at `now`; articles and what a feed is turned into have the headers of its `trace`.
    ///
    /// An article of more than [`MAX_ARTICLE_BYTES`] turns the ending into a rejection.
    pub fn write(&self, message: &Consumed, trace: &[HeaderPair], ending: &mut Ending, now: Timestamp) -> Parcels {
        let mut content = Vec::new();
        if let Some(article) = ending.verdict.article() {
            // A record is plain data with text keys: serialising it to memory can't fail.
            let json = serde_json::to_vec(article).unwrap_or_default();
            if json.len() > MAX_ARTICLE_BYTES {
                let detail = format!("the record has {} bytes; the limit is {MAX_ARTICLE_BYTES}", json.len());
                ending.verdict = Verdict::Rejected { reason: Reason::TooLarge, detail };
            } else {
                let record = Parcel::json(self.articles.clone(), &article.id, json);
                content.push(Parcel { headers: trace.to_vec(), ..record });
            }
        }
        match &ending.verdict {
            Verdict::Expanded(entries) => {
                content.extend(entries.iter().map(|entry| Parcel { headers: trace.to_vec(), ..self.expansion(entry) }))
            }
            Verdict::Rejected { reason, detail } => content.push(self.rejection(message, *reason, detail)),
            Verdict::Deferred { reason, topic, not_before_ms, attempts, .. } => {
                let headers = [
                    ("not_before", not_before_ms.to_string()),
                    ("attempts", attempts.to_string()),
                    ("origin", message.origin.to_string()),
                    ("first_seen", message.first_seen_ms.to_string()),
                    ("last_reason", reason.to_string()),
                ];
                let mut deferred = as_consumed(message, topic.as_str().into(), headers);
                deferred.headers.extend(written_by(message.author));
                content.push(deferred);
            }
            Verdict::Published(_) | Verdict::Revised(_) | Verdict::Duplicate { .. } | Verdict::Unchanged => {}
        }
        // A deferred message is its own successor.
        if ending.verdict.outcome() != Outcome::Deferred {
            content.extend(ending.next.iter().map(|next| self.next(message, next, now)));
            content.extend(ending.listings.iter().map(|listing| Parcel::listing(self.feeds.clone(), listing)));
        }
        Parcels { content, outcome: self.outcome(message, ending, now) }
    }

    fn expansion(&self, message: &crate::record::UrlMessage) -> Parcel {
        let key = url::Url::parse(&message.url).map(|url| crate::record::site(&url)).unwrap_or_default();
        Parcel::json(self.urls.clone(), &key, message.to_json().to_string().into_bytes())
    }

    /// What the worker leaves to itself: a new message, with the key and the headers of this one.
    ///
    /// Without a key it gets its site's: copies of a round must meet in one partition.
    fn next(&self, message: &Consumed, next: &Next, now: Timestamp) -> Parcel {
        let ours = [
            ("not_before", next.not_before_ms.to_string()),
            ("attempts", "0".to_owned()),
            ("first_seen", now.as_millisecond().to_string()),
            (WRITTEN_BY, NEWSWIRE.to_owned()),
        ];
        let mut parcel = as_consumed(message, next.topic.as_str().into(), ours);
        let expansion = self.expansion(&next.message);
        parcel.key = parcel.key.or(expansion.key);
        parcel.value = expansion.value;
        parcel
    }

    fn rejection(&self, message: &Consumed, reason: Reason, detail: &str) -> Parcel {
        let headers = [
            ("reason", reason.to_string()),
            ("detail", detail.to_owned()),
            ("attempts", message.attempt().to_string()),
            ("origin", message.origin.to_string()),
        ];
        as_consumed(message, self.rejected.clone(), headers)
    }

    fn outcome(&self, message: &Consumed, ending: &Ending, now: Timestamp) -> Parcel {
        let (not_before, attempts) = match &ending.verdict {
            Verdict::Deferred { not_before_ms, attempts, .. } => {
                (Timestamp::from_millisecond(*not_before_ms).ok().map(|at| at.to_string()), *attempts)
            }
            _ => (None, message.attempt()),
        };
        let of = match &ending.verdict {
            Verdict::Duplicate { of, .. } => Some(of.clone()),
            _ => None,
        };
        let revision = match &ending.verdict {
            Verdict::Published(article) | Verdict::Revised(article) => Some(article.revision),
            _ => None,
        };
        let first_seen = Timestamp::from_millisecond(message.first_seen_ms).ok().map(|at| format!("{at:.3}"));
        let record = OutcomeRecord {
            url: ending.url.clone(),
            canonical_url: ending.canonical_url.clone(),
            article_id: ending.article_id.clone(),
            revision,
            outcome: ending.verdict.outcome(),
            reason: ending.verdict.reason().map(|(reason, _)| reason),
            detail: ending.detail(),
            of,
            cluster_merged: ending.cluster_merged.clone(),
            not_before,
            at: format!("{now:.3}"),
            attempts,
            timings_ms: ending.timings_ms(),
            input: message.origin.clone(),
            first_seen,
            replayed_from: message.replayed_from(),
        };
        let key = record.canonical_url.clone().unwrap_or_else(|| message.origin.to_string());
        Parcel::json(self.outcomes.clone(), &key, serde_json::to_vec(&record).unwrap_or_default())
    }
}

/// Whose value a message has that waits, where it is ours.
fn written_by(author: Author) -> Option<HeaderPair> {
    (author == Author::Newswire).then(|| (WRITTEN_BY.to_owned(), Some(NEWSWIRE.into())))
}

/// The message as it was consumed, byte for byte, with headers of ours behind its own.
fn as_consumed<const N: usize>(message: &Consumed, topic: Arc<str>, ours: [(&str, String); N]) -> Parcel {
    let ours = ours.into_iter().map(|(name, value)| -> HeaderPair { (name.to_owned(), Some(value.into_bytes())) });
    let headers = message.headers.iter().cloned().chain(ours).collect();
    Parcel { topic, key: message.key.clone(), value: message.value.clone(), headers }
}
