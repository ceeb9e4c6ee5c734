//! The back end: what is done is written, then counted, then committed.
//!
//! One thread gathers what finishes within `delivery.commit_interval`, delivers its records, marks it
//! done in the ledgers, and commits the frontiers that moved. While one interval is delivered the
//! next one fills. A record of an outcome is written after what it speaks of is acknowledged, and an
//! offset is committed after both: a crash anywhere repeats work and loses none.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rdkafka::consumer::{CommitMode, Consumer as _};
use rdkafka::error::KafkaResult;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use tokio_util::sync::CancellationToken;

use super::capacity::Held;
use super::intake::Consumer;
use super::message::{Parcel, Taken};
use super::outbox::{Outbox, OutboxError};
use super::parcels::{Parcels, Writer};
use super::partitions::{Commitment, Partitions};
use crate::dedup::Claim;
use crate::metrics::Metrics;
use crate::record::{Ending, Reason, Verdict};

/// The most messages that one interval holds; more are cheaper in several.
const MOST_IN_INTERVAL: usize = 2_000;

/// What the pipeline hands over.
#[derive(Debug)]
pub enum Handover {
    /// A message that ended.
    Ended(Box<Ended>),
    /// Commit what is done now, then answer.
    Flush(SyncSender<()>),
    /// Nothing more will come: commit what is done, and end.
    Finish,
}

/// What one interval holds.
struct Interval {
    ended: Vec<Ended>,
    flushed: Option<SyncSender<()>>,
    last: bool,
}

/// A message that ended, and what it holds until its offset is safe.
#[derive(Debug)]
pub struct Ended {
    /// The message.
    pub taken: Taken,
    /// How it ended.
    pub ending: Ending,
    /// What it claims to be the first of; released when it is dropped unconfirmed.
    pub claim: Option<Claim>,
    /// The bytes that it held in flight.
    pub held: Held,
}

/// The thread that writes and commits.
pub struct Commit {
    /// Whose offsets are committed.
    pub consumer: Arc<Consumer>,
    /// The ledgers.
    pub partitions: Arc<Partitions>,
    /// Where records go.
    pub outbox: Outbox,
    /// How records are written.
    pub writer: Writer,
    /// What ends.
    pub ended: Receiver<Handover>,
    /// How long an interval is filled.
    pub interval: Duration,
    /// Cancelled when the brokers shall no longer be waited for.
    pub abandon: CancellationToken,
    /// What is counted.
    pub metrics: Arc<Metrics>,
}

/// A message of the interval under way, with its records.
struct Entry {
    ended: Ended,
    parcels: Parcels,
}

impl Commit {
    /// Writes and commits until it is told to finish. Blocks: it wants a thread of its own.
    pub fn run(mut self) -> Result<(), OutboxError> {
        loop {
            let interval = self.gather();
            self.hand_over(interval.ended)?;
            self.commit_offsets();
            if let Some(answer) = interval.flushed {
                let _ = answer.send(());
            }
            if interval.last {
                return Ok(());
            }
        }
    }

    /// What ended within one interval, counted from the first message on.
    fn gather(&self) -> Interval {
        let mut interval = Interval { ended: Vec::new(), flushed: None, last: false };
        let mut deadline = Instant::now() + self.interval;
        while interval.ended.len() < MOST_IN_INTERVAL {
            match self.ended.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(Handover::Ended(ended)) => {
                    if interval.ended.is_empty() {
                        deadline = Instant::now() + self.interval;
                    }
                    interval.ended.push(*ended);
                }
                Ok(Handover::Flush(answer)) => {
                    interval.flushed = Some(answer);
                    break;
                }
                Ok(Handover::Finish) | Err(RecvTimeoutError::Disconnected) => {
                    interval.last = true;
                    break;
                }
                Err(RecvTimeoutError::Timeout) => break,
            }
        }
        interval
    }

    /// Delivers the records of one interval and marks its messages done.
    fn hand_over(&mut self, ended: Vec<Ended>) -> Result<(), OutboxError> {
        let started = Instant::now();
        let now = Timestamp::now();
        let mut entries: Vec<Entry> = Vec::with_capacity(ended.len());
        for mut ended in ended {
            let Taken { message, ticket } = &ended.taken;
            if !self.partitions.is_current(&message.partition, ticket.epoch) {
                continue;
            }
            let parcels = self.writer.write(message, &mut ended.ending, now);
            entries.push(Entry { ended, parcels });
        }
        if entries.is_empty() {
            return Ok(());
        }
        self.deliver_contents(&mut entries, now)?;
        let outcomes: Vec<&Parcel> = entries.iter().map(|entry| &entry.parcels.outcome).collect();
        let refused = self.outbox.deliver(&outcomes, &self.abandon)?;
        if !refused.is_empty() {
            tracing::error!(records = refused.len(), "outcome records are too large for their topic");
        }
        self.metrics.stage("commit", started.elapsed());
        for entry in entries {
            self.settle(entry.ended);
        }
        Ok(())
    }

    /// Delivers what the outcomes speak of. What the brokers refuse for its size becomes a rejection,
    /// and a rejection that is too large itself goes without its value.
    fn deliver_contents(&mut self, entries: &mut [Entry], now: Timestamp) -> Result<(), OutboxError> {
        let mut todo: BTreeSet<usize> = (0..entries.len()).collect();
        while !todo.is_empty() {
            let mut owners = Vec::new();
            let mut contents = Vec::new();
            for (owner, entry) in entries.iter().enumerate().filter(|(owner, _)| todo.contains(owner)) {
                owners.extend(std::iter::repeat_n(owner, entry.parcels.content.len()));
                contents.extend(&entry.parcels.content);
            }
            let refused = self.outbox.deliver(&contents, &self.abandon)?;
            todo = refused.iter().filter_map(|number| owners.get(*number).copied()).collect();
            for entry in todo.iter().copied().collect::<Vec<_>>() {
                let Some(entry) = entries.get_mut(entry) else { continue };
                self.make_smaller(entry, now);
            }
        }
        Ok(())
    }

    fn make_smaller(&self, entry: &mut Entry, now: Timestamp) {
        let ending = &mut entry.ended.ending;
        if let Verdict::Rejected { detail, .. } = &mut ending.verdict {
            let bytes = entry.ended.taken.message.value.take().map_or(0, |value| value.len());
            detail.push_str(&format!("; the value of {bytes} bytes is left out: the rejected topic refuses it"));
            if bytes == 0 {
                // Nothing is left to leave out but the message's own key and headers.
                entry.ended.taken.message.key = None;
                entry.ended.taken.message.headers.clear();
            }
        } else {
            let detail = "the brokers refuse the record for its size (max.message.bytes)".to_owned();
            ending.verdict = Verdict::Rejected { reason: Reason::TooLarge, detail };
            entry.ended.claim = None;
        }
        entry.parcels = self.writer.write(&entry.ended.taken.message, ending, now);
    }

    /// Counts a message whose records are acknowledged.
    fn settle(&self, ended: Ended) {
        let Taken { message, ticket } = &ended.taken;
        let outcome = ended.ending.verdict.outcome();
        if let Err(refusal) = self.partitions.complete(&message.partition, message.offset, ticket.epoch, outcome) {
            // Lost while its records were on their way: the next owner does it again.
            tracing::debug!(%refusal, "a completion came late");
            return;
        }
        self.metrics.outcome(&ended.ending.verdict);
        log(&ended);
        if let Some(claim) = ended.claim {
            claim.confirm();
        }
    }

    /// Commits the positions that moved. What fails is tried again with the next interval.
    fn commit_offsets(&self) {
        let commitments = self.partitions.to_commit();
        if commitments.is_empty() {
            return;
        }
        let result = offsets_of(&commitments).and_then(|list| self.consumer.commit(&list, CommitMode::Sync));
        self.metrics.commits.with_label_values(&[if result.is_ok() { "ok" } else { "failed" }]).inc();
        match result {
            Ok(()) => self.partitions.committed(commitments),
            Err(failure) => {
                tracing::warn!(error = %failure, partitions = commitments.len(), "committing failed; trying again");
            }
        }
    }
}

fn offsets_of(commitments: &[Commitment]) -> KafkaResult<TopicPartitionList> {
    let mut list = TopicPartitionList::with_capacity(commitments.len());
    for Commitment { partition, position, metadata, .. } in commitments {
        let mut element = list.add_partition(&partition.topic, partition.number);
        element.set_offset(Offset::Offset(position.frontier))?;
        element.set_metadata(metadata);
    }
    Ok(list)
}

/// The one event that a message leaves at info.
fn log(ended: &Ended) {
    let message = &ended.taken.message;
    let (reason, detail) = ended.ending.verdict.reason().unzip();
    tracing::info!(
        topic = &*message.partition.topic,
        partition = message.partition.number,
        offset = message.offset,
        url = ended.ending.url.as_deref(),
        outcome = ended.ending.verdict.outcome().as_str(),
        reason = reason.map(Reason::as_str),
        detail,
        article_id = ended.ending.article_id.as_deref(),
        attempt = message.attempt(),
        "message ended"
    );
}
