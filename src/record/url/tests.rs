use proptest::prelude::*;

use super::*;

fn identity(text: &str) -> Identity {
    Identity::of(text).expect(text)
}

fn key(text: &str) -> String {
    identity(text).key
}

#[test]
fn addresses_are_refused_in_the_order_of_the_reasons() {
    let reason = |text: &str| Identity::of(text).unwrap_err().reason();
    for text in [
        "",
        "news.example/a",
        "//news.example/a",
        "http://",
        "http://[::bad/",
        "http://a b/",
        "news.example:80/a",
        "localhost:8080",
    ] {
        assert_eq!(reason(text), Reason::InvalidUrl, "{text:?}");
    }
    for text in
        ["ftp://u:p@news.example/", "mailto:a@b.example", "javascript:alert(1)", "file:///etc/passwd", "data:,x"]
    {
        assert_eq!(reason(text), Reason::UnsupportedScheme, "{text:?}");
    }
    for text in ["http://u@news.example/", "http://u:p@127.0.0.1/", "https://:p@news.example/"] {
        assert_eq!(reason(text), Reason::CredentialsInUrl, "{text:?}");
    }
    assert_eq!(reason(&format!("http://a.example/{}", "x".repeat(LONGEST))), Reason::InvalidUrl);
}

#[test]
fn a_refusal_never_repeats_the_password() {
    assert!(!Identity::of("http://user:secret@a.example/").unwrap_err().to_string().contains("secret"));
}

#[test]
fn what_is_fetched_loses_the_fragment_and_known_tracking_alone() {
    let fetched = |text: &str| String::from(identity(text).fetch);
    assert_eq!(
        fetched("HTTP://WWW.News.Example:80/a/../b/?utm_source=x&id=1&FBCLID=2&b=%20y#top"),
        "http://www.news.example/b/?id=1&b=%20y"
    );
    assert_eq!(fetched("https://a.example/?gclid=1"), "https://a.example/");
    assert_eq!(fetched("https://a.example/?"), "https://a.example/?");
    assert_eq!(fetched("https://a.example/?ref=x&a=&&b"), "https://a.example/?ref=x&a=&&b");
    assert_eq!(fetched("https://a.example/?dclid=1&wbraid=2&cmpid=3"), "https://a.example/?dclid=1&wbraid=2&cmpid=3");
    assert_eq!(fetched("https://a.example/?utm_unheard_of=1"), "https://a.example/?utm_unheard_of=1");
}

#[test]
fn spellings_of_one_article_share_a_key() {
    let article = key("https://news.example/world/2024/story");
    for spelling in [
        "http://news.example/world/2024/story",
        "https://www.news.example/world/2024/story/",
        "https://m.news.example/world/2024/story#comments",
        "https://amp.news.example./world/2024/story",
        "https://www.m.news.example/world//2024/story/",
        "https://news.example:443/world/2024/story?utm_source=a&utm_anything=b&pk_campaign=c",
        "https://news.example/world/2024/story/amp/",
        "https://news.example/amp/world/2024/story",
        "https://news.example/world/2024/story.amp",
        "https://news.example/world/2024/story.amp.html?outputType=amp",
        "https://news.example/world/2024/story?amp=1&_ga=2",
        "https://news.example/world/2024/story/index.html",
        "https://news.example/world/2024/%73tory",
        "https://news-example.cdn.ampproject.org/c/s/news.example/world/2024/story/amp",
        "https://news-example.cdn.ampproject.org/v/s/news.example/world/2024/story?amp_js_v=0.1&usqp=mq331",
        "https://www.google.com/amp/s/news.example/world/2024/story",
        "https://news-example.bing-amp.com/c/s/www.news.example/world/2024/story?m=1",
        "https://www.google.co.uk/amp/s/news.example/world/2024/story",
        "https://www.bing.com/amp/s/news.example/world/2024/story?amp=1",
        "https://news-example.cdn.ampproject.org/wp/s/news.example/world/2024/story",
        "https://news.example/world/amp/2024/story",
        "https://news.example/world/2024/story?ref=rss&source=newsletter",
        "https://news.example/world/2024/story?=&",
    ] {
        assert_eq!(key(spelling), article, "{spelling}");
    }
}

#[test]
fn other_articles_have_other_keys() {
    let keys = [
        "https://news.example/story?id=1",
        "https://news.example/story?id=2",
        "https://news.example/Story?id=1",
        "https://news.example/story?p=1",
        "https://blog.news.example/story?id=1",
        "https://news.example:8443/story?id=1",
        "https://news.example/story%2F?id=1",
        "https://news.example/amplify",
        "https://en.m.news.example/story?id=1",
        "https://news.example/story?id=1&ref=20041",
        "https://news.example/story?id=1&page=2",
        "https://google.evil.example/amp/s/news.example/story?id=1",
        "https://news.example/",
        "https://m.example/",
        "https://www.example/",
    ]
    .map(key);
    let distinct: std::collections::HashSet<_> = keys.iter().collect();
    assert_eq!(distinct.len(), keys.len(), "{keys:?}");
}

#[test]
fn the_order_of_parameters_does_not_matter() {
    assert_eq!(key("http://a.example/?b=2&a=1&b=2"), key("http://a.example/?a=1&b=2"));
    assert_eq!(key("http://a.example/?q=a+b&x="), key("http://a.example/?x&q=a%20b"));
}

#[test]
fn only_a_real_page_is_taken_out_of_a_cache() {
    for address in
        ["https://cdn.ampproject.org/", "https://www.google.com/amp/", "https://www.google.com/amp/s/settings"]
    {
        assert!(key(address).contains("ampproject") || key(address).contains("google"), "{address}");
    }
}

#[test]
fn a_site_is_the_registrable_domain_or_the_host() {
    let of = |text: &str| site(&Url::parse(text).unwrap());
    assert_eq!(of("https://www.bbc.co.uk/news"), "bbc.co.uk");
    assert_eq!(of("https://A.b.Example.COM./"), "example.com");
    assert_eq!(of("http://127.0.0.1:8080/"), "127.0.0.1");
    assert_eq!(of("http://[::1]/"), "[::1]");
    assert_eq!(of("http://localhost/"), "localhost");
}

/// Addresses made of the pieces that the rules look at, so that the rules meet each other.
fn addresses() -> impl Strategy<Value = String> {
    let host = prop::sample::select(vec![
        "news.example",
        "www.news.example",
        "m.www.co.uk",
        "amp.m.a.de",
        "localhost",
        "10.0.0.1",
        "[::1]:8080",
        "a.cdn.ampproject.org",
        "www.google.com",
        "WWW.Google.com.",
        "x.bing-amp.com",
    ]);
    let segment = prop::sample::select(vec![
        "amp",
        "AMP",
        "c",
        "s",
        "v",
        "index.html",
        "x.amp",
        ".amp",
        "a%2Fb",
        "%61",
        "%",
        "%%41",
        "é",
        "..",
        ".",
        "",
        "news.example",
        "story;jsessionid=1",
        "a b",
        "u@h.example",
        "amp.html",
    ]);
    let parameter = prop::sample::select(vec![
        "utm_source=a",
        "fbclid",
        "amp",
        "amp=1",
        "id=1",
        "b",
        "=",
        "",
        "%75tm_source=1",
        "q=a+b",
        "é=ü",
        "m=1",
        "a=%zz",
    ]);
    (host, prop::collection::vec(segment, 0..6), prop::collection::vec(parameter, 0..5), prop::bool::ANY).prop_map(
        |(host, path, query, has_query)| {
            let query = if has_query { format!("?{}", query.join("&")) } else { String::new() };
            format!("https://{host}/{}{query}#f", path.join("/"))
        },
    )
}

proptest! {
    #[test]
    fn what_is_fetched_is_a_fixed_point_with_the_same_key(text in addresses()) {
        let once = Identity::of(&text).unwrap();
        let twice = Identity::of_url(&once.fetch);
        prop_assert_eq!(&twice, &once);
        prop_assert_eq!(Identity::of(once.fetch.as_str()).unwrap(), once);
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC*") {
        let _ = Identity::of(&text);
        let _ = Identity::of(&format!("http://a.example/{text}?{text}"));
    }
}

#[test]
fn an_endless_address_is_told_by_its_beginning() {
    let long = format!("http://a.example/{}", "\u{e4}".repeat(LONGEST));
    assert!(long.starts_with(as_told(&long)));
    assert!((LONGEST - 1..=LONGEST).contains(&as_told(&long).len()));
    assert_eq!(as_told("http://a.example/"), "http://a.example/");
}
