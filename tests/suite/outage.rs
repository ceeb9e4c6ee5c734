//! Brokers that are away for a while: nothing is lost, nothing grows, and work goes on by itself.

use std::fs;
use std::time::{Duration, Instant};

use crate::kafka::Cluster;
use crate::setup::{HOSTS, Setup, ended_for_good};
use crate::wait::{self, SOON};
use crate::worker::Worker;

#[test]
fn brokers_that_are_away_for_ten_seconds_lose_nothing_and_double_nothing() {
    brokers_away("outage-short", Duration::from_secs(10));
}

#[test]
#[ignore = "minutes long: run by its name before a release"]
fn brokers_that_are_away_for_two_minutes_lose_nothing_and_double_nothing() {
    brokers_away("outage-long", Duration::from_secs(120));
}

fn brokers_away(name: &str, away: Duration) {
    let cluster = Cluster::start(1);
    let mut setup = Setup::on(name, &cluster);
    setup.set("delivery", "mode", "\"exactly_once\"");
    setup.set("delivery", "max_in_flight", "32");
    setup.set("frontier", "host_concurrency", "4");
    setup.site.take_time(Duration::from_millis(400));
    setup.send_urls((0..400).map(|number| format!("http://{}/article/{number}", HOSTS[number % 3])));
    let mut worker = Worker::start(&setup);
    setup.ended(50);
    cluster.kill(0);
    wait::until("the worker to say that it is not ready", SOON, || {
        (worker.get("/readyz")?.status != 200).then_some(())
    });
    let requests = {
        // What was in flight is fetched to its end, and then nothing more.
        let mut last = (setup.site.all_requests(), Instant::now());
        wait::until("fetching to stop", SOON, || {
            let now = setup.site.all_requests();
            if now != last.0 {
                last = (now, Instant::now());
            }
            (last.1.elapsed() > Duration::from_secs(2)).then_some(now)
        })
    };
    let memory = resident_kib(&worker);
    let since = Instant::now();
    wait::until("the end of the outage", away + SOON, || (since.elapsed() >= away).then_some(()));
    assert!(worker.ended().is_none(), "it waits");
    assert_eq!(setup.site.all_requests(), requests, "nothing is fetched that can't be published");
    let grown = resident_kib(&worker).saturating_sub(memory);
    assert!(grown < 32 * 1024, "{grown} KiB more");
    cluster.restart(0);
    setup.ended(400);
    setup.committed_to_the_end();
    assert_eq!(ended_for_good(setup.read("outcomes").all()), 400);
    assert_eq!(setup.read("articles").all().len(), 400);
    worker.stop();
}

fn resident_kib(worker: &Worker) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", worker.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("VmRSS");
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
