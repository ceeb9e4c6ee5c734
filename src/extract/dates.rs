//! When a page was published and last changed.
//!
//! What the head says is believed first. A news page's JSON-LD is right as written; where the sources
//! of other pages disagree, they vote, with the address and what the page shows. A day is the day as
//! written: a stamp is never turned into UTC.

mod read;
mod visible;

use jiff::civil;
use jiff::tz::Offset;
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
    /// Whether the day of publication is a hint's, or its time.
    pub(super) hinted: bool,
    /// Whether the day of publication merely stands somewhere on the page: it may be another's, and is no sign of an article.
    pub(super) stray: bool,
}

/// Hours that time zones of many people are ahead of UTC and behind it, at most.
const EAST: i8 = 13;
const WEST: i8 = 10;
/// Two stamps of one instant may differ by their seconds.
const SAME: jiff::SignedDuration = jiff::SignedDuration::from_secs(60);

/// Bytes of a script, and of names in it that speak of publishing, that are looked at.
const SCRIPT_BYTES: usize = 500_000;
const SCRIPT_NAMES: usize = 200;

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
    /// Nearest, but some blocks below the heading, where it is as likely one that the text tells of. From .4 to .7 the same
    /// pages are right.
    pub(super) const NEAR_BELOW: f64 = 0.6;
    /// Nearest, but within a sentence that has other things to say.
    pub(super) const NEAR_IN_TEXT: f64 = 0.4;
    /// What the finder of the page said: a feed's own date is the publisher's word, but anybody can send one. Not tuned: the
    /// development pages come without their feeds.
    pub(super) const HINT: f64 = 0.8;
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
        return Dates { published: Some(own_day(facts, date, address)), modified, hinted: false, stray: false };
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
    let metas = squashed(facts.page, &PUBLISHED).into_iter();
    votes.add_metas(metas.filter_map(|(place, text)| Some((place, unswapped(text, read(text)?)))));
    votes.add(visible.microdata, weight::STRUCTURED);
    if first.is_none() {
        votes.add(of_page("datePublished"), weight::STRUCTURED - weight::FIRST);
    }
    let modified = modified.or_else(|| of_page("dateModified")).or(visible.updated);
    let hint = facts.hints.and_then(|hints| hints.published_at).filter(believe);
    let said = [visible.published, visible.near, visible.any, address, modified];
    let said_by_page = votes.said.iter().any(|(date, _)| Some(*date) == hint) || said.contains(&hint);
    // A day within a sentence may be anything's: what the page says of itself further down comes first.
    let (beside, within) = if visible.near_in_text { (None, visible.near) } else { (visible.near, None) };
    let published = if votes.is_empty() {
        // A page that only says when it was changed says so of its text as it stands.
        visible
            .published
            .or(hint)
            .or(address)
            .or(beside)
            .or(visible.any)
            .or(visible.opening)
            .or(modified)
            .or(visible.elsewhere)
            .or(visible.far)
            .or(within)
            .or_else(|| in_scripts(facts).and_then(read))
    } else {
        votes.add(hint, weight::HINT);
        votes.elect(address, &visible, modified)
    };
    let stray = if published.is_some() {
        None
    } else {
        let things = facts.graph.objects().iter().filter_map(|thing| thing.get("datePublished")?.as_str());
        things.filter_map(read).next().or_else(|| visible::anywhere(facts.page, heading, order, &believe))
    };
    let published = published.or(stray);
    // A day alone gets its time from a hint of the same day.
    let same_day = |hint: &Date| published.is_some_and(|date| matches!(date, Date::Day(day) if day == hint.day()));
    let published = hint.filter(same_day).or(published);
    let hinted = hint.is_some() && published == hint && !said_by_page;
    let published = published.map(|date| own_day(facts, date, address));
    Dates { published, modified, hinted, stray: stray.is_some() }
}

/// What scripts that are no JSON-LD call the day of publication: states and data layers, as a last resort.
fn in_scripts<'a>(facts: &Facts<'a>) -> Option<&'a str> {
    /// What follows `ublish` in such names, or comes before it.
    const NAMES: [&str; 9] = [
        "datepublished",
        "publisheddate",
        "publishdate",
        "publishedat",
        "publicationdate",
        "firstpublished",
        "firstpublication",
        "publishedfirst",
        "publishtime",
    ];
    let scripts = facts.page.scripts.iter().filter(|script| !script.is_json_ld());
    scripts.filter_map(|script| script.text.get(..script.text.floor_char_boundary(SCRIPT_BYTES))).find_map(|text| {
        memchr::memmem::find_iter(text.as_bytes(), b"ubli").take(SCRIPT_NAMES).find_map(|at| {
            let before = text.get(..at)?;
            let start =
                before.rfind(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))).map_or(0, |end| end + 1);
            let after = text.get(start..)?;
            let end = after.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-')))?;
            let name: String =
                after.get(..end)?.chars().filter(char::is_ascii_alphabetic).map(|c| c.to_ascii_lowercase()).collect();
            if !NAMES.contains(&name.as_str()) {
                return None;
            }
            let value = after.get(end..)?.trim_start_matches(['\\', '"', '\'', ' ']).strip_prefix([':', '='])?;
            let value = value.trim_start_matches(['\\', '"', '\'', ' ']);
            let value = value.get(..value.find(['\\', '"', '\'', ',', '}', '\n', ';', '<'])?)?;
            value.bytes().next().is_some_and(|byte| byte.is_ascii_digit()).then_some(value)
        })
    })
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

    /// Adds what the names of [`PUBLISHED`] say, each with its name's place. Of the vague names those that repeat one another
    /// count once: one field of a site fills them all.
    fn add_metas(&mut self, metas: impl Iterator<Item = (usize, Date)>) {
        let mut vague: Vec<civil::Date> = Vec::new();
        for (place, date) in metas {
            if place < PUBLISHED_SURE {
                self.add(Some(date), weight::STRUCTURED);
            } else if place < PUBLISHED_VAGUE {
                self.add(Some(date), weight::STRUCTURED - weight::FIRST);
            } else if !vague.contains(&date.day()) {
                vague.push(date.day());
                self.add(Some(date), weight::VAGUE);
            }
        }
    }

    /// The day of most weight; of its spellings the first.
    fn elect(mut self, address: Option<Date>, visible: &Visible, modified: Option<Date>) -> Option<Date> {
        if let Some((_, weight)) = self.said.first_mut() {
            *weight += weight::FIRST;
        }
        self.add(address, weight::ADDRESS);
        let near = match (visible.near_in_text, visible.near_is_beside()) {
            (true, _) => weight::NEAR_IN_TEXT,
            (false, true) => weight::NEAR,
            (false, false) => weight::NEAR_BELOW,
        };
        self.add(visible.near, near);
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

/// A stamp in UTC gives way to the same instant with the publisher's own offset, if the page has that, and else to the
/// day in the page's address where they differ as they would in some time zone: the address is in the publisher's own. What the page
/// shows without an offset is no better a witness than the stamp.
fn own_day(facts: &Facts<'_>, date: Date, address: Option<Date>) -> Date {
    let Date::Time(time, offset) = date else { return date };
    if !offset.is_zero() {
        return date;
    }
    if let Some(own) = same_instant(facts, time) {
        return own;
    }
    let Some(own) = address.map(|own| own.day()) else { return date };
    let day = date.day();
    let elsewhere = (Some(own) == day.tomorrow().ok() && time.hour() >= 24 - EAST)
        || (Some(own) == day.yesterday().ok() && time.hour() < WEST);
    if elsewhere { Date::Day(own) } else { date }
}

/// The stamp of the page that names this instant with an offset from UTC.
fn same_instant(facts: &Facts<'_>, time: civil::DateTime) -> Option<Date> {
    let instant = Offset::UTC.to_timestamp(time).ok()?;
    let metas = facts.page.metas.iter().map(|(_, content)| *content);
    let elements = facts.page.scopes.iter().filter_map(|scope| scope.datetime);
    metas.chain(elements).filter(|text| (16..=40).contains(&text.len()) && text.contains(':')).find_map(|text| {
        let Some(Date::Time(own, offset)) = stamp(text, Order::DayFirst) else { return None };
        let other = offset.to_timestamp(own).ok().filter(|_| !offset.is_zero())?;
        (other.duration_since(instant).abs() < SAME).then_some(Date::Time(own, offset))
    })
}
