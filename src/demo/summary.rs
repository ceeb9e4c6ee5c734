//! What happened in the demo, held against its plan.
//!
//! Pure: outcome records and articles in, a text and a verdict out. The sums are right when every
//! message has exactly one end, the ends are those of the plan, and every published or revised
//! article has its record.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use comfy_table::{CellAlignment, Table, presets};
use serde_json::Value;

use crate::record::{Origin, Outcome, OutcomeRecord, Reason};

use super::plan::Plan;

/// The most mismatches that are printed; a run that went wrong altogether would fill the screen.
const MOST_MISMATCHES: usize = 20;

/// What the demo says at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The text, for a terminal, ending in a line break.
    pub text: String,
    /// Whether everything adds up.
    pub sums: Sums,
}

/// Whether what came out is what was put in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sums {
    /// Each message ended once, and as planned.
    Right,
    /// What does not add up, a sentence each.
    Wrong(Vec<String>),
}

/// How messages ended, and how many of each.
type Counts = BTreeMap<(Outcome, Option<Reason>), usize>;

/// Holds the outcomes and articles of a run against its plan.
///
/// `outcomes` are all records of `news.outcomes`, deferrals included, and `articles` all of
/// `news.articles`; `file` is where the articles were written, for the reader to find.
pub fn summarise(plan: &Plan, outcomes: &[OutcomeRecord], articles: &[Value], file: &Path) -> Summary {
    let (deferred, ended): (Vec<_>, Vec<_>) = outcomes.iter().partition(|record| record.outcome == Outcome::Deferred);
    let counted = counts(&ended);
    let expected = plan.expected();
    let mut deferrals: BTreeMap<Reason, usize> = BTreeMap::new();
    for reason in deferred.iter().filter_map(|record| record.reason) {
        *deferrals.entry(reason).or_default() += 1;
    }

    let mut wrong = ends_that_differ(&expected, &counted);
    wrong.extend(messages_without_one_end(outcomes, &ended));
    wrong.extend(deferrals_that_lack(plan, &deferrals));
    wrong.extend(records_that_lack(&ended, articles));
    let seed = articles.iter().find(|article| article.get("url").and_then(Value::as_str) == Some(&plan.seed));
    if seed.is_none() {
        wrong.push(format!("there is no record of the seed, {}", plan.seed));
    }

    let text = text(plan, [&expected, &counted], &deferrals, &wrong, seed, (articles.len(), file));
    let sums = if wrong.is_empty() { Sums::Right } else { Sums::Wrong(wrong) };
    Summary { text, sums }
}

fn counts(ended: &[&OutcomeRecord]) -> Counts {
    let mut counts = Counts::new();
    for record in ended {
        *counts.entry((record.outcome, record.reason)).or_default() += 1;
    }
    counts
}

fn ends_that_differ(expected: &Counts, counted: &Counts) -> Vec<String> {
    let kinds: BTreeSet<_> = expected.keys().chain(counted.keys()).collect();
    let of = |counts: &Counts, kind| counts.get(kind).copied().unwrap_or_default();
    kinds
        .into_iter()
        .map(|kind| (kind, of(expected, kind), of(counted, kind)))
        .filter(|(_, expected, counted)| expected != counted)
        .map(|(kind, expected, counted)| format!("{}: {counted} instead of {expected}", name(kind)))
        .collect()
}

/// Messages that ended twice, or were deferred and never ended.
fn messages_without_one_end(outcomes: &[OutcomeRecord], ended: &[&OutcomeRecord]) -> Vec<String> {
    let mut ends: BTreeMap<&Origin, (&OutcomeRecord, usize)> = BTreeMap::new();
    for record in outcomes {
        ends.entry(&record.input).or_insert((record, 0));
    }
    for record in ended {
        if let Some((_, count)) = ends.get_mut(&record.input) {
            *count += 1;
        }
    }
    let odd = ends.into_iter().filter(|(_, (_, count))| *count != 1);
    odd.map(|(origin, (record, count))| {
        format!("{origin} ({}) ended {count} times", record.url.as_deref().unwrap_or("no address"))
    })
    .collect()
}

fn deferrals_that_lack(plan: &Plan, deferrals: &BTreeMap<Reason, usize>) -> Vec<String> {
    let lacking = plan.expected_deferrals().into_iter().filter_map(|(reason, expected)| {
        let counted = deferrals.get(&reason).copied().unwrap_or_default();
        (counted < expected).then(|| format!("deferred {reason}: {counted} instead of {expected} or more"))
    });
    lacking.collect()
}

/// Published and revised articles whose id is on no record.
fn records_that_lack(ended: &[&OutcomeRecord], articles: &[Value]) -> Vec<String> {
    let id_and_revision = |article: &Value| {
        let id = article.get("id").and_then(Value::as_str)?;
        Some((id.to_owned(), article.get("revision").and_then(Value::as_u64)? > 1))
    };
    let records: BTreeSet<_> = articles.iter().filter_map(id_and_revision).collect();
    let with_record = ended.iter().filter(|end| matches!(end.outcome, Outcome::Published | Outcome::Revised));
    let lacking = with_record.filter(|end| {
        let id = end.article_id.clone().unwrap_or_default();
        !records.contains(&(id, end.outcome == Outcome::Revised))
    });
    lacking.map(|end| format!("{} is {}, and has no record", end.url.as_deref().unwrap_or("?"), end.outcome)).collect()
}

fn name((outcome, reason): &(Outcome, Option<Reason>)) -> String {
    reason.map_or_else(|| outcome.to_string(), |reason| format!("{outcome} {reason}"))
}

fn text(
    plan: &Plan,
    counts: [&Counts; 2],
    deferrals: &BTreeMap<Reason, usize>,
    wrong: &[String],
    seed: Option<&Value>,
    (records, file): (usize, &Path),
) -> String {
    let seed = seed.and_then(|article| serde_json::to_string_pretty(article).ok());
    let mut text = format!("{}\n{}\n", table(counts), sum(plan, counts[1], deferrals));
    if !wrong.is_empty() {
        text.push_str("\nThe sums are WRONG:\n");
    }
    for mismatch in wrong.iter().take(MOST_MISMATCHES) {
        text.push_str(&format!("  - {mismatch}\n"));
    }
    if let Some(more) = wrong.len().checked_sub(MOST_MISMATCHES).filter(|more| *more > 0) {
        text.push_str(&format!("  - and {more} more\n"));
    }
    if let Some(seed) = seed {
        text.push_str(&format!("\nA wire story, as read from the page of a republisher:\n{seed}\n"));
    }
    text.push_str(&format!("\nAll {records} records: {}\n", file.display()));
    text.push_str(
        "Your own cluster: set kafka.bootstrap_servers in config/newswire.toml, then\n  newswire run --config config/newswire.toml\n",
    );
    text
}

fn table([expected, counted]: [&Counts; 2]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY).set_header(["outcome", "reason", "messages", "expected", ""]);
    let kinds: BTreeSet<_> = expected.keys().chain(counted.keys()).collect();
    for kind in kinds {
        let of = |counts: &Counts| counts.get(kind).copied().unwrap_or_default();
        let (expected, counted) = (of(expected), of(counted));
        let verdict = if expected == counted { "ok" } else { "WRONG" };
        let reason = kind.1.map_or("", Reason::as_str);
        let row = [kind.0.as_str(), reason, &counted.to_string(), &expected.to_string(), verdict];
        table.add_row(row);
    }
    for column in [2, 3] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// The law in one line, and the deferrals, which end nothing, in another.
fn sum(plan: &Plan, counted: &Counts, deferrals: &BTreeMap<Reason, usize>) -> String {
    let (put_in, from_feeds) = (plan.messages.len(), plan.from_feeds.len());
    let ended: usize = counted.values().sum();
    let sign = if put_in + from_feeds == ended { "=" } else { "is not" };
    let by_reason: Vec<_> = deferrals.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    let by_reason = if by_reason.is_empty() { "none".to_owned() } else { by_reason.join(", ") };
    format!("{put_in} put in + {from_feeds} from feeds {sign} {ended} ended; deferred on the way: {by_reason}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn record(n: i64, outcome: Outcome, reason: Option<Reason>) -> OutcomeRecord {
        OutcomeRecord {
            url: Some(format!("http://a.example/{n}")),
            canonical_url: None,
            article_id: Some(n.to_string()),
            revision: None,
            outcome,
            reason,
            detail: None,
            of: None,
            cluster_merged: None,
            not_before: None,
            at: "2025-01-01T00:00:00Z".into(),
            attempts: 1,
            timings_ms: BTreeMap::new(),
            input: Origin { topic: "news.urls".into(), partition: 0, offset: n },
            first_seen: None,
            replayed_from: None,
        }
    }

    /// A run that goes as planned.
    fn as_planned(plan: &Plan) -> (Vec<OutcomeRecord>, Vec<Value>) {
        let all = plan.messages.iter().map(|message| &message.expected).chain(&plan.from_feeds);
        let mut outcomes = Vec::new();
        let mut articles = vec![json!({"url": plan.seed, "id": "seed", "revision": 1})];
        for (n, expected) in (0..).zip(all) {
            if expected.deferred.is_some() {
                outcomes.push(record(n, Outcome::Deferred, expected.deferred));
            }
            outcomes.push(record(n, expected.outcome, expected.reason));
            match expected.outcome {
                Outcome::Published => articles.push(json!({"id": n.to_string(), "revision": 1})),
                Outcome::Revised => articles.push(json!({"id": n.to_string(), "revision": 2})),
                _ => {}
            }
        }
        (outcomes, articles)
    }

    fn of(plan: &Plan, outcomes: &[OutcomeRecord], articles: &[Value]) -> Summary {
        summarise(plan, outcomes, articles, Path::new("demo-out/articles.jsonl"))
    }

    #[test]
    fn a_run_that_goes_as_planned_adds_up() {
        let plan = Plan::new().unwrap();
        let (outcomes, articles) = as_planned(&plan);
        let summary = of(&plan, &outcomes, &articles);
        assert_eq!(summary.sums, Sums::Right);
        let ended = plan.messages.len() + plan.from_feeds.len();
        assert!(summary.text.contains(&format!("from feeds = {ended} ended")), "{}", summary.text);
        assert!(summary.text.contains("demo-out/articles.jsonl"));
        assert!(!summary.text.contains("WRONG"));
    }

    #[test]
    fn the_columns_of_the_table_add_up_to_what_was_put_in() {
        let plan = Plan::new().unwrap();
        let (outcomes, articles) = as_planned(&plan);
        let text = of(&plan, &outcomes, &articles).text;
        let rows = text.lines().filter(|line| line.contains(" ok "));
        let numbers = rows.map(|row| row.split_whitespace().filter_map(|word| word.parse::<usize>().ok()));
        let messages: usize = numbers.map(|mut row| row.next().unwrap()).sum();
        assert_eq!(messages, plan.messages.len() + plan.from_feeds.len());
    }

    #[test]
    fn a_lost_message_a_second_end_and_a_missing_record_are_named() {
        let plan = Plan::new().unwrap();
        let (outcomes, articles) = as_planned(&plan);
        let wrong = |outcomes: &[OutcomeRecord], articles: &[Value]| match of(&plan, outcomes, articles).sums {
            Sums::Right => Vec::new(),
            Sums::Wrong(wrong) => wrong,
        };
        let mut twice = outcomes.clone();
        twice.push(record(0, Outcome::Unchanged, None));
        assert!(wrong(&twice, &articles).iter().any(|w| w == "news.urls:0:0 (http://a.example/0) ended 2 times"));

        let mut lost = outcomes.clone();
        let at = lost.iter().position(|record| record.outcome == Outcome::Revised).unwrap();
        lost.remove(at);
        assert_eq!(wrong(&lost, &articles), ["revised: 0 instead of 1"]);

        let without_the_seed = &articles[1..];
        assert!(wrong(&outcomes, without_the_seed)[0].starts_with("there is no record of the seed"));
        let without_a_record: Vec<_> = articles.iter().filter(|article| article["id"] != "0").cloned().collect();
        assert_eq!(wrong(&outcomes, &without_a_record), ["http://a.example/0 is published, and has no record"]);
    }

    #[test]
    fn a_deferral_that_did_not_come_is_named_and_more_than_planned_are_fine() {
        let plan = Plan::new().unwrap();
        let (mut outcomes, articles) = as_planned(&plan);
        outcomes.push(record(0, Outcome::Deferred, Some(Reason::HostBusy)));
        assert_eq!(of(&plan, &outcomes, &articles).sums, Sums::Right);
        outcomes.retain(|record| record.reason != Some(Reason::IncompleteBody));
        let Sums::Wrong(wrong) = of(&plan, &outcomes, &articles).sums else { panic!("a deferral is missing") };
        assert_eq!(wrong, ["deferred incomplete_body: 0 instead of 1 or more"]);
    }
}
