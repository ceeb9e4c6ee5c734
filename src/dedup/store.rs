//! What is known, and the claim: one atomic step that reads it and writes one's own.
//!
//! Invariants:
//! - A message that comes again gets the decision that it got before; it is no duplicate of itself.
//! - Of two messages with the same text, exactly one is the first.
//! - A claim that is dropped unconfirmed leaves what it found.
//!
//! This store lives in the worker's memory: a worker that starts anew knows nothing.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::TextHash;
use crate::record::Origin;

/// The most articles remembered, about 300 bytes each; the oldest are forgotten first.
const MOST_KNOWN: usize = 1_000_000;

/// What a message asks about.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// The key of the URL's identity.
    pub key: String,
    /// The id of the article under that key.
    pub article_id: String,
    /// Its text.
    pub text: TextHash,
}

/// What an article is, given what was known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Neither its URL nor its text was known.
    New,
    /// Its URL was known, with another text; the number of this revision, from 2.
    Revised(u32),
    /// Its URL was known, with this text.
    Unchanged,
    /// Its text was known, from another URL: the id of the first article.
    Duplicate(String),
}

/// The articles known to this worker.
#[derive(Debug)]
pub struct Store {
    remember: Duration,
    known: Mutex<Articles>,
}

#[derive(Debug, Default)]
struct Articles {
    by_key: HashMap<String, Article>,
    by_text: HashMap<TextHash, String>,
    order: VecDeque<(Instant, String)>,
    claims: u64,
}

#[derive(Debug, Clone)]
struct Article {
    id: String,
    text: TextHash,
    revision: u32,
    /// Who decided it last, and how.
    origin: Origin,
    decision: Decision,
    /// The unconfirmed claim that wrote it, and what it replaced.
    pending: Option<(u64, Option<Box<Article>>)>,
}

/// A decision that is not settled yet: confirmed, or released when it is dropped.
#[derive(Debug)]
pub struct Claim {
    store: Arc<Store>,
    key: String,
    number: u64,
}

impl Store {
    /// An empty store that forgets what is older than `remember`.
    pub fn new(remember: Duration) -> Arc<Self> {
        Arc::new(Self { remember, known: Mutex::default() })
    }

    /// Decides what `asked`, which came in as `origin`, is, and claims it at `now`.
    ///
    /// The claim is `None` when there is nothing to settle.
    pub fn claim(self: &Arc<Self>, asked: Known, origin: &Origin, now: Instant) -> (Decision, Option<Claim>) {
        let mut known = self.lock();
        known.forget(now, self.remember);
        let decision = match known.by_key.get(&asked.key) {
            Some(article) if article.text == asked.text && article.origin == *origin => {
                return (article.decision.clone(), None);
            }
            Some(article) if article.text == asked.text => return (Decision::Unchanged, None),
            Some(article) => Decision::Revised(article.revision + 1),
            None => known.original(&asked).map_or(Decision::New, Decision::Duplicate),
        };
        let revision = if let Decision::Revised(revision) = decision { revision } else { 1 };
        let number = known.claims;
        known.claims += 1;
        let before = known.by_key.remove(&asked.key).map(Box::new);
        if before.is_none() {
            known.order.push_back((now, asked.key.clone()));
        }
        known.by_text.entry(asked.text).or_insert_with(|| asked.key.clone());
        let article = Article {
            id: asked.article_id,
            text: asked.text,
            revision,
            origin: origin.clone(),
            decision: decision.clone(),
            pending: Some((number, before)),
        };
        known.by_key.insert(asked.key.clone(), article);
        drop(known);
        (decision, Some(Claim { store: self.clone(), key: asked.key, number }))
    }

    /// What `asked` would be, without claiming it.
    pub fn look(&self, asked: &Known) -> Decision {
        let known = self.lock();
        match known.by_key.get(&asked.key) {
            Some(article) if article.text == asked.text => Decision::Unchanged,
            Some(article) => Decision::Revised(article.revision + 1),
            None => known.original(asked).map_or(Decision::New, Decision::Duplicate),
        }
    }

    fn settle(&self, key: &str, number: u64, confirm: bool) {
        let mut known = self.lock();
        let Some(article) = known.by_key.get_mut(key) else { return };
        if article.pending.as_ref().is_none_or(|(pending, _)| *pending != number) {
            return;
        }
        let before = article.pending.take().and_then(|(_, before)| before);
        if confirm {
            return;
        }
        let text = article.text;
        if known.by_text.get(&text).is_some_and(|first| first == key) {
            known.by_text.remove(&text);
        }
        match before {
            Some(before) => {
                known.by_text.entry(before.text).or_insert_with(|| key.to_owned());
                known.by_key.insert(key.to_owned(), *before);
            }
            None => {
                known.by_key.remove(key);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Articles> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Articles {
    /// The id of another article with this text.
    fn original(&self, asked: &Known) -> Option<String> {
        let key = self.by_text.get(&asked.text).filter(|key| **key != asked.key)?;
        let article = self.by_key.get(key)?;
        // A first article that was revised since has another text now, but was there first.
        Some(match &article.decision {
            Decision::Duplicate(of) if article.text == asked.text => of.clone(),
            _ => article.id.clone(),
        })
    }

    fn forget(&mut self, now: Instant, remember: Duration) {
        while let Some((since, _)) = self.order.front() {
            let old = now.saturating_duration_since(*since) > remember;
            if !old && self.by_key.len() < MOST_KNOWN {
                return;
            }
            let Some((_, key)) = self.order.pop_front() else { return };
            if let Some(article) = self.by_key.remove(&key) {
                self.by_text.remove(&article.text);
            }
        }
    }
}

impl Claim {
    /// Settles the decision: its records are acknowledged.
    pub fn confirm(self) {
        self.store.settle(&self.key, self.number, true);
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // After a confirmation nothing is pending under this number any more.
        self.store.settle(&self.key, self.number, false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(24 * 60 * 60);

    fn asked(key: &str, text: &str) -> Known {
        Known { key: key.into(), article_id: format!("id-{key}"), text: TextHash::of(text) }
    }

    fn origin(offset: i64) -> Origin {
        Origin { topic: "news.urls".into(), partition: 0, offset }
    }

    fn settled(store: &Arc<Store>, key: &str, text: &str, offset: i64) -> Decision {
        let (decision, claim) = store.claim(asked(key, text), &origin(offset), Instant::now());
        if let Some(claim) = claim {
            claim.confirm();
        }
        decision
    }

    #[test]
    fn new_unchanged_revised_and_duplicate_are_told_apart() {
        let store = Store::new(DAY);
        assert_eq!(settled(&store, "a", "one text", 1), Decision::New);
        assert_eq!(settled(&store, "a", "One text.", 2), Decision::Unchanged);
        assert_eq!(settled(&store, "a", "another text", 3), Decision::Revised(2));
        assert_eq!(settled(&store, "a", "a third text", 4), Decision::Revised(3));
        assert_eq!(settled(&store, "b", "a third text", 5), Decision::Duplicate("id-a".into()));
        assert_eq!(settled(&store, "b", "a third text", 6), Decision::Unchanged);
    }

    #[test]
    fn a_redelivered_message_is_no_duplicate_of_itself() {
        let store = Store::new(DAY);
        assert_eq!(settled(&store, "a", "text", 1), Decision::New);
        assert_eq!(settled(&store, "b", "text", 2), Decision::Duplicate("id-a".into()));
        assert_eq!(settled(&store, "a", "text", 1), Decision::New);
        assert_eq!(settled(&store, "b", "text", 2), Decision::Duplicate("id-a".into()));
    }

    #[test]
    fn of_two_copies_at_once_exactly_one_is_the_original() {
        let store = Store::new(DAY);
        let (first, one) = store.claim(asked("a", "text"), &origin(1), Instant::now());
        let (second, two) = store.claim(asked("b", "text"), &origin(2), Instant::now());
        assert_eq!((first, second), (Decision::New, Decision::Duplicate("id-a".into())));
        drop((one, two));
    }

    #[test]
    fn a_claim_that_is_dropped_leaves_what_it_found() {
        let store = Store::new(DAY);
        drop(store.claim(asked("a", "text"), &origin(1), Instant::now()));
        assert_eq!(store.look(&asked("b", "text")), Decision::New);
        assert_eq!(settled(&store, "a", "text", 2), Decision::New);
        drop(store.claim(asked("a", "changed"), &origin(3), Instant::now()));
        assert_eq!(store.look(&asked("a", "text")), Decision::Unchanged);
        assert_eq!(store.look(&asked("b", "text")), Decision::Duplicate("id-a".into()));
        assert_eq!(settled(&store, "a", "changed", 4), Decision::Revised(2));
    }

    #[test]
    fn what_is_old_is_forgotten() {
        let store = Store::new(DAY);
        let start = Instant::now();
        let (_, claim) = store.claim(asked("a", "text"), &origin(1), start);
        claim.unwrap().confirm();
        let (decision, _) = store.claim(asked("b", "text"), &origin(2), start + DAY * 2);
        assert_eq!(decision, Decision::New);
    }

    #[test]
    fn racing_copies_have_one_original() {
        let store = Store::new(DAY);
        for round in 0..200 {
            let decisions: Vec<Decision> = std::thread::scope(|scope| {
                let race = |key: String, offset| {
                    let store = &store;
                    scope.spawn(move || settled(store, &key, &format!("text {round}"), offset))
                };
                let racers = [race(format!("x{round}"), round * 2), race(format!("y{round}"), round * 2 + 1)];
                racers.into_iter().map(|racer| racer.join().unwrap()).collect()
            });
            assert_eq!(decisions.iter().filter(|decision| **decision == Decision::New).count(), 1, "{decisions:?}");
        }
    }
}
