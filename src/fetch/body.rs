//! A page: as it was received, and decoded.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::{Bytes, BytesMut};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use url::Url;

use super::coding::{self, Coding, End};
use super::media::{self, Declared, LIST_LOOKED_AT, MOST_LIST_BYTES};
use super::{FetchError, Media, failure};

/// How much longer than the page its coded form may be, in bytes: what a coding adds to bytes that
/// it can't shorten.
const CODING_OVERHEAD: u64 = 64 * 1024;

/// So much room a body has at once where its header says that it needs as much, in bytes: with more, hosts that say it and
/// send nothing would fill the memory.
const BELIEVED_LENGTH: usize = 256 * 1024;

/// What an answer's header says about its page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the headers of these names, as sent")]
pub struct PageHeaders {
    pub content_type: Option<String>,
    pub content_encoding: Option<String>,
    pub etag: Option<String>,
    pub last_modified: Option<String>,
    /// Each header of this name.
    pub x_robots_tag: Vec<String>,
    /// The TDM Reservation Protocol's header.
    pub tdm_reservation: Option<String>,
    /// How long it may be kept (`Cache-Control`); zero for one that may not be.
    pub max_age: Option<Duration>,
}

/// A page as it was received: still coded.
#[derive(Debug, Clone)]
pub struct Raw {
    /// Where it was had.
    pub url: Url,
    /// The status: 2xx.
    pub status: u16,
    /// What its header says.
    pub headers: PageHeaders,
    /// The body as received.
    pub bytes: Bytes,
    /// When the last byte came.
    pub fetched_at: SystemTime,
    /// From the connection to the last byte, for this one answer.
    pub elapsed: Duration,
    pub(super) declared: Declared,
    pub(super) codings: Vec<Coding>,
    /// Its place among the few long lists that are there at once.
    pub(super) place: Option<Place>,
}

/// The right to be longer than a page.
pub(super) type Place = Arc<OwnedSemaphorePermit>;

/// A page, decoded: the bytes that its author wrote, still in their charset.
#[derive(Debug, Clone)]
pub struct Page {
    /// Where it was had.
    pub url: Url,
    /// The status: 2xx.
    pub status: u16,
    /// What its header says.
    pub headers: PageHeaders,
    /// What kind of document it is.
    pub media: Media,
    /// The body.
    pub bytes: Bytes,
    /// When the last byte came.
    pub fetched_at: SystemTime,
    /// From the connection to the last byte, for this one answer.
    pub elapsed: Duration,
    _place: Option<Place>,
}

impl Raw {
    /// A page of HTML in UTF-8 that came from elsewhere than its address, which answered with this status.
    pub fn html(url: Url, status: u16, html: String) -> Self {
        Self {
            url,
            status,
            headers: PageHeaders::default(),
            bytes: html.into(),
            fetched_at: SystemTime::now(),
            elapsed: Duration::ZERO,
            declared: Declared::As(Media::Html),
            codings: Vec::new(),
            place: None,
        }
    }

    /// Undoes the content codings; at most `max_body` bytes come out, of a feed or sitemap 50 MiB. This is the CPU's work, for at
    /// most that many bytes per layer: call it off the threads that serve the network.
    ///
    /// # Errors
    /// `too_large`, `incomplete_body`, `undecodable`, and `unsupported_content_type` where the first
    /// bytes are those of another format.
    pub fn decode(self, max_body: u64) -> Result<Page, FetchError> {
        let cap = usize::try_from(max_body).unwrap_or(usize::MAX);
        let long = usize::try_from(MOST_LIST_BYTES).unwrap_or(usize::MAX).max(cap);
        let bytes = if self.codings.is_empty() {
            self.bytes
        } else {
            let mut decoded = coding::decode(&self.codings, &self.bytes, cap);
            if decoded.end == End::OverCap && media::begins_a_list(&decoded.bytes) {
                decoded = coding::decode(&self.codings, &self.bytes, long);
            }
            let in_words = || format!("{:?}", self.headers.content_encoding.as_deref().unwrap_or_default());
            match decoded.end {
                End::Whole => decoded.bytes.into(),
                End::Cut => return Err(FetchError::IncompleteBody { cause: format!("cut within {}", in_words()) }),
                End::Garbage => return Err(FetchError::Undecodable { cause: format!("no {}", in_words()) }),
                End::OverCap => return Err(FetchError::TooLarge { what: "page", limit: max_body }),
            }
        };
        if bytes.len() > cap && (bytes.len() > long || !media::begins_a_list(&bytes)) {
            return Err(FetchError::TooLarge { what: "page", limit: max_body });
        }
        let media = media::sniffed(self.declared, &bytes)?;
        let Self { url, status, headers, fetched_at, elapsed, place, .. } = self;
        Ok(Page { url, status, headers, media, bytes, fetched_at, elapsed, _place: place })
    }
}

/// How far a body is read, and how long.
#[derive(Debug, Clone, Copy)]
pub struct Limits<'a> {
    /// Bytes that the page may have, decoded.
    pub max_body: u64,
    /// Between two reads.
    pub read_timeout: Duration,
    /// For all of it.
    pub deadline: Instant,
    /// The places of bodies that are longer than that.
    pub long: &'a Arc<Semaphore>,
}

/// Reads a whole body, coded or not. One that begins as a feed or sitemap may have 50 MiB, where it is not coded; from
/// `max_body` on it waits for a place among those.
///
/// # Errors
/// `too_large` as soon as that is certain: by `Content-Length` before the first byte, or when it is seen that it is no
/// list. `timeout`, `incomplete_body`. A format that is no page is refused after its first bytes, unless coded.
pub async fn whole(
    mut response: reqwest::Response,
    declared: Declared,
    coded: bool,
    limits: Limits<'_>,
) -> Result<(Bytes, Option<Place>), FetchError> {
    let too_large = FetchError::TooLarge { what: "page", limit: limits.max_body };
    let mut max = if coded { limits.max_body.saturating_add(CODING_OVERHEAD) } else { limits.max_body };
    let longest = if coded { max } else { max.max(MOST_LIST_BYTES) };
    let length = response.content_length().unwrap_or_default();
    if length > longest {
        return Err(too_large);
    }
    let mut place = None;
    let mut body = BytesMut::with_capacity(usize::try_from(length).unwrap_or(usize::MAX).min(BELIEVED_LENGTH));
    while let Some(chunk) = next(&mut response, limits).await? {
        let first = body.is_empty();
        body.extend_from_slice(&chunk);
        if first && !coded {
            media::sniffed(declared, &body)?;
        }
        let bytes = body.len() as u64;
        if bytes > max || (length > max && body.len() >= LIST_LOOKED_AT) {
            if bytes > longest || !media::begins_a_list(&body) {
                return Err(too_large);
            }
            max = longest;
            place = Some(place_for(limits).await?);
        }
    }
    Ok((body.freeze(), place))
}

async fn place_for(limits: Limits<'_>) -> Result<Place, FetchError> {
    let started = Instant::now();
    match tokio::time::timeout_at(limits.deadline, limits.long.clone().acquire_owned()).await {
        Ok(Ok(place)) => Ok(Arc::new(place)),
        _ => Err(FetchError::Timeout { during: "while waiting for a place for a long list", after: started.elapsed() }),
    }
}

/// Reads at most the first `max_body` bytes of a body, as received.
///
/// # Errors
/// `timeout` and `incomplete_body`.
pub async fn prefix(mut response: reqwest::Response, limits: Limits<'_>) -> Result<Bytes, FetchError> {
    let max = usize::try_from(limits.max_body).unwrap_or(usize::MAX);
    let mut body = BytesMut::new();
    while body.len() < max {
        let Some(chunk) = next(&mut response, limits).await? else { break };
        body.extend_from_slice(&chunk);
    }
    body.truncate(max);
    Ok(body.freeze())
}

async fn next(response: &mut reqwest::Response, limits: Limits<'_>) -> Result<Option<Bytes>, FetchError> {
    let started = Instant::now();
    let until = limits.deadline.min(started + limits.read_timeout);
    match tokio::time::timeout_at(until, response.chunk()).await {
        Ok(Ok(chunk)) => Ok(chunk),
        Ok(Err(error)) => Err(failure::within_the_body(error, started.elapsed())),
        Err(_) => Err(FetchError::Timeout { during: "while reading the body", after: started.elapsed() }),
    }
}
