//! A date as a publisher wrote it.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil;
use jiff::tz::Offset;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A day, or a day with a time and its offset from UTC.
///
/// A date without a time stays a date, and a time keeps the offset that it was written with: turned
/// into UTC, an evening in New York would fall on the next day. A time without an offset is no
/// instant, so it counts as its day alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Date {
    /// `2018-11-23`
    Day(civil::Date),
    /// `2018-11-23T09:30:00+09:00`
    Time(civil::DateTime, Offset),
}

/// A text that is no date of a record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no date: expected 2018-11-23 or 2018-11-23T09:30:00+09:00")]
pub struct ParseDateError(pub String);

impl Date {
    /// The day in the publisher's own time zone.
    pub fn day(&self) -> civil::Date {
        match self {
            Self::Day(day) => *day,
            Self::Time(time, _) => time.date(),
        }
    }

    /// The latest instant that it can mean: of a day, its end on the western side of the date line. `None` at the
    /// end of the calendar.
    pub fn latest(&self) -> Option<Timestamp> {
        let (time, offset) = match self {
            Self::Day(day) => (day.at(23, 59, 59, 0), Offset::from_seconds(-12 * 3_600).ok()?),
            Self::Time(time, offset) => (*time, *offset),
        };
        offset.to_timestamp(time).ok()
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(day) => write!(f, "{day}"),
            Self::Time(time, offset) => {
                // RFC 3339 has offsets of whole minutes; older local times had seconds in theirs.
                let minutes = offset.seconds() / 60;
                let (sign, minutes) = if minutes < 0 { ('-', -minutes) } else { ('+', minutes) };
                write!(f, "{}T{:02}:{:02}:{:02}", time.date(), time.hour(), time.minute(), time.second())?;
                if minutes == 0 {
                    return f.write_str("Z");
                }
                write!(f, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
            }
        }
    }
}

impl FromStr for Date {
    type Err = ParseDateError;

    /// Reads RFC 3339, and a bare day; a time without an offset is read as its day.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if let Ok(pieces) = jiff::fmt::temporal::DateTimeParser::new().parse_pieces(text) {
            return match (pieces.time(), pieces.to_numeric_offset()) {
                (Some(time), Some(offset)) => Ok(Self::Time(pieces.date().to_datetime(time), offset)),
                _ => Ok(Self::Day(pieces.date())),
            };
        }
        Err(ParseDateError(text.chars().take(100).collect()))
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Date {
    fn schema_name() -> Cow<'static, str> {
        "Date".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A day (2018-11-23), or RFC 3339 with the publisher's own offset (2018-11-23T09:30:00+09:00).",
            "type": "string",
            "pattern": r"^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d))?$"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(text: &str) -> String {
        text.parse::<Date>().unwrap().to_string()
    }

    #[test]
    fn a_date_without_a_time_stays_a_date() {
        assert_eq!(round("2018-11-23"), "2018-11-23");
        assert_eq!(round("2018-11-23T09:30:00"), "2018-11-23");
    }

    #[test]
    fn a_time_keeps_its_offset_and_its_day() {
        assert_eq!(round("2018-11-23T23:30:00-05:00"), "2018-11-23T23:30:00-05:00");
        assert_eq!(round("2018-11-23T23:30:00.250Z"), "2018-11-23T23:30:00Z");
        assert_eq!(round("2018-11-23T09:30:00+0530"), "2018-11-23T09:30:00+05:30");
    }

    #[test]
    fn impossible_dates_are_refused() {
        for text in ["", "yesterday", "2018-13-01", "2018-02-30", "99999-01-01", "2018-11-23T25:00:00Z"] {
            assert!(text.parse::<Date>().is_err(), "{text:?}");
        }
    }
}
