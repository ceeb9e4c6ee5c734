//! The messages of subscriptions: whose turn it is, what follows on a round, and what changes on the list of feeds.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::config::Settings;
use crate::feeds::{Counts, FeedView, Journal, Rounds, Standing, State, Subscription, Turn, Went, listed_as};
use crate::kafka::{Author, Consumed, ListedFeeds};
use crate::record::{Listing, Next, Origin, Subscribed, Ticket, UrlMessage, Verdict};
use crate::retry;

/// What a worker knows of subscriptions beside their messages.
pub struct Subscriptions {
    settings: Arc<Settings>,
    rounds: Rounds,
    listed: ListedFeeds,
    journal: Journal,
}

impl Subscriptions {
    /// Nothing is known yet.
    pub fn new(settings: Arc<Settings>) -> Self {
        Self {
            rounds: Rounds::default(),
            listed: ListedFeeds::new(settings.clone()),
            journal: Journal::default(),
            settings,
        }
    }

    /// The list of feeds.
    pub const fn listed(&self) -> &ListedFeeds {
        &self.listed
    }

    /// What operators see of the feeds.
    pub const fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Notes a round for operators: what came of the entries, where there were any, and what follows.
    pub fn note(&self, subscription: &Subscription, entries: Option<Counts>, hub: Option<String>, next: Option<&Next>) {
        let url = subscription.url();
        let before = self.journal.of(url);
        let round = next.and_then(|next| next.message.round.clone());
        let (Some(next), Some(round)) = (next, round) else { return self.journal.forget(url) };
        if next.message.url != url {
            self.journal.forget(url);
        }
        self.journal.note(FeedView {
            url: next.message.url.clone(),
            state: State::Well,
            errors: round.errors,
            next_due_ms: round.due_ms,
            asked_ms: now_ms(),
            pace: round.pace.unwrap_or_default(),
            entries: entries.or(before.as_ref().map(|before| before.entries)).unwrap_or_default(),
            hub: hub.or(before.and_then(|before| before.hub)),
        });
    }

    /// Whether it is this message's turn: the list of feeds and the rounds that were done say so.
    pub async fn turn(&self, subscription: &Subscription, origin: &Origin) -> Turn {
        if let Some(ticket) = subscription.ticket() {
            let own = origin.to_string();
            if self.listed.standing(subscription.url(), ticket, &own, now_ms()).await == Standing::Ended {
                return Turn::Superseded;
            }
        }
        self.rounds.turn(subscription, origin, now_ms())
    }

    /// The next round of a subscription, or this one again if it is not due. `None` where it ends, or is deferred.
    pub fn next(&self, subscription: &Subscription, turn: Turn, verdict: &Verdict, went: Went<'_>) -> Option<Next> {
        let now_ms = now_ms();
        let message = match turn {
            Turn::Due => subscription.next(verdict, went, now_ms)?,
            Turn::Early => subscription.same(),
            Turn::Superseded => return None,
        };
        let due_ms = message.round.as_ref().map_or(now_ms, |round| round.due_ms);
        self.after(Duration::from_millis(due_ms.saturating_sub(now_ms).max(0).unsigned_abs()), message)
    }

    /// A message that the worker leaves to itself, to be looked at after `wait`, or at a stop on the way there. `None`
    /// without retry tiers.
    pub fn after(&self, wait: Duration, message: UrlMessage) -> Option<Next> {
        let (topic, not_before_ms) = retry::stop(wait, &self.settings.retry, now_ms())?;
        Some(Next { message, topic, not_before_ms })
    }

    /// What follows on a message that ended so outside of its stages: a subscription outlives a stage that fails.
    pub fn goes_on(&self, message: &Consumed, verdict: &Verdict) -> Vec<Next> {
        let subscription = message.request().ok().and_then(|request| Subscription::of(&request).ok().flatten());
        let next = subscription.and_then(|own| self.next(&own, Turn::Due, verdict, Went::default()));
        next.into_iter().collect()
    }

    /// What changes on the list after a round: a new subscription is listed, and so takes the place of an older one of
    /// its feed; one that moved is listed where it is; one that ends is no more.
    pub async fn list(&self, subscription: &Subscription, message: &Consumed, next: Option<&mut Next>) -> Vec<Listing> {
        let Some(before) = listed_as(subscription.url()).filter(|_| self.listed.are_kept()) else { return Vec::new() };
        let ticket = subscription.ticket();
        let Some(next) = next else { return ticket.map(|_| Listing::Remove(before)).into_iter().collect() };
        let url = listed_as(&next.message.url).unwrap_or_else(|| before.clone());
        let id = match ticket.filter(|_| message.author == Author::Newswire) {
            Some(_) if url == before => return Vec::new(),
            Some(ticket) => ticket.id.clone(),
            None => message.origin.to_string(),
        };
        let now = Timestamp::now();
        let title = self.listed.title(&before).await;
        let (every, added_at) = (subscription.every().to_owned(), format!("{now:.3}"));
        next.message.subscription = Some(Ticket { id: id.clone(), added_ms: now.as_millisecond() });
        let gone = ticket.filter(|_| url != before).map(|_| Listing::Remove(before));
        gone.into_iter().chain([Listing::Put(Subscribed { url, every, added_at, id, title })]).collect()
    }
}

fn now_ms() -> i64 {
    Timestamp::now().as_millisecond()
}
