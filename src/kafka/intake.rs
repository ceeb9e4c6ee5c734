//! The front end: messages in, as far as there is room for them.
//!
//! One thread polls the consumer whatever the rest of the worker does, so that the worker never
//! leaves its group by being slow. A partition is paused when the worker stays full, and a retry
//! partition whose head is not due until it is, or until it has stood there for its tier's delay: then it travels
//! on, so what waits long holds up nothing behind it. The head is held here meanwhile, outside the
//! ledger, so it blocks nothing and loses its place to nobody.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rdkafka::consumer::Consumer as _;
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Message as _};
use rdkafka::topic_partition_list::TopicPartitionList;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::capacity::Capacity;
use super::message::{Consumed, Envelope, Taken, Trust};
use super::partitions::{Partition, Partitions};
use super::rebalance::Consumer;
use crate::metrics::Metrics;
use crate::record::Origin;

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

/// How long leaving the group may take: a request to its coordinator.
const LEAVE_WITHIN: Duration = Duration::from_secs(3);

/// How long a full worker waits for room before it pauses its partitions: two intervals of commits and a half. Rebalances wait
/// as long at most.
const STAND_BY: Duration = Duration::from_millis(500);

/// How often it looks for room: a fortieth of an interval of commits.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// A message that is not due, at the head of its paused partition.
struct Waiting {
    message: Consumed,
    wakes_ms: i64,
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
    /// The retry topics, each with how long a message stands there at most.
    pub retries: Vec<(Arc<str>, Duration)>,
    /// The group, for messages.
    pub group: String,
    /// Whether the worker's place in the group is given up at the end.
    pub leave: CancellationToken,
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
        topics.extend(self.retries.iter().map(|(topic, _)| &**topic));
        self.consumer.subscribe(&topics).map_err(IntakeError::Subscribe)?;
        let mut waiting: BTreeMap<Partition, Waiting> = BTreeMap::new();
        let mut paused: BTreeSet<Partition> = BTreeSet::new();
        let mut full = false;
        while !self.finished.is_cancelled() {
            self.metrics.intake_beat();
            if self.consumer.context().assignment_changed() {
                let assigned: BTreeSet<Partition> = self.partitions.assigned().into_iter().collect();
                waiting.retain(|partition, _| assigned.contains(partition));
                // New partitions come unpaused.
                paused.clear();
            }
            full = if full { !self.has_room_again() } else { self.stays_full() };
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
        if self.leave.is_cancelled() {
            self.leave();
        }
        Ok(())
    }

    /// Gives the place in the group up, so that its partitions go to others at once. Closing a consumer would not do
    /// for a static member (KIP-345), but to unsubscribe does.
    fn leave(&self) {
        self.consumer.unsubscribe();
        let deadline = Instant::now() + LEAVE_WITHIN;
        while Instant::now() < deadline && self.consumer.assignment().is_ok_and(|list| list.count() > 0) {
            let _ = self.consumer.poll(Duration::from_millis(50));
        }
        tracing::info!("the place in the group is given up");
    }

    /// Whether there is no room for a message, and none comes within a moment. A busy worker is full most of the time, and has
    /// room again with its next commit: that is waited for, since a pause throws away what was fetched ahead, and
    /// librdkafka takes up to a second to fetch again after it. (256 in flight made 256 pages/s, whatever they cost.)
    fn stays_full(&self) -> bool {
        let deadline = Instant::now() + STAND_BY;
        while self.is_full() {
            self.metrics.intake_paused.set(1);
            if self.draining.is_cancelled() || Instant::now() >= deadline {
                return true;
            }
            std::thread::sleep(LOOK_AGAIN);
        }
        false
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
            not_before_ms: envelope.not_before_ms,
            last_reason: envelope.last_reason,
            key: message.key().map(<[u8]>::to_vec),
            value: message.payload().map(<[u8]>::to_vec),
            headers: envelope.theirs,
            author: envelope.author,
        };
        match self.wakes_ms(&consumed, message.timestamp().to_millis()) {
            Some(wakes_ms) if wakes_ms > now => {
                waiting.insert(consumed.partition.clone(), Waiting { message: consumed, wakes_ms });
            }
            _ => self.take(consumed),
        }
    }

    /// When a message that was written at `written_ms` is looked at: when it is due, or has stood on its tier long enough.
    fn wakes_ms(&self, message: &Consumed, written_ms: Option<i64>) -> Option<i64> {
        let due_ms = message.not_before_ms?;
        let tier = self.retries.iter().find(|(topic, _)| *topic == message.partition.topic);
        let delay_ms = tier.map(|(_, delay)| i64::try_from(delay.as_millis()).unwrap_or(i64::MAX));
        let moves_on_ms = written_ms.zip(delay_ms).map(|(written_ms, delay_ms)| written_ms.saturating_add(delay_ms));
        Some(moves_on_ms.map_or(due_ms, |moves_on_ms| due_ms.min(moves_on_ms)))
    }

    /// Takes the heads that are due, and reads on behind them.
    fn release_due(&self, waiting: &mut BTreeMap<Partition, Waiting>) {
        let now = now_ms();
        let due: Vec<Partition> =
            waiting.iter().filter(|(_, head)| head.wakes_ms <= now).map(|(partition, _)| partition.clone()).collect();
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
        // The client has said so by its own event, with more words.
        tracing::debug!(error = %failure, "consuming failed; trying again");
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
            .chain(self.retries.iter().map(|(topic, _)| topic))
            .find(|topic| &***topic == name)
            .map_or_else(|| name.into(), Arc::clone)
    }
}

/// How long a poll may block: short, since room and due times change without an event.
fn poll_timeout(waiting: &BTreeMap<Partition, Waiting>) -> Duration {
    const LONGEST: Duration = Duration::from_millis(50);
    let now = now_ms();
    // A head that is overdue waits for room, and room makes itself known within the longest poll.
    let next = waiting.values().map(|head| head.wakes_ms.saturating_sub(now)).filter(|left| *left > 0).min();
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
