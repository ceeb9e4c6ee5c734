//! Outcomes as a reader at `read_committed` sees them come in.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::setup::origin_in;
use crate::topics::Reader;

/// A stall that is worth a line of its own.
const LONG: Duration = Duration::from_secs(10);

/// A reader on a thread of its own.
pub struct Watch {
    shared: Arc<Shared>,
    thread: JoinHandle<Stalls>,
}

#[derive(Default)]
struct Shared {
    sent: AtomicUsize,
    ended: AtomicUsize,
    stop: AtomicBool,
    /// What is down: since when, and the partitions in which a message must end before it counts as up again.
    down: Mutex<BTreeMap<Down, Outage>>,
}

/// Since when something is down, and where it must show that it is up again.
struct Outage {
    since: Instant,
    /// The same moment as outcomes write it: what ended before and is read now shows nothing.
    at: String,
    partitions: BTreeSet<i64>,
}

/// What was killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Down {
    /// The worker of this number.
    Worker(usize),
    /// A broker.
    Broker,
}

/// How long nothing came although messages were open.
#[derive(Debug, Default)]
pub struct Stalls {
    /// The longest of them.
    pub longest: Duration,
    /// Those of [`LONG`] or more: when the first thing came again, and after how long.
    pub long: Vec<(String, Duration)>,
    /// From the kill of a worker to the end of a message in a partition that it had.
    pub after_workers: Vec<Duration>,
    /// From the kill of a broker to the end of any message.
    pub after_brokers: Vec<Duration>,
}

/// Some durations: their median, ninth decile and longest.
pub struct Spread<'a>(pub &'a [Duration]);

impl fmt::Display for Spread<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut sorted: Vec<f64> = self.0.iter().map(Duration::as_secs_f64).collect();
        sorted.sort_by(f64::total_cmp);
        let Some(last) = sorted.last() else { return f.write_str("none") };
        let at = |share: usize| sorted[(sorted.len() * share / 10).min(sorted.len() - 1)];
        write!(f, "{} times, median {:.2} s, 9 of 10 within {:.2} s, longest {last:.2} s", sorted.len(), at(5), at(9))
    }
}

/// The time as outcomes and logs write it.
fn now() -> String {
    format!("{:.3}", jiff::Timestamp::now())
}

impl Watch {
    /// Starts to read.
    pub fn start(mut reader: Reader) -> Self {
        let shared = Arc::new(Shared::default());
        let ours = shared.clone();
        let thread = std::thread::spawn(move || {
            let (mut seen, mut ended, mut last) = (0, BTreeSet::new(), Instant::now());
            let mut stalls = Stalls::default();
            while !ours.stop.load(Ordering::Relaxed) {
                let all = reader.some(Duration::from_millis(50));
                if all.len() > seen {
                    // Messages, not records: one that ends twice is one.
                    all[seen..].iter().for_each(|record| ours.goes_on(&record.json(), &mut stalls));
                    let for_good = all[seen..].iter().filter(|record| record.json()["outcome"] != "deferred");
                    ended.extend(for_good.map(origin_in));
                    seen = all.len();
                    ours.ended.store(ended.len(), Ordering::Relaxed);
                } else if ended.len() < ours.sent.load(Ordering::Relaxed) {
                    stalls.longest = stalls.longest.max(last.elapsed());
                    continue;
                }
                if last.elapsed() >= LONG {
                    stalls.long.push((now(), last.elapsed()));
                }
                last = Instant::now();
            }
            stalls
        });
        Self { shared, thread }
    }

    /// Notes that something was killed that had these partitions. One that was down still stays so.
    pub fn down(&self, what: Down, partitions: BTreeSet<i64>) {
        if !partitions.is_empty() {
            let outage = Outage { since: Instant::now(), at: now(), partitions };
            self.shared.down.lock().unwrap().entry(what).or_insert(outage);
        }
    }

    /// Notes that so many messages more were sent.
    pub fn sent(&self, count: usize) {
        self.shared.sent.fetch_add(count, Ordering::Relaxed);
    }

    /// How many messages have ended for good.
    pub fn ended(&self) -> usize {
        self.shared.ended.load(Ordering::Relaxed)
    }

    /// Ends it.
    pub fn stop(self) -> Stalls {
        self.shared.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

impl Shared {
    /// Looks whether this outcome shows that something is up again. Only first tries tell of their partition's owner:
    /// a retry is whoever's has the retry topic.
    fn goes_on(&self, outcome: &serde_json::Value, stalls: &mut Stalls) {
        if outcome["attempts"] != 1 {
            return;
        }
        let partition = outcome["input"]["partition"].as_i64().unwrap_or(-1);
        let at = outcome["at"].as_str().unwrap_or_default();
        self.down.lock().unwrap().retain(|what, outage| {
            if !outage.partitions.contains(&partition) || at <= outage.at.as_str() {
                return true;
            }
            match what {
                Down::Worker(_) => stalls.after_workers.push(outage.since.elapsed()),
                Down::Broker => stalls.after_brokers.push(outage.since.elapsed()),
            }
            false
        });
    }
}
