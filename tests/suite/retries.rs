//! Not now: messages that wait on a retry topic, and come back.

use crate::setup::{Setup, of_url, origin_in};
use crate::site::Answer;
use crate::topics::Message;
use crate::wait::SOON;
use crate::worker::Worker;

fn milliseconds(text: Option<String>) -> u64 {
    text.expect("a header").parse().expect("milliseconds since 1970, decimal")
}

#[test]
fn a_deferred_message_waits_with_its_bytes_and_its_story_and_then_comes_back() {
    let setup = Setup::new("retries-wait");
    setup.site.sequence("alpha.example/flaky", vec![Answer::status(502), Answer::status(503), Answer::article(1)]);
    let _worker = Worker::start(&setup);
    let value = br#"{ "url" : "http://alpha.example/flaky", "mine": 1 }"#;
    setup.send(&[Message::of(*value).keyed("k").with("trace", [0xff, 1]).on(3)]);
    let outcomes = setup.ended(1);
    let stories: Vec<_> =
        outcomes.iter().map(|record| (record.json()["outcome"].clone(), record.json()["attempts"].clone())).collect();
    assert_eq!(stories, [("deferred".into(), 1.into()), ("deferred".into(), 2.into()), ("published".into(), 3.into())]);
    assert!(outcomes.iter().all(|record| origin_in(record) == format!("{}:3:0", setup.topic("urls"))));

    let waited = setup.read("retry").take(2, SOON).to_vec();
    let mut first_seen = None;
    for record in &waited {
        assert_eq!(record.value.as_deref(), Some(&value[..]));
        assert_eq!(record.key.as_deref(), Some(&b"k"[..]));
        assert!(record.headers.contains(&("trace".to_owned(), Some(vec![0xff, 1]))), "{:?}", record.headers);
        assert_eq!(record.header("origin"), Some(format!("{}:3:0", setup.topic("urls"))));
        assert_eq!(record.header("last_reason").as_deref(), Some("server_error"));
        let seen = milliseconds(record.header("first_seen"));
        assert_eq!(*first_seen.get_or_insert(seen), seen, "first_seen never changes");
        assert!(milliseconds(record.header("not_before")) > seen);
    }
    assert_eq!(setup.site.requests("alpha.example/flaky"), 3);
}

#[test]
fn after_the_last_attempt_a_message_is_rejected_with_its_last_reason() {
    let mut setup = Setup::new("retries-exhausted");
    setup.set("retry", "max_attempts", "3");
    setup.site.set("alpha.example/down", Answer::status(500));
    let _worker = Worker::start(&setup);
    setup.send_urls(["http://alpha.example/down"]);
    let outcomes = setup.ended(1);
    let last = outcomes.last().unwrap().json();
    assert_eq!((&last["outcome"], &last["reason"]), (&"rejected".into(), &"attempts_exhausted".into()));
    assert_eq!(last["attempts"], 3);
    assert_eq!(of_url(&outcomes, "http://alpha.example/down").len(), 3);
    let rejected = setup.read("rejected").take(1, SOON)[0].clone();
    assert_eq!(rejected.header("reason").as_deref(), Some("attempts_exhausted"));
    assert!(rejected.header("detail").is_some_and(|detail| detail.contains("server_error")), "{:?}", rejected.headers);
    assert_eq!(rejected.header("attempts").as_deref(), Some("3"));
    assert_eq!(rejected.value.as_deref(), Some(&b"http://alpha.example/down"[..]));
}

#[test]
fn a_message_that_waits_survives_a_restart_of_the_worker() {
    let setup = Setup::new("retries-restart");
    setup.site.sequence("alpha.example/flaky", vec![Answer::status(500), Answer::article(1)]);
    let worker = Worker::start(&setup);
    setup.send_urls(["http://alpha.example/flaky"]);
    setup.read("retry").take(1, SOON);
    worker.stop();
    let _worker = Worker::start(&setup);
    assert_eq!(setup.ended(1).last().unwrap().json()["outcome"], "published");
}

#[test]
fn one_that_waits_holds_up_nobody_else() {
    let mut setup = Setup::new("retries-aside");
    let tier = format!("[{{ topic = {:?}, delay = \"1h\" }}]", setup.topic("retry"));
    setup.set("retry", "tiers", &tier);
    setup.site.set("alpha.example/down", Answer::status(500));
    let _worker = Worker::start(&setup);
    setup.send_urls(["http://alpha.example/down"]);
    setup.read("retry").take(1, SOON);
    setup.send_urls((0..20).map(|seed| format!("http://beta.example/article/{seed}")));
    setup.ended(20);
    setup.committed_to_the_end();
}

#[test]
fn a_host_that_names_a_time_is_asked_again_then() {
    let setup = Setup::new("retries-named");
    setup
        .site
        .sequence("alpha.example/limited", vec![Answer::status(429).with("retry-after", "1"), Answer::article(1)]);
    let _worker = Worker::start(&setup);
    setup.send_urls(["http://alpha.example/limited"]);
    let outcomes = setup.ended(1);
    let first = outcomes[0].json();
    assert_eq!((&first["outcome"], &first["reason"]), (&"deferred".into(), &"rate_limited".into()));
    assert_eq!(outcomes.last().unwrap().json()["outcome"], "published");
}

#[test]
fn a_long_wait_holds_up_nothing_that_is_due_before_it() {
    let mut setup = Setup::new("retries-order");
    let long = setup.topic("retry.1h");
    setup.topics.create(&[(&long, 1)], 1);
    let short = setup.topic("retry");
    let tiers = format!("[{{ topic = {short:?}, delay = \"300ms\" }}, {{ topic = {long:?}, delay = \"1h\" }}]");
    setup.set("retry", "tiers", &tiers);
    let busy = |seconds: &str| Answer::status(429).with("retry-after", seconds);
    setup.site.set("alpha.example/hours", busy("7200"));
    setup.site.sequence("beta.example/seconds", vec![busy("2"), Answer::article(1)]);
    let _worker = Worker::start(&setup);
    setup.send_urls(["http://alpha.example/hours"]);
    let waits = setup.topics.read(&[&long]).take(1, SOON)[0].clone();
    let due = milliseconds(waits.header("not_before")) - milliseconds(waits.header("first_seen"));
    assert!(due >= 7_200_000, "the wait is kept in full: {due}");
    setup.send_urls(["http://beta.example/seconds"]);
    let outcomes = setup.ended(1);
    let of_short: Vec<_> =
        of_url(&outcomes, "http://beta.example/seconds").iter().map(|record| record.json()).collect();
    assert_eq!(of_short.last().unwrap()["outcome"], "published");
    let at = |field: &serde_json::Value| field.as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    assert!(at(&of_short.last().unwrap()["at"]) >= at(&of_short[0]["not_before"]), "{of_short:?}");
    assert!(of_short.iter().all(|outcome| outcome["attempts"].as_u64() <= Some(2)), "to travel on is no try");
    assert_eq!(setup.site.requests("beta.example/seconds"), 2);
}
