//! One request, one answer.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use reqwest::Proxy;
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use url::{Host, Url};

use super::body::{self, Limits};
use super::redirect::{Refresh, location};
use super::resolver::Resolver;
use super::tls::{Offer, client_config};
use super::{FetchError, Guard, PageHeaders, Raw, Validators, coding, failure, media, retry_after};
use crate::config;

/// The most bytes that an answer's header may have, names and values.
pub const LONGEST_HEADER: u64 = 256 * 1024;

/// The most fields that an answer's header may have; browsers and proxies stop at 100 to 500.
const MOST_FIELDS: usize = 200;

/// Feeds and sitemaps longer than a page that are received or read at once: they take 100 MiB at most. With one, a slow
/// host holds up all others' long sitemaps; with four it is 200 MiB.
const LONG_AT_ONCE: usize = 2;

/// Idle connections kept for one host: more than one only serves `frontier.host_concurrency`.
const IDLE_PER_HOST: usize = 4;

/// How long an idle connection is kept: longer than the usual interval of a host, shorter than most
/// servers keep theirs.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// The codings that [`coding`] undoes.
const ACCEPT_ENCODING: HeaderValue = HeaderValue::from_static("gzip, deflate, br, zstd");

/// What newswire reads, pages first.
const ACCEPT: HeaderValue = HeaderValue::from_static(
    "text/html,application/xhtml+xml,application/xml;q=0.9,application/rss+xml;q=0.9,\
     application/atom+xml;q=0.9,application/feed+json;q=0.9,text/plain;q=0.8,*/*;q=0.1",
);

/// The worker's only way to the network: guarded, without cookies or redirects of its own, and with a proxy only where
/// the settings name one.
///
/// A clone is the same client with the same connections. It decides neither whether nor when a host
/// may be asked: that is the frontier's part.
#[derive(Debug, Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    http: reqwest::Client,
    /// For hosts of `fetch.resolve` whose URL names a port. See [`Client::request`].
    http1: reqwest::Client,
    guard: Arc<Guard>,
    resolver: Resolver,
    user_agent: String,
    connect_timeout: Duration,
    read_timeout: Duration,
    max_body: u64,
    long: Arc<Semaphore>,
}

/// Why there is no client: a setting of `[fetch]` can't be used.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each variant says what it is")]
pub enum ClientError {
    #[error("fetch.user_agent = {0:?}: expected visible ASCII characters")]
    UserAgent(String),
    #[error("fetch.ca_file = {file:?}: {cause}")]
    CaFile { file: PathBuf, cause: String },
    #[error("fetch.resolve has {0:?}: expected a name, an address is always its own")]
    ResolveAddress(String),
    #[error("fetch.proxy can't be used: {0}")]
    Proxy(#[source] reqwest::Error),
    #[error("fetch.proxy and fetch.resolve: a proxy resolves all names itself; take one of the two away")]
    ProxyAndResolve,
    #[error("TLS can't be set up: {0}")]
    Tls(String),
    #[error("the HTTP client can't be set up: {0}")]
    Http(#[from] reqwest::Error),
}

/// What a host answered.
#[derive(Debug, Clone)]
pub enum Answer {
    /// A page.
    Page(Box<Raw>),
    /// It is elsewhere.
    Redirect {
        /// Where, absolute and without fragment. Not judged yet: [`Hops`](super::Hops) does.
        to: Url,
        /// The status; 200 where a `Refresh` header sent us on.
        status: u16,
    },
    /// It is as it was when we had it (304).
    NotModified,
}

/// The beginning of a small file such as robots.txt.
#[derive(Debug, Clone)]
pub struct Prefix {
    /// The status, whatever it is.
    pub status: u16,
    /// Where it is, for a redirect with a usable location.
    pub location: Option<Url>,
    /// How long the host asks us to stay away.
    pub retry_after: Option<Duration>,
    /// How long the answer may be kept, where `Cache-Control` says so; zero for one that may not be.
    pub max_age: Option<Duration>,
    /// Its first bytes, decoded as far as they could be. Empty unless the status is 2xx.
    pub bytes: Bytes,
}

impl Client {
    /// A client as `[fetch]` describes it.
    ///
    /// # Errors
    /// [`ClientError`]: a setting can't be used.
    pub fn new(settings: &config::Fetch) -> Result<Self, ClientError> {
        let user_agent = HeaderValue::from_str(&settings.user_agent)
            .map_err(|_| ClientError::UserAgent(settings.user_agent.clone()))?;
        let literal = settings.resolve.keys().find(|host| host.parse::<std::net::IpAddr>().is_ok());
        if let Some(literal) = literal {
            return Err(ClientError::ResolveAddress(literal.clone()));
        }
        let proxy = match &settings.proxy {
            Some(_) if !settings.resolve.is_empty() => return Err(ClientError::ProxyAndResolve),
            Some(address) => Some(Proxy::all(address.expose()).map_err(ClientError::Proxy)?),
            None => None,
        };
        let guard = Arc::new(Guard::new(settings));
        let resolver = Resolver::new(guard.clone(), proxy.is_some());
        let build = |offer| -> Result<reqwest::Client, ClientError> {
            let builder = reqwest::Client::builder()
                .tls_backend_preconfigured(client_config(settings, offer)?)
                .dns_resolver(resolver.clone())
                .no_proxy()
                .redirect(Policy::none())
                .referer(false)
                .user_agent(user_agent.clone())
                .connect_timeout(settings.connect_timeout)
                .pool_max_idle_per_host(IDLE_PER_HOST)
                .pool_idle_timeout(IDLE_TIMEOUT)
                .http1_max_headers(MOST_FIELDS)
                .http1_ignore_invalid_headers_in_responses(true)
                .http1_allow_obsolete_multiline_headers_in_responses(true)
                .http2_max_header_list_size(LONGEST_HEADER as u32);
            let builder = if offer == Offer::Http1 { builder.http1_only() } else { builder };
            let builder = match &proxy {
                Some(proxy) => builder.proxy(proxy.clone()),
                None => builder,
            };
            Ok(builder.build()?)
        };
        let inner = Inner {
            http: build(Offer::Http2)?,
            http1: build(Offer::Http1)?,
            resolver: resolver.clone(),
            guard,
            user_agent: settings.user_agent.clone(),
            connect_timeout: settings.connect_timeout,
            read_timeout: settings.read_timeout,
            max_body: settings.max_body,
            long: Arc::new(Semaphore::new(LONG_AT_ONCE)),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// What the client calls itself.
    pub fn user_agent(&self) -> &str {
        &self.inner.user_agent
    }

    /// Refuses what can be refused without a connection: [`Guard::check`].
    ///
    /// # Errors
    /// `invalid_url`, `unsupported_scheme`, `credentials_in_url`, `forbidden_address`, `forbidden_port`.
    pub fn check(&self, url: &Url) -> Result<(), FetchError> {
        self.inner.guard.check(url)
    }

    /// The address that `url`'s host is at: the first one that may be connected to; `None` where there is none, or where
    /// only a proxy knows it.
    pub async fn address_of(&self, url: &Url) -> Option<IpAddr> {
        match url.host()? {
            Host::Ipv4(address) => Some(address.into()),
            Host::Ipv6(address) => Some(address.into()),
            Host::Domain(_) if self.inner.resolver.is_for_a_proxy() => None,
            Host::Domain(name) => self.inner.resolver.addresses(name).await.ok()?.first().map(SocketAddr::ip),
        }
    }

    /// Asks for `url` once, within `time_left`; where it is `known`, only for what is newer.
    ///
    /// # Errors
    /// What [`Client::check`] refuses, before anything is connected to; then whatever keeps the
    /// answer from being a page or a redirect.
    pub async fn get(&self, url: &Url, known: Option<&Validators>, time_left: Duration) -> Result<Answer, FetchError> {
        let started = Instant::now();
        let deadline = started + time_left;
        let response = self.request(url, deadline, ACCEPT, known).await?;
        let status = response.status().as_u16();
        if status == 304 && known.is_some() {
            return Ok(Answer::NotModified);
        }
        if matches!(status, 300..=303 | 307 | 308) {
            return match location_of(&response, url) {
                Some(to) => Ok(Answer::Redirect { to, status }),
                None => Err(FetchError::UnusableLocation { status }),
            };
        }
        if !matches!(status, 200..=203 | 207..=299) {
            return Err(FetchError::Status { status, retry_after: retry_after_of(&response) });
        }
        let refresh = text(response.headers(), &HeaderName::from_static("refresh"));
        if let Some(to) = refresh.as_deref().and_then(Refresh::parse).and_then(|refresh| refresh.redirect(url)) {
            return Ok(Answer::Redirect { to, status });
        }
        let headers = page_headers(response.headers());
        let declared = media::declared(headers.content_type.as_deref())?;
        let codings = coding::named(headers.content_encoding.as_deref().unwrap_or_default())
            .map_err(|cause| FetchError::Undecodable { cause })?;
        let limits = self.limits(self.inner.max_body, deadline);
        let (bytes, place) = body::whole(response, declared, !codings.is_empty(), limits).await?;
        let elapsed = started.elapsed();
        let url = url.clone();
        let raw = Raw { url, status, headers, bytes, fetched_at: SystemTime::now(), elapsed, declared, codings, place };
        Ok(Answer::Page(Box::new(raw)))
    }

    /// Asks for the first `limit` bytes of a small file, whatever it calls itself, within `time_left`.
    /// It is decoded on the spot, so `limit` should be no more than a megabyte.
    ///
    /// # Errors
    /// As [`Client::get`], but no status is an error, and no file is too large or of a wrong type.
    pub async fn prefix(&self, url: &Url, limit: usize, time_left: Duration) -> Result<Prefix, FetchError> {
        let deadline = Instant::now() + time_left;
        let response = self.request(url, deadline, HeaderValue::from_static("text/plain,*/*;q=0.5"), None).await?;
        let status = response.status().as_u16();
        let location = location_of(&response, url).filter(|_| matches!(status, 300..=303 | 307 | 308));
        let retry_after = retry_after_of(&response);
        let max_age = max_age_of(response.headers());
        if !(200..=299).contains(&status) {
            return Ok(Prefix { status, location, retry_after, max_age, bytes: Bytes::new() });
        }
        let header = all(response.headers(), &header::CONTENT_ENCODING).unwrap_or_default();
        let codings = coding::named(&header).map_err(|cause| FetchError::Undecodable { cause })?;
        let received = body::prefix(response, self.limits(limit as u64, deadline)).await?;
        let bytes = if codings.is_empty() { received } else { coding::decode(&codings, &received, limit).bytes.into() };
        Ok(Prefix { status, location, retry_after, max_age, bytes })
    }

    fn limits(&self, max_body: u64, deadline: Instant) -> Limits<'_> {
        Limits { max_body, read_timeout: self.inner.read_timeout, deadline, long: &self.inner.long }
    }

    /// Sends the request and waits for the answer's head.
    ///
    /// hyper lets a port that stands in the URL win over the one that the resolver answers with. So a
    /// host of `fetch.resolve` is asked through a URL without its port, with `Host` as the URL has it.
    /// That is HTTP/1.1 only: in HTTP/2 the name that the server sees is the URL's own.
    async fn request(
        &self,
        url: &Url,
        deadline: Instant,
        accept: HeaderValue,
        known: Option<&Validators>,
    ) -> Result<reqwest::Response, FetchError> {
        self.check(url)?;
        let started = Instant::now();
        let own_address = url.host_str().and_then(|host| self.inner.guard.own_address(host));
        let request = match (url.port(), own_address) {
            (Some(port), Some(_)) => {
                let mut without_port = url.clone();
                // Only a URL without a host has no port to take away.
                let _ = without_port.set_port(None);
                let host = format!("{}:{port}", url.host_str().unwrap_or_default());
                self.inner.http1.get(without_port).header(header::HOST, host)
            }
            _ => self.inner.http.get(url.clone()),
        };
        let conditions = [
            (header::IF_NONE_MATCH, known.and_then(|known| known.etag.as_deref())),
            (header::IF_MODIFIED_SINCE, known.and_then(|known| known.last_modified.as_deref())),
        ];
        let request = conditions
            .into_iter()
            .filter_map(|(name, value)| Some((name, HeaderValue::from_str(value?).ok()?)))
            .fold(request, |request, (name, value)| request.header(name, value));
        let request = request.header(header::ACCEPT_ENCODING, ACCEPT_ENCODING).header(header::ACCEPT, accept);
        let until = deadline.min(started + self.inner.connect_timeout + self.inner.read_timeout);
        let response = match tokio::time::timeout_at(until, request.send()).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(failure::before_the_answer(url, error, started.elapsed())),
            Err(_) => {
                return Err(FetchError::Timeout { during: "while waiting for the answer", after: started.elapsed() });
            }
        };
        let length: usize = response.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
        if length as u64 > LONGEST_HEADER {
            return Err(FetchError::TooLarge { what: "header", limit: LONGEST_HEADER });
        }
        Ok(response)
    }
}

fn location_of(response: &reqwest::Response, url: &Url) -> Option<Url> {
    location(response.headers().get(header::LOCATION)?.as_bytes(), url)
}

fn retry_after_of(response: &reqwest::Response) -> Option<Duration> {
    retry_after::asked_for(response.headers().get(header::RETRY_AFTER)?, SystemTime::now())
}

/// `Cache-Control`'s word (RFC 9111, section 5.2.2) on how long an answer may be kept.
fn max_age_of(headers: &HeaderMap) -> Option<Duration> {
    let header = all(headers, &header::CACHE_CONTROL)?.to_ascii_lowercase();
    let mut directives = header.split(',').map(str::trim);
    if directives.clone().any(|directive| matches!(directive, "no-store" | "no-cache")) {
        return Some(Duration::ZERO);
    }
    let seconds = directives.find_map(|directive| directive.strip_prefix("max-age="))?;
    seconds.trim_matches('"').parse().ok().map(Duration::from_secs)
}

fn page_headers(headers: &HeaderMap) -> PageHeaders {
    let robots = headers.get_all("x-robots-tag").iter().take(16);
    PageHeaders {
        content_type: text(headers, &header::CONTENT_TYPE),
        content_encoding: all(headers, &header::CONTENT_ENCODING),
        etag: text(headers, &header::ETAG),
        last_modified: text(headers, &header::LAST_MODIFIED),
        x_robots_tag: robots.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect(),
        tdm_reservation: text(headers, &HeaderName::from_static("tdm-reservation")),
        max_age: max_age_of(headers),
    }
}

fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    Some(String::from_utf8_lossy(headers.get(name)?.as_bytes()).into_owned())
}

/// The values of a field that may be sent in several lines (RFC 9110, section 5.3), as one.
fn all(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let values: Vec<_> = headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
    (!values.is_empty()).then(|| values.join(", "))
}
