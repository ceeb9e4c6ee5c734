//! The story of a URL's messages, for people and for programs.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;

use jiff::Timestamp;
use serde::Serialize;

use crate::record::{Origin, Outcome, OutcomeRecord};

/// What became of each message of a URL, in the order in which they came.
#[derive(Debug, Default)]
pub struct Story {
    messages: Vec<Told>,
    /// The addresses of articles, by id, where they are known.
    articles: BTreeMap<String, String>,
}

/// One message.
#[derive(Debug)]
struct Told {
    origin: Origin,
    /// Its outcomes in order: deferrals, then how it ended.
    outcomes: Vec<OutcomeRecord>,
    replayed_as: Vec<Origin>,
}

/// A line for programs. An outcome's line has all fields of its record.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Event<'a> {
    Received {
        message: String,
        at: Option<&'a str>,
        url: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        replayed_from: Option<String>,
    },
    Ended {
        message: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        of_url: Option<&'a str>,
        #[serde(flatten)]
        record: &'a OutcomeRecord,
    },
    Replayed {
        message: String,
        #[serde(rename = "as")]
        replayed_as: String,
    },
}

impl Story {
    /// The story that these records tell, in whatever order they come.
    pub fn of(records: Vec<OutcomeRecord>) -> Self {
        let mut by_message: BTreeMap<Origin, Vec<OutcomeRecord>> = BTreeMap::new();
        for record in records {
            by_message.entry(record.input.clone()).or_default().push(record);
        }
        let mut links: BTreeMap<Origin, Vec<Origin>> = BTreeMap::new();
        for (origin, outcomes) in &by_message {
            if let Some(from) = outcomes.iter().find_map(|record| record.replayed_from.clone()) {
                links.entry(from).or_default().push(origin.clone());
            }
        }
        let told = |(origin, mut outcomes): (Origin, Vec<OutcomeRecord>)| {
            // Tries count up; of the same try, the one that ended it for good comes last.
            outcomes.sort_by_key(|record| (moment(&record.at), record.attempts, record.outcome != Outcome::Deferred));
            let replayed_as = links.remove(&origin).unwrap_or_default();
            Told { origin, outcomes, replayed_as }
        };
        let mut messages: Vec<Told> = by_message.into_iter().map(told).collect();
        messages.sort_by_key(|told| (told.began(), told.origin.clone()));
        Self { messages, articles: BTreeMap::new() }
    }

    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// The ids of the articles that messages were duplicates of.
    pub fn originals(&self) -> Vec<String> {
        let of = self.messages.iter().flat_map(|told| &told.outcomes).filter_map(|record| record.of.clone());
        let mut ids: Vec<String> = of.collect();
        ids.sort();
        ids.dedup();
        ids
    }

    /// Notes the address of an article that messages were duplicates of.
    pub fn name_article(&mut self, id: String, address: String) {
        self.articles.insert(id, address);
    }

    /// The story as JSON lines.
    pub fn write_json(&self, out: &mut impl io::Write) -> io::Result<()> {
        for told in &self.messages {
            let message = told.origin.to_string();
            let received = Event::Received {
                message: message.clone(),
                at: told.first(|record| record.first_seen.as_deref()),
                url: told.first(|record| record.url.as_deref()),
                replayed_from: told.first(|record| record.replayed_from.as_ref()).map(Origin::to_string),
            };
            let ended = told.outcomes.iter().map(|record| Event::Ended {
                message: message.clone(),
                of_url: record.of.as_ref().and_then(|id| self.articles.get(id)).map(String::as_str),
                record,
            });
            let replayed = told
                .replayed_as
                .iter()
                .map(|origin| Event::Replayed { message: message.clone(), replayed_as: origin.to_string() });
            for event in std::iter::once(received).chain(ended).chain(replayed) {
                serde_json::to_writer(&mut *out, &event)?;
                out.write_all(b"\n")?;
            }
        }
        Ok(())
    }

    /// The story for people. What pages and messages said is shown without control characters.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for told in &self.messages {
            // Writing to a String can't fail.
            let _ = writeln!(text, "message {}", shown(&told.origin.to_string()));
            let url = told.first(|record| record.url.as_deref()).map_or("no URL", |url| url);
            let seen = told.first(|record| record.first_seen.as_deref()).unwrap_or("");
            let from = told.first(|record| record.replayed_from.as_ref());
            let from = from.map_or_else(String::new, |origin| format!(", replayed from {origin}"));
            line(&mut text, seen, &format!("received: {url}{from}"));
            for record in &told.outcomes {
                line(&mut text, &record.at, &self.sentence(record));
            }
            for origin in &told.replayed_as {
                line(&mut text, "", &format!("replayed as {origin}"));
            }
            if told.outcomes.last().is_some_and(|last| last.outcome == Outcome::Deferred) {
                line(&mut text, "", "not ended yet: it waits, or is being worked on");
            }
        }
        text
    }

    fn sentence(&self, record: &OutcomeRecord) -> String {
        let id = record.article_id.as_deref().unwrap_or("?");
        let canonical = record.canonical_url.as_deref().unwrap_or("?");
        let revision = record.revision.map_or_else(String::new, |revision| format!(", revision {revision}"));
        match record.outcome {
            Outcome::Published => format!("published as {id}{revision}: {canonical}"),
            Outcome::Revised => format!("published anew as {id}{revision}: {canonical}"),
            Outcome::Unchanged => format!("unchanged: {id} says the same as before"),
            Outcome::Duplicate => {
                let of = record.of.as_deref().unwrap_or("?");
                let address = self.articles.get(of).map_or_else(String::new, |address| format!(", {address}"));
                format!("duplicate of {of}{address} (as {id}: {canonical})")
            }
            Outcome::Expanded => "expanded: a feed; its entries became messages of their own".to_owned(),
            Outcome::Deferred => {
                let due = record.not_before.as_deref().unwrap_or("?");
                format!("deferred until {due}: {}, try {}", why(record), record.attempts)
            }
            Outcome::Rejected => format!("rejected: {}, try {}", why(record), record.attempts),
        }
    }
}

impl Told {
    fn first<'a, T>(&'a self, of: impl Fn(&'a OutcomeRecord) -> Option<T>) -> Option<T> {
        self.outcomes.iter().find_map(of)
    }

    fn began(&self) -> Timestamp {
        let seen = self.first(|record| record.first_seen.as_deref());
        moment(seen.or_else(|| self.first(|record| Some(record.at.as_str()))).unwrap_or_default())
    }
}

fn why(record: &OutcomeRecord) -> String {
    let reason = record.reason.map_or("?", |reason| reason.as_str());
    record.detail.as_ref().map_or_else(|| reason.to_owned(), |detail| format!("{reason} ({detail})"))
}

fn moment(text: &str) -> Timestamp {
    text.parse().unwrap_or(Timestamp::UNIX_EPOCH)
}

fn line(text: &mut String, at: &str, what: &str) {
    let _ = writeln!(text, "  {:<24}  {}", shown(at), shown(what));
}

/// A text whose control characters can do nothing to a terminal.
fn shown(text: &str) -> String {
    let invisible = |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().map(|c| if invisible(c) { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Reason;

    fn record(offset: i64, at: &str, outcome: Outcome, attempts: u32) -> OutcomeRecord {
        OutcomeRecord {
            url: Some("http://a.example/x".into()),
            canonical_url: Some("http://a.example/x".into()),
            article_id: None,
            revision: None,
            outcome,
            reason: None,
            detail: None,
            of: None,
            cluster_merged: None,
            not_before: None,
            at: format!("2026-01-01T00:00:{at}Z"),
            attempts,
            timings_ms: BTreeMap::new(),
            input: Origin { topic: "news.urls".into(), partition: 0, offset },
            first_seen: Some("2026-01-01T00:00:00Z".into()),
            replayed_from: None,
        }
    }

    /// Deferred, rejected and replayed, then published; and a duplicate beside it.
    fn records() -> Vec<OutcomeRecord> {
        let deferred = OutcomeRecord {
            reason: Some(Reason::ServerError),
            detail: Some("status 503".into()),
            not_before: Some("2026-01-01T00:00:05Z".into()),
            ..record(4, "01", Outcome::Deferred, 1)
        };
        let rejected = OutcomeRecord {
            reason: Some(Reason::Gone),
            detail: Some("status 404\u{1b}[2J".into()),
            ..record(4, "06", Outcome::Rejected, 2)
        };
        let published = OutcomeRecord {
            article_id: Some("1f".into()),
            revision: Some(1),
            first_seen: Some("2026-01-01T00:00:07Z".into()),
            replayed_from: Some(rejected.input.clone()),
            ..record(9, "08", Outcome::Published, 1)
        };
        let duplicate = OutcomeRecord {
            article_id: Some("2f".into()),
            of: Some("1f".into()),
            first_seen: None,
            ..record(2, "09", Outcome::Duplicate, 1)
        };
        vec![duplicate, published, rejected, deferred]
    }

    #[test]
    fn the_story_is_told_in_order() {
        let mut story = Story::of(records());
        assert_eq!(story.originals(), ["1f"]);
        story.name_article("1f".into(), "http://b.example/".into());
        let expected = "\
message news.urls:0:4
  2026-01-01T00:00:00Z      received: http://a.example/x
  2026-01-01T00:00:01Z      deferred until 2026-01-01T00:00:05Z: server_error (status 503), try 1
  2026-01-01T00:00:06Z      rejected: gone (status 404\u{fffd}[2J), try 2
                            replayed as news.urls:0:9
message news.urls:0:9
  2026-01-01T00:00:07Z      received: http://a.example/x, replayed from news.urls:0:4
  2026-01-01T00:00:08Z      published as 1f, revision 1: http://a.example/x
message news.urls:0:2
                            received: http://a.example/x
  2026-01-01T00:00:09Z      duplicate of 1f, http://b.example/ (as 2f: http://a.example/x)
";
        assert_eq!(story.to_text(), expected);
    }

    #[test]
    fn a_message_that_waits_has_not_ended() {
        let text = Story::of(vec![record(4, "01", Outcome::Deferred, 1)]).to_text();
        assert!(text.ends_with("not ended yet: it waits, or is being worked on\n"), "{text}");
    }

    #[test]
    fn programs_are_told_an_event_a_line() {
        let mut lines = Vec::new();
        Story::of(records()).write_json(&mut lines).unwrap();
        let lines: Vec<serde_json::Value> =
            String::from_utf8(lines).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let events: Vec<_> =
            lines.iter().map(|line| (line["event"].as_str().unwrap(), line["outcome"].as_str())).collect();
        let expected = [
            ("received", None),
            ("ended", Some("deferred")),
            ("ended", Some("rejected")),
            ("replayed", None),
            ("received", None),
            ("ended", Some("published")),
            ("received", None),
            ("ended", Some("duplicate")),
        ];
        assert_eq!(events, expected);
        assert_eq!((&lines[3]["message"], &lines[3]["as"]), (&"news.urls:0:4".into(), &"news.urls:0:9".into()));
        assert_eq!(lines[4]["replayed_from"], "news.urls:0:4");
    }
}
