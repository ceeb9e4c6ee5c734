//! By which articles are found: for each anchor the last articles that have it.
//!
//! An open hash table of 8 bytes an entry. An entry whose article is gone is not searched for: it is passed over,
//! its slot is used again, and it is left behind when its shard grows.

/// Parts of the table that grow alone, so that growing never takes long.
const SHARDS: usize = 1 << 10;

/// The most articles under one anchor. More have only formulas in common; the newest stay.
const MOST_ARTICLES: usize = 16;

/// The slot that holds nothing.
const EMPTY: (u32, u32) = (0, u32::MAX);

/// Anchors, with the numbers of their articles.
#[derive(Debug)]
pub struct Anchors {
    shards: Vec<Shard>,
}

#[derive(Debug, Clone, Default)]
struct Shard {
    slots: Vec<(u32, u32)>,
    used: usize,
}

impl Default for Anchors {
    fn default() -> Self {
        Self { shards: vec![Shard::default(); SHARDS] }
    }
}

impl Anchors {
    /// Puts `article` under `anchor`. `is_live` tells whether an article is still known.
    pub fn insert(&mut self, anchor: u32, article: u32, is_live: impl Fn(u32) -> bool) {
        let shard = &mut self.shards[anchor as usize % SHARDS];
        if (shard.used + 1) * 5 > shard.slots.len() * 4 {
            shard.grow(&is_live);
        }
        shard.insert(anchor, article, &is_live);
    }

    /// Calls `found` with each article under `anchor`, gone ones among them.
    pub fn find(&self, anchor: u32, mut found: impl FnMut(u32)) {
        let shard = &self.shards[anchor as usize % SHARDS];
        if shard.slots.is_empty() {
            return;
        }
        let mut at = shard.home(anchor);
        while shard.slots[at] != EMPTY {
            if shard.slots[at].0 == anchor {
                found(shard.slots[at].1);
            }
            at = shard.next(at);
        }
    }

    /// The bytes that the table takes.
    pub fn bytes(&self) -> usize {
        self.shards.iter().map(|shard| shard.slots.capacity() * size_of::<(u32, u32)>()).sum()
    }
}

impl Shard {
    fn home(&self, anchor: u32) -> usize {
        let hash = u64::from(anchor.wrapping_mul(0x9E37_79B1));
        ((hash * self.slots.len() as u64) >> 32) as usize
    }

    fn next(&self, at: usize) -> usize {
        if at + 1 == self.slots.len() { 0 } else { at + 1 }
    }

    fn insert(&mut self, anchor: u32, article: u32, is_live: &impl Fn(u32) -> bool) {
        let mut at = self.home(anchor);
        let (mut free, mut oldest, mut count) = (None, None::<usize>, 0);
        while self.slots[at] != EMPTY {
            let (other, holder) = self.slots[at];
            if free.is_none() && !is_live(holder) {
                free = Some(at);
            } else if other == anchor {
                count += 1;
                if oldest.is_none_or(|oldest| holder < self.slots[oldest].1) {
                    oldest = Some(at);
                }
            }
            at = self.next(at);
        }
        let full = oldest.filter(|_| count >= MOST_ARTICLES);
        let slot = full.or(free).unwrap_or(at);
        self.used += usize::from(self.slots[slot] == EMPTY);
        self.slots[slot] = (anchor, article);
    }

    /// Leaves the articles behind that are gone, and makes room for half as many again.
    fn grow(&mut self, is_live: &impl Fn(u32) -> bool) {
        let live: Vec<(u32, u32)> = self.slots.drain(..).filter(|slot| *slot != EMPTY && is_live(slot.1)).collect();
        self.slots = vec![EMPTY; (live.len() * 15 / 8).max(8)];
        self.used = 0;
        for (anchor, article) in live {
            self.insert(anchor, article, is_live);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(anchors: &Anchors, anchor: u32) -> Vec<u32> {
        let mut articles = Vec::new();
        anchors.find(anchor, |article| articles.push(article));
        articles.sort_unstable();
        articles
    }

    #[test]
    fn every_article_is_found_under_its_anchors() {
        let mut anchors = Anchors::default();
        for article in 0..50_000 {
            anchors.insert(article / 3, article, |_| true);
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
            anchors.insert(7, article, |_| true);
        }
        assert_eq!(found(&anchors, 7), (84..100).collect::<Vec<_>>());
    }

    #[test]
    fn articles_that_are_gone_take_no_room() {
        let mut anchors = Anchors::default();
        for article in 0..200_000_u32 {
            anchors.insert(article.wrapping_mul(2_654_435_761), article, |other| other + 1_000 > article);
        }
        assert!(anchors.bytes() < 200_000, "{} bytes for 1,000 articles", anchors.bytes());
    }
}
