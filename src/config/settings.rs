//! The settings as the rest of the worker sees them: typed, complete and valid.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::secret::{self, Secret};

/// Everything that can be set.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "each section says what it is")]
pub struct Settings {
    pub kafka: Kafka,
    pub topics: Topics,
    pub retry: Retry,
    pub delivery: Delivery,
    pub fetch: Fetch,
    pub frontier: Frontier,
    pub extract: Extract,
    pub dedup: Dedup,
    pub feeds: Feeds,
    pub admin: Admin,
    pub log: Log,
    pub tracing: Tracing,
}

impl Settings {
    /// The worker's name for what it keeps of its own: its instance and its group, whose name may hold what no file's may.
    pub fn worker_name(&self) -> String {
        let group = xxhash_rust::xxh3::xxh3_64(self.kafka.group_id.as_bytes());
        format!("{}-{group:016x}", self.delivery.instance_id)
    }

    /// The shared store's address; empty for none.
    pub fn redis_url(&self) -> &str {
        self.dedup.redis_url.as_ref().map_or("", Secret::expose)
    }

    /// The folder of the worker's embedded store.
    pub fn dedup_folder(&self) -> PathBuf {
        self.dedup.path.join(self.worker_name())
    }
}

/// `[kafka]`: the cluster and how to reach it.
#[derive(Clone, PartialEq)]
pub struct Kafka {
    /// Brokers to start from, `host:port`, comma-separated.
    pub bootstrap_servers: String,
    /// The consumer group that shares the URLs.
    pub group_id: String,
    /// Whether missing topics are created at start.
    pub create_topics: bool,
    /// librdkafka properties for both clients.
    pub properties: BTreeMap<String, String>,
    /// librdkafka properties for the consumer alone.
    pub consumer_properties: BTreeMap<String, String>,
    /// librdkafka properties for the producer alone.
    pub producer_properties: BTreeMap<String, String>,
}

/// By hand, so that the passwords among the properties stay where they are.
impl fmt::Debug for Kafka {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kafka")
            .field("bootstrap_servers", &self.bootstrap_servers)
            .field("group_id", &self.group_id)
            .field("create_topics", &self.create_topics)
            .field("properties", &secret::without_secrets(&self.properties))
            .field("consumer_properties", &secret::without_secrets(&self.consumer_properties))
            .field("producer_properties", &secret::without_secrets(&self.producer_properties))
            .finish()
    }
}

/// `[topics]`: names.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "docs/architecture.md says what stands on each topic")]
pub struct Topics {
    pub urls: String,
    pub articles: String,
    pub rejected: String,
    pub outcomes: String,
    pub feeds: String,
}

/// `[retry]`: where deferred messages wait, and for how long.
#[derive(Debug, Clone, PartialEq)]
pub struct Retry {
    /// The retry topics, shortest delay first.
    pub tiers: Vec<Tier>,
    /// After so many tries a message is rejected.
    pub max_attempts: u32,
    /// After so long since it was first seen a message is rejected.
    pub max_age: Duration,
}

/// One retry topic.
#[derive(Debug, Clone, PartialEq)]
pub struct Tier {
    /// The topic's name.
    pub topic: String,
    /// The longest that a message waits there.
    pub delay: Duration,
}

/// `[delivery]`: how work is taken and handed over.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// What is promised about each message.
    pub mode: DeliveryMode,
    /// The worker's name for life.
    pub instance_id: String,
    /// Whether the group keeps the worker's place while it is away.
    pub membership: Membership,
    /// Whether a worker that drains gives its place up at once.
    pub leave_on_exit: bool,
    /// Where the worker notes which messages it has in dangerous work.
    pub state_dir: PathBuf,
    /// How long outputs are gathered before they are committed together.
    pub commit_interval: Duration,
    /// Messages taken and not yet committed, at most.
    pub max_in_flight: usize,
    /// Bytes of messages and pages held at once; intake pauses beyond.
    pub max_bytes_in_flight: u64,
    /// How long a shutdown waits for what is in flight.
    pub drain_timeout: Duration,
    /// Bytes of metadata that the brokers take beside an offset.
    pub offset_metadata_max: u64,
}

/// Whether the group keeps a worker's place while it is away (KIP-345).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Membership {
    /// For the session timeout: a worker that comes back under its name takes its partitions up at once.
    Static,
    /// It does not: each start is a new member.
    Dynamic,
}

/// What is promised about each message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "Kafka's own terms")]
pub enum DeliveryMode {
    ExactlyOnce,
    AtLeastOnce,
}

/// `[fetch]`: how pages are asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Fetch {
    /// The User-Agent header: a product and its version first.
    pub user_agent: String,
    /// Lifts the rules for addresses and ports: for tests and the demo.
    pub allow_private_networks: bool,
    /// Ports that a URL may name.
    pub ports: Vec<u16>,
    /// Hosts (ASCII, lower case, no trailing dot) with addresses of their own, instead of DNS.
    pub resolve: BTreeMap<String, SocketAddr>,
    /// PEM certificates to trust beside the built-in roots.
    pub ca_file: Option<PathBuf>,
    /// An HTTP proxy that everything is asked through. It resolves names, and the guard does not see their addresses.
    pub proxy: Option<Secret>,
    /// For a connection, TLS included.
    pub connect_timeout: Duration,
    /// Between two reads.
    pub read_timeout: Duration,
    /// For one URL, from DNS to the last byte, redirects included.
    pub total_timeout: Duration,
    /// Bytes of a page, decompressed.
    pub max_body: u64,
    /// Redirects followed.
    pub max_redirects: u32,
}

/// `[frontier]`: politeness.
#[derive(Debug, Clone, PartialEq)]
pub struct Frontier {
    /// Between the end of a request to a host and the start of the next.
    pub host_delay: Duration,
    /// Requests at once to one host.
    pub host_concurrency: usize,
    /// Between two requests to one address, whatever the host.
    pub address_delay: Duration,
    /// A message whose host is free within this time waits in memory; else it is deferred.
    pub max_wait: Duration,
    /// Whether robots.txt is obeyed.
    pub robots: Robots,
    /// What becomes of a page that does not want to be indexed or archived.
    pub directives: Directives,
    /// A file with rules for hosts.
    pub rules: Option<PathBuf>,
    /// Where the pace of hosts is kept.
    pub store: FrontierStore,
}

/// Whether robots.txt is obeyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "said by the names")]
pub enum Robots {
    Obey,
    Ignore,
}

/// Whether `noindex` and `noarchive` of a page are obeyed or only recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "said by the names")]
pub enum Directives {
    Record,
    Obey,
}

/// Where the pace of hosts is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "said by the names")]
pub enum FrontierStore {
    Memory,
    Redis,
}

/// `[extract]`: from page to article.
#[derive(Debug, Clone, PartialEq)]
pub struct Extract {
    /// A text of fewer words is no article.
    pub min_words: usize,
    /// For one page.
    pub time_limit: Duration,
}

/// `[dedup]`: what is known.
#[derive(Debug, Clone, PartialEq)]
pub struct Dedup {
    /// Where it is kept.
    pub store: DedupStore,
    /// The embedded store's folder.
    pub path: PathBuf,
    /// The shared store's address; it may carry a password.
    pub redis_url: Option<Secret>,
    /// How long an article is remembered.
    pub ttl: Duration,
    /// Whether duplicates are published, with their relation.
    pub publish_duplicates: bool,
}

/// Where what is known is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "said by the names")]
pub enum DedupStore {
    Embedded,
    Memory,
    Redis,
}

/// `[feeds]`: what is taken from feeds and sitemaps.
#[derive(Debug, Clone, PartialEq)]
pub struct Feeds {
    /// Entries taken from a feed that is met for the first time.
    pub first_max: usize,
    /// Older entries are left.
    pub max_age: Duration,
    /// Whether the feeds that a front page names are expanded.
    pub discover: bool,
    /// Whether a feed's own text stands in for a page that can't be had.
    pub use_content: bool,
}

/// `[admin]`: the server for metrics and health.
#[derive(Debug, Clone, PartialEq)]
pub struct Admin {
    /// Where it listens; nowhere when unset.
    pub listen: Option<SocketAddr>,
    /// Whether it takes orders.
    pub control: bool,
    /// What orders must carry.
    pub token: Option<Secret>,
}

/// `[log]`: what is written to stderr.
#[derive(Debug, Clone, PartialEq)]
pub struct Log {
    /// In which form.
    pub format: LogFormat,
    /// Which events, as `RUST_LOG` has it: `info,newswire=debug`.
    pub filter: String,
}

/// The form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "said by the names")]
pub enum LogFormat {
    Json,
    Text,
}

/// `[tracing]`: what a collector is told of each message's way.
#[derive(Debug, Clone, PartialEq)]
pub struct Tracing {
    /// Where spans are sent (OTLP over HTTP); nowhere when unset.
    pub otlp_endpoint: Option<String>,
    /// Of the messages that are in no trace yet, the share that is traced: from 0 to 1.
    pub sample: f64,
}
