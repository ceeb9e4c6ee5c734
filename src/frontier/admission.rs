//! The one door to the network: robots.txt, then the host's turn.

use std::time::Duration;

use tokio::time::Instant;
use url::{Position, Url};

use super::hosts::{Busy, Hosts, Turn};
use super::robots::{Robots, Standing};
use crate::config;
use crate::fetch::{Client, FetchError};
use crate::record::{Outcome, Reason};

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
            Self::Disallowed => Reason::RobotsDisallowed,
            Self::RobotsUnreachable { reason, .. } => *reason,
            Self::HostBusy(_) => Reason::HostBusy,
        }
    }

    /// `Rejected` for what robots.txt disallows, else `Deferred`.
    pub const fn outcome(&self) -> Outcome {
        match self {
            Self::Disallowed => Outcome::Rejected,
            Self::RobotsUnreachable { .. } | Self::HostBusy(_) => Outcome::Deferred,
        }
    }

    /// When to come back, from now.
    pub const fn come_back(&self) -> Option<Duration> {
        match self {
            Self::Disallowed => None,
            Self::RobotsUnreachable { come_back, .. } | Self::HostBusy(Busy { come_back, .. }) => Some(*come_back),
        }
    }
}

/// Politeness towards all hosts. A clone is the same frontier.
#[derive(Debug, Clone)]
pub struct Frontier {
    hosts: Hosts,
    robots: Option<Robots>,
}

impl Frontier {
    /// The frontier that `[frontier]` describes; it fetches robots.txt with `client`.
    pub fn new(settings: &config::Frontier, client: Client) -> Self {
        let hosts = Hosts::new(settings.host_concurrency, settings.host_delay);
        let robots = match settings.robots {
            config::Robots::Obey => Some(Robots::new(client, hosts.clone())),
            config::Robots::Ignore => None,
        };
        Self { hosts, robots }
    }

    /// Waits until `url` may be asked for once. The guard's [`Client::check`] comes before this.
    ///
    /// Each hop of a redirect is admitted anew, after the turn of the hop before it has been dropped.
    ///
    /// # Errors
    /// [`Refusal`]: not now, or not at all.
    pub async fn admit(&self, url: &Url, patience: Patience) -> Result<Turn, Refusal> {
        let started = Instant::now();
        let host = host_of(url);
        if let Some(robots) = &self.robots {
            match robots.standing(url, patience).await? {
                Standing::Absent => {}
                Standing::Rules(rules) => {
                    if !rules.allows(&url[Position::BeforePath..Position::AfterQuery]) {
                        return Err(Refusal::Disallowed);
                    }
                    self.hosts.slow_down(&host, rules.crawl_delay().unwrap_or_default());
                }
                Standing::Unreachable { reason, detail, until } => {
                    let come_back = until.saturating_duration_since(std::time::Instant::now());
                    return Err(Refusal::RobotsUnreachable { reason, detail: detail.to_string(), come_back });
                }
            }
        }
        let patience = match patience {
            Patience::Wait(max_wait) => Patience::Wait(max_wait.saturating_sub(started.elapsed())),
            Patience::None => Patience::None,
        };
        Ok(self.hosts.turn(&host, patience).await?)
    }

    /// Takes note of how a request ended: a host that answered 429 or 503 is left alone for as long
    /// as it asked for.
    pub fn note(&self, url: &Url, error: &FetchError) {
        if let (Some(429 | 503), Some(wait)) = (error.status(), error.retry_after()) {
            self.hosts.pause(&host_of(url), wait);
        }
    }

    /// The hosts' pace.
    pub const fn hosts(&self) -> &Hosts {
        &self.hosts
    }
}

/// The name under which a URL's host is known here.
pub(super) fn host_of(url: &Url) -> String {
    url.host_str().unwrap_or_default().trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests;
