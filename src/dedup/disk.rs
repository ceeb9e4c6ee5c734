//! The embedded store's folder: what is known, so that a worker that starts anew knows it.
//!
//! Articles lie under their numbers, in the order in which they came: written once at the end, forgotten at the start,
//! and read only when a worker starts. Claims that are not settled lie beside them; an article and its claim are
//! written in one batch. A batch is with the operating system when it returns, so that it outlives the process (kill -9);
//! what a power failure takes is at most the last moments: then a copy may pass once.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use fjall::{Database, Keyspace, KeyspaceCreateOptions, OwnedWriteBatch, Slice};

use super::entry::Entry;
use super::visits::Name;
use crate::record::Origin;
use weeks::Weeks;

mod weeks;

/// What is read is read once: there is little to cache.
const CACHE_BYTES: u64 = 8 << 20;

/// The journal's size at which the oldest of it must be in the tables.
const JOURNAL_BYTES: u64 = 64 << 20;

/// No earlier state of an article.
const NONE: u32 = u32::MAX;

/// Why a store can't be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process has it.
    #[error("dedup.path = {path:?}: another worker has this folder open; each worker needs its own")]
    Held {
        /// The folder.
        path: PathBuf,
    },
    /// A shared store's address can't be read.
    #[error("dedup.redis_url: {detail}")]
    Address {
        /// Why.
        detail: String,
    },
    /// A shared store does not answer, or not as it should.
    #[error("dedup.redis_url: {detail}")]
    Away {
        /// Why.
        detail: String,
    },
    /// It can't be opened, read or written: no right, a full disk, damage.
    #[error("dedup.path = {path:?}: {source}")]
    Disk {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: Box<fjall::Error>,
    },
}

/// The folder, open.
pub struct Disk {
    path: PathBuf,
    database: Database,
    articles: Keyspace,
    pending: Keyspace,
    visits: Weeks,
}

/// An article as it is kept.
pub struct Kept {
    /// Its number.
    pub number: u32,
    /// Its packed entry.
    pub packed: Box<[u8]>,
    /// By what it is found.
    pub anchors: Vec<u32>,
}

/// A claim that was not settled when it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptClaim {
    /// The article's number.
    pub number: u32,
    /// The number of its earlier state, which is there until the claim is confirmed.
    pub before: Option<u32>,
    /// Where its message was consumed.
    pub consumed: Origin,
}

/// A claim that was settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settled {
    /// The article's number.
    pub claim: u32,
    /// The number of the article that is no longer true.
    pub gone: Option<u32>,
}

impl Disk {
    /// Opens the folder at `path`, and makes it where there is none.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let failed = |source: fjall::Error| match source {
            fjall::Error::Locked => StoreError::Held { path: path.to_owned() },
            source => StoreError::Disk { path: path.to_owned(), source: Box::new(source) },
        };
        let database = Database::builder(path)
            .cache_size(CACHE_BYTES)
            .max_journaling_size(JOURNAL_BYTES)
            .worker_threads(1)
            .open()
            .map_err(failed)?;
        let articles = database.keyspace("articles", KeyspaceCreateOptions::default).map_err(failed)?;
        let pending = database.keyspace("pending", KeyspaceCreateOptions::default).map_err(failed)?;
        let visits = Weeks::open(&database, now_s()).map_err(failed)?;
        Ok(Self { path: path.to_owned(), database, articles, pending, visits })
    }

    /// Everything that is kept: articles in the order of their numbers, and claims.
    pub fn read(&self) -> Result<(Vec<Kept>, Vec<KeptClaim>), StoreError> {
        let mut articles = Vec::new();
        for guard in self.articles.iter() {
            let (key, value) = guard.into_inner().map_err(|source| self.failed(source))?;
            articles.extend(read_article(&key, &value));
        }
        let mut claims = Vec::new();
        for guard in self.pending.iter() {
            let (key, value) = guard.into_inner().map_err(|source| self.failed(source))?;
            claims.extend(read_claim(&key, &value));
        }
        Ok((articles, claims))
    }

    /// Writes an article with its claim, if it is one, and what was settled before it.
    pub fn write(&self, article: &Kept, claim: Option<&KeptClaim>, settled: &[Settled]) -> Result<(), StoreError> {
        let mut batch = self.database.batch();
        batch.insert(&self.articles, article.number.to_be_bytes(), write_article(article));
        if let Some(claim) = claim {
            batch.insert(&self.pending, claim.number.to_be_bytes(), write_claim(claim));
        }
        self.put(&mut batch, settled);
        self.commit(batch)
    }

    /// Settles claims, and forgets the articles that are no longer true.
    pub fn settle(&self, settled: &[Settled]) -> Result<(), StoreError> {
        let mut batch = self.database.batch();
        self.put(&mut batch, settled);
        self.commit(batch)
    }

    fn put(&self, batch: &mut OwnedWriteBatch, settled: &[Settled]) {
        for Settled { claim, gone } in settled {
            batch.remove(&self.pending, claim.to_be_bytes());
            if let Some(gone) = gone {
                batch.remove(&self.articles, gone.to_be_bytes());
            }
        }
    }

    /// Forgets articles.
    pub fn forget(&self, numbers: &[u32]) -> Result<(), StoreError> {
        let mut batch = self.database.batch();
        for number in numbers {
            batch.remove(&self.articles, number.to_be_bytes());
        }
        self.commit(batch)
    }

    /// Which version of a page was read; nothing, if that can't be read.
    pub fn visit(&self, name: &Name) -> Option<Vec<u8>> {
        self.visits.read(name).ok().flatten()
    }

    /// Remembers which version of a page was read.
    pub fn note_visit(&mut self, name: &Name, packed: &[u8]) -> Result<(), StoreError> {
        let written = self.visits.write(&self.database, name, packed, now_s());
        written.map_err(|source| self.failed(source))
    }

    /// The bytes that the folder takes.
    pub fn bytes(&self) -> u64 {
        self.database.disk_space().unwrap_or_default()
    }

    fn commit(&self, batch: OwnedWriteBatch) -> Result<(), StoreError> {
        batch.commit().map_err(|source| self.failed(source))
    }

    fn failed(&self, source: fjall::Error) -> StoreError {
        StoreError::Disk { path: self.path.clone(), source: Box::new(source) }
    }
}

impl std::fmt::Debug for Disk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Disk").field("path", &self.path).finish_non_exhaustive()
    }
}

fn now_s() -> u64 {
    SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_secs())
}

fn number_of(key: &Slice) -> Option<u32> {
    Some(u32::from_be_bytes(key.as_ref().try_into().ok()?))
}

fn write_article(article: &Kept) -> Vec<u8> {
    let mut value = Vec::with_capacity(article.packed.len() + 1 + 4 * article.anchors.len());
    value.push(article.anchors.len() as u8);
    value.extend(article.anchors.iter().flat_map(|anchor| anchor.to_le_bytes()));
    value.extend_from_slice(&article.packed);
    value
}

/// `None` for what is no article of this layout.
fn read_article(key: &Slice, value: &Slice) -> Option<Kept> {
    let (count, rest) = value.split_first()?;
    let (anchors, packed) = rest.split_at_checked(usize::from(*count) * 4)?;
    Entry::read(packed)?;
    let (anchors, _) = anchors.as_chunks();
    let anchors = anchors.iter().map(|anchor| u32::from_le_bytes(*anchor)).collect();
    Some(Kept { number: number_of(key)?, packed: packed.into(), anchors })
}

fn write_claim(claim: &KeptClaim) -> Vec<u8> {
    let mut value = Vec::with_capacity(16 + claim.consumed.topic.len());
    value.extend(claim.before.unwrap_or(NONE).to_le_bytes());
    value.extend(claim.consumed.partition.to_le_bytes());
    value.extend(claim.consumed.offset.to_le_bytes());
    value.extend_from_slice(claim.consumed.topic.as_bytes());
    value
}

fn read_claim(key: &Slice, value: &Slice) -> Option<KeptClaim> {
    let (before, rest) = value.split_first_chunk()?;
    let (partition, rest) = rest.split_first_chunk()?;
    let (offset, topic) = rest.split_first_chunk()?;
    let topic = String::from_utf8(topic.to_vec()).ok()?;
    Some(KeptClaim {
        number: number_of(key)?,
        before: Some(u32::from_le_bytes(*before)).filter(|before| *before != NONE),
        consumed: Origin { topic, partition: i32::from_le_bytes(*partition), offset: i64::from_le_bytes(*offset) },
    })
}
