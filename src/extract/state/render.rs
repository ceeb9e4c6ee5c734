//! The content of an article, as states keep it, as markup.
//!
//! Editors' systems write rich text in many ways, which have the same bones: a node says what it is (`type`, `_type`,
//! `nodeType`, `__typename`, `name`), and has its text or its children under one of a few names. What a node is, is told
//! by the words of its kind; a kind that is no text (pictures, players, promotions, other articles) is left out.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::scripts::Values;

/// Nodes within nodes, at most.
const MAX_DEPTH: usize = 40;
/// Bytes of markup, at most: a body has 400,000, and a page is judged by more.
const MAX_BYTES: usize = 1_500_000;

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Paragraph,
    Heading,
    Quote,
    List,
    Item,
    Row,
    /// A part of a line, and its end.
    Inline,
    Break,
    /// A box, or unknown.
    Box,
    /// No text.
    None,
}

impl Role {
    fn of(kind: &str) -> Self {
        let words = words_of(kind);
        let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
        if has(&NO_TEXT) {
            return Self::None;
        }
        match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            [
                "a" | "b" | "i" | "em" | "u" | "strong" | "span" | "link" | "hyperlink" | "fragment" | "bold"
                | "italic" | "mark" | "sup" | "sub" | "small" | "abbr" | "entity",
            ] => Self::Inline,
            ["br"] | [.., "break"] => Self::Break,
            ["td" | "th"] => Self::Paragraph,
            _ if has(&["li", "item", "listitem", "bullet", "number"]) => Self::Item,
            _ if has(&["quote", "blockquote", "pullquote", "quotation"]) => Self::Quote,
            _ if has(&HEADINGS) => Self::Heading,
            _ if has(&["list", "ul", "ol", "bullets"]) => Self::List,
            _ if has(&["tr", "row"]) => Self::Row,
            _ if has(&["p", "paragraph", "para", "text", "unstyled", "normal"]) => Self::Paragraph,
            _ => Self::Box,
        }
    }

    fn is_block(self) -> bool {
        !matches!(self, Self::Inline | Self::Break | Self::None)
    }

    fn tags(self) -> (&'static str, &'static str) {
        match self {
            Self::Paragraph => ("<p>", "</p>"),
            Self::Heading => ("<h2>", "</h2>"),
            Self::Quote => ("<blockquote>", "</blockquote>"),
            Self::List => ("<ul>", "</ul>"),
            Self::Item => ("<li>", "</li>"),
            Self::Row => ("<div>", "</div>"),
            Self::Inline | Self::Break | Self::Box | Self::None => ("", ""),
        }
    }
}

/// Words of kinds that are no text.
#[rustfmt::skip]
const NO_TEXT: [&str; 62] = [
    "image", "images", "img", "photo", "picture", "figure", "gallery", "slideshow", "carousel", "video", "audio", "podcast", "player", "media", "ad", "ads", "advert", "advertisement", "promo", "promotion", "related", "teaser", "teasers", "newsletter",
    "subscribe", "signup", "social", "share", "tweet", "twitter", "instagram", "facebook", "tiktok", "youtube", "embed", "embedded", "oembed", "iframe", "map", "chart", "poll", "quiz", "widget", "interstitial", "recirculation", "recommended", "readmore", "divider",
    "byline", "author", "authors", "caption", "credit", "button", "form", "comments", "script", "style", "paywall", "outbrain", "taboola", "reference",
];
/// Words of kinds that are headings.
const HEADINGS: [&str; 14] = [
    "heading",
    "header",
    "headline",
    "subheading",
    "subheader",
    "subheadline",
    "subhead",
    "crosshead",
    "title",
    "subtitle",
    "h2",
    "h3",
    "h4",
    "h5",
];
/// Where a node says what it is, in the order of trust.
const KINDS: [&str; 11] = [
    "listItem",
    "style",
    "tag",
    "tagName",
    "type",
    "_type",
    "nodeType",
    "__typename",
    "kind",
    "blockType",
    "component",
];
/// Where a node has its text or its children, the most trusted first.
#[rustfmt::skip]
const CONTENTS: [&str; 42] = [
    "content_elements", "html", "innerHtml", "innerHTML", "contentHtml", "text", "content", "value", "body", "children", "paragraph", "paragraphs", "items", "elements", "blocks", "components", "nodes", "innerBlocks", "slices", "widgets", "primary",
    "model", "data", "attributes", "fields", "props", "rendered", "processed", "richText", "rich_text", "json", "document", "root", "raw", "copy", "bodyText", "markup", "sections", "rows", "cells", "main", "node",
];
/// Where a section has its heading.
const TITLES: [&str; 4] = ["heading", "subheading", "title", "header"];
/// What an object has that is an article of its own, beside a title.
const ADDRESSES: [&str; 7] = ["url", "href", "link", "slug", "canonical_url", "permalink", "canonicalUrl"];

/// The content of an article as markup.
///
/// `left` is how many nodes may still be drawn on the page: nodes may name one another in circles.
pub(super) fn markup(content: &Value, values: &Values, left: &mut usize) -> String {
    let mut render = Render { values, out: String::new(), left };
    render.node(content, false, 0);
    render.out
}

struct Render<'v> {
    values: &'v Values,
    out: String,
    left: &'v mut usize,
}

impl Render<'_> {
    /// Draws a node; `in_line` says that it is a part of a line.
    fn node(&mut self, value: &Value, in_line: bool, depth: usize) {
        if depth > MAX_DEPTH || self.out.len() > MAX_BYTES || *self.left == 0 {
            return;
        }
        *self.left -= 1;
        let value = self.values.named(value);
        match value {
            Value::String(text) if in_line => self.out += &inline(text),
            Value::String(text) => self.out += &paragraphs(text),
            Value::Array(nodes) => match nodes.as_slice() {
                // React's element: a mark, the tag, a key, the properties.
                [Value::String(mark), Value::String(tag), _, Value::Object(props), ..] if mark == "$" => {
                    let role = Role::of(tag);
                    let children = props.get("children").unwrap_or(&Value::Null);
                    if role != Role::None {
                        self.wrapped(role, depth, |render| {
                            render.node(children, in_line || role == Role::Inline, depth + 1)
                        });
                    }
                }
                _ => self.nodes(nodes, in_line, depth),
            },
            Value::Object(object) => self.object(object, in_line, depth),
            _ => {}
        }
    }

    fn nodes(&mut self, nodes: &[Value], in_line: bool, depth: usize) {
        // Within a line, nodes that break it are lines of their own.
        let in_line = in_line
            && !nodes.iter().any(|node| {
                let role = self.values.named(node).as_object().map_or(Role::Inline, role);
                role.is_block() && role != Role::Paragraph && role != Role::Box || self.is_paragraph(node)
            });
        for node in nodes {
            self.node(node, in_line, depth + 1);
        }
    }

    /// Whether a node is a paragraph for sure: `text` is also what rich text calls its leaves.
    fn is_paragraph(&self, node: &Value) -> bool {
        let Some(object) = self.values.named(node).as_object() else { return false };
        let mut kinds = KINDS.iter().filter_map(|name| object.get(*name)).filter_map(Value::as_str);
        kinds.any(|kind| words_of(kind).iter().any(|word| matches!(word.as_str(), "p" | "paragraph" | "unstyled")))
    }

    fn object(&mut self, object: &Map<String, Value>, in_line: bool, depth: usize) {
        let role = if in_line && role(object) == Role::Paragraph { Role::Inline } else { role(object) };
        if role == Role::Break {
            self.out += "<br>";
            return;
        }
        let titled = TITLES.iter().chain(&["headline", "headlines"]).any(|name| object.contains_key(*name));
        if role == Role::None
            || (depth > 1 && role == Role::Box && titled && ADDRESSES.iter().any(|name| object.contains_key(*name)))
        {
            return;
        }
        let section = TITLES.iter().find_map(|name| object.get(*name)).and_then(Value::as_str);
        if let Some(title) = section.filter(|title| depth > 1 && role == Role::Box && !in_line && title.len() < 200) {
            self.out += &format!("<h2>{}</h2>", inline(title));
        }
        self.wrapped(role, depth, |render| {
            let leaf =
                in_line || matches!(role, Role::Inline | Role::Paragraph | Role::Heading | Role::Quote | Role::Item);
            let known = CONTENTS.iter().filter_map(|name| object.get(*name));
            let named = object
                .iter()
                .filter(|(name, _)| role == Role::Box && !CONTENTS.contains(&name.as_str()) && sounds_like_text(name));
            for value in known.chain(named.map(|(_, value)| value)).filter(|value| !value.is_null()) {
                let before = render.out.len();
                render.node(value, leaf, depth + 1);
                if render.out.len() > before {
                    return;
                }
            }
        });
    }

    /// Draws what stands in an element; one that holds lines of its own is a box.
    fn wrapped(&mut self, role: Role, depth: usize, draw: impl FnOnce(&mut Self)) {
        let from = self.out.len();
        draw(self);
        let (open, close) = role.tags();
        let inner = self.out.get(from..).unwrap_or_default();
        if inner.trim().is_empty() || open.is_empty() || depth > MAX_DEPTH {
            return;
        }
        if matches!(role, Role::Paragraph | Role::Heading) && has_blocks(inner) {
            return;
        }
        self.out.insert_str(from, open);
        self.out.push_str(close);
    }
}

/// What a node is.
fn role(object: &Map<String, Value>) -> Role {
    let roles = KINDS.iter().filter_map(|name| object.get(*name)).filter_map(Value::as_str).map(Role::of);
    let mut found = Role::Box;
    for role in roles {
        match (found, role) {
            (_, Role::None) => return Role::None,
            (Role::Box, role) => found = role,
            _ => {}
        }
    }
    // Names of blocks are kinds, names of persons are not.
    let name = object.get("name").and_then(Value::as_str).filter(|name| name.contains('/') || name.len() <= 3);
    if found == Role::Box { name.map_or(Role::Box, Role::of) } else { found }
}

/// Whether a field that is called so may hold the text of an article: `bodyModel`, `paragraphsOfStory`.
fn sounds_like_text(name: &str) -> bool {
    let words = words_of(name.split('(').next().unwrap_or_default());
    words.iter().any(|word| {
        matches!(
            word.as_str(),
            "body" | "html" | "content" | "contents" | "text" | "paragraph" | "paragraphs" | "slices"
        )
    })
}

/// The words of a kind, in lower case: `list_item`, `ListItem` and `core/list-item` have two.
fn words_of(kind: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let (mut begins, mut was_lower) = (true, false);
    for c in kind.chars().take(60) {
        if !c.is_alphanumeric() {
            begins = true;
            continue;
        }
        let is_upper = c.is_uppercase();
        if begins || (is_upper && was_lower) {
            words.push(String::new());
        }
        begins = false;
        was_lower = !is_upper;
        if let Some(word) = words.last_mut() {
            word.extend(c.to_lowercase());
        }
    }
    words
}

/// Whether markup has elements that break the line.
pub(super) fn has_blocks(markup: &str) -> bool {
    ["<p", "<h2", "<h3", "<h4", "<li", "<ul", "<ol", "<blockquote", "<div", "<table"]
        .iter()
        .any(|tag| markup.contains(tag))
}

/// A text as a part of a line: markup stays.
fn inline(text: &str) -> Cow<'_, str> {
    let is_markup = text.contains("</") || text.contains("<br");
    if is_markup || !text.contains('<') { Cow::Borrowed(text) } else { Cow::Owned(text.replace('<', "&lt;")) }
}

/// A text as paragraphs: markup stays, lines are paragraphs. What is no sentence in any language (an address, a key) is none.
pub(super) fn paragraphs(text: &str) -> String {
    let text = text.trim();
    let text = if text.contains("&lt;p") && !text.contains('<') {
        Cow::Owned(text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&"))
    } else {
        Cow::Borrowed(text)
    };
    if has_blocks(&text) {
        return text.into_owned();
    }
    let lines = text.split(['\n', '\r']).map(str::trim);
    let is_line =
        |line: &&str| !line.is_empty() && !line.starts_with("http") && (line.contains(' ') || !line.is_ascii());
    lines.filter(is_line).map(|line| format!("<p>{}</p>", inline(line))).collect()
}
