//! The feeds, for operators: `GET /feeds`, a page for browsers, JSON for everyone else. Those that fail come first, then those
//! that used to publish and stopped.

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use jiff::{SignedDuration, Timestamp};
use quick_xml::escape::escape;

use super::hosts::{json, wants_html};
use crate::feeds::{FeedView, Journal};

/// Feeds that are shown at most.
const MOST_SHOWN: usize = 1_000;

/// The routes of these pages.
pub(super) fn routes(journal: Journal) -> Router {
    Router::new().route("/feeds", get(all)).with_state(journal)
}

async fn all(State(journal): State<Journal>, headers: HeaderMap) -> Response {
    let now = Timestamp::now();
    let feeds = journal.view(MOST_SHOWN, now.as_millisecond());
    if wants_html(&headers) { Html(page(&feeds, now)).into_response() } else { json(&feeds) }
}

fn page(feeds: &[FeedView], now: Timestamp) -> String {
    let mut rows = String::new();
    for feed in feeds {
        let state = format!("{:?}", feed.state).to_lowercase();
        let due = span(feed.next_due_ms.saturating_sub(now.as_millisecond()));
        let newest =
            feed.pace.newest_s.and_then(|at| Timestamp::from_second(at).ok()).map_or("-".into(), |at| at.to_string());
        let gap = feed
            .pace
            .gap_s
            .map_or("-".into(), |gap| span(i64::try_from(gap).unwrap_or_default().saturating_mul(1_000)));
        rows.push_str(&format!(
            "<tr><th>{}<td>{state}<td>{}<td>{due}<td>{newest}<td>{gap}<td>{}<td>{}<td>{}</tr>",
            escape(&feed.url),
            feed.errors,
            feed.entries.new,
            feed.entries.known,
            feed.entries.bad,
        ));
    }
    format!(
        "<!DOCTYPE html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>\
         <meta name=color-scheme content='light dark'><title>newswire: feeds</title><h1>{} feeds</h1><table>\
         <tr><th>feed<th>state<th>errors<th>due in<th>latest entry<th>usual gap<th>new<th>known<th>bad</tr>{rows}</table></html>",
        feeds.len()
    )
}

fn span(ms: i64) -> String {
    format!("{:#}", SignedDuration::from_secs(ms / 1_000))
}
