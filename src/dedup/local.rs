//! What one worker knows, in its memory and, if it shall outlive the process, in a folder.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use moka::sync::Cache;
use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;

use super::decide::{Asked, Decision, Finding, Ruling};
use super::disk::{Disk, Kept, KeptClaim, Settled, StoreError};
use super::entry::Entry;
use super::index::{Course, Index, course};
use super::known::Known;
use super::stats::{Census, Stats};
use super::store::{LEASE, Limits, Settle, Size};
use super::visits::{Name, REMEMBERED};
use crate::record::Origin;

/// Old articles that a claim forgets at most, so that forgetting never stops the world.
const FORGOTTEN_AT_ONCE: usize = 4;

/// How long after the disk refused something it is tried again.
const DISK_AGAIN: Duration = Duration::from_secs(1);

/// Bytes that the versions of pages take at most in memory; 200,000 pages fit.
const MOST_VISITS_BYTES: u64 = 64 << 20;

/// The articles known to this worker.
#[derive(Debug)]
pub struct Local {
    limits: Limits,
    /// The folder, for a store that outlives the process.
    path: Option<PathBuf>,
    state: Mutex<State>,
    /// Versions of pages, for a store that does not outlive the process.
    visits: Cache<Name, Arc<[u8]>>,
}

#[derive(Debug, Default)]
struct State {
    known: Known,
    pending: HashMap<u32, Pending>,
    tokens: u64,
    /// The folder, while it takes what it is given.
    disk: Option<Disk>,
    /// Settled in memory, and not on disk yet. What was confirmed goes there with the next article: until then it is a claim that
    /// a crash left pending, and its commit tells what it is.
    owed: Vec<Settled>,
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

/// What a claim came to.
#[derive(Debug)]
pub enum Attempt {
    /// It is decided; with the number and the token of the claim, if there is one.
    Done(Finding, Option<(u32, u64)>),
    /// It leans on a claim that is not settled: wait for that, or until then.
    Wait(OwnedNotified, Duration),
}

fn visits() -> Cache<Name, Arc<[u8]>> {
    let weigher = |_: &Name, packed: &Arc<[u8]>| u32::try_from(packed.len() + 100).unwrap_or(u32::MAX);
    Cache::builder().max_capacity(MOST_VISITS_BYTES).weigher(weigher).time_to_live(REMEMBERED).build()
}

impl Local {
    /// An empty store that forgets with the process.
    pub fn new(limits: Limits) -> Self {
        Self { limits, path: None, state: Mutex::default(), visits: visits() }
    }

    /// The store in the folder at `path`, with what is known there.
    ///
    /// Fails when another process has it, or when it can't be read.
    pub fn open(limits: Limits, path: &Path) -> Result<Self, StoreError> {
        let disk = Disk::open(path)?;
        let (articles, claims) = disk.read()?;
        let mut state = State { disk: Some(disk), ..State::default() };
        for article in articles {
            state.known.insert(article.number, &article.packed, &article.anchors, &[]);
        }
        for claim in claims {
            state.tokens += 1;
            let KeptClaim { number, before, consumed } = claim;
            let abandoned = Some(Instant::now());
            let pending = Pending { token: state.tokens, before, consumed, abandoned, settled: Arc::default() };
            state.pending.insert(number, pending);
        }
        tracing::info!(articles = state.known.count(), pending = state.pending.len(), ?path, "dedup store opened");
        Ok(Self { limits, path: Some(path.to_owned()), state: Mutex::new(state), visits: visits() })
    }

    /// Decides what `asked` is, and claims it. Waits for claims that the decision would lean on, and for a disk that
    /// takes nothing. The answer is the finding, and the number and the token of what is to be settled.
    pub async fn claim(&self, asked: &Asked) -> (Finding, Option<(u32, u64)>) {
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
    pub fn decide_now(&self, asked: &Asked) -> Result<Finding, StoreError> {
        loop {
            match self.attempt(asked)? {
                Attempt::Done(finding, claim) => {
                    if let Some((number, token)) = claim {
                        self.settle(number, token, Settle::Confirm);
                    }
                    return Ok(finding);
                }
                // Only what a worker left pending is: its messages are not for us.
                Attempt::Wait(..) => self.resolve(|_| Some(true)),
            }
        }
    }

    /// Remembers an article as it was decided before. `false` when it is known so, or later, or is being decided.
    pub fn remember(&self, asked: &Asked, ruling: Ruling) -> Result<bool, StoreError> {
        let mut state = self.lock();
        state.ready(self.path.as_deref())?;
        state.forget(asked.at, &self.limits)?;
        let before = state.known.by_id(asked.id).map(|(number, entry)| (number, entry.ruling.revision));
        if before.is_some_and(|(number, known)| known >= ruling.revision || state.pending.contains_key(&number)) {
            return Ok(false);
        }
        let packed = Entry::pack(asked, &Decision { ruling, merged: None });
        state.replace(before.map(|(number, _)| number), packed.into(), &asked.text.anchors, &asked.text.edges)?;
        Ok(true)
    }

    /// What is known, in numbers.
    pub fn stats(&self) -> Stats {
        let size = self.size();
        let mut census = Census::default();
        self.lock().known.each(|entry| census.count(&entry));
        census.stats(&size)
    }

    /// Settles a claim, if the token is still that of its holder.
    pub fn settle(&self, number: u32, token: u64, how: Settle) {
        self.lock().settle(number, token, how);
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

    /// Which version of a page was read.
    pub fn visit(&self, name: &Name) -> Option<Vec<u8>> {
        if self.path.is_some() {
            return self.lock().disk.as_ref()?.visit(name);
        }
        self.visits.get(name).map(|packed| packed.to_vec())
    }

    /// Remembers which version of a page was read. A disk that takes nothing does not have it: nothing waits for that.
    pub fn note_visit(&self, name: &Name, packed: &[u8]) {
        if self.path.is_none() {
            return self.visits.insert(*name, packed.into());
        }
        let mut state = self.lock();
        if let Some(Err(failure)) = state.disk.as_mut().map(|disk| disk.note_visit(name, packed)) {
            tracing::debug!(error = %failure, "the version of a page is not remembered");
        }
    }

    /// Why no article can be decided now, if none can.
    pub fn trouble(&self) -> Option<String> {
        self.lock().trouble.clone()
    }

    /// What `asked` would be, without claiming it.
    pub fn look(&self, asked: &Asked) -> Finding {
        super::decide::decide(asked, &self.lock().known, self.limits.original).0
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

    /// Claims without waiting.
    pub fn attempt(&self, asked: &Asked) -> Result<Attempt, StoreError> {
        let mut state = self.lock();
        state.ready(self.path.as_deref())?;
        state.forget(asked.at, &self.limits)?;
        loop {
            let is_pending = |number| state.pending.contains_key(&number);
            match course(asked, &state.known, is_pending, self.limits.original) {
                Course::Again(number, decision) => {
                    let token = state.take_over(number, &asked.consumed);
                    return Ok(Attempt::Done(Finding::Again(decision), token.map(|token| (number, token))));
                }
                Course::Wait(number) => {
                    let Some(pending) = state.pending.get(&number) else { continue };
                    let left = pending.abandoned.map_or(LEASE, |since| LEASE.saturating_sub(since.elapsed()));
                    if !left.is_zero() {
                        // Made under the lock: who settles it from now on is heard.
                        return Ok(Attempt::Wait(pending.settled.clone().notified_owned(), left));
                    }
                    let token = pending.token;
                    state.settle(number, token, Settle::Release);
                    // A disk that refused that takes no decision either.
                    state.ready(self.path.as_deref())?;
                }
                Course::Unchanged(_) => {
                    state.touch(asked, self.limits.ttl)?;
                    return Ok(Attempt::Done(Finding::Unchanged, None));
                }
                Course::Write(decision) => {
                    let claim = state.write(asked, &decision)?;
                    return Ok(Attempt::Done(Finding::Decided(decision), Some(claim)));
                }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Local {
    /// A store that is closed leaves nothing to be found out.
    fn drop(&mut self) {
        let mut state = self.lock();
        if !state.owed.is_empty() {
            let _ = state.settle_owed();
        }
    }
}

impl State {
    /// Sees to it that the disk, if there is one, has all that it was owed.
    fn ready(&mut self, path: Option<&Path>) -> Result<(), StoreError> {
        let Some(path) = path else { return Ok(()) };
        if self.disk.is_none() {
            self.disk = Some(Disk::open(path)?);
        }
        if self.trouble.is_some() {
            self.settle_owed()?;
        }
        if self.trouble.take().is_some() {
            tracing::info!("the dedup store can be written again");
        }
        Ok(())
    }

    /// Writes down what is settled.
    fn settle_owed(&mut self) -> Result<(), StoreError> {
        let owed = std::mem::take(&mut self.owed);
        let written = self.on_disk(|disk| disk.settle(&owed));
        if written.is_err() {
            self.owed = owed;
        }
        written
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
        let owed = std::mem::take(&mut self.owed);
        if let Err(failure) = self.on_disk(|disk| disk.write(&kept, Some(&claim), &owed)) {
            self.owed = owed;
            return Err(failure);
        }
        self.known.insert(number, &kept.packed, &kept.anchors, &asked.text.edges);
        self.tokens += 1;
        let pending = Pending { token: self.tokens, before, consumed, abandoned: None, settled: Arc::default() };
        self.pending.insert(number, pending);
        Ok((number, self.tokens))
    }

    /// Takes over a claim that is pending. `None` when it is settled.
    fn take_over(&mut self, number: u32, consumed: &Origin) -> Option<u64> {
        let pending = self.pending.get_mut(&number)?;
        self.tokens += 1;
        pending.token = self.tokens;
        pending.consumed = consumed.clone();
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
        if self.disk.is_some() || self.trouble.is_some() {
            self.owed.push(Settled { claim: number, gone });
        }
        // Its message is committed with another end: a crash would take it for one that appeared.
        if how == Settle::Release && self.trouble.is_none() {
            // What is refused stays owed, and keeps articles waiting.
            let _ = self.settle_owed();
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
        self.replace(Some(old), packed, &asked.text.anchors, &[])
    }

    /// Remembers an article under a number of its own, in place of an old one, with nothing to be settled.
    fn replace(
        &mut self,
        old: Option<u32>,
        packed: Box<[u8]>,
        anchors: &[u32],
        edges: &[u32],
    ) -> Result<(), StoreError> {
        let kept = Kept { number: self.known.next_number(), packed, anchors: anchors.to_vec() };
        // One batch: a crash between two would leave both there.
        let gone: Vec<Settled> = old.map(|old| Settled { claim: old, gone: Some(old) }).into_iter().collect();
        self.on_disk(|disk| disk.write(&kept, None, &gone))?;
        self.known.insert(kept.number, &kept.packed, anchors, edges);
        if let Some(old) = old {
            self.known.remove(old);
        }
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

#[cfg(test)]
impl Local {
    /// Fails where the index disagrees with the articles.
    pub fn is_consistent(&self) {
        let state = self.lock();
        let mut live = 0;
        for number in 0..state.known.next_number() {
            let Some(entry) = state.known.entry(number) else { continue };
            live += 1;
            let (named, _) = state.known.by_id(entry.id).unwrap();
            let replaced = state.pending.get(&named).and_then(|pending| pending.before);
            assert!(named == number || replaced == Some(number));
            assert!(state.known.by_text(entry.text).is_some());
        }
        assert_eq!(live, state.known.count());
    }
}

#[cfg(test)]
mod model;
