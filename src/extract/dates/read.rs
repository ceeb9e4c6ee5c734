//! Reading dates: as machines write them, as pages show them, and in addresses.

use jiff::civil;
use jiff::tz::Offset;

use crate::extract::months::{digit, jalali_month, month};
use crate::record::Date;

/// Which of two numbers is the month, where both could be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// `11/23/2018`, as in the United States.
    MonthFirst,
    /// `23/11/2018`, as everywhere else.
    DayFirst,
}

/// Bytes of a text in which a date is looked for.
const MAX_BYTES: usize = 300;

/// A date as metadata has it: RFC 3339 and its variants, RFC 2822, or any form that pages show.
pub(in crate::extract) fn stamp(text: &str, order: Order) -> Option<Date> {
    let text = text.trim();
    let text = text.get(..text.floor_char_boundary(MAX_BYTES)).unwrap_or(text);
    if let Ok(date) = text.parse::<Date>() {
        return Some(date);
    }
    if let Ok(zoned) = jiff::fmt::rfc2822::parse(text) {
        return Some(Date::Time(zoned.datetime(), zoned.offset()));
    }
    if let Some(date) = seconds(text) {
        return Some(date);
    }
    let day = shown(text, order)?;
    Some(time_of(text).map_or(Date::Day(day), |(time, offset)| Date::Time(day.to_datetime(time), offset)))
}

/// Seconds or milliseconds since 1970.
fn seconds(text: &str) -> Option<Date> {
    if !matches!(text.len(), 10 | 13) || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: i64 = text.parse().ok()?;
    let stamp = jiff::Timestamp::from_second(if text.len() == 13 { number / 1000 } else { number }).ok()?;
    Some(Date::Time(Offset::UTC.to_datetime(stamp), Offset::UTC))
}

/// `09:30:00 +0900`, somewhere behind the day: only a time with its offset makes an instant.
fn time_of(text: &str) -> Option<(civil::Time, Offset)> {
    let at = text.find(':')?;
    let start = text.get(..at)?.rfind(|c: char| !c.is_ascii_digit()).map_or(0, |before| before + 1);
    let hour: i8 = text.get(start..at)?.parse().ok()?;
    let minute: i8 = text.get(at + 1..at + 3)?.parse().ok()?;
    let mut rest = text.get(at + 3..)?;
    let mut second = 0;
    if let Some(after) = rest.strip_prefix(':') {
        second = after.get(..2)?.parse().ok()?;
        rest = after.get(2..)?;
    }
    if let Some(fraction) = rest.strip_prefix('.') {
        rest = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
    }
    let time = civil::Time::new(hour, minute, second, 0).ok()?;
    let rest = rest.trim_start();
    if matches!(rest, "Z" | "UTC" | "GMT") {
        return Some((time, Offset::UTC));
    }
    let sign = match rest.bytes().next()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let digits: String = rest.chars().skip(1).filter(|c| *c != ':').take(4).collect();
    if digits.len() < 2 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let hours: i32 = digits.get(..2)?.parse().ok()?;
    let minutes: i32 = digits.get(2..).filter(|rest| !rest.is_empty()).map_or(Ok(0), str::parse).ok()?;
    Some((time, Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()?))
}

/// A part of a text: a number with what follows it, or a word.
#[derive(Debug, Clone, Copy)]
enum Part<'a> {
    Number { value: i16, digits: usize, then: char },
    Word(&'a str),
}

/// The first date that a text shows.
pub(crate) fn shown(text: &str, order: Order) -> Option<civil::Date> {
    let text = text.get(..text.floor_char_boundary(MAX_BYTES)).unwrap_or(text);
    let parts = parts(text);
    (0..parts.len()).find_map(|at| {
        let rest = parts.get(at..)?;
        named(rest).or_else(|| numeric(rest, order)).or_else(|| of_era(rest))
    })
}

fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut chars = text.char_indices().peekable();
    while let Some((start, c)) = chars.next() {
        if let Some(first) = digit(c) {
            let (mut value, mut digits) = (i64::from(first), 1);
            while let Some(next) = chars.peek().and_then(|(_, c)| digit(*c)) {
                value = (value * 10 + i64::from(next)).min(i64::from(i32::MAX));
                digits += 1;
                chars.next();
            }
            let then = chars.peek().map_or(' ', |(_, c)| *c);
            if digits == 8 {
                // 20181123
                let day = |value: i64| i16::try_from(value).unwrap_or_default();
                parts.push(Part::Number { value: day(value / 10_000), digits: 4, then: '-' });
                parts.push(Part::Number { value: day(value / 100 % 100), digits: 2, then: '-' });
                parts.push(Part::Number { value: day(value % 100), digits: 2, then });
                continue;
            }
            parts.push(Part::Number { value: i16::try_from(value).unwrap_or(i16::MAX), digits, then });
        } else if c.is_alphabetic() || is_mark(c) {
            let mut end = start + c.len_utf8();
            while let Some((at, c)) = chars.peek().copied().filter(|(_, c)| c.is_alphabetic() || is_mark(*c)) {
                end = at + c.len_utf8();
                chars.next();
            }
            // Thai abbreviations have dots within.
            if ('\u{e00}'..='\u{e7f}').contains(&c) {
                while let Some((at, c)) =
                    chars.peek().copied().filter(|(_, c)| *c == '.' || ('\u{e00}'..='\u{e4f}').contains(c))
                {
                    end = at + c.len_utf8();
                    chars.next();
                }
            }
            parts.push(Part::Word(text.get(start..end).unwrap_or_default()));
        }
    }
    parts
}

/// Vowel signs, which belong to the word they stand in.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{900}'..='\u{9ff}' | '\u{e31}'..='\u{e4e}' | '\u{64b}'..='\u{65f}')
}

/// Words between the parts of a date: `23 de noviembre de 2018`, `23rd of November`.
fn filler(word: &str) -> bool {
    matches!(
        word.to_lowercase().as_str(),
        "de" | "del"
            | "of"
            | "st"
            | "nd"
            | "rd"
            | "th"
            | "er"
            | "di"
            | "d"
            | "ta"
            | "e"
            | "ngày"
            | "the"
            | "da"
            | "a"
            | "го"
    )
}

/// A date with the month's name.
fn named(parts: &[Part<'_>]) -> Option<civil::Date> {
    let mut rest = parts.iter().filter(|part| !matches!(part, Part::Word(word) if filler(word)));
    match *rest.next()? {
        Part::Number { value: day, digits: 1..=2, .. } => {
            let Part::Word(word) = *rest.next()? else { return None };
            let Part::Number { value: year, digits: 4, .. } = *rest.next()? else { return None };
            if (1300..1500).contains(&year) {
                return jalali(year, i16::from(jalali_month(word)?), day);
            }
            date(year, i16::from(month(word)?), day)
        }
        Part::Number { value: year, digits: 4, .. } => {
            let Part::Word(word) = *rest.next()? else { return None };
            let Part::Number { value: day, digits: 1..=2, .. } = *rest.next()? else { return None };
            date(year, i16::from(month(word)?), day)
        }
        Part::Word(word) => {
            let Part::Number { value: day, digits: 1..=2, .. } = *rest.next()? else { return None };
            let Part::Number { value: year, digits: 4, .. } = *rest.next()? else { return None };
            date(year, i16::from(month(word)?), day)
        }
        Part::Number { .. } => None,
    }
}

/// A date in the years of a Japanese era or of the Republic of China: `令和7年1月13日`, `民國114年1月13日`.
fn of_era(parts: &[Part<'_>]) -> Option<civil::Date> {
    let Part::Word(era) = *parts.first()? else { return None };
    let before = match era {
        "令和" => 2018,
        "平成" => 1988,
        "民國" | "中華民國" | "民国" => 1911,
        _ => return None,
    };
    let mut numbers = parts.iter().skip(1).filter(|part| !matches!(part, Part::Word("年" | "月" | "日")));
    let Part::Number { value: year, digits: 1..=3, then: '年' } = *numbers.next()? else { return None };
    let Part::Number { value: month, digits: 1..=2, then: '月' } = *numbers.next()? else { return None };
    let Part::Number { value: day, digits: 1..=2, .. } = *numbers.next()? else { return None };
    date(before + year, month, day)
}

/// A date in three numbers.
fn numeric(parts: &[Part<'_>], order: Order) -> Option<civil::Date> {
    // In Chinese, Japanese and Korean a word stands after each number.
    let mut numbers = parts.iter().filter(|part| !matches!(part, Part::Word("年" | "月" | "日" | "년" | "월" | "일")));
    let Part::Number { value: a, digits: first, then } = *numbers.next()? else { return None };
    let Part::Number { value: b, digits: 1..=2, then: second } = *numbers.next()? else { return None };
    let Part::Number { value: c, digits: last, then: third } = *numbers.next()? else { return None };
    let one_sign = then == second || matches!((then, second), ('年', '月') | ('년', '월'));
    if !one_sign || !matches!(then, '-' | '.' | '/' | '年' | '년' | '‑' | '–' | '．' | '／') {
        return None;
    }
    if first == 4 && last <= 2 {
        return if (1200..1500).contains(&a) { jalali(a, b, c) } else { date(a, b, c) };
    }
    if first > 2 || third == ':' && last == 2 {
        return None;
    }
    let year = match last {
        4 => c,
        2 => 2000 + c,
        _ => return None,
    };
    let month_first = order == Order::MonthFirst && then == '/';
    let (day, month) = if month_first { (b, a) } else { (a, b) };
    date(year, month, day).or_else(|| (then == '/').then(|| date(year, day, month)).flatten())
}

fn date(year: i16, month: i16, day: i16) -> Option<civil::Date> {
    // The Buddhist era of Thai dates is 543 years ahead.
    let year = if (2533..2650).contains(&year) { year - 543 } else { year };
    if !(1990..=2100).contains(&year) {
        return None;
    }
    civil::Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// A date of the Solar Hijri calendar, in the cycle of 33 years (right for 1244 to 1501).
fn jalali(year: i16, month: i16, day: i16) -> Option<civil::Date> {
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let (year, month, day) = (i32::from(year), i32::from(month), i32::from(day));
    let months = if month <= 7 { (month - 1) * 31 } else { 186 + (month - 7) * 30 };
    // 1 Farvardin 1399 was 20 March 2020; years 1, 5, 9, 13, 17, 22, 26, 30 of 33 are long.
    let leap = |year: i32| matches!(year.rem_euclid(33), 1 | 5 | 9 | 13 | 17 | 22 | 26 | 30);
    let mut days = months + day - 1;
    for each in year.min(1399)..year.max(1399) {
        let length = if leap(each) { 366 } else { 365 };
        days += if year > 1399 { length } else { -length };
    }
    civil::Date::new(2020, 3, 20).ok()?.checked_add(jiff::Span::new().days(days)).ok()
}

/// The day in an address: `/2018/11/23/`, `/2018/nov/23/`, `2018-11-23`, `20181123`.
pub(in crate::extract) fn in_address(path: &str) -> Option<civil::Date> {
    let bytes = path.as_bytes();
    for (at, _) in
        bytes.windows(4).enumerate().filter(|(_, window)| window.starts_with(b"20") || window.starts_with(b"199"))
    {
        if at > 0 && bytes.get(at - 1).is_some_and(u8::is_ascii_digit) {
            continue;
        }
        let number = |from: usize, length: usize| {
            path.get(from..from + length).filter(|n| n.bytes().all(|b| b.is_ascii_digit()))?.parse::<i16>().ok()
        };
        let Some(year) = number(at, 4) else { continue };
        let Some(sign) = bytes.get(at + 4).copied() else { continue };
        let ends = |end: usize| !bytes.get(end).is_some_and(u8::is_ascii_digit);
        if matches!(sign, b'/' | b'-' | b'_' | b'.') {
            let named = || {
                let word =
                    path.get(at + 5..)?.split(char::from(sign)).next().filter(|word| (3..=9).contains(&word.len()))?;
                Some((i16::from(month(word)?), word.len()))
            };
            let numbered = || [2, 1].into_iter().find_map(|digits| Some((number(at + 5, digits)?, digits)));
            let Some((month, month_bytes)) = numbered().or_else(named) else { continue };
            if bytes.get(at + 5 + month_bytes) != Some(&sign) {
                continue;
            }
            let from = at + 6 + month_bytes;
            let day_digits = if number(from, 2).is_some() { 2 } else { 1 };
            if let Some(day) = number(from, day_digits).filter(|_| ends(from + day_digits))
                && let Some(date) = date(year, month, day)
            {
                return Some(date);
            }
        } else if let (Some(month), Some(day)) = (number(at + 4, 2), number(at + 6, 2))
            && ends(at + 8)
            && let Some(date) = date(year, month, day)
        {
            return Some(date);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str, order: Order) -> Option<String> {
        shown(text, order).map(|day| day.to_string())
    }

    #[test]
    fn dates_are_read_as_pages_show_them() {
        for text in [
            "Nov. 23, 2018",
            "November 23rd, 2018 9:30 am",
            "Friday, 23 November 2018",
            "23. November 2018, 9:30 Uhr",
            "23.11.2018",
            "23.11.18",
            "2018-11-23",
            "2018年11月23日",
            "2018년 11월 23일",
            "23 de noviembre de 2018",
            "23 novembre 2018",
            "23 ноября 2018 г.",
            "23 Kasım 2018",
            "٢٣ نوفمبر ٢٠١٨",
            "23 พฤศจิกายน 2561",
            "1397/09/02",
            "2018/11/23 09:30",
            "Published 20181123",
            "23 listopada 2018",
            "23 Νοεμβρίου 2018",
            "2 آذر 1397",
            "平成30年11月23日",
            "中華民國107年11月23日",
        ] {
            assert_eq!(read(text, Order::DayFirst).as_deref(), Some("2018-11-23"), "{text}");
        }
    }

    #[test]
    fn the_month_stands_first_only_in_america_and_before_slashes() {
        assert_eq!(read("03/04/2018", Order::MonthFirst).as_deref(), Some("2018-03-04"));
        assert_eq!(read("03/04/2018", Order::DayFirst).as_deref(), Some("2018-04-03"));
        assert_eq!(read("03.04.2018", Order::MonthFirst).as_deref(), Some("2018-04-03"));
        assert_eq!(read("11/23/2018", Order::DayFirst).as_deref(), Some("2018-11-23"));
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "12",
            "9:30",
            "99999-01-01",
            "2018-13-45",
            "31 February 2018",
            "1.2.3",
            "tel. 030-12-34-56",
            "Section 4 of 2018",
        ] {
            assert_eq!(read(text, Order::DayFirst), None, "{text}");
        }
    }

    #[test]
    fn stamps_keep_their_offset() {
        let text = |stamped: &str| stamp(stamped, Order::DayFirst).map(|date| date.to_string());
        assert_eq!(text("Fri, 23 Nov 2018 09:30:00 +0900").as_deref(), Some("2018-11-23T09:30:00+09:00"));
        assert_eq!(text("2018-11-23 09:30:00 +0900").as_deref(), Some("2018-11-23T09:30:00+09:00"));
        assert_eq!(text("2018-11-23T09:30").as_deref(), Some("2018-11-23"));
        assert_eq!(text("1542933000").as_deref(), Some("2018-11-23T00:30:00Z"));
    }

    #[test]
    fn addresses_name_days() {
        let day = |path: &str| in_address(path).map(|day| day.to_string());
        assert_eq!(day("/news/2018/11/23/japan").as_deref(), Some("2018-11-23"));
        assert_eq!(day("/news/2018-11-23-japan").as_deref(), Some("2018-11-23"));
        assert_eq!(day("/a-20181123.html").as_deref(), Some("2018-11-23"));
        assert_eq!(day("/world/2018/nov/23/japan").as_deref(), Some("2018-11-23"));
        assert_eq!(day("/2018/november/3/japan").as_deref(), Some("2018-11-03"));
        assert_eq!(day("/2018/review/03/japan"), None);
        assert_eq!(day("/2018/11/japan-64035"), None);
        assert_eq!(day("/a-120181123.html"), None);
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_reader(text in any::<String>()) {
            let _ = stamp(&text, Order::MonthFirst);
            let _ = in_address(&text);
        }

        #[test]
        fn every_day_is_read_as_it_was_written(days in 0_i32..13_000) {
            let day = civil::date(1990, 1, 1).checked_add(jiff::Span::new().days(days)).unwrap();
            prop_assert_eq!(shown(&day.to_string(), Order::DayFirst), Some(day));
            prop_assert_eq!(shown(&day.strftime("%B %d, %Y").to_string(), Order::DayFirst), Some(day));
        }
    }
}
