//! Pages' versions on disk: a keyspace a week, so that forgetting them is dropping one, and never a scan.

use fjall::{Database, Keyspace, KeyspaceCreateOptions};

use crate::dedup::visits::{Name, REMEMBERED};

const PREFIX: &str = "visits-";

/// What is held in memory before it goes to a table, in bytes: a few thousand pages.
const MEMTABLE_BYTES: u64 = 1 << 20;

/// What was read this week, and in the last.
pub struct Weeks {
    week: u64,
    this: Keyspace,
    last: Keyspace,
}

impl Weeks {
    /// The weeks at a time, in seconds since 1970; older ones are dropped.
    pub fn open(database: &Database, now_s: u64) -> fjall::Result<Self> {
        let week = now_s / REMEMBERED.as_secs();
        let (this, last) = (name_of(week), name_of(week.saturating_sub(1)));
        for name in database.list_keyspace_names() {
            if name.starts_with(PREFIX) && *name != *this && *name != *last {
                database.delete_keyspace(database.keyspace(&name, KeyspaceCreateOptions::default)?)?;
            }
        }
        let options = || KeyspaceCreateOptions::default().max_memtable_size(MEMTABLE_BYTES);
        Ok(Self { week, this: database.keyspace(&this, options)?, last: database.keyspace(&last, options)? })
    }

    /// What is known of a page.
    pub fn read(&self, name: &Name) -> fjall::Result<Option<Vec<u8>>> {
        let found = match self.this.get(name)? {
            None => self.last.get(name)?,
            found => found,
        };
        Ok(found.map(|packed| packed.to_vec()).filter(|packed| !packed.is_empty()))
    }

    /// Remembers a page, or, given nothing, that there is nothing to remember of it.
    pub fn write(&mut self, database: &Database, name: &Name, packed: &[u8], now_s: u64) -> fjall::Result<()> {
        if now_s / REMEMBERED.as_secs() > self.week {
            *self = Self::open(database, now_s)?;
        }
        self.this.insert(*name, packed)
    }
}

fn name_of(week: u64) -> String {
    format!("{PREFIX}{week}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEEK: u64 = REMEMBERED.as_secs();

    #[test]
    fn a_page_is_remembered_for_a_week_at_least_and_for_two_at_most() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::builder(folder.path()).open().unwrap();
        let mut weeks = Weeks::open(&database, 10 * WEEK).unwrap();
        weeks.write(&database, &[1; 16], b"first", 10 * WEEK).unwrap();
        weeks.write(&database, &[2; 16], b"second", 11 * WEEK).unwrap();
        assert_eq!(weeks.read(&[1; 16]).unwrap(), Some(b"first".to_vec()));
        weeks.write(&database, &[3; 16], b"third", 12 * WEEK).unwrap();
        assert_eq!(weeks.read(&[1; 16]).unwrap(), None);
        assert_eq!(weeks.read(&[2; 16]).unwrap(), Some(b"second".to_vec()));
        let versions = || database.list_keyspace_names().iter().filter(|name| name.starts_with(PREFIX)).count();
        assert_eq!(versions(), 2);
    }

    #[test]
    fn what_is_no_longer_known_is_not_found_in_the_week_before() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::builder(folder.path()).open().unwrap();
        let mut weeks = Weeks::open(&database, 10 * WEEK).unwrap();
        weeks.write(&database, &[1; 16], b"first", 10 * WEEK).unwrap();
        weeks.write(&database, &[1; 16], b"", 11 * WEEK).unwrap();
        assert_eq!(weeks.read(&[1; 16]).unwrap(), None);
    }
}
