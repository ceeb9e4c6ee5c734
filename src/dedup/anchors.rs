//! By which articles are found: for each anchor the last articles that have it.
//!
//! An open hash table of 7 bytes an entry: of an anchor's 32 bits its shard tells ten. An entry whose article is gone is not searched for: it is passed over,
//! its slot is used again, and it is left behind when its shard grows. Whether an article is gone is told by its number, since the oldest go
//! first: one that went before its turn keeps its slots until then. (To look for each made an article cost a third more among a million.)

use std::hint::black_box;

/// Parts of the table that grow alone, so that growing never takes long.
const SHARDS: usize = 1 << 10;

/// The most articles under one anchor. More have only formulas in common; the newest stay.
const MOST_ARTICLES: usize = 16;

/// What tells an anchor from the others of its shard (24 bits, of which 22 are used), and its article (32).
type Slot = [u8; 7];

/// The slot that holds nothing.
const EMPTY: Slot = [0xFF; 7];

/// Anchors, with the numbers of their articles.
#[derive(Debug)]
pub struct Anchors {
    shards: Vec<Shard>,
}

#[derive(Debug, Clone, Default)]
struct Shard {
    slots: Vec<Slot>,
    used: usize,
}

fn slot(tag: u32, article: u32) -> Slot {
    let ([a, b, c, _], [d, e, f, g]) = (tag.to_le_bytes(), article.to_le_bytes());
    [a, b, c, d, e, f, g]
}

/// The tag and the article of a slot.
fn parts([a, b, c, d, e, f, g]: Slot) -> (u32, u32) {
    (u32::from_le_bytes([a, b, c, 0]), u32::from_le_bytes([d, e, f, g]))
}

/// An anchor's shard, and its tag there.
const fn place(anchor: u32) -> (usize, u32) {
    (anchor as usize % SHARDS, anchor / SHARDS as u32)
}

impl Default for Anchors {
    fn default() -> Self {
        Self { shards: vec![Shard::default(); SHARDS] }
    }
}

impl Anchors {
    /// Puts `article` under `anchor`. Articles below `oldest` are gone.
    pub fn insert(&mut self, anchor: u32, article: u32, oldest: u32) {
        let (shard, tag) = place(anchor);
        let shard = &mut self.shards[shard];
        if (shard.used + 1) * 5 > shard.slots.len() * 4 {
            shard.grow(oldest);
        }
        shard.insert(tag, article, oldest);
    }

    /// Calls `found` with each article under each of `anchors`, gone ones among them.
    pub fn find(&self, anchors: &[u32], mut found: impl FnMut(u32)) {
        // What is in no cache is fetched for all at once: below, each search would wait for its own.
        black_box(anchors.iter().fold(0, |seen, anchor| {
            let (shard, tag) = place(*anchor);
            seen ^ self.shards[shard].glance(tag)
        }));
        for anchor in anchors {
            self.find_one(*anchor, &mut found);
        }
    }

    fn find_one(&self, anchor: u32, mut found: impl FnMut(u32)) {
        let (shard, tag) = place(anchor);
        let shard = &self.shards[shard];
        if shard.slots.is_empty() {
            return;
        }
        let mut at = shard.home(tag);
        while shard.slots[at] != EMPTY {
            let (other, article) = parts(shard.slots[at]);
            if other == tag {
                found(article);
            }
            at = shard.next(at);
        }
    }

    /// The bytes that the table takes.
    pub fn bytes(&self) -> usize {
        self.shards.iter().map(|shard| shard.slots.capacity() * size_of::<Slot>()).sum()
    }
}

impl Shard {
    fn home(&self, tag: u32) -> usize {
        let hash = u64::from(tag.wrapping_mul(0x9E37_79B1));
        ((hash * self.slots.len() as u64) >> 32) as usize
    }

    fn next(&self, at: usize) -> usize {
        if at + 1 == self.slots.len() { 0 } else { at + 1 }
    }

    /// Reads where a search for `tag` begins, and where most end.
    fn glance(&self, tag: u32) -> u8 {
        let home = self.home(tag);
        let read = |at: usize| self.slots.get(at).map_or(0, |slot| slot[0]);
        read(home) ^ read(home + 8)
    }

    fn insert(&mut self, tag: u32, article: u32, oldest: u32) {
        let mut at = self.home(tag);
        let (mut free, mut first, mut count) = (None, None::<(u32, usize)>, 0);
        while self.slots[at] != EMPTY {
            let (other, holder) = parts(self.slots[at]);
            if free.is_none() && holder < oldest {
                free = Some(at);
            } else if other == tag {
                count += 1;
                if first.is_none_or(|(first, _)| holder < first) {
                    first = Some((holder, at));
                }
            }
            at = self.next(at);
        }
        let full = first.filter(|_| count >= MOST_ARTICLES).map(|(_, at)| at);
        let chosen = full.or(free).unwrap_or(at);
        self.used += usize::from(self.slots[chosen] == EMPTY);
        self.slots[chosen] = slot(tag, article);
    }

    /// Leaves the articles behind that are gone, and makes room for a quarter as many again.
    fn grow(&mut self, oldest: u32) {
        let is_live = |slot: &Slot| *slot != EMPTY && parts(*slot).1 >= oldest;
        let live = self.slots.iter().filter(|slot| is_live(slot)).count();
        let all = std::mem::replace(&mut self.slots, vec![EMPTY; (live * 25 / 16).max(8)]);
        self.used = 0;
        for (tag, article) in all.into_iter().filter(is_live).map(parts) {
            self.insert(tag, article, oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(anchors: &Anchors, anchor: u32) -> Vec<u32> {
        let mut articles = Vec::new();
        anchors.find(&[anchor], |article| articles.push(article));
        articles.sort_unstable();
        articles
    }

    #[test]
    fn every_article_is_found_under_its_anchors() {
        let mut anchors = Anchors::default();
        for article in 0..50_000 {
            anchors.insert(article / 3, article, 0);
        }
        for anchor in 0..50_000 / 3 {
            assert_eq!(found(&anchors, anchor), [anchor * 3, anchor * 3 + 1, anchor * 3 + 2]);
        }
        assert!(found(&anchors, 1 << 30).is_empty());
    }

    #[test]
    fn a_common_anchor_keeps_its_newest_articles() {
        let mut anchors = Anchors::default();
        for article in 0..100 {
            anchors.insert(7, article, 0);
        }
        assert_eq!(found(&anchors, 7), (84..100).collect::<Vec<_>>());
    }

    #[test]
    fn articles_that_are_gone_take_no_room() {
        let mut anchors = Anchors::default();
        for article in 0..200_000_u32 {
            anchors.insert(article.wrapping_mul(2_654_435_761), article, article.saturating_sub(999));
        }
        assert!(anchors.bytes() < 200_000, "{} bytes for 1,000 articles", anchors.bytes());
    }
}
