//! Lists of feeds, as readers of feeds exchange them (OPML 2.0).

use quick_xml::escape::escape;
use url::Url;

use super::markup::{Token, Tokens, attribute};
use super::{charset, words};
use crate::record::Subscribed;

/// Feeds that one list may name: ten times what one worker is meant for.
const MOST: usize = 100_000;

/// A feed that a list names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    /// Its address, as written.
    pub url: String,
    /// What the reader calls it.
    pub title: Option<String>,
}

/// The feeds of a list, in its order, whatever folders they are in, each address once. What is broken gives what can be had.
pub fn outlines(bytes: &[u8]) -> Vec<Outline> {
    let text = charset::decode(bytes, None);
    let mut once = std::collections::HashSet::new();
    let mut found = Vec::new();
    for token in Tokens::of(&text) {
        let Token::Start { name, attributes, .. } = token else { continue };
        if !name.eq_ignore_ascii_case("outline") {
            continue;
        }
        let value = |wanted: &str| attribute(attributes, wanted).and_then(|value| words::line(&value));
        let Some(url) = value("xmlUrl") else { continue };
        if once.insert(url.clone()) {
            found.push(Outline { url, title: value("title").or_else(|| value("text")) });
        }
        if found.len() >= MOST {
            break;
        }
    }
    found
}

/// The list of these subscriptions, for any reader of feeds.
pub fn write<'a>(subscriptions: impl IntoIterator<Item = &'a Subscribed>) -> String {
    let mut list = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<opml version=\"2.0\">\n  <head><title>newswire</title></head>\n  <body>\n",
    );
    for Subscribed { url, title, .. } in subscriptions {
        let site = Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
        let title = escape(title.as_deref().unwrap_or(&site));
        let url = escape(url);
        list.push_str(&format!("    <outline type=\"rss\" text=\"{title}\" title=\"{title}\" xmlUrl=\"{url}\"/>\n"));
    }
    list.push_str("  </body>\n</opml>\n");
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn feeds_are_found_in_all_folders_each_once() {
        let list = r#"<?xml version="1.0"?><opml><body><outline text="News">
            <outline text="A &amp; B" type="rss" xmlUrl="https://a.example/feed?x=1&amp;y=2" htmlUrl="https://a.example/"/>
            <OUTLINE TITLE='B' XMLURL='https://b.example/feed'>
            <outline text="again" xmlUrl="https://b.example/feed"/>
            <outline text="no feed" htmlUrl="https://c.example/"/>"#;
        let found = outlines(list.as_bytes());
        let found: Vec<_> = found.iter().map(|outline| (outline.url.as_str(), outline.title.as_deref())).collect();
        assert_eq!(found, [("https://a.example/feed?x=1&y=2", Some("A & B")), ("https://b.example/feed", Some("B"))]);
    }

    #[test]
    fn what_is_written_is_read_back() {
        let listed = |url: &str, title: &str| Subscribed {
            url: url.into(),
            every: "auto".into(),
            added_at: "2018-11-23T00:00:00Z".into(),
            id: "x".into(),
            title: Some(title.into()),
        };
        let all = [listed("https://a.example/?a&b=\"<1>\"", "\"A\" & <b>"), listed("https://b.example/", "B")];
        let back = outlines(write(&all).as_bytes());
        assert_eq!(back.len(), 2);
        for (listed, outline) in all.iter().zip(&back) {
            assert_eq!((&listed.url, &listed.title), (&outline.url, &outline.title));
        }
    }

    #[test]
    fn what_is_no_list_names_no_feed() {
        for text in ["", "https://a.example/", "{\"xmlUrl\":\"x\"}", "<outline"] {
            assert!(outlines(text.as_bytes()).is_empty(), "{text}");
        }
    }
}
