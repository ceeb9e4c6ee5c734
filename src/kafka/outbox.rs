//! Records out, at least once: by an idempotent producer, each acknowledged by all replicas.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::client::ClientContext;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseProducer, BaseRecord, DeliveryResult, Producer as _, ProducerContext};
use tokio_util::sync::CancellationToken;

use super::client::{Listener, log_event};
use super::message::Parcel;
use crate::metrics::Metrics;

/// How long without a single acknowledgement until we count as unable to produce.
const SILENCE: Duration = Duration::from_secs(5);

/// Why records could not be delivered.
#[derive(Debug, thiserror::Error)]
pub enum OutboxError {
    /// librdkafka refuses the settings.
    #[error("the kafka producer can't be made from the settings: {0}")]
    Client(#[source] KafkaError),
    /// The worker was told to end before the brokers took the records.
    #[error("ended before the brokers took the records; they will be made again")]
    Abandoned,
}

/// What the producer reports of each record: its number, and whether it is acknowledged.
struct Reports {
    listener: Listener,
    arrived: Mutex<Vec<(usize, Option<RDKafkaErrorCode>)>>,
}

impl ClientContext for Reports {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        log_event(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.listener.hear(&error, reason);
    }
}

impl ProducerContext for Reports {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, number: usize) {
        let failure = result.as_ref().err().map(|(failure, _)| code_of(failure));
        self.arrived.lock().unwrap_or_else(PoisonError::into_inner).push((number, failure));
    }
}

/// The producer's end of the worker.
pub struct Outbox {
    config: ClientConfig,
    listener: Listener,
    metrics: Arc<Metrics>,
    producer: BaseProducer<Reports>,
}

impl Outbox {
    /// Opens a producer. Nothing is asked of the brokers yet.
    pub fn open(config: ClientConfig, listener: Listener, metrics: Arc<Metrics>) -> Result<Self, OutboxError> {
        let producer = producer(&config, &listener)?;
        Ok(Self { config, listener, metrics, producer })
    }

    /// Delivers all records, however long the brokers take; the answer has the numbers of those that
    /// the brokers refuse for their size.
    ///
    /// Blocks until every record is acknowledged or refused. `abandon` ends it early: then any number
    /// of them may have been written.
    pub fn deliver(&mut self, parcels: &[&Parcel], abandon: &CancellationToken) -> Result<Vec<usize>, OutboxError> {
        let mut refused = Vec::new();
        let mut pending: Vec<usize> = (0..parcels.len()).collect();
        while !pending.is_empty() {
            let failed = self.round(parcels, &pending, abandon)?;
            let (large, again): (Vec<_>, Vec<_>) =
                failed.into_iter().partition(|(_, code)| *code == RDKafkaErrorCode::MessageSizeTooLarge);
            refused.extend(large.into_iter().map(|(number, _)| number));
            if let Some((_, code)) = again.first() {
                tracing::warn!(records = again.len(), error = %code, "producing failed; trying again");
                self.metrics.produce_failures.inc_by(again.len() as u64);
                self.reopen_after_fatal()?;
                if !abandon.is_cancelled() {
                    self.producer.poll(Duration::from_millis(500));
                }
            }
            pending = again.into_iter().map(|(number, _)| number).collect();
        }
        self.metrics.produced.inc_by((parcels.len() - refused.len()) as u64);
        Ok(refused)
    }

    /// Sends the records of these numbers once, and waits for all reports.
    fn round(
        &self,
        parcels: &[&Parcel],
        numbers: &[usize],
        abandon: &CancellationToken,
    ) -> Result<Vec<(usize, RDKafkaErrorCode)>, OutboxError> {
        let link = &self.listener.0;
        let mut failed = Vec::new();
        for &number in numbers {
            let Some(parcel) = parcels.get(number) else { continue };
            while let Err(failure) = self.send(parcel, number) {
                if failure != RDKafkaErrorCode::QueueFull {
                    failed.push((number, failure));
                    break;
                }
                self.producer.poll(Duration::from_millis(10));
                if abandon.is_cancelled() {
                    return Err(OutboxError::Abandoned);
                }
            }
        }
        let sent = numbers.len() - failed.len();
        let mut last_news = Instant::now();
        let mut reported = 0;
        while reported < sent {
            self.producer.poll(Duration::from_millis(20));
            let news = std::mem::take(&mut *self.reports());
            if !news.is_empty() {
                last_news = Instant::now();
            } else if last_news.elapsed() > SILENCE {
                link.set_producing(false);
            }
            reported += news.len();
            failed.extend(news.into_iter().filter_map(|(number, code)| code.map(|code| (number, code))));
            if abandon.is_cancelled() && reported < sent {
                return Err(OutboxError::Abandoned);
            }
        }
        link.set_producing(true);
        Ok(failed)
    }

    fn send(&self, parcel: &Parcel, number: usize) -> Result<(), RDKafkaErrorCode> {
        let mut record: BaseRecord<'_, [u8], [u8], usize> = BaseRecord::with_opaque_to(&parcel.topic, number);
        if let Some(key) = &parcel.key {
            record = record.key(key);
        }
        if let Some(value) = &parcel.value {
            record = record.payload(value);
        }
        if let Some(headers) = parcel.owned_headers() {
            record = record.headers(headers);
        }
        self.producer.send(record).map_err(|(failure, _)| code_of(&failure))
    }

    fn reports(&self) -> std::sync::MutexGuard<'_, Vec<(usize, Option<RDKafkaErrorCode>)>> {
        self.producer.client().context().arrived.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A producer that met a fatal error (its sequence is lost) is of no more use; a new one is.
    fn reopen_after_fatal(&mut self) -> Result<(), OutboxError> {
        let Some((code, detail)) = self.producer.client().fatal_error() else { return Ok(()) };
        tracing::warn!(error = %code, detail, "the producer met a fatal error; opening a new one");
        self.producer = producer(&self.config, &self.listener)?;
        Ok(())
    }
}

fn producer(config: &ClientConfig, listener: &Listener) -> Result<BaseProducer<Reports>, OutboxError> {
    let reports = Reports { listener: listener.clone(), arrived: Mutex::default() };
    config.create_with_context(reports).map_err(OutboxError::Client)
}

fn code_of(failure: &KafkaError) -> RDKafkaErrorCode {
    failure.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Fail)
}
