//! What is known, and the claim: one atomic step that reads it and writes one's own.
//!
//! Invariants:
//! 1. A message that comes again gets the decision that it got before; it is no duplicate of itself.
//! 2. Of two messages with one text exactly one is the first.
//! 3. A decision leans on settled ones only: one that would name an article whose own claim is pending waits until that is
//!    confirmed or released, and is made again. So no copy ever names an article that did not appear.
//! 4. A claim is confirmed after its records are committed, and released when its message ended otherwise: then what it
//!    found is there again. One that is dropped before either is *abandoned*: its message will come again, and takes it over.
//! 5. What takes over a claim gets a new token; the earlier holder can settle nothing any more.
//! 6. Nobody waits while holding a claim, so that nobody waits for ever: who is waited for is already behind this stage.
//!    An abandoned claim whose message does not come again within [`LEASE`] is released.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::decide::{Asked, Decision, Finding, Original, decide};
use super::entry::Entry;
use super::known::Known;

/// How long an abandoned claim is kept for the message that made it. That comes again within seconds, once the
/// partition has an owner (17-30 s after a crash under a fresh instance id); copies of the article wait as long. Half
/// of it would be less than a slow rebalance, twice of it holds copies up where a message is lost by retention.
const LEASE: Duration = Duration::from_secs(120);

/// Old articles that a claim forgets at most, so that forgetting never stops the world.
const FORGOTTEN_AT_ONCE: usize = 4;

/// The articles known to this worker.
#[derive(Debug)]
pub struct Store {
    limits: Limits,
    state: Mutex<State>,
}

/// How much is remembered, and whom a copy names.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How long an article is remembered after it was last seen.
    pub ttl: Duration,
    /// The most articles remembered; then the oldest are forgotten.
    pub most: usize,
    /// Whose page counts as the original.
    pub original: Original,
}

#[derive(Debug, Default)]
struct State {
    known: Known,
    pending: HashMap<u32, Pending>,
    tokens: u64,
}

/// A claim that is not settled.
#[derive(Debug)]
struct Pending {
    token: u64,
    /// The article as it was before, which is still there until this is confirmed.
    before: Option<u32>,
    /// Since when nobody holds it.
    abandoned: Option<Instant>,
    settled: Arc<Notify>,
}

/// A decision that is not settled yet: confirmed, released, or abandoned when it is dropped.
#[derive(Debug)]
pub struct Claim {
    store: Arc<Store>,
    number: u32,
    token: u64,
}

/// What a claim came to.
enum Attempt {
    Done(Finding, Option<Claim>),
    /// It leans on a claim that is not settled: wait for that, or until then.
    Wait(Arc<Notify>, Duration),
}

impl Store {
    /// An empty store.
    pub fn new(limits: Limits) -> Arc<Self> {
        Arc::new(Self { limits, state: Mutex::default() })
    }

    /// Decides what `asked` is, and claims it. Waits for claims that the decision would lean on.
    ///
    /// The claim is `None` when there is nothing to settle.
    pub async fn claim(self: &Arc<Self>, asked: &Asked) -> (Finding, Option<Claim>) {
        loop {
            match self.attempt(asked) {
                Attempt::Done(answer, claim) => return (answer, claim),
                Attempt::Wait(settled, at_most) => {
                    let _ = tokio::time::timeout(at_most, settled.notified()).await;
                }
            }
        }
    }

    /// Decides what `asked` is and settles it at once: for a stream that nobody else reads or writes.
    pub fn decide_now(self: &Arc<Self>, asked: &Asked) -> Finding {
        match self.attempt(asked) {
            Attempt::Done(answer, claim) => {
                if let Some(claim) = claim {
                    claim.confirm();
                }
                answer
            }
            // Nothing is ever pending here.
            Attempt::Wait(..) => Finding::Unchanged,
        }
    }

    /// What `asked` would be, without claiming it.
    pub fn look(&self, asked: &Asked) -> Finding {
        decide(asked, &self.lock().known, self.limits.original).0
    }

    /// How many articles are known, and the bytes that they take, about.
    pub fn size(&self) -> (usize, usize) {
        let state = self.lock();
        (state.known.len(), state.known.bytes())
    }

    fn attempt(self: &Arc<Self>, asked: &Asked) -> Attempt {
        let mut state = self.lock();
        state.forget(asked.at, &self.limits);
        let (answer, leans_on) = decide(asked, &state.known, self.limits.original);
        if let Finding::Again(decision) = answer {
            let token = leans_on.first().and_then(|number| state.take_over(*number).map(|token| (*number, token)));
            let claim = token.map(|(number, token)| Claim { store: self.clone(), number, token });
            return Attempt::Done(Finding::Again(decision), claim);
        }
        for number in &leans_on {
            let Some(pending) = state.pending.get(number) else { continue };
            let left = pending.abandoned.map_or(LEASE, |since| LEASE.saturating_sub(since.elapsed()));
            if !left.is_zero() {
                return Attempt::Wait(pending.settled.clone(), left);
            }
            let (number, token) = (*number, pending.token);
            state.settle(number, token, Settle::Release);
            drop(state);
            return self.attempt(asked);
        }
        match answer {
            Finding::Decided(decision) => {
                let (number, token) = state.write(asked, &decision);
                Attempt::Done(answer, Some(Claim { store: self.clone(), number, token }))
            }
            Finding::Unchanged => {
                state.touch(asked, self.limits.ttl);
                Attempt::Done(answer, None)
            }
            Finding::Again(_) => Attempt::Done(answer, None),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How a claim ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Settle {
    Confirm,
    Release,
    Abandon,
}

impl State {
    /// Remembers what `asked` is, as a claim that is pending. The answer is its number and its token.
    fn write(&mut self, asked: &Asked, decision: &Decision) -> (u32, u64) {
        let before = self.known.by_id(asked.id).map(|(number, _)| number);
        let number = self.known.next_number();
        self.known.insert(number, Entry::pack(asked, decision).into(), &asked.text.anchors, &asked.text.edges);
        self.tokens += 1;
        let pending = Pending { token: self.tokens, before, abandoned: None, settled: Arc::default() };
        self.pending.insert(number, pending);
        (number, self.tokens)
    }

    /// Takes over a claim that is pending. `None` when it is settled.
    fn take_over(&mut self, number: u32) -> Option<u64> {
        let pending = self.pending.get_mut(&number)?;
        self.tokens += 1;
        pending.token = self.tokens;
        pending.abandoned = None;
        Some(self.tokens)
    }

    fn settle(&mut self, number: u32, token: u64, how: Settle) {
        let Some(pending) = self.pending.get_mut(&number).filter(|pending| pending.token == token) else { return };
        if how == Settle::Abandon {
            pending.abandoned = Some(Instant::now());
            // Those who wait do so until its lease ends from now on.
            pending.settled.notify_waiters();
            return;
        }
        let Some(pending) = self.pending.remove(&number) else { return };
        match (how, pending.before) {
            (Settle::Confirm, Some(before)) => drop(self.known.remove(before)),
            (Settle::Confirm, None) => {}
            (_, before) => {
                self.known.remove(number);
                if let Some(before) = before {
                    self.known.name(before);
                }
            }
        }
        pending.settled.notify_waiters();
    }

    /// An article that is seen again in the second half of its time is remembered anew: a page that stays up is not
    /// published again when its time is over.
    fn touch(&mut self, asked: &Asked, ttl: Duration) {
        let Some((number, entry)) = self.known.by_id(asked.id) else { return };
        let age = Duration::from_secs(asked.at.saturating_sub(entry.at).into());
        if age < ttl / 2 {
            return;
        }
        let Some(mut packed) = self.known.remove(number) else { return };
        Entry::set_at(&mut packed, asked.at);
        self.known.insert(self.known.next_number(), packed, &asked.text.anchors, &asked.text.edges);
    }

    fn forget(&mut self, now: u32, limits: &Limits) {
        for _ in 0..FORGOTTEN_AT_ONCE {
            let Some((number, entry)) = self.known.oldest() else { return };
            let age = Duration::from_secs(now.saturating_sub(entry.at).into());
            if age <= limits.ttl && self.known.len() < limits.most || self.pending.contains_key(&number) {
                return;
            }
            self.known.remove(number);
        }
    }
}

impl Claim {
    /// Settles the decision: its records are committed.
    pub fn confirm(self) {
        self.settle(Settle::Confirm);
    }

    /// Takes the decision back: its message ended otherwise.
    pub fn release(self) {
        self.settle(Settle::Release);
    }

    fn settle(&self, how: Settle) {
        self.store.lock().settle(self.number, self.token, how);
    }
}

impl Drop for Claim {
    /// Abandons what is not settled; afterwards nothing is pending under this token any more.
    fn drop(&mut self) {
        // A stage that panics ends its message as rejected: it will not come again.
        self.settle(if std::thread::panicking() { Settle::Release } else { Settle::Abandon });
    }
}

#[cfg(test)]
#[path = "store/tests.rs"]
mod tests;
