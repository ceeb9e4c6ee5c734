//! A broker in the process: librdkafka's mock cluster, for the demo.

use rdkafka::error::KafkaError;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;

use crate::config::Settings;

/// A Kafka that lives as long as this value. It knows groups, offsets and idempotent producers; it
/// creates no topics by request, keeps about 5 MiB a partition, and its transactions are not real.
pub struct EmbeddedBroker {
    cluster: MockCluster<'static, DefaultProducerContext>,
}

impl EmbeddedBroker {
    /// Starts one broker on a free port of loopback.
    pub fn start() -> Result<Self, KafkaError> {
        Ok(Self { cluster: MockCluster::new(1)? })
    }

    /// What to put into `kafka.bootstrap_servers`.
    pub fn bootstrap_servers(&self) -> String {
        self.cluster.bootstrap_servers()
    }

    /// Creates every topic that a worker with these settings needs.
    pub fn create_topics(&self, settings: &Settings, partitions: i32) -> Result<(), KafkaError> {
        for topic in super::topics::needed_topics(settings) {
            self.cluster.create_topic(topic, partitions, 1)?;
        }
        Ok(())
    }
}
