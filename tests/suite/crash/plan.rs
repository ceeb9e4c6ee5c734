//! What a run is made of: sizes, a seed, and the messages.

use std::time::Duration;

use crate::setup::{HOSTS, Setup};
use crate::site::Answer;

/// The sizes of a run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Messages sent.
    pub urls: usize,
    /// Workers at once, each with a name of its own.
    pub workers: usize,
    /// What is done to workers, in all.
    pub kills: usize,
    /// Brokers.
    pub brokers: usize,
    /// How often one of them is killed and started again.
    pub broker_kills: usize,
    /// What all chance comes from.
    pub seed: u64,
    /// `delivery.mode`; `at_least_once` shows that the oracle can fail.
    pub mode: String,
    /// `delivery.membership`.
    pub membership: String,
    /// `group.protocol`: `classic`, or `consumer` (KIP-848).
    pub protocol: String,
    /// `dedup.store`: `memory`, or `redis`, a server of the run's own.
    pub store: String,
}

impl Default for Plan {
    /// The long form of the crash test.
    fn default() -> Self {
        let text = str::to_owned;
        Self {
            urls: 20_000,
            workers: 3,
            kills: 200,
            brokers: 3,
            broker_kills: 10,
            seed: 1,
            mode: text("exactly_once"),
            membership: text("static"),
            protocol: text("classic"),
            store: text("memory"),
        }
    }
}

impl Plan {
    /// As `CRASH_URLS`, `CRASH_WORKERS`, `CRASH_KILLS`, `CRASH_BROKERS`, `CRASH_BROKER_KILLS`, `CRASH_SEED`,
    /// `CRASH_MODE`, `CRASH_MEMBERSHIP`, `CRASH_PROTOCOL` and `CRASH_STORE` have it.
    pub fn from_environment() -> Self {
        let number = |name: &str, otherwise: usize| {
            std::env::var(name).map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text}")))
        };
        let text = |name: &str, otherwise: String| std::env::var(name).unwrap_or(otherwise);
        let long = Self::default();
        Self {
            urls: number("CRASH_URLS", long.urls),
            workers: number("CRASH_WORKERS", long.workers),
            kills: number("CRASH_KILLS", long.kills),
            brokers: number("CRASH_BROKERS", long.brokers),
            broker_kills: number("CRASH_BROKER_KILLS", long.broker_kills),
            seed: number("CRASH_SEED", 1) as u64,
            mode: text("CRASH_MODE", long.mode),
            membership: text("CRASH_MEMBERSHIP", long.membership),
            protocol: text("CRASH_PROTOCOL", long.protocol),
            store: text("CRASH_STORE", long.store),
        }
    }

    /// Settings of the workers, and the pages that do not answer at once.
    pub fn configure(&self, setup: &mut Setup) {
        setup.set("delivery", "mode", &format!("{:?}", self.mode));
        setup.set("delivery", "max_in_flight", "64");
        // Pages take their time, a few at once: so there is always something in the middle of its work.
        setup.site.take_time(Duration::from_millis(200));
        setup.set("frontier", "host_concurrency", "4");
        // With memory copies are judged by their messages alone: a worker that starts anew knows no article of before.
        setup.set("dedup", "publish_duplicates", "false");
        setup.set("delivery", "membership", &format!("{:?}", self.membership));
        // The life of a member, short, so that a run sees many ends of it. Under KIP-848 it is the brokers' to set.
        if self.protocol == "consumer" {
            setup.set("kafka.consumer_properties", "\"group.protocol\"", "\"consumer\"");
        } else {
            setup.set("kafka.consumer_properties", "\"session.timeout.ms\"", "\"6000\"");
            setup.set("kafka.consumer_properties", "\"heartbeat.interval.ms\"", "\"1000\"");
        }
        for number in (0..self.urls).filter(|number| Kind::of(*number) == Kind::Flaky) {
            let answers = vec![Answer::status(503), Answer::article(number as u64)];
            setup.site.sequence(self.url(number).trim_start_matches("http://"), answers);
        }
    }

    /// The URL of message `number`.
    pub fn url(&self, number: usize) -> String {
        let host = HOSTS[number % HOSTS.len()];
        match Kind::of(number) {
            Kind::Page => format!("http://{host}/article/{number}"),
            Kind::Copy => format!("http://{host}/article/{}", number - 7),
            Kind::Flaky => format!("http://{host}/flaky/{number}"),
            Kind::Missing => format!("http://{host}/missing/{number}"),
        }
    }

    /// Requests that the messages take when nothing fails.
    pub fn requests(&self) -> usize {
        self.urls + (0..self.urls).filter(|number| Kind::of(*number) == Kind::Flaky).count()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Page,
    /// The text of another page, under another host.
    Copy,
    /// 503 first, then fine.
    Flaky,
    /// 404.
    Missing,
}

impl Kind {
    fn of(number: usize) -> Self {
        match number % 20 {
            9 | 19 => Self::Copy,
            5 | 15 => Self::Flaky,
            3 => Self::Missing,
            _ => Self::Page,
        }
    }
}

/// Chance that a seed repeats: splitmix64 (Steele, Lea and Flood, 2014).
pub struct Chance(pub u64);

impl Chance {
    /// A number from 0 to `below` - 1.
    pub fn below(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % below as u64) as usize
    }
}
