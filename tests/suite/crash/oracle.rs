//! What came of each message, and whether it is allowed. All is read at `read_committed`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::{Value, json};

use crate::setup::{Setup, origin_in};
use crate::topics::Record;

/// What the topics say, by the origin of the message that they speak of.
#[derive(Debug, Default, Clone)]
pub struct Evidence {
    /// The messages sent.
    sent: BTreeSet<String>,
    /// Outcomes, in order.
    outcomes: BTreeMap<String, Vec<String>>,
    /// By the number of the page, which its copies have too: how often it was published or called a copy.
    stories: BTreeMap<String, [usize; 2]>,
    /// Articles that were called copies of themselves.
    own_copies: BTreeSet<String>,
    articles: BTreeMap<String, usize>,
    rejected: BTreeMap<String, usize>,
    deferred: BTreeMap<String, usize>,
}

/// Something that is not allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    kind: Kind,
    origin: String,
    detail: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Lost,
    Doubled,
    Foreign,
}

/// All that was found.
#[derive(Debug)]
pub struct Findings {
    /// Each violation.
    pub list: Vec<Finding>,
    messages: usize,
    outcomes: BTreeMap<String, usize>,
}

impl Evidence {
    /// Reads all topics to their ends.
    pub fn gather(setup: &Setup) -> Self {
        let mut evidence = Self::default();
        evidence.sent.extend(setup.read("urls").all().iter().map(Record::origin));
        for record in setup.read("outcomes").all() {
            let outcome = record.json()["outcome"].as_str().unwrap().to_owned();
            evidence.note_story(&record.json());
            evidence.outcomes.entry(origin_in(record)).or_default().push(outcome);
        }
        for record in setup.read("articles").all() {
            *evidence.articles.entry(origin_in(record)).or_default() += 1;
        }
        for (topic, counts) in [("rejected", &mut evidence.rejected), ("retry", &mut evidence.deferred)] {
            for record in setup.read(topic).all() {
                *counts.entry(record.header("origin").unwrap()).or_default() += 1;
            }
        }
        evidence
    }

    fn note_story(&mut self, outcome: &Value) {
        let Some(story) = outcome["url"].as_str().and_then(|url| url.rsplit('/').next()) else { return };
        let [published, copies] = self.stories.entry(story.to_owned()).or_default();
        match outcome["outcome"].as_str() {
            Some("published") => *published += 1,
            Some("duplicate") => *copies += 1,
            _ => {}
        }
        if outcome["outcome"] == "duplicate" && outcome["of"] == outcome["article_id"] {
            self.own_copies.insert(story.to_owned());
        }
    }

    /// Holds it against the law of a shared store: of each story with copies one is published, and none is its own copy.
    pub fn judge_stories(&self, findings: &mut Findings) {
        for (story, [published, copies]) in &self.stories {
            if published + copies > 0 {
                findings.expect(story, "originals", 1, *published);
            }
        }
        for story in &self.own_copies {
            findings.add(Kind::Doubled, story, "a copy of itself".into());
        }
    }

    /// Holds it against the law: each message has exactly one outcome after which nothing comes, and each record
    /// that an outcome speaks of is there exactly once.
    pub fn judge(&self) -> Findings {
        let mut findings = Findings { list: Vec::new(), messages: self.sent.len(), outcomes: BTreeMap::new() };
        for origin in &self.sent {
            let outcomes = self.outcomes.get(origin).map(Vec::as_slice).unwrap_or_default();
            for outcome in outcomes {
                *findings.outcomes.entry(outcome.clone()).or_default() += 1;
            }
            let count = |names: &[&str]| outcomes.iter().filter(|outcome| names.contains(&outcome.as_str())).count();
            let deferred = count(&["deferred"]);
            findings.expect(origin, "outcomes for good", 1, outcomes.len() - deferred);
            let of = |counts: &BTreeMap<String, usize>| counts.get(origin).copied().unwrap_or(0);
            let published = count(&["published", "revised"]);
            findings.expect(origin, "articles", published.min(1), of(&self.articles));
            findings.expect(origin, "rejected", count(&["rejected"]).min(1), of(&self.rejected));
            findings.expect(origin, "deferred", deferred, of(&self.deferred));
            if outcomes.split_last().is_some_and(|(_, before)| before.iter().any(|outcome| outcome != "deferred")) {
                findings.add(Kind::Doubled, origin, format!("outcomes after the end: {outcomes:?}"));
            }
        }
        let spoken_of = self.outcomes.keys().chain(self.articles.keys()).chain(self.rejected.keys());
        for origin in spoken_of.chain(self.deferred.keys()).filter(|origin| !self.sent.contains(*origin)) {
            findings.add(Kind::Foreign, origin, "nobody sent it".into());
        }
        findings
    }
}

impl Findings {
    fn expect(&mut self, origin: &str, what: &str, wanted: usize, found: usize) {
        if found != wanted {
            let kind = if found < wanted { Kind::Lost } else { Kind::Doubled };
            self.add(kind, origin, format!("{what}: {found}, not {wanted}"));
        }
    }

    fn add(&mut self, kind: Kind, origin: &str, detail: String) {
        self.list.push(Finding { kind, origin: origin.to_owned(), detail });
    }

    /// How many there are.
    pub fn violations(&self) -> usize {
        self.list.len()
    }

    fn count(&self, kind: Kind) -> usize {
        let of_kind = self.list.iter().filter(|finding| finding.kind == kind);
        of_kind.map(|finding| &finding.origin).collect::<BTreeSet<_>>().len()
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (lost, doubled, foreign) = (self.count(Kind::Lost), self.count(Kind::Doubled), self.count(Kind::Foreign));
        write!(f, "{} messages: {lost} lost, {doubled} doubled, {foreign} from nowhere; outcomes:", self.messages)?;
        self.outcomes.iter().try_for_each(|(outcome, count)| write!(f, " {count} {outcome}"))
    }
}

fn of_one(outcomes: &[&str], articles: usize) -> Findings {
    let mut evidence = Evidence::default();
    evidence.sent.insert("urls:0:0".into());
    let outcomes: Vec<String> = outcomes.iter().map(|outcome| (*outcome).to_owned()).collect();
    let deferred = outcomes.iter().filter(|outcome| *outcome == "deferred").count();
    evidence.outcomes.insert("urls:0:0".into(), outcomes);
    evidence.articles.insert("urls:0:0".into(), articles);
    evidence.deferred.insert("urls:0:0".into(), deferred);
    evidence.judge()
}

fn stories(outcomes: &[Value]) -> Findings {
    let mut evidence = Evidence::default();
    outcomes.iter().for_each(|outcome| evidence.note_story(outcome));
    let mut findings = evidence.judge();
    evidence.judge_stories(&mut findings);
    findings
}

#[test]
fn the_oracle_wants_one_original_of_a_pair_and_no_copy_of_itself() {
    let told = |host: &str, outcome: &str, id: &str, of: &str| json!({ "url": format!("http://{host}/article/1"), "outcome": outcome, "article_id": id, "of": of });
    assert_eq!(stories(&[told("a", "published", "1", ""), told("b", "duplicate", "2", "1")]).list, []);
    assert_eq!(stories(&[told("a", "published", "1", ""), told("b", "published", "2", "")]).violations(), 1);
    assert_eq!(stories(&[told("a", "duplicate", "1", "2"), told("b", "duplicate", "2", "1")]).violations(), 1);
    assert_eq!(stories(&[told("a", "published", "1", ""), told("b", "duplicate", "2", "2")]).violations(), 1);
}

#[test]
fn the_oracle_allows_one_end_after_any_deferrals() {
    assert_eq!(of_one(&["deferred", "deferred", "published"], 1).list, []);
    assert_eq!(of_one(&["unchanged"], 0).list, []);
}

#[test]
fn the_oracle_sees_what_is_lost() {
    assert!(of_one(&[], 0).count(Kind::Lost) == 1, "no end");
    assert!(of_one(&["deferred"], 0).count(Kind::Lost) == 1, "deferred for ever");
    assert!(of_one(&["published"], 0).count(Kind::Lost) == 1, "an outcome without its article");
    assert!(of_one(&["rejected"], 0).count(Kind::Lost) == 1, "an outcome without the rejected message");
}

#[test]
fn the_oracle_sees_what_is_doubled() {
    assert!(of_one(&["published", "unchanged"], 1).count(Kind::Doubled) == 1, "two ends");
    assert!(of_one(&["published"], 2).count(Kind::Doubled) == 1, "two articles");
    assert!(of_one(&["unchanged"], 1).count(Kind::Doubled) == 1, "an article that no outcome speaks of");
    assert!(of_one(&["published", "deferred"], 1).count(Kind::Doubled) == 1, "deferred after the end");
}
