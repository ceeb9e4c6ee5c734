//! What the worker is doing, at one look: the page `/`, and the figures that it asks for every second (`/status`,
//! with `?host=part` for the hosts that have this in their name).
//!
//! The page is three files that never change; what is others' words (titles, addresses, details) comes as JSON alone, and
//! is put into the page as text.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Serialize;

use super::hosts::Wanted;
use super::{Health, HostPages};
use crate::feeds::Journal;
use crate::frontier::HostView;
use crate::kafka::{Account, Capacity};
use crate::latest::{Latest, Lines};
use crate::metrics::{Metrics, STAGES};

/// Hosts that are shown, of however many: those that are stopped or waited for come first.
const MOST_HOSTS: usize = 50;

/// Partitions that are shown; the sums are over all.
const MOST_PARTITIONS: usize = 200;

/// What the page is made of.
pub struct Status {
    /// Whether the worker is of use.
    pub health: Arc<Health>,
    /// The hosts.
    pub hosts: Arc<HostPages>,
    /// The subscriptions to feeds.
    pub journal: Journal,
    /// What bounds the work in flight.
    pub capacity: Arc<Capacity>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// The last messages that ended.
    pub latest: Arc<Latest>,
    /// The worker's name for life.
    pub instance: String,
}

#[derive(Serialize)]
struct Figures {
    version: &'static str,
    instance: String,
    /// Why it can take no work; null while it can.
    not_ready: Option<&'static str>,
    uptime_s: u64,
    law: Sums,
    bytes: u64,
    most_messages: usize,
    most_bytes: u64,
    intake_paused: bool,
    stages: Vec<Stage>,
    outcomes: Vec<Count>,
    host_states: BTreeMap<String, i64>,
    hosts: Vec<HostView>,
    partitions: Vec<OnePartition>,
    latest: Lines,
}

/// The one law, over all partitions.
#[derive(Default, Serialize)]
struct Sums {
    consumed: u64,
    ended: u64,
    in_flight: u64,
    given_up: u64,
    difference: i64,
}

#[derive(Serialize)]
struct Stage {
    name: &'static str,
    messages: i64,
    left: u64,
    seconds: f64,
}

#[derive(Serialize)]
struct Count {
    outcome: String,
    reason: String,
    count: u64,
}

#[derive(Serialize)]
struct OnePartition {
    topic: String,
    number: i32,
    #[serde(flatten)]
    sums: Sums,
    beyond_frontier: u64,
}

impl Sums {
    fn add(&mut self, account: &Account) {
        self.consumed += account.consumed;
        self.ended += account.ended.iter().sum::<u64>();
        self.in_flight += account.in_flight;
        self.given_up += account.given_up;
        // Sums that cancel each other out are no law: what counts is how much is amiss.
        self.difference += account.difference().abs();
    }
}

/// The routes of the page.
pub(super) fn routes(status: Arc<Status>) -> Router {
    let file = |kind: &'static str, text: &'static str| get(move || async move { with_type(kind, text) });
    Router::new()
        .route("/", file("text/html; charset=utf-8", include_str!("page.html")))
        .route("/page.css", file("text/css; charset=utf-8", include_str!("page.css")))
        .route("/page.js", file("text/javascript; charset=utf-8", include_str!("page.js")))
        .route("/status", get(figures))
        .with_state(status)
}

fn with_type(kind: &'static str, text: impl IntoResponse) -> Response {
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}

/// What every answer of the admin server carries: nothing of a page may come from elsewhere, run in line, be framed or
/// be guessed at.
pub(super) const SAFE: [(HeaderName, &str); 4] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
];

async fn figures(State(status): State<Arc<Status>>, Query(wanted): Query<Wanted>) -> Response {
    let (most_messages, most_bytes) = status.capacity.bounds();
    let mut law = Sums::default();
    let mut partitions = Vec::new();
    for (partition, account) in status.health.partitions.accounts() {
        law.add(&account);
        if partitions.len() < MOST_PARTITIONS {
            let mut sums = Sums::default();
            sums.add(&account);
            let (topic, number) = (partition.topic.to_string(), partition.number);
            partitions.push(OnePartition { topic, number, sums, beyond_frontier: account.beyond_frontier });
        }
    }
    let (hosts, host_states) = status.hosts.shown(&wanted, MOST_HOSTS).await;
    let figures = Figures {
        version: env!("CARGO_PKG_VERSION"),
        instance: status.instance.clone(),
        not_ready: status.health.not_ready(),
        uptime_s: status.health.started.elapsed().as_secs(),
        bytes: status.capacity.bytes(),
        most_messages,
        most_bytes,
        intake_paused: status.metrics.intake_paused.get() == 1,
        stages: stages(&status.metrics, law.in_flight),
        outcomes: outcomes(&status.metrics),
        law,
        host_states,
        hosts,
        partitions,
        latest: status.latest.lines(),
    };
    match serde_json::to_string(&figures) {
        Ok(text) => with_type("application/json", text),
        Err(failure) => (axum::http::StatusCode::INTERNAL_SERVER_ERROR, failure.to_string()).into_response(),
    }
}

/// The stages; what is in flight and in none of them waits for the commit.
fn stages(metrics: &Metrics, in_flight: u64) -> Vec<Stage> {
    let mut elsewhere = in_flight.cast_signed();
    let stages = STAGES.map(|name| {
        let (left, seconds) = metrics.stages.left(name);
        let messages = if name == "commit" { elsewhere.max(0) } else { metrics.stages.messages(name) };
        elsewhere -= messages;
        Stage { name, messages, left, seconds }
    });
    stages.into()
}

fn outcomes(metrics: &Metrics) -> Vec<Count> {
    let counts = metrics.outcomes().into_iter();
    counts.map(|(outcome, reason, count)| Count { outcome, reason, count }).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_takes_nothing_from_elsewhere_and_no_text_for_markup() {
        let (page, style, script) = (include_str!("page.html"), include_str!("page.css"), include_str!("page.js"));
        for text in [page, style, script] {
            assert!(!text.contains("//cdn") && !text.contains("@import") && !text.contains("url("), "{text}");
        }
        for dangerous in ["innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval(", "Function(", "srcdoc"]
        {
            assert!(!script.contains(dangerous), "{dangerous}");
        }
        assert!(!page.contains(" on") || !page.contains("onclick"), "no script in line");
        assert!(!page.contains("style="), "no style in line: the policy forbids it");
    }
}
