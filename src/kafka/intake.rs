//! The front end: messages in, as far as there is room for them.
//!
//! One thread polls the consumer whatever the rest of the worker does, so that the worker never
//! leaves its group by being slow. A partition is paused when the worker is full, and a retry
//! partition whose head is not due until it is; the head is held here meanwhile, outside the
//! ledger, so it blocks nothing and loses its place to nobody.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext, Rebalance};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Message as _};
use rdkafka::statistics::Statistics;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList, TopicPartitionListElem};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::capacity::Capacity;
use super::client::{Listener, log_event};
use super::commit::Handover;
use super::ledger::Position;
use super::message::{Consumed, Envelope, Taken, Trust};
use super::partitions::{Partition, Partitions};
use super::position;
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
    metrics: Arc<Metrics>,
    finished: CancellationToken,
    changed: AtomicBool,
}

impl Rebalances {
    /// A context for a consumer whose commits are made behind `commit`, until `finished` is cancelled.
    pub fn new(
        listener: Listener,
        partitions: Arc<Partitions>,
        commit: SyncSender<Handover>,
        metrics: Arc<Metrics>,
        finished: CancellationToken,
    ) -> Self {
        Self { listener, partitions, commit, metrics, finished, changed: AtomicBool::new(false) }
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
                self.partitions.assign(committed(consumer, list, &self.finished));
            }
            Rebalance::Revoke(list) => self.revoke(consumer, list),
            Rebalance::Error(failure) => tracing::warn!(error = %failure, "rebalance failed"),
        }
        self.metrics.rebalances.inc();
        self.changed.store(true, Ordering::Release);
    }
}

/// Where each partition was committed, and what is done beyond; blocks until that is known.
///
/// To guess would be to do again what is done. Offsets of a transaction that is still open are waited for
/// (`isolation.level` makes the request ask for stable offsets, KIP-447).
fn committed(
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

/// Why intake ends before it is told to.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// Another worker runs under the same instance id.
    #[error("fenced: another worker of group {group:?} runs under the same delivery.instance_id: {detail}")]
    Fenced {
        /// The group.
        group: String,
        /// librdkafka's words.
        detail: String,
    },
    /// The consumer can't go on; a new one may.
    #[error("the consumer can't go on: {0}")]
    Fatal(String),
    /// The subscription was refused.
    #[error("subscribing failed: {0}")]
    Subscribe(#[source] KafkaError),
}

/// A message that is not due, at the head of its paused partition.
struct Waiting {
    message: Consumed,
    due_ms: i64,
}

/// The thread that polls.
pub struct Intake {
    /// The consumer, not yet subscribed.
    pub consumer: Arc<Consumer>,
    /// The ledgers.
    pub partitions: Arc<Partitions>,
    /// Where messages go; it has room for `max_in_flight`.
    pub pipeline: mpsc::Sender<Taken>,
    /// What bounds intake.
    pub capacity: Arc<Capacity>,
    /// The topic of URLs; all others are retry topics.
    pub urls: Arc<str>,
    /// The retry topics.
    pub retries: Vec<Arc<str>>,
    /// The group, for messages.
    pub group: String,
    /// Cancelled when no more messages shall be taken.
    pub draining: CancellationToken,
    /// Cancelled when polling can end.
    pub finished: CancellationToken,
    /// What is counted.
    pub metrics: Arc<Metrics>,
}

impl Intake {
    /// Subscribes and takes messages until it is told to end. Blocks: it wants a thread of its own.
    pub fn run(self) -> Result<(), IntakeError> {
        let mut topics: Vec<&str> = vec![&self.urls];
        topics.extend(self.retries.iter().map(|topic| &**topic));
        self.consumer.subscribe(&topics).map_err(IntakeError::Subscribe)?;
        let mut waiting: BTreeMap<Partition, Waiting> = BTreeMap::new();
        let mut paused: BTreeSet<Partition> = BTreeSet::new();
        let mut full = false;
        while !self.finished.is_cancelled() {
            self.metrics.intake_beat();
            if self.consumer.context().changed.swap(false, Ordering::AcqRel) {
                let assigned: BTreeSet<Partition> = self.partitions.assigned().into_iter().collect();
                waiting.retain(|partition, _| assigned.contains(partition));
                // New partitions come unpaused.
                paused.clear();
            }
            full = if full { !self.has_room_again() } else { self.is_full() };
            if !full {
                self.release_due(&mut waiting);
            }
            self.set_pauses(full, &waiting, &mut paused);
            match self.consumer.poll(poll_timeout(&waiting)) {
                None => self.look_for_a_fatal_error()?,
                Some(Ok(message)) => self.receive(&message, &mut waiting),
                Some(Err(failure)) => self.judge(failure)?,
            }
        }
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.draining.is_cancelled() || self.capacity.is_full(self.partitions.in_flight())
    }

    fn has_room_again(&self) -> bool {
        !self.draining.is_cancelled() && self.capacity.has_room_again(self.partitions.in_flight())
    }

    /// Sees to it that just the partitions are paused that must be: all when the worker is full, else those
    /// whose head waits or whose commits are crowded.
    fn set_pauses(&self, full: bool, waiting: &BTreeMap<Partition, Waiting>, paused: &mut BTreeSet<Partition>) {
        self.metrics.intake_paused.set(i64::from(full));
        let wanted: BTreeSet<Partition> = if full {
            self.partitions.assigned().into_iter().collect()
        } else {
            waiting.keys().cloned().chain(self.partitions.crowded()).collect()
        };
        if wanted == *paused {
            return;
        }
        let (to_pause, to_resume) = (list_of(wanted.difference(paused)), list_of(paused.difference(&wanted)));
        note(self.consumer.pause(&to_pause), "pausing partitions");
        note(self.consumer.resume(&to_resume), "resuming partitions");
        *paused = wanted;
    }

    fn receive(&self, message: &BorrowedMessage<'_>, waiting: &mut BTreeMap<Partition, Waiting>) {
        let trust = if message.topic() == &*self.urls { Trust::Theirs } else { Trust::Ours };
        let envelope = Envelope::read(message, trust);
        let topic = self.topic(message.topic());
        let now = now_ms();
        let consumed = Consumed {
            partition: Partition { topic: topic.clone(), number: message.partition() },
            offset: message.offset(),
            origin: envelope.origin.unwrap_or_else(|| Origin {
                topic: topic.to_string(),
                partition: message.partition(),
                offset: message.offset(),
            }),
            attempts_before: envelope.attempts,
            first_seen_ms: envelope.first_seen_ms.unwrap_or(now),
            key: message.key().map(<[u8]>::to_vec),
            value: message.payload().map(<[u8]>::to_vec),
            headers: envelope.theirs,
        };
        match envelope.not_before_ms {
            Some(due_ms) if due_ms > now => {
                waiting.insert(consumed.partition.clone(), Waiting { message: consumed, due_ms });
            }
            _ => self.take(consumed),
        }
    }

    /// Takes the heads that are due, and reads on behind them.
    fn release_due(&self, waiting: &mut BTreeMap<Partition, Waiting>) {
        let now = now_ms();
        let due: Vec<Partition> =
            waiting.iter().filter(|(_, head)| head.due_ms <= now).map(|(partition, _)| partition.clone()).collect();
        for partition in due {
            let Some(head) = waiting.remove(&partition) else { continue };
            self.take(head.message);
        }
    }

    fn take(&self, message: Consumed) {
        let ticket = match self.partitions.take(&message.partition, message.offset) {
            Ok(Some(ticket)) => ticket,
            Ok(None) => return,
            // A message of a partition that was just lost, or one that is fetched again after a pause.
            Err(refusal) => {
                tracing::debug!(offset = message.offset, %refusal, "message not taken");
                return;
            }
        };
        if self.pipeline.blocking_send(Taken { message, ticket }).is_err() {
            tracing::debug!("the pipeline has ended; the message will be read again");
        }
    }

    fn judge(&self, failure: KafkaError) -> Result<(), IntakeError> {
        self.look_for_a_fatal_error()?;
        if matches!(failure, KafkaError::MessageConsumptionFatal(_)) {
            return Err(IntakeError::Fatal(failure.to_string()));
        }
        tracing::warn!(error = %failure, "consuming failed; trying again");
        Ok(())
    }

    /// A worker that idles meets no error of its own: whether it was fenced is for us to ask.
    fn look_for_a_fatal_error(&self) -> Result<(), IntakeError> {
        match self.consumer.client().fatal_error() {
            None => Ok(()),
            Some((RDKafkaErrorCode::FencedInstanceId, detail)) => {
                Err(IntakeError::Fenced { group: self.group.clone(), detail })
            }
            Some((code, detail)) => Err(IntakeError::Fatal(format!("{code}: {detail}"))),
        }
    }

    fn topic(&self, name: &str) -> Arc<str> {
        std::iter::once(&self.urls)
            .chain(&self.retries)
            .find(|topic| &***topic == name)
            .map_or_else(|| name.into(), Arc::clone)
    }
}

/// How long a poll may block: short, since room and due times change without an event.
fn poll_timeout(waiting: &BTreeMap<Partition, Waiting>) -> Duration {
    const LONGEST: Duration = Duration::from_millis(50);
    let now = now_ms();
    // A head that is overdue waits for room, and room makes itself known within the longest poll.
    let next = waiting.values().map(|head| head.due_ms.saturating_sub(now)).filter(|left| *left > 0).min();
    next.map_or(LONGEST, |left| LONGEST.min(Duration::from_millis(left.unsigned_abs())))
}

fn list_of<'a>(partitions: impl Iterator<Item = &'a Partition>) -> TopicPartitionList {
    let mut list = TopicPartitionList::new();
    for partition in partitions {
        list.add_partition(&partition.topic, partition.number);
    }
    list
}

fn note(result: KafkaResult<()>, doing: &str) {
    if let Err(failure) = result {
        tracing::warn!(error = %failure, doing, "kafka refused");
    }
}

/// Milliseconds since 1970, as headers have them.
pub(super) fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
