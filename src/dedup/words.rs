//! A text as the words that are compared: one hash each.
//!
//! Compatibility-normalised (NFKC), in lower case, without punctuation. Scripts that put no space between
//! words (Han, kana, Thai, Lao, Khmer, Burmese) are cut into overlapping pairs of characters, which serve
//! retrieval in them as well as segmented words do (Nie, Gao, Zhang & Zhou, "On the use of words and n-grams
//! for Chinese information retrieval", IRAL 2000).

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};
use xxhash_rust::xxh3::xxh3_64;

/// A word's hash, and whether it is a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word {
    /// XXH3 of the folded word.
    pub hash: u64,
    /// Whether it has a digit in it.
    pub number: bool,
    /// Whether it is a pair of characters, of a script without spaces.
    pub pair: bool,
}

/// The words of `text`, in order.
///
/// A line that is not normal is normalised word by word, since nothing composes across ASCII's white space: so one ellipsis or
/// no-break space does not make a whole text take the slow way.
pub fn words(text: &str) -> Vec<Word> {
    let mut cutter = Cutter { words: Vec::with_capacity(text.len() / 6 + 1), ..Cutter::default() };
    for line in text.split('\n') {
        if line.is_ascii() {
            line.bytes().for_each(|byte| cutter.ascii(byte));
        } else if is_nfkc_quick(line.chars()) == IsNormalized::Yes {
            line.chars().for_each(|char| cutter.char(char));
        } else {
            line.split(|char: char| char.is_ascii_whitespace()).for_each(|word| cutter.abnormal(word));
        }
        cutter.end();
    }
    cutter.words
}

/// The word in the making.
#[derive(Default)]
struct Cutter {
    words: Vec<Word>,
    word: Vec<u8>,
    number: bool,
    /// A point or comma after a digit: part of the number if a digit follows.
    point: bool,
    /// The last character of a script without spaces.
    before: Option<char>,
    /// Whether `before` is in a pair already.
    paired: bool,
}

impl Cutter {
    /// A word that may need to be normalised, and what it is parted by from the next.
    fn abnormal(&mut self, word: &str) {
        if word.is_ascii() {
            word.bytes().for_each(|byte| self.ascii(byte));
        } else {
            word.nfkc().for_each(|char| self.char(char));
        }
        self.end();
    }

    fn ascii(&mut self, byte: u8) {
        match byte {
            b'a'..=b'z' => self.letter(byte),
            b'A'..=b'Z' => self.letter(byte | 0x20),
            b'0'..=b'9' => self.digit(byte),
            b'.' | b',' if self.number => self.point = true,
            b'\'' => {}
            _ => self.end(),
        }
    }

    fn char(&mut self, char: char) {
        if let Ok(byte) = u8::try_from(char)
            && byte.is_ascii()
        {
            if self.before.is_some() {
                self.end();
            }
            return self.ascii(byte);
        }
        if is_invisible(char) || is_apostrophe(char) {
            return;
        }
        if is_unspaced(char) {
            return self.unspaced(char);
        }
        if self.before.is_some() {
            self.end();
        }
        if !char.is_alphanumeric() && !is_mark(char) {
            return self.end();
        }
        if self.point {
            self.end();
        }
        for lower in char.to_lowercase() {
            let mut buffer = [0; 4];
            self.word.extend_from_slice(lower.encode_utf8(&mut buffer).as_bytes());
        }
    }

    fn letter(&mut self, byte: u8) {
        if self.point {
            self.end();
        }
        self.word.push(byte);
    }

    fn digit(&mut self, byte: u8) {
        // 1,250.5 and 1.250,5 are one number, whatever its language's signs.
        self.point = false;
        self.number = true;
        self.word.push(byte);
    }

    fn unspaced(&mut self, char: char) {
        if self.before.is_none() {
            self.end();
        }
        if let Some(before) = self.before.replace(char) {
            let mut pair = String::with_capacity(8);
            pair.push(before);
            pair.push(char);
            self.words.push(Word { hash: xxh3_64(pair.as_bytes()), number: false, pair: true });
            self.paired = true;
        }
    }

    /// Ends the word, or the run of characters without spaces.
    fn end(&mut self) {
        if let Some(before) = self.before.take()
            && !std::mem::take(&mut self.paired)
        {
            let mut buffer = [0; 4];
            self.words.push(Word {
                hash: xxh3_64(before.encode_utf8(&mut buffer).as_bytes()),
                number: false,
                pair: false,
            });
        }
        self.point = false;
        let number = std::mem::take(&mut self.number);
        if !self.word.is_empty() {
            self.words.push(Word { hash: xxh3_64(&self.word), number, pair: false });
            self.word.clear();
        }
    }
}

/// Characters that are not seen and part nothing: soft hyphen, zero-width space and joiners, byte order mark.
fn is_invisible(char: char) -> bool {
    matches!(char, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{fe0f}')
}

/// An apostrophe within a word has more spellings than NFKC folds.
fn is_apostrophe(char: char) -> bool {
    matches!(char, '\u{2018}' | '\u{2019}' | '\u{2bc}' | '\u{ff07}')
}

/// Signs that belong to the letter before: Unicode's combining marks of the scripts that news are written in.
fn is_mark(char: char) -> bool {
    matches!(char, '\u{300}'..='\u{36f}' | '\u{591}'..='\u{5bd}' | '\u{64b}'..='\u{65f}' | '\u{900}'..='\u{dff}')
}

fn is_unspaced(char: char) -> bool {
    matches!(char,
        '\u{e00}'..='\u{eff}'       // Thai, Lao
        | '\u{1000}'..='\u{109f}'   // Burmese
        | '\u{1780}'..='\u{17ff}'   // Khmer
        | '\u{3005}'..='\u{3007}'
        | '\u{3040}'..='\u{30ff}'   // kana
        | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{323af}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The same with all of the text normalised at once.
    fn at_once(text: &str) -> Vec<Word> {
        let mut cutter = Cutter::default();
        text.nfkc().for_each(|char| cutter.char(char));
        cutter.end();
        cutter.words
    }

    proptest! {
        #[test]
        fn parts_are_normalised_as_the_whole_is(text in "([a-z0-9.,'\u{e9}\u{301}\u{308}\u{2026}\u{a0}\u{bd}\u{fb01}\u{212b}\u{4e00}\u{ff76}\u{ff9e}\u{1100}\u{1161}\u{e01} \n]|\\PC){0,80}") {
            prop_assert_eq!(words(&text), at_once(&text));
        }
    }
}
