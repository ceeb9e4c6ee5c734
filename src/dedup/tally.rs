//! How often the words of a text occur, coarsely: enough to count how many words a revision added and removed.
//!
//! Words fall into 64 *classes* by their hash, and each class is counted modulo 16, so that a text of any length takes 32
//! bytes. Where words were only added, or only removed, the counts tell how many, exactly. Where one took another's place
//! both are counted unless they fall into one class; more of them do the more words changed. So what changed is estimated
//! from the squares of the differences too, whose mean does not suffer from that (Alon, Matias & Szegedy, "The space
//! complexity of approximating the frequency moments", STOC 1996).

use super::sketch::Overlap;
use super::words::Word;
use crate::record::Changed;

/// Classes of words. Half as many see one substitution in 32 as none; twice as many take 32 bytes more of each article.
const CLASSES: usize = 64;

/// Differences up to so many words are told as the counts have them; beyond, classes hold added and removed words at once.
const FEW: u32 = 8;

/// Up to so many changed words a class seldom differs by more than it can count; beyond, the sampled shingles tell more.
const MANY: u32 = 400;

/// Words of a text by class, two classes a byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally(pub [u8; CLASSES / 2]);

impl Tally {
    /// The tally of these words.
    pub fn of(words: &[Word]) -> Self {
        let mut counts = [0_u8; CLASSES];
        for word in words {
            // The hash is xxh3's; its upper bits choose nothing else.
            let class = (word.hash >> 58) as usize;
            counts[class] = counts[class].wrapping_add(1);
        }
        let mut packed = [0; CLASSES / 2];
        for (byte, pair) in packed.iter_mut().zip(counts.as_chunks::<2>().0) {
            *byte = pair[0] & 15 | (pair[1] & 15) << 4;
        }
        Self(packed)
    }

    /// How many more of each class `now` has. A difference modulo 16 is taken for one from `least` to `least` + 15.
    fn differences<'a>(&'a self, now: &'a Self, least: i32) -> impl Iterator<Item = i32> + 'a {
        let signed = move |before: u8, now: u8| ((i32::from(now) - i32::from(before) - least) & 15) + least;
        let pairs = self.0.iter().zip(&now.0);
        pairs.flat_map(move |(before, now)| [signed(before & 15, now & 15), signed(before >> 4, now >> 4)])
    }
}

/// A text as it was, or is.
#[derive(Debug, Clone, Copy)]
pub struct Tallied<'a> {
    /// Its words by class.
    pub tally: &'a Tally,
    /// How many there are.
    pub words: u32,
}

/// What changed from one text to another one, given what their sampled shingles have in common (`before` is the first there),
/// and how many words of the tally count as one (a pair of characters is half a word).
pub fn changed(before: Tallied<'_>, now: Tallied<'_>, shingles: Overlap, per_word: f64) -> Changed {
    let net = now.words.abs_diff(before.words);
    let longer_by = i64::from(now.words) - i64::from(before.words);
    let (shorter, longer) = if now.words >= before.words { (before, now) } else { (now, before) };
    let gone_from = |words: u32, sampled: u32| {
        let share = 1.0 - f64::from(shingles.both) / f64::from(sampled.max(1));
        (f64::from(words) * share, f64::from(words) * 3.0 / f64::from(sampled.max(1)))
    };
    let of_shorter = if now.words >= before.words { shingles.first } else { shingles.second };
    let of_longer = shingles.first + shingles.second - of_shorter;
    let ((less, unseen), (more, _)) = (gone_from(shorter.words, of_shorter), gone_from(longer.words, of_longer));
    let mut total = (f64::from(by_classes(before.tally, now.tally, longer_by)) / per_word).ceil() as u32;
    if total > MANY {
        total = (less + more).round() as u32;
    }
    // What came and went beside what made the text longer or shorter: as many of one as of the other, and no more than the
    // sample lets go of the shorter one. (What it missed is less than three of its steps, 19 times in 20.)
    let swapped = total.saturating_sub(net).div_ceil(2).min((less + unseen).ceil() as u32).min(shorter.words);
    // Another text of as many words has at least one other word.
    let swapped = swapped.max(u32::from(net == 0));
    let (added, removed) = if now.words >= before.words { (net, 0) } else { (0, net) };
    Changed { words_added: added + swapped, words_removed: removed + swapped }
}

/// How many words were added and removed, both together.
fn by_classes(before: &Tally, now: &Tally, longer_by: i64) -> u32 {
    // Frequent words fill their class: where a text grew by many words a class may have ten more, hardly five less.
    let leaning = (longer_by / 16).clamp(-5, 5) as i32;
    let (mut sum, mut squares, mut net) = (0_u32, 0_i32, 0_i32);
    for difference in before.differences(now, leaning - 8) {
        sum += difference.unsigned_abs();
        squares += difference * difference;
        net += difference;
    }
    if sum <= FEW || net.unsigned_abs() == sum {
        return sum;
    }
    let classes = CLASSES as f64;
    // Words that only came make all classes higher: that part of the squares is known, and taken out.
    let spread = (f64::from(squares) - f64::from(net * net) / classes) / (1.0 - 1.0 / classes);
    // The sum misses what met in one class; the squares count a word more that changed often. The mean is between.
    (sum + (spread.round().max(0.0) as u32).max(sum)) / 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dedup::{Fingerprint, Overlap};
    use crate::record::Changed;

    /// Words as often as in a text: a few are frequent, most are rare.
    fn text(seed: u64, count: usize) -> Vec<String> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f64 / (1_u64 << 24) as f64
        };
        (0..count).map(|_| format!("w{}", (8_000.0_f64.powf(next())) as u32)).collect()
    }

    fn told(before: &[String], now: &[String]) -> Changed {
        let (before, now) = (Fingerprint::of(&before.join(" ")), Fingerprint::of(&now.join(" ")));
        let shingles = Overlap::of(&before.shingles.as_ref(), &now.shingles.as_ref(), |_| false);
        let side = |text: &Fingerprint| (text.tally, text.words);
        let ((a, a_words), (b, b_words)) = (side(&before), side(&now));
        changed(Tallied { tally: &a, words: a_words }, Tallied { tally: &b, words: b_words }, shingles, 1.0)
    }

    #[test]
    fn what_was_only_added_or_only_removed_is_told_exactly() {
        for (seed, length) in (1..).zip([1, 2, 5, 12, 40, 90]) {
            let old = text(seed, 580);
            let mut new = old.clone();
            new.splice(300..300, text(seed + 100, length));
            let length = length as u32;
            assert_eq!(told(&old, &new), Changed { words_added: length, words_removed: 0 });
            assert_eq!(told(&new, &old), Changed { words_added: 0, words_removed: length });
        }
    }

    #[test]
    fn a_figure_that_was_corrected_is_one_word_for_another() {
        for seed in 0..200 {
            let old = text(seed, 580);
            let mut new = old.clone();
            new[77] = "correction".into();
            assert_eq!(told(&old, &new), Changed { words_added: 1, words_removed: 1 });
        }
    }

    #[test]
    fn words_in_another_order_are_one_that_moved() {
        let old = text(3, 580);
        let mut new = old.clone();
        new.swap(7, 300);
        assert_eq!(told(&old, &new), Changed { words_added: 1, words_removed: 1 });
    }

    #[test]
    fn larger_changes_are_told_to_a_third() {
        for (gone, come) in [(5, 5), (10, 30), (40, 40), (60, 10), (100, 100), (0, 400), (200, 350), (580, 300)] {
            for seed in 0..20 {
                let old = text(seed, 580);
                let mut new = old.clone();
                new.splice(0..gone, (0..come).map(|word| format!("n{seed}x{word}")));
                let changed = told(&old, &new);
                let is_near = |told: u32, is: usize| told.abs_diff(is as u32) as usize <= 3 + (gone + come) / 3;
                assert!(
                    is_near(changed.words_added, come) && is_near(changed.words_removed, gone),
                    "{changed:?} for +{come} -{gone}"
                );
                assert_eq!(
                    i64::from(changed.words_added) - i64::from(changed.words_removed),
                    come as i64 - gone as i64
                );
            }
        }
    }
}
