//! Reaching the cluster, and the topics that must be there.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::consumer::Consumer as _;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use super::client::{self, Link, Listener, MAX_MESSAGE_BYTES, TroubleKind};
use super::rebalance::Consumer;
use crate::config::{Settings, Topics};

/// How long brokers may take to answer before we say so.
const ANSWER_WITHIN: Duration = Duration::from_secs(6);

/// Why the cluster can't be worked with.
#[derive(Debug, thiserror::Error)]
pub enum TopicError {
    /// Nobody answers. It may pass.
    #[error("no broker of kafka.bootstrap_servers = {servers:?} answers: {detail}")]
    Unreachable {
        /// The brokers asked.
        servers: String,
        /// librdkafka's words.
        detail: String,
    },
    /// Somebody answers and refuses us. It does not pass by itself.
    #[error(
        "the brokers of kafka.bootstrap_servers = {servers:?} refuse us: {detail}; look at kafka.properties (security.protocol, sasl.*, ssl.*)"
    )]
    Refused {
        /// The brokers asked.
        servers: String,
        /// librdkafka's words.
        detail: String,
    },
    /// Topics are missing, and we may not create them.
    #[error("missing topics: {}; create them, or set kafka.create_topics = true", .0.join(", "))]
    Missing(Vec<String>),
    /// Topics are missing, and the brokers refuse to create them.
    #[error("topic {topic:?} can't be created: {detail}")]
    NotCreated {
        /// The topic.
        topic: String,
        /// The brokers' words.
        detail: String,
    },
    /// librdkafka refuses the settings.
    #[error("the kafka client can't be made from the settings: {0}")]
    Client(#[source] KafkaError),
}

impl TopicError {
    /// Whether trying again can help.
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Unreachable { .. })
    }
}

/// The topics that a worker reads, in the order of `[retry].tiers`.
pub fn read_topics(settings: &Settings) -> Vec<&str> {
    let tiers = settings.retry.tiers.iter().map(|tier| tier.topic.as_str());
    std::iter::once(settings.topics.urls.as_str()).chain(tiers).collect()
}

/// The topics that must exist before work starts.
pub(super) fn needed_topics(settings: &Settings) -> Vec<&str> {
    let mut topics = read_topics(settings);
    let Topics { articles, rejected, outcomes, feeds, .. } = &settings.topics;
    topics.extend([articles.as_str(), rejected, outcomes, feeds]);
    topics
}

/// Asks the cluster which of the needed topics are missing. Blocks, at most some seconds.
///
/// The consumer is polled meanwhile, since it is by its events that a refused login is told from a
/// broker that is down.
pub fn missing_topics(settings: &Settings, consumer: &Consumer, link: &Link) -> Result<Vec<String>, TopicError> {
    let servers = settings.kafka.bootstrap_servers.clone();
    let deadline = Instant::now() + ANSWER_WITHIN;
    loop {
        let failure = match consumer.fetch_metadata(None, Duration::from_secs(1)) {
            Ok(metadata) => {
                link.is_well();
                let known: BTreeSet<&str> = metadata
                    .topics()
                    .iter()
                    .filter(|topic| topic.error().is_none())
                    .map(|topic| topic.name())
                    .collect();
                let missing = needed_topics(settings).into_iter().filter(|topic| !known.contains(topic));
                return Ok(missing.map(str::to_owned).collect());
            }
            Err(failure) => failure,
        };
        while consumer.poll(Duration::ZERO).is_some() {}
        if let Some(trouble) = link.trouble().filter(|trouble| trouble.kind == TroubleKind::Refused) {
            return Err(TopicError::Refused { servers, detail: trouble.detail });
        }
        if Instant::now() >= deadline {
            let detail = link.trouble().map_or_else(|| failure.to_string(), |trouble| trouble.detail);
            return Err(TopicError::Unreachable { servers, detail });
        }
    }
}

/// Creates topics with the cluster's own number of partitions and replicas.
///
/// Topics that carry messages as they came in are made to take large ones ([`MAX_MESSAGE_BYTES`]);
/// the list of feeds keeps the last record of each. Where a cluster's policy forbids either, its own stands.
pub async fn create_topics(settings: &Settings, missing: &[String], link: &Arc<Link>) -> Result<(), TopicError> {
    let admin: AdminClient<Listener> =
        client::admin_config(settings).create_with_context(Listener(link.clone())).map_err(TopicError::Client)?;
    let options = AdminOptions::new().operation_timeout(Some(Duration::from_secs(10)));
    let large = MAX_MESSAGE_BYTES.to_string();
    for topic in missing {
        let Topics { articles, outcomes, feeds, .. } = &settings.topics;
        let property = match topic {
            topic if topic == feeds => Some(("cleanup.policy", "compact")),
            topic if topic == articles || topic == outcomes => None,
            _ => Some(("max.message.bytes", large.as_str())),
        };
        let mut result = Err(RDKafkaErrorCode::InvalidConfig);
        if let Some((name, value)) = property {
            result = create(&admin, new_topic(topic).set(name, value), &options).await?;
        }
        if let Err(RDKafkaErrorCode::PolicyViolation | RDKafkaErrorCode::InvalidConfig) = result {
            result = create(&admin, new_topic(topic), &options).await?;
        }
        match result {
            Ok(()) => tracing::info!(topic = topic.as_str(), "topic created"),
            Err(RDKafkaErrorCode::TopicAlreadyExists) => {}
            Err(code) => return Err(TopicError::NotCreated { topic: topic.clone(), detail: code.to_string() }),
        }
    }
    Ok(())
}

fn new_topic(name: &str) -> NewTopic<'_> {
    NewTopic::new(name, -1, TopicReplication::Fixed(-1))
}

async fn create(
    admin: &AdminClient<Listener>,
    topic: NewTopic<'_>,
    options: &AdminOptions,
) -> Result<Result<(), RDKafkaErrorCode>, TopicError> {
    let not_created =
        |failure: KafkaError| TopicError::NotCreated { topic: topic.name.to_owned(), detail: failure.to_string() };
    let results = admin.create_topics([&topic], options).await.map_err(not_created)?;
    Ok(results.into_iter().next().unwrap_or(Ok(String::new())).map(|_| ()).map_err(|(_, code)| code))
}
