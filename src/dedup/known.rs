//! All that is known, in memory: articles, and the ways to find them.
//!
//! Articles are numbered in the order in which they came; the oldest are the first to be forgotten. What finds an
//! article (its id, its text, its anchors) may still name one that is gone: that is looked at when it is found.

use hashbrown::HashTable;

use super::anchors::Anchors;
use super::entry::{ArticleId, Entry};
use super::index::Index;
use super::learned::Learned;
use super::shelf::Shelf;
use super::{Fingerprint, TextHash};

/// Candidates that are verified, those with most anchors in common. More than eight found nothing more.
pub const MOST_CANDIDATES: usize = 8;

/// Articles of one text that are found by it: when one is gone the next is there. All of them would be a list without
/// end, of an error page that a thousand sites serve.
pub const SAME_TEXT: usize = 4;

/// What is known.
#[derive(Debug, Default)]
pub struct Known {
    articles: Shelf,
    by_id: HashTable<(u32, u32)>,
    by_text: HashTable<(u32, u32)>,
    anchors: Anchors,
    learned: Learned,
}

impl Known {
    /// How many articles are known.
    pub fn count(&self) -> usize {
        self.articles.count()
    }

    /// The bytes that articles and what finds them take, about.
    pub fn bytes(&self) -> usize {
        let tables = (self.by_id.capacity() + self.by_text.capacity()) * (size_of::<(u32, u32)>() + 1);
        self.articles.bytes() + tables + self.anchors.bytes()
    }

    /// Looks at every article, in the order of their numbers.
    pub fn each(&self, look: impl FnMut(Entry<'_>)) {
        self.articles.iter().filter_map(Entry::read).for_each(look);
    }

    /// The bytes of the article with this number.
    pub fn packed(&self, number: u32) -> Option<&[u8]> {
        self.articles.get(number)
    }

    /// The number that the next article gets.
    pub fn next_number(&self) -> u32 {
        self.articles.next_number()
    }

    /// The oldest article, with its number.
    pub fn oldest(&self) -> Option<(u32, Entry<'_>)> {
        let number = self.articles.oldest()?;
        Some((number, self.entry(number)?))
    }

    /// Knows one more article, under `number`, which is no lower than [`Known::next_number`].
    pub fn insert(&mut self, number: u32, packed: &[u8], anchors: &[u32], edges: &[u32]) {
        let Some(entry) = Entry::read(packed) else { return };
        let text = entry.text;
        self.learned.learn(&entry, edges);
        self.articles.put(number, packed);
        self.name(number);
        let tag = text.0 as u32;
        if self.by_text.iter_hash(spread(tag)).filter(|slot| slot.0 == tag).take(SAME_TEXT).count() < SAME_TEXT {
            self.by_text.insert_unique(spread(tag), (tag, number), |slot| spread(slot.0));
        }
        let oldest = self.articles.first_number();
        for anchor in anchors {
            self.anchors.insert(*anchor, number, oldest);
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

    /// Forgets an article.
    pub fn remove(&mut self, number: u32) {
        let Some((id, text)) = self.entry(number).map(|entry| (entry.id, entry.text)) else { return };
        for (table, tag) in [(&mut self.by_id, id_tag(id)), (&mut self.by_text, text.0 as u32)] {
            if let Ok(slot) = table.find_entry(spread(tag), |slot| slot.1 == number) {
                slot.remove();
            }
        }
        self.articles.take(number);
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

    fn candidates(&self, host: u32, text: &Fingerprint) -> Vec<u32> {
        let mut found: Vec<u32> = Vec::new();
        self.anchors.find(&self.learned.telling(host, &text.probes), |number| found.push(number));
        found.sort_unstable();
        let mut counted: Vec<(usize, u32)> = found.chunk_by(|a, b| a == b).map(|same| (same.len(), same[0])).collect();
        // Of as many anchors the earlier article.
        counted.sort_unstable_by_key(|(count, number)| (usize::MAX - count, *number));
        let live = counted.into_iter().map(|(_, number)| number).filter(|number| self.packed(*number).is_some());
        let best: Vec<u32> = live.take(MOST_CANDIDATES).collect();
        self.articles.glance(&best);
        best
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
