//! What must hold between keys.

use std::collections::BTreeMap;
use std::time::Duration;

use super::reader::Reader;
use super::rules::span;
use super::settings::{DedupStore, FrontierStore, Kafka, Settings};

/// librdkafka's `max.poll.interval.ms` where nobody set it.
const MAX_POLL_INTERVAL: Duration = Duration::from_secs(300);

/// Refuses values that are each allowed and can't stand beside each other.
pub(super) fn between_keys(settings: &Settings, reader: &mut Reader) {
    topics_are_distinct(settings, reader);

    let ascends = |pair: &[super::Tier]| matches!(pair, [shorter, longer] if shorter.delay < longer.delay);
    if !settings.retry.tiers.windows(2).all(ascends) {
        reader.refuse("retry.tiers", "each delay must be longer than the one before");
    }

    // A worker that drains for longer than this is thrown out of its group, and can't commit what it finished.
    let limit = max_poll_interval(&settings.kafka);
    if settings.delivery.drain_timeout >= limit {
        let why = format!("must be shorter than max.poll.interval.ms among kafka's properties, {}", span(limit));
        reader.refuse("delivery.drain_timeout", why);
    }

    if settings.admin.control && settings.admin.token.is_none() {
        reader.refuse("admin.control", "orders need a token: set admin.token");
    }
    if settings.dedup.store == DedupStore::Redis && settings.dedup.redis_url.is_none() {
        reader.refuse("dedup.store", "a shared store needs its address: set dedup.redis_url");
    }
    if settings.frontier.store == FrontierStore::Redis && settings.dedup.redis_url.is_none() {
        reader.refuse("frontier.store", "a shared pace needs a store: set dedup.redis_url");
    }
}

/// A topic with two purposes would feed newswire what it wrote itself.
fn topics_are_distinct(settings: &Settings, reader: &mut Reader) {
    let topics = &settings.topics;
    let named = [
        ("topics.urls", &topics.urls),
        ("topics.articles", &topics.articles),
        ("topics.rejected", &topics.rejected),
        ("topics.outcomes", &topics.outcomes),
        ("topics.feeds", &topics.feeds),
    ];
    let tiers = settings.retry.tiers.iter().map(|tier| ("retry.tiers", &tier.topic));
    let mut seen: BTreeMap<&String, &str> = BTreeMap::new();
    for (key, topic) in named.into_iter().chain(tiers) {
        if let Some(other) = seen.insert(topic, key) {
            reader.refuse(key, format!("each topic has one purpose, and {topic} is in {other} already"));
        }
    }
}

fn max_poll_interval(kafka: &Kafka) -> Duration {
    const NAME: &str = "max.poll.interval.ms";
    let given = kafka.consumer_properties.get(NAME).or_else(|| kafka.properties.get(NAME));
    given.and_then(|text| text.parse().ok()).map_or(MAX_POLL_INTERVAL, Duration::from_millis)
}
