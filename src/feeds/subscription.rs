//! A subscription: a feed's message that comes back by itself.
//!
//! A message with `every` has one successor at a time, which is written in the same commit as its outcome and waits
//! on a retry topic until it is due. Exactly once, that commit is a transaction, so there is never a
//! second message and never none. At least once, a crash can write the successor twice: both have the
//! same number and the same key, so they meet in one partition, and the second to come ends.

use std::time::Duration;

use jiff::Timestamp;
use moka::sync::Cache;
use url::Url;

use super::entry::Feed;
use super::known::Known;
use super::schedule::{BadInterval, Every, due_ms};
use crate::record::{Origin, Reason, Round, UrlMessage, Verdict};

/// How long a feed may be missing (404) before its subscription ends.
const MISSING_FOR_MS: i64 = 30 * 24 * 3_600 * 1_000;

/// Subscriptions whose last round is remembered; ten times what one worker is meant for.
const MOST_SUBSCRIPTIONS: u64 = 100_000;

/// A message of a subscription.
#[derive(Debug, Clone)]
pub struct Subscription {
    message: UrlMessage,
    every: Every,
    round: Round,
}

/// What is to be done with a message of a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// Ask the feed.
    Due,
    /// It is not due; it travels on.
    Early,
    /// Another message has done this round: this one is a copy.
    Superseded,
}

/// The rounds that this worker has done.
#[derive(Debug, Clone)]
pub struct Rounds {
    done: Cache<String, (u32, Origin)>,
}

/// What a feed said in this round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// How long until it is asked again.
    pub wait: Duration,
    /// The hours that it leaves out.
    pub skip_hours: u32,
    /// Its entries, for the next round.
    pub known: String,
}

impl Default for Rounds {
    fn default() -> Self {
        Self { done: Cache::builder().max_capacity(MOST_SUBSCRIPTIONS).build() }
    }
}

impl Rounds {
    /// Whether it is this message's turn at `now_ms`. Rounds of this worker count from here on.
    pub fn turn(&self, subscription: &Subscription, origin: &Origin, now_ms: i64) -> Turn {
        let number = subscription.round.number;
        if let Some((done, by)) = self.done.get(&subscription.message.url)
            && (number < done || number == done && by != *origin)
            && number > 0
        {
            return Turn::Superseded;
        }
        if now_ms < subscription.round.due_ms {
            return Turn::Early;
        }
        self.done.insert(subscription.message.url.clone(), (number, origin.clone()));
        Turn::Due
    }
}

impl Subscription {
    /// The subscription that a message belongs to; `None` for a message that asks once.
    ///
    /// # Errors
    /// [`BadInterval`]: its field `every` can't be read.
    pub fn of(message: &UrlMessage) -> Result<Option<Self>, BadInterval> {
        let Some(every) = &message.every else { return Ok(None) };
        let every = Every::parse(every)?;
        let round = message.round.clone().unwrap_or_default();
        Ok(Some(Self { message: message.clone(), every, round }))
    }

    /// The entries of the last round; `None` at the first meeting.
    pub fn known(&self) -> Option<Known> {
        self.round.known.as_deref().map(Known::read)
    }

    /// What the feed said, for [`Subscription::next`].
    pub fn heard(&self, feed: &Feed, now: Timestamp) -> Heard {
        Heard {
            wait: self.every.after(feed, now),
            skip_hours: feed.rhythm.skip_hours,
            known: Known::write(&feed.entries, self.known().as_ref()),
        }
    }

    /// The message as it is, for one that came before it was due.
    pub fn same(&self) -> UrlMessage {
        self.message.clone()
    }

    /// The message of the next round; `None` where the subscription ends: the feed is gone for good, is missing for
    /// thirty days, or never was one. A message that is deferred goes on as it is.
    pub fn next(
        &self,
        verdict: &Verdict,
        heard: Option<&Heard>,
        moved_to: Option<&Url>,
        now_ms: i64,
    ) -> Option<UrlMessage> {
        let Round { number, errors, missing_since_ms, ref known, .. } = self.round;
        let mut round = Round { number: number.saturating_add(1), known: known.clone(), ..Round::default() };
        let (mut wait, mut skip_hours) = (self.every.after_failure(errors + 1), 0);
        match (verdict, heard) {
            (Verdict::Deferred { .. }, _) => return None,
            (Verdict::Expanded(_), Some(heard)) => {
                round.known = Some(heard.known.clone());
                (wait, skip_hours) = (heard.wait, heard.skip_hours);
            }
            (Verdict::Rejected { reason: Reason::Gone, detail }, _) => {
                let since = missing_since_ms.unwrap_or(now_ms);
                if detail.contains("410") || now_ms.saturating_sub(since) >= MISSING_FOR_MS {
                    return None;
                }
                round.missing_since_ms = Some(since);
                round.errors = errors + 1;
            }
            (Verdict::Rejected { reason, .. }, _) if is_never(*reason) => return None,
            (Verdict::Rejected { .. }, _) => round.errors = errors + 1,
            // An article under a feed's address, at the first meeting: it never was a feed.
            _ if number == 0 => return None,
            _ => round.errors = errors + 1,
        }
        let mut message = self.message.clone();
        if let Some(url) = moved_to.filter(|_| heard.is_some()) {
            tracing::info!(from = message.url, to = url.as_str(), "a feed has moved");
            message.url = url.to_string();
        }
        round.due_ms = due_ms(&message.url, round.number, wait, skip_hours, now_ms);
        message.round = Some(round);
        Some(message)
    }
}

/// Whether a rejection is about the message or the address itself: no later round can end otherwise.
fn is_never(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::MalformedMessage
            | Reason::InvalidUrl
            | Reason::UnsupportedScheme
            | Reason::CredentialsInUrl
            | Reason::ForbiddenAddress
            | Reason::ForbiddenPort
            | Reason::BlockedHost
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_542_960_000_000;

    fn message(round: Option<Round>) -> UrlMessage {
        UrlMessage { every: Some("15m".into()), round, ..UrlMessage::bare("https://a.example/feed") }
    }

    fn subscription(round: Round) -> Subscription {
        Subscription::of(&message(Some(round))).unwrap().unwrap()
    }

    fn origin(offset: i64) -> Origin {
        Origin { topic: "t".into(), partition: 0, offset }
    }

    fn rejected(reason: Reason, detail: &str) -> Verdict {
        Verdict::Rejected { reason, detail: detail.into() }
    }

    fn heard() -> Heard {
        Heard { wait: Duration::from_secs(900), skip_hours: 0, known: "AAAAAA".into() }
    }

    #[test]
    fn a_round_that_went_well_is_followed_by_the_next() {
        let next = subscription(Round { errors: 3, ..Round::default() });
        let next = next.next(&Verdict::Expanded(Vec::new()), Some(&heard()), None, NOW).unwrap();
        let round = next.round.unwrap();
        assert_eq!((round.number, round.errors, round.known.as_deref()), (1, 0, Some("AAAAAA")));
        assert!((900_000..=990_000).contains(&(round.due_ms - NOW)));
    }

    #[test]
    fn failures_wait_longer_and_forget_nothing() {
        let round = Round { number: 4, errors: 1, known: Some("AAAAAA".into()), ..Round::default() };
        let next = subscription(round).next(&rejected(Reason::AttemptsExhausted, "500"), None, None, NOW).unwrap();
        let round = next.round.unwrap();
        assert_eq!((round.number, round.errors, round.known.as_deref()), (5, 2, Some("AAAAAA")));
        assert!(round.due_ms - NOW >= 3_600_000);
    }

    #[test]
    fn a_feed_that_is_gone_ends_its_subscription_and_one_that_is_missing_does_after_thirty_days() {
        let ends = |round: Round, verdict: &Verdict| subscription(round).next(verdict, None, None, NOW).is_none();
        assert!(ends(Round::default(), &rejected(Reason::Gone, "410 Gone")));
        assert!(!ends(Round::default(), &rejected(Reason::Gone, "404 Not Found")));
        let missing = |days: i64| Round { missing_since_ms: Some(NOW - days * 86_400_000), ..Round::default() };
        assert!(!ends(missing(29), &rejected(Reason::Gone, "404 Not Found")));
        assert!(ends(missing(30), &rejected(Reason::Gone, "404 Not Found")));
        assert!(ends(Round::default(), &rejected(Reason::ForbiddenAddress, "")));
    }

    #[test]
    fn what_is_deferred_is_the_message_itself() {
        let deferred = Verdict::Deferred {
            reason: Reason::ServerError,
            detail: String::new(),
            topic: "t".into(),
            not_before_ms: 0,
            attempts: 1,
        };
        assert_eq!(subscription(Round::default()).next(&deferred, None, None, NOW), None);
    }

    #[test]
    fn a_feed_that_moved_is_asked_where_it_is() {
        let moved = Url::parse("https://b.example/feed").unwrap();
        let next = subscription(Round::default());
        let next = next.next(&Verdict::Expanded(Vec::new()), Some(&heard()), Some(&moved), NOW).unwrap();
        assert_eq!(next.url, "https://b.example/feed");
    }

    #[test]
    fn of_two_messages_of_one_round_the_second_ends() {
        let (rounds, third) = (Rounds::default(), subscription(Round { number: 3, ..Round::default() }));
        assert_eq!(rounds.turn(&third, &origin(7), NOW), Turn::Due);
        assert_eq!(rounds.turn(&third, &origin(7), NOW), Turn::Due, "a redelivery");
        assert_eq!(rounds.turn(&third, &origin(8), NOW), Turn::Superseded);
        let second = subscription(Round { number: 2, ..Round::default() });
        assert_eq!(rounds.turn(&second, &origin(9), NOW), Turn::Superseded);
        let early = subscription(Round { number: 4, due_ms: NOW + 1, ..Round::default() });
        assert_eq!(rounds.turn(&early, &origin(10), NOW), Turn::Early);
        assert_eq!(rounds.turn(&early, &origin(10), NOW + 1), Turn::Due);
    }
}
