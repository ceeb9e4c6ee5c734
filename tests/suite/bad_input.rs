//! Messages that are no messages: rejected, with everything of them kept.

use crate::setup::Setup;
use crate::topics::{Message, Record};
use crate::wait::SOON;
use crate::worker::Worker;

/// Headers that are newswire's own.
const RESERVED: [&str; 7] = ["origin", "attempts", "not_before", "first_seen", "last_reason", "reason", "detail"];

fn foreign(record: &Record) -> Vec<(String, Option<Vec<u8>>)> {
    record.headers.iter().filter(|(name, _)| !RESERVED.contains(&name.as_str())).cloned().collect()
}

#[test]
fn bad_input_is_rejected_with_its_bytes_kept() {
    let setup = Setup::new("bad-input");
    let _worker = Worker::start(&setup);
    let odd = |value: &[u8]| {
        Message::of(value).keyed([0, 0xfe]).with("trace", [0xff, 0, b'a']).with("trace", "twice").with("", "")
    };
    let bad = [
        odd(b"http://alpha.example/\xff\xfe"),
        odd(b"neither a URL nor JSON"),
        odd(br#"{"url": 12}"#),
        odd(br#"{"url": "http://alpha.example/a", "force": "yes"}"#),
        odd(br#"{"source": "no url"}"#),
        odd(br#"{"url": "http://alpha.example/a""#),
        odd(b""),
        Message { value: None, ..odd(b"") },
        odd(&vec![b'x'; 2_000_000]),
    ];
    setup.send(&bad.clone().map(|message| message.on(1)));
    setup.send_urls(["http://alpha.example/article/1"]);

    let rejected = setup.read("rejected").take(bad.len(), SOON).to_vec();
    let urls = setup.topics.read(&[&setup.topic("urls")]).take(bad.len() + 1, SOON).to_vec();
    for sent in urls.iter().filter(|record| record.partition == 1) {
        let found: Vec<_> = rejected.iter().filter(|record| record.header("origin") == Some(sent.origin())).collect();
        let [record] = found[..] else { panic!("{} has {} rejections", sent.origin(), found.len()) };
        assert_eq!(record.value, sent.value, "the bytes of {}", sent.origin());
        assert_eq!(record.key, sent.key);
        assert_eq!(foreign(record), sent.headers);
        assert_eq!(record.header("reason").as_deref(), Some("malformed_message"));
        assert_eq!(record.header("attempts").as_deref(), Some("1"));
        assert!(record.header("detail").is_some_and(|detail| !detail.is_empty()));
    }

    let outcomes = setup.ended(bad.len() + 1);
    for sent in urls.iter().filter(|record| record.partition == 1) {
        let found =
            outcomes.iter().find(|record| crate::setup::origin_in(record) == sent.origin()).expect("an outcome");
        let outcome = found.json();
        assert_eq!((&outcome["outcome"], &outcome["reason"]), (&"rejected".into(), &"malformed_message".into()));
        assert!(outcome["url"].is_null(), "{outcome}");
        assert_eq!(found.key.as_deref(), Some(sent.origin().as_bytes()), "keyed by the origin");
    }
    assert!(outcomes.iter().any(|record| record.json()["outcome"] == "published"), "and the worker lives on");
}

#[test]
fn reserved_headers_on_the_topic_of_urls_are_ignored_and_replaced() {
    let setup = Setup::new("bad-headers");
    let _worker = Worker::start(&setup);
    let forged = |url: &str| {
        Message::of(url)
            .with("origin", "elsewhere:7:7")
            .with("attempts", "99")
            .with("not_before", "9999999999999")
            .with("first_seen", "1")
            .with("last_reason", "timeout")
            .with("reason", "forged")
            .with("detail", "forged")
            .with("mine", "kept")
            .on(0)
    };
    setup.send(&[forged("http://alpha.example/article/1"), forged("http://alpha.example/missing")]);
    let outcomes = setup.ended(2);
    for (offset, record) in outcomes.iter().map(Record::json).map(|record| (record["input"]["offset"].clone(), record))
    {
        assert_eq!(record["input"]["topic"], setup.topic("urls"));
        assert_eq!(record["attempts"], 1);
        assert_eq!(record["outcome"], if offset == 0 { "published" } else { "rejected" });
    }
    let rejected = setup.read("rejected").take(1, SOON)[0].clone();
    assert_eq!(rejected.header("origin"), Some(format!("{}:0:1", setup.topic("urls"))));
    assert_eq!(rejected.header("attempts").as_deref(), Some("1"));
    assert_eq!(rejected.header("reason").as_deref(), Some("gone"));
    assert_ne!(rejected.header("detail").as_deref(), Some("forged"));
    assert_ne!(rejected.header("first_seen").as_deref(), Some("1"));
    assert_eq!((rejected.header("not_before"), rejected.header("last_reason")), (None, None));
    assert_eq!(foreign(&rejected), [("mine".to_owned(), Some(b"kept".to_vec()))]);
}

#[test]
fn an_endless_url_has_its_outcome_and_the_outcome_is_small() {
    let setup = Setup::new("bad-endless");
    let _worker = Worker::start(&setup);
    let url = format!("http://alpha.example/{}", "x".repeat(2_000_000));
    setup.send_urls([&url]);
    let outcome = setup.ended(1)[0].json();
    assert_eq!((&outcome["outcome"], &outcome["reason"]), (&"rejected".into(), &"invalid_url".into()));
    let told = outcome["url"].as_str().unwrap();
    assert!(url.starts_with(told) && told.len() < 20_000, "{} bytes are told", told.len());
    let rejected = setup.read("rejected").take(1, SOON)[0].clone();
    assert_eq!(rejected.value.as_deref(), Some(url.as_bytes()), "the message is kept whole");
}

#[test]
fn messages_that_alone_fill_the_bytes_in_flight_are_worked_on_all_the_same() {
    let mut setup = Setup::new("bad-bulky");
    setup.set("delivery", "max_bytes_in_flight", "\"1MiB\"");
    let _worker = Worker::start(&setup);
    let bulky = |number: usize| {
        Message::of(format!(r#"{{"url":"http://alpha.example/article/{number}","title":"{}"}}"#, "t".repeat(1_500_000)))
    };
    setup.send(&[bulky(1), bulky(2), bulky(3)]);
    let outcomes = setup.ended(3);
    assert!(outcomes.iter().all(|record| record.json()["outcome"] == "published"));
}
