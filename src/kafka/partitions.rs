//! The assigned partitions: their ledgers, and the one law over all of them.
//!
//! For each partition, always: consumed = outcomes + in flight + given up. *Given up* is what was in
//! flight when the partition was lost: the next owner does it again.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::ledger::{Ledger, LedgerError, Position, Take};
use super::message::Taken;
use super::position;
use crate::record::Outcome;

/// A topic and one of its partitions.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Partition {
    /// The topic.
    pub topic: Arc<str>,
    /// The partition's number, from 0.
    pub number: i32,
}

/// What a message in flight holds of its partition: the assignment that it belongs to.
#[derive(Debug, Clone)]
pub struct Ticket {
    /// The assignment's number.
    pub epoch: u64,
    /// Cancelled when the partition is lost.
    pub lost: CancellationToken,
}

/// The metadata beside an offset that Kafka takes unless its settings say otherwise
/// (`offset.metadata.max.bytes`).
pub const MAX_METADATA_BYTES: usize = 4_096;

/// What there is to commit of a partition, and how it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commitment {
    /// The partition.
    pub partition: Partition,
    /// What is committed.
    pub position: Position,
    /// What is done beyond the frontier, as text for the commit's metadata.
    pub metadata: String,
    /// Whether the metadata is nearly full.
    pub crowded: bool,
}

impl Commitment {
    /// Beyond three quarters of the room a partition is crowded: what is in flight already may still fill it.
    fn new((partition, position): (Partition, Position), room: usize) -> Self {
        let metadata = position::encode(position.frontier, &position.done);
        let crowded = metadata.len() > room / 4 * 3;
        Self { partition, position, metadata, crowded }
    }
}

/// What a commit is made of.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The positions that move.
    pub commitments: Vec<Commitment>,
    /// The numbers of the messages that must wait for a later commit: that they are done finds no room beside
    /// the offset. They are the highest of their partition, so what holds the frontier back goes first.
    pub waiting: Vec<usize>,
}

/// Why a message can't be taken or completed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PartitionError {
    /// It is not ours, or no longer.
    #[error("partition {0}:{1} is not assigned")]
    NotAssigned(Arc<str>, i32),
    /// The ledger refuses it.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// The account of one partition over the life of the worker, through all its assignments.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Account {
    /// Messages taken.
    pub consumed: u64,
    /// Messages by outcome, in the order of [`Outcome::ALL`].
    pub ended: [u64; 7],
    /// Messages in flight when the partition was lost.
    pub given_up: u64,
    /// Messages in flight now, as the ledger has them.
    pub in_flight: u64,
    /// Offsets that are done beyond the frontier now.
    pub beyond_frontier: u64,
}

impl Account {
    /// What the law says is 0.
    pub fn difference(&self) -> i64 {
        let ended: u64 = self.ended.iter().sum();
        self.consumed.cast_signed() - (ended + self.given_up + self.in_flight).cast_signed()
    }
}

/// All assigned partitions, behind one short lock.
#[derive(Debug)]
pub struct Partitions {
    state: Mutex<State>,
    completed: Condvar,
    metadata_room: usize,
}

#[derive(Debug, Default)]
struct State {
    epoch: u64,
    joined: bool,
    assigned: BTreeMap<Partition, Assigned>,
    /// How many wait for what is in flight. Without one nobody is told of what is completed: that is a call of the system each time.
    waiting: usize,
    accounts: BTreeMap<Partition, Account>,
}

#[derive(Debug)]
struct Assigned {
    ledger: Ledger,
    lost: CancellationToken,
    crowded: bool,
}

impl Default for Partitions {
    fn default() -> Self {
        Self::new(MAX_METADATA_BYTES)
    }
}

impl Partitions {
    /// No partitions yet; the brokers take `metadata_room` bytes beside an offset.
    pub fn new(metadata_room: usize) -> Self {
        Self { state: Mutex::default(), completed: Condvar::new(), metadata_room }
    }

    /// Opens a ledger for each partition of a new assignment, from where it was committed.
    pub fn assign(&self, partitions: impl IntoIterator<Item = (Partition, Option<Position>)>) {
        let mut state = self.lock();
        state.epoch += 1;
        state.joined = true;
        let epoch = state.epoch;
        for (partition, position) in partitions {
            let ledger = position.map_or_else(|| Ledger::new(epoch), |position| Ledger::resumed(epoch, position));
            let assigned = Assigned { ledger, lost: CancellationToken::new(), crowded: false };
            state.accounts.entry(partition.clone()).or_default();
            state.give_up(&partition);
            state.assigned.insert(partition, assigned);
        }
    }

    /// Closes the ledgers of partitions that are lost; work on their messages is cancelled.
    pub fn revoke(&self, partitions: &[Partition]) {
        let mut state = self.lock();
        for partition in partitions {
            state.give_up(partition);
        }
        drop(state);
        self.completed.notify_all();
    }

    /// Closes all ledgers: the worker has no place in the group any more.
    pub fn revoke_all(&self) {
        let mut state = self.lock();
        state.joined = false;
        let partitions: Vec<Partition> = state.assigned.keys().cloned().collect();
        drop(state);
        self.revoke(&partitions);
    }

    /// Takes the message at `offset` into the partition's ledger; `None` when an earlier assignment has done
    /// it.
    pub fn take(&self, partition: &Partition, offset: i64) -> Result<Option<Ticket>, PartitionError> {
        let mut state = self.lock();
        let assigned = state
            .assigned
            .get_mut(partition)
            .ok_or_else(|| PartitionError::NotAssigned(partition.topic.clone(), partition.number))?;
        if assigned.ledger.take(offset)? == Take::Done {
            return Ok(None);
        }
        let ticket = Ticket { epoch: assigned.ledger.epoch(), lost: assigned.lost.clone() };
        state.accounts.entry(partition.clone()).or_default().consumed += 1;
        Ok(Some(ticket))
    }

    /// Notes how the message at `offset`, taken in `epoch`, ended.
    pub fn complete(
        &self,
        partition: &Partition,
        offset: i64,
        epoch: u64,
        outcome: Outcome,
    ) -> Result<(), PartitionError> {
        let mut state = self.lock();
        let assigned = state
            .assigned
            .get_mut(partition)
            .ok_or_else(|| PartitionError::NotAssigned(partition.topic.clone(), partition.number))?;
        assigned.ledger.complete(offset, epoch)?;
        if let Some(count) = state.accounts.entry(partition.clone()).or_default().ended.get_mut(outcome as usize) {
            *count += 1;
        }
        let is_waited_for = state.waiting > 0;
        drop(state);
        if is_waited_for {
            self.completed.notify_all();
        }
        Ok(())
    }

    /// Whether a message taken in `epoch` is still ours to finish.
    pub fn is_current(&self, partition: &Partition, epoch: u64) -> bool {
        self.lock().assigned.get(partition).is_some_and(|assigned| assigned.ledger.epoch() == epoch)
    }

    /// The positions that moved since they were last committed. Where the metadata finds no room, as much of it
    /// is kept as fits: the rest would be done again after a crash.
    pub fn to_commit(&self) -> Vec<Commitment> {
        let state = self.lock();
        let positions = state.assigned.iter().map(|(partition, assigned)| (partition, assigned.ledger.to_commit()));
        let moved: Vec<(Partition, Position)> =
            positions.filter_map(|(partition, position)| Some((partition.clone(), position?))).collect();
        drop(state);
        let within = |moved: (Partition, Position)| {
            let mut commitment = Commitment::new(moved, self.metadata_room);
            while commitment.metadata.len() > self.metadata_room {
                let Commitment { partition, mut position, .. } = commitment;
                position.done.truncate(position.done.len() / 2);
                commitment = Commitment { crowded: true, ..Commitment::new((partition, position), self.metadata_room) };
            }
            commitment
        };
        moved.into_iter().map(within).collect()
    }

    /// The positions that move when these messages are done too, as [`Partitions::complete`] would note them, and
    /// which of the messages must wait since their partition's metadata would find no room.
    pub fn plan<'a>(&self, done: impl Iterator<Item = &'a Taken>) -> Plan {
        let mut by_partition: BTreeMap<&Partition, Vec<(i64, u64, usize)>> = BTreeMap::new();
        for (number, Taken { message, ticket }) in done.enumerate() {
            by_partition.entry(&message.partition).or_default().push((message.offset, ticket.epoch, number));
        }
        let mut plan = Plan::default();
        for (partition, mut messages) in by_partition {
            let Some(ledger) = self.lock().assigned.get(partition).map(|assigned| assigned.ledger.clone()) else {
                continue;
            };
            messages.sort_unstable();
            let with = |count: usize| {
                let mut ledger = ledger.clone();
                for (offset, epoch, _) in messages.iter().take(count) {
                    // A late completion moves nothing: the caller leaves such messages out.
                    let _ = ledger.complete(*offset, *epoch);
                }
                ledger.to_commit().map(|position| Commitment::new((partition.clone(), position), self.metadata_room))
            };
            let fits = |commitment: &Option<Commitment>| {
                commitment.as_ref().is_none_or(|commitment| commitment.metadata.len() <= self.metadata_room)
            };
            let (mut count, mut commitment) = (messages.len(), with(messages.len()));
            while !fits(&commitment) && count > 0 {
                count /= 2;
                commitment = with(count);
            }
            if count < messages.len() {
                commitment = commitment.map(|commitment| Commitment { crowded: true, ..commitment });
            }
            plan.commitments.extend(commitment.filter(|_| count > 0));
            plan.waiting.extend(messages.iter().skip(count).map(|(_, _, number)| *number));
        }
        plan
    }

    /// Notes that these positions are committed.
    pub fn committed(&self, commitments: Vec<Commitment>) {
        let mut state = self.lock();
        for Commitment { partition, position, crowded, .. } in commitments {
            if let Some(assigned) = state.assigned.get_mut(&partition) {
                assigned.crowded = crowded;
                assigned.ledger.committed(position);
            }
        }
    }

    /// The offset that was last committed of a partition, where there is one.
    pub fn committed_frontier(&self, partition: &Partition) -> Option<i64> {
        self.lock().assigned.get(partition)?.ledger.committed_frontier()
    }

    /// The partitions of which no more should be taken until their frontier moves: the metadata of their
    /// commits is nearly full.
    pub fn crowded(&self) -> Vec<Partition> {
        let state = self.lock();
        state.assigned.iter().filter(|(_, assigned)| assigned.crowded).map(|(partition, _)| partition.clone()).collect()
    }

    /// Messages in flight, over all partitions.
    pub fn in_flight(&self) -> usize {
        self.lock().assigned.values().map(|assigned| assigned.ledger.in_flight()).sum()
    }

    /// Waits until nothing of `partitions` is in flight, at most `patience`.
    pub fn wait_until_idle(&self, partitions: &[Partition], patience: Duration) {
        let deadline = Instant::now() + patience;
        let mut state = self.lock();
        loop {
            let busy = partitions.iter().filter_map(|partition| state.assigned.get(partition));
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || busy.map(|assigned| assigned.ledger.in_flight()).sum::<usize>() == 0 {
                return;
            }
            state.waiting += 1;
            state = self.completed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
            state.waiting -= 1;
        }
    }

    /// Whether the group has given us an assignment, be it empty.
    pub fn joined(&self) -> bool {
        self.lock().joined
    }

    /// The partitions assigned now.
    pub fn assigned(&self) -> Vec<Partition> {
        self.lock().assigned.keys().cloned().collect()
    }

    /// The account of every partition that this worker has ever had, taken in one moment.
    pub fn accounts(&self) -> Vec<(Partition, Account)> {
        let state = self.lock();
        let mut accounts: Vec<_> =
            state.accounts.iter().map(|(partition, account)| (partition.clone(), *account)).collect();
        for (partition, account) in &mut accounts {
            let Some(Assigned { ledger, .. }) = state.assigned.get(partition) else { continue };
            account.in_flight = ledger.in_flight() as u64;
            account.beyond_frontier = ledger.beyond_frontier();
        }
        accounts
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change under the lock is complete before anything in it can panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn give_up(&mut self, partition: &Partition) {
        let Some(assigned) = self.assigned.remove(partition) else { return };
        assigned.lost.cancel();
        self.accounts.entry(partition.clone()).or_default().given_up += assigned.ledger.in_flight() as u64;
    }
}

#[cfg(test)]
mod tests;
