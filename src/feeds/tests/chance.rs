//! A target for each parser: documents of the tables with bytes changed, left out, doubled, and parts of others put in.
//!
//! The edits come from a seed, so a failure comes again. `NEWSWIRE_FUZZ_ROUNDS=100000 cargo test --lib feeds::tests::chance`
//! goes on for longer, and `NEWSWIRE_FUZZ_SEED` begins elsewhere.

use super::super::parse::MOST_BYTES;
use super::super::{MOST_ENTRIES, charset, dates, markup, named, opml, words};
use super::{Keep, address, cases, feed, is_feed};

/// Documents made of each document of a target, where nothing else is said.
const ROUNDS: usize = 40;

/// The most edits of a document.
const MOST_EDITS: usize = 12;

/// A generator of numbers that need not be good: xorshift64* (Vigna, 2016).
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(number).unwrap() % bound.max(1)
    }

    fn part<'a>(&mut self, of: &'a [u8]) -> &'a [u8] {
        let from = self.below(of.len());
        let length = self.below(256).min(of.len() - from);
        &of[from..from + length]
    }

    fn edit(&mut self, bytes: &mut Vec<u8>, other: &[u8]) {
        let at = self.below(bytes.len() + 1);
        let end = (at + self.below(256)).min(bytes.len());
        match self.below(6) {
            0 if at < bytes.len() => bytes[at] = u8::try_from(self.below(256)).unwrap(),
            1 => drop(bytes.drain(at..end)),
            2 => {
                let part = bytes[at..end].to_vec();
                bytes.splice(at..at, part);
            }
            3 => drop(bytes.splice(at..at, self.part(other).to_vec())),
            4 => bytes.truncate(end),
            _ => {
                let signs = b"<>&;\"'/=![]-\0:{}\x1f\x8b\xff\xfe\xc3";
                bytes.insert(at, signs[self.below(signs.len())]);
            }
        }
    }
}

fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Hands `target` what chance makes of a corpus.
fn against(corpus: &[Vec<u8>], target: impl Fn(&[u8])) {
    let rounds = variable("NEWSWIRE_FUZZ_ROUNDS").map_or(ROUNDS, |rounds| usize::try_from(rounds).unwrap());
    let mut chance = Chance(variable("NEWSWIRE_FUZZ_SEED").unwrap_or(0x6e65_7773_7769_7265).max(1));
    assert!(!corpus.is_empty());
    for document in corpus {
        target(document);
        for _ in 0..rounds {
            let mut bytes = document.clone();
            let other = &corpus[chance.below(corpus.len())];
            for _ in 0..=chance.below(MOST_EDITS) {
                chance.edit(&mut bytes, other);
            }
            target(&bytes);
        }
    }
}

/// The documents of the tables whose names begin so.
fn documents(beginnings: &[&str]) -> Vec<Vec<u8>> {
    let is_one = |name: &str| beginnings.iter().any(|beginning| name.starts_with(beginning));
    cases().into_iter().filter(|case| is_one(case.name)).map(|case| case.document).collect()
}

/// What is promised of a feed, whatever it was read from.
fn is_within_bounds(document: &[u8]) {
    let recognised = is_feed(document, None);
    let Ok(feed) = feed(document, None, &address(), Keep::Content) else { return };
    // Of a longer one the head is decoded by itself.
    assert!(recognised || document.len() > 2_000, "what is read is recognised: {}", document.escape_ascii());
    assert!(feed.entries.len() <= MOST_ENTRIES);
    for entry in &feed.entries {
        assert!(entry.url.as_ref().is_none_or(|url| matches!(url.scheme(), "http" | "https") && url.has_host()));
        let shown = |text: &String| !text.chars().any(char::is_control) && text.chars().count() <= 1_000;
        assert!(entry.title.as_ref().is_none_or(shown) && entry.authors.iter().all(shown));
        assert!(entry.guid.as_ref().is_none_or(|guid| guid.len() <= 64 * 1024));
        for date in [entry.published_at, entry.updated_at].into_iter().flatten() {
            assert_eq!(date.to_string().parse(), Ok(date), "what is told reads back");
        }
    }
}

#[test]
fn rss_of_all_kinds_stays_within_bounds() {
    against(&documents(&["rss-", "rdf", "cdf", "link-", "author-", "podcast"]), is_within_bounds);
}

#[test]
fn atom_stays_within_bounds() {
    against(&documents(&["atom-"]), is_within_bounds);
}

#[test]
fn json_feeds_stay_within_bounds() {
    against(&documents(&["json"]), is_within_bounds);
}

#[test]
fn sitemaps_and_their_indexes_stay_within_bounds() {
    against(&documents(&["sitemap"]), is_within_bounds);
}

#[test]
fn documents_of_all_kinds_in_one_another_stay_within_bounds() {
    against(&documents(&[""]), is_within_bounds);
}

#[test]
fn packed_documents_stay_within_bounds() {
    let packed: Vec<Vec<u8>> = documents(&["gzip", "sitemap-packed"]);
    against(&packed, |bytes| {
        is_within_bounds(bytes);
        assert!(super::super::parse::unpacked(bytes).is_ok_and(|bytes| bytes.len() <= MOST_BYTES) || !bytes.is_empty());
    });
}

#[test]
fn lists_of_feeds_and_pages_that_name_feeds_stay_within_bounds() {
    let list = br#"<opml version="2.0"><body><outline text="News"><outline type="rss" text="A &amp; B"
        xmlUrl="https://a.example/feed?a=1&amp;b=2"/><outline xmlurl='b'/></outline></body></opml>"#;
    let page = br#"<html><head><link rel="alternate" type="application/rss+xml" href="/feed"><link rel=alternate href=x></head>"#;
    against(&[list.to_vec(), page.to_vec()], |bytes| {
        for outline in opml::outlines(bytes) {
            assert!(outline.title.is_none_or(|title| title.chars().count() <= 1_000));
        }
        assert!(named(bytes, None, &address()).len() <= 10);
    });
}

#[test]
fn dates_stay_dates() {
    let dates = [
        "Fri, 23 Nov 2018 09:30:00 +0900",
        "2018-11-23T09:30:00.123-05:00",
        "23-11-18",
        "20181123093000",
        "2018-327",
        "vendredi 23 novembre 2018 \u{e0} 9h30",
        "2018\u{b144} 11\u{c6d4} 23\u{c77c} \u{c624}\u{d6c4} 9:30",
        "11/23/2018 9:30 PM PST",
        "1542965400000",
        "Nov. 2018",
        "Fri, 23 Nov 2018 09:30:00 Europe/Paris",
        "24:00 1 Jan 9999",
        "-0312",
        "99-12-31",
    ];
    let corpus: Vec<Vec<u8>> = dates.iter().map(|date| date.as_bytes().to_vec()).collect();
    against(&corpus, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        if let Some(date) = dates::read(&text) {
            assert_eq!(date.to_string().parse(), Ok(date), "{text}");
        }
    });
}

#[test]
fn any_bytes_are_text() {
    let texts = ["bom", "utf-16", "utf-32", "latin", "utf-8", "windows", "unknown", "koi8", "gb", "shift", "iso"];
    against(&documents(&texts), |bytes| {
        for header in [None, Some("text/xml; charset=iso-2022-jp"), Some("text/xml; charset=utf-16")] {
            assert!(charset::decode(bytes, header).len() <= 4 * bytes.len() + 8);
        }
    });
}

#[test]
fn titles_and_tags_are_cut_to_their_ends() {
    against(&documents(&["rss-", "atom-"]), |bytes| {
        let text = String::from_utf8_lossy(bytes);
        let mut tokens = markup::Tokens::of(&text);
        assert!(tokens.by_ref().count() <= text.len());
        assert_eq!(tokens.position(), text.len());
        assert!(words::seen(&text).is_none_or(|title| title.chars().count() <= 1_000));
        let _ = words::name(&text);
    });
}
