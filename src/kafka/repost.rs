//! Rejected messages back onto the topic of URLs, exactly once.
//!
//! The messages and the offsets of the replay's own group go in one transaction. Its transactional id is
//! the same for every replay of a group of workers, so a newer replay fences the older one, and what the older one
//! left open is aborted before the newer one looks where to begin.

use std::collections::BTreeMap;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use rdkafka::consumer::ConsumerGroupMetadata;
use rdkafka::error::KafkaError;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use tokio_util::sync::CancellationToken;

use super::client::producer_config;
use super::commit::Delivery;
use super::ledger::Position;
use super::message::Parcel;
use super::position;
use super::producer::DeliveryError;
use super::reader::Reader;
use super::transactions::{TransactionEnd, Transactions};
use crate::config::{DeliveryMode, Settings};
use crate::metrics::Metrics;

/// How often an aborted transaction is made again before we say so.
const MOST_ABORTS: u32 = 10;

/// How long after an aborted transaction it is made again.
const AFTER_ABORT: Duration = Duration::from_millis(500);

/// How long the brokers may take for one step, all in all: two transactions may time out meanwhile, and a
/// broker may fail over.
const PATIENCE: Duration = Duration::from_secs(90);

/// Why messages can't be put back.
#[derive(Debug, thiserror::Error)]
pub enum RepostError {
    /// librdkafka refuses the settings.
    #[error(transparent)]
    Client(DeliveryError),
    /// Another replay of the group was started, or this one slept for longer than its transaction may last.
    #[error(
        "fenced: another replay of group {group:?} has started, or this one slept for longer than a transaction may \
         last; what it had not committed is undone, and left to the next run ({detail})"
    )]
    Fenced {
        /// The replay's group.
        group: String,
        /// librdkafka's words.
        detail: String,
    },
    /// The brokers do not take it.
    #[error("the brokers do not take the messages; the next run puts them back, and none twice: {0}")]
    NotTaken(String),
    /// A bug, or a broker with other ideas.
    #[error("the offsets of the replay's group can't be written: {0}")]
    Offsets(#[source] KafkaError),
}

/// The consumer group that remembers what was replayed for the workers of `group_id`.
pub fn replay_group(group_id: &str) -> String {
    format!("{group_id}-replay")
}

/// The transactional id of a replay. No worker has one with a colon behind the group's name.
fn transactional_id(group_id: &str) -> String {
    format!("{}:rejected", replay_group(group_id))
}

/// Whether a position can be written beside an offset in `room` bytes, and read back.
pub fn fits(position: &Position, room: usize) -> bool {
    let text = position::encode(position.frontier, &position.done);
    text.len() <= room && position::decode(position.frontier, &text).as_ref() == Ok(&position.done)
}

/// A producer of transactions, and the group whose offsets go into them.
pub struct Repost {
    transactions: Transactions,
    membership: ConsumerGroupMetadata,
    group: String,
    rejected: String,
}

impl Repost {
    /// Opens the producer and fences whoever replays for the same group. Afterwards, and not before, the
    /// offsets of `reader` say what was replayed. Blocks.
    pub fn open(settings: &Settings, reader: &Reader) -> Result<Self, RepostError> {
        Self::open_as(transactional_id(&settings.kafka.group_id), settings, reader)
    }

    /// The same for a change of the list of feeds, which only one can make at a time.
    pub fn open_for_feeds(settings: &Settings, reader: &Reader) -> Result<Self, RepostError> {
        Self::open_as(format!("{}:feeds", settings.kafka.group_id), settings, reader)
    }

    fn open_as(transactional_id: String, settings: &Settings, reader: &Reader) -> Result<Self, RepostError> {
        let mut exactly_once = settings.clone();
        exactly_once.delivery.mode = DeliveryMode::ExactlyOnce;
        let mut config = producer_config(&exactly_once);
        config.set("transactional.id", transactional_id);
        // Brokers refuse a batch for its size as a whole: alone in its batch, a message is refused for its own.
        config.set("batch.num.messages", "1");
        let group = replay_group(&settings.kafka.group_id);
        let metrics = Metrics::new().map_err(|failure| RepostError::NotTaken(failure.to_string()))?;
        let opened = Transactions::open(&config, &reader.listener(), metrics).map_err(RepostError::Client)?;
        let delivery = Delivery::ExactlyOnce(opened);
        within(PATIENCE, |abandon| delivery.prepare(abandon)).map_err(|failure| told(failure, &group))?;
        let membership = reader.group_metadata();
        let (Delivery::ExactlyOnce(transactions), Some(membership)) = (delivery, membership) else {
            return Err(RepostError::NotTaken("no group".to_owned()));
        };
        Ok(Self { transactions, membership, group, rejected: settings.topics.rejected.clone() })
    }

    /// Puts messages on their topics, and notes the positions of the rejected topic's partitions, both or
    /// neither. The answer has the numbers of the messages that are too large for their topic: where there are
    /// any, nothing was written.
    pub fn commit(
        &mut self,
        parcels: &[&Parcel],
        positions: &BTreeMap<i32, Position>,
    ) -> Result<Vec<usize>, RepostError> {
        let offsets = self.offsets(positions).map_err(RepostError::Offsets)?;
        for _ in 0..MOST_ABORTS {
            let end =
                within(PATIENCE, |abandon| self.transactions.commit(parcels, &offsets, &self.membership, abandon));
            match end.map_err(|failure| told(failure, &self.group))? {
                TransactionEnd::Committed => return Ok(Vec::new()),
                TransactionEnd::TooLarge(numbers) => return Ok(numbers),
                TransactionEnd::Aborted => std::thread::sleep(AFTER_ABORT),
            }
        }
        Err(RepostError::NotTaken(format!("{MOST_ABORTS} transactions were aborted, see the log")))
    }

    fn offsets(&self, positions: &BTreeMap<i32, Position>) -> Result<TopicPartitionList, KafkaError> {
        let mut list = TopicPartitionList::with_capacity(positions.len());
        for (partition, position) in positions {
            let mut element = list.add_partition(&self.rejected, *partition);
            element.set_offset(Offset::Offset(position.frontier))?;
            element.set_metadata(position::encode(position.frontier, &position.done));
        }
        Ok(list)
    }
}

/// Runs a blocking step whose patience is cancelled when it takes too long.
fn within<T>(patience: Duration, step: impl FnOnce(&CancellationToken) -> T) -> T {
    let abandon = CancellationToken::new();
    std::thread::scope(|scope| {
        let (done, waiting) = channel::<()>();
        let late = abandon.clone();
        scope.spawn(move || {
            if waiting.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
                late.cancel();
            }
        });
        let result = step(&abandon);
        drop(done);
        result
    })
}

fn told(failure: DeliveryError, group: &str) -> RepostError {
    match failure {
        DeliveryError::Fenced(detail) => RepostError::Fenced { group: group.to_owned(), detail },
        DeliveryError::Abandoned => RepostError::NotTaken(format!("no answer within {PATIENCE:?}")),
        DeliveryError::Fatal(detail) => RepostError::NotTaken(detail),
        client @ DeliveryError::Client(_) => RepostError::Client(client),
    }
}

impl RepostError {
    /// Whether it is the settings that are wrong.
    pub fn is_settings(&self) -> bool {
        matches!(self, Self::Client(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_fits_until_its_text_is_longer_than_kafka_takes() {
        let every_other = |count: i64| (0..count).map(|n| 2 * n + 1..2 * n + 2).collect();
        assert!(fits(&Position { frontier: 0, done: every_other(12_000) }, 4_096));
        assert!(!fits(&Position { frontier: 0, done: every_other(12_400) }, 4_096));
    }

    #[test]
    fn a_position_that_could_not_be_read_back_does_not_fit() {
        let far = 1_i64 << 40;
        assert!(!fits(&Position { frontier: 0, done: std::iter::once(far..far + 1).collect() }, 4_096));
    }
}
