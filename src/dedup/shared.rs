//! What a group of workers knows together, in a Redis.
//!
//! One script reads what is known of an article and, if that is what the caller has seen before, writes its claim in the
//! same step ([`Shared::claim`]). The caller decides in between, by the same rules as a store of its own. So an article that
//! resembles nothing takes one round trip, and a copy two; nobody decides on what has changed since it was looked at.
//!
//! Claims have a lease, which their holder renews. One that has run out is not forgotten: who can read the group's commits
//! resolves it ([`Shared::forsaken`], [`Shared::resolve`]). What hosts repeat and which stories are one is learned by each
//! worker from what it sees, and is not shared.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::aio::ConnectionManager;
use redis::{RedisError, RedisResult, Script};
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use super::StoreError;
use super::decide::{Asked, Decision, Finding, Ruling};
use super::entry::Entry;
use super::index::{Course, Index as _, course};
use super::learned::Learned;
use super::store::{LEASE, Limits, Settle, Size};
use crate::record::Origin;
use crate::shared_store;
use slice::{Pending, Slice, View, write_position};

mod at_once;
mod slice;
mod upkeep;
mod visits;

/// How long Redis may take to answer; a step takes it less than a millisecond.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// How long after it did not answer it is asked again.
const ASK_AGAIN: Duration = Duration::from_millis(500);

/// The first wait for a claim that another holds; it doubles up to [`LONGEST_WAIT`]. An interval of commits is 200 ms.
const FIRST_WAIT: Duration = Duration::from_millis(25);

/// The longest wait between two looks at a claim that another holds.
const LONGEST_WAIT: Duration = Duration::from_millis(400);

/// The lease of what nobody has to settle.
const SETTLED: Duration = Duration::ZERO;

/// The longest that Redis is asked to remember anything; it adds to it, and counts milliseconds in 63 bits.
const LONGEST_TTL: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// Whether the group has committed the message at a position.
pub type Committed = Box<dyn Fn(&Origin) -> Option<bool> + Send + Sync>;

/// The store.
pub struct Shared {
    limits: Limits,
    /// What all keys begin with.
    prefix: String,
    connection: ConnectionManager,
    scripts: Scripts,
    runtime: Handle,
    tokens: (RandomState, AtomicU64),
    state: Mutex<State>,
    work: Notify,
    done: Notify,
}

struct Scripts {
    claim: Script,
    settle: Script,
    take: Script,
    renew: Script,
}

#[derive(Default)]
struct State {
    learned: Learned,
    /// The claims that this worker holds, with their tokens.
    held: HashMap<u32, u64>,
    /// Settled here, and not there yet.
    owed: Vec<Settlement>,
    /// What the group has committed, for claims that were left behind.
    to_resolve: Vec<Committed>,
    trouble: Option<String>,
    size: Size,
}

#[derive(Clone, Copy)]
struct Settlement {
    number: u32,
    token: u64,
    how: &'static str,
}

enum Answer {
    Written(u32),
    Known(Vec<u8>, Slice),
}

impl Shared {
    /// The store at `url`; those who give it the same `name` share it.
    pub fn connect(limits: Limits, url: &str, name: &str) -> Result<Arc<Self>, StoreError> {
        let connection = shared_store::connect(url, ANSWER_WITHIN, ASK_AGAIN)
            .map_err(|source| StoreError::Address { detail: source.to_string() })?;
        let script = |body: &str| Script::new(&format!("{}\n{body}", include_str!("shared/index.lua")));
        let shared = Arc::new(Self {
            limits: Limits { ttl: limits.ttl.min(LONGEST_TTL), ..limits },
            prefix: shared_store::prefix(name),
            connection,
            scripts: Scripts {
                claim: script(include_str!("shared/claim.lua")),
                settle: script(include_str!("shared/settle.lua")),
                take: script(include_str!("shared/take.lua")),
                renew: script(include_str!("shared/renew.lua")),
            },
            runtime: Handle::current(),
            tokens: (RandomState::new(), AtomicU64::new(0)),
            state: Mutex::new(State { trouble: Some("it was not reached yet".into()), ..State::default() }),
            work: Notify::new(),
            done: Notify::new(),
        });
        tokio::spawn(upkeep::look_after(Arc::downgrade(&shared)));
        Ok(shared)
    }

    /// Decides what `asked` is, and claims it: waits for claims that the decision would lean on, and for a Redis that does
    /// not answer. The answer is the finding, and the number and the token of what is to be settled.
    pub async fn claim(&self, asked: &Asked) -> (Finding, Option<(u32, u64)>) {
        let mut wait = FIRST_WAIT;
        loop {
            match self.attempt(asked, LEASE).await {
                Ok(Some(done)) => return done,
                Ok(None) => {
                    sleep(wait).await;
                    wait = (wait * 2).min(LONGEST_WAIT);
                }
                Err(failure) => {
                    self.in_trouble(&failure);
                    sleep(ASK_AGAIN).await;
                }
            }
        }
    }

    /// What `asked` would be, without claiming it.
    pub async fn look(&self, asked: &Asked) -> Finding {
        match self.ask(asked, &self.probes(asked), &[], &[], 0, SETTLED).await {
            Ok(Answer::Known(_, slice)) => {
                let state = self.lock();
                let view = View { slice: &slice, learned: &state.learned };
                super::decide::decide(asked, &view, self.limits.original).0
            }
            Ok(Answer::Written(_)) => Finding::Decided(NEW),
            Err(failure) => {
                tracing::warn!(error = %failure, "the shared dedup store is not looked at");
                Finding::Decided(NEW)
            }
        }
    }

    /// Notes how a claim ends; it is told to Redis as soon as that listens.
    pub fn settle(&self, number: u32, token: u64, how: Settle) {
        let mut state = self.lock();
        if state.held.get(&number) != Some(&token) {
            return;
        }
        state.held.remove(&number);
        let how = match how {
            Settle::Confirm => "c",
            Settle::Release => "r",
            Settle::Abandon => "a",
        };
        state.owed.push(Settlement { number, token, how });
        drop(state);
        self.work.notify_one();
    }

    /// Resolves claims that nobody holds, soon.
    pub fn resolve(&self, committed: Committed) {
        self.lock().to_resolve.push(committed);
        self.work.notify_one();
    }

    /// Where messages were consumed whose claims have outlived their lease.
    pub async fn forsaken(&self) -> Vec<Origin> {
        let Ok((now_s, pending)) = self.pending().await else { return Vec::new() };
        let is_late = |pending: &Pending| pending.until_s < now_s;
        pending.into_iter().filter(|(_, pending)| is_late(pending)).map(|(_, pending)| pending.consumed).collect()
    }

    /// Waits until Redis knows what was settled.
    pub async fn settled(&self, within: Duration) {
        let all_told = async {
            loop {
                let done = self.done.notified();
                if self.lock().owed.is_empty() {
                    return;
                }
                self.work.notify_one();
                done.await;
            }
        };
        if timeout(within, all_told).await.is_err() {
            tracing::warn!("the shared dedup store was not told of all commits; they are found out by the group's");
        }
    }

    /// Why no article can be decided now.
    pub fn trouble(&self) -> Option<String> {
        self.lock().trouble.clone()
    }

    /// How much is known, as of some seconds ago.
    pub fn size(&self) -> Size {
        self.lock().size
    }

    /// Claims for as long as `lease`; `None` when another's claim must be settled first.
    async fn attempt(&self, asked: &Asked, lease: Duration) -> RedisResult<Option<(Finding, Option<(u32, u64)>)>> {
        let (mut decision, mut seen, probes) = (NEW, NOTHING.to_vec(), self.probes(asked));
        loop {
            let (article, token) = (Entry::pack(asked, &decision), self.token());
            let (numbers, slice) = match self.ask(asked, &probes, &seen, &article, token, lease).await? {
                Answer::Written(number) => {
                    let mut state = self.lock();
                    if let Some(entry) = Entry::read(&article) {
                        state.learned.learn(&entry, &asked.text.edges);
                    }
                    let claim = (lease != SETTLED).then_some((number, token));
                    state.held.extend(claim);
                    return Ok(Some((Finding::Decided(decision), claim)));
                }
                Answer::Known(numbers, slice) => (numbers, slice),
            };
            match self.weigh(asked, &slice) {
                Course::Again(number, decision) => {
                    let token = if slice.is_pending(number) { self.take_over(number, asked).await? } else { None };
                    return Ok(Some((Finding::Again(decision), token.map(|token| (number, token)))));
                }
                Course::Wait(_) => return Ok(None),
                Course::Unchanged(number) => {
                    self.remember_anew(number, asked, &slice).await?;
                    return Ok(Some((Finding::Unchanged, None)));
                }
                Course::Write(decided) => (decision, seen) = (decided, numbers),
            }
        }
    }

    fn probes(&self, asked: &Asked) -> Vec<u32> {
        self.lock().learned.telling(asked.host, &asked.text.probes)
    }

    fn weigh(&self, asked: &Asked, slice: &Slice) -> Course {
        let mut state = self.lock();
        for entry in slice.entries() {
            state.learned.learn(&entry, &[]);
        }
        let view = View { slice, learned: &state.learned };
        course(asked, &view, |number| slice.is_pending(number), self.limits.original)
    }

    async fn ask(
        &self,
        asked: &Asked,
        probes: &[u32],
        seen: &[u8],
        article: &[u8],
        token: u64,
        lease: Duration,
    ) -> RedisResult<Answer> {
        let packed = |shingles: &[u32]| shingles.iter().flat_map(|one| one.to_le_bytes()).collect::<Vec<u8>>();
        let mut call = self.scripts.claim.prepare_invoke();
        call.key(&self.prefix)
            .arg(self.ttl_ms())
            .arg(&asked.id.0.to_le_bytes()[..])
            .arg(&asked.text.text.0.to_le_bytes()[..])
            .arg(packed(probes))
            .arg(packed(&asked.text.anchors))
            .arg(seen)
            .arg(article)
            .arg(&token.to_le_bytes()[..])
            .arg(lease.as_secs())
            .arg(write_position(&asked.consumed));
        let answer: Vec<Vec<u8>> = call.invoke_async(&mut self.connection.clone()).await?;
        self.is_well();
        let mut parts = answer.into_iter();
        let (what, numbers) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        if what == b"written" {
            let number = numbers.first_chunk().map(|number| u32::from_le_bytes(*number));
            return number.map(Answer::Written).ok_or_else(not_ours);
        }
        let slice = Slice::read(&numbers, parts).ok_or_else(not_ours)?;
        Ok(Answer::Known(numbers, slice))
    }

    async fn take_over(&self, number: u32, asked: &Asked) -> RedisResult<Option<u64>> {
        let token = self.token();
        let mut call = self.scripts.take.prepare_invoke();
        call.key(&self.prefix)
            .arg(&number.to_le_bytes()[..])
            .arg(&token.to_le_bytes()[..])
            .arg(LEASE.as_secs())
            .arg(write_position(&asked.consumed));
        let taken: u32 = call.invoke_async(&mut self.connection.clone()).await?;
        if taken == 0 {
            return Ok(None);
        }
        self.lock().held.insert(number, token);
        Ok(Some(token))
    }

    /// An article that is seen again in the second half of its time is remembered anew.
    async fn remember_anew(&self, number: u32, asked: &Asked, slice: &Slice) -> RedisResult<()> {
        let since = {
            let state = self.lock();
            View { slice, learned: &state.learned }.entry(number).map(|entry| entry.at)
        };
        let age = Duration::from_secs(asked.at.saturating_sub(since.unwrap_or(asked.at)).into());
        if age < self.limits.ttl / 2 {
            return Ok(());
        }
        let anchors: Vec<u8> = asked.text.anchors.iter().flat_map(|anchor| anchor.to_le_bytes()).collect();
        let mut call = self.scripts.renew.prepare_invoke();
        call.key(&self.prefix)
            .arg(self.ttl_ms())
            .arg(&number.to_le_bytes()[..])
            .arg(&asked.id.0.to_le_bytes()[..])
            .arg(&asked.text.text.0.to_le_bytes()[..])
            .arg(anchors)
            .arg(&asked.at.to_le_bytes()[..]);
        call.invoke_async(&mut self.connection.clone()).await
    }

    fn ttl_ms(&self) -> u64 {
        u64::try_from(self.limits.ttl.as_millis()).unwrap_or(u64::MAX)
    }

    fn token(&self) -> u64 {
        self.tokens.0.hash_one(self.tokens.1.fetch_add(1, Ordering::Relaxed))
    }

    fn in_trouble(&self, failure: &RedisError) {
        if self.lock().trouble.replace(failure.to_string()).is_none() {
            tracing::error!(error = %failure, "the shared dedup store does not answer; articles wait");
        }
    }

    fn is_well(&self) {
        if self.lock().trouble.take().is_some() {
            tracing::info!("the shared dedup store answers");
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

/// What an article is that resembles nothing.
const NEW: Decision =
    Decision { ruling: Ruling { duplicate: false, revision: 1, changed: None, link: None }, merged: None };

/// The numbers of an article that resembles nothing: none by id, none by text, no candidates.
const NOTHING: &[u8] = &[0xFF; 8];

fn not_ours() -> RedisError {
    RedisError::from((redis::ErrorKind::UnexpectedReturnType, "an answer that the script does not give"))
}
