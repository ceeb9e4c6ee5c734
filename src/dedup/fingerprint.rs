//! What is kept of a text so that others can be compared with it.
//!
//! - the hash of all its words: the exact text;
//! - a *tally* of them, which tells how many a revision added and removed;
//! - a sample of its *shingles* (four words in a row: Broder et al., "Syntactic clustering of the web", 1997), and one of
//!   its numbers, which verify a resemblance;
//! - *anchors*, by which candidates are found: winnowed shingles of its lead (Schleimer, Wilkerson & Aiken,
//!   "Winnowing", SIGMOD 2003), because copies are cut from the end, and the smallest of the whole, because some
//!   lose their lead;
//! - *probes*, with which it looks for others' anchors: all that could be the anchor of a text that holds this one, or
//!   is held by it.

use super::fleeting::lasting;
use super::tally::Tally;
use super::words::{Word, words};
use super::{Sketch, TextHash};

/// Words in a shingle. Measured on syndicated and agency news: with 3 more pairs of unrelated agency items look alike
/// (11 for 6 in the syndicated stream at the same recall), with 5 fewer edited copies are found (F1 -.002 and -.005).
const SHINGLE: usize = 4;

/// The most shingles sampled. Half as many cost .009 of F1 on syndicated news, twice as many gain .004 for twice the memory.
const SAMPLED: u8 = 128;

/// The most numbers sampled; 16 do as well on short items, tables have more.
const NUMBERS: u8 = 32;

/// Shingles from which each anchor of the lead is the smallest.
const WINDOW: usize = 8;

/// Anchors of the lead. Ten instead of six found nothing more.
const LEAD_ANCHORS: usize = 6;

/// Anchors from the whole text; twelve instead of eight found nothing more.
const SMALLEST_ANCHORS: usize = 8;

/// Shingles at the start that are winnowed for probes: as far as the lead's anchors reach, and the banner, the byline and
/// the teaser that another site puts before it.
const LEAD_PROBED: usize = 80;

/// Every shingle of this smallest share is a probe: 1 in 2^4. A text of 200 words has its smallest eight anchors
/// there. Twice the share found nothing more.
const PROBED_LEVEL: u32 = 4;

/// Shingles at each end that are looked at for boilerplate: all of them, since a sample would miss most of it in a long
/// text. Measured: see docs/dedup.md.
const EDGE: usize = 64;

/// What is kept of a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Fingerprint {
    /// All its words.
    pub text: TextHash,
    /// How many words it has; a pair of characters counts as half a word.
    pub words: u32,
    /// How many of its words are numbers.
    pub number_words: u32,
    /// How many words of the tally count as one: 2 for pairs of characters, and in between where a text has both.
    pub per_word: f64,
    /// Its words by class.
    pub tally: Tally,
    /// A sample of its shingles.
    pub shingles: Sketch,
    /// A sample of its numbers.
    pub numbers: Sketch,
    /// The shingles at its edges (upper 24 bits), where hosts put what they repeat.
    pub edges: Vec<u32>,
    /// By what it is found.
    pub anchors: Vec<u32>,
    /// With what it looks for others.
    pub probes: Vec<Probe>,
}

/// A shingle that may be another text's anchor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Probe {
    /// As which it is looked for.
    pub anchor: u32,
    /// As which it is known if its host repeats it (upper 24 bits).
    pub shingle: u32,
}

impl Fingerprint {
    /// The fingerprint of `text`, without what a page says of itself that changes by itself.
    pub fn of(text: &str) -> Self {
        let words = words(&lasting(text));
        let shingles: Vec<u64> = words.windows(SHINGLE).map(shingle).collect();
        let numbers = words.iter().filter(|word| word.number);
        let sample = Sketch::of(shingles.iter().copied(), SAMPLED);
        let (anchors, probes) = anchors(&shingles);
        let count = words.len() - words.iter().filter(|word| word.pair).count() / 2;
        Self {
            text: TextHash::of(&words),
            words: u32::try_from(count).unwrap_or(u32::MAX),
            per_word: words.len() as f64 / count.max(1) as f64,
            tally: Tally::of(&words),
            number_words: u32::try_from(numbers.clone().count()).unwrap_or(u32::MAX),
            shingles: sample,
            numbers: Sketch::of(numbers.map(|word| mix(word.hash)), NUMBERS),
            edges: edges(&shingles),
            anchors,
            probes,
        }
    }
}

fn edges(shingles: &[u64]) -> Vec<u32> {
    let start = shingles.len().min(EDGE);
    let end = shingles.len().saturating_sub(EDGE).max(start);
    shingles[..start].iter().chain(&shingles[end..]).map(|shingle| Sketch::value(*shingle)).collect()
}

fn shingle(words: &[Word]) -> u64 {
    mix(words.iter().fold(0, |hash: u64, word| (hash.rotate_left(17) ^ word.hash).wrapping_mul(0x9E37_79B9_7F4A_7C15)))
}

/// Spreads a hash evenly (the finaliser of splitmix64).
fn mix(hash: u64) -> u64 {
    let hash = (hash ^ (hash >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let hash = (hash ^ (hash >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    hash ^ (hash >> 31)
}

/// A shingle as an anchor: its lower half, since what makes it an anchor is that its upper bits are small.
fn anchor(shingle: u64) -> u32 {
    shingle as u32
}

fn anchors(shingles: &[u64]) -> (Vec<u32>, Vec<Probe>) {
    let mut low: Vec<u64> = shingles.iter().copied().filter(|hash| *hash <= u64::MAX >> PROBED_LEVEL).collect();
    if low.len() < SMALLEST_ANCHORS {
        low = shingles.to_vec();
    }
    low.sort_unstable();
    low.dedup();
    let sparse = low.partition_point(|hash| *hash <= u64::MAX >> PROBED_LEVEL);
    low.truncate(sparse.max(SMALLEST_ANCHORS));
    let lead = winnow(&shingles[..shingles.len().min(LEAD_PROBED)]);
    let mut anchors: Vec<u32> = lead.iter().take(LEAD_ANCHORS).copied().map(anchor).collect();
    for smallest in low.iter().take(SMALLEST_ANCHORS).copied().map(anchor) {
        if !anchors.contains(&smallest) {
            anchors.push(smallest);
        }
    }
    let probe = |shingle| Probe { anchor: anchor(shingle), shingle: Sketch::value(shingle) };
    let mut probes: Vec<Probe> = lead.into_iter().chain(low).map(probe).collect();
    probes.sort_unstable();
    probes.dedup();
    (anchors, probes)
}

/// The smallest of every [`WINDOW`] shingles in a row, in their order.
fn winnow(shingles: &[u64]) -> Vec<u64> {
    let mut chosen: Vec<u64> = Vec::new();
    let window = WINDOW.min(shingles.len()).max(1);
    for window in shingles.windows(window) {
        let smallest = window.iter().copied().min().unwrap_or_default();
        if !chosen.contains(&smallest) {
            chosen.push(smallest);
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use unicode_normalization::UnicodeNormalization;

    fn looks_for(text: &Fingerprint, anchor: u32) -> bool {
        text.probes.iter().any(|probe| probe.anchor == anchor)
    }

    #[test]
    fn a_text_finds_its_own_anchors() {
        let text: String = (0..3_000).map(|word| format!("word{word} ")).collect();
        for text in [&text[..400], &text[..4_000], &text] {
            let fingerprint = Fingerprint::of(text);
            assert!((6..=14).contains(&fingerprint.anchors.len()));
            assert!(fingerprint.anchors.iter().all(|anchor| looks_for(&fingerprint, *anchor)));
        }
    }

    #[test]
    fn a_chapter_finds_an_anchor_of_the_book_and_the_book_one_of_the_chapter() {
        let words: Vec<String> = (0..2_000).map(|word| format!("w{word}")).collect();
        let (book, chapter) = (Fingerprint::of(&words.join(" ")), Fingerprint::of(&words[..500].join(" ")));
        assert!(book.anchors.iter().any(|anchor| looks_for(&chapter, *anchor)));
        assert!(chapter.anchors.iter().any(|anchor| looks_for(&book, *anchor)));
    }

    #[test]
    fn an_empty_text_has_nothing_to_be_found_by() {
        let fingerprint = Fingerprint::of("");
        assert_eq!((fingerprint.words, fingerprint.anchors.len(), fingerprint.probes.len()), (0, 0, 0));
    }

    proptest! {
        #[test]
        fn case_layout_quotes_and_unicode_form_do_not_change_it(
            words in proptest::collection::vec("[a-zäöüéñ]{1,9}|[0-9]{1,4}|[一-龥]{2,6}|[ก-ฮ]{2,6}", 0..80)
        ) {
            let plain = words.join(" ");
            let other = words.iter().map(|word| format!("“{}”", word.to_uppercase())).collect::<Vec<_>>().join(",\n\u{a0} ");
            let other: String = other.nfd().collect();
            prop_assert_eq!(Fingerprint::of(&plain), Fingerprint::of(&other));
        }
    }
}
