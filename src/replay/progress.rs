//! How far the replay of one partition has come.
//!
//! Every message that is read is either settled (replayed now, replayed before, or passed over for good) or left to a
//! later replay. What is left is kept as ranges, *holes*: a run of messages that no filter wanted is one
//! range, however long. Offsets that Kafka skips (transaction markers, compaction) count as whatever stands
//! around them. It does no I/O.

use std::collections::VecDeque;
use std::ops::Range;

use crate::kafka::Position;

/// The account of one partition of the rejected topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// The next offset to be read: all below it is settled, or left in a hole.
    at: i64,
    /// What is left: ascending, below `at`.
    holes: Vec<Range<i64>>,
    /// Whether the last message was left, so that the next one only makes its hole longer.
    leaving: bool,
    /// What earlier replays have settled beyond `at`: ascending.
    before: VecDeque<Range<i64>>,
}

/// What a message turns out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Met {
    /// No replay has settled it.
    Fresh,
    /// An earlier replay has.
    Settled,
}

impl Progress {
    /// The account of a partition that is read from `start` on, of which earlier replays have settled what
    /// `position` says.
    pub fn new(start: i64, position: Option<Position>) -> Self {
        let position = position.unwrap_or(Position { frontier: start, done: Vec::new() });
        let below = start.min(position.frontier)..position.frontier;
        let beyond_start = |range: Range<i64>| range.start.max(start)..range.end;
        let settled = std::iter::once(below).chain(position.done).map(beyond_start);
        let before = settled.filter(|range| !range.is_empty()).collect();
        Self { at: start, holes: Vec::new(), leaving: false, before }
    }

    /// The next offset to be read.
    pub fn at(&self) -> i64 {
        self.at
    }

    /// What the message at `offset` is. Offsets come in ascending order.
    pub fn meet(&mut self, offset: i64) -> Met {
        while self.before.front().is_some_and(|range| range.end <= offset) {
            self.before.pop_front();
        }
        match self.before.front() {
            Some(range) if range.contains(&offset) => Met::Settled,
            _ => Met::Fresh,
        }
    }

    /// Notes that the message at `offset` is settled.
    pub fn settle(&mut self, offset: i64) {
        self.leaving = false;
        self.at = self.at.max(offset + 1);
    }

    /// Leaves the message at `offset` to a later replay.
    pub fn leave(&mut self, offset: i64) {
        match self.holes.last_mut() {
            Some(last) if self.leaving => last.end = offset + 1,
            _ => self.holes.push(offset..offset + 1),
        }
        self.leaving = true;
        self.at = self.at.max(offset + 1);
    }

    /// Leaves a message that counted as settled.
    pub fn take_back(&mut self, offset: i64) {
        let place = self.holes.partition_point(|hole| hole.start <= offset);
        self.holes.insert(place, offset..offset + 1);
    }

    /// Notes that nothing more comes below `end`.
    pub fn reach(&mut self, end: i64) {
        if end <= self.at {
            return;
        }
        if let Some(last) = self.holes.last_mut().filter(|_| self.leaving) {
            last.end = end;
        }
        self.at = end;
    }

    /// What there is to commit: the first offset that is not settled, and what is settled beyond it.
    pub fn position(&self) -> Position {
        let mut done: Vec<Range<i64>> = Vec::new();
        let mut settle = |range: Range<i64>| match done.last_mut() {
            _ if range.is_empty() => {}
            Some(last) if last.end >= range.start => last.end = last.end.max(range.end),
            _ => done.push(range),
        };
        let mut after = self.holes.first().map_or(self.at, |first| first.start);
        let frontier = after;
        for hole in &self.holes {
            settle(after..hole.start);
            after = hole.end;
        }
        settle(after..self.at);
        for range in &self.before {
            settle(range.start.max(self.at)..range.end);
        }
        match done.first() {
            Some(first) if first.start == frontier => {
                let frontier = first.end;
                done.remove(0);
                Position { frontier, done }
            }
            _ => Position { frontier, done },
        }
    }

    /// How many ranges a position may have at most: a cheap measure of how long its text may be.
    pub fn ranges(&self) -> usize {
        self.holes.len() + self.before.len() + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn position(frontier: i64, done: &[(i64, i64)]) -> Position {
        Position { frontier, done: done.iter().map(|(start, end)| *start..*end).collect() }
    }

    #[test]
    fn what_is_left_is_a_hole_and_what_follows_is_done() {
        let mut progress = Progress::new(0, None);
        progress.settle(0);
        progress.leave(1);
        progress.leave(3);
        progress.settle(5);
        assert_eq!(progress.position(), position(1, &[(4, 6)]));
        progress.reach(9);
        assert_eq!(progress.position(), position(1, &[(4, 9)]));
    }

    #[test]
    fn a_partition_with_nothing_left_is_one_offset() {
        let mut progress = Progress::new(4, Some(position(4, &[(6, 7)])));
        progress.settle(4);
        assert_eq!(progress.position(), position(5, &[(6, 7)]));
        progress.settle(5);
        assert_eq!(progress.position(), position(7, &[]));
        assert_eq!(progress.meet(6), Met::Settled);
    }

    #[test]
    fn a_long_run_that_no_filter_wants_is_one_range() {
        let mut progress = Progress::new(0, None);
        (0..100_000).step_by(2).for_each(|offset| progress.leave(offset));
        progress.reach(100_001);
        assert_eq!(progress.ranges(), 2);
        assert_eq!(progress.position(), position(0, &[]));
    }

    #[test]
    fn what_retention_took_is_not_waited_for() {
        let progress = Progress::new(50, Some(position(10, &[(20, 30), (45, 60)])));
        assert_eq!(progress.position(), position(60, &[]));
    }

    #[test]
    fn a_message_that_is_taken_back_is_left() {
        let mut progress = Progress::new(0, None);
        (0..4).for_each(|offset| progress.settle(offset));
        progress.take_back(1);
        assert_eq!(progress.position(), position(1, &[(2, 4)]));
        progress.take_back(3);
        progress.leave(4);
        assert_eq!(progress.position(), position(1, &[(2, 3)]));
    }

    #[test]
    fn reading_again_what_was_settled_moves_nothing_back() {
        let mut progress = Progress::new(0, Some(position(10, &[(12, 20)])));
        for offset in 0..5 {
            assert_eq!(progress.meet(offset), Met::Settled);
            progress.settle(offset);
            assert_eq!(progress.position(), position(10, &[(12, 20)]));
        }
    }

    proptest! {
        /// Replays with any filters and ends, some of which are lost before their commit: no message is settled
        /// twice, and none is passed.
        #[test]
        fn through_many_replays_each_message_is_settled_once(
            gaps in proptest::collection::vec(1i64..4, 0..60),
            runs in proptest::collection::vec((proptest::collection::vec(any::<bool>(), 60), 0usize..70, any::<bool>()), 1..8),
        ) {
            let offsets: Vec<i64> = gaps.iter().scan(0, |at, gap| { *at += gap; Some(*at) }).collect();
            let end = offsets.last().map_or(0, |last| last + 3);
            let mut committed: Option<Position> = None;
            let mut settled: BTreeSet<i64> = BTreeSet::new();
            for (wanted, limit, is_lost) in runs {
                let start = committed.as_ref().map_or(0, |position| position.frontier);
                let mut progress = Progress::new(start, committed.clone());
                let mut taken = BTreeSet::new();
                for (number, offset) in offsets.iter().enumerate().filter(|(_, offset)| **offset >= start).take(limit) {
                    let met = progress.meet(*offset);
                    prop_assert_eq!(met == Met::Settled, settled.contains(offset));
                    if met == Met::Settled || wanted[number] {
                        progress.settle(*offset);
                        if met == Met::Fresh {
                            taken.insert(*offset);
                        }
                    } else {
                        progress.leave(*offset);
                    }
                }
                if limit >= offsets.len() {
                    progress.reach(end);
                }
                if is_lost {
                    continue;
                }
                settled.extend(taken);
                let position = progress.position();
                let is_done = |offset: &i64| {
                    *offset < position.frontier || position.done.iter().any(|range| range.contains(offset))
                };
                for offset in &offsets {
                    prop_assert_eq!(is_done(offset), settled.contains(offset), "{} in {:?}", offset, position);
                }
                prop_assert!(position.frontier >= start);
                committed = Some(position);
            }
        }
    }
}
