//! Why a message was rejected or deferred: a closed list.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The reason of a rejection or deferral, as records, log events and metrics name it.
///
/// The list is closed: dashboards and alerts count on its names. What people want to know beyond
/// it stands in a `detail`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "docs/architecture.md has the table; the names are the words")]
pub enum Reason {
    MalformedMessage,
    InvalidUrl,
    UnsupportedScheme,
    CredentialsInUrl,
    ForbiddenAddress,
    ForbiddenPort,
    BlockedHost,
    RobotsDisallowed,
    RobotsUnreachable,
    HostBusy,
    HostDown,
    DnsFailure,
    ConnectFailure,
    TlsFailure,
    Timeout,
    IncompleteBody,
    BadResponse,
    RateLimited,
    ServerError,
    ClientError,
    Gone,
    UnexpectedStatus,
    TooManyRedirects,
    RedirectLoop,
    TooLarge,
    UnsupportedContentType,
    Undecodable,
    TooComplex,
    NotAnArticle,
    StageFailed,
    StageTimedOut,
    AttemptsExhausted,
    Expired,
}

impl Reason {
    /// Every reason, in the order of a message's way.
    pub const ALL: [Self; 33] = [
        Self::MalformedMessage,
        Self::InvalidUrl,
        Self::UnsupportedScheme,
        Self::CredentialsInUrl,
        Self::ForbiddenAddress,
        Self::ForbiddenPort,
        Self::BlockedHost,
        Self::RobotsDisallowed,
        Self::RobotsUnreachable,
        Self::HostBusy,
        Self::HostDown,
        Self::DnsFailure,
        Self::ConnectFailure,
        Self::TlsFailure,
        Self::Timeout,
        Self::IncompleteBody,
        Self::BadResponse,
        Self::RateLimited,
        Self::ServerError,
        Self::ClientError,
        Self::Gone,
        Self::UnexpectedStatus,
        Self::TooManyRedirects,
        Self::RedirectLoop,
        Self::TooLarge,
        Self::UnsupportedContentType,
        Self::Undecodable,
        Self::TooComplex,
        Self::NotAnArticle,
        Self::StageFailed,
        Self::StageTimedOut,
        Self::AttemptsExhausted,
        Self::Expired,
    ];

    /// The name, as in records and in the metric's label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MalformedMessage => "malformed_message",
            Self::InvalidUrl => "invalid_url",
            Self::UnsupportedScheme => "unsupported_scheme",
            Self::CredentialsInUrl => "credentials_in_url",
            Self::ForbiddenAddress => "forbidden_address",
            Self::ForbiddenPort => "forbidden_port",
            Self::BlockedHost => "blocked_host",
            Self::RobotsDisallowed => "robots_disallowed",
            Self::RobotsUnreachable => "robots_unreachable",
            Self::HostBusy => "host_busy",
            Self::HostDown => "host_down",
            Self::DnsFailure => "dns_failure",
            Self::ConnectFailure => "connect_failure",
            Self::TlsFailure => "tls_failure",
            Self::Timeout => "timeout",
            Self::IncompleteBody => "incomplete_body",
            Self::BadResponse => "bad_response",
            Self::RateLimited => "rate_limited",
            Self::ServerError => "server_error",
            Self::ClientError => "client_error",
            Self::Gone => "gone",
            Self::UnexpectedStatus => "unexpected_status",
            Self::TooManyRedirects => "too_many_redirects",
            Self::RedirectLoop => "redirect_loop",
            Self::TooLarge => "too_large",
            Self::UnsupportedContentType => "unsupported_content_type",
            Self::Undecodable => "undecodable",
            Self::TooComplex => "too_complex",
            Self::NotAnArticle => "not_an_article",
            Self::StageFailed => "stage_failed",
            Self::StageTimedOut => "stage_timed_out",
            Self::AttemptsExhausted => "attempts_exhausted",
            Self::Expired => "expired",
        }
    }

    /// The reason of this name, as [`Reason::as_str`] writes it.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == name)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_in_json_is_the_name_in_metrics() {
        for reason in Reason::ALL {
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.as_str());
            assert_eq!(Reason::named(reason.as_str()), Some(reason));
        }
        assert_eq!(Reason::named("other"), None);
    }
}
