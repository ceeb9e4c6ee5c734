//! The message that asks for a page: a bare URL, or a JSON object with hints.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Round, Ticket};

/// A request to read one URL, as it stands on `news.urls`.
///
/// Only `url` is required. The rest are hints of whoever found the URL; they are believed less
/// than the page itself. Fields that newswire does not know are left alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UrlMessage {
    /// The address as it was written; it may still turn out to be no URL.
    pub url: String,
    /// Who or what found it, for instance the address of a feed.
    pub source: Option<String>,
    /// When it was found (RFC 3339, unchecked).
    pub discovered_at: Option<String>,
    /// The headline, as the finder saw it.
    pub title: Option<String>,
    /// When it was published, as the finder saw it (unchecked).
    pub published_at: Option<String>,
    /// Who wrote it, as the finder saw it; several with commas between.
    pub author: Option<String>,
    /// Its language, as the finder saw it (unchecked).
    pub language: Option<String>,
    /// Its text, as the finder has it: HTML, or plain text.
    pub content: Option<String>,
    /// How often to come back, for a feed: `15m` or `auto`.
    pub every: Option<String>,
    /// How many feeds, sitemaps and indexes led here, one from the other.
    pub depth: u8,
    /// What shows this to be the living message of a subscription, where the list of feeds has it.
    pub subscription: Option<Ticket>,
    /// Since when the entries of a sitemap are new, in milliseconds since 1970; newswire's own, from an index that is
    /// asked again to its sitemaps.
    pub since_ms: Option<i64>,
    /// What a subscription knows of its feed; newswire's own, from round to round.
    pub round: Option<Round>,
    /// What a long feed has left to send on; newswire's own, without rounds or entries of theirs.
    pub entries: Vec<UrlMessage>,
    /// Read it again even if it is known to be unchanged.
    pub force: bool,
}

/// Which fields of a value are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fields {
    /// Those that anybody may write.
    Hints,
    /// Newswire's own, too.
    All,
}

/// Why a value is no URL message. Each names what is wrong with the value, for the rejection's detail.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MalformedMessage {
    /// A null value (a tombstone), or nothing but white space.
    #[error("the message is empty")]
    Empty,
    /// Not UTF-8, from this byte on.
    #[error("the message is no UTF-8 at byte {0}")]
    NotUtf8(usize),
    /// It begins like JSON, and is none.
    #[error("the message is no JSON: {0}")]
    NotJson(String),
    /// JSON, but no object.
    #[error("the message is neither a URL nor a JSON object: {0}")]
    NeitherUrlNorObject(String),
    /// An object without `url`.
    #[error("the message has no field `url`")]
    NoUrl,
    /// A field of the wrong type.
    #[error("field `{field}`: expected {expected}, got {got}")]
    WrongType {
        /// The field's name.
        field: &'static str,
        /// What it must be.
        expected: &'static str,
        /// What it is, shortened.
        got: String,
    },
}

impl UrlMessage {
    /// A message that asks for `url` and says no more.
    pub fn bare(url: impl Into<String>) -> Self {
        Self { url: url.into(), ..Self::default() }
    }

    /// Reads a message's value: a bare URL, or a JSON object. What is newswire's own in it is not read.
    ///
    /// A bare text counts as a URL when it looks like an address at all: one token with a scheme, a
    /// dot or a slash. Whether the address is one is decided later (`invalid_url`).
    pub fn parse(value: &[u8]) -> Result<Self, MalformedMessage> {
        Self::read(value, Fields::Hints)
    }

    /// Reads the value of a message that newswire wrote.
    pub fn parse_own(value: &[u8]) -> Result<Self, MalformedMessage> {
        Self::read(value, Fields::All)
    }

    fn read(value: &[u8], read: Fields) -> Result<Self, MalformedMessage> {
        let text = std::str::from_utf8(value).map_err(|e| MalformedMessage::NotUtf8(e.valid_up_to()))?;
        let text = text.trim_start_matches('\u{feff}').trim();
        if text.is_empty() {
            return Err(MalformedMessage::Empty);
        }
        if text.starts_with('{') {
            let fields: Map<String, Value> =
                serde_json::from_str(text).map_err(|e| MalformedMessage::NotJson(e.to_string()))?;
            return Self::from_fields(fields, read);
        }
        let address = !text.starts_with(['[', '"'])
            && text.contains([':', '.', '/'])
            && !text.contains(|c: char| c.is_whitespace() || c.is_control());
        if !address {
            return Err(MalformedMessage::NeitherUrlNorObject(shortened(text)));
        }
        Ok(Self::bare(text))
    }

    fn from_fields(mut fields: Map<String, Value>, read: Fields) -> Result<Self, MalformedMessage> {
        let mut text = |field: &'static str| match fields.remove(field) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(wrong_type(field, "a string", &other)),
        };
        let url = text("url")?.ok_or(MalformedMessage::NoUrl)?;
        let source = text("source")?;
        let discovered_at = text("discovered_at")?;
        let title = text("title")?;
        let published_at = text("published_at")?;
        let author = text("author")?;
        let language = text("language")?;
        let content = text("content")?;
        let every = text("every")?;
        let depth = match fields.remove("depth") {
            None | Some(Value::Null) => 0,
            Some(Value::Number(depth)) if depth.is_u64() => {
                depth.as_u64().and_then(|depth| u8::try_from(depth).ok()).unwrap_or(u8::MAX)
            }
            Some(other) => return Err(wrong_type("depth", "a whole number", &other)),
        };
        let subscription = match fields.remove("subscription") {
            None | Some(Value::Null) => None,
            Some(other) => {
                let ticket = Ticket::deserialize(&other);
                Some(ticket.map_err(|_| wrong_type("subscription", "an object with id and added_ms", &other))?)
            }
        };
        let force = match fields.remove("force") {
            None | Some(Value::Null) => false,
            Some(Value::Bool(force)) => force,
            Some(other) => return Err(wrong_type("force", "true or false", &other)),
        };
        let hints = Self {
            url,
            source,
            discovered_at,
            title,
            published_at,
            author,
            language,
            content,
            every,
            depth,
            subscription,
            force,
            ..Self::default()
        };
        if read == Fields::Hints {
            return Ok(hints);
        }
        let round = match fields.remove("round") {
            None | Some(Value::Null) => None,
            Some(other) => {
                let round = Round::deserialize(&other);
                Some(round.map_err(|_| wrong_type("round", "the state of a subscription", &other))?)
            }
        };
        let entries = match fields.remove("entries") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(entries)) => entries.into_iter().map(Self::of_entry).collect::<Result<_, _>>()?,
            Some(other) => return Err(wrong_type("entries", "a list of messages", &other)),
        };
        let since_ms = fields.remove("since_ms").and_then(|since| since.as_i64());
        Ok(Self { since_ms, round, entries, ..hints })
    }

    /// One of the entries that are left, which was written with them.
    fn of_entry(entry: Value) -> Result<Self, MalformedMessage> {
        match entry {
            Value::Object(fields) => {
                let since_ms = fields.get("since_ms").and_then(Value::as_i64);
                Ok(Self { since_ms, ..Self::from_fields(fields, Fields::Hints)? })
            }
            other => Err(wrong_type("entries", "a list of messages", &other)),
        }
    }

    /// The JSON form, with only the fields that say something.
    pub fn to_json(&self) -> Value {
        let mut fields = Map::new();
        fields.insert("url".into(), self.url.clone().into());
        let hints = [
            ("source", &self.source),
            ("discovered_at", &self.discovered_at),
            ("title", &self.title),
            ("published_at", &self.published_at),
            ("author", &self.author),
            ("language", &self.language),
            ("content", &self.content),
            ("every", &self.every),
        ];
        for (name, hint) in hints {
            if let Some(hint) = hint {
                fields.insert(name.into(), hint.clone().into());
            }
        }
        if self.depth > 0 {
            fields.insert("depth".into(), self.depth.into());
        }
        if let Some(since_ms) = self.since_ms {
            fields.insert("since_ms".into(), since_ms.into());
        }
        if !self.entries.is_empty() {
            fields.insert("entries".into(), self.entries.iter().map(Self::to_json).collect());
        }
        if let Some(ticket) = self.subscription.as_ref().and_then(|ticket| serde_json::to_value(ticket).ok()) {
            fields.insert("subscription".into(), ticket);
        }
        if let Some(round) = self.round.as_ref().and_then(|round| serde_json::to_value(round).ok()) {
            fields.insert("round".into(), round);
        }
        if self.force {
            fields.insert("force".into(), true.into());
        }
        Value::Object(fields)
    }
}

fn wrong_type(field: &'static str, expected: &'static str, got: &Value) -> MalformedMessage {
    MalformedMessage::WrongType { field, expected, got: shortened(&got.to_string()) }
}

/// The first 80 characters, so that a detail stays readable whatever the message was.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(80) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}...", &text[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_bare_url_is_a_message() {
        let message = UrlMessage::parse(b" https://example.org/a?b=c \n").unwrap();
        assert_eq!(message, UrlMessage::bare("https://example.org/a?b=c"));
    }

    #[test]
    fn an_object_brings_its_hints_and_unknown_fields_are_left_alone() {
        let value = br#"{"url":"https://a.example/","title":"T","force":true,"shard":7,"source":null}"#;
        let message = UrlMessage::parse(value).unwrap();
        assert_eq!(message.title.as_deref(), Some("T"));
        assert_eq!(message.source, None);
        assert!(message.force);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let cases: [(&[u8], &str); 9] = [
            (b"", "the message is empty"),
            (b" \n", "the message is empty"),
            (b"http://a.example/\xff", "the message is no UTF-8 at byte 17"),
            (b"hello world", "the message is neither a URL nor a JSON object: hello world"),
            (b"garbage", "the message is neither a URL nor a JSON object: garbage"),
            (b"[1]", "the message is neither a URL nor a JSON object: [1]"),
            (b"{}", "the message has no field `url`"),
            (br#"{"url":5}"#, "field `url`: expected a string, got 5"),
            (br#"{"url":"u","force":"yes"}"#, "field `force`: expected true or false, got \"yes\""),
        ];
        for (value, expected) in cases {
            assert_eq!(UrlMessage::parse(value).unwrap_err().to_string(), expected);
        }
        assert!(matches!(UrlMessage::parse(b"{\"url\":"), Err(MalformedMessage::NotJson(_))));
    }

    #[test]
    fn an_address_without_a_scheme_is_a_message_whose_url_is_judged_later() {
        assert_eq!(UrlMessage::parse(b"www.example.org/a").unwrap().url, "www.example.org/a");
    }

    #[test]
    fn what_is_ours_is_read_of_our_own_messages_alone() {
        let value = br#"{"url":"u","depth":2,"round":{"number":7},"entries":[{"url":"e","title":"T","round":{}}]}"#;
        let theirs = UrlMessage::parse(value).unwrap();
        assert_eq!(theirs, UrlMessage { depth: 2, ..UrlMessage::bare("u") });
        let ours = UrlMessage::parse_own(value).unwrap();
        assert_eq!(ours.round.map(|round| round.number), Some(7));
        assert_eq!(ours.entries, [UrlMessage { title: Some("T".into()), ..UrlMessage::bare("e") }]);
        assert!(UrlMessage::parse(br#"{"url":"u","round":"nonsense","entries":5}"#).is_ok());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(value in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = UrlMessage::parse(&value);
            let _ = UrlMessage::parse_own(&value);
        }

        #[test]
        fn the_json_form_reads_back(url in "https://[a-z]{1,9}\\.example/[a-z]{0,9}", title in proptest::option::of(".{0,40}"), force: bool) {
            let message = UrlMessage { url, title, force, ..UrlMessage::default() };
            let json = serde_json::to_vec(&message.to_json()).unwrap();
            prop_assert_eq!(UrlMessage::parse(&json), Ok(message));
        }
    }
}
