//! The last messages that ended, for the operator's page: the newest records, and the newest that became none.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde::Serialize;

use crate::record::{Ending, Origin, Reason};

/// Lines that are kept of each kind: a screenful.
const KEPT: usize = 30;

/// Bytes of a text that are kept: what a line of a page has room for. Titles and details are others' words, and long.
const LONGEST: usize = 300;

/// One message that ended.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    /// When (RFC 3339, UTC).
    pub at: String,
    /// The address as consumed; null where there was none, or where it has credentials.
    pub url: Option<String>,
    /// How.
    pub outcome: &'static str,
    /// Why, where it was rejected or deferred.
    pub reason: Option<&'static str>,
    /// Why, in words.
    pub detail: Option<String>,
    /// The article's title, where there is one.
    pub title: Option<String>,
    /// The message's origin.
    pub origin: String,
}

/// The last messages that ended. Nothing is kept beyond the process.
#[derive(Debug, Default)]
pub struct Latest {
    lines: Mutex<Lines>,
}

/// Both kinds, the newest first.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Lines {
    /// Those of which an article, a feed's entries or nothing new came.
    pub well: VecDeque<Line>,
    /// Those that were rejected or deferred.
    pub refused: VecDeque<Line>,
}

impl Latest {
    /// Notes a message of this origin that ended so at `now`.
    pub fn note(&self, ending: &Ending, origin: &Origin, now: Timestamp) {
        let (reason, detail) = ending.verdict.reason().unzip();
        let title = ending.verdict.article().and_then(|article| article.content.title.as_deref());
        // Credentials are for no page.
        let url = ending.url.as_deref().filter(|_| reason != Some(Reason::CredentialsInUrl));
        let line = Line {
            at: format!("{now:.0}"),
            url: url.map(cut),
            outcome: ending.verdict.outcome().as_str(),
            reason: reason.map(Reason::as_str),
            detail: detail.map(cut),
            title: title.map(cut),
            origin: cut(&origin.to_string()),
        };
        let mut lines = self.lock();
        let kind = if reason.is_some() { &mut lines.refused } else { &mut lines.well };
        kind.truncate(KEPT - 1);
        kind.push_front(line);
    }

    /// What is kept now.
    pub fn lines(&self) -> Lines {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Lines> {
        // A line is whole before it is pushed.
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn cut(text: &str) -> String {
    text.get(..text.floor_char_boundary(LONGEST)).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Verdict;

    fn ending(url: &str, verdict: Verdict) -> Ending {
        Ending {
            verdict,
            url: Some(url.into()),
            canonical_url: None,
            article_id: None,
            next: Vec::new(),
            cluster_merged: None,
            listings: Vec::new(),
            note: None,
            laps: Vec::new(),
        }
    }

    fn note(latest: &Latest, offset: i64, url: &str, verdict: Verdict) {
        let origin = Origin { topic: "news.urls".into(), partition: 0, offset };
        latest.note(&ending(url, verdict), &origin, Timestamp::UNIX_EPOCH);
    }

    #[test]
    fn the_newest_of_each_kind_are_kept_and_no_more() {
        let latest = Latest::default();
        for offset in 0..100 {
            note(&latest, offset, "http://news.example/", Verdict::Unchanged);
        }
        let (reason, detail) = (Reason::Gone, "x".repeat(1_000_000));
        note(&latest, 100, "http://news.example/", Verdict::Rejected { reason, detail });
        let Lines { well, refused } = latest.lines();
        assert_eq!((well.len(), refused.len()), (KEPT, 1));
        assert_eq!((well[0].origin.as_str(), well[0].at.as_str()), ("news.urls:0:99", "1970-01-01T00:00:00Z"));
        assert_eq!(refused[0].reason, Some("gone"));
        assert_eq!(refused[0].detail.as_ref().map(String::len), Some(LONGEST));
    }

    #[test]
    fn credentials_are_not_shown() {
        let latest = Latest::default();
        let (reason, detail) = (Reason::CredentialsInUrl, String::new());
        note(&latest, 0, "http://user:secret@news.example/", Verdict::Rejected { reason, detail });
        assert_eq!(latest.lines().refused[0].url, None);
    }
}
