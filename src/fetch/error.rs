//! What can go wrong between a URL and its page.

use std::net::IpAddr;
use std::time::Duration;

use crate::record::{Outcome, Reason, RefusedUrl};

/// Why a page could not be had. The URL itself is left out: whoever asked knows it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each variant says what it is")]
pub enum FetchError {
    #[error(transparent)]
    Refused(#[from] RefusedUrl),
    #[error("{host} is no public address")]
    ForbiddenAddress { host: String },
    #[error("{host} has only forbidden addresses, such as {address}")]
    OnlyForbiddenAddresses { host: String, address: IpAddr },
    #[error("port {port} is not allowed")]
    ForbiddenPort { port: u16 },
    #[error("{host} has no address: {cause}")]
    Dns { host: String, cause: String },
    #[error("no connection: {cause}")]
    Connect { cause: String },
    #[error("no TLS: {cause}")]
    Tls { cause: String },
    #[error("timed out {during} after {} ms", after.as_millis())]
    Timeout { during: &'static str, after: Duration },
    #[error("the body is incomplete: {cause}")]
    IncompleteBody { cause: String },
    #[error("the answer is no HTTP: {cause}")]
    BadResponse { cause: String },
    #[error("status {status}")]
    Status { status: u16, retry_after: Option<Duration> },
    #[error("a status outside 100-599")]
    ImpossibleStatus,
    #[error("status {status} without a usable location")]
    UnusableLocation { status: u16 },
    #[error("more than {max} redirects")]
    TooManyRedirects { max: u32 },
    #[error("the redirects come back to where they were")]
    RedirectLoop,
    #[error("the {what} has more than {limit} bytes")]
    TooLarge { what: &'static str, limit: u64 },
    #[error("no page: {found}")]
    UnsupportedContentType { found: String },
    #[error("the content coding can't be undone: {cause}")]
    Undecodable { cause: String },
}

impl FetchError {
    /// The reason that a message ends with.
    pub const fn reason(&self) -> Reason {
        match self {
            Self::Refused(refused) => refused.reason(),
            Self::ForbiddenAddress { .. } | Self::OnlyForbiddenAddresses { .. } => Reason::ForbiddenAddress,
            Self::ForbiddenPort { .. } => Reason::ForbiddenPort,
            Self::Dns { .. } => Reason::DnsFailure,
            Self::Connect { .. } => Reason::ConnectFailure,
            Self::Tls { .. } => Reason::TlsFailure,
            Self::Timeout { .. } => Reason::Timeout,
            Self::IncompleteBody { .. } => Reason::IncompleteBody,
            Self::BadResponse { .. } => Reason::BadResponse,
            Self::Status { status, retry_after } => status_reason(*status, *retry_after),
            Self::ImpossibleStatus => Reason::ServerError,
            Self::UnusableLocation { .. } => Reason::UnexpectedStatus,
            Self::TooManyRedirects { .. } => Reason::TooManyRedirects,
            Self::RedirectLoop => Reason::RedirectLoop,
            Self::TooLarge { .. } => Reason::TooLarge,
            Self::UnsupportedContentType { .. } => Reason::UnsupportedContentType,
            Self::Undecodable { .. } => Reason::Undecodable,
        }
    }

    /// `Deferred` where another try may have another answer, else `Rejected`.
    ///
    /// 408 and 425 are the client's errors by number only: the server asks for another try
    /// (RFC 9110, section 15.5.9; RFC 8470, section 5.2).
    pub const fn outcome(&self) -> Outcome {
        if let Self::Status { status: 408 | 425, .. } = self {
            return Outcome::Deferred;
        }
        match self.reason() {
            Reason::DnsFailure
            | Reason::ConnectFailure
            | Reason::TlsFailure
            | Reason::Timeout
            | Reason::IncompleteBody
            | Reason::BadResponse
            | Reason::RateLimited
            | Reason::ServerError => Outcome::Deferred,
            _ => Outcome::Rejected,
        }
    }

    /// How long the host asks us to stay away, where it said so; at most
    /// [`retry_after::LONGEST`](super::retry_after::LONGEST).
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// The status of the answer, where there was one that can be named.
    pub const fn status(&self) -> Option<u16> {
        match self {
            Self::Status { status, .. } | Self::UnusableLocation { status } => Some(*status),
            _ => None,
        }
    }
}

const fn status_reason(status: u16, retry_after: Option<Duration>) -> Reason {
    match status {
        429 => Reason::RateLimited,
        503 if retry_after.is_some() => Reason::RateLimited,
        404 | 410 => Reason::Gone,
        206 => Reason::IncompleteBody,
        400..=499 => Reason::ClientError,
        100..=399 => Reason::UnexpectedStatus,
        _ => Reason::ServerError,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(status: u16, retry_after: Option<u64>) -> (Reason, Outcome) {
        let error = FetchError::Status { status, retry_after: retry_after.map(Duration::from_secs) };
        (error.reason(), error.outcome())
    }

    #[test]
    fn each_status_ends_as_the_table_of_reasons_says() {
        assert_eq!(end(204, None), (Reason::UnexpectedStatus, Outcome::Rejected));
        assert_eq!(end(206, None), (Reason::IncompleteBody, Outcome::Deferred));
        assert_eq!(end(304, None), (Reason::UnexpectedStatus, Outcome::Rejected));
        assert_eq!(end(404, None), (Reason::Gone, Outcome::Rejected));
        assert_eq!(end(410, None), (Reason::Gone, Outcome::Rejected));
        assert_eq!(end(403, None), (Reason::ClientError, Outcome::Rejected));
        assert_eq!(end(408, None), (Reason::ClientError, Outcome::Deferred));
        assert_eq!(end(425, None), (Reason::ClientError, Outcome::Deferred));
        assert_eq!(end(429, None), (Reason::RateLimited, Outcome::Deferred));
        assert_eq!(end(503, None), (Reason::ServerError, Outcome::Deferred));
        assert_eq!(end(503, Some(5)), (Reason::RateLimited, Outcome::Deferred));
        assert_eq!(end(500, None), (Reason::ServerError, Outcome::Deferred));
        assert_eq!(end(799, None), (Reason::ServerError, Outcome::Deferred));
    }
}
