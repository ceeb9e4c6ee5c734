//! What an older release has left in Kafka is gone on with: its commits, its messages, its records (`tests/upgrades`).

use serde_json::Value;

use crate::schema;
use crate::setup::{Setup, of_url};
use crate::site::Answer;
use crate::topics::{Message, Record};
use crate::worker::Worker;

/// Beside the offset 1: the offsets 2 and 3 are done.
const METADATA: &str = "1b9a0G";

fn left_by_0_1_0(topic: &str) -> Vec<Message> {
    let lines = include_str!("../upgrades/0.1.0/messages.jsonl").lines();
    let all = lines.map(|line| serde_json::from_str::<Value>(line).unwrap());
    let message = |line: Value| {
        let mut message = Message::of(line["value"].as_str().unwrap());
        if let Some(key) = line["key"].as_str() {
            message = message.keyed(key);
        }
        let headers = line["headers"].as_object().unwrap();
        headers.iter().fold(message, |message, (name, value)| message.with(name, value.as_str().unwrap()))
    };
    all.filter(|line| line["topic"] == topic).map(message).collect()
}

#[test]
fn what_0_1_0_has_left_is_gone_on_with_and_nothing_of_it_is_done_again() {
    let setup = Setup::new("upgrades");
    let items = ["<guid>one</guid><link>/article/1</link>", "<link>/article/2</link>", "<link>/article/3</link>"];
    let items: String = items.iter().map(|item| format!("<item>{item}</item>")).collect();
    let feed = Answer::bytes("text/xml", format!("<rss><channel>{items}</channel></rss>"));
    setup.site.set("gamma.example/feed.xml", feed);
    setup.send(&[10, 11, 12, 13].map(|number| Message::of(format!("http://gamma.example/article/{number}")).on(0)));
    setup.topics.commit(setup.group(), &setup.topic("urls"), 0, (1, METADATA));
    for topic in ["feeds", "retry"] {
        setup.topics.produce(&setup.topic(topic), &left_by_0_1_0(topic));
    }
    let worker = Worker::start(&setup);
    let outcomes = setup.ended(6);
    let of = |path: &str| of_url(&outcomes, &format!("http://gamma.example/{path}"));
    for number in [11, 3, 20, 30] {
        assert_eq!(of(&format!("article/{number}"))[0].json()["outcome"], "published", "{number}");
    }
    for number in [10, 12, 13, 1, 2] {
        assert!(of(&format!("article/{number}")).is_empty(), "{number} was done before");
    }
    assert_eq!(of("article/30")[0].json()["attempts"], 2);
    assert_eq!(
        (&of("feed.xml")[0].json()["outcome"], of("map")[0].json()["outcome"].as_str()),
        (&"expanded".into(), Some("expanded"))
    );
    worker.stop();
    let rounds = setup.read("retry").all().iter().filter(|record| is_round(record)).count();
    assert!(rounds >= 2, "the subscription goes on");
}

fn is_round(record: &Record) -> bool {
    record.value.as_deref().is_some_and(|value| value.starts_with(b"{")) && record.json()["round"].is_object()
}

#[test]
fn records_of_0_1_0_are_records_still() {
    let record: Value = serde_json::from_str(include_str!("../upgrades/0.1.0/article.json")).unwrap();
    schema::valid(&record);
}
