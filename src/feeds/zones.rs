//! Time zones as feeds name them: by their distance from UTC, by letters, by the names of the tz database.

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone, TimeZoneDatabase};

/// Zones by name, in minutes from UTC: RFC 822's, and those that feeds write. An abbreviation that several
/// countries share stands with the one that has the most feeds (IST is India's).
#[rustfmt::skip]
const NAMES: [(&str, i32); 67] = [
    ("UT", 0), ("UTC", 0), ("GMT", 0), ("Z", 0), ("WET", 0),
    ("EST", -300), ("EDT", -240), ("ET", -300), ("CST", -360), ("CDT", -300), ("CT", -360),
    ("MST", -420), ("MDT", -360), ("MT", -420), ("PST", -480), ("PDT", -420), ("PT", -480),
    ("AKST", -540), ("AKDT", -480), ("HST", -600), ("AST", -240), ("ADT", -180), ("AT", -240), ("NST", -210), ("NDT", -150),
    ("BRT", -180), ("ART", -180), ("UYT", -180), ("CLT", -240), ("BOT", -240), ("VET", -240), ("COT", -300), ("PET", -300),
    ("ECT", -300), ("BST", 60), ("WEST", 60), ("WAT", 60), ("CET", 60), ("MET", 60), ("MEZ", 60), ("CEST", 120), ("MEST", 120),
    ("MESZ", 120), ("EET", 120), ("SAST", 120), ("CAT", 120), ("EEST", 180), ("MSK", 180), ("TRT", 180), ("EAT", 180),
    ("MSD", 240), ("GST", 240), ("PKT", 300), ("IST", 330), ("NPT", 345), ("WIB", 420), ("ICT", 420), ("HKT", 480), ("SGT", 480),
    ("MYT", 480), ("PHT", 480), ("JST", 540), ("KST", 540), ("AEST", 600), ("AEDT", 660), ("NZST", 720), ("NZDT", 780),
];

/// Those of the United States, which write the month before the day.
const AMERICAN: [&str; 15] =
    ["EST", "EDT", "ET", "CST", "CDT", "CT", "MST", "MDT", "MT", "PST", "PDT", "PT", "AKST", "AKDT", "HST"];

/// The longest name of the tz database, and some.
const LONGEST_NAME: usize = 40;

/// The zone of a time.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Zone {
    /// None is said, or one that nobody knows: UTC.
    Unsaid,
    /// So far from UTC.
    Off(Offset),
    /// Letters of the United States.
    American(Offset),
    /// A place, whose distance depends on the day.
    Place(TimeZone),
}

impl Zone {
    /// Korea's, which has no other time in summer.
    pub(super) const KOREA: Self = Self::Off(jiff::tz::offset(9));

    pub(super) fn is_unsaid(&self) -> bool {
        *self == Self::Unsaid
    }

    pub(super) fn is_american(&self) -> bool {
        matches!(self, Self::American(_))
    }

    /// Its distance from UTC at this time of its own.
    pub(super) fn offset_at(&self, time: DateTime) -> Offset {
        match self {
            Self::Unsaid => Offset::UTC,
            Self::Off(offset) | Self::American(offset) => *offset,
            // Before zones were agreed on, the sun's time had seconds: RFC 3339 has none.
            Self::Place(place) => {
                let offset = place.to_timestamp(time).map_or(Offset::UTC, |instant| place.to_offset(instant));
                Offset::from_seconds(offset.seconds() / 60 * 60).unwrap_or(Offset::UTC)
            }
        }
    }
}

/// The zone at the beginning of a text, and what follows it.
pub(super) fn leading(text: &str) -> (Zone, &str) {
    let text = text.trim_start();
    if let Some((place, behind)) = place(text) {
        return (Zone::Place(place), behind);
    }
    let word_ends = text.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (word, behind) = text.split_at(word_ends);
    let named = NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(word));
    // `GMT+0100`, and plain `+0100`.
    let may_be_signed = word.is_empty() || named.is_some_and(|(_, minutes)| *minutes == 0);
    if let Some((minutes, rest)) = may_be_signed.then(|| signed(behind)).flatten() {
        return (Zone::Off(offset(minutes)), rest);
    }
    match named {
        Some((name, minutes)) if AMERICAN.contains(name) => (Zone::American(offset(*minutes)), behind),
        Some((_, minutes)) => (Zone::Off(offset(*minutes)), behind),
        // A month or a day of the week may follow the time; it is no zone.
        None => (Zone::Unsaid, text),
    }
}

/// `Europe/Brussels`. The database is the binary's own: what a feed says names no file.
fn place(text: &str) -> Option<(TimeZone, &str)> {
    let is_sign = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-' | '+');
    let end = text.find(|c: char| !is_sign(c)).unwrap_or(text.len());
    let (name, behind) = text.split_at(end);
    if name.len() > LONGEST_NAME || !name.contains('/') || !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    Some((TimeZoneDatabase::bundled().get(name).ok()?, behind))
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

/// One or two digits at the beginning.
pub(super) fn leading_number(text: &str) -> Option<(i8, &str)> {
    let digits = text.bytes().take(2).take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at(digits);
    Some((number.parse().ok()?, rest))
}
