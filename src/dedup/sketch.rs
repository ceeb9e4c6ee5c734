//! A sample of a set of hashes, from which the overlap of two sets is estimated.
//!
//! All hashes below a bound are kept (modulo sampling: Broder, "On the resemblance and containment of documents",
//! 1997, section 4). The bound is halved until the sample is small enough; how often is its *level*. Two samples are
//! compared at the higher of their levels, so that a short text is found in a long one without bias, which
//! min-wise samples of a fixed size do not give.

/// Bytes of a hash that are kept. With three, two texts of 128 shared hashes each expect one false match in a thousand.
const WIDTH: usize = 3;

/// The upper hashes of 24 bits end here.
const TOP: u32 = (1 << (8 * WIDTH)) - 1;

/// A sample of a set of hashes. `B` holds it: bytes of our own, or borrowed ones of what is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sketch<B = Vec<u8>> {
    level: u8,
    /// The hashes' upper [`WIDTH`] bytes, ascending, each once.
    packed: B,
}

impl Sketch {
    /// Samples `hashes` (64 bits, evenly spread) so that at most `most` remain.
    pub fn of(hashes: impl Iterator<Item = u64> + Clone, most: usize) -> Self {
        let count = hashes.clone().count();
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
        let packed = values.iter().flat_map(|value| [(value >> 16) as u8, (value >> 8) as u8, *value as u8]).collect();
        Self { level: level as u8, packed }
    }
}

impl Sketch {
    /// What a sample keeps of a hash.
    pub fn value(hash: u64) -> u32 {
        (hash >> (64 - 8 * WIDTH)) as u32
    }
}

impl<'a> Sketch<&'a [u8]> {
    /// The sample that another has written: its level and its bytes.
    pub fn from_parts(level: u8, packed: &'a [u8]) -> Self {
        Self { level, packed }
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
        Sketch { level: self.level, packed: self.packed.as_ref() }
    }

    /// How many hashes are in the sample.
    pub fn count(&self) -> usize {
        self.packed.as_ref().len() / WIDTH
    }

    /// The hashes (24 bits) that are still in the sample at `level`, ascending.
    pub fn values(&self, level: u8) -> impl Iterator<Item = u32> {
        let bound = TOP >> level;
        let unpack = |value: &[u8; WIDTH]| u32::from_be_bytes([0, value[0], value[1], value[2]]);
        let (values, _) = self.packed.as_ref().as_chunks();
        values.iter().map(unpack).take_while(move |value| *value <= bound)
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
    }
}
