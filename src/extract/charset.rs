//! Bytes to text, as browsers read them.
//!
//! The order is the HTML Standard's (13.2.3.2): a byte order mark, the charset of the
//! `Content-Type` header, what a `meta` near the beginning says (the prescan, 13.2.3.2),
//! and at last a guess from the bytes (chardetng, Firefox's).

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252, X_USER_DEFINED};

/// Bytes that the prescan reads. The HTML Standard asks for 1,024; browsers go on while they are in the
/// head, and pages with long comments or scripts before their `meta` need it.
const PRESCAN_BYTES: usize = 64 * 1024;

/// Bytes that the guess is made from; it does not improve beyond.
const GUESS_BYTES: usize = 64 * 1024;

/// The text of a page, and the charset it was read in.
pub(super) fn decode<'a>(
    body: &'a [u8],
    content_type: Option<&str>,
    host: Option<&str>,
) -> (Cow<'a, str>, &'static Encoding) {
    let declared = declared(body, content_type);
    // Pages that declare a legacy charset and are UTF-8 are common, the reverse of a UTF-8 text by accident is not.
    let encoding = match declared {
        Some(encoding) if encoding != UTF_8 && is_utf8_beyond_ascii(body) => UTF_8,
        Some(encoding) => encoding,
        None => guess(body, host),
    };
    let (text, encoding, _) = encoding.decode(body);
    (text, encoding)
}

/// The charset that a page's byte order mark, its `Content-Type` header or its first bytes name, in this order; `None` where
/// all are silent.
pub fn declared(body: &[u8], content_type: Option<&str>) -> Option<&'static Encoding> {
    if let Some((encoding, _)) = Encoding::for_bom(body) {
        return Some(encoding);
    }
    content_type.and_then(of_content_type).or_else(|| prescan(body))
}

fn is_utf8_beyond_ascii(body: &[u8]) -> bool {
    Encoding::for_bom(body).is_none() && !body.is_ascii() && !body.contains(&0) && std::str::from_utf8(body).is_ok()
}

fn guess(body: &[u8], host: Option<&str>) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    let head = body.get(..GUESS_BYTES).unwrap_or(body);
    detector.feed(head, head.len() == body.len());
    let tld = host.and_then(|host| host.rsplit('.').next()).filter(|tld| tld.is_ascii() && !tld.is_empty());
    detector.guess(tld.map(str::as_bytes), Utf8Detection::Allow)
}

/// The charset that a `Content-Type` names.
fn of_content_type(value: &str) -> Option<&'static Encoding> {
    let at = find(value.as_bytes(), b"charset")?;
    let rest = value.get(at + 7..)?.trim_start().strip_prefix('=')?.trim_start();
    let label = match rest.as_bytes().first()? {
        quote @ (b'"' | b'\'') => rest.get(1..)?.split(char::from(*quote)).next()?,
        _ => rest.split([';', ' ', '\t', ',']).next()?,
    };
    Encoding::for_label(label.as_bytes())
}

/// Where `needle` (lower case) begins, without regard to case.
fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes.windows(needle.len()).position(|window| window.eq_ignore_ascii_case(needle))
}

/// Reads the beginning of a page for a `meta` that names its charset: the HTML Standard's prescan.
pub(super) fn prescan(body: &[u8]) -> Option<&'static Encoding> {
    let mut scan = Prescan { bytes: body.get(..PRESCAN_BYTES).unwrap_or(body), at: 0 };
    while let Some(rest) = scan.bytes.get(scan.at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with(b"<!--") {
            // The two dashes of the end may be those of the beginning: `<!-->` is a comment.
            scan.at += 2 + rest.get(2..)?.windows(3).position(|end| end == b"-->")? + 3;
        } else if is_meta(rest) {
            scan.at += 5;
            if let Some(encoding) = scan.meta() {
                return Some(encoding);
            }
        } else if is_tag(rest) {
            scan.at += if rest.get(1) == Some(&b'/') { 2 } else { 1 };
            while scan.peek().is_some_and(|byte| !byte.is_ascii_whitespace() && byte != b'>') {
                scan.at += 1;
            }
            while scan.attribute()?.is_some() {}
            scan.at += 1;
        } else if matches!(rest, [b'<', b'!' | b'/' | b'?', ..]) {
            scan.at += rest.iter().position(|byte| *byte == b'>')? + 1;
        } else {
            scan.at += 1;
        }
    }
    None
}

fn is_meta(rest: &[u8]) -> bool {
    rest.get(..5).is_some_and(|start| start.eq_ignore_ascii_case(b"<meta"))
        && rest.get(5).is_some_and(|byte| byte.is_ascii_whitespace() || *byte == b'/')
}

fn is_tag(rest: &[u8]) -> bool {
    matches!(rest, [b'<', letter, ..] | [b'<', b'/', letter, ..] if letter.is_ascii_alphabetic())
}

struct Prescan<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Prescan<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// The charset of the `meta` whose attributes begin here.
    fn meta(&mut self) -> Option<&'static Encoding> {
        let (mut pragma, mut needs_pragma, mut encoding) = (false, None, None);
        let mut seen: Vec<Vec<u8>> = Vec::new();
        while let Some(Some((name, value))) = self.attribute() {
            if seen.contains(&name) {
                continue;
            }
            match name.as_slice() {
                b"http-equiv" => pragma |= value == b"content-type",
                b"content" => {
                    if encoding.is_none()
                        && let Some(found) = std::str::from_utf8(&value).ok().and_then(of_content_attribute)
                    {
                        encoding = Some(found);
                        needs_pragma = Some(true);
                    }
                }
                b"charset" => {
                    encoding = Encoding::for_label(&value);
                    needs_pragma = Some(false);
                }
                _ => {}
            }
            seen.push(name);
        }
        if needs_pragma? && !pragma {
            return None;
        }
        // A page whose ASCII could be read so far is not UTF-16, whatever it says.
        Some(match encoding? {
            encoding if encoding == UTF_16BE || encoding == UTF_16LE => UTF_8,
            encoding if encoding == X_USER_DEFINED => WINDOWS_1252,
            encoding => encoding,
        })
    }

    /// The next attribute, lower case; `Some(None)` at the tag's end, `None` at the end of the bytes.
    #[expect(clippy::option_option, reason = "the bytes may end, or the tag")]
    fn attribute(&mut self) -> Option<Option<(Vec<u8>, Vec<u8>)>> {
        while self.peek()?.is_ascii_whitespace() || self.peek()? == b'/' {
            self.at += 1;
        }
        if self.peek()? == b'>' {
            return Some(None);
        }
        let mut name = Vec::new();
        loop {
            match self.peek()? {
                b'=' if !name.is_empty() => break,
                byte if byte.is_ascii_whitespace() => {
                    while self.peek()?.is_ascii_whitespace() {
                        self.at += 1;
                    }
                    if self.peek()? != b'=' {
                        return Some(Some((name, Vec::new())));
                    }
                    break;
                }
                b'/' | b'>' => return Some(Some((name, Vec::new()))),
                byte => name.push(byte.to_ascii_lowercase()),
            }
            self.at += 1;
        }
        self.at += 1;
        while self.peek()?.is_ascii_whitespace() {
            self.at += 1;
        }
        let mut value = Vec::new();
        match self.peek()? {
            quote @ (b'"' | b'\'') => {
                self.at += 1;
                while self.peek()? != quote {
                    value.push(self.peek()?.to_ascii_lowercase());
                    self.at += 1;
                }
                self.at += 1;
            }
            _ => {
                while !self.peek()?.is_ascii_whitespace() && self.peek()? != b'>' {
                    value.push(self.peek()?.to_ascii_lowercase());
                    self.at += 1;
                }
            }
        }
        Some(Some((name, value)))
    }
}

/// The charset in a `content` attribute ("extracting a character encoding from a meta element").
fn of_content_attribute(value: &str) -> Option<&'static Encoding> {
    let mut rest = value;
    loop {
        rest = rest.get(find(rest.as_bytes(), b"charset")? + 7..)?.trim_start();
        if let Some(after) = rest.strip_prefix('=') {
            rest = after.trim_start();
            break;
        }
    }
    let label = match rest.as_bytes().first()? {
        quote @ (b'"' | b'\'') => {
            let (label, _) = rest.get(1..)?.split_once(char::from(*quote))?;
            label
        }
        _ => rest.split(|c: char| c == ';' || c.is_ascii_whitespace()).next()?,
    };
    Encoding::for_label(label.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn charset(body: &[u8], content_type: Option<&str>) -> &'static str {
        decode(body, content_type, Some("example.com")).1.name()
    }

    #[test]
    fn a_byte_order_mark_beats_the_header_and_the_header_beats_the_page() {
        assert_eq!(charset(b"\xef\xbb\xbfa", Some("text/html; charset=koi8-r")), "UTF-8");
        assert_eq!(charset(b"<meta charset=koi8-r>\xc1", Some("text/html; charset=\"windows-1251\"")), "windows-1251");
        assert_eq!(charset(b"<meta charset=koi8-r>\xc1", Some("text/html")), "KOI8-R");
    }

    #[test]
    fn the_prescan_reads_what_browsers_read() {
        let cases: [(&[u8], Option<&str>); 10] = [
            (b"<meta charset=utf-16>", Some("UTF-8")),
            (b"<meta http-equiv=Content-Type content='text/html; charset = \"euc-jp\"'>", Some("EUC-JP")),
            (b"<meta content='text/html; charset=euc-jp'>", None),
            (b"<!-- <meta charset=koi8-r> --><meta charset=big5>", Some("Big5")),
            (b"<!--><meta charset=big5>", Some("Big5")),
            (b"<title charset=koi8-r></title><a b='<meta charset=koi8-r>'><meta/charset=big5>", Some("Big5")),
            (b"<metacharset=big5>", None),
            (b"<meta charset=nonsense>", None),
            (b"<meta charset='big5", None),
            (b"<? <meta charset=koi8-r>", None),
        ];
        for (page, expected) in cases {
            assert_eq!(prescan(page).map(Encoding::name), expected, "{}", String::from_utf8_lossy(page));
        }
    }

    #[test]
    fn a_page_that_says_nothing_is_guessed() {
        assert_eq!(charset("Die Straße nach Köln ist gesperrt.".as_bytes(), None), "UTF-8");
        let (bytes, _, _) =
            encoding_rs::WINDOWS_1251.encode("Президент России заявил в пятницу, что договор будет подписан");
        assert_eq!(charset(&bytes, None), "windows-1251");
    }

    proptest::proptest! {
        #[test]
        fn the_prescan_takes_any_bytes_and_reads_no_further_than_its_part(
            pieces in proptest::collection::vec(
                proptest::prop_oneof![
                    "[<>/='\"! -]{1,4}", "meta ", "charset=", "content=", "http-equiv=content-type ", "utf-16", "koi8-r", "<!--", "-->",
                ],
                0..60,
            ),
            bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300),
        ) {
            let page = [pieces.concat().as_bytes(), &bytes].concat();
            let found = prescan(&page);
            // What stands behind the part that is looked at changes nothing.
            let long = [&page[..], &vec![b' '; PRESCAN_BYTES]].concat();
            let longer = [&long[..], b"<meta charset=big5>"].concat();
            proptest::prop_assert_eq!(prescan(&long), prescan(&longer));
            proptest::prop_assert!(found.is_none_or(|found| found.name() != "UTF-16LE"), "a page that can be read so is no UTF-16");
            proptest::prop_assert!(decode(&page, None, None).0.len() <= 3 * page.len() + 3);
        }
    }

    #[test]
    fn any_bytes_become_text() {
        let (text, _) = decode(&[0xff, 0x00, 0xc3, 0x28, 0xed, 0xa0, 0x80], Some("text/html; charset=utf-8"), None);
        assert!(text.contains('\u{fffd}'));
    }
}
