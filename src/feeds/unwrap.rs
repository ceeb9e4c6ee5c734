//! Links that lead through a counter of clicks, and name their target.

use url::Url;

/// Counters around counters that are undone before the rest stays as it is.
const DEEPEST: usize = 3;

/// The page that a link leads to, where the link itself says so: a parameter `url` that is an address
/// (`google.com/url` calls it `q`, too), or an address behind `*` in the path.
pub(super) fn unwrapped(link: Url) -> Url {
    let mut page = link;
    for _ in 0..DEEPEST {
        let Some(target) = target(&page) else { break };
        page = target;
    }
    page
}

fn target(link: &Url) -> Option<Url> {
    let asks_by_q = link.path() == "/url";
    let by_query = link
        .query_pairs()
        .find(|(name, value)| (name == "url" || (asks_by_q && name == "q")) && is_address(value))
        .and_then(|(_, value)| Url::parse(&value).ok());
    by_query.or_else(|| {
        let (_, behind) = link.as_str().split_once('*')?;
        let behind = if behind.get(..8).is_some_and(|start| start.contains('%')) {
            let query = format!("u={behind}");
            url::form_urlencoded::parse(query.as_bytes()).next()?.1.into_owned()
        } else {
            behind.to_owned()
        };
        is_address(&behind).then(|| Url::parse(&behind).ok()).flatten()
    })
}

fn is_address(text: &str) -> bool {
    text.starts_with("https://") || text.starts_with("http://")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_target_is_taken_where_the_link_names_it() {
        for (link, expected) in [
            ("https://www.google.com/url?rct=j&sa=t&url=https://a.example/1%3Fb%3D2&ct=ga", "https://a.example/1?b=2"),
            ("https://www.google.com/url?q=https://a.example/1", "https://a.example/1"),
            (
                "https://t.example/c?url=https%3A%2F%2Fu.example%2Fr%3Furl%3Dhttps%253A%252F%252Fa.example%252F1",
                "https://a.example/1",
            ),
            ("http://us.rd.news.example/dailynews/rss/*http://a.example/1?x=y", "http://a.example/1?x=y"),
            ("http://us.rd.news.example/dailynews/rss/*http%3A//a.example/1", "http://a.example/1"),
            ("https://a.example/search?q=https://b.example/", "https://a.example/search?q=https://b.example/"),
            ("https://a.example/?url=relative", "https://a.example/?url=relative"),
        ] {
            assert_eq!(unwrapped(Url::parse(link).unwrap()).as_str(), expected, "{link}");
        }
    }
}
