//! What a host said about the version of a page that we have (RFC 9110, section 8.8), for the next visit.

use std::time::Duration;

use moka::sync::Cache;
use url::Url;

use super::PageHeaders;
use crate::record::Origin;

/// How long it is remembered. After that the page is read again, whatever it says.
const REMEMBERED: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Bytes that all of it takes at most; 200,000 pages fit.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// The longest validator that is kept, in bytes. Servers write 20 to 60.
const LONGEST: usize = 512;

/// The validators of one page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Validators {
    /// Where it was had: they mean nothing elsewhere.
    pub url: Url,
    /// As the header had it, quotes and all.
    pub etag: Option<String>,
    /// As the header had it.
    pub last_modified: Option<String>,
}

/// The validators of the pages that were read, by the key of the identity they were asked for under. They are in
/// this worker's memory.
#[derive(Debug)]
pub struct Visits {
    known: Cache<String, (Origin, Validators)>,
}

impl Validators {
    /// What the answer from `url` says, if it says anything.
    pub fn of(url: &Url, headers: &PageHeaders) -> Option<Self> {
        let kept = |value: &Option<String>| value.clone().filter(|value| value.len() <= LONGEST && !value.is_empty());
        let (etag, last_modified) = (kept(&headers.etag), kept(&headers.last_modified));
        (etag.is_some() || last_modified.is_some()).then(|| Self { url: url.clone(), etag, last_modified })
    }

    fn bytes(&self) -> usize {
        let text = |value: &Option<String>| value.as_ref().map_or(0, String::len);
        self.url.as_str().len() + text(&self.etag) + text(&self.last_modified) + 200
    }
}

impl Default for Visits {
    fn default() -> Self {
        let weigher = |key: &String, (_, validators): &(Origin, Validators)| {
            u32::try_from(key.len() + validators.bytes()).unwrap_or(u32::MAX)
        };
        Self { known: Cache::builder().max_capacity(MOST_BYTES).weigher(weigher).time_to_live(REMEMBERED).build() }
    }
}

impl Visits {
    /// What is known of the page asked for under `key`, for a message of this origin. Nothing, if it is this very
    /// message that read it: what it decided then may never have been written.
    pub fn of(&self, key: &str, origin: &Origin) -> Option<Validators> {
        self.known.get(key).filter(|(reader, _)| reader != origin).map(|(_, validators)| validators)
    }

    /// Remembers what a page said that a message of this origin has read.
    pub fn remember(&self, key: &str, origin: &Origin, validators: Option<Validators>) {
        match validators {
            Some(validators) => self.known.insert(key.to_owned(), (origin.clone(), validators)),
            None => self.known.invalidate(key),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_known_to_every_message_but_the_one_that_read_it() {
        let visits = Visits::default();
        let origin = |offset| Origin { topic: "t".into(), partition: 0, offset };
        let headers = PageHeaders { etag: Some("\"1\"".into()), ..PageHeaders::default() };
        let validators = Validators::of(&Url::parse("https://a.example/").unwrap(), &headers);
        visits.remember("a.example/", &origin(1), validators.clone());
        assert_eq!(visits.of("a.example/", &origin(1)), None);
        assert_eq!(visits.of("a.example/", &origin(2)), validators);
        visits.remember("a.example/", &origin(2), None);
        assert_eq!(visits.of("a.example/", &origin(3)), None);
    }

    #[test]
    fn what_is_empty_or_endless_is_no_validator() {
        let headers =
            PageHeaders { etag: Some(String::new()), last_modified: Some("x".repeat(600)), ..PageHeaders::default() };
        assert_eq!(Validators::of(&Url::parse("https://a.example/").unwrap(), &headers), None);
    }
}
