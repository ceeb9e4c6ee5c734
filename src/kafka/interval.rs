//! One interval of the commit: messages that ended, with the records to be written for them.

use jiff::Timestamp;

use super::commit::Ended;
use super::message::Parcel;
use super::parcels::{Parcels, Writer};
use crate::record::{Reason, Verdict};

/// A message that ended, with its records.
pub(super) struct Entry {
    pub ended: Ended,
    pub parcels: Parcels,
}

impl Entry {
    /// The records of `ended`, which ended at `now`.
    pub fn new(mut ended: Ended, writer: &Writer, now: Timestamp) -> Self {
        let trace = ended.trace_headers();
        let parcels = writer.write(&ended.taken.message, &trace, &mut ended.ending, now);
        Self { ended, parcels }
    }

    /// What the brokers refuse for its size becomes a rejection, and a rejection that is too large itself goes
    /// without its value, or without its key and headers where those are the larger part.
    fn make_smaller(&mut self, writer: &Writer, now: Timestamp) {
        let trace = self.ended.trace_headers();
        let (ending, message) = (&mut self.ended.ending, &mut self.ended.taken.message);
        match &mut ending.verdict {
            Verdict::Rejected { detail, .. } => {
                let bytes = message.value.as_ref().map_or(0, Vec::len);
                let beside = message.size() - bytes;
                let what = if bytes >= beside {
                    message.value = None;
                    format!("value of {bytes} bytes is")
                } else {
                    message.key = None;
                    message.headers.clear();
                    format!("key and headers of {beside} bytes are")
                };
                detail.push_str(&format!("; the {what} left out: the rejected topic refuses the record"));
            }
            _ => {
                // The subscription goes on; what is known of its feed may be what was too large.
                ending.next.retain(|next| next.message.entries.is_empty());
                ending
                    .next
                    .iter_mut()
                    .filter_map(|next| next.message.round.as_mut())
                    .for_each(|round| round.known = None);
                let detail = "the brokers refuse the record for its size (max.message.bytes)".to_owned();
                ending.verdict = Verdict::Rejected { reason: Reason::TooLarge, detail };
                if let Some(claim) = self.ended.claim.take() {
                    claim.release();
                }
            }
        }
        self.parcels = writer.write(message, &trace, ending, now);
    }
}

/// All records of an interval, those of a message before its outcome, and beside them whose they are.
pub(super) fn parcels(entries: &[Entry]) -> (Vec<usize>, Vec<&Parcel>) {
    let of_one = |(owner, entry): (usize, &'_ Entry)| (owner, entry.parcels.content.len() + 1);
    let owners = entries.iter().enumerate().map(of_one).flat_map(|(owner, count)| std::iter::repeat_n(owner, count));
    let parcels = entries.iter().flat_map(|entry| entry.parcels.content.iter().chain([&entry.parcels.outcome]));
    (owners.collect(), parcels.collect())
}

/// Makes the messages smaller whose records of these numbers were refused for their size.
pub(super) fn make_smaller(
    entries: &mut [Entry],
    owners: &[usize],
    numbers: &[usize],
    writer: &Writer,
    now: Timestamp,
) {
    let mut refused: Vec<usize> = numbers.iter().filter_map(|number| owners.get(*number).copied()).collect();
    refused.dedup();
    for owner in refused {
        if let Some(entry) = entries.get_mut(owner) {
            entry.make_smaller(writer, now);
        }
    }
}
