//! Exactly once: of two workers under one name, the newer one works on.

use std::time::Duration;

use crate::setup::Setup;
use crate::topics::Message;
use crate::wait::SOON;
use crate::worker::Worker;

#[test]
fn a_worker_whose_name_is_taken_says_so_and_exits_1_even_when_idle() {
    let setup = Setup::in_mode("fencing-idle", "exactly_once");
    let mut older = Worker::start(&setup);
    setup.send_urls(["http://alpha.example/article/1"]);
    setup.ended(1);
    let newer = Worker::start(&setup);
    assert_eq!(older.exit_code(SOON), Some(1));
    older.says(&["fenced", "delivery.instance_id"], Duration::from_secs(1));
    setup.send_urls(["http://alpha.example/article/2"]);
    setup.ended(2);
    assert_eq!(setup.read("articles").all().len(), 2);
    newer.stop();
}

#[test]
fn a_dynamic_member_whose_name_is_taken_exits_1_and_does_not_fight() {
    let mut setup = Setup::in_mode("fencing-dynamic", "exactly_once");
    setup.set("delivery", "membership", "\"dynamic\"");
    let mut older = Worker::start(&setup);
    setup.send_urls(["http://alpha.example/article/1"]);
    setup.ended(1);
    let newer = Worker::start(&setup);
    // The older one meets its fence with the next transaction: there is one in each partition, whoever has it.
    setup.send(
        &(0..8).map(|n| Message::of(format!("http://alpha.example/article/{}", n + 10)).on(n % 4)).collect::<Vec<_>>(),
    );
    assert_eq!(older.exit_code(SOON), Some(1));
    older.says(&["fenced", "delivery.instance_id"], Duration::from_secs(1));
    setup.ended(9);
    assert_eq!(setup.read("articles").all().len(), 9);
    newer.stop();
}

#[test]
fn a_worker_whose_producer_alone_is_fenced_joins_again_and_goes_on() {
    let setup = Setup::in_mode("fencing-producer", "exactly_once");
    let mut worker = Worker::start(&setup);
    setup.send_urls(["http://alpha.example/article/1"]);
    setup.ended(1);
    // As a coordinator does that ends a transaction for its age.
    setup.topics.take_over(&format!("{}-{}-0", setup.group(), setup.name));
    setup.send_urls(["http://alpha.example/article/2"]);
    setup.ended(2);
    worker.says(&["opened anew"], Duration::from_secs(1));
    assert!(worker.ended().is_none());
    assert_eq!(worker.get("/livez").map(|page| page.status), Some(200), "the admin server lives on");
    assert_eq!(setup.read("articles").all().len(), 2);
    worker.stop();
}
