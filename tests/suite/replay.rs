//! `newswire replay`: rejected messages back on the topic of URLs, each once.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

use crate::command::{Answer, newswire};
use crate::kafka::{self, Cluster};
use crate::keeper;
use crate::setup::Setup;
use crate::site::Answer as Page;
use crate::topics::{Message, Record, Topics};
use crate::wait::SOON;
use crate::worker::Worker;

/// A message as a worker puts it on the rejected topic.
fn rejected(url: &str, reason: &str, number: usize) -> Message {
    Message::of(url)
        .with("reason", reason)
        .with("detail", "a test")
        .with("attempts", "3")
        .with("origin", format!("the.urls:0:{number}"))
}

/// `count` rejected messages of distinct URLs.
fn many(count: usize, reason: &str) -> Vec<Message> {
    (0..count).map(|number| rejected(&format!("http://alpha.example/{number}"), reason, number)).collect()
}

/// Bytes that nothing makes smaller (splitmix64).
fn noise(length: u64) -> Vec<u8> {
    let byte = |n: u64| {
        let mut z = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (z >> 56) as u8
    };
    (0..length).map(byte).collect()
}

/// Topics, settings on disk, and messages on the rejected topic.
struct World {
    setup: Setup,
    config: PathBuf,
}

impl World {
    fn new(name: &str, messages: &[Message]) -> Self {
        Self::of(Setup::new(name), messages)
    }

    fn of(setup: Setup, messages: &[Message]) -> Self {
        setup.topics.produce(&setup.topic("rejected"), messages);
        let config = setup.write_settings("replay.toml");
        Self { setup, config }
    }

    fn replay(&self, options: &[&str]) -> Answer {
        let mut arguments = vec!["replay", "--config", self.config.to_str().unwrap()];
        arguments.extend(options);
        newswire(&arguments)
    }

    /// A replay that ends well: what it says.
    fn replayed(&self, options: &[&str]) -> serde_json::Value {
        let answer = self.replay(options);
        assert_eq!(answer.code, 0, "{answer:?}");
        answer.json()
    }

    /// Starts a replay and does not wait for it.
    fn start(&self, options: &[&str]) -> Child {
        let mut command = Command::new(env!("CARGO_BIN_EXE_newswire"));
        command.args(["replay", "--config", self.config.to_str().unwrap()]).args(options);
        let process = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        keeper::started(process.id());
        process
    }

    fn urls(&self) -> Vec<Record> {
        self.setup.read("urls").all().to_vec()
    }

    /// How often each value stands on the topic of URLs.
    fn copies(&self) -> BTreeMap<String, usize> {
        let mut copies = BTreeMap::new();
        for record in self.urls() {
            *copies.entry(String::from_utf8(record.value.unwrap()).unwrap()).or_default() += 1;
        }
        copies
    }
}

fn end(mut process: Child) -> (Option<i32>, String) {
    let output = {
        let mut said = String::new();
        let status = process.wait().unwrap();
        std::io::Read::read_to_string(process.stderr.as_mut().unwrap(), &mut said).unwrap();
        (status.code(), said)
    };
    keeper::ended(process.id());
    output
}

#[test]
fn what_is_replayed_keeps_its_bytes_and_begins_anew() {
    let own = Message::of([0xff, 0, 1]).keyed([0xfe, 0]).with("b", [0xff]).with("a", "").with("b", "2");
    let ours = |message: Message| message.with("reason", "gone").with("origin", "the.urls:3:7").with("attempts", "5");
    let mut nothing = Message { headers: vec![("n".into(), None)], ..Message::default() };
    nothing = ours(nothing);
    let world = World::new("replay-bytes", &[ours(own.clone()), nothing]);
    assert_eq!(world.replayed(&[])["replayed"], 2);
    let urls = world.urls();
    let link = ("replayed_from".to_owned(), Some(b"the.urls:3:7".to_vec()));
    let first = urls.iter().find(|record| record.key.is_some()).unwrap();
    assert_eq!((&first.key, &first.value), (&own.key, &own.value));
    assert_eq!(first.headers, [own.headers.clone(), vec![link.clone()]].concat());
    let second = urls.iter().find(|record| record.key.is_none()).unwrap();
    assert_eq!((&second.value, &second.headers), (&None, &vec![("n".to_owned(), None), link]));
}

#[test]
fn replayed_twice_nothing_is_there_twice_unless_it_is_asked_for() {
    let world = World::new("replay-twice", &many(30, "timeout"));
    let first = world.replayed(&[]);
    assert_eq!((&first["replayed"], &first["by_reason"]["timeout"]), (&30.into(), &30.into()));
    assert_eq!(world.replayed(&[])["replayed"], 0);
    assert_eq!(world.urls().len(), 30);
    assert_eq!(world.replayed(&["--again", "--limit", "7"])["replayed"], 7);
    assert_eq!(world.replayed(&["--again"])["replayed"], 30);
    assert_eq!(world.replayed(&[])["replayed"], 0);
    assert_eq!(world.urls().len(), 67);
    // What is rejected afterwards is new.
    world.setup.topics.produce(&world.setup.topic("rejected"), &[rejected("http://alpha.example/new", "gone", 99)]);
    assert_eq!(world.replayed(&[])["replayed"], 1);
}

#[test]
fn what_a_filter_leaves_is_there_for_the_next() {
    let hosts = ["www.alpha.example", "beta.example", "alpha.example"];
    let reasons = ["timeout", "gone"];
    let messages: Vec<_> = (0..60)
        .map(|n| rejected(&format!("http://{}/{n}", hosts[n % 3]), reasons[n % 2], n))
        .chain([rejected("no url", "malformed_message", 60)])
        .collect();
    let world = World::new("replay-filters", &messages);
    assert_eq!(world.replayed(&["--reason", "gone", "--host", "beta.example"])["replayed"], 10);
    assert_eq!(world.replayed(&["--reason", "gone", "--host", "ALPHA.example", "--limit", "15"])["replayed"], 15);
    assert_eq!(world.replayed(&["--reason", "gone"])["replayed"], 5);
    assert_eq!(world.replayed(&["--host", "www.alpha.example"])["replayed"], 10);
    assert_eq!(world.replayed(&["--until", "1h"])["replayed"], 0);
    let rest = world.replayed(&["--since", "1h"]);
    assert_eq!((&rest["replayed"], &rest["by_host"]["(none)"]), (&21.into(), &1.into()));
    assert_eq!(world.copies().into_values().collect::<Vec<_>>(), vec![1; 61]);
}

#[test]
fn what_is_passed_over_comes_no_more() {
    let messages: Vec<_> = [many(5, "gone"), many(5, "timeout")].concat();
    let world = World::new("replay-pass", &messages);
    let first = world.replayed(&["--reason", "timeout", "--pass-over"]);
    assert_eq!((&first["replayed"], &first["passed_over"]), (&5.into(), &5.into()));
    assert_eq!(world.replayed(&[])["replayed"], 0);
    assert_eq!(world.replayed(&["--again", "--reason", "gone"])["replayed"], 5);
}

#[test]
fn a_dry_run_counts_and_changes_nothing() {
    let world = World::new("replay-dry", &[many(4, "gone"), many(2, "timeout")].concat());
    let counted = world.replayed(&["--dry-run", "--reason", "gone"]);
    assert_eq!((&counted["dry_run"], &counted["replayed"], &counted["left"]), (&true.into(), &4.into(), &2.into()));
    assert_eq!(counted["by_reason"], serde_json::json!({ "gone": 4 }));
    assert_eq!(counted["by_host"], serde_json::json!({ "alpha.example": 4 }));
    assert_eq!(world.urls(), []);
    let group = format!("{}-replay", world.setup.group());
    assert_eq!(world.setup.topics.committed(&group, &world.setup.topic("rejected")), BTreeMap::new());
    assert_eq!(world.replayed(&[])["replayed"], 6);
}

#[test]
fn killed_at_any_moment_it_replays_each_message_once() {
    let world = World::new("replay-killed", &[many(300, "timeout"), many(50, "gone")].concat());
    let options = ["--batch", "7", "--reason", "timeout"];
    // Every moment of its life, from the first that it can be killed at: later and later, until it is done.
    let mut kills = 0;
    for round in 0.. {
        let mut process = world.start(&options);
        std::thread::sleep(Duration::from_millis(20 + round * 17));
        if let Some(status) = process.try_wait().unwrap() {
            assert_eq!(status.code(), Some(0), "{:?}", end(process));
            break;
        }
        process.kill().unwrap();
        end(process);
        kills += 1;
    }
    assert!(kills > 5, "it was killed {kills} times only");
    let copies = world.copies();
    assert_eq!((copies.len(), copies.values().max()), (300, Some(&1)), "after {kills} kills");
    assert_eq!(world.replayed(&["--reason", "timeout"])["replayed"], 0);
    assert_eq!(world.replayed(&[])["replayed"], 50);
}

#[test]
fn of_two_replays_at_once_the_newer_goes_on_and_none_is_there_twice() {
    let world = World::new("replay-two", &many(2_000, "timeout"));
    let older = world.start(&["--batch", "1"]);
    world.setup.read("urls").take(20, SOON);
    let newer = world.replayed(&[]);
    let (code, said) = end(older);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("fenced") && said.contains("another replay"), "{said}");
    let copies = world.copies();
    assert_eq!((copies.len(), copies.values().max()), (2_000, Some(&1)));
    assert!(newer["replayed"].as_u64().unwrap() < 2_000);
}

#[test]
fn what_lies_in_an_open_transaction_is_left_to_the_next_replay() {
    let world = World::new("replay-open", &many(3, "gone"));
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", kafka::shared().bootstrap()).set("transactional.id", "replay-open-writer");
    let writer: BaseProducer = config.create().unwrap();
    writer.init_transactions(SOON).unwrap();
    let topic = world.setup.topic("rejected");
    for ends_well in [false, true] {
        writer.begin_transaction().unwrap();
        writer.send(BaseRecord::<(), str>::to(&topic).payload("http://alpha.example/open")).unwrap();
        writer.flush(SOON).unwrap();
        assert_eq!(world.replayed(&[])["replayed"], if ends_well { 0 } else { 3 });
        if ends_well { writer.commit_transaction(SOON).unwrap() } else { writer.abort_transaction(SOON).unwrap() }
    }
    assert_eq!(world.replayed(&[])["replayed"], 1);
    assert_eq!(world.replayed(&[])["replayed"], 0);
    assert_eq!(world.urls().len(), 4);
}

#[test]
fn a_message_that_the_topic_refuses_for_its_size_is_left_and_the_others_go_back() {
    let mut messages = many(10, "gone");
    // Noise, since brokers measure what is compressed.
    messages[4].value = Some(noise(50_000));
    let setup = Setup::new("replay-large");
    let small = "replay-large.small";
    setup.topics.create_with(small, 1, &[("max.message.bytes", "10000")]);
    let mut setup = setup;
    setup.set("topics", "urls", &format!("{small:?}"));
    let world = World::of(setup, &messages);
    let answer = world.replay(&[]);
    assert_eq!(answer.code, 1, "{answer:?}");
    assert_eq!((&answer.json()["replayed"], &answer.json()["too_large"]), (&9.into(), &1.into()), "{answer:?}");
    let answer = world.replay(&[]);
    assert_eq!((&answer.json()["replayed"], &answer.json()["too_large"]), (&0.into(), &1.into()));
    assert_eq!(world.setup.topics.read(&[small]).all().len(), 9);
}

#[test]
fn when_no_more_can_be_noted_it_says_so_and_what_was_left_can_go_first() {
    // Every other one is asked for: a bit an offset, and so 24,000 offsets in 4,096 bytes.
    let messages: Vec<_> = (0..26_000)
        .map(|n| rejected(&format!("http://alpha.example/{n}"), if n % 2 == 0 { "gone" } else { "timeout" }, n))
        .collect();
    let world = World::new("replay-full", &messages);
    let asked = ["--reason", "timeout", "--batch", "5000"];
    let answer = world.replay(&asked);
    assert_eq!(answer.code, 1, "{answer:?}");
    assert!(answer.err.contains("--pass-over"), "{}", answer.err);
    let first = answer.json();
    assert_eq!(first["full_partitions"], serde_json::json!([0]));
    let replayed = first["replayed"].as_u64().unwrap();
    assert!((12_000..13_000).contains(&replayed), "{first}");
    assert_eq!(world.replay(&asked).json()["replayed"], 0, "nothing twice, and nothing that can't be noted");
    assert_eq!(world.replayed(&["--batch", "5000"])["replayed"], 26_000 - replayed);
    let copies = world.copies();
    assert_eq!((copies.len(), copies.values().max()), (26_000, Some(&1)));
}

#[test]
fn what_was_replayed_and_can_t_be_read_is_not_guessed() {
    let world = World::new("replay-unknown", &many(3, "gone"));
    let group = format!("{}-replay", world.setup.group());
    world.setup.topics.commit(&group, &world.setup.topic("rejected"), 0, (1, "a note of somebody else"));
    let answer = world.replay(&[]);
    assert_eq!((answer.code, answer.out.as_str()), (1, ""), "{answer:?}");
    assert!(answer.err.contains("--again") && answer.err.contains(&group), "{}", answer.err);
    assert_eq!(world.urls(), []);
    assert_eq!(world.replayed(&["--again"])["replayed"], 3);
    assert_eq!(world.replayed(&[])["replayed"], 0);
    // As after the topic was made anew.
    world.setup.topics.commit(&group, &world.setup.topic("rejected"), 0, (1_000, ""));
    assert_eq!(world.replay(&[]).code, 1);
}

#[test]
fn it_logs_in_as_the_worker_does_and_a_refused_login_is_a_mistake_in_the_settings() {
    let mut setup = Setup::new("replay-login");
    let cluster = kafka::shared();
    setup.set("kafka", "bootstrap_servers", &format!("{:?}", cluster.bootstrap_with_login()));
    for (name, value) in
        [("security.protocol", "SASL_PLAINTEXT"), ("sasl.mechanism", "PLAIN"), ("sasl.username", kafka::USER)]
    {
        setup.set("kafka.properties", &format!("{name:?}"), &format!("{value:?}"));
    }
    setup.set("kafka.properties", "\"sasl.password\"", "\"wrong\"");
    let mut world = World::of(setup, &many(2, "gone"));
    assert_eq!(world.replay(&[]).code, 2);
    world.setup.set("kafka.properties", "\"sasl.password\"", &format!("{:?}", kafka::PASSWORD));
    world.config = world.setup.write_settings("right.toml");
    assert_eq!(world.replayed(&[])["replayed"], 2);
}

#[test]
fn it_works_whatever_the_protocol_of_the_workers_group() {
    let mut setup = Setup::new("replay-protocol");
    setup.set("kafka.consumer_properties", "\"group.protocol\"", "\"consumer\"");
    let world = World::of(setup, &many(5, "gone"));
    assert_eq!(world.replayed(&["--limit", "2"])["replayed"], 2);
    assert_eq!(world.replayed(&[])["replayed"], 3);
}

#[test]
fn wrong_use_and_brokers_that_are_not_there_are_told_apart() {
    let setup = Setup::at("replay-nobody", "127.0.0.1:1");
    let config = setup.write_settings("replay.toml");
    let config = config.to_str().unwrap();
    let answer = newswire(&["replay", "--config", config]);
    assert_eq!((answer.code, answer.out.as_str()), (1, ""), "{answer:?}");
    assert!(answer.err.contains("127.0.0.1:1"), "{}", answer.err);
    for wrong in [
        ["--reason", "bad_luck"],
        ["--host", "http://a.example/"],
        ["--since", "lately"],
        ["--limit", "0"],
        ["-x", "1"],
    ] {
        let answer = newswire(&["replay", "--config", config, wrong[0], wrong[1]]);
        assert_eq!((answer.code, answer.out.as_str()), (2, ""), "{answer:?}");
    }
    let setup = Setup::without_topics("replay-no-topics", kafka::shared());
    let config = setup.write_settings("replay.toml");
    let answer = newswire(&["replay", "--config", config.to_str().unwrap()]);
    assert_eq!(answer.code, 2, "{answer:?}");
    assert!(answer.err.contains("missing topics"), "{}", answer.err);
}

#[test]
fn a_replayed_message_is_a_new_one_to_the_worker_and_its_outcome_names_the_old() {
    let setup = Setup::new("replay-worker");
    setup.site.sequence("alpha.example/late", vec![Page::status(404), Page::article(1)]);
    let worker = Worker::start(&setup);
    setup.send(&[Message::of("http://alpha.example/late").keyed("alpha.example").on(2)]);
    setup.ended(1);
    setup.committed_to_the_end();
    let world = World::of(setup, &[]);
    assert_eq!(world.replayed(&["--reason", "gone"])["replayed"], 1);
    let outcomes = world.setup.ended(2);
    let (first, second) = (outcomes[0].json(), outcomes[1].json());
    assert_eq!((&first["outcome"], &second["outcome"]), (&"rejected".into(), &"published".into()));
    assert_eq!(second["replayed_from"], first["input"]);
    assert_ne!(second["input"], first["input"]);
    assert_eq!((&second["attempts"], &second["revision"]), (&1.into(), &1.into()));
    assert_eq!(first.get("replayed_from"), None);
    worker.stop();
}

#[test]
fn a_broker_that_dies_and_comes_back_in_the_middle_costs_no_message_and_doubles_none() {
    let cluster = Cluster::start(1);
    let setup = Setup::on("replay-broker", &cluster);
    let world = World::of(setup, &many(400, "timeout"));
    let replay = world.start(&["--batch", "1"]);
    Topics::at(&cluster.bootstrap()).read(&[&world.setup.topic("urls")]).take(10, SOON);
    cluster.kill(0);
    cluster.restart(0);
    let (code, said) = end(replay);
    if code != Some(0) {
        assert_eq!(code, Some(1), "{said}");
        world.replayed(&[]);
    }
    let copies = world.copies();
    assert_eq!((copies.len(), copies.values().max()), (400, Some(&1)), "{said}");
}
