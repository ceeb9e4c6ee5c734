//! The way of a message: its stages in order, values in, value or stop out.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::canonicals::Canonicals;
use super::journey::{Arrival, Fetched, Journey, REFRESHED, Traveller};
use super::quarantine::{DEADLY, Quarantine};
use super::readers::{Read, Readers, Unread};
use super::reading::Reading;
use super::stand_in;
use super::stop::Stop;
use super::subscriptions::Subscriptions;
use crate::config::{Directives, Settings};
use crate::dedup::{ArticleId, Asked, Claim, Finding, Fingerprint, Store, host_hash};
use crate::extract::Hints;
use crate::feeds::{self, Counts, DEEPEST, Found, Heard, Kind, Seen, Subscription, Turn, Went};
use crate::fetch::{Client, Page, Raw, Validators};
use crate::frontier::{Frontier, Patience};
use crate::kafka::{Capacity, Consumed};
use crate::metrics::Metrics;
use crate::record::{
    Article, Duplicate, Ending, Fetch, Identity, Input, Lap, Next, Origin, Outcome, Reason, SCHEMA_VERSION, UrlMessage,
    Verdict, article_id, as_told,
};
use crate::retry::History;

/// How much longer than its own limit a page may take before its stage counts as stuck.
const STUCK_AFTER: u32 = 10;

/// The stages, and what they share.
pub struct Pipeline {
    settings: Arc<Settings>,
    traveller: Traveller,
    canonicals: Canonicals,
    store: Arc<Store>,
    seen: Seen,
    subscriptions: Subscriptions,
    readers: Readers,
    capacity: Arc<Capacity>,
    metrics: Arc<Metrics>,
    quarantine: Arc<Quarantine>,
}

/// What the stages work with.
pub struct Parts {
    /// The settings.
    pub settings: Arc<Settings>,
    /// Who asks hosts.
    pub client: Client,
    /// When they may be asked.
    pub frontier: Frontier,
    /// What is known of articles.
    pub store: Arc<Store>,
    /// What bounds the work in flight.
    pub capacity: Arc<Capacity>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Messages that killed a worker.
    pub quarantine: Arc<Quarantine>,
    /// Cancelled when messages that wait for a host are to be given up.
    pub draining: CancellationToken,
}

/// Whether the decision on an article is claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dedup<'a> {
    /// For the message that was consumed there.
    Claim(&'a Origin),
    Look,
}

/// What is learned of a message on its way, whatever becomes of it.
#[derive(Debug, Default)]
struct Notes {
    url: Option<String>,
    canonical_url: Option<String>,
    article_id: Option<String>,
    /// What a long feed has left to send on.
    rest: Vec<UrlMessage>,
    /// What became of a feed's entries.
    entries: Option<Counts>,
    /// The hub that a feed names.
    hub: Option<String>,
    /// What a feed said, for its subscription.
    heard: Option<Heard>,
    /// Where it is for good, if not where it was asked for.
    moved_to: Option<Url>,
    cluster_merged: Option<String>,
    /// The status of the last answer.
    status: Option<u16>,
    /// What there is to say beside the verdict.
    said: Option<String>,
    laps: Vec<Lap>,
}

impl Pipeline {
    /// The stages of a worker with these parts.
    ///
    /// # Errors
    /// The threads that pages are read on can't be started.
    pub fn new(parts: Parts) -> io::Result<Self> {
        let Parts { settings, client, frontier, store, capacity, metrics, quarantine, draining } = parts;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let (seen, readers) = (Seen::default(), Readers::start(cores)?);
        let subscriptions = Subscriptions::new(settings.clone());
        let canonicals = Canonicals::default();
        let traveller = Traveller {
            settings: settings.clone(),
            client,
            frontier,
            capacity: capacity.clone(),
            metrics: metrics.clone(),
            draining,
        };
        Ok(Self { settings, traveller, canonicals, store, seen, subscriptions, readers, capacity, metrics, quarantine })
    }

    /// The subscriptions to feeds.
    pub const fn subscriptions(&self) -> &Subscriptions {
        &self.subscriptions
    }

    /// Works on a message to its end. `None` when it is given up, since the worker drains.
    pub async fn work(&self, message: &Consumed) -> Option<(Ending, Option<Claim>)> {
        let mut notes = Notes::default();
        let (mut subscription, mut turn) = (None, Turn::Due);
        let patience = Patience::Wait(self.settings.frontier.max_wait);
        let consumed = Origin {
            topic: message.partition.topic.to_string(),
            partition: message.partition.number,
            offset: message.offset,
        };
        let way = async {
            let mut request = message.request()?;
            if let Some(early) = Stop::early(message, Timestamp::now().as_millisecond()) {
                notes.url = Some(as_told(&request.url).to_owned());
                return Err(early);
            }
            if !request.entries.is_empty() {
                notes.url = Some(as_told(&request.url).to_owned());
                return Ok((Verdict::Expanded(std::mem::take(&mut request.entries)), None));
            }
            subscription = Subscription::of(&request)?;
            if let Some(subscription) = &subscription {
                turn = self.subscriptions.turn(subscription, &message.origin).await;
            }
            if turn == Turn::Superseded {
                notes.say("the subscription was removed, or another message has taken its place");
            }
            if turn != Turn::Due {
                notes.url = Some(as_told(&request.url).to_owned());
                return Ok((Verdict::Expanded(Vec::new()), None));
            }
            let dedup = Dedup::Claim(&consumed);
            self.stages(request, subscription.as_ref(), &message.origin, patience, dedup, &mut notes).await
        };
        let (verdict, claim) = match way.await {
            Ok(end) => end,
            Err(stop) => {
                let Consumed { attempts_before, first_seen_ms, .. } = *message;
                let history = History { attempts_before, first_seen_ms };
                (stop.verdict(history, &self.settings.retry, Timestamp::now().as_millisecond())?, None)
            }
        };
        let rest = std::mem::take(&mut notes.rest).into_iter();
        let mut next: Vec<Next> = rest.filter_map(|rest| self.subscriptions.after(Duration::ZERO, rest)).collect();
        let mut listings = Vec::new();
        if let Some(subscription) = subscription.filter(|_| verdict.outcome() != Outcome::Deferred) {
            let mut round = self.subscriptions.next(&subscription, turn, &verdict, notes.went());
            if turn == Turn::Due {
                if round.is_none() {
                    notes.say("the subscription ends here");
                }
                self.subscriptions.note(&subscription, notes.entries, notes.hub.take(), round.as_ref());
                listings = self.subscriptions.list(&subscription, message, round.as_mut()).await;
            }
            next.extend(round);
        }
        Some((Ending { next, listings, ..notes.ending(verdict) }, claim))
    }

    /// Works on one URL as [`Pipeline::work`] would, but waits for no host and claims nothing.
    pub async fn check(&self, url: &str) -> Ending {
        let mut notes = Notes::default();
        let origin = Origin { topic: "check".into(), partition: 0, offset: 0 };
        let way = self.stages(UrlMessage::bare(url), None, &origin, Patience::None, Dedup::Look, &mut notes);
        let verdict = match way.await {
            Ok((verdict, _)) => verdict,
            Err(stop) => {
                let now_ms = Timestamp::now().as_millisecond();
                let history = History { attempts_before: 0, first_seen_ms: now_ms };
                let interrupted = || Verdict::Rejected { reason: Reason::StageFailed, detail: "interrupted".into() };
                stop.verdict(history, &self.settings.retry, now_ms).unwrap_or_else(interrupted)
            }
        };
        notes.ending(verdict)
    }

    async fn stages(
        &self,
        mut request: UrlMessage,
        subscription: Option<&Subscription>,
        origin: &Origin,
        patience: Patience,
        dedup: Dedup<'_>,
        notes: &mut Notes,
    ) -> Result<(Verdict, Option<Claim>), Stop> {
        notes.url = Some(as_told(&request.url).to_owned());
        let asked = Identity::of(&request.url)?;
        tracing::Span::current().record("url", asked.fetch.as_str());
        notes.canonical_url = Some(asked.fetch.to_string());
        let deaths = self.quarantine.deaths(origin);
        if deaths >= DEADLY {
            let detail = format!("extract: {deaths} processes in a row died while they read this page");
            return Err(Stop::rejected(Reason::StageFailed, detail));
        }
        // A subscription has its own memory of what its feed said.
        let known = match subscription {
            _ if request.force => None,
            Some(subscription) => subscription.version(),
            None => self.store.visited(&asked.key, origin).await,
        };
        let hints = Arc::new(Hints::of(&request));
        let told = request.content.take().filter(|_| self.settings.feeds.use_content);
        let mut journey = Journey::new(&asked.fetch, &self.settings, known);
        let (page, mut extraction, elapsed, content_signal) = loop {
            let arrival = self.traveller.arrive(&mut journey, patience, |lap| self.note(notes, lap));
            let arrival = arrival.await;
            notes.status = journey.status();
            notes.moved_to = journey.moved_for_good().cloned();
            let (read, elapsed, content_signal) = match arrival {
                Ok(Arrival::Page(Fetched { raw, elapsed, content_signal })) => {
                    (self.read(raw, hints.clone(), origin, notes).await, elapsed, content_signal)
                }
                Ok(Arrival::NotModified) => {
                    notes.heard = subscription.map(Subscription::heard_again);
                    return Ok((Verdict::Unchanged, None));
                }
                Err(stop) => (Err(stop), Duration::ZERO, None),
            };
            let (page, reading) = self.or_as_told(read, told.as_deref(), &journey, &hints, origin, notes).await?;
            match reading {
                Reading::Moved(to) => journey.follow(&to, REFRESHED)?,
                Reading::Feed(mut feed) => {
                    feed.rhythm.max_age = page.headers.max_age;
                    let version = Validators::of(&page.url, &page.headers);
                    self.store.visit(&asked.key, origin, version.as_ref()).await;
                    notes.heard = subscription.map(|own| own.heard(&feed, version, Timestamp::now()));
                    if let Some(to) = &notes.moved_to {
                        notes.say(&format!("the feed has moved for good to {to}"));
                    }
                    let since_ms = subscription.map_or(request.since_ms, Subscription::done_ms);
                    let found = Found { address: &page.url, depth: request.depth, since_ms, origin };
                    return Ok((self.expand(&found, *feed, subscription, notes)?, None));
                }
                Reading::Article(extraction) => break (page, *extraction, elapsed, content_signal),
            }
        };
        let validators = Validators::of(&page.url, &page.headers);
        let rights = &mut extraction.content.rights;
        rights.content_signal = content_signal.map(|signal| signal.to_string());
        rights.tdm_reserved = rights.tdm_reserved.or(page.headers.tdm_reservation.map(|value| value.trim() == "1"));
        if self.settings.frontier.directives == Directives::Obey {
            let forbids = |directive: &&String| matches!(directive.as_str(), "noindex" | "noarchive" | "none");
            if let Some(directive) = rights.robots.iter().find(forbids) {
                return Err(Stop::rejected(Reason::RobotsDisallowed, format!("the page says {directive}")));
            }
        }
        let canonical = extraction.canonical.as_ref();
        let identity = self.canonicals.identity(&page.url, canonical, &extraction.content.body);
        notes.canonical_url = Some(identity.fetch.to_string());
        let id = article_id(&identity.key);
        notes.article_id = Some(id.clone());
        let fetch = Fetch {
            status: page.status,
            fetched_at: Timestamp::try_from(page.fetched_at).map(|at| format!("{at:.3}")).unwrap_or_default(),
            elapsed_ms: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
            charset: extraction.charset.to_owned(),
            bytes: page.bytes.len() as u64,
            content_type: page.headers.content_type,
            etag: page.headers.etag,
            last_modified: page.headers.last_modified,
        };
        let input = Input {
            topic: origin.topic.clone(),
            partition: origin.partition,
            offset: origin.offset,
            source: request.source.clone(),
        };
        let article = Article {
            schema_version: SCHEMA_VERSION,
            id,
            url: request.url,
            canonical_url: identity.fetch.to_string(),
            final_url: page.url.to_string(),
            content: extraction.content,
            revision: 1,
            changed: None,
            duplicate: None,
            fetch,
            input,
        };
        if matches!(dedup, Dedup::Claim(_)) {
            self.store.visit(&asked.key, origin, validators.as_ref()).await;
        }
        Ok(self.decide(article, origin, dedup, notes).await)
    }

    /// What was read; in place of a page that can't be had, or that shows less of its text than its feed does, what
    /// the feed has told of it.
    async fn or_as_told(
        &self,
        read: Result<(Page, Reading), Stop>,
        told: Option<&str>,
        journey: &Journey,
        hints: &Arc<Hints>,
        origin: &Origin,
        notes: &mut Notes,
    ) -> Result<(Page, Reading), Stop> {
        let Some(told) = told else { return read };
        let words_read = match &read {
            Err(Stop::Rejected { reason, .. }) if stand_in::is_wanted(*reason) => 0,
            Ok((_, Reading::Article(own))) if own.content.rights.accessible_for_free == Some(false) => {
                own.content.word_count
            }
            _ => return read,
        };
        let raw = stand_in::page(told, journey.url(), journey.status());
        match self.read(raw, hints.clone(), origin, notes).await {
            Ok((page, Reading::Article(mut article))) if article.content.word_count > words_read => {
                article.content.hinted.insert(0, "body".to_owned());
                Ok((page, Reading::Article(article)))
            }
            _ => read,
        }
    }

    /// Decompresses and reads a page on one of the threads for such work.
    async fn read(
        &self,
        raw: Box<Raw>,
        hints: Arc<Hints>,
        origin: &Origin,
        notes: &mut Notes,
    ) -> Result<(Page, Reading), Stop> {
        let _within = self.metrics.stages.enter("extract");
        let received = self.capacity.hold_page(raw.bytes.len() as u64);
        let (capacity, settings) = (self.capacity.clone(), self.settings.clone());
        let (quarantine, origin) = (self.quarantine.clone(), origin.clone());
        let work = move || {
            let _working = (received, quarantine.enter(&origin));
            let page = raw.decode(settings.fetch.max_body)?;
            let _decoded = capacity.hold_page(page.bytes.len() as u64);
            let reading = Reading::of(&page, &hints, &settings)?;
            Ok((page, reading))
        };
        let Read { answer, began } = self.readers.run(self.settings.extract.time_limit * STUCK_AFTER, work).await;
        let result: Result<(Page, Reading), Stop> = answer.unwrap_or_else(|unread| {
            let reason = match unread {
                Unread::Panicked(_) => Reason::StageFailed,
                Unread::Stuck(_) => Reason::StageTimedOut,
            };
            Err(Stop::rejected(reason, format!("extract: {unread}")))
        });
        self.note(notes, Lap { stage: "extract", started: began, took: began.elapsed() });
        if let Ok((page, _)) = &result {
            self.metrics.fetch_bytes.with_label_values(&["body"]).inc_by(page.bytes.len() as u64);
        }
        result
    }

    /// Decides what an article is, given what is known.
    async fn decide(
        &self,
        mut article: Article,
        origin: &Origin,
        dedup: Dedup<'_>,
        notes: &mut Notes,
    ) -> (Verdict, Option<Claim>) {
        let started = Instant::now();
        let consumed = if let Dedup::Claim(consumed) = dedup { consumed } else { origin };
        let asked = asked(&article, origin, consumed);
        let within = self.metrics.stages.enter("dedup");
        let (answer, claim) = match dedup {
            Dedup::Claim(_) => self.store.claim(&asked).await,
            Dedup::Look => (self.store.look(&asked).await, None),
        };
        drop(within);
        self.note(notes, Lap { stage: "dedup", started, took: started.elapsed() });
        let decision = match answer {
            Finding::Unchanged => return (Verdict::Unchanged, claim),
            Finding::Decided(decision) | Finding::Again(decision) => decision,
        };
        notes.cluster_merged = decision.merged.map(|cluster| cluster.to_string());
        let ruling = decision.ruling;
        (article.revision, article.changed) = (ruling.revision, ruling.changed);
        if ruling.changed.is_some() && article.content.modified_at.is_none() {
            article.content.modified_at = article.fetch.fetched_at.parse().ok();
        }
        article.duplicate = ruling.link.map(|link| Duplicate {
            cluster: link.cluster.to_string(),
            of: link.of.to_string(),
            relation: link.relation,
            similarity: link.similarity,
        });
        let verdict = match ruling.link.filter(|_| ruling.duplicate) {
            Some(link) => {
                let article = self.settings.dedup.publish_duplicates.then(|| Box::new(article));
                Verdict::Duplicate { of: link.of.to_string(), article }
            }
            None if ruling.revision > 1 => Verdict::Revised(Box::new(article)),
            None => Verdict::Published(Box::new(article)),
        };
        (verdict, claim)
    }

    /// What of a feed is sent on.
    fn expand(
        &self,
        found: &Found<'_>,
        feed: feeds::Feed,
        subscription: Option<&Subscription>,
        notes: &mut Notes,
    ) -> Result<Verdict, Stop> {
        let is_index = feed.kind == Kind::Index;
        if found.depth > DEEPEST || is_index && found.depth == DEEPEST {
            let detail = format!("{} lists led here one from the other; the walk goes no deeper", found.depth);
            return Err(Stop::rejected(Reason::TooComplex, detail));
        }
        let now = Timestamp::now();
        let known = subscription.and_then(Subscription::known);
        notes.hub = feed.hub.clone();
        let mut expanded = self.seen.expand(found, feed, known.as_ref(), &self.settings.feeds, now);
        self.seen.remember(&expanded, found.origin);
        self.metrics.feed_entries(&expanded.counts);
        notes.entries = Some(expanded.counts);
        if self.settings.retry.tiers.is_empty() {
            // There is nowhere to leave the rest.
            expanded.messages.extend(expanded.rest.drain(..).flatten());
        }
        let part = |entries| UrlMessage { entries, ..UrlMessage::bare(found.address.as_str()) };
        notes.rest = expanded.rest.into_iter().map(part).collect();
        Ok(Verdict::Expanded(expanded.messages))
    }

    fn note(&self, notes: &mut Notes, lap: Lap) {
        self.metrics.stages.spent(lap.stage, lap.took);
        notes.laps.push(lap);
    }
}

impl Notes {
    /// How a round of a subscription went.
    fn went(&self) -> Went<'_> {
        Went { heard: self.heard.as_ref(), moved_to: self.moved_to.as_ref(), status: self.status }
    }

    fn say(&mut self, what: &str) {
        let said = self.said.get_or_insert_default();
        if !said.is_empty() {
            said.push_str("; ");
        }
        said.push_str(what);
    }

    fn ending(self, verdict: Verdict) -> Ending {
        let Self { url, canonical_url, article_id, cluster_merged, said: note, laps, .. } = self;
        let (next, listings) = (Vec::new(), Vec::new());
        Ending { verdict, url, canonical_url, article_id, cluster_merged, next, listings, note, laps }
    }
}

/// What is asked about an article.
fn asked(article: &Article, origin: &Origin, consumed: &Origin) -> Asked {
    let named = |url: &str| Identity::of(url).ok().map(|identity| ArticleId::of_key(&identity.key));
    let host = Url::parse(&article.canonical_url).ok().and_then(|url| url.host_str().map(host_hash));
    Asked {
        id: article.id.parse().unwrap_or(ArticleId::of_key(&article.id)),
        host: host.unwrap_or_default(),
        text: Fingerprint::of(&article.content.body),
        source: article.content.attribution.source_url.as_deref().and_then(named),
        origin: origin.clone(),
        consumed: consumed.clone(),
        at: u32::try_from(Timestamp::now().as_second()).unwrap_or_default(),
    }
}
