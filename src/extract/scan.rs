//! From text to the parser's tokens, without what no rule reads.
//!
//! Most of a news page is scripts, styles, pictures in SVG and attributes that no rule asks for. The scan
//! follows the states of the HTML Standard's tokenizer (13.2.5), and hands the tree builder what counts:
//!
//! | in the page | what the tree builder gets |
//! |---|---|
//! | `script` | an empty one; its text is in [`Scan::scripts`] |
//! | `style`, `iframe` and their like | an empty one |
//! | `svg` | an empty one |
//! | a comment | an empty one: it still ends a run of text |
//! | an attribute that is not kept (`kept.rs`) | nothing |
//! | a tag in `noscript` that is left open (`noscript.rs`) | its end, too |
//! | all else | what html5ever's own tokenizer gives |
//!
//! Where a run of text is raw, and what stands in foreign elements, the tree builder says itself. The tree is the
//! tree of the page, less what was left out: `scan/tests.rs` holds it against html5ever's own.

mod doctype;
mod kept;
mod names;
mod noscript;
mod raw;
mod references;
mod svg;
mod tag;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{Tag, TagKind, Token, TokenSink, TokenSinkResult};
use html5ever::{Attribute, LocalName, QualName, ns};

use kept::Keeper;
use names::Names;
use noscript::Noscript;
use tag::Attributes;

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

/// What became of SVG.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pictures {
    /// Left out, where they are nothing but pictures.
    LeftOut,
    /// Handed on as all else is.
    Kept,
}

/// A page on its way to the tree builder.
pub(super) struct Scan<'a> {
    text: &'a str,
    /// The same, for the tree to share.
    shared: StrTendril,
    /// Where the scan stands.
    at: usize,
    names: Names<'a>,
    pictures: Pictures,
    /// Whether a picture was left out, the text in it, too.
    left_out: bool,
    /// Whether an element that is no HTML was opened, and its content handed on.
    foreign: bool,
    /// What is open in the `noscript` around here.
    noscript: Noscript,
    /// The scripts that have a text, in document order.
    pub(super) scripts: Vec<Script<'a>>,
}

/// What comes behind a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    More,
    End,
    /// A frameset: whether it counts depends on text that may have been left out with a picture.
    Again,
}

impl<'a> Scan<'a> {
    /// Of a page, from its first character.
    pub(super) fn of(text: &'a str, pictures: Pictures) -> Self {
        Self {
            text,
            shared: StrTendril::from_slice(text),
            at: if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 },
            names: Names::default(),
            pictures,
            left_out: false,
            foreign: false,
            noscript: Noscript::default(),
            scripts: Vec::new(),
        }
    }

    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    fn slice(&self, from: usize, to: usize) -> &'a str {
        self.text.get(from..to).unwrap_or_default()
    }

    /// Hands on the next run of text or the next tag.
    pub(super) fn step(&mut self, sink: &impl TokenSink) -> Next {
        let next = match self.rest() {
            [] => {
                let _ = sink.process_token(Token::EOFToken, 1);
                sink.end();
                return Next::End;
            }
            [b'<', letter, ..] if letter.is_ascii_alphabetic() => return self.start_tag(sink),
            [b'<', b'/', letter, ..] if letter.is_ascii_alphabetic() => return self.end_tag(sink),
            [b'<', b'/', b'>', ..] => {
                self.at += 3;
                return Next::More;
            }
            [b'<', b'!', b'-', b'-', after @ ..] => {
                Some((Token::CommentToken(StrTendril::new()), 4 + raw::comment(after)))
            }
            [b'<', b'!', b'[', b'C', b'D', b'A', b'T', b'A', b'[', after @ ..] if is_foreign(sink) => {
                let length = memchr::memmem::find(after, b"]]>");
                let from = self.at + 9;
                let to = from + length.unwrap_or(after.len());
                self.characters(from, to, Text::Plain, sink);
                self.at = (to + 3).min(self.text.len());
                return Next::More;
            }
            [b'<', b'!' | b'?', ..] | [b'<', b'/', _, ..] => Some(self.declaration()),
            _ => None,
        };
        let Some((token, length)) = next else { return self.data(sink) };
        self.at += length;
        let _ = sink.process_token(token, 1);
        Next::More
    }

    /// A doctype, or what is read as a comment.
    fn declaration(&self) -> (Token, usize) {
        let rest = self.rest();
        let length = memchr::memchr(b'>', rest).map_or(rest.len(), |end| end + 1);
        let is_doctype = rest.get(2..9).is_some_and(|word| word.eq_ignore_ascii_case(b"doctype"));
        let doctype = is_doctype.then(|| doctype::read(self.slice(self.at, self.at + length))).flatten();
        (doctype.map_or(Token::CommentToken(StrTendril::new()), Token::DoctypeToken), length)
    }

    /// Text up to the next markup.
    fn data(&mut self, sink: &impl TokenSink) -> Next {
        let rest = self.rest();
        let begins = |at: &usize| {
            matches!(rest.get(at + 1..), Some([next, ..]) if next.is_ascii_alphabetic() || matches!(next, b'/' | b'!' | b'?'))
                && *at > 0
        };
        let end = memchr::memchr_iter(b'<', rest).find(begins).unwrap_or(rest.len());
        let to = self.at + end;
        self.characters(self.at, to, Text::References, sink);
        self.at = to;
        Next::More
    }

    /// Hands on a run of text; NUL is a token of its own, which the tree builder may pass over.
    fn characters(&mut self, from: usize, to: usize, kind: Text, sink: &impl TokenSink) {
        let mut rest = self.slice(from, to);
        loop {
            let end = memchr::memchr(0, rest.as_bytes());
            let (run, after) = rest.split_at(end.unwrap_or(rest.len()));
            if !run.is_empty() {
                let _ = sink.process_token(Token::CharacterTokens(self.value(run, kind)), 1);
            }
            if end.is_none() {
                return;
            }
            let _ = sink.process_token(Token::NullCharacterToken, 1);
            rest = after.get(1..).unwrap_or_default();
        }
    }

    /// A part of the page as the tree has it: the page's own bytes where nothing in it stands for something else.
    fn value(&self, raw: &'a str, kind: Text) -> StrTendril {
        let mark = if kind == Text::Plain { b'\r' } else { b'&' };
        if memchr::memchr3(mark, b'\r', 0, raw.as_bytes()).is_none() {
            return self.share(raw);
        }
        let lines = match memchr::memchr(b'\r', raw.as_bytes()) {
            Some(_) => Cow::Owned(raw.replace("\r\n", "\n").replace('\r', "\n")),
            None => Cow::Borrowed(raw),
        };
        let lines = if lines.contains('\0') { Cow::Owned(lines.replace('\0', "\u{fffd}")) } else { lines };
        if kind == Text::Plain {
            return StrTendril::from_slice(&lines);
        }
        let mut decoded = String::with_capacity(lines.len());
        references::decode(&lines, kind == Text::Attribute, &mut decoded);
        StrTendril::from_slice(&decoded)
    }

    fn share(&self, part: &'a str) -> StrTendril {
        // A value that is not there lies nowhere in the page.
        if part.is_empty() {
            return StrTendril::new();
        }
        let offset = part.as_ptr().addr() - self.text.as_ptr().addr();
        let shared = match (u32::try_from(offset), u32::try_from(part.len())) {
            (Ok(offset), Ok(length)) => self.shared.try_subtendril(offset, length).ok(),
            _ => None,
        };
        shared.unwrap_or_else(|| StrTendril::from_slice(part))
    }

    fn end_tag(&mut self, sink: &impl TokenSink) -> Next {
        let (name, mut attributes) = tag::read(self.text, self.at + 2);
        attributes.by_ref().for_each(drop);
        let Some((end, _)) = attributes.end() else { return self.cut() };
        self.at = end;
        let name = self.names.local(name);
        if self.noscript.is_around() {
            for name in self.noscript.closed(name) {
                let _ = sink.process_token(tag_token(TagKind::EndTag, name, Vec::new(), false), 1);
            }
            return Next::More;
        }
        let _ = sink.process_token(tag_token(TagKind::EndTag, name, Vec::new(), false), 1);
        Next::More
    }

    /// A tag that the page's end cuts off is no tag.
    fn cut(&mut self) -> Next {
        self.at = self.text.len();
        Next::More
    }

    fn start_tag(&mut self, sink: &impl TokenSink) -> Next {
        let (name, mut attributes) = tag::read(self.text, self.at + 1);
        let local = self.names.local(name);
        if &*local == "frameset" && self.left_out {
            return Next::Again;
        }
        let is_script = &*local == "script";
        let mut kind = "";
        let kept = if is_script {
            let kinds = attributes.by_ref().filter(|attribute| attribute.name.eq_ignore_ascii_case("type"));
            kind = kinds.map(|attribute| attribute.value).find(|kind| !kind.is_empty()).unwrap_or_default();
            attributes.by_ref().for_each(drop);
            Vec::new()
        } else {
            let keeper = if self.foreign && is_foreign(sink) { Keeper::of_all() } else { Keeper::of(&local) };
            self.attributes(&mut attributes, keeper)
        };
        let Some((end, closed)) = attributes.end() else { return self.cut() };
        self.at = end;
        let rest = self.rest();
        self.noscript.opened(&local, || raw::text(rest, "noscript") < rest.len());
        match sink.process_token(tag_token(TagKind::StartTag, local.clone(), kept, closed), 1) {
            TokenSinkResult::RawData(RawKind::Rcdata) => self.raw_text(name, Some(Text::References), sink),
            TokenSinkResult::RawData(RawKind::Rawtext) => {
                self.raw_text(name, (&*local == "xmp").then_some(Text::Plain), sink);
            }
            TokenSinkResult::RawData(_) => self.script(kind),
            TokenSinkResult::Plaintext => {
                let raw = self.slice(self.at, self.text.len());
                if !raw.is_empty() {
                    let _ = sink.process_token(Token::CharacterTokens(self.value(raw, Text::Plain)), 1);
                }
                self.at = self.text.len();
            }
            _ => match &*local {
                "svg" if !closed => self.svg(local, sink),
                "math" => {
                    self.foreign = true;
                    self.noscript.lose();
                }
                _ => {}
            },
        }
        Next::More
    }

    fn attributes(&mut self, attributes: &mut Attributes<'a>, mut keeper: Keeper) -> Vec<Attribute> {
        let mut kept: Vec<Attribute> = Vec::new();
        for attribute in attributes {
            let Some(name) = keeper.keeps(attribute.name, &mut self.names) else { continue };
            if kept.iter().any(|before| before.name.local == name) {
                continue;
            }
            let value = self.value(attribute.value, Text::Attribute);
            kept.push(Attribute { name: QualName::new(None, ns!(), name), value });
        }
        kept
    }

    /// Text up to the element's end tag; without a kind it is left out.
    fn raw_text(&mut self, name: &str, kind: Option<Text>, sink: &impl TokenSink) {
        let to = self.at + raw::text(self.rest(), name);
        let raw = self.slice(self.at, to);
        if let Some(kind) = kind.filter(|_| !raw.is_empty()) {
            let _ = sink.process_token(Token::CharacterTokens(self.value(raw, kind)), 1);
        }
        self.at = to;
    }

    fn script(&mut self, kind: &'a str) {
        let to = self.at + raw::script(self.rest());
        let script = Script { kind, text: self.slice(self.at, to) };
        if !script.text.trim().is_empty() {
            self.scripts.push(script);
        }
        self.at = to;
    }

    /// Leaves out a picture whose start tag was handed on.
    fn svg(&mut self, local: LocalName, sink: &impl TokenSink) {
        let end = match self.pictures {
            // A select passes over the tag, and what stands in it is markup as all else.
            Pictures::LeftOut if is_foreign(sink) => svg::end(self.text, self.at),
            _ => None,
        };
        let Some(end) = end else {
            self.foreign = true;
            self.noscript.lose();
            return;
        };
        self.at = end;
        self.left_out = true;
        let _ = sink.process_token(tag_token(TagKind::EndTag, local, Vec::new(), false), 1);
    }
}

/// How a run of text is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Text {
    /// As it stands.
    Plain,
    /// With character references.
    References,
    /// The same, as they are read in attributes.
    Attribute,
}

fn tag_token(kind: TagKind, name: LocalName, attrs: Vec<Attribute>, self_closing: bool) -> Token {
    Token::TagToken(Tag { kind, name, self_closing, attrs, had_duplicate_attributes: false })
}

/// Whether what follows stands in an element that is no HTML.
fn is_foreign(sink: &impl TokenSink) -> bool {
    sink.adjusted_current_node_present_but_not_in_html_namespace()
}
