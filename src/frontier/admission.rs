//! The one door to the network: the operator's orders, robots.txt, then the host's turn.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;
use url::{Position, Url};

use super::addresses::Addresses;
use super::host::Pace;
use super::hosts::{Busy, Hosts, Turn, Why};
use super::orders::{Order, Orders, OrdersError};
use super::robots::{Robots, Standing};
use super::trouble::Sign;
use super::turns::{Turns, host_of};
use crate::config;
use crate::fetch::{Client, FetchError};
use crate::record::{Outcome, Reason};

/// When a message comes back whose host is paused without an end.
const ANOTHER_DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How long somebody is ready to wait for a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// So long, for robots.txt and the host's turn together.
    Wait(Duration),
    /// Not at all, not even for the host's interval: for a single look, as the command `check` takes it.
    None,
}

/// Why a page may not be asked for now, or at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each variant says what it is")]
pub enum Refusal {
    #[error("{host} is blocked: {why}")]
    Blocked { host: String, why: Arc<str> },
    #[error("robots.txt disallows it")]
    Disallowed,
    #[error("{detail}")]
    RobotsUnreachable { reason: Reason, detail: String, come_back: Duration },
    #[error(transparent)]
    HostBusy(#[from] Busy),
}

impl Refusal {
    /// The reason that the message ends with. Where robots.txt can't be had because the host has no
    /// address or takes no connection, it is that one (`dns_failure`, `connect_failure`, `tls_failure`).
    pub const fn reason(&self) -> Reason {
        match self {
            Self::Blocked { .. } => Reason::BlockedHost,
            Self::Disallowed => Reason::RobotsDisallowed,
            Self::RobotsUnreachable { reason, .. } => *reason,
            Self::HostBusy(busy) => busy.reason(),
        }
    }

    /// `Rejected` for what the operator blocks or robots.txt disallows, else `Deferred`.
    pub const fn outcome(&self) -> Outcome {
        match self {
            Self::Blocked { .. } | Self::Disallowed => Outcome::Rejected,
            Self::RobotsUnreachable { .. } | Self::HostBusy(_) => Outcome::Deferred,
        }
    }

    /// When to come back, from now.
    pub const fn come_back(&self) -> Option<Duration> {
        match self {
            Self::Blocked { .. } | Self::Disallowed => None,
            Self::RobotsUnreachable { come_back, .. } | Self::HostBusy(Busy { come_back, .. }) => Some(*come_back),
        }
    }
}

/// Leave to ask for one page.
#[derive(Debug)]
pub struct Admission {
    /// The turn at its host.
    pub turn: Turn,
    /// What the robots.txt of its site says about the use of its pages (`Content-Signal`).
    pub content_signal: Option<Arc<str>>,
}

/// Politeness towards all hosts. A clone is the same frontier.
#[derive(Debug, Clone)]
pub struct Frontier {
    turns: Turns,
    orders: Orders,
    robots: Option<Robots>,
}

impl Frontier {
    /// The frontier that `[frontier]` describes; it fetches robots.txt with `client`. No host has more than half
    /// of `max_in_flight` messages waiting, and a slow one no more than an eighth.
    ///
    /// # Errors
    /// [`OrdersError`]: `frontier.rules` can't be used.
    pub fn new(settings: &config::Frontier, client: Client, max_in_flight: usize) -> Result<Self, OrdersError> {
        let hosts = Hosts::new(settings.host_concurrency, settings.host_delay, max_in_flight / 2);
        let addresses = Addresses::new(settings.address_delay);
        let orders = Orders::of_file(settings.rules.as_deref())?;
        let turns = Turns { hosts, addresses, client };
        let robots = match settings.robots {
            config::Robots::Obey => Some(Robots::new(turns.clone(), orders.clone())),
            config::Robots::Ignore => None,
        };
        Ok(Self { turns, orders, robots })
    }

    /// Waits until `url` may be asked for once. The guard's [`Client::check`] comes before this.
    ///
    /// Each hop of a redirect is admitted anew, after the turn of the hop before it has been dropped.
    ///
    /// # Errors
    /// [`Refusal`]: not now, or not at all.
    pub async fn admit(&self, url: &Url, patience: Patience) -> Result<Admission, Refusal> {
        let started = Instant::now();
        let host = host_of(url);
        let pace = self.ordered(&host)?;
        let seat = self.hosts().seat(&host)?;
        let (mut crawl_delay, mut content_signal) = (Duration::ZERO, None);
        if let Some(robots) = &self.robots {
            match robots.standing(url, patience).await? {
                Standing::Absent => {}
                Standing::Rules(rules) => {
                    if !rules.allows(&url[Position::BeforePath..Position::AfterQuery]) {
                        return Err(Refusal::Disallowed);
                    }
                    crawl_delay = rules.crawl_delay().unwrap_or_default();
                    content_signal = rules.content_signal().cloned();
                }
                Standing::Unreachable { reason, detail, until } => {
                    let come_back = until.saturating_duration_since(std::time::Instant::now());
                    return Err(Refusal::RobotsUnreachable { reason, detail: detail.to_string(), come_back });
                }
            }
        }
        self.hosts().slow_down(&host, crawl_delay, pace);
        let patience = match patience {
            Patience::Wait(max_wait) => Patience::Wait(max_wait.saturating_sub(started.elapsed())),
            Patience::None => Patience::None,
        };
        let turn = self.turns.turn(url, patience).await?;
        drop(seat);
        Ok(Admission { turn, content_signal })
    }

    /// What the operator's rules say of a host: its pace, if it may be asked at all.
    fn ordered(&self, host: &str) -> Result<Pace, Refusal> {
        let now = Timestamp::now();
        match self.orders.of(host, now) {
            None => Ok(Pace::Usual),
            Some(Order::Slow(delay)) => Ok(Pace::Slow(delay)),
            Some(Order::Boost(delay)) => Ok(Pace::Boost(delay)),
            Some(Order::Block { why }) => Err(Refusal::Blocked { host: host.to_owned(), why }),
            Some(Order::Pause { until, why }) => {
                let left = until.and_then(|until| Duration::try_from(until.duration_since(now)).ok());
                let come_back = left.unwrap_or(ANOTHER_DAY);
                Err(Busy { host: host.to_owned(), come_back, why: Why::Held(why) }.into())
            }
        }
    }

    /// The hosts' pace.
    pub const fn hosts(&self) -> &Hosts {
        &self.turns.hosts
    }

    /// One of the hosts that are remembered, as [`Frontier::view`] has them.
    pub async fn view_of(&self, host: &str) -> Option<super::HostView> {
        let mut view = self.hosts().view_of(host)?;
        if let Some(robots) = &self.robots {
            view.robots_age_s = robots.age(host).await.map(|age| age.as_secs());
        }
        Some(view)
    }

    /// The hosts that are remembered, as [`Hosts::view`] has them, with the age of their robots.txt.
    pub async fn view(&self, part: &str, limit: usize) -> Vec<super::HostView> {
        let mut views = self.hosts().view(part, limit);
        if let Some(robots) = &self.robots {
            for view in &mut views {
                view.robots_age_s = robots.age(&view.host).await.map(|age| age.as_secs());
            }
        }
        views
    }
}

impl Sign {
    /// What the end of a request for a page says about its host.
    pub fn of(end: Result<(), &FetchError>) -> Self {
        let Err(error) = end else { return Self::Well };
        match (error.status(), error.reason()) {
            (Some(status @ (429 | 503)), _) => Self::Refused { asked: error.retry_after(), certain: status == 429 },
            (
                _,
                Reason::ServerError
                | Reason::DnsFailure
                | Reason::ConnectFailure
                | Reason::TlsFailure
                | Reason::Timeout
                | Reason::BadResponse,
            ) => Self::Failing,
            // Refused by our own guard: nothing was asked.
            (
                None,
                Reason::InvalidUrl
                | Reason::UnsupportedScheme
                | Reason::CredentialsInUrl
                | Reason::ForbiddenAddress
                | Reason::ForbiddenPort,
            ) => Self::Nothing,
            _ => Self::Well,
        }
    }
}

#[cfg(test)]
mod tests;
