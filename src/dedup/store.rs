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
//! 7. What a crash left pending is abandoned too, and resolved when its partition is assigned: where the group's commit
//!    covers the position at which its message was consumed, the article appeared, and the claim is confirmed.
//! 8. Nothing is decided that is not written: with a disk that takes nothing, claims wait.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;

use super::decide::{Asked, Decision, Finding, Original, decide};
use super::disk::{Disk, Kept, KeptClaim, StoreError};
use super::entry::Entry;
use super::known::Known;
use crate::record::Origin;

/// How long an abandoned claim is kept for the message that made it. That comes again within seconds, once the
/// partition has an owner (17-30 s after a crash under a fresh instance id); copies of the article wait as long. Half
/// of it would be less than a slow rebalance, twice of it holds copies up where a message is lost by retention.
const LEASE: Duration = Duration::from_secs(120);

/// Old articles that a claim forgets at most, so that forgetting never stops the world.
const FORGOTTEN_AT_ONCE: usize = 4;

/// How long after the disk refused something it is tried again.
const DISK_AGAIN: Duration = Duration::from_secs(1);

/// The articles known to this worker.
#[derive(Debug)]
pub struct Store {
    limits: Limits,
    /// The folder, for a store that outlives the process.
    path: Option<PathBuf>,
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

/// How much is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Articles.
    pub articles: usize,
    /// Claims that are not settled.
    pub pending: usize,
    /// The bytes that articles and what finds them take in memory, about.
    pub memory_bytes: usize,
    /// The bytes of the folder.
    pub disk_bytes: u64,
}

#[derive(Debug, Default)]
struct State {
    known: Known,
    pending: HashMap<u32, Pending>,
    tokens: u64,
    /// The folder, while it takes what it is given.
    disk: Option<Disk>,
    /// Settled in memory, and not on disk yet: claims, each with the article that is gone.
    owed: Vec<(u32, Option<u32>)>,
    /// Why the disk takes nothing.
    trouble: Option<String>,
}

/// A claim that is not settled.
#[derive(Debug)]
struct Pending {
    token: u64,
    /// The article as it was before, which is still there until this is confirmed.
    before: Option<u32>,
    /// Where its message was consumed.
    consumed: Origin,
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
    Wait(OwnedNotified, Duration),
}

impl Store {
    /// An empty store that forgets with the process.
    pub fn new(limits: Limits) -> Arc<Self> {
        Arc::new(Self { limits, path: None, state: Mutex::default() })
    }

    /// The store in the folder at `path`, with what is known there.
    ///
    /// Fails when another process has it, or when it can't be read.
    pub fn open(limits: Limits, path: &Path) -> Result<Arc<Self>, StoreError> {
        let disk = Disk::open(path)?;
        let (articles, claims) = disk.read()?;
        let mut state = State { disk: Some(disk), ..State::default() };
        for article in articles {
            state.known.insert(article.number, article.packed, &article.anchors, &[]);
        }
        for claim in claims {
            state.tokens += 1;
            let KeptClaim { number, before, consumed } = claim;
            let abandoned = Some(Instant::now());
            let pending = Pending { token: state.tokens, before, consumed, abandoned, settled: Arc::default() };
            state.pending.insert(number, pending);
        }
        tracing::info!(articles = state.known.count(), pending = state.pending.len(), ?path, "dedup store opened");
        Ok(Arc::new(Self { limits, path: Some(path.to_owned()), state: Mutex::new(state) }))
    }

    /// Decides what `asked` is, and claims it. Waits for claims that the decision would lean on, and for a disk that
    /// takes nothing.
    ///
    /// The claim is `None` when there is nothing to settle.
    pub async fn claim(self: &Arc<Self>, asked: &Asked) -> (Finding, Option<Claim>) {
        loop {
            match self.attempt(asked) {
                Ok(Attempt::Done(finding, claim)) => return (finding, claim),
                Ok(Attempt::Wait(settled, at_most)) => {
                    let _ = tokio::time::timeout(at_most, settled).await;
                }
                Err(failure) => {
                    tracing::error!(error = %failure, "the dedup store can't be written; articles wait");
                    tokio::time::sleep(DISK_AGAIN).await;
                }
            }
        }
    }

    /// Decides what `asked` is and settles it at once: for a stream that nobody else reads or writes.
    pub fn decide_now(self: &Arc<Self>, asked: &Asked) -> Result<Finding, StoreError> {
        loop {
            match self.attempt(asked)? {
                Attempt::Done(finding, claim) => {
                    if let Some(claim) = claim {
                        claim.confirm();
                    }
                    return Ok(finding);
                }
                // Only what a worker left pending is: its messages are not for us.
                Attempt::Wait(..) => self.resolve(|_| Some(true)),
            }
        }
    }

    /// Resolves abandoned claims. `committed` tells whether the group has committed the message at a position, and
    /// `None` where it is not for us to say.
    pub fn resolve(&self, committed: impl Fn(&Origin) -> Option<bool>) {
        let mut state = self.lock();
        let abandoned = state.pending.iter_mut().filter(|(_, pending)| pending.abandoned.is_some());
        let mut appeared = Vec::new();
        for (number, pending) in abandoned {
            match committed(&pending.consumed) {
                Some(true) => appeared.push((*number, pending.token)),
                // It comes again; from now on, since only now there is an owner.
                Some(false) => pending.abandoned = Some(Instant::now()),
                None => {}
            }
        }
        for (number, token) in appeared {
            state.settle(number, token, Settle::Confirm);
        }
    }

    /// Why no article can be decided now, if none can.
    pub fn trouble(&self) -> Option<String> {
        self.lock().trouble.clone()
    }

    /// What `asked` would be, without claiming it.
    pub fn look(&self, asked: &Asked) -> Finding {
        decide(asked, &self.lock().known, self.limits.original).0
    }

    /// How much is known.
    pub fn size(&self) -> Size {
        let state = self.lock();
        Size {
            articles: state.known.count(),
            pending: state.pending.len(),
            memory_bytes: state.known.bytes(),
            disk_bytes: state.disk.as_ref().map_or(0, Disk::bytes),
        }
    }

    fn attempt(self: &Arc<Self>, asked: &Asked) -> Result<Attempt, StoreError> {
        let mut state = self.lock();
        state.ready(self.path.as_deref())?;
        state.forget(asked.at, &self.limits)?;
        let (finding, leans_on) = decide(asked, &state.known, self.limits.original);
        if let Finding::Again(decision) = finding {
            let token = leans_on.first().and_then(|number| state.take_over(*number).map(|token| (*number, token)));
            let claim = token.map(|(number, token)| Claim { store: self.clone(), number, token });
            return Ok(Attempt::Done(Finding::Again(decision), claim));
        }
        for number in &leans_on {
            let Some(pending) = state.pending.get(number) else { continue };
            let left = pending.abandoned.map_or(LEASE, |since| LEASE.saturating_sub(since.elapsed()));
            if !left.is_zero() {
                // Made under the lock: who settles it from now on is heard.
                return Ok(Attempt::Wait(pending.settled.clone().notified_owned(), left));
            }
            let (number, token) = (*number, pending.token);
            state.settle(number, token, Settle::Release);
            drop(state);
            return self.attempt(asked);
        }
        match finding {
            Finding::Decided(decision) => {
                let (number, token) = state.write(asked, &decision)?;
                Ok(Attempt::Done(finding, Some(Claim { store: self.clone(), number, token })))
            }
            Finding::Unchanged => {
                state.touch(asked, self.limits.ttl)?;
                Ok(Attempt::Done(finding, None))
            }
            Finding::Again(_) => Ok(Attempt::Done(finding, None)),
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
    /// Sees to it that the disk, if there is one, has all that it was owed.
    fn ready(&mut self, path: Option<&Path>) -> Result<(), StoreError> {
        let Some(path) = path else { return Ok(()) };
        if self.disk.is_none() {
            self.disk = Some(Disk::open(path)?);
        }
        while let Some((claim, gone)) = self.owed.last().copied() {
            self.on_disk(|disk| disk.settle(claim, gone))?;
            self.owed.pop();
        }
        if self.trouble.take().is_some() {
            tracing::info!("the dedup store can be written again");
        }
        Ok(())
    }

    /// Writes to the disk, if there is one. One that failed is opened anew the next time: what it has then is what
    /// it had before, or that and the last batch, which is written again under the same number.
    fn on_disk(&mut self, write: impl FnOnce(&Disk) -> Result<(), StoreError>) -> Result<(), StoreError> {
        let Some(disk) = &self.disk else { return Ok(()) };
        write(disk).inspect_err(|failure| {
            self.trouble = Some(failure.to_string());
            self.disk = None;
        })
    }

    /// Remembers what `asked` is, as a claim that is pending. The answer is its number and its token.
    fn write(&mut self, asked: &Asked, decision: &Decision) -> Result<(u32, u64), StoreError> {
        let before = self.known.by_id(asked.id).map(|(number, _)| number);
        let number = self.known.next_number();
        let consumed = asked.consumed.clone();
        let kept = Kept { number, packed: Entry::pack(asked, decision).into(), anchors: asked.text.anchors.clone() };
        let claim = KeptClaim { number, before, consumed: consumed.clone() };
        self.on_disk(|disk| disk.write(&kept, Some(&claim)))?;
        self.known.insert(number, kept.packed, &kept.anchors, &asked.text.edges);
        self.tokens += 1;
        let pending = Pending { token: self.tokens, before, consumed, abandoned: None, settled: Arc::default() };
        self.pending.insert(number, pending);
        Ok((number, self.tokens))
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
        let gone = if how == Settle::Confirm { pending.before } else { Some(number) };
        if let Some(gone) = gone {
            self.known.remove(gone);
        }
        if let (Settle::Release, Some(before)) = (how, pending.before) {
            self.known.name(before);
        }
        if self.disk.is_none() && self.trouble.is_some() || self.on_disk(|disk| disk.settle(number, gone)).is_err() {
            self.owed.push((number, gone));
        }
        pending.settled.notify_waiters();
    }

    /// An article that is seen again in the second half of its time is remembered anew: a page that stays up is not
    /// published again when its time is over.
    fn touch(&mut self, asked: &Asked, ttl: Duration) -> Result<(), StoreError> {
        let Some((old, entry)) = self.known.by_id(asked.id) else { return Ok(()) };
        let age = Duration::from_secs(asked.at.saturating_sub(entry.at).into());
        let Some(mut packed) = self.known.packed(old).filter(|_| age >= ttl / 2).map(Box::<[u8]>::from) else {
            return Ok(());
        };
        Entry::set_at(&mut packed, asked.at);
        let kept = Kept { number: self.known.next_number(), packed, anchors: asked.text.anchors.clone() };
        self.on_disk(|disk| disk.write(&kept, None))?;
        self.on_disk(|disk| disk.forget(&[old]))?;
        self.known.insert(kept.number, kept.packed, &kept.anchors, &[]);
        self.known.remove(old);
        Ok(())
    }

    fn forget(&mut self, now: u32, limits: &Limits) -> Result<(), StoreError> {
        let mut gone = Vec::new();
        while gone.len() < FORGOTTEN_AT_ONCE {
            let Some((number, entry)) = self.known.oldest() else { break };
            let age = Duration::from_secs(now.saturating_sub(entry.at).into());
            if age <= limits.ttl && self.known.count() < limits.most || self.pending.contains_key(&number) {
                break;
            }
            self.known.remove(number);
            gone.push(number);
        }
        if gone.is_empty() { Ok(()) } else { self.on_disk(|disk| disk.forget(&gone)) }
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
