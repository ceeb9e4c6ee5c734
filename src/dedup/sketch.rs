//! A sample of a set of hashes, from which the overlap of two sets is estimated.
//!
//! All hashes below a bound are kept (modulo sampling: Broder, "On the resemblance and containment of documents",
//! 1997, section 4). The bound is halved until the sample is small enough; how often is its *level*. Two samples are
//! compared at the higher of their levels, so that a short text is found in a long one without bias, which
//! min-wise samples of a fixed size do not give.

/// Bits of a hash that are kept. With 24, two texts of 128 shared hashes each expect one false match in a thousand.
const WIDTH: u32 = 24;

/// The upper hashes end here.
const TOP: u32 = (1 << WIDTH) - 1;

/// A sample of a set of hashes. `B` holds it: bytes of our own, or borrowed ones of what is known.
///
/// The hashes ascend, each once, and what is kept are the steps between them, in Rice's code (Rice & Plaunt, "Adaptive
/// variable-length coding for efficient compression of spacecraft television data", 1971): spread evenly they take 16
/// to 17 bits each, where 24 were theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sketch<B = Vec<u8>> {
    level: u8,
    count: u8,
    packed: B,
}

impl Sketch {
    /// Samples `hashes` (64 bits, evenly spread) so that at most `most` remain.
    pub fn of(hashes: impl Iterator<Item = u64> + Clone, most: u8) -> Self {
        let (count, most) = (hashes.clone().count(), usize::from(most));
        // Far more than fit: most of them need not be sorted. One level less than expected, for repeated hashes.
        let mut level = (count / most.max(1)).checked_ilog2().unwrap_or(0).saturating_sub(1);
        let bound = TOP >> level;
        let mut values: Vec<u32> = hashes.map(Self::value).filter(|value| *value <= bound).collect();
        values.sort_unstable();
        values.dedup();
        while values.len() > most && level < 16 {
            level += 1;
            values.truncate(values.partition_point(|value| *value <= TOP >> level));
        }
        values.truncate(most);
        let (level, count) = (level as u8, values.len() as u8);
        Self { level, count, packed: pack(&values, remainder_bits(level, count)) }
    }

    /// What a sample keeps of a hash.
    pub fn value(hash: u64) -> u32 {
        (hash >> (64 - WIDTH)) as u32
    }
}

impl<'a> Sketch<&'a [u8]> {
    /// The sample that another has written: its level, its count and its bytes.
    pub fn from_parts(level: u8, count: u8, packed: &'a [u8]) -> Self {
        Self { level, count, packed }
    }
}

impl<B: AsRef<[u8]>> Sketch<B> {
    /// How often the bound was halved: a hash is in the sample with a chance of 1 in 2^level.
    pub fn level(&self) -> u8 {
        self.level
    }

    /// The sample's bytes, for [`Sketch::from_parts`].
    pub fn bytes(&self) -> &[u8] {
        self.packed.as_ref()
    }

    /// The same sample, borrowed.
    pub fn as_ref(&self) -> Sketch<&[u8]> {
        Sketch { level: self.level, count: self.count, packed: self.packed.as_ref() }
    }

    /// How many hashes are in the sample.
    pub fn count(&self) -> u8 {
        self.count
    }

    /// The hashes (24 bits) that are still in the sample at `level`, ascending.
    pub fn values(&self, level: u8) -> impl Iterator<Item = u32> {
        let bits = Bits { bytes: self.packed.as_ref(), at: 0 };
        let steps = Steps { bits, left: self.count, next: 0, remainder: remainder_bits(self.level, self.count) };
        let bound = TOP >> level.min(31);
        steps.take_while(move |value| *value <= bound)
    }
}

/// Bits of a step that are written as they are: its logarithm, less the half bit that the geometric distribution of steps gives.
fn remainder_bits(level: u8, count: u8) -> u32 {
    let step = (TOP >> level.min(31)) / u32::from(count.max(1));
    step.max(1).ilog2()
}

fn pack(values: &[u32], remainder: u32) -> Vec<u8> {
    let mut packed = Vec::with_capacity(values.len() * 17 / 8 + 4);
    let (mut window, mut filled, mut next) = (0_u64, 0, 0);
    for value in values {
        let step = value - next;
        next = value + 1;
        // As many ones as the step has of what the remainder can't hold, a zero, the remainder.
        for _ in 0..step >> remainder {
            window |= 1 << filled;
            filled += 1;
            if filled == 8 {
                packed.push(window as u8);
                (window, filled) = (0, 0);
            }
        }
        filled += 1;
        window |= u64::from(step & ((1 << remainder) - 1)) << filled;
        filled += remainder;
        while filled >= 8 {
            packed.push(window as u8);
            (window, filled) = (window >> 8, filled - 8);
        }
    }
    if filled > 0 {
        packed.push(window as u8);
    }
    packed
}

/// Bits, the lowest of each byte first; after the last ones there are zeros without end.
struct Bits<'a> {
    bytes: &'a [u8],
    /// The next bit.
    at: usize,
}

impl Bits<'_> {
    /// The next bits, 57 at least.
    fn window(&self) -> u64 {
        let rest = self.bytes.get(self.at / 8..).unwrap_or_default();
        let next = rest.first_chunk().map_or_else(
            || rest.iter().rev().fold(0, |bits, byte| bits << 8 | u64::from(*byte)),
            |eight| u64::from_le_bytes(*eight),
        );
        next >> (self.at % 8)
    }

    /// How many ones there are before the next zero, which is taken too; and the number of so many bits after it.
    fn step(&mut self, bits: u32) -> (u32, u32) {
        let mut ones = 0;
        let mut window = self.window();
        // Almost always all of it is within one window.
        while window.trailing_ones() + 1 + bits > 57 {
            let run = window.trailing_ones().min(32);
            (ones, self.at) = (ones + run, self.at + run as usize);
            window = self.window();
        }
        let run = window.trailing_ones();
        self.at += (run + 1 + bits) as usize;
        (ones + run, (window >> run >> 1) as u32 & ((1 << bits) - 1))
    }
}

/// Values from their steps.
struct Steps<'a> {
    bits: Bits<'a>,
    left: u8,
    next: u32,
    remainder: u32,
}

impl Iterator for Steps<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        self.left = self.left.checked_sub(1)?;
        if self.bits.at >= self.bits.bytes.len() * 8 {
            return None;
        }
        let (ones, number) = self.bits.step(self.remainder);
        // What is written ends at TOP; bytes of a damaged store may say anything.
        let value = u64::from(self.next) + (u64::from(ones) << self.remainder) + u64::from(number);
        let value = u32::try_from(value).ok().filter(|value| *value <= TOP)?;
        self.next = value + 1;
        Some(value)
    }
}

/// Which hashes a sample may have, for a quick look at whether another one has any of them: a bit for each value of a hash's lower
/// bits. Of a sample's 128 hashes half a one is taken for one that it is not.
#[derive(Debug)]
pub struct Sieve([u64; SIEVE_BITS / 64]);

/// Half as many take twice as many hashes for others; all of them are in the first cache.
const SIEVE_BITS: usize = 1 << 15;

impl Sieve {
    /// The hashes of `sample`.
    pub fn of(sample: &Sketch<&[u8]>) -> Self {
        let mut bits = [0; SIEVE_BITS / 64];
        for value in sample.values(sample.level) {
            bits[value as usize % SIEVE_BITS / 64] |= 1 << (value % 64);
        }
        Self(bits)
    }

    /// How many hashes `other` has in common with the sample, or a few more.
    pub fn common(&self, other: &Sketch<&[u8]>) -> u32 {
        self.shared(other).count() as u32
    }

    /// These hashes.
    pub fn shared(&self, other: &Sketch<&[u8]>) -> impl Iterator<Item = u32> {
        other.values(other.level).filter(|value| self.0[*value as usize % SIEVE_BITS / 64] >> (value % 64) & 1 == 1)
    }
}

/// How two sets overlap, as their samples at the same level show it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Overlap {
    /// Hashes in both.
    pub both: u32,
    /// Hashes in the first.
    pub first: u32,
    /// Hashes in the second.
    pub second: u32,
}

impl Overlap {
    /// Compares two samples; hashes for which `leave_out` holds count for neither.
    pub fn of(first: &Sketch<&[u8]>, second: &Sketch<&[u8]>, leave_out: impl Fn(u32) -> bool) -> Self {
        let level = first.level.max(second.level);
        let (mut left, mut right) = (first.values(level).peekable(), second.values(level).peekable());
        let mut overlap = Self::default();
        loop {
            let (value, in_first, in_second) = match (left.peek(), right.peek()) {
                (None, None) => return overlap,
                (Some(a), Some(b)) => (*a.min(b), a <= b, b <= a),
                (Some(a), None) => (*a, true, false),
                (None, Some(b)) => (*b, false, true),
            };
            left.next_if(|_| in_first);
            right.next_if(|_| in_second);
            if leave_out(value) {
                continue;
            }
            overlap.first += u32::from(in_first);
            overlap.second += u32::from(in_second);
            overlap.both += u32::from(in_first && in_second);
        }
    }

    /// The size of the smaller set.
    pub fn smaller(&self) -> u32 {
        self.first.min(self.second)
    }

    /// Which part of the smaller set is in the other, from 0 to 1; 0 for empty ones.
    pub fn containment(&self) -> f64 {
        f64::from(self.both) / f64::from(self.smaller().max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn spread(number: u64) -> u64 {
        xxhash_rust::xxh3::xxh3_64(&number.to_le_bytes())
    }

    fn sample(range: std::ops::Range<u64>) -> Sketch {
        Sketch::of(range.map(spread), 128)
    }

    #[test]
    fn a_hash_takes_two_bytes_and_a_bit() {
        let bytes: usize = (1..=40).map(|size| sample(0..size * 100).bytes().len()).sum();
        let count: usize = (1..=40).map(|size| usize::from(sample(0..size * 100).count())).sum();
        assert!(bytes * 100 < count * 225, "{bytes} bytes for {count}");
    }

    #[test]
    fn a_small_set_is_kept_whole() {
        let sketch = sample(0..100);
        assert_eq!((sketch.level(), sketch.count()), (0, 100));
    }

    #[test]
    fn a_part_is_found_in_the_whole_without_bias() {
        let (whole, part) = (sample(0..20_000), sample(4_000..6_000));
        let overlap = Overlap::of(&part.as_ref(), &whole.as_ref(), |_| false);
        assert_eq!(overlap.both, overlap.first);
        assert!(overlap.second <= 128 && overlap.first >= 4, "{overlap:?}");
    }

    #[test]
    fn what_is_left_out_counts_for_neither() {
        let sketch = sample(0..100);
        assert_eq!(Overlap::of(&sketch.as_ref(), &sketch.as_ref(), |_| true), Overlap::default());
    }

    proptest! {
        #[test]
        fn containment_does_not_depend_on_the_order(a in 0u64..500, b in 0u64..500, n in 1u64..2_000, m in 1u64..2_000) {
            let (first, second) = (sample(a..a + n), sample(b..b + m));
            let there = Overlap::of(&first.as_ref(), &second.as_ref(), |_| false);
            let back = Overlap::of(&second.as_ref(), &first.as_ref(), |_| false);
            prop_assert_eq!((there.both, there.first, there.second), (back.both, back.second, back.first));
        }

        #[test]
        fn a_sample_is_never_larger_than_asked(n in 0u64..30_000) {
            let sketch = sample(0..n);
            prop_assert!(sketch.count() <= 128 && (n < 200 || sketch.count() > 30));
        }

        #[test]
        fn a_sample_is_read_as_it_was_written(
            hashes in proptest::collection::btree_set(any::<u64>(), 0..300), crowd in 0..40_u32, most in 0..=255_u8
        ) {
            let hashes: Vec<u64> = hashes.into_iter().map(|hash| hash >> crowd).collect();
            let sketch = Sketch::of(hashes.iter().copied(), most);
            let bound = TOP >> sketch.level();
            let mut values: Vec<u32> = hashes.into_iter().map(Sketch::value).filter(|value| *value <= bound).collect();
            values.sort_unstable();
            values.dedup();
            values.truncate(most.into());
            prop_assert_eq!(sketch.values(sketch.level()).collect::<Vec<_>>(), values);
        }

        #[test]
        fn bytes_that_are_no_sample_have_an_end(
            bytes in proptest::collection::vec(any::<u8>(), 0..600), level in any::<u8>(), count in any::<u8>()
        ) {
            let sketch = Sketch::from_parts(level, count, &bytes);
            prop_assert!(sketch.values(level).count() <= usize::from(count));
        }
    }
}
