//! The parsers against a table of broken documents, and against what chance makes of them.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use url::Url;

use super::{Entry, Keep, feed, is_feed, named, opml};

/// A document of the table, and what comes out of it.
struct Case {
    name: &'static str,
    document: Vec<u8>,
    expected: Vec<&'static str>,
}

fn cases() -> Vec<Case> {
    let table = include_str!("../../tests/feeds/table.txt");
    let blocks = table.split("\n=== ").skip(1);
    let case = |block: &'static str| {
        let (head, rest) = block.split_once('\n').unwrap();
        let (document, expected) = rest.split_once("--->\n").unwrap();
        let (document, packed) = document.strip_prefix("packed ").map_or((document, false), |rest| (rest, true));
        let document = unescaped(document);
        let document = if packed { gzip(&document) } else { document };
        let name = head.split_once(':').unwrap().0;
        Case { name, document, expected: expected.lines().filter(|line| !line.is_empty()).collect() }
    };
    blocks.map(case).collect()
}

fn unescaped(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut chars = text.chars().filter(|c| *c != '\n');
    while let Some(c) = chars.next() {
        if c != '\\' {
            bytes.extend(c.to_string().bytes());
            continue;
        }
        match chars.next().unwrap() {
            'x' => {
                let digits: String = chars.by_ref().take(2).collect();
                bytes.push(u8::from_str_radix(&digits, 16).unwrap());
            }
            'n' => bytes.push(b'\n'),
            'r' => bytes.push(b'\r'),
            other => bytes.extend(other.to_string().bytes()),
        }
    }
    bytes
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

fn address() -> Url {
    Url::parse("https://a.example/feed").unwrap()
}

/// What is told of an entry, without what is null.
fn told(entry: &Entry) -> Value {
    let date = |date: Option<crate::record::Date>| date.map(|date| date.to_string());
    let fields = [
        ("url", json!(entry.url.as_ref().map(Url::as_str))),
        ("title", json!(entry.title)),
        ("published_at", json!(date(entry.published_at))),
        ("updated_at", json!(date(entry.updated_at))),
        ("authors", json!(entry.authors)),
        ("guid", json!(entry.guid)),
        ("language", json!(entry.language)),
    ];
    let says = |value: &Value| !value.is_null() && *value != json!([]);
    let fields = fields.into_iter().filter(|(_, value)| says(value));
    Value::Object(fields.map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>())
}

#[test]
fn a_hundred_broken_documents_give_what_can_be_had() {
    let cases = cases();
    assert!(cases.len() > 100);
    let mut wrong = Vec::new();
    for Case { name, document, expected } in &cases {
        let found: Vec<String> = match feed(document, None, &address(), Keep::Addresses) {
            Ok(feed) => feed.entries.iter().map(|entry| told(entry).to_string()).collect(),
            Err(failure) => vec![failure.to_string()],
        };
        let as_told = |line: &&str| match serde_json::from_str::<Value>(line) {
            Ok(value) => value.to_string(),
            Err(_) => (*line).to_owned(),
        };
        let expected: Vec<String> = expected.iter().map(as_told).collect();
        if found != expected {
            wrong.push(format!("{name}:\n  found    {found:?}\n  expected {expected:?}"));
        }
        assert_eq!(is_feed(document, None), feed(document, None, &address(), Keep::Addresses).is_ok(), "{name}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A document of the table after some edits: bytes changed, left out, doubled, and parts of another put in.
fn mutated(first: usize, second: usize, edits: &[(usize, u8, u8)]) -> Vec<u8> {
    let cases = cases();
    let mut bytes = cases[first % cases.len()].document.clone();
    let other = &cases[second % cases.len()].document;
    for (place, kind, value) in edits {
        let at = if bytes.is_empty() { 0 } else { place % bytes.len() };
        let end = (at + usize::from(*value)).min(bytes.len());
        match kind % 5 {
            0 if !bytes.is_empty() => bytes[at] = *value,
            1 => drop(bytes.drain(at..end)),
            2 => {
                let part = bytes[at..end].to_vec();
                bytes.splice(at..at, part);
            }
            3 => {
                let from = if other.is_empty() { 0 } else { place % other.len() };
                bytes.splice(at..at, other[from..(from + usize::from(*value)).min(other.len())].to_vec());
            }
            _ => bytes.truncate(end),
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn whatever_chance_makes_of_a_document_is_read_within_bounds(
        first in 0_usize..1_000,
        second in 0_usize..1_000,
        edits in proptest::collection::vec((any::<usize>(), any::<u8>(), any::<u8>()), 0..12),
    ) {
        let document = mutated(first, second, &edits);
        let _ = is_feed(&document, Some("text/xml; charset=utf-8"));
        if let Ok(feed) = feed(&document, None, &address(), Keep::Content) {
            for entry in &feed.entries {
                prop_assert!(entry.url.as_ref().is_none_or(|url| matches!(url.scheme(), "http" | "https")));
                let shown = |title: &String| !title.chars().any(char::is_control) && title.chars().count() <= 1_000;
                prop_assert!(entry.title.as_ref().is_none_or(shown));
            }
        }
        prop_assert!(named(&document, None, &address()).len() <= 10);
        let _ = opml::outlines(&document);
    }
}
