//! The one law: every message ends in exactly one outcome.

use std::collections::BTreeMap;

use crate::pages;
use crate::schema;
use crate::setup::{Setup, of_url, origin_in};
use crate::site::Answer;
use crate::topics::{Message, Record};
use crate::wait::{self, SOON};
use crate::worker::Worker;

fn feed(links: &[&str]) -> Answer {
    let items: String = links
        .iter()
        .map(|link| format!("<item><title>Entry</title><link>{link}</link><guid>{link}</guid></item>"))
        .collect();
    let text = format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>Gamma</title>
<link>http://gamma.example/</link><description>News of Gamma</description>{items}</channel></rss>"#
    );
    Answer::bytes("application/rss+xml", text)
}

fn the_one<'a>(outcomes: &'a [Record], url: &str) -> &'a Record {
    let found = of_url(outcomes, url);
    assert_eq!(found.len(), 1, "outcomes of {url}: {found:#?}");
    found[0]
}

#[test]
fn every_outcome_of_the_law_is_seen_and_the_sums_are_equal() {
    let mut setup = Setup::new("outcomes-all");
    setup.set("dedup", "publish_duplicates", "true");
    setup.site.sequence("alpha.example/changing", vec![Answer::article(10), Answer::article(11)]);
    setup.site.sequence("beta.example/flaky", vec![Answer::status(500), Answer::article(30)]);
    setup
        .site
        .set("gamma.example/feed.xml", feed(&["http://gamma.example/article/20", "http://gamma.example/article/21"]));
    let worker = Worker::start(&setup);

    setup.send_urls([
        "http://alpha.example/article/1",
        "http://alpha.example/changing",
        "http://beta.example/flaky",
        "http://gamma.example/feed.xml",
        "http://alpha.example/missing",
    ]);
    let first = setup.ended(7);
    setup.send_urls([
        "http://alpha.example/article/1",
        "http://alpha.example/changing",
        "http://beta.example/article/1",
    ]);
    setup.ended(10);
    setup.committed_to_the_end();
    let outcomes = setup.read("outcomes").all().to_vec();

    // What each of them is.
    assert_eq!(the_one(&first, "http://alpha.example/article/1").json()["outcome"], "published");
    assert_eq!(the_one(&first, "http://alpha.example/changing").json()["outcome"], "published");
    assert_eq!(the_one(&outcomes, "http://gamma.example/feed.xml").json()["outcome"], "expanded");
    assert_eq!(the_one(&outcomes, "http://gamma.example/article/20").json()["outcome"], "published");
    assert_eq!(the_one(&outcomes, "http://gamma.example/article/21").json()["outcome"], "published");
    let missing = the_one(&outcomes, "http://alpha.example/missing").json();
    assert_eq!((missing["outcome"].as_str(), missing["reason"].as_str()), (Some("rejected"), Some("gone")));
    let duplicate = the_one(&outcomes, "http://beta.example/article/1").json();
    assert_eq!(duplicate["outcome"], "duplicate");
    let original = the_one(&first, "http://alpha.example/article/1").json();
    assert_eq!(duplicate["of"], original["article_id"]);
    assert_ne!(duplicate["article_id"], original["article_id"]);
    let again = |url: &str| of_url(&outcomes, url)[1].json()["outcome"].clone();
    assert_eq!(again("http://alpha.example/article/1"), "unchanged");
    assert_eq!(again("http://alpha.example/changing"), "revised");
    let flaky: Vec<_> = of_url(&outcomes, "http://beta.example/flaky").iter().map(|record| record.json()).collect();
    assert_eq!(flaky.len(), 2, "{flaky:#?}");
    assert_eq!((flaky[0]["outcome"].as_str(), flaky[0]["reason"].as_str()), (Some("deferred"), Some("server_error")));
    assert_eq!(flaky[1]["outcome"], "published");
    assert_eq!((&flaky[0]["attempts"], &flaky[1]["attempts"]), (&1.into(), &2.into()));
    assert_eq!(flaky[0]["input"], flaky[1]["input"], "the origin stays through retries");

    // Each message of news.urls has one terminal outcome, and nothing else has any.
    let mut terminal: BTreeMap<String, usize> = BTreeMap::new();
    for record in outcomes.iter().filter(|record| record.json()["outcome"] != "deferred") {
        *terminal.entry(origin_in(record)).or_default() += 1;
    }
    let urls = setup.read("urls").all().to_vec();
    assert_eq!(urls.len(), 10, "eight were sent, and the feed brought two");
    let expected: BTreeMap<String, usize> = urls.iter().map(|record| (record.origin(), 1)).collect();
    assert_eq!(terminal, expected);

    // The articles, each as the schema says.
    let articles: Vec<_> = setup.read("articles").all().iter().map(schema::article).collect();
    let mut by_url: BTreeMap<&str, Vec<(u64, bool)>> = BTreeMap::new();
    for article in &articles {
        let told = (article["revision"].as_u64().unwrap(), !article["duplicate"].is_null());
        by_url.entry(article["url"].as_str().unwrap()).or_default().push(told);
    }
    let expected = BTreeMap::from([
        ("http://alpha.example/article/1", vec![(1, false)]),
        ("http://alpha.example/changing", vec![(1, false), (2, false)]),
        ("http://beta.example/article/1", vec![(1, true)]),
        ("http://beta.example/flaky", vec![(1, false)]),
        ("http://gamma.example/article/20", vec![(1, false)]),
        ("http://gamma.example/article/21", vec![(1, false)]),
    ]);
    assert_eq!(by_url, expected);
    let rejected = setup.read("rejected").all().len();
    assert_eq!(rejected, 1);

    // The metrics tell the same.
    let metrics = wait::until("nothing to be in flight", SOON, || {
        let metrics = worker.metrics();
        (metrics.sum("newswire_in_flight_messages", &[]) == 0.0).then_some(metrics)
    });
    let mut counted: BTreeMap<String, f64> = BTreeMap::new();
    for record in &outcomes {
        *counted.entry(record.json()["outcome"].as_str().unwrap().to_owned()).or_default() += 1.0;
    }
    assert_eq!(counted.len(), 7, "{counted:?}");
    for (outcome, count) in counted {
        let label = format!("outcome={outcome:?}");
        assert_eq!(metrics.sum("newswire_outcomes_total", &[&label]), count, "{outcome}");
    }
    for (series, difference) in metrics.series("newswire_conservation_difference_messages") {
        assert_eq!(difference, 0.0, "{series}");
    }
    assert_eq!(metrics.sum("newswire_consumed_messages", &[]), 11.0, "ten, and the deferred one again");
    assert_eq!(metrics.sum("newswire_ended_messages", &[]), 11.0);
    worker.stop();
}

#[test]
fn a_record_says_what_the_page_says_and_where_it_came_from() {
    let setup = Setup::new("outcomes-record");
    let _worker = Worker::start(&setup);
    setup.send(&[Message::of(r#"{"url":"http://alpha.example/article/5","source":"a test"}"#).on(2)]);
    let record = setup.read("articles").take(1, SOON)[0].clone();
    let article = schema::article(&record);
    let page = pages::article(5);
    assert_eq!(article["title"], page.title);
    assert_eq!(article["paragraphs"], serde_json::json!(page.paragraphs));
    assert_eq!(article["body"], page.paragraphs.join("\n\n"));
    assert_eq!(article["authors"], serde_json::json!(["Ada Fairweather"]));
    assert_eq!(article["published_at"], "2026-03-14T09:30:00+01:00");
    assert_eq!(article["language"], "en");
    assert_eq!(article["fetch"]["status"], 200);
    let input = serde_json::json!({ "topic": setup.topic("urls"), "partition": 2, "offset": 0, "source": "a test" });
    assert_eq!(article["input"], input);

    let ended = setup.ended(1);
    let outcome = ended[0].json();
    assert_eq!(outcome["article_id"], article["id"]);
    assert_eq!(outcome["canonical_url"], article["canonical_url"]);
    assert_eq!(ended[0].key.as_deref(), outcome["canonical_url"].as_str().map(str::as_bytes));
    assert!(outcome["timings_ms"].as_object().is_some_and(|stages| !stages.is_empty()), "{outcome}");
}

#[test]
fn a_bare_url_and_the_json_form_are_the_same_to_the_worker() {
    let setup = Setup::new("outcomes-forms");
    let _worker = Worker::start(&setup);
    setup.send(&[
        Message::of(" http://alpha.example/article/6\n"),
        Message::of(r#"{"url":"http://alpha.example/article/7","shard":12,"title":null}"#),
    ]);
    for record in setup.ended(2) {
        assert_eq!(record.json()["outcome"], "published", "{}", record.json());
    }
}

#[test]
fn duplicates_are_kept_to_ourselves_when_the_settings_say_so() {
    let mut setup = Setup::new("outcomes-quiet");
    setup.set("dedup", "publish_duplicates", "false");
    let _worker = Worker::start(&setup);
    setup.send_urls(["http://alpha.example/article/8"]);
    setup.ended(1);
    setup.send_urls(["http://beta.example/article/8"]);
    let outcomes = setup.ended(2);
    assert_eq!(the_one(&outcomes, "http://beta.example/article/8").json()["outcome"], "duplicate");
    assert_eq!(setup.read("articles").all().len(), 1);
}

#[test]
fn two_copies_at_once_have_exactly_one_original() {
    let setup = Setup::new("outcomes-race");
    let _worker = Worker::start(&setup);
    setup.send_urls((0..20).flat_map(|seed| {
        ["alpha", "beta", "gamma"].map(|host| format!("http://{host}.example/article/{}", 900 + seed))
    }));
    let outcomes = setup.ended(60);
    let count = |name: &str| outcomes.iter().filter(|record| record.json()["outcome"] == name).count();
    assert_eq!((count("published"), count("duplicate")), (20, 40));
}

#[test]
fn each_kind_of_refusal_has_its_reason() {
    let setup = Setup::new("outcomes-reasons");
    setup.site.set("alpha.example/gone", Answer::status(410));
    setup.site.set("alpha.example/teapot", Answer::status(418));
    setup.site.set("alpha.example/empty", Answer::status(204));
    setup.site.set("alpha.example/loop", Answer::redirect(302, "/loop"));
    setup.site.set("alpha.example/picture", Answer::bytes("image/png", [0x89, b'P', b'N', b'G', 0, 1, 2, 3]));
    setup.site.set("alpha.example/listing", Answer::html("<html><body><h1>Shop</h1><a href='/a'>A</a></body></html>"));
    setup.site.set("alpha.example/inward", Answer::redirect(302, "http://user:secret@alpha.example/article/1"));
    setup.site.set("beta.example/robots.txt", Answer::bytes("text/plain", "User-agent: *\nDisallow: /private/\n"));
    let _worker = Worker::start(&setup);
    let expected = [
        ("http://alpha.example/gone", "gone"),
        ("http://alpha.example/nowhere", "gone"),
        ("http://alpha.example/teapot", "client_error"),
        ("http://alpha.example/empty", "unexpected_status"),
        ("http://alpha.example/loop", "redirect_loop"),
        ("http://alpha.example/picture", "unsupported_content_type"),
        ("http://alpha.example/listing", "not_an_article"),
        ("http://alpha.example/inward", "credentials_in_url"),
        ("http://beta.example/private/a", "robots_disallowed"),
        ("ftp://alpha.example/a", "unsupported_scheme"),
        ("http://user:secret@alpha.example/a", "credentials_in_url"),
        ("www.alpha.example/a", "invalid_url"),
        ("http://[::1/a", "invalid_url"),
    ];
    setup.send_urls(expected.map(|(url, _)| url));
    let outcomes = setup.ended(expected.len());
    for (url, reason) in expected {
        let record = the_one(&outcomes, url).json();
        assert_eq!((&record["outcome"], &record["reason"]), (&"rejected".into(), &reason.into()), "{record:#}");
    }
    assert_eq!(setup.site.requests("beta.example/private/a"), 0);
    assert_eq!(setup.site.requests("beta.example/robots.txt"), 1);
    assert_eq!(setup.read("rejected").all().len(), expected.len());
}

#[test]
fn private_addresses_are_refused_unless_the_settings_allow_them() {
    let mut setup = Setup::new("outcomes-private");
    setup.set("fetch", "allow_private_networks", "false");
    let _worker = Worker::start(&setup);
    let port = setup.site.address().port();
    let forbidden = [
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        "http://127.0.0.1/".to_owned(),
        "http://localhost/a".to_owned(),
        "http://2130706433/".to_owned(),
        "http://[::ffff:10.0.0.1]/".to_owned(),
        // The guard holds for addresses from fetch.resolve too.
        "http://alpha.example/article/1".to_owned(),
    ];
    setup.send_urls(&forbidden);
    setup.send_urls([format!("http://93.184.215.14:{port}/")]);
    let outcomes = setup.ended(7);
    for url in &forbidden {
        assert_eq!(the_one(&outcomes, url).json()["reason"], "forbidden_address", "{url}");
    }
    assert_eq!(the_one(&outcomes, &format!("http://93.184.215.14:{port}/")).json()["reason"], "forbidden_port");
    assert_eq!(setup.site.all_requests(), 0);
}
