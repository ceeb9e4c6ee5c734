//! Records and offsets out, exactly once: all of an interval in one transaction.
//!
//! The transactional id is the worker's for life, so a newer worker of the same instance fences the older
//! one, and what the older one left open is aborted when the newer one starts. What an error means is
//! librdkafka's to say (`is_retriable`, `txn_requires_abort`, `is_fatal`): a step that can be retried is
//! retried until it is known how it ended, a transaction that must be aborted is made again from memory.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::config::ClientConfig;
use rdkafka::consumer::ConsumerGroupMetadata;
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::producer::Producer as _;
use rdkafka::topic_partition_list::TopicPartitionList;
use tokio_util::sync::CancellationToken;

use super::client::Listener;
use super::message::Parcel;
use super::producer::{DeliveryError, Lost, Round, SILENCE, Sender, code_of};
use crate::metrics::Metrics;

/// How long one call may block before it is asked again; between two calls we look whether to give up.
const STEP: Duration = Duration::from_secs(5);

/// The same for an abort, which needs our thread to take the reports of what it purges.
const ABORT_STEP: Duration = Duration::from_millis(200);

/// The producer's end of a worker that delivers exactly once.
pub struct Transactions {
    sender: Sender,
    metrics: Arc<Metrics>,
}

/// How a transaction ended, when it did not end the worker.
#[derive(Debug, PartialEq, Eq)]
pub enum TransactionEnd {
    /// All of it is there for `read_committed`.
    Committed,
    /// None of it is; it can be made again.
    Aborted,
    /// None of it is, since the brokers refuse records of these numbers for their size.
    TooLarge(Vec<usize>),
}

/// What to do about a failed step.
enum Failure {
    Again,
    Abort(String),
}

impl Transactions {
    /// Opens a producer. Nothing is asked of the brokers yet.
    pub fn open(config: &ClientConfig, listener: &Listener, metrics: Arc<Metrics>) -> Result<Self, DeliveryError> {
        Ok(Self { sender: Sender::open(config, listener)?, metrics })
    }

    /// Writes the records and commits the offsets of the group in one transaction. Blocks until it is known
    /// how that ended; `abandon` gives up waiting, and the transaction times out at the brokers.
    pub fn commit(
        &mut self,
        parcels: &[&Parcel],
        offsets: &TopicPartitionList,
        group: &ConsumerGroupMetadata,
        abandon: &CancellationToken,
    ) -> Result<TransactionEnd, DeliveryError> {
        if let Some(why) = self.step(abandon, |sender| sender.producer.begin_transaction())? {
            return self.abort(&why, abandon);
        }
        let numbers: Vec<usize> = (0..parcels.len()).collect();
        // The same offsets again change nothing, and are refused when the transaction must be aborted.
        let ask = || match self.sender.producer.send_offsets_to_transaction(offsets, group, STEP) {
            Ok(()) => Ok(None),
            Err(failure) => Ok(match judge(&failure)? {
                Failure::Again => None,
                Failure::Abort(why) => Some(why),
            }),
        };
        let Round { failed, doomed } = self.sender.round(parcels, &numbers, Lost::WithItsTransaction(&ask), abandon)?;
        if let Some((_, code)) = failed.first() {
            let size = RDKafkaErrorCode::MessageSizeTooLarge;
            let large: Vec<usize> =
                failed.iter().filter(|(_, code)| *code == size).map(|(number, _)| *number).collect();
            self.metrics.produce_failures.inc_by(failed.len() as u64);
            let aborted = self.abort(&code.to_string(), abandon)?;
            return Ok(if large.is_empty() { aborted } else { TransactionEnd::TooLarge(large) });
        }
        if let Some(why) = doomed {
            return self.abort(&why, abandon);
        }
        let send = |sender: &Sender| sender.producer.send_offsets_to_transaction(offsets, group, STEP);
        if let Some(why) = self.step(abandon, send)? {
            return self.abort(&why, abandon);
        }
        if let Some(why) = self.step(abandon, |sender| sender.producer.commit_transaction(STEP))? {
            return self.abort(&why, abandon);
        }
        self.sender.set_able(true);
        self.metrics.produced.inc_by(parcels.len() as u64);
        Ok(TransactionEnd::Committed)
    }

    /// Fences what ran under our transactional id before, and ends the transaction that it left open. To be
    /// called once, before the group is joined: the offsets of that transaction are pending until then, and
    /// no partition of it can be read from.
    pub(super) fn initialise(&self, abandon: &CancellationToken) -> Result<(), DeliveryError> {
        while let Some(why) = self.step(abandon, |sender| sender.producer.init_transactions(STEP))? {
            tracing::warn!(error = why, "transactions can't be had yet; trying again");
        }
        Ok(())
    }

    fn abort(&self, why: &str, abandon: &CancellationToken) -> Result<TransactionEnd, DeliveryError> {
        tracing::warn!(error = why, "transaction aborted; it is made again from memory");
        let abort = |sender: &Sender| {
            // It waits until all that was sent is reported, and it is this thread that takes the reports.
            sender.forget_reports();
            sender.producer.abort_transaction(ABORT_STEP)
        };
        match self.step(abandon, abort)? {
            None => {
                self.sender.forget_reports();
                // They answer: a worker that was frozen, and has nothing to send any more, is not cut off.
                self.sender.set_able(true);
                Ok(TransactionEnd::Aborted)
            }
            Some(failure) => Err(DeliveryError::Fatal(format!("the abort was refused: {failure}"))),
        }
    }

    /// Takes a step until it is known how it ended: `None` done, `Some` the transaction must be aborted.
    fn step(
        &self,
        abandon: &CancellationToken,
        step: impl Fn(&Sender) -> KafkaResult<()>,
    ) -> Result<Option<String>, DeliveryError> {
        let started = Instant::now();
        loop {
            let Err(failure) = step(&self.sender) else { return Ok(None) };
            if started.elapsed() > SILENCE {
                self.sender.set_able(false);
            }
            match judge(&failure)? {
                Failure::Abort(why) => return Ok(Some(why)),
                Failure::Again if abandon.is_cancelled() => return Err(DeliveryError::Abandoned),
                Failure::Again => {
                    tracing::debug!(error = %failure, "a transaction's step is tried again");
                    self.sender.producer.poll(Duration::from_millis(50));
                }
            }
        }
    }
}

fn judge(failure: &KafkaError) -> Result<Failure, DeliveryError> {
    let fenced = matches!(
        code_of(failure),
        RDKafkaErrorCode::ProducerFenced
            | RDKafkaErrorCode::InvalidProducerEpoch
            | RDKafkaErrorCode::Fenced
            | RDKafkaErrorCode::FencedInstanceId
    );
    let KafkaError::Transaction(error) = failure else {
        return Err(DeliveryError::Fatal(failure.to_string()));
    };
    if error.is_retriable() {
        return Ok(Failure::Again);
    }
    if error.txn_requires_abort() {
        return Ok(Failure::Abort(error.to_string()));
    }
    if fenced {
        return Err(DeliveryError::Fenced(error.to_string()));
    }
    Err(DeliveryError::Fatal(error.to_string()))
}

#[cfg(test)]
mod tests;
