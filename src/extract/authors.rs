//! Who wrote it: persons, or an agency, in the page's order.
//!
//! One source's whole list is taken, never a union of several: each names the same people in another
//! way. The sources stand in order of precision, as measured on 124 pages of publishers and 711 of
//! other sites (see `docs/quality.md`). A list that is only the site's name, a desk or a handle gives
//! way to a source that names a person or an agency; if none does, it stands as the page has it. What the finder of the
//! page said stands behind its metadata.

mod names;
mod shown;

use serde_json::Value;

use super::agencies::agency;
use super::structured::{AUTHORS, Facts};
use super::text::{clean_markup, key};

use names::{by_pattern, split};
use shown::Shown;

/// The authors of a page. `heading` is the scope of its headline, `signature` a name by itself above or
/// below the text.
pub(super) fn authors(facts: &Facts<'_>, heading: Option<usize>, signature: Option<&str>) -> Vec<String> {
    let strong = |names: &[String]| names.iter().any(|name| is_strong(facts, name));
    let (persons, organisations) = linked(facts);
    if strong(&persons) {
        return persons;
    }
    let metadata = said(facts, &AUTHORS);
    if strong(&metadata) {
        return metadata;
    }
    let hinted = facts.hints.map(|hints| hints.authors.as_slice()).unwrap_or_default();
    if strong(hinted) {
        return hinted.to_vec();
    }
    let shown = Shown::of(facts, heading);
    let marked: [&dyn Fn() -> Vec<String>; 6] = [
        &|| shown.labelled_near(),
        &|| shown.author_elements(),
        &|| written_by(facts),
        &|| said(facts, &["article:author"]),
        &|| shown.byline_elements(),
        &|| shown.bylines(),
    ];
    if let Some(found) = marked.iter().map(|source| source()).find(|names| strong(names)) {
        return found;
    }
    // A blogger's one name, which the head says twice, is better than a name that only stands somewhere.
    if let [name] = persons.as_slice()
        && !names::is_anonymous(name)
        && !facts.is_site(name)
        && written_by(facts) == persons
    {
        return persons;
    }
    let loose: [&dyn Fn() -> Vec<String>; 6] = [
        &|| shown.author_boxes(),
        &|| signature.map(str::to_owned).into_iter().collect(),
        &|| shown.portraits(),
        &|| shown.above_roles(),
        &|| shown.beside_date(),
        &|| shown.credited(),
    ];
    if let Some(found) = loose.iter().map(|source| source()).find(|names| strong(names)) {
        return found;
    }
    let author = said(facts, &["author", "dc.creator", "dcterms.creator", "creator"]);
    if strong(&author) {
        return author;
    }
    // Nobody is named in full: a handle, a desk, or the house itself.
    let known = |names: &Vec<String>| names.iter().any(|name| !names::is_nobody(name));
    let last = [persons, metadata, organisations];
    let unnamed = last.into_iter().find(known).or_else(|| {
        let shown: [&dyn Fn() -> Vec<String>; 2] = [&|| shown.anywhere(), &|| shown.collectives()];
        shown.iter().map(|source| source()).find(known)
    });
    let mut found = unnamed.or_else(|| Some(author).filter(known)).unwrap_or_default();
    found.retain(|name| !names::is_nobody(name));
    found
}

/// The names that a page's card for Slack and Twitter labels as the author's.
fn written_by(facts: &Facts<'_>) -> Vec<String> {
    let labelled = [("twitter:label1", "twitter:data1"), ("twitter:label2", "twitter:data2")];
    let named = labelled.iter().filter(|(label, _)| facts.page.meta(label).is_some_and(names::is_label));
    unique(named.filter_map(|(_, data)| facts.page.meta(data)).flat_map(|text| split(&clean_markup(text))))
}

/// The person whose own site it is, for an article that names nobody: one whose name the site bears, and its host too.
pub(super) fn namesake(facts: &Facts<'_>) -> Option<String> {
    let page = facts.page;
    let host = facts.url.host_str().unwrap_or_default();
    let host: String = host.chars().filter(|c| c.is_alphanumeric()).collect();
    let title = page.title.split(['|', '–', '—', '•', '·']).flat_map(|part| part.split(" - "));
    let title = title.chain(page.title.split(['(', ')']));
    // `© 2025 Jane Doe`, and the link to what she says about herself.
    let short = page.blocks.iter().filter(|block| block.bytes <= 120).map(|block| page.block_text(block));
    let owner = short.filter_map(|text| {
        let rest = text.strip_prefix("About ").or_else(|| Some(text.split_once('©')?.1))?;
        let rest = rest.trim_start_matches(|c: char| !c.is_alphabetic());
        Some(rest.split(['.', '|', ',', '•', '·']).next().unwrap_or(rest).trim())
    });
    let titled = page.meta("og:site_name").into_iter().chain(title).map(|name| (name, false));
    titled.chain(owner.map(|name| (name, true))).find_map(|(name, whole)| {
        let name = clean_markup(name);
        let name = [" | Blog", "'s Blog", "'s blog", "’s Blog", "’s blog", " Blog", " blog"]
            .iter()
            .find_map(|end| name.strip_suffix(end))
            .unwrap_or(&name);
        let person = (2..=3).contains(&name.split(' ').count())
            && names::is_full_name(name)
            && !names::is_house(name)
            && !name.contains('.');
        let bears = name.split(' ').all(|word| host.contains(&key(word)))
            || !whole && {
                // A first or last name alone is a host's whole label: `lemire.me`.
                let label = crate::extract::structured::registrable(facts.url.host_str().unwrap_or_default())
                    .split('.')
                    .next()
                    .unwrap_or_default();
                name.split(' ').any(|word| word.len() >= 4 && key(word) == label)
            };
        (person && bears).then(|| name.to_owned())
    })
}

/// Whether a name is more than the site's own, a desk's or a handle.
fn is_strong(facts: &Facts<'_>, name: &str) -> bool {
    if agency(name).is_some() {
        return true;
    }
    let several = name.trim().contains(' ') || name.chars().all(|c| !c.is_ascii() && c.is_alphabetic());
    several && !names::is_anonymous(name) && !facts.is_site(name)
}

/// The names in the meta elements with these names, addresses left out.
fn said(facts: &Facts<'_>, names: &[&str]) -> Vec<String> {
    let metas = facts.page.metas.iter().filter(|(name, content)| {
        names.iter().any(|known| known.eq_ignore_ascii_case(name)) && !content.contains("://")
    });
    unique(metas.flat_map(|(_, content)| split(&clean_markup(content))).filter(|name| !names::is_nobody(name)))
}

/// The names in one line, as a feed has them.
pub(super) fn named(line: &str) -> Vec<String> {
    unique(split(&clean_markup(line)).into_iter().filter(|name| !names::is_nobody(name)))
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
