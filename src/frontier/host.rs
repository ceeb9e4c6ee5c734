//! What is known of one host.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::trouble::{Cause, Sign, Trouble};

/// The longest crawl-delay that is kept: a longer one would be a way to never be read, for which
/// `Disallow` is the word. Bing and Yandex have bounds of the same kind.
pub const LONGEST_CRAWL_DELAY: Duration = Duration::from_secs(30);

/// How many times its own response time a host rests. Heritrix rests five times, up to 30 s. Twice means that we
/// take a third of the time of the slowest of its threads; at once it is a half, at four times a fifth.
const RESPONSE_TIMES: u32 = 2;

/// What the response time of a host without a delay is taken for before it has answered: that of an ordinary news
/// site. At half, a host that turns out slow has twice as many waiting; at double, a quick one is left idle.
const UNKNOWN_RESPONSE_TIME: Duration = Duration::from_millis(100);

/// How long a host with nothing to do is remembered.
const REMEMBERED: Duration = Duration::from_secs(300);

/// Statuses that are remembered for the operator's view.
const STATUSES: usize = 5;

/// The operator's word about a host's pace.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Pace {
    /// As the settings have it.
    #[default]
    Usual,
    /// At least so long between two requests.
    Slow(Duration),
    /// So long in place of the usual delay.
    Boost(Duration),
}

/// A host that the operator has stopped by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Until when.
    pub until: Instant,
    /// Why.
    pub why: Arc<str>,
}

/// Who wants something of a host at the moment, and who has it.
#[derive(Debug)]
pub struct Queue {
    pub(super) slots: Arc<Semaphore>,
    /// Messages that wait for anything of it, its robots.txt included.
    pub(super) seated: usize,
    /// Messages that wait for their turn.
    pub(super) waiting: usize,
    /// When each request at work began.
    pub(super) running: Vec<Instant>,
}

/// One host. What only some hosts have is boxed: a million that rest take some 240 bytes each with their names.
#[derive(Debug, Default)]
pub struct Host {
    /// There while anybody wants something of it.
    queue: Option<Box<Queue>>,
    pub(super) last_end: Option<Instant>,
    pub(super) paused_until: Option<Instant>,
    pub(super) hold: Option<Box<Hold>>,
    pub(super) crawl_delay: Duration,
    pub(super) pace: Pace,
    /// There while it has done anything to us.
    trouble: Option<Box<Trouble>>,
    /// How long its last good answers took, the newer the weightier; none yet.
    pub(super) typical: Option<Duration>,
    /// The last ones, the newest first; 0 where no answer came.
    pub(super) statuses: [Option<u16>; STATUSES],
}

/// Whether a host may be asked now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gate {
    /// It may.
    Open,
    /// Not before then, since it rests or asked for it.
    Rests(Instant),
    /// Not before then, since it is down.
    Down(Instant),
    /// A probe is under way.
    Probing,
    /// The operator has stopped it.
    Held(Hold),
}

impl Host {
    /// Its queue, which serves so many requests at once.
    pub(super) fn queue(&mut self, concurrency: usize) -> &mut Queue {
        self.queue.get_or_insert_with(|| {
            let slots = Arc::new(Semaphore::new(concurrency));
            Box::new(Queue { slots, seated: 0, waiting: 0, running: Vec::new() })
        })
    }

    /// Changes its queue, which goes when nobody is left in it.
    pub(super) fn leave(&mut self, change: impl FnOnce(&mut Queue)) {
        let Some(queue) = &mut self.queue else { return };
        change(queue);
        if queue.seated == 0 && queue.waiting == 0 && queue.running.is_empty() {
            self.queue = None;
        }
    }

    /// How many messages wait for their turn.
    pub(super) fn waiting(&self) -> usize {
        self.queue.as_ref().map_or(0, |queue| queue.waiting)
    }

    /// When each request at work began.
    pub(super) fn running(&self) -> &[Instant] {
        self.queue.as_ref().map_or(&[], |queue| &queue.running)
    }

    /// What it has done to us lately.
    pub(super) fn trouble(&self) -> Trouble {
        self.trouble.as_deref().copied().unwrap_or_default()
    }

    /// Forgets that it is stopped, by whomever, and what it has done.
    pub(super) fn resume(&mut self) {
        (self.hold, self.paused_until, self.trouble) = (None, None, None);
    }

    /// How long it rests between two requests, where the usual delay is `delay`. With a delay of zero, as for hosts
    /// of one's own, its response time counts for nothing.
    pub(super) fn interval(&self, delay: Duration) -> Duration {
        let delay = if let Pace::Boost(boosted) = self.pace { boosted } else { delay };
        let by_response = if delay.is_zero() {
            Duration::ZERO
        } else {
            (self.typical.unwrap_or_default() * RESPONSE_TIMES).min(LONGEST_CRAWL_DELAY)
        };
        let slow = if let Pace::Slow(slow) = self.pace { slow } else { Duration::ZERO };
        delay.max(self.crawl_delay).max(by_response).max(slow)
    }

    /// When it may be asked next, as far as its own rest and wishes go.
    pub(super) fn free_at(&self, delay: Duration) -> Option<Instant> {
        self.last_end.map(|end| end + self.interval(delay)).max(self.paused_until)
    }

    /// Whether it may be asked at `now`; the rest is left out for a single look.
    pub(super) fn gate(&self, delay: Duration, with_rest: bool, now: Instant) -> Gate {
        if let Some(hold) = self.hold.as_deref().filter(|hold| hold.until > now) {
            return Gate::Held(hold.clone());
        }
        let trouble = self.trouble();
        if let Some(until) = trouble.silent_until().filter(|until| *until > now) {
            return Gate::Down(until);
        }
        if trouble.is_on_probe(now) && !self.running().is_empty() {
            return Gate::Probing;
        }
        let free = if with_rest { self.free_at(delay) } else { self.paused_until };
        match free {
            Some(free) if free > now => Gate::Rests(free),
            _ => Gate::Open,
        }
    }

    /// How long somebody who comes now would wait for a turn.
    pub(super) fn expected_wait(&self, delay: Duration, concurrency: usize, now: Instant) -> Duration {
        self.wait_behind(self.waiting(), delay, concurrency, now)
    }

    /// How long somebody behind so many others would wait: the rest, then the turns of all before.
    pub(super) fn wait_behind(&self, others: usize, delay: Duration, concurrency: usize, now: Instant) -> Duration {
        let rest = self.free_at(delay).map(|free| free.saturating_duration_since(now)).unwrap_or_default();
        let rounds = u32::try_from((others + self.running().len()) / concurrency).unwrap_or(u32::MAX);
        // One that is at it for longer than ever is slower than it was.
        let longest_running = self.running().iter().map(|since| now.saturating_duration_since(*since)).max();
        let unknown = if delay.is_zero() { UNKNOWN_RESPONSE_TIME } else { Duration::ZERO };
        let answer = self.typical.unwrap_or(unknown).max(longest_running.unwrap_or_default());
        rest.saturating_add((self.interval(delay) + answer).saturating_mul(rounds))
    }

    /// Takes note of the end of a request that took so long.
    pub(super) fn ended(
        &mut self,
        sign: Sign,
        status: Option<u16>,
        took: Duration,
        now: Instant,
        dice: f64,
    ) -> Option<(Duration, Cause)> {
        self.last_end = Some(now);
        if sign != Sign::Nothing {
            self.statuses.rotate_right(1);
            if let Some(newest) = self.statuses.first_mut() {
                *newest = Some(status.unwrap_or_default());
            }
        }
        let typical = self.typical.map_or(took, |typical| (typical * 3 + took) / 4);
        // An error is quick to say. It may show that a host got slower, never that it got faster.
        if sign == Sign::Well || typical > self.typical.unwrap_or_default() && sign != Sign::Nothing {
            self.typical = Some(typical);
        }
        let mut trouble = self.trouble();
        let pause = trouble.note(sign, now, dice);
        self.trouble = (trouble != Trouble::default()).then(|| Box::new(trouble));
        if let Some((wait, Cause::Refused)) = pause {
            self.paused_until = self.paused_until.max(Some(now + wait));
        }
        pause
    }

    /// Whether it can be forgotten at `now`: at once where there is no room, else after a while.
    pub(super) fn is_idle(&self, delay: Duration, at_once: bool, now: Instant) -> bool {
        let remembered = if at_once { Duration::ZERO } else { REMEMBERED };
        let quiet = self.last_end.is_none_or(|end| now.saturating_duration_since(end) >= remembered);
        let held = self.hold.as_ref().is_some_and(|hold| hold.until > now);
        let rested = self.free_at(delay).is_none_or(|free| free <= now);
        self.queue.is_none() && rested && quiet && !held && self.trouble().is_over(now)
    }
}
