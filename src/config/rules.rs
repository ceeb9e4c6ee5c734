//! What a value may be: durations, sizes, numbers, names, choices.

use std::fmt::Debug;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use bytesize::ByteSize;
use config::Value;
use tracing_subscriber::EnvFilter;

use super::secret::{HIDDEN, Secret};
use super::value::{fraction, number, quoted, switch, text};

/// What a value may be, and how it is shown.
pub(super) trait Rule {
    /// What comes of it.
    type Value;

    /// The value in what was given; an error says what is allowed, as the end of a sentence.
    fn read(&self, given: &Value) -> Result<Self::Value, String>;

    /// The value as TOML, without secrets.
    fn show(&self, value: &Self::Value) -> String;
}

/// `true` or `false`.
pub(super) struct Switch;

impl Rule for Switch {
    type Value = bool;

    fn read(&self, given: &Value) -> Result<bool, String> {
        switch(given).ok_or_else(|| "allowed is true or false".to_owned())
    }

    fn show(&self, value: &bool) -> String {
        value.to_string()
    }
}

/// A whole number within a range.
pub(super) struct Number<T>(pub RangeInclusive<T>);

impl<T> Rule for Number<T>
where
    T: TryFrom<u64> + PartialOrd + ToString,
{
    type Value = T;

    fn read(&self, given: &Value) -> Result<T, String> {
        let found = number(given).and_then(|number| T::try_from(number).ok());
        found.filter(|number| self.0.contains(number)).ok_or_else(|| {
            format!("allowed is a whole number from {} to {}", self.0.start().to_string(), self.0.end().to_string())
        })
    }

    fn show(&self, value: &T) -> String {
        value.to_string()
    }
}

/// A share of a whole: from 0 to 1.
pub(super) struct Share;

impl Rule for Share {
    type Value = f64;

    fn read(&self, given: &Value) -> Result<f64, String> {
        let found = fraction(given).filter(|share| (0.0..=1.0).contains(share));
        found.ok_or_else(|| "allowed is a share from 0 to 1, such as 0.01".to_owned())
    }

    fn show(&self, value: &f64) -> String {
        format!("{value:?}")
    }
}

/// A duration with its unit, within a range.
pub(super) struct Span(pub RangeInclusive<Duration>);

impl Rule for Span {
    type Value = Duration;

    fn read(&self, given: &Value) -> Result<Duration, String> {
        let found = text(given).and_then(|text| humantime::parse_duration(text.trim()).ok());
        found.filter(|duration| self.0.contains(duration)).ok_or_else(|| {
            let (least, most) = (span(*self.0.start()), span(*self.0.end()));
            format!(r#"allowed is a duration with its unit, such as "200ms", "30s" or "24h", from {least} to {most}"#)
        })
    }

    fn show(&self, value: &Duration) -> String {
        quoted(&span(*value))
    }
}

/// Bytes, as a number or with a unit, within a range.
pub(super) struct Size(pub RangeInclusive<u64>);

impl Rule for Size {
    type Value = u64;

    fn read(&self, given: &Value) -> Result<u64, String> {
        let written = || text(given)?.trim().parse::<ByteSize>().ok().map(|size| size.as_u64());
        number(given).or_else(written).filter(|bytes| self.0.contains(bytes)).ok_or_else(|| {
            let (least, most) = (size(*self.0.start()), size(*self.0.end()));
            format!(r#"allowed is a size such as "512KiB" or "8MiB", from {least} to {most}"#)
        })
    }

    fn show(&self, value: &u64) -> String {
        quoted(&size(*value))
    }
}

/// A text that passes a test; the other field says which, as in "allowed is ...".
pub(super) struct Text(pub fn(&str) -> bool, pub &'static str);

impl Rule for Text {
    type Value = String;

    fn read(&self, given: &Value) -> Result<String, String> {
        let found = text(given).filter(|text| self.0(text));
        found.map(str::to_owned).ok_or_else(|| format!("allowed is {}", self.1))
    }

    fn show(&self, value: &String) -> String {
        quoted(value)
    }
}

/// One of a few words.
pub(super) struct Choice<T: 'static>(pub &'static [(&'static str, T)]);

impl<T: Copy + PartialEq + Debug> Rule for Choice<T> {
    type Value = T;

    fn read(&self, given: &Value) -> Result<T, String> {
        let found = text(given).and_then(|text| self.0.iter().find(|(word, _)| *word == text.trim()));
        found.map(|(_, choice)| *choice).ok_or_else(|| {
            let words: Vec<_> = self.0.iter().map(|(word, _)| quoted(word)).collect();
            format!("allowed is {}", words.join(" or "))
        })
    }

    fn show(&self, value: &T) -> String {
        let word = self.0.iter().find(|(_, choice)| choice == value);
        word.map_or_else(|| format!("{value:?}"), |(word, _)| quoted(word))
    }
}

/// What another rule allows, or an empty text for none.
pub(super) struct OrNone<R>(pub R);

impl<R: Rule> Rule for OrNone<R> {
    type Value = Option<R::Value>;

    fn read(&self, given: &Value) -> Result<Self::Value, String> {
        if text(given).is_some_and(|text| text.trim().is_empty()) {
            return Ok(None);
        }
        self.0.read(given).map(Some).map_err(|why| format!(r#"{why}, or "" for none"#))
    }

    fn show(&self, value: &Self::Value) -> String {
        value.as_ref().map_or_else(|| quoted(""), |value| self.0.show(value))
    }
}

/// What another rule allows, or an empty text for a value that is made at the start; its maker is the other field.
pub(super) struct OrMade<R>(pub R, pub fn() -> String);

impl<R: Rule<Value = String>> Rule for OrMade<R> {
    type Value = String;

    fn read(&self, given: &Value) -> Result<String, String> {
        match text(given) {
            Some("") => Ok(self.1()),
            _ => self.0.read(given),
        }
    }

    fn show(&self, value: &String) -> String {
        self.0.show(value)
    }
}

/// A path of the file system; whether anything stands there is for its reader to find out.
pub(super) struct File;

impl Rule for File {
    type Value = PathBuf;

    fn read(&self, given: &Value) -> Result<PathBuf, String> {
        let found = text(given).filter(|path| !path.is_empty() && !path.contains('\0'));
        found.map(PathBuf::from).ok_or_else(|| "allowed is a path".to_owned())
    }

    fn show(&self, value: &PathBuf) -> String {
        quoted(&value.to_string_lossy())
    }
}

/// An address to listen at, or `off`.
pub(super) struct Listen;

impl Rule for Listen {
    type Value = Option<SocketAddr>;

    fn read(&self, given: &Value) -> Result<Option<SocketAddr>, String> {
        let found = text(given).map(str::trim);
        if matches!(found, Some("" | "off")) {
            return Ok(None);
        }
        let address = found.and_then(|text| text.parse().ok());
        let allowed = r#"allowed is an address with a port, such as "127.0.0.1:9464" or "[::]:9464", or "off""#;
        address.map(Some).ok_or_else(|| allowed.to_owned())
    }

    fn show(&self, value: &Option<SocketAddr>) -> String {
        quoted(&value.map_or_else(|| "off".to_owned(), |address| address.to_string()))
    }
}

/// A text that another rule allows, kept from being printed.
pub(super) struct Hidden(pub Text);

impl Rule for Hidden {
    type Value = Secret;

    fn read(&self, given: &Value) -> Result<Secret, String> {
        self.0.read(given).map(Secret::new)
    }

    fn show(&self, _: &Secret) -> String {
        quoted(HIDDEN)
    }
}

/// An address that may carry credentials: they are hidden, the rest is shown.
pub(super) struct Address(pub Text);

impl Rule for Address {
    type Value = Secret;

    fn read(&self, given: &Value) -> Result<Secret, String> {
        self.0.read(given).map(Secret::new)
    }

    fn show(&self, value: &Secret) -> String {
        // The reader hides the credentials of all that it shows.
        quoted(value.expose())
    }
}

/// A filter of log events that `tracing-subscriber` understands.
pub(super) fn is_log_filter(text: &str) -> bool {
    // The parser of filters cuts text between bytes (tracing-subscriber 0.3.23), and panics within a character.
    text.is_ascii() && !text.trim().is_empty() && EnvFilter::try_new(text).is_ok()
}

/// A duration in the largest unit that holds it exactly; days from the second on, since a day is "24h" to most.
pub(super) fn span(duration: Duration) -> String {
    const UNITS: [(u128, u128, &str); 4] =
        [(86_400_000, 2, "d"), (3_600_000, 1, "h"), (60_000, 1, "m"), (1_000, 0, "s")];
    if !duration.subsec_nanos().is_multiple_of(1_000_000) {
        return humantime::format_duration(duration).to_string();
    }
    let milliseconds = duration.as_millis();
    let fits =
        |(unit, least, _): &&(u128, u128, &str)| milliseconds.is_multiple_of(*unit) && milliseconds / unit >= *least;
    match UNITS.iter().find(fits) {
        Some((unit, _, name)) => format!("{}{name}", milliseconds / unit),
        None => format!("{milliseconds}ms"),
    }
}

/// A size in the largest binary unit that holds it exactly.
fn size(bytes: u64) -> String {
    const UNITS: [(u64, &str); 4] = [(1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    match UNITS.iter().find(|(unit, _)| bytes >= *unit && bytes.is_multiple_of(*unit)) {
        Some((unit, name)) => format!("{}{name}", bytes / unit),
        None => format!("{bytes}B"),
    }
}
