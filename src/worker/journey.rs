//! From an address to a page: each hop waits for its own host, obeys its own robots.txt, and is asked once.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;
use url::{Position, Url};

use super::stop::Stop;
use crate::config::Settings;
use crate::fetch::{Answer, Client, FetchError, Hops, Raw, Validators};
use crate::frontier::{Admission, Frontier, Patience, Sign};
use crate::kafka::Capacity;
use crate::metrics::Metrics;
use crate::record::Lap;

/// What a page is reckoned to take in memory before it is known: the mean of news pages, compressed,
/// is 40 kB, and few are over 250 kB.
const PAGE_ESTIMATE_BYTES: u64 = 256 * 1024;

/// Whoever makes journeys.
pub struct Traveller {
    /// The settings.
    pub settings: Arc<Settings>,
    /// The way to the network.
    pub client: Client,
    /// The way to hosts.
    pub frontier: Frontier,
    /// Room for pages.
    pub capacity: Arc<Capacity>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Messages that wait for a host are given up when it is cancelled.
    pub draining: CancellationToken,
}

/// What stands for the status of a page that sends its reader on: 200, as it came with.
pub const REFRESHED: u16 = 200;

/// The redirects of one message, and the time that they have left.
pub struct Journey {
    url: Url,
    hops: Hops,
    moved: Moved,
    time_left: Duration,
    known: Option<Validators>,
    status: Option<u16>,
}

/// Whether what was asked for is elsewhere: for good if every redirect said so (RFC 9110, 15.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moved {
    Not,
    ForNow,
    ForGood,
}

impl Moved {
    fn and(self, status: u16) -> Self {
        if matches!(status, 301 | 308) && self != Self::ForNow { Self::ForGood } else { Self::ForNow }
    }
}

/// Where a journey ends.
pub enum Arrival {
    /// At a page.
    Page(Fetched),
    /// At a page that has not changed since it was read.
    NotModified,
}

/// A page, and how it was had.
pub struct Fetched {
    /// The page as received.
    pub raw: Box<Raw>,
    /// From the first connection to the last byte, redirects included, without the waits for hosts.
    pub elapsed: Duration,
    /// What the site's robots.txt says about the use of its pages.
    pub content_signal: Option<Arc<str>>,
}

impl Journey {
    /// The journey that begins at `first`. Where it ends at a page that is `known`, it is asked for only if it changed.
    pub fn new(first: &Url, settings: &Settings, known: Option<Validators>) -> Self {
        let hops = Hops::new(first, settings.fetch.max_redirects);
        Self {
            url: first.clone(),
            hops,
            moved: Moved::Not,
            time_left: settings.fetch.total_timeout,
            known,
            status: None,
        }
    }

    /// Goes on to where an answer with this status leads; [`REFRESHED`] for a page that sent its reader on.
    ///
    /// # Errors
    /// As [`Hops::follow`].
    pub fn follow(&mut self, to: &Url, status: u16) -> Result<(), FetchError> {
        self.url = self.hops.follow(to)?;
        self.moved = self.moved.and(status);
        Ok(())
    }

    /// Where it is.
    pub const fn url(&self) -> &Url {
        &self.url
    }

    /// The status of the last answer.
    pub const fn status(&self) -> Option<u16> {
        self.status
    }

    /// Where it is for good, if not where it was asked for.
    pub fn moved_for_good(&self) -> Option<&Url> {
        (self.moved == Moved::ForGood).then_some(&self.url)
    }
}

impl Traveller {
    /// Goes on until there is a page. `note` is told of each stage of the way.
    ///
    /// # Errors
    /// [`Stop`]: a hop is refused, by us, by its host or on the way; or the worker drains.
    pub async fn arrive(
        &self,
        journey: &mut Journey,
        patience: Patience,
        mut note: impl FnMut(Lap),
    ) -> Result<Arrival, Stop> {
        loop {
            self.client.check(&journey.url)?;
            let waiting = Instant::now();
            let within = self.metrics.stages.enter("wait");
            let admission = tokio::select! {
                admission = self.frontier.admit(&journey.url, patience) => admission,
                () = self.draining.cancelled(), if patience != Patience::None => return Err(Stop::GivenUp),
            };
            drop(within);
            note(Lap { stage: "wait", started: waiting, took: waiting.elapsed() });
            let Admission { mut turn, content_signal } = admission?;
            let _within = self.metrics.stages.enter("fetch");
            let _estimate = self.capacity.room_for(PAGE_ESTIMATE_BYTES).await;
            let known = journey.known.as_ref().filter(|known| known.url == journey.url);
            let asking = Instant::now();
            turn.begins();
            let answer = self.client.get(&journey.url, known, journey.time_left).await;
            let asked = asking.elapsed();
            journey.time_left = journey.time_left.saturating_sub(asked);
            note(Lap { stage: "fetch", started: asking, took: asked });
            let status = match &answer {
                Ok(Answer::Page(raw)) => Some(raw.status),
                Ok(Answer::Redirect { status, .. }) => Some(*status),
                Ok(Answer::NotModified) => Some(304),
                Err(failure) => failure.status(),
            };
            journey.status = status;
            self.metrics.response(status);
            let path = &journey.url[Position::BeforePath..Position::AfterQuery];
            turn.ended(Sign::of(answer.as_ref().map(|_| ())), status, path);
            drop(turn);
            match answer? {
                Answer::Redirect { to, status } => journey.follow(&to, status)?,
                Answer::NotModified => return Ok(Arrival::NotModified),
                Answer::Page(raw) => {
                    self.metrics.fetch_bytes.with_label_values(&["wire"]).inc_by(raw.bytes.len() as u64);
                    let elapsed = self.settings.fetch.total_timeout - journey.time_left;
                    return Ok(Arrival::Page(Fetched { raw, elapsed, content_signal }));
                }
            }
        }
    }
}
