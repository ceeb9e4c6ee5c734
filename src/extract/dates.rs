//! When a page was published and last changed.
//!
//! What the head says is believed first. A news page's JSON-LD is right as written; where the sources
//! of other pages disagree, they vote, with the address and what the page shows. A day is the day as
//! written: a stamp is never turned into UTC.

mod read;
mod visible;

use jiff::civil;
use serde_json::Value;

use super::jsonld::is_news;
use super::structured::{Facts, MODIFIED, PUBLISHED, PUBLISHED_SURE, PUBLISHED_VAGUE, squashed};
use crate::record::Date;

pub(crate) use read::{Order, shown};
pub(super) use read::{in_address, stamp};
use visible::Visible;

/// When a page was published and last changed.
#[derive(Debug, Default)]
pub(super) struct Dates {
    pub(super) published: Option<Date>,
    pub(super) modified: Option<Date>,
}

/// No page of the web is older.
const FIRST_YEAR: i16 = 1990;

/// What each source's word weighs where they disagree. Measured on the dated pages of three development sets
/// (588, 511 and 437): a metadata source is believed against one visible date unless it is vague or names
/// the day of the last change, in which case the page's word is.
mod weight {
    pub(super) const STRUCTURED: f64 = 1.0;
    /// The first source that speaks.
    pub(super) const FIRST: f64 = 0.1;
    /// `date` and `created` may be anything's.
    pub(super) const VAGUE: f64 = 0.6;
    pub(super) const ADDRESS: f64 = 1.0;
    /// At 0.5 thirteen pages more are wrong, at 1.8 none fewer; above 1.1 it beats metadata that nothing
    /// speaks against, which costs on one half of the hosts what it wins on the other.
    pub(super) const NEAR: f64 = 0.9;
    /// Beside a word for "published".
    pub(super) const WORDED: f64 = 0.4;
    /// The day of the last change is likelier to be only that.
    pub(super) const IS_MODIFIED: f64 = -0.3;
    /// A page is not published after it was last changed.
    pub(super) const AFTER_MODIFIED: f64 = -0.5;
}

/// Finds the dates of a page. `today` is the last day that is believed, but for one more: it is
/// tomorrow already in the East.
pub(super) fn dates(facts: &Facts<'_>, heading: Option<usize>, today: civil::Date) -> Dates {
    let tomorrow = today.tomorrow().unwrap_or(today);
    let order = order(facts);
    let believe = |date: &Date| date.day() <= tomorrow && date.day().year() >= FIRST_YEAR;
    let read = |text: &str| stamp(text, order).filter(believe);
    let ld = |name: &str| match facts.ld?.get(name)? {
        Value::String(text) => read(text),
        Value::Array(values) => values.first()?.as_str().and_then(read),
        _ => None,
    };
    let modified =
        ld("dateModified").or_else(|| squashed(facts.page, &MODIFIED).into_iter().find_map(|(_, text)| read(text)));
    let address = in_address(facts.url.path()).map(Date::Day).filter(believe);
    let first = ld("datePublished").or_else(|| ld("dateCreated"));
    if let Some(date) = first
        && facts.ld.is_some_and(is_news)
    {
        return Dates { published: Some(own_day(date, address)), modified };
    }
    let visible = Visible::of(facts, heading, order, &believe);
    let of_page = |name: &str| facts.graph.of_page(name).and_then(read);
    let mut votes = Votes::default();
    // Where day and month may be swapped, what the page shows decides.
    let unswapped = |text: &str, date: Date| match visible.unswapped(text, date) {
        Some(day) => Date::Day(day),
        None => date,
    };
    votes.add(first, weight::STRUCTURED);
    for (place, text) in squashed(facts.page, &PUBLISHED) {
        let sure = if place < PUBLISHED_SURE {
            weight::STRUCTURED
        } else if place >= PUBLISHED_VAGUE {
            weight::VAGUE
        } else {
            weight::STRUCTURED - weight::FIRST
        };
        votes.add(read(text).map(|date| unswapped(text, date)), sure);
    }
    votes.add(visible.microdata, weight::STRUCTURED);
    if first.is_none() {
        votes.add(of_page("datePublished"), weight::STRUCTURED - weight::FIRST);
    }
    let modified = modified.or_else(|| of_page("dateModified")).or(visible.updated);
    let published = if votes.is_empty() {
        // A page that only says when it was changed says so of its text as it stands.
        visible
            .published
            .or(address)
            .or(visible.near)
            .or(visible.any)
            .or(visible.opening)
            .or(modified)
            .or(visible.elsewhere)
    } else {
        votes.elect(address, &visible, modified)
    };
    Dates { published: published.map(|date| own_day(date, address)), modified }
}

/// Whether the month stands first in a date of numbers: only in the United States, as language and address say.
fn order(facts: &Facts<'_>) -> Order {
    let american =
        facts.page.lang.is_none_or(|lang| ["en", "en-us", "en_us"].iter().any(|us| lang.eq_ignore_ascii_case(us)));
    let host = facts.url.host_str().unwrap_or_default();
    let tld = host.rsplit('.').next().unwrap_or_default();
    let elsewhere = tld.len() == 2 && !matches!(tld, "us" | "io" | "co" | "tv" | "me" | "ai" | "fm");
    if american && !elsewhere { Order::MonthFirst } else { Order::DayFirst }
}

/// The days that the sources say, each with what it weighs.
#[derive(Debug, Default)]
struct Votes {
    said: Vec<(Date, f64)>,
}

impl Votes {
    fn is_empty(&self) -> bool {
        self.said.is_empty()
    }

    fn add(&mut self, date: Option<Date>, weight: f64) {
        self.said.extend(date.map(|date| (date, weight)));
    }

    /// The day of most weight; of its spellings the first.
    fn elect(mut self, address: Option<Date>, visible: &Visible, modified: Option<Date>) -> Option<Date> {
        if let Some((_, weight)) = self.said.first_mut() {
            *weight += weight::FIRST;
        }
        self.add(address, weight::ADDRESS);
        self.add(visible.near, weight::NEAR);
        self.add(visible.published, weight::WORDED);
        let total = |day: civil::Date| {
            let sum: f64 = self.said.iter().filter(|(date, _)| date.day() == day).map(|(_, weight)| weight).sum();
            sum + match modified {
                Some(modified) if modified.day() == day => weight::IS_MODIFIED,
                Some(modified) if day.yesterday().is_ok_and(|before| before > modified.day()) => weight::AFTER_MODIFIED,
                _ => 0.0,
            }
        };
        let mut best: Option<(Date, f64)> = None;
        for (date, _) in &self.said {
            let total = total(date.day());
            if best.is_none_or(|(_, most)| total > most + 1e-9) {
                best = Some((*date, total));
            }
        }
        best.map(|(date, _)| date)
    }
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
