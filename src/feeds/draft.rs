//! An entry while it is read.

use url::Url;

use super::entry::Entry;
use super::markup::attributes;
use super::unwrap::unwrapped;
use super::{dates, words};
use crate::record::Date;

/// Links of one entry that are looked at, and authors that are kept.
const MOST: usize = 50;

/// A link of an entry.
#[derive(Debug)]
pub(super) struct Link {
    /// What it leads to: `alternate` is the page.
    pub(super) rel: String,
    /// Whether it leads to a page, by what it says.
    pub(super) html: bool,
    /// Whether it is the text of its element.
    pub(super) is_stated: bool,
    pub(super) url: Url,
}

/// What an entry has said so far; each value with how little it is believed.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) links: Vec<Link>,
    pub(super) original: Option<Url>,
    pub(super) content_source: Option<Url>,
    pub(super) title: Option<(u8, String)>,
    pub(super) guid: Option<(u8, String)>,
    pub(super) guid_is_no_link: bool,
    pub(super) published: Option<(u8, Date)>,
    pub(super) updated: Option<(u8, Date)>,
    pub(super) language: Option<(u8, String)>,
    pub(super) content: Option<(u8, String)>,
    pub(super) is_news: bool,
    authors: Vec<String>,
    authors_trust: u8,
    about: Option<Url>,
}

impl Draft {
    /// An entry that begins, with what its own tag says: RDF's `about`, and CDF's address and date.
    pub(super) fn new(tag: &str, base: &Url) -> Self {
        let mut draft = Self::default();
        for (name, value) in attributes(tag) {
            match name.to_ascii_lowercase().as_str() {
                "rdf:about" | "about" => draft.about = base.join(value.trim()).ok(),
                "href" => draft.about = base.join(value.trim()).ok(),
                "lastmod" => draft.updated = dates::read(&value).map(|date| (0, date)),
                _ => {}
            }
        }
        draft
    }

    /// One more link that is an element's text. Of several the last counts where `last_counts`, as in the other readers
    /// of RSS.
    pub(super) fn stated(&mut self, url: Url, last_counts: bool) {
        let stated = Link { rel: "alternate".into(), html: true, is_stated: true, url };
        match self.links.iter_mut().find(|link| last_counts && link.is_stated) {
            Some(link) => *link = stated,
            None => self.links.push(stated),
        }
    }

    /// One more author; those of a better source replace the others.
    pub(super) fn author(&mut self, trust: u8, name: String) {
        if trust < self.authors_trust {
            self.authors.clear();
        }
        if (self.authors.is_empty() || trust <= self.authors_trust) && self.authors.len() < MOST {
            self.authors_trust = trust;
            if !self.authors.contains(&name) {
                self.authors.push(name);
            }
        }
    }

    /// The entry.
    pub(super) fn entry(mut self) -> Entry {
        let url = self.page();
        let value = |known: Option<(u8, String)>| known.map(|(_, value)| value);
        Entry {
            url,
            title: value(self.title),
            published_at: self.published.map(|(_, date)| date),
            updated_at: self.updated.map(|(_, date)| date),
            authors: self.authors,
            guid: value(self.guid).or_else(|| self.about.as_ref().map(ToString::to_string)),
            language: value(self.language).and_then(|language| words::line(&language)),
            content: value(self.content),
            is_news: self.is_news,
        }
    }

    /// The address of the page: what a tracker says it stands for, the alternate link, any link that is no
    /// part of the machinery, an id that is an address.
    fn page(&mut self) -> Option<Url> {
        self.links.truncate(MOST);
        let is_page = |url: &Url| matches!(url.scheme(), "http" | "https") && url.has_host();
        let linked = |wanted: &dyn Fn(&Link) -> bool| {
            self.links.iter().find(|link| is_page(&link.url) && wanted(link)).map(|link| link.url.clone())
        };
        let machinery =
            ["self", "edit", "replies", "enclosure", "hub", "next", "previous", "service.edit", "service.post"];
        let guid = self.guid.as_ref().map(|(_, guid)| guid).filter(|_| !self.guid_is_no_link);
        let original = self.original.take().filter(is_page);
        let page = original
            .or_else(|| linked(&|link| link.rel == "alternate" && link.html))
            .or_else(|| linked(&|link| link.rel == "alternate"))
            .or_else(|| guid.and_then(|guid| Url::parse(guid).ok()).filter(is_page))
            .or_else(|| linked(&|link| !machinery.contains(&link.rel.as_str())))
            .or_else(|| self.content_source.take().filter(is_page))
            .or_else(|| self.about.clone().filter(is_page))?;
        Some(unwrapped(page))
    }
}
