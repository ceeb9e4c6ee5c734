//! What we do when partitions come and go.
//!
//! A partition that comes has its ledger opened at the committed offset, with what is done beyond it; one that goes
//! finishes what a short grace allows, commits, and is closed. One that is lost already is closed at once.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext, ConsumerGroupMetadata, Rebalance};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::statistics::Statistics;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList, TopicPartitionListElem};
use tokio_util::sync::CancellationToken;

use super::client::{Listener, log_event};
use super::commit::Handover;
use super::ledger::Position;
use super::partitions::{Partition, Partitions};
use super::place::Share;
use super::position;
use crate::dedup::Store;
use crate::metrics::Metrics;
use crate::record::Origin;

/// The consumer, with what we do at rebalances.
pub type Consumer = BaseConsumer<Rebalances>;

/// How long a revoked partition may take to finish what is in flight. Short: the whole group waits.
const REVOKE_GRACE: Duration = Duration::from_secs(2);

/// How long the commit of a revoked partition may take.
const REVOKE_COMMIT: Duration = Duration::from_secs(5);

/// How long the coordinator may take to say where partitions were committed.
const COMMITTED_WITHIN: Duration = Duration::from_secs(10);

/// How long after a partition's offset could not be told it is asked for again.
const AGAIN: Duration = Duration::from_millis(200);

/// The consumer's context: opens and closes ledgers as partitions come and go.
pub struct Rebalances {
    listener: Listener,
    partitions: Arc<Partitions>,
    commit: SyncSender<Handover>,
    known: Arc<Store>,
    metrics: Arc<Metrics>,
    finished: CancellationToken,
    protocol: Protocol,
    membership: Mutex<Option<Arc<ConsumerGroupMetadata>>>,
    changed: AtomicBool,
    undecided: Mutex<()>,
}

/// How the group agrees on its assignments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// All stop, and join anew: a membership holds from one assignment to the next.
    Classic,
    /// `group.protocol = "consumer"` (KIP-848): the brokers assign, and a membership's epoch moves on by itself.
    Consumer,
}

impl Rebalances {
    /// A context for a consumer whose commits are made behind `commit`, until `finished` is cancelled.
    pub fn new(
        listener: Listener,
        partitions: Arc<Partitions>,
        commit: SyncSender<Handover>,
        known: Arc<Store>,
        metrics: Arc<Metrics>,
        finished: CancellationToken,
        protocol: Protocol,
    ) -> Self {
        let (membership, changed, undecided) = (Mutex::default(), AtomicBool::new(false), Mutex::default());
        Self { listener, partitions, commit, known, metrics, finished, protocol, membership, changed, undecided }
    }

    /// Whether the assignment has changed since this was last asked.
    pub(super) fn assignment_changed(&self) -> bool {
        self.changed.swap(false, Ordering::AcqRel)
    }

    /// As which member of the group a transaction commits its offsets; `None` while there is no assignment.
    ///
    /// Under the classic protocol it is the membership of the assignment itself. One that is asked for later may be
    /// that of a consumer that has lost its place and does not know what it lost: without a member id in it brokers
    /// take any offset (seen with Kafka 4.3.1), and a member that joined anew would commit what is no longer its own.
    pub(super) fn membership(&self, consumer: &Consumer) -> Option<Arc<ConsumerGroupMetadata>> {
        let held = self.membership.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
        match self.protocol {
            Protocol::Classic => Some(held),
            Protocol::Consumer => consumer.group_metadata().map(Arc::new),
        }
    }

    fn set_membership(&self, membership: Option<ConsumerGroupMetadata>) {
        *self.membership.lock().unwrap_or_else(PoisonError::into_inner) = membership.map(Arc::new);
    }

    /// Held from the look at the ledgers until it is known how the transaction ends that is made of it. Whoever opens a
    /// ledger waits for that: only then do the committed offsets tell where a partition stands that comes back.
    ///
    /// Under KIP-848 a member that lost its place, be it for a heartbeat that timed out, can come back as the same member
    /// at the same epoch (Kafka 4.3.1), and brokers take the offsets of a transaction from before.
    pub(super) fn undecided(&self) -> MutexGuard<'_, ()> {
        self.undecided.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sees how many of the partitions of our topics we were given.
    fn look_at_place(&self, consumer: &Consumer, given: usize) {
        if !self.listener.0.is_place_asked_for() {
            return;
        }
        let partitions = || {
            let topics = consumer.subscription()?;
            let count = |topic: &TopicPartitionListElem<'_>| {
                let metadata = consumer.fetch_metadata(Some(topic.topic()), COMMITTED_WITHIN)?;
                Ok(metadata.topics().iter().map(|topic| topic.partitions().len()).sum::<usize>())
            };
            topics.elements().iter().map(count).sum::<KafkaResult<usize>>()
        };
        match partitions() {
            Ok(of) => self.listener.0.set_share(Share { given, of }),
            Err(failure) => tracing::warn!(error = %failure, "the number of partitions can't be told"),
        }
    }

    fn revoke(&self, consumer: &Consumer, list: &TopicPartitionList) {
        let partitions = partitions_of(list);
        if consumer.assignment_lost() {
            tracing::warn!(partitions = partitions.len(), "assignment lost; its work is given up");
        } else {
            self.partitions.wait_until_idle(&partitions, REVOKE_GRACE);
            let (done, answer) = std::sync::mpsc::sync_channel(1);
            if self.commit.send(Handover::Flush(done)).is_ok() && answer.recv_timeout(REVOKE_COMMIT).is_err() {
                tracing::warn!("the commit before giving up partitions took too long");
            }
            tracing::info!(partitions = partitions.len(), "partitions revoked");
        }
        self.partitions.revoke(&partitions);
        if self.partitions.assigned().is_empty() {
            self.set_membership(None);
        }
        for partition in &partitions {
            self.metrics.forget_lag(&partition.topic, partition.number);
        }
        // librdkafka keeps a pause across losing and regaining a partition.
        if let Err(failure) = consumer.resume(list) {
            tracing::debug!(error = %failure, "resuming revoked partitions");
        }
    }
}

impl ClientContext for Rebalances {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        log_event(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.listener.hear(&error, reason);
    }

    fn stats(&self, statistics: Statistics) {
        self.listener.0.set_cut_off(!statistics.brokers.values().any(|broker| broker.state == "UP"));
        for partition in self.partitions.assigned() {
            let topic = statistics.topics.get(&*partition.topic);
            let Some(statistics) = topic.and_then(|topic| topic.partitions.get(&partition.number)) else { continue };
            // Transactions in the making lie behind the last stable offset, where it is known.
            let end = if statistics.ls_offset >= 0 { statistics.ls_offset } else { statistics.hi_offset };
            if end < 0 {
                continue;
            }
            let committed = self.partitions.committed_frontier(&partition).unwrap_or(statistics.lo_offset.max(0));
            self.metrics.lag(&partition.topic, partition.number, (end - committed).max(0));
        }
    }
}

impl ConsumerContext for Rebalances {
    fn pre_rebalance(&self, consumer: &Consumer, rebalance: &Rebalance<'_>) {
        match rebalance {
            Rebalance::Assign(list) => {
                tracing::info!(partitions = list.count(), "partitions assigned");
                self.set_membership(consumer.group_metadata());
                drop(self.undecided());
                let committed = committed(consumer, list, &self.finished);
                self.look_at_place(consumer, list.count());
                let positions = committed.clone();
                self.known.resolve(move |consumed| is_committed(&positions, consumed));
                self.partitions.assign(committed);
            }
            Rebalance::Revoke(list) => self.revoke(consumer, list),
            Rebalance::Error(failure) => tracing::warn!(error = %failure, "rebalance failed"),
        }
        self.metrics.rebalances.inc();
        self.changed.store(true, Ordering::Release);
    }
}

/// Whether the message at a position was committed; `None` where its partition is not ours.
pub(super) fn is_committed(committed: &[(Partition, Option<Position>)], consumed: &Origin) -> Option<bool> {
    let is_it = |partition: &Partition| *partition.topic == *consumed.topic && partition.number == consumed.partition;
    let (_, position) = committed.iter().find(|(partition, _)| is_it(partition))?;
    let Some(Position { frontier, done }) = position else { return Some(false) };
    Some(consumed.offset < *frontier || done.iter().any(|range| range.contains(&consumed.offset)))
}

/// Where each partition was committed, and what is done beyond; blocks until that is known.
///
/// To guess would be to do again what is done. Offsets of a transaction that is still open are waited for
/// (`isolation.level` makes the request ask for stable offsets, KIP-447).
pub(super) fn committed(
    consumer: &Consumer,
    list: &TopicPartitionList,
    finished: &CancellationToken,
) -> Vec<(Partition, Option<Position>)> {
    let mut asked = TopicPartitionList::with_capacity(list.count());
    for partition in partitions_of(list) {
        asked.add_partition(&partition.topic, partition.number);
    }
    if list.count() == 0 {
        return Vec::new();
    }
    let found = loop {
        match consumer.committed_offsets(asked.clone(), COMMITTED_WITHIN) {
            _ if finished.is_cancelled() => return Vec::new(),
            Ok(found) if found.elements().iter().all(|element| element.error().is_ok()) => break found,
            Ok(_) => std::thread::sleep(AGAIN),
            Err(failure) => tracing::warn!(error = %failure, "committed offsets can't be read; trying again"),
        }
    };
    let position = |element: &TopicPartitionListElem<'_>| {
        let Offset::Offset(frontier) = element.offset() else { return None };
        let done = position::decode(frontier, element.metadata()).unwrap_or_else(|refusal| {
            tracing::warn!(topic = element.topic(), partition = element.partition(), %refusal, "the commit's metadata is ignored");
            Vec::new()
        });
        Some(Position { frontier, done })
    };
    let with_position = |element: &TopicPartitionListElem<'_>| {
        (Partition { topic: element.topic().into(), number: element.partition() }, position(element))
    };
    found.elements().iter().map(with_position).collect()
}

fn partitions_of(list: &TopicPartitionList) -> Vec<Partition> {
    list.elements()
        .iter()
        .map(|element| Partition { topic: element.topic().into(), number: element.partition() })
        .collect()
}
