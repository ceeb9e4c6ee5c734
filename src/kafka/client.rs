//! How librdkafka's clients are set up, and what they tell us of the cluster.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::client::ClientContext;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use tokio::sync::watch;

use super::place::{Place, Share};
use super::rebalance::Protocol;
use crate::config::{DeliveryMode, Membership, Settings};

/// The largest message that is sent or created topics allow: what an upstream crawler can put on
/// the input topic must fit on the rejected topic, with the headers that say why.
pub const MAX_MESSAGE_BYTES: usize = 10 * 1024 * 1024;

/// How long the same words of trouble are not said again.
const SAID_AGAIN: Duration = Duration::from_secs(10);

/// How long the brokers keep a transaction open that nobody ends.
const TRANSACTION_TIMEOUT_MS: &str = "30000";

/// What is known of the link to the cluster.
#[derive(Debug, Default)]
pub struct Link {
    trouble: Mutex<Option<Trouble>>,
    producing: AtomicBool,
    cut_off: AtomicBool,
    said: Mutex<Option<(String, Instant)>>,
    place: watch::Sender<Place>,
    is_place_asked_for: AtomicBool,
}

/// The last thing that went wrong between us and the brokers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// What kind of trouble it is.
    pub kind: TroubleKind,
    /// librdkafka's words.
    pub detail: String,
}

/// Whether trouble can pass by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TroubleKind {
    /// The brokers can't be reached; they may come back.
    Unreachable,
    /// They answer, and refuse us: wrong credentials, wrong protocol, wrong certificate.
    Refused,
    /// A newer member of the group, or a newer producer, has taken our place.
    Fenced,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl Link {
    /// The last trouble, since things were well.
    pub fn trouble(&self) -> Option<Trouble> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether no broker had a connection to us when it was last looked at.
    pub fn cut_off(&self) -> bool {
        self.cut_off.load(Ordering::Relaxed)
    }

    /// Notes whether no broker has a connection to us.
    pub fn set_cut_off(&self, cut_off: bool) {
        self.cut_off.store(cut_off, Ordering::Relaxed);
    }

    /// Whether words of trouble are worth a log line: while all brokers are away the clients repeat theirs many times
    /// a second.
    pub fn is_news(&self, words: &str) -> bool {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if said.as_ref().is_some_and(|(known, at)| known == words && at.elapsed() < SAID_AGAIN) {
            return false;
        }
        *said = Some((words.to_owned(), Instant::now()));
        true
    }

    /// Notes that the brokers answer.
    pub fn is_well(&self) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Whether records could be produced when it was last tried.
    pub fn producing(&self) -> bool {
        self.producing.load(Ordering::Relaxed)
    }

    /// Notes whether records can be produced.
    pub fn set_producing(&self, able: bool) {
        self.producing.store(able, Ordering::Relaxed);
    }

    /// Our place in the group, from now on: nobody looks for it before it is asked for.
    pub fn watch_place(&self) -> watch::Receiver<Place> {
        self.is_place_asked_for.store(true, Ordering::Relaxed);
        self.place.subscribe()
    }

    /// Whether our place in the group was ever asked for.
    pub(super) fn is_place_asked_for(&self) -> bool {
        self.is_place_asked_for.load(Ordering::Relaxed)
    }

    /// Our place in the group when it was last looked at.
    pub fn place(&self) -> Place {
        *self.place.borrow()
    }

    /// Notes which share of the partitions we were given.
    pub(super) fn set_share(&self, share: Share) {
        self.place.send_modify(|place| *place = place.after(share));
        if self.place().has_others() {
            tracing::error!(%share, "others are in the group, and the embedded store is for one worker");
        }
    }

    fn note(&self, error: &KafkaError, detail: &str) {
        let kind = match error.rdkafka_error_code() {
            Some(
                RDKafkaErrorCode::Authentication
                | RDKafkaErrorCode::SSL
                | RDKafkaErrorCode::SaslAuthenticationFailed
                | RDKafkaErrorCode::UnsupportedSASLMechanism
                | RDKafkaErrorCode::IllegalSASLState
                | RDKafkaErrorCode::ClusterAuthorizationFailed
                | RDKafkaErrorCode::GroupAuthorizationFailed
                | RDKafkaErrorCode::TopicAuthorizationFailed,
            ) => TroubleKind::Refused,
            Some(RDKafkaErrorCode::FencedInstanceId | RDKafkaErrorCode::ProducerFenced | RDKafkaErrorCode::Fenced) => {
                TroubleKind::Fenced
            }
            _ => TroubleKind::Unreachable,
        };
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        // A refused login is followed by "all brokers down", which says less.
        if trouble.as_ref().is_some_and(|known| known.kind != TroubleKind::Unreachable)
            && kind == TroubleKind::Unreachable
        {
            return;
        }
        *trouble = Some(Trouble { kind, detail: detail.to_owned() });
    }
}

/// What both clients do with what librdkafka tells them: logs become events, errors become [`Trouble`].
#[derive(Debug, Clone)]
pub struct Listener(pub Arc<Link>);

impl ClientContext for Listener {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        log_event(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.hear(&error, reason);
    }
}

impl Listener {
    /// Notes an error event of a client.
    pub fn hear(&self, error: &KafkaError, reason: &str) {
        if self.0.is_news(reason) {
            tracing::warn!(target: "librdkafka", error = %error, reason, "kafka client error");
        }
        self.0.note(error, reason);
    }
}

/// Hands a log line of librdkafka on as an event.
pub fn log_event(level: RDKafkaLogLevel, facility: &str, message: &str) {
    match level {
        RDKafkaLogLevel::Emerg | RDKafkaLogLevel::Alert | RDKafkaLogLevel::Critical | RDKafkaLogLevel::Error => {
            tracing::error!(target: "librdkafka", facility, "{message}");
        }
        RDKafkaLogLevel::Warning => tracing::warn!(target: "librdkafka", facility, "{message}"),
        RDKafkaLogLevel::Notice | RDKafkaLogLevel::Info => tracing::info!(target: "librdkafka", facility, "{message}"),
        RDKafkaLogLevel::Debug => tracing::debug!(target: "librdkafka", facility, "{message}"),
    }
}

/// librdkafka's configuration of the consumer: ours first, then the user's properties, then what
/// newswire owns and the settings refuse to take from anybody else.
pub fn consumer_config(settings: &Settings) -> ClientConfig {
    let mut config = shared_config(settings);
    config
        .set("auto.offset.reset", "earliest")
        .set("allow.auto.create.topics", "false")
        // Messages are small and few are needed at once; the defaults would hold 100,000 of them.
        .set("queued.min.messages", "1000")
        .set("queued.max.messages.kbytes", "16384");
    for (name, value) in settings.kafka.properties.iter().chain(&settings.kafka.consumer_properties) {
        config.set(name, value);
    }
    config
        .set("group.id", &settings.kafka.group_id)
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("isolation.level", "read_committed")
        .set("statistics.interval.ms", "2000");
    if settings.delivery.membership == Membership::Static {
        // A worker that comes back takes its partitions up at once, and the brokers refuse the offsets of one that
        // has lost its place.
        config.set("group.instance.id", &settings.delivery.instance_id);
    }
    config
}

/// The protocol of the group that these settings ask for.
pub fn protocol(settings: &Settings) -> Protocol {
    const NAME: &str = "group.protocol";
    let kafka = &settings.kafka;
    let given = kafka.consumer_properties.get(NAME).or_else(|| kafka.properties.get(NAME));
    if given.is_some_and(|protocol| protocol.eq_ignore_ascii_case("consumer")) {
        Protocol::Consumer
    } else {
        Protocol::Classic
    }
}

/// librdkafka's configuration of the producer, in the same order.
pub fn producer_config(settings: &Settings) -> ClientConfig {
    let mut config = shared_config(settings);
    config.set("message.max.bytes", MAX_MESSAGE_BYTES.to_string()).set("compression.type", "lz4").set("linger.ms", "2");
    match settings.delivery.mode {
        // A record is tried for ever: what can't be produced holds the commit back, and with it intake.
        DeliveryMode::AtLeastOnce => config.set("message.timeout.ms", "0"),
        // It must outlast a broker's failover: at 10 s a restart was seen to make the producer's state fatal.
        DeliveryMode::ExactlyOnce => config
            .set("transaction.timeout.ms", TRANSACTION_TIMEOUT_MS)
            // While a coordinator moves, librdkafka 2.12.1 can lose track of whom it asked for the new one, and asks again only
            // when a connection comes up or goes down: seen to take 30 s. Idle ones that close see to that.
            .set("connections.max.idle.ms", "5000"),
    };
    for (name, value) in settings.kafka.properties.iter().chain(&settings.kafka.producer_properties) {
        config.set(name, value);
    }
    config.set("enable.idempotence", "true");
    if settings.delivery.mode == DeliveryMode::ExactlyOnce {
        let (group, instance) = (&settings.kafka.group_id, &settings.delivery.instance_id);
        config.set("transactional.id", format!("{group}-{instance}"));
    }
    config
}

/// librdkafka's configuration of the client that looks at topics and creates them.
pub fn admin_config(settings: &Settings) -> ClientConfig {
    let mut config = shared_config(settings);
    for (name, value) in &settings.kafka.properties {
        config.set(name, value);
    }
    config
}

fn shared_config(settings: &Settings) -> ClientConfig {
    let mut config = ClientConfig::new();
    config
        .set_log_level(RDKafkaLogLevel::Info)
        .set("bootstrap.servers", &settings.kafka.bootstrap_servers)
        .set("client.id", format!("newswire-{}", settings.delivery.instance_id))
        // OpenSSL is compiled in and looks for certificates where nobody has them; this looks where systems do.
        .set("ssl.ca.location", "probe")
        // A broker in the middle of its start takes connections and answers none: not to be waited for 30 s.
        .set("socket.connection.setup.timeout.ms", "10000")
        // Brokers that come back are found within seconds, not after the default of 10.
        .set("reconnect.backoff.max.ms", "2000");
    config
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_login_is_not_hidden_by_what_follows_from_it() {
        let link = Link::default();
        link.note(&KafkaError::Global(RDKafkaErrorCode::Authentication), "sasl failed");
        link.note(&KafkaError::Global(RDKafkaErrorCode::AllBrokersDown), "1/1 brokers are down");
        assert_eq!(link.trouble().unwrap().kind, TroubleKind::Refused);
        link.is_well();
        assert_eq!(link.trouble(), None);
    }
}
