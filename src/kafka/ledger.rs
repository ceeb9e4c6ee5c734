//! What of one partition is taken, done, and safe to commit.
//!
//! Messages finish out of order. The *frontier* is the lowest offset that is not done: everything
//! below it is, and it alone is committed; what is done beyond it travels in the commit's metadata. A
//! [`Ledger`] is made when a partition is assigned and dropped when it is lost; its *epoch* tells a
//! completion of this assignment from one that comes late, from an earlier one. It does no I/O and knows
//! no clock.

use std::collections::BTreeMap;
use std::ops::Range;

/// The account of one assigned partition.
///
/// It keeps what is done, not what is in flight: ranges of offsets, which melt into the frontier as it moves. So a
/// step costs the logarithm of the ranges, however many messages are in flight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ledger {
    epoch: u64,
    /// The lowest offset that is not done; `None` before the first message.
    frontier: Option<i64>,
    /// One past the highest offset taken.
    next: i64,
    /// Done beyond the frontier, or skipped by Kafka (compaction, transaction markers), so that a gap holds nothing
    /// up: start to end of ranges that do not touch each other. Those of an earlier assignment may lie beyond `next`.
    done: BTreeMap<i64, i64>,
    in_flight: usize,
    /// What was last committed.
    committed: Option<Position>,
}

/// What there is to commit of a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The lowest offset that is not done.
    pub frontier: i64,
    /// The offsets beyond it that are done, or that Kafka skipped: ascending ranges that do not touch.
    pub done: Vec<Range<i64>>,
}

/// What a message turned out to be when it was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Take {
    /// It is to be worked on.
    Fresh,
    /// An earlier assignment has done it.
    Done,
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
    /// An empty account for the assignment `epoch` of a partition that nothing is known of.
    pub fn new(epoch: u64) -> Self {
        Self { epoch, frontier: None, next: i64::MIN, done: BTreeMap::new(), in_flight: 0, committed: None }
    }

    /// The account for the assignment `epoch` of a partition that was committed at `position`.
    pub fn resumed(epoch: u64, position: Position) -> Self {
        let mut ledger = Self { frontier: Some(position.frontier), next: position.frontier, ..Self::new(epoch) };
        for range in &position.done {
            ledger.note_done(range.clone());
        }
        ledger.committed = Some(position);
        ledger
    }

    /// The assignment that this account is for.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Takes the message at `offset`, unless an earlier assignment has done it.
    pub fn take(&mut self, offset: i64) -> Result<Take, LedgerError> {
        if offset < self.next {
            return Err(LedgerError::Passed { offset, next: self.next });
        }
        let skipped = if self.frontier.is_some() { self.next..offset } else { offset..offset };
        self.frontier.get_or_insert(offset);
        self.note_done(skipped);
        self.next = offset + 1;
        if self.is_done(offset) {
            return Ok(Take::Done);
        }
        self.in_flight += 1;
        Ok(Take::Fresh)
    }

    /// Notes that the message at `offset`, taken in `epoch`, is done.
    pub fn complete(&mut self, offset: i64, epoch: u64) -> Result<(), LedgerError> {
        if epoch != self.epoch {
            return Err(LedgerError::Late { late: epoch, current: self.epoch });
        }
        if offset >= self.next || self.is_done(offset) {
            return Err(LedgerError::NotInFlight { offset });
        }
        self.in_flight -= 1;
        self.note_done(offset..offset + 1);
        Ok(())
    }

    /// The lowest offset that is not done; `None` before the first message.
    pub fn frontier(&self) -> Option<i64> {
        self.frontier
    }

    /// How many messages are in flight.
    pub fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// How many offsets beyond the frontier are done (or were skipped by Kafka): what one slow message holds back.
    pub fn beyond_frontier(&self) -> u64 {
        self.done.iter().map(|(start, end)| (end - start).unsigned_abs()).sum()
    }

    /// Frontier and what is done beyond it; `None` before the first message.
    pub fn position(&self) -> Option<Position> {
        let frontier = self.frontier?;
        Some(Position { frontier, done: self.done.iter().map(|(start, end)| *start..*end).collect() })
    }

    /// Done, or skipped by Kafka before something that was taken.
    fn is_done(&self, offset: i64) -> bool {
        self.frontier.is_none_or(|frontier| offset < frontier)
            || self.done.range(..=offset).next_back().is_some_and(|(_, end)| offset < *end)
    }

    /// Melts a range into what is done, and moves the frontier over what lies before it now.
    fn note_done(&mut self, range: Range<i64>) {
        let Range { mut start, mut end } = range;
        if start >= end {
            return;
        }
        while let Some((&known_start, &known_end)) = self.done.range(..=end).next_back().filter(|(_, e)| **e >= start) {
            self.done.remove(&known_start);
            (start, end) = (start.min(known_start), end.max(known_end));
        }
        match self.frontier {
            Some(frontier) if start <= frontier => self.frontier = Some(frontier.max(end)),
            _ => {
                self.done.insert(start, end);
            }
        }
    }

    /// The position, where it has moved since it was last committed.
    pub fn to_commit(&self) -> Option<Position> {
        self.position().filter(|position| self.committed.as_ref() != Some(position))
    }

    /// The frontier that was last committed.
    pub fn committed_frontier(&self) -> Option<i64> {
        self.committed.as_ref().map(|position| position.frontier)
    }

    /// Notes that `position` is committed. A commit that answers late moves nothing back.
    pub fn committed(&mut self, position: Position) {
        if self.committed.as_ref().is_none_or(|known| known.frontier <= position.frontier) {
            self.committed = Some(position);
        }
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
        assert_eq!((ledger.frontier(), ledger.beyond_frontier()), (Some(5), 1));
        ledger.complete(5, 1).unwrap();
        assert_eq!(ledger.beyond_frontier(), 0);
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
    fn only_a_position_that_moved_is_committed_again() {
        let mut ledger = Ledger::new(1);
        assert_eq!(ledger.to_commit(), None);
        ledger.take(3).unwrap();
        let first = ledger.to_commit().unwrap();
        assert_eq!(first, Position { frontier: 3, done: vec![] });
        ledger.committed(first.clone());
        assert_eq!(ledger.to_commit(), None);
        ledger.complete(3, 1).unwrap();
        let second = ledger.to_commit().unwrap();
        assert_eq!(second.frontier, 4);
        ledger.committed(second);
        ledger.committed(first);
        assert_eq!(ledger.to_commit(), None);
    }

    #[test]
    fn what_an_earlier_assignment_has_done_is_not_done_again() {
        let mut ledger = Ledger::new(1);
        for offset in 0..6 {
            ledger.take(offset).unwrap();
        }
        for offset in [1, 2, 4] {
            ledger.complete(offset, 1).unwrap();
        }
        let position = ledger.position().unwrap();
        assert_eq!(position, Position { frontier: 0, done: vec![1..3, 4..5] });
        let mut again = Ledger::resumed(2, position.clone());
        assert_eq!(again.to_commit(), None);
        let takes: Vec<Take> = (0..2).map(|offset| again.take(offset).unwrap()).collect();
        assert_eq!(takes, [Take::Fresh, Take::Done]);
        // What lies ahead of what was taken is not forgotten by the next commit.
        assert_eq!(again.position(), Some(position));
        let takes: Vec<Take> = (2..7).map(|offset| again.take(offset).unwrap()).collect();
        assert_eq!(takes, [Take::Done, Take::Fresh, Take::Done, Take::Fresh, Take::Fresh]);
    }

    #[test]
    fn a_gap_before_what_an_earlier_assignment_has_done_holds_nothing_up() {
        let mut ledger = Ledger::resumed(2, Position { frontier: 3, done: vec![7..9, 20..21] });
        assert_eq!(ledger.take(7), Ok(Take::Done));
        assert_eq!(ledger.frontier(), Some(9));
    }

    /// What a ledger says, reckoned from the set of offsets that are not done.
    fn reckoned(open: &[i64], next: i64, done_before: &[Range<i64>]) -> Position {
        let top = done_before.last().map_or(next, |last| last.end.max(next));
        let is_open = |offset: &i64| {
            let ahead = *offset >= next && !done_before.iter().any(|range| range.contains(offset));
            open.contains(offset) || ahead
        };
        let frontier = (0..=top).find(is_open).unwrap();
        let mut done: Vec<Range<i64>> = Vec::new();
        for offset in (frontier..top).filter(|offset| !is_open(offset)) {
            match done.last_mut() {
                Some(last) if last.end == offset => last.end += 1,
                _ => done.push(offset..offset + 1),
            }
        }
        Position { frontier, done }
    }

    proptest! {
        /// Gaps, earlier assignments, takes and completions in any order: the position is the one that a set of
        /// all open offsets gives.
        #[test]
        fn a_position_is_what_a_plain_set_of_offsets_says(
            gaps in proptest::collection::vec(1i64..4, 1..40),
            done_before in proptest::collection::vec((1i64..5, 1i64..5), 0..6),
            picks in proptest::collection::vec((any::<bool>(), any::<prop::sample::Index>()), 0..100),
        ) {
            let mut at = 0;
            let done_before: Vec<Range<i64>> = done_before
                .into_iter()
                .map(|(open, length)| { let start = at + open; at = start + length; start..at })
                .collect();
            let mut ledger = Ledger::resumed(1, Position { frontier: 0, done: done_before.clone() });
            let mut offsets = gaps.into_iter().scan(-1, |at, gap| { *at += gap; Some(*at) });
            let (mut open, mut next): (Vec<i64>, i64) = (Vec::new(), 0);
            for (take, index) in picks {
                if take {
                    let Some(offset) = offsets.next() else { continue };
                    next = offset + 1;
                    if ledger.take(offset).unwrap() == Take::Fresh {
                        open.push(offset);
                    }
                } else if !open.is_empty() {
                    let offset = open.swap_remove(index.index(open.len()));
                    ledger.complete(offset, 1).unwrap();
                }
                prop_assert_eq!(ledger.position(), Some(reckoned(&open, next, &done_before)));
                prop_assert_eq!(ledger.in_flight(), open.len());
            }
        }

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

        /// Takes, completions and restarts from what was committed, in any order: nothing that was committed
        /// as done is handed out again, and nothing unfinished is ever left out.
        #[test]
        fn through_restarts_each_offset_is_done_once(
            steps in proptest::collection::vec((0u8..10, any::<prop::sample::Index>()), 0..200)
        ) {
            let mut ledger = Ledger::new(0);
            let (mut epoch, mut done, mut at) = (0, std::collections::BTreeSet::new(), 0i64);
            let mut committed: Option<(Position, std::collections::BTreeSet<i64>)> = None;
            let mut open: Vec<i64> = Vec::new();
            for (step, index) in steps {
                match step {
                    0..=3 => {
                        let take = ledger.take(at).unwrap();
                        prop_assert_eq!(take == Take::Done, done.contains(&at));
                        if take == Take::Fresh {
                            open.push(at);
                        }
                        at += 1;
                    }
                    4..=7 if !open.is_empty() => {
                        let offset = open.swap_remove(index.index(open.len()));
                        ledger.complete(offset, epoch).unwrap();
                        done.insert(offset);
                    }
                    8 => {
                        if let Some(position) = ledger.to_commit() {
                            ledger.committed(position.clone());
                            committed = Some((position, done.clone()));
                        }
                    }
                    9 => {
                        // A crash: all is forgotten but what was committed.
                        let (position, then) = committed.clone().unwrap_or((Position { frontier: 0, done: vec![] }, Default::default()));
                        epoch += 1;
                        at = position.frontier;
                        done = then;
                        open.clear();
                        ledger = Ledger::resumed(epoch, position);
                    }
                    _ => {}
                }
                prop_assert!(ledger.frontier() <= ledger.position().map(|position| position.frontier));
                prop_assert!(open.iter().all(|offset| ledger.frontier() <= Some(*offset)));
            }
        }
    }
}
