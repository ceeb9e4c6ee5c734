//! A message on the rejected topic, and the message that it was.

use std::sync::Arc;

use rdkafka::message::Message;

use super::message::{Envelope, HeaderPair, Parcel, REPLAYED_FROM, Trust};
use crate::record::{Origin, Reason};

/// A message as it stands on the rejected topic.
#[derive(Debug, Clone, PartialEq)]
pub struct Rejected {
    /// Where it stands.
    pub place: Origin,
    /// Why it was rejected; `None` when it is not we who put it there.
    pub reason: Option<Reason>,
    /// Milliseconds since 1970 when it was rejected, where the topic says so.
    pub at_ms: Option<i64>,
    /// Where it first came in.
    origin: Option<Origin>,
    key: Option<Vec<u8>>,
    /// The value, as consumed.
    pub value: Option<Vec<u8>>,
    headers: Vec<HeaderPair>,
}

impl Rejected {
    /// Reads a message of the rejected topic.
    pub fn read(message: &impl Message) -> Self {
        let envelope = Envelope::read(message, Trust::Ours);
        let (topic, partition, offset) = (message.topic().to_owned(), message.partition(), message.offset());
        Self {
            place: Origin { topic, partition, offset },
            reason: envelope.reason,
            at_ms: message.timestamp().to_millis(),
            origin: envelope.origin,
            key: message.key().map(<[u8]>::to_vec),
            value: message.payload().map(<[u8]>::to_vec),
            headers: envelope.theirs,
        }
    }

    /// The message as it first came in, for the topic of URLs: a new message, whose first try is 1. Its header
    /// `replayed_from` names the origin of the one that was rejected, in place of an earlier link of the kind.
    pub fn replayed(self, urls: Arc<str>) -> Parcel {
        let from = self.origin.unwrap_or(self.place).to_string();
        let is_link = |(name, value): &HeaderPair| name == REPLAYED_FROM && super::message::origin_in(value).is_some();
        let mut headers = self.headers;
        headers.retain(|pair| !is_link(pair));
        headers.push((REPLAYED_FROM.to_owned(), Some(from.into_bytes())));
        Parcel { topic: urls, key: self.key, value: self.value, headers }
    }

    /// Bytes of key, value and headers.
    pub fn size(&self) -> usize {
        let headers: usize =
            self.headers.iter().map(|(name, value)| name.len() + value.as_ref().map_or(0, Vec::len)).sum();
        self.key.as_ref().map_or(0, Vec::len) + self.value.as_ref().map_or(0, Vec::len) + headers
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rdkafka::Timestamp;
    use rdkafka::message::{Header, OwnedHeaders, OwnedMessage};

    fn rejected(headers: &[(&str, Option<&[u8]>)]) -> Rejected {
        let headers =
            headers.iter().fold(OwnedHeaders::new(), |all, (key, value)| all.insert(Header { key, value: *value }));
        let (key, value) = (Some(vec![0xff]), None);
        Rejected::read(&OwnedMessage::new(
            value,
            key,
            "news.rejected".into(),
            Timestamp::CreateTime(7),
            1,
            5,
            Some(headers),
        ))
    }

    #[test]
    fn what_is_ours_is_taken_off_and_the_rest_keeps_its_bytes_and_order() {
        let message = rejected(&[
            ("b", Some(b"\xff\x00")),
            ("a", None),
            ("b", Some(b"2")),
            ("reason", Some(b"gone")),
            ("detail", Some(b"status 404")),
            ("attempts", Some(b"3")),
            ("origin", Some(b"news.urls:2:9")),
        ]);
        assert_eq!((message.reason, message.at_ms), (Some(Reason::Gone), Some(7)));
        let parcel = message.replayed("news.urls".into());
        assert_eq!((parcel.key.as_deref(), parcel.value.as_deref()), (Some(&b"\xff"[..]), None));
        let headers: Vec<(&str, Option<&[u8]>)> =
            parcel.headers.iter().map(|(name, value)| (name.as_str(), value.as_deref())).collect();
        let link = ("replayed_from", Some(&b"news.urls:2:9"[..]));
        assert_eq!(headers, [("b", Some(&b"\xff\x00"[..])), ("a", None), ("b", Some(&b"2"[..])), link]);
    }

    #[test]
    fn a_second_replay_links_to_the_second_message_alone() {
        let message = rejected(&[("replayed_from", Some(b"news.urls:0:1")), ("origin", Some(b"news.urls:2:9"))]);
        let headers = message.replayed("news.urls".into()).headers;
        assert_eq!(headers, [("replayed_from".to_owned(), Some(b"news.urls:2:9".to_vec()))]);
    }

    #[test]
    fn a_message_of_somebody_else_is_linked_by_where_it_stands() {
        let message = rejected(&[("replayed_from", Some(b"my own note"))]);
        assert_eq!(message.reason, None);
        let headers = message.replayed("news.urls".into()).headers;
        let values: Vec<_> = headers.iter().map(|(_, value)| value.as_deref().unwrap()).collect();
        assert_eq!(values, [&b"my own note"[..], b"news.rejected:1:5"]);
    }
}
