//! Topics from outside: producing, reading, asking for offsets.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use futures::executor::block_on;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::message::{Header, Headers, Message as _, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use rdkafka::{ClientConfig, error::KafkaError, types::RDKafkaErrorCode};
use serde_json::Value;

const REQUEST: Duration = Duration::from_secs(30);

/// What a test puts on a topic.
#[derive(Debug, Clone, Default)]
pub struct Message {
    /// The key, where there is one.
    pub key: Option<Vec<u8>>,
    /// The value; `None` is a tombstone.
    pub value: Option<Vec<u8>>,
    /// The headers, in order.
    pub headers: Vec<(String, Option<Vec<u8>>)>,
    /// The partition, else the key's (or any).
    pub partition: Option<i32>,
}

impl Message {
    /// A value without a key.
    pub fn of(value: impl Into<Vec<u8>>) -> Self {
        Self { value: Some(value.into()), ..Self::default() }
    }

    /// The same on a partition.
    pub fn on(self, partition: i32) -> Self {
        Self { partition: Some(partition), ..self }
    }

    /// The same with a key.
    pub fn keyed(self, key: impl Into<Vec<u8>>) -> Self {
        Self { key: Some(key.into()), ..self }
    }

    /// The same with a header more.
    pub fn with(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.into(), Some(value.into())));
        self
    }
}

/// What was read from a topic.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    pub topic: String,
    pub partition: i32,
    pub offset: i64,
    pub key: Option<Vec<u8>>,
    pub value: Option<Vec<u8>>,
    pub headers: Vec<(String, Option<Vec<u8>>)>,
}

impl Record {
    /// The value as JSON.
    pub fn json(&self) -> Value {
        let value = self.value.as_deref().unwrap_or_default();
        serde_json::from_slice(value).unwrap_or_else(|e| panic!("{e}: {:?}", String::from_utf8_lossy(value)))
    }

    /// A header's text, of the only header of that name.
    pub fn header(&self, name: &str) -> Option<String> {
        let mut values = self.headers.iter().filter(|(header, _)| header == name);
        let value = values.next()?.1.clone().unwrap_or_default();
        assert!(values.next().is_none(), "header {name} is there twice: {:?}", self.headers);
        Some(String::from_utf8(value).expect("a header of text"))
    }

    /// `topic:partition:offset`, as newswire writes an origin.
    pub fn origin(&self) -> String {
        format!("{}:{}:{}", self.topic, self.partition, self.offset)
    }
}

/// A cluster, as its users reach it.
#[derive(Clone)]
pub struct Topics {
    bootstrap: String,
}

impl Topics {
    /// The topics of the cluster at these addresses.
    pub fn at(bootstrap: &str) -> Self {
        Self { bootstrap: bootstrap.into() }
    }

    fn config(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &self.bootstrap).set("log_level", "0");
        config
    }

    fn asker(&self, group: &str) -> BaseConsumer {
        let mut config = self.config();
        config.set("group.id", group).set("enable.auto.commit", "false").set("isolation.level", "read_committed");
        config.set("auto.offset.reset", "earliest").set("fetch.wait.max.ms", "50");
        config.set("enable.partition.eof", "true");
        config.create().unwrap()
    }

    /// Creates topics that are not there yet.
    pub fn create(&self, topics: &[(&str, i32)], replicas: i32) {
        let admin: AdminClient<DefaultClientContext> = self.config().create().unwrap();
        let new: Vec<_> =
            topics.iter().map(|(name, count)| NewTopic::new(name, *count, TopicReplication::Fixed(replicas))).collect();
        for result in block_on(admin.create_topics(&new, &AdminOptions::new().request_timeout(Some(REQUEST)))).unwrap()
        {
            match result {
                Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
                Err((topic, error)) => panic!("{topic}: {error}"),
            }
        }
        for (name, count) in topics {
            crate::wait::until(&format!("topic {name}"), REQUEST, || {
                (self.partitions(name).len() == *count as usize).then_some(())
            });
        }
    }

    /// Creates a topic with settings of its own.
    pub fn create_with(&self, name: &str, partitions: i32, settings: &[(&str, &str)]) {
        let admin: AdminClient<DefaultClientContext> = self.config().create().unwrap();
        let new = NewTopic::new(name, partitions, TopicReplication::Fixed(1));
        let new = settings.iter().fold(new, |new, (key, value)| new.set(key, value));
        let options = AdminOptions::new().request_timeout(Some(REQUEST));
        block_on(admin.create_topics([&new], &options)).unwrap().remove(0).unwrap();
        crate::wait::until(&format!("topic {name}"), REQUEST, || {
            (self.partitions(name).len() == partitions as usize).then_some(())
        });
    }

    /// Commits an offset of a group, with metadata beside it.
    pub fn commit(&self, group: &str, topic: &str, partition: i32, (offset, metadata): (i64, &str)) {
        let mut list = TopicPartitionList::new();
        let mut element = list.add_partition(topic, partition);
        element.set_offset(Offset::Offset(offset)).unwrap();
        element.set_metadata(metadata);
        self.asker(group).commit(&list, CommitMode::Sync).unwrap();
    }

    /// The partitions of a topic; none where it does not exist or has no leaders yet.
    pub fn partitions(&self, topic: &str) -> Vec<i32> {
        // A broker that has just started takes connections before it answers.
        let asker = self.asker("-");
        let ask = || asker.fetch_metadata(Some(topic), Duration::from_secs(10)).ok();
        let metadata = crate::wait::until("the brokers' metadata", REQUEST, ask);
        let partitions = metadata.topics().iter().flat_map(|topic| topic.partitions());
        partitions.filter(|partition| partition.leader() >= 0).map(|partition| partition.id()).collect()
    }

    /// Puts messages on a topic, in order, and returns when all are acknowledged.
    pub fn produce(&self, topic: &str, messages: &[Message]) {
        let mut config = self.config();
        config.set("enable.idempotence", "true").set("message.max.bytes", "10000000").set("linger.ms", "1");
        let producer: BaseProducer = config.create().unwrap();
        for message in messages {
            let mut record = BaseRecord::<[u8], [u8]>::to(topic);
            record.key = message.key.as_deref();
            record.payload = message.value.as_deref();
            record.partition = message.partition;
            record.headers = Some(message.headers.iter().fold(OwnedHeaders::new(), |headers, (key, value)| {
                headers.insert(Header { key, value: value.as_deref() })
            }));
            while let Err((error, again)) = producer.send(record) {
                assert_eq!(error, KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull));
                producer.poll(Duration::from_millis(10));
                record = again;
            }
        }
        producer.flush(REQUEST).unwrap();
    }

    /// Takes a transactional id over: whoever has it is fenced.
    pub fn take_over(&self, transactional_id: &str) {
        let mut config = self.config();
        let producer: BaseProducer = config.set("transactional.id", transactional_id).create().unwrap();
        producer.init_transactions(REQUEST).unwrap();
    }

    /// A reader of these topics from their beginning.
    pub fn read(&self, topics: &[&str]) -> Reader {
        let consumer = self.asker("-");
        let mut list = TopicPartitionList::new();
        for topic in topics {
            for partition in self.partitions(topic) {
                list.add_partition_offset(topic, partition, Offset::Beginning).unwrap();
            }
        }
        assert_eq!(list.elements().is_empty(), topics.is_empty(), "no topic of {topics:?} exists");
        consumer.assign(&list).unwrap();
        Reader { consumer, seen: Vec::new(), at_end: BTreeSet::new() }
    }

    /// What a group has committed of a topic, by partition, with the metadata beside it.
    pub fn committed(&self, group: &str, topic: &str) -> BTreeMap<i32, (i64, String)> {
        let mut list = TopicPartitionList::new();
        for partition in self.partitions(topic) {
            list.add_partition(topic, partition);
        }
        let committed = self.asker(group).committed_offsets(list, REQUEST).unwrap();
        let offsets = committed.elements().into_iter().filter_map(|element| match element.offset() {
            Offset::Offset(offset) => Some((element.partition(), (offset, element.metadata().to_owned()))),
            _ => None,
        });
        offsets.collect()
    }

    /// The end of each partition of a topic.
    pub fn ends(&self, topic: &str) -> BTreeMap<i32, i64> {
        let asker = self.asker("-");
        let ends = self
            .partitions(topic)
            .into_iter()
            .map(|partition| (partition, asker.fetch_watermarks(topic, partition, REQUEST).unwrap().1));
        ends.collect()
    }

    /// Messages of a topic that a group has not committed. (The end of a partition is no measure: a transaction
    /// leaves a marker there, which is no message.)
    pub fn lag(&self, group: &str, topic: &str) -> usize {
        let committed = self.committed(group, topic);
        let is_open =
            |record: &&Record| committed.get(&record.partition).is_none_or(|(offset, _)| record.offset >= *offset);
        self.read(&[topic]).all().iter().filter(is_open).count()
    }
}

/// Reads topics at `read_committed`, and remembers what it saw.
pub struct Reader {
    consumer: BaseConsumer,
    seen: Vec<Record>,
    at_end: BTreeSet<i32>,
}

impl Reader {
    /// Reads on until `enough` says so of all records since the beginning; fails at the deadline.
    pub fn until(&mut self, what: &str, within: Duration, mut enough: impl FnMut(&[Record]) -> bool) -> &[Record] {
        let start = Instant::now();
        while !enough(&self.seen) {
            assert!(start.elapsed() < within, "waited {within:?} in vain for {what}, saw {}", self.summary());
            self.poll(Duration::from_millis(100));
        }
        &self.seen
    }

    /// Reads on until there are `count` records.
    pub fn take(&mut self, count: usize, within: Duration) -> &[Record] {
        self.until(&format!("{count} records"), within, |seen| seen.len() >= count)
    }

    /// Everything that is there: reads until the end of every partition of its one topic.
    pub fn all(&mut self) -> &[Record] {
        // From where it stands, so that each partition says anew that its end was reached. Offsets can't tell:
        // behind the last message there may be markers of transactions.
        let positions = self.consumer.position().unwrap();
        let mut list = TopicPartitionList::new();
        for element in positions.elements() {
            let from = match element.offset() {
                Offset::Offset(offset) => Offset::Offset(offset),
                _ => Offset::Beginning,
            };
            list.add_partition_offset(element.topic(), element.partition(), from).unwrap();
        }
        self.consumer.assign(&list).unwrap();
        self.at_end.clear();
        let start = Instant::now();
        while self.at_end.len() < list.count() {
            assert!(start.elapsed() < REQUEST, "could not read to the end: {}", self.summary());
            self.poll(Duration::from_millis(20));
        }
        &self.seen
    }

    /// Reads what comes within `patience`, and gives all since the beginning.
    pub fn some(&mut self, patience: Duration) -> &[Record] {
        self.poll(patience);
        &self.seen
    }

    fn poll(&mut self, timeout: Duration) {
        let message = match self.consumer.poll(timeout) {
            Some(Ok(message)) => message,
            Some(Err(KafkaError::PartitionEOF(partition))) => {
                self.at_end.insert(partition);
                return;
            }
            _ => return,
        };
        let headers = message.headers().map_or_else(Vec::new, |headers| {
            headers.iter().map(|header| (header.key.to_owned(), header.value.map(<[u8]>::to_vec))).collect()
        });
        self.seen.push(Record {
            topic: message.topic().into(),
            partition: message.partition(),
            offset: message.offset(),
            key: message.key().map(<[u8]>::to_vec),
            value: message.payload().map(<[u8]>::to_vec),
            headers,
        });
    }

    /// The records in short, for the message of a test that fails.
    fn summary(&self) -> String {
        let lines = self.seen.iter().rev().take(30).rev().map(|record| {
            let value: String =
                String::from_utf8_lossy(record.value.as_deref().unwrap_or_default()).chars().take(300).collect();
            format!("\n  {} {value}", record.origin())
        });
        format!("{} records:{}", self.seen.len(), lines.collect::<String>())
    }
}
