//! Which outcomes are of the URL that is asked for.
//!
//! A record is of it when the address as consumed or the canonical one has its identity. To work out an identity
//! costs microseconds, and a topic has millions of records: so first the bytes are looked at. The look may let
//! any record through, and refuses only one that is surely of another URL.

use memchr::memmem::{self, Finder};

use crate::record::{Identity, OutcomeRecord, as_told};

/// How many words of an address are looked for. The longest tell the most; a few are enough.
const MOST_WORDS: usize = 4;

/// Hosts behind which another host's page may stand (`record::Identity` looks behind AMP's caches).
const FOLDED_HOSTS: [&[u8]; 3] = [b"ampproject.org", b"bing-amp.com", b"google.com"];

/// The URL that is asked for.
pub struct Sieve {
    asked: Asked,
}

enum Asked {
    /// An address, in any spelling.
    Address {
        key: String,
        /// Every spelling ends in this host; `None` where a host has other spellings (IP addresses).
        host: Option<String>,
        /// Every spelling of path and parameters has these words in it, unless some of it is escaped.
        words: Vec<Finder<'static>>,
    },
    /// A text that is no address: one that was rejected for that.
    Text { text: String, written: Vec<u8> },
}

impl Sieve {
    /// A sieve for all spellings of `url`; for the very text, where that is no address.
    pub fn of(url: &str) -> Self {
        let asked = match Identity::of(url) {
            Ok(Identity { key, .. }) => {
                let (host, rest) = key.split_at(key.find(['/', '?']).unwrap_or(key.len()));
                let host = host.rsplit_once(':').map_or(host, |(name, _)| name);
                let is_name = !host.starts_with('[') && !is_number(last_label(host.as_bytes()));
                let host = is_name.then(|| host.to_owned());
                let words = words(rest);
                Asked::Address { key, host, words }
            }
            Err(_) => {
                let text = as_told(url.trim()).to_owned();
                let written = serde_json::Value::from(text.as_str()).to_string().into_bytes();
                Asked::Text { text, written }
            }
        };
        Self { asked }
    }

    /// What is compared, and why the text is no address, where it is none.
    pub fn key(&self) -> Option<&str> {
        match &self.asked {
            Asked::Address { key, .. } => Some(key),
            Asked::Text { .. } => None,
        }
    }

    /// The outcome in a record's value, if it is of the URL that is asked for.
    pub fn take(&self, value: &[u8]) -> Option<OutcomeRecord> {
        if self.is_surely_other(value) {
            return None;
        }
        serde_json::from_slice(value).ok().filter(|record| self.is_of(record))
    }

    fn is_of(&self, record: &OutcomeRecord) -> bool {
        let has_key = |address: &String, key: &str| Identity::of(address).is_ok_and(|identity| identity.key == key);
        match &self.asked {
            Asked::Address { key, .. } => {
                [&record.url, &record.canonical_url].into_iter().flatten().any(|address| has_key(address, key))
            }
            Asked::Text { text, .. } => record.url.as_ref() == Some(text),
        }
    }

    fn is_surely_other(&self, value: &[u8]) -> bool {
        match &self.asked {
            Asked::Text { written, .. } => memmem::find(value, written).is_none(),
            Asked::Address { host, words, .. } => {
                let Some(addresses) = addresses(value) else { return false };
                addresses.into_iter().flatten().all(|address| is_other_address(address, host.as_deref(), words))
            }
        }
    }
}

/// A test for the records that articles of these ids were published with.
pub fn by_article(ids: &[String]) -> impl Fn(&[u8]) -> Option<OutcomeRecord> + use<> {
    let written = |id: &String| Finder::new(serde_json::Value::from(id.as_str()).to_string().as_bytes()).into_owned();
    let (ids, written): (Vec<String>, Vec<Finder<'static>>) = (ids.to_vec(), ids.iter().map(written).collect());
    move |value| {
        if written.iter().all(|id| id.find(value).is_none()) {
            return None;
        }
        let record: OutcomeRecord = serde_json::from_slice(value).ok()?;
        let is_one = record.article_id.as_ref().is_some_and(|id| ids.contains(id)) && record.revision.is_some();
        is_one.then_some(record)
    }
}

/// The addresses that a record's value begins with, as newswire writes it: consumed and canonical. `None` when it
/// is not so written, or when there is an escape in one.
fn addresses(value: &[u8]) -> Option<[Option<&[u8]>; 2]> {
    let rest = value.strip_prefix(br#"{"url":"#)?;
    let (url, rest) = match rest.strip_prefix(b"null") {
        Some(rest) => (None, rest),
        None => text(rest).map(|(url, rest)| (Some(url), rest))?,
    };
    let Some(rest) = rest.strip_prefix(br#","canonical_url":"#) else {
        return rest.starts_with(b",").then_some([url, None]);
    };
    let (canonical, _) = text(rest)?;
    Some([url, Some(canonical)])
}

/// A JSON string without escapes at the start of `bytes`, and what follows it.
fn text(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = bytes.strip_prefix(b"\"")?;
    let end = memchr::memchr2(b'"', b'\\', rest)?;
    let (text, rest) = rest.split_at(end);
    rest.strip_prefix(b"\"").map(|rest| (text, rest))
}

/// Whether an address is plainly written, and surely has another identity.
fn is_other_address(address: &[u8], host: Option<&str>, words: &[Finder<'static>]) -> bool {
    let Some(rest) = address.strip_prefix(b"https://").or_else(|| address.strip_prefix(b"http://")) else {
        return false;
    };
    let end = rest.iter().position(|byte| matches!(byte, b'/' | b'?' | b'#')).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at(end);
    let Some(theirs) = plain_host(authority) else { return false };
    if host.is_some_and(|host| !theirs.ends_with(host.as_bytes())) {
        return true;
    }
    memchr::memchr(b'%', rest).is_none() && words.iter().any(|word| word.find(rest).is_none())
}

/// The host of an authority, where it is a name as the URL standard writes it, and no page of another host can
/// stand behind it.
fn plain_host(authority: &[u8]) -> Option<&[u8]> {
    let host = match memchr::memrchr(b':', authority) {
        Some(at) if authority.get(at + 1..)?.iter().all(u8::is_ascii_digit) => authority.get(..at)?,
        _ => authority,
    };
    let host = host.strip_suffix(b".").unwrap_or(host);
    let is_plain = |byte: &u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_');
    let may_be_folded = FOLDED_HOSTS.iter().any(|folded| host.ends_with(folded)) || is_number(last_label(host));
    (host.iter().all(is_plain) && !may_be_folded).then_some(host)
}

fn last_label(host: &[u8]) -> &[u8] {
    memchr::memrchr(b'.', host).map_or(host, |at| host.get(at + 1..).unwrap_or_default())
}

/// Whether a host that ends in this label is read as an IPv4 address, which has many spellings.
fn is_number(label: &[u8]) -> bool {
    label.is_empty() || label.first().is_some_and(u8::is_ascii_digit)
}

/// The longest runs of characters that no spelling of an address may leave out or write otherwise, but by an escape:
/// RFC 3986's unreserved ones.
fn words(rest: &str) -> Vec<Finder<'static>> {
    let is_unreserved = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '~');
    // The two digits behind a `%` belong to the escape.
    let mut found: Vec<&str> = Vec::new();
    for (number, piece) in rest.split('%').enumerate() {
        let piece = if number == 0 { piece } else { piece.get(2..).unwrap_or_default() };
        found.extend(piece.split(|c| !is_unreserved(c)).filter(|word| !word.is_empty()));
    }
    found.sort_by_key(|word| std::cmp::Reverse(word.len()));
    found.dedup();
    found.into_iter().take(MOST_WORDS).map(|word| Finder::new(word.as_bytes()).into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Origin, Outcome};
    use proptest::prelude::*;

    fn value(url: Option<&str>, canonical_url: Option<&str>) -> Vec<u8> {
        let record = OutcomeRecord {
            url: url.map(str::to_owned),
            canonical_url: canonical_url.map(str::to_owned),
            article_id: Some("1".into()),
            revision: Some(1),
            outcome: Outcome::Published,
            reason: None,
            detail: None,
            of: None,
            cluster_merged: None,
            not_before: None,
            at: "2026-01-01T00:00:00Z".into(),
            attempts: 1,
            timings_ms: Default::default(),
            input: Origin { topic: "t".into(), partition: 0, offset: 0 },
            first_seen: None,
            replayed_from: None,
        };
        serde_json::to_vec(&record).unwrap()
    }

    #[test]
    fn all_spellings_of_an_address_are_found() {
        let sieve = Sieve::of("https://www.news.example/2026/a-story?id=7");
        for spelling in [
            "http://news.example/2026/a-story?id=7",
            "HTTPS://M.News.Example:443/2026/a-story/?utm_source=x&id=7#top",
            "https://amp.news.example/2026/a-story/amp/?id=7",
            "https://news.example./2026//a%2Dstory/index.html?id=%37",
            "https://news-example.cdn.ampproject.org/c/s/news.example/2026/a-story?id=7",
            "https://www.google.com/amp/s/news.example/2026/a-story?id=7",
            "https:\\\\news.example\\2026\\a-story?id=7",
            " https://news.example/2026/a-st\tory?id=7",
        ] {
            assert!(sieve.take(&value(Some(spelling), None)).is_some(), "{spelling}");
            assert!(sieve.take(&value(Some("http://x.example/"), Some(spelling))).is_some(), "{spelling}");
        }
    }

    #[test]
    fn other_addresses_are_not() {
        let sieve = Sieve::of("https://www.news.example/2026/a-story?id=7");
        for other in [
            "https://news.example/2026/a-story?id=8",
            "https://news.example/2026/a-story",
            "https://news.example/2026/a-story-2?id=7",
            "https://mynews.example/2026/a-story?id=7",
            "https://news.example:8443/2026/a-story?id=7",
            "not an address: https://news.example/2026/a-story?id=7",
        ] {
            assert!(sieve.take(&value(Some(other), None)).is_none(), "{other}");
        }
        assert!(sieve.take(&value(None, None)).is_none());
    }

    #[test]
    fn records_of_other_hosts_and_pages_are_refused_without_being_parsed() {
        let sieve = Sieve::of("https://www.news.example/2026/a-story?id=7");
        for other in ["https://other.example/2026/a-story?id=7&x=%20", "http://news.example/2026/another?id=9"] {
            assert!(sieve.is_surely_other(&value(Some(other), Some(other))), "{other}");
            assert!(sieve.is_surely_other(&value(Some(other), None)), "{other}");
        }
        assert!(sieve.is_surely_other(&value(None, None)));
    }

    #[test]
    fn what_is_no_address_is_found_by_its_text() {
        let sieve = Sieve::of(" news.example/\"a\" ");
        assert_eq!(sieve.key(), None);
        assert!(sieve.take(&value(Some("news.example/\"a\""), None)).is_some());
        assert!(sieve.take(&value(Some("news.example/\"a"), None)).is_none());
    }

    #[test]
    fn an_article_is_found_by_the_record_that_it_was_published_with() {
        assert!(by_article(&["0".into(), "1".into()])(&value(Some("http://a.example/"), None)).is_some());
        assert!(by_article(&["2".into()])(&value(Some("http://a.example/"), None)).is_none());
    }

    proptest! {
        /// The look at the bytes never refuses what has the identity.
        #[test]
        fn the_sieve_refuses_no_spelling(
            asked in spelling(), scheme in "https?|HTTP", other in spelling(), in_both: bool,
        ) {
            let asked = format!("https://{asked}");
            for address in [format!("{scheme}://{other}"), asked.replace("https", &scheme)] {
                let (Ok(one), Ok(two)) = (Identity::of(&asked), Identity::of(&address)) else { continue };
                let found = Sieve::of(&asked).take(&value(Some(&address), in_both.then_some(two.fetch.as_str())));
                prop_assert_eq!(found.is_some(), one.key == two.key, "{} for {}", address, asked);
            }
        }

        #[test]
        fn any_bytes_are_refused_or_parsed(value in proptest::collection::vec(any::<u8>(), 0..100)) {
            let written = [br#"{"url":"http://a.example/"#.as_slice(), &value].concat();
            prop_assert!(Sieve::of("http://a.example/x").take(&written).is_none());
            prop_assert!(Sieve::of("http://a.example/x").take(&value).is_none());
        }
    }

    /// Addresses from few parts, so that two of them often have one identity.
    fn spelling() -> impl Strategy<Value = String> {
        let host = "(www\\.|m\\.|amp\\.)?(a\\.example|A\\.example|b\\.example|1\\.2\\.3\\.4|0x1020304|b\u{fc}\\.example|xn--b-xga\\.example|a-example\\.cdn\\.ampproject\\.org/c/s/a\\.example)\\.?(:80|:443|:8080)?";
        let path = "(/{1,2}(x|story|sto%72y|st\u{f6}ry|st%C3%B6ry|amp|index\\.html)){0,3}(\\.amp|;jsessionid=1|/)?";
        let query = "(\\?(id=1|id=%31|utm_source=q|amp=1|b=c\\+d|b=c%20d)(&(id=1|gclid=2|a))?)?(#top)?";
        (host, path, query).prop_map(|(host, path, query)| format!("{host}{path}{query}"))
    }
}
