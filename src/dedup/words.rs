//! A text as the words that are compared: one hash each.
//!
//! Compatibility-normalised (NFKC), in lower case, without punctuation, with the digits of all scripts as one. Scripts that put no space between
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

/// What an ASCII character is to a word.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    /// A letter as it is compared.
    Lower,
    /// What takes a closer look: capitals, digits, apostrophes.
    Other,
    /// A point or comma: an end, unless it is within a number.
    Point,
    /// An end.
    End,
    /// The first or a later byte of a character that is no ASCII.
    Beyond,
}

const CLASSES: [Class; 256] = {
    let mut classes = [Class::Beyond; 256];
    let mut byte = 0_u8;
    while byte < 0x80 {
        classes[byte as usize] = match byte {
            b'a'..=b'z' => Class::Lower,
            b'A'..=b'Z' | b'0'..=b'9' | b'\'' => Class::Other,
            b'.' | b',' => Class::Point,
            _ => Class::End,
        };
        byte += 1;
    }
    classes
};

const fn class(byte: u8) -> Class {
    CLASSES[byte as usize]
}

/// The words of `text`, in order.
///
/// Most are small letters between spaces: they are hashed where they stand. What has another character in it is normalised up to
/// the next white space, since nothing composes across that: so one ellipsis or no-break space does not make a whole text take
/// the slow way.
pub fn words(text: &str) -> Vec<Word> {
    let bytes = text.as_bytes();
    let mut cutter = Cutter { words: Vec::with_capacity(text.len() / 6 + 1), ..Cutter::default() };
    let mut at = 0;
    while at < bytes.len() {
        let end = past(bytes, at, |class| class == Class::Lower);
        match bytes.get(end).map_or(Class::End, |byte| class(*byte)) {
            Class::End | Class::Point => {
                if end > at {
                    cutter.words.push(Word { hash: xxh3_64(&bytes[at..end]), number: false, pair: false });
                }
                at = end + 1;
            }
            Class::Lower | Class::Other | Class::Beyond => at = cutter.token(text, at),
        }
    }
    cutter.words
}

/// The first byte from `at` on that is of another class.
fn past(bytes: &[u8], at: usize, is_of_it: impl Fn(Class) -> bool) -> usize {
    bytes[at..].iter().position(|byte| !is_of_it(class(*byte))).map_or(bytes.len(), |ahead| at + ahead)
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
    /// What begins at `start` with a character that takes a closer look. The answer is where it ends.
    fn token(&mut self, text: &str, start: usize) -> usize {
        let bytes = text.as_bytes();
        let end = past(bytes, start, |class| !matches!(class, Class::End | Class::Beyond));
        if bytes.get(end).is_none_or(|byte| class(*byte) == Class::End) {
            bytes[start..end].iter().for_each(|byte| self.ascii(*byte));
            self.end();
            return end;
        }
        let end = bytes[end..].iter().position(u8::is_ascii_whitespace).map_or(bytes.len(), |ahead| end + ahead);
        // A sign just before may compose with what follows: an equals sign with a stroke.
        let start = if start > 0 && bytes[start - 1].is_ascii() { start - 1 } else { start };
        let token = &text[start..end];
        if is_nfkc_quick(token.chars()) == IsNormalized::Yes {
            token.chars().for_each(|char| self.char(char));
        } else {
            token.nfkc().for_each(|char| self.char(char));
        }
        self.end();
        end
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
        let digit = digit(char);
        if digit.is_none() && is_unspaced(char) {
            return self.unspaced(char);
        }
        if self.before.is_some() {
            self.end();
        }
        if let Some(digit) = digit {
            return self.digit(digit);
        }
        if is_arabic_point(char) && self.number {
            self.point = true;
            return;
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
            let mut pair = [0; 8];
            let first = before.encode_utf8(&mut pair).len();
            let length = first + char.encode_utf8(&mut pair[first..]).len();
            self.words.push(Word { hash: xxh3_64(&pair[..length]), number: false, pair: true });
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

/// A digit of another script as ASCII has it: prices in a Persian table are numbers too. Full-width ones NFKC has folded.
fn digit(char: char) -> Option<u8> {
    const ZEROS: [u32; 15] =
        [0x660, 0x6f0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xe50, 0xed0, 0x1040, 0x17e0];
    let char = u32::from(char);
    let value = ZEROS.iter().filter_map(|zero| char.checked_sub(*zero)).find(|value| *value < 10)?;
    Some(b'0' + value as u8)
}

/// The decimal and the thousands sign of Arabic script.
fn is_arabic_point(char: char) -> bool {
    matches!(char, '\u{66b}' | '\u{66c}')
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

    #[test]
    fn a_number_is_the_same_in_the_digits_of_any_script() {
        let plain = words("1,250.5 x 2026");
        assert_eq!(plain.iter().map(|word| word.number).collect::<Vec<_>>(), [true, false, true]);
        for text in ["١٬٢٥٠٫٥ x ٢٠٢٦", "۱٬۲۵۰٫۵ x ۲۰۲۶", "१,२५०.५ x २०२६", "๑,๒๕๐.๕ x ๒๐๒๖", "１,２５０.５ x ２０２６"]
        {
            assert_eq!(words(text), plain, "{text}");
        }
        assert_eq!(words("พบ๑๒คน"), words("พบ12คน"), "within a script without spaces");
    }

    proptest! {
        #[test]
        fn parts_are_normalised_as_the_whole_is(text in "([a-zA-Z0-9.,'=<\"\u{338}\u{e9}\u{301}\u{308}\u{2026}\u{a0}\u{bd}\u{fb01}\u{212b}\u{4e00}\u{ff76}\u{ff9e}\u{1100}\u{1161}\u{e01} \n]|\\PC){0,80}") {
            prop_assert_eq!(words(&text), at_once(&text));
        }
    }
}
