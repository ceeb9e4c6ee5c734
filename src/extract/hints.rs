//! What the finder of a page said about it: a feed's entry, or whoever sent the address.
//!
//! A hint is a witness: it is believed below the page's structured data, and above what is guessed from its looks.

use super::authors;
use super::text::{TITLE_CHARS, clean_markup, cut};
use crate::record::{Date, UrlMessage};

/// The hints of one message.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Hints {
    pub(super) title: Option<String>,
    pub(super) published_at: Option<Date>,
    pub(super) authors: Vec<String>,
    pub(super) language: Option<String>,
}

/// Fields of a record that a hint gave, by their names in the record.
#[derive(Debug, Default)]
pub(super) struct Hinted(Vec<String>);

impl Hints {
    /// The hints that a message carries, as far as they can be read.
    pub fn of(message: &UrlMessage) -> Self {
        let title = message.title.as_deref().map(|title| cut(clean_markup(title), TITLE_CHARS));
        Self {
            title: title.filter(|title| !title.is_empty()),
            published_at: message.published_at.as_deref().and_then(|date| date.parse().ok()),
            authors: message.author.as_deref().map(authors::named).unwrap_or_default(),
            language: message.language.clone().filter(|language| language.len() <= 35),
        }
    }
}

impl Hinted {
    /// Notes that a field is the hint's where `is_so`.
    pub(super) fn note(&mut self, field: &str, is_so: bool) {
        if is_so {
            self.0.push(field.to_owned());
        }
    }

    /// The names.
    pub(super) fn fields(self) -> Vec<String> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use url::Url;

    use super::*;
    use crate::extract::{Extraction, Limits, Source, extract};

    fn read(head: &str, top: &str) -> Extraction {
        let text =
            "The council of the harbour town met on the quay and spoke of the bridge for a long time. ".repeat(8);
        let page =
            format!("<html><head>{head}</head><body><article>{top}<p>{text}</p><p>{text}</p></article></body></html>");
        let hints = Hints::of(&UrlMessage {
            title: Some("Bridge &amp; quay".into()),
            published_at: Some("2018-11-23T09:30:00+09:00".into()),
            author: Some("Ada Byron, Grace Hopper".into()),
            language: Some("en-GB".into()),
            ..UrlMessage::default()
        });
        let url = Url::parse("https://harbour.example/a/bridge").unwrap();
        let source = Source {
            body: page.as_bytes(),
            content_type: Some("text/html; charset=utf-8"),
            x_robots_tag: None,
            url: &url,
            hints: Some(&hints),
        };
        extract(&source, &Limits { min_words: 25, time_limit: Duration::from_secs(20) }).unwrap()
    }

    #[test]
    fn where_the_page_says_nothing_the_hints_do_and_the_record_says_so() {
        let content = read("", "").content;
        assert_eq!(content.title.as_deref(), Some("Bridge & quay"));
        assert_eq!(content.published_at.unwrap().to_string(), "2018-11-23T09:30:00+09:00");
        assert_eq!(content.authors, ["Ada Byron", "Grace Hopper"]);
        assert_eq!(content.hinted, ["title", "authors", "published_at"]);
    }

    #[test]
    fn the_structured_data_of_the_page_is_believed_more() {
        let data = r#"{"@type":"NewsArticle","headline":"The bridge stays","datePublished":"2018-11-20T08:00:00Z","author":{"@type":"Person","name":"Mary Somerville"}}"#;
        let content = read(&format!("<script type='application/ld+json'>{data}</script>"), "").content;
        assert_eq!(content.title.as_deref(), Some("The bridge stays"));
        assert_eq!(content.published_at.unwrap().to_string(), "2018-11-20T08:00:00Z");
        assert_eq!(content.authors, ["Mary Somerville"]);
        assert!(content.hinted.is_empty());
    }

    #[test]
    fn a_heading_is_the_pages_own_word_and_a_day_alone_gets_its_time_from_the_hint() {
        let content = read("", "<h1>Bridge stays</h1><p class=meta>Published: 23 November 2018</p>").content;
        assert_eq!(content.title.as_deref(), Some("Bridge stays"));
        assert_eq!(content.published_at.unwrap().to_string(), "2018-11-23T09:30:00+09:00");
        assert_eq!(content.hinted, ["authors", "published_at"]);
    }
}
