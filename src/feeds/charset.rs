//! The bytes of a feed as text.
//!
//! The order is RFC 7303's: a byte order mark, the charset of the header, the XML declaration. Two witnesses are
//! not believed against the bytes: a legacy charset over a text that is UTF-8 beyond doubt, and UTF-8 over
//! bytes that are none, which are guessed as a browser would.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

/// How far the declaration is looked for, in bytes: garbage may stand before it.
const LOOK_AT: usize = 2_048;

/// Bytes that a guess is made from.
const GUESS_BYTES: usize = 64 * 1024;

/// The text of a feed, without its byte order mark.
pub(super) fn decode<'a>(body: &'a [u8], content_type: Option<&str>) -> Cow<'a, str> {
    if let Some(text) = utf32(body) {
        return text.into();
    }
    if let Some((encoding, mark)) = Encoding::for_bom(body) {
        return encoding.decode_without_bom_handling(body.get(mark..).unwrap_or_default()).0;
    }
    if let Some(encoding) = wide(body) {
        return encoding.decode_without_bom_handling(body).0;
    }
    if let Ok(text) = std::str::from_utf8(body)
        && !body.contains(&0x1b)
    {
        // Plain ASCII reads the same in any charset a feed comes in, but for those with escapes.
        return text.into();
    }
    let said = content_type.and_then(of_header).or_else(|| declared(body));
    let said = said.filter(|encoding| *encoding != UTF_16BE && *encoding != UTF_16LE);
    match said.filter(|encoding| *encoding != UTF_8) {
        Some(encoding) => encoding.decode_without_bom_handling(body).0,
        None if mostly_utf8(body) => String::from_utf8_lossy(body),
        None => guessed(body).decode_without_bom_handling(body).0,
    }
}

/// UTF-16 without its mark, by the `<` that a feed begins with.
fn wide(body: &[u8]) -> Option<&'static Encoding> {
    match body {
        [b'<' | b'{', 0, second, 0, ..] if *second != 0 => Some(UTF_16LE),
        [0, b'<' | b'{', 0, second, ..] if *second != 0 => Some(UTF_16BE),
        _ => None,
    }
}

/// UTF-32, which the Encoding Standard leaves out: by its mark, or by the `<` at the beginning.
fn utf32(body: &[u8]) -> Option<String> {
    let little = matches!(body, [0xff, 0xfe, 0, 0, ..] | [b'<', 0, 0, 0, ..]);
    let big = matches!(body, [0, 0, 0xfe, 0xff, ..] | [0, 0, 0, b'<', ..]);
    if !little && !big {
        return None;
    }
    let unit = |bytes: &[u8]| {
        let bytes = <[u8; 4]>::try_from(bytes).unwrap_or_default();
        let code = if little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) };
        char::from_u32(code).unwrap_or('\u{fffd}')
    };
    let text: String = body.chunks_exact(4).map(unit).collect();
    Some(text.trim_start_matches('\u{feff}').to_owned())
}

fn of_header(content_type: &str) -> Option<&'static Encoding> {
    let value = content_type.split(';').find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then_some(value)
    })?;
    Encoding::for_label(value.trim().trim_matches(['"', '\'']).as_bytes())
}

/// The encoding that an XML declaration names.
fn declared(body: &[u8]) -> Option<&'static Encoding> {
    let head = String::from_utf8_lossy(body.get(..LOOK_AT).unwrap_or(body));
    let (_, declaration) = head.split_once("<?xml")?;
    let (declaration, _) = declaration.split_once('>')?;
    let (_, value) = declaration.split_once("encoding")?;
    let value = value.trim_start().strip_prefix('=')?.trim_start().trim_start_matches(['"', '\'']);
    let label = value.split(['"', '\'', ' ', '?']).next()?;
    Encoding::for_label(label.as_bytes())
}

/// Whether the bytes are UTF-8 with a flaw (a text cut within a character, a few foreign bytes): more whole
/// sequences than broken ones.
fn mostly_utf8(body: &[u8]) -> bool {
    let (mut whole, mut broken) = (0_usize, 0_usize);
    for chunk in body.utf8_chunks() {
        whole += chunk.valid().bytes().filter(|byte| *byte >= 0xc0).count();
        broken += usize::from(!chunk.invalid().is_empty());
    }
    whole >= broken
}

fn guessed(body: &[u8]) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    let head = body.get(..GUESS_BYTES).unwrap_or(body);
    detector.feed(head, head.len() == body.len());
    detector.guess(None, Utf8Detection::Deny)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEXT: &str = "<?xml version='1.0'?><rss>Zürich, Łódź</rss>";

    #[test]
    fn wide_text_is_read_with_and_without_its_mark() {
        let little: Vec<u8> = TEXT.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = TEXT.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let widest: Vec<u8> = TEXT.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect();
        for bytes in [little.clone(), big, widest, [&[0xff, 0xfe], little.as_slice()].concat()] {
            assert_eq!(decode(&bytes, Some("text/xml; charset=iso-8859-1")), TEXT);
        }
    }

    #[test]
    fn the_header_and_then_the_declaration_name_a_legacy_charset() {
        assert_eq!(decode(b"<rss>\xc1", Some("text/xml; charset=\"koi8-r\"")), "<rss>а");
        assert_eq!(decode(b"<?xml version='1.0' encoding='windows-1251'?>\xc0", None).chars().last(), Some('А'));
        let japanese = b"<?xml encoding=\"iso-2022-jp\"?>\x1b$B$\"\x1b(B";
        assert_eq!(decode(japanese, None).chars().last(), Some('あ'));
    }

    #[test]
    fn a_wrong_charset_is_not_believed_against_the_bytes() {
        assert_eq!(decode("<rss>Zürich".as_bytes(), Some("text/xml; charset=iso-8859-1")), "<rss>Zürich");
        assert_eq!(
            decode(b"<?xml encoding='utf-8'?>Z\xfcrich und K\xf6ln", None),
            "<?xml encoding='utf-8'?>Zürich und Köln"
        );
        assert_eq!(decode(b"<rss>Z\xc3\xbcrich, \xc3", None), "<rss>Zürich, \u{fffd}");
    }

    proptest! {
        #[test]
        fn any_bytes_become_text(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&body, None);
        }
    }
}
