//! A fault day: a live set is broken in one way after the other, and what is shown is which alert fired, when, and that nothing was lost.
//! `make fault-day`. The rules are those that ship, with their minutes turned into seconds.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::kafka::Cluster;
use crate::prometheus::{self, Prometheus};
use crate::redis::Redis;
use crate::setup::{HOSTS, Setup, origin_in};
use crate::topics::Message;
use crate::worker::Worker;

/// How long a fault lasts at most, and how long the set may take to be well again.
const WITHIN: Duration = Duration::from_secs(180);

/// Between two looks; a URL is sent with each.
const TICK: Duration = Duration::from_millis(200);

/// A way to the site that can be cut.
struct Way {
    address: SocketAddr,
    is_cut: Arc<AtomicBool>,
}

impl Way {
    fn to(site: SocketAddr) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let (address, is_cut) = (listener.local_addr().unwrap(), Arc::new(AtomicBool::new(false)));
        let cut = is_cut.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if !cut.load(Ordering::Relaxed) {
                    let cut = cut.clone();
                    std::thread::spawn(move || relay(client, site, &cut));
                }
            }
        });
        Self { address, is_cut }
    }

    fn cut(&self, cut: bool) {
        self.is_cut.store(cut, Ordering::Relaxed);
    }
}

/// Bytes both ways, until one side ends or the way is cut.
fn relay(client: TcpStream, site: SocketAddr, is_cut: &Arc<AtomicBool>) {
    let Ok(server) = TcpStream::connect(site) else { return };
    let there = (client.try_clone().unwrap(), server.try_clone().unwrap());
    let cut = is_cut.clone();
    let back = std::thread::spawn(move || copy(server, client, &cut));
    copy(there.0, there.1, is_cut);
    let _ = back.join();
}

fn copy(mut from: TcpStream, mut to: TcpStream, is_cut: &AtomicBool) {
    let mut bytes = [0; 16 * 1024];
    while let Ok(count) = from.read(&mut bytes) {
        if count == 0 || is_cut.load(Ordering::Relaxed) || to.write_all(&bytes[..count]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(std::net::Shutdown::Both);
    let _ = from.shutdown(std::net::Shutdown::Both);
}

/// The rules that ship, sixty times as fast: seconds for minutes, minutes for hours, 24 minutes for a day.
fn fast_rules() -> String {
    let rules = include_str!("../../deploy/prometheus/rules.yml");
    let mut fast = String::new();
    for line in rules.lines() {
        let is_span = |before: &str| before.ends_with("for: ") || before.ends_with("offset ") || before.ends_with('[');
        let mut rest = line;
        while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
            let (before, behind) = rest.split_at(at);
            let end = behind.find(|c: char| !c.is_ascii_digit()).unwrap_or(behind.len());
            let (number, behind) = behind.split_at(end);
            fast.push_str(before);
            let unit = behind.chars().next().filter(|_| is_span(before));
            let faster = match unit {
                Some('m') => format!("{number}s"),
                Some('h') => format!("{number}m"),
                Some('d') => format!("{}m", number.parse::<u32>().unwrap() * 24),
                _ => number.to_owned(),
            };
            fast.push_str(&faster);
            rest = if matches!(unit, Some('m' | 'h' | 'd')) { &behind[1..] } else { behind };
        }
        fast.push_str(rest);
        fast.push('\n');
    }
    fast.replace("interval: 30s", "interval: 1s")
}

/// A worker with all that it works with, under the eyes of a Prometheus.
struct Day {
    setup: Setup,
    cluster: Cluster,
    redis: Redis,
    way: Way,
    worker: Option<Worker>,
    prometheus: Prometheus,
    began: Timestamp,
    /// What was broken from when to when, for the pictures.
    marks: Vec<Value>,
    sent: u64,
    bad: u64,
}

impl Day {
    fn dawn(name: &str, store: &str) -> Self {
        let cluster = Cluster::start(3);
        let mut setup = Setup::on(name, &cluster);
        let (redis, way) = (Redis::start(), Way::to(setup.site.address()));
        setup.set("delivery", "mode", "\"exactly_once\"");
        setup.set("dedup", "store", &format!("{store:?}"));
        if store == "redis" {
            setup.set("dedup", "redis_url", &format!("{:?}", redis.url()));
        }
        setup.set("retry", "max_attempts", "1000");
        for host in HOSTS {
            setup.set("fetch.resolve", &format!("{host:?}"), &format!("\"{}\"", way.address));
        }
        // A file that may not grow is refused like one on a full disk; the signal that comes with it is not meant.
        let mut worker = Worker::launch_by("trap '' XFSZ; exec \"$0\" \"$@\"", &setup);
        worker.ready();
        let rules = setup.file("fast.yml", fast_rules());
        let prometheus = Prometheus::scraping_with(&setup, &worker.address(), rules.to_str().unwrap());
        let (worker, began, marks) = (Some(worker), Timestamp::now(), Vec::new());
        let mut day = Self { setup, cluster, redis, way, worker, prometheus, began, marks, sent: 0, bad: 0 };
        // Rates, and what is usual.
        day.pass(Duration::from_secs(90));
        day
    }

    fn worker(&self) -> &Worker {
        self.worker.as_ref().unwrap()
    }

    fn send(&mut self, count: u64) {
        let url =
            |number: u64| Message::of(format!("http://{}/article/{number}", HOSTS[number as usize % HOSTS.len()]));
        let messages: Vec<Message> = (self.sent..self.sent + count).map(url).collect();
        self.sent += count;
        self.setup.send(&messages);
    }

    fn send_garbage(&mut self) {
        self.bad += 20;
        self.setup.send(&(0..20).map(|number| Message::of(format!("garbage {number}"))).collect::<Vec<_>>());
    }

    fn pass(&mut self, time: Duration) {
        let start = Instant::now();
        while start.elapsed() < time {
            self.send(1);
            std::thread::sleep(TICK);
        }
    }

    fn firing(&self) -> BTreeSet<String> {
        let series = self.prometheus.query("ALERTS{alertstate=\"firing\"}").unwrap_or_default();
        series.iter().map(|series| series["metric"]["alertname"].as_str().unwrap().to_owned()).collect()
    }

    /// Messages that ended for good, each by its origin.
    fn ended(&self) -> BTreeMap<String, usize> {
        let mut ended = BTreeMap::new();
        for record in self.setup.read("outcomes").all() {
            if record.json()["outcome"] != "deferred" {
                *ended.entry(origin_in(record)).or_default() += 1;
            }
        }
        ended
    }

    /// Breaks something, waits for an alert of `expected` (where there are none: a while, in which none may fire), mends it, and
    /// waits until all messages have ended and no alert fires any more.
    fn fault(&mut self, what: &str, expected: &[&str], mut broken: impl FnMut(&mut Self), mend: impl Fn(&mut Self)) {
        let before = self.firing();
        assert!(before.is_empty(), "{what}: {before:?} before anything was done");
        let (start, from) = (Instant::now(), Timestamp::now());
        let mut fired = BTreeMap::new();
        let is_seen = |fired: &BTreeMap<String, Duration>| expected.iter().any(|alert| fired.contains_key(*alert));
        let enough = if expected.is_empty() { WITHIN / 4 } else { WITHIN };
        while start.elapsed() < enough && !is_seen(&fired) {
            broken(self);
            std::thread::sleep(TICK);
            for alert in self.firing() {
                fired.entry(alert).or_insert(start.elapsed());
            }
        }
        mend(self);
        self.marks.push(json!({ "what": what, "from": seconds(from), "to": seconds(Timestamp::now()) }));
        let mended = Instant::now();
        let total = self.sent + self.bad;
        while mended.elapsed() < WITHIN && (self.ended().len() as u64) < total {
            std::thread::sleep(TICK * 5);
        }
        let well_after = mended.elapsed();
        // Nothing was sent since: what is missing is lost.
        let ended = self.ended();
        let doubled = ended.values().filter(|count| **count > 1).count();
        let lost = total.saturating_sub(ended.len() as u64);
        let mut still = self.firing();
        while mended.elapsed() < WITHIN && !still.is_empty() {
            still.into_iter().for_each(|alert| _ = fired.entry(alert).or_insert(start.elapsed()));
            self.pass(TICK);
            still = self.firing();
        }
        let quiet_after = mended.elapsed();
        let told: Vec<String> =
            fired.iter().map(|(alert, after)| format!("{alert} after {:.0} s", after.as_secs_f64())).collect();
        let told = if told.is_empty() { "none".to_owned() } else { told.join(", ") };
        let (well, quiet) = (well_after.as_secs_f64(), quiet_after.as_secs_f64());
        println!("| {what} | {told} | {well:.0} s | {quiet:.0} s | {total} | {lost} | {doubled} |");
        assert_eq!(is_seen(&fired), !expected.is_empty(), "{what}: of {expected:?} fired {fired:?}");
        assert!(!expected.is_empty() || fired.is_empty(), "{what}: {fired:?} fired for nothing");
        assert_eq!((lost, doubled), (0, 0), "{what}");
        assert_eq!(still, BTreeSet::new(), "{what}: still firing");
    }

    /// Draws the dashboards of this day into target/fault-day, where `FAULT_DAY_PYTHON` names a Python with matplotlib.
    fn draw(&self) {
        let Ok(python) = std::env::var("FAULT_DAY_PYTHON") else { return };
        let home = Path::new(env!("CARGO_MANIFEST_DIR"));
        let marks = self.setup.file("marks.json", serde_json::to_vec(&self.marks).unwrap());
        let mut drawing = Command::new(python);
        drawing.arg(home.join("deploy/grafana/pictures.py")).args(["--prometheus", &self.prometheus.url()]);
        drawing.args(["--begin", &seconds(self.began).to_string(), "--window", "10s", "--marks"]).arg(marks);
        drawing.arg("--out").arg(home.join("target").join(&self.setup.name));
        assert!(drawing.status().unwrap().success());
    }
}

/// Since 1970.
fn seconds(time: Timestamp) -> f64 {
    time.as_millisecond() as f64 / 1e3
}

#[test]
#[ignore = "minutes long: it prints a table"]
fn each_fault_raises_its_alert_and_loses_nothing() {
    assert!(!prometheus::is_missing());
    println!(
        "| fault | alerts, in seconds that stand for minutes | all ended after it was mended | no alert any more | messages so far | lost | doubled |"
    );
    println!("|---|---|---|---|---|---|---|");
    let mut day = Day::dawn("fault-day", "redis");
    let kill_one = |day: &mut Day| {
        day.cluster.kill(2);
        day.send(1);
    };
    day.fault("one of three brokers is killed", &[], kill_one, |day| day.cluster.restart(2));
    day.send(50);
    let down = ["NewswireNotReady", "NewswireNoProgress", "NewswireCommitsFailing", "NewswireNoAssignment"];
    let kill = |day: &mut Day| [1, 2].into_iter().for_each(|broker| day.cluster.kill(broker));
    day.fault("two of three brokers are killed", &down, kill, |day| {
        [1, 2].into_iter().for_each(|broker| day.cluster.restart(broker))
    });
    let redis = ["NewswireNotReady", "NewswireStoreSlow", "NewswireNoProgress"];
    let stop = |day: &mut Day| {
        day.redis.kill();
        day.send(1);
    };
    day.fault("Redis is stopped", &redis, stop, |day| day.redis.start_again());
    let cut = |day: &mut Day| {
        day.way.cut(true);
        day.send(1);
    };
    day.fault("the way to all hosts is cut", &["NewswireMostHostsFail"], cut, |day| day.way.cut(false));
    let flood = |day: &mut Day| {
        day.send_garbage();
        day.send(1);
    };
    day.fault("bad messages flood the topic", &["NewswireRejectsAboveBaseline"], flood, |_| ());
    day.draw();
    drop(day);

    let mut day = Day::dawn("fault-day-disk", "embedded");
    let limit = |day: &Day, size: &str| {
        let id = day.worker().id().to_string();
        assert!(
            Command::new("prlimit")
                .args(["--pid", &id, &format!("--fsize={size}:unlimited")])
                .status()
                .unwrap()
                .success()
        );
    };
    let full = |day: &mut Day| {
        limit(day, "0");
        day.send(1);
    };
    day.fault("the disk takes nothing", &["NewswireNotReady", "NewswireNoProgress"], full, |day| {
        limit(day, "unlimited")
    });
    day.draw();
    day.worker.take().unwrap().stop();
}
