//! Ensembles of decision trees that were trained outside and are compiled in as a table.
//!
//! The table is what `examples/train/trees.py` packs of a LightGBM model, little-endian:
//!
//! | part | what it holds |
//! |---|---|
//! | `NWT1` | the format |
//! | `u32`, bytes | the names of the features, a line each, in the order of the values |
//! | `f32` | where the sum starts |
//! | `u16` | how many trees follow |
//! | a tree: `u16` n | n splits of `u16` feature, `f32` threshold, `i16` left, `i16` right; then n + 1 leaves of `f32` |
//!
//! At a split a value that is at most the threshold goes left. A child below zero is the leaf with the number `!child`;
//! a tree has at most 128 leaves.

/// What a table begins with.
const FORMAT: &[u8] = b"NWT1";

/// Trees whose leaves are summed.
#[derive(Debug, Default)]
pub(super) struct Trees {
    base: f32,
    /// The first node of each tree.
    roots: Vec<usize>,
    /// Of each tree its splits, then its leaves.
    nodes: Vec<Node>,
}

/// In eight bytes, so that the trees of the blocks stay in the first cache: a page walks them some hundred times.
#[derive(Debug, Clone, Copy, Default)]
struct Node {
    /// Of a split; a leaf's is its value.
    threshold: f32,
    feature: u8,
    /// How far on the children stand: the left one in the low byte, the right one in the high one. A leaf's is the leaf
    /// itself, so that a walk may go on there.
    children: u16,
}

/// Features that a table may have: as many as a byte tells apart, so that a value is found without a bound to check.
pub(super) const MOST_FEATURES: usize = 256;

/// What the trees are asked about: a value for each feature, and nothing behind them.
pub(super) type Values = [f32; MOST_FEATURES];

/// These values as trees are asked about them; what there are too many of no tree asks for.
pub(super) fn filled(values: &[f32]) -> Values {
    std::array::from_fn(|place| values.get(place).copied().unwrap_or_default())
}

/// Trees that are walked side by side. What a walk waits for is the next split, which depends on the last; the processor
/// waits for eight at once, as long as it is not made to guess the way by a branch.
const LANES: usize = 8;

/// Where a walk may end before the last tree.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stop {
    /// How many trees were walked: a multiple of eight.
    pub(super) trees: usize,
    /// The bounds of the sum: below and above the other trees change the verdict no more.
    pub(super) from: f32,
    /// The upper one.
    pub(super) to: f32,
}

/// Why a table can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unreadable {
    #[error("not a table of trees, or cut")]
    Cut,
    #[error("feature {place} is {table:?} in the table and {code:?} in the code")]
    Feature { place: usize, table: String, code: String },
    #[error("tree {tree} leads nowhere")]
    Nowhere { tree: usize },
}

impl Trees {
    /// Reads a table that was trained on the features with these names.
    pub(super) fn read(table: &[u8], features: &[&str]) -> Result<Self, Unreadable> {
        let mut bytes = Bytes(table.strip_prefix(FORMAT).ok_or(Unreadable::Cut)?);
        let length = u32::from_le_bytes(bytes.take()?) as usize;
        let names = bytes.slice(length)?;
        same_features(std::str::from_utf8(names).map_err(|_| Unreadable::Cut)?, features)?;
        let mut trees = Self { base: f32::from_le_bytes(bytes.take()?), ..Self::default() };
        for tree in 0..usize::from(u16::from_le_bytes(bytes.take()?)) {
            trees.grow(tree, &mut bytes, features.len())?;
        }
        if !bytes.0.is_empty() {
            return Err(Unreadable::Cut);
        }
        // The last lanes walk in leaves of nothing.
        while !trees.roots.len().is_multiple_of(LANES) {
            trees.roots.push(trees.nodes.len());
            trees.nodes.push(Node::default());
        }
        Ok(trees)
    }

    /// Reads the next tree, the one of this number.
    fn grow(&mut self, tree: usize, bytes: &mut Bytes<'_>, features: usize) -> Result<(), Unreadable> {
        self.roots.push(self.nodes.len());
        let count = u16::from_le_bytes(bytes.take()?);
        // One without splits is a part of the base.
        if count == 0 {
            return Err(Unreadable::Nowhere { tree });
        }
        for place in 0..count {
            let feature = u16::from_le_bytes(bytes.take()?);
            let threshold = f32::from_le_bytes(bytes.take()?);
            let child = |child: i16| match u16::try_from(child) {
                // Splits lead on, never back: a walk ends.
                Ok(split) => (split > place && split < count).then(|| split - place),
                Err(_) => ((!child).unsigned_abs() <= count).then(|| count - place + (!child).unsigned_abs()),
            };
            let left = child(i16::from_le_bytes(bytes.take()?));
            let right = child(i16::from_le_bytes(bytes.take()?));
            let near = |child: Option<u16>| child.and_then(|child| u8::try_from(child).ok());
            let known = (usize::from(feature) < features).then(|| u8::try_from(feature).ok()).flatten();
            let (Some(left), Some(right), Some(feature)) = (near(left), near(right), known) else {
                return Err(Unreadable::Nowhere { tree });
            };
            self.nodes.push(Node { threshold, feature, children: u16::from_le_bytes([left, right]) });
        }
        for _ in 0..=count {
            self.nodes.push(Node { threshold: f32::from_le_bytes(bytes.take()?), ..Node::default() });
        }
        Ok(())
    }

    /// The sum of the leaves that these values lead to: the logarithm of the odds, for a classifier.
    /// A value that is not a number goes right.
    pub(super) fn score(&self, values: &Values) -> f32 {
        self.score_until(values, &[])
    }

    /// As [`Trees::score`]; where the sum is outside of the bounds of a stop when its trees are walked, the others are not asked.
    /// The stops stand in the order of their trees.
    pub(super) fn score_until(&self, values: &Values, stops: &[Stop]) -> f32 {
        let (groups, _) = self.roots.as_chunks::<LANES>();
        let mut sum = self.base;
        let mut stops = stops.iter().peekable();
        for (number, roots) in groups.iter().enumerate() {
            let stop = stops.next_if(|stop| stop.trees == number * LANES);
            if stop.is_some_and(|stop| !(stop.from..=stop.to).contains(&sum)) {
                break;
            }
            let mut places = *roots;
            loop {
                // Told by the steps: two arrays are compared by a call that takes longer than they do.
                let mut moved = 0;
                for place in &mut places {
                    let step = self.step(*place, values);
                    moved |= step;
                    *place += step;
                }
                if moved == 0 {
                    break;
                }
            }
            for leaf in places.iter().filter_map(|place| self.nodes.get(*place)) {
                sum += leaf.threshold;
            }
        }
        sum
    }

    /// How far the node stands that follows one: nowhere behind a leaf.
    fn step(&self, place: usize, values: &Values) -> usize {
        let node = self.nodes.get(place).copied().unwrap_or_default();
        let value = values[usize::from(node.feature)];
        #[expect(clippy::neg_cmp_op_on_partial_ord, reason = "what is no number goes right")]
        let goes_right = u32::from(!(value <= node.threshold));
        usize::from((node.children >> (8 * goes_right)) & 0xff)
    }
}

fn same_features(table: &str, code: &[&str]) -> Result<(), Unreadable> {
    let table: Vec<&str> = table.lines().collect();
    for place in 0..table.len().max(code.len()) {
        let (in_table, in_code) = (table.get(place), code.get(place));
        if in_table != in_code {
            let owned = |name: Option<&&str>| name.copied().unwrap_or_default().to_owned();
            return Err(Unreadable::Feature { place, table: owned(in_table), code: owned(in_code) });
        }
    }
    Ok(())
}

struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], Unreadable> {
        let (first, rest) = self.0.split_first_chunk().ok_or(Unreadable::Cut)?;
        self.0 = rest;
        Ok(*first)
    }

    fn slice(&mut self, length: usize) -> Result<&'a [u8], Unreadable> {
        let (first, rest) = self.0.split_at_checked(length).ok_or(Unreadable::Cut)?;
        self.0 = rest;
        Ok(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FEATURES: [&str; 2] = ["words", "links"];

    /// One tree: at most 10 words 1, else at most half links 2, else 4; and 0.5 to start with.
    fn table(left: i16) -> Vec<u8> {
        let names = b"words\nlinks";
        let mut table = [FORMAT, &11_u32.to_le_bytes(), names, &0.5_f32.to_le_bytes(), &1_u16.to_le_bytes()].concat();
        table.extend(2_u16.to_le_bytes());
        for (feature, threshold, left, right) in [(0_u16, 10.0_f32, left, 1_i16), (1, 0.5, !1, !2)] {
            table.extend([&feature.to_le_bytes()[..], &threshold.to_le_bytes()].concat());
            table.extend([left.to_le_bytes(), right.to_le_bytes()].concat());
        }
        table.extend([1.0_f32, 2.0, 4.0].iter().flat_map(|leaf| leaf.to_le_bytes()));
        table
    }

    #[test]
    fn a_value_at_the_threshold_goes_left() {
        let trees = Trees::read(&table(!0), &FEATURES).unwrap();
        let score = |values: [f32; 2]| trees.score(&filled(&values));
        assert_eq!([score([10.0, 9.0]), score([11.0, 0.5]), score([11.0, 0.6])], [1.5, 2.5, 4.5]);
    }

    #[test]
    fn a_walk_stops_where_its_sum_is_outside_of_the_bounds() {
        let mut table = table(!0);
        let count = 16_u16.to_le_bytes();
        let at = FORMAT.len() + 4 + 11 + 4;
        let tree = table[at + 2..].to_vec();
        table[at..at + 2].copy_from_slice(&count);
        (1..16).for_each(|_| table.extend(&tree));
        let trees = Trees::read(&table, &FEATURES).unwrap();
        let score =
            |trees_walked, from, to| trees.score_until(&filled(&[1.0, 0.0]), &[Stop { trees: trees_walked, from, to }]);
        assert_eq!(
            [score(8, 9.0, 9.5), score(8, -9.0, 8.0), score(8, 8.0, 9.0), score(4, 0.0, 0.0)],
            [8.5, 8.5, 16.5, 16.5]
        );
    }

    #[test]
    fn a_table_of_other_features_is_refused() {
        let wrong = Trees::read(&table(!0), &["words", "lines"]).unwrap_err();
        assert_eq!(wrong.to_string(), "feature 1 is \"links\" in the table and \"lines\" in the code");
        assert!(Trees::read(&table(!0), &["words"]).is_err());
        assert!(Trees::read(&table(!0), &["words", "links", "more"]).is_err());
    }

    #[test]
    fn a_walk_that_would_not_end_is_refused() {
        for child in [0, 2, !3, i16::MIN] {
            assert_eq!(Trees::read(&table(child), &FEATURES).unwrap_err(), Unreadable::Nowhere { tree: 0 }, "{child}");
        }
    }

    #[test]
    fn a_table_that_is_cut_is_refused() {
        let whole = table(!0);
        for length in 0..whole.len() {
            assert!(Trees::read(&whole[..length], &FEATURES).is_err(), "{length} bytes");
        }
        assert!(Trees::read(&[&whole[..], &[0]].concat(), &FEATURES).is_err());
    }
}
