//! The pace of each host: so many requests at once, and a rest between them.
//!
//! Who wants to ask a host waits for its [`Turn`], first come, first served. The host rests for its
//! interval after a turn has ended, and for as long as it asked to be left alone. Who would have to
//! wait too long is told so at once, and when to come back.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until, timeout_at};

use super::Patience;
use crate::fetch::retry_after;

/// The longest crawl-delay that is kept: a longer one would be a way to never be read, for which
/// `Disallow` is the word. Bing and Yandex have bounds of the same kind.
pub const LONGEST_CRAWL_DELAY: Duration = Duration::from_secs(30);

/// How long a host with nothing to do is remembered: longer than any interval between two requests.
const REMEMBERED: Duration = Duration::from_secs(300);

/// Below so many hosts nobody is forgotten; above it, each time that their number has doubled.
const SWEPT_FROM: usize = 1024;

/// Every host's pace. A clone is the same hosts.
#[derive(Debug, Clone)]
pub struct Hosts {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    delay: Duration,
    concurrency: usize,
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    hosts: HashMap<String, Host>,
    sweep_at: usize,
}

#[derive(Debug)]
struct Host {
    slots: Arc<Semaphore>,
    waiting: usize,
    running: usize,
    last_end: Option<Instant>,
    paused_until: Option<Instant>,
    crawl_delay: Duration,
    /// How long its last turns took, the newer the weightier.
    typical: Duration,
}

/// The right to one request to a host. It ends when dropped, and the host's rest begins.
///
/// Drop it before asking for the next one of the same message: a host that serves one at a time would
/// never give it.
#[derive(Debug)]
pub struct Turn {
    shared: Arc<Shared>,
    host: String,
    since: Instant,
    _slot: OwnedSemaphorePermit,
}

/// A host can't be asked soon enough.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{host} is busy for another {} ms", come_back.as_millis())]
pub struct Busy {
    /// Which host.
    pub host: String,
    /// When it is expected to be free, from now.
    pub come_back: Duration,
}

impl Hosts {
    /// Hosts that serve `concurrency` requests at once (at least one) and rest for `delay` after each.
    pub fn new(concurrency: usize, delay: Duration) -> Self {
        let concurrency = concurrency.clamp(1, Semaphore::MAX_PERMITS);
        Self { shared: Arc::new(Shared { delay, concurrency, table: Mutex::default() }) }
    }

    /// Waits for the right to ask `host`.
    ///
    /// With [`Patience::None`] the interval is not waited for, and not kept either: it is for a single
    /// look at a page and its redirects. A pause and other requests at work are `Busy` at once.
    ///
    /// # Errors
    /// [`Busy`] as soon as it is clear that the wait would be longer than `patience` has it. Dropping
    /// the future gives the place in the queue away.
    pub async fn turn(&self, host: &str, patience: Patience) -> Result<Turn, Busy> {
        let Patience::Wait(max_wait) = patience else { return self.turn_at_once(host) };
        let now = Instant::now();
        let busy = |until: Instant| Busy {
            host: host.to_owned(),
            // Who comes back at once would only ask again and again.
            come_back: until.saturating_duration_since(Instant::now()).max(self.shared.delay),
        };
        let until = now + max_wait;
        let slots = {
            let mut table = self.shared.table();
            let state = table.host(host, &self.shared, now);
            let free = now + self.shared.expected_wait(state, now);
            if free > until {
                return Err(busy(free));
            }
            state.waiting += 1;
            state.slots.clone()
        };
        let _place = Place { shared: &self.shared, host };
        // The semaphore is fair: slots are given in the order in which they were asked for.
        let Ok(Ok(slot)) = timeout_at(until, slots.acquire_owned()).await else { return Err(busy(Instant::now())) };
        loop {
            let free = self.shared.free_at(host);
            match free {
                Some(free) if free > until => return Err(busy(free)),
                Some(free) if free > Instant::now() => sleep_until(free).await,
                _ => break,
            }
        }
        Ok(self.begin(host, slot))
    }

    fn turn_at_once(&self, host: &str) -> Result<Turn, Busy> {
        let now = Instant::now();
        let slots = {
            let mut table = self.shared.table();
            let state = table.host(host, &self.shared, now);
            if let Some(paused_until) = state.paused_until.filter(|until| *until > now) {
                return Err(Busy { host: host.to_owned(), come_back: paused_until - now });
            }
            state.slots.clone()
        };
        match slots.try_acquire_owned() {
            Ok(slot) => Ok(self.begin(host, slot)),
            Err(_) => Err(Busy { host: host.to_owned(), come_back: self.shared.delay }),
        }
    }

    fn begin(&self, host: &str, slot: OwnedSemaphorePermit) -> Turn {
        let now = Instant::now();
        self.shared.table().host(host, &self.shared, now).running += 1;
        Turn { shared: self.shared.clone(), host: host.to_owned(), since: now, _slot: slot }
    }

    /// Leaves `host` alone for `wait`, because it asked for it; at most a day, and never shorter than
    /// what it asked for before.
    pub fn pause(&self, host: &str, wait: Duration) {
        let wait = wait.min(retry_after::LONGEST);
        let now = Instant::now();
        let mut table = self.shared.table();
        let state = table.host(host, &self.shared, now);
        state.paused_until = state.paused_until.max(Some(now + wait));
        drop(table);
        tracing::debug!(host, wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX), "host paused");
    }

    /// Takes over the crawl-delay of the host's robots.txt, at most 30 s of it. It holds
    /// from the request that has just ended.
    pub fn slow_down(&self, host: &str, crawl_delay: Duration) {
        let mut table = self.shared.table();
        table.host(host, &self.shared, Instant::now()).crawl_delay = crawl_delay.min(LONGEST_CRAWL_DELAY);
    }

    /// How many hosts are remembered.
    pub fn len(&self) -> usize {
        self.shared.table().hosts.len()
    }

    /// Whether no host is remembered.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Shared {
    fn table(&self) -> MutexGuard<'_, Table> {
        // Nothing under this lock can panic half-way; and a host's pace is no reason to stop them all.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn free_at(&self, host: &str) -> Option<Instant> {
        self.table().hosts.get(host).and_then(|state| state.free_at(self.delay))
    }

    fn expected_wait(&self, state: &Host, now: Instant) -> Duration {
        let rest = state.free_at(self.delay).map(|free| free.saturating_duration_since(now)).unwrap_or_default();
        let rounds = u32::try_from((state.waiting + state.running) / self.concurrency).unwrap_or(u32::MAX);
        rest.saturating_add((state.interval(self.delay) + state.typical).saturating_mul(rounds))
    }
}

impl Table {
    fn host(&mut self, name: &str, shared: &Shared, now: Instant) -> &mut Host {
        if !self.hosts.contains_key(name) {
            self.forget_idle_hosts(shared, now);
        }
        self.hosts.entry(name.to_owned()).or_insert_with(|| Host {
            slots: Arc::new(Semaphore::new(shared.concurrency)),
            waiting: 0,
            running: 0,
            last_end: None,
            paused_until: None,
            crawl_delay: Duration::ZERO,
            typical: Duration::ZERO,
        })
    }

    fn forget_idle_hosts(&mut self, shared: &Shared, now: Instant) {
        if self.hosts.len() < self.sweep_at.max(SWEPT_FROM) {
            return;
        }
        self.hosts.retain(|_, host| !host.is_idle(shared.delay, now));
        self.hosts.shrink_to(2 * self.hosts.len());
        self.sweep_at = 2 * self.hosts.len();
    }
}

impl Host {
    fn interval(&self, delay: Duration) -> Duration {
        delay.max(self.crawl_delay)
    }

    fn free_at(&self, delay: Duration) -> Option<Instant> {
        self.last_end.map(|end| end + self.interval(delay)).max(self.paused_until)
    }

    fn is_idle(&self, delay: Duration, now: Instant) -> bool {
        let rested = self.free_at(delay).is_none_or(|free| free < now);
        let quiet = self.last_end.is_none_or(|end| now.saturating_duration_since(end) > REMEMBERED);
        self.waiting == 0 && self.running == 0 && rested && quiet
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let now = Instant::now();
        let mut table = self.shared.table();
        let Some(state) = table.hosts.get_mut(&self.host) else { return };
        state.running = state.running.saturating_sub(1);
        state.last_end = Some(now);
        state.typical = (state.typical * 3 + now.saturating_duration_since(self.since)) / 4;
    }
}

/// A place in a host's queue.
struct Place<'a> {
    shared: &'a Shared,
    host: &'a str,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if let Some(state) = self.shared.table().hosts.get_mut(self.host) {
            state.waiting = state.waiting.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests;
