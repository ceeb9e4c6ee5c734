//! Workers are killed while the list of feeds changes: one message in flight for each feed on it, one article for each entry.

use std::collections::BTreeMap;

use crate::command::newswire;
use crate::redis::Redis;
use crate::setup::{HOSTS, Setup};
use crate::site::Answer;
use crate::wait::{self, SOON};
use crate::worker::Worker;

/// Feeds; all are on the list at one time or another.
const FEEDS: usize = 6;

struct Storm {
    setup: Setup,
    /// What is known of articles outlives the workers, and a feed that comes back to the list brings all its entries again.
    _redis: Redis,
    workers: BTreeMap<usize, Worker>,
    /// How many entries each feed has.
    entries: [usize; FEEDS],
    listed: [bool; FEEDS],
}

fn address(feed: usize) -> String {
    format!("http://{}/feed/{feed}", HOSTS[feed % HOSTS.len()])
}

/// An article of its own for each entry of each feed.
fn entry(feed: usize, number: usize) -> String {
    format!("http://{}/article/{}", HOSTS[feed % HOSTS.len()], 1_000 * feed + number)
}

impl Storm {
    fn new(name: &str) -> Self {
        let mut setup = Setup::in_mode(name, "exactly_once");
        let redis = Redis::start();
        setup.set("dedup", "store", "\"redis\"");
        setup.set("dedup", "redis_url", &format!("{:?}", redis.url()));
        Self { setup, _redis: redis, workers: BTreeMap::new(), entries: [0; FEEDS], listed: [false; FEEDS] }
    }

    fn start(&mut self, number: usize) {
        let name = format!("{}-{number}", self.setup.name);
        let state = self.setup.file(&format!("of-{number}"), "").with_extension("state");
        let own = [
            ("NEWSWIRE__DELIVERY__INSTANCE_ID", name.as_str()),
            ("NEWSWIRE__DELIVERY__STATE_DIR", state.to_str().unwrap()),
        ];
        self.workers.insert(number, Worker::launch_with(&self.setup, &own));
    }

    fn list(&mut self, feed: usize, listed: bool) {
        let config = self.setup.write_settings("feeds.toml");
        let (url, config) = (address(feed), config.to_str().unwrap());
        let answer = if listed {
            newswire(&["feeds", "add", &url, "--every", "300ms", "--config", config])
        } else {
            newswire(&["feeds", "remove", &url, "--config", config])
        };
        assert_eq!(answer.code, 0, "{answer:?}");
        self.listed[feed] = listed;
    }

    fn publish(&mut self, feed: usize) {
        self.entries[feed] += 1;
        let item = |number: usize| format!("<item><link>{}</link></item>", entry(feed, number));
        let items: String = (0..self.entries[feed]).map(item).collect();
        let page = Answer::bytes("text/xml", format!("<rss><channel>{items}</channel></rss>"));
        self.setup.site.set(address(feed).trim_start_matches("http://"), page);
    }

    /// How often each address is on a topic.
    fn counted(&self, topic: &str) -> BTreeMap<String, usize> {
        let mut counted = BTreeMap::new();
        for record in self.setup.read(topic).all() {
            *counted.entry(record.json()["url"].as_str().unwrap_or_default().to_owned()).or_default() += 1;
        }
        counted
    }

    /// Messages of each feed that were written and not worked on yet.
    fn in_flight(&self) -> [usize; FEEDS] {
        // The outcomes first: what ends while this reads counts as in flight, and nothing in flight is missed.
        let [outcomes, urls, retry] = ["outcomes", "urls", "retry"].map(|topic| self.counted(topic));
        let of =
            |counted: &BTreeMap<String, usize>, feed: usize| counted.get(&address(feed)).copied().unwrap_or_default();
        std::array::from_fn(|feed| of(&urls, feed) + of(&retry, feed) - of(&outcomes, feed))
    }

    fn wanted(&self) -> BTreeMap<String, usize> {
        let all = (0..FEEDS).flat_map(|feed| (0..self.entries[feed]).map(move |number| (entry(feed, number), 1)));
        all.collect()
    }

    /// All that feeds on the list have published has become articles.
    fn caught_up(&self) {
        let listed = (0..FEEDS).filter(|feed| self.listed[*feed]);
        let due: Vec<String> =
            listed.flat_map(|feed| (0..self.entries[feed]).map(move |number| entry(feed, number))).collect();
        wait::until("the entries of all feeds on the list", SOON, || {
            let articles = self.counted("articles");
            due.iter().all(|url| articles.contains_key(url)).then_some(())
        });
    }

    fn rage(&mut self, rounds: usize) {
        for feed in 0..FEEDS {
            self.publish(feed);
            if feed % 2 == 0 {
                self.list(feed, true);
            }
        }
        self.start(0);
        self.start(1);
        self.caught_up();
        for round in 0..rounds {
            let victim = round % 2;
            // The kill meets whatever is under way: rounds, changes of the list, commits.
            self.publish(round % FEEDS);
            self.list((round * 2 + 1) % FEEDS, true);
            self.workers.remove(&victim).unwrap().kill();
            self.list(round % FEEDS, false);
            self.publish((round + 3) % FEEDS);
            self.start(victim);
            self.list(round % FEEDS, true);
            self.caught_up();
        }
        for feed in 0..FEEDS {
            self.list(feed, true);
        }
        for worker in self.workers.values_mut() {
            worker.ready();
        }
        self.caught_up();
        self.list(0, false);
        wait::until("the removed feed's message to end", SOON, || (self.in_flight()[0] == 0).then_some(()));
        for (_, worker) in std::mem::take(&mut self.workers) {
            worker.stop();
        }
        assert_eq!(
            self.in_flight(),
            self.listed.map(usize::from),
            "one message for each feed on the list, none for others"
        );
        assert_eq!(self.counted("articles"), self.wanted(), "one article for each entry");
    }
}

#[test]
fn each_feed_of_a_list_has_one_message_and_each_entry_one_article_through_kills_and_changes() {
    Storm::new("feed-storm").rage(3);
}

#[test]
#[ignore = "minutes long"]
fn the_long_storm_over_a_list_of_feeds() {
    Storm::new("feed-storm-long").rage(60);
}
