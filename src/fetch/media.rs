//! Whether an answer is anything that newswire reads: by its header, and by its first bytes.

use mime::Mime;

use super::FetchError;

/// How many bytes are looked at (WHATWG MIME Sniffing, section 5.2).
pub const SNIFFED: usize = 1445;

/// The most bytes that a feed or sitemap may have, decoded: the limit of sitemaps (sitemaps.org).
pub const MOST_LIST_BYTES: u64 = 50 * 1024 * 1024;

/// How many bytes are looked at for the root of a feed or sitemap: comments and a style sheet may stand before it.
pub const LIST_LOOKED_AT: usize = 4_096;

/// The roots of feeds and sitemaps, without their prefixes.
const LIST_ROOTS: [&[u8]; 6] = [b"urlset", b"sitemapindex", b"rss", b"feed", b"rdf", b"channel"];

/// What kind of document a page is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Media {
    /// HTML, XHTML too.
    Html,
    /// Any XML: feeds, sitemaps.
    Xml,
    /// JSON, such as a JSON Feed.
    Json,
    /// Plain text.
    Text,
    /// A file in gzip, such as a sitemap's `.gz`: what is in it is for its reader to see.
    Packed,
}

/// What the `Content-Type` header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Declared {
    /// It names something that newswire reads.
    As(Media),
    /// It says nothing, or nothing that means anything: the first bytes decide.
    Nothing,
}

impl Declared {
    /// A file that calls itself packed and is not is what its bytes are.
    const fn unpacked(self) -> Self {
        if let Self::As(Media::Packed) = self { Self::Nothing } else { self }
    }
}

/// How the first bytes of known formats look that are no pages, whatever their header says.
const OTHER_FORMATS: [(&[u8], &str); 13] = [
    (b"%PDF-", "PDF"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"RIFF", "RIFF"),
    (b"PK\x03\x04", "ZIP"),
    (b"OggS", "Ogg"),
    (b"ID3", "MP3"),
    (b"\x00\x00\x01\x00", "icon"),
    (b"wOFF", "font"),
    (b"wOF2", "font"),
    (b"\x1a\x45\xdf\xa3", "Matroska"),
];

/// How gzip begins (RFC 1952, 2.3.1), with its only method.
const GZIP: &[u8] = b"\x1f\x8b\x08";

/// How HTML begins, after white space (the same document's table).
const HTML_BEGINS: [&[u8]; 17] = [
    b"<!doctype html",
    b"<html",
    b"<head",
    b"<script",
    b"<iframe",
    b"<h1",
    b"<div",
    b"<font",
    b"<table",
    b"<a",
    b"<style",
    b"<title",
    b"<b",
    b"<body",
    b"<br",
    b"<p",
    b"<!--",
];

/// Judges the header.
///
/// # Errors
/// `unsupported_content_type` for what newswire does not read.
pub fn declared(content_type: Option<&str>) -> Result<Declared, FetchError> {
    let text = content_type.unwrap_or_default().trim();
    // Sites send `text/html;` and `text/html, text/html`: what stands before the separator counts.
    let essence = text.split([';', ',']).next().unwrap_or_default().trim().to_ascii_lowercase();
    let Ok(media) = essence.parse::<Mime>() else { return Ok(Declared::Nothing) };
    let known = match media.essence_str() {
        "text/html" | "application/xhtml+xml" => Media::Html,
        "text/xml" | "application/xml" => Media::Xml,
        "text/plain" => Media::Text,
        "application/json" | "text/json" | "application/feed+json" => Media::Json,
        "application/gzip" | "application/x-gzip" | "application/x-gunzip" | "application/gzipped" => Media::Packed,
        "application/octet-stream" | "binary/octet-stream" | "unknown/unknown" | "application/unknown" | "*/*" => {
            return Ok(Declared::Nothing);
        }
        other if other.ends_with("+xml") && !other.starts_with("image/") => Media::Xml,
        other => return Err(unsupported(other)),
    };
    Ok(Declared::As(known))
}

/// Judges the first bytes of a body, decoded.
///
/// # Errors
/// `unsupported_content_type` for a known format that is no page, and for binary bytes under no header.
pub fn sniffed(declared: Declared, body: &[u8]) -> Result<Media, FetchError> {
    let start = body.get(..SNIFFED).unwrap_or(body);
    if let Some((_, name)) = OTHER_FORMATS.iter().find(|(magic, _)| start.starts_with(magic)) {
        return Err(unsupported(&format!("{name} by its first bytes")));
    }
    if start.starts_with(GZIP) {
        return Ok(Media::Packed);
    }
    if let Declared::As(media) = declared.unpacked() {
        return Ok(media);
    }
    let wide = start.starts_with(b"\xff\xfe") || start.starts_with(b"\xfe\xff");
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    if HTML_BEGINS.iter().any(|begin| begins(text, begin)) {
        return Ok(Media::Html);
    }
    if begins(text, b"<?xml") || begins(text, b"<rss") || begins(text, b"<feed") || begins(text, b"<urlset") {
        return Ok(Media::Xml);
    }
    if !wide && text.iter().any(|byte| is_binary(*byte)) {
        return Err(unsupported("binary by its first bytes"));
    }
    Ok(if text.starts_with(b"{") { Media::Json } else { Media::Text })
}

/// Whether a body begins as a feed or sitemap in XML does, or as a sitemap that is an address a line: these may be
/// longer than a page. No HTML does.
pub fn begins_a_list(body: &[u8]) -> bool {
    let start = body.get(..LIST_LOOKED_AT).unwrap_or(body);
    let mut text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    if begins(text, b"http://") || begins(text, b"https://") {
        let mut lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
        // The last line may be cut.
        return lines.all(|line| {
            line.is_empty() || b"https://".starts_with(line) || (begins(line, b"http") && !line.contains(&b' '))
        });
    }
    while let Some(end) = prologue_end(text) {
        text = text.get(end..).unwrap_or_default().trim_ascii_start();
    }
    let Some(tag) = text.strip_prefix(b"<") else { return false };
    let name = tag.split(|byte| byte.is_ascii_whitespace() || matches!(byte, b'>' | b'/')).next().unwrap_or_default();
    let local = name.rsplit(|byte| *byte == b':').next().unwrap_or_default();
    LIST_ROOTS.iter().any(|root| local.eq_ignore_ascii_case(root))
}

/// Where a declaration, an instruction or a comment at the beginning ends.
fn prologue_end(text: &[u8]) -> Option<usize> {
    let end: &[u8] = match text {
        [b'<', b'!', b'-', b'-', ..] => b"-->",
        [b'<', b'?' | b'!', ..] if !begins(text, b"<!doctype html") => b">",
        _ => return None,
    };
    text.windows(end.len()).position(|window| window == end).map(|at| at + end.len())
}

fn begins(text: &[u8], pattern: &[u8]) -> bool {
    text.get(..pattern.len()).is_some_and(|start| start.eq_ignore_ascii_case(pattern))
}

/// The "binary data bytes" of MIME Sniffing, section 3.
const fn is_binary(byte: u8) -> bool {
    matches!(byte, 0x00..=0x08 | 0x0b | 0x0e..=0x1a | 0x1c..=0x1f)
}

fn unsupported(found: &str) -> FetchError {
    let end = found.floor_char_boundary(100);
    FetchError::UnsupportedContentType { found: found.get(..end).unwrap_or_default().to_owned() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pages_feeds_and_texts_are_read() {
        for (header, media) in [
            ("text/html", Media::Html),
            ("TEXT/HTML; charset=utf-8", Media::Html),
            ("text/html;", Media::Html),
            ("text/html, text/html", Media::Html),
            ("application/xhtml+xml", Media::Html),
            ("application/rss+xml", Media::Xml),
            ("text/xml; charset=\"utf-8\"", Media::Xml),
            ("text/plain", Media::Text),
            ("application/feed+json", Media::Json),
        ] {
            assert_eq!(declared(Some(header)), Ok(Declared::As(media)), "{header}");
        }
    }

    #[test]
    fn anything_else_is_refused_by_its_header() {
        for header in ["image/png", "application/pdf", "video/mp4", "image/svg+xml", "text/css", "application/zip"] {
            assert!(declared(Some(header)).is_err(), "{header}");
        }
    }

    #[test]
    fn without_a_header_the_first_bytes_decide() {
        for header in [None, Some(""), Some("html"), Some("application/octet-stream")] {
            assert_eq!(declared(header), Ok(Declared::Nothing));
        }
        let media = |body: &[u8]| sniffed(Declared::Nothing, body);
        assert_eq!(media(b" \n<!DOCTYPE HTML><p>"), Ok(Media::Html));
        assert_eq!(media(b"\xef\xbb\xbf<?xml version='1.0'?>"), Ok(Media::Xml));
        assert_eq!(media(b"{\"version\":1}"), Ok(Media::Json));
        assert_eq!(media(b"words"), Ok(Media::Text));
        assert_eq!(media(b""), Ok(Media::Text));
        assert!(media(b"ab\x00\x01").is_err());
    }

    #[test]
    fn feeds_and_sitemaps_are_known_by_their_roots_and_html_is_none() {
        for list in [
            "\u{feff}\n<?xml version='1.0'?>\n<!-- > --><?xml-stylesheet href='a.xsl'?><urlset xmlns='x'>",
            "<sitemapindex>",
            "<!DOCTYPE rss><RSS version='2.0'>",
            "<rdf:RDF xmlns='x'>",
            "<ns0:urlset>",
            "<feed>",
            "https://a.example/1\r\nhttps://a.example/2\nhtt",
        ] {
            assert!(begins_a_list(list.as_bytes()), "{list}");
        }
        for other in
            ["", "<html><rss>", "<!DOCTYPE html><urlset>", "<!-- <rss> -->", "<p>", "http words", "{", "<", "<urlsets>"]
        {
            assert!(!begins_a_list(other.as_bytes()), "{other}");
        }
    }

    #[test]
    fn a_pdf_is_no_page_whatever_its_header_says() {
        assert!(sniffed(Declared::As(Media::Html), b"%PDF-1.7 ...").is_err());
        assert_eq!(sniffed(Declared::As(Media::Html), b"<p>\0</p>"), Ok(Media::Html));
    }

    proptest! {
        #[test]
        fn any_header_and_any_bytes_are_judged(
            header in "[ -~\u{80}-\u{2ff}]{0,40}",
            kind in "(text|application|\\*)/?[a-z+.*]{0,12}[;, ]{0,3}(charset=.{0,9})?",
            body in prop::collection::vec(any::<u8>(), 0..2_000),
        ) {
            for header in [&header, &kind] {
                let _ = begins_a_list(&body);
                if let Ok(declared) = declared(Some(header)) {
                    let judged = sniffed(declared, &body);
                    prop_assert!(judged.is_ok() || judged.is_err_and(|refusal| refusal.to_string().len() < 300));
                }
            }
        }
    }
}
