//! Who is on the list of subscriptions, as one reader of its topic sees it.

use std::collections::HashMap;

use crate::record::{Identity, Subscribed, Ticket};

/// Ids of one feed that are remembered, the latest last.
const MOST_IDS: usize = 8;

/// How long after it was listed a subscription may still be out of sight, in milliseconds: an open transaction hides what
/// was written after it, and is ended by the brokers after 30 s and a few more.
const SETTLES_MS: i64 = 60_000;

/// The list, as far as it was read.
#[derive(Debug, Default)]
pub struct Roster {
    feeds: HashMap<String, Seen>,
}

/// What was seen of one feed.
#[derive(Debug, Default)]
struct Seen {
    /// As it is listed; `None` for one that was removed.
    listed: Option<Subscribed>,
    ids: Vec<String>,
}

/// Whether the list knows a message of a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is the living one.
    Listed,
    /// It may be listed where we can't see it yet.
    Unsettled,
    /// It was removed, or another one took its place.
    Ended,
}

/// The key of a feed on the list: its address without what does not belong to it. `None` for what is no address.
///
/// `feed://a.example/` and `feed:https://a.example/` are how some pages and readers write `http://` and `https://`.
pub fn listed_as(url: &str) -> Option<String> {
    let written = url.trim();
    let behind = written.get(..5).filter(|scheme| scheme.eq_ignore_ascii_case("feed:")).and_then(|_| written.get(5..));
    let url = match behind {
        Some(rest) if rest.starts_with("//") => format!("http:{rest}"),
        Some(rest) => rest.to_owned(),
        None => written.to_owned(),
    };
    Identity::of(&url).ok().map(|identity| identity.fetch.to_string())
}

impl Roster {
    /// Takes in one record of the topic. What can't be read is nobody's.
    pub fn read(&mut self, key: &[u8], value: Option<&[u8]>) {
        let Ok(key) = std::str::from_utf8(key) else { return };
        let listed: Option<Subscribed> = match value {
            None => None,
            Some(value) => match serde_json::from_slice(value) {
                Ok(listed) => Some(listed),
                Err(failure) => {
                    tracing::warn!(key, error = %failure, "a record on the list of feeds can't be read");
                    return;
                }
            },
        };
        let seen = self.feeds.entry(key.to_owned()).or_default();
        if let Some(listed) = &listed {
            seen.ids.retain(|id| *id != listed.id);
            seen.ids.push(listed.id.clone());
            if seen.ids.len() > MOST_IDS {
                seen.ids.remove(0);
            }
        }
        seen.listed = listed;
    }

    /// How a feed is listed.
    pub fn of(&self, key: &str) -> Option<&Subscribed> {
        self.feeds.get(key)?.listed.as_ref()
    }

    /// All that is listed, by address.
    pub fn all(&self) -> Vec<&Subscribed> {
        let mut all: Vec<&Subscribed> = self.feeds.values().filter_map(|seen| seen.listed.as_ref()).collect();
        all.sort_by(|a, b| a.url.cmp(&b.url));
        all
    }

    /// Whether a message with this ticket lives at `now_ms`. `own` is the id under which the message lists itself.
    pub fn standing(&self, key: &str, ticket: &Ticket, own: &str, now_ms: i64) -> Standing {
        let seen = self.feeds.get(key);
        let listed = seen.and_then(|seen| seen.listed.as_ref());
        if listed.is_some_and(|listed| listed.id == ticket.id || listed.id == own) {
            return Standing::Listed;
        }
        // It was seen, and then another one, or its end.
        let was_seen = seen.is_some_and(|seen| seen.ids.contains(&ticket.id));
        let replaced = listed.is_some_and(|listed| added_ms(listed) > ticket.added_ms);
        let settled = now_ms.saturating_sub(ticket.added_ms) > SETTLES_MS;
        if was_seen || replaced || settled { Standing::Ended } else { Standing::Unsettled }
    }
}

fn added_ms(listed: &Subscribed) -> i64 {
    listed.added_at.parse::<jiff::Timestamp>().map_or(i64::MIN, |at| at.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "https://a.example/feed";
    const NOW: i64 = 1_542_960_000_000;

    fn put(roster: &mut Roster, id: &str, added_ms: i64) {
        let added_at = jiff::Timestamp::from_millisecond(added_ms).unwrap().to_string();
        let listed = Subscribed { url: KEY.into(), every: "auto".into(), added_at, id: id.into(), title: None };
        roster.read(KEY.as_bytes(), Some(&serde_json::to_vec(&listed).unwrap()));
    }

    fn standing(roster: &Roster, id: &str, added_ms: i64) -> Standing {
        roster.standing(KEY, &Ticket { id: id.into(), added_ms }, "own", NOW)
    }

    #[test]
    fn the_scheme_of_feeds_is_that_of_pages() {
        assert_eq!(listed_as("feed://a.example/rss").as_deref(), Some("http://a.example/rss"));
        assert_eq!(listed_as("feed:https://a.example/rss").as_deref(), Some("https://a.example/rss"));
        assert_eq!(listed_as("feed:nothing"), None);
    }

    #[test]
    fn of_two_messages_of_a_feed_the_one_that_was_listed_last_lives() {
        let mut roster = Roster::default();
        put(&mut roster, "a", NOW - 10);
        assert_eq!(standing(&roster, "a", NOW - 10), Standing::Listed);
        put(&mut roster, "b", NOW - 5);
        assert_eq!(standing(&roster, "a", NOW - 10), Standing::Ended);
        assert_eq!(standing(&roster, "b", NOW - 5), Standing::Listed);
        assert_eq!(roster.all().len(), 1);
    }

    #[test]
    fn what_was_removed_has_ended_and_may_be_added_again() {
        let mut roster = Roster::default();
        put(&mut roster, "a", NOW - 10);
        roster.read(KEY.as_bytes(), None);
        assert_eq!(standing(&roster, "a", NOW - 10), Standing::Ended);
        assert!(roster.all().is_empty());
        put(&mut roster, "b", NOW - 5);
        assert_eq!(
            (standing(&roster, "a", NOW - 10), standing(&roster, "b", NOW - 5)),
            (Standing::Ended, Standing::Listed)
        );
    }

    #[test]
    fn one_that_an_open_transaction_may_hide_is_waited_for_and_not_for_ever() {
        let mut roster = Roster::default();
        assert_eq!(standing(&roster, "a", NOW - 1_000), Standing::Unsettled);
        assert_eq!(standing(&roster, "a", NOW - 61_000), Standing::Ended);
        put(&mut roster, "old", NOW - 100_000);
        roster.read(KEY.as_bytes(), None);
        assert_eq!(standing(&roster, "a", NOW - 1_000), Standing::Unsettled, "an older one's end is not its own");
        // A message that listed itself and comes again.
        put(&mut roster, "own", NOW - 500);
        assert_eq!(standing(&roster, "a", NOW - 1_000), Standing::Listed);
    }

    #[test]
    fn what_cannot_be_read_changes_nothing() {
        let mut roster = Roster::default();
        put(&mut roster, "a", NOW);
        roster.read(KEY.as_bytes(), Some(b"{"));
        roster.read(b"\xff", None);
        assert_eq!(standing(&roster, "a", NOW), Standing::Listed);
    }
}
