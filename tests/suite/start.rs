//! The first seconds: topics, brokers, logins and settings that are not as they should be.

use std::time::Duration;

use crate::kafka::{self, Cluster};
use crate::setup::Setup;
use crate::worker::Worker;

/// What a worker has to say what is wrong.
const PROMPT: Duration = Duration::from_secs(10);

#[test]
fn missing_topics_are_created() {
    let mut setup = Setup::without_topics("start-missing", kafka::shared());
    setup.set("kafka", "create_topics", "true");
    let _worker = Worker::start(&setup);
    for topic in ["urls", "articles", "rejected", "outcomes", "retry"] {
        assert!(!setup.topics.partitions(&setup.topic(topic)).is_empty(), "{topic}");
    }
    setup.send_urls(["http://alpha.example/article/1"]);
    setup.ended(1);
}

#[test]
fn topics_that_are_missing_and_may_not_be_created_are_named() {
    let mut setup = Setup::without_topics("start-forbidden", kafka::shared());
    setup.set("kafka", "create_topics", "false");
    let mut worker = Worker::launch(&setup);
    worker.says(&[&setup.topic("urls")], PROMPT);
    worker.says(&[&setup.topic("articles")], PROMPT);
    assert_eq!(worker.exit_code(PROMPT), Some(2), "it does not pass by itself");
    assert!(setup.topics.partitions(&setup.topic("urls")).is_empty());
}

#[test]
fn a_broker_that_is_not_there_is_named_and_waited_for() {
    let port = kafka::free_port();
    let setup = Setup::at("start-late", &format!("127.0.0.1:{port}"));
    let mut worker = Worker::launch(&setup);
    worker.says(&[&format!("127.0.0.1:{port}")], PROMPT);
    let _cluster = Cluster::start_one_on(port);
    worker.ready();
    setup.send_urls(["http://alpha.example/article/1"]);
    setup.ended(1);
    worker.stop();
}

#[test]
fn a_worker_that_waits_for_a_broker_can_be_stopped() {
    let port = kafka::free_port();
    let setup = Setup::at("start-stopped", &format!("127.0.0.1:{port}"));
    let mut worker = Worker::launch(&setup);
    worker.says(&[&format!("127.0.0.1:{port}")], PROMPT);
    worker.signal("TERM");
    worker.exit_code(PROMPT);
}

fn with_login(name: &str, password: &str) -> Setup {
    let mut setup = Setup::new(name);
    setup.set("kafka", "bootstrap_servers", &format!("{:?}", kafka::shared().bootstrap_with_login()));
    log_in(&mut setup, password);
    setup
}

fn log_in(setup: &mut Setup, password: &str) {
    let properties = [
        ("security.protocol", "sasl_plaintext"),
        ("sasl.mechanism", "PLAIN"),
        ("sasl.username", kafka::USER),
        ("sasl.password", password),
    ];
    for (key, value) in properties {
        setup.set("kafka.properties", &format!("{key:?}"), &format!("{value:?}"));
    }
}

#[test]
fn a_worker_logs_in_with_a_password() {
    let setup = with_login("start-login", kafka::PASSWORD);
    let worker = Worker::start(&setup);
    setup.send_urls(["http://alpha.example/article/1"]);
    setup.ended(1);
    assert!(!worker.log().contains(kafka::PASSWORD), "a password in the log");
    worker.stop();
}

#[test]
fn a_refused_login_is_called_that() {
    let setup = with_login("start-refused", "no-such-secret");
    let mut worker = Worker::launch(&setup);
    worker.says(&["refuse", "authentication"], PROMPT);
    assert_eq!(worker.exit_code(PROMPT), Some(2), "it does not pass by itself");
    assert!(!worker.log().contains("no-such-secret"), "a password in the log");
}

#[test]
fn a_login_where_none_is_asked_for_is_said() {
    let mut setup = Setup::new("start-plain");
    log_in(&mut setup, kafka::PASSWORD);
    let worker = Worker::launch(&setup);
    worker.says(&["sasl"], PROMPT);
}

#[test]
fn an_unknown_key_stops_everything_and_is_named_with_all_other_mistakes() {
    let mut setup = Setup::at("start-unknown", "127.0.0.1:1");
    setup.set("fetch", "max_boddy", "\"1MiB\"");
    setup.set("delivery", "max_in_flight", "\"many\"");
    let mut worker = Worker::launch(&setup);
    assert_eq!(worker.exit_code(PROMPT), Some(2));
    worker.says(&["max_boddy"], PROMPT);
    worker.says(&["delivery.max_in_flight", "many"], PROMPT);
}

#[test]
fn the_environment_wins_over_the_file() {
    let setup = Setup::at("start-environment", "127.0.0.1:1");
    let mut worker = Worker::launch_with(&setup, &[("NEWSWIRE__DELIVERY__MAX_IN_FLIGHT", "0")]);
    assert_eq!(worker.exit_code(PROMPT), Some(2));
    worker.says(&["delivery.max_in_flight"], PROMPT);
    worker.says(&["NEWSWIRE__DELIVERY__MAX_IN_FLIGHT"], PROMPT);
}
