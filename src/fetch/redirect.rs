//! Where an answer sends us on, and how often we go.

use std::collections::HashSet;

use url::Url;

use super::FetchError;
use crate::record::url::{LONGEST, check};

/// The redirects of one URL: how many have been followed, and where they have been.
#[derive(Debug, Clone)]
pub struct Hops {
    left: u32,
    max: u32,
    visited: HashSet<Url>,
}

impl Hops {
    /// The way that begins at `start` and follows at most `max` redirects.
    pub fn new(start: &Url, max: u32) -> Self {
        let mut start = start.clone();
        start.set_fragment(None);
        Self { left: max, max, visited: HashSet::from([start]) }
    }

    /// Goes on to `to`, and answers the address that is to be asked next.
    ///
    /// # Errors
    /// `redirect_loop` where we have been before: without cookies, the answer would be the same.
    /// `too_many_redirects` after `max` of them; and what [`check`] refuses.
    pub fn follow(&mut self, to: &Url) -> Result<Url, FetchError> {
        let mut to = to.clone();
        to.set_fragment(None);
        check(&to)?;
        if !self.visited.insert(to.clone()) {
            return Err(FetchError::RedirectLoop);
        }
        self.left = self.left.checked_sub(1).ok_or(FetchError::TooManyRedirects { max: self.max })?;
        Ok(to)
    }

    /// How many redirects have been followed.
    pub const fn followed(&self) -> u32 {
        self.max - self.left
    }
}

/// What the value of `Location` (RFC 9110, section 10.2.2) asks for; `None` if it can't be read.
///
/// Servers write names and paths in UTF-8 there, and some in ISO 8859-1; both are read.
pub fn location(value: &[u8], base: &Url) -> Option<Url> {
    let text = match std::str::from_utf8(value) {
        Ok(text) => text.to_owned(),
        Err(_) => value.iter().copied().map(char::from).collect(),
    };
    let text = text.trim();
    if text.is_empty() || text.len() > LONGEST {
        return None;
    }
    let mut to = base.join(text).ok()?;
    to.set_fragment(None);
    Some(to)
}

/// What a `Refresh` header, or a page's `meta http-equiv=refresh`, asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refresh<'a> {
    /// Whole seconds to wait.
    pub seconds: u64,
    /// The address, as written; `None` asks for the same page again.
    pub url: Option<&'a str>,
}

impl<'a> Refresh<'a> {
    /// Reads the value as HTML's "shared declarative refresh steps" have it; `None` if it is none.
    pub fn parse(value: &'a str) -> Option<Self> {
        let value = value.trim_start();
        let digits = value.find(|c: char| !c.is_ascii_digit()).unwrap_or(value.len());
        let (number, rest) = value.split_at_checked(digits)?;
        if number.is_empty() && !rest.starts_with('.') {
            return None;
        }
        let seconds = if number.is_empty() { 0 } else { number.parse().unwrap_or(u64::MAX) };
        let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        if rest.is_empty() {
            return Some(Self { seconds, url: None });
        }
        if !rest.starts_with(|c: char| c == ';' || c == ',' || c.is_ascii_whitespace()) {
            return None;
        }
        let rest = rest.trim_start();
        let rest = rest.strip_prefix([';', ',']).unwrap_or(rest).trim_start();
        let url = unquoted(after_url_equals(rest));
        Some(Self { seconds, url: (!url.is_empty()).then_some(url) })
    }

    /// Where it leads at once: only a wait of 0 s counts as a redirect, and one to `base` itself is
    /// a page that wants to stay fresh.
    pub fn redirect(&self, base: &Url) -> Option<Url> {
        if self.seconds > 0 {
            return None;
        }
        let to = location(self.url?.as_bytes(), base)?;
        let mut here = base.clone();
        here.set_fragment(None);
        (to != here).then_some(to)
    }
}

/// The rest after `url =`, or all of it where that does not stand.
fn after_url_equals(text: &str) -> &str {
    let Some((name, rest)) = text.split_at_checked(3) else { return text };
    if !name.eq_ignore_ascii_case("url") {
        return text;
    }
    rest.trim_start().strip_prefix('=').map_or(text, str::trim_start)
}

fn unquoted(text: &str) -> &str {
    for quote in ['"', '\''] {
        if let Some(inner) = text.strip_prefix(quote) {
            return inner.split(quote).next().unwrap_or(inner).trim();
        }
    }
    text.trim()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Reason;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn so_many_redirects_are_followed_and_not_one_more() {
        let mut hops = Hops::new(&url("http://a.example/0"), 3);
        for hop in 1..=3 {
            hops.follow(&url(&format!("http://a.example/{hop}"))).unwrap();
        }
        assert_eq!(hops.followed(), 3);
        let error = hops.follow(&url("http://a.example/4")).unwrap_err();
        assert_eq!(error.reason(), Reason::TooManyRedirects);
    }

    #[test]
    fn coming_back_is_a_loop_whatever_the_fragment() {
        let mut hops = Hops::new(&url("http://a.example/#x"), 10);
        hops.follow(&url("http://b.example/")).unwrap();
        assert_eq!(hops.follow(&url("http://a.example/#y")).unwrap_err(), FetchError::RedirectLoop);
    }

    #[test]
    fn a_redirect_out_of_the_web_is_refused() {
        let mut hops = Hops::new(&url("http://a.example/"), 10);
        let reason = |error: FetchError| error.reason();
        assert_eq!(hops.follow(&url("file:///etc/passwd")).map_err(reason), Err(Reason::UnsupportedScheme));
        assert_eq!(hops.follow(&url("http://u:p@b.example/")).map_err(reason), Err(Reason::CredentialsInUrl));
    }

    #[test]
    fn locations_are_joined_to_where_they_came_from() {
        let base = url("https://a.example/news/1?x=1");
        let to = |value: &[u8]| location(value, &base).map(String::from);
        assert_eq!(to(b"/2#top").as_deref(), Some("https://a.example/2"));
        assert_eq!(to(b"//b.example/").as_deref(), Some("https://b.example/"));
        assert_eq!(to(b"?y").as_deref(), Some("https://a.example/news/1?y"));
        assert_eq!(to("/caf\u{e9}".as_bytes()).as_deref(), Some("https://a.example/caf%C3%A9"));
        assert_eq!(to(b"/caf\xe9").as_deref(), Some("https://a.example/caf%C3%A9"));
        assert_eq!(to(b""), None);
        assert_eq!(to(b"http://[::bad"), None);
    }

    #[test]
    fn a_refresh_is_read_as_browsers_read_it() {
        let parsed = |value| Refresh::parse(value).map(|refresh| (refresh.seconds, refresh.url));
        assert_eq!(parsed("0; url=/x"), Some((0, Some("/x"))));
        assert_eq!(parsed(" 0;URL = '/x y' ignored"), Some((0, Some("/x y"))));
        assert_eq!(parsed("5,\"/x\""), Some((5, Some("/x"))));
        assert_eq!(parsed("0.9; /x"), Some((0, Some("/x"))));
        assert_eq!(parsed("0 url=/x"), Some((0, Some("/x"))));
        assert_eq!(parsed("0"), Some((0, None)));
        assert_eq!(parsed("0; url"), Some((0, Some("url"))));
        assert_eq!(parsed("99999999999999999999999; /x"), Some((u64::MAX, Some("/x"))));
        for none in ["", "url=/x", "-1; /x", "0x; /x", "soon"] {
            assert_eq!(parsed(none), None, "{none:?}");
        }
    }

    #[test]
    fn only_a_refresh_at_once_to_another_page_is_a_redirect() {
        let base = url("http://a.example/x");
        let to = |value| Refresh::parse(value).unwrap().redirect(&base).map(String::from);
        assert_eq!(to("0; url=/y").as_deref(), Some("http://a.example/y"));
        assert_eq!(to("1; url=/y"), None);
        assert_eq!(to("0; url=/x#again"), None);
        assert_eq!(to("0"), None);
    }
}
