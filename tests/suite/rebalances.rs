//! Partitions that move in the middle of work: in each way that a group can agree on them.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::setup::{HOSTS, Setup, ended_for_good, origin_in};
use crate::wait::{self, SOON};
use crate::worker::Worker;

/// Each of these for each way of belonging to a group, under its own name.
macro_rules! in_each_membership {
    ($($name:ident),* $(,)?) => {
        mod classic_static {
            $(#[test] fn $name() { super::$name("static", "classic") })*
        }
        mod classic_dynamic {
            $(#[test] fn $name() { super::$name("dynamic", "classic") })*
        }
        mod consumer_static {
            $(#[test] fn $name() { super::$name("static", "consumer") })*
        }
        mod consumer_dynamic {
            $(#[test] fn $name() { super::$name("dynamic", "consumer") })*
        }
    };
}

in_each_membership!(
    a_worker_that_joins_and_one_that_leaves_double_nothing,
    a_worker_that_is_killed_leaves_nothing_undone,
);

fn setup(name: &str, membership: &str, protocol: &str) -> Setup {
    let mut setup = Setup::in_mode(&format!("{name}.{membership}.{protocol}"), "exactly_once");
    setup.set("delivery", "membership", &format!("{membership:?}"));
    setup.set("delivery", "max_in_flight", "16");
    if protocol == "consumer" {
        setup.set("kafka.consumer_properties", "\"group.protocol\"", "\"consumer\"");
    } else {
        setup.set("kafka.consumer_properties", "\"session.timeout.ms\"", "\"6000\"");
        setup.set("kafka.consumer_properties", "\"heartbeat.interval.ms\"", "\"500\"");
    }
    setup.site.take_time(Duration::from_millis(50));
    setup
}

fn send(setup: &Setup, numbers: std::ops::Range<usize>) {
    setup.send_urls(numbers.map(|number| format!("http://{}/article/{number}", HOSTS[number % 3])));
}

fn start(setup: &Setup, number: usize) -> Worker {
    let name = format!("{}-{number}", setup.name);
    let mut worker = Worker::launch_with(setup, &[("NEWSWIRE__DELIVERY__INSTANCE_ID", &name)]);
    worker.ready();
    worker
}

/// Waits until the worker has partitions of its own.
fn has_work(worker: &Worker) {
    wait::until("partitions", SOON, || (worker.metrics().sum("newswire_consumed_messages", &[]) > 0.0).then_some(()));
}

fn each_ended_once(setup: &Setup, count: usize) {
    setup.ended(count);
    setup.committed_to_the_end();
    let mut endings: BTreeMap<String, usize> = BTreeMap::new();
    // A message may wait for a busy host on a retry topic: that is no end.
    for record in setup.read("outcomes").all().iter().filter(|record| record.json()["outcome"] != "deferred") {
        *endings.entry(origin_in(record)).or_default() += 1;
    }
    endings.retain(|_, times| *times != 1);
    assert_eq!(endings, BTreeMap::new(), "messages that ended more than once");
    assert_eq!(ended_for_good(setup.read("outcomes").all()), count);
    assert_eq!(setup.read("articles").all().len(), count);
}

fn a_worker_that_joins_and_one_that_leaves_double_nothing(membership: &str, protocol: &str) {
    let mut setup = setup("rebalances-join", membership, protocol);
    setup.set("delivery", "leave_on_exit", "true");
    send(&setup, 0..200);
    let first = start(&setup, 0);
    has_work(&first);
    let second = start(&setup, 1);
    send(&setup, 200..400);
    has_work(&second);
    first.stop();
    each_ended_once(&setup, 400);
    assert_eq!(second.metrics().sum("newswire_conservation_difference_messages", &[]), 0.0);
    second.stop();
}

fn a_worker_that_is_killed_leaves_nothing_undone(membership: &str, protocol: &str) {
    let setup = setup("rebalances-kill", membership, protocol);
    let first = start(&setup, 0);
    let second = start(&setup, 1);
    send(&setup, 0..300);
    has_work(&first);
    has_work(&second);
    first.kill();
    let first = start(&setup, 0);
    each_ended_once(&setup, 300);
    first.stop();
    second.stop();
}

#[test]
fn a_static_member_that_comes_back_moves_no_partitions() {
    let setup = setup("rebalances-static", "static", "classic");
    let first = start(&setup, 0);
    let second = start(&setup, 1);
    send(&setup, 0..40);
    setup.ended(40);
    wait::until("both to have partitions", SOON, || {
        let has = |worker: &Worker| worker.metrics().sum("newswire_consumed_messages", &[]) > 0.0;
        (has(&first) && has(&second)).then_some(())
    });
    let before = second.metrics().sum("newswire_rebalances_total", &[]);
    first.stop();
    let first = start(&setup, 0);
    send(&setup, 40..80);
    setup.ended(80);
    assert_eq!(second.metrics().sum("newswire_rebalances_total", &[]), before, "the other one keeps what it has");
    first.stop();
    second.stop();
}

#[test]
fn a_static_member_that_is_to_leave_gives_its_partitions_up_at_once() {
    let mut setup = setup("rebalances-leave", "static", "classic");
    // Nobody waits so long: whoever takes over was told.
    setup.set("kafka.consumer_properties", "\"session.timeout.ms\"", "\"300000\"");
    setup.set("delivery", "leave_on_exit", "true");
    let first = start(&setup, 0);
    let second = start(&setup, 1);
    send(&setup, 0..40);
    setup.ended(40);
    first.stop();
    send(&setup, 40..80);
    each_ended_once(&setup, 80);
    second.stop();
}
