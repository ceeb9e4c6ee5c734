//! The producer that both kinds of delivery send with, and what it reports of each record.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::client::ClientContext;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseProducer, BaseRecord, DeliveryResult, Producer as _, ProducerContext};
use tokio_util::sync::CancellationToken;

use super::client::{Link, Listener, log_event};
use super::message::Parcel;

/// How long without a single acknowledgement until we count as unable to produce.
pub(super) const SILENCE: Duration = Duration::from_secs(5);

/// How long nothing is reported until it is asked whether the transaction still stands, and how often.
const ASKED_EVERY: Duration = Duration::from_secs(1);

/// Asks whether a transaction still stands: why not, if not.
type Ask<'a> = &'a dyn Fn() -> Result<Option<String>, DeliveryError>;

/// When a round is lost although records of it are not reported yet.
#[derive(Clone, Copy)]
pub(super) enum Lost<'a> {
    /// Never: each record is tried for ever.
    Never,
    /// With the first record that fails, and when the transaction must be aborted. librdkafka sends nothing more of
    /// such a transaction, and reports the rest after `message.timeout.ms`: 30 s in which a worker would stand still.
    WithItsTransaction(Ask<'a>),
}

/// What came of a round.
#[derive(Debug, Default)]
pub(super) struct Round {
    /// The numbers of the records that were not taken, and why.
    pub failed: Vec<(usize, RDKafkaErrorCode)>,
    /// Why the transaction must be aborted, where no record's failure said so.
    pub doomed: Option<String>,
}

impl Round {
    fn is_lost(&self, lost: Lost<'_>) -> bool {
        matches!(lost, Lost::WithItsTransaction(_)) && (self.doomed.is_some() || !self.failed.is_empty())
    }
}

/// Why records could not be delivered.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// librdkafka refuses the settings.
    #[error("the kafka producer can't be made from the settings: {0}")]
    Client(#[source] KafkaError),
    /// The worker was told to end before the brokers took the records.
    #[error("ended before the brokers took the records; they will be made again")]
    Abandoned,
    /// A newer worker has taken over.
    #[error("fenced: another worker runs under the same delivery.instance_id: {0}")]
    Fenced(String),
    /// The producer can't go on, and with it the transaction.
    #[error("the producer can't go on: {0}")]
    Fatal(String),
}

/// What the producer reports of each record: its number, and why it failed if it did.
pub(super) struct Reports {
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

/// An idempotent producer.
pub(super) struct Sender {
    /// librdkafka's own.
    pub producer: BaseProducer<Reports>,
    link: Arc<Link>,
    /// Whether the next round sends each record in a batch of its own, since a batch was refused.
    one_by_one: AtomicBool,
}

impl Sender {
    /// Opens a producer. Nothing is asked of the brokers yet.
    pub fn open(config: &ClientConfig, listener: &Listener) -> Result<Self, DeliveryError> {
        let reports = Reports { listener: listener.clone(), arrived: Mutex::default() };
        let producer = config.create_with_context(reports).map_err(DeliveryError::Client)?;
        Ok(Self { producer, link: listener.0.clone(), one_by_one: AtomicBool::new(false) })
    }

    /// Sends the records of these numbers once, and waits until all are reported or the round is [`Lost`].
    ///
    /// Brokers refuse a whole batch for its size, also where one record of it alone is too large. So several
    /// refusals are reported as `MessageBatchTooLarge`, which says nothing of any one record; the next round sends
    /// each record by itself, and then `MessageSizeTooLarge` is said of just those that are.
    pub fn round(
        &self,
        parcels: &[&Parcel],
        numbers: &[usize],
        lost: Lost<'_>,
        abandon: &CancellationToken,
    ) -> Result<Round, DeliveryError> {
        let mut round = Round::default();
        if self.one_by_one.swap(false, Ordering::Relaxed) {
            for number in numbers {
                self.send_all(parcels, std::slice::from_ref(number), lost, abandon, &mut round)?;
                if round.is_lost(lost) {
                    break;
                }
            }
            return Ok(round);
        }
        self.send_all(parcels, numbers, lost, abandon, &mut round)?;
        let is_refused = |(_, code): &&mut (usize, RDKafkaErrorCode)| *code == RDKafkaErrorCode::MessageSizeTooLarge;
        if round.failed.iter_mut().filter(is_refused).count() > 1 {
            tracing::warn!(
                "brokers refuse a batch for its size; each record is sent by itself. Where that happens often, set \
                 batch.size among kafka.producer_properties below the topic's max.message.bytes"
            );
            let refused = round.failed.iter_mut().filter(is_refused);
            refused.for_each(|(_, code)| *code = RDKafkaErrorCode::MessageBatchTooLarge);
            self.one_by_one.store(true, Ordering::Relaxed);
        }
        Ok(round)
    }

    fn send_all(
        &self,
        parcels: &[&Parcel],
        numbers: &[usize],
        lost: Lost<'_>,
        abandon: &CancellationToken,
        round: &mut Round,
    ) -> Result<(), DeliveryError> {
        let refused_before = round.failed.len();
        for &number in numbers {
            let Some(parcel) = parcels.get(number) else { continue };
            while let Err(failure) = self.send(parcel, number) {
                if failure != RDKafkaErrorCode::QueueFull {
                    round.failed.push((number, failure));
                    break;
                }
                self.producer.poll(Duration::from_millis(10));
                if abandon.is_cancelled() {
                    return Err(DeliveryError::Abandoned);
                }
            }
        }
        let sent = numbers.len() - (round.failed.len() - refused_before);
        let (mut last_news, mut last_asked, mut reported) = (Instant::now(), Instant::now(), 0);
        while reported < sent {
            self.producer.poll(Duration::from_millis(20));
            let news = std::mem::take(&mut *self.reports());
            let is_quiet = news.is_empty();
            if !is_quiet {
                last_news = Instant::now();
            } else if last_news.elapsed() > SILENCE {
                self.set_able(false);
            }
            reported += news.len();
            round.failed.extend(news.into_iter().filter_map(|(number, code)| code.map(|code| (number, code))));
            if abandon.is_cancelled() && reported < sent {
                return Err(DeliveryError::Abandoned);
            }
            // The reports of one batch come together, and then it is quiet.
            if is_quiet && round.is_lost(lost) {
                return Ok(());
            }
            if let Lost::WithItsTransaction(ask) = lost
                && last_news.max(last_asked).elapsed() > ASKED_EVERY
            {
                round.doomed = ask()?;
                last_asked = Instant::now();
            }
        }
        self.set_able(true);
        Ok(())
    }

    /// Takes what is reported for a moment, without looking at it: what an aborted transaction leaves behind.
    pub fn forget_reports(&self) {
        let start = Instant::now();
        while self.producer.in_flight_count() > 0 && start.elapsed() < Duration::from_millis(50) {
            self.producer.poll(Duration::from_millis(5));
        }
        self.reports().clear();
    }

    /// Notes whether brokers take what is sent.
    pub fn set_able(&self, able: bool) {
        self.link.set_producing(able);
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

    fn reports(&self) -> MutexGuard<'_, Vec<(usize, Option<RDKafkaErrorCode>)>> {
        self.producer.client().context().arrived.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The code of an error that has one.
pub(super) fn code_of(failure: &KafkaError) -> RDKafkaErrorCode {
    failure.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Fail)
}
