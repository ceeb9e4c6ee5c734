//! Markup cut into tags and text, whatever is wrong with it.
//!
//! Feeds are broken in ways that a parser of XML has to refuse: bare ampersands, HTML's entities, tags that
//! never close, words in front of the declaration, the end missing. Here a `<` that begins no tag is text, an
//! entity that is not known stays as it stands, and the end ends whatever was open. Entities that a document
//! declares are never expanded, and nothing outside of it is ever read. One pass: the work is in
//! proportion to the bytes.

use std::borrow::Cow;

use quick_xml::escape::resolve_html5_entity;

/// How far the closing quote of a value with a `<` in it is looked for, in bytes. Beyond, the quote was none.
const LONGEST_BROKEN_VALUE: usize = 4_096;

/// The longest name between `&` and `;`: HTML's longest is `CounterClockwiseContourIntegral`.
const LONGEST_ENTITY: usize = 33;

/// What Windows-1252 has where numbers from 128 to 159 name control characters (HTML Standard, 13.2.5.80).
const C1: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘', '’',
    '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// A part of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// `<name ...>`, or `<name .../>` where it is empty.
    Start { name: &'a str, attributes: &'a str, empty: bool },
    /// `</name>`
    End { name: &'a str },
    /// Text as it stands, entities not resolved.
    Text(&'a str),
    /// What stands in `<![CDATA[...]]>`.
    Literal(&'a str),
}

/// The parts of a document, in order. Comments, declarations and instructions are left out.
#[derive(Debug, Clone)]
pub(super) struct Tokens<'a> {
    text: &'a str,
    at: usize,
    /// Whether no CDATA section ends behind here; it is looked for once.
    last_section: bool,
}

impl<'a> Tokens<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        Self { text, at: 0, last_section: false }
    }

    /// Where the next part begins, in bytes.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Goes on behind `end`, or to the end of the document where there is none; gives what stands before it.
    fn until(&mut self, end: &str) -> &'a str {
        let rest = self.rest();
        let (before, length) = match rest.find(end) {
            Some(at) => (rest.get(..at).unwrap_or_default(), at + end.len()),
            None => (rest, rest.len()),
        };
        self.at += length;
        before
    }

    /// Goes on behind a `<!...>`; a DOCTYPE may hold declarations in brackets.
    fn declaration(&mut self) {
        let rest = self.rest();
        let first = rest.find(['>', '[']);
        if first.is_some_and(|at| rest.as_bytes().get(at) == Some(&b'[')) && rest.contains("]>") {
            self.until("]>");
        } else {
            self.until(">");
        }
    }

    /// The text up to the next `<`, the first character included whatever it is.
    fn words(&mut self) -> Token<'a> {
        let rest = self.rest();
        let first = rest.chars().next().map_or(0, char::len_utf8);
        let length = rest.get(first..).and_then(|behind| behind.find('<')).map_or(rest.len(), |at| at + first);
        self.at += length;
        Token::Text(rest.get(..length).unwrap_or_default())
    }

    /// The tag that begins here.
    fn tag(&mut self) -> Token<'a> {
        let rest = self.rest();
        let length = tag_end(rest);
        let closed = rest.as_bytes().get(length) == Some(&b'>');
        self.at += length + usize::from(closed);
        let inner = rest.get(1..length).unwrap_or_default();
        if let Some(name) = inner.strip_prefix('/') {
            return Token::End { name: name_of(name).0 };
        }
        let (name, attributes) = name_of(inner);
        let empty = inner.ends_with('/');
        Token::Start { name, attributes, empty }
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            let rest = self.rest();
            if rest.is_empty() {
                return None;
            }
            if !rest.starts_with('<') {
                return Some(self.words());
            }
            if rest.starts_with("<!--") {
                self.at += 4;
                self.until("-->");
            } else if rest.get(..9).is_some_and(|start| start.eq_ignore_ascii_case("<![CDATA[")) {
                self.at += 9;
                self.last_section = self.last_section || !self.rest().contains("]]>");
                // One that never ends is none: what follows is read as if it had not begun.
                if !self.last_section {
                    return Some(Token::Literal(self.until("]]>")));
                }
            } else if rest.starts_with("<?") {
                self.until(">");
            } else if rest.starts_with("<!") {
                self.declaration();
            } else {
                let name = rest.strip_prefix("</").or(rest.strip_prefix('<')).unwrap_or(rest);
                let is_tag = name.starts_with(|c: char| c.is_alphabetic() || c == '_');
                return Some(if is_tag { self.tag() } else { self.words() });
            }
        }
    }
}

/// Where the tag at the beginning of `rest` ends: at its `>`, at a `<` that must belong to the next one, or
/// at the end of all.
fn tag_end(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let mut at = 1;
    let mut after_equals = false;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'>' | b'<' => return at,
            // Quotes count where a value can begin: an apostrophe elsewhere is a mistake.
            b'"' | b'\'' if after_equals => {
                let value = bytes.get(at + 1..).unwrap_or_default();
                let near = value.get(..LONGEST_BROKEN_VALUE).unwrap_or(value);
                let plain = value.iter().position(|other| other == byte || *other == b'<');
                let close = match plain.and_then(|end| Some((end, *value.get(end)?))) {
                    Some((end, closing)) if closing == *byte => Some(end),
                    Some(_) => near.iter().position(|other| other == byte),
                    None => None,
                };
                if let Some(close) = close {
                    at += close + 1;
                }
                after_equals = false;
            }
            b'=' => after_equals = true,
            byte if byte.is_ascii_whitespace() => {}
            _ => after_equals = false,
        }
        at += 1;
    }
    bytes.len()
}

fn name_of(inner: &str) -> (&str, &str) {
    let end = inner.find(|c: char| c.is_whitespace() || c == '/').unwrap_or(inner.len());
    (inner.get(..end).unwrap_or_default(), inner.get(end..).unwrap_or_default())
}

/// The attributes of a tag, in order: names as they stand, values with their entities resolved.
pub(super) fn attributes(text: &str) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '/' | '=' | '"' | '\'' | ','));
        if rest.is_empty() {
            return None;
        }
        let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '=' | '/')).unwrap_or(rest.len());
        let (name, behind) = rest.split_at(end);
        let Some(value) = behind.trim_start().strip_prefix('=').map(str::trim_start) else {
            rest = behind;
            return Some((name, Cow::Borrowed("")));
        };
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
        let (value, behind) = match quote {
            Some(quote) => value.get(1..).and_then(|value| value.split_once(quote)).unwrap_or((value.get(1..)?, "")),
            None => value.split_at(value.find(char::is_whitespace).unwrap_or(value.len())),
        };
        rest = behind;
        Some((name, resolved(value)))
    })
}

/// The value of an attribute, by its name in lower case.
pub(super) fn attribute<'a>(text: &'a str, wanted: &str) -> Option<Cow<'a, str>> {
    attributes(text).find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value)
}

/// A text with its entities resolved: XML's, HTML's and those by number. What is none stays as it stands.
pub(super) fn resolved(text: &str) -> Cow<'_, str> {
    let Some(first) = text.find('&') else { return Cow::Borrowed(text) };
    let mut out = String::with_capacity(text.len());
    let (before, mut rest) = text.split_at(first);
    out.push_str(before);
    while let Some(behind) = rest.strip_prefix('&') {
        let near = behind.get(..behind.floor_char_boundary(LONGEST_ENTITY)).unwrap_or(behind);
        let name = near.split_once(';').map(|(name, _)| name);
        let whole = name.is_some_and(|name| match name.strip_prefix('#') {
            Some(number) => numbered(number).map(|c| out.push(c)).is_some(),
            None => resolve_html5_entity(name).map(|text| out.push_str(text)).is_some(),
        });
        rest = match name.filter(|_| whole) {
            Some(name) => behind.get(name.len() + 1..).unwrap_or_default(),
            None => {
                out.push('&');
                behind
            }
        };
        let next = rest.find('&').unwrap_or(rest.len());
        let (words, behind) = rest.split_at(next);
        out.push_str(words);
        rest = behind;
    }
    Cow::Owned(out)
}

fn numbered(number: &str) -> Option<char> {
    let code = match number.strip_prefix(['x', 'X']) {
        Some(digits) => u32::from_str_radix(digits, 16).ok()?,
        None => number.parse().ok()?,
    };
    if let Some(c) = code.checked_sub(128).and_then(|index| C1.get(index as usize)) {
        return Some(*c);
    }
    Some(char::from_u32(code).filter(|c| *c != '\0').unwrap_or('\u{fffd}'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(text: &str) -> String {
        let show = |token| match token {
            Token::Start { name, empty, .. } => format!("<{name}{}>", if empty { "/" } else { "" }),
            Token::End { name } => format!("</{name}>"),
            Token::Text(text) => format!("\"{}\"", resolved(text)),
            Token::Literal(text) => format!("!\"{text}\""),
        };
        Tokens::of(text).map(show).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn broken_markup_gives_what_is_there() {
        for (text, expected) in [
            ("<a>b</a>", r#"<a> "b" </a>"#),
            ("<a b='>'/>c", r#"<a/> "c""#),
            ("5 < 6 & 7 <3 </a>", r#""5 " "< 6 & 7 " "<3 " </a>"#),
            ("<a b=\"c>d</a>", r#"<a> "d" </a>"#),
            ("<a b='it <b>'>c", r#"<a> "c""#),
            ("<a <b>c", r#"<a> <b> "c""#),
            ("<a>b<![CDATA[<c>]]>d", r#"<a> "b" !"<c>" "d""#),
            ("<a>b<![CDATA[c</a>", r#"<a> "b" "c" </a>"#),
            ("<!-- <x> --><a><!-- open", "<a>"),
            ("<!DOCTYPE r [<!ENTITY e \"<b>\">]><r>&e;</r>", r#"<r> "&e;" </r>"#),
            ("<?php x ?><r>&nbsp;&#8217;&#x27;&#146;&#0;&bogus;&</r>", "<r> \"\u{a0}’'’\u{fffd}&bogus;&\" </r>"),
            ("<a href=b.html>", "<a>"),
            ("<", "\"<\""),
            ("<<b>", "\"<\" <b>"),
            ("<a", "<a>"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn attributes_are_read_with_and_without_quotes() {
        let all: Vec<_> = attributes(r#" a="1&amp;2" b='x"y' c = d e f="open"#).collect();
        let expected = [("a", "1&2"), ("b", "x\"y"), ("c", "d"), ("e", ""), ("f", "open")];
        assert_eq!(all, expected.map(|(name, value)| (name, Cow::from(value))));
    }

    #[test]
    fn hostile_markup_takes_no_more_than_a_moment() {
        for hostile in ["<a \"", "<!--", "<![CDATA[", "<!DOCTYPE [", "<a b='<", "&#", "<<", "</"] {
            let text = hostile.repeat(300_000);
            assert!(Tokens::of(&text).count() < 1_000_000, "{hostile}");
            assert!(resolved(&text).len() <= text.len());
        }
    }

    proptest! {
        #[test]
        fn any_text_is_cut_to_its_end(text in "[<>&;!?/='\"a-c \\[\\]\\-#ü]{0,60}") {
            let mut tokens = Tokens::of(&text);
            for token in tokens.by_ref() {
                if let Token::Start { attributes: rest, .. } = token {
                    let _ = attributes(rest).count();
                }
            }
            prop_assert_eq!(tokens.position(), text.len());
        }
    }
}
