//! What `newswire demo` puts in, and how each message must end.
//!
//! The messages go in two waves. The second one asks again for what the first one published
//! (a revision, a copy, another spelling), so it must wait until every message of the first has
//! ended for good. Within a wave the order does not matter: where two messages race, as a story and
//! its copy do, one of them is the original, and which one is left open. That is why what is
//! expected are counts ([`Plan::expected`]) and not the end of this message or that.

use std::collections::BTreeMap;
use std::io;

use crate::record::{Outcome, Reason};

use super::catalogue::{elsewhere, host_of, url, url_of};
use super::story::{self, Served, Story};

/// When a message goes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wave {
    /// At once.
    First,
    /// When every message of the first wave, and all that came of them, has ended for good.
    Second,
}

/// How a message ends, for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Expected {
    /// The outcome, which is never `deferred`.
    pub outcome: Outcome,
    /// The reason, when it is rejected.
    pub reason: Option<Reason>,
    /// Why it is deferred on its way, if it must be. Busy hosts may defer others too.
    pub deferred: Option<Reason>,
}

impl Expected {
    const fn outcome(outcome: Outcome) -> Self {
        Self { outcome, reason: None, deferred: None }
    }

    const fn rejected(reason: Reason) -> Self {
        Self { outcome: Outcome::Rejected, reason: Some(reason), deferred: None }
    }

    const fn after(self, deferred: Reason) -> Self {
        Self { deferred: Some(deferred), ..self }
    }
}

/// A message to put in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedMessage {
    /// The value.
    pub value: Vec<u8>,
    /// The key: the registrable domain, where there is one.
    pub key: Option<String>,
    /// When it goes in.
    pub wave: Wave,
    /// How it ends. Of two that race, one's expectation may be met by the other.
    pub expected: Expected,
}

/// Everything that `newswire demo` puts in, and what must come of it.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The messages, those of the first wave first.
    pub messages: Vec<PlannedMessage>,
    /// How the messages end that the feeds add.
    pub from_feeds: Vec<Expected>,
    /// The address of the seed's republished copy, whose record the summary shows.
    pub seed: String,
    /// The address of the feed that is asked again and again.
    pub polled: String,
}

impl Plan {
    /// The plan. Fails when a story names a host that is none.
    pub fn new() -> io::Result<Self> {
        let mut plan =
            Self { messages: Vec::new(), from_feeds: Vec::new(), seed: String::new(), polled: String::new() };
        plan.add_seed()?;
        for story in story::stories() {
            plan.add_story(&story)?;
        }
        plan.add_other_pages()?;
        plan.add_malformed();
        plan.messages.sort_by_key(|message| message.wave);
        Ok(plan)
    }

    /// How many messages end in which way, those from feeds included.
    pub fn expected(&self) -> BTreeMap<(Outcome, Option<Reason>), usize> {
        let mut counts = BTreeMap::new();
        for expected in self.messages.iter().map(|message| &message.expected).chain(&self.from_feeds) {
            *counts.entry((expected.outcome, expected.reason)).or_default() += 1;
        }
        counts
    }

    /// How many messages must be deferred at least once, by reason.
    pub fn expected_deferrals(&self) -> BTreeMap<Reason, usize> {
        let mut counts = BTreeMap::new();
        for reason in self.messages.iter().filter_map(|message| message.expected.deferred) {
            *counts.entry(reason).or_default() += 1;
        }
        counts
    }

    fn add(&mut self, wave: Wave, value: impl Into<Vec<u8>>, expected: Expected) {
        let value = value.into();
        let key = key_of(&value);
        self.messages.push(PlannedMessage { value, key, wave, expected });
    }

    /// The copy goes first, so that the record shown is the one with the furniture to clear away;
    /// the original, which it names as its source, is then a duplicate.
    fn add_seed(&mut self) -> io::Result<()> {
        let [original, copy] = story::seed()[..] else {
            return Err(io::Error::other("the seed is an original and a copy"));
        };
        self.seed = url_of(&copy)?;
        self.add(Wave::First, self.seed.clone(), Expected::outcome(Outcome::Published));
        self.add(Wave::Second, url_of(&original)?, Expected::outcome(Outcome::Duplicate));
        Ok(())
    }

    fn add_story(&mut self, story: &Story) -> io::Result<()> {
        let url = url_of(story)?;
        let published = Expected::outcome(Outcome::Published);
        let again = match story.served {
            Served::InFeed => {
                self.from_feeds.push(published);
                return Ok(());
            }
            Served::Moved => {
                self.add(Wave::First, elsewhere("short", story)?, published);
                return Ok(());
            }
            Served::AfterError => {
                self.add(Wave::First, url, published.after(Reason::ServerError));
                return Ok(());
            }
            Served::AfterBusy => {
                self.add(Wave::First, url, published.after(Reason::RateLimited));
                return Ok(());
            }
            Served::AfterCut => {
                self.add(Wave::First, url, published.after(Reason::IncompleteBody));
                return Ok(());
            }
            Served::Plainly => None,
            Served::Revised => Some((Wave::Second, url.clone(), Outcome::Revised)),
            Served::Twice => Some((Wave::Second, url.clone(), Outcome::Unchanged)),
            Served::Tracked => Some((Wave::Second, format!("{url}?utm_source=demo"), Outcome::Unchanged)),
            Served::Amp => Some((Wave::Second, elsewhere("amp", story)?, Outcome::Unchanged)),
            // These two race: either is the original.
            Served::Copied => Some((Wave::First, elsewhere("reprints", story)?, Outcome::Duplicate)),
        };
        // Some with hints, most without, as crawlers differ.
        if self.messages.len().is_multiple_of(3) {
            let hints = serde_json::json!({"url": url, "source": "demo", "title": story.title});
            self.add(Wave::First, hints.to_string(), published);
        } else {
            self.add(Wave::First, url, published);
        }
        if let Some((wave, url, outcome)) = again {
            self.add(wave, url, Expected::outcome(outcome));
        }
        Ok(())
    }

    fn add_other_pages(&mut self) -> io::Result<()> {
        let pages = [
            ("northline", "/atom.xml", Expected::outcome(Outcome::Expanded)),
            ("harbour", "/private/drafts", Expected::rejected(Reason::RobotsDisallowed)),
            ("harbour", "/no-such-page", Expected::rejected(Reason::Gone)),
            ("harbour", "/withdrawn", Expected::rejected(Reason::Gone)),
            ("harbour", "/members-only", Expected::rejected(Reason::ClientError)),
            ("harbour", "/empty", Expected::rejected(Reason::UnexpectedStatus)),
            ("harbour", "/minutes", Expected::rejected(Reason::TooLarge)),
            ("harbour", "/budget.pdf", Expected::rejected(Reason::UnsupportedContentType)),
            ("harbour", "/local", Expected::rejected(Reason::NotAnArticle)),
            ("harbour", "/login", Expected::rejected(Reason::NotAnArticle)),
            ("short", "/round", Expected::rejected(Reason::RedirectLoop)),
            ("short", "/on/0", Expected::rejected(Reason::TooManyRedirects)),
            ("down", "/news/today", Expected::rejected(Reason::AttemptsExhausted).after(Reason::ServerError)),
        ];
        self.polled = url(host_of("tidewater")?, "/feed.xml");
        let subscription = serde_json::json!({"url": self.polled, "every": "500ms"}).to_string();
        self.add(Wave::First, subscription, Expected::outcome(Outcome::Expanded));
        for (host, path, expected) in pages {
            self.add(Wave::First, url(host_of(host)?, path), expected);
        }
        Ok(())
    }

    fn add_malformed(&mut self) {
        let values: [(&[u8], Reason); 13] = [
            (b"", Reason::MalformedMessage),
            (b"http://www.harbour-post.example/caf\xe9", Reason::MalformedMessage),
            (b"{\"url\": \"http://www.harbour-post.example/", Reason::MalformedMessage),
            (b"{\"link\": \"http://www.harbour-post.example/\"}", Reason::MalformedMessage),
            (b"{\"url\": 42}", Reason::MalformedMessage),
            (b"{\"url\": \"http://www.harbour-post.example/\", \"force\": \"yes\"}", Reason::MalformedMessage),
            (b"[\"http://www.harbour-post.example/\"]", Reason::MalformedMessage),
            (b"good morning", Reason::MalformedMessage),
            (b"www.harbour-post.example/news", Reason::InvalidUrl),
            (b"http://[::1", Reason::InvalidUrl),
            (b"ftp://www.harbour-post.example/news.txt", Reason::UnsupportedScheme),
            (b"{\"url\": \"javascript:alert(1)\"}", Reason::UnsupportedScheme),
            (b"http://reader:secret@www.harbour-post.example/local", Reason::CredentialsInUrl),
        ];
        for (value, reason) in values {
            self.add(Wave::First, value, Expected::rejected(reason));
        }
    }
}

/// The registrable domain of the address in a value, as upstream crawlers are asked to key by.
fn key_of(value: &[u8]) -> Option<String> {
    let message = crate::record::UrlMessage::parse(value).ok()?;
    let url = url::Url::parse(&message.url).ok()?;
    psl::domain_str(url.host_str()?).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_messages_stand_in_the_order_of_their_waves() {
        let plan = Plan::new().unwrap();
        assert!(plan.messages.is_sorted_by_key(|message| message.wave));
        assert!(plan.messages.iter().any(|message| message.wave == Wave::Second));
    }

    #[test]
    fn every_outcome_of_the_law_is_seen() {
        let plan = Plan::new().unwrap();
        let expected = plan.expected();
        for outcome in Outcome::ALL.into_iter().filter(|outcome| *outcome != Outcome::Deferred) {
            assert!(expected.keys().any(|(expected, _)| *expected == outcome), "{outcome}");
        }
        assert!(plan.expected_deferrals().len() >= 3);
    }

    #[test]
    fn the_expectations_add_up_to_what_is_put_in() {
        let plan = Plan::new().unwrap();
        assert_eq!(plan.expected().values().sum::<usize>(), plan.messages.len() + plan.from_feeds.len());
        assert!(plan.expected()[&(Outcome::Published, None)] >= 60);
    }

    #[test]
    fn a_rejection_has_a_reason_and_nothing_else_has_one() {
        for message in Plan::new().unwrap().messages {
            let expected = message.expected;
            assert_eq!(expected.outcome == Outcome::Rejected, expected.reason.is_some(), "{message:?}");
        }
    }

    #[test]
    fn a_message_with_an_address_is_keyed_by_its_registrable_domain() {
        assert_eq!(key_of(b"http://amp.harbour-post.example/amp/x").as_deref(), Some("harbour-post.example"));
        assert_eq!(key_of(b"good morning"), None);
    }
}
