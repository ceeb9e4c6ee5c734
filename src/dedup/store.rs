//! The claim: one atomic step that reads what is known, and writes one's own.
//!
//! Invariants, wherever what is known is kept:
//! 1. A message that comes again gets the decision that it got before; it is no duplicate of itself.
//! 2. Of two messages with one text exactly one is the first.
//! 3. A decision leans on settled ones only: one that would name an article whose own claim is pending waits until that is
//!    confirmed or released, and is made again. So no copy ever names an article that did not appear.
//! 4. A claim is confirmed after its records are committed, and released when its message ended otherwise: then what it
//!    found is there again. One that is dropped before either is *abandoned*: its message will come again, and takes it over.
//! 5. What takes over a claim gets a new token; the earlier holder can settle nothing any more.
//! 6. Nobody waits while holding a claim, so that nobody waits for ever: who is waited for is already behind this stage.
//!    An abandoned claim whose message does not come again within [`LEASE`] is released.
//! 7. What a crash left pending is abandoned too, and resolved by the group's commit: where that covers the position at
//!    which its message was consumed, the article appeared, and the claim is confirmed.
//! 8. Nothing is decided that is not written: while the disk takes nothing, or the shared store is away, claims wait.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::StoreError;
use super::decide::{Asked, Finding, Original, Ruling};
use super::local::Local;
use super::shared::Shared;
use super::stats::Stats;
use super::visits;
use crate::fetch::Validators;
use crate::record::Origin;

/// How long a claim that nobody holds is kept for the message that made it. That comes again within seconds, once the
/// partition has an owner (17-30 s after a crash under a fresh instance id); copies of the article wait as long. Half
/// of it would be less than a slow rebalance, twice of it holds copies up where a message is lost by retention.
pub const LEASE: Duration = Duration::from_secs(120);

/// What is known.
#[derive(Debug)]
pub struct Store(Kept);

/// Where it is kept.
#[derive(Debug)]
enum Kept {
    Here(Box<Local>),
    Shared(Arc<Shared>),
}

/// How much is remembered, and whom a copy names.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How long an article is remembered after it was last seen.
    pub ttl: Duration,
    /// The most articles remembered by one worker; then the oldest are forgotten. A shared store has limits of its own.
    pub most: usize,
    /// Whose page counts as the original.
    pub original: Original,
}

/// How much is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Size {
    /// Articles.
    pub articles: usize,
    /// Claims that are not settled.
    pub pending: usize,
    /// The bytes that articles and what finds them take in memory, about; of a shared store all that it uses.
    pub memory_bytes: usize,
    /// The bytes of the folder.
    pub disk_bytes: u64,
}

/// A decision that is not settled yet: confirmed, released, or abandoned when it is dropped.
#[derive(Debug)]
pub struct Claim {
    store: Arc<Store>,
    number: u32,
    token: u64,
}

/// How a claim ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settle {
    /// Its records are committed.
    Confirm,
    /// Its message ended otherwise.
    Release,
    /// Its message will come again.
    Abandon,
}

impl Store {
    /// An empty store that forgets with the process.
    pub fn new(limits: Limits) -> Arc<Self> {
        Arc::new(Self(Kept::Here(Box::new(Local::new(limits)))))
    }

    /// The store in the folder at `path`, with what is known there.
    ///
    /// Fails when another process has it, or when it can't be read.
    pub fn open(limits: Limits, path: &Path) -> Result<Arc<Self>, StoreError> {
        Ok(Arc::new(Self(Kept::Here(Box::new(Local::open(limits, path)?)))))
    }

    /// The store in the Redis at `url`, shared by all who give it the same `name`. It need not be there yet.
    ///
    /// Must be called within a runtime. Fails when the address can't be read.
    pub fn shared(limits: Limits, url: &str, name: &str) -> Result<Arc<Self>, StoreError> {
        Ok(Arc::new(Self(Kept::Shared(Shared::connect(limits, url, name)?))))
    }

    /// Decides what `asked` is, and claims it. Waits for claims that the decision would lean on, and for a store that
    /// takes nothing.
    ///
    /// The claim is `None` when there is nothing to settle.
    pub async fn claim(self: &Arc<Self>, asked: &Asked) -> (Finding, Option<Claim>) {
        let (finding, claim) = match &self.0 {
            Kept::Here(local) => local.claim(asked).await,
            Kept::Shared(shared) => shared.claim(asked).await,
        };
        (finding, claim.map(|(number, token)| Claim { store: self.clone(), number, token }))
    }

    /// Decides what `asked` is and settles it at once: for a stream whose articles have appeared already.
    ///
    /// A shared store is waited for, on a thread that is not the runtime's.
    pub fn decide_now(&self, asked: &Asked) -> Result<Finding, StoreError> {
        match &self.0 {
            Kept::Here(local) => local.decide_now(asked),
            Kept::Shared(shared) => shared.decide_now(asked),
        }
    }

    /// Remembers an article that appeared before, as it was decided then. `false` when it is known in this revision or a
    /// later one, or is being decided.
    ///
    /// A shared store is waited for, on a thread that is not the runtime's.
    pub fn remember(&self, asked: &Asked, ruling: Ruling) -> Result<bool, StoreError> {
        match &self.0 {
            Kept::Here(local) => local.remember(asked, ruling),
            Kept::Shared(shared) => shared.remember(asked, ruling),
        }
    }

    /// What is known, in numbers: reads all of it.
    ///
    /// A shared store is waited for, on a thread that is not the runtime's.
    pub fn stats(&self) -> Result<Stats, StoreError> {
        match &self.0 {
            Kept::Here(local) => Ok(local.stats()),
            Kept::Shared(shared) => shared.stats(),
        }
    }

    /// What `asked` would be, without claiming it. A shared store that does not answer knows nothing.
    pub async fn look(&self, asked: &Asked) -> Finding {
        match &self.0 {
            Kept::Here(local) => local.look(asked),
            Kept::Shared(shared) => shared.look(asked).await,
        }
    }

    /// Resolves claims that nobody holds. `committed` tells whether the group has committed the message at a position, and
    /// `None` where it is not for us to say.
    pub fn resolve(&self, committed: impl Fn(&Origin) -> Option<bool> + Send + Sync + 'static) {
        match &self.0 {
            Kept::Here(local) => local.resolve(committed),
            Kept::Shared(shared) => shared.resolve(Box::new(committed)),
        }
    }

    /// Where messages were consumed whose claims nobody seems to hold any more, and whose partitions others may have: for
    /// [`Store::resolve`], by whoever can tell what the group has committed there.
    pub async fn forsaken(&self) -> Vec<Origin> {
        match &self.0 {
            Kept::Here(_) => Vec::new(),
            Kept::Shared(shared) => shared.forsaken().await,
        }
    }

    /// Waits until everything that was settled is known where it is kept, at most for `within`.
    pub async fn settled(&self, within: Duration) {
        if let Kept::Shared(shared) = &self.0 {
            shared.settled(within).await;
        }
    }

    /// Which version of the page asked for under `key` is known to a message of this origin: not, if it is this very
    /// message that read it.
    pub async fn visited(&self, key: &str, origin: &Origin) -> Option<Validators> {
        let name = visits::name(key);
        let packed = match &self.0 {
            Kept::Here(local) => local.visit(&name),
            Kept::Shared(shared) => shared.visit(&name).await,
        };
        visits::read(&packed?, origin)
    }

    /// Remembers which version of the page under `key` a message of this origin has read, for a week at least.
    pub async fn visit(&self, key: &str, origin: &Origin, validators: Option<&Validators>) {
        let (name, packed) = (visits::name(key), validators.map(|one| visits::pack(one, origin)));
        let packed = packed.unwrap_or_default();
        match &self.0 {
            Kept::Here(local) => local.note_visit(&name, &packed),
            Kept::Shared(shared) => shared.note_visit(&name, &packed).await,
        }
    }

    /// Why no article can be decided now, if none can.
    pub fn trouble(&self) -> Option<String> {
        match &self.0 {
            Kept::Here(local) => local.trouble(),
            Kept::Shared(shared) => shared.trouble(),
        }
    }

    /// How much is known.
    pub fn size(&self) -> Size {
        match &self.0 {
            Kept::Here(local) => local.size(),
            Kept::Shared(shared) => shared.size(),
        }
    }

    fn settle(&self, number: u32, token: u64, how: Settle) {
        match &self.0 {
            Kept::Here(local) => local.settle(number, token, how),
            Kept::Shared(shared) => shared.settle(number, token, how),
        }
    }
}

impl Claim {
    /// Settles the decision: its records are committed.
    pub fn confirm(self) {
        self.store.settle(self.number, self.token, Settle::Confirm);
    }

    /// Takes the decision back: its message ended otherwise.
    pub fn release(self) {
        self.store.settle(self.number, self.token, Settle::Release);
    }
}

impl Drop for Claim {
    /// Abandons what is not settled; afterwards nothing is pending under this token any more.
    fn drop(&mut self) {
        // A stage that panics ends its message as rejected: it will not come again.
        let how = if std::thread::panicking() { Settle::Release } else { Settle::Abandon };
        self.store.settle(self.number, self.token, how);
    }
}

#[cfg(test)]
#[path = "store/tests.rs"]
mod tests;
