//! What the messages that ended say of the service: how fresh its articles are, how complete, how they relate, and
//! on which tier the deferred ones wait.

use jiff::Timestamp;
use prometheus::core::{Collector, Desc};
use prometheus::proto::{Metric, MetricFamily};
use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, Opts};

use crate::record::{Article, Content, Date, Outcome, Reason, Relation, Verdict};

/// Upper bounds of an article's age when it is committed, in seconds: from one that was fetched at once to one that
/// waited a day on the retry topics. 300 is the objective's bound (deploy/prometheus/rules.yml).
const AGE_SECONDS: [f64; 11] = [0.5, 1.0, 2.5, 10.0, 30.0, 60.0, 300.0, 900.0, 3_600.0, 21_600.0, 86_400.0];

/// From when an article's age is counted.
const SINCE: [&str; 2] = ["first_seen", "published_at"];

/// The fields whose lack is counted: those that a reader of news misses most, and that go with a changed layout.
const FIELDS: [&str; 5] = ["title", "published_at", "authors", "language", "image"];

/// What is counted of messages that ended. A clone counts for the same.
#[derive(Debug, Clone)]
pub(super) struct Endings {
    outcomes: IntCounterVec,
    ages: HistogramVec,
    incomplete: IntCounterVec,
    related: IntCounterVec,
    deferred: IntCounterVec,
}

impl Endings {
    /// Nothing has ended yet.
    pub fn new() -> Result<Self, prometheus::Error> {
        let counters = |name: &str, help: &str, labels: &[&str]| IntCounterVec::new(Opts::new(name, help), labels);
        let ages = HistogramOpts::new(
            "newswire_article_age_seconds",
            "Age of an article when its record was committed, since its message was first seen or it was published.",
        );
        let endings = Self {
            outcomes: counters(
                "newswire_outcomes_total",
                "Messages that ended, by outcome and reason.",
                &["outcome", "reason"],
            )?,
            ages: HistogramVec::new(ages.buckets(AGE_SECONDS.to_vec()), &["since"])?,
            incomplete: counters(
                "newswire_incomplete_articles_total",
                "Published and revised articles that lack a field.",
                &["field"],
            )?,
            related: counters(
                "newswire_related_articles_total",
                "Article records that relate to an earlier one.",
                &["relation"],
            )?,
            deferred: counters(
                "newswire_deferred_messages_total",
                "Messages that were deferred, by retry topic.",
                &["topic"],
            )?,
        };
        endings.show_zeros();
        Ok(endings)
    }

    /// Series exist from the start, so that a rate over them has a beginning.
    fn show_zeros(&self) {
        for outcome in Outcome::ALL {
            if !matches!(outcome, Outcome::Deferred | Outcome::Rejected) {
                self.outcomes.with_label_values(&[outcome.as_str(), ""]);
            }
        }
        for since in SINCE {
            self.ages.with_label_values(&[since]);
        }
        for field in FIELDS {
            self.incomplete.with_label_values(&[field]);
        }
        for relation in [Relation::Copy, Relation::Excerpt, Relation::Update] {
            self.related.with_label_values(&[name_of(relation)]);
        }
    }

    /// Counts a message that ended so, first seen at `first_seen_ms` and committed at `now_ms` (milliseconds since
    /// 1970).
    pub fn count(&self, verdict: &Verdict, first_seen_ms: i64, now_ms: i64) {
        let reason = verdict.reason().map_or("", |(reason, _)| Reason::as_str(reason));
        self.outcomes.with_label_values(&[verdict.outcome().as_str(), reason]).inc();
        if let Verdict::Deferred { topic, .. } = verdict {
            self.deferred.with_label_values(&[topic]).inc();
        }
        if let Verdict::Published(article) | Verdict::Revised(article) = verdict {
            self.ages.with_label_values(&["first_seen"]).observe(seconds_between(first_seen_ms, now_ms));
            self.count_missing(&article.content);
        }
        if let Verdict::Published(article) = verdict
            && let Some(published_ms) = article.content.published_at.as_ref().and_then(instant)
        {
            self.ages.with_label_values(&["published_at"]).observe(seconds_between(published_ms, now_ms));
        }
        if let Some(relation) = verdict.article().and_then(Article::relation) {
            self.related.with_label_values(&[name_of(relation)]).inc();
        }
    }

    /// How many messages ended, by outcome and reason.
    pub fn outcomes(&self) -> Vec<(String, String, u64)> {
        let families = self.outcomes.collect();
        let series = families.iter().flat_map(MetricFamily::get_metric);
        let of_one = |series: &Metric| {
            let label = |name| series.get_label().iter().find(|label| label.name() == name);
            let label = |name| label(name).map(|label| label.value().to_owned()).unwrap_or_default();
            (label("outcome"), label("reason"), series.get_counter().get_value() as u64)
        };
        series.map(of_one).collect()
    }

    fn count_missing(&self, content: &Content) {
        let lacks = [
            content.title.is_none(),
            content.published_at.is_none(),
            content.authors.is_empty(),
            content.language.is_none(),
            content.images.is_empty(),
        ];
        for (field, _) in FIELDS.iter().zip(lacks).filter(|(_, lacks)| *lacks) {
            self.incomplete.with_label_values(&[field]).inc();
        }
    }

    fn vectors(&self) -> [&dyn Collector; 5] {
        [&self.outcomes, &self.ages, &self.incomplete, &self.related, &self.deferred]
    }
}

impl Collector for Endings {
    fn desc(&self) -> Vec<&Desc> {
        self.vectors().into_iter().flat_map(Collector::desc).collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        self.vectors().into_iter().flat_map(Collector::collect).collect()
    }
}

/// A day alone is no instant to count from.
fn instant(date: &Date) -> Option<i64> {
    match date {
        Date::Day(_) => None,
        Date::Time(..) => date.latest().map(Timestamp::as_millisecond),
    }
}

/// A publisher's clock may be ahead of ours: then the age is 0.
fn seconds_between(earlier_ms: i64, later_ms: i64) -> f64 {
    later_ms.saturating_sub(earlier_ms).max(0) as f64 / 1_000.0
}

const fn name_of(relation: Relation) -> &'static str {
    match relation {
        Relation::Copy => "copy",
        Relation::Excerpt => "excerpt",
        Relation::Update => "update",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Duplicate, Fetch, Input};

    const NOW_MS: i64 = 1_700_000_000_000;

    fn article(content: Content, duplicate: Option<Duplicate>) -> Box<Article> {
        Box::new(Article {
            schema_version: 1,
            id: String::new(),
            url: String::new(),
            canonical_url: String::new(),
            final_url: String::new(),
            content,
            revision: 1,
            changed: None,
            duplicate,
            fetch: Fetch::default(),
            input: Input::default(),
        })
    }

    fn age(endings: &Endings, since: &str) -> (u64, f64) {
        let ages = endings.ages.with_label_values(&[since]);
        (ages.get_sample_count(), ages.get_sample_sum())
    }

    #[test]
    fn the_age_of_an_article_is_counted_from_both_ends() {
        let endings = Endings::new().unwrap();
        let published_at = Some("2023-11-14T23:12:20+01:00".parse().unwrap());
        let content = Content { published_at, ..Content::default() };
        endings.count(&Verdict::Published(article(content.clone(), None)), NOW_MS - 2_500, NOW_MS);
        assert_eq!((age(&endings, "first_seen"), age(&endings, "published_at")), ((1, 2.5), (1, 60.0)));
        // A revision is fresh, however old the article is; a day is no instant; the future is no age below zero.
        endings.count(&Verdict::Revised(article(content.clone(), None)), NOW_MS - 500, NOW_MS);
        let day = Content { published_at: Some("2023-11-14".parse().unwrap()), ..Content::default() };
        endings.count(&Verdict::Published(article(day, None)), NOW_MS, NOW_MS);
        endings.count(&Verdict::Published(article(content, None)), NOW_MS, NOW_MS - 3_600_000);
        assert_eq!((age(&endings, "first_seen"), age(&endings, "published_at")), ((4, 3.0), (2, 60.0)));
    }

    #[test]
    fn what_an_article_lacks_is_counted_and_what_it_has_is_not() {
        let endings = Endings::new().unwrap();
        let content = Content { title: Some("A title".into()), authors: vec!["Ada".into()], ..Content::default() };
        endings.count(&Verdict::Revised(article(content, None)), NOW_MS, NOW_MS);
        let counts = FIELDS.map(|field| endings.incomplete.with_label_values(&[field]).get());
        assert_eq!(counts, [0, 1, 0, 1, 1]);
    }

    #[test]
    fn relations_reasons_and_tiers_have_counters_of_their_own() {
        let endings = Endings::new().unwrap();
        let relation = Relation::Excerpt;
        let duplicate = Duplicate { cluster: String::new(), of: String::new(), relation, similarity: 0.5 };
        endings.count(&Verdict::Published(article(Content::default(), Some(duplicate))), NOW_MS, NOW_MS);
        assert_eq!(endings.related.with_label_values(&["excerpt"]).get(), 1);
        let (reason, detail, topic) = (Reason::Timeout, String::new(), "retry.1m".to_owned());
        endings.count(&Verdict::Deferred { reason, detail, topic, not_before_ms: 0, attempts: 1 }, NOW_MS, NOW_MS);
        assert_eq!(endings.deferred.with_label_values(&["retry.1m"]).get(), 1);
        assert_eq!(endings.outcomes.with_label_values(&["deferred", "timeout"]).get(), 1);
    }
}
