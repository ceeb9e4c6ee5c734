//! Dates as feeds write them: RFC 3339 and what passes for it, RFC 822 and what passes for it, and dates in
//! the words of many languages.
//!
//! A time keeps the offset that it was written with. One that names no zone is read as UTC, as the readers of
//! feeds have always done (RFC 822 and W3C-DTF want a zone; feedparser, gofeed and Miniflux take UTC where
//! there is none). A date without a time stays a date.

use jiff::civil::{self, DateTime, Time};
use jiff::tz::Offset;

use crate::extract::{Order, month, shown};
use crate::record::Date;

/// Bytes of a text in which a date is looked for.
const LONGEST: usize = 100;

/// Zones by name, in minutes from UTC: RFC 822's, and those that feeds write. An abbreviation that several
/// countries share stands with the one that has the most feeds (IST is India's).
#[rustfmt::skip]
const ZONES: [(&str, i32); 52] = [
    ("UT", 0), ("UTC", 0), ("GMT", 0), ("Z", 0), ("WET", 0),
    ("EST", -300), ("EDT", -240), ("ET", -300), ("CST", -360), ("CDT", -300), ("CT", -360),
    ("MST", -420), ("MDT", -360), ("MT", -420), ("PST", -480), ("PDT", -420), ("PT", -480),
    ("AKST", -540), ("AKDT", -480), ("HST", -600), ("AST", -240), ("ADT", -180), ("NST", -210), ("NDT", -150),
    ("BRT", -180), ("ART", -180), ("CLT", -240), ("COT", -300), ("PET", -300),
    ("BST", 60), ("WEST", 60), ("CET", 60), ("MEZ", 60), ("CEST", 120), ("MESZ", 120), ("EET", 120), ("SAST", 120),
    ("EEST", 180), ("MSK", 180), ("TRT", 180), ("MSD", 240), ("PKT", 300), ("IST", 330), ("WIB", 420), ("ICT", 420),
    ("HKT", 480), ("SGT", 480), ("JST", 540), ("KST", 540), ("AEST", 600), ("AEDT", 660), ("NZST", 720),
];

/// The date that a text says, if it says one.
pub(super) fn read(text: &str) -> Option<Date> {
    let text = text.trim();
    let text = text.get(..text.floor_char_boundary(LONGEST)).unwrap_or(text);
    if let Some(date) = compact(text) {
        return Some(date);
    }
    let Some(clock) = Clock::in_text(text) else { return day(text).map(Date::Day) };
    let day = day(&clock.around)?;
    let Some(time) = clock.time else { return Some(Date::Day(day)) };
    let day = if clock.is_next_day { day.tomorrow().ok()? } else { day };
    Some(Date::Time(day.to_datetime(time), clock.offset))
}

/// Digits alone: `20031231`, `20031231T101455Z`, or seconds or milliseconds since 1970.
fn compact(text: &str) -> Option<Date> {
    if text.len() >= 8 && text.get(..8)?.bytes().all(|byte| byte.is_ascii_digit()) {
        let number = |from: usize, to: usize| text.get(from..to)?.parse::<i8>().ok();
        let day = || civil::Date::new(text.get(..4)?.parse().ok()?, number(4, 6)?, number(6, 8)?).ok();
        let rest = text.get(8..)?;
        if rest.is_empty() {
            return day().map(Date::Day);
        }
        if rest.starts_with(['T', ' ']) && rest.get(1..7)?.bytes().all(|byte| byte.is_ascii_digit()) {
            let time = Time::new(number(9, 11)?, number(11, 13)?, number(13, 15)?, 0).ok()?;
            return Some(Date::Time(day()?.to_datetime(time), zone(text.get(15..)?).0));
        }
    }
    if !matches!(text.len(), 9 | 10 | 13) || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: i64 = text.parse().ok()?;
    let stamp = jiff::Timestamp::from_second(if text.len() == 13 { number / 1000 } else { number }).ok()?;
    let time: DateTime = Offset::UTC.to_datetime(stamp);
    Some(Date::Time(time, Offset::UTC))
}

/// A time of the day within a text, and the text around it.
struct Clock {
    /// `None` where the numbers are no time.
    time: Option<Time>,
    /// 24:00 is the next day's beginning (ISO 8601).
    is_next_day: bool,
    offset: Offset,
    around: String,
}

impl Clock {
    /// The first `9:30`, `09:30:00.5 +0900` or `11:31 PM EST` of a text.
    fn in_text(text: &str) -> Option<Self> {
        let (start, colon) = text.match_indices(':').find_map(|(colon, _)| {
            let before = text.get(..colon)?;
            let digits = before.len() - before.trim_end_matches(|c: char| c.is_ascii_digit()).len();
            let minute = text.get(colon + 1..colon + 2)?.bytes().all(|byte| byte.is_ascii_digit());
            ((1..=2).contains(&digits) && minute).then_some((colon - digits, colon))
        })?;
        let hour: i8 = text.get(start..colon)?.parse().ok()?;
        let (minute, mut rest) = leading_number(text.get(colon + 1..)?)?;
        let mut second = 0;
        if let Some((number, behind)) = rest.strip_prefix([':', '.']).and_then(leading_number) {
            (second, rest) = (number, behind);
        }
        if let Some(fraction) =
            rest.strip_prefix(['.', ',']).filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
        {
            rest = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
        }
        let before = text.get(..start).unwrap_or_default();
        let (half, rest) = half_of_day(before, rest);
        let (offset, rest) = zone(rest);
        let hour = match half {
            Some(Half::Morning) if hour == 12 => 0,
            Some(Half::Afternoon) if hour < 12 => hour + 12,
            _ => hour,
        };
        let is_next_day = hour == 24 && minute == 0 && second == 0;
        // A leap second is no time of the civil clock; nothing is lost at the second before it.
        let time =
            Time::new(if is_next_day { 0 } else { hour }, minute, if second == 60 { 59 } else { second }, 0).ok();
        let around = format!("{} {rest}", before.trim_end_matches(['T', 't']));
        Some(Self { time, is_next_day, offset, around })
    }
}

/// One or two digits at the beginning.
fn leading_number(text: &str) -> Option<(i8, &str)> {
    let digits = text.bytes().take(2).take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at(digits);
    Some((number.parse().ok()?, rest))
}

#[derive(Clone, Copy)]
enum Half {
    Morning,
    Afternoon,
}

/// `PM` behind the time, or `오후` before it.
fn half_of_day<'a>(before: &str, behind: &'a str) -> (Option<Half>, &'a str) {
    for (word, half) in [("오전", Half::Morning), ("午前", Half::Morning), ("上午", Half::Morning)] {
        if before.trim_end().ends_with(word) {
            return (Some(half), behind);
        }
    }
    if ["오후", "午後", "下午"].iter().any(|word| before.trim_end().ends_with(word)) {
        return (Some(Half::Afternoon), behind);
    }
    let trimmed = behind.trim_start();
    for (words, half) in [(["am", "a.m."], Half::Morning), (["pm", "p.m."], Half::Afternoon)] {
        for word in words {
            if trimmed.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word)) {
                return (Some(half), trimmed.get(word.len()..).unwrap_or_default());
            }
        }
    }
    (None, behind)
}

/// The zone at the beginning of a text, and what follows it. No zone, and one that nobody knows, is UTC.
fn zone(text: &str) -> (Offset, &str) {
    let text = text.trim_start();
    let word_ends = text.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (word, behind) = text.split_at(word_ends);
    let named = ZONES.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, minutes)| *minutes);
    // `GMT+0100`, and plain `+0100`.
    if let Some((minutes, rest)) = (word.is_empty() || named == Some(0)).then(|| signed(behind)).flatten() {
        return (offset(minutes), rest);
    }
    match named {
        Some(minutes) => (offset(minutes), behind),
        // A month or a day of the week may follow the time; it is no zone.
        None => (Offset::UTC, text),
    }
}

fn offset(minutes: i32) -> Offset {
    Offset::from_seconds(minutes * 60).unwrap_or(Offset::UTC)
}

/// `+0530`, `+05:30`, `-8`: minutes from UTC, and what follows.
fn signed(text: &str) -> Option<(i32, &str)> {
    let sign = match text.chars().next()? {
        '+' => 1,
        '-' | '\u{2212}' | '\u{2013}' => -1,
        _ => return None,
    };
    let digits = text.trim_start_matches(['+', '-', '\u{2212}', '\u{2013}']);
    let count = digits.bytes().take_while(u8::is_ascii_digit).count();
    let (number, mut rest) = digits.split_at(count.min(4));
    let (hours, minutes): (i32, i32) = match number.len() {
        1 | 2 => {
            let minutes = rest.strip_prefix(':').and_then(leading_number);
            if let Some((_, behind)) = minutes {
                rest = behind;
            }
            (number.parse().ok()?, minutes.map_or(0, |(minutes, _)| i32::from(minutes)))
        }
        3 | 4 => (number.get(..number.len() - 2)?.parse().ok()?, number.get(number.len() - 2..)?.parse().ok()?),
        _ => return None,
    };
    // No place is farther from UTC than 14 hours; what says so is no offset.
    (hours <= 14 && minutes < 60).then_some((sign * (hours * 60 + minutes), rest))
}

/// The day in a text without a time: by numbers from the year down, by the month's name, or as pages show it.
fn day(text: &str) -> Option<civil::Date> {
    year_first(text.trim()).or_else(|| worded(text)).or_else(|| shown(text, Order::DayFirst))
}

/// `2003-12-31`, and what W3C-DTF and ISO 8601 allow: `2003-12`, `2003`, `2003-365`.
fn year_first(text: &str) -> Option<civil::Date> {
    let year: i16 = text.get(..4)?.parse().ok().filter(|year| *year > 0)?;
    let rest = text.get(4..)?.trim_end();
    if rest.is_empty() {
        return civil::Date::new(year, 1, 1).ok();
    }
    let rest = rest.strip_prefix(['-', '/', '.'])?;
    if rest.len() == 3 && rest.bytes().all(|byte| byte.is_ascii_digit()) {
        let days = rest.parse::<i32>().ok()?.checked_sub(1)?;
        return civil::Date::new(year, 1, 1).ok()?.checked_add(jiff::Span::new().days(days)).ok();
    }
    let (month, rest) = leading_number(rest)?;
    let Some(rest) = rest.strip_prefix(['-', '/', '.']) else {
        return rest.is_empty().then(|| civil::Date::new(year, month, 1).ok()).flatten();
    };
    let (day, rest) = leading_number(rest)?;
    if rest.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    civil::Date::new(year, month, day).ok()
}

/// A day with its month in words: `Thu, 01 Jan 04`, `Jan 1, 2004`, `2004-július-13`.
fn worded(text: &str) -> Option<civil::Date> {
    let parts: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || matches!(c, ',' | '-' | '/' | '(' | ')'))
        .map(|part| part.trim_end_matches('.'))
        .filter(|part| !part.is_empty() && *part != "de")
        .collect();
    let number = |at: Option<usize>| {
        let part = parts.get(at?)?;
        let digits = part.trim_end_matches(|c: char| c.is_alphabetic());
        digits.parse::<i16>().ok().map(|value| (value, digits.len()))
    };
    // `mar` is a Tuesday in Rome and a month in London: the word between two numbers is the month.
    let month_at = |wanted: fn(bool, bool) -> bool| {
        (0..parts.len()).find_map(|at| {
            let month = parts.get(at).and_then(|part| month(part))?;
            let (before, behind) = (number(at.checked_sub(1)), number(at.checked_add(1)));
            wanted(before.is_some(), behind.is_some()).then_some((at, month))
        })
    };
    let (at, month) = month_at(|before, behind| before && behind).or_else(|| month_at(|_, behind| behind))?;
    let second = number(Some(at + 1))?;
    let (day, year) = match number(at.checked_sub(1)) {
        Some(first) if first.1 >= 3 => (second, first),
        Some(first) => (first, second),
        None => (second, number(Some(at + 2))?),
    };
    if day.1 > 2 {
        return None;
    }
    // RFC 5322, section 4.3.
    let year = match year {
        (year, 1 | 2) if year < 50 => year + 2000,
        (year, 1..=3) => year + 1900,
        (year, 4) => year,
        _ => return None,
    };
    civil::Date::new(year, month, i8::try_from(day.0).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn said(text: &str) -> String {
        read(text).map_or_else(|| "none".to_owned(), |date| date.to_string())
    }

    #[test]
    fn dates_of_feeds_are_read_as_they_are_written() {
        for (text, expected) in [
            ("Thu, 01 Jan 2004 19:48:21 GMT", "2004-01-01T19:48:21Z"),
            ("Thu, 01 Jan 04 19:48:21 EST", "2004-01-01T19:48:21-05:00"),
            ("1 Jan 99 9:48 PDT", "1999-01-01T09:48:00-07:00"),
            ("Thu, 5 Apr 2012 23:47:37 +0200 (CEST)", "2012-04-05T23:47:37+02:00"),
            ("Thu, 01 Jan 2004 19:48:21 CEST", "2004-01-01T19:48:21+02:00"),
            ("Thu, 01 Jan 2004 19:48:21", "2004-01-01T19:48:21Z"),
            ("Thu, 01 Jan 2004 19:48:21 GMT+0100", "2004-01-01T19:48:21+01:00"),
            ("Thu, 01 Jan 2004 24:00:00 GMT", "2004-01-02T00:00:00Z"),
            ("Thursday, January 1, 2004 7:48 PM EST", "2004-01-01T19:48:00-05:00"),
            ("Sun Jan  4 16:29:06 PST 2004", "2004-01-04T16:29:06-08:00"),
            ("Jan 4, 2004", "2004-01-04"),
            ("2003-12-31T10:14:55Z", "2003-12-31T10:14:55Z"),
            ("2003-12-31T10:14:55.250-08:00", "2003-12-31T10:14:55-08:00"),
            ("2003-12-31T10:14", "2003-12-31T10:14:00Z"),
            ("2003-12-31 10:14:55 +0530", "2003-12-31T10:14:55+05:30"),
            ("2003-12-31", "2003-12-31"),
            ("2003-12", "2003-12-01"),
            ("2003", "2003-01-01"),
            ("2003-365", "2003-12-31"),
            ("20031231", "2003-12-31"),
            ("20031231T101455Z", "2003-12-31T10:14:55Z"),
            ("1072865695", "2003-12-31T10:14:55Z"),
            ("mar, 23 nov 2018 09:30:00 +0100", "2018-11-23T09:30:00+01:00"),
            ("Κυρ, 11 Ιούλ 2004 12:00:00 EST", "2004-07-11T12:00:00-05:00"),
            ("2004-július-13T9:15-05:00", "2004-07-13T09:15:00-05:00"),
            ("2004년 05월 28일 오후 11:31:25", "2004-05-28T23:31:25Z"),
            ("2004-07-08 23:56:58.0", "2004-07-08T23:56:58Z"),
            ("Пт, 23 ноября 2018 09:30:00 +0300", "2018-11-23T09:30:00+03:00"),
            ("23 de noviembre de 2018", "2018-11-23"),
            ("23.11.2018 09:30", "2018-11-23T09:30:00Z"),
            ("Fri, 23-Nov-2018 09:30:00 UTC", "2018-11-23T09:30:00Z"),
            ("Thu, 30 Feb 2004 10:00:00 GMT", "none"),
            ("Thu, 01 Jan 2004 99:99:99 GMT", "2004-01-01"),
            ("yesterday", "none"),
            ("", "none"),
            (":", "none"),
        ] {
            assert_eq!(said(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_reader(text in "[0-9:+\\-TZ a-zé년.,/]{0,40}") {
            let _ = read(&text);
        }

        #[test]
        fn what_rfc_3339_writes_reads_back(seconds in 0_i64..4_000_000_000, quarters in -48_i32..56) {
            let offset = Offset::from_seconds(quarters * 900).unwrap();
            let time = offset.to_datetime(jiff::Timestamp::from_second(seconds).unwrap());
            let date = Date::Time(time, offset);
            prop_assert_eq!(read(&date.to_string()), Some(date));
        }
    }
}
