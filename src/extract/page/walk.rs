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
    // About half of the nodes are elements.
    walk.page.scopes.reserve(html.tree.nodes().len() / 2);
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
    classes: Seen<'a, Class, SEEN>,
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
        let (scope, keeps_breaks) = self.scope(tag, element, index);
        self.page.scopes.push(scope);
        if tag != Tag::Pre && !tag.is_inline() && keeps_breaks {
            self.wrapped.push(index);
        }
        self.open.push(index);
        if !tag.is_inline() {
            self.block_scope.push(index);
        }
    }

    /// An element's scope, and whether the line breaks in it are shown.
    fn scope(&mut self, tag: Tag, element: &'a Element, index: usize) -> (Scope<'a>, bool) {
        let at = self.page.text.len();
        let mut keeps_breaks = false;
        let mut scope = Scope {
            tag,
            element: Some(element),
            parent: self.open.last().copied().unwrap_or(index),
            own: Families::NONE,
            unseen: tag == Tag::Dialog,
            text: at..at,
            blocks: self.page.blocks.len()..self.page.blocks.len(),
            end: index + 1,
            class: "",
            href: None,
            datetime: None,
            itemprop: None,
            rel: None,
        };
        for (name, value) in element.attrs() {
            match name {
                "class" => {
                    let read = |class| {
                        self.page.names.push(class);
                        Class::of(class)
                    };
                    let class = self.classes.of(value, read);
                    scope.class = value;
                    scope.own |= class.families;
                    scope.unseen |= class.hides;
                    keeps_breaks |= class.keeps_breaks;
                }
                "data-testid" | "data-component" => scope.own |= families(value),
                "id" => {
                    self.page.names.push(value);
                    // An id of many words is a heading's text turned into an anchor.
                    if value.bytes().filter(|byte| matches!(byte, b'-' | b'_')).count() < SLUG_WORDS {
                        scope.own |= families(value);
                    }
                }
                "itemtype" => self.page.kinds.push(value),
                "role" => {
                    scope.own |= families(value);
                    scope.unseen |= value == "dialog" || value == "alertdialog";
                }
                "aria-modal" => scope.unseen |= value == "true",
                // React streams late parts of a page in hidden boxes (`S:1f`), and shows them by a script.
                "hidden" => {
                    scope.unseen |= value != "until-found" && !element.attr("id").is_some_and(|id| id.starts_with("S:"))
                }
                "style" => {
                    scope.unseen |= hides(value);
                    keeps_breaks |= value.contains("white-space") && shows_breaks(value);
                }
                "href" => scope.href = Some(value.trim()),
                "datetime" => scope.datetime = Some(value),
                "itemprop" => scope.itemprop = Some(value),
                "rel" => scope.rel = Some(value),
                // Microdata on any element may carry its value in an attribute.
                "content" if scope.datetime.is_none() => scope.datetime = Some(value),
                _ => {}
            }
        }
        (scope, keeps_breaks)
    }

    fn meta(&mut self, element: &'a Element) {
        let [content, names @ ..] = values(element, ["content", "property", "name", "itemprop", "http-equiv"]);
        let Some(content) = content else { return };
        self.page.metas.extend(names.into_iter().flatten().map(|name| (name.trim(), content)));
    }

    fn link(&mut self, element: &'a Element) {
        if let [Some(rel), Some(href)] = values(element, ["rel", "href"]) {
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
            let (mut end, mut words) = printed(from);
            if words == 0 {
                (end, words) = (leading(from, false), 1);
            }
            let (run, after) = from.split_at(end);
            rest = after;
            if !run.is_empty() {
                self.words(run, words);
            }
        }
    }

    /// Words with one space between two.
    fn words(&mut self, run: &str, words: usize) {
        let begins = self.page.text.len() == self.block_start;
        let apart = self.space || begins;
        if self.space && !begins {
            self.page.text.push(' ');
        }
        self.block.words += words - usize::from(!apart);
        self.space = false;
        self.page.text.push_str(run);
        if !run.is_ascii() {
            self.block.ideographs += run.chars().filter(|c| is_ideograph(*c)).count();
        }
        if self.links > 0 {
            self.block.link_bytes += run.len() + 1;
        }
        if self.bold > 0 {
            self.block.bold_bytes += run.len() + 1;
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
        let mut block = Block {
            text: start..end,
            scope: self.block_scope.last().copied().unwrap_or_default(),
            words: counts.words + counts.ideographs / 2,
            bytes: end - start + 1,
            link_bytes: counts.link_bytes.min(end - start + 1),
            bold_bytes: counts.bold_bytes.min(end - start + 1),
            prose: false,
        };
        block.prose = block.is_prose(self.page.text.get(start..end).unwrap_or_default());
        self.page.blocks.push(block);
        self.page.text.push('\n');
        self.block_start = self.page.text.len();
    }
}

fn is_skipped(tag: Tag) -> bool {
    matches!(tag, Tag::Skipped | Tag::Script | Tag::Title)
}

/// The bytes and the number of the whole words at the beginning that are printed ASCII with one space between two, as most
/// text is: they are taken in one piece.
fn printed(text: &str) -> (usize, usize) {
    let (mut end, mut words, mut in_word) = (0, 0, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'!'..=b'~' => in_word = true,
            b' ' if in_word => {
                (end, words, in_word) = (at, words + 1, false);
            }
            b'\t'..=b'\r' if in_word => return (at, words + 1),
            _ => return (end, words),
        }
    }
    if in_word { (text.len(), words + 1) } else { (end, words) }
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

/// The values of some attributes: asked one by one, each name would be made an atom first.
fn values<'a, const N: usize>(element: &'a Element, names: [&str; N]) -> [Option<&'a str>; N] {
    let mut values = [None; N];
    for (name, value) in element.attrs() {
        if let Some(known) = names.iter().position(|known| *known == name).and_then(|place| values.get_mut(place)) {
            *known = Some(value);
        }
    }
    values
}

/// What a class says.
#[derive(Debug, Clone, Copy)]
struct Class {
    families: Families,
    /// Whether it hides its element: `hidden` by itself, and not shown again at some width.
    hides: bool,
    keeps_breaks: bool,
}

impl Class {
    fn of(class: &str) -> Self {
        Self {
            families: families(class),
            hides: !class.contains(':') && class.split_ascii_whitespace().any(|name| name == "hidden"),
            keeps_breaks: class.contains("whitespace-") && shows_breaks(class),
        }
    }
}

/// Whether a style or class says that line breaks are shown, and long lines broken.
fn shows_breaks(text: &str) -> bool {
    ["pre-wrap", "pre-line", "break-spaces"].iter().any(|value| text.contains(value))
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
