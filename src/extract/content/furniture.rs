//! Which elements are furniture, with all that is in them.
//!
//! An element is left out for its tag, or for what its class says of it. Classes lie: page builders call
//! every box a widget, and a sidebar's grid may hold the article. So each word counts only within
//! bounds: of the share of the page's prose that it would take away, here and on the whole page.

use super::{Sums, tag_of};
use crate::extract::classes::Families;
use crate::extract::page::{Page, ratio};
use crate::extract::tag::Tag;

/// What is known of an element when it is judged as furniture.
struct Element {
    tag: Tag,
    own: Families,
    unseen: bool,
    holds_heading: bool,
    /// Its share of the page's prose.
    share: f64,
    words: usize,
    /// Whether there is a picture in it.
    pictured: bool,
    /// Whether it is almost nothing but paragraphs with hardly a link.
    plain: bool,
}

/// The families that make an element furniture, each judged by itself: where what a family would take
/// away is half of the page's prose, the page uses its word for something else.
const GROUPS: [Families; 9] = [
    Families::CONSENT,
    Families::LOGIN,
    Families::RELATED,
    Families::SHARE,
    Families::PROMO,
    Families::NAV,
    Families::FOOT,
    Families::SIDE,
    Families::HIDDEN,
];

/// The share of the prose from which on a family is not believed.
const NOT_BELIEVED: f64 = 0.45;

/// For each scope, whether it and all in it is left out.
pub(super) fn furniture(page: &Page<'_>, prose: &Sums, heading: Option<usize>) -> Vec<bool> {
    let total = prose.total().max(1);
    let words = Sums::of(page, |block| block.words);
    let links = Sums::of(page, |block| block.link_bytes);
    let bytes = Sums::of(page, |block| block.bytes);
    let paragraphs = Sums::of(page, |block| if tag_of(page, block) == Tag::P { block.words } else { 0 });
    let mut pictures = vec![0];
    for scope in &page.scopes {
        pictures.push(pictures.last().unwrap_or(&0) + usize::from(scope.tag == Tag::Img));
    }
    let element = |index: usize| {
        let scope = page.scopes.get(index)?;
        let (prose_words, all_words) = (prose.of_scope(page, index), words.of_scope(page, index));
        Some(Element {
            tag: scope.tag,
            own: scope.own,
            unseen: scope.unseen,
            holds_heading: heading.is_some_and(|heading| index <= heading && heading < scope.end),
            share: ratio(prose_words, total),
            words: all_words,
            pictured: pictures.get(scope.end).unwrap_or(&0) > pictures.get(index).unwrap_or(&0),
            plain: prose_words >= 60
                && ratio(paragraphs.of_scope(page, index), all_words) > 0.7
                && ratio(links.of_scope(page, index), bytes.of_scope(page, index)) < 0.1,
        })
    };
    let disbelieved = disbelieved(page, &element);
    let mut dropped: Vec<bool> = Vec::with_capacity(page.scopes.len());
    for (index, scope) in page.scopes.iter().enumerate() {
        let inherited = index != scope.parent && dropped.get(scope.parent).copied().unwrap_or_default();
        dropped.push(inherited || element(index).is_some_and(|element| is_furniture_scope(&element, disbelieved)));
    }
    dropped
}

/// The families that name too much of this page's prose.
fn disbelieved(page: &Page<'_>, element: &impl Fn(usize) -> Option<Element>) -> Families {
    let mut all = Families::NONE;
    for group in GROUPS {
        let (mut share, mut until) = (0.0, 0);
        for (index, scope) in page.scopes.iter().enumerate().filter(|(_, scope)| scope.own.any(group)) {
            let outermost = index >= until;
            if outermost
                && let Some(element) = element(index).filter(|element| is_furniture_scope(element, Families::NONE))
            {
                share += element.share;
                until = scope.end;
            }
        }
        if share >= NOT_BELIEVED {
            all |= group;
        }
    }
    all
}

/// Whether an element is furniture: by its tag, or by what its class says, unless it holds the
/// headline or too much of the page's prose to be that.
fn is_furniture_scope(element: &Element, disbelieved: Families) -> bool {
    let Element { tag, unseen, holds_heading, share, words, pictured, plain, .. } = *element;
    let own = element.own.without(disbelieved);
    if matches!(tag, Tag::Html | Tag::Body | Tag::Main) {
        return false;
    }
    if unseen {
        return share < 0.5;
    }
    if holds_heading {
        return matches!(tag, Tag::Nav);
    }
    match tag {
        Tag::Nav | Tag::Dialog | Tag::Button => return share < 0.5,
        Tag::Aside => return share < 0.6,
        Tag::Footer | Tag::Form => return share < 0.4,
        Tag::Blockquote if own.any(Families::EMBED) => return true,
        Tag::Figcaption => return true,
        _ => {}
    }
    if tag == Tag::P && words > 30 && !own.any(Families::CAPTION | Families::CREDIT | Families::BIO | Families::CONSENT)
    {
        return false;
    }
    if own.any(Families::COMMENTS) {
        return !own.any(Families::BODY);
    }
    let body = own.any(Families::BODY);
    if own.any(Families::CONSENT | Families::SHARE | Families::PROMO | Families::FOOT) {
        return share < if body { 0.1 } else { 0.35 };
    }
    if own.any(Families::RELATED | Families::NAV | Families::LOGIN) && !plain {
        return share < if body { 0.1 } else { 0.35 };
    }
    if own.any(Families::SIDE) && !plain {
        return share < if body { 0.05 } else { 0.25 };
    }
    if own.any(Families::BIO | Families::TAGS | Families::PLAYER | Families::HIDDEN) {
        return share < if body { 0.05 } else { 0.25 };
    }
    if own.any(Families::CAPTION | Families::CREDIT) {
        return share < 0.2 && words < 150;
    }
    if own.any(Families::BOX) {
        return share < 0.3;
    }
    if own.any(Families::IMAGE) && pictured {
        return share < 0.15 && words < 80 && !body;
    }
    if own.any(Families::AUTHOR | Families::BYLINE | Families::DATE | Families::UPDATED) {
        return share < 0.2 && words < 60 && !body;
    }
    false
}
