//! The pace of each host: so many requests at once, and a rest between them.
//!
//! Who wants to ask a host waits for its [`Turn`], first come, first served. The host rests for its
//! interval after a turn has ended, and for as long as it asked to be left alone. Who would have to
//! wait too long is told so at once, and when to come back.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::Patience;
use super::audit::{Audit, Request};
use super::host::{Gate, Hold, Host, LONGEST_CRAWL_DELAY, Pace};
use super::shared::{Lent, SharedPace};
use super::trouble::{Cause, Sign};
use crate::fetch::retry_after;
use crate::record::Reason;

/// Below so many hosts nobody is forgotten; above it, each time that their number has doubled.
const SWEPT_FROM: usize = 1024;

/// From so many hosts on, one that has rested is forgotten at once: 240 bytes each.
const CROWDED_FROM: usize = 250_000;

/// When to come back to a host whose probe is under way: most are over by then.
const PROBE: Duration = Duration::from_secs(10);

/// A host that takes longer for those who wait already is slow: it may have a part of the seats only. Twice as long holds up
/// the others for twice as long, half of it is what a worker with all its cores busy makes of a quick host.
const QUICK: Duration = Duration::from_secs(2);

/// Of the seats that a quick host may have, a slow one may have one of so many. With all of them a host that took 10 s an
/// answer cost a thousand others 38 % of their pages (256 in flight); with a quarter, nothing that can be measured. It
/// does not miss them: a quarter is 125 by default, two minutes at one a second.
const SLOW_SHARE: usize = 4;

/// Every host's pace. A clone is the same hosts.
#[derive(Debug, Clone)]
pub struct Hosts {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    delay: Duration,
    concurrency: usize,
    longest_queue: usize,
    table: Mutex<Table>,
    audit: Audit,
    pauses: [AtomicU64; 3],
    dice: RandomState,
    group: OnceLock<SharedPace>,
}

#[derive(Debug, Default)]
struct Table {
    hosts: HashMap<Arc<str>, Box<Host>>,
    sweep_at: usize,
}

/// The right to one request to a host. It ends when dropped, and the host's rest begins.
///
/// Drop it before asking for the next one of the same message: a host that serves one at a time would
/// never give it.
#[derive(Debug)]
pub struct Turn {
    shared: Arc<Shared>,
    host: Arc<str>,
    begun: Instant,
    since: Instant,
    end: (Sign, Option<u16>, Box<str>),
    /// Where the workers of a group keep the pace together.
    lent: Option<Lent>,
    _slot: OwnedSemaphorePermit,
}

/// A seat in a host's queue, until it is dropped.
#[derive(Debug)]
pub struct Seat {
    shared: Arc<Shared>,
    host: Arc<str>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Some(state) = self.shared.table().hosts.get_mut(&self.host) {
            state.leave(|queue| queue.seated = queue.seated.saturating_sub(1));
        }
    }
}

/// A host can't be asked soon enough.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{host} {why} for another {} ms", come_back.as_millis())]
pub struct Busy {
    /// Which host.
    pub host: String,
    /// When it is expected to be free, from now.
    pub come_back: Duration,
    /// Why.
    pub why: Why,
}

/// Why a host can't be asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each variant says what it is")]
pub enum Why {
    #[error("is busy")]
    Busy,
    #[error("is down")]
    Down,
    #[error("is paused ({0})")]
    Held(Arc<str>),
}

impl Busy {
    /// `host_down`, or `host_busy`.
    pub const fn reason(&self) -> Reason {
        if matches!(self.why, Why::Down) { Reason::HostDown } else { Reason::HostBusy }
    }
}

impl Hosts {
    /// Hosts that serve `concurrency` requests at once (at least one) and rest for `delay` after each. No host has
    /// more than `longest_queue` waiting, and a slow one no more than a quarter of that: what fills the worker must not all be
    /// one host's.
    pub fn new(concurrency: usize, delay: Duration, longest_queue: usize) -> Self {
        let concurrency = concurrency.clamp(1, tokio::sync::Semaphore::MAX_PERMITS);
        let shared = Shared {
            delay,
            concurrency,
            longest_queue: longest_queue.max(1),
            table: Mutex::default(),
            audit: Audit::default(),
            pauses: Default::default(),
            dice: RandomState::new(),
            group: OnceLock::new(),
        };
        Self { shared: Arc::new(shared) }
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
        let until = now + max_wait;
        let (name, slots) = {
            let mut table = self.shared.table();
            let (name, state) = table.host(host, &self.shared, now);
            if let gate @ (Gate::Held(_) | Gate::Down(_) | Gate::Probing) = state.gate(self.shared.delay, true, now)
                && let Some(busy) = self.refused(host, gate, until)
            {
                return Err(busy);
            }
            let wait = state.expected_wait(self.shared.delay, self.shared.concurrency, now);
            if now + wait > until {
                return Err(self.busy(host, now + wait, Why::Busy));
            }
            let queue = state.queue(self.shared.concurrency);
            queue.waiting += 1;
            (name, queue.slots.clone())
        };
        let place = Place { shared: &self.shared, host: &name };
        // The semaphore is fair: slots are given in the order in which they were asked for.
        let Ok(Ok(slot)) = timeout_at(until, slots.acquire_owned()).await else {
            return Err(self.busy(host, Instant::now(), Why::Busy));
        };
        let begun = loop {
            let now = Instant::now();
            let gate = {
                let mut table = self.shared.table();
                let (_, state) = table.host(host, &self.shared, now);
                let gate = state.gate(self.shared.delay, true, now);
                if gate == Gate::Open {
                    state.queue(self.shared.concurrency).running.push(now);
                }
                gate
            };
            match gate {
                Gate::Open => break now,
                Gate::Rests(free) if free <= until => sleep_until(free).await,
                Gate::Down(free) if free <= until => sleep_until(free).await,
                gate => {
                    return Err(self.refused(host, gate, until).unwrap_or_else(|| self.busy(host, now, Why::Busy)));
                }
            }
        };
        drop(place);
        let mut turn = self.begun(name, slot, begun);
        if let Some(group) = self.shared.group.get() {
            let lent = group.turn(&turn.host, until).await;
            turn.lent = lent.map_err(|free| self.busy(host, free, Why::Busy))?;
        }
        Ok(turn)
    }

    /// Keeps the pace together with the other workers of a group from now on. Only the first call counts.
    pub fn share(&self, pace: SharedPace) {
        let _ = self.shared.group.set(pace);
    }

    /// The pace that is kept together with others, if it is.
    pub fn group(&self) -> Option<&SharedPace> {
        self.shared.group.get()
    }

    /// A seat in the queue of `host`: for as long as somebody waits for anything of it, its robots.txt included.
    ///
    /// # Errors
    /// [`Busy`] where all seats are taken.
    pub fn seat(&self, host: &str) -> Result<Seat, Busy> {
        let now = Instant::now();
        let mut table = self.shared.table();
        let (name, state) = table.host(host, &self.shared, now);
        let seated = state.queue(self.shared.concurrency).seated;
        let wait = state.wait_behind(seated, self.shared.delay, self.shared.concurrency, now);
        let seats =
            if wait > QUICK { (self.shared.longest_queue / SLOW_SHARE).max(1) } else { self.shared.longest_queue };
        if seated >= seats {
            return Err(self.busy(host, now + wait, Why::Busy));
        }
        state.queue(self.shared.concurrency).seated += 1;
        Ok(Seat { shared: self.shared.clone(), host: name })
    }

    fn turn_at_once(&self, host: &str) -> Result<Turn, Busy> {
        let now = Instant::now();
        let mut table = self.shared.table();
        let (name, state) = table.host(host, &self.shared, now);
        let gate = state.gate(self.shared.delay, false, now);
        if gate != Gate::Open {
            return Err(self.refused(host, gate, now).unwrap_or_else(|| self.busy(host, now, Why::Busy)));
        }
        let queue = state.queue(self.shared.concurrency);
        let Ok(slot) = queue.slots.clone().try_acquire_owned() else {
            return Err(self.busy(host, now, Why::Busy));
        };
        queue.running.push(now);
        drop(table);
        Ok(self.begun(name, slot, now))
    }

    fn begun(&self, host: Arc<str>, slot: OwnedSemaphorePermit, begun: Instant) -> Turn {
        let end = (Sign::Nothing, None, Box::default());
        Turn { shared: self.shared.clone(), host, begun, since: begun, end, lent: None, _slot: slot }
    }

    /// What somebody is told who can wait until `until`; `None` where the gate opens before.
    fn refused(&self, host: &str, gate: Gate, until: Instant) -> Option<Busy> {
        match gate {
            Gate::Open => None,
            Gate::Rests(free) => (free > until).then(|| self.busy(host, free, Why::Busy)),
            Gate::Down(free) => (free > until).then(|| self.busy(host, free, Why::Down)),
            Gate::Probing => Some(self.busy(host, Instant::now() + PROBE, Why::Down)),
            Gate::Held(hold) => Some(self.busy(host, hold.until, Why::Held(hold.why))),
        }
    }

    fn busy(&self, host: &str, free: Instant, why: Why) -> Busy {
        let wait = free.saturating_duration_since(Instant::now());
        // Who comes back at once would only ask again and again.
        let come_back = if wait.is_zero() { self.shared.delay } else { wait };
        Busy { host: host.to_owned(), come_back, why }
    }

    /// Leaves `host` alone for `wait`, because it asked for it; at most a day, and never shorter than
    /// what it asked for before.
    pub fn pause(&self, host: &str, wait: Duration) {
        let wait = wait.min(retry_after::LONGEST);
        let now = Instant::now();
        let mut table = self.shared.table();
        let (_, state) = table.host(host, &self.shared, now);
        state.paused_until = state.paused_until.max(Some(now + wait));
        drop(table);
        self.shared.paused(host, Cause::Refused, wait);
    }

    /// Stops `host` for `wait`, by the operator's order.
    pub fn hold(&self, host: &str, wait: Duration, why: &str) {
        let now = Instant::now();
        self.shared.table().host(host, &self.shared, now).1.hold =
            Some(Box::new(Hold { until: now + wait, why: why.into() }));
        self.shared.paused(host, Cause::Operator, wait);
    }

    /// Lets `host` go on: the operator's hold, its own pauses and its troubles are forgotten. Its interval stays.
    pub fn resume(&self, host: &str) {
        let mut table = self.shared.table();
        if let Some(state) = table.hosts.get_mut(host) {
            state.resume();
        }
        drop(table);
        if let Some(group) = self.shared.group.get() {
            group.forget(host);
        }
        tracing::info!(host, "host resumed");
    }

    /// Takes over the crawl-delay of the host's robots.txt, at most 30 s of it, and the operator's word about its
    /// pace. It holds from the request that has just ended.
    pub fn slow_down(&self, host: &str, crawl_delay: Duration, pace: Pace) {
        let mut table = self.shared.table();
        let (_, state) = table.host(host, &self.shared, Instant::now());
        (state.crawl_delay, state.pace) = (crawl_delay.min(LONGEST_CRAWL_DELAY), pace);
    }

    /// What was asked of all hosts in the last hour.
    pub fn audit(&self) -> &Audit {
        &self.shared.audit
    }

    /// How often hosts were paused for this cause.
    pub fn pauses(&self, cause: Cause) -> u64 {
        self.shared.pauses.get(cause as usize).map_or(0, |count| count.load(Ordering::Relaxed))
    }

    /// Looks at every host that is remembered, under the lock: for the operator's view and the metrics.
    pub(super) fn each(&self, mut look: impl FnMut(&str, &Host)) {
        self.among(|hosts| hosts.iter().for_each(|(name, host)| look(name, host)));
    }

    /// Looks at all of them together, under the lock.
    pub(super) fn among<T>(&self, look: impl FnOnce(&HashMap<Arc<str>, Box<Host>>) -> T) -> T {
        look(&self.shared.table().hosts)
    }

    /// Looks at one host, if it is remembered, under the lock.
    pub(super) fn one(&self, host: &str, look: impl FnOnce(&str, &Host)) {
        if let Some((name, host)) = self.shared.table().hosts.get_key_value(host) {
            look(name, host);
        }
    }

    /// The delay that holds where nobody says otherwise.
    pub(super) fn delay(&self) -> Duration {
        self.shared.delay
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

    fn paused(&self, host: &str, cause: Cause, wait: Duration) {
        if let Some(count) = self.pauses.get(cause as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        tracing::info!(host, cause = ?cause, wait_ms, "host paused");
    }

    /// A number in 0..1 that nobody can foresee.
    fn dice(&self) -> f64 {
        (self.dice.hash_one(Instant::now()) >> 11) as f64 / (1u64 << 53) as f64
    }
}

impl Table {
    fn host(&mut self, name: &str, shared: &Shared, now: Instant) -> (Arc<str>, &mut Host) {
        if !self.hosts.contains_key(name) {
            self.forget_idle_hosts(shared, now);
            self.hosts.insert(name.into(), Box::default());
        }
        let name = self.hosts.get_key_value(name).map_or_else(|| name.into(), |(name, _)| name.clone());
        let host = self.hosts.entry(name.clone()).or_default();
        (name, host)
    }

    fn forget_idle_hosts(&mut self, shared: &Shared, now: Instant) {
        if self.hosts.len() < self.sweep_at.max(SWEPT_FROM) {
            return;
        }
        let crowded = self.hosts.len() >= CROWDED_FROM;
        self.hosts.retain(|_, host| !host.is_idle(shared.delay, crowded, now));
        self.hosts.shrink_to(2 * self.hosts.len());
        self.sweep_at = (2 * self.hosts.len()).min(self.hosts.len() + CROWDED_FROM);
    }
}

impl Turn {
    /// The request begins only now: what was waited for since was not the host.
    pub fn begins(&mut self) {
        self.since = Instant::now();
    }

    /// Notes how the request for `path` ended; the turn itself ends when it is dropped.
    pub fn ended(&mut self, sign: Sign, status: Option<u16>, path: &str) {
        self.end = (sign, status, path.into());
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let now = Instant::now();
        let took = now.saturating_duration_since(self.since);
        let (sign, status, path) = std::mem::take(&mut self.end);
        let mut table = self.shared.table();
        let Some(state) = table.hosts.get_mut(&self.host) else { return };
        state.leave(|queue| {
            if let Some(at) = queue.running.iter().position(|since| *since == self.begun) {
                queue.running.swap_remove(at);
            }
        });
        let pause = state.ended(sign, status, took, now, self.shared.dice());
        if let Some(lent) = &mut self.lent {
            let free = state.free_at(self.shared.delay).unwrap_or(now);
            lent.rest = free.saturating_duration_since(now);
        }
        drop(table);
        if sign == Sign::Nothing {
            return;
        }
        if let Some((wait, cause)) = pause {
            self.shared.paused(&self.host, cause, wait);
        }
        let pause = pause.map(|(wait, _)| wait);
        let at = SystemTime::now().checked_sub(took).unwrap_or_else(SystemTime::now);
        self.shared.audit.add(Request { host: self.host.clone(), at, path, status, took, pause });
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
            state.leave(|queue| queue.waiting = queue.waiting.saturating_sub(1));
        }
    }
}

#[cfg(test)]
mod tests;
