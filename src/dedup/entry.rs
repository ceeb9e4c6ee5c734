//! What is remembered of an article, packed: about 290 bytes for one of 580 words.

use std::fmt;
use std::str::FromStr;

use super::sketch::Sketch;
use super::tally::Tally;
use super::verify::Side;
use super::{Asked, Decision, Link, Ruling, TextHash};
use crate::record::{Changed, Origin, Relation};

/// The layout's version. Entries of another one are not read: their texts pass once more.
const LAYOUT: u8 = 2;

/// The id of an article, as `record::article_id` writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ArticleId(pub u128);

impl ArticleId {
    /// The id of the article whose URL has the identity `key`.
    pub fn of_key(key: &str) -> Self {
        Self(xxhash_rust::xxh3::xxh3_128(key.as_bytes()))
    }
}

impl fmt::Display for ArticleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl FromStr for ArticleId {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u128::from_str_radix(text, 16).map(Self)
    }
}

/// A hash of a host's name, of which only sameness matters.
pub fn host_hash(host: &str) -> u32 {
    xxhash_rust::xxh3::xxh3_64(host.as_bytes()) as u32
}

/// A hash of where a message first came in, of which only sameness matters.
pub fn origin_hash(origin: &Origin) -> u64 {
    let mut hasher = xxhash_rust::xxh3::Xxh3::new();
    hasher.update(origin.topic.as_bytes());
    hasher.update(&origin.partition.to_le_bytes());
    hasher.update(&origin.offset.to_le_bytes());
    hasher.digest()
}

/// What is remembered of an article, read from its packed bytes.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// Whose it is.
    pub id: ArticleId,
    /// Its whole text.
    pub text: TextHash,
    /// When it was decided, in seconds since 1970.
    pub at: u32,
    /// The message that was decided last.
    pub origin: u64,
    /// How that was decided.
    pub ruling: Ruling,
    /// The story that another one turned out to be, with this article.
    pub merged: Option<ArticleId>,
    /// What is compared of its text.
    pub side: Side<'a>,
    /// Its words by class.
    pub tally: Tally,
}

impl Entry<'_> {
    /// The story that it belongs to.
    pub fn cluster(&self) -> ArticleId {
        self.ruling.link.map_or(self.id, |link| link.cluster)
    }

    /// Packs what is remembered of an article that was decided so.
    pub fn pack(asked: &Asked, decision: &Decision) -> Vec<u8> {
        let text = &asked.text;
        let mut out = Vec::with_capacity(80 + text.shingles.bytes().len() + text.numbers.bytes().len());
        let Decision { ruling, merged } = decision;
        let relation = ruling.link.map_or(0, |link| link.relation as u8 + 1);
        let flags = u8::from(ruling.duplicate) | u8::from(merged.is_some()) << 1 | relation << 2;
        let flags = flags | u8::from(ruling.changed.is_some()) << 4;
        out.extend([LAYOUT, flags]);
        out.extend(asked.id.0.to_le_bytes());
        out.extend(text.text.0.to_le_bytes());
        out.extend(asked.at.to_le_bytes());
        out.extend(origin_hash(&asked.origin).to_le_bytes());
        out.extend(ruling.revision.to_le_bytes());
        out.extend(asked.host.to_le_bytes());
        out.extend(text.words.to_le_bytes());
        out.extend(text.number_words.to_le_bytes());
        if let Some(link) = &ruling.link {
            out.extend(link.of.0.to_le_bytes());
            out.extend(link.cluster.0.to_le_bytes());
            out.extend(((link.similarity * 1e4).round() as u16).to_le_bytes());
        }
        if let Some(merged) = merged {
            out.extend(merged.0.to_le_bytes());
        }
        if let Some(Changed { words_added, words_removed }) = ruling.changed {
            out.extend(words_added.to_le_bytes());
            out.extend(words_removed.to_le_bytes());
        }
        out.extend(text.tally.0);
        out.extend([text.shingles.level(), text.shingles.count()]);
        out.extend([text.numbers.level(), text.numbers.count(), text.numbers.bytes().len() as u8]);
        out.extend_from_slice(text.numbers.bytes());
        out.extend_from_slice(text.shingles.bytes());
        out
    }
}

impl<'a> Entry<'a> {
    /// Changes when a packed entry was decided, to `at` seconds since 1970.
    pub fn set_at(packed: &mut [u8], at: u32) {
        // After layout, flags, id and text.
        if let Some(place) = packed.get_mut(26..30) {
            place.copy_from_slice(&at.to_le_bytes());
        }
    }

    /// Reads a packed entry. `None` when it is none of this layout.
    pub fn read(packed: &'a [u8]) -> Option<Self> {
        let mut rest = packed;
        let [layout, flags] = take(&mut rest)?;
        if layout != LAYOUT {
            return None;
        }
        let id = ArticleId(u128::from_le_bytes(take(&mut rest)?));
        let text = TextHash(u64::from_le_bytes(take(&mut rest)?));
        let at = u32::from_le_bytes(take(&mut rest)?);
        let origin = u64::from_le_bytes(take(&mut rest)?);
        let revision = u32::from_le_bytes(take(&mut rest)?);
        let host = u32::from_le_bytes(take(&mut rest)?);
        let words = u32::from_le_bytes(take(&mut rest)?);
        let number_words = u32::from_le_bytes(take(&mut rest)?);
        let relation = match flags >> 2 & 3 {
            0 => None,
            1 => Some(Relation::Copy),
            2 => Some(Relation::Excerpt),
            _ => Some(Relation::Update),
        };
        let link = match relation {
            None => None,
            Some(relation) => Some(Link {
                of: ArticleId(u128::from_le_bytes(take(&mut rest)?)),
                cluster: ArticleId(u128::from_le_bytes(take(&mut rest)?)),
                similarity: f64::from(u16::from_le_bytes(take(&mut rest)?)) / 1e4,
                relation,
            }),
        };
        let merged = if flags & 2 == 0 { None } else { Some(ArticleId(u128::from_le_bytes(take(&mut rest)?))) };
        let changed = if flags & 16 == 0 {
            None
        } else {
            let words_added = u32::from_le_bytes(take(&mut rest)?);
            Some(Changed { words_added, words_removed: u32::from_le_bytes(take(&mut rest)?) })
        };
        let tally = Tally(take(&mut rest)?);
        let [level, count, numbers_level, numbers, numbers_bytes] = take(&mut rest)?;
        let (packed_numbers, packed_shingles) = rest.split_at_checked(numbers_bytes.into())?;
        let side = Side {
            host,
            words,
            number_words,
            shingles: Sketch::from_parts(level, count, packed_shingles),
            numbers: Sketch::from_parts(numbers_level, numbers, packed_numbers),
        };
        let ruling = Ruling { duplicate: flags & 1 != 0, revision, changed, link };
        Some(Self { id, text, at, origin, ruling, merged, side, tally })
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, left) = rest.split_first_chunk()?;
    *rest = left;
    Some(*taken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dedup::Fingerprint;
    use crate::record::article_id;
    use proptest::prelude::*;

    #[test]
    fn an_id_is_the_records_id() {
        assert_eq!(ArticleId::of_key("https://a.example/1").to_string(), article_id("https://a.example/1"));
    }

    proptest! {
        #[test]
        fn an_entry_reads_back_as_it_was_packed(
            text in "([a-z]{1,8} ){0,300}", duplicate: bool, linked: bool, merged: Option<u128>, revision: u32,
            changed: Option<(u32, u32)>, share in 0..=10_000_u16
        ) {
            let link = Link { of: ArticleId(1), cluster: ArticleId(2), relation: Relation::Update, similarity: f64::from(share) / 1e4 };
            let changed = changed.map(|(words_added, words_removed)| Changed { words_added, words_removed });
            let ruling = Ruling { duplicate, revision, changed, link: linked.then_some(link) };
            let decision = Decision { ruling, merged: merged.map(ArticleId) };
            let asked = Asked {
                id: ArticleId(77), host: 5, text: Fingerprint::of(&text), source: None, at: 9,
                origin: Origin { topic: "t".into(), partition: 1, offset: 2 },
                consumed: Origin { topic: "t".into(), partition: 1, offset: 2 },
            };
            let packed = Entry::pack(&asked, &decision);
            let entry = Entry::read(&packed).unwrap();
            prop_assert_eq!((entry.id, entry.text, entry.at, entry.ruling), (asked.id, asked.text.text, 9, ruling));
            prop_assert_eq!((entry.merged, entry.tally), (decision.merged, asked.text.tally));
            prop_assert_eq!(entry.side.shingles, asked.text.shingles.as_ref());
            prop_assert_eq!(entry.side.numbers, asked.text.numbers.as_ref());
        }

        #[test]
        fn bytes_that_are_no_entry_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Entry::read(&bytes);
        }
    }
}
