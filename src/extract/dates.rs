//! When a page was published and last changed.
//!
//! What the head says is believed first. A news page's JSON-LD is right as written; where the metadata
//! of other pages disagree, they vote, with the address and what the page shows. A day is the day as
//! written: a stamp is never turned into UTC.

mod read;

use std::collections::BTreeMap;

use jiff::civil;
use serde_json::Value;

use super::classes::Families;
use super::jsonld::is_news;
use super::page::Page;
use super::structured::{Facts, MODIFIED, PUBLISHED, has_word, squashed};
use super::tag::Tag;
use crate::record::Date;

pub(crate) use read::{Order, shown};
pub(super) use read::{in_address, stamp};

/// When a page was published and last changed.
#[derive(Debug, Default)]
pub(super) struct Dates {
    pub(super) published: Option<Date>,
    pub(super) modified: Option<Date>,
}

/// Finds the dates of a page. `today` is the last day that is believed, but for one more: it is
/// tomorrow already in the East.
pub(super) fn dates(facts: &Facts<'_>, heading: Option<usize>, today: civil::Date) -> Dates {
    let tomorrow = today.tomorrow().unwrap_or(today);
    let order =
        if facts.page.lang.is_none_or(|lang| lang.eq_ignore_ascii_case("en-us") || lang.eq_ignore_ascii_case("en"))
            && !is_british(facts)
        {
            Order::MonthFirst
        } else {
            Order::DayFirst
        };
    let believe = |date: &Date| date.day() <= tomorrow && date.day().year() >= 1990;
    let ld = |name: &str| match facts.ld?.get(name)? {
        Value::String(text) => stamp(text, order).filter(believe),
        Value::Array(values) => values.first()?.as_str().and_then(|text| stamp(text, order)).filter(believe),
        _ => None,
    };
    let modified = ld("dateModified")
        .or_else(|| squashed(facts.page, &MODIFIED).into_iter().find_map(|text| stamp(text, order).filter(believe)));
    let shown = Shown::of(facts, heading, order, &believe);
    let address = in_address(facts.url.path()).map(Date::Day).filter(believe);
    let first = ld("datePublished").or_else(|| ld("dateCreated"));
    if let Some(date) = first
        && facts.ld.is_some_and(is_news)
    {
        return Dates { published: Some(own_day(date, address)), modified };
    }
    let of_page = |name: &str| facts.graph.of_page(name).and_then(|text| stamp(text, order)).filter(believe);
    let mut said: Vec<Date> = first.into_iter().collect();
    said.extend(squashed(facts.page, &PUBLISHED).into_iter().filter_map(|text| stamp(text, order)).filter(believe));
    said.extend(shown.microdata);
    said.extend(of_page("datePublished").filter(|_| first.is_none()));
    let published = match said.first() {
        Some(_) => vote(&said, address, &shown, modified),
        // A page that only says when it was changed says so of its text as it stands.
        None => shown
            .published
            .or(address)
            .or(shown.near)
            .or(shown.any)
            .or(shown.updated)
            .or(modified)
            .or_else(|| of_page("dateModified")),
    };
    Dates { published, modified }
}

/// Where the address says more than the language: day before month.
fn is_british(facts: &Facts<'_>) -> bool {
    let host = facts.url.host_str().unwrap_or_default();
    let tld = host.rsplit('.').next().unwrap_or_default();
    tld.len() == 2 && !matches!(tld, "us" | "io" | "co" | "tv" | "me" | "ai" | "fm")
}

/// The day that most of the sources say.
fn vote(said: &[Date], address: Option<Date>, shown: &Shown, modified: Option<Date>) -> Option<Date> {
    let first = *said.first()?;
    let mut votes: BTreeMap<civil::Date, f64> = BTreeMap::new();
    for date in said {
        *votes.entry(date.day()).or_default() += 1.0;
    }
    if votes.len() == 1 {
        return Some(own_day(first, address));
    }
    let mut add = |date: Option<Date>, weight: f64| {
        if let Some(votes) = date.and_then(|date| votes.get_mut(&date.day())) {
            *votes += weight;
        }
    };
    add(address, 1.0);
    add(shown.near, 0.7);
    add(shown.published, 0.4);
    add(modified, -0.3);
    add(Some(first), 0.1);
    let (day, _) = votes.into_iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
    said.iter().find(|date| date.day() == day).map(|date| own_day(*date, address))
}

/// A stamp in UTC gives way to the day in the page's address where they differ by one: the address is
/// in the publisher's own time zone. What the page shows is no better a witness than the stamp.
fn own_day(date: Date, address: Option<Date>) -> Date {
    let Date::Time(_, offset) = date else { return date };
    let Some(own) = address.filter(|_| offset.is_zero()) else { return date };
    let day = date.day();
    let differs_by_one = Some(own.day()) == day.tomorrow().ok() || Some(own.day()) == day.yesterday().ok();
    if differs_by_one { Date::Day(own.day()) } else { date }
}

/// Dates that the page shows.
#[derive(Debug, Default)]
struct Shown {
    /// In microdata, or in a `time` with `pubdate`.
    microdata: Option<Date>,
    /// Beside a word for "published".
    published: Option<Date>,
    /// Nearest to the heading.
    near: Option<Date>,
    /// Anywhere in an element that is named after dates.
    any: Option<Date>,
    /// Beside a word for "updated".
    updated: Option<Date>,
}

/// Blocks before and after the heading in which a date counts as near.
const BEFORE: usize = 6;
const AFTER: usize = 14;
/// Words of a block in which a date is looked for.
const DATE_WORDS: usize = 30;

impl Shown {
    fn of(facts: &Facts<'_>, heading: Option<usize>, order: Order, believe: &impl Fn(&Date) -> bool) -> Self {
        let page = facts.page;
        let mut found = Self::default();
        let at = heading.and_then(|index| page.scopes.get(index)).map(|scope| scope.blocks.start);
        found.times(page, at, order, believe);
        found.blocks(page, at, order, believe);
        found
    }

    /// Elements that carry a date.
    fn times(&mut self, page: &Page<'_>, heading: Option<usize>, order: Order, believe: &impl Fn(&Date) -> bool) {
        let mut nearest = usize::MAX;
        for (index, scope) in page.scopes.iter().enumerate() {
            let published = scope.itemprop.is_some_and(|names| has_word(names, "datePublished"));
            let other =
                scope.itemprop.is_some_and(|names| has_word(names, "dateModified")) || scope.own.any(Families::UPDATED);
            if scope.tag != Tag::Time && !published {
                continue;
            }
            let text = page.slice(&scope.text).trim();
            let value = scope
                .datetime
                .and_then(|value| stamp(value, order))
                .or_else(|| shown(text.get(..text.floor_char_boundary(200))?, order).map(Date::Day));
            let Some(date) = value.filter(believe) else { continue };
            if published || scope.element.is_some_and(|element| element.attr("pubdate").is_some()) {
                self.microdata.get_or_insert(date);
            }
            let foreign = page.ancestors(index).any(|(_, scope)| {
                matches!(scope.tag, Tag::Nav | Tag::Aside | Tag::Footer)
                    || scope.own.any(Families::COMMENTS | Families::RELATED | Families::SIDE)
                        && scope.blocks.len() < page.blocks.len() / 2
            });
            let distance = heading.map_or(usize::MAX - 1, |at| scope.blocks.start.abs_diff(at));
            if !other && !foreign {
                self.any.get_or_insert(date);
                if distance < nearest && distance <= AFTER {
                    nearest = distance;
                    self.near = Some(date);
                }
            }
        }
    }

    /// Short texts that hold a date.
    fn blocks(&mut self, page: &Page<'_>, heading: Option<usize>, order: Order, believe: &impl Fn(&Date) -> bool) {
        let mut nearest = usize::MAX;
        for (index, block) in page.blocks.iter().enumerate() {
            if block.words > DATE_WORDS || block.bytes > 400 {
                continue;
            }
            let text = page.block_text(block);
            if !text.chars().any(|c| super::months::digit(c).is_some()) {
                continue;
            }
            let distance = match heading {
                Some(at) if index >= at && index - at <= AFTER => index - at,
                Some(at) if index < at && at - index <= BEFORE => at - index + 2,
                None if index < 3 * AFTER => index + AFTER,
                _ => usize::MAX,
            };
            let named = page.ancestors(block.scope).take(3).any(|(_, scope)| scope.own.any(Families::DATE));
            if distance == usize::MAX && !named {
                continue;
            }
            let Some(date) = shown(text, order).map(Date::Day).filter(believe) else { continue };
            let lower = text.to_lowercase();
            if super::phrases::says_updated(&lower) && !super::phrases::says_published(&lower) {
                if distance < usize::MAX {
                    self.updated.get_or_insert(date);
                }
                continue;
            }
            if distance < usize::MAX && super::phrases::says_published(&lower) {
                self.published.get_or_insert(date);
            }
            if distance < nearest {
                nearest = distance;
                if self.near.is_none() {
                    self.near = Some(date);
                }
            }
            if named {
                self.any.get_or_insert(date);
            }
        }
    }
}
