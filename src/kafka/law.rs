//! The one law as metrics: consumed = outcomes + in flight + given up.

use std::sync::Arc;

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{IntGauge, IntGaugeVec, Opts};

use super::capacity::Capacity;
use super::partitions::Partitions;

/// The figures of the one law, by partition: read in one moment under the ledgers' lock, so that the difference is
/// exact at every scrape.
pub struct Law {
    partitions: Arc<Partitions>,
    capacity: Arc<Capacity>,
    consumed: IntGaugeVec,
    ended: IntGaugeVec,
    given_up: IntGaugeVec,
    in_flight: IntGaugeVec,
    difference: IntGaugeVec,
    beyond_frontier: IntGaugeVec,
    assigned: IntGauge,
    bytes: IntGauge,
    most_messages: IntGauge,
    most_bytes: IntGauge,
}

impl Law {
    /// The figures of these ledgers and this capacity.
    pub fn new(partitions: Arc<Partitions>, capacity: Arc<Capacity>) -> Result<Self, prometheus::Error> {
        let by_partition = |name: &str, help: &str| IntGaugeVec::new(Opts::new(name, help), &["topic", "partition"]);
        Ok(Self {
            consumed: by_partition("newswire_consumed_messages", "Messages taken from a partition.")?,
            ended: by_partition("newswire_ended_messages", "Messages of a partition that ended in an outcome.")?,
            given_up: by_partition(
                "newswire_given_up_messages",
                "Messages in flight when their partition was lost; the next owner does them again.",
            )?,
            in_flight: by_partition("newswire_in_flight_messages", "Messages of a partition in flight.")?,
            difference: by_partition(
                "newswire_conservation_difference_messages",
                "Consumed less ended, given up and in flight: 0, always.",
            )?,
            beyond_frontier: by_partition(
                "newswire_beyond_frontier_messages",
                "Offsets of a partition that are done beyond its frontier: what a slow message holds back.",
            )?,
            assigned: IntGauge::new("newswire_assigned_partitions", "Partitions that the worker has now.")?,
            bytes: IntGauge::new("newswire_in_flight_bytes", "Bytes of messages and pages in flight.")?,
            most_messages: IntGauge::new("newswire_max_in_flight_messages", "The bound of messages in flight.")?,
            most_bytes: IntGauge::new("newswire_max_in_flight_bytes", "The bound of bytes in flight.")?,
            partitions,
            capacity,
        })
    }

    fn collectors(&self) -> [&dyn Collector; 10] {
        [
            &self.consumed,
            &self.ended,
            &self.given_up,
            &self.in_flight,
            &self.difference,
            &self.beyond_frontier,
            &self.assigned,
            &self.bytes,
            &self.most_messages,
            &self.most_bytes,
        ]
    }
}

impl Collector for Law {
    fn desc(&self) -> Vec<&Desc> {
        self.collectors().into_iter().flat_map(Collector::desc).collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        for (partition, account) in self.partitions.accounts() {
            let labels = [&*partition.topic, &partition.number.to_string()];
            let ended: u64 = account.ended.iter().sum();
            self.consumed.with_label_values(&labels).set(account.consumed.cast_signed());
            self.ended.with_label_values(&labels).set(ended.cast_signed());
            self.given_up.with_label_values(&labels).set(account.given_up.cast_signed());
            self.in_flight.with_label_values(&labels).set(account.in_flight.cast_signed());
            self.difference.with_label_values(&labels).set(account.difference());
            self.beyond_frontier.with_label_values(&labels).set(account.beyond_frontier.cast_signed());
        }
        let (most_messages, most_bytes) = self.capacity.bounds();
        self.assigned.set(self.partitions.assigned().len() as i64);
        self.bytes.set(self.capacity.bytes().cast_signed());
        self.most_messages.set(i64::try_from(most_messages).unwrap_or(i64::MAX));
        self.most_bytes.set(most_bytes.cast_signed());
        self.collectors().into_iter().flat_map(Collector::collect).collect()
    }
}
