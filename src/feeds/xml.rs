//! RSS, Atom, CDF and sitemaps: one reader for all of them, over whatever markup there is.
//!
//! An element means what its name says, in the vocabularies of [`names`](super::names), wherever it stands in an
//! entry and however the entry is closed. So a feed that mixes vocabularies, or is broken, or ends in the
//! middle, gives what can be had.

use std::rc::Rc;
use std::time::Duration;

use url::Url;

use super::draft::{Draft, Link};
use super::entry::{Entry, Feed, Kind, MOST_ENTRIES, Rhythm};
use super::markup::{Token, Tokens, attribute, attributes, resolved};
use super::names::{Field, Space, field, is_closed};
use super::parse::Keep;
use super::{dates, words};

/// How far the root is looked for, in bytes: behind declarations, comments and a server's complaints.
const LOOK_AT: usize = 4_096;

/// Elements within one another that are told apart; what lies deeper belongs to the deepest of them.
const DEEPEST: usize = 128;

/// Declared prefixes that are kept.
const MOST_PREFIXES: usize = 64;

/// Authors of the whole feed.
const MOST_AUTHORS: usize = 50;

/// Bytes of one field, and of an entry's text where it is kept.
const LONGEST_FIELD: usize = 64 * 1024;
const LONGEST_CONTENT: usize = 1024 * 1024;

/// The dialect by the root's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Root {
    Rss,
    Atom,
    Sitemap,
    Index,
}

/// Whether a document of this head is one of these formats.
pub(super) fn is_one(head: &str) -> bool {
    root(head).is_some()
}

/// Reads a document; `None` where it is none of these formats.
pub(super) fn read(text: &str, base: &Url, keep: Keep) -> Option<Feed> {
    let head = text.get(..text.floor_char_boundary(LOOK_AT)).unwrap_or(text);
    let (root, start) = root(head)?;
    let mut reader = Reader::new(root, base, keep);
    let mut tokens = Tokens::of(text.get(start..)?);
    for token in &mut tokens {
        match token {
            Token::Start { name, attributes, empty } => reader.open(name, attributes, empty),
            Token::End { name } => reader.close(name),
            Token::Text(text) => reader.hear(&resolved(text)),
            Token::Literal(text) => reader.hear(text),
        }
        if reader.entries.len() >= MOST_ENTRIES {
            break;
        }
    }
    let cut = tokens.next().is_some() && reader.entries.len() >= MOST_ENTRIES;
    Some(reader.feed(cut))
}

/// The root element of a feed, and where it begins. HTML that speaks of feeds is none.
fn root(head: &str) -> Option<(Root, usize)> {
    let mut tokens = Tokens::of(head);
    let mut is_first = true;
    loop {
        let at = tokens.position();
        let Token::Start { name, .. } = tokens.next()? else { continue };
        let local = name.rsplit(':').next().unwrap_or(name).to_ascii_lowercase();
        let at_start = head.get(at..).map_or(at, |rest| at + rest.find('<').unwrap_or(0));
        let root = match local.as_str() {
            "rss" => Root::Rss,
            "channel" if is_first => Root::Rss,
            "rdf" if ["rss", "channel", "item"].iter().any(|word| head.contains(word)) => Root::Rss,
            "feed" => Root::Atom,
            // An entry by itself (RFC 4287, section 2).
            "entry" if is_first && (head.contains("w3.org/2005/Atom") || head.contains("purl.org/atom")) => Root::Atom,
            "urlset" => Root::Sitemap,
            "sitemapindex" => Root::Index,
            "html" | "head" | "body" | "title" | "svg" => return None,
            _ => {
                is_first = false;
                continue;
            }
        };
        return Some((root, at_start));
    }
}

/// An open element.
struct Frame<'a> {
    name: &'a str,
    /// The vocabulary of names without a prefix, within.
    default: Space,
    base: Option<Rc<Url>>,
    language: Option<Rc<str>>,
    is_entry: bool,
    is_closed: bool,
}

/// A field whose text is being heard.
struct Capture {
    field: Field,
    trust: u8,
    /// How many elements are open around it.
    depth: usize,
    text: String,
    markup: Markup,
    /// RSS's `isPermaLink="false"`.
    is_no_link: bool,
    base: Rc<Url>,
}

/// What the text of a field is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Markup {
    Plain,
    Html,
    /// Atom's way to write what is no XML.
    Base64,
}

struct Reader<'a> {
    root: Root,
    keep: Keep,
    base: Rc<Url>,
    stack: Vec<Frame<'a>>,
    /// Open elements beyond [`DEEPEST`].
    deeper: usize,
    prefixes: Vec<(&'a str, Space)>,
    capture: Option<Capture>,
    entry: Option<Draft>,
    entries: Vec<Entry>,
    authors: Vec<String>,
    language: Option<String>,
    rhythm: Rhythm,
    frequency: Option<u32>,
    hub: Option<String>,
}

impl<'a> Reader<'a> {
    fn new(root: Root, base: &Url, keep: Keep) -> Self {
        Self {
            root,
            keep,
            base: Rc::new(base.clone()),
            stack: Vec::new(),
            deeper: 0,
            prefixes: Vec::new(),
            capture: None,
            entry: None,
            entries: Vec::new(),
            authors: Vec::new(),
            language: None,
            rhythm: Rhythm::default(),
            frequency: None,
            hub: None,
        }
    }

    fn open(&mut self, name: &'a str, attributes: &'a str, empty: bool) {
        if self.capture.is_some() && words::breaks(name) {
            self.hear(" ");
        }
        if self.stack.len() >= DEEPEST {
            self.deeper += usize::from(!empty);
            return;
        }
        let mut frame = self.frame(name, attributes);
        let (prefix, local) = name.split_once(':').map_or((None, name), |(prefix, local)| (Some(prefix), local));
        let local = local.to_ascii_lowercase();
        let space = match prefix {
            Some(prefix) => self.space_of(prefix),
            None => frame.default,
        };
        if space == Space::Plain && self.is_entry(&local) {
            self.close_entry();
            frame.is_entry = true;
            self.entry = Some(Draft::new(attributes, &frame.base.clone().unwrap_or_else(|| self.base())));
            if let Some(language) = frame.language.clone().or_else(|| self.spoken()) {
                self.entry.get_or_insert_default().language = Some((1, language.to_string()));
            }
        } else if !self.stack.iter().any(|frame| frame.is_closed) {
            self.begin(space, &local, attributes, frame.base.clone(), empty);
        }
        frame.is_closed = is_closed(space, &local);
        if !empty {
            self.stack.push(frame);
        }
    }

    /// What an element declares for all within it.
    fn frame(&mut self, name: &'a str, text: &'a str) -> Frame<'a> {
        let default = self.stack.last().map_or(Space::Plain, |frame| frame.default);
        let mut frame = Frame { name, default, base: None, language: None, is_entry: false, is_closed: false };
        // CDF's.
        let is_channel = name.eq_ignore_ascii_case("channel");
        for (name, value) in attributes(text) {
            if name == "xmlns" {
                frame.default = Space::of_uri(&value).unwrap_or(Space::Plain);
            } else if let Some(prefix) = name.strip_prefix("xmlns:") {
                if self.prefixes.len() < MOST_PREFIXES {
                    self.prefixes.push((prefix, Space::of_uri(&value).unwrap_or(Space::Other)));
                }
            } else if name.eq_ignore_ascii_case("xml:base") || is_channel && name.eq_ignore_ascii_case("base") {
                frame.base = self.base().join(value.trim()).ok().map(Rc::new);
            } else if name.eq_ignore_ascii_case("xml:lang") {
                frame.language = Some(value.trim().into());
            }
        }
        frame
    }

    fn space_of(&self, prefix: &str) -> Space {
        let declared = self.prefixes.iter().rev().find(|(known, _)| *known == prefix).map(|(_, space)| *space);
        declared.unwrap_or_else(|| Space::of_prefix(prefix))
    }

    fn base(&self) -> Rc<Url> {
        self.stack.iter().rev().find_map(|frame| frame.base.clone()).unwrap_or_else(|| self.base.clone())
    }

    fn spoken(&self) -> Option<Rc<str>> {
        self.stack.iter().rev().find_map(|frame| frame.language.clone())
    }

    fn is_entry(&self, local: &str) -> bool {
        match self.root {
            Root::Rss | Root::Atom => matches!(local, "item" | "entry") && !self.in_html(),
            Root::Sitemap => local == "url",
            Root::Index => local == "sitemap",
        }
    }

    fn in_html(&self) -> bool {
        self.stack.last().is_some_and(|frame| frame.default == Space::Html)
    }

    /// An element that may be a field: what its attributes say is taken at once, its text is heard.
    fn begin(&mut self, space: Space, local: &str, attributes: &str, base: Option<Rc<Url>>, empty: bool) {
        let Some((field, trust)) = field(space, local) else { return };
        if space == Space::News
            && let Some(entry) = &mut self.entry
        {
            entry.is_news = true;
        }
        match &self.capture {
            // Markup within a title or a date: an `a` or a `link` there is no field.
            Some(capture) if local == "a" || !starts_anew(capture.field, field) => return,
            // An empty name leaves what else is said of the author.
            Some(_) if field == Field::AuthorName && empty => return,
            // What stands before the name is another thing.
            Some(capture) if field == Field::AuthorName && capture.field == Field::Author => self.capture = None,
            Some(_) => self.end_capture(),
            None => {}
        }
        if field == Field::AuthorName && !self.stack.last().is_some_and(|frame| names_author(frame.name)) {
            return;
        }
        let base = base.unwrap_or_else(|| self.base());
        if field == Field::Link && local != "loc" && self.link(attributes, &base) {
            return;
        }
        if field == Field::Content {
            if let Some(entry) = &mut self.entry
                && let Some(source) = attribute(attributes, "src").and_then(|source| base.join(&source).ok())
            {
                entry.content_source.get_or_insert(source);
            }
            if self.keep == Keep::Addresses {
                return;
            }
        }
        if empty {
            return;
        }
        let is_no_link = attribute(attributes, "ispermalink").is_some_and(|value| value.eq_ignore_ascii_case("false"));
        let markup = self.markup(space, attributes);
        self.capture =
            Some(Capture { field, trust, depth: self.stack.len(), text: String::new(), markup, is_no_link, base });
    }

    /// RSS never said what its titles are written in; Atom says so.
    fn markup(&self, space: Space, attributes: &str) -> Markup {
        if self.root == Root::Rss || space != Space::Plain {
            return Markup::Html;
        }
        let kind = attribute(attributes, "type").unwrap_or_default().to_ascii_lowercase();
        let mode = attribute(attributes, "mode").unwrap_or_default().to_ascii_lowercase();
        if mode == "base64" || kind == "application/octet-stream" {
            return Markup::Base64;
        }
        if mode == "escaped" || kind == "html" || kind == "text/html" { Markup::Html } else { Markup::Plain }
    }

    /// A link with an address in an attribute. Whether it was one.
    fn link(&mut self, attributes: &str, base: &Url) -> bool {
        let Some(href) = attribute(attributes, "href") else { return false };
        let rel =
            attribute(attributes, "rel").map_or_else(|| "alternate".to_owned(), |rel| rel.trim().to_ascii_lowercase());
        if rel == "hub" && self.hub.is_none() {
            self.hub = words::line(&href);
        }
        if let Some(entry) = &mut self.entry
            && let Ok(url) = base.join(href.trim())
        {
            let html = attribute(attributes, "type").is_none_or(|kind| kind.contains("html"));
            entry.links.push(Link { rel, html, is_stated: false, url });
        }
        true
    }

    fn close(&mut self, name: &str) {
        if self.deeper > 0 {
            self.deeper -= 1;
            return;
        }
        let Some(depth) = self.stack.iter().rposition(|frame| frame.name.eq_ignore_ascii_case(name)) else { return };
        self.pop_to(depth);
    }

    /// Closes all elements from this depth on.
    fn pop_to(&mut self, depth: usize) {
        while self.stack.len() > depth {
            let Some(frame) = self.stack.pop() else { break };
            if self.capture.as_ref().is_some_and(|capture| capture.depth >= self.stack.len()) {
                self.end_capture();
            }
            if frame.is_entry {
                self.end_entry();
            }
        }
    }

    /// An entry that begins ends the one before it, closed or not.
    fn close_entry(&mut self) {
        if let Some(depth) = self.stack.iter().position(|frame| frame.is_entry) {
            self.deeper = 0;
            self.pop_to(depth);
        }
        self.end_entry();
    }

    fn end_entry(&mut self) {
        if let Some(draft) = self.entry.take() {
            self.entries.push(draft.entry());
        }
    }

    fn hear(&mut self, text: &str) {
        let Some(capture) = &mut self.capture else { return };
        let most = if capture.field == Field::Content { LONGEST_CONTENT } else { LONGEST_FIELD };
        if capture.field == Field::Author && self.stack.last().is_some_and(|frame| is_page_of_author(frame.name)) {
            return;
        }
        let room = most.saturating_sub(capture.text.len());
        capture.text.push_str(text.get(..text.floor_char_boundary(room)).unwrap_or_default());
    }

    fn end_capture(&mut self) {
        let Some(Capture { field, trust, text, markup, is_no_link, base, .. }) = self.capture.take() else { return };
        let Some(entry) = &mut self.entry else { return self.of_feed(field, &text) };
        match field {
            Field::Title => {
                let title = match markup {
                    Markup::Plain => words::line(&text),
                    Markup::Html => words::seen(&text),
                    Markup::Base64 => words::packed(&text),
                };
                better(&mut entry.title, trust, title);
            }
            Field::Link => {
                if let Some(url) =
                    Some(text.trim()).filter(|text| !text.is_empty()).and_then(|text| base.join(text).ok())
                {
                    entry.stated(url, self.root == Root::Rss);
                }
            }
            Field::OriginalLink => entry.original = entry.original.take().or_else(|| base.join(text.trim()).ok()),
            Field::Guid => {
                let is_first = entry.guid.is_none();
                better(&mut entry.guid, trust, words::line(&text));
                entry.guid_is_no_link = if is_first { is_no_link } else { entry.guid_is_no_link };
            }
            Field::Published => better(&mut entry.published, trust, dates::read(&text)),
            Field::Updated => better(&mut entry.updated, trust, dates::read(&text)),
            Field::Author | Field::AuthorName => {
                if let Some(name) = words::seen(&text).and_then(|text| words::name(&text)) {
                    entry.author(trust, name);
                }
            }
            Field::Language => better(&mut entry.language, 0, words::line(&text)),
            Field::Content => better(&mut entry.content, trust, Some(text).filter(|text| !text.trim().is_empty())),
            Field::Ttl | Field::SkipHour | Field::Period | Field::Frequency => {}
        }
    }

    /// What stands outside of the entries.
    fn of_feed(&mut self, field: Field, text: &str) {
        match field {
            Field::AuthorName if self.root == Root::Atom => {
                let name =
                    words::name(text).filter(|name| !self.authors.contains(name) && self.authors.len() < MOST_AUTHORS);
                self.authors.extend(name);
            }
            Field::Language => self.language = self.language.take().or_else(|| words::line(text)),
            Field::Ttl => {
                self.rhythm.ttl =
                    text.trim().parse().ok().map(|minutes: u32| Duration::from_secs(u64::from(minutes) * 60))
            }
            Field::SkipHour => {
                // RSS 0.91 counted to 24, which is midnight.
                let hour = text.trim().parse::<u32>().ok().filter(|hour| *hour <= 24);
                self.rhythm.skip_hours |= hour.map_or(0, |hour| 1 << (hour % 24));
            }
            Field::Period => self.rhythm.period = period(text),
            Field::Frequency => self.frequency = text.trim().parse().ok().filter(|times| *times > 0),
            _ => {}
        }
    }

    fn feed(mut self, cut: bool) -> Feed {
        self.pop_to(0);
        self.end_capture();
        self.end_entry();
        for entry in &mut self.entries {
            if entry.authors.is_empty() {
                entry.authors.clone_from(&self.authors);
            }
            if entry.language.is_none() {
                entry.language.clone_from(&self.language);
            }
        }
        if let (Some(period), Some(times)) = (self.rhythm.period, self.frequency) {
            self.rhythm.period = Some(period / times);
        }
        let kind = match self.root {
            Root::Rss | Root::Atom => Kind::Feed,
            Root::Sitemap => Kind::Sitemap,
            Root::Index => Kind::Index,
        };
        Feed { kind, entries: self.entries, cut, rhythm: self.rhythm, hub: self.hub }
    }
}

fn names_author(name: &str) -> bool {
    let local = name.rsplit(':').next().unwrap_or(name);
    ["author", "creator"].iter().any(|author| local.eq_ignore_ascii_case(author))
}

fn is_page_of_author(name: &str) -> bool {
    ["uri", "url", "homepage"].iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// Whether a field that begins within another one ends it: the author's name does, and so does whatever
/// follows a short field that was never closed.
fn starts_anew(open: Field, next: Field) -> bool {
    match open {
        Field::Author => true,
        Field::Content => false,
        _ => next != open,
    }
}

/// Keeps the value that is believed more; of two alike the first.
fn better<T>(known: &mut Option<(u8, T)>, trust: u8, value: Option<T>) {
    let Some(value) = value else { return };
    if known.as_ref().is_none_or(|(other, _)| trust < *other) {
        *known = Some((trust, value));
    }
}

fn period(text: &str) -> Option<Duration> {
    let days = match text.trim().to_ascii_lowercase().as_str() {
        "hourly" => return Some(Duration::from_secs(3_600)),
        "daily" => 1,
        "weekly" => 7,
        "monthly" => 30,
        "yearly" => 365,
        _ => return None,
    };
    Some(Duration::from_secs(days * 86_400))
}

#[cfg(test)]
mod tests;
