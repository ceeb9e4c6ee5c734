//! Records out, at least once: by an idempotent producer, each acknowledged by all replicas.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rdkafka::config::ClientConfig;
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::producer::Producer as _;
use tokio_util::sync::CancellationToken;

use super::client::Listener;
use super::interval::{self, Entry};
use super::message::Parcel;
use super::parcels::Writer;
use super::producer::{DeliveryError, Lost, Round, Sender};
use crate::metrics::Metrics;

/// How often a record can be made smaller: an article becomes a rejection, which loses its value, then the rest.
const MOST_SHRINKS: usize = 4;

/// The producer's end of a worker that delivers at least once.
pub struct Outbox {
    config: ClientConfig,
    listener: Listener,
    metrics: Arc<Metrics>,
    sender: Sender,
}

impl Outbox {
    /// Opens a producer. Nothing is asked of the brokers yet.
    pub fn open(config: ClientConfig, listener: Listener, metrics: Arc<Metrics>) -> Result<Self, DeliveryError> {
        let sender = Sender::open(&config, &listener)?;
        Ok(Self { config, listener, metrics, sender })
    }

    /// Delivers an interval: first what the outcomes speak of, then the outcomes. What the brokers refuse for
    /// its size becomes a rejection.
    ///
    /// Blocks, however long the brokers take. `abandon` ends it early: then any part may have been written.
    pub(super) fn deliver(
        &mut self,
        entries: &mut [Entry],
        writer: &Writer,
        now: Timestamp,
        abandon: &CancellationToken,
    ) -> Result<(), DeliveryError> {
        let mut todo: BTreeSet<usize> = (0..entries.len()).collect();
        for _ in 0..MOST_SHRINKS {
            if todo.is_empty() {
                break;
            }
            let of_todo = |(owner, entry)| todo.contains(&owner).then_some((owner, entry));
            let (owners, contents): (Vec<usize>, Vec<&Parcel>) = entries
                .iter()
                .enumerate()
                .filter_map(of_todo)
                .flat_map(|(owner, entry): (usize, &Entry)| {
                    entry.parcels.content.iter().map(move |parcel| (owner, parcel))
                })
                .unzip();
            let refused = self.send(&contents, abandon)?;
            todo = refused.iter().filter_map(|number| owners.get(*number).copied()).collect();
            interval::make_smaller(entries, &owners, &refused, writer, now);
        }
        if !todo.is_empty() {
            tracing::error!(messages = todo.len(), "the rejected topic refuses records with nothing left to leave out");
        }
        let outcomes: Vec<&Parcel> = entries.iter().map(|entry| &entry.parcels.outcome).collect();
        let refused = self.send(&outcomes, abandon)?;
        if !refused.is_empty() {
            tracing::error!(records = refused.len(), "outcome records are too large for their topic");
        }
        Ok(())
    }

    /// Sends all records, however long the brokers take; the answer has the numbers of those that
    /// the brokers refuse for their size.
    ///
    /// Blocks until every record is acknowledged or refused. `abandon` ends it early: then any number
    /// of them may have been written.
    fn send(&mut self, parcels: &[&Parcel], abandon: &CancellationToken) -> Result<Vec<usize>, DeliveryError> {
        let mut refused = Vec::new();
        let mut pending: Vec<usize> = (0..parcels.len()).collect();
        while !pending.is_empty() {
            let Round { failed, .. } = self.sender.round(parcels, &pending, Lost::Never, abandon)?;
            let (large, again): (Vec<_>, Vec<_>) =
                failed.into_iter().partition(|(_, code)| *code == RDKafkaErrorCode::MessageSizeTooLarge);
            refused.extend(large.into_iter().map(|(number, _)| number));
            if let Some((_, code)) = again.first() {
                tracing::warn!(records = again.len(), error = %code, "producing failed; trying again");
                self.metrics.produce_failures.inc_by(again.len() as u64);
                self.reopen_after_fatal()?;
                if !abandon.is_cancelled() {
                    self.sender.producer.poll(Duration::from_millis(500));
                }
            }
            pending = again.into_iter().map(|(number, _)| number).collect();
        }
        self.metrics.produced.inc_by((parcels.len() - refused.len()) as u64);
        Ok(refused)
    }

    /// A producer that met a fatal error (its sequence is lost) is of no more use; a new one is.
    fn reopen_after_fatal(&mut self) -> Result<(), DeliveryError> {
        let Some((code, detail)) = self.sender.producer.client().fatal_error() else { return Ok(()) };
        tracing::warn!(error = %code, detail, "the producer met a fatal error; opening a new one");
        self.sender = Sender::open(&self.config, &self.listener)?;
        Ok(())
    }
}
