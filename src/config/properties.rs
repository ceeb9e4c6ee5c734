//! librdkafka's properties: any passes, but for those that newswire owns.
//!
//! Each is tried on librdkafka itself, so that a mistyped name or value is found before anything starts.

use config::{Value, ValueKind};
use rdkafka::config::ClientConfig;
use rdkafka::error::KafkaError;

use super::value::quoted;

/// The properties that newswire owns, and why each is refused.
const OWNED: [(&str, &str); 29] = [
    ("bootstrap.servers", "it is set by kafka.bootstrap_servers"),
    ("metadata.broker.list", "it is set by kafka.bootstrap_servers"),
    ("group.id", "it is set by kafka.group_id"),
    ("group.instance.id", "it is made of delivery.instance_id"),
    ("transactional.id", "it is made of kafka.group_id and delivery.instance_id"),
    ("group.protocol.type", "newswire is a consumer"),
    ("enable.auto.commit", COMMITS),
    ("auto.commit.enable", COMMITS),
    ("auto.commit.interval.ms", "newswire commits by itself, every delivery.commit_interval"),
    ("enable.auto.offset.store", COMMITS),
    ("offset.store.method", OFFSETS),
    ("offset.store.path", OFFSETS),
    ("offset.store.sync.interval.ms", OFFSETS),
    ("isolation.level", "it is always read_committed, so that nothing of an aborted transaction is worked on"),
    ("enable.partition.eof", "newswire never ends at the end of a partition"),
    ("enable.idempotence", "it is always on, so that a retried send stands once on its topic"),
    ("enable.gapless.guarantee", "newswire notices by itself what was not delivered, and does it again"),
    ("acks", ACKS),
    ("request.required.acks", ACKS),
    ("delivery.report.only.error", "newswire waits for the report of every message before it commits"),
    ("dr_cb", CODE),
    ("dr_msg_cb", CODE),
    ("allow.auto.create.topics", "missing topics are created at the start, or not, by kafka.create_topics"),
    ("statistics.interval.ms", "newswire's metrics are made of the statistics, at a pace of their own"),
    ("log_level", "log.filter says which events are logged, such as \"info,librdkafka=warn\""),
    ("log.queue", "librdkafka's log lines go through newswire's own log"),
    ("enabled_events", CODE),
    ("plugin.library.paths", CODE),
    ("interceptors", CODE),
];

const COMMITS: &str = "newswire commits by itself, and only what is done";
const OFFSETS: &str = "offsets stand in Kafka, where the group shares them";
const ACKS: &str = "it is always all, so that no acknowledged record is lost with a broker";
const CODE: &str = "it is a matter of the code, not of settings";

/// The strategy that can't be had, and where it is told.
const COOPERATIVE: &str = "cooperative-sticky";

/// One property: its name, its value as librdkafka takes it, and how it is shown.
pub(super) fn property(name: &str, given: &Value) -> Result<(String, String, String), String> {
    if let Some((_, why)) = OWNED.iter().find(|(owned, _)| *owned == name) {
        return Err(format!("newswire sets this property itself: {why}"));
    }
    let value = match &given.kind {
        ValueKind::String(text) => text.clone(),
        ValueKind::Boolean(_) | ValueKind::I64(_) | ValueKind::U64(_) | ValueKind::Float(_) => given.kind.to_string(),
        _ => return Err("allowed is a text, a number, true or false".to_owned()),
    };
    if name == "partition.assignment.strategy" && value.split(',').any(|strategy| strategy.trim() == COOPERATIVE) {
        return Err(format!(
            "{COOPERATIVE} loses its assignment with commits such as newswire's (librdkafka issue 4059); \
             allowed is \"range\", \"roundrobin\" or both, or group.protocol = \"consumer\""
        ));
    }
    match ClientConfig::new().set(name, &value).create_native_config() {
        Ok(_) => Ok((name.to_owned(), value.clone(), quoted(&value))),
        Err(KafkaError::ClientConfig(_, why, ..)) => Err(format!("librdkafka: {why}")),
        Err(error) => Err(format!("librdkafka: {error}")),
    }
}
