//! Titles and names: what a reader sees of a text that may hold markup.

use std::collections::HashSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::markup::{Token, Tokens, resolved};

/// Characters of a title, as the article record has them.
const LONGEST: usize = 1_000;

/// Elements that titles are marked up with. Another word in angle brackets is part of the title.
const MARKUP: [&str; 32] = [
    "a", "abbr", "acronym", "b", "big", "br", "cite", "code", "del", "div", "em", "font", "h1", "h2", "h3", "i", "img",
    "ins", "mark", "nobr", "p", "q", "s", "small", "span", "strike", "strong", "sub", "sup", "tt", "u", "wbr",
];

/// More of HTML's elements. A title that speaks of one is no less common than one that is marked up with it: they are
/// markup where they have attributes, or an end.
const MAYBE_MARKUP: [&str; 38] = [
    "applet",
    "article",
    "audio",
    "blink",
    "blockquote",
    "body",
    "center",
    "dd",
    "dl",
    "dt",
    "embed",
    "figure",
    "footer",
    "frame",
    "frameset",
    "h4",
    "h5",
    "h6",
    "head",
    "header",
    "hr",
    "html",
    "iframe",
    "li",
    "link",
    "meta",
    "object",
    "ol",
    "picture",
    "pre",
    "section",
    "source",
    "table",
    "td",
    "th",
    "tr",
    "ul",
    "video",
];

/// A text on one line, its white space folded, without control characters, cut to what a record holds.
pub(super) fn line(text: &str) -> Option<String> {
    let mut out = String::new();
    for word in text.split_whitespace() {
        let end = out.len();
        if !out.is_empty() {
            out.push(' ');
        }
        let start = out.len();
        out.extend(word.chars().filter(|c| !c.is_control() && *c != '\u{feff}'));
        if out.len() == start {
            out.truncate(end);
        }
        if out.len() > LONGEST * 4 {
            break;
        }
    }
    if let Some((end, _)) = out.char_indices().nth(LONGEST) {
        out.truncate(end);
    }
    (!out.is_empty()).then_some(out)
}

/// What a reader sees of a text that is HTML, or may be: without tags, entities resolved, on one line. Where tags come
/// to light that were escaped twice, they go, too.
pub(super) fn seen(html: &str) -> Option<String> {
    let once = read_once(html)?;
    if is_marked_up(&once) { read_once(&once) } else { Some(once) }
}

/// Whether a text has an element that only markup has, with its end.
fn is_marked_up(text: &str) -> bool {
    let ends = |token| matches!(token, Token::End { name } if is_one_of(&MARKUP, name));
    text.contains("</") && text.contains('>') && Tokens::of(text).any(ends)
}

fn read_once(html: &str) -> Option<String> {
    let mut out = String::with_capacity(html.len());
    let mut tokens = Tokens::of(html);
    let mut hidden = false;
    let ended: HashSet<&str> =
        Tokens::of(html).filter_map(|token| if let Token::End { name } = token { Some(name) } else { None }).collect();
    loop {
        let start = tokens.position();
        let Some(token) = tokens.next() else { break };
        match token {
            Token::Text(_) | Token::Literal(_) if hidden => {}
            Token::Text(text) => out.push_str(&resolved(text)),
            Token::Literal(text) => out.push_str(text),
            Token::Start { name, empty, .. } if is_hidden(name) => hidden = !empty,
            Token::End { name } if is_hidden(name) => hidden = false,
            Token::Start { name, .. } | Token::End { name } if is_one_of(&MARKUP, name) => {
                if breaks(name) {
                    out.push(' ');
                }
            }
            Token::Start { name, attributes, .. }
                if is_one_of(&MAYBE_MARKUP, name) && (attributes.contains('=') || ended.contains(name)) => {}
            Token::End { name } if is_one_of(&MAYBE_MARKUP, name) => {}
            Token::Start { .. } | Token::End { .. } => {
                out.push_str(html.get(start..tokens.position()).unwrap_or_default());
            }
        }
    }
    line(&out)
}

/// What a reader sees of HTML in base64; of what is none the text as it is.
pub(super) fn packed(base64: &str) -> Option<String> {
    let digits: String = base64.split_whitespace().collect();
    let html = STANDARD.decode(digits).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    html.map_or_else(|| line(base64), |html| seen(&html))
}

/// Whether an element begins a new line: the words around it are not one.
pub(super) fn breaks(name: &str) -> bool {
    ["br", "p", "div"].iter().any(|known| name.eq_ignore_ascii_case(known))
}

fn is_one_of(known: &[&str], name: &str) -> bool {
    known.iter().any(|known| name.eq_ignore_ascii_case(known))
}

fn is_hidden(name: &str) -> bool {
    name.eq_ignore_ascii_case("script") || name.eq_ignore_ascii_case("style")
}

/// The name in what RSS calls an author: `lawyer@boyer.example (Lawyer Boyer)`, `Lawyer Boyer <lawyer@boyer.example>`.
/// An address of a page is none.
pub(super) fn name(text: &str) -> Option<String> {
    let text = line(text)?;
    if text.starts_with('/') || text.starts_with("http://") || text.starts_with("https://") {
        return None;
    }
    if !text.contains('@') {
        return Some(text);
    }
    let in_brackets = text.split_once('(').and_then(|(_, rest)| rest.split_once(')')).map(|(name, _)| name.trim());
    if let Some(name) = in_brackets.filter(|name| !name.is_empty() && !name.contains('@')) {
        return Some(name.to_owned());
    }
    let is_name = |word: &&str| !word.contains('@') && !word.starts_with("mailto:");
    let before: Vec<&str> =
        text.split([' ', '<', '>', '(', ')', '"']).filter(is_name).filter(|word| !word.is_empty()).collect();
    if before.is_empty() { Some(text) } else { Some(before.join(" ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_what_a_reader_sees() {
        for (html, expected) in [
            (" One\n <b>two</b>&nbsp;&amp; three<br>four ", "One two & three four"),
            ("The <title> element, 5 < 6", "The <title> element, 5 < 6"),
            ("One<script>alert(1)</script> two", "One two"),
            ("AT&T's &#8220;plan&#8221; <img src=x>", "AT&T's “plan”"),
            ("&lt;b&gt;One&lt;/b&gt; &amp;lt; two", "One < two"),
            ("<blink>One</blink> <object data=\"x\">two", "One two"),
            ("How the <video> element works", "How the <video> element works"),
        ] {
            assert_eq!(seen(html).as_deref(), Some(expected), "{html}");
        }
        assert_eq!(seen("<b> </b>"), None);
        assert_eq!(seen(&"wörd ".repeat(900)).map(|title| title.chars().count()), Some(1_000));
    }

    #[test]
    fn an_author_is_a_name_where_there_is_one() {
        for (text, expected) in [
            ("lawyer@boyer.example (Lawyer Boyer)", "Lawyer Boyer"),
            ("Lawyer Boyer <lawyer@boyer.example>", "Lawyer Boyer"),
            ("lawyer@boyer.example", "lawyer@boyer.example"),
            ("Lawyer Boyer", "Lawyer Boyer"),
        ] {
            assert_eq!(name(text).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(name("https://boyer.example/"), None);
    }
}
