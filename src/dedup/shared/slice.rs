//! What the shared store told of an article: the part of the index that its decision needs.

use std::collections::HashMap;

use super::super::TextHash;
use super::super::entry::{ArticleId, Entry};
use super::super::index::Index;
use super::super::learned::Learned;
use crate::dedup::Fingerprint;
use crate::record::Origin;

/// How the script writes that there is none.
const NONE: u32 = u32::MAX;

/// What was found, by id, by text and by anchors.
#[derive(Debug, Default)]
pub struct Slice {
    by_id: Option<u32>,
    by_text: Option<u32>,
    candidates: Vec<u32>,
    articles: HashMap<u32, Vec<u8>>,
    pending: HashMap<u32, Pending>,
}

/// A claim that is not settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// Its holder's token.
    pub token: u64,
    /// Until when it is held for certain, in seconds since 1970 by the store's clock.
    pub until_s: u32,
    /// Whether its holder has given it up.
    pub abandoned: bool,
    /// Where its message was consumed.
    pub consumed: Origin,
}

impl Slice {
    /// Reads the script's answer: all numbers, and for each that is one its article and its pending claim. `None` for
    /// an answer that is none of ours.
    pub fn read(numbers: &[u8], mut rest: impl Iterator<Item = Vec<u8>>) -> Option<Self> {
        let (numbers, _) = numbers.as_chunks();
        let mut slice = Self::default();
        for (at, number) in numbers.iter().map(|number| u32::from_le_bytes(*number)).enumerate() {
            if number == NONE {
                continue;
            }
            let (article, pending) = (rest.next()?, rest.next()?);
            match at {
                0 => slice.by_id = Some(number),
                1 => slice.by_text = Some(number),
                _ => slice.candidates.push(number),
            }
            slice.articles.insert(number, article);
            if let Some(pending) = Pending::read(&pending) {
                slice.pending.insert(number, pending);
            }
        }
        Some(slice)
    }

    /// Whether the claim of this number is not settled.
    pub fn is_pending(&self, number: u32) -> bool {
        self.pending.contains_key(&number)
    }

    /// Whether the article with this id is known in this revision or a later one, or is being decided.
    pub fn knows(&self, id: ArticleId, revision: u32) -> bool {
        let Some(number) = self.by_id else { return false };
        let entry = self.articles.get(&number).and_then(|packed| Entry::read(packed));
        entry.is_some_and(|entry| entry.id == id && (entry.ruling.revision >= revision || self.is_pending(number)))
    }

    /// All articles of the slice.
    pub fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        self.articles.values().filter_map(|packed| Entry::read(packed))
    }
}

impl Pending {
    /// Reads a pending claim as the scripts write it. `None` for none.
    pub fn read(packed: &[u8]) -> Option<Self> {
        let (token, rest) = packed.split_first_chunk()?;
        let (until, rest) = rest.split_first_chunk()?;
        let (abandoned, rest) = rest.split_first()?;
        let (_before, rest) = rest.split_first_chunk::<4>()?;
        let (partition, rest) = rest.split_first_chunk()?;
        let (offset, topic) = rest.split_first_chunk()?;
        Some(Self {
            token: u64::from_le_bytes(*token),
            until_s: u32::from_le_bytes(*until),
            abandoned: *abandoned != 0,
            consumed: Origin {
                topic: String::from_utf8(topic.to_vec()).ok()?,
                partition: i32::from_le_bytes(*partition),
                offset: i64::from_le_bytes(*offset),
            },
        })
    }
}

/// A position as the scripts keep it.
pub fn write_position(consumed: &Origin) -> Vec<u8> {
    let mut packed = Vec::with_capacity(12 + consumed.topic.len());
    packed.extend(consumed.partition.to_le_bytes());
    packed.extend(consumed.offset.to_le_bytes());
    packed.extend_from_slice(consumed.topic.as_bytes());
    packed
}

/// A slice, beside what this worker has learned.
pub struct View<'a> {
    /// What was found.
    pub slice: &'a Slice,
    /// What was learned.
    pub learned: &'a Learned,
}

impl Index for View<'_> {
    fn entry(&self, number: u32) -> Option<Entry<'_>> {
        Entry::read(self.slice.articles.get(&number)?)
    }

    fn by_id(&self, id: ArticleId) -> Option<(u32, Entry<'_>)> {
        let number = self.slice.by_id?;
        Some((number, self.entry(number).filter(|entry| entry.id == id)?))
    }

    fn by_text(&self, text: TextHash) -> Option<(u32, Entry<'_>)> {
        let number = self.slice.by_text?;
        Some((number, self.entry(number).filter(|entry| entry.text == text)?))
    }

    fn candidates(&self, _: u32, _: &Fingerprint) -> Vec<u32> {
        self.slice.candidates.clone()
    }

    fn repeats(&self, host: u32, shingle: u32) -> bool {
        self.learned.repeats(host, shingle)
    }

    fn story(&self, cluster: ArticleId) -> ArticleId {
        self.learned.story(cluster)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pending(token: u64, until_s: u32, abandoned: u8, consumed: &Origin) -> Vec<u8> {
        let mut packed = token.to_le_bytes().to_vec();
        packed.extend(until_s.to_le_bytes());
        packed.push(abandoned);
        packed.extend(NONE.to_le_bytes());
        packed.extend(write_position(consumed));
        packed
    }

    #[test]
    fn a_pending_claim_is_read_as_the_scripts_write_it() {
        let consumed = Origin { topic: "news.urls".into(), partition: 3, offset: 1 << 40 };
        let read = Pending::read(&pending(7, 9, 1, &consumed));
        assert_eq!(read, Some(Pending { token: 7, until_s: 9, abandoned: true, consumed }));
        assert_eq!(Pending::read(b""), None, "no claim");
    }

    #[test]
    fn an_answer_that_ends_too_early_is_none_of_ours() {
        let numbers = [NONE, 5, 6].map(u32::to_le_bytes).concat();
        let parts = |count: usize| vec![Vec::new(); count].into_iter();
        let slice = Slice::read(&numbers, parts(4)).unwrap();
        assert_eq!((slice.by_id, slice.by_text, slice.candidates), (None, Some(5), vec![6]));
        assert!(Slice::read(&numbers, parts(3)).is_none());
    }
}
