//! Feeds: every format on a loopback site, and subscriptions that live in Kafka.

use std::collections::BTreeMap;

use crate::setup::{Setup, of_url};
use crate::site::Answer;
use crate::topics::{Message, Record};
use crate::wait::{self, SOON};
use crate::worker::Worker;

const FEED: &str = "http://gamma.example/feed.xml";

fn rss(numbers: std::ops::Range<u32>) -> Answer {
    let item = |number| format!("<item><title>A & B {number}<link>/article/{number}</link></item>");
    let items: String = numbers.map(item).collect();
    Answer::bytes("text/plain", format!("\n<rss version='2.0'><channel><title>Gamma</title>{items}</channel></rss>"))
}

fn link(number: u32) -> String {
    format!("http://gamma.example/article/{number}")
}

#[test]
fn every_format_is_expanded_by_what_it_is() {
    let setup = Setup::new("feeds-formats");
    let pages = [
        ("rss", rss(1..2)),
        (
            "atom",
            Answer::html("<feed xmlns='http://www.w3.org/2005/Atom'><entry><link href='/article/2'/></entry></feed>"),
        ),
        (
            "json",
            Answer::bytes(
                "text/plain",
                r#"{"version":"https://jsonfeed.org/version/1","items":[{"id":"1","url":"/article/3"}]}"#,
            ),
        ),
        ("index", Answer::bytes("text/xml", "<sitemapindex><sitemap><loc>/map</loc></sitemap></sitemapindex>")),
        ("map", Answer::bytes("application/xml", "<urlset><url><loc>/article/4</loc></url></urlset>")),
    ];
    for (name, answer) in pages {
        setup.site.set(&format!("gamma.example/{name}"), answer);
    }
    let _worker = Worker::start(&setup);
    setup.send_urls(["rss", "atom", "json", "index"].map(|name| format!("http://gamma.example/{name}")));
    let outcomes = setup.ended(9);
    for name in ["rss", "atom", "json", "index", "map"] {
        let of_feed = of_url(&outcomes, &format!("http://gamma.example/{name}"));
        assert_eq!(of_feed[0].json()["outcome"], "expanded", "{name}");
    }
    for number in 1..=4 {
        assert_eq!(of_url(&outcomes, &link(number))[0].json()["outcome"], "published", "{number}");
    }
    let urls = setup.read("urls").all().to_vec();
    let is_object = |record: &&Record| record.value.as_deref().is_some_and(|value| value.starts_with(b"{"));
    let mut expanded = urls.iter().filter(is_object).map(Record::json);
    let sent = expanded.find(|message| message["url"] == link(1)).unwrap();
    assert_eq!((sent["source"].as_str(), sent["title"].as_str()), (Some("http://gamma.example/rss"), Some("A & B 1")));
}

#[test]
fn a_front_page_names_its_feeds_and_they_are_expanded_where_that_is_wished_for() {
    let mut setup = Setup::new("feeds-discover");
    let page = "<html><head><title>Post</title><link rel=alternate type='application/rss+xml' href='/feed.xml'></head>";
    setup.site.set("gamma.example/", Answer::html(page));
    setup.site.set("gamma.example/feed.xml", rss(1..2));
    let worker = Worker::start(&setup);
    setup.send_urls(["http://gamma.example/"]);
    let told = setup.ended(1)[0].json();
    assert_eq!((told["outcome"].as_str(), told["reason"].as_str()), (Some("rejected"), Some("not_an_article")));
    assert!(told["detail"].as_str().unwrap().contains(FEED), "{told}");
    worker.stop();
    setup.set("feeds", "discover", "true");
    let _worker = Worker::start(&setup);
    setup.send_urls(["http://gamma.example/"]);
    let outcomes = setup.ended(4);
    assert_eq!(of_url(&outcomes, "http://gamma.example/")[1].json()["outcome"], "expanded");
    assert_eq!(of_url(&outcomes, FEED)[0].json()["outcome"], "expanded");
    assert_eq!(of_url(&outcomes, &link(1))[0].json()["outcome"], "published");
}

#[test]
fn a_subscription_is_in_flight_exactly_once_and_each_entry_one_article_through_kills() {
    let mut setup = Setup::in_mode("feeds-subscription", "exactly_once");
    setup.set("dedup", "publish_duplicates", "true");
    setup.site.set("gamma.example/feed.xml", rss(0..2));
    let mut worker = Worker::start(&setup);
    setup.send(&[Message::of(format!(r#"{{"url":{FEED:?},"every":"400ms"}}"#)).keyed("gamma.example")]);
    for last in 3..6 {
        let ended = |number: u32| {
            let outcomes = setup.read("outcomes").all().to_vec();
            (!of_url(&outcomes, &link(number)).is_empty()).then_some(())
        };
        wait::until("the newest entry to end", SOON, || ended(last - 2));
        worker.kill();
        setup.site.set("gamma.example/feed.xml", rss(0..last));
        worker = Worker::start(&setup);
    }
    wait::until("the last entry to end", SOON, || {
        let outcomes = setup.read("outcomes").all().to_vec();
        (!of_url(&outcomes, &link(4)).is_empty()).then_some(())
    });
    worker.stop();
    let outcomes = setup.read("outcomes").all().to_vec();
    // All that was written for the feed but one has been worked on.
    let written = 1 + setup.read("retry").all().len();
    assert_eq!(written - of_url(&outcomes, FEED).len(), 1);
    let mut articles: BTreeMap<String, usize> = BTreeMap::new();
    for article in setup.read("articles").all() {
        *articles.entry(article.json()["url"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    assert_eq!(articles, (0..5).map(|number| (link(number), 1)).collect());
    // Each round knows what the last one has sent on, whatever worker did it.
    let sent = setup.read("urls").all().len();
    assert_eq!(sent, 1 + 5);
}
