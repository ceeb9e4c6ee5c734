//! What a host says in many of its articles: calls to subscribe, credits, standing introductions.
//!
//! Learned from the stream: a shingle that a host used in two stories is boilerplate of that host, and counts for
//! nothing when its texts are compared. One that two hosts repeat is a formula, and counts for nothing anywhere: sites of a chain end
//! their articles alike, and the first article of one must not pass for a copy of another's. Only sampled shingles are remembered, in a table of fixed size whose
//! oldest entries give way.

use std::hint::black_box;

/// Slots of the table: 16 MiB hold what some 40,000 articles said last.
const SLOTS: usize = 1 << 22;

/// The bit of a slot that says "more than one story".
const MANY: u32 = 1 << 31;

/// Bits of the sieve: half a MiB, which stays in a core's own cache, where the slots are in none. Of 250,000 shingles that hosts
/// repeat one look in 17 passes in vain; with half as many bits one in 9, and twice as many are in no cache of most machines.
const SIEVE_BITS: usize = 1 << 22;

/// The hash of no host, under which stands what more than one repeats.
const EVERYWHERE: u32 = 0;

/// What each host repeats.
#[derive(Debug)]
pub struct Boilerplate {
    /// A check of 16 bits, a story of 15, and [`MANY`]; 0 is empty. An entry is in one of two neighbouring slots.
    slots: Vec<u32>,
    /// A bit for each hash that was ever marked [`MANY`]: most looks are for what nobody repeats, and end here.
    sieve: Vec<u64>,
    turn: u32,
}

/// Where a host's shingle is looked for.
#[derive(Clone, Copy)]
struct Place {
    at: usize,
    check: u32,
    /// Its bit of the sieve.
    bit: usize,
}

impl Default for Boilerplate {
    fn default() -> Self {
        Self { slots: vec![0; SLOTS], sieve: vec![0; SIEVE_BITS / 64], turn: 0 }
    }
}

impl Boilerplate {
    /// Learns that `host` used these shingles in the story `cluster`.
    pub fn learn(&mut self, host: u32, shingles: &[u32], cluster: u128) {
        // What is in no cache is fetched for all at once: below, each would be waited for.
        black_box(shingles.iter().fold(0, |seen, shingle| seen ^ self.slots[Place::of(host, *shingle).at]));
        for shingle in shingles {
            self.learn_one(host, *shingle, cluster);
        }
    }

    fn learn_one(&mut self, host: u32, shingle: u32, cluster: u128) {
        let Place { at, check, bit } = Place::of(host, shingle);
        let story = ((cluster >> 32) as u32 & 0x7FFF) << 16;
        let ways = [at, at ^ 1];
        if let Some(known) = ways.into_iter().find(|way| self.slots[*way] & 0xFFFF == check) {
            let is_news = self.slots[known] & MANY == 0 && self.slots[known] & 0x7FFF_0000 != story;
            if is_news {
                self.slots[known] |= MANY;
                self.sieve[bit / 64] |= 1 << (bit % 64);
            }
            if is_news && host != EVERYWHERE {
                // For a formula hosts are what stories are for a host.
                self.learn_one(EVERYWHERE, shingle, u128::from(host) << 32);
            }
            return;
        }
        self.turn = self.turn.wrapping_add(1);
        let empty = ways.into_iter().find(|way| self.slots[*way] == 0);
        let once = ways.into_iter().find(|way| self.slots[*way] & MANY == 0);
        // Boilerplate that is no longer used gives way too, but sixteen times as slowly.
        let any = self.turn.is_multiple_of(16).then_some(at);
        if let Some(way) = empty.or(once).or(any) {
            self.slots[way] = story | check;
        }
    }

    /// Whether `host` used the shingle in more than one story, or more than one host did.
    pub fn has(&self, host: u32, shingle: u32) -> bool {
        self.is_repeated(host, shingle) || self.is_repeated(EVERYWHERE, shingle)
    }

    fn is_repeated(&self, host: u32, shingle: u32) -> bool {
        let Place { at, check, bit } = Place::of(host, shingle);
        if self.sieve[bit / 64] >> (bit % 64) & 1 == 0 {
            return false;
        }
        [at, at ^ 1].into_iter().any(|way| self.slots[way] & 0xFFFF == check && self.slots[way] & MANY != 0)
    }
}

impl Place {
    fn of(host: u32, shingle: u32) -> Self {
        let hash = (u64::from(host) << 32 | u64::from(shingle)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let hash = (hash ^ (hash >> 32)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let (at, bit) = ((hash >> 40) as usize & (SLOTS - 1), (hash >> 18) as usize & (SIEVE_BITS - 1));
        Self { at, check: (hash as u32 >> 8 & 0xFFFF).max(1), bit }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shingle_of_two_stories_is_boilerplate_of_that_host_alone() {
        let mut boilerplate = Boilerplate::default();
        boilerplate.learn(1, &[77], 1 << 32);
        boilerplate.learn(1, &[77], 1 << 32);
        assert!(!boilerplate.has(1, 77), "one story says it as often as it likes");
        boilerplate.learn(1, &[77], 2 << 32);
        assert!(boilerplate.has(1, 77));
        assert!(!boilerplate.has(2, 77));
    }

    #[test]
    fn a_shingle_that_two_hosts_repeat_is_boilerplate_of_all() {
        let mut boilerplate = Boilerplate::default();
        let mut repeat = |host, stories: std::ops::Range<u128>| {
            stories.for_each(|story| boilerplate.learn(host, &[77], story << 32));
            boilerplate.has(9, 77)
        };
        assert!(!repeat(1, 0..8), "one host has a habit");
        assert!(!repeat(2, 8..9), "another one used it once: it may be a copy");
        assert!(repeat(2, 9..10));
    }

    #[test]
    fn what_is_repeated_outlasts_what_is_not() {
        let mut boilerplate = Boilerplate::default();
        for story in 0..1_000_000_u32 {
            boilerplate.learn(1, &[77], u128::from(story) << 32);
            for shingle in 0..8 {
                boilerplate.learn(2, &[story * 8 + shingle], u128::from(story) << 32);
            }
        }
        assert!(boilerplate.has(1, 77));
    }
}
