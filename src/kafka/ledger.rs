//! What of one partition is taken, done, and safe to commit.
//!
//! Messages finish out of order. The *frontier* is the lowest offset that is not done: everything
//! below it is, and it alone is committed. A [`Ledger`] is made when a partition is assigned and
//! dropped when it is lost; its *epoch* tells a completion of this assignment from one that comes
//! late, from an earlier one. It does no I/O and knows no clock.

use std::collections::BTreeSet;

/// The account of one assigned partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ledger {
    epoch: u64,
    /// One past the highest offset taken; `None` before the first.
    next: Option<i64>,
    /// Taken and not done. Offsets that Kafka skips (compaction, transaction markers) never get in
    /// here, so a gap holds nothing up.
    in_flight: BTreeSet<i64>,
    /// The frontier as it was last committed.
    committed: Option<i64>,
}

/// What can't be done with a ledger. Each is a bug of the caller or a late completion; none loses work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// Kafka hands out offsets in order; this one was passed already.
    #[error("offset {offset} was passed already: the next is {next}")]
    Passed {
        /// The offset offered.
        offset: i64,
        /// The lowest that can be taken.
        next: i64,
    },
    /// Nothing in flight has this offset.
    #[error("offset {offset} is not in flight")]
    NotInFlight {
        /// The offset completed.
        offset: i64,
    },
    /// The partition was lost and assigned again since.
    #[error("epoch {late} has ended: the partition is in epoch {current}")]
    Late {
        /// The completion's epoch.
        late: u64,
        /// The ledger's.
        current: u64,
    },
}

impl Ledger {
    /// An empty account for the assignment `epoch`.
    pub fn new(epoch: u64) -> Self {
        Self { epoch, next: None, in_flight: BTreeSet::new(), committed: None }
    }

    /// The assignment that this account is for.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Notes that the message at `offset` is being worked on.
    pub fn take(&mut self, offset: i64) -> Result<(), LedgerError> {
        if let Some(next) = self.next.filter(|next| offset < *next) {
            return Err(LedgerError::Passed { offset, next });
        }
        self.next = Some(offset + 1);
        self.in_flight.insert(offset);
        Ok(())
    }

    /// Notes that the message at `offset`, taken in `epoch`, is done.
    pub fn complete(&mut self, offset: i64, epoch: u64) -> Result<(), LedgerError> {
        if epoch != self.epoch {
            return Err(LedgerError::Late { late: epoch, current: self.epoch });
        }
        if !self.in_flight.remove(&offset) {
            return Err(LedgerError::NotInFlight { offset });
        }
        Ok(())
    }

    /// The lowest offset that is not done; `None` before the first message.
    pub fn frontier(&self) -> Option<i64> {
        self.in_flight.first().copied().or(self.next)
    }

    /// How many messages are in flight.
    pub fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    /// The frontier, where it has moved since it was last committed.
    pub fn to_commit(&self) -> Option<i64> {
        let frontier = self.frontier()?;
        (self.committed.is_none_or(|committed| committed < frontier)).then_some(frontier)
    }

    /// Notes that `frontier` is committed. A commit that answers late moves nothing back.
    pub fn committed(&mut self, frontier: i64) {
        self.committed = self.committed.max(Some(frontier));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_frontier_is_the_lowest_offset_that_is_not_done() {
        let mut ledger = Ledger::new(1);
        assert_eq!(ledger.frontier(), None);
        for offset in [5, 6, 7] {
            ledger.take(offset).unwrap();
        }
        ledger.complete(6, 1).unwrap();
        assert_eq!(ledger.frontier(), Some(5));
        ledger.complete(5, 1).unwrap();
        assert_eq!(ledger.frontier(), Some(7));
        ledger.complete(7, 1).unwrap();
        assert_eq!(ledger.frontier(), Some(8));
    }

    #[test]
    fn gaps_in_the_offsets_hold_nothing_up() {
        let mut ledger = Ledger::new(1);
        ledger.take(10).unwrap();
        ledger.take(90).unwrap();
        ledger.complete(10, 1).unwrap();
        assert_eq!(ledger.frontier(), Some(90));
    }

    #[test]
    fn a_completion_of_an_earlier_assignment_is_late() {
        let mut ledger = Ledger::new(2);
        ledger.take(3).unwrap();
        assert_eq!(ledger.complete(3, 1), Err(LedgerError::Late { late: 1, current: 2 }));
        assert_eq!(ledger.frontier(), Some(3));
    }

    #[test]
    fn nothing_is_taken_twice_or_done_twice() {
        let mut ledger = Ledger::new(1);
        ledger.take(3).unwrap();
        assert_eq!(ledger.take(3), Err(LedgerError::Passed { offset: 3, next: 4 }));
        ledger.complete(3, 1).unwrap();
        assert_eq!(ledger.complete(3, 1), Err(LedgerError::NotInFlight { offset: 3 }));
    }

    #[test]
    fn only_a_frontier_that_moved_is_committed_again() {
        let mut ledger = Ledger::new(1);
        assert_eq!(ledger.to_commit(), None);
        ledger.take(3).unwrap();
        assert_eq!(ledger.to_commit(), Some(3));
        ledger.committed(3);
        assert_eq!(ledger.to_commit(), None);
        ledger.complete(3, 1).unwrap();
        assert_eq!(ledger.to_commit(), Some(4));
        ledger.committed(4);
        ledger.committed(3);
        assert_eq!(ledger.to_commit(), None);
    }

    proptest! {
        /// Random gaps, random order of completion: the frontier never passes what is unfinished and
        /// never goes back.
        #[test]
        fn the_frontier_never_passes_an_unfinished_offset_and_never_goes_back(
            gaps in proptest::collection::vec(1i64..4, 1..60),
            picks in proptest::collection::vec((any::<bool>(), any::<prop::sample::Index>()), 0..150),
        ) {
            let mut ledger = Ledger::new(1);
            let mut offsets = gaps.into_iter().scan(0, |at, gap| { *at += gap; Some(*at) });
            let mut open: Vec<i64> = Vec::new();
            let mut last = None;
            for (take, index) in picks {
                if take {
                    let Some(offset) = offsets.next() else { continue };
                    ledger.take(offset).unwrap();
                    open.push(offset);
                } else if !open.is_empty() {
                    let offset = open.swap_remove(index.index(open.len()));
                    ledger.complete(offset, 1).unwrap();
                }
                let frontier = ledger.frontier();
                prop_assert!(frontier >= last);
                prop_assert!(open.iter().all(|offset| frontier <= Some(*offset)));
                prop_assert_eq!(ledger.in_flight(), open.len());
                last = frontier;
            }
        }
    }
}
