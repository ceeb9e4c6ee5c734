//! Reading a topic from a start to an end, apart from the workers' group.
//!
//! Partitions are assigned by hand: no group is joined, and nobody is rebalanced. Everything is read at
//! `read_committed`, so the end of a partition is where its first open transaction begins.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext, ConsumerGroupMetadata};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Message as _};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::client::{Link, Listener, TroubleKind, consumer_config};
use super::ledger::Position;
use super::position::{self, PositionError};
use super::topics::TopicError;
use crate::config::Settings;

/// How long brokers may take to answer before we say so.
const ANSWER_WITHIN: Duration = Duration::from_secs(6);

/// How long brokers may be silent while there is something to read: longer than the failover of one.
const SILENT_FOR: Duration = Duration::from_secs(40);

/// How long offsets of an open transaction are waited for: longer than brokers let one be open.
const STABLE_WITHIN: Duration = Duration::from_secs(60);

/// Between two looks at offsets that an open transaction holds back.
const AGAIN: Duration = Duration::from_millis(200);

/// Whether the broker is asked for much at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// What a worker's consumer asks for.
    Steady,
    /// As much as comes: for a topic that is read through in one go. Up to 64 MiB are held.
    Fast,
}

/// Why a topic can't be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The cluster can't be worked with.
    #[error(transparent)]
    Topics(#[from] TopicError),
    /// The brokers answered, and then no more.
    #[error("the brokers have sent nothing for {SILENT_FOR:?}: {0}")]
    Silent(String),
    /// A request failed, and trying again did not help.
    #[error("{doing}: {source}")]
    Failed {
        /// What was asked for.
        doing: &'static str,
        /// librdkafka's words.
        source: KafkaError,
    },
    /// An open transaction holds the group's offsets back.
    #[error("the offsets of group {0:?} are part of a transaction that does not end")]
    Unstable(String),
}

impl ConsumerContext for Listener {}

/// A consumer that is a member of no group.
pub struct Reader {
    consumer: BaseConsumer<Listener>,
    link: Arc<Link>,
    servers: String,
    group: String,
}

impl Reader {
    /// Opens a consumer whose committed offsets, if it has any, are those of `group`. Nothing is asked of the
    /// brokers yet.
    pub fn open(settings: &Settings, group: &str, pace: Pace) -> Result<Self, TopicError> {
        let link = Arc::new(Link::default());
        let mut config = consumer_config(settings);
        config.remove("group.instance.id");
        config.set("group.id", group).set("enable.partition.eof", "true").set("statistics.interval.ms", "0");
        // The end of a partition, which may be a marker and no message, is told by a fetch that waited in vain.
        config.set("fetch.wait.max.ms", "100");
        if pace == Pace::Fast {
            config
                .set("queued.min.messages", "1000000")
                .set("queued.max.messages.kbytes", "65536")
                .set("max.partition.fetch.bytes", "8388608");
        }
        let consumer = config.create_with_context(Listener(link.clone())).map_err(TopicError::Client)?;
        let servers = settings.kafka.bootstrap_servers.clone();
        Ok(Self { consumer, link, servers, group: group.to_owned() })
    }

    /// The partitions of a topic. Blocks, at most some seconds.
    pub fn partitions(&self, topic: &str) -> Result<Vec<i32>, TopicError> {
        let deadline = Instant::now() + ANSWER_WITHIN;
        loop {
            let failure = match self.consumer.fetch_metadata(Some(topic), Duration::from_secs(1)) {
                Ok(metadata) => {
                    self.link.is_well();
                    let known = metadata.topics().iter().filter(|found| found.error().is_none());
                    let partitions: Vec<i32> =
                        known.flat_map(|found| found.partitions()).map(|partition| partition.id()).collect();
                    if partitions.is_empty() {
                        return Err(TopicError::Missing(vec![topic.to_owned()]));
                    }
                    return Ok(partitions);
                }
                Err(failure) => failure,
            };
            // It is by the consumer's events that a refused login is told from a broker that is down.
            while self.consumer.poll(Duration::ZERO).is_some() {}
            self.check_login()?;
            if Instant::now() >= deadline {
                let detail = self.link.trouble().map_or_else(|| failure.to_string(), |trouble| trouble.detail);
                return Err(TopicError::Unreachable { servers: self.servers.clone(), detail });
            }
        }
    }

    /// The offsets that a partition holds now: from its first message to behind the last that is committed.
    pub fn bounds(&self, topic: &str, partition: i32) -> Result<Range<i64>, ReadError> {
        let asked = self.consumer.fetch_watermarks(topic, partition, ANSWER_WITHIN);
        let (low, end) = asked.map_err(|source| ReadError::Failed { doing: "asking for a partition's end", source })?;
        Ok(low..end.max(low))
    }

    /// What the group has committed of a topic's partitions: offset, and what is done beyond it, where that can
    /// be read. Blocks until it is stable, which open transactions may hold up.
    pub fn committed(
        &self,
        topic: &str,
        partitions: &[i32],
    ) -> Result<BTreeMap<i32, Result<Position, PositionError>>, ReadError> {
        let mut asked = TopicPartitionList::with_capacity(partitions.len());
        for partition in partitions {
            asked.add_partition(topic, *partition);
        }
        let deadline = Instant::now() + STABLE_WITHIN;
        let found = loop {
            match self.consumer.committed_offsets(asked.clone(), ANSWER_WITHIN) {
                Ok(found) if found.elements().iter().all(|element| element.error().is_ok()) => break found,
                Ok(_) if Instant::now() >= deadline => return Err(ReadError::Unstable(self.group.clone())),
                Err(source) if Instant::now() >= deadline => {
                    return Err(ReadError::Failed { doing: "asking for committed offsets", source });
                }
                // A coordinator that moves, or an offset that is not settled yet.
                Ok(_) | Err(_) => {
                    self.check_login()?;
                    std::thread::sleep(AGAIN);
                }
            }
        };
        let elements = found.elements();
        let committed = elements.iter().filter_map(|element| {
            let Offset::Offset(frontier) = element.offset() else { return None };
            let done = position::decode(frontier, element.metadata());
            Some((element.partition(), done.map(|done| Position { frontier, done })))
        });
        Ok(committed.collect())
    }

    /// Reads these offsets of a topic, partition by partition as they come.
    pub fn scan(&self, topic: &str, spans: &BTreeMap<i32, Range<i64>>) -> Result<Scan<'_>, ReadError> {
        let open: BTreeMap<i32, i64> =
            spans.iter().filter(|(_, span)| !span.is_empty()).map(|(partition, span)| (*partition, span.end)).collect();
        let failed = |source| ReadError::Failed { doing: "assigning partitions", source };
        let mut list = TopicPartitionList::with_capacity(open.len());
        for partition in open.keys() {
            let start = spans.get(partition).map_or(0, |span| span.start);
            list.add_partition_offset(topic, *partition, Offset::Offset(start)).map_err(failed)?;
        }
        self.consumer.assign(&list).map_err(failed)?;
        Ok(Scan { reader: self, topic: topic.to_owned(), open, last_news: Instant::now() })
    }

    /// Reads no more until the next scan.
    pub fn rest(&self) {
        if let Err(failure) = self.consumer.unassign() {
            tracing::debug!(error = %failure, "giving partitions up that were read");
        }
    }

    /// What the brokers want to know of whoever commits offsets of the group.
    pub(super) fn group_metadata(&self) -> Option<ConsumerGroupMetadata> {
        self.consumer.group_metadata()
    }

    /// What client events are noted in.
    pub(super) fn listener(&self) -> Listener {
        Listener(self.link.clone())
    }

    fn check_login(&self) -> Result<(), TopicError> {
        match self.link.trouble().filter(|trouble| trouble.kind == TroubleKind::Refused) {
            Some(trouble) => Err(TopicError::Refused { servers: self.servers.clone(), detail: trouble.detail }),
            None => Ok(()),
        }
    }
}

/// The messages of a topic between the offsets asked for.
pub struct Scan<'r> {
    reader: &'r Reader,
    topic: String,
    /// The partitions that are not read to their end, each with that end.
    open: BTreeMap<i32, i64>,
    last_news: Instant,
}

impl<'r> Scan<'r> {
    /// The next message; `None` when all is read. Blocks.
    pub fn next_message(&mut self) -> Result<Option<BorrowedMessage<'r>>, ReadError> {
        while !self.open.is_empty() {
            match self.reader.consumer.poll(Duration::from_millis(100)) {
                Some(Ok(message)) => {
                    self.last_news = Instant::now();
                    let partition = message.partition();
                    let Some(end) = self.open.get(&partition).copied() else { continue };
                    if message.offset() + 1 >= end {
                        self.close(partition);
                    }
                    if message.offset() < end {
                        return Ok(Some(message));
                    }
                }
                Some(Err(KafkaError::PartitionEOF(partition))) => {
                    self.last_news = Instant::now();
                    self.open.remove(&partition);
                }
                Some(Err(failure)) => self.judge(failure)?,
                None => self.look_at_the_clock()?,
            }
        }
        Ok(None)
    }

    /// Reads no more of a partition.
    pub fn close(&mut self, partition: i32) {
        if self.open.remove(&partition).is_none() || self.open.is_empty() {
            return;
        }
        let mut list = TopicPartitionList::with_capacity(1);
        list.add_partition(&self.topic, partition);
        if let Err(failure) = self.reader.consumer.pause(&list) {
            tracing::debug!(error = %failure, partition, "pausing a partition that is read to its end");
        }
    }

    fn judge(&self, failure: KafkaError) -> Result<(), ReadError> {
        self.reader.check_login()?;
        let code = failure.rdkafka_error_code();
        let for_good = matches!(
            code,
            Some(RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::TopicAuthorizationFailed)
        ) || matches!(failure, KafkaError::MessageConsumptionFatal(_));
        if for_good {
            return Err(ReadError::Failed { doing: "reading", source: failure });
        }
        tracing::debug!(error = %failure, "reading failed; trying again");
        self.look_at_the_clock()
    }

    fn look_at_the_clock(&self) -> Result<(), ReadError> {
        if self.last_news.elapsed() < SILENT_FOR {
            return Ok(());
        }
        self.reader.check_login()?;
        let trouble = self.reader.link.trouble().map_or_else(String::new, |trouble| trouble.detail);
        Err(ReadError::Silent(trouble))
    }
}

impl ReadError {
    /// Whether it is the settings that are wrong: a refused login, a missing topic, a property.
    pub fn is_settings(&self) -> bool {
        matches!(self, Self::Topics(failure) if !failure.may_pass())
    }
}
