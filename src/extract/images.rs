//! The pictures of an article, with caption and credit told apart.

use super::classes::Families;
use super::page::Page;
use super::structured::Facts;
use super::tag::Tag;
use super::text::{IMAGES, STRING_CHARS, clean, cut};
use super::wire::photo_credit;
use crate::record::Image;

/// The pictures of the text's region (scopes from `first` to before `end`), the page's own first.
/// `credits` are those that stood in the text: they go to pictures that have none.
pub(super) fn images(facts: &Facts<'_>, region: Option<(usize, usize)>, credits: Vec<String>) -> Vec<Image> {
    let page = facts.page;
    let mut images: Vec<Image> = Vec::new();
    if let Some(url) =
        page.meta("og:image").or_else(|| page.meta("twitter:image")).and_then(|address| facts.absolute(address))
    {
        add(&mut images, Image { url: Some(url), ..Image::default() });
    }
    let (first, end) = region.unwrap_or_default();
    for (index, scope) in page.scopes.iter().enumerate().take(end).skip(first) {
        if scope.tag != Tag::Img {
            continue;
        }
        let foreign = page.ancestors(index).take_while(|(at, _)| *at > first).any(|(_, scope)| {
            scope.own.any(Families::RELATED | Families::PROMO | Families::COMMENTS | Families::BIO | Families::AUTHOR)
                || matches!(scope.tag, Tag::Aside | Tag::Nav)
        });
        let address = ["data-src", "data-lazy-src", "data-original", "src"]
            .iter()
            .find_map(|name| scope.element?.attr(name))
            .filter(|address| !address.starts_with("data:"));
        let small = ["width", "height"].iter().any(|name| {
            scope
                .element
                .and_then(|element| element.attr(name))
                .and_then(|value| value.parse::<u32>().ok())
                .is_some_and(|size| size < 80)
        });
        if foreign || small {
            continue;
        }
        if let Some(url) = address.and_then(|address| facts.absolute(address)) {
            let (caption, credit) = legend(page, index);
            add(&mut images, Image { url: Some(url), caption, credit });
        }
    }
    for credit in credits {
        let credit = Some(cut(credit, STRING_CHARS));
        if let Some(image) = images.iter_mut().find(|image| image.credit.is_none()) {
            image.credit = credit;
        } else if images.len() < IMAGES {
            images.push(Image { credit, ..Image::default() });
        }
    }
    images
}

/// Adds a picture, or what it says of a known one.
fn add(images: &mut Vec<Image>, image: Image) {
    let known = images.iter_mut().find(|known| match (&known.url, &image.url) {
        (Some(a), Some(b)) => same(a, b),
        _ => false,
    });
    if let Some(known) = known {
        known.caption = known.caption.take().or(image.caption);
        known.credit = known.credit.take().or(image.credit);
    } else if images.len() < IMAGES {
        images.push(image);
    }
}

/// Whether two addresses are of one picture in two sizes: the same but for the query.
fn same(a: &str, b: &str) -> bool {
    a.split(['?', '#']).next() == b.split(['?', '#']).next()
}

/// Caption and credit of the figure around a picture.
fn legend(page: &Page<'_>, image: usize) -> (Option<String>, Option<String>) {
    let figure =
        page.ancestors(image).skip(1).take(5).find(|(_, scope)| {
            scope.tag == Tag::Figure || (scope.own.any(Families::CAPTION) && scope.blocks.len() <= 4)
        });
    let Some((first, figure)) = figure else { return (None, None) };
    let (mut caption, mut credit): (Vec<&str>, Option<String>) = (Vec::new(), None);
    for block in page.blocks.get(figure.blocks.clone()).unwrap_or_default().iter().take(6) {
        let text = page.block_text(block);
        let named = page
            .ancestors(block.scope)
            .take_while(|(at, _)| *at > first)
            .any(|(_, scope)| scope.own.any(Families::CREDIT));
        if named && credit.is_none() {
            credit = Some(text.to_owned());
        } else if let Some(found) = photo_credit(text) {
            credit = credit.or(Some(found));
        } else {
            caption.push(text);
        }
    }
    let inline = page
        .scopes
        .get(first..figure.end)
        .unwrap_or_default()
        .iter()
        .find(|scope| scope.tag.is_inline() && scope.own.any(Families::CREDIT));
    let mut caption = clean(&caption.join(" "));
    if let Some(inline) = inline.filter(|_| credit.is_none()) {
        let text = clean(page.slice(&inline.text));
        if !text.is_empty() && text.len() < caption.len() {
            caption = clean(&caption.replacen(&text, "", 1));
            credit = Some(text);
        }
    }
    let full = |text: String| Some(cut(text, STRING_CHARS)).filter(|text| !text.is_empty());
    (full(caption), credit.map(|credit| clean(&credit)).and_then(full))
}
