//! RSS, Atom and JSON Feed, read by the crate feed-rs.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use encoding_rs::Encoding;
use url::Url;

/// The most entries that are read of one feed.
const MOST_ENTRIES: usize = 10_000;

/// How far the root element is looked for: behind a byte order mark, a declaration and comments.
const LOOK_AT: usize = 4_096;

/// One entry of a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The address of its page.
    pub url: Url,
    /// Its headline.
    pub title: Option<String>,
    /// When it was published (RFC 3339).
    pub published_at: Option<String>,
}

/// Why a feed can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FeedError {
    /// It looks like a feed and is none.
    #[error("no feed: {0}")]
    Unreadable(String),
}

/// Whether a document is a feed, by its first bytes: an `rss`, `feed` or `rdf:RDF` element, or a JSON
/// object that names the version of JSON Feed.
pub fn is_feed(body: &[u8]) -> bool {
    let head = body.get(..LOOK_AT).unwrap_or(body);
    let head = decoded(head, None);
    let mut rest = head.trim_start_matches('\u{feff}').trim_start();
    if rest.starts_with('{') {
        return rest.contains("\"version\"") && rest.contains("jsonfeed.org/version/");
    }
    loop {
        let skipped = if rest.starts_with("<?") {
            rest.split_once("?>")
        } else if rest.starts_with("<!--") {
            rest.split_once("-->")
        } else if rest.get(..2) == Some("<!") {
            rest.split_once('>')
        } else {
            break;
        };
        let Some((_, behind)) = skipped else { return false };
        rest = behind.trim_start();
    }
    let name = rest.strip_prefix('<').unwrap_or("").split([' ', '>', '/', '\t', '\r', '\n']).next().unwrap_or("");
    let local = name.rsplit(':').next().unwrap_or("");
    matches!(local, "rss" | "feed" | "RDF")
}

/// The entries of a feed at `url` that lead somewhere, in its order.
pub fn entries(body: &[u8], content_type: Option<&str>, url: &Url) -> Result<Vec<Entry>, FeedError> {
    let text = decoded(body, content_type);
    // The text is UTF-8 now, whatever its declaration says.
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let text = text.strip_prefix("<?xml").and_then(|rest| rest.split_once("?>")).map_or(text, |(_, rest)| rest);
    let parser = feed_rs::parser::Builder::new().base_uri(Some(url.as_str())).sanitize_content(false).build();
    let feed = catch_unwind(AssertUnwindSafe(|| parser.parse(text.as_bytes())))
        .map_err(|_| FeedError::Unreadable("its parser failed".into()))?
        .map_err(|failure| FeedError::Unreadable(failure.to_string()))?;
    let entry = |entry: feed_rs::model::Entry| {
        let alternate = |link: &&feed_rs::model::Link| link.rel.as_deref().is_none_or(|rel| rel == "alternate");
        let link = entry.links.iter().find(alternate).or(entry.links.first()).map(|link| link.href.as_str());
        let address = link.unwrap_or(&entry.id);
        let address = url.join(address.trim()).ok().filter(|address| matches!(address.scheme(), "http" | "https"))?;
        if link.is_none() && !entry.id.starts_with("http") {
            return None;
        }
        let published = entry.published.or(entry.updated).map(|date| date.to_rfc3339());
        Some(Entry { url: address, title: entry.title.map(|title| title.content), published_at: published })
    };
    Ok(feed.entries.into_iter().take(MOST_ENTRIES).filter_map(entry).collect())
}

/// The document as text: by its byte order mark, its header, its XML declaration, else UTF-8.
fn decoded<'a>(body: &'a [u8], content_type: Option<&str>) -> Cow<'a, str> {
    let by_header = content_type
        .and_then(|value| value.split(';').find_map(|part| part.trim().strip_prefix("charset=")))
        .and_then(|label| Encoding::for_label(label.trim_matches('"').as_bytes()));
    let encoding = by_header.or_else(|| declared(body)).unwrap_or(encoding_rs::UTF_8);
    encoding.decode(body).0
}

/// The encoding that an XML declaration names.
fn declared(body: &[u8]) -> Option<&'static Encoding> {
    let head = body.get(..200).unwrap_or(body);
    let declaration = head.split(|byte| *byte == b'>').next()?;
    let text = String::from_utf8_lossy(declaration);
    let (_, value) = text.split_once("encoding")?;
    let label: String = value
        .trim_start_matches([' ', '=', '"', '\''])
        .chars()
        .take_while(|c| !matches!(c, '"' | '\'' | ' ' | '?'))
        .collect();
    Encoding::for_label(label.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    const RSS: &str = r#"<?xml version="1.0" encoding="utf-8"?><!-- made by hand -->
<rss version="2.0"><channel><title>News</title>
<item><title>One &amp; two</title><link>/one</link><pubDate>Fri, 23 Nov 2018 09:30:00 +0900</pubDate></item>
<item><title>No link</title></item>
<item><guid>https://a.example/three</guid></item></channel></rss>"#;

    fn url() -> Url {
        Url::parse("https://a.example/feed.xml").unwrap()
    }

    #[test]
    fn a_feed_is_known_by_its_root() {
        for feed in [
            RSS,
            "<feed xmlns='http://www.w3.org/2005/Atom'/>",
            "\u{feff} <rdf:RDF >",
            r#"{"version":"https://jsonfeed.org/version/1.1"}"#,
        ] {
            assert!(is_feed(feed.as_bytes()), "{feed}");
        }
        for other in ["<html><body><rss></rss></body></html>", "", "<!-- rss", "{\"version\":1}", "<!DOCTYPE html><p>"]
        {
            assert!(!is_feed(other.as_bytes()), "{other}");
        }
    }

    #[test]
    fn entries_have_absolute_addresses_and_what_they_say() {
        let entries = entries(RSS.as_bytes(), None, &url()).unwrap();
        assert_eq!(entries[0].url.as_str(), "https://a.example/one");
        assert_eq!(entries[0].title.as_deref(), Some("One & two"));
        assert_eq!(entries[0].published_at.as_deref(), Some("2018-11-23T00:30:00+00:00"));
        assert_eq!(entries.last().unwrap().url.as_str(), "https://a.example/three");
    }

    #[test]
    fn a_feed_in_utf16_is_read() {
        let mut bytes = vec![0xff, 0xfe];
        bytes.extend(RSS.replace("utf-8", "utf-16").encode_utf16().flat_map(u16::to_le_bytes));
        assert!(is_feed(&bytes));
        assert_eq!(entries(&bytes, None, &url()).unwrap()[0].title.as_deref(), Some("One & two"));
    }

    #[test]
    fn what_only_looks_like_a_feed_is_refused() {
        assert!(entries(b"<rss><channel><item>", None, &url()).is_err());
    }
}
