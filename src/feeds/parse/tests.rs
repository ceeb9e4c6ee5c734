use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;

use super::*;

const RSS: &str = "<?xml version='1.0'?><rss><item><title>Zürich</title></item></rss>";

fn url() -> Url {
    Url::parse("https://a.example/feed").unwrap()
}

fn packed(body: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(body).unwrap();
    gzip.finish().unwrap()
}

fn title(body: &[u8]) -> Option<String> {
    assert!(is_feed(body, None));
    feed(body, None, &url(), Keep::Addresses).unwrap().entries[0].title.clone()
}

#[test]
fn a_feed_is_read_in_whatever_it_is_wrapped() {
    let marked = ["\u{feff}", RSS].concat();
    let blank = ["\r\n\n  ", RSS].concat();
    let utf16: Vec<u8> = marked.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for body in [RSS.into(), marked.into_bytes(), blank.into_bytes(), utf16, packed(RSS.as_bytes())] {
        assert_eq!(title(&body).as_deref(), Some("Zürich"));
    }
    let mut cut = packed(RSS.repeat(500).as_bytes());
    cut.truncate(cut.len() - 12);
    assert_eq!(title(&cut).as_deref(), Some("Zürich"));
}

#[test]
fn a_list_of_addresses_is_a_sitemap() {
    let text = b"https://a.example/1\nhttps://a.example/2\n\n";
    assert!(is_feed(text, None));
    let list = feed(text, None, &url(), Keep::Addresses).unwrap();
    assert_eq!((list.kind, list.entries.len()), (Kind::Sitemap, 2));
    assert!(!is_feed(b"https://a.example/1\nis where I read it", None));
}

#[test]
fn a_json_feed_is_known_wherever_its_version_stands() {
    let items = r#"{"id":"1","title":"One","content_text":"words"},"#.repeat(500);
    let json = format!(r#"{{"items":[{items}{{"id":"2"}}],"version":"https://jsonfeed.org/version/1"}}"#);
    assert_eq!(title(json.as_bytes()).as_deref(), Some("One"));
}

#[test]
fn what_is_no_feed_is_refused_with_its_reason() {
    for (body, expected) in [
        (&b"<html><p>words"[..], FeedError::NoFeed),
        (b"", FeedError::NoFeed),
        (b"{\"version\":1}", FeedError::NoFeed),
        (b"\x1f\x8bgarbage", FeedError::BadGzip),
    ] {
        assert!(!is_feed(body, None));
        assert_eq!(feed(body, None, &url(), Keep::Addresses), Err(expected));
    }
}

#[test]
fn gzip_that_unpacks_without_end_is_too_large() {
    let bomb = packed(&vec![b' '; MOST_BYTES + 1]);
    assert_eq!(feed(&bomb, None, &url(), Keep::Addresses), Err(FeedError::TooLarge(MOST_BYTES)));
}

#[test]
fn texts_are_kept_only_where_they_are_asked_for() {
    let rss = "<rss><item><content:encoded><![CDATA[<p>Words</p>]]></content:encoded></item></rss>";
    let content = |keep| feed(rss.as_bytes(), None, &url(), keep).unwrap().entries[0].content.clone();
    assert_eq!((content(Keep::Content).as_deref(), content(Keep::Addresses)), (Some("<p>Words</p>"), None));
}

proptest! {
    #[test]
    fn no_bytes_break_the_reader(body in proptest::collection::vec(any::<u8>(), 0..300)) {
        for begin in [&b""[..], b"<rss>", b"{\"version\":\"https://jsonfeed.org/version/1\",\"items\":[", b"\x1f\x8b\x08"] {
            let body = [begin, &body].concat();
            let _ = is_feed(&body, None);
            let _ = feed(&body, None, &url(), Keep::Content);
        }
    }

    #[test]
    fn a_feed_with_flipped_bytes_is_read_or_refused(at in 0_usize..64, byte: u8) {
        let mut body = RSS.as_bytes().to_vec();
        body[at] = byte;
        let _ = feed(&body, None, &url(), Keep::Content);
    }
}
