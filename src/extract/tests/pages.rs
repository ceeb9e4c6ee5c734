//! The small pages of `tests/pages`: each has a layout that a rule exists for, beside what is expected of it.
//!
//! `NAME.html` (or `NAME.txt`, a page that is plain text) stands beside `NAME.json`:
//!
//! | key | what it says |
//! |---|---|
//! | `why` | the layout, in a sentence |
//! | `url` | the page's address |
//! | `outcome` | `published` or `rejected` |
//! | `reason`, `detail` | of a rejected page: its reason, and a part of its detail |
//! | `article` | a part of the record: what is named must be equal, in objects within it too; `canonical_url` may be named |
//! | `present`, `absent` | snippets that are in the body, or are not |

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};
use url::Url;

use crate::extract::{Extraction, Limits, Refusal, Source, extract};

const LIMITS: Limits = Limits { min_words: 25, time_limit: Duration::from_secs(30) };

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    why: String,
    url: String,
    outcome: String,
    reason: Option<String>,
    detail: Option<String>,
    #[serde(default)]
    article: Map<String, Value>,
    #[serde(default)]
    present: Vec<String>,
    #[serde(default)]
    absent: Vec<String>,
}

#[test]
fn every_page_gives_the_record_that_stands_beside_it() {
    let expectations = expectations();
    assert!(expectations.len() >= 5, "{} pages", expectations.len());
    let mut report = String::new();
    for path in &expectations {
        let differences = differences(path);
        if !differences.is_empty() {
            report += &format!("\n{}: {}", path.display(), differences.join("\n    "));
        }
    }
    assert!(report.is_empty(), "{report}");
}

fn expectations() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pages");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut expectations: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|kind| kind == "json")).collect();
    expectations.sort();
    expectations
}

/// What differs from the expected; the first line is why the page is there.
fn differences(path: &Path) -> Vec<String> {
    let expected: Expected = match serde_json::from_slice(&fs::read(path).unwrap()) {
        Ok(expected) => expected,
        Err(e) => return vec![format!("not to be read: {e}")],
    };
    let (html, plain) = (path.with_extension("html"), path.with_extension("txt"));
    let (file, content_type) = if html.exists() { (html, "text/html") } else { (plain, "text/plain") };
    let Ok(body) = fs::read(&file) else { return vec![format!("{} is not there", file.display())] };
    let url = Url::parse(&expected.url).unwrap();
    let source = Source { body: &body, content_type: Some(content_type), x_robots_tag: None, url: &url, hints: None };
    let differences = match extract(&source, &LIMITS) {
        Ok(extraction) => of_article(&expected, extraction),
        Err(refusal) => of_refusal(&expected, &refusal),
    };
    if differences.is_empty() { differences } else { [vec![expected.why], differences].concat() }
}

fn of_refusal(expected: &Expected, refusal: &Refusal) -> Vec<String> {
    if expected.outcome != "rejected" {
        return vec![format!("expected: {}, found: {refusal}", expected.outcome)];
    }
    let mut differences = Vec::new();
    let reason = expected.reason.as_deref().unwrap_or("not_an_article");
    if refusal.reason().as_str() != reason {
        differences.push(format!("reason: expected {reason}, found {}", refusal.reason().as_str()));
    }
    if let Some(detail) = expected.detail.as_ref().filter(|detail| !refusal.to_string().contains(*detail)) {
        differences.push(format!("detail: expected {detail:?} in {refusal:?}"));
    }
    differences
}

fn of_article(expected: &Expected, extraction: Extraction) -> Vec<String> {
    if expected.outcome != "published" {
        let title = extraction.content.title.unwrap_or_default();
        return vec![format!(
            "expected: {}, found: an article, {title:?}: {}",
            expected.outcome, extraction.content.body
        )];
    }
    let body = extraction.content.body.clone();
    let mut found = serde_json::to_value(&extraction.content).unwrap();
    found["canonical_url"] = extraction.canonical.map_or(Value::Null, |url| Value::String(url.into()));
    let mut differences = Vec::new();
    compare("", &Value::Object(expected.article.clone()), &found, &mut differences);
    let missing = expected.present.iter().filter(|snippet| !body.contains(*snippet));
    differences.extend(missing.map(|snippet| format!("not in the body: {snippet:?}")));
    let foreign = expected.absent.iter().filter(|snippet| body.contains(*snippet));
    differences.extend(foreign.map(|snippet| format!("in the body: {snippet:?}")));
    differences
}

/// Holds what is expected against what was found: objects by the keys that are named, lists item by item.
fn compare(path: &str, expected: &Value, found: &Value, differences: &mut Vec<String>) {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            for (key, value) in expected {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                compare(&path, value, found.get(key).unwrap_or(&Value::Null), differences);
            }
        }
        (Value::Array(wanted), Value::Array(got))
            if wanted.len() == got.len() && wanted.iter().all(Value::is_object) =>
        {
            for (number, (wanted, got)) in wanted.iter().zip(got).enumerate() {
                compare(&format!("{path}[{number}]"), wanted, got, differences);
            }
        }
        (Value::Array(wanted), Value::Array(got)) if wanted != got => {
            let before = differences.len();
            let missing = wanted.iter().filter(|value| !got.contains(value));
            differences.extend(missing.map(|value| format!("{path}: missing {value}")));
            let extra = got.iter().filter(|value| !wanted.contains(value));
            differences.extend(extra.map(|value| format!("{path}: too many {value}")));
            if differences.len() == before {
                differences.push(format!("{path}: expected {expected}, found {found}"));
            }
        }
        _ if expected == found => {}
        _ => differences.push(format!("{path}: expected {expected}, found {found}")),
    }
}
