//! The walk over the tree: text into blocks, elements into scopes, the head into names and contents.

use ego_tree::iter::Edge;
use scraper::node::Element;
use scraper::{Html, Node};

use super::{Block, Page, Scope, is_ideograph};
use crate::extract::classes::{Families, families};
use crate::extract::scan::Script;
use crate::extract::seen::Seen;
use crate::extract::tag::Tag;

/// Walks the tree once.
pub(super) fn walk(html: &Html) -> Page<'_> {
    let mut walk = Walk::default();
    for edge in html.tree.root().traverse() {
        match edge {
            Edge::Open(node) => match node.value() {
                Node::Text(text) => walk.text(text),
                Node::Element(element) => {
                    let text = || match node.first_child().map(|child| child.value()) {
                        Some(Node::Text(text)) => &**text,
                        _ => "",
                    };
                    walk.open(element, text);
                }
                _ => {}
            },
            Edge::Close(node) => {
                if let Node::Element(element) = node.value() {
                    walk.close(element);
                }
            }
        }
    }
    walk.flush();
    walk.page
}

/// Words of an id that is a name, at most.
const SLUG_WORDS: usize = 4;

/// Names and classes of a page that are remembered.
const SEEN: usize = 128;

/// What the walk carries along.
#[derive(Default)]
struct Walk<'a> {
    page: Page<'a>,
    tags: Seen<'a, Tag, SEEN>,
    families: Seen<'a, Families, SEEN>,
    /// Open elements that have a scope.
    open: Vec<usize>,
    /// The innermost of them that is no inline element.
    block_scope: Vec<usize>,
    /// How many skipped elements are open.
    skipped: usize,
    links: usize,
    bold: usize,
    preformatted: usize,
    /// Open elements whose style keeps line breaks.
    wrapped: Vec<usize>,
    noscript: usize,
    block_start: usize,
    block: Counts,
    /// White space was seen since the last character.
    space: bool,
    /// The text's length at the last line break.
    break_at: Option<usize>,
}

#[derive(Default)]
struct Counts {
    words: usize,
    /// Characters of scripts without spaces.
    ideographs: usize,
    link_bytes: usize,
    bold_bytes: usize,
}

impl<'a> Walk<'a> {
    fn open(&mut self, element: &'a Element, child_text: impl Fn() -> &'a str) {
        let tag = self.tags.of(element.name(), Tag::named);
        if self.skipped > 0 {
            self.skipped += usize::from(is_skipped(tag));
            return;
        }
        match tag {
            Tag::Skipped => {
                self.skipped += 1;
                self.space = true;
                return;
            }
            Tag::Meta => return self.meta(element),
            Tag::Link => return self.link(element),
            Tag::Script => {
                let script = Script { kind: element.attr("type").unwrap_or_default(), text: child_text() };
                if !script.text.trim().is_empty() {
                    self.page.scripts.push(script);
                }
                self.skipped += 1;
                return;
            }
            Tag::Title => {
                if self.page.title.is_empty() {
                    self.page.title = child_text().split_whitespace().collect::<Vec<_>>().join(" ");
                }
                self.skipped += 1;
                return;
            }
            Tag::Br => {
                if self.break_at == Some(self.page.text.len()) {
                    self.flush();
                }
                self.break_at = Some(self.page.text.len());
                self.space = true;
                return;
            }
            Tag::Noscript => self.noscript += 1,
            Tag::A => self.links += 1,
            Tag::Bold => self.bold += 1,
            Tag::Pre => self.preformatted += 1,
            Tag::Input | Tag::Button => self.page.controls += 1,
            Tag::Html => self.page.lang = element.attr("lang").or_else(|| element.attr("xml:lang")),
            _ => {}
        }
        if !tag.is_inline() {
            self.flush();
        }
        if element.name() == "base" && self.page.base.is_none() {
            self.page.base = element.attr("href");
        }
        let index = self.page.scopes.len();
        let scope = self.scope(tag, element, index);
        self.page.scopes.push(scope);
        if tag != Tag::Pre && !tag.is_inline() && keeps_breaks(element) {
            self.wrapped.push(index);
        }
        self.open.push(index);
        if !tag.is_inline() {
            self.block_scope.push(index);
        }
    }

    fn scope(&mut self, tag: Tag, element: &'a Element, index: usize) -> Scope<'a> {
        let at = self.page.text.len();
        let mut scope = Scope {
            tag,
            element: Some(element),
            parent: self.open.last().copied().unwrap_or(index),
            own: Families::NONE,
            unseen: tag == Tag::Dialog,
            text: at..at,
            blocks: self.page.blocks.len()..self.page.blocks.len(),
            end: index + 1,
            href: None,
            datetime: None,
            itemprop: None,
            rel: None,
        };
        for (name, value) in element.attrs() {
            match name {
                "class" => {
                    scope.own |= self.families.of(value, families);
                    scope.unseen |= is_hidden_class(value);
                }
                "data-testid" | "data-component" => scope.own |= families(value),
                // An id of many words is a heading's text turned into an anchor.
                "id" if value.split(['-', '_']).count() <= SLUG_WORDS => scope.own |= families(value),
                "role" => {
                    scope.own |= families(value);
                    scope.unseen |= value == "dialog" || value == "alertdialog";
                }
                "aria-modal" => scope.unseen |= value == "true",
                // React streams late parts of a page in hidden boxes (`S:1f`), and shows them by a script.
                "hidden" => {
                    scope.unseen |= value != "until-found" && !element.attr("id").is_some_and(|id| id.starts_with("S:"))
                }
                "style" => scope.unseen |= hides(value),
                "href" => scope.href = Some(value.trim()),
                "datetime" => scope.datetime = Some(value),
                "itemprop" => scope.itemprop = Some(value),
                "rel" => scope.rel = Some(value),
                // Microdata on any element may carry its value in an attribute.
                "content" if scope.datetime.is_none() => scope.datetime = Some(value),
                _ => {}
            }
        }
        scope
    }

    fn meta(&mut self, element: &'a Element) {
        let Some(content) = element.attr("content") else { return };
        for key in ["property", "name", "itemprop", "http-equiv"] {
            if let Some(name) = element.attr(key) {
                self.page.metas.push((name.trim(), content));
            }
        }
    }

    fn link(&mut self, element: &'a Element) {
        if let (Some(rel), Some(href)) = (element.attr("rel"), element.attr("href")) {
            self.page.links.push((rel, href));
        }
    }

    fn close(&mut self, element: &'a Element) {
        let tag = self.tags.of(element.name(), Tag::named);
        if self.skipped > 0 {
            self.skipped -= usize::from(is_skipped(tag));
            return;
        }
        match tag {
            Tag::Meta | Tag::Link | Tag::Br => return,
            Tag::Noscript => self.noscript = self.noscript.saturating_sub(1),
            Tag::A => self.links = self.links.saturating_sub(1),
            Tag::Bold => self.bold = self.bold.saturating_sub(1),
            Tag::Pre => self.preformatted = self.preformatted.saturating_sub(1),
            _ => {}
        }
        if !tag.is_inline() {
            self.flush();
            self.block_scope.pop();
        }
        let (text, blocks, scopes) = (self.page.text.len(), self.page.blocks.len(), self.page.scopes.len());
        let index = self.open.pop();
        self.wrapped.pop_if(|wrapped| Some(*wrapped) == index);
        if let Some(scope) = index.and_then(|index| self.page.scopes.get_mut(index)) {
            scope.text.end = text.max(scope.text.start);
            scope.blocks.end = blocks;
            scope.end = scopes;
        }
    }

    fn text(&mut self, text: &str) {
        if self.skipped > 0 || self.noscript > 0 {
            return;
        }
        if self.preformatted > 0 {
            return self.preformatted(text);
        }
        if !self.wrapped.is_empty() {
            return self.wrapped(text);
        }
        self.inline(text);
    }

    /// Preformatted text: a blank line ends a block.
    fn preformatted(&mut self, text: &str) {
        for (number, line) in text.split('\n').enumerate() {
            if number > 0 {
                if self.break_at == Some(self.page.text.len()) {
                    self.flush();
                }
                self.break_at = Some(self.page.text.len());
                self.space = true;
            }
            self.inline(line);
        }
    }

    /// Text whose line breaks are shown: its lines are long, so each is a paragraph.
    fn wrapped(&mut self, text: &str) {
        for (number, line) in text.split('\n').enumerate() {
            if number > 0 {
                self.flush();
            }
            self.inline(line);
        }
    }

    fn inline(&mut self, text: &str) {
        let mut rest = text;
        while !rest.is_empty() {
            let space = leading(rest, true);
            self.space |= space > 0;
            let (_, from) = rest.split_at(space);
            let (word, after) = from.split_at(leading(from, false));
            rest = after;
            if !word.is_empty() {
                self.word(word);
            }
        }
    }

    fn word(&mut self, word: &str) {
        let begins = self.page.text.len() == self.block_start;
        if self.space && !begins {
            self.page.text.push(' ');
        }
        self.block.words += usize::from(self.space || begins);
        self.space = false;
        self.page.text.push_str(word);
        if !word.is_ascii() {
            self.block.ideographs += word.chars().filter(|c| is_ideograph(*c)).count();
        }
        if self.links > 0 {
            self.block.link_bytes += word.len() + 1;
        }
        if self.bold > 0 {
            self.block.bold_bytes += word.len() + 1;
        }
    }

    /// Ends the block that is being read, if it has any text.
    fn flush(&mut self) {
        let (start, end) = (self.block_start, self.page.text.len());
        self.space = false;
        self.break_at = None;
        if start == end {
            return;
        }
        let counts = std::mem::take(&mut self.block);
        self.page.blocks.push(Block {
            text: start..end,
            scope: self.block_scope.last().copied().unwrap_or_default(),
            words: counts.words + counts.ideographs / 2,
            bytes: end - start + 1,
            link_bytes: counts.link_bytes.min(end - start + 1),
            bold_bytes: counts.bold_bytes.min(end - start + 1),
        });
        self.page.text.push('\n');
        self.block_start = self.page.text.len();
    }
}

fn is_skipped(tag: Tag) -> bool {
    matches!(tag, Tag::Skipped | Tag::Script | Tag::Title)
}

/// The bytes at the beginning that are white space, or are none.
fn leading(text: &str, space: bool) -> usize {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        if byte.is_ascii() {
            if matches!(byte, b' ' | b'\t'..=b'\r') != space {
                return at;
            }
            at += 1;
            continue;
        }
        let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) else { return at };
        if is_space(c) != space {
            return at;
        }
        at += c.len_utf8();
    }
    at
}

fn is_space(c: char) -> bool {
    c.is_whitespace() || c == '\u{200b}' || c == '\u{feff}'
}

/// Whether a class hides its element: `hidden` by itself, and not shown again at some width.
fn is_hidden_class(class: &str) -> bool {
    !class.contains(':') && class.split_ascii_whitespace().any(|name| name == "hidden")
}

/// Whether the style or class of an element says that its line breaks are shown, and long lines broken.
fn keeps_breaks(element: &Element) -> bool {
    let said = |text: &str| ["pre-wrap", "pre-line", "break-spaces"].iter().any(|value| text.contains(value));
    element.attr("style").is_some_and(|style| style.contains("white-space") && said(style))
        || element.attr("class").is_some_and(|class| class.contains("whitespace-") && said(class))
}

/// Whether an inline style takes the element out of sight.
fn hides(style: &str) -> bool {
    let mut rest = style;
    while let Some(at) = rest.find("display") {
        rest = rest.get(at + 7..).unwrap_or_default();
        if let Some(value) = rest.trim_start().strip_prefix(':')
            && value.trim_start().get(..4).is_some_and(|value| value.eq_ignore_ascii_case("none"))
        {
            return true;
        }
    }
    false
}
