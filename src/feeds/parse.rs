//! From bytes to a feed: unpacked, decoded, recognised, read.

use std::borrow::Cow;
use std::io::Read;

use flate2::read::MultiGzDecoder;
use url::Url;

use super::entry::{Entry, Feed, FeedError, Kind, MOST_ENTRIES, Rhythm};
use super::{charset, json, xml};
use crate::fetch::MOST_LIST_BYTES;

/// The most that a feed may have, unpacked.
pub const MOST_BYTES: usize = MOST_LIST_BYTES as usize;

/// Bytes by which a document is recognised.
const LOOK_AT: usize = 4_096;

/// What is kept of entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// All but their texts.
    Addresses,
    /// Their texts, too.
    Content,
}

/// Whether a document is a feed or a sitemap, packed or not, by what it begins with.
pub fn is_feed(body: &[u8], content_type: Option<&str>) -> bool {
    let mut unpacked = Vec::new();
    let head = body.get(..LOOK_AT).unwrap_or(body);
    let head = if is_packed(body) {
        // An error cuts it short: what came out is enough or is not.
        let _ = MultiGzDecoder::new(body).take(LOOK_AT as u64).read_to_end(&mut unpacked);
        unpacked.as_slice()
    } else {
        head
    };
    let text = charset::decode(head, content_type);
    let text = begun(&text);
    // Its version may stand behind the items.
    if text.starts_with('{') && (is_packed(body) || json::is_one(begun(&charset::decode(body, content_type)))) {
        return true;
    }
    xml::is_one(text) || is_list(text)
}

/// Reads a feed or sitemap that was had at `url`: RSS, Atom, JSON Feed, CDF, a sitemap as XML or as lines, or an
/// index; gzip around it is undone. What is broken gives what can be had.
///
/// # Errors
/// [`FeedError`]: it is none of them, or larger than [`MOST_BYTES`].
pub fn feed(body: &[u8], content_type: Option<&str>, url: &Url, keep: Keep) -> Result<Feed, FeedError> {
    let body = unpacked(body)?;
    let text = charset::decode(&body, content_type);
    let text = begun(&text);
    if json::is_one(text) {
        return json::read(text, url, keep);
    }
    if let Some(feed) = xml::read(text, url, keep) {
        return Ok(feed);
    }
    if is_list(text) { Ok(list(text)) } else { Err(FeedError::NoFeed) }
}

fn begun(text: &str) -> &str {
    text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}' || c == '\0')
}

fn is_packed(body: &[u8]) -> bool {
    body.starts_with(b"\x1f\x8b")
}

pub(super) fn unpacked(body: &[u8]) -> Result<Cow<'_, [u8]>, FeedError> {
    if !is_packed(body) {
        return if body.len() > MOST_BYTES { Err(FeedError::TooLarge(MOST_BYTES)) } else { Ok(body.into()) };
    }
    let mut bytes = Vec::new();
    let ended = MultiGzDecoder::new(body).take(MOST_BYTES as u64 + 1).read_to_end(&mut bytes);
    if bytes.len() > MOST_BYTES {
        return Err(FeedError::TooLarge(MOST_BYTES));
    }
    if ended.is_err() && bytes.is_empty() {
        return Err(FeedError::BadGzip);
    }
    Ok(bytes.into())
}

/// A sitemap as plain text: an address a line, and nothing else.
fn is_list(text: &str) -> bool {
    // The last line of a head may be cut.
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty()).take(20).peekable();
    lines.peek().is_some() && lines.all(|line| address(line).is_some())
}

fn list(text: &str) -> Feed {
    let mut urls = text.lines().filter_map(|line| address(line.trim()));
    let entry = |url| Entry { url: Some(url), ..Entry::default() };
    let entries: Vec<Entry> = urls.by_ref().take(MOST_ENTRIES).map(entry).collect();
    let cut = urls.next().is_some();
    Feed { kind: Kind::Sitemap, entries, cut, rhythm: Rhythm::default(), hub: None }
}

fn address(line: &str) -> Option<Url> {
    let is_one = (line.starts_with("http://") || line.starts_with("https://")) && !line.contains(char::is_whitespace);
    is_one.then(|| Url::parse(line).ok()).flatten()
}

#[cfg(test)]
mod tests;
