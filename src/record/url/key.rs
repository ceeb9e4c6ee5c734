//! The lossy key of an address: what is compared, and never fetched.
//!
//! docs/identity.md has the table of what is folded and what is not, and why. The rule behind it: two addresses
//! share a key only where sites that serve different articles at the two are next to unknown.

use std::borrow::Cow;

use url::{Host, Url};

use super::{fetchable, name_of};
use crate::record::tracking;

/// How many AMP caches may be wrapped around one another before the rest stays as it is.
const DEEPEST_CACHE: usize = 4;

/// Labels below a site that name its edition for a phone, or nothing in particular.
const EDITIONS: [&str; 6] = ["www", "m", "amp", "mobile", "wap", "touch"];

/// Files that a server answers with when it is asked for their folder.
const INDEX_FILES: [&str; 13] = [
    "index.html",
    "index.htm",
    "index.shtml",
    "index.xhtml",
    "index.phtml",
    "index.php",
    "index.asp",
    "index.aspx",
    "index.cfm",
    "index.jsp",
    "default.asp",
    "default.aspx",
    "default.htm",
];

/// The key of an address that [`fetchable`] has made.
pub(super) fn key(fetch: &Url) -> String {
    let unwrapped = out_of_caches(fetch);
    let origin = unwrapped.as_ref().unwrap_or(fetch);
    let mut key = String::with_capacity(origin.as_str().len());
    fold_host(origin, &mut key);
    if let Some(port) = origin.port() {
        key.push_str(&format!(":{port}"));
    }
    fold_path(origin.path(), &mut key);
    fold_parameters(origin.query().unwrap_or_default(), &mut key);
    key
}

/// The page that an AMP cache's address stands for; `None` for any other address.
pub(super) fn out_of_caches(url: &Url) -> Option<Url> {
    let mut page = behind_amp_cache(url)?;
    for _ in 1..DEEPEST_CACHE {
        let Some(inner) = behind_amp_cache(&page) else { break };
        page = inner;
    }
    Some(fetchable(&page))
}

fn fold_host(url: &Url, key: &mut String) {
    let Some(Host::Domain(host)) = url.host() else { return key.push_str(url.host_str().unwrap_or_default()) };
    let host = host.trim_end_matches('.');
    // `m.com` is a site of its own: a label goes only where the whole site is left behind it.
    let site = psl::domain_str(host).unwrap_or(host);
    let below = host.get(..host.len() - site.len()).unwrap_or_default();
    for label in below.split_terminator('.').filter(|label| !EDITIONS.contains(label)) {
        key.push_str(label);
        key.push('.');
    }
    key.push_str(site);
}

fn fold_path(path: &str, key: &mut String) {
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
    // A folder of AMP pages stands anywhere before the page: /amp/world/1, /news/amp/world-1.
    let only_amp = segments.iter().all(|segment| segment.eq_ignore_ascii_case("amp"));
    let kept = segments.iter().filter(|segment| only_amp || !segment.eq_ignore_ascii_case("amp"));
    let before = key.len();
    for segment in kept {
        key.push('/');
        key.push_str(segment);
    }
    if key.len() == before {
        key.push('/');
    }
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
fn folded_escapes(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
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
    Cow::Owned(folded)
}

fn fold_parameters(query: &str, key: &mut String) {
    let mut pairs: Vec<Cow<'_, str>> = query
        .split('&')
        .map(|pair| if pair.contains('+') { Cow::Owned(pair.replace('+', "%20")) } else { Cow::Borrowed(pair) })
        .map(|pair| match folded_escapes(&pair) {
            Cow::Owned(folded) => Cow::Owned(folded),
            Cow::Borrowed(_) => pair,
        })
        .filter(|pair| !pair.is_empty() && &**pair != "=" && !is_noise(pair))
        .collect();
    pairs.sort_unstable_by(|a, b| bare(a).cmp(bare(b)));
    pairs.dedup_by(|a, b| bare(a) == bare(b));
    for (number, pair) in pairs.iter().enumerate() {
        key.push(if number == 0 { '?' } else { '&' });
        key.push_str(bare(pair));
    }
}

/// A parameter without a value is one without its `=` too.
fn bare(pair: &str) -> &str {
    pair.strip_suffix('=').unwrap_or(pair)
}

/// Whether a parameter says nothing about which article it is: tracking, the AMP page's switch, or what
/// AMP's viewers add.
pub(super) fn is_noise(pair: &str) -> bool {
    let name = name_of(pair);
    let value = pair.get(name.len() + 1..).unwrap_or_default();
    let of_amp = match name.len() {
        1 => name.eq_ignore_ascii_case("m") && matches!(value, "0" | "1"),
        3..=5 if ["amp", "_amp", "isamp"].iter().any(|amp| name.eq_ignore_ascii_case(amp)) => {
            matches!(value, "" | "1") || value.eq_ignore_ascii_case("true")
        }
        6 | 10 if ["output", "outputtype"].iter().any(|output| name.eq_ignore_ascii_case(output)) => {
            value.eq_ignore_ascii_case("amp")
        }
        _ if name.eq_ignore_ascii_case("aoh") => true,
        _ => name.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("amp_")),
    };
    of_amp || tracking::is_known(name, value)
}

/// The page that an AMP cache's address stands for (the AMP Project's URL format: `/c/` is a document, `/v/` a
/// viewer's, `/wp/` a signed one, `/s/` says https), for Google's and Bing's caches and their viewers.
fn behind_amp_cache(url: &Url) -> Option<Url> {
    let host = url.host_str()?;
    let path = url.path().strip_prefix('/')?;
    let is_cache =
        host.ends_with(".cdn.ampproject.org") || host == "cdn.ampproject.org" || host.ends_with(".bing-amp.com");
    let rest = if is_cache {
        ["c/", "v/", "wp/"].iter().find_map(|kind| path.strip_prefix(kind))?
    } else {
        let viewer = path.strip_prefix("amp/")?;
        let host = host.strip_prefix("www.").unwrap_or(host);
        let of_google = host.strip_prefix("google.").is_some_and(|suffix| psl::suffix_str(host) == Some(suffix));
        (of_google || host == "bing.com").then_some(viewer)?
    };
    let (scheme, rest) = rest.strip_prefix("s/").map_or(("http", rest), |rest| ("https", rest));
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    let page = Url::parse(&format!("{scheme}://{rest}{query}")).ok()?;
    let plausible = page.host_str()?.contains('.') && page.username().is_empty() && page.password().is_none();
    plausible.then_some(page)
}
