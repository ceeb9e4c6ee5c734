//! Which rejected messages are put back.

use std::ops::Range;
use std::str::FromStr as _;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use url::Url;

use crate::kafka::Rejected;
use crate::record::{Reason, UrlMessage, site};

/// What is asked for; nothing said is everything.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filter {
    /// Any of these reasons.
    pub reasons: Vec<Reason>,
    /// Any of these hosts or registrable domains, as [`parse_host`] reads them.
    pub hosts: Vec<String>,
    /// Rejected then or later.
    pub since: Option<Timestamp>,
    /// Rejected before.
    pub until: Option<Timestamp>,
}

/// A text that is no moment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no time: expected RFC 3339 such as 2026-03-14T09:30:00Z, a date, or how long ago, such as 36h")]
pub struct TimeError(String);

/// A text that is no host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no host: expected a name such as news.example, without scheme, port or path")]
pub struct HostError(String);

impl Filter {
    /// Whether the message is asked for.
    pub fn takes(&self, message: &Rejected) -> bool {
        self.takes_reason(message.reason)
            && self.takes_time(message.at_ms)
            && (self.hosts.is_empty() || self.takes_host(message.value.as_deref()))
    }

    fn takes_reason(&self, reason: Option<Reason>) -> bool {
        self.reasons.is_empty() || reason.is_some_and(|reason| self.reasons.contains(&reason))
    }

    /// A message without a time is of no time that was asked for.
    fn takes_time(&self, at_ms: Option<i64>) -> bool {
        let asked: Range<i64> = self.since.map_or(i64::MIN, |at| at.as_millisecond())
            ..self.until.map_or(i64::MAX, |at| at.as_millisecond());
        match at_ms {
            Some(at) => asked.contains(&at),
            None => self.since.is_none() && self.until.is_none(),
        }
    }

    fn takes_host(&self, value: Option<&[u8]>) -> bool {
        let Some(url) = url_of(value) else { return false };
        let (host, site) = (host_of(&url), site(&url));
        self.hosts.iter().any(|asked| *asked == host || *asked == site)
    }
}

/// The address that a message asks for, if it can be read.
fn url_of(value: Option<&[u8]>) -> Option<Url> {
    let message = UrlMessage::parse(value.unwrap_or_default()).ok()?;
    Url::parse(&message.url).ok().filter(Url::has_host)
}

/// The host of the address that a message asks for; `None` where there is none.
pub(super) fn host_in(value: Option<&[u8]>) -> Option<String> {
    url_of(value).map(|url| host_of(&url)).filter(|host| !host.is_empty())
}

/// An address's host, as it is compared: ASCII, lower case, without a trailing dot.
fn host_of(url: &Url) -> String {
    url.host_str().unwrap_or_default().trim_end_matches('.').to_ascii_lowercase()
}

/// Reads a host or a registrable domain, in any case, in Unicode or punycode.
pub fn parse_host(text: &str) -> Result<String, HostError> {
    let refused = || HostError(text.to_owned());
    if text.is_empty() || text.contains(['/', '?', '#', '@', '\\']) {
        return Err(refused());
    }
    let url = Url::parse(&format!("http://{text}/")).map_err(|_| refused())?;
    if url.port().is_some() || text.ends_with(':') {
        return Err(refused());
    }
    Some(host_of(&url)).filter(|host| !host.is_empty()).ok_or_else(refused)
}

/// Reads a moment: RFC 3339, a date (its first moment in UTC), or how long before `now`.
pub fn parse_time(text: &str, now: Timestamp) -> Result<Timestamp, TimeError> {
    let refused = || TimeError(text.to_owned());
    if let Ok(at) = Timestamp::from_str(text) {
        return Ok(at);
    }
    if let Ok(date) = Date::from_str(text) {
        return TimeZone::UTC.to_timestamp(date.at(0, 0, 0, 0)).map_err(|_| refused());
    }
    let ago: Duration = humantime::parse_duration(text).map_err(|_| refused())?;
    now.checked_sub(ago).map_err(|_| refused())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rdkafka::Timestamp as At;
    use rdkafka::message::{Header, OwnedHeaders, OwnedMessage};

    fn rejected(value: &str, reason: &str, at_ms: i64) -> Rejected {
        let headers = OwnedHeaders::new().insert(Header { key: "reason", value: Some(reason) });
        let value = Some(value.as_bytes().to_vec());
        Rejected::read(&OwnedMessage::new(value, None, "r".into(), At::CreateTime(at_ms), 0, 0, Some(headers)))
    }

    #[test]
    fn a_host_is_asked_for_by_its_name_or_by_its_registrable_domain() {
        let message = rejected(r#"{"url":"https://News.Example.co.uk:8080/a"}"#, "gone", 0);
        for (host, is_taken) in [
            ("news.example.co.uk", true),
            ("NEWS.example.co.uk.", true),
            ("example.co.uk", true),
            ("co.uk", false),
            ("ws.example.co.uk", false),
            ("other.example", false),
        ] {
            let filter = Filter { hosts: vec![parse_host(host).unwrap()], ..Filter::default() };
            assert_eq!(filter.takes(&message), is_taken, "{host}");
        }
        let filter = Filter { hosts: vec!["example.org".to_owned()], ..Filter::default() };
        assert!(!filter.takes(&rejected("no url", "malformed_message", 0)));
    }

    #[test]
    fn time_is_taken_from_and_including_the_first_to_and_excluding_the_last() {
        let at = |ms| Some(Timestamp::from_millisecond(ms).unwrap());
        let filter = Filter { since: at(10), until: at(20), ..Filter::default() };
        let taken: Vec<bool> =
            [9, 10, 19, 20].into_iter().map(|ms| filter.takes(&rejected("http://a.example/", "gone", ms))).collect();
        assert_eq!(taken, [false, true, true, false]);
    }

    #[test]
    fn any_of_several_reasons_will_do() {
        let filter = Filter { reasons: vec![Reason::Gone, Reason::TooLarge], ..Filter::default() };
        assert!(filter.takes(&rejected("x", "gone", 0)));
        assert!(!filter.takes(&rejected("x", "timeout", 0)));
        assert!(!filter.takes(&rejected("x", "what is this", 0)));
        assert!(Filter::default().takes(&rejected("x", "what is this", 0)));
    }

    #[test]
    fn times_are_read_as_people_write_them() {
        let now: Timestamp = "2026-03-14T12:00:00Z".parse().unwrap();
        for (text, expected) in [
            ("2026-03-14T09:30:00+01:00", "2026-03-14T08:30:00Z"),
            ("2026-03-13", "2026-03-13T00:00:00Z"),
            ("36h", "2026-03-13T00:00:00Z"),
            ("1h 30m", "2026-03-14T10:30:00Z"),
        ] {
            assert_eq!(parse_time(text, now), Ok(expected.parse().unwrap()), "{text}");
        }
        for text in ["", "yesterday", "2026-13-01", "5", "99999999y"] {
            assert!(parse_time(text, now).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for text in ["", "http://a.example", "a.example/b", "a.example:81", "u@a.example", "a b"] {
            assert!(parse_host(text).is_err(), "{text}");
        }
        assert_eq!(parse_host("BÜCHER.example").as_deref(), Ok("xn--bcher-kva.example"));
    }
}
