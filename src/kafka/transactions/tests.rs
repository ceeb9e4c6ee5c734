//! What a transaction makes of each kind of error, on librdkafka's mock cluster, which answers with any that it is told.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerGroupMetadata};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use tokio_util::sync::CancellationToken;

use super::super::client::{Link, Listener};
use super::super::message::Parcel;
use super::*;
use crate::metrics::Metrics;

/// A mock broker, a member of a group on it, and a producer that may begin.
struct World {
    cluster: MockCluster<'static, DefaultProducerContext>,
    consumer: BaseConsumer,
    transactions: Transactions,
    link: Arc<Link>,
    abandon: CancellationToken,
}

impl World {
    fn new() -> Self {
        Self::with(&[])
    }

    /// With properties of the producer.
    fn with(properties: &[(&str, &str)]) -> Self {
        let world = Self::of(properties);
        world.transactions.initialise(&world.abandon).unwrap();
        world
    }

    fn uninitialised() -> Self {
        Self::of(&[])
    }

    fn of(properties: &[(&str, &str)]) -> Self {
        let cluster = MockCluster::new(1).unwrap();
        for topic in ["in", "out"] {
            cluster.create_topic(topic, 1, 1).unwrap();
        }
        let client = |pairs: &[(&str, &str)]| {
            let mut config = ClientConfig::new();
            config.set("bootstrap.servers", cluster.bootstrap_servers()).set("log_level", "0");
            pairs.iter().for_each(|(name, value)| {
                config.set(*name, *value);
            });
            config
        };
        let consumer: BaseConsumer = client(&[("group.id", "g")]).create().unwrap();
        consumer.subscribe(&["in"]).unwrap();
        while consumer.assignment().unwrap().count() == 0 {
            let _ = consumer.poll(Duration::from_millis(50));
        }
        // What is lost must not be waited for until the transaction times out: then a test would take an hour.
        let own = [
            ("transactional.id", "g-0"),
            ("transaction.timeout.ms", "3600000"),
            ("retry.backoff.ms", "10"),
            ("retry.backoff.max.ms", "20"),
        ];
        let producer = client(&[&own[..], properties].concat());
        let link = Arc::new(Link::default());
        let transactions = Transactions::open(&producer, &Listener(link.clone()), Metrics::new().unwrap()).unwrap();
        Self { cluster, consumer, transactions, link, abandon: CancellationToken::new() }
    }

    /// The next answers to this kind of request are these errors.
    fn fails(&self, request: RDKafkaApiKey, errors: &[RDKafkaRespErr]) {
        self.cluster.request_errors(request, errors);
    }

    fn group(&self) -> ConsumerGroupMetadata {
        self.consumer.group_metadata().unwrap()
    }

    fn commit(&mut self) -> Result<TransactionEnd, DeliveryError> {
        let parcels = [Parcel::json("out".into(), "a", b"1".to_vec()), Parcel::json("out".into(), "b", b"2".to_vec())];
        let mut offsets = TopicPartitionList::new();
        offsets.add_partition_offset("in", 0, Offset::Offset(7)).unwrap();
        let group = self.group();
        self.transactions.commit(&parcels.iter().collect::<Vec<_>>(), &offsets, &group, &self.abandon)
    }
}

use RDKafkaApiKey as Ask;
use RDKafkaRespErr as Error;

#[test]
fn what_brokers_say_for_now_is_asked_again_until_it_is_committed() {
    let mut world = World::new();
    let busy = [Error::RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, Error::RD_KAFKA_RESP_ERR_NOT_COORDINATOR];
    for request in [Ask::AddPartitionsToTxn, Ask::AddOffsetsToTxn, Ask::TxnOffsetCommit, Ask::EndTxn] {
        world.fails(request, &busy);
    }
    assert_eq!(world.commit().unwrap(), TransactionEnd::Committed);
}

#[test]
fn a_commit_whose_answer_is_lost_is_asked_again_and_not_guessed() {
    let mut world = World::new();
    world.fails(Ask::EndTxn, &[Error::RD_KAFKA_RESP_ERR__TRANSPORT, Error::RD_KAFKA_RESP_ERR__TRANSPORT]);
    assert_eq!(world.commit().unwrap(), TransactionEnd::Committed);
}

#[test]
fn offsets_that_the_group_refuses_abort_and_the_interval_can_be_made_again() {
    for refusal in [
        Error::RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION,
        Error::RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID,
        Error::RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS,
    ] {
        let mut world = World::new();
        world.fails(Ask::TxnOffsetCommit, &[refusal]);
        assert_eq!(world.commit().unwrap(), TransactionEnd::Aborted, "{refusal:?}");
        assert_eq!(world.commit().unwrap(), TransactionEnd::Committed, "after {refusal:?}");
    }
}

#[test]
fn records_that_brokers_refuse_abort_and_the_interval_can_be_made_again() {
    let mut world = World::new();
    world.fails(Ask::AddPartitionsToTxn, &[Error::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED]);
    assert_eq!(world.commit().unwrap(), TransactionEnd::Aborted);
    assert_eq!(world.commit().unwrap(), TransactionEnd::Committed);
}

#[test]
fn what_is_behind_a_refused_record_is_not_waited_for() {
    // Each record in a batch of its own: those behind the refused one can't be sent any more.
    let mut world = World::with(&[("batch.num.messages", "1")]);
    world.fails(Ask::Produce, &[Error::RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE]);
    assert_eq!(world.commit().unwrap(), TransactionEnd::TooLarge(vec![0]));
    assert_eq!(world.commit().unwrap(), TransactionEnd::Committed);
}

#[test]
fn a_transaction_that_must_be_aborted_is_not_waited_for_although_no_record_failed() {
    let mut world = World::new();
    world.fails(Ask::Produce, &[Error::RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID]);
    assert_eq!(world.commit().unwrap(), TransactionEnd::Aborted);
    assert!(world.link.producing(), "the brokers answer, also where nothing more is to be sent");
    assert_eq!(world.commit().unwrap(), TransactionEnd::Committed);
}

#[test]
fn of_a_batch_that_is_too_large_only_the_records_that_are_too_large_alone_are_named() {
    let mut world = World::new();
    let too_large = Error::RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
    // Both records are refused with their batch, then the first by itself.
    world.fails(Ask::Produce, &[too_large, too_large]);
    let mut ends = Vec::new();
    while !ends.contains(&TransactionEnd::Committed) {
        assert!(ends.len() < 6, "{ends:?}");
        ends.push(world.commit().unwrap());
    }
    assert_eq!(ends[0], TransactionEnd::Aborted, "nothing is known of either");
    assert!(ends.contains(&TransactionEnd::TooLarge(vec![0])), "{ends:?}");
}

#[test]
fn a_fence_is_told_from_other_fatal_states() {
    let mut world = World::new();
    world.fails(Ask::EndTxn, &[Error::RD_KAFKA_RESP_ERR_PRODUCER_FENCED]);
    assert!(matches!(world.commit(), Err(DeliveryError::Fenced(_))));

    let mut world = World::new();
    world.fails(Ask::TxnOffsetCommit, &[Error::RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH]);
    let end = world.commit();
    assert!(matches!(end, Err(DeliveryError::Fenced(_))), "{end:?}");

    let mut world = World::new();
    world.fails(Ask::EndTxn, &[Error::RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED]);
    assert!(matches!(world.commit(), Err(DeliveryError::Fatal(_))));
}

#[test]
fn a_start_waits_for_the_transaction_of_the_one_before_to_end() {
    let world = World::uninitialised();
    world.fails(
        Ask::InitProducerId,
        &[Error::RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS, Error::RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE],
    );
    world.transactions.initialise(&world.abandon).unwrap();
}

#[test]
fn waiting_ends_when_the_worker_is_told_to_give_up() {
    let mut world = World::new();
    world.abandon.cancel();
    world.cluster.broker_down(1).unwrap();
    assert!(matches!(world.commit(), Err(DeliveryError::Abandoned)));
}
