//! The hosts as an operator sees them.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;

use super::host::{Gate, Host};
use super::hosts::Hosts;

/// What a host does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It may be asked.
    Free,
    /// It is being asked.
    Working,
    /// It rests for its interval.
    Resting,
    /// It asked us to go away for a while.
    Paused,
    /// It can't be reached, or only fails.
    Down,
    /// The operator has stopped it.
    Held,
}

impl State {
    /// Every state, as the metric names them.
    pub const ALL: [(Self, &'static str); 6] = [
        (Self::Free, "free"),
        (Self::Working, "working"),
        (Self::Resting, "resting"),
        (Self::Paused, "paused"),
        (Self::Down, "down"),
        (Self::Held, "held"),
    ];

    pub(super) fn of(host: &Host, delay: Duration, now: Instant) -> Self {
        match host.gate(delay, true, now) {
            Gate::Held(_) => Self::Held,
            Gate::Down(_) | Gate::Probing => Self::Down,
            _ if !host.running().is_empty() => Self::Working,
            Gate::Rests(_) if host.paused_until.is_some_and(|until| until > now) => Self::Paused,
            Gate::Rests(_) => Self::Resting,
            Gate::Open => Self::Free,
        }
    }
}

/// One host.
#[derive(Debug, Clone, Serialize)]
pub struct HostView {
    /// Its name.
    pub host: String,
    /// What it does.
    pub state: State,
    /// Why, where the operator has stopped it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Its rest between two requests, in milliseconds.
    pub interval_ms: u64,
    /// Messages that wait for it in memory.
    pub waiting: usize,
    /// Requests at work.
    pub running: usize,
    /// From now until it may be asked, in milliseconds.
    pub next_due_ms: u64,
    /// How long its good answers take of late, in milliseconds; null before the first.
    pub response_ms: Option<u64>,
    /// The last answers' statuses, the newest first; null where no answer came.
    pub last_statuses: Vec<Option<u16>>,
    /// How old what is known of its robots.txt is, in seconds; null where nothing is.
    pub robots_age_s: Option<u64>,
}

impl Hosts {
    /// The hosts that are remembered and have `part` in their name: those that are stopped first, then those that are
    /// waited for most, then by name; at most `limit`.
    ///
    /// Only these are copied, as it is done under the lock that each request takes: a worker remembers 250,000 and more.
    pub fn view(&self, part: &str, limit: usize) -> Vec<HostView> {
        let (now, delay) = (Instant::now(), self.delay());
        self.among(|hosts| {
            let named = hosts.iter().filter(|(name, _)| name.contains(part));
            let mut shown: Vec<_> = named
                .map(|(name, host)| {
                    let calm = matches!(State::of(host, delay, now), State::Free | State::Resting | State::Working);
                    ((calm, Reverse(host.waiting()), name), host)
                })
                .collect();
            if limit < shown.len() {
                shown.select_nth_unstable_by_key(limit, |(place, _)| *place);
                shown.truncate(limit);
            }
            shown.sort_unstable_by_key(|(place, _)| *place);
            shown.into_iter().map(|((_, _, name), host)| HostView::of(name, host, delay, now)).collect()
        })
    }

    /// How many hosts are in which state, by the state's name.
    pub fn states(&self) -> Vec<(&'static str, i64)> {
        let (now, delay) = (Instant::now(), self.delay());
        let mut counts = HashMap::<State, i64>::new();
        self.each(|_, host| *counts.entry(State::of(host, delay, now)).or_default() += 1);
        State::ALL.map(|(state, name)| (name, counts.get(&state).copied().unwrap_or_default())).into()
    }

    /// One of the hosts that are remembered.
    pub fn view_of(&self, host: &str) -> Option<HostView> {
        let (now, delay) = (Instant::now(), self.delay());
        let mut found = None;
        self.one(host, |name, host| found = Some(HostView::of(name, host, delay, now)));
        found
    }
}

impl HostView {
    fn of(name: &str, host: &Host, delay: Duration, now: Instant) -> Self {
        let milliseconds = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let hold = host.hold.as_deref().filter(|hold| hold.until > now);
        let due = [host.free_at(delay), host.trouble().silent_until(), hold.map(|hold| hold.until)];
        let due = due.into_iter().flatten().max().unwrap_or(now);
        Self {
            host: name.to_owned(),
            state: State::of(host, delay, now),
            why: hold.map(|hold| hold.why.to_string()),
            interval_ms: milliseconds(host.interval(delay)),
            waiting: host.waiting(),
            running: host.running().len(),
            next_due_ms: milliseconds(due.saturating_duration_since(now)),
            response_ms: host.typical.map(milliseconds),
            last_statuses: host
                .statuses
                .iter()
                .flatten()
                .map(|status| Some(*status).filter(|status| *status > 0))
                .collect(),
            robots_age_s: None,
        }
    }
}
