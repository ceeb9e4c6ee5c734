//! The identity of an address: the spelling that is safe to fetch, and the key that is only compared.
//!
//! One article has many addresses. Some of the differences mean nothing to any server (a fragment, a
//! click's tracking id); those are taken away before the page is asked for. Others nearly always lead
//! to the same page, but a server may insist on them (`www.`, a trailing slash, the order of the
//! parameters); those are folded in the key alone, which nobody ever fetches.

use url::{Host, Url};

use super::Reason;
use super::tracking;

mod canonical;
mod key;

pub use canonical::is_plausible_canonical;

/// The longest address that is read, in bytes. Servers commonly stop at 8 KiB; what is longer than
/// twice that is no page's address, and would only feed the matchers behind it.
pub const LONGEST: usize = 16 * 1024;

/// What one address is, in its two spellings.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Identity {
    /// The address as WHATWG writes it, without fragment and without the parameters of
    /// [`tracking::is_safe_to_strip`]. This one is fetched, and `of_url` leaves it as it is.
    pub fetch: Url,
    /// What is compared: scheme, host spelling, AMP spelling, index file, trailing slash, order of
    /// parameters and all known tracking are folded. It may name no page at all.
    pub key: String,
}

/// Why an address is not asked for, whatever stands behind it. Nothing of the address is repeated
/// here: it may carry a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RefusedUrl {
    /// It can't be read, or has no scheme or no host.
    #[error("no valid URL: {0}")]
    Invalid(url::ParseError),
    /// It is longer than [`LONGEST`].
    #[error("no valid URL: {length} bytes, at most {LONGEST} are read")]
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// Neither http nor https.
    #[error("the scheme is neither http nor https")]
    UnsupportedScheme,
    /// A user name or a password.
    #[error("the URL carries credentials")]
    Credentials,
}

impl RefusedUrl {
    /// The reason that a message is rejected for.
    pub const fn reason(&self) -> Reason {
        match self {
            Self::Invalid(_) | Self::TooLong { .. } => Reason::InvalidUrl,
            Self::UnsupportedScheme => Reason::UnsupportedScheme,
            Self::Credentials => Reason::CredentialsInUrl,
        }
    }
}

impl Identity {
    /// The identity of an address as somebody wrote it.
    ///
    /// # Errors
    /// [`RefusedUrl`], checked in the order of its variants.
    pub fn of(text: &str) -> Result<Self, RefusedUrl> {
        Ok(Self::of_url(&parse(text)?))
    }

    /// The identity of an address that has been read. It is assumed to be http or https.
    pub fn of_url(url: &Url) -> Self {
        let fetch = fetchable(url);
        let key = key::key(&fetch);
        Self { fetch, key }
    }
}

/// Reads an address as WHATWG has it, and refuses what is never fetched.
///
/// # Errors
/// [`RefusedUrl`], checked in the order of its variants.
pub fn parse(text: &str) -> Result<Url, RefusedUrl> {
    if text.len() > LONGEST {
        return Err(RefusedUrl::TooLong { length: text.len() });
    }
    let url = Url::parse(text).map_err(RefusedUrl::Invalid)?;
    check(&url)?;
    Ok(url)
}

/// An address as outcomes and logs repeat it: as it was written, its first [`LONGEST`] bytes. One that is
/// longer is refused, and a topic may have no room to say so twice.
pub fn as_told(text: &str) -> &str {
    text.get(..text.floor_char_boundary(LONGEST)).unwrap_or(text)
}

/// Refuses an address that is never fetched, for one that came as a [`Url`].
///
/// # Errors
/// [`RefusedUrl`], checked in the order of its variants.
pub fn check(url: &Url) -> Result<(), RefusedUrl> {
    if url.as_str().len() > LONGEST {
        return Err(RefusedUrl::TooLong { length: url.as_str().len() });
    }
    if !matches!(url.scheme(), "http" | "https") {
        // `news.example:8080/a` is read as a scheme with a dot in it; nobody registered one like that.
        let host_and_port = url.scheme().contains('.') || url.scheme() == "localhost";
        let no_scheme = RefusedUrl::Invalid(url::ParseError::RelativeUrlWithoutBase);
        return Err(if host_and_port { no_scheme } else { RefusedUrl::UnsupportedScheme });
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(RefusedUrl::Credentials);
    }
    Ok(())
}

/// The site that an address belongs to: its registrable domain by the public suffix list, or the host
/// itself where there is none (an IP address, a bare suffix). Empty for an address without a host.
pub fn site(url: &Url) -> String {
    match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            psl::domain_str(name).unwrap_or(name).to_owned()
        }
        Some(host) => host.to_string(),
        None => String::new(),
    }
}

fn fetchable(url: &Url) -> Url {
    let mut fetch = url.clone();
    if url.fragment().is_some() {
        fetch.set_fragment(None);
    }
    let Some(query) = url.query() else { return fetch };
    if !query.split('&').any(|pair| tracking::is_safe_to_strip(name_of(pair))) {
        return fetch;
    }
    // The parameters that stay are cut out as they stand: to write them anew would re-encode them.
    let kept: Vec<&str> = query.split('&').filter(|pair| !tracking::is_safe_to_strip(name_of(pair))).collect();
    let kept = kept.join("&");
    fetch.set_query(if kept.is_empty() { None } else { Some(&kept) });
    fetch
}

fn name_of(pair: &str) -> &str {
    pair.split_once('=').map_or(pair, |(name, _)| name)
}

#[cfg(test)]
mod tests;
