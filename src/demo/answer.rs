//! What the fixture site says to a request.

use std::io::{self, Write};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use flate2::Compression;
use flate2::write::GzEncoder;
use futures::{StreamExt, stream};
use xxhash_rust::xxh3::xxh3_64;

/// How long a body that will be cut stays open after its first half: the head must be on its way
/// before the connection goes, or the client sees no answer at all instead of half of one.
const BEFORE_THE_CUT: Duration = Duration::from_millis(20);

/// How a page's bytes travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// As they are.
    Identity,
    /// `Content-Encoding: gzip`.
    Gzip,
}

/// A body with its type, as the site keeps it: coded once, when the site is built.
#[derive(Debug, Clone)]
pub struct Page {
    content_type: String,
    coding: Coding,
    body: Bytes,
    etag: String,
}

impl Page {
    /// A page of these bytes. Its entity tag is a hash of them.
    pub fn new(content_type: impl Into<String>, coding: Coding, body: Vec<u8>) -> io::Result<Self> {
        let etag = format!("\"{:016x}\"", xxh3_64(&body));
        let body = match coding {
            Coding::Identity => body,
            Coding::Gzip => gzipped(&body)?,
        };
        Ok(Self { content_type: content_type.into(), coding, body: body.into(), etag })
    }

    fn head(&self, status: StatusCode) -> axum::http::response::Builder {
        let mut head = Response::builder()
            .status(status)
            .header(header::CONTENT_TYPE, &self.content_type)
            .header(header::ETAG, &self.etag);
        if self.coding == Coding::Gzip {
            head = head.header(header::CONTENT_ENCODING, "gzip");
        }
        head
    }

    fn is_known_to(&self, request: &HeaderMap) -> bool {
        request.get_all(header::IF_NONE_MATCH).iter().any(|known| known.as_bytes() == self.etag.as_bytes())
    }
}

/// What a path answers.
#[derive(Debug, Clone)]
pub enum Answer {
    /// 200 with a page, or 304 for a client that has it.
    Page(Page),
    /// 301 to this address.
    Redirect(String),
    /// A bare status.
    Status(StatusCode),
    /// 503 with `Retry-After`, in seconds.
    ComeBackAfter(u32),
    /// The head and the first half of a page; then the connection is gone.
    Cut(Page),
    /// The first request gets the first answer, every later one the second.
    FirstThen(Box<Answer>, Box<Answer>),
}

impl Answer {
    /// The first request gets `first`, every later one `then`.
    pub fn first_then(first: Self, then: Self) -> Self {
        Self::FirstThen(first.into(), then.into())
    }

    /// The response to the `nth` request (from 1) for this path, given the request's headers.
    pub fn respond(&self, nth: u32, request: &HeaderMap) -> Response<Body> {
        match self {
            Self::Page(page) if page.is_known_to(request) => {
                built(page.head(StatusCode::NOT_MODIFIED).body(Body::empty()))
            }
            Self::Page(page) => built(page.head(StatusCode::OK).body(Body::from(page.body.clone()))),
            Self::Redirect(location) => built(
                Response::builder()
                    .status(StatusCode::MOVED_PERMANENTLY)
                    .header(header::LOCATION, location)
                    .body(Body::empty()),
            ),
            Self::Status(status) => status_alone(*status),
            Self::ComeBackAfter(seconds) => {
                let mut response = status_alone(StatusCode::SERVICE_UNAVAILABLE);
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(*seconds));
                response
            }
            Self::Cut(page) => built(
                page.head(StatusCode::OK).header(header::CONTENT_LENGTH, page.body.len()).body(first_half(&page.body)),
            ),
            Self::FirstThen(first, _) if nth <= 1 => first.respond(nth, request),
            Self::FirstThen(_, then) => then.respond(nth - 1, request),
        }
    }
}

/// A response of a status alone, with a word for people.
pub fn status_alone(status: StatusCode) -> Response<Body> {
    let reason = if status == StatusCode::NO_CONTENT { "" } else { status.canonical_reason().unwrap_or_default() };
    let mut response = Response::new(Body::from(reason));
    *response.status_mut() = status;
    response
}

fn first_half(body: &Bytes) -> Body {
    let half = body.slice(..body.len() / 2);
    let cut = async {
        tokio::time::sleep(BEFORE_THE_CUT).await;
        Err(io::Error::from(io::ErrorKind::ConnectionAborted))
    };
    Body::from_stream(stream::once(async { Ok::<_, io::Error>(half) }).chain(stream::once(cut)))
}

fn gzipped(body: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body)?;
    encoder.finish()
}

/// A response whose headers can't be written would be a mistake in the catalogue: it shows as 500.
fn built(response: Result<Response<Body>, axum::http::Error>) -> Response<Body> {
    response.unwrap_or_else(|_| status_alone(StatusCode::INTERNAL_SERVER_ERROR))
}
