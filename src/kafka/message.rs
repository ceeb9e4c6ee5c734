//! A message as it comes from Kafka, and a record as it goes there.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rdkafka::message::{Header, Headers, Message, OwnedHeaders};

use super::partitions::{Partition, Ticket};
use crate::record::{Listing, MalformedMessage, Origin, Reason, UrlMessage};

/// The headers that are ours. On the input topic they are ignored and replaced.
pub const RESERVED: [&str; 8] =
    ["origin", "attempts", "not_before", "first_seen", "last_reason", "reason", "detail", WRITTEN_BY];

/// The header of a message whose value is newswire's own: a round of a subscription, or the rest of a long feed. It
/// stays with the message through all deferrals; without it, such fields of a value are anybody's, and are not read.
pub const WRITTEN_BY: &str = "written_by";

/// What [`WRITTEN_BY`] says of us.
pub(super) const NEWSWIRE: &str = "newswire";

/// The header by which a replayed message names the origin of the one that was rejected. It is not reserved:
/// it travels with the message, and is believed for nothing but the outcome's `replayed_from`.
pub const REPLAYED_FROM: &str = "replayed_from";

/// The headers that put a message into a trace (W3C Trace Context). They go on to what is written for it.
const TRACE: [&str; 2] = ["traceparent", "tracestate"];

/// The longest text of an origin that is read: a topic's name has at most 249 characters.
const LONGEST_ORIGIN: usize = 300;

/// A header's name and value, byte for byte.
pub type HeaderPair = (String, Option<Vec<u8>>);

/// A message as consumed.
#[derive(Debug, Clone)]
pub struct Consumed {
    /// Where this delivery of it stands.
    pub partition: Partition,
    /// Its offset there.
    pub offset: i64,
    /// Where it first came in.
    pub origin: Origin,
    /// Tries made before this one.
    pub attempts_before: u32,
    /// Milliseconds since 1970 when it was first seen.
    pub first_seen_ms: i64,
    /// Before when it is not to be worked on, in milliseconds since 1970, where it was deferred.
    pub not_before_ms: Option<i64>,
    /// Why it was deferred.
    pub last_reason: Option<Reason>,
    /// The key.
    pub key: Option<Vec<u8>>,
    /// The value; `None` for a tombstone.
    pub value: Option<Vec<u8>>,
    /// The headers that are not ours, in their order.
    pub headers: Vec<HeaderPair>,
    /// Who wrote the value.
    pub author: Author,
}

/// Who wrote the value of a message.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Author {
    /// Whoever put it on the topic of URLs.
    #[default]
    Anybody,
    /// A worker.
    Newswire,
}

impl Consumed {
    /// What the message asks for.
    ///
    /// # Errors
    /// [`MalformedMessage`]: it is none.
    pub fn request(&self) -> Result<UrlMessage, MalformedMessage> {
        let value = self.value.as_deref().unwrap_or_default();
        match self.author {
            Author::Anybody => UrlMessage::parse(value),
            Author::Newswire => UrlMessage::parse_own(value),
        }
    }

    /// The number of the try under way; the first is 1.
    pub fn attempt(&self) -> u32 {
        self.attempts_before.saturating_add(1)
    }

    /// The origin of the rejected message that this one is a replay of, if it is one.
    pub fn replayed_from(&self) -> Option<Origin> {
        self.headers.iter().rev().filter(|(name, _)| name == REPLAYED_FROM).find_map(|(_, value)| origin_in(value))
    }

    /// The headers that put it into a trace.
    pub(super) fn trace(&self) -> impl Iterator<Item = HeaderPair> {
        self.headers.iter().filter(|(name, _)| TRACE.contains(&name.as_str())).cloned()
    }

    /// Bytes of key, value and headers.
    pub fn size(&self) -> usize {
        let headers: usize =
            self.headers.iter().map(|(name, value)| name.len() + value.as_ref().map_or(0, Vec::len)).sum();
        self.key.as_ref().map_or(0, Vec::len) + self.value.as_ref().map_or(0, Vec::len) + headers
    }
}

/// A message in flight: taken into its partition's ledger.
#[derive(Debug, Clone)]
pub struct Taken {
    /// The message.
    pub message: Consumed,
    /// What it holds of the partition's assignment.
    pub ticket: Ticket,
}

/// What the headers of a message say, told apart into ours and theirs.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Envelope {
    pub origin: Option<Origin>,
    pub attempts: u32,
    pub not_before_ms: Option<i64>,
    pub first_seen_ms: Option<i64>,
    pub reason: Option<Reason>,
    pub last_reason: Option<Reason>,
    pub author: Author,
    pub theirs: Vec<HeaderPair>,
}

/// Whether a message's reserved headers were written by us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trust {
    /// A retry topic: we wrote them.
    Ours,
    /// The input topic: anybody may have.
    Theirs,
}

impl Envelope {
    pub fn read(message: &impl Message, trust: Trust) -> Self {
        message.headers().map(|headers| Self::of(headers, trust)).unwrap_or_default()
    }

    /// A header whose name is no UTF-8 (the protocol calls it a string, and no broker looks) is left out: the
    /// client library panics at it, and a message must not end the worker.
    fn of(headers: &impl Headers, trust: Trust) -> Self {
        let mut envelope = Self::default();
        for index in 0..headers.count() {
            let Ok(Some(header)) = catch_unwind(AssertUnwindSafe(|| headers.try_get(index))) else {
                tracing::warn!(index, "a header whose name can't be read is left out");
                continue;
            };
            if !RESERVED.contains(&header.key) {
                envelope.theirs.push((header.key.to_owned(), header.value.map(<[u8]>::to_vec)));
                continue;
            }
            if trust == Trust::Theirs {
                continue;
            }
            let Some(text) = header.value.and_then(|value| std::str::from_utf8(value).ok()) else { continue };
            match header.key {
                "origin" => envelope.origin = text.parse().ok(),
                "attempts" => envelope.attempts = text.parse().unwrap_or(0),
                "not_before" => envelope.not_before_ms = text.parse().ok(),
                "first_seen" => envelope.first_seen_ms = text.parse().ok(),
                "reason" => envelope.reason = Reason::named(text),
                "last_reason" => envelope.last_reason = Reason::named(text),
                WRITTEN_BY if text == NEWSWIRE => envelope.author = Author::Newswire,
                _ => {}
            }
        }
        envelope
    }
}

/// The origin that a header's value is, if it is one.
pub(super) fn origin_in(value: &Option<Vec<u8>>) -> Option<Origin> {
    let value = value.as_deref().filter(|value| value.len() <= LONGEST_ORIGIN)?;
    std::str::from_utf8(value).ok()?.parse().ok()
}

/// A record to be produced.
#[derive(Debug, Clone, PartialEq)]
pub struct Parcel {
    /// The topic.
    pub topic: Arc<str>,
    /// The key.
    pub key: Option<Vec<u8>>,
    /// The value.
    pub value: Option<Vec<u8>>,
    /// The headers, in their order.
    pub headers: Vec<HeaderPair>,
}

impl Parcel {
    /// A record with a text key and a JSON value, without headers.
    pub fn json(topic: Arc<str>, key: &str, value: Vec<u8>) -> Self {
        Self { topic, key: Some(key.as_bytes().to_vec()), value: Some(value), headers: Vec::new() }
    }

    /// A change of the list of subscriptions.
    pub fn listing(feeds: Arc<str>, listing: &Listing) -> Self {
        match listing {
            Listing::Put(listed) => Self::json(feeds, &listed.url, serde_json::to_vec(listed).unwrap_or_default()),
            Listing::Remove(url) => {
                Self { topic: feeds, key: Some(url.as_bytes().to_vec()), value: None, headers: Vec::new() }
            }
        }
    }

    pub(super) fn owned_headers(&self) -> Option<OwnedHeaders> {
        if self.headers.is_empty() {
            return None;
        }
        let headers = OwnedHeaders::new_with_capacity(self.headers.len());
        let add =
            |headers: OwnedHeaders, (key, value): &HeaderPair| headers.insert(Header { key, value: value.as_ref() });
        Some(self.headers.iter().fold(headers, add))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rdkafka::Timestamp;
    use rdkafka::message::OwnedMessage;

    fn message(headers: &[(&str, &[u8])]) -> OwnedMessage {
        let headers = headers
            .iter()
            .fold(OwnedHeaders::new(), |all, (key, value)| all.insert(Header { key, value: Some(*value) }));
        OwnedMessage::new(None, None, "news.urls".into(), Timestamp::NotAvailable, 0, 0, Some(headers))
    }

    #[test]
    fn reserved_headers_on_the_input_topic_are_ignored() {
        let message =
            message(&[("attempts", b"4"), ("origin", b"x:1:2"), ("written_by", b"newswire"), ("trace", b"\xff\x00")]);
        let envelope = Envelope::read(&message, Trust::Theirs);
        assert_eq!(envelope, Envelope { theirs: vec![("trace".into(), Some(vec![0xff, 0]))], ..Envelope::default() });
    }

    /// Headers as rdkafka 0.39 has them when the first name is no UTF-8.
    struct WithUnreadableName;

    impl Headers for WithUnreadableName {
        fn count(&self) -> usize {
            2
        }

        fn try_get(&self, index: usize) -> Option<Header<'_, &[u8]>> {
            let name: &[u8] = if index == 0 { b"na\xffme" } else { b"trace" };
            Some(Header { key: std::str::from_utf8(name).unwrap(), value: Some(b"kept") })
        }
    }

    #[test]
    fn a_header_whose_name_is_no_utf8_is_left_out_and_the_others_stay() {
        let envelope = Envelope::of(&WithUnreadableName, Trust::Theirs);
        assert_eq!(envelope.theirs, [("trace".to_owned(), Some(b"kept".to_vec()))]);
    }

    #[test]
    fn on_a_retry_topic_they_are_what_we_wrote() {
        let message = message(&[
            ("attempts", b"4"),
            ("origin", b"x:1:2"),
            ("not_before", b"1700000000000"),
            ("last_reason", b"gone"),
            ("written_by", b"newswire"),
        ]);
        let envelope = Envelope::read(&message, Trust::Ours);
        assert_eq!((envelope.attempts, envelope.not_before_ms), (4, Some(1_700_000_000_000)));
        assert_eq!(envelope.author, Author::Newswire);
        assert_eq!(envelope.origin.unwrap().to_string(), "x:1:2");
    }
}
