//! How a host is treated that refuses us, or fails.
//!
//! Two different things. A host that answers 429 has had too much of us, and one that says 503 time and again is
//! overloaded: each is left alone, twice as long after each refusal, and forgiven after quiet. A host that can't be
//! connected to or answers 5xx in a row is down: nothing is sent to it for a while, and then one probe decides.

use std::time::Duration;

use tokio::time::Instant;

use crate::fetch::retry_after::LONGEST;

/// The pause after the first refusal that names none. Crawlers of search engines begin with minutes; half of it is
/// within a minute's quota of most rate limits, and double only costs time.
pub const FIRST_PAUSE: Duration = Duration::from_secs(60);

/// So many times 503 without a page in between is the host's and not a page's: a site with one broken page in ten
/// says it twice in a row once in a hundred requests, and would never be read at half of this.
const OVERLOADED_AFTER: u32 = 3;

/// How long a host must have been quiet to be forgiven, or twice its last pause where that is longer.
const FORGIVEN_AFTER: Duration = Duration::from_secs(30 * 60);

/// Failures in a row after which a host counts as down: as many as a message has tries. At half, one broken page
/// that is retried closes a site; at double, a dead host is asked ten times first.
const DOWN_AFTER: u32 = 5;

/// For how long a host that is down is not asked, at first; it doubles with each probe that fails.
const FIRST_SILENCE: Duration = Duration::from_secs(10);

/// The longest silence towards a host that is down.
const LONGEST_SILENCE: Duration = Duration::from_secs(60 * 60);

/// How a request to a host ended, for its pace.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sign {
    /// It answered, whatever it said.
    Well,
    /// 429, or 503: it wants us to go away, for so long if it said so.
    Refused {
        /// What `Retry-After` asks for.
        asked: Option<Duration>,
        /// Whether the status alone says so (429), or only with others of its kind (503).
        certain: bool,
    },
    /// No connection, no answer in time, no HTTP, or a 5xx.
    Failing,
    /// Nothing that says anything about the host: no request was made.
    #[default]
    Nothing,
}

/// Why a host is left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the labels of the metric, by their names")]
pub enum Cause {
    Refused,
    Down,
    Operator,
}

/// What a host has done to us lately.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Trouble {
    /// Pauses since it was last forgiven.
    refusals: u32,
    /// 503 without a page in between.
    row: u32,
    last_refusal: Option<(Instant, Duration)>,
    failures: u32,
    silences: u32,
    silent_until: Option<Instant>,
}

impl Trouble {
    /// Takes note of how a request ended at `now`, and answers for how long the host is to be left alone for it, and why.
    /// `dice` is in 0..1, so that a fleet does not come back in step: up to a quarter is added to what we chose.
    pub fn note(&mut self, sign: Sign, now: Instant, dice: f64) -> Option<(Duration, Cause)> {
        match sign {
            Sign::Nothing => None,
            Sign::Well => {
                self.is_up();
                self.row = 0;
                if !self.refuses_lately(now) {
                    (self.refusals, self.last_refusal) = (0, None);
                }
                None
            }
            Sign::Refused { asked, certain } => {
                let silence = if certain { self.is_up() } else { self.failed(now, dice) };
                let pause = self.refused(asked.filter(|asked| !asked.is_zero()), certain, now, dice);
                pause.map(|pause| (pause, Cause::Refused)).or(silence.map(|silence| (silence, Cause::Down)))
            }
            Sign::Failing => self.failed(now, dice).map(|silence| (silence, Cause::Down)),
        }
    }

    /// Until when nothing is asked of it because it is down.
    pub const fn silent_until(&self) -> Option<Instant> {
        self.silent_until
    }

    /// Whether the next request decides if it is still down.
    pub fn is_on_probe(&self, now: Instant) -> bool {
        self.silent_until.is_some_and(|until| until <= now)
    }

    /// Whether there is nothing to remember.
    pub fn is_over(&self, now: Instant) -> bool {
        self.failures == 0 && self.silent_until.is_none() && !self.refuses_lately(now)
    }

    fn refuses_lately(&self, now: Instant) -> bool {
        let quiet =
            |(at, pause): (Instant, Duration)| now.saturating_duration_since(at) > FORGIVEN_AFTER.max(2 * pause);
        self.last_refusal.is_some_and(|last| !quiet(last))
    }

    fn refused(&mut self, asked: Option<Duration>, certain: bool, now: Instant, dice: f64) -> Option<Duration> {
        if !self.refuses_lately(now) {
            self.refusals = 0;
        }
        self.row = if certain { 0 } else { self.row.saturating_add(1) };
        let pause = match asked {
            Some(asked) => Some(asked.min(LONGEST)),
            None if certain || self.row >= OVERLOADED_AFTER => Some(grown(FIRST_PAUSE, self.refusals, LONGEST, dice)),
            None => None,
        }?;
        self.refusals = self.refusals.saturating_add(1);
        self.last_refusal = Some((now, pause));
        Some(pause)
    }

    fn is_up(&mut self) -> Option<Duration> {
        (self.failures, self.silences, self.silent_until) = (0, 0, None);
        None
    }

    fn failed(&mut self, now: Instant, dice: f64) -> Option<Duration> {
        self.failures = self.failures.saturating_add(1);
        if self.failures < DOWN_AFTER {
            return None;
        }
        if self.silent_until.is_some_and(|until| until > now) {
            // It was asked before it went down, and says what we know.
            return None;
        }
        let silence = grown(FIRST_SILENCE, self.silences, LONGEST_SILENCE, dice);
        self.silences = self.silences.saturating_add(1);
        self.silent_until = Some(now + silence);
        Some(silence)
    }
}

/// `first`, doubled so often, with up to a quarter more, at most `longest`.
fn grown(first: Duration, doublings: u32, longest: Duration, dice: f64) -> Duration {
    let doubled = first.saturating_mul(1 << doublings.min(20));
    doubled.min(longest).mul_f64(1.0 + dice.clamp(0.0, 1.0) / 4.0).min(longest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn refused(asked: Option<u64>) -> Sign {
        Sign::Refused { asked: asked.map(Duration::from_secs), certain: true }
    }

    const OVERLOADED: Sign = Sign::Refused { asked: None, certain: false };

    fn seconds(wait: Option<(Duration, Cause)>) -> Option<u64> {
        wait.map(|(wait, _)| wait.as_secs())
    }

    #[test]
    fn what_a_host_asks_for_is_what_it_gets_within_a_day() {
        let (mut trouble, now) = (Trouble::default(), Instant::now());
        assert_eq!(seconds(trouble.note(refused(Some(7)), now, 0.9)), Some(7));
        assert_eq!(seconds(trouble.note(refused(Some(2)), now, 0.9)), Some(2));
        assert_eq!(trouble.note(refused(Some(1_000_000)), now, 0.0), Some((LONGEST, Cause::Refused)));
    }

    #[test]
    fn one_that_says_nothing_waits_twice_as_long_each_time_up_to_a_day() {
        let (mut trouble, mut now) = (Trouble::default(), Instant::now());
        let mut pauses = Vec::new();
        for _ in 0..14 {
            let (pause, _) = trouble.note(refused(None), now, 0.0).unwrap();
            pauses.push(pause.as_secs());
            now += pause;
            trouble.note(Sign::Well, now, 0.0);
        }
        assert_eq!(pauses[..4], [60, 120, 240, 480]);
        assert_eq!(pauses[13], LONGEST.as_secs());
        // "Now" is what some servers answer; it is no leave to go on as before.
        assert!(trouble.note(refused(Some(0)), now, 0.0).unwrap().0 > FIRST_PAUSE);
    }

    #[test]
    fn it_is_forgiven_after_quiet() {
        let (mut trouble, now) = (Trouble::default(), Instant::now());
        trouble.note(refused(None), now, 0.0);
        trouble.note(refused(None), now, 0.0);
        let later = now + FORGIVEN_AFTER + Duration::from_secs(1);
        trouble.note(Sign::Well, later, 0.0);
        assert!(trouble.is_over(later));
        assert_eq!(seconds(trouble.note(refused(None), later, 0.0)), Some(60));
    }

    #[test]
    fn two_503_may_be_pages_and_the_third_without_a_page_in_between_is_the_hosts() {
        let (mut trouble, now) = (Trouble::default(), Instant::now());
        for sign in [OVERLOADED, OVERLOADED, Sign::Well, OVERLOADED, OVERLOADED] {
            assert_eq!(trouble.note(sign, now, 0.0), None);
        }
        assert_eq!(seconds(trouble.note(OVERLOADED, now, 0.0)), Some(60));
        assert_eq!(seconds(trouble.note(OVERLOADED, now, 0.0)), Some(120));
    }

    #[test]
    fn failures_in_a_row_open_the_breaker_and_one_probe_decides() {
        let (mut trouble, mut now) = (Trouble::default(), Instant::now());
        for _ in 1..DOWN_AFTER {
            assert_eq!(trouble.note(Sign::Failing, now, 0.0), None);
        }
        assert_eq!(trouble.note(Sign::Failing, now, 0.0), Some((FIRST_SILENCE, Cause::Down)));
        assert_eq!(trouble.note(Sign::Failing, now, 0.0), None, "a late answer opens nothing twice");
        assert!(!trouble.is_on_probe(now));
        now += FIRST_SILENCE;
        assert!(trouble.is_on_probe(now));
        assert_eq!(trouble.note(Sign::Failing, now, 0.0), Some((2 * FIRST_SILENCE, Cause::Down)));
        now += 2 * FIRST_SILENCE;
        trouble.note(Sign::Well, now, 0.0);
        assert!(trouble.is_over(now) && !trouble.is_on_probe(now));
    }

    #[test]
    fn an_answer_between_two_failures_begins_the_count_anew() {
        let (mut trouble, now) = (Trouble::default(), Instant::now());
        for _ in 0..20 {
            assert_eq!(trouble.note(Sign::Failing, now, 0.0), None);
            trouble.note(Sign::Well, now, 0.0);
        }
    }

    proptest! {
        #[test]
        fn no_history_makes_a_wait_longer_than_a_day_or_lets_a_refusal_pass(
            history in prop::collection::vec((0u8..4, 0u64..200_000, 0.0f64..1.0), 0..60)
        ) {
            let (mut trouble, mut now) = (Trouble::default(), Instant::now());
            for (kind, seconds, dice) in history {
                let sign = [Sign::Well, refused(Some(seconds)), refused(None), Sign::Failing][usize::from(kind)];
                let wait = trouble.note(sign, now, dice);
                prop_assert!(wait.is_none_or(|(wait, _)| wait <= LONGEST));
                let is_refusal = matches!(sign, Sign::Refused { .. });
                prop_assert!(wait.is_some() || !is_refusal);
                now += Duration::from_secs(seconds % 4_000);
            }
        }
    }
}
