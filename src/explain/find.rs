//! Reading a whole topic of outcomes, in as many pieces at once as there are cores.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;

use rdkafka::message::Message as _;

use crate::config::Settings;
use crate::kafka::{Pace, ReadError, Reader};
use crate::record::OutcomeRecord;

/// The most pieces that a topic is read in: each is a consumer with threads and buffers of its own.
const MOST_PIECES: u64 = 4;

/// A piece of fewer offsets is not worth a consumer: to connect takes longer than to read it.
const SMALLEST_PIECE: u64 = 20_000;

/// The most records that a piece keeps; of more, the last ones. A page that is read again every minute makes that
/// many in a week.
const MOST_RECORDS: usize = 10_000;

/// What was found.
#[derive(Debug, Default)]
pub struct Found {
    /// The records asked for, in no order.
    pub records: Vec<OutcomeRecord>,
    /// Records looked at.
    pub read: u64,
    /// Whether there were more than are kept.
    pub more: bool,
}

/// Reads all outcomes that are there now, and keeps what `take` makes a record of. Blocks. `advanced` is told of
/// offsets that were read.
pub fn find(
    settings: &Settings,
    take: impl Fn(&[u8]) -> Option<OutcomeRecord> + Sync,
    advanced: impl Fn(u64) + Sync,
) -> Result<Found, ReadError> {
    let topic = &settings.topics.outcomes;
    let first = open(settings)?;
    let mut spans = BTreeMap::new();
    for partition in first.partitions(topic)? {
        spans.insert(partition, first.bounds(topic, partition)?);
    }
    let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get() as u64);
    let length: u64 = spans.values().map(|span| (span.end - span.start).unsigned_abs()).sum();
    let pieces = pieces(&spans, (length / SMALLEST_PIECE).clamp(1, cores.min(MOST_PIECES)));
    let mut found = Found::default();
    std::thread::scope(|scope| {
        let (take, advanced) = (&take, &advanced);
        let mut readers = vec![first];
        for _ in 1..pieces.len() {
            readers.push(open(settings)?);
        }
        let read = |reader: Reader, piece| move || read_piece(&reader, topic, &piece, take, advanced);
        let threads: Vec<_> =
            readers.into_iter().zip(pieces).map(|(reader, piece)| scope.spawn(read(reader, piece))).collect();
        for thread in threads {
            let piece = thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
            found.records.extend(piece.records);
            found.read += piece.read;
            found.more |= piece.more;
        }
        Ok::<(), ReadError>(())
    })?;
    Ok(found)
}

/// A consumer that joins no group. It has the workers' group by name, since brokers may allow us no other.
fn open(settings: &Settings) -> Result<Reader, ReadError> {
    Ok(Reader::open(settings, &settings.kafka.group_id, Pace::Fast)?)
}

fn read_piece(
    reader: &Reader,
    topic: &str,
    piece: &BTreeMap<i32, Range<i64>>,
    take: &impl Fn(&[u8]) -> Option<OutcomeRecord>,
    advanced: &impl Fn(u64),
) -> Result<Found, ReadError> {
    /// Between two notices of how far it is.
    const NOTICE_EVERY: u64 = 4_096;
    let mut scan = reader.scan(topic, piece)?;
    let (mut records, mut read, mut more) = (VecDeque::new(), 0, false);
    while let Some(message) = scan.next_message()? {
        read += 1;
        if read % NOTICE_EVERY == 0 {
            advanced(NOTICE_EVERY);
        }
        let Some(record) = message.payload().and_then(take) else { continue };
        if records.len() == MOST_RECORDS {
            records.pop_front();
            more = true;
        }
        records.push_back(record);
    }
    Ok(Found { records: records.into(), read, more })
}

/// Cuts the offsets of all partitions into about `count` pieces of the same length. A partition may be cut too.
fn pieces(spans: &BTreeMap<i32, Range<i64>>, count: u64) -> Vec<BTreeMap<i32, Range<i64>>> {
    let length: u64 = spans.values().map(|span| (span.end - span.start).unsigned_abs()).sum();
    let share = length.div_ceil(count.max(1)).max(1);
    let mut pieces = vec![BTreeMap::new()];
    let mut room = share;
    for (partition, span) in spans {
        let mut at = span.start;
        while at < span.end {
            if room == 0 {
                pieces.push(BTreeMap::new());
                room = share;
            }
            let end = span.end.min(at.saturating_add_unsigned(room));
            room -= (end - at).unsigned_abs();
            if let Some(piece) = pieces.last_mut() {
                piece.insert(*partition, at..end);
            }
            at = end;
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_pieces_are_the_whole_and_nothing_twice(
            lengths in proptest::collection::vec((0i64..50, 0i64..50), 0..8), count in 1u64..6,
        ) {
            let spans: BTreeMap<i32, Range<i64>> =
                (0..).zip(lengths).map(|(partition, (start, length))| (partition, start..start + length)).collect();
            let offsets = |spans: &BTreeMap<i32, Range<i64>>| -> Vec<(i32, i64)> {
                spans.iter().flat_map(|(partition, span)| span.clone().map(move |offset| (*partition, offset))).collect()
            };
            let pieces = pieces(&spans, count);
            prop_assert!(pieces.len() as u64 <= count);
            prop_assert_eq!(pieces.iter().flat_map(&offsets).collect::<Vec<_>>(), offsets(&spans));
        }
    }
}
