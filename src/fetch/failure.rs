//! What a failed request of the HTTP client means.
//!
//! reqwest tells connecting from the rest and little more; the cause stands further down its chain of
//! errors: our resolver's, rustls's, hyper's or the system's own. Those that have no type to be found
//! by are known by their words, and each of them is held by a test against a real listener.

use std::error::Error;
use std::io;
use std::time::Duration;

use url::Url;

use super::FetchError;
use super::resolver::OnlyForbidden;
use crate::record::RefusedUrl;

/// The most of a library's error that is shown to people, in bytes.
const LONGEST_CAUSE: usize = 300;

/// What it means that no answer's head came.
pub fn before_the_answer(url: &Url, error: reqwest::Error, waited: Duration) -> FetchError {
    let error = error.without_url();
    let host = url.host_str().unwrap_or_default();
    if error.is_builder() {
        // The client's own idea of a URL is narrower than WHATWG's.
        return RefusedUrl::Invalid(url::ParseError::InvalidDomainCharacter).into();
    }
    if let Some(OnlyForbidden(address)) = in_chain::<OnlyForbidden>(&error) {
        return FetchError::OnlyForbiddenAddresses { host: host.to_owned(), address: *address };
    }
    let cause = in_words(&error);
    if error.is_timeout() {
        let during = if error.is_connect() { "while connecting" } else { "while waiting for the answer" };
        return FetchError::Timeout { during, after: waited };
    }
    if error.is_dns() {
        return FetchError::Dns { host: host.to_owned(), cause };
    }
    if error.is_connect() {
        let secured = url.scheme() == "https" && !cause.contains("tcp connect error");
        return if secured || in_chain::<rustls::Error>(&error).is_some() {
            FetchError::Tls { cause }
        } else {
            FetchError::Connect { cause }
        };
    }
    if cause.contains("message head is too large") {
        return FetchError::TooLarge { what: "header", limit: super::client::LONGEST_HEADER };
    }
    if cause.contains("invalid HTTP status-code") {
        return FetchError::ImpossibleStatus;
    }
    let reset = in_chain::<io::Error>(&error).is_some_and(|e| e.kind() == io::ErrorKind::ConnectionReset);
    if reset { FetchError::Connect { cause } } else { FetchError::BadResponse { cause } }
}

/// What it means that the body broke off.
pub fn within_the_body(error: reqwest::Error, waited: Duration) -> FetchError {
    if error.is_timeout() {
        return FetchError::Timeout { during: "while reading the body", after: waited };
    }
    FetchError::IncompleteBody { cause: in_words(&error.without_url()) }
}

fn in_chain<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<E>() {
            return Some(found);
        }
        // An io::Error shows the source of what it wraps, and hides what it wraps.
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if let Some(found) = wrapped.and_then(|wrapped| wrapped.downcast_ref::<E>()) {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// The chain from the top, each step once.
fn in_words(error: &(dyn Error + 'static)) -> String {
    let mut words = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        let step = error.to_string();
        if !words.ends_with(&step) {
            words.push_str(": ");
            words.push_str(&step);
        }
        next = error.source();
    }
    let end = words.floor_char_boundary(LONGEST_CAUSE);
    words.truncate(end);
    words
}
