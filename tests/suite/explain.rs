//! `newswire explain`: what became of a URL.

use std::time::Instant;

use rdkafka::ClientConfig;
use rdkafka::error::KafkaError;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::types::RDKafkaErrorCode;
use serde_json::{Value, json};

use crate::command::{Answer, newswire};
use crate::kafka;
use crate::setup::Setup;
use crate::site::Answer as Page;
use crate::topics::Message;
use crate::wait::SOON;
use crate::worker::Worker;

fn explain(setup: &Setup, url: &str, options: &[&str]) -> Answer {
    let config = setup.write_settings("explain.toml");
    let mut arguments = vec!["explain", url, "--config", config.to_str().unwrap()];
    arguments.extend(options);
    newswire(&arguments)
}

/// The events of a URL that is found.
fn events(setup: &Setup, url: &str) -> Vec<Value> {
    let answer = explain(setup, url, &["--json"]);
    assert_eq!(answer.code, 0, "{answer:?}");
    answer.lines()
}

/// What happened, in short: events, and outcomes by their name.
fn plot(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["outcome"].as_str().or(event["event"].as_str()).unwrap()).collect()
}

#[test]
fn the_whole_story_is_told_whatever_the_spelling() {
    let setup = Setup::new("explain-story");
    let canonical = "http://alpha.example/article/1";
    setup.site.sequence(
        "www.alpha.example/article/1",
        vec![Page::status(503), Page::status(404), Page::redirect(302, canonical)],
    );
    let mut setup = setup;
    setup.host("www.alpha.example");
    let worker = Worker::start(&setup);
    let asked = "http://www.alpha.example/article/1?utm_source=feed";
    setup.send(&[Message::of(asked).on(1)]);
    setup.ended(1);
    let config = setup.write_settings("replay.toml");
    assert_eq!(newswire(&["replay", "--config", config.to_str().unwrap()]).json()["replayed"], 1);
    setup.ended(2);
    setup.send_urls([canonical]);
    setup.ended(3);
    setup.send_urls(["http://beta.example/article/1"]);
    setup.ended(4);
    worker.stop();

    let story = ["received", "deferred", "rejected", "replayed", "received", "published", "received", "unchanged"];
    for spelling in [asked, canonical, "https://m.alpha.example/article/1/?utm_medium=x#top"] {
        assert_eq!(plot(&events(&setup, spelling)), story, "{spelling}");
    }
    let told = events(&setup, canonical);
    assert_eq!(told[0]["url"], asked);
    assert_eq!((&told[1]["reason"], &told[1]["attempts"]), (&"server_error".into(), &1.into()));
    assert!(told[1]["not_before"].is_string() && told[0]["at"].is_string(), "{told:#?}");
    assert_eq!((&told[2]["reason"], &told[2]["attempts"]), (&"gone".into(), &2.into()));
    assert_eq!(told[0]["message"], format!("{}:1:0", setup.topic("urls")));
    assert_eq!((&told[3]["as"], &told[4]["replayed_from"]), (&told[4]["message"], &told[0]["message"]));
    assert_eq!((&told[5]["revision"], &told[5]["attempts"]), (&1.into(), &1.into()));

    let copy = events(&setup, "https://beta.example/article/1");
    assert_eq!(plot(&copy), ["received", "duplicate"]);
    assert_eq!((&copy[1]["of"], &copy[1]["of_url"]), (&told[5]["article_id"], &canonical.into()));

    let text = explain(&setup, canonical, &[]).out;
    for part in ["deferred until", "gone", "replayed as", "replayed from", "revision 1", "no outcome yet"] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn a_url_that_ended_under_another_is_found_by_both() {
    let mut setup = Setup::new("explain-other");
    setup.host("short.example");
    setup.site.set("short.example/1", Page::redirect(301, "http://alpha.example/article/2"));
    let worker = Worker::start(&setup);
    setup.send_urls(["http://short.example/1"]);
    setup.ended(1);
    worker.stop();
    for url in ["https://short.example/1", "http://alpha.example/article/2"] {
        assert_eq!(plot(&events(&setup, url)), ["received", "published"], "{url}");
    }
}

#[test]
fn what_is_not_found_is_told_apart() {
    let setup = Setup::new("explain-none");
    let answer = explain(&setup, "http://alpha.example/never", &["--json"]);
    assert_eq!((answer.code, answer.out.as_str()), (1, ""), "an empty topic: {answer:?}");
    let worker = Worker::start(&setup);
    setup.send_urls(["http://alpha.example/article/1", "www.alpha.example/no-scheme"]);
    setup.ended(2);
    worker.stop();
    let answer = explain(&setup, "http://alpha.example/article/11", &[]);
    assert_eq!((answer.code, answer.out.as_str()), (1, ""), "{answer:?}");
    assert!(answer.err.contains("alpha.example/article/11") && answer.err.contains("no outcome yet"), "{}", answer.err);
    // What is no URL has outcomes too, by its text.
    assert_eq!(plot(&events(&setup, "www.alpha.example/no-scheme")), ["received", "rejected"]);
    let answer = explain(&setup, "no url at all", &[]);
    assert_eq!(answer.code, 1, "{answer:?}");
    assert!(answer.err.contains("no http or https URL"), "{}", answer.err);
}

#[test]
fn brokers_that_are_not_there_and_topics_that_are_not_are_told_apart() {
    let nobody = Setup::at("explain-nobody", "127.0.0.1:1");
    let answer = explain(&nobody, "http://alpha.example/", &[]);
    assert_eq!((answer.code, answer.out.as_str()), (1, ""), "{answer:?}");
    assert!(answer.err.contains("127.0.0.1:1"), "{}", answer.err);
    let no_topics = Setup::without_topics("explain-no-topics", kafka::shared());
    let answer = explain(&no_topics, "http://alpha.example/", &[]);
    assert_eq!(answer.code, 2, "{answer:?}");
    assert!(answer.err.contains("explain-no-topics.outcomes"), "{}", answer.err);
}

/// An outcome as a worker writes it, of one of 500 hosts; every fifth address has an escape, as those of languages
/// other than English do.
fn outcome(number: usize) -> (String, String) {
    let slug =
        if number.is_multiple_of(5) { "%D0%BD%D0%BE%D0%B2%D0%BE%D1%81%D1%82%D0%B8" } else { "a-headline-of-six-words" };
    let canonical = format!("https://news{}.example/2026/03/{slug}-{number}", number % 500);
    let value = json!({
        "url": format!("{canonical}?utm_source=rss"),
        "canonical_url": canonical,
        "article_id": format!("{number:016x}"),
        "revision": 1,
        "outcome": "published",
        "at": "2026-03-14T09:30:00.123Z",
        "attempts": 1,
        "timings_ms": { "dedup": 0.021, "extract": 12.345, "fetch": 123.456, "wait": 0.012 },
        "input": { "topic": "news.urls", "partition": number % 12, "offset": number / 12 },
        "first_seen": "2026-03-14T09:29:59.987Z"
    });
    (canonical, value.to_string())
}

/// `EXPLAIN_OUTCOMES` records on six partitions of a broker of its own.
#[test]
#[ignore = "a measurement: a million records are produced first"]
fn a_million_outcomes_are_read_in_seconds() {
    let count: usize = std::env::var("EXPLAIN_OUTCOMES").map_or(1_000_000, |count| count.parse().unwrap());
    let cluster = kafka::Cluster::start(1);
    let setup = Setup::without_topics("explain-million", &cluster);
    let topic = setup.topic("outcomes");
    setup.topics.create(&[(&topic, 6)], 1);
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", cluster.bootstrap()).set("linger.ms", "50").set("compression.type", "lz4");
    config.set("batch.size", "262144").set("queue.buffering.max.messages", "1000000");
    let producer: BaseProducer = config.create().unwrap();
    for number in 0..count {
        let (key, value) = outcome(number);
        while let Err((failure, _)) = producer.send(BaseRecord::to(&topic).key(&key).payload(&value)) {
            assert_eq!(failure, KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull));
            producer.poll(std::time::Duration::from_millis(10));
        }
    }
    producer.flush(SOON).unwrap();
    let asked = outcome(count / 3).0.replace("https://", "http://www.");
    for (what, url, code) in [("one that is there", asked.as_str(), 0), ("one that is not", "http://a.example/x", 1)] {
        let started = Instant::now();
        let answer = explain(&setup, url, &["--json"]);
        println!("{what}: {:.2} s for {count} outcomes", started.elapsed().as_secs_f64());
        assert_eq!(answer.code, code, "{answer:?}");
    }
}
