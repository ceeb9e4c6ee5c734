//! The headline, as the page shows it: without the site's name, kicker or section.
//!
//! Sources are JSON-LD's `headline`, `og:title`, the heading and `<title>`. On news pages JSON-LD is
//! right most often (precision .86 against .79 for the first `h1`, on 124 pages of publishers), unless
//! `og:title` agrees with the heading against it (nine of these pages are won by that, four are lost); on others the heading is.

use super::classes::Families;
use super::jsonld::is_news;
use super::page::{Page, is_ideograph};
use super::structured::Facts;
use super::tag::Tag;
use super::text::{TITLE_CHARS, clean, clean_markup, cut, key};

/// What stands between a title and the site's name.
const SEPARATORS: [&str; 14] =
    [" | ", " - ", " – ", " — ", " :: ", " • ", " · ", " » ", " « ", " / ", " ~ ", " < ", "｜", " : "];

/// The share of words in common with every title below which a heading is not this page's, if its
/// metadata names a title.
const STRANGE: f64 = 0.2;

/// The title, and the scope of the heading that shows it.
pub(super) struct Title {
    pub(super) text: Option<String>,
    pub(super) heading: Option<usize>,
    /// Whether it is a hint's.
    pub(super) hinted: bool,
}

/// Finds the title of a page.
pub(super) fn title(facts: &Facts<'_>) -> Title {
    let page = facts.page;
    let ld = facts.ld_text("headline").or_else(|| facts.ld_text("name")).filter(|text| !facts.is_site(text));
    let og = facts.meta_text(&["og:title"]);
    let twitter = facts.meta_text(&["twitter:title"]);
    let document = Some(clean_markup(&page.title)).filter(|text| !text.is_empty());
    let hint = facts.hints.and_then(|hints| hints.title.clone());
    let mut witnesses: Vec<String> =
        [&ld, &og, &twitter, &document, &hint].into_iter().flatten().map(|text| key(text)).collect();
    // Most of them say the same, and each heading is held against each.
    witnesses.sort_unstable();
    witnesses.dedup();
    let heading = heading(facts, &witnesses);
    let shown = heading.map(|index| headline_of(page, index));
    // A heading that has nothing in common with any title is another text's.
    let strange = shown.as_ref().is_some_and(|shown| {
        let this = key(shown);
        (ld.is_some() || og.is_some()) && witnesses.iter().all(|witness| likeness(&this, witness) < STRANGE)
    });
    let known: Vec<String> = [&shown, &ld].into_iter().flatten().map(|text| key(text)).collect();
    let plain = |text: Option<String>| text.map(|text| without_site(facts, &text, &known));
    let (og, document) = (plain(og.or(twitter)), plain(document));
    let shown = shown.map(|text| without_kicker(text, ld.as_deref(), og.as_deref()));
    // The headline for machines gives way to the one that readers see, where the head's other title is that one.
    let same =
        |a: &Option<String>, b: &Option<String>| a.as_deref().zip(b.as_deref()).is_some_and(|(a, b)| key(a) == key(b));
    let read = same(&og, &shown);
    let news = facts.ld.is_some_and(is_news);
    let own = |text: Option<String>| (text, false);
    let hint = (hint, true);
    let order = match (news, strange) {
        (true, _) if read => [own(shown), own(ld), own(og), hint, own(document)],
        (true, _) => [own(ld), own(og), own(shown), hint, own(document)],
        (false, true) => [own(ld), own(og), hint, own(document), own(shown)],
        (false, false) => [own(shown), own(ld), own(og), hint, own(document)],
    };
    let mut titles = order.into_iter().filter_map(|(text, hinted)| Some((without_site(facts, &text?, &known), hinted)));
    let (text, hinted) = titles.find(|(text, _)| !text.is_empty()).unzip();
    Title { text: text.map(|text| cut(text, TITLE_CHARS)), heading, hinted: hinted.unwrap_or_default() }
}

/// The text of a heading, without what stands above the headline in it in an element of its own.
fn headline_of(page: &Page<'_>, index: usize) -> String {
    #[rustfmt::skip]
    const ABOVE: [&str; 18] = [
        "kicker", "roofline", "dachzeile", "overline", "topline", "eyebrow", "pretitle", "pre-title", "supertitle", "spitzmarke", "catchline", "volanta", "antetitulo", "occhiello", "overtitle", "surtitre", "spitzzeile", "supra",
    ];
    let Some(scope) = page.scopes.get(index) else { return String::new() };
    let whole = page.slice(&scope.text);
    let inner = page.scopes.get(index + 1..scope.end).unwrap_or_default();
    let above = inner.iter().find(|inner| {
        let class = inner.class;
        let first = inner.text.start <= scope.text.start + 1 && inner.text.end < scope.text.end;
        first && !class.is_empty() && class.len() <= 200 && {
            let class = class.to_ascii_lowercase();
            ABOVE.iter().any(|name| class.contains(name))
        }
    });
    let rest = above.and_then(|above| whole.get(above.text.end.checked_sub(scope.text.start)?..));
    let rest = rest.map(|rest| {
        clean(rest.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, ':' | '-' | '–' | '|' | '/')))
    });
    rest.filter(|rest| rest.contains(' ')).unwrap_or_else(|| clean(whole))
}

/// The heading most like what the head says; headings of the furniture count less.
fn heading(facts: &Facts<'_>, witnesses: &[String]) -> Option<usize> {
    let page = facts.page;
    let mut best: Option<(f64, usize)> = None;
    let mut place = 0.0;
    for (index, scope) in page.scopes.iter().enumerate() {
        let level = match scope.tag {
            Tag::Heading(level) if level <= 3 => level,
            _ if scope.itemprop == Some("headline") && scope.tag != Tag::A => 1,
            _ => continue,
        };
        let text = page.slice(&scope.text).trim();
        if text.is_empty() || text.len() > 600 {
            continue;
        }
        let this = key(text);
        let likeness = witnesses.iter().map(|witness| likeness(&this, witness)).fold(0.0, f64::max);
        if level > 1 && likeness < 0.6 {
            continue;
        }
        let mut points = 4.0 * likeness + if level == 1 { 2.0 } else { 0.0 } - place;
        place += 0.05;
        points += f64::from(u8::from(scope.itemprop == Some("headline")));
        points += 0.5 * f64::from(u8::from(scope.own.any(Families::TITLE)));
        if facts.is_site(text) && likeness < 0.99 {
            points -= 4.0;
        }
        points -= furniture(page, index);
        if best.is_none_or(|(most, _)| points > most) {
            best = Some((points, index));
        }
    }
    best.filter(|(points, _)| *points > 0.0).map(|(_, index)| index)
}

fn furniture(page: &Page<'_>, index: usize) -> f64 {
    let mut minus: f64 = 0.0;
    for (_, scope) in page.ancestors(index) {
        let against = Families::COMMENTS | Families::RELATED | Families::SIDE | Families::CONSENT;
        if matches!(scope.tag, Tag::Nav | Tag::Aside | Tag::Footer | Tag::Form) || scope.unseen {
            minus = minus.max(3.0);
        } else if scope.own.any(against) && !matches!(scope.tag, Tag::Body | Tag::Html | Tag::Main | Tag::Article) {
            minus = minus.max(1.0);
        }
    }
    minus
}

/// The share of words that two keys have in common (Dice), counting each word of the shorter once.
fn likeness(a: &str, b: &str) -> f64 {
    if a == b {
        return 1.0;
    }
    let (words_a, words_b): (Vec<&str>, Vec<&str>) = (a.split(' ').collect(), b.split(' ').collect());
    let count = words_a.len() + words_b.len();
    if count > 400 {
        return 0.0;
    }
    let common = words_a.iter().filter(|word| words_b.contains(word)).count();
    (2.0 * super::page::ratio(common, count)).min(0.99)
}

/// A heading without what stands before the headline in it, where the head has the headline alone.
fn without_kicker(shown: String, ld: Option<&str>, og: Option<&str>) -> String {
    let this = key(&shown);
    for text in [ld, og].into_iter().flatten() {
        let other = key(text);
        if other.split(' ').count() >= 3
            && this.len() > other.len()
            && (this.ends_with(&other) || this.starts_with(&other))
        {
            return text.to_owned();
        }
    }
    shown
}

/// The last part of a title in a script without spaces, which has none around its dashes either.
fn unspaced(title: &str) -> Option<(&str, &str)> {
    let (before, after) = title.rsplit_once(['-', '_', '－', '|'])?;
    let before = before.trim_end_matches(['-', '_', '－', '|']);
    before.chars().next_back().is_some_and(is_ideograph).then_some((before, after))
}

/// Whether the last part of a title is the section that the page stands in: one or two words that its address has as a
/// part of its path, or that it names as its section, behind a headline of some words.
fn is_section(facts: &Facts<'_>, before: &str, after: &str) -> bool {
    let name = key(after);
    let words = name.split(' ').count();
    if name.is_empty() || words > 2 || before.split_whitespace().count() < 4 {
        return false;
    }
    let mut parts = facts.url.path().split('/').rev().skip(1);
    parts.any(|part| key(part) == name) || facts.section().is_some_and(|section| key(&section) == name)
}

/// A title without the site's name at its end or beginning, at most four times.
///
/// A part goes only if it is the site's name, or if what remains is a text that the page shows.
fn without_site(facts: &Facts<'_>, title: &str, known: &[String]) -> String {
    let mut rest = title.trim();
    for _ in 0..4 {
        let this = key(rest);
        if known.contains(&this) && !SEPARATORS.iter().any(|separator| rest.contains(separator)) {
            break;
        }
        let spaced =
            SEPARATORS.iter().filter_map(|separator| rest.rsplit_once(separator)).min_by_key(|(_, after)| after.len());
        let last = spaced.or_else(|| unspaced(rest));
        if let Some((before, after)) = last
            && (facts.is_site(after) || known.contains(&key(before)) || is_section(facts, before, after))
            && !before.trim().is_empty()
        {
            rest = before.trim();
            continue;
        }
        let first =
            SEPARATORS.iter().filter_map(|separator| rest.split_once(separator)).min_by_key(|(before, _)| before.len());
        match first {
            Some((before, after))
                if (facts.is_site(before) || known.contains(&key(after))) && !after.trim().is_empty() =>
            {
                rest = after.trim();
            }
            _ => break,
        }
    }
    rest.to_owned()
}
