//! Are two texts one story? What speaks for it, weighed.
//!
//! Template texts (market tables, sports results, notices) share words and differ in numbers; edited copies
//! share most words and differ in some numbers. No threshold on one of the two parts them, a sum does: the
//! log-odds that two candidates are one story, from their overlap, how large the sample is that shows it,
//! how far their numbers agree, and whether one host publishes both (a host seldom publishes a copy of its own article
//! at another address, but often another one of the same form).

use super::sketch::{Overlap, Sieve, Sketch};
use crate::record::Relation;

/// A text shorter than this is compared exactly only: it has too few shingles to tell a copy from a formula.
pub const FEWEST_WORDS: u32 = 40;

/// The least number of shingles in common; below, one shared phrase decides.
const FEWEST_SHARED: u32 = 4;

/// Of a sample of one shingle in 8 or fewer two in common are enough: they are some eight words apart, so they are two phrases at
/// least. That is how a teaser is found in a long report. Of the pairs of candidates of three streams that have two or three in
/// common there and whose log-odds are above [`DECIDED`] ten are one story, and none is not; with one in common one in five is not.
const SPARSE: (u8, u32) = (3, 2);

/// Log-odds that must be exceeded: about 3 to 1, since a false link costs a story and a missed one a repetition. At half
/// of it the syndicated stream has 4 false links instead of 3 (mean of three hash functions), at double .002 less of F1.
const DECIDED: f64 = 1.0;

/// Log-odds at which two stories are told to be one: 20 to 1.
pub const CERTAIN: f64 = 3.0;

/// The weights, by logistic regression on 4,964 candidate pairs of three streams; fitted on one half of the
/// clusters they do as well on the other (docs/dedup.md).
const WEIGHTS: Weights = Weights {
    bias: -6.40,
    containment: 10.63,
    log_odds: 0.81,
    numbers: 1.42,
    number_density: 33.9,
    shared: 0.96,
    same_host: -1.74,
};

/// Agreement of numbers that speaks neither for nor against; revised copies of one story are on both sides of it.
const NEUTRAL_AGREEMENT: f64 = 0.6;

/// The largest sample that counts as such: shingles overlap, so more of them are no independent witnesses.
const LARGEST_SAMPLE: f64 = 30.0;

/// Numbers among all words, at most: a table is a table.
const DENSEST: f64 = 0.3;

/// Known share of a text's words, and of its numbers, from which on it says nothing new. Readers may be spared it.
pub const SAFE_TO_DROP: f64 = 0.8;

/// How much shorter than the earlier text an excerpt is.
const EXCERPT: f64 = 0.7;

struct Weights {
    bias: f64,
    containment: f64,
    log_odds: f64,
    numbers: f64,
    number_density: f64,
    shared: f64,
    same_host: f64,
}

/// One of two texts that are compared.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    /// A hash of its host's name.
    pub host: u32,
    /// Its words.
    pub words: u32,
    /// How many of them are numbers.
    pub number_words: u32,
    /// A sample of its shingles.
    pub shingles: Sketch<&'a [u8]>,
    /// A sample of its numbers.
    pub numbers: Sketch<&'a [u8]>,
}

/// How a new text resembles a known one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Resemblance {
    /// Log-odds that both are one story.
    pub score: f64,
    /// The share of the new text that the known one has, from 0 to 1: below [`SAFE_TO_DROP`] if its numbers
    /// are others.
    pub similarity: f64,
    /// In what way it is related.
    pub relation: Relation,
}

/// Compares a new text with a known one. `None` when they are not one story.
///
/// `sieve` has the new text's shingles; `repeats` tells whether a host used a shingle in more than one story.
pub fn resemblance(
    new: &Side<'_>,
    sieve: &Sieve,
    known: &Side<'_>,
    repeats: impl Fn(u32, u32) -> bool,
) -> Option<Resemblance> {
    if new.words < FEWEST_WORDS || known.words < FEWEST_WORDS {
        return None;
    }
    let fewest = fewest_shared(new.shingles.level().max(known.shingles.level()));
    // Most candidates have one phrase in common with the text.
    if sieve.common(&known.shingles) < fewest {
        return None;
    }
    let is_boilerplate =
        |shingle| repeats(new.host, shingle) || (known.host != new.host && repeats(known.host, shingle));
    // Most of the others have what their hosts repeat. To ask that of all shingles takes a look at memory that is in no cache
    // for each.
    if sieve.shared(&known.shingles).filter(|shingle| !is_boilerplate(*shingle)).count() < fewest as usize {
        return None;
    }
    let shingles = Overlap::of(&new.shingles, &known.shingles, is_boilerplate);
    let numbers = Overlap::of(&new.numbers, &known.numbers, |_| false);
    let score = score(new, known, shingles, numbers);
    if shingles.both < fewest || score <= DECIDED {
        return None;
    }
    let (similarity, relation) = relate(new, known, shingles, numbers);
    Some(Resemblance { score, similarity, relation })
}

const fn fewest_shared(level: u8) -> u32 {
    if level >= SPARSE.0 { SPARSE.1 } else { FEWEST_SHARED }
}

fn score(new: &Side<'_>, known: &Side<'_>, shingles: Overlap, numbers: Overlap) -> f64 {
    let containment = shingles.containment();
    let sample = f64::from(shingles.smaller()).min(LARGEST_SAMPLE);
    // Half a witness for and half a one against: a sample of four is never certain.
    let log_odds = ((containment * sample + 0.5) / ((1.0 - containment) * sample + 0.5)).ln();
    let fewest = numbers.smaller();
    let agreement = if fewest == 0 { 0.0 } else { numbers.containment() - NEUTRAL_AGREEMENT };
    let density = f64::from(new.number_words.min(known.number_words)) / f64::from(new.words.min(known.words).max(1));
    WEIGHTS.bias
        + WEIGHTS.containment * containment
        + WEIGHTS.log_odds * log_odds
        + WEIGHTS.numbers * f64::from(fewest).ln_1p() * agreement
        + WEIGHTS.number_density * density.min(DENSEST) * agreement
        + WEIGHTS.shared * f64::from(shingles.both).ln_1p()
        + if new.host == known.host { WEIGHTS.same_host } else { 0.0 }
}

/// What the new text is to the known one, and how much of it the known one has.
fn relate(new: &Side<'_>, known: &Side<'_>, shingles: Overlap, numbers: Overlap) -> (f64, Relation) {
    let share = |both: u32, of: u32| if of == 0 { 1.0 } else { f64::from(both) / f64::from(of) };
    let has = share(shingles.both, shingles.first);
    let same_numbers = share(numbers.both, numbers.first) >= SAFE_TO_DROP;
    // Another number is news, however few the words around it that changed; and of a few sampled shingles nobody knows what is between.
    let is_safe = same_numbers && shingles.both >= FEWEST_SHARED;
    let similarity = if is_safe { has } else { has.min(SAFE_TO_DROP - 0.01) };
    let relation = if has >= EXCERPT && f64::from(new.words) < EXCERPT * f64::from(known.words) {
        Relation::Excerpt
    } else if similarity >= SAFE_TO_DROP {
        Relation::Copy
    } else {
        Relation::Update
    };
    (similarity, relation)
}
