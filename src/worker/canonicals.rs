//! Which address an article goes by: what its page says, unless the site says the same of every page.
//!
//! [`is_plausible_canonical`](crate::record::is_plausible_canonical) judges a canonical link by itself. Here the
//! pages of a site are seen beside each other: an address that pages with different texts claim as theirs belongs
//! to the first of them, and a site that does so again and again is not believed any more.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use moka::sync::Cache;
use url::Url;
use xxhash_rust::xxh3::xxh3_64;

use crate::record::{Identity, site};

/// Sites that are remembered at most: 6 KB each when full, 60 MB in all.
const MOST_SITES: u64 = 10_000;

/// How long a site without articles is remembered. A template that is broken today is broken for hours.
const REMEMBERED: Duration = Duration::from_secs(24 * 60 * 60);

/// Claims that are remembered of one site: what a news site publishes in an hour or two.
const MOST_CLAIMS: usize = 64;

/// Paragraphs by which a text is known again. Half as many take a repeated appeal for the text itself.
const PARAGRAPHS: usize = 8;

/// After so many pages that named another page's address, a site's canonical links are not believed.
const FALSE_CLAIMS: u32 = 3;

/// The canonical links of all sites. Bounded, and in this worker's memory.
#[derive(Debug)]
pub struct Canonicals {
    sites: Cache<String, Arc<Mutex<Claims>>>,
}

#[derive(Debug, Default)]
struct Claims {
    recent: VecDeque<Claim>,
    false_ones: u32,
}

#[derive(Debug)]
struct Claim {
    canonical: u64,
    page: u64,
    text: Vec<u64>,
}

impl Default for Canonicals {
    fn default() -> Self {
        Self { sites: Cache::builder().max_capacity(MOST_SITES).time_to_idle(REMEMBERED).build() }
    }
}

impl Canonicals {
    /// The identity of the article on `page` whose canonical link is `canonical` and whose text is `body`: by the
    /// link where it can be believed, else by the page's own address.
    pub fn identity(&self, page: &Url, canonical: Option<&Url>, body: &str) -> Identity {
        let own = Identity::of_url(page);
        let Some(canonical) = canonical else { return own };
        let claimed = Identity::of_url(canonical);
        if claimed.key == own.key {
            return claimed;
        }
        let claims = self.sites.get_with(site(canonical), Arc::default);
        let mut claims = claims.lock().unwrap_or_else(PoisonError::into_inner);
        if claims.believes(xxh3_64(claimed.key.as_bytes()), xxh3_64(own.key.as_bytes()), &paragraphs(body)) {
            claimed
        } else {
            own
        }
    }
}

impl Claims {
    fn believes(&mut self, canonical: u64, page: u64, text: &[u64]) -> bool {
        if let Some(first) = self.recent.iter().find(|claim| claim.canonical == canonical) {
            let same = first.page == page || is_same(&first.text, text);
            self.false_ones += u32::from(!same);
            return same && self.false_ones < FALSE_CLAIMS;
        }
        if self.recent.len() == MOST_CLAIMS {
            self.recent.pop_front();
        }
        self.recent.push_back(Claim { canonical, page, text: text.to_vec() });
        self.false_ones < FALSE_CLAIMS
    }
}

/// The smallest hashes of a text's paragraphs: texts that share most of them are the same text, edited.
fn paragraphs(body: &str) -> Vec<u64> {
    let mut hashes: Vec<u64> = body.split("\n\n").map(|paragraph| xxh3_64(paragraph.as_bytes())).collect();
    hashes.sort_unstable();
    hashes.dedup();
    hashes.truncate(PARAGRAPHS);
    hashes
}

fn is_same(one: &[u64], other: &[u64]) -> bool {
    let shared = one.iter().filter(|hash| other.contains(hash)).count();
    2 * shared >= one.len().min(other.len()).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(path: &str) -> Url {
        Url::parse(&format!("https://news.example{path}")).unwrap()
    }

    fn body(number: usize) -> String {
        (0..6).map(|paragraph| format!("Story {number}, paragraph {paragraph}.")).collect::<Vec<_>>().join("\n\n")
    }

    #[test]
    fn two_addresses_of_one_text_go_by_the_address_that_both_name() {
        let canonicals = Canonicals::default();
        let canonical = url("/story-1");
        for page in ["/story-1?from=a1", "/mobile/story-1", "/story-1?from=a1"] {
            let identity = canonicals.identity(&url(page), Some(&canonical), &body(1));
            assert_eq!(identity, Identity::of_url(&canonical), "{page}");
        }
        let edited = format!("{}\n\nAnd one more.", body(1));
        assert_eq!(canonicals.identity(&url("/x"), Some(&canonical), &edited), Identity::of_url(&canonical));
    }

    #[test]
    fn a_site_whose_every_page_names_the_same_address_stays_many_articles() {
        let canonicals = Canonicals::default();
        let template = url("/the-latest-news");
        let keys: std::collections::HashSet<String> = (0..20)
            .map(|number| canonicals.identity(&url(&format!("/{number}")), Some(&template), &body(number)).key)
            .collect();
        assert_eq!(keys.len(), 20);
        let other = url("/another-address");
        assert_eq!(canonicals.identity(&url("/21"), Some(&other), &body(21)).key, Identity::of_url(&url("/21")).key);
    }

    #[test]
    fn a_page_that_comes_again_has_the_identity_that_it_had() {
        let canonicals = Canonicals::default();
        let template = url("/template");
        let both = || [1, 2].map(|n| canonicals.identity(&url(&format!("/{n}")), Some(&template), &body(n)).key);
        assert_eq!(both(), both());
    }

    #[test]
    fn what_is_remembered_of_a_site_is_bounded() {
        let mut claims = Claims::default();
        for number in 0..10_000 {
            assert!(claims.believes(number, number + 1, &[number]));
        }
        assert_eq!(claims.recent.len(), MOST_CLAIMS);
    }
}
