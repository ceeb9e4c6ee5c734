//! The pictures of an article, with caption and credit told apart.

use super::agencies::agency;
use super::classes::Families;
use super::page::{Page, Scope};
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
        let address = address_of(scope);
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

/// The address of a picture: lazy ones have it in an attribute of their own, and a placeholder in `src`.
fn address_of<'a>(scope: &Scope<'a>) -> Option<&'a str> {
    let element = scope.element?;
    let plain = ["data-src", "data-lazy-src", "data-original", "data-lazy", "src"]
        .iter()
        .filter_map(|name| element.attr(name))
        .find(|address| !address.trim().is_empty() && !address.starts_with("data:"));
    // Of a set of sizes the last is the largest, as sites write them.
    plain.or_else(|| {
        let set = ["srcset", "data-srcset"].iter().find_map(|name| element.attr(name))?;
        set.rsplit(", ").next()?.split_whitespace().next()
    })
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
    if credit.is_none()
        && let Some((text, found)) = split_credit(&caption)
    {
        credit = Some(found.to_owned());
        caption = text.to_owned();
    }
    let full = |text: String| Some(cut(text, STRING_CHARS)).filter(|text| !text.is_empty());
    (full(caption), credit.map(|credit| clean(&credit)).and_then(full))
}

/// Words before the name of who made a picture, in captions.
#[rustfmt::skip]
const LABELS: [&str; 30] = [
    "photo:", "photo by ", "photograph:", "photo credit:", "photo/", "photos:", "picture:", "image:", "image credit:", "credit:", "credits:", "foto:", "fotos:", "foto/", "bild:", "bildrechte:", "bildquelle:", "quelle:", "crédit photo:", "crédit photo :", "crédit :",
    "crédits :", "crédito:", "photo :", "fotografía:", "zdjęcie:", "fot. ", "фото:", "©", "写真：",
];
/// Bytes of a credit, at most.
const CREDIT_BYTES: usize = 120;

/// Caption and credit of a text that holds both: `A man walks. Photo: Jane Doe/AFP`, `A man walks (AP Photo/Jane Doe)`.
fn split_credit(text: &str) -> Option<(&str, &str)> {
    let before = |at: usize| {
        let caption = text.get(..at).unwrap_or_default();
        caption.trim_end_matches(|c: char| {
            c.is_whitespace() || matches!(c, '(' | '[' | '|' | '·' | '•' | '-' | '–' | '—' | '/')
        })
    };
    // Whose it is, in brackets at the end.
    let bracket = text.rfind('(').and_then(|open| {
        let inner = text.get(open + 1..)?.trim_end().trim_end_matches('.').strip_suffix(')')?.trim();
        let parts = || inner.split(['/', ',']);
        let owned = parts().any(|part| agency(part).is_some() || part.ends_with(" Photo") || part.contains("Getty"));
        (owned && inner.len() <= CREDIT_BYTES).then_some((open, inner))
    });
    if let Some((open, inner)) = bracket {
        let label = LABELS.iter().find(|label| {
            inner.get(..label.len()).is_some_and(|head| head.to_lowercase() == **label) && **label != "photo/"
        });
        return Some((before(open), inner.get(label.map_or(0, |label| label.len())..)?.trim()));
    }
    // A word for it before it.
    let lower = text.to_lowercase();
    if lower.len() != text.len() {
        return None;
    }
    let (at, length) = LABELS.iter().filter_map(|label| Some((lower.rfind(label)?, label.len()))).max()?;
    let begins = text.get(..at).is_some_and(|head| {
        head.is_empty() || head.ends_with([' ', '(', '[', '|', '.', '/', '”', '"', ']', ')', '\u{a0}'])
    });
    let rest = text.get(at + length..).filter(|_| begins)?;
    let credit = rest
        .trim_matches(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '[' | ']' | '|' | ':' | '·' | '•' | '/'));
    (!credit.is_empty() && credit.len() <= CREDIT_BYTES).then(|| (before(at), credit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caption_and_its_credit_are_told_apart() {
        for (text, caption, credit) in [
            ("A man walks. Photo: Jane Doe/AFP", "A man walks.", "Jane Doe/AFP"),
            ("A man walks. (Photo by Jane Doe)", "A man walks.", "Jane Doe"),
            ("A man walks (AP Photo/Jane Doe)", "A man walks", "AP Photo/Jane Doe"),
            ("Ein Mann geht. Foto: dpa", "Ein Mann geht.", "dpa"),
            ("Ein Mann geht. © Jana Müller", "Ein Mann geht.", "Jana Müller"),
            ("Photo: Jane Doe", "", "Jane Doe"),
        ] {
            assert_eq!(split_credit(text), Some((caption, credit)), "{text}");
        }
        for text in ["", "A man walks.", "A man (left) walks."] {
            assert_eq!(split_credit(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_caption_breaks_the_reader(text in proptest::prelude::any::<String>()) {
            let _ = split_credit(&text);
        }
    }
}
