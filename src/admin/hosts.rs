//! The hosts, for operators: what each is doing, what was asked of it, and orders to stop or go on.
//!
//! | request | answer |
//! |---|---|
//! | `GET /hosts` | the hosts that are remembered, at most 1,000; a page for browsers, JSON for everyone else |
//! | `GET /hosts?host=part` | of them those that have this in their name |
//! | `GET /hosts/{host}` | one of them, with each request of the last hour |
//! | `POST /hosts/{host}/pause?for=1h&why=...` | it is asked no more for so long |
//! | `POST /hosts/{host}/resume` | it may be asked again: pauses and troubles are forgotten |
//!
//! Orders are taken with `admin.control = true` and the token of `admin.token` as `Authorization: Bearer TOKEN`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};

use crate::config::Secret;
use crate::frontier::{Frontier, HostView, Line};

/// Hosts that are shown at most: those that wait or are stopped come first.
const MOST_SHOWN: usize = 1_000;

/// Which hosts are asked for.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Wanted {
    /// A part of their names; empty for all.
    #[serde(default)]
    host: String,
}

/// How long a host is paused where nobody says.
const PAUSED_FOR: Duration = Duration::from_secs(24 * 60 * 60);

/// The longest pause that is taken: who means for ever writes a rule.
const LONGEST_PAUSE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How a caller shows that it may give orders (RFC 6750).
const CHALLENGE: (header::HeaderName, &str) = (header::WWW_AUTHENTICATE, "Bearer");

/// An order that is not taken.
type Refused = (StatusCode, [(header::HeaderName, &'static str); 1], &'static str);

/// What the pages of hosts show, and whose orders they take.
pub struct HostPages {
    frontier: Frontier,
    token: Option<Secret>,
}

#[derive(Serialize)]
struct OneHost {
    host: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    now: Option<HostView>,
    requests: Vec<Line>,
}

#[derive(Debug, Deserialize)]
struct Pause {
    r#for: Option<String>,
    why: Option<String>,
}

impl HostPages {
    /// Pages for the hosts of this frontier. Without a token no orders are taken.
    pub const fn new(frontier: Frontier, token: Option<Secret>) -> Self {
        Self { frontier, token }
    }

    /// Of the hosts that are asked for those that are stopped or waited for most, at most `limit`; and how many of all hosts
    /// are in each state.
    pub(super) async fn shown(&self, wanted: &Wanted, limit: usize) -> (Vec<HostView>, BTreeMap<String, i64>) {
        let hosts = self.frontier.view(&wanted.host.to_lowercase(), limit).await;
        let states = self.frontier.hosts().states().into_iter().map(|(state, count)| (state.to_owned(), count));
        (hosts, states.collect())
    }

    /// Whether whoever sent these headers may give orders.
    fn admits(&self, headers: &HeaderMap) -> Result<(), Refused> {
        let Some(token) = &self.token else {
            return Err((StatusCode::FORBIDDEN, [CHALLENGE], "admin.control is off\n"));
        };
        let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let given = given.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
        if is_same(given.trim(), token.expose()) {
            return Ok(());
        }
        Err((StatusCode::UNAUTHORIZED, [CHALLENGE], "the token is missing or wrong\n"))
    }
}

/// The routes of these pages.
pub(super) fn routes(pages: Arc<HostPages>) -> Router {
    Router::new()
        .route("/hosts", get(all))
        .route("/hosts/{host}", get(one))
        .route("/hosts/{host}/pause", post(pause))
        .route("/hosts/{host}/resume", post(resume))
        .with_state(pages)
}

async fn all(State(pages): State<Arc<HostPages>>, Query(wanted): Query<Wanted>, headers: HeaderMap) -> Response {
    let (hosts, states) = pages.shown(&wanted, MOST_SHOWN).await;
    if wants_html(&headers) { Html(page(&hosts, states.values().sum())).into_response() } else { json(&hosts) }
}

async fn one(State(pages): State<Arc<HostPages>>, Path(host): Path<String>) -> Response {
    let host = match named(&host) {
        Ok(host) => host,
        Err(refusal) => return refusal.into_response(),
    };
    let now = pages.frontier.view_of(&host).await;
    let requests = pages.frontier.hosts().audit().of(&host, SystemTime::now());
    if now.is_none() && requests.is_empty() {
        return (StatusCode::NOT_FOUND, format!("nothing was asked of {host} in the last hour\n")).into_response();
    }
    json(&OneHost { host, now, requests })
}

async fn pause(
    State(pages): State<Arc<HostPages>>,
    Path(host): Path<String>,
    Query(order): Query<Pause>,
    headers: HeaderMap,
) -> Response {
    if let Err(refusal) = pages.admits(&headers) {
        return refusal.into_response();
    }
    let host = match named(&host) {
        Ok(host) => host,
        Err(refusal) => return refusal.into_response(),
    };
    let wait = match order.r#for.as_deref().map(humantime::parse_duration).transpose() {
        Ok(wait) => wait.unwrap_or(PAUSED_FOR).min(LONGEST_PAUSE),
        Err(failure) => return (StatusCode::BAD_REQUEST, format!("for: {failure}\n")).into_response(),
    };
    let why = order.why.unwrap_or_default();
    let why = why.get(..why.floor_char_boundary(200)).unwrap_or_default();
    pages.frontier.hosts().hold(&host, wait, if why.is_empty() { "by the operator" } else { why });
    (StatusCode::OK, format!("{host} is paused for {}\n", humantime::format_duration(wait))).into_response()
}

async fn resume(State(pages): State<Arc<HostPages>>, Path(host): Path<String>, headers: HeaderMap) -> Response {
    if let Err(refusal) = pages.admits(&headers) {
        return refusal.into_response();
    }
    match named(&host) {
        Ok(host) => {
            pages.frontier.hosts().resume(&host);
            (StatusCode::OK, format!("{host} may be asked\n")).into_response()
        }
        Err(refusal) => refusal.into_response(),
    }
}

/// A host's name as the frontier knows it.
fn named(host: &str) -> Result<String, (StatusCode, &'static str)> {
    let parsed = url::Host::parse(host.trim_end_matches('.'));
    parsed.map(|host| host.to_string()).map_err(|_| (StatusCode::BAD_REQUEST, "no host's name\n"))
}

/// Compares in the same time however much of it is right.
fn is_same(given: &str, token: &str) -> bool {
    let different = given.bytes().zip(token.bytes()).fold(0, |different, (a, b)| different | (a ^ b));
    given.len() == token.len() && different == 0
}

pub(super) fn wants_html(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept.split(',').any(|media| media.trim().starts_with("text/html"))
}

pub(super) fn json(value: &impl Serialize) -> Response {
    match serde_json::to_string_pretty(value) {
        Ok(text) => ([(header::CONTENT_TYPE, "application/json")], text + "\n").into_response(),
        Err(failure) => (StatusCode::INTERNAL_SERVER_ERROR, failure.to_string()).into_response(),
    }
}

/// `hosts`, of so many that are remembered.
fn page(hosts: &[HostView], remembered: i64) -> String {
    let mut rows = String::new();
    for view in hosts {
        // A host's name has passed the parser of URLs: none of its signs means anything in HTML.
        let statuses: Vec<String> =
            view.last_statuses.iter().map(|status| status.map_or("-".into(), |status| status.to_string())).collect();
        let state = format!("{:?}", view.state).to_lowercase();
        let robots = view.robots_age_s.map_or("-".into(), |age| format!("{age} s"));
        rows.push_str(&format!(
            "<tr><th><a href='/hosts/{0}'>{0}</a><td>{state}<td>{1}<td>{2}<td>{3}<td>{4}<td>{5}<td>{robots}</tr>",
            view.host,
            view.interval_ms,
            view.waiting,
            view.running,
            view.next_due_ms,
            statuses.join(" "),
        ));
    }
    format!(
        "<!DOCTYPE html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>\
         <meta name=color-scheme content='light dark'><title>newswire: hosts</title><h1>{} of {remembered} hosts</h1><table>\
         <tr><th>host<th>state<th>interval, ms<th>waiting<th>running<th>due in, ms<th>last answers<th>robots.txt\
         </tr>{rows}</table></html>",
        hosts.len()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;
    use crate::fetch::{Client, testing::lenient};
    use crate::frontier::{Patience, Sign};

    fn pages(token: Option<&str>) -> Arc<HostPages> {
        let settings = config::Frontier {
            host_delay: Duration::from_secs(1),
            host_concurrency: 1,
            address_delay: Duration::ZERO,
            max_wait: Duration::ZERO,
            robots: config::Robots::Ignore,
            directives: config::Directives::Record,
            rules: None,
            store: config::FrontierStore::Memory,
        };
        let frontier = Frontier::new(&settings, Client::new(&lenient()).unwrap(), 100).unwrap();
        Arc::new(HostPages::new(frontier, token.map(|token| Secret::new(token.to_owned()))))
    }

    fn bearer(token: &str) -> HeaderMap {
        [(header::AUTHORIZATION, format!("Bearer {token}").parse().unwrap())].into_iter().collect()
    }

    async fn order(pages: &Arc<HostPages>, headers: HeaderMap) -> StatusCode {
        let order = Pause { r#for: Some("1h".into()), why: Some("they called".into()) };
        pause(State(pages.clone()), Path("News.Example.".into()), Query(order), headers).await.status()
    }

    #[tokio::test]
    async fn orders_need_control_and_the_token() {
        assert_eq!(order(&pages(None), bearer("")).await, StatusCode::FORBIDDEN);
        let pages = pages(Some("s3cret"));
        for wrong in ["", "s3cre", "s3cret1", "S3cret"] {
            assert_eq!(order(&pages, bearer(wrong)).await, StatusCode::UNAUTHORIZED, "{wrong:?}");
        }
        assert_eq!(order(&pages, HeaderMap::new()).await, StatusCode::UNAUTHORIZED);
        assert!(pages.frontier.hosts().is_empty(), "nothing was done");
        assert_eq!(order(&pages, bearer("s3cret")).await, StatusCode::OK);
        let url = url::Url::parse("http://news.example/").unwrap();
        let busy = pages.frontier.admit(&url, Patience::Wait(Duration::from_secs(9))).await.unwrap_err();
        assert!(busy.to_string().contains("they called"), "{busy}");
        let resumed = resume(State(pages.clone()), Path("news.example".into()), bearer("s3cret")).await;
        assert_eq!(resumed.status(), StatusCode::OK);
        pages.frontier.admit(&url, Patience::None).await.unwrap();
    }

    #[tokio::test]
    async fn of_ten_thousand_hosts_those_that_are_stopped_are_shown_and_any_is_found_by_a_part_of_its_name() {
        const ALL: usize = 10_000;
        let pages = pages(None);
        for number in 0..ALL {
            let url = url::Url::parse(&format!("http://host-{number}.example/")).unwrap();
            drop(pages.frontier.admit(&url, Patience::None).await.unwrap());
        }
        for stopped in ["host-77.example", "host-9999.example"] {
            pages.frontier.hosts().hold(stopped, Duration::from_secs(60), "they called");
        }
        let named = |hosts: &[HostView]| hosts.iter().map(|view| view.host.clone()).collect::<Vec<_>>();
        let (hosts, states) = pages.shown(&Wanted::default(), 50).await;
        assert_eq!((hosts.len(), states["held"], states.values().sum()), (50, 2, ALL as i64));
        assert_eq!(named(&hosts)[..3], ["host-77.example", "host-9999.example", "host-0.example"]);
        assert!(serde_json::to_string(&hosts).unwrap().len() < 20_000, "what is asked for every second stays small");

        let (found, states) = pages.shown(&Wanted { host: "OST-1234.".into() }, 50).await;
        assert_eq!((named(&found), states.values().sum()), (vec!["host-1234.example".into()], ALL as i64));
        assert!(pages.shown(&Wanted { host: "<script>".into() }, 50).await.0.is_empty());
        let (listed, _) = pages.shown(&Wanted::default(), MOST_SHOWN).await;
        assert!(page(&listed, ALL as i64).contains("<h1>1000 of 10000 hosts</h1>"));
    }

    #[tokio::test]
    async fn a_host_is_shown_with_what_was_asked_of_it() {
        let pages = pages(None);
        let url = url::Url::parse("http://news.example/").unwrap();
        let mut admission = pages.frontier.admit(&url, Patience::None).await.unwrap();
        admission.turn.ended(Sign::Refused { asked: None, certain: true }, Some(429), "/a<b");
        drop(admission);
        let shown = pages.frontier.view("", 10).await;
        let [view] = &shown[..] else { panic!("{shown:?}") };
        assert_eq!(view.last_statuses, [Some(429)]);
        assert!(view.next_due_ms > 59_000, "{view:?}");
        assert!(page(&shown, 1).contains("paused"));
        let lines = pages.frontier.hosts().audit().of("news.example", SystemTime::now());
        assert_eq!((lines[0].path.as_str(), lines[0].status), ("/a<b", Some(429)));
        assert!(lines[0].pause_ms > Some(59_000));
        assert_eq!(one(State(pages.clone()), Path("other.example".into())).await.status(), StatusCode::NOT_FOUND);
        assert_eq!(one(State(pages), Path("news.example".into())).await.status(), StatusCode::OK);
    }
}
