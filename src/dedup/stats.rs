//! What a store knows, in numbers: `newswire dedup --stats`.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use serde::Serialize;

use super::Size;
use super::entry::{ArticleId, Entry};

/// What a store knows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// Articles, copies among them.
    pub articles: u64,
    /// Those that say nothing new.
    pub duplicates: u64,
    /// Those that were revised.
    pub revised: u64,
    /// Claims that are not settled.
    pub pending: u64,
    /// The bytes that they take in memory, about; of a Redis all that it uses.
    pub memory_bytes: u64,
    /// The bytes of the folder; 0 without one.
    pub disk_bytes: u64,
    /// When the one was seen that is forgotten next (RFC 3339, UTC).
    pub oldest: Option<String>,
    /// When the last one was seen.
    pub newest: Option<String>,
    /// Stories by how many articles they have.
    pub stories: Stories,
}

/// Stories by size.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Stories {
    /// All.
    pub count: u64,
    /// Articles of the largest.
    pub largest: u64,
    /// How many there are from one size to the next: `1`, `2`, `3-5`, `6-10`, `11-100`, `101+`.
    pub by_size: BTreeMap<&'static str, u64>,
}

/// The sum over articles, one after the other.
#[derive(Debug, Default)]
pub struct Census {
    stats: Stats,
    ages: Option<(u32, u32)>,
    stories: HashMap<ArticleId, u64>,
}

impl Census {
    /// Counts one more.
    pub fn count(&mut self, entry: &Entry<'_>) {
        self.stats.articles += 1;
        self.stats.duplicates += u64::from(entry.ruling.duplicate);
        self.stats.revised += u64::from(entry.ruling.revision > 1);
        let (oldest, newest) = self.ages.unwrap_or((entry.at, entry.at));
        self.ages = Some((oldest.min(entry.at), newest.max(entry.at)));
        *self.stories.entry(entry.cluster()).or_default() += 1;
    }

    /// What was counted, in a store of this size.
    pub fn stats(self, size: &Size) -> Stats {
        let told = |at: u32| Timestamp::from_second(at.into()).map(|at| at.to_string()).ok();
        let mut stories = Stories { count: self.stories.len() as u64, ..Stories::default() };
        for articles in self.stories.into_values() {
            stories.largest = stories.largest.max(articles);
            let sizes = match articles {
                0..=1 => "1",
                2 => "2",
                3..=5 => "3-5",
                6..=10 => "6-10",
                11..=100 => "11-100",
                _ => "101+",
            };
            *stories.by_size.entry(sizes).or_default() += 1;
        }
        Stats {
            pending: size.pending as u64,
            memory_bytes: size.memory_bytes as u64,
            disk_bytes: size.disk_bytes,
            oldest: self.ages.and_then(|(oldest, _)| told(oldest)),
            newest: self.ages.and_then(|(_, newest)| told(newest)),
            stories,
            ..self.stats
        }
    }
}
