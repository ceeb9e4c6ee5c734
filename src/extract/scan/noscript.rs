//! Where `noscript` ends.
//!
//! A browser reads what stands in `noscript` as text up to its end tag, so that sites never notice tags in it that
//! they leave open: `<noscript><div></noscript>`. Read as elements, as lazy images need it, the open `div` keeps the
//! end tag from counting (HTML Standard, 13.2.6.4.7, "any other end tag"), and all that follows stands in the `noscript`. So what was
//! opened in it is closed before it ends, and end tags of what was opened before it are left out.

use html5ever::{LocalName, local_name};

/// Open elements of one `noscript` that are remembered. One with more is left as it is.
const MOST_OPEN: usize = 64;

/// Elements that have no end tag, none that may be made up, or one that is seen to elsewhere.
#[rustfmt::skip]
const WITHOUT_END: [&str; 23] = [
    "area", "base", "basefont", "bgsound", "body", "br", "col", "embed", "frame", "frameset", "head", "hr", "html", "image", "img", "input", "link", "math", "meta", "param",
    "source", "svg", "wbr",
];

/// Elements that stay in force when an element around them ends (HTML Standard, 13.2.4.3).
const FORMATTING: [&str; 14] =
    ["a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"];

/// Elements that end where another of their kind begins.
const ENDED_BY_NEXT: [&str; 8] = ["p", "li", "dd", "dt", "option", "tr", "td", "th"];

/// What is open within a `noscript`.
#[derive(Debug, Default)]
pub(super) struct Noscript {
    state: State,
    open: Vec<LocalName>,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum State {
    /// Outside of any.
    #[default]
    Outside,
    /// In one, all of whose elements are known.
    Inside,
    /// In one that has what is not followed here, or no end at all.
    Unknown,
}

impl Noscript {
    /// An element was opened. `ends` says whether an end tag for a `noscript` follows at all.
    pub(super) fn opened(&mut self, name: &LocalName, ends: impl FnOnce() -> bool) {
        match self.state {
            State::Outside if *name == local_name!("noscript") => {
                self.state = if ends() { State::Inside } else { State::Unknown };
            }
            State::Inside if self.open.len() >= MOST_OPEN => self.lose(),
            // One paragraph or item ends the other.
            State::Inside if self.open.last() == Some(name) && ENDED_BY_NEXT.contains(&&**name) => {}
            State::Inside if !WITHOUT_END.contains(&&**name) => self.open.push(name.clone()),
            _ => {}
        }
    }

    /// What was opened last is not followed here.
    pub(super) fn lose(&mut self) {
        if self.state == State::Inside {
            self.state = State::Unknown;
            self.open.clear();
        }
    }

    /// Whether tags are to be asked about: one is open.
    pub(super) fn is_around(&self) -> bool {
        self.state != State::Outside
    }

    /// An end tag was read: which are to be handed on in its place.
    pub(super) fn closed(&mut self, name: LocalName) -> Vec<LocalName> {
        if name == local_name!("noscript") {
            self.state = State::Outside;
            let open = std::mem::take(&mut self.open);
            return open.into_iter().rev().chain([name]).collect();
        }
        if self.state == State::Unknown {
            return vec![name];
        }
        let Some(place) = self.open.iter().rposition(|open| *open == name) else { return Vec::new() };
        let is_formatting = |name: &LocalName| FORMATTING.contains(&&**name);
        if is_formatting(&name) {
            return vec![self.open.remove(place)];
        }
        let within = self.open.split_off(place);
        let (stay, end): (Vec<_>, Vec<_>) = within.into_iter().partition(is_formatting);
        self.open.extend(stay);
        end.into_iter().rev().collect()
    }
}
