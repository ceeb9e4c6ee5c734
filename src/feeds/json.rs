//! JSON Feed, version 1 and 1.1 (jsonfeed.org), also where it ends in the middle.

use std::time::Duration;

use serde_json::{Map, Value};
use url::Url;

use super::entry::{Entry, Feed, FeedError, Kind, MOST_ENTRIES, Rhythm};
use super::parse::Keep;
use super::unwrap::unwrapped;
use super::{dates, words};

/// Whether a text is a JSON Feed: an object that names the version of the format, or has a version of it and items.
pub(super) fn is_one(text: &str) -> bool {
    if !text.starts_with('{') {
        return false;
    }
    text.contains("jsonfeed.org/version")
        || (text.contains("\"items\"") && text.contains("\"version\"") && is_numbered(text))
}

/// `"version": "1.1"` beside a list of items: the format as some write it.
fn is_numbered(text: &str) -> bool {
    #[derive(serde::Deserialize)]
    struct Numbered {
        version: String,
        items: Vec<Item>,
    }
    #[derive(serde::Deserialize)]
    struct Item {}
    let feed = serde_json::from_str::<Numbered>(text);
    feed.is_ok_and(|feed| matches!(feed.version.as_str(), "1" | "1.0" | "1.1") && !feed.items.is_empty())
}

/// Reads a JSON Feed.
pub(super) fn read(text: &str, base: &Url, keep: Keep) -> Result<Feed, FeedError> {
    let (feed, items, cut) = match serde_json::from_str::<Map<String, Value>>(text) {
        Ok(mut feed) => {
            let items = match feed.remove("items") {
                Some(Value::Array(items)) => items,
                _ => Vec::new(),
            };
            (feed, items, false)
        }
        Err(failure) => {
            let items = whole_items(text);
            if items.is_empty() {
                return Err(FeedError::Json(failure.to_string()));
            }
            (Map::new(), items, true)
        }
    };
    let language = feed.get("language").and_then(Value::as_str);
    let of_all = authors(&feed);
    let entries = items.iter().filter_map(Value::as_object).take(MOST_ENTRIES).map(|item| {
        let mut entry = entry(item, base, keep);
        if entry.authors.is_empty() {
            entry.authors.clone_from(&of_all);
        }
        entry.language = entry.language.or_else(|| language.and_then(words::line));
        entry
    });
    let entries: Vec<Entry> = entries.collect();
    let cut = cut || items.len() > entries.len();
    let hub = feed.get("hubs").and_then(|hubs| hubs.get(0)?.get("url")?.as_str()).and_then(words::line);
    let rhythm = Rhythm { ttl: None::<Duration>, ..Rhythm::default() };
    Ok(Feed { kind: Kind::Feed, entries, cut, rhythm, hub })
}

/// The items of a text that is no JSON as a whole: those before it breaks.
fn whole_items(text: &str) -> Vec<Value> {
    let mut items = Vec::new();
    let Some((_, behind)) = text.split_once("\"items\"") else { return items };
    let Some(mut rest) = behind.trim_start().strip_prefix(':').and_then(|rest| rest.trim_start().strip_prefix('['))
    else {
        return items;
    };
    while items.len() < MOST_ENTRIES {
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
        let Some(Ok(item)) = values.next() else { break };
        items.push(item);
        let behind = rest.get(values.byte_offset()..).unwrap_or_default().trim_start();
        let Some(next) = behind.strip_prefix(',') else { break };
        rest = next;
    }
    items
}

fn entry(item: &Map<String, Value>, base: &Url, keep: Keep) -> Entry {
    let text = |name: &str| item.get(name).and_then(Value::as_str);
    let guid = item.get("id").and_then(|id| match id {
        Value::String(id) => words::line(id),
        // Version 1 asked for a string; numbers are common.
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    });
    let is_page = |url: &Url| matches!(url.scheme(), "http" | "https") && url.has_host();
    let link =
        |name: &str| text(name).filter(|link| !link.trim().is_empty()).and_then(|link| base.join(link.trim()).ok());
    let page = link("url").filter(is_page).or_else(|| link("external_url").filter(is_page));
    let page = page.or_else(|| guid.as_deref().and_then(|guid| Url::parse(guid).ok()).filter(is_page));
    let content = || text("content_html").or_else(|| text("content_text")).map(str::to_owned);
    Entry {
        url: page.map(unwrapped),
        title: text("title").and_then(words::line),
        published_at: text("date_published").and_then(dates::read),
        updated_at: text("date_modified").and_then(dates::read),
        authors: authors(item),
        guid,
        language: text("language").and_then(words::line),
        content: if keep == Keep::Content { content() } else { None },
        is_news: false,
    }
}

fn authors(of: &Map<String, Value>) -> Vec<String> {
    let several = of.get("authors").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let all = several.iter().chain(of.get("author").filter(|_| several.is_empty()));
    all.filter_map(|author| author.get("name").and_then(Value::as_str).or(author.as_str()))
        .filter_map(words::line)
        .take(50)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FEED: &str = r#"{"version":"https://jsonfeed.org/version/1.1","title":"T","language":"de","authors":[{"name":"Desk"}],
      "items":[{"id":7,"url":"/1","title":"One &amp; two","date_published":"2018-11-23T09:30:00+09:00"},
      {"id":"https://a.example/2","external_url":"https://b.example/","authors":[{"name":"A"},{"name":"B"}],"language":"en"}]}"#;

    fn feed(text: &str) -> Result<Feed, FeedError> {
        read(text, &Url::parse("https://a.example/feed.json").unwrap(), Keep::Addresses)
    }

    #[test]
    fn items_say_what_they_say_and_the_feed_says_the_rest() {
        let entries = feed(FEED).unwrap().entries;
        assert_eq!(entries[0].url.as_ref().unwrap().as_str(), "https://a.example/1");
        assert_eq!((entries[0].guid.as_deref(), entries[0].language.as_deref()), (Some("7"), Some("de")));
        assert_eq!(entries[0].authors, ["Desk"]);
        assert_eq!(entries[0].published_at.unwrap().to_string(), "2018-11-23T09:30:00+09:00");
        assert_eq!(entries[1].url.as_ref().unwrap().as_str(), "https://b.example/");
        assert_eq!(entries[1].authors, ["A", "B"]);
    }

    #[test]
    fn a_feed_may_give_its_version_as_a_number_and_other_objects_are_none() {
        assert!(is_one(r#"{"version":"1.1","items":[{"id":"1","url":"https://a.example/1"}]}"#));
        assert!(!is_one(r#"{"version":"2.0","items":[{"id":"1"}]}"#));
        assert!(!is_one(r#"{"version":"1.1","items":["1"]}"#));
    }

    #[test]
    fn a_feed_that_ends_in_the_middle_gives_its_whole_items() {
        let cut = feed(&FEED[..FEED.len() - 30]).unwrap();
        assert_eq!((cut.entries.len(), cut.cut), (1, true));
        assert!(feed(r#"{"version":"https://jsonfeed.org/version/1","items":[{"#).is_err());
    }
}
