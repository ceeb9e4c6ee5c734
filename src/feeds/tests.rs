//! The parsers against tables of broken and odd documents, and against what chance makes of them.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use serde_json::{Map, Value, json};
use url::Url;

use super::{Entry, Keep, feed, is_feed};

/// A document of the table, and what comes out of it.
struct Case {
    name: &'static str,
    document: Vec<u8>,
    expected: Vec<&'static str>,
}

fn cases() -> Vec<Case> {
    let tables = [include_str!("../../tests/feeds/table.txt"), include_str!("../../tests/feeds/odd.txt")];
    let blocks = tables.into_iter().flat_map(|table| table.split("\n=== ").skip(1));
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
fn two_hundred_broken_and_odd_documents_give_what_can_be_had() {
    let cases = cases();
    assert!(cases.len() > 180, "{}", cases.len());
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

mod chance;
