//! robots.txt of each origin: fetched once, through the guard, and remembered.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use moka::Expiry;
use moka::future::Cache;
use url::Url;

use super::Patience;
use super::hosts::Busy;
use super::orders::{Order, Orders};
use super::rules::{LONGEST_FILE, Rules, product_token};
use super::trouble::Sign;
use super::turns::{Turns, host_of};
use crate::fetch::{FetchError, Hops, Prefix};
use crate::record::{Outcome, Reason};

/// For one robots.txt, redirects included, and without the wait for the hosts' turns.
const TOTAL_TIMEOUT: Duration = Duration::from_secs(20);

/// Redirects followed (RFC 9309, section 2.3.1.2: at least five); after them the file counts as absent.
const MOST_REDIRECTS: u32 = 5;

/// How long an answer holds (RFC 9309, section 2.4: no more than a day), unless its `Cache-Control` says less.
const REMEMBERED: Duration = Duration::from_secs(24 * 60 * 60);

/// How long an answer holds at least: many servers say `max-age=0` of every file, and do not mean that they want
/// to be asked for robots.txt before each page.
const REMEMBERED_AT_LEAST: Duration = Duration::from_secs(5 * 60);

/// After so long without an answer a robots.txt counts as absent (RFC 9309, section 2.3.1.4: "for example 30 days").
const GIVEN_UP_AFTER: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Origins whose robots.txt is out of reach that are remembered at most.
const MOST_UNREACHABLE: u64 = 100_000;

/// How long a failure holds: long enough that not each waiting message asks again.
const FAILURE_REMEMBERED: Duration = Duration::from_secs(60);

/// Bytes of rules that are kept at most; 100,000 ordinary sites fit.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// What an entry costs beside its rules, in bytes.
const ENTRY_BYTES: usize = 300;

/// Every origin's robots.txt. A clone is the same cache.
#[derive(Debug, Clone)]
pub struct Robots {
    turns: Turns,
    orders: Orders,
    agent: Arc<str>,
    cache: Cache<String, Known>,
    unreachable_since: moka::sync::Cache<String, SystemTime>,
}

#[derive(Debug, Clone)]
struct Known {
    standing: Standing,
    since: Instant,
    holds_for: Duration,
}

/// What is known of an origin's robots.txt.
#[derive(Debug, Clone)]
pub enum Standing {
    /// It was read.
    Rules(Arc<Rules>),
    /// There is none: all is allowed (RFC 9309, section 2.3.1.3).
    Absent,
    /// It could not be had: nothing is allowed for now (section 2.3.1.4).
    Unreachable {
        /// `robots_unreachable`; or why the host itself can't be reached, where its pages would fail
        /// of the same.
        reason: Reason,
        /// Why, for people.
        detail: Arc<str>,
        /// When it may be asked again.
        until: Instant,
    },
}

impl Robots {
    /// Fetches at the pace of `turns`, with its client, and reads what is said to the client's agent. A robots.txt
    /// that moved to a host which `orders` block is absent.
    pub fn new(turns: Turns, orders: Orders) -> Self {
        let cache = Cache::builder()
            .max_capacity(MOST_BYTES)
            .weigher(|origin: &String, known: &Known| {
                let rules = if let Standing::Rules(rules) = &known.standing { rules.bytes() } else { 0 };
                u32::try_from(origin.len() + rules + ENTRY_BYTES).unwrap_or(u32::MAX)
            })
            .expire_after(ByKnown)
            .build();
        let agent = product_token(turns.client.user_agent()).into();
        let unreachable_since =
            moka::sync::Cache::builder().max_capacity(MOST_UNREACHABLE).time_to_live(2 * GIVEN_UP_AFTER).build();
        Self { turns, orders, agent, cache, unreachable_since }
    }

    /// How old what is known of a host's robots.txt is, for https or else for http.
    pub async fn age(&self, host: &str) -> Option<Duration> {
        for scheme in ["https", "http"] {
            if let Some(known) = self.cache.get(&format!("{scheme}://{host}")).await {
                return Some(known.since.elapsed());
            }
        }
        None
    }

    /// What the robots.txt of `url`'s origin (scheme, host and port) says. However many ask at once, it
    /// is fetched once.
    ///
    /// # Errors
    /// [`Busy`] if the host can't be asked for it within `patience`.
    pub async fn standing(&self, url: &Url, patience: Patience) -> Result<Standing, Busy> {
        let origin = url.origin().ascii_serialization();
        let fetch = async {
            let known = self.fetch(url, patience).await?;
            Ok(self.given_up(&origin, known, SystemTime::now()))
        };
        let known = self.cache.try_get_with(origin.clone(), fetch).await;
        known.map(|known| known.standing).map_err(|busy: Arc<Busy>| Busy::clone(&busy))
    }

    /// One that could not be had for [`GIVEN_UP_AFTER`] counts as absent.
    fn given_up(&self, origin: &String, known: Known, now: SystemTime) -> Known {
        if !matches!(known.standing, Standing::Unreachable { .. }) {
            self.unreachable_since.invalidate(origin);
            return known;
        }
        let since = self.unreachable_since.get_with(origin.clone(), || now);
        let given_up = now.duration_since(since).is_ok_and(|time| time >= GIVEN_UP_AFTER);
        if given_up { Known::new(Standing::Absent, None) } else { known }
    }

    async fn fetch(&self, url: &Url, patience: Patience) -> Result<Known, Busy> {
        let mut at = url.clone();
        at.set_path("/robots.txt");
        at.set_query(None);
        at.set_fragment(None);
        let mut hops = Hops::new(&at, MOST_REDIRECTS);
        let mut time_left = TOTAL_TIMEOUT;
        loop {
            let mut turn = self.turns.turn(&at, patience).await?;
            let started = Instant::now();
            let answer = self.turns.client.prefix(&at, LONGEST_FILE, time_left).await;
            let status = answer.as_ref().ok().map(|answer| answer.status);
            turn.ended(sign_of(&answer), status, at.path());
            drop(turn);
            time_left = time_left.saturating_sub(started.elapsed());
            let answer = match answer {
                Ok(answer) => answer,
                Err(error) => return Ok(Known::new(after_failure(&error, hops.followed()), None)),
            };
            match answer.location.as_ref().map(|to| hops.follow(to)) {
                None => return Ok(Known::new(self.after_answer(&answer), answer.max_age)),
                Some(Ok(next)) if !self.is_blocked(&next) => at = next,
                Some(_) => return Ok(Known::new(Standing::Absent, None)),
            }
        }
    }

    fn is_blocked(&self, url: &Url) -> bool {
        matches!(self.orders.of(&host_of(url), jiff::Timestamp::now()), Some(Order::Block { .. }))
    }

    fn after_answer(&self, answer: &Prefix) -> Standing {
        match answer.status {
            200..=299 => Standing::Rules(Arc::new(Rules::parse(&answer.bytes, &self.agent))),
            429 => unreachable(Reason::RobotsUnreachable, "robots.txt: status 429".into(), answer.retry_after),
            300..=499 => Standing::Absent,
            status => {
                unreachable(Reason::RobotsUnreachable, format!("robots.txt: status {status}"), answer.retry_after)
            }
        }
    }
}

impl Known {
    /// What is known from now on, for a day or as long as `max_age` says.
    fn new(standing: Standing, max_age: Option<Duration>) -> Self {
        let now = Instant::now();
        let holds_for = match standing {
            Standing::Unreachable { until, .. } => until.saturating_duration_since(now),
            _ => max_age.unwrap_or(REMEMBERED).clamp(REMEMBERED_AT_LEAST, REMEMBERED),
        };
        Self { standing, since: now, holds_for }
    }
}

/// What the answer to a robots.txt says about its host.
fn sign_of(answer: &Result<Prefix, FetchError>) -> Sign {
    match answer {
        Ok(Prefix { status: status @ (429 | 503), retry_after, .. }) => {
            Sign::Refused { asked: *retry_after, certain: *status == 429 }
        }
        Ok(Prefix { status: 500.., .. }) => Sign::Failing,
        Ok(_) => Sign::Well,
        Err(error) => Sign::of(Err(error)),
    }
}

fn unreachable(reason: Reason, detail: String, retry_after: Option<Duration>) -> Standing {
    let wait = retry_after.unwrap_or_default().max(FAILURE_REMEMBERED);
    Standing::Unreachable { reason, detail: detail.into(), until: Instant::now() + wait }
}

/// A host that has no address, or no public one, or takes no connection, has no pages either: the
/// message then ends with that reason, as its page would. A redirect to such a host is a robots.txt
/// that nobody can have, which is one that is absent.
fn after_failure(error: &FetchError, redirects: u32) -> Standing {
    let detail = format!("robots.txt: {error}");
    match error.outcome() {
        Outcome::Rejected if error.reason() == Reason::Undecodable => {
            unreachable(Reason::RobotsUnreachable, detail, None)
        }
        // The page's own request is refused for the same, without a connection.
        Outcome::Rejected => Standing::Absent,
        _ => {
            let of_the_host =
                matches!(error.reason(), Reason::DnsFailure | Reason::ConnectFailure | Reason::TlsFailure);
            let reason = if of_the_host && redirects == 0 { error.reason() } else { Reason::RobotsUnreachable };
            unreachable(reason, detail, None)
        }
    }
}

/// How long an entry holds, by what it says.
struct ByKnown;

impl Expiry<String, Known> for ByKnown {
    fn expire_after_create(&self, _: &String, known: &Known, _: Instant) -> Option<Duration> {
        Some(known.holds_for)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_holds_for_a_day_or_as_long_as_it_says_within_that() {
        let holds = |seconds| Known::new(Standing::Absent, seconds).holds_for;
        assert_eq!(holds(None), REMEMBERED);
        assert_eq!(holds(Some(Duration::from_secs(3_600))), Duration::from_secs(3_600));
        assert_eq!(holds(Some(Duration::ZERO)), REMEMBERED_AT_LEAST);
        assert_eq!(holds(Some(Duration::from_secs(1_000_000))), REMEMBERED);
    }

    #[test]
    fn one_out_of_reach_for_thirty_days_counts_as_absent() {
        let client = crate::fetch::Client::new(&crate::fetch::testing::lenient()).unwrap();
        let (hosts, addresses) =
            (super::super::Hosts::new(1, Duration::ZERO, 10), super::super::addresses::Addresses::new(Duration::ZERO));
        let robots = Robots::new(Turns { hosts, addresses, client }, Orders::default());
        let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let seen = |after: Duration, standing: Standing| {
            robots.given_up(&"https://a.example".to_owned(), Known::new(standing, None), start + after).standing
        };
        let out = || unreachable(Reason::RobotsUnreachable, "500".into(), None);
        assert!(matches!(seen(Duration::ZERO, out()), Standing::Unreachable { .. }));
        assert!(matches!(seen(GIVEN_UP_AFTER / 2, out()), Standing::Unreachable { .. }));
        assert!(matches!(seen(GIVEN_UP_AFTER, out()), Standing::Absent));
        seen(GIVEN_UP_AFTER, Standing::Absent);
        assert!(matches!(seen(GIVEN_UP_AFTER * 2, out()), Standing::Unreachable { .. }), "an answer begins it anew");
    }
}
