//! The identity of an address: the spelling that is safe to fetch, and the key that is only compared.
//!
//! One article has many addresses. Some of the differences mean nothing to any server (a fragment, a
//! click's tracking id); those are taken away before the page is asked for. Others nearly always lead
//! to the same page, but a server may insist on them (`www.`, a trailing slash, the order of the
//! parameters); those are folded in the key alone, which nobody ever fetches.

use url::{Host, Url};

use super::Reason;
use super::tracking;

/// The longest address that is read, in bytes. Servers commonly stop at 8 KiB; what is longer than
/// twice that is no page's address, and would only feed the matchers behind it.
pub const LONGEST: usize = 16 * 1024;

/// How many AMP caches may be wrapped around one another before the rest stays as it is.
const DEEPEST_CACHE: usize = 4;

/// Spellings of a host that name the same site for a phone, or for nobody in particular.
const HOST_PREFIXES: [&str; 5] = ["www.", "m.", "amp.", "mobile.", "wap."];

/// Files that a server answers with when it is asked for their folder.
const INDEX_FILES: [&str; 9] = [
    "index.html",
    "index.htm",
    "index.shtml",
    "index.php",
    "index.asp",
    "index.aspx",
    "index.jsp",
    "default.asp",
    "default.aspx",
];

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
        let key = key(&fetch);
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
    fetch.set_fragment(None);
    let Some(query) = url.query() else { return fetch };
    let kept: Vec<&str> = query.split('&').filter(|pair| !tracking::is_safe_to_strip(name_of(pair))).collect();
    if kept.len() == query.split('&').count() {
        return fetch;
    }
    // The parameters that stay are cut out as they stand: to write them anew would re-encode them.
    let kept = kept.join("&");
    fetch.set_query(if kept.is_empty() { None } else { Some(&kept) });
    fetch
}

fn name_of(pair: &str) -> &str {
    pair.split_once('=').map_or(pair, |(name, _)| name)
}

fn key(fetch: &Url) -> String {
    let mut origin = fetch.clone();
    for _ in 0..DEEPEST_CACHE {
        let Some(wrapped) = behind_amp_cache(&origin) else { break };
        origin = fetchable(&wrapped);
    }
    let mut key = folded_host(&origin);
    if let Some(port) = origin.port() {
        key.push_str(&format!(":{port}"));
    }
    key.push_str(&folded_path(origin.path()));
    let parameters = folded_parameters(&origin);
    if !parameters.is_empty() {
        key.push('?');
        key.push_str(&parameters);
    }
    key
}

fn folded_host(url: &Url) -> String {
    let Some(Host::Domain(host)) = url.host() else { return url.host_str().unwrap_or_default().to_owned() };
    let mut host = host.trim_end_matches('.');
    let site = psl::domain_str(host).unwrap_or(host);
    // `m.com` is a site of its own: a prefix goes only where the whole site is left behind it.
    while let Some(rest) = HOST_PREFIXES.iter().find_map(|prefix| host.strip_prefix(prefix)) {
        if rest.len() < site.len() {
            break;
        }
        host = rest;
    }
    host.to_owned()
}

fn folded_path(path: &str) -> String {
    let decoded = folded_escapes(path);
    let mut segments: Vec<&str> = decoded.split('/').filter(|segment| !segment.is_empty()).collect();
    while let Some(last) = segments.pop() {
        let folded = folded_last_segment(last);
        if folded.is_empty() {
            continue;
        }
        segments.push(folded);
        if folded == last {
            break;
        }
    }
    while segments.len() > 1 && segments.first().is_some_and(|first| first.eq_ignore_ascii_case("amp")) {
        segments.remove(0);
    }
    format!("/{}", segments.join("/"))
}

/// A path's last segment without what names the folder itself, its AMP page, or a session.
fn folded_last_segment(segment: &str) -> &str {
    let segment = match segment.find(";jsessionid=") {
        Some(at) => segment.get(..at).unwrap_or(segment),
        None => segment,
    };
    let whole = ["amp", "amp.html"].into_iter().chain(INDEX_FILES).any(|name| segment.eq_ignore_ascii_case(name));
    if whole {
        return "";
    }
    segment.strip_suffix(".amp").unwrap_or_else(|| segment.strip_suffix(".amp.html").unwrap_or(segment))
}

/// Escapes as RFC 3986, section 6.2.2 normalises them: capitals, and none for unreserved characters.
fn folded_escapes(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        let (before, escaped) = rest.split_at(at);
        folded.push_str(before);
        let byte = escaped.get(1..3).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        let digits = escaped.as_bytes().get(1..3).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let Some(byte) = byte.filter(|_| digits) else {
            folded.push('%');
            rest = escaped.get(1..).unwrap_or_default();
            continue;
        };
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            folded.push(char::from(byte));
        } else {
            folded.push_str(&format!("%{byte:02X}"));
        }
        rest = escaped.get(3..).unwrap_or_default();
    }
    folded.push_str(rest);
    folded
}

fn folded_parameters(url: &Url) -> String {
    let mut pairs: Vec<String> = url
        .query()
        .unwrap_or_default()
        .split('&')
        .map(|pair| folded_escapes(&pair.replace('+', "%20")))
        .map(|pair| pair.strip_suffix('=').map(str::to_owned).unwrap_or(pair))
        .filter(|pair| !pair.is_empty() && !is_noise(pair))
        .collect();
    pairs.sort_unstable();
    pairs.dedup();
    pairs.join("&")
}

/// Whether a parameter says nothing about which article it is: tracking, the AMP page's switch, or what
/// AMP's viewers add.
fn is_noise(pair: &str) -> bool {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    let of_amp = match name.to_ascii_lowercase().as_str() {
        "amp" | "_amp" | "isamp" => matches!(value, "" | "1" | "true"),
        "output" | "outputtype" => value.eq_ignore_ascii_case("amp"),
        "m" => matches!(value, "0" | "1"),
        "usqp" | "aoh" => true,
        name => name.starts_with("amp_"),
    };
    of_amp || tracking::is_known(name)
}

/// The page that an AMP cache's address stands for (the AMP Project's URL format: `/c/` is a document,
/// `/v/` a viewer's, `/s/` says https), for Google's and Bing's caches and Google's viewer.
fn behind_amp_cache(url: &Url) -> Option<Url> {
    let host = url.host_str()?;
    let google_viewer = matches!(host, "google.com" | "www.google.com");
    let path = url.path().strip_prefix('/')?;
    let rest =
        if host.ends_with(".cdn.ampproject.org") || host == "cdn.ampproject.org" || host.ends_with(".bing-amp.com") {
            path.strip_prefix("c/").or_else(|| path.strip_prefix("v/"))?
        } else if google_viewer {
            path.strip_prefix("amp/")?
        } else {
            return None;
        };
    let (scheme, rest) = rest.strip_prefix("s/").map_or(("http", rest), |rest| ("https", rest));
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    let page = Url::parse(&format!("{scheme}://{rest}{query}")).ok()?;
    let plausible = page.host_str()?.contains('.') && page.username().is_empty() && page.password().is_none();
    plausible.then_some(page)
}

#[cfg(test)]
mod tests;
