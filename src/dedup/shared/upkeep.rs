//! What is looked after while claims come and go: settlements are told, leases renewed, claims that were left behind resolved, and
//! the store is asked how it is.

use std::collections::HashMap;
use std::sync::Weak;
use std::time::Duration;

use redis::RedisResult;
use tokio::time::{Instant, sleep, timeout};

use super::slice::Pending;
use super::{ASK_AGAIN, Committed, Settlement, Shared};
use crate::dedup::store::{LEASE, Size};

/// How often the store is asked how it is, and leases are looked after.
const LOOK_AFTER: Duration = Duration::from_secs(2);

/// How often leases are renewed: four times in their length.
const RENEW_EVERY: Duration = Duration::from_secs(LEASE.as_secs() / 4);

/// Claims that are settled with one script, at most.
const SETTLED_AT_ONCE: usize = 500;

/// A hash as Redis answers with it.
type Packed = Vec<(Vec<u8>, Vec<u8>)>;

impl Shared {
    /// The store's clock, and all claims that are not settled.
    pub(super) async fn pending(&self) -> RedisResult<(u32, Vec<(u32, Pending)>)> {
        let mut pipeline = redis::pipe();
        pipeline.cmd("TIME").cmd("HGETALL").arg(format!("{}:p", self.prefix));
        let (clock, all): ((u32, u32), Packed) = pipeline.query_async(&mut self.connection.clone()).await?;
        let read = |(number, packed): (Vec<u8>, Vec<u8>)| {
            Some((u32::from_le_bytes(number.try_into().ok()?), Pending::read(&packed)?))
        };
        Ok((clock.0, all.into_iter().filter_map(read).collect()))
    }

    /// Tells Redis what is owed, and resolves what can be.
    async fn tell(&self) -> RedisResult<()> {
        let to_resolve = std::mem::take(&mut self.lock().to_resolve);
        if !to_resolve.is_empty() {
            match self.pending().await {
                Ok((now_s, pending)) => self.judge(now_s, pending, &to_resolve),
                Err(failure) => {
                    self.lock().to_resolve.extend(to_resolve);
                    return Err(failure);
                }
            }
        }
        loop {
            let batch: Vec<Settlement> = self.lock().owed.iter().take(SETTLED_AT_ONCE).copied().collect();
            if batch.is_empty() {
                self.done.notify_waiters();
                return Ok(());
            }
            let mut call = self.scripts.settle.prepare_invoke();
            call.key(&self.prefix).arg(LEASE.as_secs());
            for Settlement { number, token, how } in &batch {
                call.arg(&number.to_le_bytes()[..]).arg(&token.to_le_bytes()[..]).arg(*how);
            }
            let () = call.invoke_async(&mut self.connection.clone()).await?;
            self.lock().owed.drain(..batch.len());
        }
    }

    /// What becomes of claims that this worker does not hold, as far as it is known what the group has committed.
    fn judge(&self, now_s: u32, pending: Vec<(u32, Pending)>, to_resolve: &[Committed]) {
        let mut state = self.lock();
        for (number, pending) in pending {
            if state.held.get(&number) == Some(&pending.token) {
                continue;
            }
            let committed = to_resolve.iter().find_map(|committed| committed(&pending.consumed));
            let how = match committed {
                Some(true) => "c",
                // It comes again; it has a lease from now on, since only now its partition has an owner.
                Some(false) if !pending.abandoned => "a",
                Some(false) if pending.until_s < now_s => "r",
                _ => continue,
            };
            state.owed.push(Settlement { number, token: pending.token, how });
        }
    }

    /// Asks how the store is, and how much it knows.
    pub(super) async fn measure(&self) -> RedisResult<Size> {
        let mut pipeline = redis::pipe();
        pipeline.cmd("HGETALL").arg(format!("{}:m", self.prefix));
        pipeline.cmd("HLEN").arg(format!("{}:p", self.prefix));
        let (meta, pending): (HashMap<String, i64>, usize) = pipeline.query_async(&mut self.connection.clone()).await?;
        // Not everybody may ask for it.
        let memory: RedisResult<String> =
            redis::cmd("INFO").arg("memory").query_async(&mut self.connection.clone()).await;
        let memory = memory.unwrap_or_default();
        let filed: i64 = meta.iter().filter(|(name, _)| name.starts_with('c') && *name != "cur").map(|(_, n)| n).sum();
        let used = memory.lines().find_map(|line| line.strip_prefix("used_memory:")?.trim().parse().ok());
        let articles = usize::try_from(filed).unwrap_or_default();
        Ok(Size { articles, pending, memory_bytes: used.unwrap_or_default(), disk_bytes: 0 })
    }
}

/// Tells Redis what was settled, renews leases, and sees whether it is there; until the store is dropped.
pub async fn look_after(shared: Weak<Shared>) {
    let (mut renewed, mut measured) = (Instant::now(), None::<Instant>);
    while let Some(shared) = shared.upgrade() {
        if renewed.elapsed() >= RENEW_EVERY {
            renewed = Instant::now();
            let mut state = shared.lock();
            let held: Vec<_> = state.held.iter().map(|(number, token)| (*number, *token)).collect();
            state.owed.extend(held.into_iter().map(|(number, token)| Settlement { number, token, how: "k" }));
        }
        let told = async {
            shared.tell().await?;
            if measured.is_none_or(|at| at.elapsed() >= LOOK_AFTER) {
                let size = shared.measure().await?;
                shared.lock().size = size;
                measured = Some(Instant::now());
            }
            Ok(())
        };
        if let Err(failure) = told.await {
            shared.in_trouble(&failure);
            sleep(ASK_AGAIN).await;
            continue;
        }
        shared.is_well();
        let _ = timeout(LOOK_AFTER, shared.work.notified()).await;
    }
}
