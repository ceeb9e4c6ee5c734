//! What this worker has seen of the feeds that it asks: how they do, when they are due, which have fallen silent.
//!
//! It is for operators. A feed is asked by whatever worker has its partition, so each worker knows those whose last round
//! was its own, and forgets one that was long due and did not come back.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Gauge, IntGaugeVec, Opts};
use serde::Serialize;

use crate::record::Pace;

/// Feeds that are remembered at most; ten times what one worker is meant for.
const MOST_FEEDS: usize = 100_000;

/// How long after it was due a feed is another worker's: the longest retry tier, and as much again.
const ELSEWHERE_AFTER_MS: i64 = 2 * 3_600 * 1_000;

/// A feed is silent after so many of its usual gaps, and no sooner than [`SILENT_AFTER`]. Not tuned: a feed that
/// publishes by chance, one entry a gap on average, pauses so long once in 20,000 gaps.
const SILENT_GAPS: u64 = 10;

/// See [`SILENT_GAPS`]: a night and a morning are no silence.
const SILENT_AFTER: Duration = Duration::from_secs(24 * 3_600);

/// How a feed does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Its last round went well.
    Well,
    /// Its last round failed.
    Failing,
    /// It used to publish, and stopped.
    Silent,
}

/// What became of the entries of a feed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Entries that were sent on.
    pub new: u64,
    /// Entries that had been sent on before, or of another feed.
    pub known: u64,
    /// Entries that were left: too old, or more than a first meeting takes.
    pub left: u64,
    /// Entries without an address that can be asked.
    pub bad: u64,
}

/// One feed, as its last round left it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FeedView {
    /// Its address.
    pub url: String,
    /// How it does.
    pub state: State,
    /// Rounds that failed in a row.
    pub errors: u32,
    /// When the next round is due, in milliseconds since 1970.
    pub next_due_ms: i64,
    /// When the last round was, in milliseconds since 1970.
    pub asked_ms: i64,
    /// How often it publishes.
    pub pace: Pace,
    /// The entries of the last round that brought any.
    pub entries: Counts,
    /// The hub that would tell of new entries; it is not asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hub: Option<String>,
}

/// The feeds.
#[derive(Debug, Clone, Default)]
pub struct Journal {
    feeds: Arc<Mutex<HashMap<String, FeedView>>>,
}

/// The feeds' figures, read at each scrape.
pub struct FeedFigures {
    journal: Journal,
    states: IntGaugeVec,
    next_due: Gauge,
}

impl Journal {
    /// Notes a round; a feed whose subscription ended is forgotten.
    pub fn note(&self, view: FeedView) {
        let mut feeds = self.feeds();
        if feeds.len() < MOST_FEEDS || feeds.contains_key(&view.url) {
            feeds.insert(view.url.clone(), view);
        }
    }

    /// Forgets a feed.
    pub fn forget(&self, url: &str) {
        self.feeds().remove(url);
    }

    /// What the last round of a feed left.
    pub fn of(&self, url: &str) -> Option<FeedView> {
        self.feeds().get(url).cloned()
    }

    /// At most `most` feeds at `now_ms`: failing ones first, then silent ones, then by when they are due.
    pub fn view(&self, most: usize, now_ms: i64) -> Vec<FeedView> {
        let mut feeds = self.feeds();
        feeds.retain(|_, feed| feed.next_due_ms.saturating_add(ELSEWHERE_AFTER_MS) > now_ms);
        let mut all: Vec<FeedView> = feeds.values().cloned().collect();
        drop(feeds);
        for feed in &mut all {
            feed.state = state(feed, now_ms);
        }
        let rank = |state: State| match state {
            State::Failing => 0,
            State::Silent => 1,
            State::Well => 2,
        };
        all.sort_by(|a, b| (rank(a.state), a.next_due_ms, &a.url).cmp(&(rank(b.state), b.next_due_ms, &b.url)));
        all.truncate(most);
        all
    }

    fn feeds(&self) -> MutexGuard<'_, HashMap<String, FeedView>> {
        self.feeds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn state(feed: &FeedView, now_ms: i64) -> State {
    if feed.errors > 0 {
        return State::Failing;
    }
    let (Some(gap), Some(newest)) = (feed.pace.gap_s, feed.pace.newest_s) else { return State::Well };
    let silence = (now_ms / 1_000).saturating_sub(newest).max(0).unsigned_abs();
    let is_silent = silence > gap.saturating_mul(SILENT_GAPS).max(SILENT_AFTER.as_secs());
    if is_silent { State::Silent } else { State::Well }
}

impl FeedFigures {
    /// The figures of these feeds.
    ///
    /// # Errors
    /// Never in practice: the names are valid.
    pub fn new(journal: Journal) -> Result<Self, prometheus::Error> {
        let states = Opts::new("newswire_feeds", "Subscriptions whose last round was this worker's, by state.");
        let next_due = "Seconds until the next subscription of this worker is due; below 0 when it is late.";
        Ok(Self {
            journal,
            states: IntGaugeVec::new(states, &["state"])?,
            next_due: Gauge::new("newswire_feeds_next_due_seconds", next_due)?,
        })
    }
}

impl Collector for FeedFigures {
    fn desc(&self) -> Vec<&Desc> {
        [self.states.desc(), self.next_due.desc()].concat()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let now_ms = jiff::Timestamp::now().as_millisecond();
        let all = self.journal.view(MOST_FEEDS, now_ms);
        for (state, name) in [(State::Well, "well"), (State::Failing, "failing"), (State::Silent, "silent")] {
            let count = all.iter().filter(|feed| feed.state == state).count();
            self.states.with_label_values(&[name]).set(i64::try_from(count).unwrap_or(i64::MAX));
        }
        let next = all.iter().map(|feed| feed.next_due_ms.saturating_sub(now_ms)).min();
        #[expect(clippy::cast_precision_loss, reason = "seconds, for people")]
        self.next_due.set(next.map_or(0.0, |ms| ms as f64 / 1_000.0));
        [self.states.collect(), self.next_due.collect()].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_542_960_000_000;
    const DAY: i64 = 86_400;

    fn feed(url: &str, errors: u32, gap_s: u64, silent_for_s: i64) -> FeedView {
        FeedView {
            url: url.into(),
            state: State::Well,
            errors,
            next_due_ms: NOW + 1_000,
            asked_ms: NOW,
            pace: Pace { gap_s: Some(gap_s), newest_s: Some(NOW / 1_000 - silent_for_s), ..Pace::default() },
            entries: Counts::default(),
            hub: None,
        }
    }

    #[test]
    fn a_feed_that_stopped_is_silent_and_one_that_is_slow_is_not() {
        let journal = Journal::default();
        journal.note(feed("a-stopped", 0, 3_600, 2 * DAY));
        journal.note(feed("b-slow", 0, 7 * 86_400, 20 * DAY));
        journal.note(feed("c-night", 0, 600, DAY / 2));
        journal.note(feed("d-failing", 2, 3_600, 0));
        let shown: Vec<_> = journal.view(10, NOW).into_iter().map(|feed| (feed.url, feed.state)).collect();
        let expected = [
            ("d-failing", State::Failing),
            ("a-stopped", State::Silent),
            ("b-slow", State::Well),
            ("c-night", State::Well),
        ];
        assert_eq!(shown, expected.map(|(url, state)| (url.to_owned(), state)));
    }

    #[test]
    fn a_feed_that_is_anothers_or_has_ended_is_forgotten() {
        let journal = Journal::default();
        journal.note(feed("a", 0, 60, 0));
        journal.note(feed("b", 0, 60, 0));
        journal.forget("b");
        assert_eq!(journal.view(10, NOW).len(), 1);
        assert!(journal.view(10, NOW + ELSEWHERE_AFTER_MS + 2_000).is_empty());
    }
}
