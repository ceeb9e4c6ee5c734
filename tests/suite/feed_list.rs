//! The list of feeds that are asked again and again, and what operators see of them.

use serde_json::{Value, json};

use crate::command::{Answer, newswire};
use crate::setup::{Setup, of_url};
use crate::site::Answer as Page;
use crate::topics::Message;
use crate::wait::{self, SOON};
use crate::worker::Worker;

const A: &str = "http://gamma.example/a.xml";
const B: &str = "http://gamma.example/b.xml";

fn rss(number: u32) -> Page {
    Page::bytes("text/xml", format!("<rss><channel><item><link>/article/{number}</link></item></channel></rss>"))
}

fn feeds(setup: &Setup, arguments: &[&str]) -> Answer {
    let config = setup.write_settings("feeds.toml");
    let all = [&["feeds"], arguments, &["--config", config.to_str().unwrap()]].concat();
    newswire(&all)
}

/// Messages of a feed that were written and not worked on yet.
fn in_flight(setup: &Setup, url: &str) -> usize {
    let of_feed = |topic: &str| {
        let records = setup.read(topic).all().to_vec();
        records.iter().filter(|record| record.json()["url"] == url).count()
    };
    of_feed("urls") + of_feed("retry") - of_feed("outcomes")
}

/// How many messages of a feed ended since they were removed or replaced.
fn superseded(setup: &Setup, url: &str) -> usize {
    let outcomes = setup.read("outcomes").all().to_vec();
    let is_told = |detail: &Value| detail.as_str().is_some_and(|detail| detail.contains("taken its place"));
    of_url(&outcomes, url).iter().filter(|record| is_told(&record.json()["detail"])).count()
}

#[test]
fn feeds_of_a_list_are_asked_each_by_one_message_whoever_adds_them_again_until_they_are_removed() {
    let setup = Setup::new("feed-list");
    setup.site.set("gamma.example/a.xml", rss(1));
    setup.site.set("gamma.example/b.xml", rss(2));
    let opml = format!(r#"<opml><body><outline text="A" xmlUrl="{A}"/><outline text="B" xmlUrl="{B}"/></body></opml>"#);
    let opml = setup.file("feeds.opml", opml);
    let add = || feeds(&setup, &["add", opml.to_str().unwrap(), "--every", "500ms"]).json();
    assert_eq!(add(), json!({"added": 2, "known": 0, "refused": []}));
    assert_eq!(add(), json!({"added": 0, "known": 2, "refused": []}));
    let worker = Worker::start(&setup);
    for number in [1, 2] {
        setup.read("articles").until("each feed's article", SOON, |all| {
            all.iter().any(|record| record.json()["url"] == format!("http://gamma.example/article/{number}"))
        });
    }
    assert_eq!(add(), json!({"added": 0, "known": 2, "refused": []}), "as workers list them, too");
    let listed = feeds(&setup, &["list"]).lines();
    let listed: Vec<_> = listed.iter().map(|line| (line["url"].as_str().unwrap(), line["title"].as_str())).collect();
    assert_eq!(listed, [(A, Some("A")), (B, Some("B"))]);

    // A message takes the place of the one that is there.
    let again = || Message::of(format!(r#"{{"url":{A:?},"every":"500ms"}}"#));
    setup.send(&[again().on(0), again().on(1)]);
    wait::until("two messages to give way", SOON, || (superseded(&setup, A) == 2).then_some(()));

    let exported = feeds(&setup, &["export"]);
    assert!(exported.out.contains(&format!("xmlUrl=\"{A}\"")), "{exported:?}");
    assert_eq!(feeds(&setup, &["remove", A]).json(), json!({"removed": 1, "unknown": []}));
    assert_eq!(feeds(&setup, &["remove", A]).code, 1);
    wait::until("the removed one to end", SOON, || (superseded(&setup, A) == 3).then_some(()));
    worker.stop();
    assert_eq!((in_flight(&setup, A), in_flight(&setup, B)), (0, 1));
    assert_eq!(feeds(&setup, &["list"]).lines().len(), 1);
}

#[test]
fn what_is_no_feed_list_is_refused() {
    let setup = Setup::new("feed-list-refused");
    let file = setup.file("page.html", "<html><p>No list.");
    assert_eq!(feeds(&setup, &["add", file.to_str().unwrap()]).code, 2);
    assert_eq!(feeds(&setup, &["add", "no-such-file"]).code, 2);
    assert_eq!(feeds(&setup, &["add", A, "--every", "often"]).code, 2);
    let ftp = feeds(&setup, &["add", "ftp://gamma.example/feed", A]);
    assert_eq!(ftp.json()["added"], 1);
    assert_eq!((ftp.code, &ftp.json()["refused"][0]), (1, &json!("ftp://gamma.example/feed")));
}

#[test]
fn operators_see_how_feeds_do_and_how_fresh_their_articles_are() {
    let mut setup = Setup::new("feed-figures");
    setup.host("broken.example");
    let text: String = crate::pages::article(9).paragraphs.iter().map(|text| format!("<p>{text}</p>")).collect();
    setup.site.set("gamma.example/bare", Page::html(format!("<html><body>{text}</body></html>")));
    let now = jiff::Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S +0000");
    let items =
        format!("<item><link>/bare</link><pubDate>{now}</pubDate></item><item><title>no address</title></item>");
    setup.site.set("gamma.example/a.xml", Page::bytes("text/xml", format!("<rss><channel>{items}</channel></rss>")));
    setup.site.set("broken.example/feed", Page::status(404));
    let worker = Worker::start(&setup);
    let subscribe = |url: &str| Message::of(format!(r#"{{"url":{url:?},"every":"1h"}}"#));
    setup.send(&[subscribe(A), subscribe("http://broken.example/feed")]);
    setup.ended(3);
    let metrics = wait::until("the figures", SOON, || {
        let metrics = worker.metrics();
        (metrics.sum("newswire_freshness_seconds_count", &[]) == 1.0).then_some(metrics)
    });
    let entries = |kind: &str| metrics.sum("newswire_feed_entries_total", &[kind]);
    assert_eq!((entries("\"new\""), entries("\"bad\"")), (1.0, 1.0));
    let states = |state: &str| metrics.sum("newswire_feeds", &[state]);
    assert_eq!((states("\"well\""), states("\"failing\""), states("\"silent\"")), (1.0, 1.0, 0.0));
    assert!(metrics.sum("newswire_feeds_next_due_seconds", &[]) > 3_000.0);
    let shown: Value = serde_json::from_str(&worker.get("/feeds").unwrap().body).unwrap();
    assert_eq!((&shown[0]["url"], &shown[0]["state"]), (&json!("http://broken.example/feed"), &json!("failing")));
    assert_eq!((&shown[1]["url"], &shown[1]["entries"]["new"]), (&json!(A), &json!(1)));
}
