//! A page that sends its reader on at once: `<meta http-equiv="refresh" content="0; url=...">`.
//!
//! It is looked for before the page is parsed, as browsers look for its charset: tag by tag through the beginning,
//! without a tree. What stands in comments, scripts and `noscript` is not meant for somebody who reads.

use url::Url;

use super::Refresh;

/// How far into a page it is looked for, in bytes. Pages that only send on are short; what stands deeper is the
/// refresh of a page that is read first.
const LOOKED_AT: usize = 64 * 1024;

/// Elements whose content is no markup for us.
const SKIPPED: [&[u8]; 7] = [b"script", b"style", b"noscript", b"template", b"title", b"textarea", b"svg"];

/// Where the page `bytes` that was had from `url` sends its reader at once.
pub fn meta_refresh(bytes: &[u8], url: &Url) -> Option<Url> {
    let mut rest = bytes.get(..LOOKED_AT).unwrap_or(bytes);
    if !may_refresh(rest) {
        return None;
    }
    loop {
        let at = memchr::memchr(b'<', rest)?;
        rest = rest.get(at + 1..)?;
        if let Some(comment) = rest.strip_prefix(b"!--") {
            rest = after(comment, b"-->")?;
            continue;
        }
        if let Some(skipped) = SKIPPED.iter().find(|name| is_tag(rest, name)) {
            rest = after_end_tag(rest, skipped)?;
            continue;
        }
        if is_tag(rest, b"meta") {
            let mut tag = Attributes(rest.get(4..)?);
            let (mut is_refresh, mut content) = (false, None);
            for (name, value) in &mut tag {
                if name.eq_ignore_ascii_case(b"http-equiv") {
                    is_refresh |= value.trim_ascii().eq_ignore_ascii_case(b"refresh");
                } else if name.eq_ignore_ascii_case(b"content") && content.is_none() {
                    content = Some(String::from_utf8_lossy(value).replace("&amp;", "&"));
                }
            }
            rest = tag.0;
            let refresh = content.filter(|_| is_refresh);
            if let Some(to) = refresh.as_deref().and_then(Refresh::parse).and_then(|refresh| refresh.redirect(url)) {
                return Some(to);
            }
        }
    }
}

/// Whether `http-equiv` is said to be `refresh` anywhere, be it in a comment: few pages do, and only those are read tag by tag. `q` is
/// the rarest letter of all that.
fn may_refresh(bytes: &[u8]) -> bool {
    memchr::memchr2_iter(b'q', b'Q', bytes).any(|at| {
        let name = at.checked_sub(b"http-e".len()).and_then(|start| bytes.get(start..));
        let Some((name, value)) = name.and_then(|rest| rest.split_at_checked(b"http-equiv".len())) else {
            return false;
        };
        let Some(value) = value.trim_ascii_start().strip_prefix(b"=") else { return false };
        let value = value.trim_ascii_start();
        let value = value.strip_prefix(b"\"").or(value.strip_prefix(b"'")).unwrap_or(value).trim_ascii_start();
        name.eq_ignore_ascii_case(b"http-equiv")
            && value.get(..b"refresh".len()).is_some_and(|value| value.eq_ignore_ascii_case(b"refresh"))
    })
}

fn is_tag(rest: &[u8], name: &[u8]) -> bool {
    let ends = rest.get(name.len()).is_some_and(|byte| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>'));
    ends && rest.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
}

fn after<'a>(rest: &'a [u8], end: &[u8]) -> Option<&'a [u8]> {
    let at = memchr::memmem::find(rest, end)?;
    rest.get(at + end.len()..)
}

fn after_end_tag<'a>(mut rest: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    loop {
        rest = after(rest, b"</")?;
        if is_tag(rest, name) {
            return Some(rest);
        }
    }
}

/// The attributes of a tag, from behind its name to its `>`; what is left then stands behind the tag.
struct Attributes<'a>(&'a [u8]);

impl<'a> Iterator for Attributes<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let gap = |byte: &u8| byte.is_ascii_whitespace() || *byte == b'/';
        self.skip_while(gap);
        if self.0.first().is_none_or(|byte| *byte == b'>') {
            return None;
        }
        let name = self.take_until(|byte| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>' | b'='));
        self.skip_while(u8::is_ascii_whitespace);
        let Some(value) = self.0.strip_prefix(b"=") else {
            if name.is_empty() {
                // A stray sign: go past it.
                self.0 = self.0.get(1..).unwrap_or_default();
            }
            return Some((name, b""));
        };
        self.0 = value;
        self.skip_while(u8::is_ascii_whitespace);
        let value = match self.0 {
            [quote @ (b'"' | b'\''), quoted @ ..] => {
                self.0 = quoted;
                let value = self.take_until(|byte| byte == quote);
                self.0 = self.0.get(1..).unwrap_or_default();
                value
            }
            _ => self.take_until(|byte| byte.is_ascii_whitespace() || *byte == b'>'),
        };
        Some((name, value))
    }
}

impl<'a> Attributes<'a> {
    fn skip_while(&mut self, skipped: impl Fn(&u8) -> bool) {
        self.take_until(|byte| !skipped(byte));
    }

    fn take_until(&mut self, end: impl Fn(&u8) -> bool) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(self.0.iter().position(end).unwrap_or(self.0.len()));
        self.0 = rest;
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sent_to(page: &str) -> Option<String> {
        meta_refresh(page.as_bytes(), &Url::parse("https://a.example/x").unwrap()).map(String::from)
    }

    #[test]
    fn a_refresh_at_once_leads_on_in_every_spelling() {
        for page in [
            r#"<meta http-equiv="refresh" content="0; url=/y?a=1&amp;b=2">"#,
            r#"<!DOCTYPE html><html><head><META CONTENT='0;URL="/y?a=1&b=2"' HTTP-EQUIV=Refresh /></head>"#,
            "<title>a > b</title>\n<meta charset=utf-8><meta\nhttp-equiv = refresh\tcontent = '0,/y?a=1&b=2' >",
            r#"<!-- <p> --><script>"<meta>"</script><meta http-equiv=refresh content=0;url=/y?a=1&b=2>"#,
            r#"<meta = ==" http-equiv=refresh content=0;/y?a=1&b=2>"#,
        ] {
            assert_eq!(sent_to(page).as_deref(), Some("https://a.example/y?a=1&b=2"), "{page}");
        }
    }

    #[test]
    fn a_page_that_is_read_first_or_only_means_others_stays() {
        for page in [
            r#"<meta http-equiv="refresh" content="300; url=/y">"#,
            r#"<meta http-equiv="refresh" content="0">"#,
            r#"<meta http-equiv="refresh" content="0; url=/x#top">"#,
            r#"<!-- <meta http-equiv="refresh" content="0; url=/y"> -->"#,
            r#"<noscript><meta http-equiv="refresh" content="0; url=/no-script"></noscript>"#,
            r#"<script>document.write('<meta http-equiv="refresh" content="0; url=/y">')</script>"#,
            r#"<meta name="refresh" content="0; url=/y">"#,
            r#"<metadata http-equiv="refresh" content="0; url=/y">"#,
            r#"<meta http-equiv="refresh" content="0; url=javascript:alert(1)"#,
            "<meta http-equiv=",
            "<",
        ] {
            let to = sent_to(page);
            assert!(to.as_deref().is_none_or(|to| to.starts_with("javascript:")), "{page}: {to:?}");
        }
        let deep = format!("{}<meta http-equiv=refresh content=0;url=/y>", "<p>".repeat(LOOKED_AT));
        assert_eq!(sent_to(&deep), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic_or_run_on(bytes: Vec<u8>, tail in "[<a-z=\"'/> !-]{0,200}") {
            let page = [&bytes[..], b"<meta ", tail.as_bytes()].concat();
            meta_refresh(&page, &Url::parse("https://a.example/x").unwrap());
        }
    }
}
