//! The shared store for commands: what is settled at once, and what reads all of it. They wait for it on a thread of their own, and
//! end when it does not answer.

use redis::{RedisError, RedisResult};
use tokio::time::sleep;

use super::{Answer, FIRST_WAIT, LONGEST_WAIT, NOTHING, SETTLED, Shared};
use crate::dedup::StoreError;
use crate::dedup::decide::{Asked, Decision, Finding, Ruling};
use crate::dedup::entry::Entry;
use crate::dedup::stats::{Census, Stats};
use crate::dedup::store::{LEASE, Settle};

/// Keys that are looked at with one call where all are counted; some milliseconds of Redis's time.
const SCANNED_AT_ONCE: usize = 1_000;

impl Shared {
    /// Decides what `asked` is, settled at once. Blocks.
    pub fn decide_now(&self, asked: &Asked) -> Result<Finding, StoreError> {
        self.runtime.block_on(async {
            let mut wait = FIRST_WAIT;
            loop {
                if let Some((finding, claim)) = self.attempt(asked, SETTLED).await.map_err(away)? {
                    if let Some((number, token)) = claim {
                        // One that another left pending.
                        self.settle(number, token, Settle::Confirm);
                        self.settled(LEASE).await;
                    }
                    return Ok(finding);
                }
                sleep(wait).await;
                wait = (wait * 2).min(LONGEST_WAIT);
            }
        })
    }

    /// Remembers an article as it was decided before. `false` when it is known so, or later, or is being decided. Blocks.
    pub fn remember(&self, asked: &Asked, ruling: Ruling) -> Result<bool, StoreError> {
        let article = Entry::pack(asked, &Decision { ruling, merged: None });
        self.runtime.block_on(async {
            let mut seen = NOTHING.to_vec();
            loop {
                match self.ask(asked, &[], &seen, &article, 0, SETTLED).await.map_err(away)? {
                    Answer::Written(_) => return Ok(true),
                    Answer::Known(_, slice) if slice.knows(asked.id, ruling.revision) => return Ok(false),
                    Answer::Known(numbers, _) => seen = numbers,
                }
            }
        })
    }

    /// What is known, in numbers: reads all articles, some at a time. Blocks.
    pub fn stats(&self) -> Result<Stats, StoreError> {
        self.runtime.block_on(self.census()).map_err(away)
    }

    async fn census(&self) -> RedisResult<Stats> {
        let (mut census, mut cursor) = (Census::default(), 0_u64);
        loop {
            let mut scan = redis::cmd("SCAN");
            scan.arg(cursor).arg("MATCH").arg(format!("{}:e*", self.prefix)).arg("COUNT").arg(SCANNED_AT_ONCE);
            let (next, keys): (u64, Vec<Vec<u8>>) = scan.query_async(&mut self.connection.clone()).await?;
            if !keys.is_empty() {
                let articles: Vec<Option<Vec<u8>>> =
                    redis::cmd("MGET").arg(keys).query_async(&mut self.connection.clone()).await?;
                articles.iter().flatten().filter_map(|packed| Entry::read(packed)).for_each(|one| census.count(&one));
            }
            cursor = next;
            if cursor == 0 {
                return Ok(census.stats(&self.measure().await?));
            }
        }
    }
}

fn away(failure: RedisError) -> StoreError {
    StoreError::Away { detail: failure.to_string() }
}
