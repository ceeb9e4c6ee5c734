//! Every key, with its default and what is allowed.
//!
//! `config/newswire.toml` says of each what it is for; a test holds that file against this one.

use std::path::PathBuf;
use std::time::Duration;

use super::properties::property;
use super::reader::Reader;
use super::rules::{
    Address, Choice, File, Hidden, Listen, Number, OrMade, OrNone, Share, Size, Span, Switch, Text, is_log_filter,
};
use super::settings::{
    Admin, Dedup, DedupStore, Delivery, DeliveryMode, Directives, Extract, Feeds, Fetch, Frontier, FrontierStore,
    Kafka, Log, LogFormat, Membership, Retry, Robots, Settings, Tier, Topics, Tracing,
};
use super::topology::{Ports, TOPIC, Tiers, resolved};

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const YEARS: Duration = Duration::from_secs(3_650 * 24 * 60 * 60);

/// All settings, read from `reader`.
pub(super) fn settings(reader: &mut Reader) -> Settings {
    Settings {
        kafka: kafka(reader),
        topics: topics(reader),
        retry: retry(reader),
        delivery: delivery(reader),
        fetch: fetch(reader),
        frontier: frontier(reader),
        extract: extract(reader),
        dedup: dedup(reader),
        feeds: feeds(reader),
        admin: admin(reader),
        log: log(reader),
        tracing: tracing(reader),
    }
}

fn kafka(reader: &mut Reader) -> Kafka {
    let servers = Text(is_servers, r#"brokers as "host:port", with commas between, and credentials in the properties"#);
    let properties = r#"a table of librdkafka's properties, such as { "security.protocol" = "SASL_SSL" }"#;
    Kafka {
        bootstrap_servers: reader.read("kafka.bootstrap_servers", "localhost:9092".to_owned(), servers),
        group_id: reader.read("kafka.group_id", "newswire".to_owned(), Text(is_plain, "a name of 1 to 249 characters")),
        create_topics: reader.read("kafka.create_topics", true, Switch),
        properties: reader.read_table("kafka.properties", properties, property),
        consumer_properties: reader.read_table("kafka.consumer_properties", properties, property),
        producer_properties: reader.read_table("kafka.producer_properties", properties, property),
    }
}

fn topics(reader: &mut Reader) -> Topics {
    Topics {
        urls: reader.read("topics.urls", "news.urls".to_owned(), TOPIC),
        articles: reader.read("topics.articles", "news.articles".to_owned(), TOPIC),
        rejected: reader.read("topics.rejected", "news.rejected".to_owned(), TOPIC),
        outcomes: reader.read("topics.outcomes", "news.outcomes".to_owned(), TOPIC),
        feeds: reader.read("topics.feeds", "news.feeds".to_owned(), TOPIC),
    }
}

fn retry(reader: &mut Reader) -> Retry {
    let tier = |name: &str, delay: Duration| Tier { topic: format!("news.urls.retry.{name}"), delay };
    let tiers = vec![tier("1m", seconds(60)), tier("10m", seconds(600)), tier("1h", seconds(3_600))];
    Retry {
        tiers: reader.read("retry.tiers", tiers, Tiers),
        max_attempts: reader.read("retry.max_attempts", 5, Number(1..=1_000)),
        max_age: reader.read("retry.max_age", DAY, Span(milliseconds(1)..=YEARS)),
    }
}

fn delivery(reader: &mut Reader) -> Delivery {
    let modes = Choice(&[("exactly_once", DeliveryMode::ExactlyOnce), ("at_least_once", DeliveryMode::AtLeastOnce)]);
    let memberships = Choice(&[("static", Membership::Static), ("dynamic", Membership::Dynamic)]);
    let instance = Text(is_instance, "1 to 100 letters, digits, '.', '_' or '-', or \"\" for the host's name");
    Delivery {
        mode: reader.read("delivery.mode", DeliveryMode::ExactlyOnce, modes),
        instance_id: reader.read("delivery.instance_id", host_name(), OrMade(instance, host_name)),
        membership: reader.read("delivery.membership", Membership::Static, memberships),
        leave_on_exit: reader.read("delivery.leave_on_exit", false, Switch),
        state_dir: reader.read("delivery.state_dir", PathBuf::from("data/state"), File),
        // Ten seconds are a sixth of transaction.timeout.ms.
        commit_interval: reader.read(
            "delivery.commit_interval",
            milliseconds(200),
            Span(milliseconds(10)..=seconds(10)),
        ),
        max_in_flight: reader.read("delivery.max_in_flight", 1_000, Number(1..=100_000)),
        max_bytes_in_flight: reader.read("delivery.max_bytes_in_flight", 256 * MIB, Size(64 * KIB..=1_024 * GIB)),
        // Below the 30 s that Kubernetes gives a pod unless told otherwise.
        drain_timeout: reader.read("delivery.drain_timeout", seconds(25), Span(seconds(0)..=seconds(3_600))),
        // Kafka's default of offset.metadata.max.bytes.
        offset_metadata_max: reader.read("delivery.offset_metadata_max", 4 * KIB, Size(64..=MIB)),
    }
}

fn fetch(reader: &mut Reader) -> Fetch {
    let agent = Text(is_user_agent, "a product in letters, '_' or '-' and its version first, such as \"newsbot/1.0\"");
    let patience = || Span(milliseconds(1)..=seconds(600));
    Fetch {
        user_agent: reader.read("fetch.user_agent", user_agent(), OrMade(agent, user_agent)),
        allow_private_networks: reader.read("fetch.allow_private_networks", false, Switch),
        ports: reader.read("fetch.ports", vec![80, 443, 8080, 8443], Ports),
        ca_file: reader.read("fetch.ca_file", None, OrNone(File)),
        proxy: reader.read("fetch.proxy", None, OrNone(Address(Text(is_proxy_url, "\"http://HOST:PORT\"")))),
        connect_timeout: reader.read("fetch.connect_timeout", seconds(10), patience()),
        read_timeout: reader.read("fetch.read_timeout", seconds(15), patience()),
        total_timeout: reader.read("fetch.total_timeout", seconds(60), patience()),
        max_body: reader.read("fetch.max_body", 8 * MIB, Size(1..=GIB)),
        max_redirects: reader.read("fetch.max_redirects", 10, Number(0..=50)),
        resolve: reader.read_table(
            "fetch.resolve",
            r#"a table such as { "news.example" = "127.0.0.1:8080" }"#,
            resolved,
        ),
    }
}

fn frontier(reader: &mut Reader) -> Frontier {
    Frontier {
        host_delay: reader.read("frontier.host_delay", seconds(1), Span(seconds(0)..=DAY)),
        host_concurrency: reader.read("frontier.host_concurrency", 1, Number(1..=10_000)),
        address_delay: reader.read("frontier.address_delay", seconds(0), Span(seconds(0)..=DAY)),
        max_wait: reader.read("frontier.max_wait", seconds(60), Span(seconds(0)..=DAY)),
        robots: reader.read(
            "frontier.robots",
            Robots::Obey,
            Choice(&[("obey", Robots::Obey), ("ignore", Robots::Ignore)]),
        ),
        directives: reader.read(
            "frontier.directives",
            Directives::Record,
            Choice(&[("record", Directives::Record), ("obey", Directives::Obey)]),
        ),
        rules: reader.read("frontier.rules", None, OrNone(File)),
        store: reader.read(
            "frontier.store",
            FrontierStore::Memory,
            Choice(&[("memory", FrontierStore::Memory), ("redis", FrontierStore::Redis)]),
        ),
    }
}

fn extract(reader: &mut Reader) -> Extract {
    Extract {
        min_words: reader.read("extract.min_words", 25, Number(1..=100_000)),
        time_limit: reader.read("extract.time_limit", seconds(2), Span(milliseconds(1)..=seconds(600))),
    }
}

fn dedup(reader: &mut Reader) -> Dedup {
    Dedup {
        store: reader.read(
            "dedup.store",
            DedupStore::Memory,
            Choice(&[("memory", DedupStore::Memory), ("embedded", DedupStore::Embedded), ("redis", DedupStore::Redis)]),
        ),
        path: reader.read("dedup.path", PathBuf::from("data/dedup"), File),
        redis_url: reader.read(
            "dedup.redis_url",
            None,
            OrNone(Address(Text(is_redis_url, "\"redis://HOST:PORT\" or \"rediss://HOST:PORT\""))),
        ),
        ttl: reader.read("dedup.ttl", DAY * 30, Span(seconds(1)..=YEARS)),
        publish_duplicates: reader.read("dedup.publish_duplicates", false, Switch),
    }
}

fn feeds(reader: &mut Reader) -> Feeds {
    Feeds {
        first_max: reader.read("feeds.first_max", 50, Number(0..=100_000)),
        max_age: reader.read("feeds.max_age", DAY * 30, Span(seconds(1)..=YEARS)),
        discover: reader.read("feeds.discover", false, Switch),
        use_content: reader.read("feeds.use_content", false, Switch),
    }
}

fn admin(reader: &mut Reader) -> Admin {
    let token = Hidden(Text(is_token, "1 to 1,000 visible ASCII characters"));
    Admin {
        // A port of the range that Prometheus's exporters share; only this host reaches it unless told otherwise.
        listen: reader.read("admin.listen", Some(([127, 0, 0, 1], 9464).into()), Listen),
        control: reader.read("admin.control", false, Switch),
        token: reader.read("admin.token", None, OrNone(token)),
    }
}

fn log(reader: &mut Reader) -> Log {
    Log {
        format: reader.read(
            "log.format",
            LogFormat::Text,
            Choice(&[("text", LogFormat::Text), ("json", LogFormat::Json)]),
        ),
        filter: reader.read(
            "log.filter",
            "info".to_owned(),
            Text(is_log_filter, "a level or a list such as \"info,newswire=debug\""),
        ),
    }
}

fn tracing(reader: &mut Reader) -> Tracing {
    let endpoint =
        Text(is_endpoint, "a whole address, such as \"http://localhost:4318/v1/traces\", without credentials");
    Tracing {
        otlp_endpoint: reader.read("tracing.otlp_endpoint", None, OrNone(endpoint)),
        sample: reader.read("tracing.sample", 1.0, Share),
    }
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

const fn milliseconds(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// This host's name, the worker's name where none is given.
fn host_name() -> String {
    let name = gethostname::gethostname().to_string_lossy().into_owned();
    if is_instance(&name) { name } else { "newswire".to_owned() }
}

/// A product and its version, and no contact: that is the operator's to give.
fn user_agent() -> String {
    concat!("newswire/", env!("CARGO_PKG_VERSION")).to_owned()
}

/// Printable, without spaces at the ends.
fn is_plain(text: &str) -> bool {
    (1..=249).contains(&text.len()) && text.trim() == text && !text.chars().any(char::is_control)
}

fn is_instance(text: &str) -> bool {
    text.len() <= 100 && TOPIC.0(text)
}

/// `host`, `host:port`, `[v6]:port`, each with `protocol://` before it or not, as librdkafka reads them.
fn is_servers(text: &str) -> bool {
    let is_server = |server: &str| {
        let server = server.trim();
        let server = server.split_once("://").map_or(server, |(_, server)| server);
        let (host, port) = match server.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, port),
            _ => (server, "9092"),
        };
        let is_sign = |sign: char| sign.is_alphanumeric() || matches!(sign, '.' | '-' | '_' | ':' | '[' | ']' | '%');
        !host.is_empty() && host.chars().all(is_sign) && port.parse::<u16>().is_ok_and(|port| port > 0)
    };
    text.split(',').all(is_server)
}

/// RFC 9309, 2.2.1: robots.txt knows a crawler by its product, which is letters, `_` and `-`; and what RFC 9110
/// lets stand in a header.
fn is_user_agent(text: &str) -> bool {
    let product = text.split(['/', ' ']).next().unwrap_or_default();
    let is_product = |sign: char| sign.is_ascii_alphabetic() || matches!(sign, '_' | '-');
    let has_version = text.get(product.len()..).is_some_and(|rest| rest.len() > 1 && rest.starts_with('/'));
    let is_header = text.trim() == text && text.chars().all(|sign| sign == ' ' || sign.is_ascii_graphic());
    !product.is_empty() && product.chars().all(is_product) && has_version && is_header && text.len() <= 1_000
}

fn is_redis_url(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "redis" | "rediss") && url.has_host())
}

fn is_endpoint(text: &str) -> bool {
    let is_bare = |url: &url::Url| url.username().is_empty() && url.password().is_none();
    let url = url::Url::parse(text).ok().filter(is_bare);
    url.is_some_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

fn is_proxy_url(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| url.scheme() == "http" && url.has_host() && url.path() == "/")
}

fn is_token(text: &str) -> bool {
    (1..=1_000).contains(&text.len()) && text.chars().all(|sign| sign.is_ascii_graphic())
}
