//! Leaves out of a page what no rule reads, before the parser sees it.
//!
//! Most of a news page is scripts, styles, pictures in SVG and attributes that no rule asks for. The scan
//! follows the states of the HTML Standard's tokenizer (13.2.5) over the text, and hands on what counts:
//!
//! | in the page | what the parser gets |
//! |---|---|
//! | `script` | an empty one; its text is in [`Scanned::scripts`] |
//! | `style`, `iframe` and their like | an empty one |
//! | `svg` | an empty one |
//! | a comment | an empty one: it still ends a run of text |
//! | an attribute that is not kept (`kept.rs`) | nothing |
//! | all else | the same bytes |
//!
//! The tree of what is left is the tree of the page, less what was left out: `scan/tests.rs` holds the one against
//! the other. Where the meaning of bytes is the tree builder's to say (`math`, HTML within SVG, columns in templates,
//! raw text within `select`, framesets), the scan doesn't guess: the parser gets the rest of the page as it is.

mod kept;
mod raw;
mod svg;
mod tag;
#[cfg(test)]
mod tests;

use kept::Keeper;
use tag::Attributes;

/// A page without what no rule reads.
#[derive(Debug, Default)]
pub(super) struct Scanned<'a> {
    /// What the parser gets.
    pub(super) html: String,
    /// The scripts that have a text, in document order.
    pub(super) scripts: Vec<Script<'a>>,
}

/// A script, as it stands in the page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Script<'a> {
    /// Its `type`, as written; empty for most programs.
    pub(super) kind: &'a str,
    /// Its text.
    pub(super) text: &'a str,
}

impl Script<'_> {
    /// Whether it is JSON-LD.
    pub(super) fn is_json_ld(&self) -> bool {
        const JSON_LD: &str = "application/ld+json";
        self.kind.trim_start().get(..JSON_LD.len()).is_some_and(|kind| kind.eq_ignore_ascii_case(JSON_LD))
    }
}

/// Scans a page.
pub(super) fn scan(text: &str) -> Scanned<'_> {
    let mut scan = Scan { text, at: 0, copied: 0, in_select: false, in_template: false, out: Scanned::default() };
    scan.out.html.reserve(text.len() / 2);
    while let Some(found) = memchr::memchr(b'<', scan.rest()) {
        scan.at += found;
        match scan.markup() {
            Next::Known => {}
            Next::Unknown => break,
            Next::Frames => return Scanned { html: text.to_owned(), scripts: Vec::new() },
        }
    }
    scan.at = text.len();
    scan.copy();
    scan.out
}

/// What the scan knows of the bytes that follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Known,
    /// Their meaning is the tree builder's to say, or there are none.
    Unknown,
    /// Whether the page is made of frames depends on what was read before.
    Frames,
}

/// An element by what stands in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    /// Markup.
    Markup,
    /// Markup, of options.
    Select,
    Template,
    /// A column of a table: in a template, the tree builder ignores much of what follows.
    Column,
    /// A program or data: up to its end tag, but for escapes.
    Script,
    /// Text up to its end tag that no rule reads.
    Unread,
    /// Text up to its end tag.
    Text,
    Svg,
    /// The tree builder's to say.
    Unknown,
    Frames,
}

impl Content {
    fn of(name: &str) -> Self {
        let is = |names: &[&str]| names.iter().any(|known| known.eq_ignore_ascii_case(name));
        match name.len() {
            3 if is(&["svg"]) => Self::Svg,
            3 if is(&["xmp"]) => Self::Text,
            3 if is(&["col"]) => Self::Column,
            4 if is(&["math"]) => Self::Unknown,
            5 if is(&["title"]) => Self::Text,
            5 if is(&["style"]) => Self::Unread,
            6 if is(&["script"]) => Self::Script,
            6 if is(&["select"]) => Self::Select,
            6 if is(&["iframe"]) => Self::Unread,
            7 if is(&["noembed"]) => Self::Unread,
            8 if is(&["noframes"]) => Self::Unread,
            8 if is(&["colgroup"]) => Self::Column,
            8 if is(&["template"]) => Self::Template,
            8 if is(&["textarea"]) => Self::Text,
            8 if is(&["frameset"]) => Self::Frames,
            9 if is(&["plaintext"]) => Self::Unknown,
            _ => Self::Markup,
        }
    }
}

struct Scan<'a> {
    text: &'a str,
    /// Where the scan stands.
    at: usize,
    /// Up to where the page is copied or left out.
    copied: usize,
    in_select: bool,
    /// Whether a template was opened: from there on its end may be anywhere.
    in_template: bool,
    out: Scanned<'a>,
}

impl<'a> Scan<'a> {
    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    /// Copies all that was passed and not left out.
    fn copy(&mut self) {
        self.out.html.push_str(self.text.get(self.copied..self.at).unwrap_or_default());
        self.copied = self.at;
    }

    /// Goes on at `at`, without what stands before.
    fn leave_out(&mut self, at: usize) {
        self.at = at;
        self.copied = at;
    }

    /// Reads on from a `<`.
    fn markup(&mut self) -> Next {
        match self.rest() {
            [_, letter, ..] if letter.is_ascii_alphabetic() => return self.start_tag(),
            [_, b'/', letter, ..] if letter.is_ascii_alphabetic() => return self.end_tag(),
            [_, b'!', b'-', b'-', after @ ..] => {
                self.copy();
                self.out.html.push_str("<!---->");
                self.leave_out(self.at + 4 + raw::comment(after));
            }
            // A doctype, or what ends like one.
            [_, b'!' | b'?' | b'/', after @ ..] => {
                self.at += 2 + memchr::memchr(b'>', after).map_or(after.len(), |end| end + 1);
            }
            _ => self.at += 1,
        }
        Next::Known
    }

    fn end_tag(&mut self) -> Next {
        self.copy();
        let (name, mut attributes) = tag::read(self.text, self.at + 2);
        attributes.by_ref().for_each(drop);
        let Some((end, _)) = attributes.end() else { return self.cut() };
        self.in_select &= !name.eq_ignore_ascii_case("select");
        self.out.html.push_str("</");
        self.out.html.push_str(name);
        self.out.html.push('>');
        self.leave_out(end);
        Next::Known
    }

    /// A tag that the page's end cuts off is no tag.
    fn cut(&mut self) -> Next {
        self.leave_out(self.text.len());
        Next::Unknown
    }

    fn start_tag(&mut self) -> Next {
        let (name, attributes) = tag::read(self.text, self.at + 1);
        let content = Content::of(name);
        if content == Content::Frames {
            return Next::Frames;
        }
        let unknown = match content {
            Content::Unknown => true,
            Content::Column => self.in_template,
            // A select may keep these out of the tree, and their content from being what it is elsewhere.
            Content::Unread | Content::Text | Content::Svg => self.in_select,
            _ => false,
        };
        if unknown {
            return Next::Unknown;
        }
        self.copy();
        match content {
            Content::Script => self.script(attributes),
            Content::Svg => self.svg(attributes),
            _ => self.element(name, content, attributes),
        }
    }

    fn element(&mut self, name: &'a str, content: Content, mut attributes: Attributes<'a>) -> Next {
        let html = &mut self.out.html;
        let before = html.len();
        html.push('<');
        html.push_str(name);
        let mut keeper = Keeper::of(name);
        for attribute in attributes.by_ref() {
            if keeper.keeps(attribute.name) {
                attribute.write(html);
            }
        }
        let Some((end, _)) = attributes.end() else {
            html.truncate(before);
            return self.cut();
        };
        html.push('>');
        self.leave_out(end);
        match content {
            Content::Select => self.in_select = true,
            Content::Template => self.in_template = true,
            Content::Text => self.at += raw::text(self.rest(), name),
            Content::Unread => self.leave_out(self.at + raw::text(self.rest(), name)),
            _ => {}
        }
        Next::Known
    }

    fn script(&mut self, mut attributes: Attributes<'a>) -> Next {
        let mut script = Script::default();
        for attribute in attributes.by_ref() {
            if script.kind.is_empty() && attribute.name.eq_ignore_ascii_case("type") {
                script.kind = attribute.value;
            }
        }
        let Some((end, _)) = attributes.end() else { return self.cut() };
        self.out.html.push_str("<script>");
        self.leave_out(end);
        let length = raw::script(self.rest());
        script.text = self.text.get(self.at..self.at + length).unwrap_or_default();
        if !script.text.trim().is_empty() {
            self.out.scripts.push(script);
        }
        self.leave_out(self.at + length);
        Next::Known
    }

    fn svg(&mut self, mut attributes: Attributes<'a>) -> Next {
        attributes.by_ref().for_each(drop);
        let Some((end, closed)) = attributes.end() else { return self.cut() };
        let end = if closed { Some(end) } else { svg::end(self.text, end) };
        let Some(end) = end else { return Next::Unknown };
        self.out.html.push_str("<svg></svg>");
        self.leave_out(end);
        Next::Known
    }
}
