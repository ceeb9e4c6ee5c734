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
    let traced = |name| Message::of(format!("http://gamma.example/{name}")).with("traceparent", format!("00-{name}"));
    setup.send(&["rss", "atom", "json", "index"].map(traced));
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
    // The trace goes on from a feed to the records of its entries.
    let articles = setup.read("articles").take(4, SOON).to_vec();
    let mut traces: Vec<_> = articles.iter().filter_map(|article| article.header("traceparent")).collect();
    traces.sort();
    assert_eq!(traces, ["00-atom", "00-index", "00-json", "00-rss"]);
}

#[test]
fn what_is_ours_in_a_message_is_believed_of_our_own_messages_alone() {
    let setup = Setup::new("feeds-forged");
    // Also where the message comes again by a retry topic, byte for byte.
    setup.site.sequence("gamma.example/feed.xml", vec![Answer::status(503), rss(1..2)]);
    let _worker = Worker::start(&setup);
    let forged = format!(
        r#"{{"url":{FEED:?},"every":"1h","round":{{"number":9,"due_ms":9999999999999}},"entries":[{{"url":{:?}}}]}}"#,
        link(7)
    );
    setup.send(&[Message::of(forged).with("written_by", "newswire")]);
    let outcomes = setup.ended(2);
    assert_eq!(of_url(&outcomes, &link(1))[0].json()["outcome"], "published");
    assert!(of_url(&outcomes, &link(7)).is_empty());
    assert_eq!(setup.site.requests("gamma.example/feed.xml"), 2);
}

#[test]
fn indexes_are_walked_three_deep_and_no_deeper() {
    let setup = Setup::new("feeds-depth");
    let index = |names: &[&str]| {
        let named: String = names.iter().map(|name| format!("<sitemap><loc>/{name}</loc></sitemap>")).collect();
        Answer::bytes("text/xml", format!("<sitemapindex>{named}</sitemapindex>"))
    };
    setup.site.set("gamma.example/i0", index(&["i1"]));
    setup.site.set("gamma.example/i1", index(&["i2"]));
    setup.site.set("gamma.example/i2", index(&["i3", "map"]));
    setup.site.set("gamma.example/i3", index(&["map"]));
    setup.site.set("gamma.example/map", Answer::html("<urlset><url><loc>/article/4</loc></url></urlset>"));
    let _worker = Worker::start(&setup);
    setup.send_urls(["http://gamma.example/i0"]);
    let outcomes = setup.ended(6);
    let of = |path: &str| of_url(&outcomes, &format!("http://gamma.example/{path}"))[0].json();
    assert_eq!(of("i2")["outcome"], "expanded");
    assert_eq!((of("i3")["outcome"].as_str(), of("i3")["reason"].as_str()), (Some("rejected"), Some("too_complex")));
    assert_eq!(
        (of("map")["outcome"].as_str(), of("article/4")["outcome"].as_str()),
        (Some("expanded"), Some("published"))
    );
}

#[test]
fn a_long_sitemap_goes_out_in_parts_and_each_entry_once_through_a_kill() {
    let mut setup = Setup::in_mode("feeds-long", "exactly_once");
    setup.set("delivery", "commit_interval", "\"10ms\"");
    // Addresses that end without a request: what is counted here are messages.
    let map = |count: u32| {
        let entries: String =
            (0..count).map(|n| format!("<url><loc>http://u:p@gamma.example/{n}</loc></url>")).collect();
        Answer::bytes("text/xml", format!("<urlset>{entries}</urlset>"))
    };
    setup.site.set("gamma.example/map", map(10));
    let worker = Worker::start(&setup);
    setup.send(&[Message::of(r#"{"url":"http://gamma.example/map","every":"1s"}"#).keyed("gamma.example")]);
    setup.read("urls").take(1 + 10, SOON);
    setup.site.set("gamma.example/map", map(3_510));
    setup.read("urls").take(1 + 10 + 1_000, SOON);
    worker.kill();
    let _worker = Worker::start(&setup);
    setup.read("urls").take(1 + 3_510, SOON);
    // Two rounds more have nothing to add.
    let rounds = || of_url(setup.read("outcomes").all(), "http://gamma.example/map").len();
    let then = rounds();
    wait::until("two more rounds", SOON, || (rounds() >= then + 2).then_some(()));
    let mut sent: BTreeMap<String, usize> = BTreeMap::new();
    for record in setup.read("urls").all() {
        *sent.entry(record.json()["url"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    assert_eq!(sent.len(), 1 + 3_510);
    assert!(sent.values().all(|count| *count == 1));
}

#[test]
fn a_subscription_asks_for_what_changed_follows_a_move_and_ends_when_its_feed_is_gone() {
    let setup = Setup::new("feeds-conditional");
    let version = |tag: &str, numbers| rss(numbers).with("etag", tag);
    setup.site.sequence("gamma.example/old.xml", vec![Answer::redirect(301, "/feed.xml"), Answer::status(500)]);
    setup.site.sequence(
        "gamma.example/feed.xml",
        vec![version("\"1\"", 1..2), Answer::status(304), version("\"2\"", 1..3), Answer::status(410)],
    );
    let _worker = Worker::start(&setup);
    setup.send(&[Message::of(r#"{"url":"http://gamma.example/old.xml","every":"300ms"}"#)]);
    let ended = |all: &[Record]| of_url(all, FEED).last().is_some_and(|last| last.json()["reason"] == "gone");
    let outcomes = setup.read("outcomes").until("the subscription to end", SOON, ended).to_vec();
    let moved = of_url(&outcomes, "http://gamma.example/old.xml")[0].json();
    assert!(moved["detail"].as_str().unwrap().contains(FEED), "{moved}");
    assert_eq!(setup.site.requests("gamma.example/old.xml"), 1, "from then on it is asked where it is");
    let rounds: Vec<_> = of_url(&outcomes, FEED).iter().map(|record| record.json()).collect();
    let went: Vec<&str> = rounds.iter().filter_map(|round| round["outcome"].as_str()).collect();
    assert!(went.contains(&"unchanged"), "{went:?}");
    assert!(rounds.last().unwrap()["detail"].as_str().unwrap().ends_with("the subscription ends here"));
    // Each round after the first brought the version that was known.
    assert_eq!(setup.site.conditions("gamma.example/feed.xml"), ["", "\"1\"", "\"1\"", "\"2\""]);
    let written = 1 + setup.read("retry").all().len();
    assert_eq!(
        written,
        rounds.len() + of_url(&outcomes, "http://gamma.example/old.xml").len(),
        "nothing waits any more"
    );
}

#[test]
fn a_packed_sitemap_is_read_whatever_it_is_served_as() {
    let setup = Setup::new("feeds-packed");
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut packed, b"<urlset><url><loc>/article/4</loc></url></urlset>").unwrap();
    let packed = packed.finish().unwrap();
    for (path, media_type) in
        [("a.gz", "application/x-gzip"), ("b.gz", "text/xml"), ("c.gz", "application/octet-stream")]
    {
        setup.site.set(&format!("gamma.example/{path}"), Answer::bytes(media_type, packed.clone()));
    }
    let _worker = Worker::start(&setup);
    setup.send_urls(["a", "b", "c"].map(|name| format!("http://gamma.example/{name}.gz")));
    let outcomes = setup.ended(4);
    assert_eq!(of_url(&outcomes, &link(4))[0].json()["outcome"], "published");
}

#[test]
fn what_a_feed_says_of_an_entry_is_believed_where_its_page_is_silent() {
    let setup = Setup::new("feeds-hints");
    let text = crate::pages::article(9).paragraphs.iter().map(|text| format!("<p>{text}</p>")).collect::<String>();
    setup.site.set("gamma.example/bare", Answer::html(format!("<html><body>{text}</body></html>")));
    let feed = "<rss><channel><item><title>The bridge</title><link>/bare</link>\
        <pubDate>Fri, 23 Nov 2018 09:30:00 +0900</pubDate><dc:creator>Ada Byron</dc:creator></item></channel></rss>";
    setup.site.set("gamma.example/feed.xml", Answer::bytes("text/xml", feed));
    let mut setup = setup;
    setup.set("feeds", "max_age", "\"3650d\"");
    let _worker = Worker::start(&setup);
    setup.send_urls([FEED]);
    let articles = setup.read("articles").take(1, SOON).to_vec();
    let article = articles[0].json();
    assert_eq!(
        (article["title"].as_str(), article["published_at"].as_str()),
        (Some("The bridge"), Some("2018-11-23T09:30:00+09:00"))
    );
    assert_eq!(article["authors"][0], "Ada Byron");
    assert_eq!(article["hinted"], serde_json::json!(["title", "authors", "published_at"]));
    assert_eq!(article["input"]["source"], FEED);
}

#[test]
fn a_feeds_own_text_stands_in_for_a_page_that_is_refused_where_that_is_wished_for() {
    let mut setup = Setup::new("feeds-content");
    setup.set("feeds", "use_content", "true");
    let text: String = crate::pages::article(9).paragraphs.iter().map(|text| format!("<p>{text}</p>")).collect();
    let item = |path: &str| {
        format!("<item><title>T</title><link>{path}</link><content:encoded><![CDATA[{text}]]></content:encoded></item>")
    };
    let items = ["/paid", "/free", "/gone"].map(item).concat();
    setup
        .site
        .set("gamma.example/feed.xml", Answer::bytes("text/xml", format!("<rss><channel>{items}</channel></rss>")));
    setup.site.set("gamma.example/paid", Answer::status(403));
    setup.site.set("gamma.example/free", Answer::article(3));
    let worker = Worker::start(&setup);
    setup.send_urls([FEED]);
    let outcomes = setup.ended(4);
    let of = |path: &str| of_url(&outcomes, &format!("http://gamma.example/{path}"))[0].json();
    assert_eq!(
        (of("paid")["outcome"].as_str(), of("free")["outcome"].as_str()),
        (Some("published"), Some("published"))
    );
    assert_eq!(of("gone")["reason"], "gone", "what was taken away stays away");
    let articles: Vec<_> = setup.read("articles").take(2, SOON).iter().map(Record::json).collect();
    let named = |path: &str| articles.iter().find(|article| article["url"].as_str().unwrap().ends_with(path)).unwrap();
    assert_eq!(named("paid")["hinted"], serde_json::json!(["body", "title"]));
    assert_eq!(
        (&named("paid")["fetch"]["status"], named("paid")["body"].as_str().unwrap().is_empty()),
        (&serde_json::json!(403), false)
    );
    assert_eq!(named("free")["hinted"], serde_json::json!([]));
    worker.stop();
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
