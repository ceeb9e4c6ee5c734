//! robots.txt of each origin: fetched once, through the guard, and remembered.

use std::sync::Arc;
use std::time::{Duration, Instant};

use moka::Expiry;
use moka::future::Cache;
use url::Url;

use super::hosts::{Busy, Hosts};
use super::rules::{LONGEST_FILE, Rules, product_token};
use super::{Patience, admission::host_of};
use crate::fetch::{Client, FetchError, Hops, Prefix};
use crate::record::{Outcome, Reason};

/// For one robots.txt, redirects included, and without the wait for the hosts' turns.
const TOTAL_TIMEOUT: Duration = Duration::from_secs(20);

/// Redirects followed (RFC 9309, section 2.3.1.2: at least five); after them the file counts as absent.
const MOST_REDIRECTS: u32 = 5;

/// How long an answer holds (RFC 9309, section 2.4: no more than a day).
const REMEMBERED: Duration = Duration::from_secs(24 * 60 * 60);

/// How long a failure holds: long enough that not each waiting message asks again.
const FAILURE_REMEMBERED: Duration = Duration::from_secs(60);

/// Bytes of rules that are kept at most; 100,000 ordinary sites fit.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// What an entry costs beside its rules, in bytes.
const ENTRY_BYTES: usize = 300;

/// Every origin's robots.txt. A clone is the same cache.
#[derive(Debug, Clone)]
pub struct Robots {
    client: Client,
    hosts: Hosts,
    agent: Arc<str>,
    cache: Cache<String, Standing>,
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
    /// Fetches with `client`, at the pace of `hosts`, and reads what is said to the client's agent.
    pub fn new(client: Client, hosts: Hosts) -> Self {
        let cache = Cache::builder()
            .max_capacity(MOST_BYTES)
            .weigher(|origin: &String, standing: &Standing| {
                let rules = if let Standing::Rules(rules) = standing { rules.bytes() } else { 0 };
                u32::try_from(origin.len() + rules + ENTRY_BYTES).unwrap_or(u32::MAX)
            })
            .expire_after(ByStanding)
            .build();
        let agent = product_token(client.user_agent()).into();
        Self { client, hosts, agent, cache }
    }

    /// What the robots.txt of `url`'s origin (scheme, host and port) says. However many ask at once, it
    /// is fetched once.
    ///
    /// # Errors
    /// [`Busy`] if the host can't be asked for it within `patience`.
    pub async fn standing(&self, url: &Url, patience: Patience) -> Result<Standing, Busy> {
        let origin = url.origin().ascii_serialization();
        let fetch = self.fetch(url, patience);
        self.cache.try_get_with(origin, fetch).await.map_err(|busy| Busy::clone(&busy))
    }

    async fn fetch(&self, url: &Url, patience: Patience) -> Result<Standing, Busy> {
        let mut at = url.clone();
        at.set_path("/robots.txt");
        at.set_query(None);
        at.set_fragment(None);
        let mut hops = Hops::new(&at, MOST_REDIRECTS);
        let mut time_left = TOTAL_TIMEOUT;
        loop {
            let host = host_of(&at);
            let turn = self.hosts.turn(&host, patience).await?;
            let started = Instant::now();
            let answer = self.client.prefix(&at, LONGEST_FILE, time_left).await;
            drop(turn);
            time_left = time_left.saturating_sub(started.elapsed());
            let answer = match answer {
                Ok(answer) => answer,
                Err(error) => return Ok(after_failure(&error, hops.followed())),
            };
            if let Some(wait) = answer.retry_after.filter(|_| matches!(answer.status, 429 | 503)) {
                self.hosts.pause(&host, wait);
            }
            match answer.location.as_ref().map(|to| hops.follow(to)) {
                None => return Ok(self.after_answer(&answer)),
                Some(Ok(next)) => at = next,
                Some(Err(_)) => return Ok(Standing::Absent),
            }
        }
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
struct ByStanding;

impl Expiry<String, Standing> for ByStanding {
    fn expire_after_create(&self, _: &String, standing: &Standing, now: Instant) -> Option<Duration> {
        Some(match standing {
            Standing::Rules(_) | Standing::Absent => REMEMBERED,
            Standing::Unreachable { until, .. } => until.saturating_duration_since(now),
        })
    }
}
