//! The back end: what is done is written, then committed, then counted.
//!
//! One thread gathers what finishes within `delivery.commit_interval` and hands it over: at least once or
//! exactly once. While one interval is handed over the next one fills.
//!
//! At least once, an outcome is written after what it speaks of is acknowledged, and offsets are committed
//! after both: a crash anywhere repeats work and loses none. Exactly once, all of it is one transaction.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rdkafka::consumer::{CommitMode, Consumer as _};
use rdkafka::error::KafkaResult;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use tokio_util::sync::CancellationToken;

use super::capacity::Held;
use super::interval::{self, Entry};
use super::message::{HeaderPair, Taken};
use super::outbox::Outbox;
use super::parcels::Writer;
use super::partitions::{Commitment, Partitions, Plan};
use super::producer::DeliveryError;
use super::rebalance::Consumer;
use super::transactions::{TransactionEnd, Transactions};
use crate::dedup::Claim;
use crate::latest::Latest;
use crate::metrics::Metrics;
use crate::record::{Ending, Reason, Verdict};
use crate::traces::Trace;

/// The most messages that one interval holds; more are cheaper in several.
const MOST_IN_INTERVAL: usize = 2_000;

/// The most records that one interval holds, but for those of its last message: feeds that end together are
/// written one after the other. At half, an interval of a thousand articles and their outcomes is cut; at double, readers
/// wait longer for what one transaction holds back.
const MOST_RECORDS: usize = 5_000;

/// How often an interval looks for what has ended: every 10 ms of the default's 200, which is what a rebalance may wait for its commit.
const LOOKS: u32 = 20;

/// How long after an aborted transaction it is made again.
const AFTER_ABORT: Duration = Duration::from_millis(200);

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

/// A message that ended, and what it holds until its offset is safe.
#[derive(Debug)]
pub struct Ended {
    /// The message.
    pub taken: Taken,
    /// How it ended.
    pub ending: Ending,
    /// Its decision; abandoned when it is dropped before it is settled.
    pub claim: Option<Claim>,
    /// The bytes that it held in flight.
    pub held: Held,
    /// Its trace, where it is kept.
    pub trace: Option<Box<Trace>>,
}

impl Ended {
    /// The headers that put what is written for it into its trace: the worker's own where the trace is kept, else those that
    /// the message came with.
    pub(super) fn trace_headers(&self) -> Vec<HeaderPair> {
        self.trace.as_ref().map_or_else(|| self.taken.message.trace().collect(), |trace| trace.headers())
    }
}

/// What is promised about each message, and the producer that keeps it.
pub enum Delivery {
    /// `delivery.mode = "at_least_once"`
    AtLeastOnce(Outbox),
    /// `delivery.mode = "exactly_once"`
    ExactlyOnce(Transactions),
}

impl Delivery {
    /// What must be done before the group is joined. Blocks until it is done or `abandon` is cancelled.
    pub fn prepare(&self, abandon: &CancellationToken) -> Result<(), DeliveryError> {
        match self {
            Self::AtLeastOnce(_) => Ok(()),
            Self::ExactlyOnce(transactions) => transactions.initialise(abandon),
        }
    }
}

/// The thread that writes and commits.
pub struct Commit {
    /// Whose offsets are committed.
    pub consumer: Arc<Consumer>,
    /// The ledgers.
    pub partitions: Arc<Partitions>,
    /// Where records go.
    pub delivery: Delivery,
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
    /// What an operator is shown of what ended.
    pub latest: Arc<Latest>,
    /// What ended and waits for room beside its partition's offset; empty at the start.
    pub waiting: Waiting,
}

/// Messages that ended, and whose records wait for a later transaction.
#[derive(Default)]
pub struct Waiting(Vec<Entry>);

/// What ended within one interval.
struct Gathered {
    ended: Vec<Ended>,
    flushed: Option<SyncSender<()>>,
    last: bool,
}

impl Commit {
    /// Writes and commits until it is told to finish. Blocks: it wants a thread of its own.
    pub fn run(mut self) -> Result<(), DeliveryError> {
        loop {
            let gathered = self.gather();
            self.hand_over(gathered.ended)?;
            if let Some(answer) = gathered.flushed {
                let _ = answer.send(());
            }
            if gathered.last {
                return Ok(());
            }
        }
    }

    /// What ended within one interval, counted from the first message on.
    fn gather(&self) -> Gathered {
        let mut gathered = Gathered { ended: Vec::new(), flushed: None, last: false };
        let mut deadline = Instant::now() + self.interval;
        let mut records = 0;
        while gathered.ended.len() < MOST_IN_INTERVAL && records < MOST_RECORDS {
            match self.next(deadline, gathered.ended.is_empty()) {
                Ok(Handover::Ended(ended)) => {
                    if gathered.ended.is_empty() {
                        deadline = Instant::now() + self.interval;
                    }
                    records += records_of(&ended.ending);
                    gathered.ended.push(*ended);
                }
                Ok(Handover::Flush(answer)) => {
                    gathered.flushed = Some(answer);
                    break;
                }
                Ok(Handover::Finish) | Err(RecvTimeoutError::Disconnected) => {
                    gathered.last = true;
                    break;
                }
                Err(RecvTimeoutError::Timeout) => break,
            }
        }
        gathered
    }

    /// What is handed over next, until `deadline`. The first is waited for; the others are looked for now and then, since to be
    /// woken for each of a hundred costs more than to commit them.
    fn next(&self, deadline: Instant, is_first: bool) -> Result<Handover, RecvTimeoutError> {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if is_first {
                return self.ended.recv_timeout(left);
            }
            match self.ended.try_recv() {
                Ok(handover) => return Ok(handover),
                Err(TryRecvError::Disconnected) => return Err(RecvTimeoutError::Disconnected),
                Err(TryRecvError::Empty) if left.is_zero() => return Err(RecvTimeoutError::Timeout),
                Err(TryRecvError::Empty) => std::thread::sleep(left.min(self.interval / LOOKS)),
            }
        }
    }

    /// Hands over one interval, and settles its messages.
    fn hand_over(&mut self, ended: Vec<Ended>) -> Result<(), DeliveryError> {
        let started = Instant::now();
        let now = Timestamp::now();
        let mut entries = std::mem::take(&mut self.waiting.0);
        let current = ended.into_iter().filter(|ended| self.is_current(&ended.taken));
        entries.extend(current.map(|ended| Entry::new(ended, &self.writer, now)));
        match &mut self.delivery {
            Delivery::AtLeastOnce(outbox) => {
                outbox.deliver(&mut entries, &self.writer, now, &self.abandon)?;
                #[cfg(debug_assertions)]
                broken::if_told("late_offsets", || std::thread::sleep(Duration::from_millis(300)));
                entries.retain(|entry| mark_done(&self.partitions, entry));
                self.commit_offsets();
            }
            Delivery::ExactlyOnce(_) => self.transact(&mut entries, now)?,
        }
        if !entries.is_empty() {
            self.metrics.stages.spent("commit", started.elapsed());
        }
        let (now, committed) = (Timestamp::now(), Instant::now());
        for Entry { ended, .. } in entries {
            let message = &ended.taken.message;
            self.metrics.ended(&ended.ending.verdict, message.first_seen_ms, now.as_millisecond());
            self.latest.note(&ended.ending, &message.origin, now);
            log(&ended);
            if let Some(claim) = ended.claim {
                settle(claim, &ended.ending.verdict);
            }
            if let Some(trace) = ended.trace {
                trace.end(&ended.ending, committed);
            }
        }
        Ok(())
    }

    /// One transaction with records and offsets, made again until it is committed. What of it belongs to a
    /// partition that was lost meanwhile is left out.
    fn transact(&mut self, entries: &mut Vec<Entry>, now: Timestamp) -> Result<(), DeliveryError> {
        let consumer = self.consumer.clone();
        loop {
            let undecided = consumer.context().undecided();
            // Before the look at the ledgers: a rebalance after it makes this membership stale, and the
            // brokers refuse the offsets.
            let membership = consumer.context().membership(&consumer);
            entries.retain(|entry| self.is_current(&entry.ended.taken));
            if entries.is_empty() {
                return Ok(());
            }
            // An assignment that came in between: the next look has its membership.
            let Some(membership) = membership else {
                if self.abandon.is_cancelled() {
                    return Err(DeliveryError::Abandoned);
                }
                drop(undecided);
                std::thread::sleep(AFTER_ABORT);
                continue;
            };
            let Plan { commitments, waiting } = self.partitions.plan(entries.iter().map(|entry| &entry.ended.taken));
            self.put_aside(entries, waiting);
            if entries.is_empty() {
                return Ok(());
            }
            let offsets = offsets_of(&commitments).map_err(|failure| DeliveryError::Fatal(failure.to_string()))?;
            #[cfg(debug_assertions)]
            let offsets = broken::past_the_frontier(&commitments).unwrap_or(offsets);
            let (owners, parcels) = interval::parcels(entries);
            let Delivery::ExactlyOnce(transactions) = &mut self.delivery else { return Ok(()) };
            let end = transactions.commit(&parcels, &offsets, &membership, &self.abandon);
            self.metrics
                .commits
                .with_label_values(&[if matches!(end, Ok(TransactionEnd::Committed)) { "ok" } else { "failed" }])
                .inc();
            match end? {
                TransactionEnd::Committed => {
                    entries.retain(|entry| mark_done(&self.partitions, entry));
                    self.partitions.committed(commitments);
                    return Ok(());
                }
                TransactionEnd::Aborted if self.abandon.is_cancelled() => return Err(DeliveryError::Abandoned),
                TransactionEnd::Aborted => {
                    drop(undecided);
                    std::thread::sleep(AFTER_ABORT);
                }
                TransactionEnd::TooLarge(numbers) => {
                    interval::make_smaller(entries, &owners, &numbers, &self.writer, now)
                }
            }
        }
    }

    /// Leaves the entries of these numbers to a later transaction, which has room for their offsets.
    fn put_aside(&mut self, entries: &mut Vec<Entry>, mut numbers: Vec<usize>) {
        numbers.sort_unstable();
        for number in numbers.into_iter().rev() {
            if number < entries.len() {
                self.waiting.0.push(entries.remove(number));
            }
        }
        if !self.waiting.0.is_empty() {
            tracing::debug!(messages = self.waiting.0.len(), "ends wait for room beside their partition's offset");
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

    fn is_current(&self, taken: &Taken) -> bool {
        self.partitions.is_current(&taken.message.partition, taken.ticket.epoch)
    }
}

/// About how many records an ending comes to.
fn records_of(ending: &Ending) -> usize {
    let expanded = match &ending.verdict {
        Verdict::Expanded(messages) => messages.len(),
        _ => 1,
    };
    expanded + ending.next.len() + 1
}

/// Whether the message was still ours to finish. One that was lost while its records were on their way is
/// done again by the next owner.
fn mark_done(partitions: &Partitions, entry: &Entry) -> bool {
    let Taken { message, ticket } = &entry.ended.taken;
    let outcome = entry.ended.ending.verdict.outcome();
    let marked = partitions.complete(&message.partition, message.offset, ticket.epoch, outcome);
    if let Err(refusal) = &marked {
        tracing::debug!(%refusal, "a completion came late");
    }
    marked.is_ok()
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

/// The claim of a message that was committed; one that was refused for its size claims nothing.
fn settle(claim: Claim, verdict: &Verdict) {
    match verdict {
        Verdict::Published(_) | Verdict::Revised(_) | Verdict::Duplicate { .. } | Verdict::Unchanged => claim.confirm(),
        Verdict::Expanded(_) | Verdict::Deferred { .. } | Verdict::Rejected { .. } => claim.release(),
    }
}

/// The one event that a message leaves at info.
fn log(ended: &Ended) {
    let message = &ended.taken.message;
    let reason = ended.ending.verdict.reason().map(|(reason, _)| reason);
    // Credentials are for no log.
    let url = ended.ending.url.as_deref().filter(|_| reason != Some(Reason::CredentialsInUrl));
    tracing::info!(
        topic = &*message.partition.topic,
        partition = message.partition.number,
        offset = message.offset,
        url,
        outcome = ended.ending.verdict.outcome().as_str(),
        reason = reason.map(Reason::as_str),
        detail = ended.ending.detail(),
        article_id = ended.ending.article_id.as_deref(),
        attempt = message.attempt(),
        trace_id = ended.trace.as_ref().map(|trace| trace.id()),
        "message ended"
    );
}

/// In a debug build, `NEWSWIRE_TEST_BROKEN` breaks a promise on purpose, to show that the crash test finds it out.
#[cfg(debug_assertions)]
mod broken {
    use super::*;

    /// `late_offsets`: records are there long before their offsets, as without a transaction.
    pub fn if_told(what: &str, act: impl FnOnce()) {
        if std::env::var("NEWSWIRE_TEST_BROKEN").is_ok_and(|told| told == what) {
            act();
        }
    }

    /// `past_the_frontier`: the offsets pass messages that are not done.
    pub fn past_the_frontier(commitments: &[Commitment]) -> Option<TopicPartitionList> {
        let mut passed = None;
        if_told("past_the_frontier", || {
            let mut ahead = commitments.to_vec();
            for Commitment { position, metadata, .. } in &mut ahead {
                position.frontier = position.done.last().map_or(position.frontier, |last| last.end);
                metadata.clear();
            }
            passed = offsets_of(&ahead).ok();
        });
        passed
    }
}
