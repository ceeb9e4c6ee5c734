//! The entries of a feed's last round, small enough to travel in the message of the next one.

use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use xxhash_rust::xxh3::xxh3_64;

use super::entry::Entry;
use crate::record::Identity;

/// Entries that are remembered: four bytes each, so that the message stays below 20 kB. A feed of more names
/// its latest first, and what fell out of it is kept from coming again by its age.
const MOST: usize = 3_000;

/// Marks of entries. Two of a feed of 3,000 are taken for one another once in a million new entries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known(HashSet<u32>);

impl Known {
    /// Reads what [`Known::write`] wrote; what can't be read knows nothing.
    pub fn read(text: &str) -> Self {
        let bytes = STANDARD_NO_PAD.decode(text).unwrap_or_default();
        let marks = bytes.chunks_exact(4).map(|four| u32::from_le_bytes(<[u8; 4]>::try_from(four).unwrap_or_default()));
        Self(marks.take(MOST).collect())
    }

    /// The marks of a feed's entries, as text.
    pub fn write(entries: &[Entry]) -> String {
        let bytes: Vec<u8> = entries.iter().take(MOST).flat_map(|entry| mark(entry).to_le_bytes()).collect();
        STANDARD_NO_PAD.encode(bytes)
    }

    /// Whether an entry was in the last round, as it is now.
    pub fn has(&self, entry: &Entry) -> bool {
        self.0.contains(&mark(entry))
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
        let known = Known::read(&Known::write(&[entry(1, Some("2018-11-23"))]));
        assert!(known.has(&entry(1, Some("2018-11-23"))));
        assert!(!known.has(&entry(1, Some("2018-11-24"))));
        assert!(!known.has(&entry(2, Some("2018-11-23"))));
    }

    #[test]
    fn what_cannot_be_read_knows_nothing() {
        assert_eq!(Known::read("no base64!"), Known::default());
    }

    proptest! {
        #[test]
        fn entries_are_known_in_the_next_round(guids in proptest::collection::vec(any::<u32>(), 0..50)) {
            let entries: Vec<Entry> = guids.iter().map(|guid| entry(*guid, None)).collect();
            let known = Known::read(&Known::write(&entries));
            prop_assert!(entries.iter().all(|entry| known.has(entry)));
        }
    }
}
