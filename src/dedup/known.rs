//! All that is known, in memory: articles, and the ways to find them.
//!
//! Articles are numbered in the order in which they came; the oldest are the first to be forgotten. What finds an
//! article (its id, its text, its anchors) may still name one that is gone: that is looked at when it is found.

use std::collections::VecDeque;

use hashbrown::HashTable;

use super::anchors::Anchors;
use super::entry::{ArticleId, Entry};
use super::index::Index;
use super::learned::Learned;
use super::{Fingerprint, TextHash};

/// Candidates that are verified, those with most anchors in common. More than eight found nothing more.
pub const MOST_CANDIDATES: usize = 8;

/// Articles of one text that are found by it: when one is gone the next is there. All of them would be a list without
/// end, of an error page that a thousand sites serve.
pub const SAME_TEXT: usize = 4;

/// What is known.
#[derive(Debug, Default)]
pub struct Known {
    first: u32,
    entries: VecDeque<Option<Box<[u8]>>>,
    live: usize,
    packed_bytes: usize,
    by_id: HashTable<(u32, u32)>,
    by_text: HashTable<(u32, u32)>,
    anchors: Anchors,
    learned: Learned,
}

impl Known {
    /// How many articles are known.
    pub fn count(&self) -> usize {
        self.live
    }

    /// The bytes that articles and what finds them take, about.
    pub fn bytes(&self) -> usize {
        let tables = (self.by_id.capacity() + self.by_text.capacity()) * (size_of::<(u32, u32)>() + 1);
        // What an allocator adds to a small block.
        let blocks = self.live * 16;
        self.packed_bytes
            + blocks
            + self.entries.capacity() * size_of::<Option<Box<[u8]>>>()
            + tables
            + self.anchors.bytes()
    }

    /// Looks at every article, in the order of their numbers.
    pub fn each(&self, look: impl FnMut(Entry<'_>)) {
        self.entries.iter().flatten().filter_map(|packed| Entry::read(packed)).for_each(look);
    }

    /// The bytes of the article with this number.
    pub fn packed(&self, number: u32) -> Option<&[u8]> {
        self.entries.get(number.checked_sub(self.first)? as usize)?.as_deref()
    }

    /// The number that the next article gets.
    pub fn next_number(&self) -> u32 {
        self.first + self.entries.len() as u32
    }

    /// The oldest article, with its number.
    pub fn oldest(&self) -> Option<(u32, Entry<'_>)> {
        let at = self.entries.iter().position(Option::is_some)?;
        let number = self.first + at as u32;
        Some((number, self.entry(number)?))
    }

    /// Knows one more article, under `number`, which is no lower than [`Known::next_number`].
    pub fn insert(&mut self, number: u32, packed: Box<[u8]>, anchors: &[u32], edges: &[u32]) {
        let Some(entry) = Entry::read(&packed) else { return };
        let text = entry.text;
        self.learned.learn(&entry, edges);
        if self.entries.is_empty() {
            self.first = number;
        }
        while self.next_number() < number {
            self.entries.push_back(None);
        }
        self.packed_bytes += packed.len();
        self.live += 1;
        self.entries.push_back(Some(packed));
        self.name(number);
        let tag = text.0 as u32;
        if self.by_text.iter_hash(spread(tag)).filter(|slot| slot.0 == tag).take(SAME_TEXT).count() < SAME_TEXT {
            self.by_text.insert_unique(spread(tag), (tag, number), |slot| spread(slot.0));
        }
        let (first, entries) = (self.first, &self.entries);
        let is_live = |other: u32| {
            other.checked_sub(first).is_some_and(|at| entries.get(at as usize).is_some_and(Option::is_some))
        };
        for anchor in anchors {
            self.anchors.insert(*anchor, number, is_live);
        }
    }

    /// Lets the article with this number be the one that its id names.
    pub fn name(&mut self, number: u32) {
        let Some(id) = self.entry(number).map(|entry| entry.id) else { return };
        let tag = id_tag(id);
        let named = self.by_id(id).map(|(named, _)| named);
        match self.by_id.find_mut(spread(tag), |slot| Some(slot.1) == named) {
            Some(slot) => slot.1 = number,
            None => drop(self.by_id.insert_unique(spread(tag), (tag, number), |slot| spread(slot.0))),
        }
    }

    /// Forgets an article. The answer is what was remembered of it.
    pub fn remove(&mut self, number: u32) -> Option<Box<[u8]>> {
        let (id, text) = self.entry(number).map(|entry| (entry.id, entry.text))?;
        for (table, tag) in [(&mut self.by_id, id_tag(id)), (&mut self.by_text, text.0 as u32)] {
            if let Ok(slot) = table.find_entry(spread(tag), |slot| slot.1 == number) {
                slot.remove();
            }
        }
        let packed = self.entries.get_mut((number - self.first) as usize)?.take();
        self.live -= 1;
        self.packed_bytes -= packed.as_ref().map_or(0, |packed| packed.len());
        while let Some(None) = self.entries.front() {
            self.entries.pop_front();
            self.first += 1;
        }
        packed
    }
}

impl Index for Known {
    fn entry(&self, number: u32) -> Option<Entry<'_>> {
        Entry::read(self.packed(number)?)
    }

    fn by_id(&self, id: ArticleId) -> Option<(u32, Entry<'_>)> {
        let tag = id_tag(id);
        let is_it = |slot: &(u32, u32)| slot.0 == tag && self.entry(slot.1).is_some_and(|entry| entry.id == id);
        let (_, number) = *self.by_id.find(spread(tag), is_it)?;
        Some((number, self.entry(number)?))
    }

    fn by_text(&self, text: TextHash) -> Option<(u32, Entry<'_>)> {
        let tag = text.0 as u32;
        let is_it = |slot: &(u32, u32)| slot.0 == tag && self.entry(slot.1).is_some_and(|entry| entry.text == text);
        let (_, number) = *self.by_text.find(spread(tag), is_it)?;
        Some((number, self.entry(number)?))
    }

    fn candidates(&self, text: &Fingerprint) -> Vec<u32> {
        let mut found: Vec<u32> = Vec::new();
        for probe in &text.probes {
            self.anchors.find(*probe, |number| found.push(number));
        }
        found.sort_unstable();
        let mut counted: Vec<(usize, u32)> = found.chunk_by(|a, b| a == b).map(|same| (same.len(), same[0])).collect();
        // Of as many anchors the earlier article.
        counted.sort_unstable_by_key(|(count, number)| (usize::MAX - count, *number));
        let live = counted.into_iter().map(|(_, number)| number).filter(|number| self.packed(*number).is_some());
        live.take(MOST_CANDIDATES).collect()
    }

    fn repeats(&self, host: u32, shingle: u32) -> bool {
        self.learned.repeats(host, shingle)
    }

    fn story(&self, cluster: ArticleId) -> ArticleId {
        self.learned.story(cluster)
    }
}

fn id_tag(id: ArticleId) -> u32 {
    id.0 as u32
}

fn spread(tag: u32) -> u64 {
    u64::from(tag).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}
