//! Where an SVG picture ends.
//!
//! Within SVG all text is markup, a slash closes an element, and HTML may break out or be let in. The end is
//! told only of pictures that hold nothing but elements of SVG, each end tag closing one that is open.

use super::{raw, tag};

/// Elements within elements, at most.
const MAX_DEPTH: usize = 64;

/// Behind the end tag of the picture whose content begins at `at`; `None` where that is the tree builder's to say.
pub(super) fn end(text: &str, mut at: usize) -> Option<usize> {
    let mut open: Vec<&str> = vec!["svg"];
    loop {
        let rest = text.as_bytes().get(at..)?;
        at += memchr::memchr(b'<', rest)?;
        match text.as_bytes().get(at..)? {
            [_, b'!', b'-', b'-', after @ ..] => at += 4 + raw::comment(after),
            [_, b'!', b'[', ..] => return None,
            [_, b'/', letter, ..] if letter.is_ascii_alphabetic() => {
                let (name, mut attributes) = tag::read(text, at + 2);
                attributes.by_ref().for_each(drop);
                (at, _) = attributes.end()?;
                let place = open.iter().rposition(|open| open.eq_ignore_ascii_case(name))?;
                open.truncate(place);
                if open.is_empty() {
                    return Some(at);
                }
            }
            [_, letter, ..] if letter.is_ascii_alphabetic() => {
                let (name, mut attributes) = tag::read(text, at + 1);
                attributes.by_ref().for_each(drop);
                let (end, closed) = attributes.end()?;
                at = end;
                // What stands in these two is HTML.
                let in_html = open.last().is_some_and(|open| is_one_of(open, &["title", "desc"]));
                if in_html || !is_one_of(name, &ELEMENTS) || open.len() > MAX_DEPTH {
                    return None;
                }
                if !closed {
                    open.push(name);
                }
            }
            [_, b'!' | b'?' | b'/', after @ ..] => at += 3 + memchr::memchr(b'>', after)?,
            _ => at += 1,
        }
    }
}

fn is_one_of(name: &str, names: &[&str]) -> bool {
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// Elements of SVG that are no HTML within it, the frequent first.
#[rustfmt::skip]
const ELEMENTS: [&str; 62] = [
    "path", "g", "use", "circle", "rect", "polygon", "line", "title", "defs", "polyline", "ellipse", "symbol", "svg", "stop", "lineargradient", "clippath", "mask", "style",
    "desc", "text", "tspan", "image", "a", "radialgradient", "pattern", "filter", "animate", "animatetransform", "animatemotion", "set", "metadata", "marker", "view", "switch",
    "textpath", "feblend", "fecolormatrix", "fecomponenttransfer", "fecomposite", "feconvolvematrix", "fediffuselighting", "fedisplacementmap", "fedistantlight",
    "fedropshadow", "feflood", "fefunca", "fefuncb", "fefuncg", "fefuncr", "fegaussianblur", "feimage", "femerge", "femergenode", "femorphology", "feoffset",
    "fepointlight", "fespecularlighting", "fespotlight", "fetile", "feturbulence", "mpath", "hatch",
];
