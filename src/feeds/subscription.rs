//! A subscription: a feed's message that comes back by itself.
//!
//! A message with `every` has one successor at a time, which is written in the same commit as its outcome and waits
//! on a retry topic until it is due. Exactly once, that commit is a transaction, so there is never a
//! second message and never none. At least once, a crash can write the successor twice: both have the
//! same number and the same key, so they meet in one partition, and the second to come ends.

use jiff::Timestamp;
use moka::sync::Cache;
use url::Url;

use super::entry::Feed;
use super::known::Known;
use super::schedule::{BadInterval, Every, due_ms, pace};
use crate::fetch::Validators;
use crate::record::{Origin, Pace, Reason, Round, Ticket, UrlMessage, Verdict, Version};

/// The status of what is gone and will not come back (RFC 9110, 15.5.11).
const GONE_FOR_GOOD: u16 = 410;

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

/// What a feed said in this round, for the next one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Heard {
    /// How often it publishes.
    pub pace: Pace,
    /// Its entries.
    pub known: Option<String>,
    /// Which version it was.
    pub version: Option<Version>,
}

/// How a round went.
#[derive(Debug, Clone, Copy, Default)]
pub struct Went<'a> {
    /// What the feed said.
    pub heard: Option<&'a Heard>,
    /// Where it is for good, if not where it was asked for.
    pub moved_to: Option<&'a Url>,
    /// The status of the last answer.
    pub status: Option<u16>,
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
        // Each message that the list knew counts its own rounds: which of them lives is the list's to say.
        let id = subscription.ticket().map_or("", |ticket| ticket.id.as_str());
        let key = format!("{id} {}", subscription.message.url);
        if let Some((done, by)) = self.done.get(&key)
            && (number < done || number == done && by != *origin)
            && number > 0
        {
            return Turn::Superseded;
        }
        if now_ms < subscription.round.due_ms {
            return Turn::Early;
        }
        self.done.insert(key, (number, origin.clone()));
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

    /// The address of the feed, as this message has it.
    pub fn url(&self) -> &str {
        &self.message.url
    }

    /// How often it is asked, as the message has it.
    pub fn every(&self) -> &str {
        self.message.every.as_deref().unwrap_or_default()
    }

    /// What shows it to be the living message of its feed.
    pub const fn ticket(&self) -> Option<&Ticket> {
        self.message.subscription.as_ref()
    }

    /// The entries of the last round; `None` at the first meeting.
    pub fn known(&self) -> Option<Known> {
        self.round.known.as_deref().map(Known::read)
    }

    /// When the last round that did not fail was done, in milliseconds since 1970.
    pub const fn done_ms(&self) -> Option<i64> {
        self.round.done_ms
    }

    /// The version of the feed that was read last.
    pub fn version(&self) -> Option<Validators> {
        let Version { url, etag, last_modified } = self.round.version.clone()?;
        Some(Validators { url: Url::parse(&url).ok()?, etag, last_modified })
    }

    /// What the feed said, for [`Subscription::next`].
    pub fn heard(&self, feed: &Feed, version: Option<Validators>, now: Timestamp) -> Heard {
        let version =
            version.map(|Validators { url, etag, last_modified }| Version { url: url.into(), etag, last_modified });
        Heard { pace: pace(feed, now), known: Some(Known::write(&feed.entries, self.known().as_ref())), version }
    }

    /// What the feed said that has not changed since the last round.
    pub fn heard_again(&self) -> Heard {
        let Round { pace, known, version, .. } = self.round.clone();
        Heard { pace: pace.unwrap_or_default(), known, version }
    }

    /// The message as it is, for one that came before it was due.
    pub fn same(&self) -> UrlMessage {
        self.message.clone()
    }

    /// The message of the next round; `None` where the subscription ends: the feed is gone for good, is missing for
    /// thirty days, or never was one. A message that is deferred goes on as it is.
    pub fn next(&self, verdict: &Verdict, went: Went<'_>, now_ms: i64) -> Option<UrlMessage> {
        let Round { number, errors, missing_since_ms, .. } = self.round;
        let number_of_next = number.saturating_add(1);
        let mut round = Round { number: number_of_next, errors: 0, missing_since_ms: None, ..self.round.clone() };
        let mut wait = self.every.after_failure(errors + 1);
        match (verdict, went.heard) {
            (Verdict::Deferred { .. }, _) => return None,
            (Verdict::Expanded(_) | Verdict::Unchanged, Some(heard)) => {
                let Heard { pace, known, version } = heard.clone();
                wait = self.every.after(&pace, Timestamp::from_millisecond(now_ms).unwrap_or_default());
                round = Round { known, version, pace: Some(pace), done_ms: Some(now_ms), ..round };
            }
            (Verdict::Rejected { reason: Reason::Gone, .. }, _) => {
                let since = missing_since_ms.unwrap_or(now_ms);
                if went.status == Some(GONE_FOR_GOOD) || now_ms.saturating_sub(since) >= MISSING_FOR_MS {
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
        if let Some(url) = went.moved_to.filter(|_| went.heard.is_some()) {
            tracing::info!(from = message.url, to = url.as_str(), "a feed has moved");
            message.url = url.to_string();
        }
        let skip_hours = round.pace.map_or(0, |pace| pace.skip_hours);
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

    fn rejected(reason: Reason) -> Verdict {
        Verdict::Rejected { reason, detail: String::new() }
    }

    fn went(heard: &Heard) -> Went<'_> {
        Went { heard: Some(heard), ..Went::default() }
    }

    fn heard() -> Heard {
        Heard { known: Some("AAAAAA".into()), ..Heard::default() }
    }

    #[test]
    fn a_round_that_went_well_is_followed_by_the_next() {
        let next = subscription(Round { errors: 3, ..Round::default() });
        let next = next.next(&Verdict::Expanded(Vec::new()), went(&heard()), NOW).unwrap();
        let round = next.round.unwrap();
        assert_eq!((round.number, round.errors, round.known.as_deref()), (1, 0, Some("AAAAAA")));
        assert!((900_000..=990_000).contains(&(round.due_ms - NOW)));
    }

    #[test]
    fn failures_wait_longer_and_forget_nothing() {
        let round = Round { number: 4, errors: 1, known: Some("AAAAAA".into()), ..Round::default() };
        let next = subscription(round).next(&rejected(Reason::AttemptsExhausted), Went::default(), NOW).unwrap();
        let round = next.round.unwrap();
        assert_eq!((round.number, round.errors, round.known.as_deref()), (5, 2, Some("AAAAAA")));
        assert!(round.due_ms - NOW >= 3_600_000);
    }

    #[test]
    fn a_feed_that_is_gone_ends_its_subscription_and_one_that_is_missing_does_after_thirty_days() {
        let ends = |round: Round, reason: Reason, status: u16| {
            let went = Went { status: Some(status), ..Went::default() };
            subscription(round).next(&rejected(reason), went, NOW).is_none()
        };
        assert!(ends(Round::default(), Reason::Gone, 410));
        assert!(!ends(Round::default(), Reason::Gone, 404));
        let missing = |days: i64| Round { missing_since_ms: Some(NOW - days * 86_400_000), ..Round::default() };
        assert!(!ends(missing(29), Reason::Gone, 404));
        assert!(ends(missing(30), Reason::Gone, 404));
        assert!(ends(Round::default(), Reason::ForbiddenAddress, 200));
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
        assert_eq!(subscription(Round::default()).next(&deferred, Went::default(), NOW), None);
    }

    #[test]
    fn a_feed_that_moved_is_asked_where_it_is() {
        let moved = Url::parse("https://b.example/feed").unwrap();
        let next = subscription(Round::default());
        let heard = heard();
        let went = Went { moved_to: Some(&moved), ..went(&heard) };
        let next = next.next(&Verdict::Expanded(Vec::new()), went, NOW).unwrap();
        assert_eq!(next.url, "https://b.example/feed");
    }

    #[test]
    fn a_feed_that_has_not_changed_is_known_as_it_was() {
        let version = Version { url: "https://a.example/feed".into(), etag: Some("\"1\"".into()), last_modified: None };
        let pace = Pace { gap_s: Some(1_200), newest_s: Some(NOW / 1_000 - 600), ..Pace::default() };
        let round = Round {
            number: 4,
            errors: 1,
            known: Some("AAAAAA".into()),
            version: Some(version),
            pace: Some(pace),
            ..Round::default()
        };
        let own = subscription(round.clone());
        assert_eq!(own.version().unwrap().etag.as_deref(), Some("\"1\""));
        let next = own.next(&Verdict::Unchanged, went(&own.heard_again()), NOW).unwrap().round.unwrap();
        assert_eq!((next.number, next.errors), (5, 0));
        assert_eq!((next.known, next.version, next.pace), (round.known, round.version, round.pace));
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
        let ticket = Some(Ticket { id: "news.urls:0:9".into(), added_ms: NOW });
        let message = UrlMessage { subscription: ticket, ..message(Some(Round { number: 1, ..Round::default() })) };
        let newer = Subscription::of(&message).unwrap().unwrap();
        assert_eq!(rounds.turn(&newer, &origin(11), NOW), Turn::Due, "a newer subscription begins anew");
    }
}
