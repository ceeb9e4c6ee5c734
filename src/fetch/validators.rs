//! What a host said about the version of a page that we have (RFC 9110, section 8.8), for the next visit.

use url::Url;

use super::PageHeaders;

/// The longest validator that is kept, in bytes. Servers write 20 to 60.
const LONGEST: usize = 512;

/// The validators of one page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Validators {
    /// Where it was had: they mean nothing elsewhere.
    pub url: Url,
    /// As the header had it, quotes and all.
    pub etag: Option<String>,
    /// As the header had it.
    pub last_modified: Option<String>,
}

impl Validators {
    /// What the answer from `url` says, if it says anything.
    pub fn of(url: &Url, headers: &PageHeaders) -> Option<Self> {
        let kept = |value: &Option<String>| value.clone().filter(|value| value.len() <= LONGEST && !value.is_empty());
        let (etag, last_modified) = (kept(&headers.etag), kept(&headers.last_modified));
        (etag.is_some() || last_modified.is_some()).then(|| Self { url: url.clone(), etag, last_modified })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_empty_or_endless_is_no_validator() {
        let headers =
            PageHeaders { etag: Some(String::new()), last_modified: Some("x".repeat(600)), ..PageHeaders::default() };
        assert_eq!(Validators::of(&Url::parse("https://a.example/").unwrap(), &headers), None);
    }
}
