//! The admin server: metrics, health, and pages that show what the worker is doing.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio_util::sync::CancellationToken;

use crate::config::Settings;
use crate::dedup::Store;
use crate::kafka::{Link, Partitions};
use crate::metrics::Metrics;

mod feeds;
mod hosts;
mod status;

pub use hosts::HostPages;
pub use status::Status;

/// How long intake may go without polling. It polls every 50 ms; handing partitions over takes at most
/// 7 s.
const INTAKE_SILENCE: Duration = Duration::from_secs(30);

/// Whether the worker lives, and whether it is of use.
pub struct Health {
    metrics: Arc<Metrics>,
    partitions: Arc<Partitions>,
    link: Arc<Link>,
    known: Arc<Store>,
    draining: CancellationToken,
    standstill: Duration,
    started: Instant,
    in_stages: AtomicUsize,
    last_progress_ms: AtomicU64,
}

impl Health {
    /// The health of a worker with these parts.
    ///
    /// A message may wait for its host and be fetched as long as the settings allow; no progress for
    /// twice as long is a standstill.
    pub fn new(
        settings: &Settings,
        metrics: Arc<Metrics>,
        partitions: Arc<Partitions>,
        link: Arc<Link>,
        known: Arc<Store>,
        draining: CancellationToken,
    ) -> Self {
        let longest = settings.frontier.max_wait + settings.fetch.total_timeout + settings.extract.time_limit;
        Self {
            metrics,
            partitions,
            link,
            known,
            draining,
            standstill: longest * 2,
            started: Instant::now(),
            in_stages: AtomicUsize::new(0),
            last_progress_ms: AtomicU64::new(0),
        }
    }

    /// Notes that the stages have one message more.
    pub fn message_started(&self) {
        if self.in_stages.fetch_add(1, Ordering::Relaxed) == 0 {
            self.progress();
        }
    }

    /// Notes that a message has left the stages.
    pub fn message_ended(&self) {
        self.in_stages.fetch_sub(1, Ordering::Relaxed);
        self.progress();
    }

    /// Notes that the stages were emptied: what was in them is given up.
    pub fn stages_emptied(&self) {
        self.in_stages.store(0, Ordering::Relaxed);
        self.progress();
    }

    /// Why the worker should be started anew, if it should: it has work to do and stands still.
    pub fn standstill(&self) -> Option<String> {
        let joined = self.partitions.joined();
        let silence = self.metrics.since_intake_beat();
        if joined && silence > INTAKE_SILENCE {
            return Some(format!("intake has not polled for {} s", silence.as_secs()));
        }
        let busy = self.in_stages.load(Ordering::Relaxed);
        let idle = self.elapsed_ms().saturating_sub(self.last_progress_ms.load(Ordering::Relaxed));
        if busy > 0 && Duration::from_millis(idle) > self.standstill {
            return Some(format!("{busy} messages in the stages, and none has left them for {} s", idle / 1000));
        }
        None
    }

    /// Why the worker can take no work now, if it can't.
    pub fn not_ready(&self) -> Option<&'static str> {
        if self.draining.is_cancelled() {
            return Some("draining");
        }
        if !self.partitions.joined() {
            return Some("no assignment yet");
        }
        if self.link.cut_off() {
            return Some("no broker can be reached");
        }
        if !self.link.producing() {
            return Some("the brokers take no records");
        }
        if self.link.place().has_others() {
            return Some("others are in the group, and the embedded store is for one worker");
        }
        if self.known.trouble().is_some() {
            return Some("the dedup store can't be written");
        }
        None
    }

    fn progress(&self) {
        self.last_progress_ms.store(self.elapsed_ms(), Ordering::Relaxed);
    }

    fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// Serves at `address` for as long as the process lives; the answer is where it listens.
///
/// Fails when the address can't be bound.
pub async fn serve(address: SocketAddr, status: Arc<Status>) -> io::Result<SocketAddr> {
    let listener = tokio::net::TcpListener::bind(address).await?;
    let bound = listener.local_addr()?;
    let router = routes(status);
    tokio::spawn(async move {
        if let Err(failure) = axum::serve(listener, router).await {
            tracing::error!(error = %failure, "admin server ended");
        }
    });
    Ok(bound)
}

/// Everything that is served.
fn routes(status: Arc<Status>) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .with_state(status.health.clone())
        .merge(hosts::routes(status.hosts.clone()))
        .merge(feeds::routes(status.journal.clone()))
        .merge(status::routes(status))
        .layer(map_response(async |mut answer: Response| {
            for (name, value) in status::SAFE {
                answer.headers_mut().insert(name, HeaderValue::from_static(value));
            }
            answer
        }))
}

async fn metrics(State(health): State<Arc<Health>>) -> Response {
    health.metrics.ready.set(i64::from(health.not_ready().is_none()));
    match health.metrics.render() {
        Ok(text) => ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response(),
        Err(failure) => (StatusCode::INTERNAL_SERVER_ERROR, failure.to_string()).into_response(),
    }
}

async fn livez(State(health): State<Arc<Health>>) -> (StatusCode, String) {
    match health.standstill() {
        None => (StatusCode::OK, "alive\n".into()),
        Some(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")),
    }
}

async fn readyz(State(health): State<Arc<Health>>) -> (StatusCode, String) {
    match health.not_ready() {
        None => (StatusCode::OK, "ready\n".into()),
        Some(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")),
    }
}
