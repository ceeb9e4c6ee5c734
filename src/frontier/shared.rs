//! The pace of hosts that a group's workers keep together.
//!
//! Each host's next free moment, and who is asking it, stand in the shared store, by that store's clock. A worker that has its own
//! turn at a host asks for the group's (`pace.lua`, one round trip), and tells when its request is over and how long the host
//! shall rest: for its interval, or for as long as it asked to be left alone. So workers that read one host keep its interval
//! together, whoever of them has its partition. A turn of a worker that died ends with its lease.
//!
//! While the store does not answer each worker keeps the interval for itself, as without one: the host is asked more often then,
//! at most as many times as there are workers. To stop instead would stop all reading for the sake of a few hosts.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use redis::aio::ConnectionManager;
use redis::{RedisResult, Script};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use crate::shared_store;

/// How long the store may take to answer; the script takes it some microseconds. A page waits as long where it hangs. At half a
/// store that saves its data on a slow disk would be taken for one that is away.
const ANSWER_WITHIN: Duration = Duration::from_secs(3);

/// How long after it did not answer it is asked again.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// How soon somebody looks again who waits for the requests of others to end. At half a busy host costs twice as many calls, at
/// double it is left idle twice as long.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// The pace that is shared. A clone is the same.
#[derive(Clone)]
pub struct SharedPace(Arc<Inner>);

struct Inner {
    connection: ConnectionManager,
    script: Script,
    prefix: String,
    /// Requests at once to one host, of all workers.
    concurrency: usize,
    lease: Duration,
    tokens: (RandomState, AtomicU64),
    over: mpsc::UnboundedSender<Over>,
    /// Since when the store does not answer, and was asked last.
    away: Mutex<Option<Instant>>,
    alone: AtomicU64,
}

/// The group's turn at a host. It ends when dropped.
pub struct Lent {
    pace: Arc<Inner>,
    host: Arc<str>,
    /// `None` when it was not got.
    token: Option<u64>,
    /// How long the host shall rest from the end on.
    pub rest: Duration,
}

/// A request that is over, or (without a token) a host that is to be as if it had never been asked.
struct Over {
    host: Arc<str>,
    token: Option<u64>,
    rest: Duration,
    since: Instant,
}

impl SharedPace {
    /// The pace in the store at `url`, kept together by all who name the same `group`: `concurrency` requests at once to a
    /// host. A request that is not told to be over counts as such after `lease`, which is longer than any takes.
    ///
    /// Must be called within a runtime.
    ///
    /// # Errors
    /// The address can't be read. The store need not be there yet.
    pub fn connect(url: &str, group: &str, concurrency: usize, lease: Duration) -> RedisResult<Self> {
        let (over, told) = mpsc::unbounded_channel();
        let inner = Arc::new(Inner {
            connection: shared_store::connect(url, ANSWER_WITHIN, ASK_AGAIN)?,
            script: Script::new(include_str!("pace.lua")),
            prefix: shared_store::prefix(group),
            concurrency,
            lease,
            tokens: (RandomState::new(), AtomicU64::new(0)),
            over,
            away: Mutex::default(),
            alone: AtomicU64::new(0),
        });
        tokio::spawn(tell(inner.connection.clone(), inner.script.clone(), inner.prefix.clone(), lease, told));
        Ok(Self(inner))
    }

    /// Waits for the group's turn at `host`. `None` while the store does not answer: then the worker's own turn is all there is.
    ///
    /// # Errors
    /// When the host will be free, if that is later than `until`.
    pub async fn turn(&self, host: &Arc<str>, until: Instant) -> Result<Option<Lent>, Instant> {
        let inner = &self.0;
        let token = inner.tokens.0.hash_one(inner.tokens.1.fetch_add(1, Ordering::Relaxed));
        loop {
            if inner.is_away() {
                inner.alone.fetch_add(1, Ordering::Relaxed);
                return Ok(None);
            }
            // Before the answer is there: who is given up meanwhile may have got the turn.
            let mut lent = Lent { pace: inner.clone(), host: host.clone(), token: Some(token), rest: Duration::ZERO };
            match inner.ask(host, token).await {
                Ok(0) => {
                    inner.answers();
                    return Ok(Some(lent));
                }
                Ok(wait_us) => {
                    inner.answers();
                    lent.token = None;
                    drop(lent);
                    let wait = u64::try_from(wait_us).map_or(LOOK_AGAIN, Duration::from_micros);
                    let free = Instant::now() + wait;
                    if free > until {
                        return Err(free);
                    }
                    sleep_until(free).await;
                }
                Err(failure) => inner.does_not_answer(&failure),
            }
        }
    }

    /// Lets `host` be asked at once, by the operator's order.
    pub fn forget(&self, host: &str) {
        let over = Over { host: host.into(), token: None, rest: Duration::ZERO, since: Instant::now() };
        let _ = self.0.over.send(over);
    }

    /// Whether the store does not answer, so that each worker keeps the pace alone.
    pub fn is_away(&self) -> bool {
        self.0.away.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// How many turns there were meanwhile, since the start.
    pub fn turns_alone(&self) -> u64 {
        self.0.alone.load(Ordering::Relaxed)
    }
}

impl Inner {
    async fn ask(&self, host: &str, token: u64) -> RedisResult<i64> {
        let mut call = self.script.prepare_invoke();
        call.key(key(&self.prefix, host))
            .arg("ask")
            .arg(token)
            .arg(self.concurrency)
            .arg(self.lease.as_micros() as u64);
        call.invoke_async(&mut self.connection.clone()).await
    }

    /// Whether it did not answer lately. Else it may be asked, also by several at once.
    fn is_away(&self) -> bool {
        let away = self.away.lock().unwrap_or_else(PoisonError::into_inner);
        away.is_some_and(|asked| asked.elapsed() < ASK_AGAIN)
    }

    fn does_not_answer(&self, failure: &redis::RedisError) {
        if self.away.lock().unwrap_or_else(PoisonError::into_inner).replace(Instant::now()).is_none() {
            tracing::warn!(error = %failure, "the pace of hosts is not shared; each worker keeps it alone");
        }
    }

    fn answers(&self) {
        if self.away.lock().unwrap_or_else(PoisonError::into_inner).take().is_some() {
            tracing::info!("the pace of hosts is shared again");
        }
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(token) = self.token {
            let over = Over { host: self.host.clone(), token: Some(token), rest: self.rest, since: Instant::now() };
            let _ = self.pace.over.send(over);
        }
    }
}

impl std::fmt::Debug for SharedPace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SharedPace").field("prefix", &self.0.prefix).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Lent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lent").field("host", &self.host).finish_non_exhaustive()
    }
}

fn key(prefix: &str, host: &str) -> String {
    format!("{prefix}:h:{host}")
}

/// Tells the store which requests are over, in their order; until nobody has any more. One that can't be told within its lease has
/// ended with it.
async fn tell(
    mut connection: ConnectionManager,
    script: Script,
    prefix: String,
    lease: Duration,
    mut told: mpsc::UnboundedReceiver<Over>,
) {
    while let Some(Over { host, token, rest, since }) = told.recv().await {
        let key = key(&prefix, &host);
        while since.elapsed() < lease {
            let done: RedisResult<()> = match token {
                Some(token) => {
                    // What was waited for here is rest already.
                    let rest = rest.saturating_sub(since.elapsed());
                    let mut call = script.prepare_invoke();
                    call.key(&key).arg("end").arg(token).arg(rest.as_micros() as u64);
                    call.invoke_async::<i64>(&mut connection).await.map(drop)
                }
                None => redis::cmd("DEL").arg(&key).query_async(&mut connection).await,
            };
            if done.is_ok() {
                break;
            }
            tokio::time::sleep(ASK_AGAIN).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn without_its_store_a_worker_keeps_the_pace_alone() {
        let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let url = format!("redis://{nobody}");
        let pace = SharedPace::connect(&url, "group", 1, Duration::from_secs(60)).unwrap();
        assert!(!pace.is_away());
        for turns in 1..4 {
            let turn = pace.turn(&"a.example".into(), Instant::now() + Duration::from_secs(60)).await;
            assert!(matches!(turn, Ok(None)));
            assert_eq!((pace.is_away(), pace.turns_alone()), (true, turns));
        }
    }

    #[tokio::test]
    async fn an_address_that_is_none_is_refused() {
        assert!(SharedPace::connect("http://a.example", "group", 1, Duration::from_secs(60)).is_err());
    }
}
