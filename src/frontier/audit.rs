//! What was asked of which host lately, and what it answered: what an operator sends to a publisher who complains.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use serde::Serialize;

/// How far back it goes.
pub const KEPT: Duration = Duration::from_secs(60 * 60);

/// Requests that are kept at most, of all hosts together: 70 a second for an hour, 40 MB.
const MOST_REQUESTS: usize = 250_000;

/// How much of a path is kept, in bytes: it names the page; a longer one is a query.
const LONGEST_PATH: usize = 120;

/// All requests of the last hour. A clone is the same record.
#[derive(Debug, Clone, Default)]
pub struct Audit {
    requests: Arc<Mutex<VecDeque<Request>>>,
}

/// One request.
#[derive(Debug, Clone)]
pub struct Request {
    /// Whom.
    pub host: Arc<str>,
    /// When it was sent.
    pub at: SystemTime,
    /// The path and query, cut.
    pub path: Box<str>,
    /// The status; none where no answer came.
    pub status: Option<u16>,
    /// How long it took.
    pub took: Duration,
    /// For how long the host is left alone because of the answer, where it is.
    pub pause: Option<Duration>,
}

/// A request as people read it.
#[derive(Debug, Clone, Serialize)]
pub struct Line {
    /// When (RFC 3339, UTC).
    pub at: String,
    /// What.
    pub path: String,
    /// The status; null where no answer came.
    pub status: Option<u16>,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// For how long the host is left alone because of the answer, in milliseconds; null where it is not.
    pub pause_ms: Option<u64>,
}

impl Audit {
    /// Adds a request, and forgets the oldest ones.
    pub fn add(&self, mut request: Request) {
        request.path = cut(&request.path).into();
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        let too_old = |oldest: &Request| request.at.duration_since(oldest.at).is_ok_and(|age| age > KEPT);
        while requests.len() >= MOST_REQUESTS || requests.front().is_some_and(too_old) {
            requests.pop_front();
        }
        requests.push_back(request);
    }

    /// What was asked of `host` in the hour before `now`, the newest first.
    pub fn of(&self, host: &str, now: SystemTime) -> Vec<Line> {
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = |at: SystemTime| now.duration_since(at).map_or(true, |age| age <= KEPT);
        requests.iter().rev().filter(|request| &*request.host == host && recent(request.at)).map(Line::of).collect()
    }
}

impl Line {
    fn of(request: &Request) -> Self {
        let at = jiff::Timestamp::try_from(request.at).map(|at| format!("{at:.3}")).unwrap_or_default();
        let (path, status) = (request.path.to_string(), request.status);
        Self { at, path, status, took_ms: milliseconds(request.took), pause_ms: request.pause.map(milliseconds) }
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn cut(path: &str) -> &str {
    path.get(..path.floor_char_boundary(LONGEST_PATH)).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(host: &str, at: SystemTime) -> Request {
        let (path, took) = ("/p".repeat(200).into(), Duration::from_millis(12));
        Request { host: host.into(), at, path, status: Some(429), took, pause: Some(Duration::from_secs(60)) }
    }

    #[test]
    fn a_hosts_hour_is_told_and_nothing_older_or_of_others() {
        let audit = Audit::default();
        let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        audit.add(request("a.example", start));
        audit.add(request("b.example", start + KEPT));
        audit.add(request("a.example", start + KEPT));
        let told = audit.of("a.example", start + KEPT + Duration::from_secs(1));
        assert_eq!(told.len(), 1);
        assert_eq!(
            (told[0].at.as_str(), told[0].took_ms, told[0].pause_ms),
            ("2023-11-14T23:13:20.000Z", 12, Some(60_000))
        );
        assert_eq!(told[0].path.len(), LONGEST_PATH);
    }

    #[test]
    fn it_is_bounded_however_busy_the_hour() {
        let audit = Audit::default();
        let start = SystemTime::UNIX_EPOCH;
        for _ in 0..MOST_REQUESTS + 10 {
            audit.add(request("a.example", start));
        }
        assert_eq!(audit.requests.lock().unwrap().len(), MOST_REQUESTS);
    }
}
