//! What a test has to itself: topics, a consumer group, a folder, a site, and settings for its workers.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use crate::kafka::{self, Cluster};
use crate::keeper;
use crate::site::Site;
use crate::topics::{Message, Reader, Record, Topics};
use crate::wait::{self, SOON};

/// The hosts that every test's site plays; more with [`Setup::host`].
pub const HOSTS: [&str; 3] = ["alpha.example", "beta.example", "gamma.example"];

/// The delay of the retry tier that tests use.
pub const RETRY_DELAY: &str = "300ms";

/// A test's own world.
pub struct Setup {
    /// The test's name, which all its topics begin with.
    pub name: String,
    /// The cluster.
    pub topics: Topics,
    /// The web.
    pub site: Site,
    bootstrap: String,
    folder: PathBuf,
    /// Section, key (both as TOML writes them), value (as TOML writes it).
    settings: BTreeMap<String, BTreeMap<String, String>>,
}

impl Setup {
    /// On the shared broker, with all topics created: four partitions of URLs, one of everything else.
    pub fn new(name: &str) -> Self {
        let setup = Self::without_topics(name, kafka::shared());
        setup.create_topics(1);
        setup
    }

    /// The same with a mode of delivery.
    pub fn in_mode(name: &str, mode: &str) -> Self {
        let mut setup = Self::new(&format!("{name}.{mode}"));
        setup.set("delivery", "mode", &format!("{mode:?}"));
        setup
    }

    /// On brokers of one's own, all topics created, with as many replicas as there are brokers, up to three.
    pub fn on(name: &str, cluster: &Cluster) -> Self {
        let setup = Self::without_topics(name, cluster);
        setup.create_topics(cluster.size().min(3) as i32);
        setup
    }

    /// On brokers of one's own, and with no topics yet.
    pub fn without_topics(name: &str, cluster: &Cluster) -> Self {
        Self::at(name, &cluster.bootstrap())
    }

    /// On brokers that may not even run yet.
    pub fn at(name: &str, bootstrap: &str) -> Self {
        let mut setup = Self {
            name: name.into(),
            topics: Topics::at(bootstrap),
            site: Site::start(),
            bootstrap: bootstrap.into(),
            folder: keeper::folder(name),
            settings: BTreeMap::new(),
        };
        setup.set_defaults();
        setup
    }

    fn set_defaults(&mut self) {
        let text = |value: &str| format!("{value:?}");
        let (name, folder) = (self.name.clone(), self.folder.clone());
        self.set("kafka", "bootstrap_servers", &text(&self.bootstrap.clone()));
        self.set("kafka", "group_id", &text(&name));
        for topic in ["urls", "articles", "rejected", "outcomes", "feeds"] {
            self.set("topics", topic, &text(&self.topic(topic)));
        }
        self.set("retry", "tiers", &format!("[{{ topic = {:?}, delay = {RETRY_DELAY:?} }}]", self.topic("retry")));
        self.set("delivery", "mode", &text(&mode()));
        self.set("delivery", "instance_id", &text(&format!("{name}-0")));
        self.set("delivery", "commit_interval", &text("100ms"));
        self.set("delivery", "drain_timeout", &text("10s"));
        self.set("delivery", "state_dir", &text(folder.join("state").to_str().unwrap()));
        self.set("fetch", "allow_private_networks", "true");
        self.set("frontier", "host_delay", &text("0s"));
        self.set("frontier", "address_delay", &text("0s"));
        self.set("frontier", "host_concurrency", "8");
        self.set("dedup", "path", &text(folder.join("dedup").to_str().unwrap()));
        self.set("log", "format", &text("text"));
        for host in HOSTS {
            self.host(host);
        }
    }

    fn create_topics(&self, replicas: i32) {
        let names = ["urls", "articles", "rejected", "outcomes", "feeds", "retry"].map(|topic| self.topic(topic));
        let wanted: Vec<_> =
            names.iter().enumerate().map(|(i, name)| (name.as_str(), if i == 0 { 4 } else { 1 })).collect();
        let missing: Vec<_> = wanted.into_iter().filter(|(name, _)| self.topics.partitions(name).is_empty()).collect();
        self.topics.create(&missing, replicas);
    }

    /// The full name of one of the test's topics: `urls`, `articles`, `rejected`, `outcomes`, `feeds`, `retry`.
    pub fn topic(&self, short: &str) -> String {
        format!("{}.{short}", self.name)
    }

    /// The consumer group of the test's workers.
    pub fn group(&self) -> &str {
        &self.name
    }

    /// Sets a key of a section; all three as TOML writes them.
    pub fn set(&mut self, section: &str, key: &str, value: &str) {
        self.settings.entry(section.into()).or_default().insert(key.into(), value.into());
    }

    /// Takes a whole section out.
    pub fn unset(&mut self, section: &str) {
        self.settings.remove(section);
    }

    /// Lets the site play one more host.
    pub fn host(&mut self, host: &str) {
        let address = self.site.address();
        self.set("fetch.resolve", &format!("{host:?}"), &format!("\"{address}\""));
    }

    /// Writes the settings to a file of this name in the test's folder.
    pub fn write_settings(&self, name: &str) -> PathBuf {
        let mut text = String::new();
        for (section, keys) in &self.settings {
            text.push_str(&format!("[{section}]\n"));
            for (key, value) in keys {
                text.push_str(&format!("{key} = {value}\n"));
            }
        }
        let file = self.folder.join(name);
        fs::write(&file, text).unwrap();
        file
    }

    /// A file of this content in the test's folder.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let file = self.folder.join(name);
        fs::write(&file, content).unwrap();
        file
    }

    /// Puts messages on the topic of URLs.
    pub fn send(&self, messages: &[Message]) {
        self.topics.produce(&self.topic("urls"), messages);
    }

    /// Puts bare URLs on the topic of URLs, on each partition in turn: what has no key and no partition goes to
    /// whichever one librdkafka sticks to for the moment.
    pub fn send_urls<S: AsRef<str>>(&self, urls: impl IntoIterator<Item = S>) {
        let partitions = self.topics.partitions(&self.topic("urls"));
        let on = partitions.iter().copied().cycle();
        let messages: Vec<_> = urls.into_iter().zip(on).map(|(url, on)| Message::of(url.as_ref()).on(on)).collect();
        self.send(&messages);
    }

    /// A reader of one of the test's topics.
    pub fn read(&self, short: &str) -> Reader {
        self.topics.read(&[&self.topic(short)])
    }

    /// Waits until `count` messages have ended for good, and gives all records of the outcomes' topic.
    pub fn ended(&self, count: usize) -> Vec<Record> {
        self.read("outcomes")
            .until(&format!("{count} messages to end"), SOON, |all| ended_for_good(all) >= count)
            .to_vec()
    }

    /// Waits until the group has committed all URLs.
    pub fn committed_to_the_end(&self) {
        wait::until("the group to commit all URLs", SOON, || {
            (self.topics.lag(self.group(), &self.topic("urls")) == 0).then_some(())
        });
    }
}

/// The mode that tests without a wish of their own run in; `make test DELIVERY=at_least_once` sets it.
fn mode() -> String {
    std::env::var("NEWSWIRE_TEST_DELIVERY").unwrap_or_else(|_| "exactly_once".into())
}

/// How many records are of an outcome after which nothing more comes.
pub fn ended_for_good(outcomes: &[Record]) -> usize {
    outcomes.iter().filter(|record| record.json()["outcome"] != "deferred").count()
}

/// The outcome records of one URL, as consumed, in order.
pub fn of_url<'a>(outcomes: &'a [Record], url: &str) -> Vec<&'a Record> {
    outcomes.iter().filter(|record| record.json()["url"] == url).collect()
}

/// The origin that an outcome or an article names.
pub fn origin_in(record: &Record) -> String {
    let json = record.json();
    let input = &json["input"];
    format!("{}:{}:{}", input["topic"].as_str().unwrap(), input["partition"], input["offset"])
}
