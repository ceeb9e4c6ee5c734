//! Which object of a page's states is its article.
//!
//! States also hold teasers, related articles and whole feeds. The article is the object whose address or headline is the
//! page's, and of those the one with the most text. An object that says neither is taken only on a page that does not say what it
//! is either, if its text is long and few others stand beside it.

use serde_json::{Map, Value};

use super::render::markup;
use super::scripts::{Values, within};
use super::words;
use crate::extract::structured::Facts;
use crate::extract::text::{clean_markup, key};

/// Objects that are looked at, at most, and how deep they may lie.
const MAX_OBJECTS: usize = 60_000;
const MAX_DEPTH: usize = 30;
/// Nodes of candidates that are drawn, at most. The largest of 95 real states takes some 20,000.
const MAX_NODES: usize = 500_000;
/// Values that are read out of strings, at most.
const MAX_UNPACKED: usize = 100_000;
/// Bytes of drawn candidates, at most.
const MAX_DRAWN: usize = 12_000_000;
/// Words of a text that does not say whose it is, at least.
const UNNAMED_WORDS: usize = 100;
/// Other articles and goods beside it, at most.
const MOST_OTHERS: usize = 3;
/// Authors that are read, at most.
const MAX_AUTHORS: usize = 10;

/// What the names of the fields have in them where articles have their text, in lower case and without what divides words.
const BODIES: [&str; 14] = [
    "body",
    "html",
    "content",
    "text",
    "paragraph",
    "blocks",
    "slices",
    "story",
    "elements",
    "components",
    "sections",
    "parts",
    "copy",
    "rendered",
];
/// What objects have that are sold, and articles have not.
const GOODS: [&str; 5] = ["price", "sku", "prices", "salePrice", "offers"];
/// Where they have their headline, their addresses, authors and day.
const HEADLINES: [&str; 9] =
    ["headline", "headlines", "title", "heading", "pageTitle", "seoTitle", "seo_title", "shortTitle", "name"];
#[rustfmt::skip]
const ADDRESSES: [&str; 15] = [
    "canonical_url", "canonicalUrl", "website_url", "url", "uri", "path", "slug", "fullSlug", "link", "href", "permalink", "shareUrl", "webUrl", "pageUrl", "canonical",
];
const AUTHORS: [&str; 7] = ["authors", "author", "byline", "bylines", "writers", "credits", "creator"];
#[rustfmt::skip]
const DAYS: [&str; 17] = [
    "first_publish_date", "firstPublishedAt", "firstPublished", "datePublished", "publishedAt", "published_at", "publishDate", "publish_date", "publicationDate", "publication_date", "publishedDate", "published_date", "published", "display_date",
    "displayDate", "pubDate", "date",
];

/// An article that a state holds.
#[derive(Debug)]
pub(super) struct Article {
    pub(super) headline: Option<String>,
    pub(super) authors: Vec<String>,
    /// The day of publication, as written.
    pub(super) published: Option<String>,
    /// Its content, as markup.
    pub(super) body: String,
    /// Words of it.
    pub(super) words: usize,
}

/// What an object says of whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Whose {
    /// Another article's.
    Other,
    /// Nothing.
    Unsaid,
    /// Something around it is this page's.
    Within,
    /// This page's.
    Page,
}

impl Whose {
    /// How much its words count.
    fn weight(self) -> usize {
        match self {
            Self::Other => 0,
            Self::Unsaid => 1,
            Self::Within => 2,
            Self::Page => 3,
        }
    }
}

/// The page's article among its states.
pub(super) fn article(values: &Values, facts: &Facts<'_>) -> Option<Article> {
    let page = Identity::of(facts);
    let mut best: Option<(Whose, usize, String, &Map<String, Value>)> = None;
    let mut unpacked: Vec<Value> = Vec::new();
    let mut left = MAX_UNPACKED;
    for root in &values.roots {
        strings(root, &mut left, &mut unpacked);
    }
    let mut waiting: Vec<(&Value, Whose, usize)> =
        values.roots.iter().chain(&unpacked).map(|root| (root, Whose::Unsaid, 0)).rev().collect();
    let (mut objects, mut others, mut drawn, mut left) = (0, 0, 0, MAX_NODES);
    while let Some((value, around, depth)) = waiting.pop() {
        if depth > MAX_DEPTH || objects >= MAX_OBJECTS || drawn > MAX_DRAWN {
            continue;
        }
        match value {
            Value::Array(list) => waiting.extend(list.iter().rev().map(|value| (value, around, depth + 1))),
            Value::Object(object) => {
                objects += 1;
                let whose = page.whose(object, around);
                waiting.extend(object.values().rev().map(|value| (value, whose.min(Whose::Within), depth + 1)));
                if whose == Whose::Other {
                    others += usize::from(around != Whose::Other);
                    continue;
                }
                for (_, content) in object.iter().filter(|(name, _)| is_body(name)) {
                    let body = markup(content, values, &mut left);
                    drawn += body.len();
                    let words = words(&body);
                    let more =
                        best.as_ref().is_none_or(|(best, most, ..)| best.weight() * most < whose.weight() * words);
                    if more && words >= super::ARTICLE_WORDS {
                        best = Some((whose, words, body, object));
                    }
                }
            }
            _ => {}
        }
    }
    let (whose, words, body, object) = best?;
    let named = !page.titles.is_empty();
    if whose == Whose::Unsaid && (named || words < UNNAMED_WORDS || others > MOST_OTHERS) {
        return None;
    }
    let published = DAYS.iter().filter_map(|name| object.get(*name)).find_map(day);
    Some(Article { headline: headline(object), authors: authors(object), published, body, words })
}

/// Values that strings of a state hold as JSON.
fn strings(root: &Value, left: &mut usize, found: &mut Vec<Value>) {
    const MOST: usize = 20;
    let mut waiting = vec![(root, 0)];
    while let Some((value, depth)) = waiting.pop() {
        match value {
            _ if depth > MAX_DEPTH || found.len() >= MOST => return,
            Value::String(text) => found.extend(within(text, left)),
            Value::Array(list) => waiting.extend(list.iter().map(|value| (value, depth + 1))),
            Value::Object(object) => waiting.extend(object.values().map(|value| (value, depth + 1))),
            _ => {}
        }
    }
}

fn is_body(name: &str) -> bool {
    // Apollo writes a field's arguments behind its name.
    let name = name.split('(').next().unwrap_or_default();
    let key: String =
        name.chars().filter(char::is_ascii_alphanumeric).take(30).map(|c| c.to_ascii_lowercase()).collect();
    BODIES.iter().any(|part| key.contains(part))
}

/// What the page says of itself.
struct Identity {
    titles: Vec<String>,
    path: String,
}

impl Identity {
    fn of(facts: &Facts<'_>) -> Self {
        let page = facts.page;
        let titles = [page.meta("og:title"), page.meta("twitter:title"), Some(page.title.as_str())];
        let titles = titles.into_iter().flatten().map(clean_markup).filter(|title| !facts.is_site(title));
        let titles = titles.chain(facts.ld_text("headline")).map(|title| key(&title)).filter(|title| !title.is_empty());
        Self { titles: titles.collect(), path: facts.url.path().trim_matches('/').to_lowercase() }
    }

    fn whose(&self, object: &Map<String, Value>, around: Whose) -> Whose {
        if around == Whose::Other || GOODS.iter().any(|name| object.contains_key(*name)) {
            return Whose::Other;
        }
        let addresses = ADDRESSES.iter().filter_map(|name| object.get(*name)).filter_map(address);
        let mut elsewhere = false;
        for address in addresses {
            let address = address.to_lowercase();
            let path = address.split(['?', '#']).next().unwrap_or_default();
            let path =
                path.split_once("://").map_or(path, |(_, rest)| rest.split_once('/').map_or("", |(_, path)| path));
            let path = path.trim_matches('/');
            // A slug is the end of the page's path, a path may lack the page's first parts.
            if path.len() > 5 && (self.path == path || self.path.ends_with(&format!("/{path}"))) {
                return Whose::Page;
            }
            elsewhere |= path.len() > 5;
        }
        if let Some(headline) = headline(object) {
            let headline = key(&headline);
            if self.titles.iter().any(|title| is_alike(title, &headline)) {
                return Whose::Page;
            }
            if !self.titles.is_empty() && (elsewhere || around != Whose::Within) && headline.split(' ').count() >= 3 {
                return Whose::Other;
            }
        }
        // The headline's own objects, and what an article is made of, say nothing.
        around
    }
}

/// Whether two titles, as keys, are one: one within the other, or most words the same.
fn is_alike(title: &str, headline: &str) -> bool {
    if headline.len() < 8 || title.len() < 8 {
        return title == headline;
    }
    if title.contains(headline) || headline.contains(title) {
        return true;
    }
    let words: Vec<&str> = headline.split(' ').collect();
    let same = words.iter().filter(|word| title.split(' ').any(|other| other == **word)).count();
    words.len() >= 4 && same * 3 >= words.len() * 2
}

fn headline(object: &Map<String, Value>) -> Option<String> {
    let texts = HEADLINES.iter().filter_map(|name| object.get(*name)).filter_map(|value| match value {
        Value::String(text) => Some(text.as_str()),
        Value::Object(inner) => ["basic", "rendered", "text", "headline", "default", "primary"]
            .iter()
            .filter_map(|name| inner.get(*name))
            .find_map(Value::as_str),
        _ => None,
    });
    texts.map(clean_markup).find(|text| !text.is_empty())
}

fn address(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => Some(text),
        Value::Object(inner) => ["current", "url", "path", "href", "canonical"]
            .iter()
            .filter_map(|name| inner.get(*name))
            .find_map(Value::as_str),
        _ => None,
    }
}

/// The persons that an object names as its authors.
fn authors(object: &Map<String, Value>) -> Vec<String> {
    for name in AUTHORS {
        let Some(value) = object.get(name) else { continue };
        let mut found = Vec::new();
        names(value, 0, &mut found);
        if !found.is_empty() {
            return found;
        }
    }
    Vec::new()
}

fn names(value: &Value, depth: usize, found: &mut Vec<String>) {
    if depth > 4 || found.len() >= MAX_AUTHORS {
        return;
    }
    match value {
        Value::String(name) => {
            let name = clean_markup(name);
            if name.contains(' ') && name.len() < 200 && !name.contains("://") {
                found.push(name);
            }
        }
        Value::Array(list) => list.iter().for_each(|value| names(value, depth + 1, found)),
        Value::Object(object) => {
            let inner = [
                "name",
                "fullName",
                "displayName",
                "full_name",
                "display_name",
                "title",
                "by",
                "node",
                "nodes",
                "authors",
                "text",
            ];
            if let Some(value) = inner.iter().find_map(|name| object.get(*name)) {
                names(value, depth + 1, found);
            }
        }
        _ => {}
    }
}

/// A day as written, or the instant of a number of seconds or milliseconds since 1970.
fn day(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone())
            .filter(|text| text.len() >= 8 && text.len() < 60 && text.bytes().any(|byte| byte.is_ascii_digit())),
        Value::Number(number) => {
            let number = number.as_i64().filter(|number| *number > 100_000_000)?;
            let milliseconds = if number < 100_000_000_000 { number.checked_mul(1_000)? } else { number };
            jiff::Timestamp::from_millisecond(milliseconds).ok().map(|instant| instant.to_string())
        }
        _ => None,
    }
}
