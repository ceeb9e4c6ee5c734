//! Normal forms, word counts and bounds.

use std::borrow::Cow;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};
use unicode_segmentation::UnicodeSegmentation;

use super::page::is_ideograph;

/// Characters of a title, at most.
pub(super) const TITLE_CHARS: usize = 1_000;
/// Characters of any other string of a record, at most; the body has no bound of its own.
pub(super) const STRING_CHARS: usize = 10_000;
/// Authors of a record, at most.
pub(super) const AUTHORS: usize = 50;
/// Tags of a record, at most.
pub(super) const TAGS: usize = 100;
/// Images of a record, at most.
pub(super) const IMAGES: usize = 100;

/// The text as records hold it: NFC, one space where there was white space, none at the ends, and no
/// control characters, soft hyphens, zero-width spaces or bidirectional overrides.
///
/// Cleaning a clean text changes nothing.
pub(super) fn clean(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { clean_slowly(text) }
}

fn clean_slowly(text: &str) -> String {
    let text: Cow<'_, str> = if is_nfc(text) { Cow::Borrowed(text) } else { text.nfc().collect::<String>().into() };
    let mut clean = String::with_capacity(text.len());
    let (mut space, mut dropped) = (false, false);
    for c in text.chars() {
        if c.is_whitespace() {
            space = true;
        } else if is_dropped(c) {
            dropped = true;
        } else {
            if space && !clean.is_empty() {
                clean.push(' ');
            }
            space = false;
            clean.push(c);
        }
    }
    // Leaving a character out can bring a letter and its mark together.
    if !dropped || is_nfc(&clean) { clean } else { clean.nfc().collect() }
}

/// Whether a text is clean without a look into any table, as most are: printed ASCII, Latin letters that are one character
/// (all below U+0300 are in NFC) and the punctuation of print, with single spaces between its words.
fn is_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    let spaced = bytes.first() != Some(&b' ') && bytes.last() != Some(&b' ');
    let printed =
        |c: char| matches!(c, ' '..='~' | '\u{a1}'..='\u{ac}' | '\u{ae}'..='\u{2ff}' | '\u{2010}'..='\u{2027}');
    let all_printed =
        if text.is_ascii() { bytes.iter().all(|byte| matches!(byte, b' '..=b'~')) } else { text.chars().all(printed) };
    spaced && all_printed && bytes.array_windows().all(|pair| pair != b"  ")
}

/// Whether a text is in NFC for sure. Characters below U+0300 and the punctuation of print, which are nearly all of
/// most texts, need no look into the tables.
fn is_nfc(text: &str) -> bool {
    text.chars().all(|c| c < '\u{300}' || matches!(c, '\u{2010}'..='\u{2027}'))
        || is_nfc_quick(text.chars()) == IsNormalized::Yes
}

/// Characters that no reader sees: controls, soft hyphen, zero-width space, word joiner, byte order
/// mark, and those that turn the direction of a text around (UAX 9: embeddings, overrides, isolates).
/// The joiners U+200C and U+200D stay: Persian and emoji are spelt with them.
fn is_dropped(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}')
}

/// [`clean`], with what is left of HTML in it: tags go, references are read, twice at most.
///
/// Metadata is often escaped once too often.
pub(super) fn clean_markup(text: &str) -> String {
    if !text.contains(['&', '<']) {
        return clean(text);
    }
    let once = unescape(text);
    let twice = if once.contains('&') { unescape(&once) } else { once };
    clean(&without_tags(&twice))
}

/// Reads the character references that metadata has in practice: numbers, and the names of
/// punctuation. Others stay as they are.
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let end = from.bytes().take(12).position(|byte| byte == b';');
        match end.and_then(|end| Some((reference(from.get(1..end)?)?, end))) {
            Some((c, end)) => {
                out.push(c);
                rest = from.get(end + 1..).unwrap_or_default();
            }
            None => {
                out.push('&');
                rest = from.get(1..).unwrap_or_default();
            }
        }
    }
    out.push_str(rest);
    out
}

fn reference(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code);
    }
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        "lsquo" => '‘',
        "rsquo" => '’',
        "ldquo" => '“',
        "rdquo" => '”',
        "sbquo" => '‚',
        "bdquo" => '„',
        "laquo" => '«',
        "raquo" => '»',
        "ndash" => '–',
        "mdash" => '—',
        "hellip" => '…',
        "auml" => 'ä',
        "ouml" => 'ö',
        "uuml" => 'ü',
        "Auml" => 'Ä',
        "Ouml" => 'Ö',
        "Uuml" => 'Ü',
        "szlig" => 'ß',
        "eacute" => 'é',
        "egrave" => 'è',
        "agrave" => 'à',
        "aacute" => 'á',
        "iacute" => 'í',
        "oacute" => 'ó',
        "uacute" => 'ú',
        "ntilde" => 'ñ',
        "ccedil" => 'ç',
        "ecirc" => 'ê',
        "copy" => '©',
        "euro" => '€',
        _ => return None,
    })
}

/// The text without what looks like a tag of HTML.
fn without_tags(text: &str) -> Cow<'_, str> {
    if !text.contains('<') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let tag = from.as_bytes().get(1).is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'/');
        match from.find('>').filter(|_| tag) {
            Some(end) => {
                // A tag of a block divides words, one within a line does not.
                out.push_str(if from.starts_with("<p") || from.starts_with("<br") || from.starts_with("</p") {
                    " "
                } else {
                    ""
                });
                rest = from.get(end + 1..).unwrap_or_default();
            }
            None => {
                out.push('<');
                rest = from.get(1..).unwrap_or_default();
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// The first `most` characters.
pub(super) fn cut(mut text: String, most: usize) -> String {
    if let Some((at, _)) = text.char_indices().nth(most) {
        text.truncate(at);
        text.truncate(text.trim_end().len());
    }
    text
}

/// Words of a text as Unicode cuts them (UAX 29); in Chinese and Japanese two characters count as one.
pub(super) fn words(text: &str) -> usize {
    if text.is_ascii() {
        return ascii_words(text.as_bytes());
    }
    let (mut words, mut ideographs) = (0, 0);
    // No word goes over a space, and most between two are ASCII.
    for part in text.split_ascii_whitespace() {
        if part.is_ascii() {
            words += ascii_words(part.as_bytes());
            continue;
        }
        for word in part.unicode_words() {
            let here = word.chars().filter(|c| is_ideograph(*c)).count();
            ideographs += here;
            words += usize::from(here == 0);
        }
    }
    words + ideographs.div_ceil(2)
}

/// Words of ASCII text as UAX 29 cuts them: runs of letters, digits and underscores, with a mark between two letters
/// (WB6, WB7) or two digits (WB11, WB12) within them. A run of underscores alone is no word.
fn ascii_words(text: &[u8]) -> usize {
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let (mut words, mut rest) = (0, text);
    while let Some(begins) = rest.iter().position(is_letter) {
        rest = rest.get(begins..).unwrap_or_default();
        let mut counted = false;
        loop {
            let end = rest.iter().position(|byte| !is_letter(byte)).unwrap_or(rest.len());
            let (run, behind) = rest.split_at(end);
            counted |= run.iter().any(|byte| *byte != b'_');
            rest = behind;
            let (Some(last), [mark, next, ..]) = (run.last(), behind) else { break };
            let in_word =
                last.is_ascii_alphabetic() && next.is_ascii_alphabetic() && matches!(mark, b'.' | b'\'' | b':');
            let in_number =
                last.is_ascii_digit() && next.is_ascii_digit() && matches!(mark, b'.' | b'\'' | b',' | b';');
            if !in_word && !in_number {
                break;
            }
            rest = rest.get(1..).unwrap_or_default();
        }
        words += usize::from(counted);
    }
    words
}

/// Whether a text is compared as `wanted`, which is a [`key`].
pub(super) fn has_key(text: &str, wanted: &str) -> bool {
    // Most texts differ in their first letter already, and need no key of their own.
    let first = text.chars().find(|c| c.is_alphanumeric()).and_then(|c| c.to_lowercase().next());
    first == wanted.chars().next() && key(text) == wanted
}

/// A text as it is compared: letters and digits in lower case, one space between words.
pub(super) fn key(text: &str) -> String {
    let mut key = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            key.push(c.to_ascii_lowercase());
        } else if !c.is_ascii() && c.is_alphanumeric() {
            key.extend(c.to_lowercase());
        } else if !key.is_empty() && !key.ends_with(' ') && !matches!(c, '\'' | '’' | '\u{ad}') {
            key.push(' ');
        }
    }
    if key.ends_with(' ') {
        key.pop();
    }
    key
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_no_reader_sees_goes() {
        assert_eq!(clean(" a\u{202e}b\u{0}\u{a0}\n c\u{ad}d\u{200b} "), "ab cd");
        assert_eq!(clean("e\u{301}"), "é");
        assert_eq!(clean("می\u{200c}خواهم"), "می\u{200c}خواهم");
    }

    #[test]
    fn a_text_of_plain_characters_alone_is_clean_already() {
        for c in ('\0'..'\u{3100}').chain('\u{fb00}'..'\u{ffff}') {
            let text = format!("a{c}b");
            assert!(!is_plain(&text) || clean_slowly(&text) == text, "{c:?}");
        }
        assert!(is_plain("“Größe”, he said") && !is_plain(" a") && !is_plain("a  b") && !is_plain("“a\u{a0}b”"));
    }

    #[test]
    fn a_short_cut_counts_as_unicode_does() {
        for text in
            ["it's 3,000.5 e.g. a.b: x:y 1.a a.1 __ _a_ a'1 l'a 'a' 1;2 a;b a..b 5'6 a_.b", "", "--", "a.", ".a"]
        {
            assert_eq!(words(text), text.unicode_words().count(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_ascii_is_counted_as_unicode_does(text in "[a-c0-2_.,;:' -]{0,24}") {
            prop_assert_eq!(words(&text), text.unicode_words().count());
        }
    }

    #[test]
    fn typographic_quotes_stay() {
        assert_eq!(clean("“as never before.”"), "“as never before.”");
    }

    #[test]
    fn metadata_is_unescaped_twice_and_loses_its_tags() {
        assert_eq!(clean_markup("A &amp;amp; B&#8217;s <em>C</em> 3 < 4"), "A & B’s C 3 < 4");
        assert_eq!(clean_markup("R&D &unknown; &"), "R&D &unknown; &");
    }

    #[test]
    fn two_ideographs_are_a_word() {
        assert_eq!(words("Don't stop 2018."), 3);
        assert_eq!(words("東京都は今日"), 3);
    }

    #[test]
    fn cutting_counts_characters() {
        assert_eq!(cut("äöü".to_owned(), 2), "äö");
        assert_eq!(cut("ab".to_owned(), 2), "ab");
    }

    proptest! {
        #[test]
        fn a_text_has_the_key_that_is_made_of_it(text in any::<String>(), other in "[ 'a-cA-C’İ]{0,6}") {
            prop_assert!(has_key(&text, &key(&text)));
            prop_assert_eq!(has_key(&text, &key(&other)), key(&text) == key(&other));
            prop_assert_eq!(has_key(&other, &key(&text)), key(&text) == key(&other));
        }

        #[test]
        fn cleaning_clean_text_changes_nothing(text in any::<String>()) {
            let once = clean(&text);
            prop_assert_eq!(clean(&once), once);
        }

        #[test]
        fn no_text_breaks_the_markup_reader(text in "[&<>a-z#;0-9 /x]*") {
            let _ = clean_markup(&text);
        }
    }
}
