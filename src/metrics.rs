//! Every metric, named once, but for the law's, which stand with the ledgers (`kafka/law.rs`). docs/metrics.md has
//! the table of all, and a test holds it to the code.
//!
//! Names follow Prometheus's conventions: the unit in the name, `_total` on counters. Labels come
//! from closed lists or from the assignment; no URL and no host ever becomes one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use prometheus::core::Collector;
use prometheus::{
    Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder,
};

use crate::feeds::Counts;
use crate::record::{Date, Verdict};

mod endings;
mod stages;

use endings::Endings;
pub use stages::{STAGES, Stages, WORKING, Within};

/// Upper bounds of freshness, in seconds: from ten seconds to a week.
const FRESHNESS_SECONDS: [f64; 12] =
    [10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_800.0, 3_600.0, 10_800.0, 21_600.0, 86_400.0, 604_800.0];

/// What becomes of the entries of feeds.
const FEED_ENTRIES: [&str; 4] = ["new", "known", "left", "bad"];

/// All metrics of a worker, in a registry of their own.
pub struct Metrics {
    registry: Registry,
    endings: Endings,
    /// The stages: who is in which, and for how long.
    pub stages: Stages,
    lag: IntGaugeVec,
    /// Responses by status class, `2xx` and so on, and `none` where there was none.
    pub responses: IntCounterVec,
    /// Bytes of pages, as they came (`wire`) and decompressed (`body`).
    pub fetch_bytes: IntCounterVec,
    /// Records acknowledged by the brokers.
    pub produced: IntCounter,
    /// Records that had to be sent again.
    pub produce_failures: IntCounter,
    /// Commits of offsets by result.
    pub commits: IntCounterVec,
    /// Rebalances seen.
    pub rebalances: IntCounter,
    /// Whether intake is paused because the worker is full (1) or not (0).
    pub intake_paused: IntGauge,
    feed_entries: IntCounterVec,
    freshness: Histogram,
    /// Whether the worker can take work (1) or not (0), as /readyz says.
    pub ready: IntGauge,
    /// Sessions with the brokers: each has kafka clients of its own.
    pub sessions: IntCounter,
    started: Instant,
    intake_beat_ms: AtomicU64,
}

impl Metrics {
    /// Registers everything. Each name is registered once, so it can't fail for a worker of its own.
    pub fn new() -> Result<Arc<Self>, prometheus::Error> {
        let registry = Registry::new();
        let counters = |name: &str, help: &str, labels: &[&str]| IntCounterVec::new(Opts::new(name, help), labels);
        let metrics = Self {
            endings: Endings::new()?,
            stages: Stages::new()?,
            lag: IntGaugeVec::new(
                Opts::new("newswire_partition_lag_messages", "Messages of a partition that are not committed yet."),
                &["topic", "partition"],
            )?,
            responses: counters("newswire_fetch_responses_total", "Responses of hosts, by status class.", &["class"])?,
            fetch_bytes: counters(
                "newswire_fetch_bytes_total",
                "Bytes of pages, as received and decompressed.",
                &["form"],
            )?,
            produced: IntCounter::new("newswire_produced_records_total", "Records that the brokers acknowledged.")?,
            produce_failures: IntCounter::new("newswire_produce_failures_total", "Records that had to be sent again.")?,
            commits: counters("newswire_commits_total", "Commits of offsets, by result.", &["result"])?,
            rebalances: IntCounter::new("newswire_rebalances_total", "Assignments and revocations of partitions.")?,
            intake_paused: IntGauge::new("newswire_intake_paused", "1 while intake waits for room in the worker.")?,
            feed_entries: counters(
                "newswire_feed_entries_total",
                "Entries of feeds and sitemaps, by kind.",
                &["kind"],
            )?,
            freshness: Histogram::with_opts(
                HistogramOpts::new(
                    "newswire_freshness_seconds",
                    "From the time at which a feed's article says it was published to its record.",
                )
                .buckets(FRESHNESS_SECONDS.to_vec()),
            )?,
            ready: IntGauge::new("newswire_ready", "1 while the worker can take work, as /readyz says.")?,
            sessions: IntCounter::new("newswire_sessions_total", "Sessions with the brokers; the first counts.")?,
            started: Instant::now(),
            intake_beat_ms: AtomicU64::new(0),
            registry,
        };
        let build = IntGaugeVec::new(Opts::new("newswire_build_info", "1; the labels say what runs."), &["version"])?;
        build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        let all: [Box<dyn Collector>; 15] = [
            Box::new(build),
            Box::new(metrics.endings.clone()),
            Box::new(metrics.stages.clone()),
            Box::new(metrics.lag.clone()),
            Box::new(metrics.responses.clone()),
            Box::new(metrics.fetch_bytes.clone()),
            Box::new(metrics.produced.clone()),
            Box::new(metrics.produce_failures.clone()),
            Box::new(metrics.commits.clone()),
            Box::new(metrics.rebalances.clone()),
            Box::new(metrics.intake_paused.clone()),
            Box::new(metrics.feed_entries.clone()),
            Box::new(metrics.freshness.clone()),
            Box::new(metrics.ready.clone()),
            Box::new(metrics.sessions.clone()),
        ];
        for collector in all {
            metrics.registry.register(collector)?;
        }
        #[cfg(target_os = "linux")]
        metrics.registry.register(Box::new(prometheus::process_collector::ProcessCollector::for_self()))?;
        metrics.show_zeros();
        Ok(Arc::new(metrics))
    }

    /// Series exist from the start, so that a rate over them has a beginning.
    fn show_zeros(&self) {
        for class in ["1xx", "2xx", "3xx", "4xx", "5xx", "none"] {
            self.responses.with_label_values(&[class]);
        }
        for form in ["wire", "body"] {
            self.fetch_bytes.with_label_values(&[form]);
        }
        for kind in FEED_ENTRIES {
            self.feed_entries.with_label_values(&[kind]);
        }
        for result in ["ok", "failed"] {
            self.commits.with_label_values(&[result]);
        }
    }

    /// Adds figures that are read where they stand, at each scrape.
    pub fn register(&self, collector: Box<dyn Collector>) -> Result<(), prometheus::Error> {
        self.registry.register(collector)
    }

    /// Counts the entries of a feed.
    pub fn feed_entries(&self, counts: &Counts) {
        let Counts { new, known, left, bad } = *counts;
        for (kind, count) in FEED_ENTRIES.into_iter().zip([new, known, left, bad]) {
            self.feed_entries.with_label_values(&[kind]).inc_by(count);
        }
    }

    /// Counts a message that ended so, first seen at `first_seen_ms` and committed at `now_ms` (milliseconds since
    /// 1970), and how fresh its article is where a feed named it.
    pub fn ended(&self, verdict: &Verdict, first_seen_ms: i64, now_ms: i64) {
        self.endings.count(verdict, first_seen_ms, now_ms);
        if let Verdict::Published(article) = verdict
            && article.input.source.is_some()
            && let Some(Date::Time(time, offset)) = article.content.published_at
            && let Ok(published) = offset.to_timestamp(time)
        {
            self.freshness.observe(now_ms.saturating_sub(published.as_millisecond()).max(0) as f64 / 1_000.0);
        }
    }

    /// How many messages ended, by outcome and reason.
    pub fn outcomes(&self) -> Vec<(String, String, u64)> {
        self.endings.outcomes()
    }

    /// Notes a response, by its status; `None` where there was none.
    pub fn response(&self, status: Option<u16>) {
        let class = match status {
            Some(100..200) => "1xx",
            Some(200..300) => "2xx",
            Some(300..400) => "3xx",
            Some(400..500) => "4xx",
            Some(_) => "5xx",
            None => "none",
        };
        self.responses.with_label_values(&[class]).inc();
    }

    /// Notes how far a partition is behind.
    pub fn lag(&self, topic: &str, partition: i32, messages: i64) {
        self.lag.with_label_values(&[topic, &partition.to_string()]).set(messages);
    }

    /// Forgets the lag of a partition that is another worker's now.
    pub fn forget_lag(&self, topic: &str, partition: i32) {
        // It fails where there is no such series, and then there is nothing to forget.
        let _ = self.lag.remove_label_values(&[topic, &partition.to_string()]);
    }

    /// Notes that intake is alive.
    pub fn intake_beat(&self) {
        let elapsed = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.intake_beat_ms.store(elapsed, Ordering::Relaxed);
    }

    /// How long ago intake was alive.
    pub fn since_intake_beat(&self) -> Duration {
        self.started.elapsed().saturating_sub(Duration::from_millis(self.intake_beat_ms.load(Ordering::Relaxed)))
    }

    /// Everything in Prometheus's text format.
    pub fn render(&self) -> Result<String, prometheus::Error> {
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kafka::{Capacity, Law, Partitions};

    /// The names and kinds in a scrape, by their `# TYPE` lines.
    fn kinds(scrape: &str) -> Vec<(String, String)> {
        let typed = scrape.lines().filter_map(|line| line.strip_prefix("# TYPE "));
        typed.filter_map(|line| line.split_once(' ')).map(|(name, kind)| (name.to_owned(), kind.to_owned())).collect()
    }

    #[test]
    fn the_table_in_the_docs_names_every_metric_and_no_other() {
        let metrics = Metrics::new().unwrap();
        let partitions = Arc::new(Partitions::default());
        partitions.assign([(crate::kafka::Partition { topic: "news.urls".into(), number: 0 }, None)]);
        metrics.register(Box::new(Law::new(partitions, Capacity::new(1, 1)).unwrap())).unwrap();
        let hosts = crate::frontier::Hosts::new(1, Duration::ZERO, 1);
        metrics.register(Box::new(crate::frontier::Figures::new(hosts).unwrap())).unwrap();
        let limits = crate::dedup::Limits { ttl: Duration::MAX, most: 1, original: crate::dedup::Original::First };
        let store = crate::dedup::Store::new(limits);
        metrics.register(Box::new(crate::dedup::Gauges::new(store).unwrap())).unwrap();
        metrics.register(Box::new(crate::feeds::FeedFigures::new(Default::default()).unwrap())).unwrap();
        metrics.lag("news.urls", 0, 0);
        let (reason, detail, topic) = (crate::record::Reason::Timeout, String::new(), "retry".to_owned());
        metrics.ended(&Verdict::Deferred { reason, detail, topic, not_before_ms: 0, attempts: 1 }, 0, 0);
        let scrape = metrics.render().unwrap();
        let table = include_str!("../docs/metrics.md");
        let rows = table.lines().filter_map(|line| line.strip_prefix("| `")).filter_map(|line| line.split_once("` | "));
        let mut documented: Vec<(String, String)> =
            rows.map(|(name, rest)| (name.to_owned(), rest.split(' ').next().unwrap_or("").to_owned())).collect();
        let mut served = kinds(&scrape);
        documented.sort();
        served.sort();
        assert_eq!(documented, served);
    }

    #[test]
    fn stages_and_outcomes_have_series_before_anything_happened() {
        let scrape = Metrics::new().unwrap().render().unwrap();
        for stage in STAGES {
            assert!(
                scrape.contains(&format!("newswire_stage_duration_seconds_count{{stage=\"{stage}\"}} 0")),
                "{stage}"
            );
        }
        assert!(scrape.contains("newswire_outcomes_total{outcome=\"published\",reason=\"\"} 0"));
    }
}
