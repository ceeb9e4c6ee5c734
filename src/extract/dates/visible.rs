//! Dates that a page shows.

use std::ops::Range;

use jiff::civil;

use crate::extract::classes::Families;
use crate::extract::months::digit;
use crate::extract::page::Page;
use crate::extract::phrases::{published_word, says_published, says_updated, updated_word};
use crate::extract::structured::{Facts, has_word};
use crate::extract::tag::Tag;
use crate::record::Date;

use super::read::{Order, shown, stamp};

/// Blocks before and after the heading in which a date counts as near.
const BEFORE: usize = 6;
const AFTER: usize = 14;
/// Blocks behind the heading in which a day is more than one among the days that a text tells of. Up to seven one page of
/// htmldate's more is wrong, up to three two of WCXB's.
const NEAREST: usize = 5;
/// Blocks behind the heading in which a date is the page's, whatever the element's name: some call the
/// head of an article a teaser.
const BESIDE: usize = 2;
/// Words of a block in which a date is looked for.
const DATE_WORDS: usize = 30;
/// Words of a line that is about its date and little else, at most: weekday, time, author, section.
const STAMP_WORDS: usize = 15;
/// Digits of a day with its year, at least: `1.1.21`.
const DAY_DIGITS: usize = 4;
/// Times, and short texts with digits, that are read of a page that has no day near its heading.
const ANYWHERE: usize = 1_000;
/// Bytes of such a block.
const DATE_BYTES: usize = 400;
/// Bytes at the beginning of a text within which it may bear its day in brackets: `Karlsruhe, (12.11.2021).`
const OPENING_BYTES: usize = 60;

/// Dates that a page shows.
#[derive(Debug, Default)]
pub(super) struct Visible {
    /// In microdata, RDFa, or a `time` with `pubdate`.
    pub(super) microdata: Option<Date>,
    /// Beside a word for "published".
    pub(super) published: Option<Date>,
    /// Nearest to the heading.
    pub(super) near: Option<Date>,
    /// Anywhere in an element that is named after dates.
    pub(super) any: Option<Date>,
    /// Beside a word for "updated".
    pub(super) updated: Option<Date>,
    /// In brackets at the beginning of the text.
    pub(super) opening: Option<Date>,
    /// In what seems to belong to something else.
    pub(super) elsewhere: Option<Date>,
    /// Beside a word for "published" or "updated", far from the heading.
    pub(super) far: Option<Date>,
    /// Whether `near` stands within a sentence.
    pub(super) near_in_text: bool,
    /// How far from the heading `near` stands.
    distance: usize,
}

impl Visible {
    pub(super) fn of(
        facts: &Facts<'_>,
        heading: Option<usize>,
        order: Order,
        believe: &impl Fn(&Date) -> bool,
    ) -> Self {
        let page = facts.page;
        let at = heading.and_then(|index| page.scopes.get(index)).map(|scope| scope.blocks.clone());
        let mut found = Self { distance: usize::MAX, ..Self::default() };
        found.elements(page, at.as_ref(), order, believe);
        found.blocks(page, at.as_ref(), order, believe);
        found
    }

    /// The day of a stamp like `3/9/2026` with its two numbers in the page's order, if the page shows the
    /// day that it is with them swapped.
    pub(super) fn unswapped(&self, text: &str, date: Date) -> Option<civil::Date> {
        let day = date.day();
        let swapped = text
            .contains('/')
            .then(|| civil::Date::new(day.year(), day.day(), day.month()).ok())
            .flatten()
            .filter(|swapped| *swapped != day)?;
        [self.published, self.near].into_iter().flatten().any(|shown| shown.day() == swapped).then_some(swapped)
    }

    /// Whether the nearest date stands beside the heading, and not merely somewhere below it.
    pub(super) fn near_is_beside(&self) -> bool {
        self.distance <= NEAREST
    }

    /// Takes a date as the nearest, if it is.
    fn nearer(&mut self, date: Date, distance: usize, in_text: bool) {
        if distance < self.distance {
            self.distance = distance;
            self.near = Some(date);
            self.near_in_text = in_text;
        }
    }

    /// Elements that carry a date.
    fn elements(
        &mut self,
        page: &Page<'_>,
        heading: Option<&Range<usize>>,
        order: Order,
        believe: &impl Fn(&Date) -> bool,
    ) {
        for (index, scope) in page.scopes.iter().enumerate() {
            let published = scope.itemprop.is_some_and(|names| has_word(names, "datePublished"))
                || (scope.itemprop.is_none() && scope.datetime.is_some() && has_property(scope.element));
            let titled = scope.datetime.is_none() && scope.tag != Tag::Time && scope.own.any(Families::DATE);
            let title = if titled { scope.element.and_then(|element| element.attr("title")) } else { None };
            if scope.tag != Tag::Time && !published && title.is_none() {
                continue;
            }
            let text = page.slice(&scope.text).trim();
            let value = match title {
                Some(title) => title.parse::<Date>().ok(),
                None => scope
                    .datetime
                    .and_then(|value| stamp(value, order))
                    .or_else(|| shown(text.get(..text.floor_char_boundary(200))?, order).map(Date::Day)),
            };
            let Some(date) = value.filter(believe) else { continue };
            let foreign = owner(page, index, heading, Furniture::Counts) != Owner::Page;
            let marked = published || scope.element.is_some_and(|element| element.attr("pubdate").is_some());
            if marked && !foreign {
                self.microdata.get_or_insert(date);
            }
            let other =
                scope.itemprop.is_some_and(|names| has_word(names, "dateModified")) || scope.own.any(Families::UPDATED);
            if other || foreign {
                continue;
            }
            self.any.get_or_insert(date);
            if let Some(distance) = heading.and_then(|at| distance(scope.blocks.start, at)) {
                self.nearer(date, distance, false);
            }
        }
    }

    /// Short texts that hold a date.
    fn blocks(
        &mut self,
        page: &Page<'_>,
        heading: Option<&Range<usize>>,
        order: Order,
        believe: &impl Fn(&Date) -> bool,
    ) {
        let read = |text: &str| shown(text, order).map(Date::Day).filter(believe);
        for (index, block) in page.blocks.iter().enumerate() {
            let text = page.block_text(block);
            let far = match heading {
                Some(at) => distance(index, at),
                None => (index < 3 * AFTER).then_some(index + AFTER),
            };
            if block.words > DATE_WORDS || block.bytes > DATE_BYTES {
                if far.is_some() && self.opening.is_none() {
                    self.opening = opening(text).and_then(read);
                }
                continue;
            }
            if !text.chars().any(|c| digit(c).is_some()) {
                continue;
            }
            let named = page.ancestors(block.scope).take(3).any(|(_, scope)| scope.own.any(Families::DATE));
            if far.is_none() && !named && self.far.is_some() {
                continue;
            }
            let lower = text.to_lowercase();
            let (publishes, updates) = (says_published(&lower), says_updated(&lower));
            if far.is_none() && !named && !publishes && !updates {
                continue;
            }
            // Of a line with both, each date stands behind its word.
            let behind = |word: Option<usize>| word.and_then(|at| lower.get(at..)).and_then(read);
            let (date, updated) = match (publishes, updates) {
                (true, true) => (behind(published_word(&lower)), behind(updated_word(&lower))),
                (false, true) => (None, read(&lower)),
                _ => (read(&lower), None),
            };
            if date.is_none() && updated.is_none() {
                continue;
            }
            match owner(page, block.scope, heading, Furniture::IsSeen) {
                Owner::Page => {}
                Owner::Other => {
                    let beside = heading.is_some_and(|at| index <= at.end + BESIDE);
                    self.elsewhere = self.elsewhere.or(date.filter(|_| beside));
                    continue;
                }
                Owner::Picture => continue,
            }
            if far.is_none() && !named {
                self.far = self.far.or(date).or(updated);
                continue;
            }
            if far.is_some() {
                self.updated = self.updated.or(updated);
            } else {
                self.far = self.far.or(updated);
            }
            let Some(date) = date else { continue };
            if let Some(far) = far {
                if publishes {
                    self.published.get_or_insert(date);
                }
                // Elements say the same more exactly.
                if self.near.is_none_or(|near| near.day() != date.day()) {
                    self.nearer(date, far, block.words > STAMP_WORDS && !publishes);
                }
            }
            if named {
                self.any.get_or_insert(date);
            }
        }
    }
}

/// The first day that a page shows anywhere, also in its margin and foot, but for other articles and comments: in an
/// element for times, else in a short text. For pages that say no day otherwise.
pub(super) fn anywhere(
    page: &Page<'_>,
    heading: Option<usize>,
    order: Order,
    believe: &impl Fn(&Date) -> bool,
) -> Option<Date> {
    let at = heading.and_then(|index| page.scopes.get(index)).map(|scope| scope.blocks.clone());
    let own = |scope: usize| owner(page, scope, at.as_ref(), Furniture::IsSeen) != Owner::Other;
    let times = page.scopes.iter().enumerate().filter(|(_, scope)| scope.tag == Tag::Time).take(ANYWHERE);
    let mut times = times.filter_map(|(index, scope)| Some((index, stamp(scope.datetime?, order).filter(believe)?)));
    if let Some((_, date)) = times.find(|(index, _)| own(*index)) {
        return Some(date);
    }
    let short = page.blocks.iter().filter(|block| block.words <= DATE_WORDS && block.bytes <= DATE_BYTES);
    let texts = short.map(|block| (block, page.block_text(block)));
    let dated = texts.filter(|(_, text)| text.chars().filter(|c| digit(*c).is_some()).count() >= DAY_DIGITS);
    let mut dated = dated.take(ANYWHERE).filter_map(|(block, text)| Some((block, shown(text, order).map(Date::Day)?)));
    dated.find(|(block, date)| believe(date) && own(block.scope)).map(|(_, date)| date)
}

/// How far a block stands from the heading, if it is near: what stands above counts as two blocks further.
fn distance(block: usize, heading: &Range<usize>) -> Option<usize> {
    let (at, last) = (heading.start, heading.end.max(heading.start + 1) - 1);
    if block >= at {
        let after = block.saturating_sub(last);
        return (after <= AFTER).then_some(after);
    }
    (at - block <= BEFORE).then_some(at - block + 2)
}

/// To whom what a scope shows belongs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Owner {
    /// The page's own text.
    Page,
    /// Comments, other articles, the furniture; or so its class says.
    Other,
    /// A picture.
    Picture,
}

fn owner(page: &Page<'_>, index: usize, heading: Option<&Range<usize>>, furniture: Furniture) -> Owner {
    for (_, scope) in page.ancestors(index) {
        if heading.is_some_and(|at| scope.blocks.contains(&at.start)) {
            return Owner::Page;
        }
        if matches!(scope.tag, Tag::Figure | Tag::Figcaption) {
            return Owner::Picture;
        }
        let part = scope.own.any(Families::COMMENTS | Families::RELATED) && scope.blocks.len() < page.blocks.len() / 2;
        if part || (furniture == Furniture::Counts && matches!(scope.tag, Tag::Nav | Tag::Aside | Tag::Footer)) {
            return Owner::Other;
        }
    }
    Owner::Page
}

/// Whether what stands in navigation, margin and foot is another's: machines mark dates there that people
/// don't look at, while a line of text near the heading is the article's wherever it stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Furniture {
    Counts,
    IsSeen,
}

/// Whether RDFa calls an element's content the day of publication.
fn has_property(element: Option<&scraper::node::Element>) -> bool {
    const NAMES: [&str; 6] =
        ["datePublished", "schema:datePublished", "dc:date", "dc:created", "dcterms:issued", "dc:issued"];
    element
        .and_then(|element| element.attr("property"))
        .is_some_and(|names| NAMES.iter().any(|name| has_word(names, name)))
}

/// The day that opens a text: `Karlsruhe, (12.11.2021).`, or `27.1.2022 - `.
fn opening(text: &str) -> Option<&str> {
    const BEHIND: [&str; 11] = [" - ", " – ", " — ", "- ", ": ", ". ", " | ", " „", " “", " \"", " «"];
    let head = text.get(..text.floor_char_boundary(OPENING_BYTES))?;
    let has_digits = |part: &&str| part.chars().any(|c| digit(c).is_some());
    let alone = BEHIND.iter().flat_map(|sign| head.match_indices(sign)).filter_map(|(at, _)| head.get(..at));
    let mut alone = alone.filter(|part| part.split_whitespace().count() <= DAY_WORDS).filter(has_digits);
    if let Some(day) = alone.find(|part| is_day(part)) {
        return Some(day);
    }
    let (_, rest) = head.split_once('(')?;
    rest.split_once(')').map(|(inner, _)| inner).filter(has_digits)
}

/// Words of a day: `Samstag, 31. Oktober 2023`, `Pressemitteilung vom 31. Oktober 2023`.
const DAY_WORDS: usize = 5;

/// Whether a text begins like a day and has its year.
fn is_day(text: &str) -> bool {
    let digits = text.chars().filter(|c| digit(*c).is_some()).count();
    (5..=8).contains(&digits) && shown(text, Order::DayFirst).is_some()
}
