//! When a host asks us to come back later.
//!
//! A host says it with `Retry-After` (RFC 9110, section 10.2.3): seconds, or a date. It is obeyed
//! within [`LONGEST`]: one that says ten years is asked again tomorrow.

use std::time::{Duration, SystemTime};

use reqwest::header::HeaderValue;

/// The longest wait that a host can ask of us. A day: after that, a robots.txt is stale too
/// (RFC 9309, section 2.4).
pub const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// What `Retry-After` asks for, counted from `now`; `None` when it says nothing that can be understood.
///
/// A date in the past asks for no wait at all. The answer is at most [`LONGEST`].
pub fn asked_for(value: &HeaderValue, now: SystemTime) -> Option<Duration> {
    let text = value.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than a number holds are still a number: a very long wait.
        return Some(text.parse().map_or(LONGEST, Duration::from_secs).min(LONGEST));
    }
    let date = httpdate::parse_http_date(text).ok().or_else(|| in_mail_form(text))?;
    Some(date.duration_since(now).unwrap_or_default().min(LONGEST))
}

/// A date as mails have it (RFC 5322), which some servers write: with an offset, or with the wrong day of the week.
fn in_mail_form(text: &str) -> Option<SystemTime> {
    const DATES: jiff::fmt::rfc2822::DateTimeParser = jiff::fmt::rfc2822::DateTimeParser::new().relaxed_weekday(true);
    let seconds = u64::try_from(DATES.parse_timestamp(text).ok()?.as_second()).ok()?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn asked(text: &str) -> Option<Duration> {
        // 2015-10-21 07:28:00 UTC
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_445_412_480);
        asked_for(&HeaderValue::from_str(text).unwrap(), now)
    }

    #[test]
    fn seconds_and_dates_are_understood() {
        assert_eq!(asked("120"), Some(Duration::from_secs(120)));
        assert_eq!(asked(" 0 "), Some(Duration::ZERO));
        for date in [
            "Wed, 21 Oct 2015 07:29:00 GMT",
            "Wednesday, 21-Oct-15 07:29:00 GMT",
            "Wed Oct 21 07:29:00 2015",
            "Wed, 21 Oct 2015 09:29:00 +0200",
            "Fri, 21 Oct 2015 07:29:00 GMT",
            "21 Oct 2015 07:29:00 UT",
        ] {
            assert_eq!(asked(date), Some(Duration::from_secs(60)), "{date}");
        }
    }

    #[test]
    fn ten_years_become_a_day() {
        assert_eq!(asked("315360000"), Some(LONGEST));
        assert_eq!(asked("99999999999999999999999999"), Some(LONGEST));
        assert_eq!(asked("Sun, 21 Oct 2035 07:28:00 GMT"), Some(LONGEST));
    }

    #[test]
    fn a_date_in_the_past_asks_for_no_wait() {
        assert_eq!(asked("Wed, 21 Oct 2015 07:00:00 GMT"), Some(Duration::ZERO));
    }

    #[test]
    fn garbage_asks_for_nothing() {
        for text in ["", "soon", "-5", "1.5", "+5", "Wed, 99 Oct 2015"] {
            assert_eq!(asked(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_ask_for_a_day_at_most(
            bytes in prop::collection::vec(any::<u8>(), 0..60),
            dated in "(Mon|Fri|sun)?,? ?[0-9]{0,3}[ -](Oct|feb|13)[ -][0-9]{0,5} [0-9:]{0,9} ?(GMT|[+-][0-9]{0,6})?",
            seconds in 0u64..u64::MAX / 4,
        ) {
            let now = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds % 100_000_000_000);
            for value in [HeaderValue::from_bytes(&bytes).ok(), HeaderValue::from_str(&dated).ok()].iter().flatten() {
                prop_assert!(asked_for(value, now).is_none_or(|wait| wait <= LONGEST));
            }
        }
    }
}
