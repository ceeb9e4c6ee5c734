//! Who wrote it: persons, or an agency, in the page's order.
//!
//! One source's whole list is taken, never a union of several: each names the same people in another
//! way. In order of precision, as measured on 124 pages of publishers: JSON-LD persons (.97), citation
//! and analytics metadata, what stands in elements named after authors (.92), `article:author`,
//! bylines, links to author pages (.87), JSON-LD organisations, and at last meta `author` (.76).

mod names;

use std::ops::Range;

use serde_json::Value;

use super::classes::Families;
use super::page::Page;
use super::structured::{AUTHORS, Facts, has_word};
use super::tag::Tag;
use super::text::clean_markup;

use names::{by_pattern, split};

/// Blocks before and after the heading in which a byline is looked for.
const BEFORE: usize = 8;
const AFTER: usize = 16;

/// The authors of a page. `heading` is the scope of its headline, `signature` a name by itself above or
/// below the text.
pub(super) fn authors(facts: &Facts<'_>, heading: Option<usize>, signature: Option<&str>) -> Vec<String> {
    let (persons, organisations) = linked(facts);
    let weak = |names: &[String]| {
        names.iter().all(|name| facts.is_site(name) || names::is_anonymous(name) || !name.trim().contains(' '))
    };
    if !persons.is_empty() && !weak(&persons) {
        return persons;
    }
    let metadata =
        facts.page.metas.iter().filter(|(name, _)| AUTHORS.iter().any(|known| known.eq_ignore_ascii_case(name)));
    let metadata = unique(metadata.flat_map(|(_, content)| split(&clean_markup(content))));
    if !metadata.is_empty() && !weak(&metadata) {
        return metadata;
    }
    let near = window(facts.page, heading);
    let mut sources = vec![labelled(facts, &near), shown(facts, &near, Families::AUTHOR, true)];
    sources.push(unique(
        facts
            .page
            .all_meta("article:author")
            .filter(|value| !value.contains("://"))
            .flat_map(|value| split(&clean_markup(value))),
    ));
    sources.push(shown(facts, &near, Families::BYLINE, false));
    sources.push(bylines(facts, &near));
    let anywhere = 0..facts.page.blocks.len();
    // Boxes about the author stand at the end, and other people's too: three names are no author box.
    let boxed = [labelled(facts, &anywhere), shown(facts, &anywhere, Families::NONE, true)];
    sources.extend(boxed.into_iter().filter(|names| names.len() <= 2));
    sources.extend(signature.map(|name| vec![name.to_owned()]));
    sources.push(pictured(facts));
    if let Some(found) = sources.into_iter().find(|names| !names.is_empty() && !weak(names)) {
        return found;
    }
    let author = unique(facts.page.all_meta("author").flat_map(|value| split(&clean_markup(value))));
    let last = [persons, metadata, organisations, author, shown(facts, &anywhere, Families::AUTHOR, true)];
    let known = |names: &&Vec<String>| !names.is_empty() && !names.iter().all(|name| names::is_anonymous(name));
    last.iter().find(known).cloned().unwrap_or_default()
}

/// Each name once, as it first stood.
fn unique(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for name in names {
        if kept.len() < super::text::AUTHORS && !kept.iter().any(|known| known.to_lowercase() == name.to_lowercase()) {
            kept.push(name);
        }
    }
    kept
}

/// Persons and organisations of the JSON-LD article.
fn linked(facts: &Facts<'_>) -> (Vec<String>, Vec<String>) {
    let (mut persons, mut organisations) = (Vec::new(), Vec::new());
    let Some(value) = facts.ld.and_then(|ld| ld.get("author").or_else(|| ld.get("creator"))) else {
        return (persons, organisations);
    };
    let values = match value {
        Value::Array(values) => values.as_slice(),
        value => std::slice::from_ref(value),
    };
    for value in values.iter().take(super::text::AUTHORS) {
        match value {
            Value::String(text) if !text.contains("://") => persons.extend(split(&clean_markup(text))),
            Value::Object(object) => {
                let object = facts.graph.resolve(object);
                let organisation = super::jsonld::kinds(object).any(|kind| kind.ends_with("Organization"));
                let names = match object.get("name") {
                    Some(Value::String(name)) => vec![name.as_str()],
                    Some(Value::Array(names)) => {
                        names.iter().take(super::text::AUTHORS).filter_map(Value::as_str).collect()
                    }
                    _ => Vec::new(),
                };
                for name in names {
                    if organisation {
                        organisations.push(clean_markup(name));
                    } else {
                        persons.extend(split(&clean_markup(name)));
                    }
                }
            }
            _ => {}
        }
    }
    (unique(persons.into_iter()), unique(organisations.into_iter().filter(|name| !name.is_empty())))
}

/// Where bylines stand: the blocks around the heading.
fn window(page: &Page<'_>, heading: Option<usize>) -> Range<usize> {
    match heading.and_then(|index| page.scopes.get(index)) {
        Some(scope) => {
            scope.blocks.start.saturating_sub(BEFORE)
                ..(scope.blocks.end.max(scope.blocks.start) + AFTER).min(page.blocks.len())
        }
        None => 0..page.blocks.len().min(3 * AFTER),
    }
}

/// Names in elements that are named after authors, or whose relation or microdata says so.
fn shown(facts: &Facts<'_>, window: &Range<usize>, family: Families, marked: bool) -> Vec<String> {
    let page = facts.page;
    let mut best: Vec<String> = Vec::new();
    let (mut until, mut last_block) = (0, 0);
    for (index, scope) in page.scopes.iter().enumerate() {
        let says = scope.rel.is_some_and(|rel| has_word(rel, "author"))
            || scope.itemprop.is_some_and(|prop| has_word(prop, "author"));
        let links = scope.tag == Tag::A && scope.href.is_some_and(is_author_page);
        let fits = scope.own.any(family) && !scope.own.any(Families::BIO) || (marked && (says || links));
        if !fits || index < until || !window.contains(&scope.blocks.start) || scope.text.len() > 300 {
            continue;
        }
        if page.ancestors(index).any(|(_, scope)| {
            scope.own.any(Families::COMMENTS | Families::RELATED | Families::CARD)
                && scope.blocks.len() < page.blocks.len() / 3
        }) {
            continue;
        }
        let within = page.scopes.get(index..scope.end).unwrap_or_default();
        // Names have elements of their own more often than not, and what stands beside them does too.
        let links: Vec<&str> = within
            .iter()
            .filter(|inner| match inner.tag {
                Tag::A => inner.href.is_some_and(|href| !href.contains("twitter.com") && !href.starts_with("mailto:")),
                _ => {
                    inner.itemprop == Some("name")
                        || (inner.tag == Tag::Span && inner.end > index + 1 && within.len() > 1)
                }
            })
            .map(|inner| page.slice(&inner.text).trim())
            .filter(|text| names::is_name(text) || (says && is_single_name(text)))
            .collect();
        let found: Vec<String> = if links.is_empty() {
            page.blocks
                .get(scope.blocks.start..scope.blocks.end.max(scope.blocks.start + 1))
                .unwrap_or_default()
                .iter()
                .take(4)
                .map(|block| block.text.start.max(scope.text.start)..block.text.end.min(scope.text.end))
                .map(|range| page.slice(&range).trim())
                .find_map(|text| Some(split(text)).filter(|names| names.iter().any(|name| names::is_name(name))))
                .unwrap_or_default()
        } else {
            links.into_iter().flat_map(split).collect()
        };
        let found: Vec<String> = found
            .into_iter()
            .filter(|name| (names::is_name(name) || (says && is_single_name(name))) && !facts.is_site(name))
            .collect();
        // Those who reviewed or checked it stand apart from those who wrote it.
        let apart = !best.is_empty() && scope.blocks.start > last_block + 2;
        if !found.is_empty() && !apart {
            best.extend(found);
            until = scope.end;
            last_block = scope.blocks.end;
        }
    }
    unique(best.into_iter())
}

fn is_author_page(href: &str) -> bool {
    [
        "/author/",
        "/authors/",
        "/autor/",
        "/autoren/",
        "/auteur/",
        "/profile/",
        "/by/",
        "/people/",
        "/journalist/",
        "/contributor/",
        "/staff/",
        "/autore/",
    ]
    .iter()
    .any(|part| href.contains(part))
}

/// Whether a text is one word with a capital, as bloggers sign.
fn is_single_name(text: &str) -> bool {
    !text.contains(' ')
        && text.chars().count() >= 3
        && text.chars().all(char::is_alphabetic)
        && text.chars().next().is_some_and(char::is_uppercase)
}

/// Names in the block behind one that says "Written by" and nothing else.
fn labelled(facts: &Facts<'_>, window: &Range<usize>) -> Vec<String> {
    let page = facts.page;
    let blocks = page.blocks.get(window.clone()).unwrap_or_default();
    for pair in blocks.windows(2) {
        let [label, name] = pair else { continue };
        if label.words > 3 || name.words > 10 || !names::is_label(page.block_text(label)) {
            continue;
        }
        let names: Vec<String> = split(page.block_text(name)).into_iter().filter(|name| names::is_name(name)).collect();
        if !names.is_empty() {
            return unique(names.into_iter());
        }
    }
    Vec::new()
}

/// A name that a picture within an author's box shows.
fn pictured(facts: &Facts<'_>) -> Vec<String> {
    let page = facts.page;
    let named = page.scopes.iter().enumerate().filter(|(_, scope)| scope.tag == Tag::Img).find_map(|(index, scope)| {
        let text = scope.element?.attr("alt")?.trim();
        let boxed = page.ancestors(index).take(4).any(|(_, scope)| scope.own.any(Families::AUTHOR | Families::BYLINE));
        (boxed && names::is_name(text) && !facts.is_site(text)).then(|| split(text))
    });
    named.unwrap_or_default()
}

/// Names in short texts near the heading that begin with a word for "by", or have one behind a date.
fn bylines(facts: &Facts<'_>, window: &Range<usize>) -> Vec<String> {
    let page = facts.page;
    for block in page.blocks.get(window.clone()).unwrap_or_default() {
        if block.words > 14 {
            continue;
        }
        let text = page.block_text(block);
        let behind_date = || {
            let (before, rest) = text.split_once(" by ")?;
            before.chars().any(|c| c.is_ascii_digit()).then_some(rest)
        };
        if let Some(rest) = by_pattern(text).or_else(behind_date) {
            let names: Vec<String> =
                split(rest).into_iter().filter(|name| names::is_name(name) && !facts.is_site(name)).collect();
            if !names.is_empty() {
                return unique(names.into_iter());
            }
        }
    }
    Vec::new()
}

/// Whether a short text is a byline: a word for "by", and names alone.
pub(super) fn is_byline(text: &str) -> bool {
    by_pattern(text).is_some_and(|rest| {
        let names = split(rest);
        !names.is_empty() && names.iter().all(|name| names::is_name(name)) && !text.ends_with('.')
    })
}

/// Whether a text can be a person's name and nothing else.
pub(super) fn is_name(text: &str) -> bool {
    names::is_name(text) && text.split(' ').count() <= 4
}
