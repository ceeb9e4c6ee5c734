//! The list of subscriptions, read up to now whenever that is asked for.
//!
//! Nothing runs in between: a round of a subscription is rare, and one look serves all that fall due within [`FRESH`].

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rdkafka::message::Message as _;
use tokio::sync::Mutex;

use super::reader::{Pace, ReadError, Reader};
use crate::config::Settings;
use crate::feeds::{Roster, Standing, listed_as};
use crate::record::{Subscribed, Ticket};

/// How old a look at the list may be that finds a subscription on it. A removal takes effect so much later.
const FRESH: Duration = Duration::from_secs(5);

/// The list as this worker sees it.
pub struct ListedFeeds {
    settings: Arc<Settings>,
    exists: AtomicBool,
    sight: Arc<Mutex<Sight>>,
}

/// The list, and how far it was read.
#[derive(Default)]
pub struct Sight {
    reader: Option<Reader>,
    read_to: BTreeMap<i32, i64>,
    roster: Roster,
    looked_at: Option<Instant>,
}

impl ListedFeeds {
    /// The list of these settings. Nothing is asked of the brokers yet.
    pub fn new(settings: Arc<Settings>) -> Self {
        Self { settings, exists: AtomicBool::new(false), sight: Arc::default() }
    }

    /// Notes that the topic exists: without it, subscriptions live unlisted.
    pub fn exist(&self) {
        self.exists.store(true, Ordering::Relaxed);
    }

    /// Whether subscriptions are listed.
    pub fn are_kept(&self) -> bool {
        self.exists.load(Ordering::Relaxed)
    }

    /// Whether the message of a subscription to `url` with this ticket lives; `own` is the id under which it lists itself.
    /// A list that can't be read ends nothing.
    pub async fn standing(&self, url: &str, ticket: &Ticket, own: &str, now_ms: i64) -> Standing {
        let Some(key) = listed_as(url).filter(|_| self.are_kept()) else { return Standing::Listed };
        let asked = Instant::now();
        let mut sight = self.sight.clone().lock_owned().await;
        let is_fresh = |sight: &Sight, since: Duration| sight.looked_at.is_some_and(|at| at + since >= asked);
        let mut found = Standing::Unsettled;
        for fresh in [FRESH, Duration::ZERO] {
            if !is_fresh(&sight, fresh) {
                let settings = self.settings.clone();
                let look = tokio::task::spawn_blocking(move || {
                    let failure = sight.look(&settings).err();
                    (sight, failure)
                });
                let Ok((back, failure)) = look.await else { return Standing::Listed };
                sight = back;
                if let Some(failure) = failure {
                    tracing::warn!(error = %failure, "the list of feeds can't be read; its subscriptions go on");
                    return Standing::Listed;
                }
            }
            found = sight.roster.standing(&key, ticket, own, now_ms);
            if found == Standing::Listed {
                break;
            }
        }
        found
    }

    /// What a feed is called on the list, as far as it was read.
    pub async fn title(&self, url: &str) -> Option<String> {
        let key = listed_as(url)?;
        self.sight.lock().await.roster.of(&key).and_then(|listed| listed.title.clone())
    }
}

impl Sight {
    /// Reads on to where the list ends now. Blocks.
    ///
    /// # Errors
    /// [`ReadError`]: the brokers do not let us, or there is no such topic.
    pub fn look(&mut self, settings: &Settings) -> Result<(), ReadError> {
        let began = Instant::now();
        self.looked_at = None;
        if self.reader.is_none() {
            self.reader = Some(Reader::open(settings, &settings.kafka.group_id, Pace::Steady)?);
        }
        let Some(reader) = &self.reader else { return Ok(()) };
        let topic = &settings.topics.feeds;
        let mut spans = BTreeMap::new();
        for partition in reader.partitions(topic)? {
            let bounds = reader.bounds(topic, partition)?;
            let from = self.read_to.get(&partition).copied().unwrap_or(bounds.start).clamp(bounds.start, bounds.end);
            spans.insert(partition, from..bounds.end);
        }
        if !spans.values().all(std::ops::Range::is_empty) {
            let mut scan = reader.scan(topic, &spans)?;
            while let Some(message) = scan.next_message()? {
                self.roster.read(message.key().unwrap_or_default(), message.payload());
            }
            reader.rest();
        }
        self.read_to.extend(spans.into_iter().map(|(partition, span)| (partition, span.end)));
        self.looked_at = Some(began);
        Ok(())
    }

    /// All that is listed, as far as it was read.
    pub fn all(&self) -> Vec<&Subscribed> {
        self.roster.all()
    }

    /// How a feed is listed, by its key.
    pub fn of(&self, key: &str) -> Option<&Subscribed> {
        self.roster.of(key)
    }
}
