//! Outcomes as a reader at `read_committed` sees them come in.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::setup::origin_in;
use crate::topics::Reader;

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
}

/// How long nothing came although messages were open.
#[derive(Debug, Default)]
pub struct Stalls {
    /// The longest of them.
    pub longest: Duration,
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
                    let for_good = all[seen..].iter().filter(|record| record.json()["outcome"] != "deferred");
                    ended.extend(for_good.map(origin_in));
                    seen = all.len();
                    ours.ended.store(ended.len(), Ordering::Relaxed);
                } else if ended.len() < ours.sent.load(Ordering::Relaxed) {
                    stalls.longest = stalls.longest.max(last.elapsed());
                    continue;
                }
                last = Instant::now();
            }
            stalls
        });
        Self { shared, thread }
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
