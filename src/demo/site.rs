//! A news site on loopback, for `newswire demo`: one port, many hosts.
//!
//! The `Host` header tells the hosts apart, and `fetch.resolve` leads them all here ([`Site::resolve`]).
//! Every request is counted ([`Site::hits`]), so that the demo can show how often each page was asked for.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Response, StatusCode, header};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::answer::status_alone;
use super::catalogue::Catalogue;

/// How many different addresses the log remembers. The plan asks for some 130.
const LONGEST_LOG: usize = 10_000;

/// How long open requests get when the site stops. A page takes a millisecond.
const LAST_REQUESTS: Duration = Duration::from_secs(1);

/// A running site. Dropping it without [`Site::stop`] stops it too, without waiting for open requests.
#[derive(Debug)]
pub struct Site {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: oneshot::Sender<()>,
    server: JoinHandle<io::Result<()>>,
}

/// How often an address was asked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hit {
    /// The host, without port.
    pub host: String,
    /// Path and query.
    pub path: String,
    /// Requests so far.
    pub count: u32,
}

#[derive(Debug)]
struct Shared {
    catalogue: Catalogue,
    /// Requests by host, then by path and query.
    log: Mutex<BTreeMap<(String, String), u32>>,
}

impl Site {
    /// Builds the pages and serves them on a free port of 127.0.0.1.
    ///
    /// Fails when a page can't be built or no port can be had.
    pub async fn start() -> io::Result<Self> {
        let shared = Arc::new(Shared { catalogue: Catalogue::new()?, log: Mutex::default() });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let router = Router::new().fallback(answer).with_state(Arc::clone(&shared));
        let (stop, stopped) = oneshot::channel();
        // A dropped sender stops the server too: the result of waiting does not matter.
        let server = axum::serve(listener, router).with_graceful_shutdown(async { drop(stopped.await) });
        Ok(Self { address, shared, stop, server: tokio::spawn(server.into_future()) })
    }

    /// Where the site listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Every host of the site with its address, as `fetch.resolve` wants it.
    pub fn resolve(&self) -> BTreeMap<String, SocketAddr> {
        self.shared.catalogue.hosts().map(|host| (host.to_owned(), self.address)).collect()
    }

    /// What was asked for so far, by host and path.
    pub fn hits(&self) -> Vec<Hit> {
        let log = self.shared.log.lock().unwrap_or_else(PoisonError::into_inner);
        let hit = |((host, path), count): (&(String, String), &u32)| Hit {
            host: host.clone(),
            path: path.clone(),
            count: *count,
        };
        log.iter().map(hit).collect()
    }

    /// Stops taking requests, gives the open ones a second, and waits for the server's end.
    pub async fn stop(mut self) -> io::Result<()> {
        drop(self.stop);
        if let Ok(ended) = tokio::time::timeout(LAST_REQUESTS, &mut self.server).await {
            return ended.map_err(io::Error::other)?;
        }
        self.server.abort();
        Ok(())
    }
}

impl Shared {
    /// Counts a request, and says which one it is for its address, from 1.
    fn count(&self, host: &str, path: &str) -> u32 {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (host.to_owned(), path.to_owned());
        if log.len() >= LONGEST_LOG && !log.contains_key(&key) {
            return 1;
        }
        let count = log.entry(key).or_default();
        *count = count.saturating_add(1);
        *count
    }
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response<Body> {
    let Some(host) = host_of(&request) else {
        return status_alone(StatusCode::BAD_REQUEST);
    };
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let nth = shared.count(&host, path);
    match shared.catalogue.answer(&host, path) {
        Some(answer) => answer.respond(nth, request.headers()),
        None => status_alone(StatusCode::NOT_FOUND),
    }
}

/// The host that is asked: lower case, without its port.
fn host_of(request: &Request) -> Option<String> {
    let host = request.headers().get(header::HOST)?.to_str().ok()?;
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    Some(name.to_ascii_lowercase())
}

#[cfg(test)]
mod tests;
