//! The feeds that a page of HTML names (`<link rel="alternate">` in its head, HTML Standard, 4.6.7.1).

use url::Url;

use super::charset;
use super::markup::{Token, Tokens, attribute};

/// How far the head of a page is read, in bytes.
const LOOK_AT: usize = 256 * 1024;

/// Feeds that are taken of one page: a site's own, its sections, its comments.
const MOST: usize = 10;

/// The feeds that a page at `url` names in its head, in its order, each once.
pub fn named(body: &[u8], content_type: Option<&str>, url: &Url) -> Vec<Url> {
    let head = charset::decode(body.get(..LOOK_AT).unwrap_or(body), content_type);
    let mut base = url.clone();
    let mut feeds: Vec<Url> = Vec::new();
    for token in Tokens::of(&head) {
        let Token::Start { name, attributes, .. } = token else { continue };
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        if is("body") || feeds.len() >= MOST {
            break;
        }
        let Some(href) = attribute(attributes, "href").filter(|_| is("base") || is("link")) else { continue };
        let Ok(to) = base.join(href.trim()) else { continue };
        if is("base") {
            base = to;
        } else if is_feed(attributes) && matches!(to.scheme(), "http" | "https") && !feeds.contains(&to) {
            feeds.push(to);
        }
    }
    feeds
}

/// Whether a link leads to a feed, by what it says.
fn is_feed(attributes: &str) -> bool {
    let rel = attribute(attributes, "rel").unwrap_or_default().to_ascii_lowercase();
    let kind = attribute(attributes, "type").unwrap_or_default().to_ascii_lowercase();
    let is_one = ["rss+xml", "atom+xml", "rdf+xml", "feed+json"].iter().any(|known| kind.contains(known));
    rel.split_ascii_whitespace().any(|word| word == "alternate") && is_one
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_feeds_of_a_head_are_found_each_once() {
        let page = "<!DOCTYPE html><title>Post</title><link rel=stylesheet href=a.css>\
            <link rel='alternate' type='application/rss+xml' href='/rss'><LINK REL=Alternate TYPE=application/atom+xml HREF=atom>\
            <link rel=alternate type='application/rss+xml' href='/rss'><link rel=alternate hreflang=de href=/de>\
            <link rel='alternate' type='application/feed+json' href='javascript:x'><body>\
            <link rel=alternate type='application/rss+xml' href='/no'>";
        let url = Url::parse("https://a.example/news/").unwrap();
        let found: Vec<String> = named(page.as_bytes(), None, &url).into_iter().map(String::from).collect();
        assert_eq!(found, ["https://a.example/rss", "https://a.example/news/atom"]);
    }
}
