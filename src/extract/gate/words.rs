//! The words of a page: in its title and address, its head, its labels, its text, and the names of its elements.
//!
//! Each word counts once for each place that it stands in. A table that `examples/train/gate.py` made holds the few thousand
//! that tell articles from other pages on many hosts, each with a weight; what it has not is passed over. The weights of a group of
//! places are summed up and divided by the root of how many words of it are known: long pages say no more than short ones.
//!
//! The table, little-endian: `NWW1`; `f32` what the sum starts with; `f32` what a step of a weight is; then for each of the
//! [`SLOTS`] a `u16` of the word's hash, 0 for none; then for each an `i8`, its weight. A word stands in the slot that its
//! hash's upper bits name, or in the next free one.

use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::extract::content::Body;
use crate::extract::jsonld::kinds;
use crate::extract::page::Page;
use crate::extract::structured::{Facts, registrable};
use crate::extract::tag::Tag;

const FORMAT: &[u8; 4] = b"NWW1";
const SLOT_BITS: u32 = 14;
const SLOTS: usize = 1 << SLOT_BITS;
const HEAD: usize = FORMAT.len() + 8;

/// Bytes of a word that count.
const WORD_BYTES: usize = 24;
/// A block of so few words is a label: it counts as a whole.
const LABEL_WORDS: usize = 5;
const LABEL_BYTES: usize = 50;
/// Bytes of text within the region that are read, and of text around it.
const INSIDE_BYTES: usize = 20_000;
const AROUND_BYTES: usize = 10_000;
/// Bytes of a class attribute that are read, as of all other readers of it.
const CLASS_BYTES: usize = 400;
/// Objects of JSON-LD that are looked at.
const OBJECTS: usize = 200;

/// Groups of places, each of which has its sum.
pub(in crate::extract) const GROUPS: usize = 8;

/// Where a word stands. The letter is the seed of its hash, the number its group.
#[derive(Debug, Clone, Copy)]
struct Place(u8, usize);

const TITLE: Place = Place(b't', 0);
const FOLDER: Place = Place(b'f', 0);
const SLUG: Place = Place(b's', 0);
const HOST: Place = Place(b'h', 1);
const KIND: Place = Place(b'j', 1);
const PROPERTY: Place = Place(b'k', 1);
const META: Place = Place(b'm', 1);
const SETTING: Place = Place(b'g', 1);
const MICRODATA: Place = Place(b'p', 1);
const RELATION: Place = Place(b'r', 1);
const DESCRIPTION: Place = Place(b'd', 2);
const TOPIC: Place = Place(b'e', 2);
const HEADLINE: Place = Place(b'1', 3);
const HEADING: Place = Place(b'2', 3);
const LINK_INSIDE: Place = Place(b'i', 4);
const LABEL_INSIDE: Place = Place(b'I', 4);
const LINK: Place = Place(b'l', 4);
const LABEL: Place = Place(b'L', 4);
const FIELD: Place = Place(b'x', 4);
const AROUND: Place = Place(b'a', 5);
const LINKED: Place = Place(b'n', 5);
const TEXT: Place = Place(b'N', 6);
const CLASS: Place = Place(b'c', 7);

/// The hash of a word in its place, of which the table keeps a part.
fn hash(place: Place, word: &[u8]) -> u32 {
    u32::try_from(xxh3_64_with_seed(word, u64::from(place.0)) >> 32).unwrap_or_default()
}

/// A table of weights; a table that can't be read says nothing of any page.
#[derive(Debug, Clone, Copy)]
pub(super) struct Weights {
    start: f32,
    step: f32,
    hashes: &'static [u8],
    weights: &'static [u8],
}

impl Weights {
    /// The table that is compiled in; nothing is copied.
    pub(super) fn read(table: &'static [u8]) -> Option<Self> {
        let rest = table.strip_prefix(FORMAT)?;
        let (start, rest) = rest.split_first_chunk()?;
        let (step, rest) = rest.split_first_chunk()?;
        let (hashes, weights) = rest.split_at_checked(2 * SLOTS)?;
        let (start, step) = (f32::from_le_bytes(*start), f32::from_le_bytes(*step));
        (weights.len() == SLOTS && table.len() == HEAD + 3 * SLOTS).then_some(Self { start, step, hashes, weights })
    }

    /// The slot of a word and its weight, if the table has it.
    fn find(&self, hash: u32) -> Option<(usize, i8)> {
        let own = (hash & 0xffff).max(1);
        let mut slot = usize::try_from(hash >> (32 - SLOT_BITS)).ok()?;
        for _ in 0..SLOTS {
            let pair = self.hashes.get(2 * slot..2 * slot + 2)?;
            let held = u32::from(pair.first().copied()?) | u32::from(pair.last().copied()?) << 8;
            if held == own {
                return Some((slot, self.weights.get(slot)?.cast_signed()));
            }
            if held == 0 {
                return None;
            }
            slot = (slot + 1) % SLOTS;
        }
        None
    }

    /// What the words of a page come to: the logarithm of the odds that it is an article, as far as words tell.
    #[expect(clippy::cast_precision_loss, reason = "counts within one page")]
    pub(super) fn of(&self, facts: &Facts<'_>, body: &Body) -> f32 {
        let mut seen = vec![0_u64; SLOTS / 64];
        let (mut sums, mut counts) = ([0_i32; GROUPS], [0_u32; GROUPS]);
        each(facts, body, &mut |group, hash| {
            let Some((slot, weight)) = self.find(hash) else { return };
            let (Some(word), bit) = (seen.get_mut(slot / 64), 1 << (slot % 64)) else { return };
            if *word & bit == 0 {
                *word |= bit;
                if let (Some(sum), Some(count)) = (sums.get_mut(group), counts.get_mut(group)) {
                    *sum += i32::from(weight);
                    *count += 1;
                }
            }
        });
        let parts = sums.iter().zip(&counts).filter(|(_, count)| **count > 0);
        self.start + self.step * parts.map(|(sum, count)| *sum as f32 / (*count as f32).sqrt()).sum::<f32>()
    }
}

/// The hashes of a page's words, by group, each once: what the training gets.
pub(in crate::extract) fn hashes(facts: &Facts<'_>, body: &Body) -> [Vec<u32>; GROUPS] {
    let mut found: [Vec<u32>; GROUPS] = Default::default();
    each(facts, body, &mut |group, hash| {
        if let Some(found) = found.get_mut(group) {
            found.push(hash);
        }
    });
    for group in &mut found {
        group.sort_unstable();
        group.dedup();
    }
    found
}

/// Calls `tell` with the group and the hash of each word.
fn each(facts: &Facts<'_>, body: &Body, tell: &mut impl FnMut(usize, u32)) {
    let mut put = |place: Place, word: &[u8]| tell(place.1, hash(place, word));
    address(facts, &mut put);
    head(facts, &mut put);
    blocks(facts.page, body, &mut put);
    elements(facts.page, &mut put);
}

fn address(facts: &Facts<'_>, put: &mut impl FnMut(Place, &[u8])) {
    let path = facts.url.path().trim_end_matches('/');
    let (folders, slug) = path.rsplit_once('/').unwrap_or(("", path));
    words(folders, &mut |word| put(FOLDER, word));
    words(slug, &mut |word| put(SLUG, word));
    // The site's own name says nothing of other sites.
    let host = facts.url.host_str().unwrap_or_default();
    let own = registrable(host);
    words(host.strip_suffix(own).unwrap_or_default(), &mut |word| put(HOST, word));
    words(own.split_once('.').map_or("", |(_, suffix)| suffix), &mut |word| put(HOST, word));
}

fn head(facts: &Facts<'_>, put: &mut impl FnMut(Place, &[u8])) {
    let page = facts.page;
    words(&page.title, &mut |word| put(TITLE, word));
    for object in facts.graph.objects().iter().take(OBJECTS) {
        kinds(object).for_each(|kind| put(KIND, kind.as_bytes()));
        object.keys().for_each(|key| put(PROPERTY, key.as_bytes()));
    }
    for (name, content) in &page.metas {
        words_joined(name, &mut |name| put(META, name));
        let is = |names: &[&str]| names.iter().any(|known| known.eq_ignore_ascii_case(name));
        let place = if is(&["og:type", "generator", "twitter:card", "robots"]) {
            SETTING
        } else if is(&["description", "og:description"]) {
            DESCRIPTION
        } else if is(&["twitter:label1", "twitter:label2", "article:section", "keywords"]) {
            TOPIC
        } else {
            continue;
        };
        words(content.get(..content.floor_char_boundary(1_000)).unwrap_or_default(), &mut |word| put(place, word));
    }
    for (relation, _) in &page.links {
        words(relation, &mut |word| put(RELATION, word));
    }
}

fn blocks(page: &Page<'_>, body: &Body, put: &mut impl FnMut(Place, &[u8])) {
    let region = body.region.and_then(|(first, _)| page.scopes.get(first));
    let region = region.map(|scope| scope.blocks.clone()).unwrap_or_default();
    let (mut inside_left, mut around_left) = (INSIDE_BYTES, AROUND_BYTES);
    for (index, block) in page.blocks.iter().enumerate() {
        let text = page.block_text(block);
        let (inside, linked) = (region.contains(&index), block.link_density() > 0.5);
        if let Some(Tag::Heading(level)) = page.scopes.get(block.scope).map(|scope| scope.tag)
            && block.bytes <= 600
        {
            let place = if level == 1 { HEADLINE } else { HEADING };
            words(text, &mut |word| put(place, word));
        }
        if block.words <= LABEL_WORDS && block.bytes <= LABEL_BYTES {
            let place = match (inside, linked) {
                (true, true) => LINK_INSIDE,
                (true, false) => LABEL_INSIDE,
                (false, true) => LINK,
                (false, false) => LABEL,
            };
            words_joined(text, &mut |label| put(place, label));
            continue;
        }
        let (place, left) = match (inside, linked) {
            (true, false) => (TEXT, &mut inside_left),
            (true, true) => (LINKED, &mut around_left),
            (false, _) => (AROUND, &mut around_left),
        };
        if let Some(rest) = left.checked_sub(text.len()) {
            *left = rest;
            words(text, &mut |word| put(place, word));
        }
    }
}

fn elements(page: &Page<'_>, put: &mut impl FnMut(Place, &[u8])) {
    for names in &page.names {
        parts(names, &mut |word| put(CLASS, word));
    }
    for kind in &page.kinds {
        put(MICRODATA, kind.rsplit('/').next().unwrap_or_default().as_bytes());
    }
    for scope in &page.scopes {
        words(scope.itemprop.unwrap_or_default(), &mut |word| put(MICRODATA, word));
        words(scope.rel.unwrap_or_default(), &mut |word| put(RELATION, word));
        if scope.tag == Tag::Input {
            let fields = scope.element.into_iter().flat_map(|element| [element.attr("type"), element.attr("name")]);
            fields.flatten().for_each(|value| put(FIELD, value.as_bytes()));
        }
    }
}

/// A word in the making.
struct Word {
    bytes: [u8; WORD_BYTES],
    length: usize,
}

impl Word {
    const EMPTY: Self = Self { bytes: [0; WORD_BYTES], length: 0 };

    fn push(&mut self, byte: u8) {
        if let Some(room) = self.bytes.get_mut(self.length) {
            *room = byte;
            self.length += 1;
        }
    }

    /// The first `length` of these letters and digits, in lower case.
    fn extend(&mut self, letters: &[u8], length: usize) {
        // A word that begins is copied in one piece, with what follows it.
        if self.length == 0
            && let Some(whole) = letters.first_chunk::<WORD_BYTES>()
        {
            self.bytes = *whole;
            self.bytes.make_ascii_lowercase();
            self.length = length.min(WORD_BYTES);
            return;
        }
        letters.iter().take(length).for_each(|byte| self.push(byte.to_ascii_lowercase()));
    }

    /// A character of more than one byte, whole or not at all.
    fn push_char(&mut self, c: char) {
        if self.length + c.len_utf8() <= WORD_BYTES {
            c.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| self.push(byte));
        }
    }

    /// Ends the word, if there is one; a number is `0`.
    fn end(&mut self, tell: &mut impl FnMut(&[u8])) {
        if self.length == 0 {
            return;
        }
        let word = self.bytes.get(..self.length).unwrap_or_default();
        tell(if word.first().is_some_and(u8::is_ascii_digit) { b"0" } else { word });
        self.length = 0;
    }
}

/// Runs of letters and digits, in lower case.
fn words(text: &str, tell: &mut impl FnMut(&[u8])) {
    let bytes = text.as_bytes();
    let mut word = Word::EMPTY;
    let mut at = 0;
    while let Some(byte) = bytes.get(at).copied() {
        // Nearly all text is ASCII, and is read by words rather than by characters.
        if byte.is_ascii_alphanumeric() {
            let rest = bytes.get(at..).unwrap_or_default();
            let length = rest.iter().position(|byte| !byte.is_ascii_alphanumeric()).unwrap_or(rest.len());
            word.extend(rest, length);
            at += length;
        } else if byte.is_ascii() {
            word.end(tell);
            at += 1;
        } else {
            let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) else { break };
            at += c.len_utf8();
            if c.is_alphanumeric() {
                c.to_lowercase().for_each(|c| word.push_char(c));
            } else {
                word.end(tell);
            }
        }
    }
    word.end(tell);
}

/// All words of a short text as one, with a space between them.
fn words_joined(text: &str, tell: &mut impl FnMut(&[u8])) {
    let mut label = [0_u8; 2 * LABEL_BYTES];
    let mut length = 0;
    words(text, &mut |word| {
        if let Some(room) = label.get_mut(length..length + word.len() + 1) {
            let (space, rest) = room.split_at_mut(1);
            space.fill(b' ');
            rest.copy_from_slice(word);
            length += word.len() + 1;
        }
    });
    if let Some(label) = label.get(1..length) {
        tell(label);
    }
}

/// The words of a class or id: cut at what is no letter, and where lower case turns to upper.
fn parts(names: &str, tell: &mut impl FnMut(&[u8])) {
    let mut word = Word::EMPTY;
    let mut previous = b' ';
    for byte in names.bytes().take(CLASS_BYTES) {
        let turns = byte.is_ascii_uppercase() && previous.is_ascii_lowercase();
        if turns || !byte.is_ascii_alphabetic() {
            word.end(tell);
        }
        if byte.is_ascii_alphabetic() {
            word.push(byte.to_ascii_lowercase());
        }
        previous = byte;
    }
    word.end(tell);
}

#[cfg(test)]
mod tests {
    use scraper::Html;
    use url::Url;

    use super::*;
    use crate::extract::jsonld::Graph;

    type Cutter = fn(&str, &mut dyn FnMut(&[u8]));

    fn told(text: &str, by: Cutter) -> Vec<String> {
        let mut found = Vec::new();
        by(text, &mut |word| found.push(String::from_utf8_lossy(word).into_owned()));
        found
    }

    #[test]
    fn words_are_runs_of_letters_in_lower_case() {
        let words = |text: &str| told(text, |text, mut tell| words(text, &mut tell));
        assert_eq!(words("Ärger, it's 2024-05 A1"), ["ärger", "it", "s", "0", "0", "a1"]);
        assert_eq!(words(&"x".repeat(100)), ["x".repeat(24)]);
        assert_eq!(words("caféBar naïve"), ["cafébar", "naïve"]);
        let near_the_end = format!("{} end", "Y".repeat(30));
        assert_eq!(words(&near_the_end), ["y".repeat(24), "end".to_owned()]);
    }

    #[test]
    fn a_label_counts_as_a_whole() {
        assert_eq!(told(" Add to  Cart! ", |text, mut tell| words_joined(text, &mut tell)), ["add to cart"]);
        assert!(told("→", |text, mut tell| words_joined(text, &mut tell)).is_empty());
    }

    #[test]
    fn classes_are_cut_where_their_case_turns() {
        assert_eq!(
            told("postBody entry-title x2", |text, mut tell| parts(text, &mut tell)),
            ["post", "body", "entry", "title", "x"]
        );
    }

    #[test]
    fn a_table_of_another_length_is_none() {
        assert!(Weights::read(b"NWW1").is_none());
        assert!(Weights::read(b"").is_none());
    }

    #[test]
    fn the_table_that_is_compiled_in_tells_a_shop_from_a_report() {
        let weights = Weights::read(super::super::WORDS).unwrap();
        let score = |html: &str, url: &str| {
            let html = Html::parse_document(html);
            let page = Page::of(&html);
            let (graph, url) = (Graph::default(), Url::parse(url).unwrap());
            weights.of(&Facts::of(&page, &url, &graph), &Body::default())
        };
        let shop = score(
            "<title>Buy shoes</title><div class=product-price>$20</div><button>Add to cart</button><p>Free shipping on all orders over our products",
            "https://e.example/products/shoes",
        );
        let report = score(
            "<title>Council votes</title><div class=byline>By Jane Doe</div><p>The council voted on Tuesday, officials said, and the mayor told reporters",
            "https://e.example/news/2024/council-votes",
        );
        assert!(shop < report, "{shop} {report}");
    }
}
