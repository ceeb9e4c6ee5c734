//! Dates as feeds write them: RFC 3339 and what passes for it, RFC 822 and what passes for it, and dates in
//! the words of many languages.
//!
//! A time keeps the offset that it was written with. One that names no zone is read as UTC, as the readers of
//! feeds have always done (RFC 822 and W3C-DTF want a zone; feedparser, gofeed and Miniflux take UTC where
//! there is none), but for one in Korean, which is Korea's. A date without a time stays a date.

use jiff::civil::{self, DateTime, Time, Weekday};
use jiff::tz::Offset;

use super::zones::{self, Zone, leading_number};
use crate::extract::{Order, month, shown};
use crate::record::Date;

/// Bytes of a text in which a date is looked for.
const LONGEST: usize = 100;

/// The date that a text says, if it says one.
///
/// The zeros of clocks say nothing: the first day of the year 1 (.NET, Go), and the beginning of 1970 (Unix).
pub(super) fn read(text: &str) -> Option<Date> {
    let text = text.trim();
    let text = text.get(..text.floor_char_boundary(LONGEST)).unwrap_or(text);
    let date = compact(text).or_else(|| worded_or_numbered(text))?;
    let is_zero = |day: civil::Date| day.year() == 1 || day == civil::date(1970, 1, 1);
    match date {
        Date::Day(day) if is_zero(day) => None,
        Date::Time(time, _) if is_zero(time.date()) && time.time() == Time::midnight() => None,
        date => Some(date),
    }
}

fn worded_or_numbered(text: &str) -> Option<Date> {
    // `18-11-23T09:30`: ISO 8601 as it was until 2004.
    if let [_, _, b'-', _, _, b'-', _, _, b'T' | b't', ..] = text.as_bytes() {
        let year = of_two_digits(text.get(..2)?.parse().ok()?);
        return worded_or_numbered(&format!("{year}{}", text.get(2..)?));
    }
    let Some(clock) = Clock::in_text(text) else { return day(text, Order::DayFirst).map(Date::Day) };
    // The United States put the month first, count to twelve, and name their zones.
    let american = clock.half.is_some() || clock.zone.is_american();
    let day = day(&clock.around, if american { Order::MonthFirst } else { Order::DayFirst })?;
    let Some(time) = clock.time else { return Some(Date::Day(day)) };
    let day = if clock.is_next_day { day.tomorrow().ok()? } else { day };
    let zone = if clock.zone.is_unsaid() && is_korean(text) { Zone::KOREA } else { clock.zone };
    let time = day.to_datetime(time);
    Some(Date::Time(time, zone.offset_at(time)))
}

fn is_korean(text: &str) -> bool {
    ["년", "오전", "오후"].iter().any(|word| text.contains(word))
}

/// Digits alone: `20031231`, `20031231T101455Z`, `20031231101455`, `031231`, or seconds or milliseconds since 1970.
fn compact(text: &str) -> Option<Date> {
    if !matches!(text.len(), 6 | 14) || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return stamped(text);
    }
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<i8>().ok();
    if text.len() == 6 {
        let year = of_two_digits(number(0, 2)?.into());
        return civil::Date::new(year, number(2, 4)?, number(4, 6)?).ok().map(Date::Day);
    }
    let day = civil::Date::new(text.get(..4)?.parse().ok()?, number(4, 6)?, number(6, 8)?).ok()?;
    let time = Time::new(number(8, 10)?, number(10, 12)?, number(12, 14)?, 0).ok()?;
    Some(Date::Time(day.to_datetime(time), Offset::UTC))
}

fn stamped(text: &str) -> Option<Date> {
    if text.len() >= 8 && text.get(..8)?.bytes().all(|byte| byte.is_ascii_digit()) {
        let number = |from: usize, to: usize| text.get(from..to)?.parse::<i8>().ok();
        let day = || civil::Date::new(text.get(..4)?.parse().ok()?, number(4, 6)?, number(6, 8)?).ok();
        let rest = text.get(8..)?;
        if rest.is_empty() {
            return day().map(Date::Day);
        }
        if rest.starts_with(['T', ' ']) && rest.get(1..7)?.bytes().all(|byte| byte.is_ascii_digit()) {
            let time = day()?.to_datetime(Time::new(number(9, 11)?, number(11, 13)?, number(13, 15)?, 0).ok()?);
            return Some(Date::Time(time, zones::leading(text.get(15..)?).0.offset_at(time)));
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
    half: Option<Half>,
    zone: Zone,
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
        let (zone, rest) = zones::leading(rest);
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
        Some(Self { time, is_next_day, half, zone, around })
    }
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
    for (words, half) in [(["am", "a.m.", "a. m."], Half::Morning), (["pm", "p.m.", "p. m."], Half::Afternoon)] {
        for word in words {
            let Some((start, rest)) = trimmed.split_at_checked(word.len()) else { continue };
            // `America/New_York` is no morning.
            if start.eq_ignore_ascii_case(word) && !rest.starts_with(char::is_alphabetic) {
                return (Some(half), rest);
            }
        }
    }
    (None, behind)
}

/// The day in a text without a time: by numbers from the year down, by the month's name, or as pages show it.
fn day(text: &str, order: Order) -> Option<civil::Date> {
    year_first(text.trim()).or_else(|| worded(text)).or_else(|| numbered(text, order))
}

/// `2003-12-31`, and what W3C-DTF and ISO 8601 allow: `2003-12`, `2003`, `2003-365`, `03-12-31`, `-03-12`.
fn year_first(text: &str) -> Option<civil::Date> {
    if let Some(short) = text.strip_prefix('-').filter(|rest| rest.len() >= 4) {
        let (year, rest) = leading_number(short)?;
        let month = rest.strip_prefix('-').unwrap_or(rest).parse().ok()?;
        return civil::Date::new(of_two_digits(year.into()), month, 1).ok();
    }
    if text.as_bytes().get(2) == Some(&b'-') {
        return two_digits_first(text);
    }
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
    // A month of three digits was Google's for years.
    let spelt = rest.strip_prefix('0').filter(|rest| rest.as_bytes().get(2) == Some(&b'-'));
    let (month, rest) = leading_number(spelt.unwrap_or(rest))?;
    let Some(rest) = rest.strip_prefix(['-', '/', '.']) else {
        return rest.is_empty().then(|| civil::Date::new(year, month, 1).ok()).flatten();
    };
    let (day, rest) = leading_number(rest)?;
    if rest.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    civil::Date::new(year, month, day).ok()
}

/// `03-12-31` and `31-12-03`: where both readings are days, the earlier, since feeds speak of the past.
fn two_digits_first(text: &str) -> Option<civil::Date> {
    let mut parts = text.split('-').map(|part| part.parse::<i8>().ok().filter(|_| part.len() == 2));
    let (first, month, last) = (parts.next()??, parts.next()??, parts.next()??);
    if parts.next().is_some() {
        return None;
    }
    let on = |year: i8, day: i8| civil::Date::new(of_two_digits(year.into()), month, day).ok();
    [on(first, last), on(last, first)].into_iter().flatten().min()
}

/// A day in numbers, in this order; a day of the week beside it knows better.
fn numbered(text: &str, order: Order) -> Option<civil::Date> {
    let numbers: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || c == ',')
        .filter(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
        .collect();
    let joined = (numbers.len() == 3).then(|| numbers.join("/"));
    let text = joined
        .as_deref()
        .map_or_else(|| text.to_owned(), |joined| format!("{} {joined}", text.get(..3).unwrap_or_default()));
    let other = if order == Order::DayFirst { Order::MonthFirst } else { Order::DayFirst };
    let (day, other) = (shown(&text, order)?, shown(&text, other));
    let named = weekday(&text);
    Some(other.filter(|other| named == Some(other.weekday()) && named != Some(day.weekday())).unwrap_or(day))
}

/// The day of the week that a text begins with, in English.
fn weekday(text: &str) -> Option<Weekday> {
    let start = text.trim_start().get(..3)?.to_ascii_lowercase();
    let names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let index = names.iter().position(|name| *name == start)?;
    Weekday::from_monday_zero_offset(i8::try_from(index).ok()?).ok()
}

/// RFC 5322, section 4.3.
fn of_two_digits(year: i16) -> i16 {
    if year < 50 { year + 2000 } else { year + 1900 }
}

/// A day with its month in words: `Thu, 01 Jan 04`, `Jan 1, 2004`, `2004-július-13`, `Nov. 2020`.
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
            let month = parts.get(at).and_then(|part| month(part).or_else(|| part.strip_suffix('月')?.parse().ok()))?;
            let (before, behind) = (number(at.checked_sub(1)), number(at.checked_add(1)));
            wanted(before.is_some(), behind.is_some()).then_some((at, month))
        })
    };
    let (at, month) = month_at(|before, behind| before && behind).or_else(|| month_at(|_, behind| behind))?;
    let second = number(Some(at + 1))?;
    let (day, year) = match number(at.checked_sub(1)) {
        Some(first) if first.1 >= 3 => (second, first),
        Some(first) => (first, second),
        // A month alone, as W3C-DTF has it in numbers.
        None if second.1 == 4 => ((1, 1), second),
        None => (second, number(Some(at + 2))?),
    };
    if day.1 > 2 {
        return None;
    }
    let year = match year {
        (year, 1 | 2) => of_two_digits(year),
        (year, 3) => year + 1900,
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
            ("2004년 05월 28일 오후 11:31:25", "2004-05-28T23:31:25+09:00"),
            ("2004-07-08 23:56:58.0", "2004-07-08T23:56:58Z"),
            ("Пт, 23 ноября 2018 09:30:00 +0300", "2018-11-23T09:30:00+03:00"),
            ("23 de noviembre de 2018", "2018-11-23"),
            ("23.11.2018 09:30", "2018-11-23T09:30:00Z"),
            ("Fri, 23-Nov-2018 09:30:00 UTC", "2018-11-23T09:30:00Z"),
            ("Fri, 31 Mar 2023 20:19:00 America/Los_Angeles", "2023-03-31T20:19:00-07:00"),
            ("Thu, 25 Feb 2016 00:00:00 Europe/Brussels", "2016-02-25T00:00:00+01:00"),
            ("Wed, 19 Aug 2009 18:28:00 Etc/GMT", "2009-08-19T18:28:00Z"),
            ("Wed, 19 Aug 2009 18:28:00 Middle/Earth", "2009-08-19T18:28:00Z"),
            ("Thu, 30 Apr 2015 08:57:00 MEST", "2015-04-30T08:57:00+02:00"),
            ("03-12-31", "2003-12-31"),
            ("31-12-03", "2003-12-31"),
            ("20-04-10T05:00:00+00:00", "2020-04-10T05:00:00Z"),
            ("031231", "2003-12-31"),
            ("-0312", "2003-12-01"),
            ("2003-012-31T10:14:55+00:00", "2003-12-31T10:14:55Z"),
            ("20031231101455", "2003-12-31T10:14:55Z"),
            ("Nov. 2020", "2020-11-01"),
            ("Sat, 11 04 2020 08:51:49 +0100", "2020-04-11T08:51:49+01:00"),
            ("Fri, 11/06/2020", "2020-11-06"),
            ("Fri, 06/11/2020", "2020-11-06"),
            ("10/02/2002 01:00 PM", "2002-10-02T13:00:00Z"),
            ("10/02/2002 13:00 EST", "2002-10-02T13:00:00-05:00"),
            ("02/10/2002 13:00", "2002-10-02T13:00:00Z"),
            ("Wed, 2 Oct 2002 1:00:00 p. m. EST", "2002-10-02T13:00:00-05:00"),
            ("水, 02 10月 2002 13:00:00 +0900", "2002-10-02T13:00:00+09:00"),
            ("Mon, 01 Jan 0001 00:00:00 +0000", "none"),
            ("1970-01-01T00:00:00Z", "none"),
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
        fn what_rfc_3339_writes_reads_back(seconds in 200_000_i64..4_000_000_000, quarters in -48_i32..56) {
            let offset = Offset::from_seconds(quarters * 900).unwrap();
            let time = offset.to_datetime(jiff::Timestamp::from_second(seconds).unwrap());
            let date = Date::Time(time, offset);
            prop_assert_eq!(read(&date.to_string()), Some(date));
        }
    }
}
