//! When a feed is asked again.

use std::time::Duration;

use jiff::Timestamp;
use xxhash_rust::xxh3::xxh3_64;

use super::entry::{Feed, Rhythm};
use crate::record::Pace;

/// `auto` asks no more often than this, and no more rarely than [`RAREST`]: what a newsroom can make use of, and
/// what a site's logs still show as somebody who is there.
pub const MOST_OFTEN: Duration = Duration::from_secs(2 * 60);
/// See [`MOST_OFTEN`]. Failures, too, are tried again within it.
pub const RAREST: Duration = Duration::from_secs(24 * 3_600);

/// What `auto` begins with where a feed says nothing of its pace.
const BEGIN_WITH: Duration = Duration::from_secs(15 * 60);

/// Entries that the pace is learned from: the latest.
const LEARN_FROM: usize = 20;

/// The shortest interval that a message can ask for: enough for tests, and the host's pace bounds it anyway.
const SHORTEST: Duration = Duration::from_millis(100);

/// How often a subscription wants its feed to be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Every {
    /// At this interval.
    Fixed(Duration),
    /// As often as the feed publishes.
    Auto,
}

/// A text that is no interval.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("field `every`: expected \"auto\", or a duration from 100ms to 10 years such as \"15m\", got {0:?}")]
pub struct BadInterval(String);

impl Every {
    /// Reads the field `every` of a message.
    pub fn parse(text: &str) -> Result<Self, BadInterval> {
        if text.trim().eq_ignore_ascii_case("auto") {
            return Ok(Self::Auto);
        }
        let longest = Duration::from_secs(3_650 * 24 * 3_600);
        let interval = humantime::parse_duration(text.trim()).ok();
        let refused = || BadInterval(text.chars().take(40).collect());
        interval.filter(|interval| (SHORTEST..=longest).contains(interval)).map(Self::Fixed).ok_or_else(refused)
    }

    /// How long after a round that went well the next one of a feed with this pace is due.
    pub fn after(self, pace: &Pace, now: Timestamp) -> Duration {
        match self {
            Self::Fixed(interval) => interval,
            Self::Auto => learned(pace, now),
        }
    }

    /// How long after the `errors`th failure in a row the next round is due: twice as long each time.
    pub fn after_failure(self, errors: u32) -> Duration {
        let first = match self {
            Self::Fixed(interval) => interval,
            Self::Auto => BEGIN_WITH,
        };
        let longer = first.saturating_mul(2_u32.saturating_pow(errors.min(20)));
        longer.min(RAREST.max(first))
    }
}

/// How often a feed publishes, by its latest entries, and what it and its host say of it.
pub fn pace(feed: &Feed, now: Timestamp) -> Pace {
    let dates = feed.entries.iter().filter_map(|entry| entry.published_at.or(entry.updated_at));
    let mut seconds: Vec<i64> =
        dates.filter_map(|date| date.latest()).map(Timestamp::as_second).filter(|at| *at <= now.as_second()).collect();
    seconds.sort_unstable_by(|a, b| b.cmp(a));
    seconds.truncate(LEARN_FROM);
    let gap_s = match (seconds.first(), seconds.last()) {
        (Some(newest), Some(oldest)) if seconds.len() > 1 => {
            Some((newest - oldest).unsigned_abs() / (seconds.len() as u64 - 1))
        }
        _ => None,
    };
    let Rhythm { ttl, period, max_age, skip_hours } = feed.rhythm;
    let said_s = ttl.max(period).max(max_age.filter(|age| !age.is_zero())).map(|said| said.as_secs());
    Pace { gap_s, newest_s: seconds.first().copied(), said_s, skip_hours }
}

/// Half of the usual time between two entries, or a tenth of the silence where that is longer; not before what
/// the feed or its host says (`ttl`, `sy:updatePeriod`, `Cache-Control`) is over.
///
/// At half the mean gap, an entry waits a quarter of it on average until it is seen.
fn learned(pace: &Pace, now: Timestamp) -> Duration {
    let said = pace.said_s.map(Duration::from_secs);
    let own = match (pace.gap_s, pace.newest_s) {
        (Some(gap), Some(newest)) => {
            let silence = now.as_second().saturating_sub(newest).max(0).unsigned_abs();
            Duration::from_secs((gap / 2).max(silence / 10))
        }
        _ => said.unwrap_or(BEGIN_WITH),
    };
    own.max(said.unwrap_or_default()).clamp(MOST_OFTEN, RAREST)
}

/// When the next round is due that shall be `wait` after `now_ms`: moved by up to a tenth, so that feeds that
/// were added together do not stay together, and out of the hours that the feed leaves out.
pub fn due_ms(url: &str, number: u32, wait: Duration, skip_hours: u32, now_ms: i64) -> i64 {
    let wait_ms = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX / 4).min(i64::MAX / 4);
    let lot = i64::try_from(xxh3_64(format!("{number} {url}").as_bytes()) % 1_000).unwrap_or_default();
    let due = now_ms.saturating_add(wait_ms).saturating_add(wait_ms / 10_000 * lot);
    let hour = |ms: i64| u32::try_from(ms.div_euclid(3_600_000).rem_euclid(24)).unwrap_or_default();
    let skipped = (0..24).take_while(|later| skip_hours & (1 << hour(due + later * 3_600_000)) != 0).count();
    match i64::try_from(skipped) {
        // A feed that leaves out all hours means none.
        Ok(hours) if (1..24).contains(&hours) => (due.div_euclid(3_600_000) + hours) * 3_600_000,
        _ => due,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::entry::{Entry, Kind, Rhythm};
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn feed(dates: &[&str], rhythm: Rhythm) -> Feed {
        let entry = |date: &&str| Entry { published_at: Some(date.parse().unwrap()), ..Entry::default() };
        Feed { kind: Kind::Feed, entries: dates.iter().map(entry).collect(), cut: false, rhythm, hub: None }
    }

    fn learned_of(dates: &[&str], rhythm: Rhythm) -> Duration {
        let now = "2018-11-23T12:00:00Z".parse().unwrap();
        Every::Auto.after(&pace(&feed(dates, rhythm), now), now)
    }

    #[test]
    fn the_interval_of_a_message_is_a_duration_or_auto() {
        assert_eq!(Every::parse("15m"), Ok(Every::Fixed(MINUTE * 15)));
        assert_eq!(Every::parse(" Auto "), Ok(Every::Auto));
        for text in ["", "often", "0s", "99 years"] {
            assert!(Every::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn auto_learns_how_often_a_feed_publishes() {
        let busy = ["2018-11-23T12:00:00Z", "2018-11-23T11:40:00Z", "2018-11-23T11:20:00Z"];
        assert_eq!(learned_of(&busy, Rhythm::default()), MINUTE * 10);
        let silent = ["2018-11-13T12:00:00Z", "2018-11-13T11:40:00Z"];
        assert_eq!(learned_of(&silent, Rhythm::default()), RAREST);
        let hectic = ["2018-11-23T12:00:00Z", "2018-11-23T11:59:59Z"];
        assert_eq!(learned_of(&hectic, Rhythm::default()), MOST_OFTEN);
        assert_eq!(learned_of(&[], Rhythm::default()), BEGIN_WITH);
    }

    #[test]
    fn what_a_feed_says_of_itself_is_waited_for() {
        let busy = ["2018-11-23T12:00:00Z", "2018-11-23T11:40:00Z"];
        let rhythm = Rhythm { ttl: Some(MINUTE * 60), ..Rhythm::default() };
        assert_eq!(learned_of(&busy, rhythm), MINUTE * 60);
        let kept = Rhythm { max_age: Some(MINUTE * 30), ..Rhythm::default() };
        assert_eq!(learned_of(&busy, kept), MINUTE * 30);
    }

    #[test]
    fn failures_double_the_wait_up_to_a_day() {
        let every = Every::Fixed(MINUTE * 15);
        assert_eq!(every.after_failure(1), MINUTE * 30);
        assert_eq!(every.after_failure(40), RAREST);
        assert_eq!(Every::Fixed(RAREST * 7).after_failure(3), RAREST * 7);
    }

    #[test]
    fn the_hours_that_a_feed_leaves_out_are_left_out() {
        let midnight = 1_542_931_200_000;
        let due = due_ms("u", 1, MINUTE, 0b111, midnight);
        assert_eq!(due, midnight + 3 * 3_600_000);
        assert!(due_ms("u", 1, MINUTE, 0xff_ffff, midnight) < midnight + 3_600_000);
    }

    proptest! {
        #[test]
        fn a_round_is_due_at_its_time_or_up_to_a_tenth_later(number: u32, seconds in 1_u64..100_000) {
            let wait = Duration::from_secs(seconds);
            let late = due_ms("https://a.example/", number, wait, 0, 0) - i64::try_from(wait.as_millis()).unwrap();
            prop_assert!((0..=i64::try_from(wait.as_millis()).unwrap() / 10).contains(&late));
        }
    }
}
