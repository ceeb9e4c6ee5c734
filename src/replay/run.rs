//! One replay, from the look at what was replayed before to the last commit.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::counts::Summary;
use super::filter::{Filter, host_in};
use super::progress::{Met, Progress};
use crate::config::Settings;
use crate::kafka::{
    Pace, Parcel, Position, PositionError, ReadError, Reader, Rejected, Repost, RepostError, fits, replay_group,
};
use crate::record::{Origin, Reason};

/// Bytes of messages that one transaction holds, whatever their number.
const MOST_BYTES: usize = 8 * 1024 * 1024;

/// The most bytes that a range takes in a position's text: two numbers of at most 5 bytes, of which base64 makes 14.
const RANGE_BYTES: usize = 14;

/// What is asked of a replay.
#[derive(Debug, Clone)]
pub struct Request {
    /// Which messages.
    pub filter: Filter,
    /// At most so many.
    pub limit: Option<u64>,
    /// Whether also those that were replayed before.
    pub repeat: Repeat,
    /// What becomes of the others.
    pub rest: Rest,
    /// At most so many in one transaction.
    pub batch: usize,
}

/// What a replay does about messages that were replayed before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// It leaves them out.
    Never,
    /// It replays them again, each time that it is run.
    Again,
}

/// What becomes of messages that a filter leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// A later replay may take them.
    Leave,
    /// No later replay takes them.
    PassOver,
}

/// Why a replay ends before it is done. What it had committed stays, and is replayed by no later run.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The rejected topic can't be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Messages can't be put back.
    #[error(transparent)]
    Repost(#[from] RepostError),
    /// What was replayed before is not known, so anything might be replayed twice.
    #[error(
        "what was replayed of partition {partition} can't be told: the metadata beside group {group:?}'s offset is \
         {why}; --again replays whatever the filters ask for, and writes it anew"
    )]
    Unknown {
        /// The partition.
        partition: i32,
        /// The replay's group.
        group: String,
        /// What is wrong with it.
        why: PositionError,
    },
    /// The topic is not the one that was replayed before.
    #[error(
        "partition {partition} ends at {end}, before offset {committed} up to which group {group:?} has replayed it: \
         the topic was made anew, or has lost its end; --again replays whatever the filters ask for, from its beginning"
    )]
    Shorter {
        /// The partition.
        partition: i32,
        /// Its end.
        end: i64,
        /// The offset that was committed.
        committed: i64,
        /// The replay's group.
        group: String,
    },
}

impl ReplayError {
    /// Whether it is the settings that are wrong.
    pub fn is_settings(&self) -> bool {
        match self {
            Self::Read(failure) => failure.is_settings(),
            Self::Repost(failure) => failure.is_settings(),
            Self::Unknown { .. } | Self::Shorter { .. } => false,
        }
    }
}

/// A message on its way back, until it is committed.
struct Picked {
    place: Origin,
    met: Met,
    reason: Option<Reason>,
    host: Option<String>,
    parcel: Parcel,
}

/// A replay.
pub struct Replay {
    reader: Reader,
    rejected: String,
    spans: BTreeMap<i32, Range<i64>>,
    work: Work,
}

/// What a replay has in hand.
struct Work {
    request: Request,
    /// Where messages go; nowhere when they are only counted.
    repost: Option<Repost>,
    urls: Arc<str>,
    /// Bytes that brokers take beside an offset.
    room: usize,
    progress: BTreeMap<i32, Progress>,
    batch: Vec<Picked>,
    batch_bytes: usize,
    summary: Summary,
}

/// What is to be done about a partition after one of its messages.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    ReadOn,
    /// No more of it can be noted.
    Full,
}

impl Replay {
    /// Looks what there is, and what was replayed before, and changes nothing.
    pub fn counting(settings: &Settings, request: Request) -> Result<Self, ReplayError> {
        let reader = open_reader(settings)?;
        Self::begin(settings, request, reader, None)
    }

    /// Fences whoever replays for the same group of workers, then looks what there is, and what was replayed
    /// before.
    pub fn sending(settings: &Settings, request: Request) -> Result<Self, ReplayError> {
        let reader = open_reader(settings)?;
        reader.partitions(&settings.topics.urls).map_err(ReadError::from)?;
        let repost = Repost::open(settings, &reader)?;
        Self::begin(settings, request, reader, Some(repost))
    }

    fn begin(
        settings: &Settings,
        request: Request,
        reader: Reader,
        repost: Option<Repost>,
    ) -> Result<Self, ReplayError> {
        let rejected = settings.topics.rejected.clone();
        let group = replay_group(&settings.kafka.group_id);
        let partitions = reader.partitions(&rejected).map_err(ReadError::from)?;
        let mut committed = reader.committed(&rejected, &partitions)?;
        let (mut spans, mut progress) = (BTreeMap::new(), BTreeMap::new());
        for partition in partitions {
            let bounds = reader.bounds(&rejected, partition)?;
            let position = believed(request.repeat, &group, partition, committed.remove(&partition), bounds.end)?;
            let start = match (&position, request.repeat) {
                (Some(position), Repeat::Never) => position.frontier.max(bounds.start),
                _ => bounds.start,
            };
            spans.insert(partition, start..bounds.end);
            progress.insert(partition, Progress::new(start, position));
        }
        let summary = Summary { dry_run: repost.is_none(), ..Summary::default() };
        let urls = settings.topics.urls.as_str().into();
        let room = usize::try_from(settings.delivery.offset_metadata_max).unwrap_or(usize::MAX);
        let work = Work { request, repost, urls, room, progress, batch: Vec::new(), batch_bytes: 0, summary };
        Ok(Self { reader, rejected, spans, work })
    }

    /// How many offsets there are to read.
    pub fn length(&self) -> u64 {
        self.spans.values().map(|span| (span.end - span.start).max(0).unsigned_abs()).sum()
    }

    /// What was done so far.
    pub fn summary(&self) -> &Summary {
        &self.work.summary
    }

    /// Reads to the end, and puts back what is asked for. Blocks. `advanced` is told of offsets that were read;
    /// `stop` ends it early, between two messages, with what was taken put back.
    pub fn run(&mut self, advanced: impl Fn(u64), stop: &CancellationToken) -> Result<(), ReplayError> {
        let Self { reader, rejected, spans, work } = self;
        let mut scan = reader.scan(rejected, spans)?;
        while !stop.is_cancelled() && !work.is_enough() {
            let Some(message) = scan.next_message()? else {
                work.reach(spans);
                break;
            };
            let message = Rejected::read(&message);
            let partition = message.place.partition;
            advanced(work.offsets_to(&message.place));
            if work.judge(message) == Next::Full {
                work.mark_full(partition);
            }
            if work.batch.len() >= work.request.batch || work.batch_bytes >= MOST_BYTES {
                let partitions = work.batch.iter().map(|picked| picked.place.partition).collect();
                work.commit(partitions)?;
            }
            for partition in &work.summary.full_partitions {
                scan.close(*partition);
            }
        }
        // All of them, also those where nothing moved: brokers forget offsets that nobody commits any more.
        work.commit(spans.keys().copied().collect())
    }
}

impl Work {
    fn is_enough(&self) -> bool {
        let replayed = self.summary.replayed + self.batch.len() as u64;
        self.request.limit.is_some_and(|limit| replayed >= limit)
    }

    /// How far the message at `place` is ahead of what was read of its partition.
    fn offsets_to(&self, place: &Origin) -> u64 {
        let at = self.progress.get(&place.partition).map_or(place.offset, Progress::at);
        (place.offset + 1 - at).max(0).unsigned_abs()
    }

    /// Puts a message into the batch, or leaves it.
    fn judge(&mut self, message: Rejected) -> Next {
        let offset = message.place.offset;
        let Some(progress) = self.progress.get_mut(&message.place.partition) else { return Next::ReadOn };
        self.summary.read += 1;
        let met = progress.meet(offset);
        if met == Met::Settled && self.request.repeat == Repeat::Never {
            progress.settle(offset);
            self.summary.replayed_before += 1;
            return Next::ReadOn;
        }
        let is_asked_for = self.request.filter.takes(&message);
        match (is_asked_for, met, self.request.rest) {
            (true, ..) => {}
            (false, Met::Settled, _) => {
                progress.settle(offset);
                return Next::ReadOn;
            }
            (false, Met::Fresh, Rest::Leave) => {
                progress.leave(offset);
                self.summary.left += 1;
                return Next::ReadOn;
            }
            (false, Met::Fresh, Rest::PassOver) => {
                progress.settle(offset);
                self.summary.passed_over += 1;
                return Next::ReadOn;
            }
        }
        progress.settle(offset);
        if (progress.ranges() + 1) * RANGE_BYTES > self.room && !fits(&progress.position(), self.room) {
            progress.take_back(offset);
            return Next::Full;
        }
        let (reason, host) = (message.reason, host_in(message.value.as_deref()));
        if self.repost.is_none() {
            self.summary.replayed(reason, host.as_deref());
            return Next::ReadOn;
        }
        self.batch_bytes += message.size();
        let place = message.place.clone();
        self.batch.push(Picked { place, met, reason, host, parcel: message.replayed(self.urls.clone()) });
        Next::ReadOn
    }

    /// Notes that all partitions are read to their ends, but those that are full.
    fn reach(&mut self, spans: &BTreeMap<i32, Range<i64>>) {
        for (partition, progress) in &mut self.progress {
            let end = spans.get(partition).map_or(0, |span| span.end);
            if !self.summary.full_partitions.contains(partition) {
                progress.reach(end);
            }
        }
    }

    /// Puts the batch back, and notes how far these partitions are; both or neither. What is too large for its
    /// topic is left.
    fn commit(&mut self, partitions: BTreeSet<i32>) -> Result<(), ReplayError> {
        loop {
            let Some(repost) = &mut self.repost else { return Ok(()) };
            let progress = partitions.iter().filter_map(|number| Some((*number, self.progress.get(number)?)));
            let positions: BTreeMap<i32, Position> =
                progress.map(|(number, progress)| (number, progress.position())).collect();
            let parcels: Vec<&Parcel> = self.batch.iter().map(|picked| &picked.parcel).collect();
            let too_large = repost.commit(&parcels, &positions)?;
            if too_large.is_empty() {
                break;
            }
            self.leave_too_large(&too_large);
        }
        for picked in self.batch.drain(..) {
            self.summary.replayed(picked.reason, picked.host.as_deref());
        }
        self.batch_bytes = 0;
        Ok(())
    }

    /// Takes the messages of these numbers out of the batch, and leaves them. That may make more holes in a
    /// partition than can be noted; then all of it from the first of them on is left.
    fn leave_too_large(&mut self, numbers: &[usize]) {
        let mut first: BTreeMap<i32, i64> = BTreeMap::new();
        for picked in numbers.iter().filter_map(|number| self.batch.get(*number)) {
            let Origin { partition, offset, .. } = picked.place;
            tracing::warn!(place = %picked.place, "the topic of URLs refuses the message for its size; it is left");
            first.entry(partition).and_modify(|known| *known = offset.min(*known)).or_insert(offset);
            if let Some(progress) = self.progress.get_mut(&partition).filter(|_| picked.met == Met::Fresh) {
                progress.take_back(offset);
            }
        }
        self.summary.too_large += numbers.len() as u64;
        let is_refused: BTreeSet<usize> = numbers.iter().copied().collect();
        let mut number = 0..;
        self.batch.retain(|_| number.next().is_none_or(|number| !is_refused.contains(&number)));
        for (partition, offset) in first {
            let Some(progress) =
                self.progress.get_mut(&partition).filter(|progress| !fits(&progress.position(), self.room))
            else {
                continue;
            };
            self.batch.retain(|picked| {
                let stays = picked.place.partition != partition || picked.place.offset < offset;
                if !stays && picked.met == Met::Fresh {
                    progress.take_back(picked.place.offset);
                }
                stays
            });
            self.mark_full(partition);
        }
    }

    fn mark_full(&mut self, partition: i32) {
        tracing::warn!(partition, "no more can be noted of this partition; the rest of it is left");
        self.summary.full_partitions.push(partition);
    }
}

fn open_reader(settings: &Settings) -> Result<Reader, ReplayError> {
    let group = replay_group(&settings.kafka.group_id);
    Ok(Reader::open(settings, &group, Pace::Steady).map_err(ReadError::from)?)
}

/// What was replayed of a partition that ends at `end` now, by what the group has committed. Where that can't
/// be, `Repeat::Again` begins anew.
fn believed(
    repeat: Repeat,
    group: &str,
    partition: i32,
    committed: Option<Result<Position, PositionError>>,
    end: i64,
) -> Result<Option<Position>, ReplayError> {
    let again = repeat == Repeat::Again;
    match committed {
        None => Ok(None),
        Some(Err(_)) if again => Ok(None),
        Some(Err(why)) => Err(ReplayError::Unknown { partition, group: group.to_owned(), why }),
        Some(Ok(position)) if position.frontier <= end => Ok(Some(position)),
        Some(Ok(_)) if again => Ok(None),
        Some(Ok(Position { frontier: committed, .. })) => {
            Err(ReplayError::Shorter { partition, end, committed, group: group.to_owned() })
        }
    }
}
