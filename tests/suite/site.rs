//! The web that pages come from: one server on loopback that plays any number of hosts.
//!
//! `/article/N` on every host is article number N. What a test registers comes before that;
//! everything else, robots.txt included, is 404. An answer with an `etag` is 304 to whoever has it. Every visit is
//! logged.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Response, header};
use tokio::runtime::Runtime;
use tokio::sync::watch;

use crate::pages::{self, Page};

/// A news web of its own for a test.
pub struct Site {
    address: SocketAddr,
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    pages: Mutex<HashMap<(String, String), Vec<Answer>>>,
    requests: Mutex<HashMap<(String, String), usize>>,
    visits: Mutex<Vec<Visit>>,
    conditions: Mutex<HashMap<(String, String), Vec<String>>>,
    delay_ms: AtomicU64,
    slow: Mutex<HashMap<String, Duration>>,
}

/// A request, and the answer that it got.
#[derive(Debug, Clone)]
pub struct Visit {
    /// The host that was asked for.
    pub host: String,
    /// The path and query.
    pub path: String,
    /// When it came.
    pub begun: Instant,
    /// When the answer was on its way.
    pub ended: Instant,
    /// The answer's status.
    pub status: u16,
}

/// What a request gets.
#[derive(Clone)]
pub struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    gate: Option<watch::Receiver<bool>>,
}

/// Holds answers back until it is opened.
pub struct Gate(watch::Sender<bool>);

impl Gate {
    /// A closed gate.
    pub fn closed() -> Self {
        Self(watch::channel(false).0)
    }

    /// Lets all answers go, now and later.
    pub fn open(&self) {
        self.0.send_replace(true);
    }
}

impl Answer {
    /// An article.
    pub fn page(page: &Page) -> Self {
        Self::html(page.html())
    }

    /// The article of this number.
    pub fn article(seed: u64) -> Self {
        Self::page(&pages::article(seed))
    }

    /// A page of HTML.
    pub fn html(body: impl Into<Vec<u8>>) -> Self {
        Self::bytes("text/html; charset=utf-8", body)
    }

    /// Anything of a media type.
    pub fn bytes(media_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { status: 200, headers: vec![("content-type", media_type.into())], body: body.into(), gate: None }
    }

    /// A bare status.
    pub fn status(status: u16) -> Self {
        Self { status, ..Self::html(format!("<h1>{status}</h1>")) }
    }

    /// The way to another address.
    pub fn redirect(status: u16, location: &str) -> Self {
        Self::status(status).with("location", location)
    }

    /// The same with a header more.
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The same, held back until the gate is opened.
    pub fn behind(mut self, gate: &Gate) -> Self {
        self.gate = Some(gate.0.subscribe());
        self
    }
}

/// The runtime that all sites of the run live on.
pub fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap())
}

impl Site {
    /// Starts with nothing registered.
    pub fn start() -> Self {
        let inner = Arc::new(Inner::default());
        let app = Router::new().fallback(serve).with_state(inner.clone());
        let listener = runtime().block_on(tokio::net::TcpListener::bind(("127.0.0.1", 0))).unwrap();
        let address = listener.local_addr().unwrap();
        runtime().spawn(async move { axum::serve(listener, app).await });
        Self { address, inner }
    }

    /// Where it listens, for `fetch.resolve`.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Registers an address of the site, without its scheme: `host.example/path`.
    pub fn set(&self, address: &str, answer: Answer) {
        self.sequence(address, vec![answer]);
    }

    /// Registers one answer after the other; the last is given for ever.
    pub fn sequence(&self, address: &str, answers: Vec<Answer>) {
        self.inner.pages.lock().unwrap().insert(split(address), answers);
    }

    /// From now on each answer takes so long.
    pub fn take_time(&self, delay: Duration) {
        self.inner.delay_ms.store(delay.as_millis() as u64, Ordering::Relaxed);
    }

    /// From now on each answer of this host takes so long.
    pub fn slow_down(&self, host: &str, delay: Duration) {
        self.inner.slow.lock().unwrap().insert(host.to_owned(), delay);
    }

    /// How often an address was asked for.
    pub fn requests(&self, address: &str) -> usize {
        self.inner.requests.lock().unwrap().get(&split(address)).copied().unwrap_or(0)
    }

    /// All requests that were answered, in the order in which they came.
    pub fn visits(&self) -> Vec<Visit> {
        let mut visits = self.inner.visits.lock().unwrap().clone();
        visits.sort_by_key(|visit| visit.begun);
        visits
    }

    /// The `If-None-Match` of each request to an address; empty where there was none.
    pub fn conditions(&self, address: &str) -> Vec<String> {
        self.inner.conditions.lock().unwrap().get(&split(address)).cloned().unwrap_or_default()
    }

    /// How often anything but robots.txt was asked for.
    pub fn all_requests(&self) -> usize {
        let requests = self.inner.requests.lock().unwrap();
        requests.iter().filter(|((_, path), _)| path != "/robots.txt").map(|(_, count)| count).sum()
    }
}

fn split(address: &str) -> (String, String) {
    let (host, path) = address.split_once('/').expect("host/path");
    (host.to_owned(), format!("/{path}"))
}

async fn serve(State(inner): State<Arc<Inner>>, request: Request) -> Response<Body> {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let host = host.split(':').next().unwrap_or_default().to_owned();
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let begun = Instant::now();
    let known = request.headers().get(header::IF_NONE_MATCH).and_then(|tag| tag.to_str().ok()).map(str::to_owned);
    let condition = known.clone().unwrap_or_default();
    inner.conditions.lock().unwrap().entry((host.clone(), path.clone())).or_default().push(condition);
    let mut answer = inner.answer(host.clone(), path.clone());
    if known.is_some_and(|known| answer.headers.iter().any(|(name, value)| *name == "etag" && *value == known)) {
        (answer.status, answer.body) = (304, Vec::new());
    }
    let slow = inner.slow.lock().unwrap().get(&host).copied();
    let delay = slow.unwrap_or_else(|| Duration::from_millis(inner.delay_ms.load(Ordering::Relaxed)));
    tokio::time::sleep(delay).await;
    if let Some(mut gate) = answer.gate {
        // A gate that is dropped with its test counts as open.
        let _ = gate.wait_for(|open| *open).await;
    }
    let visit = Visit { host, path, begun, ended: Instant::now(), status: answer.status };
    inner.visits.lock().unwrap().push(visit);
    let mut response = Response::builder().status(answer.status);
    for (name, value) in answer.headers {
        response = response.header(name, value);
    }
    response.body(Body::from(answer.body)).unwrap()
}

impl Inner {
    fn answer(&self, host: String, path: String) -> Answer {
        let article = path.strip_prefix("/article/").and_then(|seed| seed.parse().ok());
        let key = (host, path);
        *self.requests.lock().unwrap().entry(key.clone()).or_default() += 1;
        if let Some(answers) = self.pages.lock().unwrap().get_mut(&key) {
            return if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() };
        }
        article.map_or_else(|| Answer::status(404), Answer::article)
    }
}
