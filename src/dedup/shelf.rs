//! Packed articles in memory, one after the other in blocks: each takes its own bytes and eight more, where an allocation of its
//! own would take some forty.
//!
//! Articles are put down in the order of their numbers, and the oldest are taken away first. One that is taken away from the midst
//! leaves its bytes unused until its whole block is: those are revisions, a few in a hundred.

use std::collections::VecDeque;
use std::hint::black_box;

/// Bytes of a block. An article has at most some 700.
const BLOCK: usize = 1 << 16;

/// Bytes that a processor fetches at once.
const CACHE_LINE: usize = 64;

/// Packed articles, by number.
#[derive(Debug, Default)]
pub struct Shelf {
    /// The number of the first place.
    first: u32,
    places: VecDeque<Option<Place>>,
    /// How many blocks there were before the first.
    gone: u32,
    blocks: VecDeque<Block>,
    live: usize,
}

/// Where an article is. A length of 0 is none, so that an empty place takes no more room.
#[derive(Debug, Clone, Copy)]
struct Place {
    block: u32,
    start: u16,
    length: std::num::NonZeroU16,
}

#[derive(Debug, Default)]
struct Block {
    bytes: Vec<u8>,
    live: u32,
}

impl Shelf {
    /// How many articles there are.
    pub fn count(&self) -> usize {
        self.live
    }

    /// The bytes that they take.
    pub fn bytes(&self) -> usize {
        let blocks: usize = self.blocks.iter().map(|block| block.bytes.capacity()).sum();
        blocks + self.places.capacity() * size_of::<Option<Place>>()
    }

    /// The article with this number.
    pub fn get(&self, number: u32) -> Option<&[u8]> {
        self.read(self.places.get(number.checked_sub(self.first)? as usize)?.as_ref()?)
    }

    /// A number below which there is none.
    pub fn first_number(&self) -> u32 {
        self.first
    }

    /// Reads through the articles with these numbers, so that they are in the cache when they are looked at: what is in none is
    /// fetched for all at once.
    pub fn glance(&self, numbers: &[u32]) {
        let articles = numbers.iter().filter_map(|number| self.get(*number));
        black_box(articles.flat_map(|packed| packed.iter().step_by(CACHE_LINE)).fold(0, |seen, byte| seen ^ byte));
    }

    /// The number that comes next.
    pub fn next_number(&self) -> u32 {
        self.first + self.places.len() as u32
    }

    /// The oldest article's number.
    pub fn oldest(&self) -> Option<u32> {
        let at = self.places.iter().position(Option::is_some)?;
        Some(self.first + at as u32)
    }

    /// All articles, in the order of their numbers.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.places.iter().flatten().filter_map(|place| self.read(place))
    }

    /// Puts an article down under `number`, which is no lower than [`Shelf::next_number`]. An empty one is not put down.
    pub fn put(&mut self, number: u32, packed: &[u8]) {
        let length = u16::try_from(packed.len()).ok().and_then(std::num::NonZeroU16::new);
        let Some(length) = length else { return };
        if self.places.is_empty() {
            self.first = number;
        }
        while self.next_number() < number {
            self.places.push_back(None);
        }
        if self.blocks.back().is_none_or(|block| block.bytes.len() + packed.len() > BLOCK) {
            self.blocks.push_back(Block { bytes: Vec::with_capacity(BLOCK), live: 0 });
        }
        let block = self.gone + self.blocks.len() as u32 - 1;
        let Some(last) = self.blocks.back_mut() else { return };
        let start = last.bytes.len() as u16;
        last.bytes.extend_from_slice(packed);
        last.live += 1;
        self.places.push_back(Some(Place { block, start, length }));
        self.live += 1;
    }

    /// Takes an article away, if it is there.
    pub fn take(&mut self, number: u32) {
        let Some(at) = number.checked_sub(self.first) else { return };
        let Some(place) = self.places.get_mut(at as usize).and_then(Option::take) else { return };
        self.live -= 1;
        while let Some(None) = self.places.front() {
            self.places.pop_front();
            self.first += 1;
        }
        let Some(block) = self.blocks.get_mut((place.block - self.gone) as usize) else { return };
        block.live -= 1;
        if block.live == 0 {
            block.bytes = Vec::new();
        }
        // The last one is still written to.
        while self.blocks.len() > 1 && self.blocks.front().is_some_and(|block| block.live == 0) {
            self.blocks.pop_front();
            self.gone += 1;
        }
    }

    fn read(&self, place: &Place) -> Option<&[u8]> {
        let block = self.blocks.get(place.block.checked_sub(self.gone)? as usize)?;
        block.bytes.get(usize::from(place.start)..usize::from(place.start) + usize::from(place.length.get()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn what_is_put_down_is_there_until_it_is_taken_away(
            steps in proptest::collection::vec((any::<bool>(), 0..4_u32, 1..700_usize, any::<u8>()), 1..900)
        ) {
            let (mut shelf, mut expected) = (Shelf::default(), BTreeMap::new());
            for (is_put, skipped, length, byte) in steps {
                if is_put || expected.is_empty() {
                    let number = shelf.next_number() + skipped;
                    shelf.put(number, &vec![byte; length]);
                    expected.insert(number, vec![byte; length]);
                } else {
                    let number = *expected.keys().nth(usize::from(byte) % expected.len()).unwrap();
                    shelf.take(number);
                    expected.remove(&number);
                }
                prop_assert_eq!(shelf.count(), expected.len());
                prop_assert_eq!(shelf.oldest(), expected.keys().next().copied());
            }
            let all: Vec<&[u8]> = shelf.iter().collect();
            prop_assert_eq!(all, expected.values().map(Vec::as_slice).collect::<Vec<_>>());
            for (number, packed) in &expected {
                prop_assert_eq!(shelf.get(*number), Some(packed.as_slice()));
            }
        }
    }

    #[test]
    fn a_shelf_whose_oldest_go_takes_no_more_room() {
        let mut shelf = Shelf::default();
        for number in 0..100_000 {
            shelf.put(number, &[7; 300]);
            shelf.take(number.wrapping_sub(1_000));
        }
        assert_eq!(shelf.count(), 1_000);
        assert!(shelf.bytes() < 500_000, "{}", shelf.bytes());
    }
}
