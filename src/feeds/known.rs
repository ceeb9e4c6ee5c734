//! The entries of a feed's last rounds, small enough to travel in the message of the next one.

use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use xxhash_rust::xxh3::xxh3_64;

use super::entry::{Entry, MOST_ENTRIES};
use crate::record::Identity;

/// Entries that are remembered: four bytes each. A feed of twenty makes a message of 200 bytes, the longest sitemap
/// one of 267 kB.
const MOST: usize = MOST_ENTRIES;

/// Marks that a short feed may have beside those of its entries: of earlier rounds, so that an entry that a site's
/// servers show by turns does not come again each time. A longer feed may have twice its entries.
const LEAST: usize = 200;

/// Marks of entries, those of the last round first. Two of a feed of 50,000 are taken for one another once in 86,000 new
/// entries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    marks: HashSet<u32>,
    in_order: Vec<u32>,
}

impl Known {
    /// Reads what [`Known::write`] wrote; what can't be read knows nothing.
    pub fn read(text: &str) -> Self {
        let bytes = STANDARD_NO_PAD.decode(text).unwrap_or_default();
        let marks = bytes.chunks_exact(4).map(|four| u32::from_le_bytes(<[u8; 4]>::try_from(four).unwrap_or_default()));
        let in_order: Vec<u32> = marks.take(MOST).collect();
        Self { marks: in_order.iter().copied().collect(), in_order }
    }

    /// The marks of a feed's entries, and of those before them that there is room for, as text.
    pub fn write(entries: &[Entry], before: Option<&Self>) -> String {
        let room = (entries.len() * 2).clamp(LEAST, MOST);
        let before = before.map_or(&[][..], |before| &before.in_order);
        let mut once = HashSet::new();
        let marks = entries.iter().map(mark).chain(before.iter().copied()).filter(|mark| once.insert(*mark));
        STANDARD_NO_PAD.encode(marks.take(room).flat_map(u32::to_le_bytes).collect::<Vec<u8>>())
    }

    /// Whether an entry was in the last rounds, as it is now.
    pub fn has(&self, entry: &Entry) -> bool {
        self.marks.contains(&mark(entry))
    }
}

/// What stands for an entry: what the feed knows it by, else its address; and when it was last changed, so that
/// one that changed is another.
fn mark(entry: &Entry) -> u32 {
    let name = match (&entry.guid, &entry.url) {
        (Some(guid), _) => guid.clone(),
        (None, Some(url)) => Identity::of_url(url).key,
        (None, None) => entry.title.clone().unwrap_or_default(),
    };
    let changed = entry.updated_at.map(|date| date.to_string()).unwrap_or_default();
    let hash = xxh3_64(format!("{name}\n{changed}").as_bytes());
    u32::try_from(hash >> 32).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entry(guid: u32, updated: Option<&str>) -> Entry {
        let updated_at = updated.map(|date| date.parse().unwrap());
        Entry { guid: Some(guid.to_string()), updated_at, ..Entry::default() }
    }

    #[test]
    fn an_entry_that_changed_is_not_known() {
        let known = Known::read(&Known::write(&[entry(1, Some("2018-11-23"))], None));
        assert!(known.has(&entry(1, Some("2018-11-23"))));
        assert!(!known.has(&entry(1, Some("2018-11-24"))));
        assert!(!known.has(&entry(2, Some("2018-11-23"))));
    }

    #[test]
    fn what_cannot_be_read_knows_nothing() {
        assert_eq!(Known::read("no base64!"), Known::default());
    }

    #[test]
    fn an_entry_that_is_away_for_a_round_is_still_known_and_one_of_long_ago_is_not() {
        let first = Known::read(&Known::write(&[entry(1, None)], None));
        let then = Known::read(&Known::write(&[entry(2, None)], Some(&first)));
        assert!(then.has(&entry(1, None)) && then.has(&entry(2, None)));
        let many: Vec<Entry> = (10..310).map(|guid| entry(guid, None)).collect();
        let later = Known::read(&Known::write(&many, Some(&then)));
        let others: Vec<Entry> = (310..410).map(|guid| entry(guid, None)).collect();
        let last = Known::read(&Known::write(&others, Some(&later)));
        assert!(later.has(&entry(1, None)) && !last.has(&entry(1, None)));
    }

    proptest! {
        #[test]
        fn entries_are_known_in_the_next_round(guids in proptest::collection::vec(any::<u32>(), 0..50)) {
            let entries: Vec<Entry> = guids.iter().map(|guid| entry(*guid, None)).collect();
            let known = Known::read(&Known::write(&entries, None));
            prop_assert!(entries.iter().all(|entry| known.has(entry)));
        }
    }
}
